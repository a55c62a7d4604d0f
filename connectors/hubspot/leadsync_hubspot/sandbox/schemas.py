"""What object types there are: labels, properties, and what they can be associated with; custom ones can be made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.errors import invalid, not_found
from leadsync_hubspot.sandbox.kinds import KindSpec, custom_kind
from leadsync_hubspot.sandbox.links import default_type
from leadsync_hubspot.sandbox.pipelines import EPOCH
from leadsync_hubspot.sandbox.properties import checked_property
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.schema import Property, property_from_json
from leadsync_hubspot.sandbox.state import Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
FIRST_TYPE = 30_000_001
"""Custom object types made here are numbered from "2-30000001" on."""
REQUIRED = ("name", "labels", "requiredProperties", "properties", "associatedObjects")
CHANGEABLE = (
    "labels requiredProperties searchableProperties primaryDisplayProperty secondaryDisplayProperties description"
).split()


def _property(prop: Property) -> Json:
    """As the properties API has it, without what schemas do not tell (recorded traffic)."""
    return {name: value for name, value in prop.as_json().items() if name != "referencedObjectType"}


def _associations(portal: Portal, spec: KindSpec) -> Iterator[Json]:
    """Both directions to every other type; those of a custom object bear its own name (recorded traffic)."""
    for other in portal.kinds.values():
        if other.name != spec.name and not other.custom:
            yield _association(spec, other, f"{spec.singular}_to_{other.singular}", custom=spec.custom)
            back = (spec, other) if spec.custom else (other, spec)
            yield _association(other, spec, f"{back[0].singular}_to_{back[1].singular}", custom=spec.custom)


def _association(a: KindSpec, b: KindSpec, name: str, *, custom: bool) -> Json:
    return {
        "fromObjectTypeId": a.type_id,
        "toObjectTypeId": b.type_id,
        "name": name if custom else name.upper(),
        "cardinality": "ONE_TO_MANY",
        "inverseCardinality": "ONE_TO_MANY",
        "id": str(default_type(a.name, b.name)),
        "createdAt": None,
        "updatedAt": None,
    }


def _definition(portal: Portal, spec: KindSpec) -> Json:
    """An object type without its properties and associations."""
    title = spec.singular.title()
    told = {
        "labels": {"singular": title, "plural": spec.name.title()},
        "requiredProperties": list(spec.required),
        "searchableProperties": list(spec.defaults),
        "primaryDisplayProperty": spec.defaults[0] if spec.defaults else "hs_object_id",
        "secondaryDisplayProperties": list(spec.defaults[1:]),
        "archived": False,
        "restorable": True,
        "metaType": "PORTAL_SPECIFIC" if spec.custom else "HUBSPOT",
        "id": spec.type_id.partition("-")[2],
        "fullyQualifiedName": f"p{portal.account['portalId']}_{spec.name}" if spec.custom else spec.singular.upper(),
        "createdAt": EPOCH,
        "updatedAt": EPOCH,
        "objectTypeId": spec.type_id,
        "name": spec.singular if spec.custom else spec.singular.upper(),
    }
    return {**told, **portal.schemas.get(spec.name, {})}


def _schema(portal: Portal, spec: KindSpec) -> Json:
    found = {**_definition(portal, spec), "properties": [_property(p) for p in portal.properties[spec.name].values()]}
    gone, added = portal.untied.get(spec.name, set()), portal.tied.get(spec.name, [])
    return {**found, "associations": [a for a in [*_associations(portal, spec), *added] if a["id"] not in gone]}


def _schemas(call: Call) -> Reply:
    archived = call.request.param("archived").lower() == "true"
    found = [_schema(call.portal, s) for s in call.portal.kinds.values() if s.custom]
    return ok({"results": [schema for schema in found if schema["archived"] == archived]})


def _one_schema(call: Call) -> Reply:
    return ok(_schema(call.portal, call.spec))


def _create(call: Call) -> Reply:
    given, portal = call.json(), call.portal
    if gone := [key for key in REQUIRED if key not in given]:
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{', '.join(gone)}]")
    name = str(given["name"])
    if any(spec.custom and spec.singular == name for spec in portal.kinds.values()):
        raise invalid(f"An object type named '{name}' already exists.")
    number = FIRST_TYPE + sum(spec.custom for spec in portal.kinds.values())
    spec, now = custom_kind(f"2-{number}", name), iso(portal.tick())
    properties = [_new_property(item, name) for item in given["properties"]]
    portal.add_kind(spec)
    portal.groups[spec.name][f"{name}_information"] = {"name": f"{name}_information", "label": name, "displayOrder": -1}
    portal.properties[spec.name].update({p.name: p for p in (property_from_json(item, now) for item in properties)})
    portal.schemas[spec.name] = {**_changes(given), "createdAt": now, "updatedAt": now}
    return ok(_schema(portal, spec), 201)


def _new_property(given: object, kind: str) -> Json:
    if not isinstance(given, dict):
        raise invalid("Invalid input JSON: properties must be objects")
    filled = {"groupName": f"{kind}_information", **given}
    checked_property(filled)
    return filled


def _changes(given: Mapping[str, Any]) -> Json:
    labels = given.get("labels", {})
    if not isinstance(labels, dict):
        raise invalid("Invalid input JSON: labels must be an object")
    return {k: given[k] for k in CHANGEABLE if given.get(k) is not None}


def _custom(call: Call) -> KindSpec:
    if not call.spec.custom:
        raise invalid(f"{call.spec.name} is not a custom object")
    return call.spec


def _change(call: Call) -> Reply:
    spec, given = _custom(call), call.json()
    known = call.portal.schemas.setdefault(spec.name, {})
    known.update({**_changes(given), "updatedAt": iso(call.portal.tick())})
    if given.get("clearDescription") is True:
        known.pop("description", None)
    return ok({**_definition(call.portal, spec), "portalId": call.portal.account["portalId"]})


def _archive(call: Call) -> Reply:
    spec = _custom(call)
    if any(obj.archived_at is None for obj in call.portal.objects[spec.name].values()):
        raise invalid(f"{spec.name} still has records: archive them first")
    call.portal.schemas.setdefault(spec.name, {})["archived"] = True
    return nothing()


def _tie(call: Call) -> Reply:
    given, portal = call.json(), call.portal
    a, b = (portal.kind(str(given.get(key, ""))) for key in ("fromObjectTypeId", "toObjectTypeId"))
    made = _association(a, b, str(given.get("name") or f"{a.singular}_to_{b.singular}"), custom=True)
    made |= {"id": portal.new_id(), "createdAt": iso(portal.tick()), "updatedAt": iso(portal.clock())}
    portal.tied.setdefault(call.spec.name, []).append(made)
    return ok(made, 201)


def _untie(call: Call) -> Reply:
    ident = call.args["id"]
    if ident not in {a["id"] for a in _schema(call.portal, call.spec)["associations"]}:
        raise not_found(f"There is no association {ident}")
    call.portal.untied.setdefault(call.spec.name, set()).add(ident)
    return nothing()


WRITE = ("crm.schemas.custom.write",)
_SCHEMAS = "/crm-object-schemas/schemas"
ROUTES = (
    Route("GET", "/crm/schemas", _schemas),
    Route("GET", "/crm/schemas/{kind}", _one_schema),
    Route("GET", _SCHEMAS, _schemas),
    Route("POST", _SCHEMAS, _create, WRITE),
    Route("GET", _SCHEMAS + "/{kind}", _one_schema),
    Route("PATCH", _SCHEMAS + "/{kind}", _change, WRITE),
    Route("DELETE", _SCHEMAS + "/{kind}", _archive, WRITE),
    Route("POST", _SCHEMAS + "/{kind}/associations", _tie, WRITE),
    Route("DELETE", _SCHEMAS + "/{kind}/associations/{id}", _untie, WRITE),
)
