"""Which campaigns a deal owes itself to: what the default model credits to those that the deal's CRM knows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from leadsync.attribute.model import AttributionSettings
from leadsync.attribute.single import credits, to_cents  # noqa: A004
from leadsync.connector.besides import Deal, Entry
from leadsync.records import Ref
from leadsync.touchpoints import Touchpoint, distinct

WHOLE = 100.0
"""Per cent that the shares of one deal add up to."""
MOST_TOLD = 3
Pair: TypeAlias = tuple[Ref, Ref | None]
"""A campaign, and the record of a person in the deal's CRM, where it has one."""

Party: TypeAlias = tuple[Ref | None, Sequence[Touchpoint]]
"""Somebody with a part in a deal: the record by which the deal's CRM knows them, if it does, and what touched them."""


def influence(deal: Deal, people: Sequence[Party], settings: AttributionSettings) -> list[Entry]:
    """The campaigns' shares of a deal in per cent, to the hundredth, by campaign and person: they add up to 100, or
    there are none. The whole journey is credited, of all people together; what falls to anything but a campaign that
    the CRM knows is spread over those it knows."""
    whose = {touch.ref: who for who, some in people for touch in some}
    touches = [t for t in distinct(t for _, some in people for t in some) if t.channel not in settings.journey.exclude]
    pairs = {t.ref: (campaign_of(t, deal.ref.side, settings), whose[t.ref]) for t in touches}
    by_pair: dict[Pair, list[Touchpoint]] = defaultdict(list)
    for touch in touches:
        campaign, who = pairs[touch.ref]
        if campaign is not None:
            by_pair[campaign, who].append(touch)
    if not by_pair:
        return []
    label = {t.ref: _key(deal, pair) for pair, some in by_pair.items() for t in some}
    rules, marks = settings.journey, {"deal": deal.opened}
    parts = credits(touches, settings.method, None, rules, lambda t: label.get(t.ref, t.channel), marks)
    earned = {pair: parts[_key(deal, pair)] for pair in by_pair if _key(deal, pair) in parts}
    return [_entry(deal, pair, share, by_pair[pair], settings) for pair, share in _shares(deal, earned)]


def campaign_of(touch: Touchpoint, side: str, settings: AttributionSettings) -> Ref | None:
    """The campaign of a CRM that a touch belongs to: by the CRM itself, or by the members that it is mapped to."""
    if touch.campaign_ref is not None and touch.campaign_ref.side == side:
        return touch.campaign_ref
    named = (settings.members.get(label, {}).get(side) for label in (touch.campaign, touch.channel))
    return next((Ref(side, "Campaign", ident) for ident in named if ident is not None), None)


def _key(deal: Deal, pair: Pair) -> str:
    campaign, who = pair
    return f"{deal.ref.id}/{campaign.id}/{who.id if who is not None else '-'}"


def _shares(deal: Deal, earned: Mapping[Pair, Fraction]) -> Iterator[tuple[Pair, float]]:
    """What was earned as per cent of the whole, in the order of keys; what is less than a hundredth is left out."""
    whole = sum(earned.values(), start=Fraction(0))
    if whole > 0:
        hundredths = to_cents(WHOLE, {_key(deal, pair): part / whole for pair, part in earned.items()})
        for pair in sorted(earned, key=lambda pair: _key(deal, pair)):
            if hundredths[_key(deal, pair)] > 0:
                yield pair, hundredths[_key(deal, pair)] / 100


def _entry(deal: Deal, pair: Pair, share: float, touches: Sequence[Touchpoint], settings: AttributionSettings) -> Entry:
    campaign, who = pair
    about = {"deal": deal.ref, "campaign": campaign, **({"person": who} if who is not None else {})}
    told = ", ".join(f"{touch.campaign or touch.channel} on {touch.at:%Y-%m-%d}" for touch in touches[:MOST_TOLD])
    more = f" and {len(touches) - MOST_TOLD} more" if len(touches) > MOST_TOLD else ""
    why = f"by {settings.method.name}, for {told}{more}"
    return Entry(_key(deal, pair), about, {"share": share}, None, deal.ref.id, why)
