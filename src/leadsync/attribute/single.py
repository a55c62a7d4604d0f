"""Who gets the credit for one lead, in exact fractions, and the few words of it that a CRM shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import numpy as np

from leadsync.attribute.heuristics import per_touch
from leadsync.attribute.journeys import Conversion, Journey, by_channel, end_of, journeys, to_paths
from leadsync.attribute.model import AttributionSettings, JourneyRules, Kind, Method
from leadsync.attribute.paths import prepare, unique
from leadsync.touchpoints import Touchpoint


@dataclass(frozen=True, slots=True)
class Summary:
    """What a CRM shows of one lead's journey; blank where it has no touch. `top_share` is 0..1."""

    first_channel: str = ""
    first_campaign: str = ""
    first_at: datetime | None = None
    last_channel: str = ""
    last_campaign: str = ""
    last_at: datetime | None = None
    top_channel: str = ""
    top_share: float = 0.0
    model: str = ""
    touches: int = 0


def credits(  # noqa: A001
    touchpoints: Iterable[Touchpoint],
    method: Method,
    conversion_at: datetime | None,
    rules: JourneyRules | None = None,
    label: Callable[[Touchpoint], str] = by_channel,
    milestones: Mapping[str, datetime] | None = None,
) -> dict[str, Fraction]:
    """Each channel's part in one conversion (None: in the journey so far), adding up to exactly 1; {} for no touch.

    `milestones`: when "lead" and "deal" were reached, for W and full-path models. Raises ValueError for a method that
    needs all journeys at once (Markov, the Shapley rate game).
    """
    if not method.kind.per_touch:
        raise ValueError(f"{method.name}: a {method.kind} model credits all journeys together, not one lead")
    rules = rules or JourneyRules()
    journey = _journey(touchpoints, conversion_at, rules, milestones)
    paths = prepare(to_paths([journey], label), rules)
    if method.kind is Kind.SHAPLEY:
        paths, method = unique(paths), Method(method.name, Kind.LINEAR)
    shares = [_exact(share) for share in per_touch(paths, method, rules.direct).tolist()]
    whole = sum(shares, start=Fraction(0))
    found: dict[str, Fraction] = defaultdict(Fraction)
    for code, share in zip(paths.codes.tolist(), shares, strict=True):
        found[paths.channels[code]] += share / whole
    return {channel: part for channel, part in found.items() if part > 0}


def summary(
    touchpoints: Iterable[Touchpoint],
    settings: AttributionSettings,
    conversion_at: datetime | None = None,
    milestones: Mapping[str, datetime] | None = None,
) -> Summary:
    """First and last touch and the channel that the default model credits most (ties: the alphabet's first).

    Of the touches that the journey rules leave in: up to the conversion, or without one up to the last touch.
    """
    rules, method = settings.journey, settings.method
    journey = _journey(touchpoints, conversion_at, rules)
    kept = [
        touch for touch in journey.touches if touch.channel not in rules.exclude and _is_recent(touch, journey, rules)
    ]
    if not kept:
        return Summary(model=method.name)
    parts = credits(kept, method, conversion_at, rules, milestones=milestones)
    top = min(parts, key=lambda channel: (-parts[channel], channel)) if parts else ""
    first, last = kept[0], kept[-1]
    return Summary(
        first.channel, first.campaign, first.at, last.channel, last.campaign, last.at,
        top, round(float(parts.get(top, 0)), 4), method.name, len(kept),
    )  # fmt: skip


def to_cents(amount: float, parts: Mapping[str, Fraction]) -> dict[str, int]:
    """An amount of money in whole cents by channel, adding up to the amount to the cent (largest remainder first)."""
    cents = round(amount * 100)
    exact = {name: cents * part for name, part in parts.items()}
    floors = {name: part.numerator // part.denominator for name, part in exact.items()}
    missing = cents - sum(floors.values())
    largest = sorted(parts, key=lambda name: (floors[name] - exact[name], name))
    return floors | {name: floors[name] + 1 for name in largest[:missing]}


def _journey(
    touchpoints: Iterable[Touchpoint],
    conversion_at: datetime | None,
    rules: JourneyRules,
    milestones: Mapping[str, datetime] | None = None,
) -> Journey:
    won = [] if conversion_at is None else [Conversion(conversion_at)]
    return journeys("", touchpoints, won, rules, milestones)[0]


def _is_recent(touch: Touchpoint, journey: Journey, rules: JourneyRules) -> bool:
    """Whether the look-back leaves a touch in."""
    return rules.lookback_days is None or end_of(journey) - touch.at <= timedelta(days=rules.lookback_days)


def _exact(share: float) -> Fraction:
    """A share as the fraction that was meant: 0.1 is a tenth, and a third is a third."""
    simple = Fraction(share).limit_denominator(MEANT_DENOMINATOR)
    return simple if bool(np.isclose(float(simple), share, rtol=1e-15, atol=0.0)) else Fraction(share)


MEANT_DENOMINATOR = 1_000_000
"""Shares of the rule-based models have denominators far below; only time decay's are none such."""
