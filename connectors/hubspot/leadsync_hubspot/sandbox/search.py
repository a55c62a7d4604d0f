"""Search: every operator and limit, over an index that may lag behind the values it returns."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import invalid
from leadsync_hubspot.sandbox.objects import READ
from leadsync_hubspot.sandbox.render import paging, picked, wanted
from leadsync_hubspot.sandbox.routing import Call, Route, ok
from leadsync_hubspot.sandbox.state import Obj, Portal

# All limits: HubSpot, "Search the CRM", limits.
GROUPS, FILTERS, FILTERS_IN_ALL = 5, 6, 18
PAGE, WALL, BODY = 200, 10_000, 3000
OPERATORS = (
    "EQ NEQ LT LTE GT GTE BETWEEN IN NOT_IN HAS_PROPERTY NOT_HAS_PROPERTY CONTAINS_TOKEN NOT_CONTAINS_TOKEN".split()
)

Key: TypeAlias = float | str
Predicate: TypeAlias = Callable[["View"], bool]


@dataclass(frozen=True, slots=True)
class View:
    """A record as the index sees it: `properties` may be older than the record's."""

    obj: Obj
    properties: Mapping[str, str]
    updated_ms: int


@dataclass(slots=True)
class Sorted:
    """The views of one object type in one order; good until the type changes or a lag ends."""

    version: int
    until: datetime | None
    views: list[View]
    keys: list[tuple[int, Key]]


def ms(moment: datetime) -> int:
    """Epoch milliseconds."""
    return round(moment.timestamp() * 1000)


def views(portal: Portal, kind: str) -> tuple[list[View], datetime | None]:
    """What the index holds now, and when it will change by itself."""
    now = portal.clock()
    lagging = portal.lagging.get(kind, {})
    ends: list[datetime] = []
    for ident, obj in list(lagging.items()):
        obj.stale[:] = [stale for stale in obj.stale if stale.until > now]
        if obj.stale:
            ends.append(obj.stale[0].until)
        else:
            del lagging[ident]
    found = [_view(obj) for obj in portal.objects[kind].values() if obj.archived_at is None]
    return [view for view in found if view is not None], min(ends, default=None)


def _view(obj: Obj) -> View | None:
    if not obj.stale:
        return View(obj, obj.properties, ms(obj.updated))
    old = obj.stale[0]
    return None if old.properties is None else View(obj, old.properties, ms(old.updated))


class Fields:
    """How a property of a view is compared: dates and numbers as numbers, text without regard to case."""

    def __init__(self, portal: Portal, kind: str) -> None:
        self.portal, self.spec = portal, portal.kinds[kind]

    def type_of(self, name: str) -> str:
        """The property's type; 400 for one that there is not."""
        prop = self.portal.properties[self.spec.name].get(name)
        if prop is None:
            raise invalid(f"There was a problem with the request. Property '{name}' does not exist")
        return prop.type

    def getter(self, name: str) -> Callable[[View], Key | None]:
        """Reads the property's key from a view; None where it has no value."""
        spec, kind = self.spec, self.type_of(name)
        if name == "hs_object_id":
            return lambda view: int(view.obj.id)
        if name == spec.modified:
            return lambda view: view.updated_ms
        if name == spec.created:
            return lambda view: ms(view.obj.created)
        return lambda view: key_of(kind, view.properties.get(name))

    def key(self, name: str, value: Any) -> Key:
        """A filter's value in the property's terms; 400 when it is none."""
        found = key_of(self.type_of(name), str(value))
        if found is None:
            raise invalid(f"Invalid value for property {name}: {value!r}")
        return found


def key_of(kind: str, text: str | None) -> Key | None:
    """A stored or asked value as something that compares."""
    if text is None or text == "":
        return None
    match kind:
        case "number":
            return _or_none(float, text)
        case "date" | "datetime":
            return _or_none(lambda t: ms(parse_time(t)), text)
        case "enumeration":
            return text
        case _:
            return text.lower()


def _or_none(read: Callable[[str], float], text: str) -> float | None:
    try:
        return read(text)
    except (ValueError, OverflowError):
        return None


def _tokens(text: str) -> list[str]:
    return [token for token in re.split(r"[^\w*]+", text.lower()) if token]


