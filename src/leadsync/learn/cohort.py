"""Examples to learn from: leads as they were known on a day, and whether they converted within the time after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import TypeAlias

from leadsync.errors import Misconfigured
from leadsync.qualify import Owner, Stages
from leadsync.records import Fields, is_blank
from leadsync.rulefiles.gates import value_key
from leadsync.touchpoints import Touchpoint

Outcome: TypeAlias = Callable[[Fields], bool]
TEST_SHARE = 0.3
"""Of the leads, the newest: what a model that was learned from the older ones is measured on."""


@dataclass(frozen=True, slots=True)
class Example:
    """A lead on a day: the facts and touches known by its end, and whether it converted within the horizon.

    `later`: its facts at the end of the horizon, which nothing learns from; they show what is filled in afterwards.
    `turn`: how many horizons it had been known for without converting. Who is left over converts less often, whatever
    is known of it; that is told apart from what points are for.
    """

    lead: str
    day: date
    facts: Fields
    touches: tuple[Touchpoint, ...]
    won: bool
    later: Fields
    turn: int = 0

    @property
    def moment(self) -> datetime:
        """The end of the day."""
        return datetime.combine(self.day, time(23, 59, 59), UTC)


@dataclass(frozen=True, slots=True)
class Cohort:
    """All examples in the order of time. `fresh`: leads whose horizon has not passed yet, as they were first known,
    with no outcome; `before`: leads that had converted when they were first seen, of which nothing can be learned."""

    examples: tuple[Example, ...]
    horizon: timedelta
    fresh: tuple[Example, ...] = ()
    before: int = 0

    def split(self) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        """The older examples, whose outcome was known when the newer ones began, and the newer ones. A lead that had
        not converted by then may be in both, each time as it was known."""
        days = sorted({example.day for example in self.examples})
        ranked = [example.day for example in self.examples if example.turn == 0]
        wanted = ranked[int(len(ranked) * (1 - TEST_SHARE))] if ranked else date.max
        cut = next((day for day in days if day >= wanted and day >= days[0] + self.horizon), date.max)
        old = tuple(example for example in self.examples if example.day + self.horizon <= cut)
        return old, tuple(example for example in self.examples if example.day >= cut)

    def firsts(self) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
        """Each lead once, as it was first known: the older ones, and the newest. Unlike the others these are alike for
        as long as nothing changes."""
        own = tuple(example for example in self.examples if example.turn == 0)
        cut = int(len(own) * (1 - TEST_SHARE))
        return own[:cut], own[cut:]

    @property
    def won(self) -> int:
        """How many converted."""
        return sum(example.won for example in self.examples)


def outcome_of(stages: Stages, least: str = "") -> tuple[str, Outcome, frozenset[str]]:
    """What counts as converted: a person set a CRM value that means a stage of sales, `least` (by default the lowest)
    or one above. Gives the stage, the test of a lead's facts, and the facts that tell. Raises Misconfigured where there
    is no such stage: leadsync's own stages follow from the score, which cannot be measured against itself."""
    sales = [stage.id for stage in stages.ladder if stage.owner is Owner.SALES]
    if not sales or (least and least not in sales):
        known = ", ".join(sales) or 'none (a stage with owner = "sales" in stages.toml)'
        raise Misconfigured(f"an outcome is a stage of sales, for others follow from the score; there are: {known}.")
    chosen = least or sales[0]
    asked = [stage.set_by for stage in stages.ladder if stages.at_least(stage.id, chosen)]

    def reached(facts: Fields) -> bool:
        return any(
            not is_blank(facts.get(name)) and value_key(facts.get(name)) in values
            for set_by in asked
            for name, values in set_by.items()
        )

    return chosen, reached, frozenset(name for set_by in asked for name in set_by)


def cohort(
    snapshots: Iterable[tuple[str, date, Fields]],
    touches: Mapping[str, Sequence[Touchpoint]],
    outcome: Outcome,
    horizon: timedelta,
    today: date,
) -> Cohort:
    """The examples that snapshots (by lead and day) give: each lead from its first day on, once in a horizon, until it
    has converted; only where the horizon had passed by `today`."""
    examples: list[Example] = []
    fresh: list[Example] = []
    before = 0
    for lead, rows in groupby(snapshots, key=lambda row: row[0]):
        known = [(day, facts) for _lead, day, facts in rows]
        if outcome(known[0][1]):
            before += 1
            continue
        made = _of_lead(lead, known, touches.get(lead, ()), outcome, (horizon, today))
        examples += made
        if not made:
            fresh.append(_example(lead, known, touches.get(lead, ()), 0, timedelta(0)))
    by_day = (tuple(sorted(some, key=lambda e: (e.day, e.lead))) for some in (examples, fresh))
    return Cohort(next(by_day), horizon, next(by_day), before)


def _of_lead(
    lead: str,
    known: Sequence[tuple[date, Fields]],
    touches: Sequence[Touchpoint],
    outcome: Outcome,
    time_: tuple[timedelta, date],
) -> list[Example]:
    horizon, today = time_
    won_on = next((day for day, facts in known if outcome(facts)), None)
    made: list[Example] = []
    day = known[0][0]
    while day + horizon <= today and (won_on is None or day < won_on):
        one = _example(lead, known, touches, len(made), horizon)
        made.append(replace(one, won=won_on is not None and won_on <= day + horizon))
        day += horizon
    return made


def _example(
    lead: str, known: Sequence[tuple[date, Fields]], touches: Sequence[Touchpoint], turn: int, horizon: timedelta
) -> Example:
    """A lead after so many horizons, its outcome left open."""
    day = known[0][0] + turn * horizon
    end = datetime.combine(day, time(23, 59, 59), UTC)
    seen = tuple(touch for touch in touches if touch.at <= end)
    return Example(lead, day, facts_on(known, day), seen, won=False, later=facts_on(known, day + horizon), turn=turn)


def facts_on(known: Sequence[tuple[date, Fields]], day: date) -> Fields:
    """What was known on a day, by the latest snapshot up to then."""
    return next((facts for at, facts in reversed(known) if at <= day), {})
