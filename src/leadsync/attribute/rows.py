"""Cells of a CSV row as numbers, flags and times, and the columns they are collected into."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite, nan
from typing import Final, TypeVar

import numpy as np

from leadsync.attribute.paths import Paths
from leadsync.errors import Misconfigured

YES: Final = frozenset(("true", "t", "yes", "y"))
NO: Final = frozenset(("false", "f", "no", "n", ""))
FINER: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Epoch times above the one number are in nano-, micro- or milliseconds, of which the other make a second: as seconds
they would lie beyond the year 5000."""
DAY: Final = re.compile(r"(?:19|20)\d{6}")
"""A day as Google Analytics exports it; as seconds it would lie in the year 1970."""
SHOWN: Final = 40
"""Letters of a cell that an error shows."""

T = TypeVar("T")


class BadTable(Misconfigured):
    """A CSV file that cannot be read as journeys; the text names file, line and column."""


@dataclass(frozen=True, slots=True)
class Header:
    """Where each meaning stands, and what the file calls it. `decimal_comma`: "12,5" is a number, as spreadsheets write
    it where ; parts the cells."""

    file: str
    places: Mapping[str, int]
    names: Sequence[str]
    decimal_comma: bool = False

    def fits(self, cells: Sequence[str], line: int) -> None:
        """Raises BadTable where a row has fewer cells than are needed, or more than there are columns."""
        if len(cells) <= max(self.places.values()):
            missing = f'column {len(cells) + 1} ("{self.names[len(cells)]}")'
            raise BadTable(f"{self.file}:{line}: {missing} is missing: the row has {len(cells)} cells")
        if len(cells) > len(self.names) and any(cell.strip() for cell in cells[len(self.names) :]):
            raise BadTable(
                f"{self.file}:{line}: {len(cells)} cells where the header has {len(self.names)}: a cell that has the "
                "separator in it is put in quotation marks"
            )


@dataclass(frozen=True, slots=True)
class Cells:
    """One row, its cells found by the column's meaning."""

    header: Header
    cells: Sequence[str]
    line: int

    def text(self, column: str) -> str:
        """The cell as it stands; "" where the file has no such column."""
        places = self.header.places
        return self.cells[places[column]] if column in places else ""

    def read(self, column: str, as_: Callable[[str], T], absent: T) -> T:
        """The cell by a reading function; `absent` where the file has no such column. Raises BadTable."""
        if column not in self.header.places:
            return absent
        return self.part(self.text(column), column, as_)

    def part(self, text: str, column: str, as_: Callable[[str], T]) -> T:
        """A cell, or a part of one, by a reading function. Raises BadTable."""
        try:
            return as_(_with_point(text) if self.header.decimal_comma else text)
        except ValueError as problem:
            raise self.bad(column, f'"{text.strip()[:SHOWN]}" {problem}') from None

    def bad(self, column: str, why: str) -> BadTable:
        """What is wrong in a column of this row."""
        place = self.header.places[column]
        return BadTable(f'{self.header.file}:{self.line}: column {place + 1} ("{self.header.names[place]}"): {why}')


def _with_point(text: str) -> str:
    return re.sub(r"^\s*([+-]?\d+),(\d+)\s*$", r"\1.\2", text)


def finite(text: str, what: str = "number") -> float:
    """A number; raises ValueError saying that it is none."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not isfinite(number):
        raise ValueError(f"is no {what}")
    return number


def amount(text: str) -> float:
    """A number; blank is 0. Raises ValueError for anything else, and for what is not finite or below 0."""
    number = finite(text) if text.strip() else 0.0
    if number < 0:
        raise ValueError("is below 0")
    return number


def hours(text: str) -> float:
    """Hours before the conversion, below 0 for after it. Raises ValueError."""
    return finite(text, "number of hours")


def hours_or_never(text: str) -> float:
    """Hours before the conversion; blank is never, as NaN. Raises ValueError."""
    return hours(text) if text.strip() else nan


def flag(text: str) -> float:
    """How often: yes or true is once, no, false or blank never, a number itself. Raises ValueError."""
    word = text.strip().casefold()
    if word in YES:
        return 1.0
    if word in NO:
        return 0.0
    number = finite(word, "count, and neither yes nor no")
    if number < 0:
        raise ValueError("is below 0")
    return number


def moment(text: str) -> float:
    """A time in seconds since 1970: ISO 8601 (UTC where it names no zone), 20261122, or a number of seconds or of what
    is finer."""
    plain = text.strip()
    try:
        number = nan if DAY.fullmatch(plain) else float(plain)
    except ValueError:
        number = nan
    if not isfinite(number):
        return _iso(re.sub(r"\s+UTC$", "+00:00", plain))
    return number / next((parts for least, parts in FINER if abs(number) > least), 1)


NO_TIME: Final = "is no time such as 2026-11-22T14:00:00Z, and no number of seconds since 1970"


def _iso(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(NO_TIME) from None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class Collected:
    """Journeys on their way into columns."""

    with_hours: bool
    number: dict[str, int] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    conversions: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    nulls: list[float] = field(default_factory=list)
    hours: list[float] = field(default_factory=list)
    milestones: dict[str, list[float]] = field(default_factory=dict)

    def add(
        self,
        channels: Sequence[str],
        conversions: float,
        value: float,
        nulls: float,
        hours: Sequence[float] | None,
        marks: Mapping[str, float] | None = None,
    ) -> None:
        """One journey more. `marks`: the hours before its end at which milestones were reached, NaN for never; the same
        milestones for every journey of a file."""
        number = self.number
        self.codes.extend([number.setdefault(name, len(number)) for name in channels])
        self.lengths.append(len(channels))
        self.conversions.append(conversions)
        self.value.append(value)
        self.nulls.append(nulls)
        if hours is not None:
            self.hours.extend(hours)
        for name, before in (marks or {}).items():
            self.milestones.setdefault(name, []).append(before)

    def paths(self) -> Paths:
        """All of them, channels in the order of the alphabet."""
        names = sorted(self.number)
        order = np.empty(len(names), dtype=np.int32)
        for index, name in enumerate(names):
            order[self.number[name]] = index
        return Paths(
            tuple(names),
            order[np.array(self.codes, dtype=np.int64)],
            np.concatenate(([0], np.cumsum(self.lengths))).astype(np.int64),
            np.array(self.conversions, dtype=np.float64),
            np.array(self.value, dtype=np.float64),
            np.array(self.nulls, dtype=np.float64),
            np.array(self.hours, dtype=np.float64) if self.with_hours else None,
            {name: np.array(hours, dtype=np.float64) for name, hours in self.milestones.items()},
        )
