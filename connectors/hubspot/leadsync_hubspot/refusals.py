"""HubSpot's refusals, sorted by what to do next. Values that were sent never reach a text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_core import from_json

from leadsync.errors import (
    Ambiguous,
    LeadsyncError,
    Misconfigured,
    QuotaExhausted,
    Rejected,
    Throttled,
    TryAgain,
    Unreadable,
)

LOCK_SECONDS = 2.0  # a 423's lock lasts 2 s; HubSpot, error handling guide
SECONDLY_WAIT = 1.0  # search is counted by the second and sends no Retry-After (recorded traffic)
BURST_WAIT = 2.5  # so that five more attempts outlast the rolling ten seconds
MIGRATION = 477  # the account is being moved; HubSpot, error handling guide
NEVER_ARRIVED = {521, 523, 525, 526}
"""Cloudflare could not reach HubSpot at all, so nothing was applied; Cloudflare, 5xx errors."""
LONGEST_SECONDS = 86_400
"""A Retry-After above a day is meant in milliseconds, as HubSpot documents for some endpoints."""

WORDS: Mapping[str, str] = {
    "PROPERTY_DOESNT_EXIST": "there is no such property",
    "INVALID_OPTION": "the value is not one of its options",
    "INVALID_EMAIL": "not a valid e-mail address",
    "INVALID_INTEGER": "not a valid number",
    "INVALID_LONG": "not a valid number",
    "INVALID_NUMERIC": "not a valid number",
    "INVALID_DATE": "not a valid date",
    "READ_ONLY_VALUE": "the property is read-only",
    "DUPLICATE_VALUE": "another record holds this unique value",
    "PROPERTY_VALUE_TOO_LONG": "the value is too long",
    "REQUIRED_PROPERTIES_MISSING": "the account's rules demand a value",
}
HINTS: Mapping[str, str] = {
    "PROPERTY_DOESNT_EXIST": "run `leadsync provision`, or take the field out of the mapping",
    "INVALID_OPTION": "add the option to the property in HubSpot, or map the value to one that exists",
    "INVALID_EMAIL": "correct the address in the CRM it comes from",
    "READ_ONLY_VALUE": "take the field out of what the mapping writes",
    "DUPLICATE_VALUE": "the two records are probably one: merge them in HubSpot",
    "REQUIRED_PROPERTIES_MISSING": "fill the field, or relax the rule in HubSpot's settings",
    "CONFLICT": "another contact holds this e-mail: merge the two in HubSpot",
    "OBJECT_ALREADY_EXISTS": "another contact holds this e-mail: merge the two in HubSpot",
    "OBJECT_NOT_FOUND": "the record was deleted or merged; the next pull follows it",
}
_EMAIL = re.compile(r"[^\s@<>\"'\[\]]+@[^\s@<>\"'\[\],;]+")
_DETAILS = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)
_TAKEN = re.compile(r"Cannot set PropertyValueCoordinates\{.*?\bpropertyName=(\w+), value=", re.DOTALL)
"""A unique value that another record holds: HubSpot tells the property, and the value, in its text alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer from the wire."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as an object; raises Unreadable for anything else."""
        try:
            found = parsed(self.data)
        except (ValueError, RecursionError):
            raise Unreadable(f"HubSpot answered {self.status} with a body that is not JSON: {self.shape()}") from None
        if not isinstance(found, dict):
            raise Unreadable(f"HubSpot answered {self.status} with JSON that is not an object: {self.shape()}")
        return found

    def shape(self) -> str:
        """What the body looks like, without its contents."""
        kind = self.headers.get("content-type", "no content type")
        return f"{len(self.data)} bytes, {kind}"

    def problem(self) -> dict[str, Any]:
        """The body of a refusal as far as it can be read; {} for an edge server's page."""
        try:
            found = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def parsed(data: bytes) -> Any:
    """JSON, by pydantic's parser, which takes two thirds of the standard library's time; raises ValueError.

    What it is too strict for, half of an emoji that was cut in two, becomes a question mark: it is no text.
    """
    try:
        return from_json(data, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        return json.loads(json.dumps(json.loads(data), ensure_ascii=False).encode(errors="replace"))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks us to wait, where it says so as a number."""
    try:
        asked = float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return asked / 1000 if asked > LONGEST_SECONDS else asked


def sort_out(answer: Answer, *, write: bool, resets_in: float | None = None) -> LeadsyncError:
    """The failure an answer outside 2xx stands for."""
    asked = retry_after(answer.headers)
    match answer.status:
        case 401:
            return _unauthorized()
        case 403:
            return _forbidden(answer.problem())
        case 423:
            return TryAgain("HubSpot: the record is locked (423)", max(asked or 0.0, LOCK_SECONDS))
        case 429:
            return _throttled(answer.problem(), asked, resets_in)
        case status if status == MIGRATION:
            return TryAgain("HubSpot is moving the account to another data centre (477)", asked or 60.0)
        case status if status >= 500:
            return _server_error(status, asked, write=write)
        case status if 400 <= status < 500:
            return refused(answer.status, answer.problem())
        case status:
            return Unreadable(f"HubSpot answered {status}, which its API does not promise: check the url setting")


def _unauthorized() -> Misconfigured:
    return Misconfigured(
        "HubSpot refused the token (401). Check that [hubspot] token points to the current service key or "
        "private-app token and that it was not rotated or revoked."
    )


def _forbidden(problem: Mapping[str, Any]) -> Misconfigured:
    scopes = [str(s) for e in entries_of(problem) for s in listed(context_of(e).get("requiredGranularScopes"))]
    if scopes:
        return Misconfigured(f"HubSpot: the token lacks a scope (403). Grant one of: {', '.join(scopes)}.")
    return Misconfigured(f"HubSpot forbade the call (403, {_category(problem)}). Check the token's scopes.")


def _throttled(problem: Mapping[str, Any], asked: float | None, resets_in: float | None) -> LeadsyncError:
    policy, message = str(problem.get("policyName", "")), str(problem.get("message", ""))
    if policy == "DAILY" or "daily limit" in message:
        return QuotaExhausted("HubSpot's daily limit of API calls is reached; it resets at midnight there.", resets_in)
    if asked is None:
        asked = SECONDLY_WAIT if "secondly limit" in message and "ten_secondly" not in message else BURST_WAIT
    return Throttled(f"HubSpot asked to slow down (429 {policy or 'secondly'})", asked)


def _server_error(status: int, asked: float | None, *, write: bool) -> LeadsyncError:
    if write and status not in NEVER_ARRIVED:
        return Ambiguous(f"HubSpot answered {status} to a write: it may or may not have been applied")
    return TryAgain(f"HubSpot answered {status}", asked)


def refused(status: int, problem: Mapping[str, Any]) -> Rejected:
    """The refusal of what we sent, with the vendor's field names and plain words."""
    details = _details(problem)
    if details:
        code, names = details[0][1], tuple(dict.fromkeys(name for name, _ in details))
        text = "; ".join(f"{name}: {WORDS.get(code, code)}" for name, code in details)
        return Rejected(f"HubSpot refused the values ({status}): {text}", code=code, fields=names, hint=hint(code))
    code = _category(problem)
    text = scrubbed(str(problem.get("message", "no reason given")))
    return Rejected(f"HubSpot refused the request ({status} {code}): {text}", code=code, hint=hint(code))


def hint(code: str) -> str:
    """What a person can do about a code."""
    return HINTS.get(code, "")


def scrubbed(text: str) -> str:
    """A vendor's message without addresses, and short; the JSON some messages carry is cut off."""
    return _EMAIL.sub("<e-mail>", text.split("[{", 1)[0])[:200]


def _details(problem: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(property, code) of each value that does not fit: from the JSON inside the message, else from `errors`."""
    message = str(problem.get("message", ""))
    if taken := _TAKEN.search(message):
        return [(taken[1], "DUPLICATE_VALUE")]
    if found := _DETAILS.search(message):
        try:
            entries = json.loads(found.group(1))
        except ValueError:
            entries = []
        return [(str(e.get("name", "?")), str(e.get("error", "INVALID"))) for e in entries if isinstance(e, dict)]
    return [(str(name), str(e.get("code", "INVALID"))) for e in entries_of(problem) for name in _names(e)]


def _names(entry: Mapping[str, Any]) -> list[str]:
    context = context_of(entry)
    return [str(name) for key in ("propertyName", "properties") for name in listed(context.get(key))]


def entries_of(problem: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The errors that an answer lists, as far as they are such."""
    errors = problem.get("errors")
    return [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []


def context_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What an error is about; {} where it does not say."""
    context = entry.get("context")
    return context if isinstance(context, dict) else {}


def listed(value: object) -> list[object]:
    """The values of a key that holds one or several."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _category(problem: Mapping[str, Any]) -> str:
    return str(problem.get("category") or problem.get("errorType") or "no category")
