"""Journeys from a plain CSV file, wide (a path a row) or long (a touch a row), and the table of credits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from leadsync.attribute.engine import NO_TOUCH, Credits, attribute
from leadsync.attribute.long_table import long_paths
from leadsync.attribute.model import JourneyRules, Method
from leadsync.attribute.paths import Paths
from leadsync.attribute.rows import BadTable, Cells, Collected, amount, flag, hours_or_never

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "journey": ("journey_id", "journey", "cookie", "user_id", "user", "lead", "id"),
    "path": ("path", "journey_path"),
    "conversions": ("conversions", "conversion", "conv", "total_conversions", "converted"),
    "value": ("value", "conversion_value", "total_conversion_value", "revenue", "conv_value"),
    "nulls": ("nulls", "null", "total_null", "non_conversions"),
    "hours": ("hours", "hours_before_conversion", "hours_before"),
    "time": ("time", "timestamp", "date", "at", "datetime"),
    "channel": ("channel", "source", "touch"),
    "lead": ("lead_hours",),
    "deal": ("deal_hours",),
    "milestone": ("milestone",),
}
"""What each column may be called; the first that a file has is taken."""
MILESTONES: Final = ("lead", "deal")
"""What W and full-path models credit besides the first touch and the last."""
SEPARATOR: Final = ">"
DELIMITERS: Final = ",;\t"
"""Spreadsheets write ; where a comma is the decimal sign, and tabs when asked for text."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the answer. `effect`: the Markov removal effect or Shapley rate behind it, where there is one."""

    model: str
    channel: str
    conversions: float
    value: float
    effect: float | None = None


def read_paths(lines: Iterable[str], file: str, rules: JourneyRules) -> Paths:
    """The journeys of a CSV text. Raises `BadTable` (Misconfigured) naming the line of whatever cannot be read.

    Wide: `path` as "a > b > c", with `conv` (a flag or a count; also `total_conversions` and `total_null`), `value` and
    `hours` before the conversion as "108 > 77 > 46". Without a conversion column every path converted once; a value
    counts only where there is a conversion. Long: `journey`, `time`, `channel`, `conversion`, `value`. For W and
    full-path models: wide `lead_hours` and `deal_hours` before the conversion, blank for never; long `milestone`, which
    is lead or deal in the row of the time it was reached.
    """
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        raise BadTable(f"{file}: the file is empty")
    reader = csv.reader(chain([first], rest), delimiter=_delimiter(first))
    header = next(reader, [])
    found = _columns(header)
    if "path" in found:
        return _wide(reader, file, found)
    if {"journey", "channel", "time"} <= set(found):
        return long_paths(reader, file, found, rules)
    have = ", ".join(header)
    raise BadTable(f"{file}:1: needs a column path, or journey, time and channel; it has {have}")


def attribute_file(lines: Iterable[str], file: str, methods: Sequence[Method], rules: JourneyRules) -> list[Row]:
    """Who is credited with what, for each method. Raises `BadTable` for what cannot be read, or for a method that needs
    times the file does not give."""
    return credited(read_paths(lines, file, rules), file, methods, rules)


def credited(paths: Paths, file: str, methods: Sequence[Method], rules: JourneyRules) -> list[Row]:
    """The same of journeys that were read. Raises `BadTable` for a method that needs times they do not have."""
    try:
        found = attribute(paths, methods, rules)
    except ValueError as problem:
        raise BadTable(f"{file}: {problem}") from None
    return [row for name, credit in found.items() for row in rows_of(name, credit)]


def unmarked(paths: Paths, methods: Iterable[Method]) -> list[str]:
    """What to know of the methods whose milestones the paths do not have: a sentence for each, for its credits are
    other ones than with them."""
    said = []
    for method in methods:
        lacking = [name for name in MILESTONES if name in method.milestones and name not in paths.milestones]
        if lacking:
            columns = " and ".join(f"{name}_hours" for name in lacking)
            said.append(
                f"{method.name}: the file does not say when {' and '.join(lacking)} was reached; that share goes to "
                f"the other touches in proportion (columns {columns} beside hours, or milestone in a long file, say it)"
            )
    return said


def rows_of(name: str, credit: Credits) -> list[Row]:
    """A method's credits, one row a channel in the order of the alphabet, what had no touch last."""
    effects = [None] * len(credit.channels) if credit.effects is None else credit.effects.tolist()
    columns = (credit.channels, credit.conversions.tolist(), credit.value.tolist(), effects)
    rows = [Row(name, channel, won, value, effect) for channel, won, value, effect in zip(*columns, strict=True)]
    lost = credit.untouched > 0
    return [*rows, Row(name, NO_TOUCH, credit.untouched, credit.untouched_value)] if lost else rows


def to_csv(rows: Sequence[Row]) -> str:
    """channel,conversions,value; with several models, the model's name in front. Numbers in full precision."""
    several = len({row.model for row in rows}) > 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ["channel", "conversions", "value"]
    writer.writerow(["model", *head] if several else head)
    for row in rows:
        cells = [row.channel, repr(row.conversions), repr(row.value)]
        writer.writerow([row.model, *cells] if several else cells)
    return out.getvalue()


def _delimiter(first: str) -> str:
    """What stands between the header's cells: of , ; and tab, the one that comes up most (a comma where none does)."""
    return max(DELIMITERS, key=first.count)


def _columns(header: Sequence[str]) -> dict[str, int]:
    """The place of each column that is known by one of its names."""
    place = {name.strip().strip("\ufeff").casefold(): index for index, name in reversed(list(enumerate(header)))}
    found = {what: next((place[name] for name in names if name in place), -1) for what, names in COLUMNS.items()}
    return {what: index for what, index in found.items() if index >= 0}


def _wide(reader: Iterable[list[str]], file: str, places: Mapping[str, int]) -> Paths:
    made = Collected(with_hours="hours" in places)
    width = max(places.values())
    marked = [name for name in MILESTONES if name in places and "hours" in places]
    for number, cells in enumerate(reader, start=2):
        if not cells:
            continue
        if len(cells) <= width:
            raise BadTable(f"{file}:{number}: {len(cells)} columns where the header has more")
        row = Cells(cells, places, file, number)
        channels = _parts(row.text("path"))
        won = row.read("conversions", flag, 1.0)
        nulls = row.read("nulls", amount, 1.0 if won == 0 else 0.0)
        value = row.read("value", amount, 0.0) if won > 0 else 0.0
        marks = {name: row.read(name, hours_or_never, 0.0) for name in marked}
        made.add(channels, won, value, nulls, _hours(row, len(channels)), marks)
    return made.paths()


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(SEPARATOR)]
    return [part for part in parts if part]


def _hours(row: Cells, touches: int) -> list[float] | None:
    if "hours" not in row.places:
        return None
    found = [row.number(part, "hours") for part in _parts(row.text("hours"))]
    if len(found) != touches:
        raise BadTable(f"{row.file}:{row.line}: {touches} touches and {len(found)} hours")
    return found
