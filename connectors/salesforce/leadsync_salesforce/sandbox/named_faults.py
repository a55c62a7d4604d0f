"""Salesforce's own faults by name, for the control API: {"action": {"kind": "named", "name": …}}."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.errors import ApiError

_PAGE = b"<html><head><title>Salesforce</title></head><body>We are down for maintenance.</body></html>"
_HTML = {"content-type": "text/html; charset=UTF-8"}

_ERRORS = (
    ApiError("INVALID_SESSION_ID", "Session expired or invalid", status=401),
    ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403),
    ApiError(
        "UNABLE_TO_LOCK_ROW",
        "unable to obtain exclusive access to this record or 1 records: 00Q5g000000000AEAQ",
        fields=[],
    ),
    ApiError("DUPLICATES_DETECTED", "Use one of these records?", fields=[]),
    ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A working lead needs an industry.", fields=[]),
    ApiError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Clean Status: bad value for restricted picklist field: x",
        fields=["CleanStatus"],
    ),
    ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[]),
    ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=[]),
    ApiError("INVALID_FIELD", "No such column 'LeadSync_Score__c' on entity 'Lead'."),
    ApiError("INVALID_QUERY_LOCATOR", "invalid query locator"),
    ApiError("QUERY_TIMEOUT", "Your query request was running for too long."),
    ApiError("SERVER_UNAVAILABLE", "The server is temporarily unavailable", status=503),
    ApiError("UNKNOWN_EXCEPTION", "An unexpected error occurred.", status=500),
    ApiError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", status=403, fields=[]),
    ApiError("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", status=403),
    ApiError("JSON_PARSER_ERROR", "Unexpected end-of-input", fields=[]),
)
_OTHERS = {
    "CONCURRENT_LIMIT": ApiError(
        "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", status=403
    ).reply(),
    "VERSION_GONE": ApiError("GONE", "The requested API version has been retired.", status=410).reply(),
    "MULTIPLE_CHOICES": json_reply(300, ["/services/data/v62.0/sobjects/Lead/00Q5g000000000AEAQ"]),
    "NOT_ACCEPTABLE_PAGE": Reply(406, _PAGE, _HTML),
    "CALM_PAGE": Reply(420, _PAGE, _HTML),
    "THROTTLED": Reply(429, b"", {"retry-after": "1"}),
    "BAD_GATEWAY_PAGE": Reply(502, _PAGE, _HTML),
    "UNAVAILABLE_PAGE": Reply(503, _PAGE, _HTML),
    "GATEWAY_TIMEOUT_PAGE": Reply(504, _PAGE, _HTML),
    "MAINTENANCE_PAGE": Reply(200, _PAGE, _HTML),
    "FORBIDDEN_PAGE": Reply(403, _PAGE, _HTML),
}

NAMED: Mapping[str, Reply] = MappingProxyType({**{e.code: e.reply() for e in _ERRORS}, **_OTHERS})
