"""The stage of one lead: a small state machine with hysteresis over its score, its facts and where it stood before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from leadsync.qualify.model import (
    DISQUALIFIED,
    SUPPRESSED,
    Action,
    Owner,
    Stage,
    Stages,
    StageState,
)
from leadsync.records import Fields, Value, is_blank, value_text
from leadsync.rulefiles.gates import value_key
from leadsync.score.model import Score, ScoringModel, in_points
from leadsync.score.single import score as score_lead
from leadsync.touchpoints import Touchpoint


@dataclass(frozen=True, slots=True)
class _Case:
    """One lead on one day, as the machine looks at it."""

    score: Score
    facts: Fields
    view: Fields
    stages: Stages
    previous: StageState | None
    as_of: datetime
    gates: tuple[tuple[str, str, str], ...]
    blocked: Mapping[str, str]

    def move(self, stage: str, cause: str, *, held: Sequence[str] = (), recycle: bool = False) -> StageState:
        """The state of standing at `stage`: as before when it is the same, else entered now for `cause`."""
        before = self.previous
        reached = before.reached if before else ()
        if before is not None and before.stage == stage:
            by = self._due(stage, before.since)
            risen = before.risen
            return StageState(stage, before.since, before.cause, self.gates, tuple(held), reached, recycle, by, risen)
        if all(name != stage for name, _at in reached):
            reached = (*reached, (stage, self.as_of))
        by = self._due(stage, self.as_of)
        risen = self._risen(stage)
        return StageState(stage, self.as_of, cause, self.gates, tuple(held), reached, recycle, by, risen)

    def _risen(self, stage: str) -> tuple[tuple[str, datetime], ...]:
        """When the lead last rose to each stage, now that it moves to another one."""
        before = dict(self.previous.risen) if self.previous else {}
        least = self.stages.rank(self.previous.stage) if self.previous else -1
        passed = self.stages.ladder[least + 1 : self.stages.rank(stage) + 1]
        return tuple({**before, **{one.id: self.as_of for one in passed}}.items())

    def _due(self, name: str, since: datetime) -> datetime | None:
        stage = self.stages.stage(name)
        return None if stage is None else due(stage, since)


def qualify(score: Score, facts: Fields, stages: Stages, previous: StageState | None, as_of: datetime) -> StageState:
    """Where a lead stands as of a moment (aware), given where it stood.

    In order: what a person set in a CRM stands; a gate disqualifies; who may not be scored is suppressed; otherwise the
    score moves the lead up to the highest stage it may enter, or down to the highest it may stay in.
    """
    case = _case(score, facts, stages, previous, as_of)
    sales = _set_by_sales(case)
    if sales is not None:
        stage, cause = sales
        return case.move(stage.id, cause, recycle=_recycle(case, stage))
    thrown_out = [reason for _id, action, reason in case.gates if action == Action.DISQUALIFY]
    if thrown_out:
        return case.move(DISQUALIFIED, "; ".join(thrown_out))
    if score.excluded:
        return case.move(SUPPRESSED, score.excluded)
    return _climb(case)


def seen_by_stages(score: Score, facts: Fields) -> dict[str, Value]:
    """What conditions in the stages' file can name: the facts, `score.total`, `score.<group>`, `score.grade`, and
    `rule.<id>` with the points of each rule that gave any."""
    view = {**facts, "score.total": score.total, "score.grade": score.grade}
    view |= {f"score.{name}": score.group(name) for name in score.groups}
    return view | {f"rule.{reason.id}": reason.points for reason in score.reasons}


def replay(
    facts: Fields,
    touchpoints: Sequence[Touchpoint],
    model: ScoringModel,
    stages: Stages,
    days: Iterable[datetime],
    previous: StageState | None = None,
) -> Iterator[tuple[Score, StageState]]:
    """Score and stage as they would have been on each of the days, in order, with today's facts."""
    state = previous
    for day in days:
        scored = score_lead(facts, touchpoints, model, day)
        state = qualify(scored, facts, stages, state, day)
        yield scored, state


def touch_days(touchpoints: Iterable[Touchpoint], as_of: datetime) -> list[datetime]:
    """The moments at which a lead can have risen: the end of each day with a touch, up to and with `as_of`."""
    days = {touch.at.astimezone(UTC).date() for touch in touchpoints if touch.at <= as_of}
    ends = (datetime.combine(day, time(23, 59, 59), UTC) for day in days)
    return [*sorted(end for end in ends if end < as_of), as_of]


def due(stage: Stage, since: datetime) -> datetime | None:
    """By when a lead that entered the stage then should have been answered; None where no time is agreed."""
    return None if stage.answer_hours is None else since + timedelta(hours=stage.answer_hours)


def late(state: StageState, stages: Stages, answered: datetime | None, as_of: datetime) -> timedelta | None:
    """How much longer than agreed a lead has waited for an answer since it entered its stage; None: not late."""
    stage = stages.stage(state.stage)
    by = None if stage is None else due(stage, state.since)
    if by is None:
        return None
    until = as_of if answered is None or answered < state.since else answered
    return until - by if until > by else None


