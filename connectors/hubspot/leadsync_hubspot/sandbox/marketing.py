"""Marketing events: kept by their own id or by an outside application's, and who registered, came or stayed away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.batch import answer, inputs_of
from leadsync_hubspot.sandbox.errors import entry, invalid, not_found
from leadsync_hubspot.sandbox.forms import page
from leadsync_hubspot.sandbox.lists import live, plain_list
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Obj, Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
TEXTS = "eventName eventOrganizer eventDescription eventUrl eventType startDateTime endDateTime".split()
FLAGS = ("eventCancelled", "eventCompleted")
STATES = ("REGISTERED", "ATTENDED", "CANCELLED", "NO_SHOW")
SUBSCRIBER: Mapping[str, str] = {"register": "REGISTERED", "attend": "ATTENDED", "cancel": "CANCELLED"}
"""What paths call the states; HubSpot, marketing events guide."""
APP: Mapping[str, Any] = {"id": "1", "name": "leadsync-sandbox"}


def add_event(portal: Portal, data: Mapping[str, Any], now: str) -> Json:
    """Make an event known, from a seed or a client."""
    ident = str(data.get("objectId") or portal.new_id())
    frame: Json = {"objectId": ident, "eventName": ident, "externalEventId": ident, "externalAccountId": ""}
    portal.marketing_events[ident] = {**frame, "createdAt": now, "updatedAt": now, "participants": [], **data}
    return portal.marketing_events[ident]


def _told(event: Json) -> Json:
    """What every view of an event shows."""
    texts = {name: event[name] for name in TEXTS if event.get(name) is not None}
    flags = {name: bool(event.get(name, False)) for name in FLAGS}
    return {**texts, **flags, "createdAt": event["createdAt"], "updatedAt": event["updatedAt"]}


def _counts(event: Json) -> Json:
    states = Counter(str(one.get("state", "ATTENDED")) for one in event["participants"])
    names = ("registrants", "attendees", "cancellations", "noShows")
    return {name: states[state] for name, state in zip(names, STATES, strict=True)}


def _status(event: Json) -> str:
    if event.get("eventCancelled"):
        return "CANCELLED"
    return "PAST" if event.get("eventCompleted") else "UPCOMING"


def _changed(event: Json) -> Json:
    """The answer to a write by our id."""
    custom = [{"name": p["name"], "value": p["value"]} for p in event.get("customProperties") or ()]
    return {**_told(event), "objectId": event["objectId"], "appInfo": dict(APP), "customProperties": custom}


def _read(event: Json) -> Json:
    """The answer to a read by our id."""
    more = {"externalEventId": event["externalEventId"], "eventStatus": _status(event)}
    return {**_changed(event), **_counts(event), **more}


def _outside(event: Json) -> Json:
    """The answer to a write by an application's id."""
    organizer = {"eventOrganizer": event.get("eventOrganizer", "")}
    kept = {"customProperties": list(event.get("customProperties") or ())}
    return {**organizer, **_told(event), **kept, "id": event["objectId"], "objectId": event["objectId"]}


def _default(event: Json) -> Json:
    """The answer to making, cancelling and completing."""
    return {k: v for k, v in _outside(event).items() if k not in ("id", "createdAt", "updatedAt")}


# ---- finding


def _find(call: Call) -> Json:
    found = call.portal.marketing_events.get(call.args["id"])
    if found is None:
        raise not_found(f"There is no marketing event {call.args['id']}")
    return found


def _by_key(portal: Portal, account: str, ident: str) -> Json | None:
    found = portal.marketing_events.values()
    return next(
        (e for e in found if e["externalEventId"] == ident and account in ("", str(e["externalAccountId"]))), None
    )


def _external(call: Call) -> Json:
    account = call.args.get("account", call.request.param("externalAccountId"))
    found = _by_key(call.portal, account, call.args["external"])
    if found is None:
        raise not_found(f"There is no marketing event {call.args['external']} of the account {account}")
    return found


def _either(call: Call) -> Json:
    return _external(call) if "external" in call.args else _find(call)


# ---- reading


def _all(call: Call) -> Reply:
    return ok(page(call, [_read(event) for event in call.portal.marketing_events.values()], 10, 100))


def _one(call: Call) -> Reply:
    return ok(_read(_find(call)))


def _one_external(call: Call) -> Reply:
    event = _external(call)
    return ok({**_outside(event), **_counts(event), "externalEventId": event["externalEventId"]})


def _search(call: Call) -> Reply:
    asked = call.request.param("q").lower()
    found = [e for e in call.portal.marketing_events.values() if str(e["externalEventId"]).lower().startswith(asked)]
    keys = ("externalAccountId", "externalEventId", "objectId")
    return ok({"results": [{**{k: e[k] for k in keys}, "appId": int(APP["id"])} for e in found]})


