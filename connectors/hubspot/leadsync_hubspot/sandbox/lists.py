"""Lists: made by hand, frozen, or dynamic by their filters; and who belongs to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import Refused, invalid, not_found, refuse
from leadsync_hubspot.sandbox.render import paging
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.segments import branch
from leadsync_hubspot.sandbox.state import Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
TYPES = ("MANUAL", "DYNAMIC", "SNAPSHOT")
PAGE = 250  # members of one page; HubSpot, lists guide
SEARCH_PAGE = 500  # lists of one search; the same guide
SORTS: Mapping[str, Callable[[Json], Any]] = {
    "HS_LIST_ID": lambda entry: int(entry["listId"]),
    "HS_NAME": lambda entry: str(entry["name"]).lower(),
    "HS_CREATED_AT": lambda entry: entry["createdAt"],
    "HS_UPDATED_AT": lambda entry: entry["updatedAt"],
    "HS_LIST_SIZE": lambda entry: len(entry["members"]),
}
READ, WRITE = ("crm.lists.read",), ("crm.lists.write",)
_KEPT = {"members", "filterBranch", "deletedAt"}


def _view(data: Json, call: Call | None = None) -> Json:
    """A list as HubSpot answers it; its filters only where they were asked for."""
    shown = {k: v for k, v in data.items() if k not in _KEPT}
    filters = call is not None and call.request.param("includeFilters").lower() == "true" and "filterBranch" in data
    return {**shown, "size": len(data["members"]), **({"filterBranch": data["filterBranch"]} if filters else {})}


def plain_list(data: Json) -> Json:
    """A list as other endpoints show it, without its filters."""
    return _view(data)


def _found(data: Json) -> Json:
    """A list as a search answers it."""
    extra = {"hs_list_size": str(len(data["members"])), "hs_list_reference_count": "0"}
    return {**{k: v for k, v in _view(data).items() if k != "size"}, "additionalProperties": extra}


def live(portal: Portal) -> list[Json]:
    """The lists that were not deleted, the dynamic ones brought up to date."""
    found = [entry for entry in portal.lists.values() if entry.get("deletedAt") is None]
    for entry in found:
        refresh(portal, entry)
    return found


def refresh(portal: Portal, entry: Json) -> None:
    """Let a dynamic list follow its filters; any list loses records that are gone."""
    kind = portal.kind(str(entry["objectTypeId"])).name
    there = {m["recordId"]: m for m in entry["members"] if portal.get(kind, m["recordId"]) is not None}
    if entry["processingType"] == "DYNAMIC" and "filterBranch" in entry:
        now = iso(portal.clock())
        there = {ident: there.get(ident) or _member(ident, now) for ident in _matching(portal, kind, entry)}
    entry["members"] = list(there.values())


def _matching(portal: Portal, kind: str, entry: Json) -> list[str]:
    test = branch(portal, kind, entry["filterBranch"])
    return [obj.id for obj in portal.objects[kind].values() if obj.archived_at is None and test(obj)]


def _member(ident: str, now: str) -> Json:
    return {"recordId": ident, "membershipTimestamp": now}


def _find(call: Call, ident: str = "") -> Json:
    asked = ident or call.args["id"]
    found = next((entry for entry in live(call.portal) if entry["listId"] == asked), None)
    if found is None:
        raise not_found(f"List does not exist with ID {asked}.")
    return found


# ---- lists


def _create(call: Call) -> Reply:
    given, portal = call.json(), call.portal
    if gone := [key for key in ("name", "objectTypeId", "processingType") if not given.get(key)]:
        raise invalid(f"Some required fields were not set: [{', '.join(gone)}]")
    if given["processingType"] not in TYPES:
        raise invalid(f"Invalid processingType {given['processingType']}: it must be one of {list(TYPES)}")
    kind = portal.kind(str(given["objectTypeId"]))
    _check_name(call, str(given["name"]), kind.type_id, None)
    now, ident = iso(portal.tick()), str(len(portal.lists) + 1)
    kept = {"name": str(given["name"]), "objectTypeId": kind.type_id, "processingType": given["processingType"]}
    who = call.actor.user or "1"
    frame = {"listId": ident, "processingStatus": "COMPLETE", "createdAt": now, "updatedAt": now, "listVersion": 1}
    entry: Json = {**frame, **kept, "createdById": who, "updatedById": who, "members": []}
    if given["processingType"] != "MANUAL":
        _set_filters(call, entry, given.get("filterBranch") or {"filterBranchType": "OR"})
    portal.lists[ident] = entry
    refresh(portal, entry)
    return ok({"list": _view(entry, call)})


def _set_filters(call: Call, entry: Json, spec: Json) -> None:
    kind = call.portal.kind(str(entry["objectTypeId"])).name
    branch(call.portal, kind, spec)
    entry["filterBranch"], entry["filtersUpdatedAt"] = spec, iso(call.portal.clock())
    if entry["processingType"] == "SNAPSHOT":
        entry["members"] = [_member(i, entry["filtersUpdatedAt"]) for i in _matching(call.portal, kind, entry)]


def _check_name(call: Call, name: str, type_id: str, own: str | None) -> None:
    taken = [e for e in live(call.portal) if (e["name"], e["objectTypeId"]) == (name, type_id) and e["listId"] != own]
    if taken:
        raise refuse(400, f"A list with the name '{name}' already exists.", "VALIDATION_ERROR")


def _all(call: Call) -> Reply:
    asked = call.request.params("listIds")
    return ok({"lists": [_view(entry, call) for entry in live(call.portal) if not asked or entry["listId"] in asked]})


def _one(call: Call) -> Reply:
    return ok({"list": _view(_find(call), call)})


def _named(call: Call) -> Reply:
    kind, name = call.portal.kind(call.args["type"]).type_id, call.args["id"]
    found = [e for e in live(call.portal) if e["name"] == name and e["objectTypeId"] == kind]
    if not found:
        raise not_found(f"List does not exist with name {name}.")
    return ok({"list": _view(found[0], call)})


def _search(call: Call) -> Reply:
    given = call.json()
    offset, count = _whole(given, "offset", 0), min(_whole(given, "count", 20), SEARCH_PAGE)
    sort = str(given.get("sort") or "HS_LIST_ID")
    if sort.lstrip("-") not in SORTS:
        raise invalid(f"Invalid sort {sort}: it must be one of {sorted(SORTS)}")
    found = [entry for entry in live(call.portal) if _meant(entry, given)]
    found.sort(key=SORTS[sort.lstrip("-")], reverse=sort.startswith("-"))
    page = [_found(entry) for entry in found[offset : offset + count]]
    ends = {"offset": offset + len(page), "hasMore": len(found) > offset + count}
    return ok({"lists": page, "total": len(found), **ends})


def _whole(given: Json, name: str, default: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or value < 0:
        raise invalid(f"Invalid {name}: a whole number is expected")
    return value


def _meant(entry: Json, given: Json) -> bool:
    query, types = str(given.get("query") or "").lower(), shapes.texts(given, "processingTypes")
    ids = [str(ident) for ident in shapes.values(given, "listIds")]
    return (
        query in str(entry["name"]).lower()
        and (not types or entry["processingType"] in types)
        and (not ids or entry["listId"] in ids)
    )


def _rename(call: Call) -> Reply:
    entry = _find(call)
    name = call.request.param("listName", str(entry["name"]))
    _check_name(call, name, entry["objectTypeId"], entry["listId"])
    _touched(call, entry)["name"] = name
    return ok({"updatedList": _view(entry, call)})


def _refilter(call: Call) -> Reply:
    entry, spec = _find(call), call.json().get("filterBranch")
    if entry["processingType"] != "DYNAMIC":
        raise invalid("Filters can only be updated for lists of the processingType DYNAMIC")
    if not isinstance(spec, dict):
        raise invalid("Some required fields were not set: [filterBranch]")
    _set_filters(call, _touched(call, entry), spec)
    refresh(call.portal, entry)
    return ok({"updatedList": _view(entry, call)})


def _touched(call: Call, entry: Json) -> Json:
    entry["updatedAt"], entry["listVersion"] = iso(call.portal.tick()), int(entry["listVersion"]) + 1
    entry["updatedById"] = call.actor.user or "1"
    return entry


def _delete(call: Call) -> Reply:
    _find(call)["deletedAt"] = iso(call.portal.tick())
    return nothing()


def _restore(call: Call) -> Reply:
    entry = call.portal.lists.get(call.args["id"])
    if entry is None:
        raise not_found(f"List does not exist with ID {call.args['id']}.")
    entry.pop("deletedAt", None)
    return nothing()


# ---- members


def _members(call: Call) -> Reply:
    return _page(call, sorted(_find(call)["members"], key=lambda m: int(m["recordId"])))


def _joined(call: Call) -> Reply:
    return _page(call, sorted(_find(call)["members"], key=lambda m: (m["membershipTimestamp"], int(m["recordId"]))))


def _page(call: Call, members: list[Json]) -> Reply:
    limit, after, before = call.number("limit", 100, PAGE), call.request.param("after"), call.request.param("before")
    places = {m["recordId"]: place for place, m in enumerate(members)}
    if {mark for mark in (after, before) if mark and mark not in places}:
        raise invalid("Invalid paging offset")
    start = max(0, places[before] - limit) if before else places.get(after, 0)
    page, rest = members[start : start + limit], members[start + limit :]
    return ok({"results": page, "total": len(members), **paging(call.request, rest[0]["recordId"] if rest else None)})


def _ids(given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(ident, str | int) for ident in given):
        raise invalid("Invalid input JSON: an array of record ids is expected")
    return [str(ident) for ident in given]


def _body(call: Call) -> list[str]:
    try:
        return _ids(call.request.json())
    except ValueError:
        raise invalid("Invalid input JSON: an array of record ids is expected") from None


def _add(call: Call) -> Reply:
    return ok(_change(call, _body(call), []))


def _remove(call: Call) -> Reply:
    return ok(_change(call, [], _body(call)))


def _add_and_remove(call: Call) -> Reply:
    given = call.json()
    return ok(_change(call, _ids(given.get("recordIdsToAdd", [])), _ids(given.get("recordIdsToRemove", []))))


def _add_from(call: Call) -> Reply:
    _change(call, [m["recordId"] for m in _find(call, call.args["source"])["members"]], [])
    return nothing()


def _clear(call: Call) -> Reply:
    _change(call, [], [m["recordId"] for m in _find(call)["members"]])
    return nothing()


def _change(call: Call, add: list[str], remove: list[str]) -> Json:
    entry, now = _find(call), iso(call.portal.tick())
    if entry["processingType"] == "DYNAMIC":
        raise _only_by_filters()
    kind = call.portal.kind(str(entry["objectTypeId"])).name
    there = {m["recordId"] for m in entry["members"]}
    missing = [ident for ident in add if call.portal.get(kind, ident) is None]
    added = [ident for ident in dict.fromkeys(add) if ident not in there and ident not in missing]
    removed = [ident for ident in remove if ident in there]
    entry["members"] = [m for m in entry["members"] if m["recordId"] not in removed]
    entry["members"] += [_member(ident, now) for ident in added]
    return {"recordIdsMissing": missing, "recordsIdsAdded": added, "recordIdsRemoved": removed}


def _only_by_filters() -> Refused:
    return invalid("Memberships can only be changed for lists of the processingType MANUAL or SNAPSHOT")


def _of_record(call: Call) -> Reply:
    kind, ident = call.portal.kind(call.args["type"]), call.args["id"]
    found = _memberships(call.portal, kind.type_id, ident)
    return ok({"results": found, "total": len(found)})


def _memberships(portal: Portal, type_id: str, ident: str) -> list[Json]:
    return [
        {
            "listId": entry["listId"],
            "listVersion": entry["listVersion"],
            "firstAddedTimestamp": m["membershipTimestamp"],
            "lastAddedTimestamp": m["membershipTimestamp"],
        }
        for entry in live(portal)
        for m in entry["members"]
        if m["recordId"] == ident and entry["objectTypeId"] == type_id
    ]


_ONE = "/crm/lists/{id}"
ROUTES = (
    Route("GET", "/crm/lists/object-type-id/{type}/name/{id}", _named, READ),
    Route("GET", "/crm/lists/records/{type}/{id}/memberships", _of_record, READ),
    Route("POST", "/crm/lists", _create, WRITE),
    Route("GET", "/crm/lists", _all, READ),
    Route("POST", "/crm/lists/search", _search, READ, reads=True),
    Route("GET", _ONE, _one, READ),
    Route("DELETE", _ONE, _delete, WRITE),
    Route("PUT", _ONE + "/restore", _restore, WRITE),
    Route("PUT", _ONE + "/update-list-name", _rename, WRITE),
    Route("PUT", _ONE + "/update-list-filters", _refilter, WRITE),
    Route("GET", _ONE + "/memberships", _members, READ),
    Route("GET", _ONE + "/memberships/join-order", _joined, READ),
    Route("DELETE", _ONE + "/memberships", _clear, WRITE),
    Route("PUT", _ONE + "/memberships/add", _add, WRITE),
    Route("PUT", _ONE + "/memberships/add-from/{source}", _add_from, WRITE),
    Route("PUT", _ONE + "/memberships/remove", _remove, WRITE),
    Route("PUT", _ONE + "/memberships/add-and-remove", _add_and_remove, WRITE),
)
