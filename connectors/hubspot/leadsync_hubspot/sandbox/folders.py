"""The folders that lists lie in, and the numbers that lists had in the old API."""

from __future__ import annotations

from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.errors import invalid, not_found
from leadsync_hubspot.sandbox.lists import READ, WRITE, live
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
ROOT = 0
"""The folder that all others lie in."""


def _view(call: Call, ident: int) -> Json:
    folders = call.portal.folders
    known = folders.get(ident, {"name": "", "parent": ROOT})
    stamps: Json = {k: known[k] for k in ("createdAt", "updatedAt") if k in known}
    inside = [e["listId"] for e in live(call.portal) if call.portal.filed.get(e["listId"], ROOT) == ident]
    return {
        "id": ident,
        "parentFolderId": known["parent"],
        "name": known["name"],
        "userId": 1,
        **stamps,
        "childNodes": [_view(call, inner) for inner, f in folders.items() if f["parent"] == ident],
        "childLists": [int(number) for number in inside],
    }


def _number(call: Call, text: str, *, root: bool = False) -> int:
    if not text.isdigit():
        raise invalid(f"Invalid folder id {text}")
    if int(text) not in call.portal.folders and not (root and int(text) == ROOT):
        raise not_found(f"Folder does not exist with ID {text}.")
    return int(text)


def _create(call: Call) -> Reply:
    given = call.json()
    if not isinstance(given.get("name"), str) or not given["name"]:
        raise invalid("Some required fields were not set: [name]")
    parent = _number(call, str(given.get("parentFolderId") or ROOT), root=True)
    ident, now = len(call.portal.folders) + 1, iso(call.portal.tick())
    call.portal.folders[ident] = {"name": given["name"], "parent": parent, "createdAt": now, "updatedAt": now}
    return ok({"folder": _view(call, ident)})


def _read(call: Call) -> Reply:
    return ok({"folder": _view(call, _number(call, call.request.param("folderId", str(ROOT)), root=True))})


def _move(call: Call) -> Reply:
    ident, into = _number(call, call.args["id"]), _number(call, call.args["into"], root=True)
    above = into
    while above != ROOT:
        if above == ident:
            raise invalid("A folder cannot be moved into itself")
        above = int(call.portal.folders[above]["parent"])
    call.portal.folders[ident]["parent"] = into
    return ok({"folder": _view(call, ident)})


def _rename(call: Call) -> Reply:
    ident, name = _number(call, call.args["id"]), call.request.param("newFolderName")
    call.portal.folders[ident].update(name=name, updatedAt=iso(call.portal.tick()))
    return ok({"folder": _view(call, ident)})


def _delete(call: Call) -> Reply:
    ident = _number(call, call.args["id"])
    shown = _view(call, ident)
    if shown["childNodes"] or shown["childLists"]:
        raise invalid(f"Folder {ident} is not empty")
    del call.portal.folders[ident]
    return nothing()


def _file(call: Call) -> Reply:
    given = call.json()
    ident, into = str(given.get("listId")), _number(call, str(given.get("newFolderId")), root=True)
    if ident not in call.portal.lists:
        raise not_found(f"List does not exist with ID {ident}.")
    call.portal.filed[ident] = into
    return nothing()


# ---- old numbers


def _mapped(call: Call) -> Reply:
    ident = call.request.param("legacyListId")
    if ident not in call.portal.lists:
        raise not_found(f"List does not exist with legacy ID {ident}.")
    return ok({"listId": ident, "legacyListId": ident})


def _mapped_all(call: Call) -> Reply:
    try:
        asked = [str(ident) for ident in call.request.json()]
    except (ValueError, TypeError):
        raise invalid("Invalid input JSON: an array of legacy list ids is expected") from None
    known = [ident for ident in asked if ident in call.portal.lists]
    found = [{"listId": ident, "legacyListId": ident} for ident in known]
    return ok(
        {"legacyListIdsToIdsMapping": found, "missingLegacyListIds": [i for i in asked if i not in call.portal.lists]}
    )


_FOLDERS = "/crm/lists/folders"
ROUTES = (
    Route("POST", _FOLDERS, _create, WRITE),
    Route("GET", _FOLDERS, _read, READ),
    Route("PUT", _FOLDERS + "/move-list", _file, WRITE),
    Route("PUT", _FOLDERS + "/{id}/move/{into}", _move, WRITE),
    Route("PUT", _FOLDERS + "/{id}/rename", _rename, WRITE),
    Route("DELETE", _FOLDERS + "/{id}", _delete, WRITE),
    Route("GET", "/crm/lists/idmapping", _mapped, READ),
    Route("POST", "/crm/lists/idmapping", _mapped_all, READ, reads=True),
)
