"""Would a second run find anything to do? The whole cycle is run on a copy of the state, against stand-ins for the CRMs
that answer as the real ones have answered so far; nothing leaves the machine."""

# ruff: noqa: ARG002  a stand-in takes all that the protocol gives
from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from leadsync.connector import (
    Allowance,
    Check,
    Crm,
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
from leadsync.gates import NAMES
from leadsync.plan import Plan
from leadsync.plan.spelling import Habit, habits
from leadsync.records import Record, Ref
from leadsync.store import Store
from leadsync.sync import World, cycle

EVERY_GATE = frozenset(NAMES)


@dataclass(slots=True)
class Echo:
    """A stand-in for a CRM: it has the records of the state, and spells values as the CRM has spelled them."""

    side: str
    batch_size: int
    usage: Usage
    real: Crm
    store: Store
    habits: Mapping[tuple[str, str, str], Habit]
    now: datetime
    made: int = 0

    def objects(self) -> Sequence[ObjectType]:
        """As the real one."""
        return self.real.objects()

    def feeds(self) -> Sequence[Feed]:
        """Nothing new ever happens here."""
        return ()

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:
        """Nothing new ever happens here."""
        yield from ()

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """The records as the state has them."""
        seen = (self.store.pulled.record(Ref(self.side, kind, ident)) for ident in ids)
        return [s.record for s in seen if s is not None and not s.record.deleted]

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        """The records as the state has them."""
        return [s.record for s in self.store.pulled.records_of(self.side, kind) if s.record.fields.get(key) in values]

    def batch_for(self, kind: str, updates: int, creates: int) -> int:
        """Any number fits."""
        return max(self.batch_size, updates, creates)

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        """Every write is taken, and spelled as usual."""
        return [self._one(kind, write) for write in writes]

    def _one(self, kind: str, write: Write) -> Receipt:
        values = {n: self.habits.get((self.side, kind, n), Habit()).spell(v) for n, v in write.values.items()}
        if write.id is None:
            self.made += 1
            key = {write.key[0]: write.key[1]} if write.key is not None else {}
            ref = Ref(self.side, kind, f"rehearsed-{self.made}")
            record = Record(ref, {**values, **key}, self.now, dict(write.links), by_us=True)
            return Receipt(write.token, Outcome.DONE, ref.id, record, created=True)
        seen = self.store.pulled.record(Ref(self.side, kind, write.id))
        assert seen is not None, "a plan writes to records that are known"
        fields = {**seen.record.fields, **values}
        record = replace(seen.record, fields=fields, modified=max(seen.record.modified, self.now), by_us=True)
        return Receipt(write.token, Outcome.DONE, write.id, record)

    def calls(self, kind: str, updates: int, creates: int, reads: int = 0) -> int:
        """As the real one."""
        return self.real.calls(kind, updates, creates, reads)

    def settle(self) -> None:
        """Nothing is ever left at work here."""

    def allowances(self) -> Sequence[Allowance]:
        """Nothing is counted."""
        return ()

    def check(
        self,
        fields: Mapping[str, Sequence[str]],
        written: Mapping[str, Sequence[str]] = MappingProxyType({}),
        created: Collection[str] = (),
    ) -> Sequence[Check]:
        """There is no connection."""
        return ()

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        """There is nothing to create."""
        return ()

    def web_url(self, ref: Ref) -> str:
        """As the real one."""
        return self.real.web_url(ref)

    def close(self) -> None:
        """Nothing to give back."""


def second_plan(world: World) -> Plan:
    """What the run after the next one would write, if every write of the next one came through and nobody else did
    anything. Empty, or the named fields would be written again and again."""
    with tempfile.TemporaryDirectory(prefix="leadsync-twice-") as folder:
        copy = Path(folder) / "state.db"
        world.store.backup(copy)
        with Store(copy) as store:
            learned = habits(((s, k, f), (sent, there)) for s, k, f, sent, there in world.store.history.spellings())
            sides = {side: _echo(crm, store, learned, world) for side, crm in world.sides.items()}
            limits = replace(world.config.sync, baseline_first=False, audit_every=timedelta(0))
            config = replace(world.config, sync=limits)
            scratch = replace(world, store=store, sides=sides, config=config, run=f"{world.run}-rehearsed")
            cycle(scratch, write=True, open_gates=EVERY_GATE)
            return cycle(scratch, write=False).plan


def _echo(crm: Crm, store: Store, learned: Mapping[tuple[str, str, str], Habit], world: World) -> Crm:
    return Echo(crm.side, crm.batch_size, Usage(), crm, store, learned, world.clock())
