"""Write query rows as JSON: parents nested, child queries nested, names in the spelling of describe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import ObjectDef
from leadsync_salesforce.sandbox.soql.match import call_on
from leadsync_salesforce.sandbox.soql.scope import Scope
from leadsync_salesforce.sandbox.soql.syntax import Call, Children, Column, Item, Path, Query
from leadsync_salesforce.sandbox.table import Row

Render: TypeAlias = Callable[[Row], dict[str, Any]]
ChildRecords: TypeAlias = Callable[[Children], Callable[[Row], dict[str, Any] | None]]


def attributes(obj: ObjectDef, row: Row, base: str) -> dict[str, str]:
    """The type and URL that every record in JSON carries."""
    return {"type": obj.name, "url": f"{base}/sobjects/{obj.name}/{row['Id']}"}


def renderer(scope: Scope, items: Sequence[Item], base: str, children: ChildRecords) -> Render:
    """The function that writes one row; raises ApiError for fields that are not there."""
    columns: list[tuple[str, Callable[[Row], Any]]] = []
    parents: dict[str, list[Path]] = {}
    for item in items:
        match item:
            case Children():
                columns.append((item.query.source, children(item)))
            case Column(Call() as call, alias):
                field, get = call_on(scope, call)
                columns.append((alias or field.name, get))
            case Column(tuple() as operand):
                path = scope.without_alias(operand)
                if len(path) > 1 and path[0].lower() not in parents:
                    columns.append(_parent(scope, path[0], parents, base))
                if len(path) > 1:
                    scope.resolve(operand)
                    parents.setdefault(path[0].lower(), []).append(path[1:])
                else:
                    field, get = scope.resolve(operand)
                    columns.append((field.name, get))
            case _:
                raise ApiError("MALFORMED_QUERY", "FIELDS() stands alone in the select list")
    return _writer(scope.obj, columns, base)


def _writer(obj: ObjectDef, columns: list[tuple[str, Callable[[Row], Any]]], base: str) -> Render:
    def write(row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {"attributes": attributes(obj, row, base)}
        for name, get in columns:
            found[name] = get(row)
        return found

    return write


def _parent(
    scope: Scope, name: str, wanted: dict[str, list[Path]], base: str
) -> tuple[str, Callable[[Row], dict[str, Any] | None]]:
    reference = scope.parent(scope.obj, name)
    renders: dict[str, Render] = {}

    def get(row: Row) -> dict[str, Any] | None:
        found = scope.follow(reference, row)
        if found is None:
            return None
        target, parent = found
        if target.name not in renders:
            inner = Scope(scope.org, target, scope.user)
            paths = [p for p in wanted[name.lower()] if _known(inner, p)]
            renders[target.name] = renderer(inner, [Column(p) for p in paths], base, _no_children)
        return renders[target.name](parent)

    return reference.relationship, get


def _known(scope: Scope, path: Path) -> bool:
    """A field of one of a polymorphic reference's targets may be missing in another."""
    try:
        scope.resolve(path)
    except ApiError:
        return False
    return True


def _no_children(item: Children) -> Callable[[Row], dict[str, Any] | None]:
    raise ApiError("MALFORMED_QUERY", f"no query of {item.query.source} can stand here")


def column_metadata(scope: Scope, items: Sequence[Item]) -> list[dict[str, Any]]:
    """What `columns=true` tells of each selected item."""
    return [_column(scope, item) for item in items]


def _column(scope: Scope, item: Item) -> dict[str, Any]:
    match item:
        case Column(Call() as call, alias):
            return _described(alias or "expr0", "double", custom=False, aggregate=True, inner=[]) | {
                "displayName": alias or call.name
            }
        case Column(tuple() as operand):
            path = scope.without_alias(operand)
            field, _ = scope.resolve(operand)
            column = _described(field.name, field.type, custom=field.custom, aggregate=False, inner=[])
            for name in reversed(path[:-1]):
                column = _described(name, "", custom=False, aggregate=False, inner=[column])
            return column
        case Children(Query(items=inner, source=source)):
            paths = [c.operand for c in inner if isinstance(c, Column) and not isinstance(c.operand, Call)]
            names = [_described(path[-1], "", custom=False, aggregate=False, inner=[]) for path in paths]
            return _described(source, "", custom=False, aggregate=True, inner=names)
        case _:
            raise ApiError("MALFORMED_QUERY", "FIELDS() has no column metadata")


def _described(name: str, kind: str, *, custom: bool, aggregate: bool, inner: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "aggregate": aggregate,
        "apexType": {"id": "Id", "boolean": "Boolean", "int": "Integer", "double": "Double"}.get(kind, "String"),
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": custom,
        "displayName": name,
        "foreignKeyName": None,
        "insertable": True,
        "joinColumns": inner,
        "numberType": kind in ("int", "double", "currency", "percent"),
        "textType": kind not in ("boolean", "int", "double", "currency", "percent"),
        "updatable": True,
    }
