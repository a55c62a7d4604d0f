"""Many records of one person or company, one set of facts, each with its origin; and the way to a vendor's spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from leadsync.mapping import compare
from leadsync.mapping.compare import canonical, same
from leadsync.mapping.model import FieldMap, ObjectMap, Target
from leadsync.mapping.transform import apply
from leadsync.merge import Cell, Rules, Verdict, merge
from leadsync.records import ABSENT, Absent, Fields, Record, Value, is_blank


@dataclass(frozen=True, slots=True)
class Source:
    """A record to unify: its shadow (None at first sight), how much its object is preferred on its side, and between
    which moments its fields were changed, where that is known. `given`: what our last writes made of them, and when."""

    record: Record
    shadow: Fields | None
    preferred: int = 0
    changed: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    given: Mapping[str, tuple[Value, datetime]] = field(default_factory=dict)


def from_vendor(mapped: FieldMap, target: Target, raw: Value) -> Value:
    """A vendor's value in canonical form; an option the mapping does not know passes as it is."""
    if is_blank(raw):
        return None
    return apply(mapped.transform, canonical(compare.from_vendor(raw, target.values), mapped.type))


def to_vendor(target: Target, value: Value) -> Value:
    """A canonical value as the vendor has it; None clears."""
    return None if is_blank(value) else compare.to_vendor(value, target.values)


def read(mapping: ObjectMap, record: Record) -> dict[str, Value]:
    """The canonical facts of one record by itself; what it does not have, or may not be read, is left out."""
    facts: dict[str, Value] = {}
    for mapped, target in mapping.targets(record.ref.side, record.ref.kind):
        raw = record.fields.get(target.name, ABSENT)
        if not isinstance(raw, Absent) and (mapped.name not in facts or is_blank(facts[mapped.name])):
            facts[mapped.name] = from_vendor(mapped, target, raw)
    return facts


def unify(mapping: ObjectMap, sources: Sequence[Source]) -> tuple[dict[str, Value], dict[str, Verdict]]:
    """All fields that come from the CRMs: their values, and for each the verdict that says whose it is and why."""
    verdicts = {
        mapped.name: merge(cells, _rules(mapped))
        for mapped in mapping.fields.values()
        if not mapped.sources and (cells := _current(list(_cells(mapped, sources)), sources))
    }
    return {name: verdict.value for name, verdict in verdicts.items()}, verdicts


def _rules(mapped: FieldMap) -> Rules:
    return Rules(
        owner=mapped.owner,
        conflict=mapped.conflict.value,
        null=mapped.null.value,
        fill_blank=mapped.fill_blank,
        same=partial(_same, mapped.compare),
    )


def _same(how: str, a: Value, b: Value) -> bool:
    return same(a, b, how)


def _cells(mapped: FieldMap, sources: Iterable[Source]) -> Iterable[Cell]:
    for source in sources:
        ref = source.record.ref
        for target in mapped.targets_in(ref.side, ref.kind):
            if target.name not in source.record.fields:
                continue
            value = from_vendor(mapped, target, source.record.fields[target.name])
            base = _base(mapped, target, source.shadow)
            since, until = source.changed.get(target.name, (None, None))
            rank = (source.preferred, ref.id)
            yield Cell(ref, value, base, source.record.modified, rank, since, until, _given(source, target))


def _current(cells: list[Cell], sources: Iterable[Source]) -> list[Cell]:
    """Without records that another one took the place of (a converted lead's contact) and that can no longer change,
    where that other one has the field too. What was known of the old one (of several, of one that says the same,
    rather an edited one) is the base of the new: an edit made right before or after the conversion is one."""
    present = {cell.ref for cell in cells}
    past = {
        s.record.ref: s.record.successor
        for s in sources
        if s.record.read_only and s.record.successor is not None and s.record.successor in present
    }
    there = {cell.ref: cell.value for cell in cells}
    gone = [cell for cell in cells if cell.ref in past]
    gone.sort(key=lambda c: (c.value == there[past[c.ref]], c.value != c.base))
    before = {past[cell.ref]: cell for cell in gone}
    return [
        replace(cell, base=before[cell.ref].base, given=before[cell.ref].given)
        if cell.ref in before and isinstance(cell.base, Absent) and not is_blank(cell.value)
        else cell
        for cell in cells
        if cell.ref not in past
    ]


def _given(source: Source, target: Target) -> datetime | None:
    """When we wrote what the shadow says; None where it came there otherwise."""
    settled, at = source.given.get(target.name, (ABSENT, None))
    return at if source.shadow is not None and source.shadow.get(target.name) == settled else None


def _base(mapped: FieldMap, target: Target, shadow: Mapping[str, Value] | None) -> Value | Absent:
    """The shadow's value; a field that was not read then (mapped since) is seen for the first time."""
    if shadow is None or target.name not in shadow:
        return ABSENT
    return from_vendor(mapped, target, shadow[target.name])
