"""Wanted, there, last agreed → the writes, and what is left alone and why. Nothing has happened yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from leadsync.plan.accounts import after, contradictions, shadows
from leadsync.plan.creates import creates
from leadsync.plan.judge import Place, Wish, judge
from leadsync.plan.model import Accounted, Change, Held, Kept, Member, Memory, Plan, Refusal, Step, Subject
from leadsync.records import Fields, Ref


def plan(subjects: Iterable[Subject], memory: Memory, now: datetime) -> Plan:
    """Plan every subject by itself; the order of subjects changes nothing."""
    steps: list[Step] = []
    kept: list[Kept] = []
    seen: dict[Ref, Fields] = {}
    later: dict[str, Accounted] = {}
    held: list[Held] = []
    for subject in subjects:
        made, left = plan_subject(subject, memory, now)
        steps.extend(made)
        kept.extend(k for k in left if not k.quiet)
        seen.update(shadows(subject, made, left))
        if settles := after(subject, made, left):
            later[subject.uid] = settles
        held.extend(_held(subject))
    return Plan(tuple(steps), tuple(kept), seen, later, tuple(held))


def plan_subject(subject: Subject, memory: Memory, now: datetime) -> tuple[list[Step], list[Kept]]:
    """One subject's writes, and every field that is left alone, with the reason."""
    steps: list[Step] = []
    kept: list[Kept] = []
    for member in subject.members:
        changes, left = _changes(subject, member, memory, now)
        kept.extend(left)
        ref = member.ref
        if changes:
            step = Step(subject.uid, subject.object.object, ref.side, ref.kind, ref.id, tuple(changes))
            _in_turn(step, memory, member.modified, steps, kept)
    for made in creates(subject):
        if isinstance(made, Kept):
            kept.append(made)
        else:
            _unless_refused(made, memory, None, steps, kept)
    return steps, kept


def _changes(subject: Subject, member: Member, memory: Memory, now: datetime) -> tuple[list[Change], list[Kept]]:
    """A record's writes. Fields of one unit go together as soon as one is worth a write."""
    judged = [
        (place, judge(place, memory, now))
        for mapped, target in subject.object.targets(member.ref.side, member.ref.kind)
        for place in [Place(subject, member, mapped, target)]
    ]
    wishes = [(place, found) for place, found in judged if isinstance(found, Wish)]
    moving = {wish.mapped.unit for _, wish in wishes if wish.weak is None and wish.mapped.unit}
    kept = [found for _, found in judged if isinstance(found, Kept)]
    changes: list[Change] = []
    for place, wish in wishes:
        if wish.weak is None or wish.mapped.unit in moving:
            changes.append(wish.change)
        else:
            kept.append(place.kept(*wish.weak, wish.change.new, waits=True))
    return changes, kept


def _in_turn(step: Step, memory: Memory, version: datetime | None, steps: list[Step], kept: list[Kept]) -> None:
    """A step; where fields go back, they are cleared with it and set by another behind it, if they may be cleared."""
    first, then = turns(step)
    _unless_refused(first, memory, version, steps, kept)
    cleared = {c.target for made in steps if made.ref == step.ref for c in made.changes if c.back}
    if going := tuple(c for c in then.changes if c.target in cleared):
        _unless_refused(replace(then, changes=going), memory, version, steps, kept)


def turns(step: Step) -> tuple[Step, Step]:
    """A step with the fields that go back cleared, and what then sets them (without changes, where none does)."""
    first = tuple(replace(c, new=None, why=f"{c.why}; cleared, to go back") if c.back else c for c in step.changes)
    then = tuple(replace(c, old=None) for c in step.changes if c.back)
    return replace(step, changes=first), replace(step, changes=then, turn=1)


def _unless_refused(step: Step, memory: Memory, version: datetime | None, steps: list[Step], kept: list[Kept]) -> None:
    """What a CRM refused is not sent again until it, or the record, has changed; the other fields go without it."""
    refusal = memory.refused.get(step.ref)
    stuck = _stuck(step, refusal) if refusal is not None and version == refusal.version else frozenset()
    going = tuple(c for c in step.changes if c.target not in stuck)
    if going:
        steps.append(replace(step, changes=going))
    for c in step.changes:
        if refusal is not None and c.target in stuck:
            waits = step.id is not None
            kept.append(Kept(step.uid, step.ref, c.field, c.target, c.old, c.new, "refused", refusal.reason, waits))


def _stuck(step: Step, refusal: Refusal) -> frozenset[str]:
    """The vendor fields that would be refused again: those the CRM named, with their units, or all of them."""
    if not refusal.named:
        return frozenset(step.values) if dict(refusal.sent) == step.values else frozenset()
    same = {c.target for c in step.changes if c.target in refusal.named and refusal.sent[c.target] == c.new}
    return together(step.changes, same)


def together(changes: Iterable[Change], targets: Iterable[str]) -> frozenset[str]:
    """Vendor fields, with those that are only written together with them."""
    wanted, every = frozenset(targets), tuple(changes)
    units = {c.unit for c in every if c.unit and c.target in wanted}
    return wanted | {c.target for c in every if c.unit in units}


def _held(subject: Subject) -> Iterator[Held]:
    for name in contradictions(subject):
        yield Held(subject.uid, subject.object.object, name, subject.verdicts[name].said)


def explain(subject: Subject, field: str, memory: Memory, now: datetime) -> list[tuple[Ref, Change | Kept]]:
    """Of one field, by record: what would be written, and everywhere else why not."""
    steps, kept = plan_subject(subject, memory, now)
    changes = [(step.ref, change) for step in steps for change in step.changes if change.field == field]
    return [*changes, *((k.ref, k) for k in kept if k.field == field or (k.reason == "deleted" and not changes))]
