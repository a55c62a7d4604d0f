"""Cells of a CSV row as numbers, flags and times, and the columns they are collected into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import numpy as np

from leadsync.attribute.paths import Paths
from leadsync.errors import Misconfigured

YES: Final = frozenset(("true", "t", "yes", "y"))
NO: Final = frozenset(("false", "f", "no", "n", ""))
MILLISECONDS: Final = 1e11
"""Epoch times above this are in milliseconds: as seconds they would lie beyond the year 5000."""

T = TypeVar("T")


class BadTable(Misconfigured):
    """A CSV file that cannot be read as journeys; the text names file and line."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One row, its cells found by the column's meaning."""

    cells: Sequence[str]
    places: Mapping[str, int]
    file: str
    line: int

    def text(self, column: str) -> str:
        """The cell as it stands; "" where the file has no such column."""
        return self.cells[self.places[column]] if column in self.places else ""

    def read(self, column: str, as_: Callable[[str], T], absent: T) -> T:
        """The cell by a reading function; `absent` where the file has no such column. Raises BadTable."""
        if column not in self.places:
            return absent
        try:
            return as_(self.text(column))
        except ValueError:
            raise BadTable(f"{self.file}:{self.line}: cannot read {column} {self.text(column)[:40]!r}") from None

    def number(self, text: str, column: str) -> float:
        """A number that is part of a cell. Raises BadTable."""
        try:
            return float(text)
        except ValueError:
            raise BadTable(f"{self.file}:{self.line}: cannot read {column} {text[:40]!r}") from None


def amount(text: str) -> float:
    """A number; blank is 0. Raises ValueError for anything else, and for what is not finite or below 0."""
    number = float(text) if text.strip() else 0.0
    if not 0 <= number < float("inf"):
        raise ValueError("not an amount")
    return number


def hours_or_never(text: str) -> float:
    """Hours before the conversion; blank is never, as NaN. Raises ValueError."""
    return float(text) if text.strip() else float("nan")


def flag(text: str) -> float:
    """How often: yes or true is once, no, false or blank never, a number itself. Raises ValueError."""
    word = text.strip().casefold()
    if word in YES:
        return 1.0
    return 0.0 if word in NO else amount(word)


def moment(text: str) -> float:
    """A time in seconds since 1970: ISO 8601 (UTC where it names no zone), or a number of (milli)seconds."""
    try:
        number = float(text)
    except ValueError:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    return number / 1000 if abs(number) > MILLISECONDS else number


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
