"""All journeys together: how many leads came through each phase, how long they stayed, where they went; and whether
advice made a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from math import sqrt
from statistics import median

from leadsync.nurture.model import Course, Phase

SECONDS_PER_DAY = 86400


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One phase. `entered`: leads that ever were in it; `now`: that are; `again`: that came back to it.

    `median_days`: the time in it of those that left. `next`: where they went, by phase.
    """

    phase: Phase
    entered: int
    now: int
    again: int
    median_days: float | None
    next: Mapping[Phase, int]


def funnel(courses: Iterable[Course]) -> list[FunnelRow]:
    """A row for each phase, in the order of the phases."""
    some = list(courses)
    return [_row(phase, some) for phase in Phase]


def _row(phase: Phase, courses: Sequence[Course]) -> FunnelRow:
    times = [sum(step.phase is phase for step in course.steps) for course in courses]
    left = [(a, b) for course in courses for a, b in pairwise(course.steps) if a.phase is phase]
    days = [(after.at - before.at).total_seconds() / SECONDS_PER_DAY for before, after in left]
    return FunnelRow(
        phase,
        sum(count > 0 for count in times),
        sum(course.now.phase is phase for course in courses),
        sum(count > 1 for count in times),
        median(days) if days else None,
        dict(Counter(after.phase for _before, after in left)),
    )


def time_in(course: Course, as_of: datetime) -> dict[Phase, float]:
    """Days a lead has spent in each phase."""
    ends = [*(step.at for step in course.steps[1:]), as_of]
    spent: dict[Phase, float] = {}
    for step, end in zip(course.steps, ends, strict=True):
        spent[step.phase] = spent.get(step.phase, 0.0) + (end - step.at).total_seconds() / SECONDS_PER_DAY
    return spent


@dataclass(frozen=True, slots=True)
class Effect:
    """Conversion of those who were advised on and of those left alone, the difference, and its 95 % interval; of how
    many of each, (converted, all)."""

    advised: float
    alone: float
    difference: float
    low: float
    high: float
    of_advised: tuple[int, int] = (0, 0)
    of_alone: tuple[int, int] = (0, 0)


def effect(advised: tuple[int, int], alone: tuple[int, int]) -> Effect | None:
    """From (converted, of how many) of both groups; None when one of them is empty.

    The interval is Agresti and Caffo's (one success and one failure added to each group), which holds for small groups.
    """
    if advised[1] == 0 or alone[1] == 0:
        return None
    p, q = advised[0] / advised[1], alone[0] / alone[1]
    a, n = advised[0] + 1, advised[1] + 2
    b, m = alone[0] + 1, alone[1] + 2
    middle = a / n - b / m
    half = Z_95 * sqrt(a / n * (1 - a / n) / n + b / m * (1 - b / m) / m)
    return Effect(p, q, p - q, middle - half, middle + half, advised, alone)


Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
