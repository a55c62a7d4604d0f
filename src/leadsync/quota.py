"""The quota governor: every wire request is counted before it is sent, in a file that all processes share.

Allowances are caps: a share of what the vendor allows, lowered by what answers say others have used, never raised by
them. Short windows are exact sliding windows (a request waits until the oldest one is out of the window); the day is
counted by the minute, and a minute counts as long as any part of it lies within the last 24 hours.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from leadsync.connector import Allowance, Clock
from leadsync.errors import QuotaExhausted

DAY = timedelta(hours=24)
MINUTE = 60.0
SLACK = 0.002
"""Seconds added to a wait, so that the clock's grain does not put a request back into the window."""
ORG_STOP = 0.8
"""Scheduled work stops when the whole org stands at this share of its day, whoever spent it."""


class Lane(StrEnum):
    """Who asks. What is kept back for the lanes above is never given to the lanes below."""

    INTERACTIVE = "interactive"
    SCHEDULED = "scheduled"
    BACKFILL = "backfill"


RESERVE: Mapping[Lane, float] = {Lane.INTERACTIVE: 0.0, Lane.SCHEDULED: 0.1, Lane.BACKFILL: 0.4}
"""Share of leadsync's own daily allowance that a lane leaves for those above it."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a vendor's allowance leadsync may use: of short windows, and of the day."""

    burst: float = 0.8
    day: float = 0.2


@dataclass(frozen=True, slots=True)
class Standing:
    """How one allowance stands. `others`: what the vendor says was used in all, less ours (None: it does not say)."""

    side: str
    name: str
    window: timedelta
    limit: int
    cap: int
    ours: int
    others: int | None
    reserve: int


_SCHEMA = """
    CREATE TABLE IF NOT EXISTS request (side TEXT NOT NULL, name TEXT NOT NULL, at REAL NOT NULL);
    CREATE INDEX IF NOT EXISTS request_at ON request (side, name, at);
    CREATE TABLE IF NOT EXISTS spent (
        side TEXT NOT NULL, name TEXT NOT NULL, minute INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (side, name, minute)
    );
    CREATE TABLE IF NOT EXISTS seen (
        side TEXT NOT NULL, name TEXT NOT NULL, used INTEGER NOT NULL, cap INTEGER NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (side, name)
    );
"""


