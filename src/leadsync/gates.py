"""Gates before any write: what is too much at once stops the run at the plan, until a person says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leadsync.plan import Plan
from leadsync.records import is_blank


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one run may overwrite or clear unasked. A share is of the live records of that side and object."""

    max_overwritten_share: float = 0.5
    max_cleared_share: float = 0.1
    floor: int = 50
    """Up to so many records anything goes: a small installation changes as a whole."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A closed gate: what it found, and how to let it through."""

    name: str
    found: str
    advice: str


def closed_gates(plan: Plan, live: Mapping[tuple[str, str], int], limits: Limits, open_: frozenset[str]) -> list[Gate]:
    """The gates this plan does not pass. Filling blanks is free; overwriting and clearing are counted by record."""
    overwritten: dict[tuple[str, str], int] = {}
    cleared: dict[tuple[str, str], int] = {}
    for step in plan.steps:
        place = (step.side, step.kind)
        if step.id is not None and any(not is_blank(c.old) and not is_blank(c.new) for c in step.changes):
            overwritten[place] = overwritten.get(place, 0) + 1
        if any(not is_blank(c.old) and is_blank(c.new) for c in step.changes):
            cleared[place] = cleared.get(place, 0) + 1
    found = [
        *_over("overwrite", "overwrite values on", overwritten, live, limits.max_overwritten_share, limits.floor),
        *_over("clear", "clear fields on", cleared, live, limits.max_cleared_share, limits.floor),
    ]
    return [gate for gate in found if gate.name not in open_]


def _over(
    name: str,
    verb: str,
    counts: Mapping[tuple[str, str], int],
    live: Mapping[tuple[str, str], int],
    share: float,
    floor: int,
) -> list[Gate]:
    return [
        Gate(
            name,
            f"this run would {verb} {count:,} of {live.get(place, 0):,} {place[0]} {place[1]} records "
            f"(more than {share:.0%} and more than {floor})",
            f"look at it with `leadsync plan`; if it is meant, run `leadsync sync --open-gate {name}`",
        )
        for place, count in sorted(counts.items())
        if count > max(floor, share * live.get(place, 0))
    ]
