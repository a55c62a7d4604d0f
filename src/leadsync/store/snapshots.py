"""What was known of each lead on each day: what scores of the past, backtests and learning look at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from leadsync.records import Fields
from leadsync.store.rows import dumps

IDENTIFYING: Final = frozenset(("email", "other_emails", "first_name", "last_name", "phone", "leadsync_id"))
"""Facts that say who somebody is; nothing that a score may look at needs them, and so no history of them is kept."""


class Snapshots:
    """Facts by lead and day. A day has a row of its own only where something differs from the day before."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def save(self, day: date, facts: Mapping[str, Fields]) -> None:
        """Remember what is known of leads on a day; later runs of a day replace it; call inside a transaction."""
        before = self._latest("<", day)
        self._db.execute("DELETE FROM snapshot WHERE day = ?", (day.isoformat(),))
        told = ((uid, dumps(without_names(some))) for uid, some in facts.items())
        self._db.executemany(
            "INSERT INTO snapshot VALUES (?, ?, ?)",
            ((uid, day.isoformat(), text) for uid, text in told if before.get(uid) != text),
        )

    def at(self, day: date) -> dict[str, Fields]:
        """What was known of each lead on a day, as far as it was known by then."""
        return {uid: json.loads(text) for uid, text in self._latest("<=", day).items()}

    def all(self) -> Iterator[tuple[str, date, Fields]]:
        """(lead, day, facts) whenever something had changed, by lead and day."""
        for row in self._db.execute("SELECT * FROM snapshot ORDER BY uid, day"):
            yield row["uid"], date.fromisoformat(row["day"]), json.loads(row["facts"])

    def of(self, uid: str) -> list[tuple[date, Fields]]:
        """(day, facts) of one lead whenever something had changed, oldest first."""
        rows = self._db.execute("SELECT day, facts FROM snapshot WHERE uid = ? ORDER BY day", (uid,))
        return [(date.fromisoformat(row["day"]), json.loads(row["facts"])) for row in rows]

    def first_day(self) -> date | None:
        """Since when snapshots are kept; None: there are none."""
        found = self._db.execute("SELECT min(day) day FROM snapshot").fetchone()["day"]
        return None if found is None else date.fromisoformat(found)

    def _latest(self, sign: str, day: date) -> dict[str, str]:
        rows = self._db.execute(
            f"SELECT uid, facts, max(day) FROM snapshot WHERE day {sign} ? GROUP BY uid",  # noqa: S608  our own sign
            (day.isoformat(),),
        )
        return {row["uid"]: row["facts"] for row in rows}


def without_names(facts: Fields) -> Fields:
    """The facts less those that say who somebody is."""
    return {name: value for name, value in sorted(facts.items()) if name not in IDENTIFYING}
