"""A seed's HubSpot section, put into a portal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from leadsync.sandbox import parse_time
from leadsync_hubspot.sandbox.account import owner_json
from leadsync_hubspot.sandbox.auth import Tokens
from leadsync_hubspot.sandbox.errors import Refused
from leadsync_hubspot.sandbox.forms import add_form, add_submission
from leadsync_hubspot.sandbox.kinds import custom_kind
from leadsync_hubspot.sandbox.marketing import add_event
from leadsync_hubspot.sandbox.pipelines import pipeline_json
from leadsync_hubspot.sandbox.schema import property_from_json
from leadsync_hubspot.sandbox.state import SEEDED, SETTINGS, Actor, Change, Obj, Portal
from leadsync_hubspot.sandbox.values import Unfit, iso, stored

PARTS = (
    "anchor account settings tokens owners custom_objects groups properties pipelines objects associations forms "
    "submissions marketing_events web_events webhooks"
).split()
"""`anchor` is the moment a seed's times refer to; whoever seeds has shifted them by it already."""


def sow(portal: Portal, tokens: Tokens, data: Mapping[str, Any]) -> None:
    """Add all that a seed's section holds; raises ValueError or KeyError naming what is wrong with it."""
    if unknown := set(data) - set(PARTS):
        raise ValueError(f"unknown parts {sorted(unknown)} in the hubspot seed; known: {', '.join(PARTS)}")
    if unknown := set(data.get("settings", {})) - set(SETTINGS):
        raise ValueError(f"unknown settings {sorted(unknown)}; known: {', '.join(SETTINGS)}")
    portal.account.update(data.get("account", {}))
    portal.settings.update(data.get("settings", {}))
    for text, spec in data.get("tokens", {}).items():
        tokens.add(text, spec)
    for owner in data.get("owners", ()):
        portal.owners[str(owner["id"])] = owner_json(owner)
    _definitions(portal, data)
    _records(portal, data)
    _touchpoints(portal, data)


def _definitions(portal: Portal, data: Mapping[str, Any]) -> None:
    for entry in data.get("custom_objects", ()):
        portal.add_kind(custom_kind(str(entry["objectTypeId"]), str(entry["name"])))
    for kind, groups in data.get("groups", {}).items():
        for group in groups:
            portal.groups[portal.kind(kind).name][group["name"]] = {"displayOrder": -1, **group}
    for kind, properties in data.get("properties", {}).items():
        for entry in properties:
            spec = portal.kind(kind)
            filled = {"label": entry["name"], "groupName": next(iter(portal.groups[spec.name])), **entry}
            portal.properties[spec.name][entry["name"]] = property_from_json(filled, iso(portal.clock()))
    for kind, pipelines in data.get("pipelines", {}).items():
        for entry in pipelines:
            made = pipeline_json(str(entry["id"]), entry)
            portal.pipelines.setdefault(portal.kind(kind).name, {})[made["id"]] = made


def _records(portal: Portal, data: Mapping[str, Any]) -> None:
    for kind, entries in data.get("objects", {}).items():
        for entry in entries:
            _record(portal, portal.kind(kind).name, entry)
    for a, a_id, b, b_id in data.get("associations", ()):
        left, right = (portal.kind(a).name, str(a_id)), (portal.kind(b).name, str(b_id))
        for name, ident in (left, right):
            if ident not in portal.objects[name]:
                raise ValueError(f"an association names {name}/{ident}, which the seed does not have")
        portal.links.tie(left, right)
    _derived(portal)


def _record(portal: Portal, kind: str, entry: Mapping[str, Any]) -> None:
    now = portal.clock()
    created = _time(entry.get("createdAt"), now)
    updated = _time(entry.get("updatedAt"), created)
    archived = None
    if entry.get("archived") or entry.get("archivedAt"):
        archived = _time(entry.get("archivedAt"), updated)
    ident = str(entry.get("id") or portal.new_id())
    values = _values(portal, kind, ident, entry.get("properties", {}))
    obj = Obj(kind, ident, values, created, updated, archived)
    past = entry.get("history", {})
    history = [(name, Change(value, updated, SEEDED)) for name, value in values.items() if name not in past]
    portal.place(obj, [*history, *_past(past)])


def _past(history: Mapping[str, Any]) -> list[tuple[str, Change]]:
    return [
        (name, Change(str(c["value"]), parse_time(c["timestamp"]), Actor(c.get("sourceType", "CRM_UI"), "seed")))
        for name, changes in history.items()
        for c in changes
    ]


def _time(text: object, default: datetime) -> datetime:
    return default if text is None else parse_time(str(text))


def _values(portal: Portal, kind: str, ident: str, given: Mapping[str, Any]) -> dict[str, str]:
    spec = portal.kinds[kind]
    values: dict[str, str] = {}
    for name, value in given.items():
        prop = portal.properties[kind].get(name)
        if prop is None:
            raise ValueError(f'{kind}/{ident}: there is no property {name!r}; define it under "properties"')
        if value is None or name in spec.always:
            continue
        try:
            values[name] = stored(prop, value)
        except (Unfit, Refused) as problem:
            raise ValueError(f"{kind}/{ident}: {name}: {problem}") from None
    if kind == "contacts":
        values.setdefault("hs_all_contact_vids", ident)
        if values.get("email"):
            values["hs_email_domain"] = values["email"].rpartition("@")[2]
    return values


def _derived(portal: Portal) -> None:
    for contact in portal.objects["contacts"].values():
        if primary := portal.links.primary(contact.node, "companies"):
            contact.properties["associatedcompanyid"] = primary
    for company in portal.objects["companies"].values():
        count = len(portal.links.of(company.node, "contacts"))
        company.properties["num_associated_contacts"] = str(count)


def _touchpoints(portal: Portal, data: Mapping[str, Any]) -> None:
    for form in data.get("forms", ()):
        add_form(portal, form, iso(portal.clock()))
    for submission in data.get("submissions", ()):
        add_submission(portal, submission)
    for event in data.get("marketing_events", ()):
        add_event(portal, {**event, "objectId": str(event["objectId"])}, iso(portal.clock()))
    for number, event in enumerate(data.get("web_events", ())):
        portal.web_events.append({"id": f"event-{number}", "objectType": "CONTACT", **event})
