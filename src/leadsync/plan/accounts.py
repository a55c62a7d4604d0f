"""What counts as accounted for: at once where nothing is to be written, and with the answers where something is.

A field that is to be written somewhere, or is held or refused, keeps its old shadow on all records: a crash or a
refusal loses no change. Only when its every write came through do the values that the plan saw become its shadow.
So does every field of a record whose only partner is in the bin: when that is restored, the edits made meanwhile are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leadsync.mapping.model import FieldMap, ObjectMap, WriteMode
from leadsync.merge import How
from leadsync.plan.model import Accounted, Kept, Member, Step, Subject
from leadsync.records import Fields, Ref, Value, is_blank

TAKES_NONE = frozenset({"read", "read_only", "never", "filled", "person"})
"""Reasons for which a record keeps its value whatever another one says."""
HAS_IT = "same"
"""The reason for which nothing is written where the value stands already, be it in the CRM's spelling."""


def two_way(mapping: ObjectMap, name: str) -> bool:
    """Whether a field comes from the CRMs, so that a change of it may be waiting."""
    return name in mapping.fields and not mapping.fields[name].sources


def shadows(subject: Subject, steps: Sequence[Step], kept: Sequence[Kept]) -> Iterator[tuple[Ref, Fields]]:
    """Every record's shadow as soon as the plan stands, before anything is written."""
    open_ = {c.field for step in steps for c in step.changes} | {k.field for k in kept if k.waits}
    waiting = {name for name in open_ if two_way(subject.object, name)} | _while_in_the_bin(subject)
    waiting.update(contradictions(subject), _undelivered(subject, kept))
    for member in subject.members:
        yield member.ref, _shadow(subject.object, member, waiting)


def contradictions(subject: Subject) -> Iterator[str]:
    """The fields that wait for a person's answer: those whose records contradict each other, and may take another's."""
    for name, verdict in subject.verdicts.items():
        if verdict.how is How.HELD and any(_takes(member, subject.object.fields[name]) for member in subject.members):
            yield name


def _takes(member: Member, mapped: FieldMap) -> bool:
    if member.read_only:
        return False
    targets = (target for target in mapped.targets_in(member.ref.side, member.ref.kind) if target.writable)
    return any(t.write is not WriteMode.IF_EMPTY or is_blank(member.fields.get(t.name)) for t in targets)


def _undelivered(subject: Subject, kept: Sequence[Kept]) -> Iterator[str]:
    """The fields with an edit that no record may take over, of those that have not yet: it stays one until somebody
    edits the field again, so that it decides in every run and not in this one alone."""
    for name, verdict in subject.verdicts.items():
        if verdict.how in {How.CHANGED, How.NEWEST} and verdict.losers:
            others = {ref for ref, _ in verdict.losers}
            reasons = {k.reason for k in kept if k.field == name and k.ref in others} - {HAS_IT}
            if reasons and reasons <= TAKES_NONE:
                yield name


def _while_in_the_bin(subject: Subject) -> set[str]:
    """The fields that a partner in the bin will be told of when it is restored: a record that stands alone since."""
    if not subject.closed or sum(not member.read_only for member in subject.members) != 1:
        return set()
    return {name for name in subject.object.fields if two_way(subject.object, name)}


def _shadow(mapping: ObjectMap, member: Member, waiting: set[str]) -> Fields:
    """As read, but for what waits, and for what could not be read this time."""
    names = _names(mapping, member)
    stale = {n for n, of in names.items() if of & waiting or n not in member.fields}
    if not stale:
        return member.fields
    old = member.shadow if member.shadow is not None else {}
    fresh = {n: v for n, v in member.fields.items() if n not in stale}
    return {**fresh, **{n: old[n] for n in stale if n in old}}


def after(subject: Subject, steps: Sequence[Step], kept: Sequence[Kept]) -> Accounted:
    """By field, the values that the plan saw, but for those to be written: what counts once all writes of that field
    came through. (What is written counts as the CRM's spelling of it, with its own answer.)"""
    stuck = {k.field for k in kept if k.waits} | set(_undelivered(subject, kept))
    written = {c.field for step in steps for c in step.changes}
    places = {(step.ref, change.target) for step in steps for change in step.changes}
    found: dict[str, dict[Ref, dict[str, Value]]] = {}
    for member in subject.members:
        for vendor, names in _names(subject.object, member).items():
            for name in names & (written - stuck):
                if vendor in member.fields and (member.ref, vendor) not in places:
                    found.setdefault(name, {}).setdefault(member.ref, {})[vendor] = member.fields[vendor]
    return found


def _names(mapping: ObjectMap, member: Member) -> dict[str, set[str]]:
    """Vendor field → the two-way fields it is read for."""
    names: dict[str, set[str]] = {}
    for mapped, target in mapping.targets(member.ref.side, member.ref.kind):
        if not mapped.sources:
            names.setdefault(target.name, set()).add(mapped.name)
    return names
