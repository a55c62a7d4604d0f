"""Reading records again: those of writes whose outcome is unclear, and those that are about to be written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from leadsync.connector import Crm, Outcome, Receipt
from leadsync.connector.besides import Ties
from leadsync.errors import StopRun, TryAgain
from leadsync.mapping.compare import same
from leadsync.plan import Step
from leadsync.push.ledger import Pusher
from leadsync.push.readback import arrived
from leadsync.records import Record
from leadsync.store import Outgoing


def look_up(
    crm: Crm, kind: str, rows: Iterable[Outgoing], ids: Mapping[str, str], fields: Sequence[str]
) -> dict[str, Record]:
    """Token → the record as it now is, by its id (`ids`: those that answers told, by token), or by its key. One that we
    made, and that was not tied to its company yet, is. Raises StopRun when they cannot be read; the outbox still knows
    them, and the next run looks again."""
    every = list(rows)
    try:
        found = _look_up(crm, kind, every, ids, fields)
        _tie(crm, kind, every, found)
        return found
    except TryAgain as problem:
        raise StopRun(
            f"{crm.side}: reading {kind} back after writing failed for good after several tries: {problem}. "
            "The next run looks what became of these writes before it does anything else."
        ) from problem


def _look_up(
    crm: Crm, kind: str, rows: Sequence[Outgoing], ids: Mapping[str, str], fields: Sequence[str]
) -> dict[str, Record]:
    by_token = {row.token: ident for row in rows if (ident := row.id or ids.get(row.token)) is not None}
    wanted = sorted(set(by_token.values()))
    by_id = {record.ref.id: record for record in crm.read(kind, wanted, fields)} if wanted else {}
    found = {token: by_id[ident] for token, ident in by_token.items() if ident in by_id}
    keyed = {row.key: row.token for row in rows if row.key is not None and row.token not in by_token}
    for name in sorted({name for name, _ in keyed}):
        values = [value for key, value in keyed if key == name]
        for record in crm.find(kind, name, values, [*fields, name]):
            token = keyed.get((name, str(record.fields.get(name))))
            if token is not None:
                found[token] = record
    return found


def _tie(crm: Crm, kind: str, rows: Sequence[Outgoing], found: Mapping[str, Record]) -> None:
    """Tie new records to others where that is a call of its own, which a run that was cut short has not come to."""
    if not isinstance(crm, Ties):
        return
    made = ((found[row.token], row.links) for row in rows if row.id is None and row.token in found)
    lacking = {r.ref.id: {other: ids for other, ids in links.items() if not r.links.get(other)} for r, links in made}
    if untied := {ident: links for ident, links in lacking.items() if links}:
        crm.tie(kind, untied)


def with_records(
    crm: Crm, kind: str, rows: Mapping[str, Outgoing], receipts: Sequence[Receipt], fields: Sequence[str]
) -> list[Receipt]:
    """Receipts with the record as it now is. An unclear outcome is settled by reading: what we wanted is there (done),
    or it is not (still unclear)."""
    lacking = [rows[r.token] for r in receipts if r.record is None and r.outcome is not Outcome.REJECTED]
    told = {r.token: r.id for r in receipts if r.id is not None}
    found = look_up(crm, kind, lacking, told, fields)
    return [_judged(r, rows[r.token], found[r.token]) if r.token in found else r for r in receipts]


def _judged(receipt: Receipt, row: Outgoing, record: Record) -> Receipt:
    if receipt.outcome is Outcome.DONE:
        return replace(receipt, record=record)
    if arrived(row.changes, record):
        found = unvouched(record)
        return replace(receipt, outcome=Outcome.DONE, id=record.ref.id, record=found, created=row.id is None)
    return replace(receipt, record=record)


def unvouched(record: Record) -> Record:
    """A record that was read a while after a write without an answer: where the CRM does not say who wrote it last,
    what is no spelling of our value counts as somebody's edit."""
    return replace(record, by_us=False) if record.by_us is None else record


def moved(batch: Sequence[Step], world: Pusher) -> list[Step]:
    """The steps of a batch whose records a person changed since they were planned: what was to be replaced is no longer
    what stands there, or the record is gone. They are read again, so that the next plan sees them as they are."""
    guarded = [step for step in batch if step.id is not None and any(c.guarded for c in step.changes)]
    if not guarded:
        return []
    crm, kind = world.sides[guarded[0].side], guarded[0].kind
    try:
        found = crm.read(kind, [step.ref.id for step in guarded], world.read_fields(crm.side, kind))
    except TryAgain as problem:
        raise StopRun(
            f"{crm.side}: reading {kind} before writing failed for good after several tries: {problem}. Nothing of "
            "this batch was written; the next run plans it anew."
        ) from problem
    there = {record.ref.id: record for record in found}
    gone = [step for step in guarded if not _stands(step, there.get(step.ref.id))]
    with world.store.transaction():
        world.store.pulled.save_records((there[s.ref.id] for s in gone if s.ref.id in there), world.clock())
    return gone


def closed(record: Record) -> bool:
    """Whether nothing can be written to a record any more: it is gone, or another one took its place."""
    return record.deleted or record.read_only


def _stands(step: Step, record: Record | None) -> bool:
    if record is None or closed(record):
        return False
    return all(same(record.fields.get(c.target), c.old, "exact") for c in step.changes if c.guarded)
