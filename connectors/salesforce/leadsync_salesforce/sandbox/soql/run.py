"""Run a query: filter, group, sort, cut, and say how each row is written as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import CHILD_NAMES, ObjectDef
from leadsync_salesforce.sandbox.soql.aggregate import aggregate, is_aggregate, is_count, sort_key
from leadsync_salesforce.sandbox.soql.match import Matcher, Resolve, comparable, row_resolver
from leadsync_salesforce.sandbox.soql.parser import parse
from leadsync_salesforce.sandbox.soql.render import renderer
from leadsync_salesforce.sandbox.soql.scope import Scope
from leadsync_salesforce.sandbox.soql.syntax import Call, Children, Column, Fields, Item, Query
from leadsync_salesforce.sandbox.table import Row

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.org import Org

FIELDS_LIMIT = 200
"""Rows at most with FIELDS(ALL) and FIELDS(CUSTOM); SOQL reference, "FIELDS()"."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a query found. `records(first, end)` writes that part of the rows as JSON; COUNT() has only a total."""

    query: Query
    obj: ObjectDef
    total: int
    records: Callable[[int, int], list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, whether deleted records count, and the "/services/data/vXX.0" that URLs begin with."""

    org: Org
    user: str
    deleted: bool
    base: str


def run(asker: Asker, text: str) -> Result:
    """The result of a SOQL text; raises ApiError as Salesforce does."""
    query = parse(text)
    obj = asker.org.schema.get(query.source.lower())
    if obj is None:
        raise ApiError("INVALID_TYPE", f"sObject type '{query.source}' is not supported.")
    scope = Scope(asker.org, obj, asker.user, query.alias, text)
    rows = asker.org.visible(obj, deleted=asker.deleted)
    return _result(asker, scope, query, rows)


def _result(asker: Asker, scope: Scope, query: Query, rows: Iterable[Row]) -> Result:
    resolve = row_resolver(scope)
    kept = _filtered(asker, query, resolve, rows)
    if is_count(query):
        return Result(query, scope.obj, len(_cut(query, kept)), lambda _first, _end: [])
    if query.group or any(is_aggregate(item) for item in query.items):
        groups = _cut(query, aggregate(query, resolve, lambda r: _matcher(asker, r), kept))
        marks = {"attributes": {"type": "AggregateResult"}}
        return Result(query, scope.obj, len(groups), lambda a, b: [{**marks, **row} for row in groups[a:b]])
    for order in reversed(query.order):
        key = sort_key(comparable(*resolve(order.operand)), descending=order.descending, nulls_last=order.nulls_last)
        kept = sorted(kept, key=key, reverse=order.descending)
    found = _cut(query, kept)
    render = renderer(scope, expanded(scope, query), asker.base, lambda child: _children(asker, scope, child))
    return Result(query, scope.obj, len(found), lambda a, b: [render(row) for row in found[a:b]])


def _cut(query: Query, rows: Sequence[Row]) -> Sequence[Row]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]


def _matcher(asker: Asker, resolve: Resolve) -> Matcher:
    return Matcher(asker.org, resolve, lambda query: _column(asker, query))


def _filtered(asker: Asker, query: Query, resolve: Resolve, rows: Iterable[Row]) -> list[Row]:
    found = list(rows)
    if query.scope in ("mine", "my"):
        found = [row for row in found if row.get("OwnerId") == asker.user]
    if query.where is None:
        return found
    test = _matcher(asker, resolve).test(query.where)
    return [row for row in found if test(row)]


def _column(asker: Asker, query: Query) -> list[Any]:
    """The values of a semi-join's one column."""
    obj = asker.org.schema.get(query.source.lower())
    item = query.items[0]
    if obj is None:
        raise ApiError("INVALID_TYPE", f"sObject type '{query.source}' is not supported.")
    if len(query.items) != 1 or not isinstance(item, Column) or isinstance(item.operand, Call):
        raise ApiError("MALFORMED_QUERY", "The inner select must have exactly one id or reference field")
    scope = Scope(asker.org, obj, asker.user, query.alias)
    resolve = row_resolver(scope)
    _, get = resolve(item.operand)
    return [get(row) for row in _filtered(asker, query, resolve, asker.org.visible(obj, deleted=asker.deleted))]


def expanded(scope: Scope, query: Query) -> tuple[Item, ...]:
    """The selected items with FIELDS() written out."""
    items: list[Item] = []
    for item in query.items:
        if not isinstance(item, Fields):
            items.append(item)
            continue
        if item.group not in ("ALL", "STANDARD", "CUSTOM"):
            raise ApiError("MALFORMED_QUERY", f"unexpected token: '{item.group}'")
        if item.group != "STANDARD" and (query.limit is None or query.limit > FIELDS_LIMIT):
            message = f"The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT}"
            raise ApiError("MALFORMED_QUERY", message)
        access = scope.access(scope.obj)
        seen = [f for f in scope.obj.fields.values() if access is None or f.name in access]
        wanted = [f for f in seen if item.group == "ALL" or f.custom is (item.group == "CUSTOM")]
        items.extend(Column((f.name,)) for f in wanted)
    return tuple(items)


def _children(asker: Asker, parent: Scope, item: Children) -> Callable[[Row], dict[str, Any] | None]:
    """How the child records of a row are written; None when there are none, as Salesforce answers."""
    wanted = item.query.source.lower()
    for (child, reference), name in CHILD_NAMES.items():
        obj = asker.org.object(child)
        field = obj.field(reference)
        if name.lower() == wanted and field is not None and parent.obj.name in field.refers:
            return _child_records(asker, obj, reference, item.query)
    message = f"Didn't understand relationship '{item.query.source}' in FROM part of query call."
    raise ApiError("INVALID_TYPE", message)


def _child_records(
    asker: Asker, obj: ObjectDef, reference: str, query: Query
) -> Callable[[Row], dict[str, Any] | None]:
    scope = Scope(asker.org, obj, asker.user, query.alias)
    by_parent: dict[Any, list[Row]] = {}
    for row in asker.org.visible(obj, deleted=asker.deleted):
        by_parent.setdefault(row.get(reference), []).append(row)
    _result(asker, scope, query, [])

    def records(row: Row) -> dict[str, Any] | None:
        found = _result(asker, scope, query, by_parent.get(row["Id"], []))
        if found.total == 0:
            return None
        return {"totalSize": found.total, "done": True, "records": found.records(0, found.total)}

    return records
