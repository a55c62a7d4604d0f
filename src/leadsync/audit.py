"""The audit sweep: every record is read again and compared with what is known, so that a missed event is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from leadsync.connector import Clock, Crm
from leadsync.errors import StopRun, TryAgain
from leadsync.mapping.model import ObjectMap
from leadsync.progress import Progress
from leadsync.records import ABSENT, Record, Ref, Role
from leadsync.store import Store

BATCH = 500
"""Records asked for and compared at a time; the connector splits it as its API wants."""
SAMPLE = 5
"""Records by which is seen whether a field can be read."""
MOST_MISSING = 0.05
"""Of a batch: more that do not answer are rather misread than deleted, and nothing is concluded."""
NOTED = "last audit"


@dataclass(frozen=True, slots=True)
class Audited:
    """What a sweep found: records read, those that were not as known, and those that are no longer there."""

    read: int = 0
    differing: tuple[Ref, ...] = ()
    missing: tuple[Ref, ...] = ()
    doubtful: tuple[Ref, ...] = ()
    """So many at once did not answer that they are left as they are."""
    again: int = 0
    """Refused writes that the next run sends again."""


def due(store: Store, every: timedelta, now: datetime) -> bool:
    """Whether it is time for a sweep. The first one is due one period after the first look."""
    if every <= timedelta(0):
        return False
    last = store.noted(NOTED)
    if last is None:
        store.note(NOTED, now.isoformat())
        return False
    return now - datetime.fromisoformat(last) >= every


def audit(
    store: Store,
    sides: Mapping[str, Crm],
    mappings: Mapping[Role, ObjectMap],
    clock: Clock,
    progress: Progress,
    stop: Callable[[], bool],
) -> Audited:
    """Read every live record anew. Differences are taken in as any other news; nothing is written to a CRM. Refused
    writes get another try, for their cause may have gone; but not those of which nobody wants to hear."""
    found, counts = Audited(), store.pulled.counts()
    for crm, kind, fields in _objects(sides, mappings):
        progress.step(f"audit {crm.side} {kind}", counts.get((crm.side, kind), 0))
        for batch in _batches(store, crm.side, kind):
            if stop():
                return found
            found = _merged(found, _one(store, crm, kind, batch, fields, clock()))
            progress.advance(len(batch))
    again = [r.ref for r in store.outbox.rejects() if r.direction == "write" and not r.dropped]
    with store.transaction():
        store.outbox.try_again(again)
        store.note(NOTED, clock().isoformat())
    return replace(found, again=len(again))


def catch_up(
    store: Store,
    sides: Mapping[str, Crm],
    mappings: Mapping[Role, ObjectMap],
    clock: Clock,
    progress: Progress,
    stop: Callable[[], bool],
) -> None:
    """Read the records of an object again once fields of it can be read that could not be before: they were mapped
    since, provisioned, or opened to leadsync's user. Else they would be known of those alone that somebody edits."""
    for crm, kind, fields in _objects(sides, mappings):
        shown = _still_mapped(store, crm.side, kind, fields)
        if shown.issuperset(fields) or stop():
            continue
        sample = [record.ref.id for record in store.pulled.some(crm.side, kind, SAMPLE)]
        now_shown = {name for record in _read(crm, kind, sample, fields).values() for name in record.fields}
        if now_shown <= shown:
            continue
        progress.step(f"read what is new in {crm.side} {kind}", store.pulled.counts().get((crm.side, kind), 0))
        for batch in _batches(store, crm.side, kind):
            if stop():
                return
            _one(store, crm, kind, batch, fields, clock())
            progress.advance(len(batch))
        store.pulled.note_shown(crm.side, kind, now_shown)


def _objects(sides: Mapping[str, Crm], mappings: Mapping[Role, ObjectMap]) -> Iterator[tuple[Crm, str, Sequence[str]]]:
    """Each object of every CRM, with the fields that are read of it."""
    for side, crm in sides.items():
        for one in crm.objects():
            yield crm, one.name, mappings[one.role].vendor_fields(side, one.name)


def _still_mapped(store: Store, side: str, kind: str, fields: Sequence[str]) -> frozenset[str]:
    """The fields that all known records were read with; one that is no longer mapped is no longer kept up to date."""
    shown = store.pulled.shown(side, kind) or frozenset()
    if not shown <= set(fields):
        shown &= set(fields)
        store.pulled.note_shown(side, kind, shown)
    return shown


def _batches(store: Store, side: str, kind: str) -> Iterator[list[Record]]:
    after = ""
    while batch := store.pulled.some(side, kind, BATCH, after):
        yield batch
        after = batch[-1].ref.id


def _one(store: Store, crm: Crm, kind: str, known: Sequence[Record], fields: Sequence[str], now: datetime) -> Audited:
    there = _read(crm, kind, [r.ref.id for r in known], fields)
    absent = [r for r in known if r.ref.id not in there]
    if absent:
        there |= _read(crm, kind, [r.ref.id for r in absent], fields)
        absent = [r for r in absent if r.ref.id not in there]
    differing = [r.ref for r in known if r.ref.id in there and _differs(r, there[r.ref.id])]
    believed = len(absent) <= max(1, MOST_MISSING * len(known))
    with store.transaction():
        store.pulled.save_records((there[ref.id] for ref in differing), now)
        if believed:
            store.pulled.save_records((replace(r, fields={}, deleted=True) for r in absent), now)
    gone = tuple(r.ref for r in absent)
    return Audited(len(known), tuple(differing), gone if believed else (), () if believed else gone)


def _read(crm: Crm, kind: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Record]:
    try:
        return {record.ref.id: record for record in crm.read(kind, ids, fields)} if ids else {}
    except TryAgain as problem:
        raise StopRun(
            f"{crm.side}: reading {kind} for the audit failed for good after several tries: {problem}"
        ) from problem


def _differs(known: Record, there: Record) -> bool:
    moved = any(known.fields.get(name, ABSENT) != value for name, value in there.fields.items())
    return moved or known.deleted != there.deleted or known.read_only != there.read_only


def _merged(a: Audited, b: Audited) -> Audited:
    return Audited(a.read + b.read, a.differing + b.differing, a.missing + b.missing, a.doubtful + b.doubtful)
