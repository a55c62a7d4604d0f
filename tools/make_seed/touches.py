"""What each person did and received over the two years, before it is written into either CRM."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.make_seed.committed import read_csv
from tools.make_seed.times import ANCHOR, TWO_YEARS, before

FORMS = {
    "Request a demo": "https://www.leadsync.example/demo",
    "Contact us": "https://www.leadsync.example/contact",
    "Newsletter": "https://www.leadsync.example/news",
    "Whitepaper download": "https://www.leadsync.example/whitepaper",
    "Webinar registration": "https://www.leadsync.example/webinar",
    "Pricing calculator": "https://www.leadsync.example/pricing",
}
"""A form's name and the page it stands on."""

EMAIL_IN = ("Re: your offer", "Question about the price", "Next steps", "Can we see it with our own data?")
EMAIL_OUT = ("Our newsletter", "Following up", "Invitation: webinar", "Your whitepaper")
MEETINGS = ("Product demo", "Discovery call", "Pricing review", "Technical questions")
REPLIES = {
    "Webinar": ("Registered", "Attended", "Attended"),
    "Trade Show": ("Responded", "Attended", "Attended"),
    "Conference": ("Registered", "Attended"),
    "Partners": ("Registered", "Attended"),
    "Other": ("Registered", "Attended"),
}
"""The statuses of a member who took part, by the campaign's type; of the others one can only have responded."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Did:
    """One touch. `kind` is form, email_in, email_out, meeting or campaign; `status` that of a campaign's member."""

    kind: str
    name: str
    at: datetime
    status: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign, `days_ago` before the anchor; `weight` is how many it reaches, compared with the others."""

    name: str
    type: str
    status: str
    days_ago: int
    weight: int


def campaigns() -> list[Campaign]:
    """The campaigns of `facts/campaigns.csv`, oldest first."""
    rows = read_csv("campaigns.csv")
    found = [Campaign(r["name"], r["type"], r["status"], int(r["days_ago"]), int(r["weight"])) for r in rows]
    return sorted(found, key=lambda campaign: -campaign.days_ago)


def journey(rng: random.Random, keen: str, *, hubspot: bool, salesforce: bool) -> list[Did]:
    """A person's touches in order: many and recent for a hot one, few and old for a cold one."""
    touches: list[Did] = []
    if hubspot:
        touches += _HUBSPOT[keen](rng)
    if salesforce:
        touches += _members(rng, keen)
    return sorted(touches, key=lambda touch: touch.at)


def _form(rng: random.Random, name: str, newest: float, oldest: float) -> Did:
    return Did("form", name, before(rng, newest, oldest))


def _hot(rng: random.Random) -> Iterator[Did]:
    yield _form(rng, rng.choice(("Newsletter", "Whitepaper download", "Webinar registration")), 60, TWO_YEARS)
    yield _form(rng, rng.choice(("Whitepaper download", "Webinar registration")), 25, 70)
    yield _form(rng, "Pricing calculator", 4, 30)
    yield _form(rng, "Request a demo", 1, 14)
    for _ in range(rng.randint(1, 3)):
        yield Did("email_in", rng.choice(EMAIL_IN), before(rng, 0.5, 12))
    yield Did("email_out", "Following up", before(rng, 0.5, 20))
    if rng.random() < 0.7:
        yield Did("meeting", rng.choice(MEETINGS), before(rng, 0.5, 9))


def _warm(rng: random.Random) -> Iterator[Did]:
    for _ in range(rng.randint(1, 3)):
        yield _form(
            rng, rng.choice(("Whitepaper download", "Webinar registration", "Contact us", "Newsletter")), 5, 300
        )
    if rng.random() < 0.25:
        yield _form(rng, "Pricing calculator", 15, 120)
    if rng.random() < 0.12:
        yield _form(rng, "Request a demo", 20, 200)
    for _ in range(rng.randint(0, 2)):
        yield Did("email_out", rng.choice(EMAIL_OUT), before(rng, 1, 300))
    if rng.random() < 0.4:
        yield Did("email_in", rng.choice(EMAIL_IN), before(rng, 5, 250))
    if rng.random() < 0.2:
        yield Did("meeting", rng.choice(MEETINGS), before(rng, 20, 250))


def _cold(rng: random.Random) -> Iterator[Did]:
    if rng.random() < 0.6:
        yield _form(rng, rng.choice(("Newsletter", "Newsletter", "Whitepaper download")), 90, TWO_YEARS)
    if rng.random() < 0.5:
        yield Did("email_out", rng.choice(EMAIL_OUT), before(rng, 10, TWO_YEARS))


def _none(_: random.Random) -> Iterator[Did]:
    return iter(())


_HUBSPOT = {"hot": _hot, "warm": _warm, "cold": _cold, "": _none}
_MEMBERSHIPS = {"hot": (3, 5), "warm": (1, 4), "cold": (0, 2), "": (0, 1)}
_TAKES_PART = {"hot": 0.85, "warm": 0.5, "cold": 0.08, "": 0.0}


def _members(rng: random.Random, keen: str) -> Iterator[Did]:
    known = campaigns()
    recent = [c for c in known if c.days_ago < 90 and c.type in REPLIES]
    low, high = _MEMBERSHIPS[keen]
    chosen = _drawn(rng, known, rng.randint(low, high))
    if keen == "hot":
        chosen |= set(recent)
    for campaign in sorted(chosen, key=lambda c: -c.days_ago):
        yield _member(rng, campaign, takes_part=rng.random() < _TAKES_PART[keen])


def _drawn(rng: random.Random, known: Sequence[Campaign], count: int) -> set[Campaign]:
    return set(rng.choices(known, [c.weight for c in known], k=count))


def _member(rng: random.Random, campaign: Campaign, *, takes_part: bool) -> Did:
    """The member as Salesforce has it: its time is when it was added, a few days about the campaign's own day."""
    status = rng.choice(REPLIES.get(campaign.type, ("Responded",))) if takes_part else "Sent"
    at = ANCHOR - campaign.days_ago * DAY + timedelta(milliseconds=rng.randint(-5 * 86_400_000, 5 * 86_400_000))
    return Did("campaign", campaign.name, at, status)


def first_and_last(touches: Iterable[Did], otherwise: datetime) -> tuple[datetime, datetime]:
    """When a person was first and last heard of."""
    moments = [touch.at for touch in touches] or [otherwise]
    return min(moments), max(moments)
