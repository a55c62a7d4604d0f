"""What to do next with a lead: the first rule that holds, unless consent, quiet times or a cap on contacts say no."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta, timezone
from typing import Final

from leadsync.normalize.countries import country_code
from leadsync.nurture.course import Situation
from leadsync.nurture.model import Advice, Advise, Cap, Course, Do, NurtureRules, Quiet
from leadsync.qualify.machine import seen_by_stages
from leadsync.qualify.model import SUPPRESSED, Action
from leadsync.records import Value, is_blank, value_text
from leadsync.rulefiles.gates import value_key
from leadsync.score.model import Score
from leadsync.touchpoints import Contact

CONTACTING: Final = frozenset((Do.CALL, Do.ENROL, Do.REVIVE))
"""What reaches a person; the rest is among ourselves."""
SECONDS_PER_HOUR: Final = 3600
FOREVER_DAYS: Final = 366
"""A quiet time that does not end within a year is a mistake in the file, and is not waited for."""


def advise(  # noqa: PLR0913
    lead: str,
    course: Course,
    situation: Situation,
    score: Score,
    rules: NurtureRules,
    *,
    colleagues: Sequence[Contact] = (),
    given: Mapping[str, datetime] | None = None,
) -> Advice:
    """The next best action for a lead (`lead`: its leadsync id, for the hold-out group).

    `colleagues`: our contacts with others of the same company, for caps by account; `given`: when each rule last gave
    its advice for this lead, for cool-downs. Left alone is only who something would be advised of, or the two groups
    could not be compared.
    """
    found = _advised(course, situation, score, rules, colleagues, given or {})
    if found.rule and held_out(lead, rules):
        return Advice(Do.NONE, "in the group that is left alone, to compare with", "held_out")
    return found


def _advised(
    course: Course,
    situation: Situation,
    score: Score,
    rules: NurtureRules,
    colleagues: Sequence[Contact],
    given: Mapping[str, datetime],
) -> Advice:
    """The same for somebody who is not left alone."""
    view = seen_by_nurture(course, situation, score)
    forbidden = ""
    for rule in rules.advice:
        if not rule.when.holds(view) or _cooling(rule, given, situation.as_of):
            continue
        objection = may_not(situation, rules, rule.do) if rule.do in CONTACTING else ""
        if objection:
            forbidden = forbidden or objection
            continue
        wait = hold_until(rule, situation, rules, colleagues) if rule.do in CONTACTING else None
        return Advice(rule.do, rule.reason, rule.id, rule.channel, rule.track, wait)
    return Advice(Do.NONE, forbidden, "consent") if forbidden else Advice(Do.WAIT, "no rule has anything to say")


def seen_by_nurture(course: Course, situation: Situation, score: Score) -> dict[str, Value]:
    """What conditions can name: all that stages can, and `phase`, `phase_days`, `stage`, `stage_days`, `recycle`,
    `touch_days`, `touch_channel`, `touch_event`, `contact_days` (blank where there is none), and `late_hours`: how long
    after the time its stage agrees a lead still waits for an answer, 0 where it does not."""
    touch, contact, now = situation.last_touch, situation.last_contact, situation.as_of
    return {
        **seen_by_stages(score, situation.facts),
        "phase": course.now.phase.value,
        "phase_days": (now - course.now.at).days,
        "stage": situation.state.stage,
        "stage_days": (now - situation.state.since).days,
        "recycle": situation.state.recycle,
        "touch_days": None if touch is None else (now - touch.at).days,
        "touch_channel": None if touch is None else touch.channel,
        "touch_event": None if touch is None else touch.event,
        "contact_days": None if contact is None else (now - contact.at).days,
        "late_hours": _late_hours(situation),
    }


def _late_hours(situation: Situation) -> float:
    """Only as long as nobody has answered."""
    by, contact, since = situation.state.answer_by, situation.last_contact, situation.state.since
    if by is None or (contact is not None and contact.at >= since):
        return 0.0
    return max(0.0, (situation.as_of - by).total_seconds() / SECONDS_PER_HOUR)


NAMES: Final = (
    "phase", "phase_days", "stage", "stage_days", "recycle", "touch_days", "touch_channel", "touch_event",
    "contact_days", "late_hours",
)  # fmt: skip
"""The names that `seen_by_nurture` adds."""


def may_not(situation: Situation, rules: NurtureRules, do: Do = Do.ENROL) -> str:
    """Why a person may not be contacted, for marketing or (`do`) by phone; "" when they may."""
    if do is Do.CALL and is_true(situation.facts.get("do_not_call")):
        return "asked not to be called"
    if situation.state.has(Action.SUPPRESS_NURTURE) or situation.state.stage == SUPPRESSED:
        reasons = [reason for _id, action, reason in situation.state.gates if action == Action.SUPPRESS_NURTURE]
        return reasons[0] if reasons else situation.state.cause
    if rules.basis_needed and is_blank(situation.facts.get("legal_basis")):
        needed = {_country(value) for value in rules.basis_needed}
        for country in (situation.facts.get("country"), situation.facts.get("legal_country")):
            if not is_blank(country) and _country(country) in needed:
                return f"no legal basis is known, and {country} needs one"
    return ""


def _country(value: Value) -> str:
    """A country however it is written, by its code where it has one."""
    return country_code(value_text(value)) or value_key(value)


def is_true(value: Value) -> bool:
    """Whether a CRM says yes."""
    return value_key(value) == "true"


def held_out(lead: str, rules: NurtureRules) -> bool:
    """Whether a lead is in the group that gets no advice: the same for the same id, spread evenly over ids."""
    digest = hashlib.sha256(f"{rules.salt}/{lead}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < rules.held_out * 2**64


def hold_until(
    rule: Advise, situation: Situation, rules: NurtureRules, colleagues: Sequence[Contact]
) -> datetime | None:
    """When the rule's channel is free again: after its caps, then after the quiet time that is then; None: now."""
    now = situation.as_of
    free = now
    for cap in rules.caps:
        if cap.channel in {rule.channel, "any"}:
            contacts = [*situation.contacts, *(colleagues if cap.account else ())]
            free = max(free, _free_again(cap, contacts, now))
    free = after_quiet(free, rules.quiet)
    return free if free > now else None


