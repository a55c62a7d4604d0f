"""Touchpoints of people, accounts or corporate families as journeys: one for each conversion, one for the rest."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from leadsync.attribute.model import JourneyRules
from leadsync.attribute.paths import Paths
from leadsync.touchpoints import Touchpoint, distinct

SECONDS_PER_HOUR = 3600
LAST_MOMENT = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Conversion:
    """When somebody converted, and what it was worth in the reporting currency."""

    at: datetime
    value: float = 0.0


@dataclass(frozen=True, slots=True)
class Journey:
    """Touches in the order of time up to (or, where the rules say so, beyond) a conversion; None: it never came.

    `milestones`: when "lead" and "deal" were reached, for W and full-path models.
    """

    key: str
    touches: tuple[Touchpoint, ...]
    conversion: Conversion | None = None
    milestones: Mapping[str, datetime] = field(default_factory=dict)


def journeys(
    key: str,
    touches: Iterable[Touchpoint],
    conversions: Sequence[Conversion],
    rules: JourneyRules,
    milestones: Mapping[str, datetime] | None = None,
) -> list[Journey]:
    """The journeys of one person, account or family.

    With `rules.restart`, each conversion takes the touches since the one before, and what comes after the last
    conversion is a journey still open. Without it, each takes all touches so far. Touches after a conversion are kept
    only by `rules.after_conversion`, and then only by the last. The touches of a merged or joint journey may be given
    in any order; a touch given twice counts once.
    """
    ordered = distinct(touches)
    won = sorted(conversions, key=lambda conversion: conversion.at)
    if not won:
        return [Journey(key, tuple(ordered), None, milestones or {})]
    made = []
    begin: datetime | None = None
    for number, conversion in enumerate(won):
        stays = rules.after_conversion and number == len(won) - 1
        end = LAST_MOMENT if stays else conversion.at
        part = tuple(touch for touch in ordered if (begin is None or touch.at > begin) and touch.at <= end)
        made.append(Journey(key, part, conversion, milestones or {}))
        begin = conversion.at if rules.restart else None
    rest = tuple(touch for touch in ordered if touch.at > won[-1].at)
    open_again = rules.restart and not rules.after_conversion and bool(rest)
    return [*made, Journey(key, rest)] if open_again else made


def gathered(
    touches: Mapping[str, Iterable[Touchpoint]], keys: Mapping[str, str], narrow: Container[str] | None = None
) -> dict[str, list[Touchpoint]]:
    """The touches of people (by lead) as those of their accounts or corporate families (`keys`: lead → account or
    family; a lead without one stands for itself). `narrow`: only the touches of these leads, e.g. of a deal's contacts;
    None (broad): of all."""
    found: dict[str, list[Touchpoint]] = {}
    for lead, some in touches.items():
        if narrow is None or lead in narrow:
            found.setdefault(keys.get(lead, lead), []).extend(some)
    return {key: distinct(some) for key, some in found.items()}


def joint(
    people: Iterable[Journey],
    touches: Mapping[str, Sequence[Touchpoint]],
    keys: Mapping[str, str],
    rules: JourneyRules,
    *,
    narrow: bool = False,
) -> list[Journey]:
    """People's journeys as those of their accounts or families (`keys`, as in `gathered`), which convert once: when the
    first of their people does, with its value and milestones. `narrow`: where somebody converted, only the touches of
    those who did count; otherwise those of all (broad)."""
    won: dict[str, list[Journey]] = {}
    for journey in people:
        if journey.conversion is not None:
            won.setdefault(keys.get(journey.key, journey.key), []).append(journey)
    deciding = {journey.key for some in won.values() for journey in some}
    undecided = {lead for lead in touches if keys.get(lead, lead) not in won}
    made = []
    for key, some in gathered(touches, keys, deciding | undecided if narrow else None).items():
        first = min(won.get(key, ()), key=lambda journey: (end_of(journey), journey.key), default=None)
        conversions = [first.conversion] if first is not None and first.conversion is not None else []
        made += journeys(key, some, conversions, rules, first.milestones if first is not None else None)
    return made


def by_channel(touch: Touchpoint) -> str:
    """The touch's channel."""
    return touch.channel


def by_campaign(touch: Touchpoint) -> str:
    """The touch's campaign, or its channel in brackets where it belongs to none."""
    return touch.campaign or f"({touch.channel})"


def to_paths(some: Sequence[Journey], label: Callable[[Touchpoint], str] = by_channel) -> Paths:
    """Journeys in columns, credited by `label`; an open journey's hours are counted back from its last touch."""
    names = tuple(sorted({label(touch) for journey in some for touch in journey.touches}))
    number = {name: index for index, name in enumerate(names)}
    lengths = [len(journey.touches) for journey in some]
    won = np.array([journey.conversion is not None for journey in some], dtype=np.float64)
    marks = sorted({name for journey in some for name in journey.milestones})
    return Paths(
        names,
        np.array([number[label(touch)] for journey in some for touch in journey.touches], dtype=np.int32),
        np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        won,
        np.array([journey.conversion.value if journey.conversion else 0.0 for journey in some], dtype=np.float64),
        1.0 - won,
        np.array([hours for journey in some for hours in _hours(journey)], dtype=np.float64),
        {name: np.array([_mark(journey, name) for journey in some]) for name in marks},
    )


def end_of(journey: Journey) -> datetime:
    """The time that hours are counted back from: the conversion, else the last touch."""
    if journey.conversion is not None:
        return journey.conversion.at
    return journey.touches[-1].at if journey.touches else LAST_MOMENT


def _hours(journey: Journey) -> list[float]:
    end = end_of(journey)
    return [(end - touch.at).total_seconds() / SECONDS_PER_HOUR for touch in journey.touches]


def _mark(journey: Journey, name: str) -> float:
    at = journey.milestones.get(name)
    return float("nan") if at is None else (end_of(journey) - at).total_seconds() / SECONDS_PER_HOUR
