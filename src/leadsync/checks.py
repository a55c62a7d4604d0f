"""Words for `leadsync doctor` that connectors share: how a check is told, and what is too late, too full or too far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from leadsync.connector import Check, Health
from leadsync.errors import LeadsyncError, QuotaExhausted, TryAgain

NOTICE = timedelta(days=180)
"""So long before a version ends it is time to move on: two of the vendors' releases."""
SKEW = timedelta(seconds=30)
"""More than a slow answer and the Date header's whole seconds explain."""
SKEW_BREAKS = timedelta(minutes=5)
"""Signed logins and webhooks are refused beyond this (HubSpot, "Validate requests"; Salesforce, JWT bearer: 3 to 5)."""
NEARLY_USED = 0.8
SEE = "see the message"
WAIT = "wait, or raise day_share in [quota]; `leadsync quota` shows how it stands"
CONNECT = "check the network and that the server is up, then run `leadsync doctor` again"


def ok(name: str, found: str) -> Check:
    """Nothing is to be done."""
    return Check(name, Health.OK, found)


def warn(name: str, found: str, fix: str) -> Check:
    """It works today."""
    return Check(name, Health.WARN, found, fix)


def fail(name: str, found: str, fix: str) -> Check:
    """It does not work."""
    return Check(name, Health.FAIL, found, fix)


def listed(names: Iterable[str]) -> str:
    """Names for a line, in order."""
    return ", ".join(sorted(names))


def attempt(name: str, look: Callable[[], Sequence[Check]], fix: str = SEE) -> list[Check]:
    """What a look gives, or a failed check with the reason why nothing could be seen.

    `fix` is for what a person has to mend; what is used up or cannot be reached has a fix of its own.
    """
    try:
        return list(look())
    except QuotaExhausted as problem:
        return [fail(name, str(problem), WAIT)]
    except TryAgain as problem:
        return [fail(name, str(problem), f"{CONNECT}; {fix}" if fix != SEE else CONNECT)]
    except LeadsyncError as problem:
        return [fail(name, str(problem), fix)]


def exhausted(checks: Iterable[Check]) -> bool:
    """Whether one of them could not be made because no more requests may be sent: then no other can."""
    return any(check.fix == WAIT for check in checks)


def broken(checks: Iterable[Check]) -> bool:
    """Whether one of them failed."""
    return any(check.state is Health.FAIL for check in checks)


def clock_skew(server: datetime | None, now: datetime) -> Check:
    """How far this machine's clock is from the server's, by its Date header."""
    if server is None:
        return warn("clock", "the server sends no date", "compare this machine's clock yourself (timedatectl)")
    off = now - server
    text = f"{off.total_seconds():+.0f} s against the server"
    fix = "set this machine's clock by NTP (timedatectl set-ntp true)"
    if abs(off) > SKEW_BREAKS:
        return fail("clock", text, fix)
    return warn("clock", text, fix) if abs(off) > SKEW else ok("clock", text)


def end_of_life(name: str, version: str, ends: date, now: datetime, fix: str) -> Check:
    """A version with a known end: time to move on `NOTICE` before it."""
    left = ends - now.date()
    if left <= timedelta(0):
        return fail(name, f"{version}, supported until {ends}", fix)
    text = f"{version}, supported until {ends} ({left.days} days)"
    return warn(name, text, fix) if left < NOTICE else ok(name, text)


def used_up(name: str, used: int, limit: int, fix: str) -> Check:
    """An allowance of the day, whoever spent it."""
    text = f"{used:,} of {limit:,} requests of the day are used by all ({used / max(1, limit):.0%})"
    if used >= limit:
        return fail(name, text, fix)
    return warn(name, text, fix) if used >= NEARLY_USED * limit else ok(name, text)
