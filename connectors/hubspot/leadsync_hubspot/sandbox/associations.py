"""Associations v4 (and what is left of v3): batches and single ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.batch import answer, inputs_of
from leadsync_hubspot.sandbox.errors import entry, invalid, not_found
from leadsync_hubspot.sandbox.links import CATEGORY, PRIMARY, USER, Links, Node, default_type
from leadsync_hubspot.sandbox.objects import created_view, refresh
from leadsync_hubspot.sandbox.render import paging, type_names
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok

READ = ("crm.objects.{kind}.read",)
WRITE = ("crm.objects.{kind}.write",)
READ_LIMIT = 1000  # ids of one batch read; HubSpot, associations v4 guide
WRITE_LIMIT = 2000  # pairs of one batch create
SINGLE_LIMIT = 500  # associations of one page of a single record; the same guide
BATCH_PAGE = 100
"""Associations that a batch read shows of one record at a time, as a real answer in hubspot-api-python's issue 135; its
`paging` then says how to go on ("Batch read associations": "The 'after' field can be added alongside the 'id'")."""


def _kinds(call: Call) -> tuple[str, str]:
    return call.spec.name, call.portal.kind(call.args["to"]).name


def types_of(links: Links, a: str, b: str, ids: Collection[int]) -> list[dict[str, Any]]:
    """Association types as HubSpot shows them, the primary first."""
    primary, own, known = PRIMARY.get((a, b)), links.labels.get((a, b), {}), links.known(a, b)
    return [
        {"category": USER if number in own else CATEGORY, "typeId": number, "label": known.get(number)}
        for number in sorted(ids, key=lambda n: (n != primary, n))
    ]


def _to(call: Call, node: Node, other: str) -> list[dict[str, Any]]:
    ties = call.portal.links.of(node, other)
    live = {ident: types for ident, types in ties.items() if call.portal.get(other, ident) is not None}
    if call.version == "v3":
        return [{"id": i, "type": t} for i, types in live.items() for t in type_names(node[0], other, types)]
    links = call.portal.links
    return [{"toObjectId": int(i), "associationTypes": types_of(links, node[0], other, t)} for i, t in live.items()]


def _batch_read(call: Call) -> Reply:
    a, b = _kinds(call)
    results: list[object] = []
    bare: list[str] = []
    for item in inputs_of(call, READ_LIMIT):
        ident, after = shapes.ident(item), str(item.get("after") or "0")
        if not after.isdigit():
            raise invalid(f"Invalid value for after: {after}")
        found, end = _to(call, (a, ident), b), int(after) + BATCH_PAGE
        more = {"paging": {"next": {"after": str(end)}}} if len(found) > end else {}
        if found:
            results.append({"from": {"id": ident}, "to": found[end - BATCH_PAGE : end], **more})
        else:
            bare.append(ident)
    return answer(call, results, [_none(a, b, ident) for ident in bare], 200)


def _none(a: str, b: str, ident: str) -> dict[str, Any]:
    message = f"No {b} is associated with {a} {ident}."
    more = {"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}
    return entry("OBJECT_NOT_FOUND", message, {"fromObjectId": [ident]}, **more)


def _single(call: Call) -> Reply:
    a, b = _kinds(call)
    if call.portal.get(a, call.args["id"]) is None:
        raise not_found()
    limit, after = call.number("limit", SINGLE_LIMIT, SINGLE_LIMIT), call.request.param("after", "0")
    if not after.isdigit():
        raise invalid(f"Invalid value for after: {after}")
    found, start = _to(call, (a, call.args["id"]), b), int(after)
    following = str(start + limit) if len(found) > start + limit else None
    return ok({"results": found[start : start + limit], **paging(call.request, following)})


def _pairs(call: Call) -> Iterator[tuple[Node, Node, set[int], Mapping[str, Any]]]:
    a, b = _kinds(call)
    for item in inputs_of(call, WRITE_LIMIT):
        targets = shapes.objects(item, "to") if isinstance(item.get("to"), list) else [shapes.mapping(item, "to")]
        types = _asked(call, item.get("types") or ())
        for target in targets:
            yield (a, shapes.ident(shapes.mapping(item, "from"))), (b, shapes.ident(target)), types, item


def _asked(call: Call, given: object) -> set[int]:
    """The types that a request names; 400 for one that does not tie these two."""
    try:
        found = {int(t["associationTypeId"]) for t in given}  # type: ignore[attr-defined]
    except (TypeError, KeyError, ValueError):
        raise invalid("Invalid input JSON: types need an associationCategory and an associationTypeId") from None
    known = call.portal.links.known(*_kinds(call))
    if unknown := sorted(found - known.keys()):
        raise invalid(f"One or more association types are not valid: {unknown}")
    return found


def _tie(call: Call, a: Node, b: Node, types: set[int]) -> dict[str, Any] | None:
    """Tie two records; the error entry when one of them is not there."""
    for kind, ident in (a, b):
        if call.portal.get(kind, ident) is None:
            message = f"{kind} with id {ident} does not exist"
            return entry("OBJECT_NOT_FOUND", message, {"fromObjectId": [a[1]], "toObjectId": [b[1]]})
    if call.portal.links.tie(a, b, types):
        refresh(call.portal, a, b)
    return None


def _batch_create(call: Call) -> Reply:
    results: list[object] = []
    errors: list[object] = []
    for a, b, types, given in _pairs(call):
        if error := _tie(call, a, b, types):
            errors.append(error)
        elif call.version == "v3":
            results.append({"from": {"id": a[1]}, "to": {"id": b[1]}, "type": str(given.get("type", ""))})
        else:
            results.append(_made(call, a, b))
    return answer(call, results, errors, 201)


def _made(call: Call, a: Node, b: Node) -> dict[str, Any]:
    types = call.portal.links.of(a, b[0]).get(b[1], set())
    names = [found["label"] for found in types_of(call.portal.links, a[0], b[0], types) if found["label"]]
    ids = {"fromObjectTypeId": call.portal.kinds[a[0]].type_id, "toObjectTypeId": call.portal.kinds[b[0]].type_id}
    return {**ids, "fromObjectId": a[1], "toObjectId": b[1], "labels": names}


def _batch_default(call: Call) -> Reply:
    results: list[object] = []
    errors: list[object] = []
    for a, b, _, _ in _pairs(call):
        if error := _tie(call, a, b, set()):
            errors.append(error)
        else:
            results += [_default(a, b), _default(b, a)]
    return answer(call, results, errors, 200)


def _default(a: Node, b: Node) -> dict[str, Any]:
    spec = {"associationCategory": CATEGORY, "associationTypeId": default_type(a[0], b[0])}
    return {"from": {"id": a[1]}, "to": {"id": b[1]}, "associationSpec": spec}


def _batch_archive(call: Call) -> Reply:
    for a, b, _, _ in _pairs(call):
        if call.portal.links.cut(a, b):
            refresh(call.portal, a, b)
    return nothing()


def _batch_unlabel(call: Call) -> Reply:
    for a, b, types, _ in _pairs(call):
        call.portal.links.unlabel(a, b, types)
    return nothing()


def _put(call: Call) -> Reply:
    a, b = _kinds(call)
    try:
        types = _asked(call, call.request.json() if call.request.body else ())
    except ValueError:
        raise invalid("Invalid input JSON: an array of association types is expected") from None
    return _put_pair(call, (a, call.args["id"]), (b, call.args["other"]), types, 201)


def _put_default(call: Call) -> Reply:
    a, b = _kinds(call)
    return _put_pair(call, (a, call.args["id"]), (b, call.args["other"]), set(), 200)


def _put_pair(call: Call, a: Node, b: Node, types: set[int], status: int) -> Reply:
    if error := _tie(call, a, b, types):
        raise invalid(str(error["message"]))
    if status == 201:
        return ok(_made(call, a, b), 201)
    return answer(call, [_default(a, b), _default(b, a)], [], 200)


def _delete(call: Call) -> Reply:
    a, b = _kinds(call)
    pair = (a, call.args["id"]), (b, call.args["other"])
    if call.portal.links.cut(*pair):
        refresh(call.portal, *pair)
    return nothing()


def _put_named(call: Call) -> Reply:
    """v3's way, with the name of a type; the answer is the record."""
    a, b = _kinds(call)
    if error := _tie(call, (a, call.args["id"]), (b, call.args["other"]), set()):
        raise not_found(str(error["message"]))
    obj = call.portal.get(a, call.args["id"])
    assert obj is not None, "it was tied just now"
    return ok(created_view(call.portal, obj))


_BATCH = "/crm/associations/{kind}/{to}/batch"
_ONE = "/crm/objects/{kind}/{id}/associations"
ROUTES = (
    Route("POST", _BATCH + "/read", _batch_read, READ, reads=True),
    Route("POST", _BATCH + "/create", _batch_create, WRITE),
    Route("POST", _BATCH + "/archive", _batch_archive, WRITE),
    Route("POST", _BATCH + "/associate/default", _batch_default, WRITE),
    Route("POST", _BATCH + "/labels/archive", _batch_unlabel, WRITE),
    Route("GET", _ONE + "/{to}", _single, READ),
    Route("PUT", _ONE + "/{to}/{other}", _put, WRITE),
    Route("DELETE", _ONE + "/{to}/{other}", _delete, WRITE),
    Route("PUT", "/crm/objects/{kind}/{id}/associations/default/{to}/{other}", _put_default, WRITE),
    Route("PUT", _ONE + "/{to}/{other}/{type}", _put_named, WRITE),
    Route("DELETE", _ONE + "/{to}/{other}/{type}", _delete, WRITE),
)
