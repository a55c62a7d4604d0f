"""How leads climb the stages: how many came that far, how many went higher, and how long that took."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from statistics import median

from leadsync.qualify.model import Stages, StageState

SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage: leads that ever were in it or a higher one, those in it now, those that went higher, and the median days
    from entering it to entering a higher one; None where nobody did both."""

    stage: str
    ever: int
    now: int
    higher: int
    median_days: float | None


def climb(states: Collection[StageState], stages: Stages) -> list[StageRow]:
    """A row for each stage, from the bottom of the ladder up."""
    highest = [max((stages.rank(name) for name in _names(state)), default=-1) for state in states]
    rows = []
    for rank, stage in enumerate(stages.ladder):
        days = [days for state in states for days in _days(state, stages, stage.id)]
        now = sum(state.stage == stage.id for state in states)
        ever, higher = sum(top >= rank for top in highest), sum(top > rank for top in highest)
        rows.append(StageRow(stage.id, ever, now, higher, median(days) if days else None))
    return rows


def _names(state: StageState) -> Iterable[str]:
    return (state.stage, *(name for name, _at in state.reached))


def _days(state: StageState, stages: Stages, stage: str) -> Iterator[float]:
    """From first entering a stage to first entering a higher one after it; nothing where either never was."""
    since = state.first(stage)
    if since is None:
        return
    later = (at for name, at in state.reached if stages.rank(name) > stages.rank(stage) and at >= since)
    until = min(later, default=None)
    if until is not None:
        yield (until - since).total_seconds() / SECONDS_PER_DAY
