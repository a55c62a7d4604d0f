"""One field of one record: what it is to have, and whether and why it is written or left alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadsync.mapping.compare import same
from leadsync.mapping.model import Direction, FieldMap, NullPolicy, Target, WriteMode
from leadsync.merge import How
from leadsync.plan.model import Change, Kept, LastWrite, Member, Memory, Subject
from leadsync.records import ABSENT, Absent, Ref, Value, is_blank, value_text
from leadsync.unify import from_vendor, to_vendor


@dataclass(frozen=True, slots=True)
class Wish:
    """A field that differs and may be written. `weak`: by itself it is no reason to write ("small", "soon" with the
    detail, or "follows"); it goes when another field of its unit goes."""

    mapped: FieldMap
    change: Change
    weak: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A record's field that a mapping has, and what stands there."""

    subject: Subject
    member: Member
    mapped: FieldMap
    target: Target

    @property
    def there(self) -> Value | Absent:
        """The record's value, in the vendor's spelling."""
        return self.member.fields.get(self.target.name, ABSENT)

    @property
    def key(self) -> tuple[Ref, str]:
        """What memory knows it by."""
        return self.member.ref, self.target.name

    def kept(
        self, reason: str, detail: str, wanted: Value = None, *, waits: bool = False, until: datetime | None = None
    ) -> Kept:
        """It is left as it is."""
        there = None if isinstance(self.there, Absent) else self.there
        waits = waits and not self.mapped.sources
        uid, name = self.subject.uid, self.mapped.name
        return Kept(uid, self.member.ref, name, self.target.name, there, wanted, reason, detail, waits, until)


def judge(place: Place, memory: Memory, now: datetime) -> Wish | Kept:
    """Whether the field is to be written; if not, why not."""
    last = memory.written.get(place.key)
    if closed := _never_ours(place, half_way=_half_way(place, last)):
        return closed
    assert not isinstance(place.there, Absent)
    wanted = _wanted(place)
    if isinstance(wanted, Kept):
        return wanted
    sent = to_vendor(place.target, wanted)
    if _holds(place, place.there, sent, last):
        return place.kept("same", "it has that value already", sent)
    return _blocked(place, sent, memory, now) or _wish(place, sent, last, now)


def _half_way(place: Place, last: LastWrite | None) -> bool:
    """Whether a step back was cut short between its clear and its set: that is finished whatever conditions say now."""
    if place.target.direction is not Direction.BACK_BY_CLEARING or place.mapped.null is NullPolicy.CLEAR:
        return False
    return last is not None and is_blank(last.sent) and is_blank(place.there)


def _never_ours(place: Place, *, half_way: bool) -> Kept | None:
    if place.member.read_only:
        detail = "the record can no longer be written: it was converted, or is locked"
        return place.kept("read_only", detail, waits=(place.member.awaited or _alone(place)) and _to_come(place))
    if place.target.direction is Direction.READ:
        return place.kept("read", 'the mapping only reads it: direction = "read"')
    if place.mapped.unique and not place.member.primary:
        return place.kept("secondary", "another record of this side carries it")
    ref = place.member.ref
    if place.mapped.unique and (other := place.subject.carriers.get((ref.side, ref.kind))) is not None:
        return place.kept("carried", f"{other} still carries it")
    if isinstance(place.there, Absent):
        detail = "the field was not read: it does not exist there, or leadsync may not see it"
        return place.kept("unreadable", detail, waits=_to_come(place))
    if not half_way and not place.subject.allows(place.mapped.when):
        assert place.mapped.when is not None
        detail = f"its condition does not hold: when = {place.mapped.when.text}"
        return place.kept("condition", detail, waits=_to_come(place))
    return None


def _alone(place: Place) -> bool:
    """Whether no other record of its side can take over what is to come."""
    side = place.member.ref.side
    return not any(other.ref.side == side and not other.read_only for other in place.subject.members)


def _to_come(place: Place) -> bool:
    """Whether somebody's edit is on its way here, and goes on once nothing is in its way."""
    verdict = place.subject.verdicts.get(place.mapped.name)
    if verdict is None or verdict.how is How.UNBASED or not verdict.spread:
        return False
    return isinstance(place.there, Absent) or any(ref == place.member.ref for ref, _ in verdict.losers)


# ---- what it is to have


def _wanted(place: Place) -> Value | Kept:
    """The canonical value the field is to have."""
    mapped, subject = place.mapped, place.subject
    if mapped.sources:
        return _or_null_policy(place, subject.worked_out(mapped))
    verdict = subject.verdicts.get(mapped.name)
    if verdict is None:
        return place.kept("unmapped", "no record of a CRM that this mapping reads has the field")
    if verdict.how is How.CLEARED and is_blank(place.there) and not is_blank(verdict.value):
        detail = "somebody cleared it here, and no older value fills it again"
        return place.kept("cleared", detail, to_vendor(place.target, verdict.value))
    if all(ref != place.member.ref for ref, _ in verdict.losers):
        return place.kept("agreed", "it is the value that stands", verdict.value)
    if verdict.spread and verdict.how is How.UNBASED and not is_blank(place.there):
        return place.kept("agreed", "only blanks are filled at first sight", verdict.value)
    if verdict.how is How.ANSWERED:
        return verdict.value
    if verdict.spread:
        return _or_null_policy(place, verdict.value)
    detail = f"{verdict.origin} says otherwise" if verdict.origin is not None else ""
    held = verdict.how is How.HELD
    return place.kept("held" if held else "unbased", detail, to_vendor(place.target, verdict.value), waits=held)


