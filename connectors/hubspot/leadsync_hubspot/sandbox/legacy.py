"""What older clients still ask of v1: contacts by e-mail, plain associations, property definitions (recorded traffic).

HubSpot took v1's lists away on 2026-04-30; here they are answered 404 as any path that is not served.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from leadsync.sandbox import Reply, json_reply, parse_time
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import CORRELATION, Refused, body, invalid
from leadsync_hubspot.sandbox.objects import checked, refresh
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.schema import Property
from leadsync_hubspot.sandbox.search import ms
from leadsync_hubspot.sandbox.state import Obj, Portal

Json = dict[str, Any]
DEFINITIONS: Mapping[int, tuple[str, str]] = {
    1: ("contacts", "companies"),
    2: ("companies", "contacts"),
    3: ("deals", "contacts"),
    4: ("contacts", "deals"),
    5: ("deals", "companies"),
    6: ("companies", "deals"),
}
"""v1's association types; HubSpot, CRM associations v1."""
UNKNOWN: Mapping[str, Any] = dict.fromkeys(
    (
        "createdUserId updatedUserId externalOptionsReferenceType optionSortStrategy numberDisplayHint "
        "currencyPropertyName referencedObjectType deleted textDisplayHint showCurrencySymbol optionsAreMutable "
        "searchTextAnalysisMode"
    ).split()
)
FLAGS: Mapping[str, Any] = {
    "searchableInGlobalSearch": False,
    "favorited": False,
    "favoritedOrder": -1,
    "displayMode": "current_value",
    "isCustomizedDefault": False,
}


# ---- contacts


def _absent(what: str) -> Refused:
    errors = [{"message": f"The contact {what} does not exist."}]
    return Refused(json_reply(404, body("contact does not exist", "OBJECT_NOT_FOUND", errors=errors)))


def _by_email(call: Call) -> Obj:
    found = call.portal.by_unique("contacts", "email", call.args["email"])
    if found is None:
        raise _absent(f"e:{call.args['email']}")
    return found


def _by_vid(call: Call) -> Obj:
    found = call.portal.get("contacts", call.args["vid"])
    if found is None:
        raise _absent(call.args["vid"])
    return found


def _old(portal: Portal, name: str, value: str) -> str:
    """A value as v1 tells it: times in epoch milliseconds."""
    prop = portal.properties["contacts"].get(name)
    timed = prop is not None and prop.type in ("date", "datetime") and value != ""
    return str(ms(parse_time(value))) if timed else value


def _profile(portal: Portal, obj: Obj) -> Json:
    merged = [int(i) for i in obj.properties.get("hs_merged_object_ids", "").split(";") if i]
    guid = str(uuid.uuid5(uuid.NAMESPACE_OID, f"contacts/{obj.id}"))
    made = ms(obj.created)
    identities: list[Json] = [{"type": "LEAD_GUID", "value": guid, "timestamp": made}]
    if email := obj.properties.get("email"):
        identities.insert(0, {"type": "EMAIL", "value": email, "timestamp": made, "is-primary": True})
    times = {"saved-at-timestamp": made, "deleted-changed-timestamp": 0}
    values = {n: {"value": _old(portal, n, v)} for n, v in portal.shown(obj).items() if v != ""}
    return {
        "vid": int(obj.id),
        "canonical-vid": int(obj.id),
        "merged-vids": merged,
        "portal-id": portal.account["portalId"],
        "is-contact": True,
        "properties": values,
        "list-memberships": [],
        "identity-profiles": [{"vid": int(obj.id), **times, "identities": identities}],
        "merge-audits": [],
    }


def _read_email(call: Call) -> Reply:
    return ok(_profile(call.portal, _by_email(call)))


def _read_vid(call: Call) -> Reply:
    return ok(_profile(call.portal, _by_vid(call)))


def _values(call: Call) -> Json:
    return {shapes.ident(item, "property"): item.get("value") for item in shapes.objects(call.json(), "properties")}


def _old_refusal(refused: Refused) -> Refused:
    """v1 tells of values that do not fit beside its message, not inside of it."""
    told = json.loads(refused.reply.body)
    if "errors" not in told or refused.reply.status != 400:
        return refused
    results = [
        {"isValid": False, "message": e["message"], "error": e["code"], "name": name}
        for e in told["errors"]
        for names in e["context"].values()
        for name in names
    ]
    frame = {"status": "error", "message": "Property values were not valid", "correlationId": CORRELATION}
    return Refused(json_reply(400, {"validationResults": results, **frame}))


