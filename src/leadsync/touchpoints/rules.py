"""What a raw touch is: its kind of event, its channel and its campaign, by an ordered list of rules."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import translate
from functools import lru_cache

from leadsync.normalize.domains import host_of
from leadsync.records import Ref, Touch


@dataclass(frozen=True, slots=True)
class Touchpoint:
    """A classified touch: `event` is what scoring counts, `channel` and `campaign` are what attribution credits.
    `campaign_ref`: the CRM's record of the campaign, where the touch belongs to one."""

    ref: Ref
    person: Ref
    at: datetime
    event: str
    channel: str
    campaign: str = ""
    detail: str = ""
    campaign_ref: Ref | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One time that we contacted somebody: an e-mail, a call, a meeting of ours."""

    at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class TouchRule:
    """One rule: globs that must all match (an empty tuple matches anything), and what such a touch then is.

    `event` "" means the touch is ignored. `campaign` and `detail` are templates over the touch's own words, such as
    "{name}". `contact`: the channel on which such a touch was a contact of ours, "" for none; an ignored one can be.
    """

    id: str
    event: str = ""
    channel: str = ""
    campaign: str = ""
    detail: str = ""
    side: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    contact: str = ""

    def matches(self, touch: Touch) -> bool:
        """Whether the touch is one of these; case and outer blanks do not matter."""
        return (
            _any(self.type, touch.type)
            and _any(self.side, touch.ref.side)
            and _any(self.source, touch.source)
            and _any(self.status, touch.status)
            and _any(self.name, touch.name)
        )


@dataclass(frozen=True, slots=True)
class Genuine:
    """What is no engagement of a person, though a CRM recorded it: machines that open and click.

    `scanner_seconds`: a click so soon after its e-mail was delivered is a scanner's (0: not judged).
    `burst_clicks` within `burst_seconds`: so many clicks of one person at once are a scanner's (0: not judged).
    """

    click_types: frozenset[str] = frozenset(("email_click",))
    delivery_types: frozenset[str] = frozenset(("email_delivered",))
    scanner_seconds: int = 0
    burst_clicks: int = 0
    burst_seconds: int = 0


@dataclass(frozen=True, slots=True)
class TouchRules:
    """The rules in the order they are tried; the last takes whatever is left."""

    rules: tuple[TouchRule, ...]
    genuine: Genuine = field(default_factory=Genuine)
    internal_domains: frozenset[str] = frozenset()

    def events(self) -> frozenset[str]:
        """The kinds of event a touch can become."""
        return frozenset(rule.event for rule in self.rules if rule.event)

    def channels(self) -> frozenset[str]:
        """The channels a touch can be credited to."""
        return frozenset(rule.channel for rule in self.rules if rule.event)


def rule_of(touch: Touch, rules: TouchRules) -> TouchRule:
    """The first rule that matches. Raises LookupError when there is none, which a loaded file cannot bring about."""
    found = next((rule for rule in rules.rules if rule.matches(touch)), None)
    if found is None:
        raise LookupError(f"no rule for a touch of type {touch.type!r}: the last rule must take all")
    return found


def classify(touch: Touch, rules: TouchRules) -> Touchpoint | None:
    """What a touch is; None when the rules ignore it (an e-mail we sent, a list somebody was put on) or it is gone."""
    if touch.deleted:
        return None
    rule = rule_of(touch, rules)
    if not rule.event:
        return None
    campaign, detail = _fill(rule.campaign, touch), _fill(rule.detail, touch)
    return Touchpoint(touch.ref, touch.person, touch.at, rule.event, rule.channel, campaign, detail, touch.campaign)


def classify_all(touches: Iterable[Touch], rules: TouchRules) -> list[Touchpoint]:
    """The touchpoints of one person's raw touches, machines' doings left out, in the order of time."""
    genuine = without_machines(list(touches), rules.genuine)
    found = (classify(touch, rules) for touch in genuine)
    return sorted((point for point in found if point is not None), key=lambda point: (point.at, point.ref))


def contacts(touches: Iterable[Touch], rules: TouchRules) -> list[Contact]:
    """How often and when we contacted one person, in the order of time: what frequency caps count."""
    ours = sorted((touch.at, rule_of(touch, rules).contact) for touch in touches if not touch.deleted)
    return [Contact(at, channel) for at, channel in ours if channel]


def distinct(touchpoints: Iterable[Touchpoint]) -> list[Touchpoint]:
    """Each touch once, in the order of time; of two tellings of one touch the one with the later time stands."""
    ordered = sorted(touchpoints, key=lambda touch: (touch.at, touch.ref, touch.event, touch.channel, touch.campaign))
    last = {touch.ref: touch for touch in ordered}
    return [touch for touch in ordered if last[touch.ref] is touch]


def is_internal(address: str, rules: TouchRules) -> bool:
    """Whether this is one of our own people, whose touches are no engagement: at or below one of `internal_domains`."""
    labels = host_of(address).split(".")
    return any(".".join(labels[cut:]) in rules.internal_domains for cut in range(len(labels)))


def without_machines(touches: list[Touch], judge: Genuine) -> list[Touch]:
    """The touches less clicks of security scanners: too soon after delivery, or too many at once.

    A click belongs to the delivery with the same name and campaign. Mail-privacy opens need no filter: no shipped rule
    gives an open any points.
    """
    scanned = _too_soon(touches, judge) | _bursts(touches, judge)
    return [touch for touch in touches if touch.ref not in scanned]


def _too_soon(touches: list[Touch], judge: Genuine) -> set[Ref]:
    delivered: dict[tuple[str, Ref | None], list[datetime]] = {}
    for touch in touches:
        if touch.type in judge.delivery_types:
            delivered.setdefault((touch.name, touch.campaign), []).append(touch.at)
    return {
        touch.ref
        for touch in touches
        if touch.type in judge.click_types
        for at in delivered.get((touch.name, touch.campaign), ())
        if 0 <= (touch.at - at).total_seconds() < judge.scanner_seconds
    }


def _bursts(touches: list[Touch], judge: Genuine) -> set[Ref]:
    if judge.burst_clicks == 0:
        return set()
    clicks = sorted((touch for touch in touches if touch.type in judge.click_types), key=lambda touch: touch.at)
    scanned: set[Ref] = set()
    for first, last in zip(clicks, clicks[judge.burst_clicks - 1 :], strict=False):
        if (last.at - first.at).total_seconds() <= judge.burst_seconds:
            scanned.update(touch.ref for touch in clicks if first.at <= touch.at <= last.at)
    return scanned


def _fill(template: str, touch: Touch) -> str:
    words = {"name": touch.name, "source": touch.source, "status": touch.status, "type": touch.type}
    return re.sub(r"\{(\w+)\}", lambda found: words[found[1]], template).strip()


@lru_cache(maxsize=4096)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.casefold()))


def _any(patterns: tuple[str, ...], text: str) -> bool:
    folded = text.strip().casefold()
    return not patterns or any(_glob(pattern).match(folded) is not None for pattern in patterns)
