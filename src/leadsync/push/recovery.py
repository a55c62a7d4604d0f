"""The completer: what an earlier run had in flight when it ended is settled before anything new is planned.

A record that somebody deleted before its write could be read back tells what became of it once it is restored: else
the CRM's spelling of our value would look like somebody's edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from leadsync.connector import Crm
from leadsync.push.ledger import Pusher, acknowledge, respell
from leadsync.push.lookup import look_up, unvouched
from leadsync.push.readback import arrived
from leadsync.records import Record
from leadsync.store import Outgoing, Seen, Store


def recover(world: Pusher) -> int:
    """Read those records again; what arrived is acknowledged, the rest is forgotten here and planned anew. Returns how
    many had arrived."""
    count = 0
    rows = sorted(world.store.outbox.in_flight(), key=lambda r: (r.side, r.kind))
    for (side, kind), group in groupby(rows, key=lambda r: (r.side, r.kind)):
        if side in world.sides:
            world.sides[side].settle()
            count += _of_kind(world, world.sides[side], kind, list(group))
    with world.store.transaction():
        world.store.outbox.clear(("pending", "sending", "unknown", "done", "rejected", "moved"))
    return count


def _of_kind(world: Pusher, crm: Crm, kind: str, rows: Sequence[Outgoing]) -> int:
    found = look_up(crm, kind, rows, {}, world.read_fields(crm.side, kind))
    count = 0
    with world.store.transaction():
        for row in rows:
            record = found.get(row.token)
            if record is None:
                world.store.outbox.gone({row.token: row.id} if row.id is not None else {})
                continue
            if row.id is None or arrived(row.changes, record):
                acknowledge(world, row, record.ref, unvouched(record), row.run)
                count += 1
            else:
                world.store.pulled.save_records([record], world.clock())
    return count


def settle_restored(world: Pusher) -> None:
    """Settle the writes to records that were gone, as far as the pull has brought these back since."""
    with world.store.transaction():
        for row, told in world.store.outbox.to_gone():
            seen = world.store.pulled.record(row.ref)
            if seen is None or seen.record.deleted:
                _still_gone(world.store, row, seen)
            elif _settled(world, row, unvouched(seen.record)) or told:
                world.store.outbox.forget([row.token])


def _still_gone(store: Store, row: Outgoing, seen: Seen | None) -> None:
    """It may still be restored, but not where another record took its place."""
    if seen is not None and seen.record.successor is not None:
        store.outbox.forget([row.token])
    else:
        store.outbox.gone({row.token: row.ref.id}, told=seen is not None)


def _settled(world: Pusher, row: Outgoing, record: Record) -> bool:
    """Whether the record says what became of a write; while it only shows what we had sent, it may not be told yet that
    it is gone."""
    if not arrived(row.changes, record):
        return False
    if row.state != "done":
        acknowledge(world, row, row.ref, record, row.run)
        return True
    return respell(world.store, row, record)
