"""The score of one lead: a pure function of its facts, its touches, the model and the day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from leadsync.records import Fields, Value, is_blank, value_text
from leadsync.rulefiles.gates import value_key
from leadsync.rulefiles.numbers import number, told
from leadsync.score.decay import to_step
from leadsync.score.model import (
    LIMIT,
    Bands,
    ByValue,
    Each,
    Flat,
    Group,
    OnEvent,
    Reason,
    Rule,
    Score,
    ScoringModel,
    in_points,
)
from leadsync.touchpoints import Touchpoint, distinct


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule saw: its raw centi-points and how a reason tells of it."""

    centi: int
    detail: str = ""
    label: str = ""


def score(facts: Fields, touchpoints: Iterable[Touchpoint], model: ScoringModel, as_of: datetime) -> Score:
    """Score one lead as of the UTC day of `as_of` (aware).

    A touch belongs to its UTC day: those of the day and before count, by their age in whole days; a touch given twice
    counts once; their order does not matter. Facts are canonical ones with their traits (`traits.derive`).
    """
    midnight = as_of.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    excluded = next((gate.reason for gate in model.exclusions if gate.holds(facts)), "")
    if excluded:
        return Score(model.id, midnight, 0, {}, "", (), (), excluded)
    ages = touch_ages(touchpoints, midnight.date())
    found = [reason for rule in model.rules if (reason := apply(rule, facts, ages, model.step)) is not None]
    reasons, groups, total = settle(found, model)
    grade = "".join(grading.label(groups[grading.group]) for grading in model.grading)
    gates = tuple((gate.id, gate.action, gate.reason) for gate in model.gates if gate.holds(facts))
    return Score(model.id, midnight, total, groups, grade, reasons, gates)


@dataclass(frozen=True, slots=True)
class Ages:
    """The ages in days of one kind of touch, and the day of the latest."""

    days: tuple[int, ...]
    latest: date


def touch_ages(touchpoints: Iterable[Touchpoint], day: date) -> Mapping[str, Ages]:
    """The touches up to `day` by kind of event, each counted once."""
    days: dict[str, list[date]] = defaultdict(list)
    for touch in distinct(touchpoints):
        seen = touch.at.astimezone(UTC).date()
        if seen <= day:
            days[touch.event].append(seen)
    return {event: Ages(tuple(sorted((day - seen).days for seen in all_)), max(all_)) for event, all_ in days.items()}


def apply(rule: Rule, facts: Fields, ages: Mapping[str, Ages], step: int) -> Reason | None:
    """What one rule gives, within its cap and rounded to the model's step; None when it gives nothing."""
    if rule.when is not None and not rule.when.holds(facts):
        return None
    seen = look(rule, facts, ages)
    if seen is None:
        return None
    capped = seen.centi if rule.cap is None else max(-rule.cap, min(rule.cap, seen.centi))
    centi = to_step(capped, step)
    if centi == 0:
        return None
    detail = seen.detail if capped == seen.centi else _join(seen.detail, f"capped at {in_points(abs(capped))}")
    return Reason(rule.id, rule.group, seen.label or rule.label, detail, centi)


def look(rule: Rule, facts: Fields, ages: Mapping[str, Ages]) -> Seen | None:
    """What a rule's test finds, before its cap; None when it does not apply."""
    match rule.test:
        case ByValue() as test:
            return _by_value(test, facts)
        case Bands() as test:
            return _bands(test, facts.get(test.field))
        case Each() as test:
            count = number(facts.get(test.field))
            return None if count is None else Seen(test.points * int(count), value_text(int(count)))
        case OnEvent() as test:
            return _on_event(test, [ages[event] for event in sorted(test.events) if event in ages])
        case Flat() as test:
            return Seen(test.points)


def settle(found: Sequence[Reason], model: ScoringModel) -> tuple[tuple[Reason, ...], dict[str, int], int]:
    """Hold groups and the sum within their limits; what a limit takes or gives is a reason of its own.

    Returns all reasons, the groups' centi-points after their limits, and the total.
    """
    limits: list[Reason] = []
    groups: dict[str, int] = {}
    for group in model.groups:
        raw = sum(reason.centi for reason in found if reason.group == group.id)
        groups[group.id] = max(group.low, min(group.high, raw))
        if groups[group.id] != raw:
            limits.append(_limit(group, groups[group.id] - raw))
    raw = sum(groups.values())
    total = max(model.low, min(model.high, raw))
    if total != raw:
        limits.append(_limit(Group("score", "score", model.low, model.high), total - raw))
    return (*found, *limits), groups, total


def _limit(group: Group, change: int) -> Reason:
    bound = f"at most {in_points(group.high)}" if change < 0 else f"at least {in_points(group.low)}"
    return Reason(f"{LIMIT}{group.id}", group.id, f"Limit of {group.label}", bound, change)


def _by_value(test: ByValue, facts: Fields) -> Seen | None:
    value = facts.get(test.field)
    if is_blank(value):
        return Seen(test.unknown, "unknown")
    key = value_key(value)
    points = test.points.get(key, test.other)
    if isinstance(value, bool) or key in {"true", "false"}:
        return Seen(points, "", test.names.get(key, ""))
    name = test.names.get(key)
    return Seen(points, value_text(value)) if name is None else Seen(points, "", name)


def _bands(test: Bands, value: Value) -> Seen | None:
    amount = number(value)
    if amount is None:
        return Seen(test.unknown, "unknown")
    band = bisect_right(test.floors, amount)
    return None if band == 0 else Seen(test.points[band - 1], told(amount))


def _on_event(test: OnEvent, ages: Sequence[Ages]) -> Seen | None:
    days = [age for kind in ages for age in kind.days]
    if not days:
        return None
    latest = max(kind.latest for kind in ages).isoformat()
    detail = latest if len(days) == 1 else f"{len(days)} times, last {latest}"
    return Seen(sum(test.worth(age) for age in days), detail)


def _join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