def _create_or_update(call: Call) -> Reply:
    given = {"email": call.args["email"], **_values(call)}
    known = call.portal.by_unique("contacts", "email", call.args["email"])
    try:
        if known is None:
            made = call.portal.create(
                "contacts", checked(call.portal, call.portal.kinds["contacts"], given, ""), call.actor
            )
            return ok({"vid": int(made.id), "isNew": True})
        clean = call.portal.check("contacts", given)
        call.portal.check_unique("contacts", clean, known.id)
    except Refused as refused:
        raise _old_refusal(refused) from None
    call.portal.update(known, clean, call.actor)
    return ok({"vid": int(known.id), "isNew": False})


def _delete(call: Call) -> Reply:
    found = _by_vid(call)
    call.portal.archive(found, call.actor)
    return ok({"vid": int(found.id), "deleted": True, "reason": "OK"})


# ---- associations


def _definition(number: int) -> tuple[str, str]:
    if number not in DEFINITIONS:
        raise invalid(f"Invalid association definition {number}")
    return DEFINITIONS[number]


def _tied(call: Call) -> Reply:
    number = call.args["definition"]
    a, b = _definition(int(number) if number.isdigit() else 0)
    limit, after = call.number("limit", 100, 100), call.request.param("offset", "0")
    found = sorted(int(i) for i in call.portal.links.of((a, call.args["id"]), b))
    left = [ident for ident in found if ident > int(after if after.isdigit() else 0)]
    page = left[:limit]
    return ok({"results": page, "hasMore": len(left) > limit, "offset": page[-1] if page else 0})


def _pair(call: Call) -> tuple[tuple[str, str], tuple[str, str]]:
    given = call.json()
    a, b = _definition(shapes.number(given, "definitionId"))
    pair = (a, shapes.ident(given, "fromObjectId")), (b, shapes.ident(given, "toObjectId"))
    if any(call.portal.get(*node) is None for node in pair):
        raise invalid("One or both of the objects do not exist")
    return pair


def _tie(call: Call) -> Reply:
    pair = _pair(call)
    if call.portal.links.tie(*pair):
        refresh(call.portal, *pair)
    return nothing()


def _untie(call: Call) -> Reply:
    pair = _pair(call)
    if call.portal.links.cut(*pair):
        refresh(call.portal, *pair)
    return nothing()


# ---- properties


def old_property(prop: Property) -> Json:
    """A definition as v1 tells it."""
    told, stamp = prop.as_json(), ms(parse_time(prop.stamped))
    kept = ("name", "label", "description", "groupName", "type", "fieldType", "hidden", "hasUniqueValue", "calculated")
    options = [{**{"description": None, "doubleData": 0.0, "readOnly": False}, **option} for option in told["options"]]
    return {
        **{name: told[name] for name in (*kept, "displayOrder", "externalOptions", "formField")},
        **UNKNOWN,
        **FLAGS,
        "options": options,
        "createdAt": stamp,
        "updatedAt": stamp,
        "hubspotDefined": not prop.custom,
        "readOnlyDefinition": not prop.custom,
        "readOnlyValue": prop.read_only,
        "mutableDefinitionNotDeletable": not prop.custom,
    }


def _properties(call: Call) -> Reply:
    found = [p for p in call.portal.properties[call.spec.name].values() if not p.archived]
    if call.version != "v1":
        return ok([p.as_json() for p in found])
    # only some accounts have permissions by field, and only their answers the key (recorded traffic of two accounts)
    more = {"fieldLevelPermission": None} if call.portal.account.get("accountType") == "STANDARD" else {}
    return ok([{**old_property(p), **more} for p in found])


def _companies(call: Call) -> Reply:
    return ok([p.as_json() for p in call.portal.properties["companies"].values()])


READ, WRITE = ("crm.objects.contacts.read",), ("crm.objects.contacts.write",)
_CONTACT, _TIES = "/contacts/contact", "/crm-associations/associations"
ROUTES = (
    Route("GET", _CONTACT + "/email/{email}/profile", _read_email, READ),
    Route("GET", _CONTACT + "/vid/{vid}/profile", _read_vid, READ),
    Route("POST", _CONTACT + "/createOrUpdate/email/{email}", _create_or_update, WRITE),
    Route("DELETE", _CONTACT + "/vid/{vid}", _delete, WRITE),
    Route("PUT", _TIES, _tie, WRITE),
    Route("PUT", _TIES + "/delete", _untie, WRITE),
    Route("GET", _TIES + "/{id}/HUBSPOT_DEFINED/{definition}", _tied, READ),
    # asked for by tap-hubspot too, in their v1 and v2 spelling
    Route("GET", "/properties/{kind}/properties", _properties, ("crm.schemas.{kind}.read", "crm.objects.{kind}.read")),
    Route("GET", "/companies/properties", _companies),
)
