"""Journeys from a plain CSV file, wide (a path a row) or long (a touch a row), and the table of credits."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from leadsync.attribute.engine import NO_TOUCH, Credits, attribute
from leadsync.attribute.long_table import long_paths
from leadsync.attribute.model import JourneyRules, Method
from leadsync.attribute.paths import Paths
from leadsync.attribute.rows import BadTable, Cells, Header
from leadsync.attribute.wide_table import MILESTONES, wide_paths

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


def read_paths(lines: Iterable[str], file: str, rules: JourneyRules, notes: list[str] | None = None) -> Paths:
    """The journeys of a CSV text. Raises `BadTable` (Misconfigured) naming the line and column of whatever cannot be
    read. `notes` gets a sentence for each thing that was read and that its writer may not have meant so.

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
    delimiter = _delimiter(first)
    reader = csv.reader(chain([first], rest), delimiter=delimiter, strict=True)
    said: list[str] = [] if notes is None else notes
    try:
        header = _header(next(reader, []), file, delimiter)
        rows = _rows(reader, header)
        found = wide_paths(rows, header, said) if "path" in header.places else long_paths(rows, header, rules, said)
    except csv.Error as problem:
        raise BadTable(f"{file}:{reader.line_num}: {_told(problem)}") from None
    if found.conversions.sum() == 0:
        said.append("nothing converted: every credit is 0")
    return found


def _rows(reader: Any, header: Header) -> Iterator[Cells]:
    """The rows that have anything in them."""
    for cells in reader:
        if any(cells) and any(map(str.strip, cells)):
            header.fits(cells, reader.line_num)
            yield Cells(header, cells, reader.line_num)


def _told(problem: csv.Error) -> str:
    """What the CSV reader found, in words of what to do."""
    text = str(problem)
    if "unexpected end of data" in text or "field larger" in text:
        return "a quotation mark is opened and not closed"
    if "expected after" in text:
        return 'a quotation mark ends within a cell; inside a quoted cell it is written twice ("")'
    if "new-line character" in text:
        return "a line ends within a cell; such a cell is put in quotation marks"
    return text


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


def empty_games(rows: Iterable[Row]) -> list[str]:
    """A sentence for each model that had effects and could share nothing out by them."""
    by_model: dict[str, list[Row]] = {}
    for row in rows:
        if row.effect is not None:
            by_model.setdefault(row.model, []).append(row)
    why = "its values add up to 0, for no journey has all channels, so they share nothing out; --effects shows them"
    return [
        f"{name}: {why}"
        for name, some in by_model.items()
        if any(row.effect for row in some) and not any(row.conversions for row in some)
    ]


def to_csv(rows: Sequence[Row], *, effects: bool = False) -> str:
    """channel,conversions,value; with several models, the model's name in front; with `effects`, those behind. Numbers
    in full precision."""
    several = len({row.model for row in rows}) > 1
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [*(["model"] if several else []), "channel", "conversions", "value", *(["effect"] if effects else [])]
    )
    for row in rows:
        effect = ["" if row.effect is None else repr(row.effect)] if effects else []
        cells = [row.channel, repr(row.conversions), repr(row.value), *effect]
        writer.writerow([row.model, *cells] if several else cells)
    return out.getvalue()


def _delimiter(first: str) -> str:
    """What stands between the header's cells: of , ; and tab, the one that comes up most (a comma where none does)."""
    return max(DELIMITERS, key=first.count)


def _header(names: Sequence[str], file: str, delimiter: str) -> Header:
    """The place of each column that is known by one of its names. Raises BadTable where one that is needed is not."""
    plain = [name.strip().strip("\ufeff") for name in names]
    place = {name.casefold(): index for index, name in reversed(list(enumerate(plain)))}
    found = {what: next((place[name] for name in called if name in place), -1) for what, called in COLUMNS.items()}
    places = {what: index for what, index in found.items() if index >= 0}
    if "path" not in places and not {"journey", "channel", "time"} <= set(places):
        raise BadTable(f"{file}:1: needs a column path, or journey, time and channel; it has {', '.join(plain)}")
    return Header(file, places, plain, decimal_comma=delimiter == ";")
