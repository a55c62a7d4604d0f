"""Objects one at a time: list, read, create, update, archive, merge, erase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.errors import Refused, invalid, not_found
from leadsync_hubspot.sandbox.kinds import KindSpec
from leadsync_hubspot.sandbox.links import PRIMARY, Node, default_type
from leadsync_hubspot.sandbox.render import envelope, full, paging, picked, url_of
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Actor, Obj, Portal
from leadsync_hubspot.sandbox.values import iso

PAGE = 100
PAGE_WITH_HISTORY = 50  # hubspot-api-client, utils/objects.py
READ = ("crm.objects.{kind}.read",)
WRITE = ("crm.objects.{kind}.write",)


def is_true(text: str) -> bool:
    """A flag of the query."""
    return text.lower() == "true"


def _list(call: Call) -> Reply:
    spec = call.spec
    most = PAGE_WITH_HISTORY if call.request.params("propertiesWithHistory") else PAGE
    limit = call.number("limit", 10, PAGE)
    archived = is_true(call.request.param("archived"))
    after = call.request.param("after", "0")
    if not after.isdigit():
        raise invalid(f"Invalid value for after: {after}")
    left = sorted(
        (o for o in call.portal.objects[spec.name].values() if (o.archived_at is not None) == archived),
        key=lambda o: int(o.id),
    )
    left = [o for o in left if int(o.id) >= int(after)]
    size = min(limit, most)
    following = left[size].id if len(left) > size else None
    shown = [full(call.portal, obj, call.request) for obj in left[:size]]
    return ok({"results": shown, **paging(call.request, following)})


def locate(portal: Portal, spec: KindSpec, ident: str, id_property: str, *, archived: bool = False) -> Obj | None:
    """A record by its id or by the value of a unique property; 400 when the property is not unique."""
    if not id_property or id_property == "hs_object_id":
        return portal.get(spec.name, ident, archived=archived)
    if not portal.is_unique(spec.name, id_property):
        raise invalid(f"Unable to find object by non-unique {spec.type_id} property {id_property}")
    return portal.by_unique(spec.name, id_property, ident)


def _find(call: Call, *, archived: bool = False) -> Obj:
    obj = locate(call.portal, call.spec, call.args["id"], call.request.param("idProperty"), archived=archived)
    if obj is None:
        raise not_found()
    return obj


def _read(call: Call) -> Reply:
    return ok(full(call.portal, _find(call, archived=is_true(call.request.param("archived"))), call.request))


def checked(portal: Portal, spec: KindSpec, given: Mapping[str, Any], version: str) -> dict[str, str]:
    """A new record's values, all rules for creating applied."""
    clean = portal.check(spec.name, given)
    if spec.name == "contacts" and not any(clean.get(n) for n in ("email", "firstname", "lastname")):
        raise invalid("A contact must have at least one of: email, firstname, lastname")
    if missing := [name for name in spec.required if not clean.get(name)]:
        raise _missing(spec, missing)
    if clean.get("email") in portal.blocked:
        raise invalid("The email is on the blocklist of this account because its contact was permanently deleted.")
    check_rules(portal, spec, clean, version)
    return clean


def _missing(spec: KindSpec, names: list[str]) -> Refused:
    text = f"Error creating {spec.singular.upper()}. Some required properties were not set."
    errors = [{"message": text, "code": "REQUIRED_PROPERTIES_MISSING", "context": {"properties": names}}]
    return invalid(text, errors=errors)


def check_rules(portal: Portal, spec: KindSpec, values: Mapping[str, str], version: str) -> None:
    """Hold a write to the account's own rules, which HubSpot does from 2026-09 on."""
    rules = portal.settings["required_properties"].get(spec.name, ())
    if version >= "2026-09" and not version.startswith("v") and (gone := [n for n in rules if not values.get(n)]):
        raise _missing(spec, gone)


def tie_new(portal: Portal, obj: Obj, wishes: list[dict[str, Any]]) -> None:
    """Associate a record that was just made with those its creator named."""
    for wish in wishes:
        types = {shapes.number(t, "associationTypeId") for t in shapes.objects(wish, "types")}
        target = _target(portal, shapes.ident(shapes.mapping(wish, "to")), obj.kind, types)
        portal.links.tie(obj.node, target, types)
        refresh(portal, obj.node, target)


def _target(portal: Portal, ident: str, kind: str, types: set[int]) -> Node:
    """The record an association's `to` means, told by the association's type."""
    for other in portal.kinds:
        if types & {default_type(kind, other), PRIMARY.get((kind, other), -1)} and portal.get(other, ident):
            return (other, ident)
    raise invalid(f"One or more associations are not valid: no such record or association type for id {ident}")


def refresh(portal: Portal, a: tuple[str, str], b: tuple[str, str]) -> None:
    """Bring what HubSpot derives from associations up to date: primary company, number of contacts."""
    for kind, ident in (a, b):
        obj = portal.get(kind, ident)
        if obj is None:
            continue
        if kind == "contacts":
            primary = portal.links.primary(obj.node, "companies")
            if primary is not None or "associatedcompanyid" in obj.properties:
                portal.derive(obj, {"associatedcompanyid": primary or ""})
        elif kind == "companies" and "contacts" in (a[0], b[0]):
            portal.derive(obj, {"num_associated_contacts": str(len(portal.links.of(obj.node, "contacts")))})


