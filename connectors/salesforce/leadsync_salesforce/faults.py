"""Sort what Salesforce answers into the three bins: stop the run, try again, skip the record."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from leadsync.errors import (
    Ambiguous,
    LeadsyncError,
    Misconfigured,
    QuotaExhausted,
    Rejected,
    StopRun,
    Throttled,
    TryAgain,
    Unreadable,
)
from leadsync_salesforce.hints import HINTS, explain


class SessionExpired(TryAgain):
    """The access token is no longer good; the client opens a new session once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A refusal as it came over the wire. `what` says which call, without any query."""

    what: str
    status: int
    body: str
    retry_after: str | None
    writing: bool


@dataclass(frozen=True, slots=True)
class VendorError:
    """One member of Salesforce's error array (or of a SaveResult's errors)."""

    code: str
    message: str = ""
    fields: tuple[str, ...] = ()


LOCKED = "UNABLE_TO_LOCK_ROW"
"""What passes by itself: such a record was not written and may be sent again."""


_COLUMN = re.compile(r"No such column '([\w.]+)' on (?:entity|sobject of type) '?(\w+)")
_RELATION = re.compile(r"Didn't understand relationship '(\w+)'")

_PASSING = {
    LOCKED,
    "QUERY_TIMEOUT",
    "SERVER_UNAVAILABLE",
    "INVALID_QUERY_LOCATOR",
    "TXN_SECURITY_METERING_ERROR",
}
_NO_ACCESS = {
    "API_CURRENTLY_DISABLED": "the API is switched off for this org",
    "API_DISABLED_FOR_ORG": "the API is not enabled for this org or user: grant the permission 'API Enabled'",
    "CLIENT_NOT_ACCESSIBLE_FOR_USER": "the connected app is not open to this user",
    "FUNCTIONALITY_NOT_ENABLED": "the org does not have this feature",
    "INVALID_LOGIN": "the login is refused",
    "INSUFFICIENT_ACCESS": "the user lacks a permission",
    "INSUFFICIENT_ACCESS_OR_READONLY": "the user lacks a permission",
    "INVALID_TYPE": "the object does not exist or is hidden from this user",
    "ORG_LOCKED": "the org is locked",
}
_EDGE_PAGES = {406, 408, 420, 425, 429}
"""Statuses that Salesforce's edge sends without JSON when it is busy (airbyte's connector retries them)."""

LOGIN_HINTS = {
    "inactive_user": "the user of `username` (or the app's run-as user) is inactive",
    "inactive_org": "the org at `url` is inactive",
    "invalid_app_access": "the user of `username` is not admitted to the connected app",
    "invalid_client": "`client_secret` does not fit `client_id`",
    "invalid_client_id": "`client_id` is unknown to the org at `url`",
    "invalid_grant": "check `username`, `private_key`, `audience` and this machine's clock, and that the connected app "
    "admits the user (client credentials: that it has a run-as user)",
    "unsupported_grant_type": "the connected app does not allow this flow, or `url` is not the org's My Domain",
    "invalid_request": "`url` must be the org's My Domain address",
    "rate_limit_exceeded": "too many logins in an hour",
}


def errors_of(body: str) -> list[VendorError]:
    """The errors of a body; an empty list when it is not what Salesforce's API sends."""
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = found if isinstance(found, list) else [found]
    if not all(isinstance(e, dict) for e in found):
        return []
    return [vendor_error(e) for e in found if "errorCode" in e or "statusCode" in e]


def vendor_error(given: dict[str, Any]) -> VendorError:
    """One error object; single calls name the code `errorCode`, collections `statusCode`."""
    code = str(given.get("errorCode", given.get("statusCode", "")))
    fields = given.get("fields")
    return told(code, str(given.get("message", "")), tuple(map(str, fields)) if isinstance(fields, list) else ())


def told(code: str, message: str = "", fields: tuple[str, ...] = ()) -> VendorError:
    """An error by its code. A lock that a trigger or flow has met is told by the code of that, and is a lock all the
    same (github.com/SFDO-Community/declarative-lookup-rollup-summaries, issue 1241)."""
    return VendorError(LOCKED if LOCKED in message else code, message, fields)


def seconds(retry_after: str | None) -> float | None:
    """A Retry-After in seconds; a date or nonsense counts as none."""
    return float(retry_after) if retry_after is not None and re.fullmatch(r"\d{1,6}(\.\d+)?", retry_after) else None


