"""Web analytics: what visitors did, as the events API tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadsync.sandbox import Reply, parse_time
from leadsync_hubspot.sandbox.errors import invalid
from leadsync_hubspot.sandbox.forms import page
from leadsync_hubspot.sandbox.routing import Call, Route, ok
from leadsync_hubspot.sandbox.values import iso

Json = dict[str, Any]
SCOPES = ("business-intelligence", "behavioral_events.event_definitions.read_write")


def event_json(event: Mapping[str, Any]) -> Json:
    """An event as HubSpot answers it."""
    return {
        "id": str(event["id"]),
        "objectType": str(event.get("objectType", "CONTACT")),
        "objectId": str(event.get("objectId", "")),
        "eventType": str(event.get("eventType", "e_visited_page")),
        "occurredAt": iso(parse_time(str(event["occurredAt"]))),
        "properties": {str(k): str(v) for k, v in (event.get("properties") or {}).items()},
    }


def _events(call: Call) -> Reply:
    if call.request.param("sort") not in ("", "occurredAt", "-occurredAt"):
        raise invalid("Invalid sort: only occurredAt is supported")
    found = [event for event in map(event_json, call.portal.web_events) if _is_asked(call, event)]
    found.sort(key=lambda event: str(event["occurredAt"]), reverse=call.request.param("sort") == "-occurredAt")
    return ok(page(call, found, 20, 100))


def _is_asked(call: Call, event: Json) -> bool:
    """Whether an event fits every filter of the query."""
    ask, ids, at = call.request.param, call.request.params("id"), parse_time(event["occurredAt"])
    return (
        ask("objectType").lower() in ("", event["objectType"].lower())
        and ask("objectId") in ("", event["objectId"])
        and ask("eventType") in ("", event["eventType"])
        and (not ids or event["id"] in ids)
        and (not ask("occurredAfter") or at > _moment(ask("occurredAfter")))
        and (not ask("occurredBefore") or at < _moment(ask("occurredBefore")))
        and all(event["properties"].get(k[9:]) == v for k, v in call.request.query if k.startswith("property."))
    )


def _moment(text: str) -> Any:
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        raise invalid(f"Invalid date {text}") from None


def _types(call: Call) -> Reply:
    names = dict.fromkeys(event_json(event)["eventType"] for event in call.portal.web_events)
    return ok({"eventTypes": sorted(names)})


ROUTES = tuple(
    Route("GET", base + tail, handler, SCOPES)
    for base in ("/events/events", "/events/event-occurrences")
    for tail, handler in (("/event-types", _types), ("", _events))
)
