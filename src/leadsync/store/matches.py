"""What people decided about companies and legal entities: kept for ever."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from leadsync.records import CompanyQuery
from leadsync.resolve.decisions import Verdict


class Matches:
    """Every verdict in the order it was given; nothing is ever deleted, a later one overrides."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def say(self, verdicts: Iterable[Verdict], note: str, now: datetime) -> None:
        """Keep what a person said; call inside a transaction when there are several."""
        self._db.executemany(
            "INSERT INTO verdict (name, country, city, region, domain, lei, verdict, note, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (q.name, q.country, q.city, q.region, q.domain, one.lei, one.verdict, note, now.isoformat())
                for one in verdicts
                for q in [one.query]
            ),
        )

    def verdicts(self) -> list[Verdict]:
        """All that were ever given, oldest first."""
        return [one for one, _, _ in self.told()]

    def told(self) -> list[tuple[Verdict, str, datetime]]:
        """(verdict, note, when), oldest first."""
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'verdict'").fetchone():
            return []  # a state of an older leadsync, open for reading: nobody has decided anything yet
        rows = self._db.execute("SELECT * FROM verdict ORDER BY id")
        return [
            (
                Verdict(
                    CompanyQuery(r["name"], r["country"], r["city"], r["region"], r["domain"]), r["lei"], r["verdict"]
                ),
                r["note"],
                datetime.fromisoformat(r["at"]),
            )
            for r in rows
        ]