def _has_tokens(value: Key | None, pattern: str) -> bool:
    if value is None:
        return False
    words = [*_tokens(str(value)), str(value)]
    asked = [pattern.lower()] if "*" in pattern else _tokens(pattern)
    expressions = [re.compile(re.escape(token).replace(r"\*", ".*") + "$") for token in asked]
    return all(any(expression.match(word) for word in words) for expression in expressions)


def predicate(fields: Fields, spec: Mapping[str, Any]) -> Predicate:
    """One filter as a function of a view; 400 when it is not well formed."""
    name, operator = str(spec.get("propertyName", "")), str(spec.get("operator", ""))
    if operator not in OPERATORS:
        raise invalid(f"Invalid input JSON: operator {operator!r} is not one of {OPERATORS}")
    if name.startswith("associations."):
        return _association(fields.portal, name.removeprefix("associations."), operator, spec)
    get = fields.getter(name)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return lambda view: (get(view) is not None) == (operator == "HAS_PROPERTY")
    if operator in ("IN", "NOT_IN"):
        return _membership(get, operator, fields.type_of(name), spec)
    if "value" not in spec:
        raise invalid(f"operator {operator} requires a value")
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        pattern = str(spec["value"])
        return lambda view: _has_tokens(get(view), pattern) == (operator == "CONTAINS_TOKEN")
    return _comparison(get, operator, fields, spec)


def _membership(get: Callable[[View], Key | None], operator: str, kind: str, spec: Mapping[str, Any]) -> Predicate:
    values = shapes.values(spec, "values")
    if not values:
        raise invalid(f"operator {operator} requires values")
    # text is matched against values as they are: HubSpot wants them in lower case already
    wanted_keys = {str(v) if kind == "string" else key_of(kind, str(v)) for v in values}
    if operator == "IN":
        return lambda view: get(view) in wanted_keys
    return lambda view: (found := get(view)) is not None and found not in wanted_keys


def _comparison(get: Callable[[View], Key | None], operator: str, fields: Fields, spec: Mapping[str, Any]) -> Predicate:
    name = str(spec["propertyName"])
    low: Any = fields.key(name, spec["value"])
    match operator:
        case "EQ":
            return lambda view: get(view) == low
        case "NEQ":
            return lambda view: (found := get(view)) is not None and found != low
        case "LT":
            return lambda view: (found := get(view)) is not None and found < low
        case "LTE":
            return lambda view: (found := get(view)) is not None and found <= low
        case "GT":
            return lambda view: (found := get(view)) is not None and found > low
        case "GTE":
            return lambda view: (found := get(view)) is not None and found >= low
        case _:
            if "highValue" not in spec:
                raise invalid("operator BETWEEN requires a highValue")
            high: Any = fields.key(name, spec["highValue"])
            return lambda view: (found := get(view)) is not None and low <= found <= high


def _association(portal: Portal, other: str, operator: str, spec: Mapping[str, Any]) -> Predicate:
    kind = portal.kind(other).name
    ids = {str(v) for v in [spec.get("value"), *shapes.values(spec, "values")] if v is not None}
    match operator:
        case "EQ" | "IN":
            return lambda view: bool(ids & portal.links.of(view.obj.node, kind).keys())
        case "NEQ" | "NOT_IN":
            return lambda view: not ids & portal.links.of(view.obj.node, kind).keys()
        case "HAS_PROPERTY" | "NOT_HAS_PROPERTY":
            wish = operator == "HAS_PROPERTY"
            return lambda view: bool(portal.links.of(view.obj.node, kind)) == wish
        case _:
            raise invalid(f"operator {operator} is not supported for associations")


