"""What kinds of associations there are: their labels, and how many of a kind a record may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.associations import READ, WRITE, types_of
from leadsync_hubspot.sandbox.batch import answer, inputs_of
from leadsync_hubspot.sandbox.errors import invalid, not_found
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]


def _kinds(call: Call) -> tuple[str, str]:
    return call.spec.name, call.portal.kind(call.args["to"]).name


def _labels(call: Call) -> Reply:
    a, b = _kinds(call)
    return ok({"results": types_of(call.portal.links, a, b, call.portal.links.known(a, b))})


def _text(given: Mapping[str, Any], name: str) -> str:
    if not isinstance(given.get(name), str) or not given[name]:
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{name}]")
    return str(given[name])


def _define(call: Call) -> Reply:
    (a, b), given, links = _kinds(call), call.json(), call.portal.links
    _text(given, "name")
    label, inverse = _text(given, "label"), given.get("inverseLabel")
    if label in links.labels.get((a, b), {}).values():
        raise invalid(f"An association label '{label}' already exists between {a} and {b}")
    numbers = links.define(a, b, label, None if inverse is None else str(inverse))
    made = types_of(links, a, b, numbers[:1])
    return ok({"results": [*made, *(types_of(links, b, a, numbers[1:]))]})


def _own(call: Call, number: object) -> int:
    """The number of a label that users defined; 404 for any other."""
    a, b = _kinds(call)
    if not str(number).isdigit() or int(str(number)) not in call.portal.links.labels.get((a, b), {}):
        raise not_found(f"There is no association label {number} between {a} and {b}")
    return int(str(number))


def _rename(call: Call) -> Reply:
    (a, b), given, links = _kinds(call), call.json(), call.portal.links
    label, number = _text(given, "label"), _own(call, given.get("associationTypeId"))
    back = links.inverse[a, b, number]
    links.labels[a, b][number] = label
    links.labels[b, a][back] = label if back == number else str(given.get("inverseLabel", links.labels[b, a][back]))
    return nothing()


def _undefine(call: Call) -> Reply:
    call.portal.links.undefine(*_kinds(call), _own(call, call.args["type"]))
    return nothing()


# ---- how many


def _configured(call: Call, a: str, b: str) -> Iterator[Json]:
    for (left, right, number), most in call.portal.most_ties.items():
        if (left, right) == (a, b):
            yield {**types_of(call.portal.links, a, b, [number])[0], "userEnforcedMaxToObjectIds": most}


def _configurations(call: Call) -> Reply:
    return ok({"results": list(_configured(call, *_kinds(call)))})


def _all_configurations(call: Call) -> Reply:
    pairs = dict.fromkeys((a, b) for a, b, _ in call.portal.most_ties)
    return ok({"results": [entry for a, b in pairs for entry in _configured(call, a, b)]})


def _configure(call: Call, status: int) -> Reply:
    (a, b), found = _kinds(call), []
    for item in inputs_of(call):
        number, most = shapes.number(item, "typeId"), shapes.number(item, "maxToObjectIds")
        if number not in call.portal.links.known(a, b) or most < 1:
            raise invalid("Each input needs the typeId of an association of these objects, and maxToObjectIds")
        call.portal.most_ties[a, b, number] = most
        found.append({**types_of(call.portal.links, a, b, [number])[0], "userEnforcedMaxToObjectIds": most})
    if status == 200:
        found = [{k: v for k, v in entry.items() if k != "label"} for entry in found]
    return answer(call, found, [], status)


def _create(call: Call) -> Reply:
    return _configure(call, 201)


def _update(call: Call) -> Reply:
    return _configure(call, 200)


def _purge(call: Call) -> Reply:
    a, b = _kinds(call)
    for item in inputs_of(call):
        call.portal.most_ties.pop((a, b, shapes.number(item, "typeId")), None)
    return nothing()


def _report(call: Call) -> Reply:
    user = call.args["id"]
    if not user.isdigit():
        raise invalid(f"Invalid user id {user}")
    found = [o["email"] for o in call.portal.owners.values() if str(o["userIdIncludingInactive"]) == user]
    told = {"userId": int(user), "userEmail": (found or ["user@example.com"])[0]}
    return ok({**told, "enqueueTime": iso(call.portal.clock())})


_LABELS = "/crm/associations/{kind}/{to}/labels"
_CONFIGURATIONS = "/crm/associations/definitions/configurations"
_PAIR = _CONFIGURATIONS + "/{kind}/{to}"
ROUTES = (
    Route("GET", _LABELS, _labels, READ),
    Route("POST", _LABELS, _define, WRITE),
    Route("PUT", _LABELS, _rename, WRITE),
    Route("DELETE", _LABELS + "/{type}", _undefine, WRITE),
    Route("GET", _CONFIGURATIONS + "/all", _all_configurations),
    Route("GET", _PAIR, _configurations, READ),
    Route("POST", _PAIR + "/batch/create", _create, WRITE),
    Route("POST", _PAIR + "/batch/update", _update, WRITE),
    Route("POST", _PAIR + "/batch/purge", _purge, WRITE),
    Route("POST", "/crm/associations/usage/high-usage-report/{id}", _report),
)
