"""What is wrong with a mapping as a whole although each of its lines is right; no CRM is needed to see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import TypeAlias

from leadsync.mapping.expression import Expression
from leadsync.mapping.model import FieldMap, ObjectMap, Target
from leadsync.mapping.positions import Path
from leadsync.mapping.problems import Problem, did_you_mean
from leadsync.mapping.toml import Document

Spot: TypeAlias = tuple[str, str, str]
"""A CRM field: side, object ("" where all its objects have it and none is known), name."""

TEXTUAL = frozenset({"exact", "ci", "trim", "set", "digits"})


def cross_checks(mapping: ObjectMap, document: Document, names: Collection[str]) -> Iterator[Problem]:
    """All of them; `names` are those that conditions may use."""
    yield from _unknown_names(mapping, document, names)
    yield from _double_writes(mapping, document)
    yield from _circles(mapping, document)
    yield from _creates(mapping, document)
    for mapped in mapping.fields.values():
        yield from _strict_comparison(mapped, document)
        yield from _merged_options(mapped, document)
        yield from _lonely_follower(mapped, mapping, document)


def spots(mapping: ObjectMap, target: Target) -> Iterator[Spot]:
    """The CRM fields that a target stands for."""
    for kind in target.objects or mapping.kinds.get(target.side) or ("",):
        yield target.side, kind, target.name


# ---- conditions


def _unknown_names(mapping: ObjectMap, document: Document, names: Collection[str]) -> Iterator[Problem]:
    conditions: list[tuple[Path, Expression | None]] = [
        *((("field", name, "when"), mapped.when) for name, mapped in mapping.fields.items()),
        *((("create", rule.side, "when"), rule.when) for rule in mapping.creates),
    ]
    for path, condition in conditions:
        for name in sorted((condition.names if condition is not None else frozenset()) - set(names)):
            hint = did_you_mean(name, names)
            yield document.problem(path, "LS107", f'"{name}" is neither a field of this file nor a source.{hint}')


# ---- fields that get in each other's way


def _double_writes(mapping: ObjectMap, document: Document) -> Iterator[Problem]:
    writers: dict[Spot, list[str]] = defaultdict(list)
    for name, mapped in mapping.fields.items():
        for target in mapped.targets:
            if target.writable:
                for spot in spots(mapping, target):
                    writers[spot].append(name)
    told: set[tuple[str, str, str]] = set()
    for (side, _, vendor), names in writers.items():
        if len(names) < 2 or (side, vendor, names[-1]) in told:
            continue
        told.add((side, vendor, names[-1]))
        line = mapping.fields[names[0]].line
        text = f'{side} field "{vendor}" is written by two mappings: [field.{names[0]}] (line {line}) and'
        remedy = 'keep one, or make one  direction = "read"'
        yield document.problem(
            ("field", names[-1], side), "LS301", f"{text} [field.{names[-1]}]; they would overwrite each other.", remedy
        )


def _circles(mapping: ObjectMap, document: Document) -> Iterator[Problem]:
    """Values that go from field to field and come back through another mapping."""
    edges = list(_edges(mapping))
    onward: dict[Spot, list[tuple[Spot, str]]] = defaultdict(list)
    for start, end, name in edges:
        onward[start].append((end, name))
    told: set[frozenset[str]] = set()
    for start, end, name in edges:
        way = _way(onward, end, start, name)
        names = frozenset((name, *way)) if way else frozenset()
        if names and names not in told:
            told.add(names)
            fields = ", ".join(f"[field.{n}]" for n in sorted(names))
            text = f'{start[0]} "{start[2]}" would be written back to itself by {fields}: every run answers the last.'
            yield document.problem(
                ("field", name), "LS302", text, 'map each pair of CRM fields once, or make one  direction = "read"'
            )


def _edges(mapping: ObjectMap) -> Iterator[tuple[Spot, Spot, str]]:
    """From each CRM field that is read to each of the same mapping that is written."""
    for name, mapped in mapping.fields.items():
        if mapped.sources:
            continue
        read = [spot for target in mapped.targets for spot in spots(mapping, target)]
        written = [spot for target in mapped.targets if target.writable for spot in spots(mapping, target)]
        yield from ((a, b, name) for a in read for b in written if a != b)


def _way(onward: dict[Spot, list[tuple[Spot, str]]], start: Spot, goal: Spot, without: str) -> tuple[str, ...]:
    """The mappings that lead from one CRM field to another without the named one; empty when none do."""
    ways: list[tuple[Spot, tuple[str, ...]]] = [(start, ())]
    seen = {start}
    while ways:
        spot, names = ways.pop(0)
        if spot == goal:
            return names
        for after, name in onward[spot]:
            if name != without and after not in seen:
                seen.add(after)
                ways.append((after, (*names, name)))
    return ()


# ---- single fields


def _strict_comparison(mapped: FieldMap, document: Document) -> Iterator[Problem]:
    words = " ".join([mapped.name, *(target.name for target in mapped.targets)]).lower()
    better = ""
    if mapped.type == "string" and mapped.compare in {"exact", "ci", "trim"}:
        better = "digits" if any(word in words for word in ("phone", "mobile", "fax")) else ""
    elif mapped.type in {"int", "number"} and mapped.compare in TEXTUAL - {"exact"}:
        better = "number"
    elif mapped.type in {"date", "datetime"} and mapped.compare in TEXTUAL:
        better = mapped.type
    if better and any(target.writable for target in mapped.targets):
        text = f'compare = "{mapped.compare}" would take another spelling in [field.{mapped.name}] for an edit.'
        yield document.problem(("field", mapped.name, "compare"), "LS303", text, f'compare = "{better}"')


def _merged_options(mapped: FieldMap, document: Document) -> Iterator[Problem]:
    """A two-way value is read back through its options, so that each must stand for one value."""
    if mapped.sources:
        return
    for target in mapped.targets:
        options = list(target.values.values())
        for option in dict.fromkeys(o for o in options if options.count(o) > 1):
            ours = " and ".join(f'"{key}"' for key, value in target.values.items() if value == option)
            text = f'{ours} are both written as "{option}", which cannot be read back as one of them.'
            yield document.problem(("field", mapped.name, target.side, "values"), "LS309", text)


def _lonely_follower(mapped: FieldMap, mapping: ObjectMap, document: Document) -> Iterator[Problem]:
    leads = any(f.unit == mapped.unit and not f.follows for f in mapping.fields.values())
    if mapped.follows and not (mapped.unit and leads):
        text = f"[field.{mapped.name}] follows, but its unit has no field that leads: it would never be written."
        remedy = 'unit = "…", shared with another field'
        yield document.problem(("field", mapped.name, "follows"), "LS310", text, remedy)


def _creates(mapping: ObjectMap, document: Document) -> Iterator[Problem]:
    for rule in mapping.creates:
        if not any(mapped.unique for mapped, _ in mapping.targets(rule.side, rule.kind)):
            text = f"{rule.side} {rule.kind} has no unique field, by which a repeated create would find the first."
            yield document.problem(
                ("create", rule.side), "LS312", text, 'a field with  source = "leadsync.id"  and  unique = true'
            )