def created_view(portal: Portal, obj: Obj) -> dict[str, Any]:
    """What the answer to a create holds: every property that has a value."""
    hidden = ("hs_lifecyclestage_", "associatedcompanyid")
    shown = {n: v for n, v in sorted(portal.shown(obj).items()) if not n.startswith(hidden)}
    return envelope(obj, shown)


def updated_view(portal: Portal, obj: Obj, names: Mapping[str, Any]) -> dict[str, Any]:
    """What the answer to an update holds: what was sent, and what goes with it (recorded traffic)."""
    spec = portal.kinds[obj.kind]
    extra = {spec.modified} if obj.kind == "contacts" else set(spec.always)
    if "email" in names:
        extra.add("hs_email_domain")
    known = portal.properties[obj.kind]
    return picked(portal, obj, sorted({*extra, *(n for n in names if n in known)}))


def _create(call: Call) -> Reply:
    given, spec = call.json(), call.spec
    clean = checked(call.portal, spec, shapes.mapping(given, "properties"), call.version)
    call.portal.check_unique(spec.name, clean, None)
    obj = call.portal.create(spec.name, clean, call.actor)
    tie_new(call.portal, obj, shapes.objects(given, "associations"))
    return ok({**created_view(call.portal, obj), "url": url_of(call.portal, obj)}, 201)


def _update(call: Call) -> Reply:
    obj, given = _find(call), shapes.mapping(call.json(), "properties")
    clean = call.portal.check(call.spec.name, given)
    check_rules(call.portal, call.spec, {**obj.properties, **clean}, call.version)
    call.portal.check_unique(call.spec.name, clean, obj.id)
    call.portal.update(obj, clean, call.actor)
    return ok({**updated_view(call.portal, obj, given), "url": url_of(call.portal, obj)})


def _archive(call: Call) -> Reply:
    obj = call.portal.get(call.spec.name, call.args["id"])
    if obj is not None:  # archiving twice answers 204 as well
        call.portal.archive(obj, call.actor)
    return nothing()


def _merge(call: Call) -> Reply:
    given, kind = call.json(), call.spec.name
    pair = [call.portal.get(kind, str(given.get(key, ""))) for key in ("primaryObjectId", "objectIdToMerge")]
    match pair:
        case [Obj() as first, Obj() as second] if first is not second:
            obj = merge(call.portal, first, second, call.actor)
            return ok({**created_view(call.portal, obj), "url": url_of(call.portal, obj)})
        case _:
            raise invalid("Unable to merge: both records must exist and differ")


def merge(portal: Portal, first: Obj, second: Obj, actor: Actor) -> Obj:
    """Make one record of two, under a new id; the first one's values win, the second fills the blanks."""
    kept = {name: value for name, value in second.properties.items() if value != ""}
    values = {**kept, **{n: v for n, v in first.properties.items() if v != "" or n not in kept}}
    emails = [o.properties["email"] for o in (first, second) if o.properties.get("email")]
    created = min(first.created, second.created)
    for old in (first, second):
        portal.archive(old, actor)
    obj = portal.create(first.kind, values, actor)
    obj.created = created
    _remember_merge(portal, obj, (first, second), emails[1:])
    return obj


def _remember_merge(portal: Portal, obj: Obj, olds: tuple[Obj, Obj], emails: list[str]) -> None:
    before = [i for old in olds for i in old.properties.get("hs_merged_object_ids", "").split(";") if i]
    ids = list(dict.fromkeys([*before, *(old.id for old in olds)]))
    derived = {"hs_merged_object_ids": ";".join(ids)}
    if obj.kind == "contacts":
        derived["hs_all_contact_vids"] = ";".join([obj.id, *ids])
        derived["hs_additional_emails"] = ";".join(emails)
        portal.unique.setdefault(("contacts", "email"), {}).update(dict.fromkeys(emails, obj.id))
    portal.derive(obj, derived)
    for old in olds:
        portal.links.move(old.node, obj.node)
        del portal.objects[obj.kind][old.id]
    portal.merged.update({(obj.kind, ident): obj.id for ident in ids})


def _erase(call: Call) -> Reply:
    given = call.json()
    obj = locate(call.portal, call.spec, shapes.ident(given, "objectId"), str(given.get("idProperty", "")))
    if obj is not None:
        call.portal.erase(obj, call.actor)
    return nothing()


def dump_object(portal: Portal, obj: Obj) -> dict[str, Any]:
    """A record whole, for the control API's dump."""
    history = {name: [change.as_json() for change in changes] for name, changes in obj.history.items()}
    archived = None if obj.archived_at is None else iso(obj.archived_at)
    return {**envelope(obj, portal.shown(obj)), "archivedAt": archived, "propertiesWithHistory": history}


ROUTES = (
    Route("GET", "/crm/objects/{kind}", _list, READ),
    Route("POST", "/crm/objects/{kind}", _create, WRITE),
    Route("POST", "/crm/objects/{kind}/merge", _merge, WRITE),
    Route("POST", "/crm/objects/{kind}/gdpr-delete", _erase, WRITE),
    Route("GET", "/crm/objects/{kind}/{id}", _read, READ),
    Route("PATCH", "/crm/objects/{kind}/{id}", _update, WRITE),
    Route("DELETE", "/crm/objects/{kind}/{id}", _archive, WRITE),
)
