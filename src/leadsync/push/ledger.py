"""What an answer changes in the state, all at once: the record, its shadow, what was written, and the outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from leadsync.connector import Clock, Crm
from leadsync.errors import SkipRecord
from leadsync.mapping.compare import same
from leadsync.progress import Progress
from leadsync.push.readback import respelled, settled
from leadsync.records import Fields, Record, Ref, is_blank
from leadsync.store import Outgoing, Reject, Store, Written
from leadsync.store.pulled import NEVER

A_LITTLE = timedelta(microseconds=1)
"""Less than any CRM's clock tells apart."""


@dataclass(frozen=True, slots=True)
class Pusher:
    """What a push needs of the world."""

    store: Store
    sides: Mapping[str, Crm]
    read_fields: Callable[[str, str], Sequence[str]]
    """(side, kind) → the vendor fields to read back."""
    run: str
    clock: Clock
    progress: Progress
    stop: Callable[[], bool]


def acknowledge(world: Pusher, row: Outgoing, ref: Ref, record: Record | None, run: str) -> None:
    """Keep an applied write: the record as read back, its shadow, what settled where, and out of the outbox; with the
    last write of a field, what that field was planned from counts as accounted for. Call inside a transaction."""
    store, now = world.store, world.clock()
    sent: Fields = {n: new for n, (_, new) in row.changes.items()}
    fields = record.fields if record is not None else sent
    by_us = record.by_us if record is not None else None
    made = {n: settled(new, fields.get(n, new), by_us=by_us) for n, (_, new) in row.changes.items()}
    before = store.pulled.record(ref)
    store.pulled.save_records([_known(ref, before.record if before is not None else None, record, sent)], now)
    shadow = dict(before.shadow) if before is not None and before.shadow is not None else {}
    if row.id is None:
        shadow = {**_born_with(fields, by_us=by_us), **shadow}
        store.pulled.save_identities([(ref, row.uid, "created by leadsync")], now)
    store.pulled.set_shadows([(ref, {**shadow, **made})])
    other = before.record.modified_by if before is not None and before.record.by_us is not True else ""
    store.outbox.save_written(
        Written(ref, name, new, made[name], old, run, now, row.uid, row.mapped.get(name, name), other, row.id is None)
        for name, (old, new) in row.changes.items()
    )
    store.outbox.went_through(row.ref, ref, row.changes.keys(), record.modified if record is not None else None)
    store.outbox.mark([row.token], "done")
    if record is None:
        store.outbox.gone({row.token: ref.id})
    _account(store, row)


def respell(store: Store, row: Outgoing, record: Record) -> bool:
    """Count what the CRM made of an acknowledged write that could not be read back then as its spelling of it; whether
    it made anything of it. Call inside a transaction."""
    there = {n: (new, record.fields[n]) for n, (_, new) in row.changes.items() if n in record.fields}
    made = {n: now for n, (new, now) in there.items() if not same(new, now, "exact") and respelled(new, now)}
    store.pulled.account_for({row.ref: made})
    store.outbox.respell(row.ref, made)
    return bool(made)


def _born_with(fields: Fields, *, by_us: bool | None) -> Fields:
    """What of a record that we created counts as seen before: all, as the CRM's own defaults; but where somebody else
    was there since, a value that we did not send may be theirs, and is looked at as for the first time."""
    return {name: value for name, value in fields.items() if by_us is not False or is_blank(value)}


def _known(ref: Ref, before: Record | None, after: Record | None, sent: Fields) -> Record:
    """What is known of a record now. One that could not be read back (it was deleted or merged since) has what was
    sent, and is newer than before the write: what a lagging index shows of it must not look like somebody's edit. One
    that we had just made counts as deleted until it is shown, so that it is not made again."""
    if after is None:
        if before is None:
            return Record(ref, sent, NEVER, deleted=True)
        return replace(before, fields={**before.fields, **sent}, modified=before.modified + A_LITTLE)
    if before is None:
        return after
    return replace(after, fields={**before.fields, **after.fields}, links=after.links or before.links)


def _account(store: Store, row: Outgoing) -> None:
    waiting = store.outbox.waiting(row.uid) if row.after else set()
    for name, values in row.after.items():
        if name not in waiting:
            store.pulled.account_for(values)


def refuse(world: Pusher, row: Outgoing, error: SkipRecord) -> None:
    """Keep what a CRM refused, with its reason; call inside a transaction."""
    now = world.clock()
    sent = {name: new for name, (_, new) in row.changes.items()}
    known = world.store.pulled.record(row.ref)
    version = known.record.modified if known is not None else None
    words = (error.code, str(error), error.hint, error.fields)
    world.store.outbox.reject(Reject(row.ref, "write", row.uid, *words, sent, now, now, 1, version))
    world.store.outbox.mark([row.token], "rejected")
