"""The sandbox's clock, which can be set, stopped and run fast; and the shifting of a seed's times to today."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$")


def parse_time(text: str) -> datetime:
    """An ISO 8601 time, or epoch milliseconds, as aware UTC; raises ValueError for anything else."""
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class SandboxClock:
    """Real time plus an offset, at a rate; `rate` 0 stands still."""

    def __init__(self, real: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._real = real
        self._from = self._base = real()
        self._rate = 1.0

    def __call__(self) -> datetime:
        return self._base + (self._real() - self._from) * self._rate

    @property
    def rate(self) -> float:
        """Its seconds in one real second."""
        return self._rate

    def set(self, moment: datetime | None = None, *, rate: float | None = None) -> None:
        """Jump to a moment, and from there run at `rate`."""
        self._base = self() if moment is None else moment
        self._from = self._real()
        self._rate = self._rate if rate is None else rate

    def advance(self, seconds: float) -> None:
        """Jump forward (or back)."""
        self.set(self() + timedelta(seconds=seconds))


def shift_times(data: Any, by: timedelta) -> Any:
    """A copy of a seed in which every ISO time with a zone has moved by `by`; dates alone and other texts stay."""
    match data:
        case dict():
            return {k: shift_times(v, by) for k, v in data.items()}
        case list():
            return [shift_times(v, by) for v in data]
        case str() if _ISO.match(data):
            moment = parse_time(data) + by
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case _:
            return data
