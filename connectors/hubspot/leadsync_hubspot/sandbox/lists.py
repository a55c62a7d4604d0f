"""Lists v3: static lists and their members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.errors import invalid, not_found
from leadsync_hubspot.sandbox.render import paging
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.values import iso

SORTS: Mapping[str, Callable[[dict[str, Any]], Any]] = {
    "HS_LIST_ID": lambda entry: int(entry["listId"]),
    "HS_NAME": lambda entry: str(entry["name"]).lower(),
    "HS_CREATED_AT": lambda entry: entry["createdAt"],
    "HS_UPDATED_AT": lambda entry: entry["updatedAt"],
    "HS_LIST_SIZE": lambda entry: entry["size"],
}
READ, WRITE = ("crm.lists.read",), ("crm.lists.write",)


def _view(data: dict[str, Any]) -> dict[str, Any]:
    shown = {k: v for k, v in data.items() if k != "members"}
    return {**shown, "size": len(data["members"]), "additionalProperties": {"hs_list_size": str(len(data["members"]))}}


def _find(call: Call) -> dict[str, Any]:
    found = call.portal.lists.get(call.args["id"])
    if found is None:
        raise not_found(f"List does not exist with ID {call.args['id']}.")
    return found


def _create(call: Call) -> Reply:
    given = call.json()
    if gone := [key for key in ("name", "objectTypeId", "processingType") if not given.get(key)]:
        raise invalid(f"Some required fields were not set: [{', '.join(gone)}]")
    now, ident = iso(call.portal.clock()), str(len(call.portal.lists) + 1)
    kept = {key: given[key] for key in ("name", "objectTypeId", "processingType")}
    frame = {"listId": ident, "processingStatus": "COMPLETE", "createdAt": now, "updatedAt": now, "listVersion": 1}
    call.portal.lists[ident] = {**frame, **kept, "members": []}
    return ok({"list": _view(call.portal.lists[ident])})


def _all(call: Call) -> Reply:
    asked = call.request.params("listIds")
    found = [entry for ident, entry in call.portal.lists.items() if not asked or ident in asked]
    return ok({"lists": [_view(entry) for entry in found]})


def _one(call: Call) -> Reply:
    return ok({"list": _view(_find(call))})


def _search(call: Call) -> Reply:
    given = call.json()
    offset, count = int(given.get("offset") or 0), int(given.get("count") or 20)
    found = [_view(entry) for entry in call.portal.lists.values() if _meant(entry, given)]
    sort = str(given.get("sort") or "HS_LIST_ID")
    if sort.lstrip("-") not in SORTS:
        raise invalid(f"Invalid sort {sort}: it must be one of {sorted(SORTS)}")
    found.sort(key=SORTS[sort.lstrip("-")], reverse=sort.startswith("-"))
    page = found[offset : offset + count]
    ends = {"offset": offset + len(page), "hasMore": len(found) > offset + count}
    return ok({"lists": page, "total": len(found), **ends})


def _meant(entry: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    query, types, ids = str(given.get("query") or "").lower(), given.get("processingTypes"), given.get("listIds")
    return (
        query in str(entry["name"]).lower()
        and (not types or entry["processingType"] in types)
        and (not ids or entry["listId"] in map(str, ids))
    )


def _rename(call: Call) -> Reply:
    entry = _find(call)
    entry["name"] = call.request.param("listName", str(entry["name"]))
    entry["updatedAt"] = iso(call.portal.clock())
    return ok({"updatedList": _view(entry)})


def _named(call: Call) -> Reply:
    kind, name = call.portal.kind(call.args["type"]).type_id, call.args["id"]
    found = [e for e in call.portal.lists.values() if e["name"] == name and e["objectTypeId"] == kind]
    if not found:
        raise not_found(f"List does not exist with name {name}.")
    return ok({"list": _view(found[0])})


def _of_record(call: Call) -> Reply:
    ident = call.args["id"]
    found = [
        {"listId": entry["listId"], "firstAddedTimestamp": m["membershipTimestamp"], "isPublicList": False}
        for entry in call.portal.lists.values()
        for m in entry["members"]
        if m["recordId"] == ident
    ]
    return ok({"results": found, "total": len(found)})


def _delete(call: Call) -> Reply:
    _find(call)
    del call.portal.lists[call.args["id"]]
    return nothing()


def _members(call: Call) -> Reply:
    limit, after = call.number("limit", 100, 250), int(call.request.param("after", "0") or 0)
    left = sorted((m for m in _find(call)["members"] if int(m["recordId"]) >= after), key=lambda m: int(m["recordId"]))
    following = left[limit]["recordId"] if len(left) > limit else None
    return ok({"results": left[:limit], "total": len(left), **paging(call.request, following)})


def _ids(call: Call) -> list[str]:
    try:
        return [str(ident) for ident in call.request.json()]
    except (ValueError, TypeError):
        raise invalid("Invalid input JSON: an array of record ids is expected") from None


def _add(call: Call) -> Reply:
    return _change(call, _ids(call), [])


def _remove(call: Call) -> Reply:
    return _change(call, [], _ids(call))


def _add_and_remove(call: Call) -> Reply:
    given = call.json()
    return _change(
        call, [str(i) for i in given.get("recordIdsToAdd", ())], [str(i) for i in given.get("recordIdsToRemove", ())]
    )


def _change(call: Call, add: list[str], remove: list[str]) -> Reply:
    entry, now = _find(call), iso(call.portal.clock())
    kind = call.portal.kind(str(entry["objectTypeId"])).name
    there = {m["recordId"] for m in entry["members"]}
    missing = [ident for ident in add if call.portal.get(kind, ident) is None]
    added = [ident for ident in add if ident not in there and ident not in missing]
    removed = [ident for ident in remove if ident in there]
    entry["members"] = [m for m in entry["members"] if m["recordId"] not in removed]
    entry["members"] += [{"recordId": ident, "membershipTimestamp": now} for ident in added]
    return ok({"recordIdsMissing": missing, "recordsIdsAdded": added, "recordIdsRemoved": removed})


_ONE = "/crm/lists/{id}"
ROUTES = (
    Route("GET", "/crm/lists/object-type-id/{type}/name/{id}", _named, READ),
    Route("GET", "/crm/lists/records/{type}/{id}/memberships", _of_record, READ),
    Route("PUT", _ONE + "/update-list-name", _rename, WRITE),
    Route("POST", "/crm/lists", _create, WRITE),
    Route("GET", "/crm/lists", _all, READ),
    Route("POST", "/crm/lists/search", _search, READ, reads=True),
    Route("GET", _ONE, _one, READ),
    Route("DELETE", _ONE, _delete, WRITE),
    Route("GET", _ONE + "/memberships", _members, READ),
    Route("GET", _ONE + "/memberships/join-order", _members, READ),
    Route("PUT", _ONE + "/memberships/add", _add, WRITE),
    Route("PUT", _ONE + "/memberships/remove", _remove, WRITE),
    Route("PUT", _ONE + "/memberships/add-and-remove", _add_and_remove, WRITE),
)
