"""HubSpot's error bodies, word for word where they are known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from leadsync.sandbox import Reply, json_reply

CORRELATION = "00000000-0000-4000-8000-000000000000"
"""Replaced by the sandbox's own id when the answer leaves."""


class Refused(Exception):
    """The request is answered with an error of HubSpot's."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body.decode())
        self.reply = reply


def body(message: str, category: str | None, **more: Any) -> dict[str, Any]:
    """An error body; HubSpot, error handling guide."""
    found = {"status": "error", "message": message, "correlationId": CORRELATION, **more}
    return found if category is None else {**found, "category": category}


def refuse(status: int, message: str, category: str | None, **more: Any) -> Refused:
    """An error to raise."""
    return Refused(json_reply(status, body(message, category, **more)))


def entry(category: str, message: str, context: Mapping[str, Sequence[str]], **more: Any) -> dict[str, Any]:
    """One error of a batch's 207; every key that HubSpot's description of it demands."""
    frame = {"status": "error", "category": category, "message": message}
    return {**frame, "errors": [], "links": {}, **more, "context": {k: list(v) for k, v in context.items()}}


def invalid(message: str, **more: Any) -> Refused:
    """400: the request itself is wrong."""
    return refuse(400, message, "VALIDATION_ERROR", **more)


def not_found(message: str = "resource not found") -> Refused:
    """404 for one record."""
    return refuse(404, message, "OBJECT_NOT_FOUND")


def values_message(problems: Sequence[Mapping[str, Any]]) -> str:
    """The text that carries JSON inside; the SDKs show it as it is."""
    return f"Property values were not valid: {json.dumps(problems, separators=(',', ':'))}"


def invalid_values(problems: Sequence[Mapping[str, Any]]) -> Refused:
    """400: values that do not fit their properties."""
    errors = [{"message": p["message"], "code": p["error"], "context": {"propertyName": [p["name"]]}} for p in problems]
    return invalid(values_message(problems), errors=errors)


def unauthenticated() -> Refused:
    """401."""
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    )
    return refuse(401, message, "INVALID_AUTHENTICATION")


def expired() -> Refused:
    """401 for an OAuth token past its 30 minutes."""
    message = "The OAuth token used to make this call expired. Refresh it and try again."
    return refuse(401, message, "EXPIRED_AUTHENTICATION")


def missing_scopes(scopes: Sequence[str]) -> Refused:
    """403, with the scopes that would have done."""
    errors = [
        {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": list(scopes)},
        }
    ]
    message = "This app hasn't been granted all required scopes to make this call."
    return refuse(403, message, "MISSING_SCOPES", errors=errors)
