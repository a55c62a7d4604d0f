"""A connection to one Salesforce org, as the engine sees it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeAlias

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
from leadsync.connector.besides import Deal, Entry, EntryKind, Standing
from leadsync.errors import Misconfigured, SkipRecord, Unreadable
from leadsync.records import Record, Ref, Role, Touch
from leadsync_salesforce.bulk import CALLS, MOST, Ingest
from leadsync_salesforce.campaigns import Campaigns
from leadsync_salesforce.check import Checkup, Wanted
from leadsync_salesforce.client import Client
from leadsync_salesforce.fields import Describes
from leadsync_salesforce.influence import Influence
from leadsync_salesforce.provision import Provisioner
from leadsync_salesforce.pull import Source, drain
from leadsync_salesforce.push import BATCH, READ, Pusher
from leadsync_salesforce.query import among, select
from leadsync_salesforce.records import (
    EVENT_FIELDS,
    MEMBER_FIELDS,
    OWN_FIELDS,
    TASK_FIELDS,
    Reader,
    event_touch,
    member_touch,
    task_touch,
)
from leadsync_salesforce.settings import SalesforceSettings
from leadsync_salesforce.tasks import Tasks
from leadsync_salesforce.transport import DAILY

DecodeTouch: TypeAlias = Callable[[str, Mapping[str, Any], str], Touch | None]
"""(side, row, the id of the user we act as) → a touch; None for a row that is nobody's."""

OBJECTS = (
    ObjectType("Account", Role.COMPANY, "Account"),
    ObjectType("Lead", Role.PERSON, "Lead", preferred=1),
    ObjectType("Contact", Role.PERSON, "Contact", preferred=2),
)
_TOUCHES: Mapping[str, tuple[tuple[str, ...], DecodeTouch]] = {
    "CampaignMember": (MEMBER_FIELDS, member_touch),
    "Task": (TASK_FIELDS, task_touch),
    "Event": (EVENT_FIELDS, event_touch),
}
_ACTIVITIES = ("Task", "Event")


