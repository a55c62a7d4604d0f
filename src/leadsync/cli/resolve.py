"""`leadsync resolve`: which legal entity a company is; files, single names, and what people decide about them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from leadsync.cli.common import Exit, console, quiet_option, say_json
from leadsync.cli.registers import Desk, desk, draft_of, telling
from leadsync.errors import Misconfigured
from leadsync.records import Match, Ownership, Parent
from leadsync.resolve import Decisions, ResolveSettings
from leadsync.resolve.bulk import COLUMNS, UNREADABLE, BulkReport, query_of, resolve_file, resolve_rows
from leadsync.resolve.tables import STDIN, batches, sink, target_of
from leadsync.store import Store

F = TypeVar("F", bound=Callable[..., Any])

ASK = "ask"
"""The subcommand that is meant when none is named."""
FILES = frozenset({".csv", ".tsv", ".txt", ".parquet"})
"""Endings that make an argument the name of a file and not of a company."""
CONFIG = Path("config.toml")
HOW = {"confirmed": "decided by a person", "domain": "by a web domain learned from a decision"}
"""How a match came about, where the method's name does not say it."""


class AskByDefault(click.Group):
    """A group whose first command need not be named: `leadsync resolve NAME`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in that was left out."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [ASK, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Both ways."""
        formatter.write_usage(ctx.command_path, "FILE|NAME [OPTIONS]")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the command that need not be named, then the commands."""
        self.commands[ASK].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def register_options(command: F) -> F:
    """--index, --threshold, --config."""
    for option in (
        click.option("--config", "config_path", type=click.Path(dir_okay=False, path_type=Path), default=CONFIG,
                     show_default=True, help="Read if it is there; no CRM need be configured."),
        click.option("--threshold", type=click.FloatRange(0, 1), default=None,
                     help=f"A match less certain than this is none: {ResolveSettings().threshold} unless configured."),
        click.option("--index", type=click.Path(file_okay=False, path_type=Path), default=None,
                     help="The register's folder; by default the configured register, else ./gleif-index."),
    ):  # fmt: skip
        command = option(command)
    return command


def company_options(command: F) -> F:
    """--country, --city, --state, --website, --email."""
    for name, text in (
        ("email", "An e-mail address of theirs; free mail says nothing."),
        ("website", "Its web site."),
        ("state", "State or region."),
        ("city", "City."),
        ("country", 'Country: "DE", "Germany" or "Deutschland".'),
    ):
        command = click.option(f"--{name}", default="", help=text)(command)
    return command


def decisions_of(state: Path | None) -> Decisions:
    """What people decided, as far as there is a state that knows."""
    if state is None:
        return Decisions()
    with Store(state, write=False) as store:
        return Decisions.of(store.matches.verdicts())


@click.group(name="resolve", cls=AskByDefault)
def resolve() -> None:
    """Tell which legal entity a company is: of all rows of a FILE, or of one NAME.

    A FILE is CSV or Parquet ("-": standard input) with the columns qid, name, country, city, state, website, email; all
    but name may be missing, and qid is then the row's number. Each row is answered in its place: qid, lei, confidence,
    status, legal_name, country, method, evidence, direct_parent, ultimate_parent and their LEIs. The status is matched,
    ambiguous (several could be meant), none, or unreadable with the reason (exit code 3).
    """


@resolve.command(name=ASK)
@click.argument("what", metavar="FILE|NAME")
@company_options
@click.option("--output", type=click.Choice(["table", "csv", "json", "ndjson", "parquet"]), default=None,
              help="csv for a FILE, table for a NAME by default; json: a list, ndjson: an object a line.")  # fmt: skip
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.")
@register_options
@quiet_option
def ask(  # noqa: PLR0913  one for each option
    what: str,
    output: str | None,
    target: Path | None,
    index: Path | None,
    threshold: float | None,
    config_path: Path,
    *,
    quiet: bool,
    **company: str,
) -> int:
    """The command that need not be named: `leadsync resolve FILE|NAME`."""
    source = Path(what)
    is_file = source == STDIN or source.suffix.lower() in FILES or _is_file(source)
    if is_file and any(company.values()):
        raise click.UsageError("--country and the like go with a NAME; a FILE has columns for them")
    with desk(config_path, index, threshold) as at:
        if is_file:
            if output == "table":
                raise click.UsageError("a FILE is answered as csv, json, ndjson or parquet")
            return _file(at, source, target, output or _output_for(target), quiet=quiet)
        return _name(at, {"name": what, **company}, target, output or "table")


def _is_file(source: Path) -> bool:
    """Whether there is such a file; a name too long for one is a company's."""
    try:
        return source.is_file()
    except OSError:
        return False


