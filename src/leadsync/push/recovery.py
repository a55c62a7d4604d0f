"""The completer: what an earlier run had in flight when it ended is settled before anything new is planned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from leadsync.connector import Crm
from leadsync.push.ledger import Pusher, acknowledge
from leadsync.push.lookup import look_up, unvouched
from leadsync.push.readback import arrived
from leadsync.store import Outgoing


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
                continue
            if row.id is None or arrived(row.changes, record):
                acknowledge(world, row, record.ref, unvouched(record), row.run)
                count += 1
            else:
                world.store.pulled.save_records([record], world.clock())
    return count