def _identifiers(call: Call) -> Reply:
    found = [e for e in call.portal.marketing_events.values() if e["externalEventId"] == call.args["external"]]
    keys = ("externalAccountId", "externalEventId", "objectId")
    shown = [{**{k: e[k] for k in keys}, "marketingEventName": e["eventName"], "appInfo": dict(APP)} for e in found]
    return ok({"total": len(shown), "results": shown})


# ---- writing


def _values(given: Mapping[str, Any], *required: str) -> Json:
    if gone := [name for name in required if not isinstance(given.get(name), str)]:
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{', '.join(gone)}]")
    if wrong := [n for n in TEXTS if given.get(n) is not None and not isinstance(given[n], str)]:
        raise invalid(f"Invalid input JSON: invalid values for [{', '.join(wrong)}]")
    for custom in shapes.objects(given, "customProperties"):
        for part in ("name", "value"):
            shapes.ident(custom, part)
    for name in ("startDateTime", "endDateTime"):
        if given.get(name) is not None:
            _moment(given[name])
    keys = (*TEXTS, *FLAGS, "customProperties", "externalEventId", "externalAccountId")
    return {name: given[name] for name in keys if name in given}


def _moment(text: object) -> datetime:
    try:
        return parse_time(str(text))
    except (ValueError, OverflowError):
        raise invalid(f"Invalid input JSON: {text} is not a date") from None


def _upserted(call: Call, given: Mapping[str, Any]) -> Json:
    values = _values(given, "eventName", "eventOrganizer", "externalEventId", "externalAccountId")
    known = _by_key(call.portal, values["externalAccountId"], values["externalEventId"])
    now = iso(call.portal.tick())
    if known is None:
        return add_event(call.portal, values, now)
    known.update(values, updatedAt=now)
    return known


def _create(call: Call) -> Reply:
    return ok(_default(_upserted(call, call.json())))


def _upsert(call: Call) -> Reply:
    return ok(_outside(_upserted(call, {**call.json(), "externalEventId": call.args["external"]})))


def _upsert_all(call: Call) -> Reply:
    return answer(call, [_outside(_upserted(call, item)) for item in inputs_of(call)], [], 200)


def _update(call: Call, event: Json, given: Mapping[str, Any]) -> Json:
    event.update(_values(given), updatedAt=iso(call.portal.tick()))
    return event


def _change(call: Call) -> Reply:
    return ok(_changed(_update(call, _find(call), call.json())))


def _change_external(call: Call) -> Reply:
    return ok(_outside(_update(call, _external(call), call.json())))


def _change_all(call: Call) -> Reply:
    events, items = call.portal.marketing_events, inputs_of(call)
    there = [item for item in items if str(item.get("objectId")) in events]
    gone = [str(item.get("objectId")) for item in items if item not in there]
    done = [_changed(_update(call, events[str(item["objectId"])], item)) for item in there]
    return answer(call, done, [entry("OBJECT_NOT_FOUND", "No such events", {"ids": gone})] if gone else [], 200)


def _cancel(call: Call) -> Reply:
    return ok(_default(_update(call, _external(call), {"eventCancelled": True})))


def _complete(call: Call) -> Reply:
    given = _values(call.json(), "startDateTime", "endDateTime")
    return ok(_default(_update(call, _external(call), {**given, "eventCompleted": True})))


def _delete(call: Call) -> Reply:
    del call.portal.marketing_events[_either(call)["objectId"]]
    return nothing()


def _delete_all(call: Call) -> Reply:
    for item in inputs_of(call):
        found = _by_key(call.portal, str(item.get("externalAccountId", "")), str(item.get("externalEventId")))
        ident = item.get("objectId") if found is None else found["objectId"]
        call.portal.marketing_events.pop(str(ident), None)
    return nothing()


# ---- people


def _states(call: Call) -> str:
    if call.args["state"].lower() not in SUBSCRIBER:
        raise invalid(f"Invalid subscriber state {call.args['state']}: it must be one of {list(SUBSCRIBER)}")
    return SUBSCRIBER[call.args["state"].lower()]


def _taken_part(call: Call) -> Iterator[tuple[Obj | None, Json]]:
    """Note what each input says of one person; gives their contact, which an unknown e-mail makes."""
    event, state = _either(call), _states(call)
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
    return _taking_part(call, [_either(call)], call.request.param("contactIdentifier"))


def _attended(call: Call) -> Reply:
    """Every event that one contact (by id or e-mail) took part in."""
    return _taking_part(call, list(call.portal.marketing_events.values()), call.args["id"])


