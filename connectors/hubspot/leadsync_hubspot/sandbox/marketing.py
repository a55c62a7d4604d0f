"""Marketing events: kept by their own id or by an outside application's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox import shapes
from leadsync_hubspot.sandbox.batch import answer, inputs_of
from leadsync_hubspot.sandbox.errors import entry, invalid, not_found
from leadsync_hubspot.sandbox.forms import page
from leadsync_hubspot.sandbox.lists import live, plain_list
from leadsync_hubspot.sandbox.routing import Call, Route, nothing, ok
from leadsync_hubspot.sandbox.state import Portal
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
TEXTS = "eventName eventOrganizer eventDescription eventUrl eventType startDateTime endDateTime".split()
FLAGS = ("eventCancelled", "eventCompleted")
STATES = ("REGISTERED", "ATTENDED", "CANCELLED", "NO_SHOW")
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


def counts(event: Json) -> Json:
    """How many people are in which state."""
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
    return {**_changed(event), **counts(event), **more}


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


def either(call: Call) -> Json:
    """The event that a path names, by an application's ids or by ours; 404 where there is none."""
    return _external(call) if "external" in call.args else _find(call)


# ---- reading


def _all(call: Call) -> Reply:
    return ok(page(call, [_read(event) for event in call.portal.marketing_events.values()], 10, 100))


def _one(call: Call) -> Reply:
    return ok(_read(_find(call)))


def _one_external(call: Call) -> Reply:
    event = _external(call)
    return ok({**_outside(event), **counts(event), "externalEventId": event["externalEventId"]})


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
    del call.portal.marketing_events[either(call)["objectId"]]
    return nothing()


def _delete_all(call: Call) -> Reply:
    for item in inputs_of(call):
        found = _by_key(call.portal, str(item.get("externalAccountId", "")), str(item.get("externalEventId")))
        ident = item.get("objectId") if found is None else found["objectId"]
        call.portal.marketing_events.pop(str(ident), None)
    return nothing()


# ---- lists and the application


def _lists(call: Call) -> Reply:
    known = either(call).get("lists", [])
    found = [plain_list(found) for found in live(call.portal) if found["listId"] in known]
    return ok({"total": len(found), "results": found})


def _tie_list(call: Call) -> Reply:
    if call.args["list"] not in {found["listId"] for found in live(call.portal)}:
        raise not_found(f"List does not exist with ID {call.args['list']}.")
    event = either(call)
    event["lists"] = list(dict.fromkeys([*event.get("lists", ()), call.args["list"]]))
    return nothing()


def _untie_list(call: Call) -> Reply:
    event = either(call)
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
BASE = "/marketing/marketing-events"
EXTERNAL = BASE + "/events/{external}"
_TIED = BASE + "/associations"


def of_event(
    method: str, head: str, tail: str, handler: Callable[[Call], Reply], scopes: tuple[str, ...]
) -> tuple[Route, Route]:
    """The same under an application's ids and under our own; the longer path first."""
    outside, own = f"{head}/{{account}}/{{external}}{tail}", f"{head}/{{id}}{tail}"
    return Route(method, outside, handler, scopes), Route(method, own, handler, scopes)


ROUTES = (
    Route("POST", BASE + "/events", _create, WRITE),
    Route("GET", BASE + "/events/search", _search, READ),
    Route("POST", BASE + "/events/upsert", _upsert_all, WRITE),
    Route("POST", BASE + "/events/delete", _delete_all, WRITE),
    Route("POST", BASE + "/batch/archive", _delete_all, WRITE),
    Route("POST", BASE + "/batch/update", _change_all, WRITE),
    Route("GET", EXTERNAL, _one_external, READ),
    Route("PUT", EXTERNAL, _upsert, WRITE),
    Route("PATCH", EXTERNAL, _change_external, WRITE),
    Route("DELETE", EXTERNAL, _delete, WRITE),
    Route("POST", EXTERNAL + "/cancel", _cancel, WRITE),
    Route("POST", EXTERNAL + "/complete", _complete, WRITE),
    *of_event("GET", _TIED, "/lists", _lists, READ),
    *of_event("PUT", _TIED, "/lists/{list}", _tie_list, WRITE),
    *of_event("DELETE", _TIED, "/lists/{list}", _untie_list, WRITE),
    Route("GET", BASE + "/{external}/identifiers", _identifiers, READ),
    Route("GET", BASE + "/{app}/settings", _settings, READ),
    Route("POST", BASE + "/{app}/settings", _settings, WRITE),
    Route("GET", BASE, _all, READ),
    Route("GET", BASE + "/{id}", _one, READ),
    Route("PATCH", BASE + "/{id}", _change, WRITE),
    Route("DELETE", BASE + "/{id}", _delete, WRITE),
)
