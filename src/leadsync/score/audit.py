"""Fairness and steering: who is selected by group, and whether what a source pays or costs could move a score."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leadsync.records import Fields, Value
from leadsync.score.model import Score

FOUR_FIFTHS: Final = 0.8
"""A group selected at less than four fifths of the rate of the most selected one is a sign of adverse impact (Uniform
Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D)."""
FEW: Final = 30
"""A group smaller than this is reported, and not judged."""


@dataclass(frozen=True, slots=True)
class GroupRate:
    """One group: how many leads, the share selected, and that share to the most selected judged group's.

    `rate_of_converters`: the share selected of those who converted; None where the outcome is unknown or nobody did.
    `judged`: large enough to be judged; `below`: judged, and under four fifths.
    """

    group: str
    leads: int
    rate: float
    ratio: float
    rate_of_converters: float | None
    judged: bool

    @property
    def below(self) -> bool:
        """Whether the four-fifths line is crossed."""
        return self.judged and self.ratio < FOUR_FIFTHS


def selection(
    groups: Sequence[str], selected: Sequence[bool], converted: Sequence[bool] | None = None
) -> list[GroupRate]:
    """The rates of each group, in the order of the alphabet. The groups come from outside the model: a protected
    attribute is never among its facts. Dropping an attribute does not make a model blind to it, which is why this is
    measured."""
    rows: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    outcomes = [False] * len(groups) if converted is None else converted
    for group, chosen, won in zip(groups, selected, outcomes, strict=True):
        rows[group].append((chosen, won))
    rates = {group: _share([chosen for chosen, _won in some]) for group, some in rows.items()}
    best = max((rates[group] for group, some in rows.items() if len(some) >= FEW), default=0.0)
    return [
        GroupRate(
            group,
            len(some),
            rates[group],
            rates[group] / best if best > 0 else 1.0,
            _share([chosen for chosen, won in some if won]) if any(won for _chosen, won in some) else None,
            len(some) >= FEW,
        )
        for group, some in sorted(rows.items())
    ]


def steered(
    leads: Mapping[str, Fields],
    fields: Sequence[str],
    scored: Callable[[str, Fields], tuple[Score, str]],
    seed: int = 0,
) -> list[str]:
    """The leads whose score or stage moves when the values of commercial `fields` are dealt out anew among all leads.

    `scored` gives (score, stage) for a lead's id and facts. Must come back empty: what a source pays or costs may not
    steer, by whatever way the field found into the facts.
    """
    chance = random.Random(seed)  # noqa: S311 - a permutation, not a secret
    dealt: dict[str, dict[str, Value]] = {lead: dict(facts) for lead, facts in leads.items()}
    for name in fields:
        values: list[Value] = [facts.get(name) for facts in leads.values()]
        chance.shuffle(values)
        for facts, value in zip(dealt.values(), values, strict=True):
            facts[name] = value
    return [lead for lead, facts in leads.items() if scored(lead, facts) != scored(lead, dealt[lead])]


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0
