"""Moments before the seed's anchor, written as the vendors write them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

ANCHOR = datetime(2026, 11, 1, tzinfo=UTC)
"""What the loader takes for today: it shifts every moment of the seed by whole days."""

TWO_YEARS = 730.0


def before(rng: random.Random, newest: float, oldest: float) -> datetime:
    """A moment between `newest` and `oldest` days before the anchor, to the millisecond."""
    low, high = int(newest * 86_400_000), int(oldest * 86_400_000)
    return ANCHOR - timedelta(milliseconds=rng.randint(low + 1, high))


def after(rng: random.Random, moment: datetime, days: float) -> datetime:
    """A moment at most `days` after another, and never later than the anchor."""
    room = min(timedelta(days=days), ANCHOR - moment) // timedelta(milliseconds=1)
    return moment + timedelta(milliseconds=rng.randint(1, max(room, 2)) - 1)


def iso(moment: datetime) -> str:
    """2026-10-03T08:12:45.123Z"""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
