"""Wanted, there, last agreed → the writes, and what is left alone and why. Nothing has happened yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leadsync.mapping.compare import same
from leadsync.mapping.expression import Expression
from leadsync.mapping.model import CreateRule, Direction, FieldMap, NullPolicy, ObjectMap, Target, WriteMode
from leadsync.merge import How, Verdict
from leadsync.records import ABSENT, Absent, Fields, Ref, Value, is_blank
from leadsync.unify import from_vendor, to_vendor


@dataclass(frozen=True, slots=True)
class Member:
    """One CRM record of a subject, as last read. `primary`: it carries the unique fields of its side and object."""

    ref: Ref
    fields: Fields
    shadow: Fields | None
    read_only: bool = False
    primary: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """A lead or a company with all that is known and wanted of it.

    `facts`: canonical values for conditions; `computed`: leadsync's own, by source ("score.total"); `verdicts`: what
    became of each two-way field; `links`: what a new record is to be associated with, by side and vendor object.
    """

    uid: str
    object: ObjectMap
    members: tuple[Member, ...]
    facts: Mapping[str, Value]
    computed: Mapping[str, Value]
    verdicts: Mapping[str, Verdict]
    links: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why leadsync's own values are what they are, by the first part of their source ("score", "company")."""

    def allows(self, when: Expression | None) -> bool:
        """Whether a mapping's condition holds."""
        return when is None or when.holds({**self.facts, **self.computed})


@dataclass(frozen=True, slots=True)
class LastWrite:
    """What we last sent to a field, and what the CRM made of it."""

    sent: Value
    settled: Value


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier runs left: last writes by (record, vendor field), and what each record refused."""

    written: Mapping[tuple[Ref, str], LastWrite] = field(default_factory=dict)
    refused: Mapping[Ref, tuple[Fields, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One field's write: `old` and `new` in the vendor's spelling, `why` in words, the mapping's file and line."""

    field: str
    target: str
    old: Value
    new: Value
    why: str
    rule: str


@dataclass(frozen=True, slots=True)
class Step:
    """One record's write. `id` None: a new record, created or found by `key`."""

    uid: str
    object: str
    side: str
    kind: str
    id: str | None
    changes: tuple[Change, ...]
    key: tuple[str, str] | None = None
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """The record; a new one stands under its leadsync id."""
        return Ref(self.side, self.kind, self.id if self.id is not None else f"new:{self.uid}")

    @property
    def values(self) -> dict[str, Value]:
        """What is sent, by vendor field."""
        return {change.target: change.new for change in self.changes}


