"""A CRM and a register in memory that obey the connectors' contract, for tests of the engine."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from leadsync.connector import Feed, FieldSpec, ObjectType, Outcome, Page, ProvisionStep, Receipt, Usage, Write
from leadsync.errors import Rejected
from leadsync.records import Fields, Record, Ref, Role, Touch, Value

START = datetime(2026, 11, 1, tzinfo=UTC)


class Shelf:
    """A CRM that keeps records in a dictionary, normalises values on write, and counts what it was asked.

    `on_write` is called before and after each batch (with "before" or "after") and may raise; `spell` is how the CRM
    spells a value it is given; `refuse` says why a record is refused, or "".
    """

    def __init__(self, side: str, kinds: Mapping[str, Role], batch_size: int = 3) -> None:
        self.side = side
        self.batch_size = batch_size
        self.usage = Usage()
        self.kinds = dict(kinds)
        self.records: dict[Ref, Record] = {}
        self.touch_list: list[Touch] = []
        self.spell: Callable[[str, Value], Value] = lambda _name, value: value
        self.refuse: Callable[[Write], str] = lambda _write: ""
        self.on_write: Callable[[str], None] = lambda _when: None
        self.forget_answer = False
        self.log: list[tuple[str, str | None, Fields]] = []
        self._ids = itertools.count(1)
        self._now = START

    # ---- what people do

    def tick(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now

    def put(self, kind: str, links: Mapping[str, tuple[str, ...]] | None = None, **fields: Value) -> Ref:
        """A person makes a record."""
        ref = Ref(self.side, kind, str(next(self._ids)))
        self.records[ref] = Record(ref, dict(fields), self.tick(), links or {})
        return ref

    def edit(self, ref: Ref, **fields: Value) -> None:
        """A person edits a record."""
        old = self.records[ref]
        self.records[ref] = Record(ref, {**old.fields, **fields}, self.tick(), old.links)

    def touch(self, person: Ref, at: datetime, kind: str, **words: str) -> None:
        """Something happened with a person."""
        ref = Ref(self.side, "touches", str(next(self._ids)))
        self.touch_list.append(Touch(ref, person, at, kind, **words))

    # ---- the contract

    def objects(self) -> Sequence[ObjectType]:
        return [ObjectType(kind, role, preferred=i) for i, (kind, role) in enumerate(self.kinds.items())]

    def feeds(self) -> Sequence[Feed]:
        return [*(Feed(kind, role) for kind, role in self.kinds.items()), Feed("touches", None)]

    def pull(self, feed: str, cursor: str, fields: Sequence[str]) -> Iterator[Page]:
        since = datetime.fromisoformat(json.loads(cursor)) if cursor else START
        self.usage.reads += 1
        last = json.dumps(self._now.isoformat())
        if feed == "touches":
            yield Page(touches=tuple(self.touch_list), cursor=last)
            return
        changed = [r for r in self.records.values() if r.ref.kind == feed and r.modified >= since]
        yield Page(records=tuple(self._shown(r, fields) for r in changed), cursor=last)

    def _shown(self, record: Record, fields: Sequence[str]) -> Record:
        shown = {name: record.fields.get(name) for name in fields}
        return Record(record.ref, shown, record.modified, record.links, deleted=record.deleted)

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        self.usage.reads += 1
        refs = [Ref(self.side, kind, ident) for ident in ids]
        return [self._shown(self.records[ref], fields) for ref in refs if ref in self.records]

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        self.usage.reads += 1
        return [
            self._shown(r, fields) for r in self.records.values() if r.ref.kind == kind and r.fields.get(key) in values
        ]

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        assert len(writes) <= self.batch_size
        self.usage.writes += 1
        self.on_write("before")
        receipts = [self._one(kind, write) for write in writes]
        self.on_write("after")
        if self.forget_answer:
            return [Receipt(write.token, Outcome.UNKNOWN, write.id) for write in writes]
        return receipts

    def _one(self, kind: str, write: Write) -> Receipt:
        if reason := self.refuse(write):
            error = Rejected(reason, code="REFUSED", hint="mend the record")
            return Receipt(write.token, Outcome.REJECTED, write.id, error=error)
        spelled = {name: self.spell(name, value) for name, value in write.values.items()}
        self.log.append((kind, write.id, spelled))
        if write.id is not None:
            ref = Ref(self.side, kind, write.id)
            if ref not in self.records:
                return Receipt(write.token, Outcome.REJECTED, write.id, error=Rejected("it is gone", code="GONE"))
            self.edit(ref, **spelled)
            return Receipt(write.token, Outcome.DONE, write.id)
        assert write.key is not None
        name, value = write.key
        there = [r for r in self.records.values() if r.ref.kind == kind and r.fields.get(name) == value]
        ref = there[0].ref if there else self.put(kind, dict(write.links))
        self.edit(ref, **{**spelled, name: value})
        return Receipt(write.token, Outcome.DONE, ref.id, created=not there)

    def calls(self, kind: str, updates: int, creates: int) -> int:
        return -(-updates // self.batch_size) + -(-creates // self.batch_size)

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        return []

    def web_url(self, ref: Ref) -> str:
        return ""

    def close(self) -> None:
        pass