def sort_answer(answer: Answer) -> LeadsyncError:
    """The error that an answer of 300 and more means."""
    errors = errors_of(answer.body)
    wait = seconds(answer.retry_after)
    if errors:
        return _by_code(answer, errors[0], wait)
    if answer.status in _EDGE_PAGES:
        return Throttled(f"{answer.what}: HTTP {answer.status}", wait)
    return _by_status(answer, wait)


def _by_code(answer: Answer, error: VendorError, wait: float | None) -> LeadsyncError:
    what, code = answer.what, error.code
    if code == "INVALID_SESSION_ID" or answer.status == 401:
        return SessionExpired(f"{what}: {code}")
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(what, error, wait)
    if code in _PASSING and not (answer.writing and answer.status >= 500):
        return TryAgain(f"{what}: {code}", wait)
    if answer.status >= 500:
        return _server_failed(answer, code, wait)
    if answer.status == 410:
        return _gone(what)
    return _refused(answer, error)


def _limit(what: str, error: VendorError, wait: float | None) -> LeadsyncError:
    """The daily limit and that of long requests at once share a code; only the text tells them apart."""
    if "oncurrent" in error.message:
        return Throttled(f"{what}: too many long requests at once", wait)
    return QuotaExhausted(f"{what}: the org's API requests of the last 24 hours are used up")


def _refused(answer: Answer, error: VendorError) -> LeadsyncError:
    what, code = answer.what, error.code
    if code == "INVALID_FIELD" and (column := _COLUMN.search(error.message)) is not None:
        return missing_field(column.group(2), [column.group(1)])
    if code == "INVALID_FIELD" and (relation := _RELATION.search(error.message)) is not None:
        return Misconfigured(f"{what}: there is no relationship {relation.group(1)}: check the mapping")
    if code in _NO_ACCESS:
        return Misconfigured(f"{what}: {code}: {_NO_ACCESS[code]}")
    return rejected(error) if answer.writing else _refused_read(what, error)


def _refused_read(what: str, error: VendorError) -> StopRun:
    if error.code == "NOT_FOUND":
        return Misconfigured(f"{what}: NOT_FOUND: it does not exist or is hidden from this user")
    return Unreadable(f"{what}: {explain(error.code, error.message, error.fields)}")


def _server_failed(answer: Answer, code: str, wait: float | None) -> LeadsyncError:
    text = f"{answer.what}: HTTP {answer.status} {code}".rstrip()
    return Ambiguous(text) if answer.writing else TryAgain(text, wait)


def _gone(what: str) -> Misconfigured:
    return Misconfigured(f"{what}: this API version is retired: raise `api_version`")


def _by_status(answer: Answer, wait: float | None) -> LeadsyncError:
    if answer.status >= 500:
        return _server_failed(answer, "", wait)
    if answer.status == 401:
        return SessionExpired(f"{answer.what}: HTTP 401")
    if answer.status == 410:
        return _gone(answer.what)
    if answer.status == 403:
        return Misconfigured(f"{answer.what}: HTTP 403 without a reason: check the org's IP restrictions and `url`")
    if answer.status < 400:
        return Misconfigured(f"{answer.what}: HTTP {answer.status}, a redirect: `url` must be the org's My Domain")
    return Unreadable(f"{answer.what}: HTTP {answer.status} with a body that is not Salesforce's")


def sort_login(answer: Answer) -> LeadsyncError:
    """What a refused login means, naming the setting to look at."""
    if answer.status >= 500 or answer.status in _EDGE_PAGES:
        return TryAgain(f"Salesforce login: HTTP {answer.status}", seconds(answer.retry_after))
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or "error" not in found:
        return Misconfigured(f"Salesforce login: HTTP {answer.status}: is `url` the org's My Domain address?")
    code = str(found["error"])
    return Misconfigured(f"Salesforce login refused: {code}: {LOGIN_HINTS.get(code, 'check the connected app')}")


def missing_field(kind: str, names: list[str]) -> Misconfigured:
    """The one text for fields that are not there or not shown."""
    listed = ", ".join(f"{kind}.{name}" for name in names)
    verb = "does not exist or is hidden" if len(names) == 1 else "do not exist or are hidden"
    return Misconfigured(f"{listed} {verb} from this user: run `leadsync provision`")


def rejected(error: VendorError) -> Rejected:
    """A refused record, in words that hold no value of it."""
    text = explain(error.code, error.message, error.fields)
    return Rejected(text, code=error.code, fields=error.fields, hint=HINTS.get(error.code, ""))
