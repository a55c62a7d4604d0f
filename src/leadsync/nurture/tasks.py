"""Tasks in a CRM for what is advised: one for a lead and an action, while the advice stands and may be followed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Final

from leadsync.connector.besides import Entry
from leadsync.nurture.advice import CONTACTING, after_quiet, may_not
from leadsync.nurture.course import Situation
from leadsync.nurture.model import Do, NurtureRules, TaskRule
from leadsync.nurture.standing import Nurtured
from leadsync.records import Ref

ASKED: Final = {Do.CALL: "Call", Do.ASSIGN: "Assign", Do.REVIVE: "Revive", Do.HAND_OVER: "Hand over"}
"""The advice that somebody can be asked to follow, as a task's subject says it."""


def task(  # noqa: PLR0913
    lead: str,
    person: Ref,
    nurtured: Nurtured,
    situation: Situation,
    rule: TaskRule,
    rules: NurtureRules,
    *,
    known: Callable[[str], bool],
) -> Entry | None:
    """The task that belongs in the CRM now; None where there is none.

    Whoever may not be contacted, or not be called, has none. A new one (`known` tells those that are there) is not made
    before caps and quiet times allow the contact; the same advice given anew is a new one.
    """
    advice = nurtured.advice
    if advice.do not in rule.do:
        return None
    if advice.do in CONTACTING and may_not(situation, rules, advice.do):
        return None
    whole = f"{lead}/{advice.do.value}"
    key = f"{whole}/{nurtured.since:%Y%m%dT%H%M%S}"
    if advice.hold_until is not None and advice.hold_until > situation.as_of and not known(key):
        return None
    return Entry(key, {"person": person}, _said(nurtured, rule, rules, situation.as_of), None, whole, advice.reason)


def _said(nurtured: Nurtured, rule: TaskRule, rules: NurtureRules, now: datetime) -> dict[str, str]:
    advice = nurtured.advice
    action = ASKED[advice.do]
    due = after_quiet(now + timedelta(days=rule.due_days), rules.quiet)
    return {
        "action": advice.do.value,
        "subject": rule.subject.replace("{action}", action).replace("{reason}", advice.reason),
        "text": f"{action}. {advice.reason}.",
        "due": due.astimezone(timezone(timedelta(hours=rules.quiet.utc_offset))).date().isoformat(),
        "priority": rule.priority,
    }