def groups_of(body: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """The filter groups, held to their limits."""
    groups = [shapes.objects(group, "filters") for group in shapes.objects(body, "filterGroups")]
    if body.get("filters"):
        groups.append(shapes.objects(body, "filters"))
    if len(groups) > GROUPS:
        raise invalid(f"Number of filterGroups must be at most {GROUPS}, found {len(groups)}")
    if any(len(group) > FILTERS for group in groups):
        raise invalid(f"Number of filters in a filterGroup must be at most {FILTERS}")
    if sum(map(len, groups)) > FILTERS_IN_ALL:
        raise invalid(f"Number of filters must be at most {FILTERS_IN_ALL}")
    return groups


def order_of(body: Mapping[str, Any]) -> tuple[str, bool]:
    """(property, descending) of the one sort there may be; by record id where none is asked for."""
    sorts = body.get("sorts") or []
    if not isinstance(sorts, list):
        raise shapes.unreadable("sorts", "an array")
    if len(sorts) > 1:
        raise invalid("Only one sort is supported")
    match sorts:
        case [str(text)]:
            return text.removeprefix("-"), text.startswith("-")
        case [{"propertyName": name, **rest}]:
            return str(name), rest.get("direction") == "DESCENDING"
        case []:
            return "hs_object_id", False
        case _:
            raise shapes.unreadable("sorts", "the name of a property or an object with a propertyName")


class Index:
    """The search of one portal, with the orders it has already sorted."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self._sorted: dict[tuple[str, str], Sorted] = {}

    def ordered(self, kind: str, name: str) -> Sorted:
        """The index in ascending order of a property, those without a value last."""
        known = self._sorted.get((kind, name))
        version = self.portal.version.get(kind, 0)
        if known and known.version == version and (known.until is None or known.until > self.portal.clock()):
            return known
        get = Fields(self.portal, kind).getter(name)
        found, until = views(self.portal, kind)
        keyed = sorted(((_rank(get(v)), int(v.obj.id), v) for v in found), key=lambda item: item[:2])
        result = Sorted(version, until, [v for _, _, v in keyed], [rank for rank, _, _ in keyed])
        self._sorted[kind, name] = result
        return result

    def matching(self, kind: str, body: Mapping[str, Any]) -> list[View]:
        """All that match, in the order asked for."""
        name, descending = order_of(body)
        groups, fields = groups_of(body), Fields(self.portal, kind)
        tests = [[predicate(fields, spec) for spec in group] for group in groups]
        order = self.ordered(kind, name)
        pool = order.views[_slice(order, name, groups, fields)]
        query = str(body.get("query") or "").lower()
        found = [view for view in pool if _fits(view, tests) and _mentions(view, query)]
        return found[::-1] if descending else found


_INDEXES: WeakKeyDictionary[Portal, Index] = WeakKeyDictionary()


def _index(portal: Portal) -> Index:
    return _INDEXES.setdefault(portal, Index(portal))


def _rank(key: Key | None) -> tuple[int, Key]:
    return (1, "") if key is None else (0, key)


def _slice(order: Sorted, name: str, groups: Sequence[Sequence[Mapping[str, Any]]], fields: Fields) -> slice:
    """Where to look, when the one group bounds the property that is sorted by: spares most of a keyset's scan."""
    start = 0
    if len(groups) == 1:
        for spec in groups[0]:
            if spec.get("propertyName") == name and spec.get("operator") in ("GT", "GTE") and "value" in spec:
                edge = (0, fields.key(name, spec["value"]))
                cut = bisect_right if spec["operator"] == "GT" else bisect_left
                start = max(start, cut(order.keys, edge))
    return slice(start, None)


def _fits(view: View, tests: Sequence[Sequence[Predicate]]) -> bool:
    if not tests:
        return True
    return any(all(test(view) for test in group) for group in tests)


def _mentions(view: View, query: str) -> bool:
    return not query or any(query in value.lower() for value in view.properties.values())


def _search(call: Call) -> Reply:
    body = call.json()
    if len(call.request.body) > BODY:
        raise invalid(f"The request body must be at most {BODY} characters")
    spec = call.spec
    limit, after = _window(body)
    found = _index(call.portal).matching(spec.name, body)
    names = wanted(call.portal, spec.name, shapes.texts(body, "properties"))
    shown = [picked(call.portal, view.obj, names) for view in found[after : after + limit]]
    following = str(after + limit) if len(found) > after + limit else None
    more = paging(call.request, following)
    if more:
        del more["paging"]["next"]["link"]
    return ok({"total": len(found), "results": shown, **more})


def _window(body: Mapping[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", 10) or 10, str(body.get("after") or "0")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= PAGE:
        raise invalid(f"Invalid limit {limit}: it must be between 1 and {PAGE}")
    if not after.isdigit():
        raise invalid(f"Invalid after {after}: it must be an integer")
    if int(after) + limit > WALL:
        raise invalid(f"Cannot page past {WALL} results of a search: after + limit is {int(after) + limit}")
    return limit, int(after)


ROUTES = (Route("POST", "/crm/objects/{kind}/search", _search, READ, reads=True),)
