"""Writes on their way: noted before they are sent, settled with the answer, and what the CRMs refused."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from leadsync.records import Ref, Value
from leadsync.store.rows import AGAIN, Outgoing, Reject, Written, among, dumps, outgoing_of, reject_of


class Outbox:
    """The outbox, what was written, and the rejects."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def enqueue(self, writes: Iterable[Outgoing], now: datetime) -> None:
        """Note what is about to be sent; call inside a transaction."""
        self._db.executemany(
            "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (_row(write, now) for write in writes),
        )

    def mark(self, tokens: Iterable[str], state: str) -> None:
        """Move writes to another state; call inside a transaction or on its own."""
        self._db.executemany("UPDATE outbox SET state = ? WHERE token = ?", ((state, token) for token in tokens))

    def in_flight(self) -> list[Outgoing]:
        """What was being sent when the last run ended, and what had no clear answer."""
        query = "SELECT * FROM outbox WHERE gone = 0 AND state IN ('sending', 'unknown') ORDER BY token"
        return [outgoing_of(row) for row in self._db.execute(query)]

    def states(self) -> Mapping[str, int]:
        """How many writes stand in which state."""
        rows = self._db.execute("SELECT state, count(*) n FROM outbox WHERE gone = 0 GROUP BY state")
        return {row["state"]: row["n"] for row in rows}

    def clear(self, states: Iterable[str]) -> None:
        """Forget writes in these states: they are settled, or will be planned anew from what is there."""
        self._db.executemany("DELETE FROM outbox WHERE gone = 0 AND state = ?", ((state,) for state in states))

    def waiting(self, uid: str) -> set[str]:
        """The mapping fields of a lead or company of which some write has not come through."""
        rows = self._db.execute("SELECT mapped FROM outbox WHERE gone = 0 AND uid = ? AND state <> 'done'", (uid,))
        return {name for row in rows for name in json.loads(row["mapped"]).values()}

    # ---- writes to records that were gone before they could be read back

    def gone(self, written: Mapping[str, str], *, told: bool = False) -> None:
        """The records of these writes (token → record id) are gone; `told`: as the CRM's own feed says too."""
        rows = ((1 + told, ident, token) for token, ident in written.items())
        self._db.executemany("UPDATE outbox SET gone = ?, id = ? WHERE token = ?", rows)

    def to_gone(self) -> list[tuple[Outgoing, bool]]:
        """Writes to records that were gone, and whether the CRM's feed had told so."""
        rows = self._db.execute("SELECT * FROM outbox WHERE gone > 0 ORDER BY token")
        return [(outgoing_of(row), row["gone"] > 1) for row in rows]

    def forget(self, tokens: Iterable[str]) -> None:
        """These writes are settled for good."""
        self._db.executemany("DELETE FROM outbox WHERE token = ?", ((token,) for token in tokens))

    # ---- what was written

    def save_written(self, rows: Iterable[Written]) -> None:
        """Remember acknowledged field writes, the last of each field and all in the history; call inside a
        transaction."""
        kept = list(rows)
        self._db.executemany("INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?, ?, ?)", map(_written_row, kept))
        self._db.executemany(
            """
            INSERT INTO history (ref, field, sent, settled, replaced, run, at, uid, mapped, other, created)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            ((*_written_row(row), row.uid, row.mapped, row.other, int(row.created)) for row in kept),
        )

    def written(self, refs: Collection[Ref] | None = None) -> dict[tuple[Ref, str], Written]:
        """The last write of each field, of every record or of these."""
        which, given = among("ref", refs)
        rows = self._db.execute(f"SELECT * FROM written WHERE {which}", given)  # noqa: S608
        return {(w.ref, w.field): w for w in map(written_of, rows)}

    def respell(self, ref: Ref, made: Mapping[str, Value]) -> None:
        """What a CRM turns out to have made of our last writes to a record."""
        self._db.executemany(
            "UPDATE written SET settled = ? WHERE ref = ? AND field = ?",
            ((dumps(value), str(ref), name) for name, value in made.items()),
        )

    def forget_written(self, places: Iterable[tuple[Ref, str]]) -> None:
        """These values are no longer ours: what stands there is what stood there before us."""
        self._db.executemany(
            "DELETE FROM written WHERE ref = ? AND field = ?", ((str(ref), field) for ref, field in places)
        )

    def written_to(self, ref: Ref) -> list[Written]:
        """The last writes to one record, field by field."""
        rows = self._db.execute("SELECT * FROM written WHERE ref = ? ORDER BY field", (str(ref),))
        return [written_of(row) for row in rows]

    def given_to(self, ref: Ref) -> dict[str, tuple[Value, datetime]]:
        """What our last writes made of one record's fields, and when."""
        return {row.field: (row.settled, row.at) for row in self.written_to(ref)}

    # ---- rejects

    def reject(self, refused: Reject) -> None:
        """Keep a refused write with its reason; a repeated one counts up."""
        self._db.execute(
            """
            INSERT INTO reject VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)
            ON CONFLICT (ref, direction) DO UPDATE SET dropped = 0, version = excluded.version,
                uid = excluded.uid, code = excluded.code, reason = excluded.reason, hint = excluded.hint,
                fields = excluded.fields, sent = excluded.sent, last_at = excluded.last_at, times = times + 1
            """,
            (
                *(str(refused.ref), refused.direction, refused.uid, refused.code, refused.reason, refused.hint),
                *(dumps(list(refused.fields)), dumps(dict(refused.sent))),
                *(refused.first_at.isoformat(), refused.last_at.isoformat(), refused.times),
                refused.version.isoformat() if refused.version is not None else None,
            ),
        )

    def try_again(self, refs: Iterable[Ref]) -> None:
        """Let what was refused of records be sent again. It stands as refused until the CRM has answered."""
        self._db.executemany(
            "UPDATE reject SET version = ? WHERE ref = ? AND direction = 'write'",
            ((AGAIN.isoformat(), str(ref)) for ref in refs),
        )

    def accepted(self, refs: Iterable[Ref]) -> None:
        """Forget write rejects of records: it went through, or is no longer wanted."""
        self._db.executemany("DELETE FROM reject WHERE ref = ? AND direction = 'write'", ((str(r),) for r in refs))

    def went_through(self, sent_to: Ref, ref: Ref, fields: Collection[str], version: datetime | None) -> None:
        """A write of these fields was taken: forget what was refused of the record, but for other fields that the CRM
        had named. Those are known by the record's id from here on, and as of its new modified date."""
        for refused in (r for r in self.rejects_of({sent_to, ref}) if r.direction == "write"):
            if refused.named - set(fields):
                self._db.execute(
                    "UPDATE OR REPLACE reject SET ref = ?, version = ? WHERE ref = ? AND direction = 'write'",
                    (str(ref), version.isoformat() if version is not None else None, str(refused.ref)),
                )
            else:
                self.accepted([refused.ref])

    def rejects_of(self, refs: Iterable[Ref]) -> list[Reject]:
        """What stands refused or unreadable of these records."""
        found = (self._db.execute("SELECT * FROM reject WHERE ref = ?", (str(ref),)) for ref in refs)
        return [reject_of(row) for rows in found for row in rows]

    def rejects(self, refs: Collection[Ref] | None = None) -> list[Reject]:
        """All that stands refused or unreadable (of any record, or of these), what was dropped too, oldest first."""
        which, given = among("ref", refs)
        rows = self._db.execute(f"SELECT * FROM reject WHERE {which} ORDER BY first_at, ref", given)  # noqa: S608
        return [reject_of(row) for row in rows]

    def drop(self, ref: Ref) -> None:
        """Hear no more of a reject; what was refused is still not sent again."""
        self._db.execute("UPDATE reject SET dropped = 1 WHERE ref = ?", (str(ref),))


def _row(write: Outgoing, now: datetime) -> tuple[object, ...]:
    key = write.key if write.key is not None else (None, None)
    changes = dumps({k: list(v) for k, v in write.changes.items()})
    links = dumps({k: list(v) for k, v in write.links.items()})
    head = (write.token, write.run, write.uid, write.side, write.kind, write.id)
    after = {name: {str(ref): dict(f) for ref, f in by.items()} for name, by in write.after.items()}
    return (*head, *key, changes, links, dumps(dict(write.mapped)), dumps(after), write.state, now.isoformat())


def _written_row(row: Written) -> tuple[str, ...]:
    values = (dumps(row.sent), dumps(row.settled), dumps(row.replaced))
    return (str(row.ref), row.field, *values, row.run, row.at.isoformat())


def written_of(row: sqlite3.Row) -> Written:
    """A row of the table of last writes, or of the history, as a value."""
    return Written(
        ref=Ref.parse(row["ref"]),
        field=row["field"],
        sent=json.loads(row["sent"]),
        settled=json.loads(row["settled"]),
        replaced=json.loads(row["replaced"]),
        run=row["run"],
        at=datetime.fromisoformat(row["at"]),
        **{name: row[name] for name in ("uid", "mapped", "other") if name in row.keys()},  # noqa: SIM118  a row is no mapping
        created=bool(row["created"]) if "created" in row.keys() else False,  # noqa: SIM118
    )
