"""The theory of the sync, in one function: what a field's value is, given what each record says and said before.

Each record is compared with its own shadow, in its own CRM's spelling brought to the canonical one; never with what
we sent, and never with the other CRM. A record seen for the first time has no shadow: it is a baseline, changes
nothing, and nothing that stands in it is replaced; what says otherwise than somebody's edit then waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leadsync.records import Absent, Ref, Value, is_blank

PAIR = 2
"""Records of whom each edit reaches the other at once, or is still to."""


class How(StrEnum):
    """How a value came about."""

    EMPTY = "empty"
    AGREED = "agreed"
    UNBASED = "unbased"
    CHANGED = "changed"
    CLEARED = "cleared"
    CONFLICT = "conflict"
    NEWEST = "newest"
    HELD = "held"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Cell:
    """One record's value of a field, in canonical form. `base`: its shadow; ABSENT at first sight.

    `rank` orders records of one side: the object preferred there, then the id, so that the order never changes.
    `since`, `until`: between which two moments of our clock the value was changed, where that is known. `given`: when
    we wrote the base there, where it is from us.
    """

    ref: Ref
    value: Value
    base: Value | Absent
    modified: datetime
    rank: tuple[int, str] = (0, "")
    since: datetime | None = None
    until: datetime | None = None
    given: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the mapping says of a two-way field. `conflict`: owner, newest or hold; `null`: keep, clear or fill."""

    owner: str
    conflict: str
    null: str
    fill_blank: bool
    same: Callable[[Value, Value], bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The field's value, whose it is, and whose values lost. `spread`: the other records are to take it over.

    `said`: of a field that somebody edited or that is held, what every record says.
    """

    value: Value
    how: How
    origin: Ref | None = None
    losers: tuple[tuple[Ref, Value], ...] = ()
    spread: bool = False
    said: tuple[tuple[Ref, Value], ...] = ()


def merge(cells: Sequence[Cell], rules: Rules) -> Verdict:
    """Decide one field of one person or company from all the records that have it."""
    present = [cell for cell in cells if not is_blank(cell.value)]
    changed = [cell for cell in cells if not isinstance(cell.base, Absent) and not rules.same(cell.value, cell.base)]
    if changed:
        return _after_change(cells, changed, rules)
    if not present:
        return Verdict(None, How.EMPTY)
    best = _survivor(present, rules.owner)
    others = [cell for cell in cells if not rules.same(cell.value, best.value)]
    if not others:
        return Verdict(best.value, How.AGREED, best.ref)
    cleared = next((cell for cell in others if is_blank(cell.value) and not _never_filled(cell)), None)
    if cleared is not None and all(is_blank(cell.value) for cell in others):
        return Verdict(best.value, How.CLEARED, cleared.ref)
    losers = tuple((cell.ref, cell.value) for cell in others)
    fills = rules.fill_blank and all(_never_filled(cell) for cell in others)
    return Verdict(best.value, How.UNBASED, best.ref, losers, spread=fills)


def _new(cell: Cell) -> bool:
    """Whether the field is seen for the first time."""
    return isinstance(cell.base, Absent)


def _never_filled(cell: Cell) -> bool:
    """Whether the field is blank and was since it is known: what somebody cleared stays cleared."""
    return is_blank(cell.value) and cell.until is None


def _after_change(cells: Sequence[Cell], changed: Sequence[Cell], rules: Rules) -> Verdict:
    if rules.null == "keep" and rules.conflict != "hold":  # a blank is nothing to keep: it takes no edit's place
        changed = [cell for cell in changed if not is_blank(cell.value)] or changed
    if len(cells) > PAIR and rules.conflict != "hold":
        changed = [cell for cell in changed if not any(_upon(cell, other, rules) for other in changed)] or changed
    winner = _survivor(changed, rules.owner)
    rivals = [cell for cell in changed if not rules.same(cell.value, winner.value)]
    if not rivals and is_blank(winner.value) and rules.null == "keep":
        present = [cell for cell in cells if not is_blank(cell.value)]
        kept = _survivor(present, rules.owner) if present else winner
        return Verdict(kept.value, How.CLEARED, winner.ref)
    rivals += [c for c in cells if _new(c) and not is_blank(c.value) and not rules.same(c.value, winner.value)]
    if rivals:
        return _conflict(cells, winner, rivals, rules)
    return _edited(How.CHANGED, cells, winner, rules)


def _upon(cell: Cell, other: Cell, rules: Rules) -> bool:
    """Whether the other edit was made of the very value that this one brought, and that we had carried there since: it
    is the newer one. So it is where an edit has reached one record, and a further one has not taken it yet. A record
    that said the same before, by itself, tells nothing of which edit came first."""
    if isinstance(other.base, Absent) or other.given is None or cell.until is None:
        return False
    made_of_it = rules.same(other.base, cell.value) and not rules.same(other.value, cell.value)
    return made_of_it and other.given >= cell.until


def _conflict(cells: Sequence[Cell], winner: Cell, rivals: Sequence[Cell], rules: Rules) -> Verdict:
    if rules.conflict == "newest" and (last := _last([winner, *rivals], rules)) is not None:
        return _edited(How.NEWEST, cells, last, rules)
    decided = rules.conflict != "hold" and winner.ref.side == rules.owner
    if decided and not any(cell.ref.side == rules.owner or _new(cell) for cell in rivals):
        return _edited(How.CONFLICT, cells, winner, rules)
    return _edited(How.HELD, cells, winner, rules)


def _edited(how: How, cells: Sequence[Cell], winner: Cell, rules: Rules) -> Verdict:
    said = tuple((cell.ref, cell.value) for cell in sorted(cells, key=lambda c: c.ref))
    losers = _others(cells, winner, rules)
    return Verdict(winner.value, how, winner.ref, losers, spread=how is not How.HELD, said=said)


def _others(cells: Sequence[Cell], winner: Cell, rules: Rules) -> tuple[tuple[Ref, Value], ...]:
    return tuple((cell.ref, cell.value) for cell in cells if not rules.same(cell.value, winner.value))


def _last(changed: Sequence[Cell], rules: Rules) -> Cell | None:
    """The change that was provably made after all others: their intervals do not overlap. Else None: no guessing."""
    for cell in changed:
        rivals = [other for other in changed if not rules.same(other.value, cell.value)]
        if cell.since is not None and all(r.until is not None and r.until < cell.since for r in rivals):
            return cell
    return None


def answered(found: Verdict, value: Value, same: Callable[[Value, Value], bool]) -> Verdict:
    """A field that was held once a person said what it is: every record that says otherwise takes it over."""
    origin = next((ref for ref, said in found.said if same(said, value)), None)
    losers = tuple((ref, said) for ref, said in found.said if not same(said, value))
    return Verdict(value, How.ANSWERED, origin, losers, spread=True)


def _survivor(cells: Sequence[Cell], owner: str) -> Cell:
    """Whose value stands: the owner's side first, then a filled one, then the preferred object, then the oldest id.

    Not the newest record: our own writes make records new, and the facts must not change because we wrote.
    """
    return min(cells, key=lambda c: (c.ref.side != owner, is_blank(c.value), -c.rank[0], c.ref))
