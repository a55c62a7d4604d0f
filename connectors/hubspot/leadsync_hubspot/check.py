"""How a connection to HubSpot stands: token, scopes, properties, API version, quota and clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial

from leadsync.checks import attempt, broken, clock_skew, end_of_life, fail, listed, ok, used_up, warn
from leadsync.connector import Check
from leadsync.errors import Misconfigured, Unreadable
from leadsync_hubspot.client import Client, Json
from leadsync_hubspot.lists import SCOPES
from leadsync_hubspot.settings import HubSpotSettings

STATIC = "pat-"
"""Tokens of service keys and private apps begin so, and last until they are rotated; HubSpot, "Private apps"."""
ENDS: Mapping[str, date] = {
    "v3": date(2027, 3, 30),  # of v4 associations, which go with it; v3 follows in 2027-09. HubSpot, changelog
    "2026-03": date(2027, 9, 30),  # "at least 18 months" from 2026-03-30; HubSpot, API versioning guide
    "2026-09": date(2028, 3, 8),  # the same from 2026-09-08
}
"""Until when HubSpot supports each version (changelog, "Legacy APIs and legacy apps: what's going unsupported")."""
NEWEST = "2026-09"
FORMS = "forms"
UNSUSPICIOUS = {"oauth"}
"""Scopes that every token may have."""
WHERE = "HubSpot: Settings > Integrations > Service keys (or Private apps) > Scopes"


class Checkup:
    """One look at a connection. `wanted`: the properties read, and those written, by object; an object that is to be
    written is named even where no property of it is."""

    def __init__(
        self, client: Client, settings: HubSpotSettings, now: datetime, wanted: tuple[Mapping[str, Sequence[str]], ...]
    ) -> None:
        self._client, self._settings, self._now = client, settings, now
        self._fields, self._written = wanted

    def run(self) -> list[Check]:
        """All checks; when the token is refused nothing more can be seen."""
        found = attempt("credentials", self._credentials, "see [connector.hubspot] token and url")
        if broken(found):
            return found
        found += [self._token(), *attempt("scopes", self._scopes)]
        for kind in self._fields:
            found += attempt(f"{kind} fields", partial(self._properties, kind))
        found += attempt("quota", self._quota)
        return [*found, self._version(), clock_skew(self._client.wire.server_time, self._now)]

    def _credentials(self) -> list[Check]:
        account = self._client.account()
        kind = str(account.get("accountType", "unknown type")).lower().replace("_", " ")
        return [ok("credentials", f"account {account.get('portalId')} ({kind}), {self._settings.url}")]

    def _token(self) -> Check:
        if self._settings.token.get_secret_value().startswith(STATIC):
            return ok("token", "of a service key or private app; it lasts until it is rotated")
        found = "an OAuth access token: it ends 30 minutes after it was issued, and is not renewed"
        return warn("token", found, "create a service key in HubSpot, and name its token in the configuration")

    # ---- scopes

    def _scopes(self) -> list[Check]:
        try:
            granted = _granted(self._client.token_info())
        except (Unreadable, Misconfigured):
            return self._probed()
        needed = self._needed()
        checks = []
        if missing := needed - granted:
            checks.append(fail("scopes", f"missing: {listed(missing)}", f"grant them. {WHERE}"))
        if surplus := granted - needed - self._tolerated():
            checks.append(warn("scopes", f"surplus: {listed(surplus)}", f"take them away. {WHERE}"))
        return checks or [ok("scopes", f"the {len(granted)} granted are those that are needed")]

    def _needed(self) -> set[str]:
        read = {f"crm.objects.{kind}.read" for kind in self._fields}
        return read | {f"crm.objects.{kind}.write" for kind in self._written} | {FORMS}

    def _tolerated(self) -> set[str]:
        """Needed to look at properties in some accounts, for `leadsync provision` alone, or for lists, which have a
        check of their own."""
        return (
            UNSUSPICIOUS
            | SCOPES
            | {f"crm.schemas.{kind}.{verb}" for kind in self._fields for verb in ("read", "write")}
        )

    def _probed(self) -> list[Check]:
        """For a token HubSpot does not speak of: read one record of each object."""
        checks: list[Check] = []
        for kind in self._fields:
            checks += attempt(f"{kind} scope", partial(self._probe, kind), f"grant it. {WHERE}")
        checks += attempt("forms scope", lambda: self._probe(FORMS), f"grant it. {WHERE}")
        found = "HubSpot does not tell them; scopes to write, and surplus ones, cannot be seen"
        return [*checks, warn("scopes", found, f"compare them with the connector's README yourself. {WHERE}")]

    def _probe(self, what: str) -> list[Check]:
        self._client.forms(limit=1) if what == FORMS else self._client.page(what, limit=1)
        return [ok(f"{what} scope", "reading works")]

    # ---- properties, quota, version

    def _properties(self, kind: str) -> list[Check]:
        there = {str(p.get("name")): p for p in self._client.properties(kind)["results"]}
        mapped, written = self._fields[kind], self._written.get(kind, ())
        name = f"{kind} fields"
        checks = []
        if missing := set(mapped) - there.keys():
            fix = "run `leadsync provision --apply`, or correct the mapping"
            checks.append(fail(name, f"HubSpot has no property {listed(missing)}", fix))
        if locked := {field for field in written if field in there and _read_only(there[field])}:
            fix = 'set direction = "read" for them in the mapping'
            checks.append(fail(name, f"mapped to be written, but read-only: {listed(locked)}", fix))
        return checks or [ok(name, f"{len(mapped)} mapped, {len(written)} of them written: all are there")]

    def _quota(self) -> list[Check]:
        entries = self._client.usage()["results"]
        if not entries:
            return [ok("quota", "HubSpot has counted nothing yet")]
        used, limit = (int(entries[0][key]) for key in ("currentUsage", "usageLimit"))
        checks = [used_up("quota", used, limit, "wait for midnight in the account's time zone, or raise the limit")]
        if self._settings.daily_limit > limit:
            found = f"daily_limit is set to {self._settings.daily_limit:,}, the account has {limit:,}"
            checks.append(warn("daily_limit", found, f"set daily_limit = {limit} in [connector.hubspot]"))
        return checks

    def _version(self) -> Check:
        version = self._settings.api_version
        fix = f'set api_version = "{NEWEST}" in [connector.hubspot]; it also enforces the account\'s validation rules'
        return end_of_life("API version", version, ENDS[version], self._now, fix)


def _granted(info: Json) -> set[str]:
    scopes = info.get("scopes")
    if not isinstance(scopes, list):
        raise Unreadable("HubSpot's token info holds no list of scopes")
    return {str(scope) for scope in scopes}


def _read_only(definition: Json) -> bool:
    metadata = definition.get("modificationMetadata")
    locked = isinstance(metadata, dict) and metadata.get("readOnlyValue") is True
    return locked or definition.get("calculated") is True
