"""What the journeys of a plain CSV file were earned by, with no configuration: tables, CSV, JSON, and a page."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click

from leadsync.attribute import (
    NO_TOUCH,
    STANDARD,
    JourneyRules,
    Method,
    Paths,
    Row,
    credited,
    method_named,
    read_paths,
    to_csv,
    unmarked,
)
from leadsync.cli.common import Exit, console, say_json
from leadsync.cli.earned import MOST_BARS, side_by_side
from leadsync.cli.history import table
from leadsync.errors import Misconfigured
from leadsync.reports.bars import bars
from leadsync.reports.page import Page

USUAL: Final = ("first", "last", "linear", "position", "markov", "shapley")
"""The models for a file when none is named: those that need no times."""
BYTE_ORDER_MARK: Final = "\ufeff"


def of_file(file: Path, models: Sequence[str], rules: JourneyRules, output: str, html: Path | None) -> int:
    methods: list[Method] = [method_named(name, STANDARD) for name in models or USUAL]
    # Lines are cut by the CSV reader itself: a quoted cell may hold line ends.
    paths = read_paths(io.StringIO(read_text(file), newline=""), str(file), rules)
    for line in unmarked(paths, methods):
        click.echo(f"leadsync: {line}", err=True)
    rows = credited(paths, str(file), methods, rules)
    if html is not None:
        _page(file.name, _counted(paths), rows).save(html)
    if output == "csv":
        click.echo(to_csv(rows), nl=False)
    elif output == "json":
        say_json([{"model": r.model, "channel": r.channel, "conversions": r.conversions, "value": r.value,
                   **({} if r.effect is None else {"effect": r.effect})} for r in rows])  # fmt: skip
    else:
        click.echo(_counted(paths))
        _text(rows)
    return Exit.DONE


def _counted(paths: Paths) -> str:
    """What was read."""
    journeys = paths.conversions.sum() + paths.nulls.sum()
    return (
        f"{journeys:,.0f} journeys with {len(paths.codes):,} touches of {len(paths.channels):,} channels; "
        f"{paths.conversions.sum():,.0f} conversions worth {paths.value.sum():,.2f}."
    )


def read_text(file: Path) -> str:
    """A CSV file's text, without the mark that spreadsheets put before it. Raises Misconfigured where it cannot be
    read."""
    if str(file) == "-":
        return sys.stdin.read().removeprefix(BYTE_ORDER_MARK)
    try:
        data = file.read_bytes()
        return (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
    except (gzip.BadGzipFile, UnicodeDecodeError):
        raise Misconfigured(f"{file}: not a text in UTF-8 (nor one compressed as .gz).") from None
    except OSError as problem:
        raise Misconfigured(f"{file}: cannot read it: {problem.strerror}.") from None


Found = Mapping[str, Mapping[str, Row]]
"""Channel → model → what it is credited with."""


def _by_channel(rows: Sequence[Row]) -> Found:
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.channel, {})[row.model] = row
    return found


def _tables(rows: Sequence[Row]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """A title, a head and rows: the conversions, and the value where there is any."""
    models, found = list(dict.fromkeys(row.model for row in rows)), _by_channel(rows)
    shown = {"Conversions": {row.channel: {m: r.conversions for m, r in found[row.channel].items()} for row in rows}}
    if any(row.value != 0 for row in rows):
        shown["Value"] = {row.channel: {m: r.value for m, r in found[row.channel].items()} for row in rows}
    for title, amounts in shown.items():
        cells = [[channel, *(f"{of[m]:,.2f}" if m in of else "" for m in models)] for channel, of in amounts.items()]
        yield f"{title} by channel", ["channel", *models], cells


def _text(rows: Sequence[Row]) -> None:
    for title, head, cells in _tables(rows):
        console().print(table(title, head, cells))


def _page(name: str, said: str, rows: Sequence[Row]) -> Page:
    page = Page(f"Attribution of {name}", said)
    found = _by_channel(rows)
    models = list(dict.fromkeys(row.model for row in rows))
    won = {c: {m: of[m].conversions if m in of else 0.0 for m in models} for c, of in found.items()}
    ranked = sorted(won.items(), key=lambda one: (one[0] == NO_TOUCH, -one[1][models[0]], one[0]))
    drawn = [(channel, of[models[0]]) for channel, of in ranked[:MOST_BARS]]
    page.chart(bars(f"Conversions by the model {models[0]}", drawn))
    if len(models) > 1:
        side_by_side(page, models, ranked)
    for title, head, cells in _tables(rows):
        page.heading(title).table(head, cells, right=range(1, len(head)))
    return page
