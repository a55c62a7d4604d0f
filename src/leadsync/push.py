"""Apply a plan: note each write before it is sent, settle it with its receipt, read back what stayed unclear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from leadsync.connector import Clock, Crm, Outcome, Receipt, Write
from leadsync.errors import Ambiguous, Rejected, SkipRecord, StopRun, TryAgain
from leadsync.mapping.compare import same
from leadsync.plan import Step
from leadsync.progress import Progress
from leadsync.records import Fields, Record, Ref, Value
from leadsync.store import Outgoing, Reject, Store, Written


@dataclass(slots=True)
class Pushed:
    """What became of a plan. `settled`: for each record, what the CRM made of our values."""

    written: list[Step] = field(default_factory=list)
    created: list[tuple[Step, Ref]] = field(default_factory=list)
    rejected: list[tuple[Step, SkipRecord]] = field(default_factory=list)
    unclear: list[Step] = field(default_factory=list)
    unsent: list[Step] = field(default_factory=list)
    settled: dict[Ref, dict[str, Value]] = field(default_factory=dict)

    @property
    def failed(self) -> dict[str, set[str]]:
        """uid → the canonical fields of which some write did not come through."""
        lost: dict[str, set[str]] = {}
        for step in (*(s for s, _ in self.rejected), *self.unclear, *self.unsent):
            lost.setdefault(step.uid, set()).update(change.field for change in step.changes)
        return lost


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


def outgoing(steps: Sequence[Step], run: str) -> list[Outgoing]:
    """The outbox rows of a plan's steps; the token is made of what it names, so that a repeat replaces it."""
    return [
        Outgoing(
            token=f"{run}/{step.ref}",
            run=run,
            uid=step.uid,
            side=step.side,
            kind=step.kind,
            id=step.id,
            changes={c.target: (c.old, c.new) for c in step.changes},
            key=step.key,
            links=step.links,
        )
        for step in steps
    ]


def push(steps: Sequence[Step], world: Pusher) -> Pushed:
    """Send the steps, which must stand in the outbox already, in batches; `stop` ends it after the batch in hand."""
    pushed = Pushed()
    world.progress.step("write", len(steps))
    for batch in _batches(steps, world.sides):
        if world.stop():
            pushed.unsent.extend(batch)
            continue
        _send(batch, world, pushed)
        world.progress.advance(len(batch))
    return pushed


def _batches(steps: Sequence[Step], sides: Mapping[str, Crm]) -> Iterator[list[Step]]:
    """Steps of one side, object and manner (update or create) together, at most a batch; creates come last, so that
    what they refer to is there."""
    order = sorted(steps, key=lambda s: (s.id is None, s.side, s.kind, s.key[0] if s.key else "", s.ref))
    for (_, side, *_rest), group in groupby(order, key=lambda s: (s.id is None, s.side, s.kind, s.key and s.key[0])):
        same_kind = list(group)
        size = sides[str(side)].batch_size
        for start in range(0, len(same_kind), size):
            yield same_kind[start : start + size]


def _send(batch: Sequence[Step], world: Pusher, pushed: Pushed, *, again: bool = True) -> None:
    """One batch: note, send, settle. A batch refused as a whole is split until the culprit stands alone."""
    crm = world.sides[batch[0].side]
    rows = {row.token: (row, step) for row, step in zip(outgoing(batch, world.run), batch, strict=True)}
    writes = [_write(row) for row, _ in rows.values()]
    with world.store.transaction():
        world.store.outbox.mark(rows, "sending")
    try:
        receipts = crm.write(batch[0].kind, writes)
    except Rejected as refusal:
        if len(batch) > 1:
            middle = len(batch) // 2
            _send(batch[:middle], world, pushed, again=again)
            _send(batch[middle:], world, pushed, again=again)
            return
        receipts = [Receipt(writes[0].token, Outcome.REJECTED, batch[0].id, error=refusal)]
    except TryAgain as problem:
        _put_back(rows, world)
        raise StopRun(
            f"{crm.side}: writing {batch[0].kind} failed for good after several tries: {problem}. Nothing of this "
            "batch was applied; the next run plans it anew."
        ) from problem
    except Ambiguous:
        receipts = [Receipt(token, Outcome.UNKNOWN, step.id) for token, (_, step) in rows.items()]
    _settle(crm, batch[0].kind, rows, receipts, world, pushed, again=again)