def _case(score: Score, facts: Fields, stages: Stages, previous: StageState | None, as_of: datetime) -> _Case:
    view = seen_by_stages(score, facts)
    holding = [some for some in stages.gates if some.gate.holds(view)]
    held = [((some.gate.id, some.gate.action, some.gate.reason), some.blocks) for some in holding]
    held += [(hit, some.blocks) for some in stages.screenings for hit in some.gates(facts)]
    gates = (*score.gates, *(found for found, _blocks in held))
    above = frozenset(stage.id for stage in stages.ladder[1:])
    blocked = {
        name: reason for (_id, action, reason), blocks in held if action == Action.HOLD for name in (blocks or above)
    }
    blocked |= {name: reason for _id, action, reason in score.gates if action == Action.HOLD for name in above}
    return _Case(score, facts, view, stages, previous, as_of, gates, blocked)


def _set_by_sales(case: _Case) -> tuple[Stage, str] | None:
    """The highest stage that a person's CRM value stands for, or the one reached so before and not yet revoked."""
    for stage in reversed(case.stages.ladder):
        for name, values in stage.set_by.items():
            value = case.facts.get(name)
            if not is_blank(value) and value_key(value) in values:
                return stage, f"{name} was set to {value_text(value)}"
    before = case.stages.stage(case.previous.stage) if case.previous else None
    if before is None or before.owner is not Owner.SALES:
        return None
    revoked = any(not is_blank(case.facts.get(name)) for name in before.set_by)
    return None if revoked else (before, "")


def _recycle(case: _Case, stage: Stage) -> bool:
    if stage.recycle_below is None:
        return False
    thrown_out = any(action == Action.DISQUALIFY for _id, action, _reason in case.gates)
    return thrown_out or (not case.score.excluded and case.score.centi < stage.recycle_below)


def _climb(case: _Case) -> StageState:
    ladder = [stage for stage in case.stages.ladder if stage.owner is Owner.LEADSYNC]
    before = case.previous.stage if case.previous else ""
    now = next((rank for rank, stage in enumerate(ladder) if stage.id == before), 0)
    for stage in reversed(ladder[now + 1 :]):
        if not _missing(case, stage):
            return case.move(stage.id, _why_entered(case, stage), held=_held(case, ladder, stage))
    current = ladder[now]
    short = _short(case, current)
    if now == 0 or not short:
        return case.move(current.id, "not yet further", held=_held(case, ladder, current))
    since = case.previous.since if case.previous else case.as_of
    rest = timedelta(days=current.min_days) - (case.as_of - since)
    if rest > timedelta() and current.id not in case.blocked:
        return case.move(current.id, "", held=[f"{', '.join(short)}, but stays {current.min_days} days"])
    target = next(stage for stage in reversed(ladder[:now]) if stage is ladder[0] or not _short(case, stage))
    return case.move(target.id, f"left {current.id}: {', '.join(short)}", held=_held(case, ladder, target))


def _missing(case: _Case, stage: Stage) -> list[str]:
    """What a lead lacks to enter a stage, in words."""
    lacks = _below(case, stage.enter, stage.require)
    if stage.id in case.blocked:
        lacks.append(case.blocked[stage.id])
    if stage.when is not None and not stage.when.holds(case.view):
        lacks.append(f"not: {stage.when.text}")
    for name, least in stage.checklists.items():
        checklist = case.stages.checklists[name]
        unknown = [element for element, known in checklist.elements.items() if not known.holds(case.view)]
        if len(checklist.elements) - len(unknown) < least:
            have = len(checklist.elements) - len(unknown)
            lacks.append(f"{checklist.label} {have} of {least} (open: {', '.join(unknown)})")
    return lacks


def _short(case: _Case, stage: Stage) -> list[str]:
    """What a lead lacks to stay in a stage, in words."""
    blocked = [case.blocked[stage.id]] if stage.id in case.blocked else []
    return _below(case, stage.leave, stage.keep) + blocked


def _below(case: _Case, total: int | None, groups: Mapping[str, int]) -> list[str]:
    """What is below its least amount. A group that the lead's own model does not have is not asked for."""
    have = {"score": case.score.centi, **case.score.groups}
    least = ({} if total is None else {"score": total}) | dict(groups)
    return [
        f"{name} {in_points(have[name])} of {in_points(amount)}"
        for name, amount in least.items()
        if name in have and have[name] < amount
    ]


def _why_entered(case: _Case, stage: Stage) -> str:
    least = ({} if stage.enter is None else {"score": stage.enter}) | dict(stage.require)
    have = {"score": case.score.centi, **case.score.groups}
    asked = {name: amount for name, amount in least.items() if name in have}
    met = [f"{name} {in_points(have[name])} reached {in_points(amount)}" for name, amount in asked.items()]
    known = [f"{case.stages.checklists[name].label} has {least} or more" for name, least in stage.checklists.items()]
    return ", ".join([*met, *known]) or "entered without conditions"


def _held(case: _Case, ladder: Sequence[Stage], stage: Stage) -> list[str]:
    """What keeps a lead from the next stage of the ladder."""
    above = ladder[ladder.index(stage) + 1 :]
    return [f"{above[0].id}: {lack}" for lack in _missing(case, above[0])] if above else []
