"""A lead's journey: which phase it is in, from its stage, its touches and what we did; and how it came there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadsync.nurture.model import Course, NurtureRules, Phase, Step
from leadsync.qualify.model import Action, Owner, Stages, StageState
from leadsync.records import Fields, is_blank, value_text
from leadsync.rulefiles.gates import value_key
from leadsync.touchpoints import Contact, Touchpoint


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a journey depends on: the lead's stage and facts, its touches, what we did, and the moment."""

    state: StageState
    facts: Fields
    touches: Sequence[Touchpoint]
    contacts: Sequence[Contact]
    as_of: datetime

    @property
    def last_touch(self) -> Touchpoint | None:
        """The latest touch up to now."""
        past = (touch for touch in self.touches if touch.at <= self.as_of)
        return max(past, key=lambda touch: (touch.at, touch.ref), default=None)

    @property
    def last_contact(self) -> Contact | None:
        """The latest time we contacted them, up to now."""
        past = (contact for contact in self.contacts if contact.at <= self.as_of)
        return max(past, key=lambda contact: contact.at, default=None)

    def idle(self, since: datetime | None) -> timedelta | None:
        """How long ago something was; None when it never was."""
        return None if since is None else self.as_of - since


def advance(course: Course | None, situation: Situation, stages: Stages, rules: NurtureRules) -> Course:
    """The journey with the phase of now: one step longer when the phase has changed, else the same."""
    phase, cause = phase_of(course, situation, stages, rules)
    if course is not None and course.now.phase is phase:
        return course
    return Course((*(course.steps if course else ()), Step(phase, situation.as_of, cause)))


def phase_of(course: Course | None, situation: Situation, stages: Stages, rules: NurtureRules) -> tuple[Phase, str]:
    """The phase and its cause. In order: customer, lost, then by silence (dormant, stalled), by stage, by touches."""
    state = situation.state
    if state.stage in rules.customer:
        return Phase.CUSTOMER, state.cause
    lost = _lost(situation, rules)
    if lost:
        return Phase.LOST, lost
    touch, contact = situation.last_touch, situation.last_contact
    if touch is None and contact is None and state.stage not in {s.id for s in stages.ladder if s.owner is Owner.SALES}:
        return Phase.NEW, "no touch yet"
    silence = situation.idle(max((one.at for one in (touch, contact) if one is not None), default=state.since))
    if silence is not None and silence >= timedelta(days=rules.pace.dormant):
        return Phase.DORMANT, f"nothing for {silence.days} days"
    active, cause = _active(course, situation, stages, rules)
    limit = rules.pace.stalled.get(active)
    if limit is not None and silence is not None and silence >= timedelta(days=limit):
        return Phase.STALLED, f"{active.value}, and nothing for {silence.days} days"
    return active, cause


def _lost(situation: Situation, rules: NurtureRules) -> str:
    if situation.state.has(Action.DISQUALIFY) and situation.state.stage == "disqualified":
        return situation.state.cause
    for name, values in rules.lost.items():
        value = situation.facts.get(name)
        if not is_blank(value) and value_key(value) in values:
            return f"{name} is {value_text(value)}"
    return ""


def _active(course: Course | None, situation: Situation, stages: Stages, rules: NurtureRules) -> tuple[Phase, str]:
    """The phase of a lead that is not silent."""
    state, touch, contact = situation.state, situation.last_touch, situation.last_contact
    stage = stages.stage(state.stage)
    if stage is not None and stage.owner is Owner.SALES:
        return (Phase.RECYCLED, "sales has it, and it has gone cold") if state.recycle else (Phase.WORKING, state.cause)
    if stages.at_least(state.stage, rules.qualified):
        reached = state.last_risen(rules.qualified) or state.since
        if contact is not None and contact.at >= reached:
            return Phase.WORKING, f"{contact.channel} from us on {contact.at:%Y-%m-%d}"
        return Phase.QUALIFIED, state.cause
    if course is not None and course.been(Phase.QUALIFIED, Phase.WORKING):
        return Phase.RECYCLED, f"was qualified, now {state.stage}: {state.cause}"
    recent = situation.idle(touch.at if touch else None)
    if touch is not None and recent is not None and recent < timedelta(days=rules.pace.engaged):
        return Phase.ENGAGED, f"{touch.event.replace('_', ' ')} on {touch.at:%Y-%m-%d}"
    return (Phase.NEW, "no touch lately") if course is None or not course.been(Phase.ENGAGED) else (
        Phase.STALLED, "no touch lately")  # fmt: skip
