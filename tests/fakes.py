"""A CRM in memory that obeys the connectors' contract, and the people who work in it, for tests of the engine."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from leadsync.connector import (
    Allowance,
    Check,
    Feed,
    FieldSpec,
    ObjectType,
    Outcome,
    Page,
    ProvisionStep,
    Receipt,
    Usage,
    Write,
)
from leadsync.errors import Ambiguous, Rejected, TryAgain
from leadsync.records import Fields, Record, Ref, Role, Touch, Value

START = datetime(2026, 11, 1, tzinfo=UTC)
ENGINE, PERSON = "leadsync", "person"


class Crash(BaseException):
    """The process is gone."""


@dataclass(frozen=True, slots=True)
class Event:
    """One field's change. `seen`: the last change of this record that leadsync had been shown by then; `calls`: how
    many calls ago, on this side, that was."""

    at: int
    who: str
    ref: Ref
    field: str
    old: Value
    new: Value
    seen: int
    calls: int


class Diary:
    """What happened in all CRMs, in one order: who changed what, and what leadsync had been shown. `written`: its last
    writes, those too that changed nothing; `tally`: how often each kind of thing befell a record or a call."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.shown: dict[Ref, int] = {}
        self.now = 0
        self.written: dict[tuple[Ref, str], tuple[int, Value]] = {}
        self.tally: Counter[str] = Counter()
        self._calls: Counter[str] = Counter()
        self._asked: dict[Ref, int] = {}

    def note(self, who: str, ref: Ref, old: Fields, new: Fields) -> int:
        """A record changes; gives the change's number."""
        self.now += 1
        seen, calls = self.shown.get(ref, 0), self._calls[ref.side] - self._asked.get(ref, 0)
        for name, value in new.items():
            if name not in old or old[name] != value:
                self.events.append(Event(self.now, who, ref, name, old.get(name), value, seen, calls))
        return self.now

    def call(self, side: str) -> None:
        """leadsync calls a CRM."""
        self._calls[side] += 1

    def show(self, ref: Ref, version: int) -> None:
        """leadsync is shown a record as of this change."""
        self.shown[ref] = max(self.shown.get(ref, 0), version)
        self._asked[ref] = self._calls[ref.side]


@dataclass(frozen=True, slots=True)
class Version:
    """A record as it was from a moment on."""

    number: int
    at: datetime
    record: Record


def as_it_is(_name: str, value: Value) -> Value:
    """A CRM that changes nothing it is given."""
    return value


def accept(_write: Write) -> str:
    """A CRM that refuses nothing."""
    return ""


def nothing(_when: str) -> None:
    """Nobody does anything."""


def no_trouble(_kind: str, _writes: Sequence[Write]) -> str:
    """Every write call is answered."""
    return ""


