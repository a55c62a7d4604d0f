"""Speed to lead: how soon somebody of ours answered after a lead had entered a stage that agrees a time for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from leadsync.qualify.machine import due
from leadsync.qualify.model import Owner, Stages, StageState

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Answer:
    """One lead's first time in a stage with an agreed time. `answered`: our first contact since, or when sales took it;
    None: nobody has. `there`: whether the lead is still in the stage."""

    stage: str
    since: datetime
    by: datetime
    answered: datetime | None
    there: bool

    def hours(self, until: datetime) -> float:
        """Hours it took, or has taken until then."""
        end = self.answered if self.answered is not None else until
        return (end - self.since).total_seconds() / SECONDS_PER_HOUR

    def late(self, now: datetime) -> bool:
        """Whether the answer came, or is, after the time agreed."""
        return (self.answered if self.answered is not None else now) > self.by


@dataclass(frozen=True, slots=True)
class SpeedRow:
    """A stage: leads that entered it, and of those: answered in time, answered late, waiting in time, overdue, and gone
    from the stage without an answer. `median_hours`: of those answered."""

    stage: str
    agreed_hours: float
    leads: int
    in_time: int
    late: int
    waiting: int
    overdue: int
    gone: int
    median_hours: float | None


def answers(state: StageState, stages: Stages, contacts: Iterable[datetime]) -> list[Answer]:
    """A lead's answers, one for each stage with an agreed time that it ever reached."""
    moments = sorted(contacts)
    found = []
    for stage in stages.ladder:
        since = state.first(stage.id)
        by = None if since is None else due(stage, since)
        if since is not None and by is not None:
            taken = (at for name, at in state.reached if at >= since and _is_sales(stages, name))
            answered = min((*(at for at in moments if at >= since), *taken), default=None)
            found.append(Answer(stage.id, since, by, answered, state.stage == stage.id))
    return found


def _is_sales(stages: Stages, name: str) -> bool:
    stage = stages.stage(name)
    return stage is not None and stage.owner is Owner.SALES


def speed(found: Iterable[Answer], stages: Stages, now: datetime) -> list[SpeedRow]:
    """A row for each stage with an agreed time, in the ladder's order."""
    by_stage: dict[str, list[Answer]] = {}
    for answer in found:
        by_stage.setdefault(answer.stage, []).append(answer)
    return [
        _row(stage.id, stage.answer_hours, by_stage.get(stage.id, ()), now)
        for stage in stages.ladder
        if stage.answer_hours is not None
    ]


def _row(stage: str, agreed: float, some: Sequence[Answer], now: datetime) -> SpeedRow:
    done = [answer for answer in some if answer.answered is not None]
    open_ = [answer for answer in some if answer.answered is None]
    late = sum(answer.late(now) for answer in done)
    overdue = sum(answer.there and answer.late(now) for answer in open_)
    gone = sum(not answer.there for answer in open_)
    waiting = len(open_) - overdue - gone
    hours = median([answer.hours(now) for answer in done]) if done else None
    return SpeedRow(stage, agreed, len(some), len(done) - late, late, waiting, overdue, gone, hours)
