"""Which campaigns a deal owes itself to: what the default model credits to those that the deal's CRM knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from leadsync.attribute.model import AttributionSettings
from leadsync.attribute.single import credits, to_cents  # noqa: A004
from leadsync.connector.besides import Deal, Entry
from leadsync.records import Ref
from leadsync.touchpoints import Touchpoint, distinct

WHOLE = 100.0
"""Per cent that the shares of one deal add up to."""

Party = tuple[Ref | None, Sequence[Touchpoint]]
"""Somebody with a part in a deal: the record by which the deal's CRM knows them, if it does, and what touched them."""


def influence(deal: Deal, people: Sequence[Party], settings: AttributionSettings) -> list[Entry]:
    """The campaigns' shares of a deal in per cent, to the hundredth, by campaign and person: they add up to 100, or
    there are none. The whole journey is credited, of all people together; what falls to anything but a campaign that
    the CRM knows is spread over those it knows."""
    sides = {touch.ref: (who, campaign_of(touch, deal.ref.side, settings)) for who, some in people for touch in some}
    touches = [t for t in distinct(t for _, some in people for t in some) if t.channel not in settings.journey.exclude]
    earned: dict[tuple[Ref, Ref | None], Fraction] = defaultdict(Fraction)
    names = {_label(sides[touch.ref], touch): sides[touch.ref] for touch in touches}
    marks = {"deal": deal.opened}
    parts = credits(
        touches, settings.method, None, settings.journey, lambda t: _label(sides[t.ref], t), marks
    ) if touches else {}  # fmt: skip
    for label, part in parts.items():
        who, campaign = names[label]
        if campaign is not None:
            earned[campaign, who] += part
    return _entries(deal, earned, settings.method.name)


def _label(known: tuple[Ref | None, Ref | None], touch: Touchpoint) -> str:
    who, campaign = known
    return touch.channel if campaign is None else f"{campaign} {who or ''}"


def campaign_of(touch: Touchpoint, side: str, settings: AttributionSettings) -> Ref | None:
    """The campaign of a CRM that a touch belongs to: by the CRM itself, or by the members that it is mapped to."""
    if touch.campaign_ref is not None and touch.campaign_ref.side == side:
        return touch.campaign_ref
    named = (settings.members.get(label, {}).get(side) for label in (touch.campaign, touch.channel))
    return next((Ref(side, "Campaign", ident) for ident in named if ident is not None), None)


def _entries(deal: Deal, earned: Mapping[tuple[Ref, Ref | None], Fraction], model: str) -> list[Entry]:
    whole = sum(earned.values(), start=Fraction(0))
    keys = {
        f"{deal.ref.id}/{campaign.id}/{who.id if who is not None else '-'}": (campaign, who) for campaign, who in earned
    }
    if whole == 0:
        return []
    hundredths = to_cents(WHOLE, {key: earned[pair] / whole for key, pair in keys.items()})
    return [
        Entry(
            key,
            {"deal": deal.ref, "campaign": campaign, **({"person": who} if who is not None else {})},
            {"share": hundredths[key] / 100},
            whole=deal.ref.id,
            why=f"{hundredths[key] / 100:g} % by {model} of what the campaigns known there earned",
        )
        for key, (campaign, who) in sorted(keys.items())
        if hundredths[key] > 0
    ]
