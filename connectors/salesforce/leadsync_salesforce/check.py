"""How a connection to Salesforce stands: login, scopes, objects and fields, API version, quota and clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from leadsync.checks import SEE, attempt, broken, clock_skew, exhausted, fail, listed, ok, used_up, warn
from leadsync.connector import Check
from leadsync.errors import Unreadable
from leadsync_salesforce.client import Client
from leadsync_salesforce.fields import Described, decode
from leadsync_salesforce.query import identifier
from leadsync_salesforce.settings import SalesforceSettings

NEEDED_SCOPES = {"api"}
HARMLESS_SCOPES = {"id", "openid"}
"""A token may always ask who it is; Salesforce help, "OAuth Tokens and Scopes"."""
FIRST, RELEASED = 50, date(2020, 10, 1)
"""v50 came with Winter '21; since then one version every four months (v68: Winter '27, October 2026)."""
MONTHS_BETWEEN = 4
SUPPORTED_YEARS = 3
"""Each version is supported for at least three years; Salesforce REST API guide, "API End-of-Life Policy"."""
ANNOUNCED_TO = 40
"""Ends are announced up to this version (retired with Summer '28); Salesforce help, article 005321531, April 2026."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What leadsync does with the org: fields read and written by object, objects created, and touchpoints' fields."""

    fields: Mapping[str, Sequence[str]]
    written: Mapping[str, Sequence[str]]
    created: Collection[str]
    touches: Mapping[str, Sequence[str]]


class Checkup:
    """One look at a connection."""

    def __init__(self, client: Client, settings: SalesforceSettings, now: datetime, wanted: Wanted) -> None:
        self._client, self._settings, self._now, self._wanted = client, settings, now, wanted

    def run(self) -> list[Check]:
        """All checks; when the version is gone or the login is refused nothing more can be seen."""
        found = attempt("API version", self._version, "see [connector.salesforce] url and api_version")
        if not broken(found):
            found += attempt("credentials", self._credentials, "see [connector.salesforce]")
        if broken(found):
            return found
        found.append(self._scopes())
        for name, look, fix in self._looks():
            found += attempt(name, look, fix)
            if exhausted(found):
                return found
        return [*found, clock_skew(self._client.server_time, self._now)]

    def _looks(self) -> Iterator[tuple[str, Callable[[], Sequence[Check]], str]]:
        for kind in self._wanted.fields:
            yield kind, partial(self._object, kind), f"grant our user Read on {kind} in a permission set"
        for kind in self._wanted.touches:
            yield kind, partial(self._touches, kind), f"grant our user Read on {kind}, or set activities = false"
        yield "quota", self._quota, SEE

    # ---- the way in

    def _version(self) -> list[Check]:
        ours, fix = self._settings.api_version, "set api_version in [connector.salesforce] to one the org serves"
        served = sorted(float(version) for version in self._client.versions())
        if float(ours) not in served:
            return [fail("API version", f"v{ours}; the org serves v{served[0]} to v{served[-1]}", fix)]
        ends = supported_until(int(float(ours)))
        text = f"v{ours}, supported until {ends} at least (newest: v{served[-1]})"
        if ends > self._now.date():
            return [ok("API version", text)]
        text += f"; it may be retired with a year's notice, which was given up to v{ANNOUNCED_TO} so far"
        return [warn("API version", text, f'set api_version = "{served[-1]}" in [connector.salesforce]')]

    def _credentials(self) -> list[Check]:
        told = self._client.identity()
        flow = "JWT bearer" if self._settings.private_key is not None else "client credentials"
        session = "the session lasts as long as the org's policy says and is opened anew by itself"
        who = f"user {told['user_id']} of org {told.get('organization_id')}"
        return [ok("credentials", f"{who}, {self._settings.url}"), ok("token", f"by {flow}; {session}")]

    def _scopes(self) -> Check:
        granted = self._client.granted
        fix = "Salesforce: App Manager > the connected app > OAuth scopes"
        if not granted:
            advice = f'see that only "Manage user data via APIs" is chosen. {fix}'
            return warn("scopes", "the login does not tell them", advice)
        if not granted & {*NEEDED_SCOPES, "full"}:
            return fail("scopes", f"missing: {listed(NEEDED_SCOPES)}", f"grant it. {fix}")
        if surplus := granted - NEEDED_SCOPES - HARMLESS_SCOPES:
            return warn("scopes", f"surplus: {listed(surplus)}", f"take them away. {fix}")
        return ok("scopes", listed(granted))

    # ---- objects and fields

    def _describe(self, kind: str) -> tuple[dict[str, Any], Described]:
        raw = self._client.get(f"sobjects/{identifier(kind)}/describe")
        described = decode(kind, raw)
        return raw, described

    def _object(self, kind: str) -> list[Check]:
        raw, described = self._describe(kind)
        written = self._wanted.written.get(kind, ())
        needed = {"queryable": "Read"} | ({"updateable": "Edit"} if written else {})
        needed |= {"createable": "Create"} if kind in self._wanted.created else {}
        lacking = [right for flag, right in needed.items() if raw.get(flag) is not True]
        if lacking:
            fix = f"grant our user {listed(lacking)} on {kind} in a permission set"
            return [fail(kind, f"our user lacks {listed(lacking)}", fix)]
        rights = ok(kind, f"our user has {listed(needed.values())}")
        return [rights, *self._fields(described, self._wanted.fields[kind], written)]

    def _fields(self, described: Described, mapped: Sequence[str], written: Sequence[str]) -> list[Check]:
        kind, name = described.kind, f"{described.kind} fields"
        hidden = {field for field in mapped if not described.knows(field)}
        locked = {field for field in written if (info := described.field(field)) is not None and not info.updateable}
        checks = []
        if hidden:
            fix = f"`leadsync provision --apply` for our own; grant Read on the others of {kind} in a permission set"
            checks.append(fail(name, f"do not exist or are hidden: {listed(hidden)}", fix))
        if locked:
            fix = "`leadsync provision --apply` for our own; grant Edit on the others, or map them to be read only"
            checks.append(fail(name, f"may not be written: {listed(locked)}", fix))
        return checks or [ok(name, f"{len(mapped)} mapped, {len(written)} of them written: all are open to our user")]

    def _touches(self, kind: str) -> list[Check]:
        _, described = self._describe(kind)
        if hidden := {field for field in self._wanted.touches[kind] if not described.knows(field)}:
            fix = "grant Read on them in a permission set, or set activities = false"
            return [fail(kind, f"do not exist or are hidden: {listed(hidden)}", fix)]
        return [ok(kind, "readable")]

    # ---- limits

    def _quota(self) -> list[Check]:
        told = self._client.get("limits")
        try:
            day = told["DailyApiRequests"]
            limit, left = int(day["Max"]), int(day["Remaining"])
        except (KeyError, TypeError, ValueError):
            raise Unreadable("Salesforce limits: no DailyApiRequests in the answer") from None
        checks = [used_up("quota", limit - left, limit, "wait for the 24 hours to pass, or buy more requests")]
        if self._settings.daily_limit > limit:
            found = f"daily_limit is set to {self._settings.daily_limit:,}, the org has {limit:,}"
            checks.append(warn("daily_limit", found, f"set daily_limit = {limit} in [connector.salesforce]"))
        return checks


def supported_until(version: int) -> date:
    """The day until which Salesforce promises to support a version, counted from its release."""
    months = RELEASED.month - 1 + MONTHS_BETWEEN * (version - FIRST)
    return date(RELEASED.year + months // 12 + SUPPORTED_YEARS, months % 12 + 1, 1)
