"""Rate limits per tier: the burst of ten seconds, search by the second, the day of the account."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leadsync.sandbox import json_reply
from leadsync_hubspot.sandbox.errors import Refused, body


@dataclass(frozen=True, slots=True)
class Tier:
    """Requests per ten seconds and app, and per day and account; HubSpot, usage guidelines."""

    burst: int
    daily: int


TIERS = {
    "free": Tier(100, 250_000),
    "starter": Tier(100, 250_000),
    "professional": Tier(190, 625_000),
    "enterprise": Tier(190, 1_000_000),
    "increase": Tier(250, 2_000_000),
}
SEARCHES_PER_SECOND = 5  # per account; HubSpot, "Search the CRM"
BURST_SECONDS = 10
BURST = "You have reached your ten_secondly_rolling limit."
DAILY = "You have reached your daily limit."
SECONDLY = "You have reached your secondly limit."


def too_many(message: str, policy: str | None) -> Refused:
    """A 429 with HubSpot's own words; a search's names no policy (recorded traffic)."""
    if policy is None:
        return Refused(json_reply(429, body(message, "RATE_LIMITS")))
    return Refused(json_reply(429, body(message, None, errorType="RATE_LIMIT", policyName=policy)))


class Limits:
    """Counts requests; refuses those above the tier's limits, where a tier is set."""

    def __init__(self) -> None:
        self.burst: dict[str, deque[datetime]] = {}
        self.searches: deque[datetime] = deque()
        self.day = ""
        self.today = 0

    def take(self, account: Mapping[str, Any], token: str, now: datetime, *, search: bool) -> dict[str, str]:
        """Count a request and give the headers of its answer; raises the 429."""
        tier = TIERS[str(account.get("tier") or "enterprise").lower()]
        enforced = account.get("tier") is not None
        self._roll(account, now)
        self.today += 1
        if enforced and self.today > tier.daily:
            raise too_many(DAILY, "DAILY")
        daily = {
            "X-HubSpot-RateLimit-Daily": str(tier.daily),
            "X-HubSpot-RateLimit-Daily-Remaining": str(max(0, tier.daily - self.today)),
        }
        if search:
            self._search(now, enforced=enforced)
            return daily
        return {**daily, **self._burst(token, tier, now, enforced=enforced)}

    def _roll(self, account: Mapping[str, Any], now: datetime) -> None:
        day = now.astimezone(ZoneInfo(str(account["timeZone"]))).date().isoformat()
        if day != self.day:
            self.day, self.today = day, 0

    def _search(self, now: datetime, *, enforced: bool) -> None:
        _drop(self.searches, now - timedelta(seconds=1))
        if enforced and len(self.searches) >= SEARCHES_PER_SECOND:
            raise too_many(SECONDLY, None)
        self.searches.append(now)

    def _burst(self, token: str, tier: Tier, now: datetime, *, enforced: bool) -> dict[str, str]:
        window = self.burst.setdefault(token, deque())
        _drop(window, now - timedelta(seconds=BURST_SECONDS))
        if enforced and len(window) >= tier.burst:
            raise too_many(BURST, "TEN_SECONDLY_ROLLING")
        window.append(now)
        return {
            "X-HubSpot-RateLimit-Interval-Milliseconds": str(BURST_SECONDS * 1000),
            "X-HubSpot-RateLimit-Max": str(tier.burst),
            "X-HubSpot-RateLimit-Remaining": str(max(0, tier.burst - len(window))),
        }

    def resets_at(self, account: Mapping[str, Any], now: datetime) -> datetime:
        """The next midnight in the account's time zone."""
        local = now.astimezone(ZoneInfo(str(account["timeZone"])))
        return (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def _drop(window: deque[datetime], before: datetime) -> None:
    while window and window[0] <= before:
        window.popleft()
