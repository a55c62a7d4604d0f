"""What the journeys of a plain CSV file were earned by, with no configuration: tables, CSV, JSON, and a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from leadsync.attribute import (
    NO_TOUCH,
    STANDARD,
    JourneyRules,
    Kind,
    Method,
    Paths,
    Row,
    credited,
    empty_games,
    method_named,
    read_paths,
    to_csv,
    unmarked,
)
from leadsync.cli.common import Exit, console, progress, say_json
from leadsync.cli.csv_text import lines_of
from leadsync.cli.earned import MOST_BARS, side_by_side
from leadsync.cli.history import table
from leadsync.mapping.problems import did_you_mean
from leadsync.reports.bars import bars
from leadsync.reports.page import Page

USUAL: Final = ("first", "last", "linear", "position", "markov", "shapley")
"""The models for a file when none is named: those that need no times."""
ALL_MODELS: Final = "all"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a file. `named`: channels that switches name."""

    models: Sequence[str]
    rules: JourneyRules
    named: frozenset[str] = frozenset()
    effects: bool = False


def of_file(file: Path, asked: Asked, output: str, html: Path | None) -> int:
    """Credit the channels of a file's journeys, and print it. Raises Misconfigured naming what is wrong."""
    named = names_of(asked.models) or USUAL
    notes: list[str] = []
    with progress(show=True) as bar:
        bar.step(f"read {file.name}")
        paths = read_paths(lines_of(file, bar.advance), str(file), asked.rules, notes)
        methods = _methods(named, paths, notes)
        bar.step(f"credit channels by {len(methods)} models")
        rows = credited(paths, str(file), methods, asked.rules)
    for line in (*notes, *_strangers(paths, asked.named), *unmarked(paths, methods), *empty_games(rows)):
        click.echo(f"leadsync: note: {line}", err=True)
    if html is not None:
        _page(file.name, _counted(paths), rows).save(html)
    _show(paths, rows, output, effects=asked.effects)
    return Exit.DONE


def names_of(given: Iterable[str]) -> tuple[str, ...]:
    """The models of --model, which may come again, or name several with commas between."""
    return tuple(dict.fromkeys(name.strip() for some in given for name in some.split(",") if name.strip()))


def _methods(named: Sequence[str], paths: Paths, notes: list[str]) -> list[Method]:
    """The models of these names; "all" is every standard one that the file has what it takes for."""
    if ALL_MODELS not in named:
        return [method_named(name, STANDARD) for name in named]
    timed = [name for name, method in STANDARD.items() if method.kind is Kind.TIME_DECAY]
    if paths.hours is None:
        notes.append(f"the file has no hours before the conversion: {', '.join(timed)} is left out")
    return [method for name, method in STANDARD.items() if paths.hours is not None or name not in timed]


def _strangers(paths: Paths, named: Iterable[str]) -> Iterator[str]:
    """A sentence for each channel that a switch names and no touch has."""
    for name in sorted(named):
        if name not in paths.channels:
            yield f'no touch is of the channel "{name}".{did_you_mean(name, paths.channels)}'


def _show(paths: Paths, rows: Sequence[Row], output: str, *, effects: bool) -> None:
    if output == "csv":
        click.echo(to_csv(rows, effects=effects), nl=False)
    elif output == "json":
        say_json([{"model": r.model, "channel": r.channel, "conversions": r.conversions, "value": r.value,
                   **({} if r.effect is None else {"effect": r.effect})} for r in rows])  # fmt: skip
    else:
        click.echo(_counted(paths))
        for title, head, cells in _tables(rows, effects=effects):
            console().print(table(title, head, cells))


def _counted(paths: Paths) -> str:
    """What was read."""
    times = paths.conversions + paths.nulls
    return (
        f"{times.sum():,.0f} journeys with {times @ paths.lengths:,.0f} touches of {len(paths.channels):,} channels; "
        f"{paths.conversions.sum():,.0f} conversions worth {paths.value.sum():,.2f}."
    )


Found = Mapping[str, Mapping[str, Row]]
"""Channel → model → what it is credited with."""


def _by_channel(rows: Sequence[Row]) -> Found:
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        found.setdefault(row.channel, {})[row.model] = row
    return found


def _tables(rows: Sequence[Row], *, effects: bool) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """A title, a head and rows: the conversions, the value where there is any, and what is behind them if asked for."""
    shown: dict[str, Callable[[Row], str]] = {"Conversions": lambda row: f"{row.conversions:,.2f}"}
    if any(row.value != 0 for row in rows):
        shown["Value"] = lambda row: f"{row.value:,.2f}"
    if effects:
        shown["Effect"] = lambda row: "" if row.effect is None else f"{row.effect:.6f}"
    models, found = list(dict.fromkeys(row.model for row in rows)), _by_channel(rows)
    for title, write in shown.items():
        cells = [[channel, *(write(of[m]) if m in of else "" for m in models)] for channel, of in found.items()]
        yield f"{title} by channel", ["channel", *models], cells


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
    for title, head, cells in _tables(rows, effects=False):
        page.heading(title).table(head, cells, right=range(1, len(head)))
    return page