@dataclass(slots=True)
class Governor:
    """The meter of one side. Shared between processes by its file; `wall` is seconds since the epoch."""

    path: Path
    side: str
    allowances: Sequence[Allowance]
    clock: Clock
    shares: Shares = field(default_factory=Shares)
    lane: Lane = Lane.SCHEDULED
    sleep: Callable[[float], None] = time.sleep
    _db: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self._db = sqlite3.connect(self.path, isolation_level=None, timeout=30, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(_SCHEMA)

    def take(self, *names: str) -> None:
        """Count one request against its allowances, waiting until all of them have room.

        Raises QuotaExhausted when the day's allowance is used up.
        """
        wanted = [allowance for allowance in self.allowances if allowance.name in names or allowance.always]
        while (wait := self._try(wanted)) > 0:
            self.sleep(wait)

    def _try(self, wanted: Sequence[Allowance]) -> float:
        """Take from all, or from none; the seconds to wait before trying again, 0 when taken."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            now = self.clock().timestamp()
            wait = max((self._room(allowance, now) for allowance in wanted), default=0.0)
            if wait <= 0:
                for allowance in wanted:
                    self._note(allowance, now)
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
        return wait

    def _room(self, allowance: Allowance, now: float) -> float:
        if allowance.window >= DAY:
            self._check_day(allowance, now)
            return 0.0
        start = now - allowance.window.total_seconds()
        self._db.execute(
            "DELETE FROM request WHERE side = ? AND name = ? AND at <= ?", (self.side, allowance.name, start)
        )
        rows = self._db.execute(
            "SELECT at FROM request WHERE side = ? AND name = ? ORDER BY at", (self.side, allowance.name)
        ).fetchall()
        cap = max(1, int(allowance.limit * self.shares.burst))
        return 0.0 if len(rows) < cap else rows[-cap][0] - start + SLACK

    def _check_day(self, allowance: Allowance, now: float) -> None:
        standing = self._standing(allowance, now)
        room = standing.cap - standing.reserve - standing.ours
        org = standing.ours + (standing.others or 0)
        crowded = self.lane is not Lane.INTERACTIVE and standing.others is not None and org >= ORG_STOP * standing.limit
        if room > 0 and not crowded:
            return
        why = (
            f"the whole account stands at {org:,} of {standing.limit:,} requests"
            if crowded
            else f"leadsync's share of {standing.cap:,} requests a day is used up for {self.lane.value} work"
        )
        raise QuotaExhausted(
            f"{self.side}: {why}. It goes on by itself when requests of the last 24 hours run out of the window; "
            "`leadsync quota` shows how it stands.",
            resets_in=self._resets_in(allowance, now),
        )

    def _resets_in(self, allowance: Allowance, now: float) -> float:
        row = self._db.execute(
            "SELECT min(minute) FROM spent WHERE side = ? AND name = ?", (self.side, allowance.name)
        ).fetchone()
        oldest = row[0] * MINUTE if row[0] is not None else now
        return max(MINUTE, oldest + MINUTE + DAY.total_seconds() - now)

    def _note(self, allowance: Allowance, now: float) -> None:
        if allowance.window >= DAY:
            self._db.execute(
                "INSERT INTO spent VALUES (?, ?, ?, 1) ON CONFLICT (side, name, minute) DO UPDATE SET n = n + 1",
                (self.side, allowance.name, int(now // MINUTE)),
            )
        else:
            self._db.execute("INSERT INTO request VALUES (?, ?, ?)", (self.side, allowance.name, now))

    def saw(self, name: str, used: int, limit: int) -> None:
        """What an answer said of an allowance: how much is used in all, and how much there is. A smaller limit lowers
        ours until a day later; a larger one never raises it."""
        now = self.clock().timestamp()
        self._db.execute(
            """
            INSERT INTO seen VALUES (?, ?, ?, ?, ?) ON CONFLICT (side, name) DO UPDATE SET
                used = CASE WHEN excluded.at - at < 60 THEN max(used, excluded.used) ELSE excluded.used END,
                cap = CASE WHEN excluded.at - at < 86400 THEN min(cap, excluded.cap) ELSE excluded.cap END,
                at = excluded.at
            """,
            (self.side, name, used, limit, now),
        )

    def standings(self) -> list[Standing]:
        """How every allowance stands now."""
        now = self.clock().timestamp()
        return [self._standing(allowance, now) for allowance in self.allowances]

    def _standing(self, allowance: Allowance, now: float) -> Standing:
        seen = self._db.execute(
            "SELECT used, cap FROM seen WHERE side = ? AND name = ? AND at > ?",
            (self.side, allowance.name, now - DAY.total_seconds()),
        ).fetchone()
        limit = min(allowance.limit, seen[1]) if seen is not None else allowance.limit
        daily = allowance.window >= DAY
        cap = int(limit * (self.shares.day if daily else self.shares.burst))
        ours = self._ours(allowance, now)
        others = max(0, seen[0] - ours) if seen is not None else None
        reserve = int(cap * RESERVE[self.lane]) if daily else 0
        return Standing(self.side, allowance.name, allowance.window, limit, cap, ours, others, reserve)

    def _ours(self, allowance: Allowance, now: float) -> int:
        key = (self.side, allowance.name)
        start = now - allowance.window.total_seconds()
        if allowance.window < DAY:
            query = "SELECT count(*) FROM request WHERE side = ? AND name = ? AND at > ?"
            return int(self._db.execute(query, (*key, start)).fetchone()[0])
        first = int(start // MINUTE)
        self._db.execute("DELETE FROM spent WHERE side = ? AND name = ? AND minute < ?", (*key, first))
        query = "SELECT coalesce(sum(n), 0) FROM spent WHERE side = ? AND name = ?"
        return int(self._db.execute(query, key).fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