def _or_null_policy(place: Place, value: Value) -> Value | Kept:
    if not is_blank(value):
        return value
    match place.mapped.null:
        case NullPolicy.KEEP:
            return place.kept("null", 'leadsync has no value, and null = "keep" leaves what is there')
        case NullPolicy.CLEAR:
            return None
        case NullPolicy.FILL:
            return place.mapped.default


def _holds(place: Place, there: Value, sent: Value, last: LastWrite | None) -> bool:
    """Whether the CRM has what we want, as such or in the spelling it made of it when we sent it."""
    mapped, target = place.mapped, place.target
    if same(there, sent, mapped.compare):
        return True
    settled = last is not None and same(there, last.settled, "exact") and same(sent, last.sent, mapped.compare)
    return settled or same(from_vendor(mapped, target, there), from_vendor(mapped, target, sent), mapped.compare)


# ---- whether it may


def _blocked(place: Place, sent: Value, memory: Memory, now: datetime) -> Kept | None:
    if place.key in memory.flapping:
        detail = f"somebody else keeps changing it back: {memory.flapping[place.key] or 'the CRM does not say who'}"
        return place.kept("flapping", detail, sent, waits=True)
    last = memory.written.get(place.key)
    ours = last is not None and same(place.there, last.settled, place.mapped.compare)
    if place.target.direction.ordered:
        if last is not None and not ours:
            return _persons(place, sent, memory, now) or _backwards(place, sent)
        if _back(place, sent, last):
            return None
        return _backwards(place, sent)
    match place.target.write:
        case WriteMode.ALWAYS:
            return None
        case WriteMode.TRACKED:
            return None if is_blank(place.there) or ours else _persons(place, sent, memory, now)
        case WriteMode.IF_EMPTY:
            return None if is_blank(place.there) else place.kept("filled", "written only when empty", sent)
        case WriteMode.NEVER:
            return place.kept("never", "the mapping never writes this field", sent)


def _persons(place: Place, sent: Value, memory: Memory, now: datetime) -> Kept | None:
    """A person's value is theirs for good, or until its lease ends."""
    known = memory.leases.get(place.key)
    since = known.since if known is not None and known.value == place.there else now
    if place.mapped.lease is None:
        return place.kept("person", f"a person's value stands there, known since {since:%Y-%m-%d}", sent)
    until = since + place.mapped.lease
    if until <= now:
        return None
    return place.kept(
        "person", f"a person's value, protected until {until:%Y-%m-%d %H:%M}Z", sent, waits=True, until=until
    )


def _backwards(place: Place, sent: Value) -> Kept | None:
    order, there = _order(place.target), place.there
    if is_blank(there):
        return None
    if there not in order or sent not in order:
        return place.kept("backwards", f"{there!r} or {sent!r} is not in the mapping's order", sent)
    if order.index(str(sent)) <= order.index(_text(there)):
        detail = "leadsync did not write what stands there, and moves only its own value back"
        allowed = place.target.direction is Direction.BACK_BY_CLEARING
        return place.kept("backwards", detail if allowed else "never moved backwards", sent)
    return None


def _back(place: Place, sent: Value, last: LastWrite | None) -> bool:
    """Whether it is to go back, and may: only from what we wrote, and not where our clear did not hold."""
    if last is None or is_blank(last.sent) or not same(place.there, last.settled, "exact"):
        return False
    return goes_back(place.target, place.there, sent)


def goes_back(target: Target, there: Value | Absent, sent: Value) -> bool:
    """Whether a field that goes back by being cleared would do so with this value."""
    order = _order(target)
    if target.direction is not Direction.BACK_BY_CLEARING or there not in order or sent not in order:
        return False
    return order.index(str(sent)) < order.index(_text(there))


def _order(target: Target) -> list[str]:
    return [target.values.get(step, step) for step in target.order]


def _text(there: Value | Absent) -> str:
    return value_text(None if isinstance(there, Absent) else there)


# ---- the write


def _wish(place: Place, sent: Value, last: LastWrite | None, now: datetime) -> Wish:
    mapped, target = place.mapped, place.target
    there = None if isinstance(place.there, Absent) else place.there
    guarded = not mapped.sources or target.write is not WriteMode.ALWAYS or target.direction is not Direction.BOTH
    why, rule = _why(place.subject, mapped), rule_of(mapped)
    change = Change(mapped.name, target.name, there, sent, why, rule, guarded, mapped.unit, _back(place, sent, last))
    half_way = _half_way(place, last)
    return Wish(mapped, change, None if half_way else _weak(mapped, there, sent, last, now))


def _weak(mapped: FieldMap, there: Value, sent: Value, last: LastWrite | None, now: datetime) -> tuple[str, str] | None:
    if mapped.follows:
        return "follows", "goes only with another field of its unit"
    if mapped.min_change and _less(there, sent, mapped.min_change):
        return "small", f"moves by less than {mapped.min_change:g}"
    if mapped.min_interval is not None and last is not None and last.at is not None:
        due = last.at + mapped.min_interval
        if now < due:
            return "soon", f"written {last.at:%Y-%m-%d %H:%M}Z, and again not before {due:%Y-%m-%d %H:%M}Z"
    return None


def _less(there: Value, sent: Value, than: float) -> bool:
    if is_blank(there) or is_blank(sent):
        return False
    try:
        return abs(float(str(there)) - float(str(sent))) < than
    except ValueError:
        return False


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
        case How.NEWEST:
            return f"both changed; {verdict.origin} provably last"
        case How.ANSWERED:
            return "both changed; a person answered"
        case _:
            return f"blank here, filled from {verdict.origin}"
