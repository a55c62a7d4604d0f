"""`leadsync gleif …`: load the register's files, keep them fresh, say how they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from leadsync.errors import Misconfigured
from leadsync.progress import Progress, Terminal
from leadsync_gleif.goldencopy import refresh
from leadsync_gleif.load import IndexStatus, LoadReport, load, status
from leadsync_gleif.settings import GleifSettings

F = TypeVar("F", bound=Callable[..., Any])

NAMED = 10
"""LEIs of a delta that are named to people; `--output json` names all."""


def _options(command: F) -> F:
    """--index, --config, --output."""
    for option in (
        click.option("--output", type=click.Choice(["table", "json"]), default="table", show_default=True,
                     help="For people, or for machines (one JSON document on standard output)."),
        click.option("--config", type=click.Path(dir_okay=False, path_type=Path), default=Path("config.toml"),
                     show_default=True, help="Where the index is, if the file is there; none is needed."),
        click.option("--index", type=click.Path(file_okay=False, path_type=Path), default=None,
                     help="The index's folder; by default the configured one, else ./gleif-index."),
    ):  # fmt: skip
        command = option(command)
    return command


_quiet = click.option("--quiet", is_flag=True, help="No progress on standard error.")


def _terminal() -> Terminal:
    return cast("Terminal", click.get_current_context().find_root().obj)


def _settings(config: Path, index: Path | None) -> GleifSettings:
    found = cast("GleifSettings", _terminal().settings("gleif", config))
    return found if index is None else found.model_copy(update={"index": index})


class _Told:
    """What loading counts, as parts of the work with their counts."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._what, self._count = "", 0

    def __call__(self, what: str, count: int) -> None:
        if what != self._what or count < self._count:
            self._bar.step(f"register: {what}")
            self._what, self._count = what, 0
        self._bar.advance(count - self._count)
        self._count = count


@click.group(name="gleif")
def gleif() -> None:
    """The register of legal entities (GLEIF): its local index."""


@gleif.command(name="load")
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@_options
@click.option("--delta", is_flag=True, help="The level 1 file is a delta: put it on top of the index that is there.")
@click.option(
    "--published",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    help="When the files were published (UTC); by default as their names say, else as their dates do.",
)
@click.option("--force", is_flag=True, help="Also when the new index has less than half the entities of the old one.")
@_quiet
def load_command(  # noqa: PLR0913  one for each option
    files: Sequence[Path],
    index: Path | None,
    config: Path,
    output: str,
    published: datetime | None,
    *,
    delta: bool,
    force: bool,
    quiet: bool,
) -> int:
    """Make the index from files at hand.

    FILES: the Golden Copy's level 1 (entities), level 2 (relationships) and reporting exceptions as CSV or XML, zipped
    or not, or Parquet with at least the columns lei, name and country; each is known by its columns. With a level 1
    file the index is made anew, without one the files are put on top of what is there. Where several hold the same
    entity, the last one counts. The old index stays in use until the new one is whole.
    """
    folder = _settings(config, index).index
    when = published.replace(tzinfo=UTC) if published is not None else None
    with _terminal().progress(show=not quiet) as bar:
        report = load(list(files), folder, _Told(bar), published=when, delta=delta, force=force, clock=_terminal().now)
    _say_loaded(report, folder, config, output)
    return 0


@gleif.command(name="refresh")
@_options
@click.option("--full", is_flag=True, help="The full files, also where a delta would do.")
@_quiet
def refresh_command(index: Path | None, config: Path, output: str, *, full: bool, quiet: bool) -> int:
    """Download what is newer than the index: the smallest delta that reaches, else the full files (about 0.5 GB).

    A download that breaks off goes on where it stopped, the next time too. A file that is broken or not as announced
    leaves the index as it is.
    """
    settings = _settings(config, index)
    with _terminal().progress(show=not quiet) as bar:
        report = refresh(settings, _terminal().now, _Told(bar), full=full)
    _say_loaded(report, settings.index, config, output)
    return 0


