"""What was worked out for each lead and company: decisions with their reasons, scores, stages, legal entities."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from leadsync.store.rows import among, dumps


class Results:
    """Decisions, stages, score history, resolutions and attribution. Bodies are JSON that the engine reads back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def save_decisions(
        self, rows: Iterable[tuple[str, str, object, Mapping[str, Any]]], run: str, now: datetime
    ) -> None:
        """(uid, field, value, why) of each field; unchanged ones keep their run, and a value that all records have come
        to agree on keeps the reason for which it was taken. Call inside a transaction."""
        self._db.executemany(
            """
            INSERT INTO decision VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (uid, field) DO UPDATE SET
                value = excluded.value, why = excluded.why, run = excluded.run, at = excluded.at
            WHERE value <> excluded.value OR (why <> excluded.why AND NOT (
                json_extract(excluded.why, '$.how') IS 'agreed'
                AND json_extract(why, '$.how') IN ('changed', 'conflict', 'newest', 'answered')
            ))
            """,
            ((uid, name, dumps(value), dumps(why), run, now.isoformat()) for uid, name, value, why in rows),
        )

    def decisions(self, uid: str) -> dict[str, tuple[Any, dict[str, Any], str, datetime]]:
        """Field → (value, why, run, when) of one lead or company."""
        rows = self._db.execute("SELECT * FROM decision WHERE uid = ? ORDER BY rowid", (uid,))
        return {
            r["field"]: (json.loads(r["value"]), json.loads(r["why"]), r["run"], datetime.fromisoformat(r["at"]))
            for r in rows
        }

    def companies_of_leads(self) -> dict[str, str]:
        """Lead uid → the uid of its company, as last decided."""
        rows = self._db.execute("SELECT uid, why FROM decision WHERE field = 'company'")
        return {r["uid"]: why["company"] for r in rows if "company" in (why := json.loads(r["why"]))}

    def stages(self, uids: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """The stage each lead, or each of these, stands in."""
        which, given = among("uid", uids)
        rows = self._db.execute(f"SELECT * FROM stage WHERE {which}", given)  # noqa: S608
        return {row["uid"]: json.loads(row["state"]) for row in rows}

    def stage(self, uid: str) -> dict[str, Any] | None:
        """The stage one lead stands in."""
        row = self._db.execute("SELECT state FROM stage WHERE uid = ?", (uid,)).fetchone()
        return json.loads(row["state"]) if row else None

    def save_stages(self, states: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember the stages; call inside a transaction."""
        self._db.executemany("INSERT OR REPLACE INTO stage VALUES (?, ?)", ((u, dumps(s)) for u, s in states.items()))

    def save_scores(self, rows: Iterable[tuple[str, datetime, str, int | None, Mapping[str, Any]]]) -> None:
        """(uid, as-of, model, centi-points, body): the score history, in which a score that did not move is not
        repeated; call inside a transaction."""
        fresh = list(rows)
        known = self.scores([row[0] for row in fresh])
        self._db.executemany(
            "INSERT OR REPLACE INTO score VALUES (?, ?, ?, ?, ?)",
            (
                (uid, as_of.isoformat(), model, points, dumps(body))
                for uid, as_of, model, points, body in fresh
                if known.get(uid) != (model, points)
            ),
        )

    def scores(self, uids: Collection[str] | None = None) -> dict[str, tuple[str, int | None]]:
        """The newest score of every lead, or of each of these: (model, centi-points)."""
        which, given = among("uid", uids)
        query = f"SELECT uid, model, centipoints, max(as_of) FROM score WHERE {which} GROUP BY uid"  # noqa: S608
        rows = self._db.execute(query, given)
        return {row["uid"]: (row["model"], row["centipoints"]) for row in rows}

    def score_history(self, uid: str) -> list[tuple[datetime, int | None]]:
        """(as-of, centi-points) of a lead whenever its score moved, oldest first."""
        rows = self._db.execute("SELECT as_of, centipoints FROM score WHERE uid = ? ORDER BY as_of", (uid,))
        return [(datetime.fromisoformat(row["as_of"]), row["centipoints"]) for row in rows]

    def score(self, uid: str) -> dict[str, Any] | None:
        """The newest score of a lead, as it was saved."""
        row = self._db.execute("SELECT body FROM score WHERE uid = ? ORDER BY as_of DESC LIMIT 1", (uid,)).fetchone()
        return json.loads(row["body"]) if row else None

    def resolutions(self, uids: Collection[str] | None = None) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Company uid → (query it was made for, publish date of the register, match and ownership); all, or these."""
        which, given = among("uid", uids)
        rows = self._db.execute(f"SELECT uid, query, published, body FROM resolution WHERE {which}", given)  # noqa: S608
        return {row["uid"]: (row["query"], row["published"], json.loads(row["body"])) for row in rows}

    def save_resolutions(self, rows: Iterable[tuple[str, str, str, Mapping[str, Any]]], now: datetime) -> None:
        """(company uid, query, publish date, body); call inside a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO resolution VALUES (?, ?, ?, ?, ?)",
            ((uid, query, published, dumps(body), now.isoformat()) for uid, query, published, body in rows),
        )
