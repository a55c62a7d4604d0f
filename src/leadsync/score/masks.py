"""Conditions over columns: where a `when` holds, by asking the condition itself about each different value."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from leadsync.mapping.expression import All, Any, Compare, Constant, Expression, Name, Node, Not
from leadsync.records import Fields, Value
from leadsync.rulefiles.gates import Condition
from leadsync.score.columns import Category, Column, Numbers

Mask = NDArray[np.bool_]
COMPARISONS: Mapping[str, Callable[[NDArray[np.generic], float], Mask]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def mask(condition: Condition, columns: Mapping[str, Column], count: int) -> Mask:
    """Where a condition holds."""
    if isinstance(condition, Expression):
        return _node(condition.tree, columns, count)
    return where(condition.names, condition.holds, columns, count)


def where(names: frozenset[str], holds: Callable[[Fields], bool], columns: Mapping[str, Column], count: int) -> Mask:
    """Where a test over some facts holds: it is asked once for each different combination of their values."""
    known = [name for name in sorted(names) if name in columns]
    if not known:
        return np.full(count, holds({}))
    coded = [as_category(columns[name]) for name in known]
    combined = np.zeros(count, dtype=np.int64)
    for column in coded:
        combined = combined * (len(column.values) + 1) + (column.codes + 1)
    found, numbers = np.unique(combined, return_inverse=True)
    answers = np.array([holds(_facts(int(key), known, coded)) for key in found], dtype=np.bool_)
    return answers[numbers]


def as_category(column: Column) -> Category:
    """A column of numbers as one of values."""
    if isinstance(column, Category):
        return column
    values, codes = np.unique(column.amounts, return_inverse=True)
    plain = tuple(_plain(value) for value in values.tolist())
    return Category(np.where(column.missing(), -1, codes), plain)


def _plain(value: float) -> Value:
    return int(value) if float(value).is_integer() else value


def _node(node: Node, columns: Mapping[str, Column], count: int) -> Mask:
    match node:
        case All(parts):
            every: Mask = np.logical_and.reduce([_node(part, columns, count) for part in parts])
            return every
        case Any(parts):
            either: Mask = np.logical_or.reduce([_node(part, columns, count) for part in parts])
            return either
        case Not(of):
            return ~_node(of, columns, count)
        case Compare(Name(name), operator, Constant(value)) if operator in COMPARISONS:
            column = columns.get(name)
            if isinstance(column, Numbers) and isinstance(value, int | float) and not isinstance(value, bool):
                return COMPARISONS[operator](column.amounts, value) & ~column.missing()
            return _leaf(node, columns, count)
        case _:
            return _leaf(node, columns, count)


def _leaf(node: Node, columns: Mapping[str, Column], count: int) -> Mask:
    asked = frozenset(_names(node))
    return where(asked, Expression("", node).holds, columns, count)


def _names(node: object) -> list[str]:
    """Every name in a part of a condition."""
    if isinstance(node, Name):
        return [node.name]
    if isinstance(node, tuple):
        return [name for part in node for name in _names(part)]
    slots = getattr(type(node), "__dataclass_fields__", {})
    return [name for slot in slots for name in _names(getattr(node, slot))]


def _facts(key: int, names: list[str], columns: list[Category]) -> dict[str, Value]:
    facts: dict[str, Value] = {}
    for name, column in zip(reversed(names), reversed(columns), strict=True):
        key, code = divmod(key, len(column.values) + 1)
        facts[name] = None if code == 0 else column.values[code - 1]
    return facts
