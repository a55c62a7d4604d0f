"""The filters of a dynamic list: which records belong to it now. Pure but for reading the portal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import invalid
from leadsync_hubspot.sandbox.search import key_of
from leadsync_hubspot.sandbox.state import Obj, Portal

Json = Mapping[str, Any]
Test = Callable[[Obj], bool]
BRANCHES = ("OR", "AND")
DEPTH = 5  # levels of branches; a bound of ours against a body that never ends


def branch(portal: Portal, kind: str, spec: object, depth: int = 0) -> Test:
    """A filter branch as a test of a record; 400 where it is not well formed or not modelled here."""
    if not isinstance(spec, dict) or spec.get("filterBranchType") not in BRANCHES or depth > DEPTH:
        raise invalid("Invalid filterBranch: its filterBranchType must be one of [OR, AND]")
    tests = [branch(portal, kind, inner, depth + 1) for inner in shapes.objects(spec, "filterBranches")]
    tests += [_filter(portal, kind, inner) for inner in shapes.objects(spec, "filters")]
    if spec["filterBranchType"] == "AND":
        return lambda obj: all(test(obj) for test in tests)
    return lambda obj: any(test(obj) for test in tests)


def _filter(portal: Portal, kind: str, spec: Json) -> Test:
    match spec.get("filterType"):
        case "PROPERTY":
            return _property(portal, kind, spec)
        case "IN_LIST":
            return _in_list(portal, spec)
        case other:
            raise invalid(f"Invalid filter: filterType {other} is not served by this sandbox")


def _in_list(portal: Portal, spec: Json) -> Test:
    ident, inside = str(spec.get("listId")), spec.get("operator") != "NOT_IN_LIST"
    if ident not in portal.lists:
        raise invalid(f"Invalid filter: there is no list {ident}")
    return lambda obj: (obj.id in {m["recordId"] for m in portal.lists[ident]["members"]}) == inside


def _property(portal: Portal, kind: str, spec: Json) -> Test:
    name, how = str(spec.get("property")), spec.get("operation")
    prop = portal.properties[kind].get(name)
    if prop is None or not isinstance(how, dict):
        raise invalid(f"Invalid filter: property {name} does not exist, or the filter has no operation")
    operator, blank = str(how.get("operator")), bool(how.get("includeObjectsWithNoValueSet"))

    def value(obj: Obj) -> str:
        return portal.shown(obj).get(name, "")

    if operator in ("IS_KNOWN", "IS_UNKNOWN"):
        return lambda obj: (value(obj) != "") == (operator == "IS_KNOWN")
    test = _operation(prop.type, operator, how)
    return lambda obj: test(text) if (text := value(obj)) != "" else blank


def _operation(kind: str, operator: str, how: Json) -> Callable[[str], bool]:
    """An operator on a value that is there."""
    if kind == "enumeration" or operator in ("IS_ANY_OF", "IS_NONE_OF"):
        return _choice(operator, how)
    if kind in ("number", "date", "datetime"):
        return _ordered(kind, operator, how)
    return _text(operator, how)


def _choice(operator: str, how: Json) -> Callable[[str], bool]:
    wanted = set(_values(how))
    match operator:
        case "IS_ANY_OF" | "IS_EQUAL_TO" | "CONTAINS_ALL" | "IS_EXACTLY":
            every = operator in ("CONTAINS_ALL", "IS_EXACTLY")
            return lambda text: wanted <= set(text.split(";")) if every else bool(wanted & set(text.split(";")))
        case "IS_NONE_OF" | "IS_NOT_EQUAL_TO":
            return lambda text: not wanted & set(text.split(";"))
        case _:
            raise _unknown(operator)


def _values(how: Json) -> list[str]:
    found = how.get("values")
    values = found if isinstance(found, list) else [how[k] for k in ("value",) if k in how]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]


def _text(operator: str, how: Json) -> Callable[[str], bool]:
    wanted = [value.lower() for value in _values(how)]
    tests: Mapping[str, Callable[[str, str], bool]] = {
        "IS_EQUAL_TO": lambda text, value: text == value,
        "CONTAINS": lambda text, value: value in text,
        "STARTS_WITH": lambda text, value: text.startswith(value),
        "ENDS_WITH": lambda text, value: text.endswith(value),
    }
    plain = {"IS_NOT_EQUAL_TO": "IS_EQUAL_TO", "DOES_NOT_CONTAIN": "CONTAINS"}.get(operator, operator)
    if plain not in tests:
        raise _unknown(operator)
    return lambda text: any(tests[plain](text.lower(), value) for value in wanted) == (plain == operator)


def _ordered(kind: str, operator: str, how: Json) -> Callable[[str], bool]:
    low, high = _bound(kind, how, "lowerBound"), _bound(kind, how, "upperBound")
    point = _point(how) if "timePoint" in how else _bound(kind, how, "value")
    match operator:
        case "IS_EQUAL_TO":
            return lambda text: key_of(kind, text) == point
        case "IS_NOT_EQUAL_TO":
            return lambda text: key_of(kind, text) != point
        case "IS_BETWEEN":
            return lambda text: _within(low, key_of(kind, text)) and _within(key_of(kind, text), high)
        case "IS_GREATER_THAN" | "IS_AFTER":
            return lambda text: not _within(key_of(kind, text), point)
        case "IS_GREATER_THAN_OR_EQUAL_TO":
            return lambda text: _within(point, key_of(kind, text))
        case "IS_LESS_THAN" | "IS_BEFORE":
            return lambda text: not _within(point, key_of(kind, text))
        case "IS_LESS_THAN_OR_EQUAL_TO":
            return lambda text: _within(key_of(kind, text), point)
        case _:
            raise _unknown(operator)


def _within(small: Any, large: Any) -> bool:
    return small is not None and large is not None and bool(small <= large)


def _bound(kind: str, how: Json, name: str) -> Any:
    given = how.get(name, how["values"][0] if name == "value" and how.get("values") else None)
    return None if given is None else key_of(kind, str(given))


def _point(how: Json) -> float:
    """A fixed day, as epoch milliseconds; 400 for a moving one."""
    point = how["timePoint"]
    try:
        at = datetime(int(point["year"]), int(point["month"]), int(point["day"]), tzinfo=UTC)
    except (KeyError, TypeError, ValueError):
        raise invalid("Invalid filter: only a timePoint of the type DATE is served by this sandbox") from None
    return at.timestamp() * 1000


def _unknown(operator: str) -> Exception:
    return invalid(f"Invalid filter: operator {operator} does not fit the property, or is not served by this sandbox")
