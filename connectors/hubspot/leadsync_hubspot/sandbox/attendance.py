"""Who registered for a marketing event, came to it or stayed away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox.batch import answer, inputs_of
from leadsync_hubspot.sandbox.errors import entry, invalid
from leadsync_hubspot.sandbox.forms import page
from leadsync_hubspot.sandbox.marketing import BASE, EXTERNAL, READ, WRITE, counts, either, of_event
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Obj, Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
SUBSCRIBER: Mapping[str, str] = {"register": "REGISTERED", "attend": "ATTENDED", "cancel": "CANCELLED"}
"""What paths call the states; HubSpot, marketing events guide."""


def _states(call: Call) -> str:
    if call.args["state"].lower() not in SUBSCRIBER:
        raise invalid(f"Invalid subscriber state {call.args['state']}: it must be one of {list(SUBSCRIBER)}")
    return SUBSCRIBER[call.args["state"].lower()]


def _taken_part(call: Call) -> Iterator[tuple[Obj | None, Json]]:
    """Note what each input says of one person; gives their contact, which an unknown e-mail makes."""
    event, state = either(call), _states(call)
    for item in inputs_of(call):
        obj = _contact(call, item)
        at = item.get("interactionDateTime")
        if not isinstance(at, int):
            raise invalid("Invalid input JSON: interactionDateTime must be a whole number of milliseconds")
        if obj is not None:
            who = {"contactId": obj.id, "email": obj.properties.get("email", "")}
            others = [one for one in event["participants"] if str(one.get("contactId")) != obj.id]
            when = iso(datetime.fromtimestamp(at / 1000, UTC))
            event["participants"] = [*others, {**who, "state": state, "occurredAt": when}]
        yield obj, item


def _contact(call: Call, item: Mapping[str, Any]) -> Obj | None:
    if "vid" in item:
        return call.portal.get("contacts", str(item["vid"]))
    email = str(item.get("email", ""))
    known = call.portal.by_unique("contacts", "email", email)
    if known is not None:
        return known
    clean = call.portal.check("contacts", {**(item.get("contactProperties") or {}), "email": email})
    return call.portal.create("contacts", clean, call.actor)


def _attend(call: Call) -> Reply:
    results: list[Json] = []
    errors: list[Json] = []
    for obj, item in _taken_part(call):
        if obj is None:
            errors.append(entry("OBJECT_NOT_FOUND", "No such contact", {"ids": [str(item.get("vid"))]}))
        else:
            results.append({"vid": int(obj.id), **({"email": item["email"]} if "email" in item else {})})
    return answer(call, results, errors, 200)


def _attend_quietly(call: Call) -> Reply:
    list(_taken_part(call))
    return nothing()


def _participation(portal: Portal, event: Json, one: Mapping[str, Any]) -> Json:
    obj = portal.get("contacts", str(one.get("contactId", "")))
    names = () if obj is None else ("firstname", "lastname")
    known = {n: obj.properties[n] for n in names if obj is not None and n in obj.properties}
    email = one.get("email") or ("" if obj is None else obj.properties.get("email", ""))
    contact = {"contactId": str(one.get("contactId", "")), "email": email, **known}
    keys = {"externalAccountId": event["externalAccountId"], "externalEventId": event["externalEventId"]}
    tie = {"marketingEventId": event["objectId"], "name": event["eventName"], **keys}
    at = str(one.get("occurredAt") or event["createdAt"])
    values = {"occurredAt": round(parse_time(at).timestamp() * 1000), "attendanceState": one.get("state", "ATTENDED")}
    ident = f"{event['objectId']}-{contact['contactId'] or email}"
    ties = {"marketingEvent": tie, "contact": contact}
    return {"id": ident, "createdAt": iso(parse_time(at)), "associations": ties, "properties": values}


def _taking_part(call: Call, events: list[Json], who: str) -> Reply:
    state = call.request.param("state")
    found = [
        _participation(call.portal, event, one)
        for event in events
        for one in event["participants"]
        if not who or who in (str(one.get("contactId")), one.get("email"))
    ]
    found = [one for one in found if state in ("", one["properties"]["attendanceState"])]
    return ok({"total": len(found), **page(call, found, 10, 100)})


def _participants(call: Call) -> Reply:
    return _taking_part(call, [either(call)], call.request.param("contactIdentifier"))


def _attended(call: Call) -> Reply:
    """Every event that one contact (by id or e-mail) took part in."""
    return _taking_part(call, list(call.portal.marketing_events.values()), call.args["id"])


def _counted(call: Call) -> Reply:
    found = counts(either(call))
    names = ("registered", "attended", "cancelled", "noShows")
    return ok(dict(zip(names, found.values(), strict=True)))


_TAKING = BASE + "/participations"
ROUTES = (
    Route("POST", EXTERNAL + "/{state}/upsert", _attend_quietly, WRITE),
    Route("POST", EXTERNAL + "/{state}/email-upsert", _attend_quietly, WRITE),
    Route("POST", BASE + "/attendance/{external}/{state}/create", _attend, WRITE),
    Route("POST", BASE + "/attendance/{external}/{state}/email-create", _attend, WRITE),
    Route("POST", BASE + "/{id}/attendance/{state}/create", _attend, WRITE),
    Route("POST", BASE + "/{id}/attendance/{state}/email-create", _attend, WRITE),
    Route("GET", _TAKING + "/contacts/{id}/breakdown", _attended, READ),
    *of_event("GET", _TAKING, "/breakdown", _participants, READ),
    *of_event("GET", _TAKING, "", _counted, READ),
)