def _output_for(target: Path | None) -> str:
    """What the ending of the file to write says, else CSV."""
    ending = target.suffix.lower().removeprefix(".") if target is not None else ""
    return ending if ending in {"json", "ndjson", "parquet"} else "csv"


def _file(at: Desk, source: Path, target: Path | None, output: str, *, quiet: bool) -> int:
    with telling(show=not quiet) as bar:
        done = [0]

        def tell(count: int, total: int | None) -> None:
            if not done[0]:
                bar.step("resolve companies", total)
            bar.advance(count - done[0])
            done[0] = count

        report = resolve_file(
            source, target if target is not None else sys.stdout, at.register, at.settings,
            output=output, decisions=decisions_of(at.state), progress=tell,
        )  # fmt: skip
    if not quiet:
        click.echo(_summary(report, source, target), err=True)
    return Exit.REJECTS if report.by_status[UNREADABLE] else Exit.DONE


def _summary(report: BulkReport, source: Path, target: Path | None) -> str:
    counts = ", ".join(f"{count:,} {status}" for status, count in report.by_status.most_common())
    where = f" → {target}" if target is not None else ""
    return f"{source}{where}: {report.asked:,} companies{': ' if counts else ''}{counts}"


def _name(at: Desk, company: dict[str, str], target: Path | None, output: str) -> int:
    rows = list(resolve_rows([company], at.register, at.settings, decisions_of(at.state)))
    if output == "table":
        if target is not None:
            raise click.UsageError("--to needs --output csv, json, ndjson or parquet")
        _tell(at, company)
    elif output == "json" and target is None:
        say_json(rows[0])
    else:
        with target_of(target if target is not None else sys.stdout) as out:
            taker = sink(out, output, COLUMNS)
            for batch in batches(rows):
                taker.write(batch)
            taker.close()
    return Exit.DONE


def _tell(at: Desk, company: dict[str, str]) -> None:
    from leadsync.resolve.ask import ask as ask_register

    query = query_of(company)
    match = ask_register([query], at.register, at.settings, decisions_of(at.state))[0]
    owned = at.register.ownership(match.lei) if match.lei else None
    out = console()
    for line in match_lines(match, owned):
        out.print(line, markup=False, soft_wrap=True)
    if company["country"] and not query.country:
        out.print(f"the country {company['country']!r} was not understood", markup=False)


def match_lines(match: Match, owned: Ownership | None) -> list[str]:
    """One answer, as a person reads it."""
    match match.status:
        case "matched":
            head = [f"{match.legal_name} ({match.country})  LEI {match.lei}",
                    f"  confidence  {match.confidence:.2f}, {HOW.get(match.method, f'by {match.method}')}"]  # fmt: skip
        case "ambiguous":
            head = [f"ambiguous: {match.evidence[0]}", "  a country, city or web site may tell: --country, --city, …"]
        case _:
            head = ["no match"]
    said = match.evidence[1:] if match.status == "ambiguous" else match.evidence
    lines = [*head, *(f"  because     {text}" for text in said)]
    if owned is not None:
        lines += [f"  {label:<11} {parent_text(parent)}" for label, parent in
                  (("direct", owned.direct), ("ultimate", owned.ultimate))]  # fmt: skip
    if match.status != "matched":
        lines += [
            f"  could be    {name} ({country})  {lei}  {sure:.2f}" for lei, name, country, sure in match.candidates
        ]
        if match.candidates:
            lines.append("  say which:  leadsync resolve confirm NAME LEI   (or: leadsync resolve explain NAME)")
    return lines


def parent_text(parent: Parent | None) -> str:
    """A parent, or why there is none."""
    if parent is None:
        return "no parent reported"
    if not parent.lei:
        return f"none: {parent.reason}"
    return f"{parent.name or 'not in the register'} ({parent.country})  {parent.lei}  {parent.how}"


def needs_state(config: Path) -> Path:
    """The state that decisions are kept in."""
    draft = draft_of(config)
    if draft is None or draft.config is None:
        raise Misconfigured(
            f"{config}: decisions are kept in the state a configuration names. `leadsync init` writes one."
        )
    return draft.config.state


ALL: Sequence[click.Command] = (resolve,)