class SalesforceCrm:
    """Implements `leadsync.connector.Crm`, and `Groups`, `Deals` and `Entries` of `leadsync.connector.besides`."""

    batch_size = BATCH

    def __init__(
        self,
        settings: SalesforceSettings,
        clock: Clock,
        side: str = "salesforce",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.side = side
        self.usage = Usage()
        self._settings = settings
        self._clock = clock
        self._client = Client(settings, self.usage, sleep)
        self._describes = Describes(self._client)
        self._models: dict[str, str] = {}

    def objects(self) -> Sequence[ObjectType]:
        """Accounts are companies; leads and contacts are people, the contact speaking for one that is both."""
        return OBJECTS

    def feeds(self) -> Sequence[Feed]:
        """Companies before people before touches; contacts before leads: of a lead that is converted between the two,
        the contact is seen with the next pull, when it is known what it was made from, and what is typed there is an
        edit."""
        touches = [name for name in _TOUCHES if self._settings.activities or name not in _ACTIVITIES]
        objects = sorted(OBJECTS, key=lambda o: (o.role is Role.PERSON, -o.preferred))
        return (*(Feed(o.name, o.role) for o in objects), *(Feed(name, None) for name in touches))

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:  # noqa: ARG002  queryAll shows them whole
        """Drain a feed, deleted and merged records included. Raises Misconfigured for fields that are not there."""
        overlap = timedelta(seconds=self._settings.overlap_seconds)
        yield from drain(self._ask, self._source(feed, fields), cursor, overlap)

    def _source(self, feed: str, fields: Sequence[str]) -> Source:
        if feed in _TOUCHES:
            own, decode = _TOUCHES[feed]
            return Source(self.side, feed, own, lambda row: decode(self.side, row, self._client.user))
        if feed not in OWN_FIELDS:
            raise Misconfigured(f"Salesforce has no feed {feed!r}; known: {', '.join((*OWN_FIELDS, *_TOUCHES))}")
        reader = self._reader(feed, fields)
        return Source(self.side, feed, (*OWN_FIELDS[feed], *fields), reader.record)

    def _reader(self, kind: str, fields: Sequence[str]) -> Reader:
        if kind not in OWN_FIELDS:
            raise Misconfigured(f"Salesforce object {kind!r} holds no people or companies: {', '.join(OWN_FIELDS)} do")
        described = self._describes.of(kind)
        described.check(fields)
        return Reader(self.side, described, fields, self._client.user)

    def _ask(self, soql: str) -> tuple[Any, datetime | None]:
        try:
            body = self._client.get("queryAll", {"q": soql})
        except Misconfigured:
            self._describes.forget()
            raise
        return body, self._client.server_time

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Records by id, as they are now. Fields of related records (with dots) are read by a query."""
        reader = self._reader(kind, fields)
        if any("." in name for name in fields):
            return self._query(reader, kind, "Id", ids)
        return Pusher(self._client, self.side, reader.described).read(ids, fields)

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """Records whose field `key` holds one of the values."""
        reader = self._reader(kind, fields)
        reader.described.check([key])
        return self._query(reader, kind, key, values)

    def _query(self, reader: Reader, kind: str, key: str, values: Sequence[str]) -> list[Record]:
        found: list[Record] = []
        wanted = (*OWN_FIELDS[kind], *reader.fields)
        for condition in among(key, values):
            found.extend(reader.record(row) for row in self._rows(kind, select(kind, wanted, condition)))
        return found

    def _rows(self, kind: str, soql: str) -> Iterator[Mapping[str, Any]]:
        """The rows of all pages of a query."""
        path: str | None = "query"
        params: dict[str, Any] = {"q": soql}
        while path is not None:
            body = self._client.get(path, params)
            if not isinstance(body, dict) or not isinstance(body.get("records"), list):
                raise Unreadable(f"Salesforce query of {kind}: the answer is not what the API promises")
            yield from body["records"]
            path, params = _next_path(kind, body), {}

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send up to 10,000 writes by sObject Collections or, where it takes fewer calls, by a bulk job; read back."""
        ingest = self._ingest() if self._by_job(len(writes)) else None
        return Pusher(self._client, self.side, self._reader(kind, ()).described).write(writes, ingest)

    def batch_for(self, kind: str, updates: int, creates: int) -> int:  # noqa: ARG002
        """As many as a bulk job takes, or as are read back by one call."""
        return MOST if self._by_job(max(updates, creates)) else READ

    def calls(self, kind: str, updates: int, creates: int, reads: int = 0) -> int:
        """A call for each 200 writes, or five for a smooth job of 10,000; one for each 2,000 read back or before."""
        return self._cost(kind, updates) + self._cost(kind, creates) + -(-reads // READ)

    def _cost(self, kind: str, writes: int) -> int:
        size = self.batch_for(kind, writes, 0)
        parts = [min(size, writes - start) for start in range(0, writes, size)]
        return sum((CALLS if self._by_job(n) else -(-n // BATCH)) + -(-n // READ) for n in parts)

    def _by_job(self, writes: int) -> bool:
        return writes >= self._settings.bulk_from

    def _ingest(self) -> Ingest:
        return Ingest(self._client, self._settings.bulk_wait_seconds)

    def settle(self) -> None:
        """Wait for the bulk jobs that a run which was cut short left at work. Raises StopRun when they go on."""
        self._ingest().finish()

    def members(self, group: str) -> Collection[Ref]:
        """The members of a campaign."""
        return self._campaigns().members(group)

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """Make people members of a campaign."""
        return self._campaigns().join(group, people)

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        """End memberships of people that have not responded."""
        return self._campaigns().leave(group, people)

    def group_calls(self, there: int, joining: int, leaving: int) -> int:
        """What looking at a campaign's members and changing them takes."""
        return self._campaigns().group_calls(there, joining, leaving)

    def check_groups(self, groups: Collection[str]) -> Sequence[Check]:
        """The rights on campaign members, and the campaigns."""
        return self._campaigns().check_groups(groups)

    def _campaigns(self) -> Campaigns:
        return Campaigns(self._client, self.side, self._rows)

    # ---- deals, tasks and influence

    def deals(self) -> Iterator[Deal]:
        """All open opportunities."""
        return self._influence().deals()

    def entries(self, kind: EntryKind, place: str, asked: Sequence[Entry]) -> Sequence[Standing]:
        """Tasks of our user, or rows of a model of campaign influence."""
        match kind:
            case EntryKind.TASK:
                return self._tasks().entries(asked)
            case EntryKind.INFLUENCE:
                return self._influence().entries(place, asked)

    def put(self, kind: EntryKind, place: str, entries: Sequence[Entry]) -> Mapping[str, str | SkipRecord]:
        """Make tasks; make or change rows of influence."""
        match kind:
            case EntryKind.TASK:
                return self._tasks().put(entries)
            case EntryKind.INFLUENCE:
                return self._influence().put(place, entries)

    def take_away(self, kind: EntryKind, place: str, entries: Sequence[Entry]) -> Mapping[str, SkipRecord]:  # noqa: ARG002
        """Delete by id."""
        match kind:
            case EntryKind.TASK:
                return self._tasks().take_away(entries)
            case EntryKind.INFLUENCE:
                return self._influence().take_away(entries)

    def entry_calls(self, kind: EntryKind, made: int, changed: int, taken: int) -> int:
        """Looks and writes."""
        match kind:
            case EntryKind.TASK:
                return Tasks.calls(made, taken)
            case EntryKind.INFLUENCE:
                return Influence.calls(made, changed, taken)

    def check_entries(self, kind: EntryKind, place: str) -> Sequence[Check]:
        """The rights that they take, and the model of influence."""
        match kind:
            case EntryKind.TASK:
                return self._tasks().check()
            case EntryKind.INFLUENCE:
                return self._influence().check(place)

    def _tasks(self) -> Tasks:
        return Tasks(self._client, self.side, self._rows)

    def _influence(self) -> Influence:
        return Influence(self._client, self.side, self._rows, self._models)

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        """Create the custom fields and grant them to our user through the permission set "LeadSync"."""
        return Provisioner(self._client, self._describes, apply=apply).run(fields)

    def allowances(self) -> Sequence[Allowance]:
        """Of the org, in any 24 hours."""
        return (Allowance(DAILY, self._settings.daily_limit, timedelta(hours=24)),)

    def check(
        self,
        fields: Mapping[str, Sequence[str]],
        written: Mapping[str, Sequence[str]] = MappingProxyType({}),
        created: Collection[str] = (),
    ) -> Sequence[Check]:
        """Login, scopes, objects and fields, API version, quota and clock."""
        touches = {feed.name: _TOUCHES[feed.name][0] for feed in self.feeds() if feed.name in _TOUCHES}
        wanted = Wanted(fields, written, created, touches)
        return Checkup(self._client, self._settings, self._clock(), wanted).run()

    def web_url(self, ref: Ref) -> str:
        """The record's page; Salesforce leads from the id to the right one."""
        return f"{self._settings.url}/{ref.id}"

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


def _next_path(kind: str, body: Mapping[str, Any]) -> str | None:
    """Where a query goes on: only ever a locator below our own API version, whatever the server writes."""
    if body.get("done") is True:
        return None
    found = str(body.get("nextRecordsUrl", "")).rpartition("/query/")[2]
    if not found.replace("-", "").isalnum():
        raise Unreadable(f"Salesforce query of {kind}: no way to the rest of the answer")
    return f"query/{found}"
