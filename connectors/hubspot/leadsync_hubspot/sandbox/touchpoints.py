"""What people did: forms and their submissions, marketing events, web analytics events."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox.errors import invalid, not_found
from leadsync_hubspot.sandbox.render import paging
from leadsync_hubspot.sandbox.routing import Call, Route, ok
from leadsync_hubspot.sandbox.state import Portal

SUBMISSIONS = 50  # submissions of one page; HubSpot, form submissions v1
FORMS = 500
READ = ("forms", "forms-uploaded-files")


def add_form(portal: Portal, data: Mapping[str, Any], now: str) -> None:
    """Make a form known."""
    guid = str(data["guid"])
    stamps = {"createdAt": data.get("createdAt", now), "updatedAt": data.get("updatedAt", now)}
    kind = {"formType": data.get("formType", "hubspot"), "archived": bool(data.get("archived", False))}
    portal.forms[guid] = {"id": guid, "name": str(data["name"]), **stamps, **kind, "fieldGroups": []}
    portal.submissions.setdefault(guid, [])


def add_submission(portal: Portal, data: Mapping[str, Any]) -> None:
    """Take a submission in; raises ValueError for a form that is not there."""
    guid = str(data["form"])
    if guid not in portal.forms:
        raise ValueError(f"a submission names the form {guid!r}, which the seed does not have")
    values = {"email": data.get("email"), **data.get("values", {})}
    fields = [{"name": k, "value": v, "objectTypeId": "0-1"} for k, v in values.items() if v is not None]
    at = round(parse_time(str(data["submittedAt"])).timestamp() * 1000)
    number = len(portal.submissions[guid])
    ident = str(data.get("id") or uuid.uuid5(uuid.NAMESPACE_OID, f"{guid}/{at}/{number}"))
    entry = {"submittedAt": at, "values": fields, "pageUrl": data.get("pageUrl", ""), "conversionId": ident}
    portal.submissions[guid].append(entry)
    portal.submissions[guid].sort(key=lambda s: -int(s["submittedAt"]))


def _forms(call: Call) -> Reply:
    limit = call.number("limit", 20, FORMS)
    archived = call.request.param("archived").lower() == "true"
    found = [form for form in call.portal.forms.values() if form["archived"] == archived]
    start = _offset(call)
    following = str(start + limit) if len(found) > start + limit else None
    return ok({"results": found[start : start + limit], **paging(call.request, following)})


def _form(call: Call) -> Reply:
    found = call.portal.forms.get(call.args["id"])
    if found is None:
        raise not_found()
    return ok(found)


def _offset(call: Call) -> int:
    after = call.request.param("after", "0") or "0"
    if not after.isdigit():
        raise invalid(f"Invalid value for after: {after}")
    return int(after)


def _submissions(call: Call) -> Reply:
    if call.args["id"] not in call.portal.forms:
        raise not_found("Form not found")
    limit, start = call.number("limit", 20, SUBMISSIONS), _offset(call)
    found = call.portal.submissions[call.args["id"]]
    following = str(start + limit) if len(found) > start + limit else None
    return ok({"results": found[start : start + limit], **paging(call.request, following)})


def _submit(call: Call) -> Reply:
    given = call.json()
    values = {str(field["name"]): field.get("value") for field in given.get("fields", ())}
    now = call.portal.tick().isoformat()
    page = (given.get("context") or {}).get("pageUri", "")
    add_submission(call.portal, {"form": call.args["id"], "values": values, "submittedAt": now, "pageUrl": page})
    return ok({"inlineMessage": "Thanks for submitting the form."})


def _events(call: Call) -> Reply:
    limit, start = call.number("limit", 20, 100), _offset(call)
    kind, ident = call.request.param("objectType"), call.request.param("objectId")
    after = call.request.param("occurredAfter")
    found = [event for event in call.portal.web_events if _meant(event, kind, ident, after)]
    following = str(start + limit) if len(found) > start + limit else None
    return ok({"results": found[start : start + limit], **paging(call.request, following)})


def _meant(event: Mapping[str, Any], kind: str, ident: str, after: str) -> bool:
    fits = (not kind or str(event.get("objectType", "contact")).lower() == kind.lower()) and (
        not ident or str(event.get("objectId")) == ident
    )
    return fits and (not after or parse_time(str(event["occurredAt"])) > parse_time(after))


def _marketing_events(call: Call) -> Reply:
    limit, start = call.number("limit", 10, 100), _offset(call)
    found = [{k: v for k, v in event.items() if k != "participants"} for event in call.portal.marketing_events.values()]
    following = str(start + limit) if len(found) > start + limit else None
    return ok({"results": found[start : start + limit], **paging(call.request, following)})


def _marketing_event(call: Call) -> Reply:
    found = call.portal.marketing_events.get(call.args["id"])
    if found is None:
        raise not_found()
    return ok({k: v for k, v in found.items() if k != "participants"})


def _participants(call: Call) -> Reply:
    event = call.portal.marketing_events.get(call.args["id"])
    if event is None:
        raise not_found()
    limit, start = call.number("limit", 10, 100), _offset(call)
    found = [_participation(event, entry) for entry in event.get("participants", ())]
    following = str(start + limit) if len(found) > start + limit else None
    page = {"results": found[start : start + limit], **paging(call.request, following)}
    return ok({"total": len(found), **page})


def _participation(event: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    contact = {"contactId": str(entry.get("contactId", "")), "email": entry.get("email", "")}
    ties = {"marketingEvent": {"marketingEventId": event["objectId"], "name": event["eventName"]}, "contact": contact}
    properties = {"occurredAt": entry.get("occurredAt"), "attendanceState": entry.get("state", "ATTENDED")}
    ident = f"{event['objectId']}-{contact['contactId'] or contact['email']}"
    return {"id": ident, "createdAt": entry.get("occurredAt"), "associations": ties, "properties": properties}


def _attended(call: Call) -> Reply:
    """Every event that one contact (by id or e-mail) took part in."""
    who = call.args["id"]
    found = [
        _participation(event, entry)
        for event in call.portal.marketing_events.values()
        for entry in event.get("participants", ())
        if who in (str(entry.get("contactId")), entry.get("email"))
    ]
    limit, start = call.number("limit", 10, 100), _offset(call)
    following = str(start + limit) if len(found) > start + limit else None
    return ok({"total": len(found), "results": found[start : start + limit], **paging(call.request, following)})


def _counted(call: Call) -> Reply:
    event = call.portal.marketing_events.get(call.args["id"])
    if event is None:
        raise not_found()
    states = Counter(str(entry.get("state", "ATTENDED")) for entry in event.get("participants", ()))
    names = ("registered", "attended", "cancelled", "noShows")
    return ok({name: states[state] for name, state in zip(names, STATES, strict=True)})


STATES = ("REGISTERED", "ATTENDED", "CANCELLED", "NO_SHOW")
EVENTS = ("crm.objects.marketing_events.read",)
_MARKETING = "/marketing/marketing-events"
ROUTES = (
    Route("GET", "/marketing/forms", _forms, READ),
    Route("GET", "/marketing/forms/{id}", _form, READ),
    Route("GET", "/form-integrations/submissions/forms/{id}", _submissions, READ),
    Route("POST", "/submissions/integration/submit/{portal}/{id}", _submit, open=True),
    Route("POST", "/submissions/integration/secure/submit/{portal}/{id}", _submit, READ),
    Route(
        "GET", "/events/events", _events, ("business-intelligence", "behavioral_events.event_definitions.read_write")
    ),
    Route("GET", "/events/event-occurrences", _events, ("business-intelligence",)),
    Route("GET", _MARKETING + "/participations/contacts/{id}/breakdown", _attended, EVENTS),
    Route("GET", _MARKETING + "/participations/{id}", _counted, EVENTS),
    Route("GET", _MARKETING, _marketing_events, EVENTS),
    Route("GET", _MARKETING + "/participations/{id}/breakdown", _participants, EVENTS),
    Route("GET", _MARKETING + "/{id}", _marketing_event, EVENTS),
)