@dataclass(frozen=True, slots=True)
class Kept:
    """A difference that is left as it is. `reason`: "person", "held", "unbased", "refused", "small", "backwards" …"""

    uid: str
    ref: Ref
    field: str
    target: str
    there: Value
    wanted: Value
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, all that is kept, and for each record the values that count as accounted for once this plan stands."""

    steps: tuple[Step, ...]
    kept: tuple[Kept, ...]
    shadows: Mapping[Ref, Fields]


@dataclass(frozen=True, slots=True)
class _Wish:
    """A field that differs, before units and refusals are looked at. `alone`: worth a write by itself."""

    mapped: FieldMap
    change: Change
    alone: bool = True


def plan(subjects: Iterable[Subject], memory: Memory) -> Plan:
    """Plan every subject by itself; the order of subjects changes nothing."""
    steps: list[Step] = []
    kept: list[Kept] = []
    shadows: dict[Ref, Fields] = {}
    for subject in subjects:
        made, left = _plan_subject(subject, memory)
        steps.extend(made)
        kept.extend(left)
        shadows.update(_shadows(subject, made, left))
    return Plan(tuple(steps), tuple(kept), shadows)


def _plan_subject(subject: Subject, memory: Memory) -> tuple[list[Step], list[Kept]]:
    steps: list[Step] = []
    kept: list[Kept] = []
    for member in subject.members:
        made, left = _plan_member(subject, member, memory)
        steps.extend(made)
        kept.extend(left)
    steps.extend(_creates(subject, memory, kept))
    return steps, kept


def _plan_member(subject: Subject, member: Member, memory: Memory) -> tuple[list[Step], list[Kept]]:
    if member.read_only:
        return [], []
    kept: list[Kept] = []
    wishes = [
        wish
        for mapped, target in subject.object.targets(member.ref.side, member.ref.kind)
        if (wish := _wish(subject, member, mapped, target, memory, kept)) is not None
    ]
    changes = _worth_writing(subject, member, wishes, kept)
    step = Step(subject.uid, subject.object.object, member.ref.side, member.ref.kind, member.ref.id, tuple(changes))
    if not changes or _refused(step, memory, kept):
        return [], kept
    return [step], kept


def _wish(
    subject: Subject, member: Member, mapped: FieldMap, target: Target, memory: Memory, kept: list[Kept]
) -> _Wish | None:
    there = member.fields.get(target.name, ABSENT)
    if isinstance(there, Absent) or target.direction is Direction.READ or (mapped.unique and not member.primary):
        return None
    wanted = _wanted(subject, member, mapped, target, kept, there)
    if isinstance(wanted, Absent):
        return None
    sent = to_vendor(target, wanted)
    last = memory.written.get((member.ref, target.name))
    if _holds(mapped, target, there, sent, last):
        return None
    if blocked := _blocked(mapped, target, there, sent, last):
        kept.append(Kept(subject.uid, member.ref, mapped.name, target.name, there, sent, *blocked))
        return None
    change = Change(mapped.name, target.name, there, sent, _why(subject, mapped), rule_of(mapped))
    return _Wish(mapped, change, alone=not mapped.follows and not _small(mapped, there, sent))


def _wanted(
    subject: Subject, member: Member, mapped: FieldMap, target: Target, kept: list[Kept], there: Value
) -> Value | Absent:
    """The canonical value the field is to have; ABSENT: none of our business."""
    if not subject.allows(mapped.when):
        return ABSENT
    if mapped.sources:
        value = next((v for s in mapped.sources if not is_blank(v := subject.computed.get(s))), None)
        return _or_null_policy(mapped, value)
    verdict = subject.verdicts.get(mapped.name)
    if verdict is None:
        return ABSENT
    if verdict.how in (How.HELD, How.UNBASED) and any(ref == member.ref for ref, _ in verdict.losers):
        if not verdict.spread:
            detail = f"{verdict.origin} says otherwise" if verdict.origin is not None else ""
            reason = verdict.how.value
            kept.append(Kept(subject.uid, member.ref, mapped.name, target.name, there, verdict.value, reason, detail))
            return ABSENT
        return verdict.value if is_blank(there) else ABSENT
    if not verdict.spread or all(ref != member.ref for ref, _ in verdict.losers):
        return ABSENT
    return _or_null_policy(mapped, verdict.value)


def _or_null_policy(mapped: FieldMap, value: Value) -> Value | Absent:
    if not is_blank(value):
        return value
    match mapped.null:
        case NullPolicy.KEEP:
            return ABSENT
        case NullPolicy.CLEAR:
            return None
        case NullPolicy.FILL:
            return mapped.default


def _holds(mapped: FieldMap, target: Target, there: Value, sent: Value, last: LastWrite | None) -> bool:
    """Whether the CRM has what we want, as such or in the spelling it made of it when we sent it."""
    if same(there, sent, mapped.compare):
        return True
    settled = last is not None and same(there, last.settled, "exact") and same(sent, last.sent, mapped.compare)
    return settled or same(from_vendor(mapped, target, there), from_vendor(mapped, target, sent), mapped.compare)


def _blocked(
    mapped: FieldMap, target: Target, there: Value, sent: Value, last: LastWrite | None
) -> tuple[str, str] | None:
    """Why the write mode forbids the write, as (reason, detail)."""
    ours = last is not None and same(there, last.settled, mapped.compare)
    if target.direction is Direction.FORWARD_ONLY:
        return _backwards(target, there, sent, ours=ours, written=last is not None)
    match target.write:
        case WriteMode.ALWAYS:
            return None
        case WriteMode.TRACKED:
            return None if is_blank(there) or ours else ("person", "a person's value stands there")
        case WriteMode.IF_EMPTY:
            return None if is_blank(there) else ("filled", "written only when empty")
        case WriteMode.NEVER:
            return ("never", "the mapping never writes this field")


def _backwards(target: Target, there: Value, sent: Value, *, ours: bool, written: bool) -> tuple[str, str] | None:
    order = [target.values.get(step, step) for step in target.order]
    if written and not ours:
        return ("person", "somebody changed it after leadsync had written it")
    if is_blank(there):
        return None
    if there not in order or sent not in order:
        return ("backwards", f"{there!r} or {sent!r} is not in the mapping's order")
    if order.index(str(sent)) <= order.index(str(there)):
        return ("backwards", "never moved backwards")
    return None


def _small(mapped: FieldMap, there: Value, sent: Value) -> bool:
    if not mapped.min_change or is_blank(there) or is_blank(sent):
        return False
    try:
        return abs(float(str(there)) - float(str(sent))) < mapped.min_change
    except ValueError:
        return False


def _worth_writing(subject: Subject, member: Member, wishes: Sequence[_Wish], kept: list[Kept]) -> list[Change]:
    """Fields of one unit go together as soon as one is worth a write; followers and small moves never go alone."""
    moving = {wish.mapped.unit for wish in wishes if wish.alone and wish.mapped.unit}
    changes: list[Change] = []
    for wish in wishes:
        if wish.alone or (wish.mapped.unit and wish.mapped.unit in moving):
            changes.append(wish.change)
        elif not wish.mapped.follows:
            c = wish.change
            detail = f"moves by less than {wish.mapped.min_change:g}"
            kept.append(Kept(subject.uid, member.ref, c.field, c.target, c.old, c.new, "small", detail))
    return changes


def _refused(step: Step, memory: Memory, kept: list[Kept]) -> bool:
    """Whether the CRM refused exactly this before: it is not sent again until something about it changes."""
    if step.ref not in memory.refused:
        return False
    sent, reason = memory.refused[step.ref]
    if dict(sent) != step.values:
        return False
    kept.extend(Kept(step.uid, step.ref, c.field, c.target, c.old, c.new, "refused", reason) for c in step.changes)
    return True


def rule_of(mapped: FieldMap) -> str:
    """Where the mapping says so: file and line."""
    return f"{mapped.file.rpartition('/')[2]}:{mapped.line}"


def _why(subject: Subject, mapped: FieldMap) -> str:
    if mapped.sources:
        return subject.reasons.get(mapped.sources[0].partition(".")[0], "worked out by leadsync")
    verdict = subject.verdicts[mapped.name]
    match verdict.how:
        case How.CHANGED:
            return f"changed in {verdict.origin}"
        case How.CONFLICT:
            return f"both changed; {verdict.origin} is of the owner's side"
        case _:
            return f"blank here, filled from {verdict.origin}"


# ---- new records


def _creates(subject: Subject, memory: Memory, kept: list[Kept]) -> Iterator[Step]:
    sides = {member.ref.side for member in subject.members}
    for rule in subject.object.creates:
        if rule.side in sides or not subject.allows(rule.when):
            continue
        step = _create(subject, rule)
        if step is not None and not _refused(step, memory, kept):
            yield step


def _create(subject: Subject, rule: CreateRule) -> Step | None:
    changes: list[Change] = []
    key: tuple[str, str] | None = None
    for mapped, target in subject.object.targets(rule.side, rule.kind):
        if target.direction is Direction.READ or target.write is WriteMode.NEVER:
            continue
        value = _create_value(subject, mapped)
        if is_blank(value):
            continue
        sent = to_vendor(target, value)
        if mapped.unique:
            key = (target.name, str(sent))
            continue
        changes.append(Change(mapped.name, target.name, None, sent, "a new record", rule_of(mapped)))
    if key is None:
        return None
    file = subject.object.file.rpartition("/")[2]
    constants = (Change(n, n, None, v, "a new record", file) for n, v in rule.fields.items())
    every = {change.target: change for change in (*changes, *constants)}
    links = subject.links.get(rule.side, {})
    return Step(
        subject.uid, subject.object.object, rule.side, rule.kind, None, tuple(every.values()), key=key, links=links
    )


def _create_value(subject: Subject, mapped: FieldMap) -> Value:
    if mapped.sources:
        return next((v for s in mapped.sources if not is_blank(v := subject.computed.get(s))), None)
    return subject.facts.get(mapped.name)


# ---- shadows


def _shadows(subject: Subject, steps: Sequence[Step], kept: Sequence[Kept]) -> Iterator[tuple[Ref, Fields]]:
    """What counts as accounted for at once: every field that waits for nothing. A field that is to be written
    somewhere, or is held or refused, keeps its old shadow on all records: a crash or a refusal loses no change."""
    open_fields = {c.field for step in steps for c in step.changes}
    open_fields |= {k.field for k in kept if k.reason in ("held", "refused")}
    waiting = {f for f in open_fields if f in subject.object.fields and not subject.object.fields[f].sources}
    for member in subject.members:
        yield member.ref, _shadow(subject.object, member, waiting)


def _shadow(mapping: ObjectMap, member: Member, waiting: set[str]) -> Fields:
    names = {t.name: m.name for m, t in mapping.targets(member.ref.side, member.ref.kind)}
    old = member.shadow if member.shadow is not None else {}
    fresh = {n: v for n, v in member.fields.items() if names.get(n) not in waiting}
    stale = {n: old[n] for n in member.fields if names.get(n) in waiting and n in old}
    return {**fresh, **stale}


def advance(
    before: Mapping[Ref, Fields], subject: Subject, failed: set[str], settled: Mapping[Ref, Fields]
) -> Iterator[tuple[Ref, Fields]]:
    """The shadows once a subject's writes were answered: fields whose every write succeeded are accounted for with the
    values the plan saw, and with what the CRMs made of our writes (`settled`); `failed` fields keep waiting, and so do
    those that are held."""
    for member in subject.members:
        names = {t.name: m.name for m, t in subject.object.targets(member.ref.side, member.ref.kind)}
        waiting = failed | {n for n, v in subject.verdicts.items() if v.how is How.HELD}
        fresh = {n: v for n, v in member.fields.items() if names.get(n) not in waiting}
        yield member.ref, {**before.get(member.ref, {}), **fresh, **settled.get(member.ref, {})}