def _put_back(rows: Mapping[str, tuple[Outgoing, Step]], world: Pusher) -> None:
    with world.store.transaction():
        world.store.outbox.mark(rows, "pending")


def _write(row: Outgoing) -> Write:
    values = {name: new for name, (_, new) in row.changes.items()}
    return Write(row.token, row.kind, row.id, values, row.key, row.links)


def _settle(  # noqa: PLR0913
    crm: Crm,
    kind: str,
    rows: Mapping[str, tuple[Outgoing, Step]],
    receipts: Sequence[Receipt],
    world: Pusher,
    pushed: Pushed,
    *,
    again: bool,
) -> None:
    answered = {receipt.token: receipt for receipt in receipts}
    silent = [Receipt(token, Outcome.UNKNOWN, row.id) for token, (row, _) in rows.items() if token not in answered]
    answers = _with_records(crm, kind, rows, [*receipts, *silent], world)
    resend: list[Step] = []
    with world.store.transaction():
        for receipt in answers:
            row, step = rows[receipt.token]
            match receipt.outcome:
                case Outcome.DONE:
                    _done(row, step, receipt, world, pushed)
                case Outcome.REJECTED:
                    _refuse(row, step, receipt, world, pushed)
                case Outcome.UNKNOWN if again:
                    resend.append(step)
                case Outcome.UNKNOWN:
                    world.store.outbox.mark([row.token], "unknown")
                    pushed.unclear.append(step)
    if resend:
        _send(resend, world, pushed, again=False)


def _with_records(
    crm: Crm, kind: str, rows: Mapping[str, tuple[Outgoing, Step]], receipts: Sequence[Receipt], world: Pusher
) -> list[Receipt]:
    """Receipts with the record as it now is. An unclear outcome is settled by reading: what we wanted is there
    (done), or it is not (still unclear)."""
    fields = world.read_fields(crm.side, kind)
    lacking = [r for r in receipts if r.record is None and r.outcome is not Outcome.REJECTED]
    by_id, by_key = _look_up(crm, kind, [rows[r.token][0] for r in lacking], receipts, fields)
    found: list[Receipt] = []
    for receipt in receipts:
        row, _ = rows[receipt.token]
        if receipt.record is not None or receipt.outcome is Outcome.REJECTED:
            found.append(receipt)
            continue
        record = by_id.get(receipt.id or row.id or "") or (by_key.get(row.key[1]) if row.key else None)
        found.append(_judged(receipt, row, record))
    return found


def _look_up(
    crm: Crm, kind: str, rows: Sequence[Outgoing], receipts: Sequence[Receipt], fields: Sequence[str]
) -> tuple[dict[str, Record], dict[str, Record]]:
    new_ids = {r.token: r.id for r in receipts if r.id is not None}
    ids = sorted({ident for row in rows if (ident := row.id or new_ids.get(row.token)) is not None})
    keyed = [row for row in rows if row.key is not None and row.id is None and row.token not in new_ids]
    by_id = {record.ref.id: record for record in crm.read(kind, ids, fields)} if ids else {}
    by_key: dict[str, Record] = {}
    if keyed:
        key = keyed[0].key
        assert key is not None
        values = [row.key[1] for row in keyed if row.key is not None]
        by_key = {str(r.fields.get(key[0])): r for r in crm.find(kind, key[0], values, [*fields, key[0]])}
    return by_id, by_key


def _judged(receipt: Receipt, row: Outgoing, record: Record | None) -> Receipt:
    if record is None or receipt.outcome is Outcome.DONE:
        return replace(receipt, record=record)
    if holds_all(record, row):
        return replace(receipt, outcome=Outcome.DONE, id=record.ref.id, record=record, created=row.id is None)
    return receipt


