"""New records: which side lacks one, and what it starts with."""

from __future__ import annotations

from collections.abc import Iterator

from leadsync.mapping.model import CreateRule, FieldMap
from leadsync.plan.judge import rule_of
from leadsync.plan.model import Change, Kept, Step, Subject
from leadsync.records import Ref, Value, is_blank
from leadsync.unify import to_vendor


def creates(subject: Subject) -> Iterator[Step | Kept]:
    """A new record for each side that lacks one where the mapping's rule says so; never where a person deleted it."""
    sides = {member.ref.side for member in subject.members}
    for rule in subject.object.creates:
        if rule.side in sides or not subject.allows(rule.when):
            continue
        if rule.side in subject.closed:
            yield _kept(subject, rule, "deleted", f"a person deleted it in {rule.side}, and it is not made again")
        elif (other := subject.carriers.get((rule.side, rule.kind))) is not None:  # it would be written over that one
            yield _kept(subject, rule, "carried", f"{other} still carries its id")
        elif (step := _create(subject, rule)) is not None:
            yield step


def _kept(subject: Subject, rule: CreateRule, reason: str, detail: str) -> Kept:
    place = Ref(rule.side, rule.kind, f"new:{subject.uid}")
    return Kept(subject.uid, place, "record", "record", None, None, reason, detail)


def _create(subject: Subject, rule: CreateRule) -> Step | None:
    changes: list[Change] = []
    key: tuple[str, str] | None = None
    for mapped, target in subject.object.targets(rule.side, rule.kind):
        if not target.writable or not subject.allows(mapped.when):
            continue
        value = _create_value(subject, mapped)
        if is_blank(value):
            continue
        sent = to_vendor(target, value)
        if mapped.unique:
            key = (target.name, str(sent))
            continue
        changes.append(Change(mapped.name, target.name, None, sent, "a new record", rule_of(mapped), unit=mapped.unit))
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
        return subject.worked_out(mapped)
    return subject.facts.get(mapped.name)