def after_quiet(moment: datetime, quiet: Quiet) -> datetime:
    """The first moment from `moment` on that is not quiet."""
    zone = timezone(timedelta(hours=quiet.utc_offset))
    local = moment.astimezone(zone)
    for _day in range(FOREVER_DAYS):
        if local.weekday() in quiet.weekdays or local.date() in quiet.dates:
            local = datetime.combine(local.date() + timedelta(days=1), time(), zone)
        elif _between(local.time(), quiet):
            end = datetime.combine(local.date(), quiet.end or time(), zone)
            local = end if end > local else end + timedelta(days=1)
        else:
            break
    return local.astimezone(moment.tzinfo)


def _between(now: time, quiet: Quiet) -> bool:
    if quiet.start is None or quiet.end is None:
        return False
    if quiet.start <= quiet.end:
        return quiet.start <= now < quiet.end
    return now >= quiet.start or now < quiet.end


def _free_again(cap: Cap, contacts: Iterable[Contact], now: datetime) -> datetime:
    """When one more contact would be within the cap."""
    window = timedelta(days=cap.days)
    recent = sorted(c.at for c in contacts if cap.channel in {c.channel, "any"})
    recent = [at for at in recent if now - window < at <= now]
    return now if len(recent) < cap.most else recent[len(recent) - cap.most] + window


def _cooling(rule: Advise, given: Mapping[str, datetime], now: datetime) -> bool:
    last = given.get(rule.id)
    return last is not None and now - last < timedelta(days=rule.cool_down_days)