class Shelf:
    """A CRM that keeps records in a dictionary, normalises values on write, and counts what it was asked.

    `on_write` is called before and after each batch (with "before" or "after") and may raise; `on_call` the same for
    every call ("before read contacts"). `spell` is how the CRM spells a value it is given; `refuse` says why a record
    is refused, or "", and `blames` which fields the answer names. `trouble` says what goes wrong with a write call: ""
    nothing, "down" (nothing was applied, it is certain), "lost before", "lost after" (the connection broke; nothing or
    all was applied), "half" (the first half was applied), "whole" (a batch with more than one record is refused without
    naming the culprit).
    `at_hand`: during a read or a write, the records it is about, and the fields that are written.
    `answers`: whether a write is answered with what now stands in the fields, as HubSpot does.
    `hidden`: fields that leadsync's user may not see.
    `tells`: whether it says who changed a record last; `lag`: how late a pull shows a change; `page`: records in one
    page; `skew`: how far its clock is off.
    """

    def __init__(
        self, side: str, kinds: Mapping[str, Role], batch_size: int = 3, diary: Diary | None = None, page: int = 1000
    ) -> None:
        self.side = side
        self.batch_size = batch_size
        self.page = page
        self.usage = Usage()
        self.kinds = dict(kinds)
        self.diary = diary if diary is not None else Diary()
        self.records: dict[Ref, Record] = {}
        self.versions: dict[Ref, list[Version]] = {}
        self.gone: dict[Ref, list[Version]] = {}
        self.touch_list: list[Touch] = []
        self.spell: Callable[[str, Value], Value] = as_it_is
        self.refuse: Callable[[Write], str] = accept
        self.blames: tuple[str, ...] = ()
        self.on_write: Callable[[str], None] = nothing
        self.on_call: Callable[[str], None] = nothing
        self.trouble: Callable[[str, Sequence[Write]], str] = no_trouble
        self.forget_answer = False
        self.tells = False
        self.answers = False
        self.lag = timedelta(0)
        self.skew = timedelta(0)
        self.hidden: tuple[str, ...] = ()
        self.at_hand: dict[Ref, tuple[str, ...]] = {}
        self.log: list[tuple[str, str | None, Fields]] = []
        self._ids = itertools.count(1)
        self._now = START

    # ---- what people do

    def tick(self, passed: timedelta = timedelta(seconds=1)) -> datetime:
        """Time passes; gives what the CRM's clock says."""
        self._now += passed
        return self._now + self.skew

    def keep(self, record: Record, who: str = PERSON) -> Record:
        """A record becomes this, in the diary too."""
        record = replace(record, modified_by=who, by_us=who == ENGINE if self.tells else None)
        before = self.records.get(record.ref)
        number = self.diary.note(who, record.ref, before.fields if before is not None else {}, record.fields)
        self.records[record.ref] = record
        self.versions.setdefault(record.ref, []).append(Version(number, self._now, record))
        return record

    def put(self, kind: str, links: Mapping[str, tuple[str, ...]] | None = None, **fields: Value) -> Ref:
        """A person makes a record."""
        return self.make(kind, fields, links or {}, PERSON)

    def make(self, kind: str, fields: Fields, links: Mapping[str, tuple[str, ...]], who: str) -> Ref:
        """Somebody makes a record."""
        ref = Ref(self.side, kind, str(next(self._ids)))
        self.keep(Record(ref, dict(fields), self.tick(), links), who)
        return ref

    def edit(self, ref: Ref, **fields: Value) -> None:
        """A person edits a record."""
        self.change(ref, fields, PERSON)

    def change(self, ref: Ref, fields: Fields, who: str) -> None:
        """Somebody changes a record."""
        old = self.records[ref]
        self.keep(replace(old, fields={**old.fields, **fields}, modified=self.tick()), who)
        if who == ENGINE:
            self.diary.written.update({(ref, name): (self.diary.now, value) for name, value in fields.items()})

    def delete(self, ref: Ref) -> None:
        """A person deletes a record."""
        self.diary.tally["deleted"] += 1
        self.keep(replace(self.records[ref], deleted=True, modified=self.tick()))

    def restore(self, ref: Ref) -> None:
        """A person takes a record back out of the bin."""
        self.diary.tally["restored"] += 1
        self.keep(replace(self.records[ref], deleted=False, modified=self.tick()))

    def merge_into_new(self, kept: Ref, lost: Ref) -> Ref:
        """A person merges two records as HubSpot does: a new id, and the old ids are its aliases."""
        self.diary.tally["merged into a new id"] += 1
        winner, loser = self.records.pop(kept), self.records.pop(lost)
        ref = Ref(self.side, kept.kind, str(next(self._ids)))
        aliases = (*winner.aliases, *loser.aliases, kept.id, lost.id)
        self.keep(Record(ref, _filled(winner.fields, loser.fields), self.tick(), winner.links, aliases))
        for old in (kept, lost):
            self.gone[old] = self.versions.pop(old)
        return ref

    def merge_into(self, kept: Ref, lost: Ref) -> Ref:
        """A person merges two records as Salesforce does: one stays, the other is deleted and names it."""
        self.diary.tally["merged into one of two"] += 1
        winner, loser = self.records[kept], self.records[lost]
        self.keep(replace(winner, fields=_filled(winner.fields, loser.fields), modified=self.tick()))
        self.keep(replace(loser, deleted=True, successor=kept, modified=self.tick()))
        return kept

    def convert(self, lead: Ref, kind: str, names: Mapping[str, str]) -> Ref:
        """A person converts a lead: a record of another object takes its place; `names`: its fields there."""
        self.diary.tally["converted"] += 1
        old = self.records[lead]
        ref = Ref(self.side, kind, str(next(self._ids)))
        fields = {names.get(name, name): value for name, value in old.fields.items()}
        self.keep(Record(ref, fields, self.tick()))
        self.keep(replace(old, read_only=True, successor=ref, modified=self.tick()))
        return ref

    def touch(self, person: Ref, at: datetime, kind: str, name: str = "") -> None:
        """Something happened with a person."""
        ref = Ref(self.side, "touches", str(next(self._ids)))
        self.touch_list.append(Touch(ref, person, at, kind, name=name))

    # ---- the contract

    def allowances(self) -> Sequence[Allowance]:
        return []

    def objects(self) -> Sequence[ObjectType]:
        return [ObjectType(kind, role, preferred=i) for i, (kind, role) in enumerate(self.kinds.items())]

    def feeds(self) -> Sequence[Feed]:
        """As the connectors do: what a record may become is read before it."""
        people = [Feed(kind, role) for kind, role in reversed(self.kinds.items()) if role is Role.PERSON]
        companies = [Feed(kind, role) for kind, role in self.kinds.items() if role is Role.COMPANY]
        return [*companies, *people, Feed("touches", None)]

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:
        since = datetime.fromisoformat(json.loads(cursor)) if cursor else None
        end = json.dumps((self._now - self.lag).isoformat())
        if feed == "touches":
            self._called("pull touches")
            yield Page(touches=tuple(self.touch_list), cursor=end)
            self.on_call("after pull touches")
            return
        shown = self._indexed(feed, since)
        for start in range(0, max(1, len(shown)), self.page):
            self._called(f"pull {feed}")
            part = shown[start : start + self.page]
            last = start + self.page >= len(shown)
            at = end if last else json.dumps(part[-1].at.isoformat())
            yield Page(records=tuple(self._shown(v, fields) for v in part), cursor=at)
            self.on_call(f"after pull {feed}")

    def _indexed(self, feed: str, since: datetime | None) -> list[Version]:
        """What the search index has: each record as it was `lag` ago, if that is new since the cursor."""
        until = self._now - self.lag
        found: list[Version] = []
        for ref, versions in self.versions.items():
            if ref.kind != feed:
                continue
            known = [v for v in versions if v.at <= until]
            self.diary.tally["not yet in the index"] += len(versions) - len(known)
            if known and (since is None or known[-1].at >= since):
                found.append(known[-1])
        return sorted(found, key=lambda v: v.number)

    def _called(self, what: str) -> None:
        self.usage.reads += 1
        self.diary.call(self.side)
        self.on_call(f"before {what}")

    def _shown(self, version: Version, fields: Sequence[str]) -> Record:
        record = version.record
        self.diary.show(record.ref, version.number)
        shown = {name: record.fields.get(name) for name in fields if name not in self.hidden}
        return replace(record, fields=shown)

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        refs = [Ref(self.side, kind, ident) for ident in ids]
        with self._holding(dict.fromkeys(refs, ())):
            self._called(f"read {kind}")
            found = [self._shown(self.versions[r][-1], fields) for r in refs if self._alive(r)]
            self.on_call(f"after read {kind}")
        return found

    @contextmanager
    def _holding(self, records: dict[Ref, tuple[str, ...]]) -> Iterator[None]:
        self.at_hand = records
        try:
            yield
        finally:
            self.at_hand = {}

    def _alive(self, ref: Ref) -> bool:
        return ref in self.records and not self.records[ref].deleted

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        self._called(f"find {kind}")
        hits = [r.ref for r in self.records.values() if r.ref.kind == kind and r.fields.get(key) in values]
        found = [self._shown(self.versions[ref][-1], fields) for ref in hits if self._alive(ref)]
        self.on_call(f"after find {kind}")
        return found

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        assert len(writes) <= self.batch_size
        self.usage.writes += 1
        self.diary.call(self.side)
        with self._holding({Ref(self.side, kind, w.id): tuple(w.values) for w in writes if w.id is not None}):
            self.on_write("before")
            self.on_call(f"before write {kind}")
            receipts = self._answer(kind, writes, self.trouble(kind, writes))
            self.on_write("after")
            self.on_call(f"after write {kind}")
        if self.forget_answer:
            return [Receipt(write.token, Outcome.UNKNOWN, write.id) for write in writes]
        return receipts

    def _answer(self, kind: str, writes: Sequence[Write], trouble: str) -> Sequence[Receipt]:
        self.diary.tally[f"write call: {trouble or 'answered'}"] += 1
        match trouble:
            case "":
                return [self._one(kind, write) for write in writes]
            case "down":
                raise TryAgain("503")
            case "whole" if any(self.refuse(write) for write in writes):
                raise Rejected("the batch is refused", code="BATCH")
            case "whole":
                return [self._one(kind, write) for write in writes]
            case "lost before" | "half" | "lost after":
                arrived = {"lost before": 0, "half": len(writes) // 2, "lost after": len(writes)}[trouble]
                for write in writes[:arrived]:
                    self._one(kind, write)
                raise Ambiguous("the connection was lost")
            case unknown:
                raise AssertionError(unknown)

    def _one(self, kind: str, write: Write) -> Receipt:
        if reason := self.refuse(write):
            self.diary.tally["refused by a rule"] += 1
            error = Rejected(reason, code="REFUSED", fields=self.blames, hint="mend the record")
            return Receipt(write.token, Outcome.REJECTED, write.id, error=error)
        spelled = {name: self.spell(name, value) for name, value in write.values.items()}
        self.diary.tally["written in another spelling"] += spelled != dict(write.values)
        if write.id is not None:
            ref = Ref(self.side, kind, write.id)
            if not self._alive(ref):
                self.diary.tally["written to after its deletion"] += 1
                return Receipt(write.token, Outcome.REJECTED, write.id, error=Rejected("it is gone", code="GONE"))
            if self.records[ref].read_only:
                self._written_though_converted(ref)
                return Receipt(
                    write.token, Outcome.REJECTED, write.id, error=Rejected("it is converted", code="CONVERTED")
                )
            self.log.append((kind, write.id, spelled))
            self.change(ref, spelled, ENGINE)
            return Receipt(write.token, Outcome.DONE, write.id, record=self._told(ref, spelled))
        self.log.append((kind, write.id, spelled))
        assert write.key is not None
        name, value = write.key
        there = [r.ref for r in self.records.values() if r.ref.kind == kind and r.fields.get(name) == value]
        there = [ref for ref in there if self._alive(ref)]
        ref = there[0] if there else self.make(kind, {}, dict(write.links), ENGINE)
        self.change(ref, {**spelled, name: value}, ENGINE)
        return Receipt(write.token, Outcome.DONE, ref.id, record=self._told(ref, spelled), created=not there)

    def _written_though_converted(self, ref: Ref) -> None:
        self.diary.tally["written to after its conversion"] += 1
        now = self.versions[ref][-1].number
        assert self.diary.shown.get(ref, 0) < now, f"{ref} was written to though it was shown to be converted"

    def _told(self, ref: Ref, written: Fields) -> Record | None:
        return replace(self.records[ref], fields=dict(written)) if self.answers else None

    def batch_for(self, kind: str, updates: int, creates: int) -> int:
        return self.batch_size

    def calls(self, kind: str, updates: int, creates: int, reads: int = 0) -> int:
        return sum(-(-count // self.batch_size) for count in (updates, creates, reads))

    def settle(self) -> None:
        """Nothing goes on when the connection is gone."""

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        return []

    def check(
        self,
        fields: Mapping[str, Sequence[str]],
        written: Mapping[str, Sequence[str]] | None = None,
        created: Collection[str] = (),
    ) -> Sequence[Check]:
        return []

    def web_url(self, ref: Ref) -> str:
        return ""

    def close(self) -> None:
        pass


def _filled(first: Fields, second: Fields) -> Fields:
    """A merge keeps the winner's values and takes the loser's where the winner has none."""
    blank = (None, "")
    return {name: second.get(name) if first.get(name) in blank else first[name] for name in {**second, **first}}
