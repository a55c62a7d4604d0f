"""What would take a lead to its next stage: the fewest things that would have to be known or happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from itertools import combinations
from typing import Final

from leadsync.qualify.machine import qualify
from leadsync.qualify.model import Owner, Stages, StageState
from leadsync.records import Fields
from leadsync.score.gains import Gain, Standing, gains
from leadsync.score.model import ScoringModel, in_points
from leadsync.touchpoints import Touchpoint

MOST_STEPS: Final = 3
"""A way of more steps than this is no advice."""
MOST_GAINS: Final = 8
"""Only the greatest gains are combined: three of eight are 56 combinations."""


@dataclass(frozen=True, slots=True)
class Way:
    """The next stage, how many points are missing to enter it, and what would do; no steps: nothing found would."""

    stage: str
    missing: int | float
    steps: tuple[Gain, ...]

    @property
    def words(self) -> str:
        """As a person reads it."""
        short = f"to {self.stage}: {self.missing} points short" if self.missing > 0 else f"to {self.stage}"
        if not self.steps:
            return f"{short}; no single fact or touch would do"
        return f"{short}; it would do: " + " and ".join(step.words for step in self.steps)


def way_up(
    facts: Fields,
    touches: Iterable[Touchpoint],
    model: ScoringModel,
    stages: Stages,
    state: StageState | None,
    as_of: datetime,
) -> Way | None:
    """The way to the stage above; None at the top of leadsync's ladder, for excluded and for disqualified leads."""
    standing = Standing(facts, tuple(touches), as_of)
    now = standing.score(model)
    here = qualify(now, facts, stages, state, as_of)
    ladder = [stage for stage in stages.ladder if stage.owner is Owner.LEADSYNC]
    rank = next((i for i, stage in enumerate(ladder) if stage.id == here.stage), len(ladder))
    if rank + 1 >= len(ladder):
        return None
    aim = ladder[rank + 1]
    missing = in_points(max(0, (aim.enter or 0) - now.centi))
    candidates = gains(facts, standing.touches, model, as_of)[:MOST_GAINS]
    for steps in range(1, MOST_STEPS + 1):
        for some in combinations(candidates, steps):
            then = reduce(Standing.supposing, some, standing)
            after = qualify(then.score(model), then.facts, stages, here, as_of)
            if stages.at_least(after.stage, aim.id):
                return Way(aim.id, missing, some)
    return Way(aim.id, missing, ())
