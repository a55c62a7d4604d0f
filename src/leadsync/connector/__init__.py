"""What a connector is, and how the engine finds one by name.

A connector is an entry point in the group `leadsync.connectors` that holds one `Connector` value. The engine knows
nothing of vendors: it pulls pages, plans, and pushes batches of `Write`s through the protocols below.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from importlib.metadata import entry_points
from typing import Any, Protocol, TypeAlias

from pydantic import BaseModel

from leadsync.errors import Misconfigured, SkipRecord
from leadsync.records import (
    CompanyQuery,
    Fields,
    Kin,
    LegalEntity,
    Ownership,
    Record,
    Ref,
    Role,
    Touch,
)

LAG = timedelta(minutes=10)
"""How late a CRM may show a change at worst: Salesforce's rows become visible up to 10 minutes after their time stamp
(seen by users of several tools), HubSpot's search within seconds to minutes."""
GROUP = "leadsync.connectors"
Clock: TypeAlias = Callable[[], datetime]
"""Gives the time, aware and in UTC."""


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A vendor object whose records are people or companies, e.g. contacts, Lead, Account.

    `preferred`: where one person has records of several objects on one side, the highest speaks for it.
    """

    name: str
    role: Role
    label: str = ""
    preferred: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """A stream that `pull` drains page by page from its own cursor: an object's records, or a kind of touches."""

    name: str
    role: Role | None
    """The role of the records it yields; None for a feed of touches."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A record or touch that arrived and could not be understood: kept with its reason; its page goes on."""

    ref: Ref
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What one read brought. `cursor` is opaque to the engine and commits together with the page."""

    records: tuple[Record, ...] = ()
    touches: tuple[Touch, ...] = ()
    unread: tuple[Unread, ...] = ()
    cursor: str = ""
    total: int | None = None
    """How many the server says there are in all, where it says so (for progress)."""


@dataclass(frozen=True, slots=True)
class Write:
    """Field values to set on one record; None clears a field.

    `id` None means create-or-update by `key` (a unique field and its value): a repeated create is then an update.
    `links`: records a new one is to be associated with, by vendor object.
    `token`: ours; the receipt carries it back.
    """

    token: str
    kind: str
    id: str | None
    values: Fields
    key: tuple[str, str] | None = None
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Outcome(StrEnum):
    """What became of a write."""

    DONE = "done"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to one `Write`, also when its batch half failed.

    DONE: `id` is the record's (also a new one's); `record` holds what the CRM now has, where the answer told.
    REJECTED: `error` says why. UNKNOWN: time-out, lost connection, 5xx: the engine reads the record again.
    """

    token: str
    outcome: Outcome
    id: str | None = None
    record: Record | None = None
    error: SkipRecord | None = None
    created: bool = False


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field that a mapping needs in the CRM, for `provision`.

    `type`: string, text, int, number, bool, date, datetime or enum (with `options`).
    """

    kind: str
    name: str
    label: str
    type: str
    description: str = ""
    options: tuple[str, ...] = ()
    unique: bool = False
    length: int = 255


@dataclass(frozen=True, slots=True)
class ProvisionStep:
    """One thing `provision` finds or does. `state`: "exists", "missing", "created", "granted" or "conflict"."""

    what: str
    state: str
    detail: str = ""


class Health(StrEnum):
    """How something that was looked at stands."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing `leadsync doctor` looked at: what was found, and what to do about it ("" when nothing is)."""

    name: str
    state: Health
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """So many requests within a window, as the vendor allows. `always`: every request counts against it."""

    name: str
    limit: int
    window: timedelta
    always: bool = True


class Meter(Protocol):
    """Asked before every wire request, told what answers say of the allowance."""

    def take(self, *names: str) -> None:
        """Count one request against the named allowances and those that always count; waits until there is room.

        Raises QuotaExhausted when the day's allowance is used up.
        """

    def answered(self) -> None:
        """The request that was counted last got its answer, or failed: it is no longer under way."""

    def saw(self, name: str, used: int, limit: int) -> None:
        """An answer said how much of an allowance is used, by anybody, and how much there is."""


class Unmetered:
    """No governor: everything may go out."""

    def take(self, *names: str) -> None:
        """Nothing to wait for."""

    def answered(self) -> None:
        """Nothing to note."""

    def saw(self, name: str, used: int, limit: int) -> None:
        """Nothing to learn."""


@dataclass(slots=True)
class Usage:
    """Wire requests of this connection, counted one by one, and what the server said of the allowance."""

    reads: int = 0
    writes: int = 0
    used: int | None = None
    limit: int | None = None
    meter: Meter = field(default_factory=Unmetered)

    def count(self, *names: str, write: bool) -> None:
        """Count one wire request, which is about to be sent; `names`: allowances it counts against besides the rest."""
        self.meter.take(*names)
        if write:
            self.writes += 1
        else:
            self.reads += 1

    def answered(self) -> None:
        """The request that was counted last got its answer, or failed."""
        self.meter.answered()

    def saw(self, name: str, used: int, limit: int) -> None:
        """What an answer said of an allowance."""
        self.used, self.limit = used, limit
        self.meter.saw(name, used, limit)


