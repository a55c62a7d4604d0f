"""Many leads in columns: facts as codes or numbers, touches as three parallel arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leadsync.records import Fields, Value
from leadsync.touchpoints import Touchpoint, distinct

Ints: TypeAlias = NDArray[np.integer[Any]]
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Category:
    """A fact with few different values: `values[codes[i]]` is lead i's; code -1 is unknown."""

    codes: Ints
    values: tuple[Value, ...]

    def part(self, start: int, end: int) -> Category:
        """The leads from start to before end."""
        return Category(self.codes[start:end], self.values)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A fact that is a number; NaN is unknown, and so is whatever `unknown` marks."""

    amounts: NDArray[Any]
    unknown: NDArray[np.bool_] | None = None

    def part(self, start: int, end: int) -> Numbers:
        """The leads from start to before end."""
        return Numbers(self.amounts[start:end], None if self.unknown is None else self.unknown[start:end])

    def missing(self) -> NDArray[np.bool_]:
        """Where the number is unknown."""
        if self.amounts.dtype.kind != "f":
            return np.zeros(len(self.amounts), dtype=np.bool_) if self.unknown is None else self.unknown
        nowhere: NDArray[np.bool_] = np.isnan(self.amounts)
        return nowhere if self.unknown is None else nowhere | self.unknown


Column: TypeAlias = Category | Numbers


@dataclass(frozen=True, slots=True)
class Touches:
    """Touch i is `events[event[i]]` of lead `lead[i]` on day `day[i]` (days since 1970-01-01, UTC).

    Sorted by lead; each touch once.
    """

    lead: Ints
    event: Ints
    day: Ints
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """`count` leads with the facts a model asks for (a missing column is unknown for everybody) and their touches."""

    count: int
    columns: Mapping[str, Column]
    touches: Touches


def batch_of(leads: Sequence[tuple[Fields, Iterable[Touchpoint]]], fields: Iterable[str]) -> Batch:
    """Leads as (facts, touchpoints) in columns, with the facts named by `fields` (`ScoringModel.fields` and others)."""
    columns = {name: _category([facts.get(name) for facts, _touches in leads]) for name in fields}
    return Batch(len(leads), columns, _touches([touches for _facts, touches in leads]))


def day_number(moment: datetime) -> int:
    """The UTC day as days since 1970-01-01."""
    return (moment.astimezone(UTC).date() - EPOCH).days


def _category(values: Sequence[Value]) -> Category:
    # By type as well as by value: True, 1 and 1.0 are equal to Python and three things to a rule.
    number: dict[tuple[type, Value], int] = {}
    codes = [-1 if value is None else number.setdefault((type(value), value), len(number)) for value in values]
    return Category(np.array(codes, dtype=np.int32), tuple(value for _type, value in number))


def _touches(everybody: Sequence[Iterable[Touchpoint]]) -> Touches:
    number: dict[str, int] = {}
    rows = [
        (lead, number.setdefault(touch.event, len(number)), day_number(touch.at))
        for lead, touches in enumerate(everybody)
        for touch in distinct(touches)
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return Touches(table[:, 0], table[:, 1], table[:, 2], tuple(number))