def holds_all(record: Record, row: Outgoing) -> bool:
    """Whether the record has every value of the write."""
    return all(same(record.fields.get(name), new, "exact") for name, (_, new) in row.changes.items())


def _done(row: Outgoing, step: Step, receipt: Receipt, world: Pusher, pushed: Pushed) -> None:
    ident = receipt.id or row.id
    if ident is None:
        world.store.outbox.mark([row.token], "unknown")
        pushed.unclear.append(step)
        return
    ref = Ref(row.side, row.kind, ident)
    settled = acknowledge(world.store, row, ref, receipt.record, world.run, world.clock)
    pushed.settled.setdefault(ref, {}).update(settled)
    if row.id is None:
        pushed.created.append((step, ref))
    else:
        pushed.written.append(step)


def acknowledge(
    store: Store, row: Outgoing, ref: Ref, record: Record | None, run: str, clock: Clock
) -> dict[str, Value]:
    """Keep an applied write: the record as read back, its shadow, what settled where, and out of the outbox.

    Returns the settled values by vendor field; call inside a transaction."""
    now = clock()
    fields: Fields = record.fields if record is not None else {n: new for n, (_, new) in row.changes.items()}
    settled = {name: fields.get(name, new) for name, (_, new) in row.changes.items()}
    before = store.pulled.record(ref)
    if record is not None:
        merged = {**(before.record.fields if before is not None else {}), **record.fields}
        kept_links = before.record.links if before is not None and not record.links else record.links
        store.pulled.save_records([replace(record, fields=merged, links=kept_links)], now)
    shadow = dict(before.shadow) if before is not None and before.shadow is not None else {}
    if row.id is None:
        shadow = dict(fields)
        store.pulled.save_identities([(ref, row.uid, "created by leadsync")], now)
    store.pulled.set_shadows([(ref, {**shadow, **settled})])
    store.outbox.save_written(
        Written(ref, name, new, settled[name], old, run, now) for name, (old, new) in row.changes.items()
    )
    store.outbox.accepted([row.ref, ref])
    store.outbox.mark([row.token], "done")
    return settled


def _refuse(row: Outgoing, step: Step, receipt: Receipt, world: Pusher, pushed: Pushed) -> None:
    error = receipt.error or Rejected("refused without a reason")
    now = world.clock()
    sent = {name: new for name, (_, new) in row.changes.items()}
    refused = Reject(row.ref, "write", row.uid, error.code, str(error), error.hint, error.fields, sent, now, now, 1)
    world.store.outbox.reject(refused)
    world.store.outbox.mark([row.token], "rejected")
    pushed.rejected.append((step, error))


def recover(world: Pusher) -> int:
    """Settle what an earlier run had in flight when it ended: read those records again; what arrived is acknowledged,
    the rest is forgotten here and planned anew. Returns how many had arrived."""
    arrived = 0
    rows = sorted(world.store.outbox.in_flight(), key=lambda r: (r.side, r.kind))
    for (side, kind), group in groupby(rows, key=lambda r: (r.side, r.kind)):
        if side in world.sides:
            arrived += _recover_kind(world, world.sides[side], kind, list(group))
    with world.store.transaction():
        world.store.outbox.clear(("pending", "sending", "unknown", "done", "rejected"))
    return arrived


def _recover_kind(world: Pusher, crm: Crm, kind: str, rows: Sequence[Outgoing]) -> int:
    by_id, by_key = _look_up(crm, kind, rows, [], world.read_fields(crm.side, kind))
    arrived = 0
    with world.store.transaction():
        for row in rows:
            record = by_id.get(row.id or "") or (by_key.get(row.key[1]) if row.key is not None else None)
            if record is None:
                continue
            if row.id is None or holds_all(record, row):
                acknowledge(world.store, row, record.ref, record, row.run, world.clock)
                arrived += 1
            else:
                world.store.pulled.save_records([record], world.clock())
    return arrived
