"""The quota governor: every wire request is counted before it is sent, in a file that all processes share.

Allowances are caps: a share of what the vendor allows, lowered by what answers say others have used, never raised by
them. Short windows are exact sliding windows at the server: a request counts from when it is let out until a whole
window after its answer came, because nobody knows when in between it arrived. The day is counted by the minute, and a
minute counts as long as any part of it lies within the last 24 hours.

The file is not in WAL mode: several processes write it, which is what the fault of SQLite 3.7.0 to 3.51.2 in resetting
a WAL needs. It is not synchronised to disk either (10 ms a request): a killed process loses nothing, and after a power
cut a damaged file is set aside and requests are counted anew.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from leadsync.connector import Allowance, Clock, Crm
from leadsync.errors import QuotaExhausted, StopRun

log = logging.getLogger("leadsync.quota")

DAY = timedelta(hours=24)
MINUTE = 60.0
SLACK = 0.002
"""Seconds added to a wait, so that the clock's grain does not put a request back into the window."""
ORG_STOP = 0.8
"""Scheduled work stops when the whole org stands at this share of its day, whoever spent it."""
LOOK_AGAIN = timedelta(minutes=15)
"""How often one request is let out all the same, to see whether the org's day has begun anew."""
IN_FLIGHT = 30.0
"""Seconds after which a request whose answer was never reported (its process was killed) has reached the server or
never will; longer than any connection takes to open."""
POLL = 0.05
"""Seconds between two looks when requests in flight stand in the way."""
BUSY = 30.0
"""Seconds to wait for another process that is counting; it takes well below a millisecond."""


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

    @property
    def used(self) -> int:
        """By everybody, as far as is known."""
        return self.ours + (self.others or 0)

    @property
    def left(self) -> int:
        """What the lane may still spend."""
        return max(0, self.cap - self.reserve - self.ours)


_SCHEMA = """
    CREATE TABLE IF NOT EXISTS request (side TEXT NOT NULL, name TEXT NOT NULL, at REAL NOT NULL);
    CREATE INDEX IF NOT EXISTS request_at ON request (side, name, at);
    CREATE TABLE IF NOT EXISTS spent (
        side TEXT NOT NULL, name TEXT NOT NULL, minute INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (side, name, minute)
    );
    CREATE TABLE IF NOT EXISTS seen (
        side TEXT NOT NULL, name TEXT NOT NULL, used INTEGER NOT NULL, cap INTEGER NOT NULL, at REAL NOT NULL,
        looked REAL NOT NULL DEFAULT 0,
        PRIMARY KEY (side, name)
    );
    CREATE TABLE IF NOT EXISTS lowest (
        side TEXT NOT NULL, name TEXT NOT NULL, cap INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (side, name)
    );
"""


