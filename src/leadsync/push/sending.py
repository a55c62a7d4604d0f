"""Apply a plan: note each write before it is sent, settle it with its receipt, read back what stayed unclear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol, TypeVar

from leadsync.connector import Crm, Outcome, Receipt, Write
from leadsync.errors import Ambiguous, Rejected, SkipRecord, StopRun, TryAgain
from leadsync.plan import Accounted, Step
from leadsync.push.ledger import Pusher, acknowledge, refuse
from leadsync.push.lookup import closed, moved, with_records
from leadsync.push.parting import part
from leadsync.records import Ref
from leadsync.store import Outgoing, Survey
from leadsync.streams import paged

T = TypeVar("T")


class Pile(Protocol[T]):
    """What grows and is gone through: a list, or the like on disk."""

    def append(self, item: T, /) -> None: ...
    def extend(self, items: Iterable[T], /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[T]: ...


@dataclass(slots=True)
class Pushed:
    """What became of a plan's steps. `moved`: a person changed the record meanwhile; it is planned anew."""

    written: Pile[Step] = field(default_factory=list)
    created: Pile[tuple[Step, Ref]] = field(default_factory=list)
    rejected: Pile[tuple[Step, SkipRecord]] = field(default_factory=list)
    unclear: Pile[Step] = field(default_factory=list)
    unsent: Pile[Step] = field(default_factory=list)
    moved: Pile[Step] = field(default_factory=list)


Rows = Mapping[str, tuple[Outgoing, Step]]


def outgoing(steps: Iterable[Step], run: str, after: Mapping[str, Accounted]) -> Iterator[Outgoing]:
    """The outbox rows of a plan's steps; the token is made of what it names, so that a repeat replaces it."""
    return (
        Outgoing(
            token=f"{run}/{step.ref}{'/then' if step.turn else ''}",
            run=run,
            uid=step.uid,
            side=step.side,
            kind=step.kind,
            id=step.id,
            changes={c.target: (c.old, c.new) for c in step.changes},
            key=step.key,
            links=step.links,
            mapped={c.target: c.field for c in step.changes},
            after={
                c.field: after[step.uid][c.field]
                for c in step.changes
                if step.uid in after and c.field in after[step.uid]
            },
        )
        for step in steps
    )


def push(steps: Sequence[Step], after: Mapping[str, Accounted], world: Pusher) -> Pushed:
    """Send the steps, which must stand in the outbox already, in batches; `stop` ends it after the batch in hand."""
    batches = (
        list(zip(outgoing(batch, world.run, after), batch, strict=True)) for batch in _batches(steps, world.sides)
    )
    return send(batches, len(steps), world, Pushed())


def send(batches: Iterable[Sequence[tuple[Outgoing, Step]]], total: int, world: Pusher, pushed: Pushed) -> Pushed:
    """Send what stands in the outbox already, batch by batch; what became of it goes to `pushed`."""
    world.progress.step("write", total)
    for batch in batches:
        if world.stop():
            pushed.unsent.extend(step for _, step in batch)
            continue
        _send({row.token: (row, step) for row, step in batch}, world, pushed)
        world.progress.advance(len(batch))
    return pushed


def lined_up(survey: Survey, sides: Mapping[str, Crm]) -> Iterator[list[tuple[Outgoing, Step]]]:
    """The batches of what stands in a survey's queues: full ones, wherever their steps were planned."""
    for made, side, kind, key, count in survey.queues():
        size = sides[side].batch_for(kind, *((0, count) if made else (count, 0)))
        yield from paged(survey.queued(made, side, kind, key), size)


def line_up(survey: Survey, rows: Iterable[tuple[Outgoing, Step]]) -> None:
    """Put writes into their queues."""
    survey.enqueue(
        (step.id is None, (step.side, step.kind, _queue(step), step.ref.id), (row, step)) for row, step in rows
    )


def _queue(step: Step) -> str:
    """What may be sent together with others; queues of one object come in the order of their names."""
    return step.key[0] if step.key else "then" if step.turn else ""


def _batches(steps: Sequence[Step], sides: Mapping[str, Crm]) -> Iterator[list[Step]]:
    """Steps of one side, object and manner (update or create) together, at most a batch; creates come last, so that
    what they refer to is there, and a record's second turn behind its first."""
    order = sorted(steps, key=lambda s: (s.id is None, s.side, s.kind, _queue(s), s.ref))
    for (_, side, *_rest), group in groupby(order, key=lambda s: (s.id is None, s.side, s.kind, _queue(s))):
        same_kind = list(group)
        creates = sum(step.id is None for step in same_kind)
        size = sides[str(side)].batch_for(same_kind[0].kind, len(same_kind) - creates, creates)
        for start in range(0, len(same_kind), size):
            yield same_kind[start : start + size]


def _send(rows: Rows, world: Pusher, pushed: Pushed, *, again: bool = True) -> None:
    """One batch; where it is refused as a whole, the culprit is found and the others go without it."""
    refused = _try(rows, world, pushed, again=again)
    if refused is not None:
        _isolate(*refused, world, pushed, again=again)


def _try(rows: Rows, world: Pusher, pushed: Pushed, *, again: bool) -> tuple[Rows, Rejected] | None:
    """Look once more at what people may edit, note, send, settle; gives what was refused as a whole, and why."""
    gone = {step.ref for step in moved([step for _, step in rows.values()], world)}
    left = {token: (row, step) for token, (row, step) in rows.items() if step.ref not in gone}
    pushed.moved.extend(step for _, step in rows.values() if step.ref in gone)
    with world.store.transaction():
        world.store.outbox.mark(rows.keys() - left.keys(), "moved")
        world.store.outbox.mark(left, "sending")
    refusal = _send_noted(left, world, pushed, again=again) if left else None
    return (left, refusal) if refusal is not None else None