class Crm(Protocol):
    """An open connection to one CRM. Reads retry by themselves; writes never resend what may have been applied."""

    side: str
    batch_size: int
    usage: Usage

    def objects(self) -> Sequence[ObjectType]:
        """The objects whose records are people or companies."""

    def feeds(self) -> Sequence[Feed]:
        """All that can be pulled, in the order to pull it."""

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:
        """Drain a feed from `cursor` ("" = from the beginning) with the given vendor fields and those the connector
        itself needs; ends when the server has no more. Each page's cursor is where to go on after it; an overlap
        covers what the server shows late. `key`: the field that deleted records are to have too, if there is one."""

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """The named records as they are now; those that do not exist are left out."""

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """The records whose unique field `key` holds one of `values`."""

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Send one batch (at most `batch_for`, all updates or all creates) and answer each write once.

        Raises `Rejected` when the server refuses the batch as a whole without naming the culprit: the engine splits
        it. Raises `TryAgain` only when nothing was applied; `StopRun` when no write can succeed.
        """

    def batch_for(self, kind: str, updates: int, creates: int) -> int:
        """How many writes to hand to `write` at once when there are so many of one manner: `batch_size`, or more where
        the connector needs fewer calls for them together."""

    def calls(self, kind: str, updates: int, creates: int, reads: int = 0) -> int:
        """How many API calls `write` (and the read-back it needs) will spend on so many records, and `read` on `reads`
        of them beforehand."""

    def settle(self) -> None:
        """Wait for what a connection that was cut short may have left at work over there, so that reading tells its
        outcome. Raises `StopRun` when it goes on."""

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        """See to it that the fields exist and that our user may read and write them; idempotent."""

    def allowances(self) -> Sequence[Allowance]:
        """What the vendor allows this connection: short windows and the day."""

    def check(
        self,
        fields: Mapping[str, Sequence[str]],
        written: Mapping[str, Sequence[str]] = ...,
        created: Collection[str] = ...,
    ) -> Sequence[Check]:
        """How this connection stands: credentials, permissions, limits. `fields`: what is read of each object;
        `written`: those of them leadsync writes; `created`: objects it creates records of. Nothing is changed, and
        what goes wrong is a check that fails, not an error."""

    def web_url(self, ref: Ref) -> str:
        """Where a person sees the record, or "" when unknown."""

    def close(self) -> None:
        """Give the connections back."""


class Changes(Protocol):
    """What a register learned since an earlier publication."""

    def touched(self, leis: Collection[str]) -> frozenset[str]:
        """Those of the entities whose record, relationships or exceptions changed."""

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        """As `Register.candidates`, of the changed records alone."""


class Register(Protocol):
    """An open register of legal entities: who could be meant, and who owns whom."""

    usage: Usage

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        """For each query the entities that could be meant, the likeliest first; in bulk, in the queries' order."""

    def entity(self, lei: str) -> LegalEntity | None:
        """The record of one LEI, or None when the register has none."""

    def ownership(self, lei: str, on: date | None = None) -> Ownership:
        """Direct and ultimate parents as reported, else climbed, now or on a day; or the reason why there are none."""

    def kin(self, lei: str, on: date | None = None, *, up: bool = False) -> Sequence[Kin]:
        """The entities one step below it (or, `up`, above it), now or on a day; its funds (or fund managers) too."""

    def changes(self, since: datetime) -> Changes | None:
        """What changed after that publication; None where that is not known: everything may have."""

    def published(self) -> datetime | None:
        """When the data in use was published; None when there is none."""

    def close(self) -> None:
        """Give files and connections back."""


class Kind(StrEnum):
    """What a connector connects to."""

    CRM = "crm"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class Connector:
    """The value behind an entry point.

    `open(settings, clock, side)` gives a `Crm`, or for a register `open(settings, clock)` a `Register`.
    `settings` has a field `url` and one for each of the sandbox's `credentials()`.
    `sandbox(clock)` gives the vendor's empty sandbox, a `leadsync.sandbox.Sandbox`; `demo()` its section of the
    demonstration's seed, for `Sandbox.seed`.
    """

    name: str
    kind: Kind
    settings: type[BaseModel]
    open: Callable[..., Any]
    sandbox: Callable[..., Any]
    demo: Callable[[], Mapping[str, Any]]
    objects: tuple[ObjectType, ...] = ()
    """What an open connection's `objects()` gives, where it is known beforehand: mappings are checked against it."""
    check: Callable[..., Sequence[Check]] | None = None
    """For a register, whose opening may download it: `check(settings, clock)` says how it stands without opening it."""
    at_hand: Callable[..., Any] | None = None
    """For a register: `at_hand(settings, folder, clock)` opens it as it is, in `folder` or where the settings say."""


def connectors() -> dict[str, Connector]:
    """All installed connectors by name."""
    return {point.name: point.load() for point in sorted(entry_points(group=GROUP), key=lambda p: p.name)}


def connector(name: str) -> Connector:
    """The installed connector of that name; raises Misconfigured naming those there are."""
    for point in entry_points(group=GROUP):
        if point.name == name:
            found: Connector = point.load()
            return found
    known = ", ".join(sorted(p.name for p in entry_points(group=GROUP))) or "none"
    raise Misconfigured(f"there is no connector named {name!r}. Installed: {known}.")
