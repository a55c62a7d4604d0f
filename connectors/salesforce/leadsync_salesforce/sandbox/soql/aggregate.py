"""GROUP BY, and the functions over groups of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import NUMBERS, FieldDef
from leadsync_salesforce.sandbox.soql.match import Matcher, Resolve, comparable
from leadsync_salesforce.sandbox.soql.scope import Getter
from leadsync_salesforce.sandbox.soql.syntax import Call, Column, Item, Operand, Query
from leadsync_salesforce.sandbox.table import Row

AGGREGATES = {"COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"}


def is_aggregate(item: Item) -> bool:
    """Whether a selected item is a function over rows."""
    return isinstance(item, Column) and isinstance(item.operand, Call) and item.operand.name in AGGREGATES


def is_count(query: Query) -> bool:
    """SELECT COUNT() FROM …, whose answer is only a number."""
    return query.items == (Column(Call("COUNT", None)),)


def _reduce(name: str, values: list[Any]) -> Any:
    match name:
        case "COUNT":
            return len(values)
        case "COUNT_DISTINCT":
            return len({v.lower() if isinstance(v, str) else v for v in values})
        case _ if not values:
            return None
        case "SUM":
            return sum(values)
        case "AVG":
            return sum(values) / len(values)
        case "MIN":
            return min(values)
        case "MAX":
            return max(values)
        case _:
            raise ApiError("MALFORMED_QUERY", f"unexpected function: {name}")


def _over(call: Call, resolve: Resolve) -> tuple[FieldDef, Callable[[Sequence[Row]], Any]]:
    if call.path is None:
        return FieldDef("COUNT", "int", "COUNT"), len
    field, get = resolve(call.path)
    if call.name in ("SUM", "AVG") and field.type not in ("int", *NUMBERS):
        raise ApiError("MALFORMED_QUERY", f"field {field.name} does not support aggregate operator {call.name}")
    kind = field.type if call.name in ("MIN", "MAX") else "int" if call.name.startswith("COUNT") else "double"

    def value(rows: Sequence[Row]) -> Any:
        return _reduce(call.name, [v for v in map(get, rows) if v is not None])

    return FieldDef(field.name, kind, field.label), value


def _groups(query: Query, resolve: Resolve, rows: Sequence[Row]) -> list[list[Row]]:
    if not query.group:
        return [list(rows)]
    keys = [comparable(*resolve(operand)) for operand in query.group]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(key(row) for key in keys), []).append(row)
    return list(found.values())


def _value_of(operand: Operand, query: Query, resolve: Resolve) -> tuple[FieldDef, Callable[[Sequence[Row]], Any]]:
    if isinstance(operand, Call) and operand.name in AGGREGATES:
        return _over(operand, resolve)
    if operand not in query.group:
        name = ".".join(operand.path or ()) if isinstance(operand, Call) else ".".join(operand)
        raise ApiError("MALFORMED_QUERY", f"Field must be grouped or aggregated: {name}")
    field, get = resolve(operand)
    return field, lambda rows: get(rows[0]) if rows else None


def aggregate(query: Query, resolve: Resolve, matcher: Callable[[Resolve], Matcher], rows: Sequence[Row]) -> list[Row]:
    """The AggregateResult rows of a grouped query, by output name, ordered as the query says."""
    outputs: dict[str, Callable[[Sequence[Row]], Any]] = {}
    unnamed = 0
    for item in query.items:
        if not isinstance(item, Column):
            raise ApiError("MALFORMED_QUERY", "Grouped query cannot use child relationships in the SELECT list")
        name = item.alias or (item.operand[-1] if not isinstance(item.operand, Call) else "")
        if not name:
            name, unnamed = f"expr{unnamed}", unnamed + 1
        outputs[name] = _value_of(item.operand, query, resolve)[1]
    groups = _kept(query, resolve, matcher, _groups(query, resolve, rows))
    for order in reversed(query.order):
        by = comparable(*_value_of(order.operand, query, resolve))
        key = sort_key(by, descending=order.descending, nulls_last=order.nulls_last)
        groups = sorted(groups, key=key, reverse=order.descending)
    return [{name: value(group) for name, value in outputs.items()} for group in groups]


def _kept(
    query: Query, resolve: Resolve, matcher: Callable[[Resolve], Matcher], groups: list[list[Row]]
) -> list[list[Row]]:
    if query.having is None:
        return groups

    def of_group(operand: Operand) -> tuple[FieldDef, Getter]:
        field, value = _value_of(operand, query, resolve)
        return field, lambda box: value(groups[int(str(box["group"]))])

    test = matcher(of_group).test(query.having)
    return [group for number, group in enumerate(groups) if test({"group": number})]


def sort_key(get: Callable[[Any], Any], *, descending: bool, nulls_last: bool) -> Callable[[Any], tuple[int, Any]]:
    """A key for `sorted(…, reverse=descending)` that puts nulls first unless told otherwise.

    `get` gives values as `comparable` makes them, so that order and comparison agree, for ids above all.
    """
    null_rank = 2 if descending is not nulls_last else 0

    def key(thing: Any) -> tuple[int, Any]:
        value = get(thing)
        if value is None:
            return null_rank, 0
        return 1, value

    return key
