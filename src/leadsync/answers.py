"""What people answered to conflicts: as a file they edit, and the mapping line that their answers amount to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from leadsync.errors import LeadsyncError
from leadsync.records import Value, is_blank, value_text
from leadsync.store import Conflict, Ruling

ENOUGH = 5
"""Answers that agree, before a line of the mapping is proposed."""
CLEAR = 0.9
"""Share of a field's answers that must agree."""


class BadAnswer(LeadsyncError):
    """An answer that does not fit the conflict."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line of a mapping file that would settle a field as people do by hand."""

    object: str
    field: str
    owner: str
    line: str
    because: str


def options(conflict: Conflict) -> dict[str, Value]:
    """By side, the value that its records say; a side whose records contradict each other is no option."""
    said: dict[str, list[Value]] = defaultdict(list)
    for ref, value in conflict.cells:
        said[ref.side].append(value)
    return {side: values[0] for side, values in said.items() if all(v == values[0] for v in values)}


def ruling(conflict: Conflict, take: str | None, value: str | None, now: datetime) -> Ruling:
    """A person's answer: a side to take it from, or the value itself; raises BadAnswer."""
    choice = options(conflict)
    if (take is None) == (value is None):
        raise BadAnswer("an answer is either a side to take the value from, or the value itself")
    if take is not None:
        take = next((side for side in choice if side.casefold() == take.casefold()), take)  # as spreadsheets write it
        if take not in choice:
            raise BadAnswer(
                f"{take!r} is no side that has one value for {conflict.field}: {', '.join(choice) or 'none'}"
            )
        return _ruled(conflict, choice[take], take, now)
    side = next((s for s, v in choice.items() if value_text(v) == value), "")
    exact: Value = choice[side] if side else value
    return _ruled(conflict, exact, side, now)


def _ruled(conflict: Conflict, value: Value, side: str, now: datetime) -> Ruling:
    clean = None if is_blank(value) else value
    return Ruling(conflict.uid, conflict.object, conflict.field, conflict.cells, clean, side, now)


def proposals(rulings: Iterable[Ruling]) -> list[Proposal]:
    """The lines that would have given the answers people gave, for fields with enough of them that agree."""
    sides: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    final = {
        (given.uid, given.field, given.cells): given for given in rulings
    }  # who answers again thought better of it
    for given in final.values():
        sides[given.object, given.field][given.side] += 1
    found: list[Proposal] = []
    for (object_, field), counts in sorted(sides.items()):
        side, count = counts.most_common(1)[0]
        if side and count >= ENOUGH and count >= CLEAR * counts.total():
            because = f"{count} of {counts.total()} answers took {side}'s value"
            line = f'[field.{field}] in {object_}.toml: owner = "{side}", conflict = "owner"'
            found.append(Proposal(object_, field, side, line, because))
    return found