def _send_noted(rows: Rows, world: Pusher, pushed: Pushed, *, again: bool) -> Rejected | None:
    first = next(iter(rows.values()))[0]
    crm, writes = world.sides[first.side], [_write(row) for row, _ in rows.values()]
    try:
        receipts = crm.write(first.kind, writes)
    except Rejected as refusal:
        if len(rows) > 1:
            return refusal
        receipts = [Receipt(first.token, Outcome.REJECTED, first.id, error=refusal)]
    except TryAgain as problem:
        with world.store.transaction():
            world.store.outbox.mark(rows, "pending")
        raise StopRun(
            f"{crm.side}: writing {first.kind} failed for good after several tries: {problem}. Nothing of this "
            "batch was applied; the next run plans it anew."
        ) from problem
    except Ambiguous:
        receipts = [Receipt(token, Outcome.UNKNOWN, row.id) for token, (row, _) in rows.items()]
    resend, lesser = _settle(crm, rows, receipts, world, pushed, last=not again)
    if resend:
        _send(resend, world, pushed, again=False)
    if lesser:
        _send(lesser, world, pushed, again=again)
    return None


def _isolate(rows: Rows, refusal: Rejected, world: Pusher, pushed: Pushed, *, again: bool) -> None:
    """Halve what is suspect until one record is left, then send all others together: one culprit in n records costs
    no more than ⌈log₂ n⌉ + 1 calls. When the first half goes through, the second has the culprit, unsent."""
    rest: Rows = {}
    while len(rows) > 1:
        first, second = _halves(rows)
        done = len(pushed.written) + len(pushed.created)
        refused = _try(first, world, pushed, again=again)
        if refused is not None:
            (rows, refusal), rest = refused, {**second, **rest}
        elif len(pushed.written) + len(pushed.created) == done + len(first):
            rows = second
        else:  # it was the culprit, or part of it moved or stayed unclear: nothing is certain of the second half
            rows, rest = {}, {**second, **rest}
    with world.store.transaction():
        lesser = _refused(rows, dict.fromkeys(rows, refusal), world, pushed)
    rest = {**rest, **lesser}
    if rest:
        _send(rest, world, pushed, again=again)


def _halves(rows: Rows) -> tuple[Rows, Rows]:
    every = list(rows.items())
    middle = len(every) // 2
    return dict(every[:middle]), dict(every[middle:])


def _write(row: Outgoing) -> Write:
    values = {name: new for name, (_, new) in row.changes.items()}
    return Write(row.token, row.kind, row.id, values, row.key, row.links)


def _refused(rows: Rows, why: Mapping[str, SkipRecord], world: Pusher, pushed: Pushed) -> Rows:
    """Keep what was refused, with the reason; returns what may be sent without the fields that the CRM named. Call
    inside a transaction."""
    lesser: dict[str, tuple[Outgoing, Step]] = {}
    for token, error in why.items():
        row, step = rows[token]
        parts = part(row, step, error.fields)
        if parts is not None:
            (row, step), left = parts
            world.store.outbox.enqueue([row, left[0]], world.clock())
            lesser[token] = left
        refuse(world, row, error)
        pushed.rejected.append((step, error))
    return lesser


def _settle(
    crm: Crm, rows: Rows, receipts: Sequence[Receipt], world: Pusher, pushed: Pushed, *, last: bool
) -> tuple[Rows, Rows]:
    """Take the answers; returns what is still unclear and may be sent once more, since it was read and the record is as
    it was, and what may be sent without the fields that the CRM refused. To one that was deleted or converted meanwhile
    nothing is sent: the next run plans anew. A record that was to be made and is not found may have been made, and
    merged or deleted by somebody: the next run reads that before it makes one."""
    answered = {receipt.token for receipt in receipts}
    silent = [Receipt(token, Outcome.UNKNOWN, row.id) for token, (row, _) in rows.items() if token not in answered]
    kind = next(iter(rows.values()))[0].kind
    fields = world.read_fields(crm.side, kind)
    answers = with_records(crm, kind, {t: row for t, (row, _) in rows.items()}, [*receipts, *silent], fields)
    resend: dict[str, tuple[Outgoing, Step]] = {}
    why: dict[str, SkipRecord] = {}
    with world.store.transaction():
        for receipt in answers:
            row, step = rows[receipt.token]
            match receipt.outcome:
                case Outcome.DONE if (ident := receipt.id or row.id) is not None:
                    _done(row, step, Ref(row.side, row.kind, ident), receipt, world, pushed)
                case Outcome.REJECTED:
                    why[row.token] = receipt.error or Rejected("refused without a reason")
                case Outcome.UNKNOWN if row.id is not None and receipt.record is not None and closed(receipt.record):
                    world.store.pulled.save_records([receipt.record], world.clock())
                    world.store.outbox.mark([row.token], "moved")
                    pushed.moved.append(step)
                case Outcome.UNKNOWN if not last and row.id is not None:  # one that we made may be gone again
                    resend[row.token] = row, step
                case Outcome.UNKNOWN | Outcome.DONE:
                    world.store.outbox.mark([row.token], "unknown")
                    pushed.unclear.append(step)
        return resend, _refused(rows, why, world, pushed)


def _done(row: Outgoing, step: Step, ref: Ref, receipt: Receipt, world: Pusher, pushed: Pushed) -> None:
    acknowledge(world, row, ref, receipt.record, world.run)
    if row.id is None:
        pushed.created.append((step, ref))
    else:
        pushed.written.append(step)
