"""All field writes that came through, in order: what undo, drift and the flap breaker look at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime

from leadsync.records import Value
from leadsync.store.outbox import written_of
from leadsync.store.rows import Written


class History:
    """The acknowledged writes, oldest first."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of_run(self, run: str) -> list[Written]:
        """What one run wrote."""
        return self._read("WHERE run = ?", run)

    def last_run(self) -> str | None:
        """The last run that wrote something."""
        row = self._db.execute("SELECT run FROM history ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else str(row["run"])

    def since(self, at: datetime) -> list[Written]:
        """What was written from a moment on."""
        return self._read("WHERE at >= ?", at.isoformat())

    def newest(self) -> int:
        """The number of the last write; 0 where nothing was written yet."""
        number: int = self._db.execute("SELECT coalesce(max(id), 0) FROM history").fetchone()[0]
        return number

    def rewritten(self, at: datetime, after: int, times: int) -> list[Written]:
        """All writes from a moment on of the fields that were written after the write of that number, and at least so
        often since that moment."""
        since = at.isoformat()
        places = "SELECT ref, field FROM history WHERE id > ?"
        often = f"WHERE at >= ? AND (ref, field) IN ({places}) GROUP BY ref, field HAVING count(*) >= ?"
        query = f"WHERE at >= ? AND (ref, field) IN (SELECT ref, field FROM history {often})"  # noqa: S608  our own text
        return self._read(query, since, since, after, times)

    def of(self, uid: str) -> list[Written]:
        """What was ever written for a lead or company."""
        return self._read("WHERE uid = ?", uid)

    def all(self) -> list[Written]:
        """Everything."""
        return self._read("")

    def spellings(self) -> Iterator[tuple[str, str, str, Value, Value]]:
        """(side, vendor object, field, sent, settled) of the last writes: what each CRM makes of our values."""
        for row in self._db.execute("SELECT * FROM written"):
            last = written_of(row)
            yield last.ref.side, last.ref.kind, last.field, last.sent, last.settled

    def _read(self, where: str, *values: str | int) -> list[Written]:
        rows = self._db.execute(f"SELECT * FROM history {where} ORDER BY id", values)  # noqa: S608  our own text
        return [written_of(row) for row in rows]
