"""A connection to one HubSpot account, as the engine uses it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadsync.connector import (
    Allowance,
    Check,
    Clock,
    Feed,
    FieldSpec,
    ObjectType,
    Page,
    ProvisionStep,
    Receipt,
    Usage,
    Write,
)
from leadsync.errors import Misconfigured, SkipRecord
from leadsync.records import Record, Ref, Role
from leadsync_hubspot.check import Checkup
from leadsync_hubspot.client import Client, Json
from leadsync_hubspot.lists import Lists
from leadsync_hubspot.provision import provision
from leadsync_hubspot.pull import Pull
from leadsync_hubspot.push import Push
from leadsync_hubspot.records import BATCH, SOURCES, Source
from leadsync_hubspot.settings import HubSpotSettings
from leadsync_hubspot.touches import ACTIVITIES, Forms, activity_page
from leadsync_hubspot.wire import BURST, DAILY, SEARCH

OBJECTS = (
    ObjectType("contacts", Role.PERSON, "Contact"),
    ObjectType("companies", Role.COMPANY, "Company"),
)
FEEDS = (
    Feed("companies", Role.COMPANY),
    Feed("contacts", Role.PERSON),
    Feed("forms", None),
    *(Feed(name, None) for name in ACTIVITIES),
)
TYPE_IDS = {"contacts": "0-1", "companies": "0-2", "emails": "0-49", "meetings": "0-47", "calls": "0-48"}
"""How record addresses name the object types; HubSpot, "Understanding the CRM APIs"."""


class HubSpot:
    """Implements `leadsync.connector.Crm`, and `Groups` and `Ties` of `leadsync.connector.besides`. Retries reads by
    itself; never resends what may be applied."""

    batch_size = BATCH

    def __init__(
        self, settings: HubSpotSettings, clock: Clock, side: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.side = side
        self.usage = Usage()
        self._settings, self._clock = settings, clock
        self._client = Client(settings, self.usage, sleep)
        self._client.wire.resets_in = self._until_midnight
        self._known: dict[str, frozenset[str]] = {}
        self._account: Json | None = None

    def objects(self) -> Sequence[ObjectType]:
        """Contacts are people, companies are companies."""
        return OBJECTS

    def feeds(self) -> Sequence[Feed]:
        """Companies and contacts, then what people did."""
        return FEEDS

    # ---- reading

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:
        """Drain a feed from `cursor`; raises Misconfigured for a field that the account does not have."""
        if feed == "forms":
            yield from Forms(self._client, self.side, self._settings.overlap_seconds).pages(cursor)
        elif feed in ACTIVITIES:
            activity = ACTIVITIES[feed]
            for page in self._pull(feed, activity.properties).pages(cursor):
                yield activity_page(page, activity, seen=cursor != "")
        else:
            yield from self._pull(feed, fields, key).pages(cursor)

    def _pull(self, kind: str, fields: Sequence[str], key: str = "") -> Pull:
        self._check(kind, fields)
        return Pull(self._client, self.side, _source(kind), fields, self._settings.overlap_seconds, key)

    def _check(self, kind: str, fields: Sequence[str]) -> None:
        """HubSpot ignores the name of a property it does not have, which would look like an empty field."""
        if kind not in self._known:
            found = self._client.properties(kind)["results"]
            self._known[kind] = frozenset(str(p.get("name")) for p in found)
        if missing := [name for name in fields if name not in self._known[kind]]:
            names = ", ".join(repr(name) for name in missing)
            raise Misconfigured(
                f"HubSpot: {kind} has no property {names}: run `leadsync provision --apply`, or correct the mapping."
            )

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """The named records as they are now."""
        return self._pull(kind, fields).read(ids)

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """The records whose unique property holds one of the values."""
        return self._pull(kind, fields).read(values, key)

    # ---- writing

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send one batch and answer each write once."""
        if len(writes) > BATCH:
            raise ValueError(f"a batch holds at most {BATCH} writes")
        return Push(self._client, self.side, _source(kind)).write(writes) if writes else []

    def tie(self, kind: str, links: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        """Associate records with others."""
        Push(self._client, self.side, _source(kind)).tie(links)

    def batch_for(self, kind: str, updates: int, creates: int) -> int:  # noqa: ARG002
        """What one call takes."""
        return BATCH

    def calls(self, kind: str, updates: int, creates: int, reads: int = 0) -> int:
        """API calls for so many writes: a batch each; new contacts' companies are tied in one more, and contacts' are
        read in one more."""
        ties = 2 if _source(kind).linked else 1
        return -(-updates // BATCH) + ties * (-(-creates // BATCH) + -(-reads // BATCH))

    def settle(self) -> None:
        """Nothing goes on in HubSpot once a call is over."""

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        """See to it that the properties exist, in the group "leadsync"."""
        steps = provision(self._client, fields, apply=apply)
        self._known.clear()
        return steps

    # ---- lists

    def members(self, group: str) -> Collection[Ref]:
        """Who is on a list."""
        return Lists(self._client, self.side).members(group)

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Put contacts on a static list."""
        return Lists(self._client, self.side).join(group, people)

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Take contacts off a static list."""
        return Lists(self._client, self.side).leave(group, people)

    def group_calls(self, there: int, joining: int, leaving: int) -> int:
        """What looking at a list and changing it takes."""
        return Lists(self._client, self.side).group_calls(there, joining, leaving)

    def check_groups(self, groups: Collection[str]) -> Sequence[Check]:
        """The scopes for lists, and the lists."""
        return Lists(self._client, self.side).check_groups(groups)

    # ---- the account

    def account(self) -> Json:
        """The account's details, asked for once."""
        if self._account is None:
            self._account = self._client.account()
        return self._account

    def allowances(self) -> Sequence[Allowance]:
        """Of the account's tier: per 10 seconds, searches per second, and per day."""
        return (
            Allowance(BURST, self._settings.burst_limit, timedelta(seconds=10), always=False),
            Allowance(SEARCH, self._settings.search_limit, timedelta(seconds=1), always=False),
            Allowance(DAILY, self._settings.daily_limit, timedelta(hours=24)),
        )

    def check(
        self,
        fields: Mapping[str, Sequence[str]],
        written: Mapping[str, Sequence[str]] = MappingProxyType({}),
        created: Collection[str] = (),
    ) -> Sequence[Check]:
        """Token, scopes, properties, API version, quota and clock. Creating takes the same scopes as writing."""
        writing = {**dict.fromkeys(created, ()), **{kind: names for kind, names in written.items() if names}}
        return Checkup(self._client, self._settings, self._clock(), (fields, writing)).run()

    def web_url(self, ref: Ref) -> str:
        """Where a person sees the record; one read of the account's number, the first time."""
        if ref.kind not in TYPE_IDS:
            return ""
        account = self.account()
        domain = account.get("uiDomain", "app.hubspot.com")
        return f"https://{domain}/contacts/{account.get('portalId')}/record/{TYPE_IDS[ref.kind]}/{ref.id}"

    def _until_midnight(self) -> float | None:
        """Seconds until the day's allowance comes back, where the account's time zone is known."""
        try:
            zone = ZoneInfo(str((self._account or {})["timeZone"]))
        except (KeyError, ValueError, ZoneInfoNotFoundError):
            return None
        return seconds_to_midnight(self._clock(), zone)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def seconds_to_midnight(now: datetime, zone: ZoneInfo) -> float:
    """From now to the next midnight of a time zone."""
    tomorrow = (now.astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - now).total_seconds()


def _source(kind: str) -> Source:
    if kind not in SOURCES:
        raise Misconfigured(f"HubSpot: there is no object {kind!r} here; known: {', '.join(SOURCES)}")
    return SOURCES[kind]
