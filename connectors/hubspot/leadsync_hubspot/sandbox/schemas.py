"""What object types there are: labels, properties, and what they can be associated with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.kinds import KindSpec
from leadsync_hubspot.sandbox.links import default_type
from leadsync_hubspot.sandbox.pipelines import EPOCH
from leadsync_hubspot.sandbox.routing import Call, Route, ok
from leadsync_hubspot.sandbox.schema import Property
from leadsync_hubspot.sandbox.state import Portal


def _property(prop: Property) -> dict[str, Any]:
    """As the properties API has it, without what schemas do not tell (recorded traffic)."""
    return {name: value for name, value in prop.as_json().items() if name != "referencedObjectType"}


def _associations(portal: Portal, spec: KindSpec) -> Iterator[dict[str, Any]]:
    """Both directions to every other type; those of a custom object bear its own name (recorded traffic)."""
    for other in portal.kinds.values():
        if other.name != spec.name and not other.custom:
            yield _association(spec, other, f"{spec.singular}_to_{other.singular}", custom=spec.custom)
            back = (spec, other) if spec.custom else (other, spec)
            yield _association(other, spec, f"{back[0].singular}_to_{back[1].singular}", custom=spec.custom)


def _association(a: KindSpec, b: KindSpec, name: str, *, custom: bool) -> dict[str, Any]:
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


def _schema(portal: Portal, spec: KindSpec) -> dict[str, Any]:
    required = list(spec.required)
    title = spec.singular.title()
    return {
        "labels": {"singular": title, "plural": spec.name.title()},
        "requiredProperties": required,
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
        "properties": [_property(p) for p in portal.properties[spec.name].values()],
        "associations": list(_associations(portal, spec)),
        "name": spec.singular if spec.custom else spec.singular.upper(),
    }


def _schemas(call: Call) -> Reply:
    return ok({"results": [_schema(call.portal, s) for s in call.portal.kinds.values() if s.custom]})


def _one_schema(call: Call) -> Reply:
    return ok(_schema(call.portal, call.spec))


ROUTES = (
    Route("GET", "/crm/schemas", _schemas),
    Route("GET", "/crm/schemas/{kind}", _one_schema),
    Route("GET", "/crm-object-schemas/schemas", _schemas),
    Route("GET", "/crm-object-schemas/schemas/{kind}", _one_schema),
)
