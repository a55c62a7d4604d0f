"""HubSpot's faults by name, each with the answer the real service gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from leadsync.sandbox import Reply
from leadsync_hubspot.sandbox.errors import Refused, invalid, invalid_values, missing_scopes, refuse, unauthenticated
from leadsync_hubspot.sandbox.limits import BURST, DAILY, SECONDLY, too_many

HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>cloudflare</body></html>"
LOCKED = "This record is locked by another request. Try again later."
MIGRATING = "This account is being moved to another data center."


def _page(status: int, title: str) -> Reply:
    return Reply(status, HTML.format(f"{status} {title}").encode(), {"content-type": "text/html"})


def _retry(refused: Refused, seconds: int) -> Reply:
    return replace(refused.reply, headers={**refused.reply.headers, "Retry-After": str(seconds)})


def _value(name: str, code: str, message: str) -> Reply:
    return invalid_values([{"isValid": False, "message": message, "error": code, "name": name}]).reply


NAMED: Mapping[str, Callable[[], Reply]] = {
    "burst": lambda: too_many(BURST, "TEN_SECONDLY_ROLLING").reply,
    "burst_retry_after": lambda: _retry(too_many(BURST, "TEN_SECONDLY_ROLLING"), 1),
    "daily": lambda: too_many(DAILY, "DAILY").reply,
    "search_limit": lambda: too_many(SECONDLY, None).reply,
    "locked": lambda: refuse(423, LOCKED, "LOCKED").reply,
    "migrating": lambda: _retry(refuse(477, MIGRATING, "MIGRATION_IN_PROGRESS"), 3600),
    "bad_gateway": lambda: _page(502, "Bad Gateway"),
    "unavailable": lambda: _page(503, "Service Temporarily Unavailable"),
    "gateway_timeout": lambda: _page(504, "Gateway Time-out"),
    "origin_timeout": lambda: _page(524, "A timeout occurred"),
    "server_error": lambda: refuse(500, "internal error", "INTERNAL_ERROR").reply,
    "unauthorized": lambda: unauthenticated().reply,
    "missing_scopes": lambda: missing_scopes(["crm.objects.contacts.write"]).reply,
    "conflict": lambda: refuse(409, "Contact already exists. Existing ID: 37765128953", "CONFLICT").reply,
    "past_the_wall": lambda: invalid("Cannot page past 10000 results of a search").reply,
    "url_too_long": lambda: refuse(414, "URI Too Long", "URI_TOO_LONG").reply,
    "option_removed": lambda: _value("leadsync_stage", "INVALID_OPTION", "x was not one of the allowed options: []"),
    "property_deleted": lambda: _value(
        "leadsync_score", "PROPERTY_DOESNT_EXIST", 'Property "leadsync_score" does not exist'
    ),
    "required_property": lambda: (
        invalid(
            "Error creating CONTACT. Some required properties were not set.",
            errors=[
                {"message": "required", "code": "REQUIRED_PROPERTIES_MISSING", "context": {"properties": ["phone"]}}
            ],
        ).reply
    ),
}


def named(name: str) -> Reply:
    """The answer of a named fault; raises ValueError listing the names there are."""
    if name not in NAMED:
        raise ValueError(f"the hubspot sandbox has no fault named {name!r}; known: {', '.join(NAMED)}")
    return NAMED[name]()
