"""What is kept of a lead's nurturing from one run to the next: its journey, and the advice that stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from leadsync.nurture import model
from leadsync.nurture.advice import CONTACTING, advise
from leadsync.nurture.course import Situation, advance
from leadsync.nurture.model import Advice, Course, Do, NurtureRules
from leadsync.qualify.machine import replay
from leadsync.qualify.model import Stages
from leadsync.records import Fields
from leadsync.score.model import Score, ScoringModel
from leadsync.touchpoints import Contact, Touchpoint


@dataclass(frozen=True, slots=True)
class Nurtured:
    """Where a lead is on its journey and what to do next. `course` is None for somebody who may not be profiled.

    `since`: from when on this advice stands; `given`: when each rule last began to give its advice, for cool-downs.
    """

    course: Course | None
    advice: Advice
    since: datetime
    given: Mapping[str, datetime] = field(default_factory=dict)


def nurture(  # noqa: PLR0913
    lead: str,
    situation: Situation,
    score: Score,
    rules: NurtureRules,
    stages: Stages,
    before: Nurtured | None,
    *,
    colleagues: Sequence[Contact] = (),
) -> Nurtured:
    """The journey and the advice of now, given those of the last run.

    Advice stands until it was followed (a contact on its channel after it was given) or no longer holds; only then
    does its rule cool down, so that looking again changes nothing. Who objected to being profiled has no journey, and
    nothing is advised: what was kept of it is dropped.
    """
    now = situation.as_of
    if score.excluded:
        same = before is not None and before.advice.rule == "consent"
        since = before.since if same and before is not None else now
        return Nurtured(None, Advice(Do.NONE, score.excluded, "consent"), since)
    course = advance(before.course if before is not None else None, situation, stages, rules)
    given = dict(before.given) if before is not None else {}
    standing = before.advice.rule if before is not None and not followed(before, situation) else ""
    cooling = {rule: at for rule, at in given.items() if rule != standing}
    advice = advise(lead, course, situation, score, rules, colleagues=colleagues, given=cooling)
    if before is not None and advice.rule == before.advice.rule == standing:
        return Nurtured(course, advice, before.since, given)
    return Nurtured(course, advice, now, {**given, advice.rule: now} if advice.rule else given)


def followed(before: Nurtured, situation: Situation) -> bool:
    """Whether advice to contact somebody was followed: there was a contact on its channel since it was given."""
    if before.advice.do not in CONTACTING:
        return False
    return any(
        before.since < contact.at <= situation.as_of and contact.channel == before.advice.channel
        for contact in situation.contacts
    )


def relive(  # noqa: PLR0913
    facts: Fields,
    touches: Sequence[Touchpoint],
    contacts: Sequence[Contact],
    model: ScoringModel,
    stages: Stages,
    rules: NurtureRules,
    *,
    as_of: datetime,
) -> Course | None:
    """The journey that a lead new to us has behind it, with today's facts; None for one without a past."""
    days = moments([t.at for t in touches], [c.at for c in contacts], rules, as_of)
    course: Course | None = None
    for day, (found, state) in zip(days, replay(facts, touches, model, stages, days), strict=True):
        if not found.excluded:
            course = advance(course, Situation(state, facts, touches, contacts, day), stages, rules)
    return course


def moments(
    touched: Iterable[datetime], contacted: Iterable[datetime], rules: NurtureRules, as_of: datetime
) -> list[datetime]:
    """When a journey can have turned, before `as_of`: at each thing that happened, and when nothing had for so long.
    Engagement ends without touches, whatever we did; all else only when we did nothing either."""
    touches = {at for at in touched if at < as_of}
    past = {*touches, *(at for at in contacted if at < as_of)}
    silent = _silences(past, {rules.pace.dormant, *rules.pace.stalled.values()}, as_of)
    return sorted({*past, *silent, *_silences(touches, {rules.pace.engaged}, as_of)})


def _silences(past: Iterable[datetime], patience: Iterable[int], as_of: datetime) -> Iterator[datetime]:
    """When nothing of this kind had happened for so many days."""
    spans, lengths = pairwise([*sorted(past), as_of]), [timedelta(days=days) for days in patience]
    return (at + length for at, following in spans for length in lengths if at + length < following)


def pack(some: Nurtured) -> dict[str, Any]:
    """As plain JSON values, for a store."""
    advice = some.advice
    return {
        "course": None if some.course is None else model.pack(some.course),
        "advice": [advice.do.value, advice.reason, advice.rule, advice.channel, advice.track],
        "hold_until": None if advice.hold_until is None else advice.hold_until.isoformat(),
        "since": some.since.isoformat(),
        "given": {rule: at.isoformat() for rule, at in some.given.items()},
    }


def unpack(data: Mapping[str, Any]) -> Nurtured:
    """From what `pack` made. Raises KeyError or ValueError on anything else."""
    do, reason, rule, channel, track = data["advice"]
    hold = None if data["hold_until"] is None else _time(data["hold_until"])
    return Nurtured(
        None if data["course"] is None else model.unpack(data["course"]),
        Advice(Do(do), reason, rule, channel, track, hold),
        _time(data["since"]),
        {name: _time(at) for name, at in data["given"].items()},
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