def open_file(path: Path) -> sqlite3.Connection:
    """The file of counts, made where there is none; a damaged one is set aside. Raises StopRun when there is no way."""
    try:
        return _open(path)
    except (sqlite3.OperationalError, OSError) as problem:
        raise _unusable(path, problem) from None
    except sqlite3.DatabaseError as problem:
        aside = path.with_name(f"{path.name}.damaged")
        path.replace(aside)
        log.warning("%s was damaged (%s) and is now %s; requests are counted anew", path, problem, aside.name)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)  # before SQLite makes one that everybody may read
    db = sqlite3.connect(path, isolation_level=None, timeout=BUSY, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(_SCHEMA)
    except BaseException:
        db.close()
        raise
    return db


def _unusable(path: Path, problem: sqlite3.Error | OSError) -> StopRun:
    return StopRun(
        f"{path}: requests cannot be counted ({problem}), so none is sent. Free disk space or correct the file's "
        "permissions; a damaged file may be moved away, and counting begins anew."
    )


@dataclass(slots=True)
class Governor:
    """The meter of one side. Shared between processes by its file, and between threads."""

    path: Path
    side: str
    allowances: Sequence[Allowance]
    clock: Clock
    shares: Shares = field(default_factory=Shares)
    lane: Lane = Lane.SCHEDULED
    sleep: Callable[[float], None] = time.sleep
    _db: sqlite3.Connection = field(init=False)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _out: dict[int, list[int]] = field(init=False, default_factory=dict)
    """The rows of each thread's request that is under way."""

    def __post_init__(self) -> None:
        self._db = open_file(self.path)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.Error as problem:
                raise _unusable(self.path, problem) from None

    # ---- counting

    def take(self, *names: str) -> None:
        """Count one request against its allowances, waiting until all of them have room.

        Raises QuotaExhausted when the day's allowance is used up, StopRun when nothing can be counted.
        """
        wanted = [allowance for allowance in self.allowances if allowance.name in names or allowance.always]
        while (wait := self._try(wanted)) > 0:
            self.sleep(wait)

    def answered(self) -> None:
        """The request this thread took last got its answer, or failed: it has reached the server or never will."""
        rows = self._out.pop(threading.get_ident(), [])
        if not rows:
            return
        now = self.clock().timestamp()
        with self._transaction():
            self._db.executemany("UPDATE request SET at = min(at, ?) WHERE rowid = ?", [(now, row) for row in rows])

    def _try(self, wanted: Sequence[Allowance]) -> float:
        """Take from all, or from none; the seconds to wait before trying again, 0 when taken."""
        with self._transaction():
            now = self.clock().timestamp()
            wait = max((self._room(allowance, now) for allowance in wanted), default=0.0)
            if wait <= 0:
                noted = [self._note(allowance, now) for allowance in wanted]
                self._out[threading.get_ident()] = [row for row in noted if row is not None]
        return wait

    def _room(self, allowance: Allowance, now: float) -> float:
        """Seconds until the allowance has room for one more."""
        if allowance.window >= DAY:
            self._check_day(allowance, now)
            return 0.0
        key, start = (self.side, allowance.name), now - allowance.window.total_seconds()
        # A row further ahead than any request in flight was noted before the clock was set back.
        self._db.execute("UPDATE request SET at = ? WHERE at > ?", (now, now + IN_FLIGHT))
        self._db.execute("DELETE FROM request WHERE side = ? AND name = ? AND at <= ?", (*key, start))
        rows = self._db.execute("SELECT at FROM request WHERE side = ? AND name = ? ORDER BY at", key).fetchall()
        cap = self._cap(allowance, self._limit(allowance, now))
        if len(rows) < cap:
            return 0.0
        until = float(rows[-cap][0])
        return POLL if until > now else until - start + SLACK

    def _check_day(self, allowance: Allowance, now: float) -> None:
        standing = self._standing(allowance, now)
        org = standing.used
        crowded = self.lane is not Lane.INTERACTIVE and standing.others is not None and org >= ORG_STOP * standing.limit
        if crowded:
            crowded = not self._may_look(allowance, now)
        if standing.left > 0 and not crowded:
            return
        why = (
            f"the whole account stands at {org:,} of {standing.limit:,} requests"
            if crowded
            else f"leadsync's share of {standing.cap:,} requests a day is used up for {self.lane.value} work"
        )
        raise QuotaExhausted(
            f"{self.side}: {why}. It goes on by itself when requests of the last 24 hours run out of the window; "
            "`leadsync quota` shows how it stands.",
            resets_in=LOOK_AGAIN.total_seconds() if crowded else self._resets_in(allowance, now),
        )

    def _may_look(self, allowance: Allowance, now: float) -> bool:
        """Whether what is known of the whole org is old enough for one request to look anew; it is this one then."""
        found = self._db.execute(
            "UPDATE seen SET looked = ? WHERE side = ? AND name = ? AND max(at, looked) <= ?",
            (now, self.side, allowance.name, now - LOOK_AGAIN.total_seconds()),
        )
        return found.rowcount > 0

    def _resets_in(self, allowance: Allowance, now: float) -> float:
        row = self._db.execute(
            "SELECT min(minute) FROM spent WHERE side = ? AND name = ?", (self.side, allowance.name)
        ).fetchone()
        oldest = row[0] * MINUTE if row[0] is not None else now
        return max(MINUTE, oldest + MINUTE + DAY.total_seconds() - now)

    def _note(self, allowance: Allowance, now: float) -> int | None:
        """Count one; the row that is to learn of the answer, where there is one."""
        if allowance.window < DAY:
            values = (self.side, allowance.name, now + IN_FLIGHT)
            return self._db.execute("INSERT INTO request VALUES (?, ?, ?)", values).lastrowid
        self._db.execute(
            "INSERT INTO spent VALUES (?, ?, ?, 1) ON CONFLICT (side, name, minute) DO UPDATE SET n = n + 1",
            (self.side, allowance.name, int(now // MINUTE)),
        )
        return None

    def saw(self, name: str, used: int, limit: int) -> None:
        """What an answer said of an allowance: how much is used in all, and how much there is. A smaller limit lowers
        ours until a day after it was said last; a larger one never raises it above what is configured."""
        if any(a.name == name and a.window < DAY and limit >= a.limit for a in self.allowances):
            return  # of a short window only a lower limit is news
        now = self.clock().timestamp()
        with self._transaction():
            self._db.execute(
                """
                INSERT INTO seen (side, name, used, cap, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (side, name) DO UPDATE
                SET used = CASE WHEN excluded.at - at < 60 THEN max(used, excluded.used) ELSE excluded.used END,
                    cap = excluded.cap, at = excluded.at
                """,
                (self.side, name, used, limit, now),
            )
            self._db.execute(
                """
                INSERT INTO lowest (side, name, cap, at) VALUES (?, ?, ?, ?) ON CONFLICT (side, name) DO UPDATE
                SET cap = excluded.cap, at = excluded.at WHERE excluded.cap <= cap OR excluded.at - at >= 86400
                """,
                (self.side, name, limit, now),
            )

    # ---- how it stands

    def standings(self) -> list[Standing]:
        """How every allowance stands now."""
        now = self.clock().timestamp()
        with self._transaction():
            return [self._standing(allowance, now) for allowance in self.allowances]

    def _standing(self, allowance: Allowance, now: float) -> Standing:
        seen = self._seen(allowance, now)
        limit, ours = self._limit(allowance, now), self._ours(allowance, now)
        cap = self._cap(allowance, limit)
        daily = allowance.window >= DAY
        others = max(0, seen[0] - ours) if seen is not None and daily else None
        reserve = int(cap * RESERVE[self.lane]) if daily else 0
        return Standing(self.side, allowance.name, allowance.window, limit, cap, ours, others, reserve)

    def _seen(self, allowance: Allowance, now: float) -> tuple[int, int] | None:
        """(used, limit) as an answer of the last 24 hours told it."""
        found: tuple[int, int] | None = self._db.execute(
            "SELECT used, cap FROM seen WHERE side = ? AND name = ? AND at > ?",
            (self.side, allowance.name, now - DAY.total_seconds()),
        ).fetchone()
        return found

    def _limit(self, allowance: Allowance, now: float) -> int:
        found = self._db.execute(
            "SELECT cap FROM lowest WHERE side = ? AND name = ? AND at > ?",
            (self.side, allowance.name, now - DAY.total_seconds()),
        ).fetchone()
        return min(allowance.limit, found[0]) if found is not None else allowance.limit

    def _cap(self, allowance: Allowance, limit: int) -> int:
        return max(1, int(limit * (self.shares.day if allowance.window >= DAY else self.shares.burst)))

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

    def told(self) -> tuple[int, int] | None:
        """(used, limit) of the day, of the whole account, as the vendor said last; None when it has not."""
        now = self.clock().timestamp()
        daily = (self._seen(allowance, now) for allowance in self.allowances if allowance.window >= DAY)
        return next((seen for seen in daily if seen is not None), None)

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def govern(crm: Crm, path: Path, clock: Clock, shares: Shares, lane: Lane) -> Governor:
    """Count this connection's requests from now on, in the file that all processes of an installation share. What the
    vendor said to any of them today is known from the beginning."""
    governor = Governor(path, crm.side, crm.allowances(), clock, shares, lane)
    crm.usage.meter = governor
    if (told := governor.told()) is not None:
        crm.usage.used, crm.usage.limit = told
    return governor
