"""Times as Salesforce stores and writes them: whole seconds, UTC, "2026-02-01T00:00:01.000+0000"."""

from __future__ import annotations

from datetime import UTC, date, datetime

from leadsync.sandbox import parse_time


def stamp(moment: datetime) -> str:
    """A moment in Salesforce's spelling, cut to the second as a real org's answers show (recorded)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def moment_of(text: str) -> datetime:
    """A stamp, or any ISO time, as a moment; raises ValueError."""
    return parse_time(text)


def restamp(text: str) -> str:
    """Any ISO time in Salesforce's spelling; a date alone means its midnight. Raises ValueError."""
    return stamp(parse_time(text))


def day_of(text: str) -> str:
    """The date part of an ISO date or time; raises ValueError."""
    return date.fromisoformat(text[:10]).isoformat() if len(text) != 10 else date.fromisoformat(text).isoformat()
