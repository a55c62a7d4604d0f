"""Writes on their way: noted before they are sent, settled with the answer, and what the CRMs refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime

from leadsync.records import Ref
from leadsync.store.rows import Outgoing, Reject, Written, dumps, outgoing_of, reject_of


class Outbox:
    """The outbox, what was written, and the rejects."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def enqueue(self, writes: Iterable[Outgoing], now: datetime) -> None:
        """Note what is about to be sent; call inside a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_row(write, now) for write in writes),
        )

    def mark(self, tokens: Iterable[str], state: str) -> None:
        """Move writes to another state; call inside a transaction or on its own."""
        self._db.executemany("UPDATE outbox SET state = ? WHERE token = ?", ((state, token) for token in tokens))

    def in_flight(self) -> list[Outgoing]:
        """What was being sent when the last run ended, and what had no clear answer."""
        rows = self._db.execute("SELECT * FROM outbox WHERE state IN ('sending', 'unknown') ORDER BY token")
        return [outgoing_of(row) for row in rows]

    def states(self) -> Mapping[str, int]:
        """How many writes stand in which state."""
        return {r["state"]: r["n"] for r in self._db.execute("SELECT state, count(*) n FROM outbox GROUP BY state")}

    def clear(self, states: Iterable[str]) -> None:
        """Forget writes in these states: they are settled, or will be planned anew from what is there."""
        self._db.executemany("DELETE FROM outbox WHERE state = ?", ((state,) for state in states))

    # ---- what was written

    def save_written(self, rows: Iterable[Written]) -> None:
        """Remember acknowledged field writes; call inside a transaction."""
        self._db.executemany("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?, ?, ?)", map(_written_row, rows))

    def written(self) -> dict[tuple[Ref, str], Written]:
        """The last write of each record and field."""
        rows = self._db.execute("SELECT * FROM written")
        return {(w.ref, w.field): w for w in map(_written_of, rows)}

    def written_to(self, ref: Ref) -> list[Written]:
        """The last writes to one record, field by field."""
        rows = self._db.execute("SELECT * FROM written WHERE ref = ? ORDER BY field", (str(ref),))
        return [_written_of(row) for row in rows]

    # ---- rejects

    def reject(self, refused: Reject) -> None:
        """Keep a refused write with its reason; a repeated one counts up."""
        self._db.execute(
            """
            INSERT INTO reject VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (ref, direction) DO UPDATE SET
                uid = excluded.uid, code = excluded.code, reason = excluded.reason, hint = excluded.hint,
                fields = excluded.fields, sent = excluded.sent, last_at = excluded.last_at, times = times + 1
            """,
            (
                *(str(refused.ref), refused.direction, refused.uid, refused.code, refused.reason, refused.hint),
                *(dumps(list(refused.fields)), dumps(dict(refused.sent))),
                *(refused.first_at.isoformat(), refused.last_at.isoformat(), refused.times),
            ),
        )

    def accepted(self, refs: Iterable[Ref]) -> None:
        """Forget write rejects of records that now went through."""
        self._db.executemany("DELETE FROM reject WHERE ref = ? AND direction = 'write'", ((str(r),) for r in refs))

    def rejects(self) -> list[Reject]:
        """All that stands refused or unreadable, oldest first."""
        return [reject_of(row) for row in self._db.execute("SELECT * FROM reject ORDER BY first_at, ref")]


def _row(write: Outgoing, now: datetime) -> tuple[object, ...]:
    key = write.key if write.key is not None else (None, None)
    changes = dumps({k: list(v) for k, v in write.changes.items()})
    links = dumps({k: list(v) for k, v in write.links.items()})
    head = (write.token, write.run, write.uid, write.side, write.kind, write.id)
    return (*head, *key, changes, links, write.state, now.isoformat())


def _written_row(row: Written) -> tuple[str, ...]:
    values = (dumps(row.sent), dumps(row.settled), dumps(row.replaced))
    return (str(row.ref), row.field, *values, row.run, row.at.isoformat())


def _written_of(row: sqlite3.Row) -> Written:
    return Written(
        ref=Ref.parse(row["ref"]),
        field=row["field"],
        sent=json.loads(row["sent"]),
        settled=json.loads(row["settled"]),
        replaced=json.loads(row["replaced"]),
        run=row["run"],
        at=datetime.fromisoformat(row["at"]),
    )
