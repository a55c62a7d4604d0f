"""Moments at which a run is worth attacking: two CRMs and a state file, right before it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from tests.engine import Stage

from leadsync.connector import Write
from leadsync.records import Ref
from proofs.town import CONTACT_NAMES, VALUES, arrive, both, edit, leads, people, town

Build: TypeAlias = Callable[[Path], Stage]


def newcomers(folder: Path) -> Stage:
    """The first run: a person in both CRMs, one in each, and one who is to be created in Salesforce."""
    stage = town(folder)
    both(stage, 1)
    arrive(stage, 2, "salesforce")
    arrive(stage, 3, "hubspot", good=True)
    arrive(stage, 4, "hubspot", good=True)
    return stage


def edits(folder: Path) -> Stage:
    """People edited on either side, on both, the same and different; and a new lead qualifies."""
    stage = town(folder)
    contact, lead = both(stage, 1)
    other, theirs = both(stage, 2)
    stage.run()
    edit(stage, contact, "title", "CEO")
    edit(stage, lead, "phone", "999")
    edit(stage, other, "phone", "111")
    edit(stage, theirs, "phone", "222")
    edit(stage, other, "city", "Paris")
    edit(stage, theirs, "city", "Rome")
    arrive(stage, 3, "hubspot", good=True)
    return stage


def fates(folder: Path) -> Stage:
    """People merged, converted, deleted and restored records, and edited them too."""
    stage = town(folder)
    first, second, third = both(stage, 1), both(stage, 2), both(stage, 3)
    stage.run()
    merged = stage.hubspot.merge_into_new(first[0], second[0])
    stage.salesforce.merge_into(first[1], second[1])
    contact = stage.salesforce.convert(third[1], "Contact", CONTACT_NAMES)
    edit(stage, merged, "title", "CEO")
    edit(stage, contact, "city", "Paris")
    gone = arrive(stage, 4, "hubspot")
    stage.hubspot.delete(gone)
    return stage


class Refusal:
    """One record is refused, whatever is written to it; None: none is."""

    def __init__(self, ident: str | None) -> None:
        self.ident = ident

    def __call__(self, write: Write) -> str:
        return "a rule forbids it" if self.ident is not None and write.id == self.ident else ""


class Trouble:
    """Goes wrong in each way once, in turn, and then no more."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = list(kinds)

    def __call__(self, _kind: str, _writes: Sequence[Write]) -> str:
        return self.kinds.pop(0) if self.kinds else ""


def troubles(folder: Path) -> Stage:
    """Answers are lost before and after the effect, and one record is refused."""
    stage = edits(folder)
    stage.hubspot.trouble = Trouble("lost after", "half")
    stage.salesforce.trouble = Trouble("lost before", "lost after", "half")
    stage.salesforce.refuse = Refusal("3")
    return stage


NAMED: Mapping[str, Build] = {"newcomers": newcomers, "edits": edits, "fates": fates, "troubles": troubles}


def drawn(seed: int) -> Build:
    """A scene drawn by chance: some people, some runs, and then edits and fates."""

    def build(folder: Path) -> Stage:
        chance = random.Random(seed)  # noqa: S311  a repeatable draw
        stage = town(folder)
        for number in range(chance.randint(1, 4)):
            sides = chance.choice((("hubspot",), ("salesforce",), ("hubspot", "salesforce")))
            for side in sides:
                arrive(stage, number, side, good=side == "hubspot" and chance.random() < 0.5)
        if chance.random() < 0.8:
            stage.run()
        for _ in range(chance.randint(1, 8)):
            act(stage, chance)
        troubles = ("", "", "lost before", "lost after", "half", "whole")
        stage.hubspot.trouble = Trouble(*chance.choices(troubles, k=4))
        stage.salesforce.trouble = Trouble(*chance.choices(troubles, k=4))
        return stage

    return build


def act(stage: Stage, chance: random.Random) -> None:
    """Somebody does something, mostly an edit."""
    shelf = stage.sides[chance.choice(("hubspot", "salesforce"))]
    there = people(shelf)
    if not there:
        return
    ref = chance.choice(there).ref
    match chance.choices(("edit", "delete", "restore", "merge", "convert"), (20, 1, 1, 1, 1))[0]:
        case "edit":
            name = chance.choice(sorted(VALUES))
            edit(stage, ref, name, chance.choice(VALUES[name]))
        case "delete":
            shelf.delete(ref)
        case "restore":
            for record in people(shelf, deleted=True)[:1]:
                shelf.restore(record.ref)
        case "merge":
            merge(stage, ref, next((r.ref for r in there if r.ref != ref and r.ref.kind == ref.kind), None))
        case "convert":
            for record in leads(stage.salesforce)[:1]:
                stage.salesforce.convert(record.ref, "Contact", CONTACT_NAMES)


def merge(stage: Stage, kept: Ref, lost: Ref | None) -> None:
    """Somebody merges two records, as their CRM does it."""
    if lost is None:
        return
    if kept.side == "hubspot":
        stage.hubspot.merge_into_new(kept, lost)
    else:
        stage.salesforce.merge_into(kept, lost)


def endless(named: Sequence[tuple[str, Build]], seed: int) -> Iterator[tuple[str, Build]]:
    """The named scenes, then drawn ones for ever."""
    yield from named
    number = seed
    while True:
        yield f"drawn {number}", drawn(number)
        number += 1
