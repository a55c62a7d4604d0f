"""Each lead's journey through nurturing and the advice that stands, from one run to the next."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

from leadsync.store.rows import among, dumps


class Courses:
    """Journeys by lead. Bodies are JSON that the engine reads back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def all(self, uids: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """What is kept of every lead, or of these."""
        which, given = among("uid", uids)
        rows = self._db.execute(f"SELECT * FROM course WHERE {which}", given)  # noqa: S608
        return {row["uid"]: json.loads(row["body"]) for row in rows}

    def of(self, uid: str) -> dict[str, Any] | None:
        """What is kept of one lead."""
        row = self._db.execute("SELECT body FROM course WHERE uid = ?", (uid,)).fetchone()
        return json.loads(row["body"]) if row else None

    def save(
        self, bodies: Mapping[str, Mapping[str, Any]], known: Collection[str], among_: Collection[str] | None = None
    ) -> None:
        """Remember these, and forget (of those in `among_`, or of all) what is not of the `known` leads; call inside a
        transaction."""
        which, given = among("uid", among_)
        rows = self._db.execute(f"SELECT uid FROM course WHERE {which}", given)  # noqa: S608
        gone = [(row["uid"],) for row in rows if row["uid"] not in known]
        self._db.executemany("DELETE FROM course WHERE uid = ?", gone)
        self._db.executemany(
            """
            INSERT INTO course VALUES (?, ?) ON CONFLICT (uid) DO UPDATE SET body = excluded.body
            WHERE body <> excluded.body
            """,
            ((uid, dumps(body)) for uid, body in bodies.items()),
        )
