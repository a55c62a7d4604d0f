"""Whether there is enough to learn from, and if not, how much is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from leadsync.learn.cohort import Cohort, Example

LEAST_LEADS: Final = 500
LEAST_WON: Final = 50
"""Einstein Lead Scoring asks for 1,000 leads with 120 conversions for a model of its own (Salesforce Help, "Einstein
Lead Scoring setup considerations"); a proposal that a person reads may start with half of it. Ten conversions for each
points value learned is the usual rule (Peduzzi and others, 1996): what is rarer keeps the points it has."""
LEAST_TEST_WON: Final = 20
"""With fewer conversions in the newest part, the interval of an AUC is wider than any difference worth having."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Something there is too little of."""

    what: str
    have: int
    need: int

    @property
    def words(self) -> str:
        """As a person reads it."""
        return f"{self.what}: {self.have:,} of {self.need:,} needed, {self.need - self.have:,} are missing"


def lacking(cohort: Cohort) -> list[Lack]:
    """All that is missing; empty: there is enough."""
    old, new = cohort.split()
    return _short(old, new, LEAST_WON)


def lacking_to_compare(cohort: Cohort) -> list[Lack]:
    """What is missing to tell whether a model has aged."""
    return _short(*cohort.firsts(), LEAST_TEST_WON)


def _short(old: Sequence[Example], new: Sequence[Example], won: int) -> list[Lack]:
    counts = [
        Lack("leads to learn from, known for longer than the horizon", len({e.lead for e in old}), LEAST_LEADS),
        Lack("conversions among them", sum(e.won for e in old), won),
        Lack("newer leads to measure on", len({e.lead for e in new}), LEAST_LEADS // 4),
        Lack("conversions among those", sum(e.won for e in new), LEAST_TEST_WON),
        Lack("newer leads that did not convert", sum(not e.won for e in new), LEAST_TEST_WON),
    ]
    return [lack for lack in counts if lack.have < lack.need]