def _counted(call: Call) -> Reply:
    counts = _counts(_either(call))
    names = ("registered", "attended", "cancelled", "noShows")
    return ok(dict(zip(names, counts.values(), strict=True)))


# ---- lists and the application


def _lists(call: Call) -> Reply:
    known = _either(call).get("lists", [])
    found = [plain_list(found) for found in live(call.portal) if found["listId"] in known]
    return ok({"total": len(found), "results": found})


def _tie_list(call: Call) -> Reply:
    if call.args["list"] not in {found["listId"] for found in live(call.portal)}:
        raise not_found(f"List does not exist with ID {call.args['list']}.")
    event = _either(call)
    event["lists"] = list(dict.fromkeys([*event.get("lists", ()), call.args["list"]]))
    return nothing()


def _untie_list(call: Call) -> Reply:
    event = _either(call)
    event["lists"] = [ident for ident in event.get("lists", ()) if ident != call.args["list"]]
    return nothing()


def _settings(call: Call) -> Reply:
    if not call.args["app"].isdigit():
        raise invalid(f"Invalid app id {call.args['app']}")
    if call.request.method == "POST":
        told = call.json().get("eventDetailsUrl")
        if not isinstance(told, str):
            raise invalid("Invalid input JSON: Some required fields were not set: [eventDetailsUrl]")
        call.portal.details_urls[call.args["app"]] = told
    return ok({"appId": int(call.args["app"]), "eventDetailsUrl": call.portal.details_urls.get(call.args["app"], "")})


READ, WRITE = ("crm.objects.marketing_events.read",), ("crm.objects.marketing_events.write",)
_BASE = "/marketing/marketing-events"
_EXTERNAL = _BASE + "/events/{external}"
_TAKING = _BASE + "/participations"
_TIED = _BASE + "/associations"


def _of_event(
    method: str, head: str, tail: str, handler: Callable[[Call], Reply], scopes: tuple[str, ...]
) -> tuple[Route, Route]:
    """The same under an application's ids and under our own; the longer path first."""
    outside, own = f"{head}/{{account}}/{{external}}{tail}", f"{head}/{{id}}{tail}"
    return Route(method, outside, handler, scopes), Route(method, own, handler, scopes)


ROUTES = (
    Route("POST", _BASE + "/events", _create, WRITE),
    Route("GET", _BASE + "/events/search", _search, READ),
    Route("POST", _BASE + "/events/upsert", _upsert_all, WRITE),
    Route("POST", _BASE + "/events/delete", _delete_all, WRITE),
    Route("POST", _BASE + "/batch/archive", _delete_all, WRITE),
    Route("POST", _BASE + "/batch/update", _change_all, WRITE),
    Route("GET", _EXTERNAL, _one_external, READ),
    Route("PUT", _EXTERNAL, _upsert, WRITE),
    Route("PATCH", _EXTERNAL, _change_external, WRITE),
    Route("DELETE", _EXTERNAL, _delete, WRITE),
    Route("POST", _EXTERNAL + "/cancel", _cancel, WRITE),
    Route("POST", _EXTERNAL + "/complete", _complete, WRITE),
    Route("POST", _EXTERNAL + "/{state}/upsert", _attend_quietly, WRITE),
    Route("POST", _EXTERNAL + "/{state}/email-upsert", _attend_quietly, WRITE),
    Route("POST", _BASE + "/attendance/{external}/{state}/create", _attend, WRITE),
    Route("POST", _BASE + "/attendance/{external}/{state}/email-create", _attend, WRITE),
    Route("POST", _BASE + "/{id}/attendance/{state}/create", _attend, WRITE),
    Route("POST", _BASE + "/{id}/attendance/{state}/email-create", _attend, WRITE),
    Route("GET", _TAKING + "/contacts/{id}/breakdown", _attended, READ),
    *_of_event("GET", _TAKING, "/breakdown", _participants, READ),
    *_of_event("GET", _TAKING, "", _counted, READ),
    *_of_event("GET", _TIED, "/lists", _lists, READ),
    *_of_event("PUT", _TIED, "/lists/{list}", _tie_list, WRITE),
    *_of_event("DELETE", _TIED, "/lists/{list}", _untie_list, WRITE),
    Route("GET", _BASE + "/{external}/identifiers", _identifiers, READ),
    Route("GET", _BASE + "/{app}/settings", _settings, READ),
    Route("POST", _BASE + "/{app}/settings", _settings, WRITE),
    Route("GET", _BASE, _all, READ),
    Route("GET", _BASE + "/{id}", _one, READ),
    Route("PATCH", _BASE + "/{id}", _change, WRITE),
    Route("DELETE", _BASE + "/{id}", _delete, WRITE),
)