@gleif.command(name="status")
@_options
def status_command(index: Path | None, config: Path, output: str) -> int:
    """What the index holds, by status, and how old it is. Exit code 1 where there is none or it is damaged."""
    folder = _settings(config, index).index
    found, now = status(folder), _terminal().now()
    if output == "json":
        _terminal().say_json(_status_json(folder, found, now))
    elif not found.present:
        problem = found.problem or f"{folder}: no register here"
        raise Misconfigured(f"{problem}. Get one: leadsync gleif refresh, or leadsync gleif load FILE…")
    else:
        click.echo("\n".join(_status_lines(folder, found, now)))
    return 0 if found.present else 1


def _say_loaded(report: LoadReport, folder: Path, config: Path, output: str) -> None:
    touched = None if report.changed is None else _terminal().concerned(config, report.changed | report.families)
    if output == "json":
        _terminal().say_json(_report_json(report, folder, touched))
        return
    if not report.fresh:
        click.echo(f"{folder}: nothing newer is published (newest of {_time(report.published)})")
        return
    what = "register" if report.full else "delta"
    counts = f"{report.entities:,} entities, {report.relations:,} relationships, {report.exceptions:,} exceptions"
    click.echo(f"{folder}: {what} of {_time(report.published)} in use: {counts}")
    for line in (*_changes(report, touched), *report.notes):
        click.echo(f"  {line}")


def _changes(report: LoadReport, touched: list[str] | None) -> list[str]:
    if report.changed is None:
        return []
    lines = [f"{len(report.changed):,} LEIs changed: {_first(sorted(report.changed))}"]
    lines.append(f"{len(report.families):,} LEIs in families to recompute: {_first(sorted(report.families))}")
    if touched is not None:
        lines.append(f"{len(touched):,} companies here to resolve again with the next run: {_first(touched)}")
    return [line.removesuffix(": ") for line in lines]


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def _report_json(report: LoadReport, folder: Path, touched: list[str] | None) -> dict[str, object]:
    return {
        "schema": 1,
        "index": str(folder),
        "fresh": report.fresh,
        "full": report.full,
        "published": report.published,
        "entities": report.entities,
        "relations": report.relations,
        "exceptions": report.exceptions,
        "changed": sorted(report.changed) if report.changed is not None else None,
        "families": sorted(report.families),
        "companies": touched,
        "notes": list(report.notes),
    }


def _status_json(folder: Path, found: IndexStatus, now: datetime) -> dict[str, object]:
    return {
        "schema": 1,
        "index": str(folder),
        "present": found.present,
        "problem": found.problem,
        "published": found.published,
        "loaded": found.loaded,
        "age_seconds": found.age(now),
        "entities": found.entities,
        "by_registration": dict(found.by_registration),
        "by_category": dict(found.by_category),
        "relations": found.relations,
        "exceptions": found.exceptions,
        "deltas": found.deltas,
        "bytes": found.bytes,
    }


def _status_lines(folder: Path, found: IndexStatus, now: datetime) -> list[str]:
    return [
        f"index          {folder}  ({found.bytes / 1e6:,.0f} MB, {found.deltas} deltas)",
        f"published      {_time(found.published)}{_age(found.age(now))}",
        f"loaded         {_time(found.loaded)}",
        f"entities       {found.entities:,}",
        *(f"  {name or 'unknown':<20} {count:>11,}" for name, count in found.by_registration),
        "by category",
        *(f"  {name or 'unknown':<20} {count:>11,}" for name, count in found.by_category),
        f"relationships  {found.relations:,}",
        f"exceptions     {found.exceptions:,}",
    ]


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z" if at is not None else "unknown"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return ""
    days, hours = divmod(int(seconds // 3600), 24)
    return f"  ({days} d {hours} h ago)"


COMMANDS = gleif
