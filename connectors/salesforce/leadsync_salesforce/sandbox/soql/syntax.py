"""The syntax tree of a SOQL query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str, ...]
"""A field with the relationships that lead to it: ("Owner", "Name")."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. `kind`: string, number, boolean, null, date, datetime or relative (LAST_N_DAYS:7)."""

    kind: str
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a field, e.g. COUNT(Id), CALENDAR_YEAR(CreatedDate), toLabel(Status). COUNT() has no field."""

    name: str
    path: Path | None


Operand: TypeAlias = Path | Call


@dataclass(frozen=True, slots=True)
class Compare:
    """`operand operator literal`."""

    operand: Operand
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Among:
    """IN, NOT IN, INCLUDES, EXCLUDES with a list."""

    operand: Operand
    operator: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class SemiJoin:
    """IN or NOT IN with a query inside."""

    operand: Operand
    operator: str
    query: Query


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """All of several (AND) or any (OR)."""

    joiner: str
    conditions: tuple[Condition, ...]


Condition: TypeAlias = Compare | Among | SemiJoin | Not | Both


@dataclass(frozen=True, slots=True)
class Column:
    """One selected field or function."""

    operand: Operand
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    group: str


@dataclass(frozen=True, slots=True)
class Children:
    """A query of child records in the select list; its `source` is a relationship's name."""

    query: Query


Item: TypeAlias = Column | Fields | Children


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY; nulls stand first unless told otherwise."""

    operand: Operand
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query."""

    items: tuple[Item, ...]
    source: str
    alias: str = ""
    where: Condition | None = None
    group: tuple[Operand, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
    scope: str = ""
