"""Properties and their groups: read, create, change, archive; one by one and in batches."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.batch import answer, inputs_of
from leadsync_hubspot.sandbox.errors import Refused, entry, invalid, not_found, refuse
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.schema import FIELD_TYPES, UNIQUE_LIMIT, Property, options_from_json, property_from_json
from leadsync_hubspot.sandbox.values import iso

READ = ("crm.schemas.{kind}.read", "crm.objects.{kind}.read")
WRITE = ("crm.schemas.{kind}.write",)
NAME = re.compile(r"[a-z][a-z0-9_]*$")
REQUIRED = ("groupName", "name", "label", "type", "fieldType")


def _list(call: Call) -> Reply:
    archived = call.request.param("archived").lower() == "true"
    found = [p for p in call.portal.properties[call.spec.name].values() if p.archived == archived]
    return ok({"results": [p.as_json() for p in found]})


def _one(call: Call) -> Property:
    found = call.portal.properties[call.spec.name].get(call.args["id"])
    archived = call.request.method == "GET" and call.request.param("archived").lower() == "true"
    if found is None or found.archived != archived:
        raise not_found(f"Property {call.args['id']} does not exist")
    return found


def _read(call: Call) -> Reply:
    return ok(_one(call).as_json())


def checked_property(given: Mapping[str, Any], stamped: str = "") -> Property:
    """A definition that is well formed in itself; 400 otherwise."""
    if gone := [name for name in REQUIRED if not isinstance(given.get(name), str) or not given[name]]:
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{', '.join(gone)}]")
    try:
        prop = property_from_json(given, stamped)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise invalid("Invalid input JSON: options need a label and a value, displayOrder a whole number") from None
    if prop.field_type not in FIELD_TYPES.get(prop.type, ()):
        raise invalid(f"fieldType {prop.field_type} is not valid for type {prop.type}")
    if not NAME.match(prop.name):
        raise invalid(f"Property name {prop.name} is not valid: lower-case letters, digits and underscores only")
    return prop


def _checked(call: Call, given: Mapping[str, Any]) -> Property:
    prop = checked_property(given, iso(call.portal.clock()))
    _check_portal(call, prop)
    return prop


def _check_portal(call: Call, prop: Property) -> None:
    kind = call.spec.name
    known = call.portal.properties[kind]
    if prop.name in known and not known[prop.name].archived:
        raise refuse(409, f"A property named '{prop.name}' already exists.", "OBJECT_ALREADY_EXISTS")
    if prop.group not in call.portal.groups[kind]:
        raise invalid(f'Property group "{prop.group}" does not exist')
    if prop.unique and sum(p.unique for p in known.values()) >= UNIQUE_LIMIT:
        raise invalid(f"You can only have {UNIQUE_LIMIT} unique properties per object type")


def _create(call: Call) -> Reply:
    prop = _checked(call, call.json())
    call.portal.properties[call.spec.name][prop.name] = prop
    return ok(prop.as_json(), 201)


def _update(call: Call) -> Reply:
    old, given = _one(call), call.json()
    changes: dict[str, Any] = {
        ours: given[theirs]
        for ours, theirs in (("label", "label"), ("description", "description"), ("group", "groupName"))
        if theirs in given
    }
    changes |= _plain_changes(given)
    new = replace(old, **changes, stamped=iso(call.portal.clock()))
    call.portal.properties[call.spec.name][old.name] = new
    return ok(new.as_json())


def _plain_changes(given: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"hidden": bool, "formField": bool, "displayOrder": int, "label": str, "description": str, "groupName": str}
    if wrong := [name for name, kind in kinds.items() if name in given and not isinstance(given[name], kind)]:
        raise invalid(f"Invalid input JSON: invalid values for [{', '.join(wrong)}]")
    ours = {"hidden": "hidden", "order": "displayOrder", "form": "formField"}
    found = {name: given[theirs] for name, theirs in ours.items() if theirs in given}
    try:
        return {**found, **({"options": options_from_json(given["options"])} if "options" in given else {})}
    except (KeyError, TypeError, AttributeError):
        raise invalid("Invalid input JSON: options need a label and a value") from None


def _archive(call: Call) -> Reply:
    old = _one(call)
    if not old.custom:
        raise invalid(f"Property {old.name} is defined by HubSpot and cannot be archived")
    call.portal.properties[call.spec.name][old.name] = replace(old, archived=True)
    return nothing()


def _batch_create(call: Call) -> Reply:
    results: list[object] = []
    errors: list[object] = []
    for given in inputs_of(call):
        try:
            prop = _checked(call, given)
        except Refused as refused:
            told = json.loads(refused.reply.body)
            errors.append(entry(told["category"], told["message"], {"name": [str(given.get("name"))]}))
        else:
            call.portal.properties[call.spec.name][prop.name] = prop
            results.append(prop.as_json())
    return answer(call, results, errors, 201)


def _batch_read(call: Call) -> Reply:
    archived = call.json().get("archived") is True
    known = {n: p for n, p in call.portal.properties[call.spec.name].items() if p.archived == archived}
    asked = [str(given.get("name")) for given in inputs_of(call)]
    gone = [name for name in asked if name not in known]
    errors = [entry("OBJECT_NOT_FOUND", "Some properties do not exist", {"names": gone})] if gone else []
    return answer(call, [known[name].as_json() for name in asked if name in known], errors, 200)


def _batch_archive(call: Call) -> Reply:
    known = call.portal.properties[call.spec.name]
    for given in inputs_of(call):
        if (old := known.get(str(given.get("name")))) is not None and old.custom:
            known[old.name] = replace(old, archived=True)
    return nothing()


def _groups(call: Call) -> Reply:
    return ok({"results": [{**g, "archived": False} for g in call.portal.groups[call.spec.name].values()]})


def _group(call: Call) -> Reply:
    found = call.portal.groups[call.spec.name].get(call.args["id"])
    if found is None:
        raise not_found(f"Property group {call.args['id']} does not exist")
    return ok({**found, "archived": False})


def _group_create(call: Call) -> Reply:
    given, known = call.json(), call.portal.groups[call.spec.name]
    if not all(isinstance(given.get(name), str) and given[name] for name in ("name", "label")):
        raise invalid("Invalid input JSON on line 1, column 1: Some required fields were not set: [name, label]")
    if given["name"] in known:
        raise refuse(409, f"A property group named '{given['name']}' already exists.", "OBJECT_ALREADY_EXISTS")
    made = {"name": given["name"], "label": given["label"], "displayOrder": given.get("displayOrder", -1)}
    known[given["name"]] = made
    return ok({**made, "archived": False}, 201)


def _group_update(call: Call) -> Reply:
    _group(call)
    found = call.portal.groups[call.spec.name][call.args["id"]]
    found.update({k: v for k, v in call.json().items() if k in ("label", "displayOrder")})
    return _group(call)


def _group_archive(call: Call) -> Reply:
    _group(call)
    del call.portal.groups[call.spec.name][call.args["id"]]
    return nothing()


_BASE = "/crm/properties/{kind}"
ROUTES = (
    Route("GET", _BASE, _list, READ),
    Route("POST", _BASE, _create, WRITE),
    Route("POST", _BASE + "/batch/create", _batch_create, WRITE),
    Route("POST", _BASE + "/batch/read", _batch_read, READ, reads=True),
    Route("POST", _BASE + "/batch/archive", _batch_archive, WRITE),
    Route("GET", _BASE + "/groups", _groups, READ),
    Route("POST", _BASE + "/groups", _group_create, WRITE),
    Route("GET", _BASE + "/groups/{id}", _group, READ),
    Route("PATCH", _BASE + "/groups/{id}", _group_update, WRITE),
    Route("DELETE", _BASE + "/groups/{id}", _group_archive, WRITE),
    Route("GET", _BASE + "/{id}", _read, READ),
    Route("PATCH", _BASE + "/{id}", _update, WRITE),
    Route("DELETE", _BASE + "/{id}", _archive, WRITE),
)
