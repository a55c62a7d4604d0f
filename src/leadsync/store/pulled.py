"""What was read: records with their shadows, touches, cursors, and which record is who."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from leadsync.connector import LAG, Page, Unread
from leadsync.records import Fields, Record, Ref, Touch
from leadsync.store.follow import by_likeness, follow_conversion, follow_merge
from leadsync.store.rows import Seen, among, changed_of, dumps, record_of, record_row, seen_of, touch_of, touch_row

_UPSERT = """
    INSERT INTO record
        (side, kind, id, fields, links, modified, deleted, read_only, successor, aliases, first_seen, seen,
         modified_by, by_us, changed)
    VALUES (:side, :kind, :id, :fields, :links, :modified, :deleted, :read_only, :successor, :aliases, :now, :now,
            :modified_by, :by_us, :changed)
    ON CONFLICT (side, kind, id) DO UPDATE SET
        fields = CASE WHEN excluded.deleted THEN fields ELSE excluded.fields END,
        links = CASE WHEN excluded.deleted THEN links ELSE excluded.links END,
        modified = excluded.modified, deleted = excluded.deleted, read_only = excluded.read_only,
        successor = CASE WHEN excluded.deleted THEN coalesce(excluded.successor, successor) ELSE excluded.successor END,
        aliases = excluded.aliases, seen = excluded.seen,
        modified_by = excluded.modified_by, by_us = excluded.by_us, changed = excluded.changed
    WHERE excluded.modified >= record.modified
"""
# A search index may lag and answer with an older state of a record than we have read: that must not count as a change.

NEVER = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)


class Pulled:
    """Records, touches, cursors and identities."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    # ---- cursors and pages

    def cursor(self, side: str, feed: str) -> str:
        """Where to go on reading; "" for the beginning."""
        row = self._db.execute("SELECT value FROM cursor WHERE side = ? AND feed = ?", (side, feed)).fetchone()
        return row["value"] if row else ""

    def cursors(self) -> list[tuple[str, str, datetime]]:
        """(side, feed, when last read to the end of a page)."""
        rows = self._db.execute("SELECT side, feed, at FROM cursor ORDER BY side, feed")
        return [(row["side"], row["feed"], datetime.fromisoformat(row["at"])) for row in rows]

    def save_page(self, side: str, feed: str, page: Page, now: datetime) -> None:
        """Take a page in and move the cursor behind it; call inside a transaction."""
        self.save_records(page.records, now)
        self._db.executemany(
            "INSERT OR REPLACE INTO touch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(touch_row, page.touches)
        )
        for unread in page.unread:
            self._keep_unread(unread, now)
        self._db.execute(
            "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)", (side, feed, page.cursor, now.isoformat())
        )

    def drained(self, side: str, feed: str, began: datetime) -> None:
        """Note that a drain which began then came to its end: what it did not bring had not changed."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"drained/{side}/{feed}", began.isoformat()))

    def shown(self, side: str, kind: str) -> frozenset[str] | None:
        """The fields that could be read when all records of an object were; None before there were any."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (f"fields/{side}/{kind}",)).fetchone()
        return frozenset(json.loads(row["value"])) if row else None

    def note_shown(self, side: str, kind: str, names: Collection[str]) -> None:
        """All records of an object have been read with these fields."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"fields/{side}/{kind}", dumps(sorted(names))))

    def save_records(self, records: Iterable[Record], now: datetime) -> None:
        """Take records in as they are now, and follow merges and conversions to the record that took their place."""
        for record in records:
            row = record_row(record, now)
            self._db.execute(_UPSERT, {**row, "changed": dumps(self._changed(record, row, now))})
            self._db.execute("DELETE FROM reject WHERE ref = ? AND direction = 'read'", (str(record.ref),))
            for alias in by_likeness(self._db, record):
                follow_merge(self._db, alias, record.ref)
            if record.successor is not None:
                if record.deleted and self.record(record.successor) is None:  # it counts as deleted until it is shown
                    self.save_records([Record(record.successor, {}, NEVER, deleted=True)], now)
                follow = follow_merge if record.deleted else follow_conversion
                follow(self._db, record.ref, record.successor)

    def _changed(self, record: Record, row: Mapping[str, Any], now: datetime) -> Mapping[str, tuple[str, str]]:
        """Field → (not before, not after) in our clock, of the fields whose value is another than when last read."""
        old = self._db.execute(
            "SELECT fields, seen, changed FROM record WHERE side = ? AND kind = ? AND id = ?",
            (record.ref.side, record.ref.kind, record.ref.id),
        ).fetchone()
        if old is None:
            return {}
        known = {n: (a.isoformat(), b.isoformat()) for n, (a, b) in changed_of(old["changed"]).items()}
        if record.deleted or old["fields"] == row["fields"]:
            return known
        before = json.loads(old["fields"])
        moved = {n for n, value in record.fields.items() if n in before and before[n] != value}
        since = max(datetime.fromisoformat(old["seen"]), self._last_drain(record.ref)) - LAG
        return {**known, **dict.fromkeys(moved, (since.isoformat(), now.isoformat()))}

    def _last_drain(self, ref: Ref) -> datetime:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (f"drained/{ref.side}/{ref.kind}",)).fetchone()
        return datetime.fromisoformat(row["value"]) if row else NEVER

    def _keep_unread(self, unread: Unread, now: datetime) -> None:
        self._db.execute(
            """
            INSERT INTO reject VALUES (?, 'read', '', 'UNREADABLE', ?, ?, '[]', '{}', ?, ?, 1, 0, NULL)
            ON CONFLICT (ref, direction) DO UPDATE SET
                reason = excluded.reason, hint = excluded.hint, last_at = excluded.last_at, times = times + 1
            """,
            (str(unread.ref), unread.reason, unread.hint, now.isoformat(), now.isoformat()),
        )

    # ---- records and shadows

    def records(self, rows: Collection[int] | None = None) -> Iterator[Seen]:
        """All records that are known, the deleted too, in the order of their ids; or only those of these rows."""
        which, given = among("rowid", rows)
        for row in self._db.execute(f"SELECT * FROM record WHERE {which} ORDER BY side, kind, id", given):  # noqa: S608
            yield seen_of(row)

    def numbered(self) -> Iterator[tuple[int, Record, str | None]]:
        """(row, record, leadsync id) of all records that are known, in the order of their rows."""
        found = self._db.execute(
            """
            SELECT record.rowid AS number, record.*, identity.uid FROM record
            LEFT JOIN identity ON identity.ref = side || '/' || kind || '/' || id ORDER BY record.rowid
            """
        )
        for row in found:
            yield row["number"], record_of(row), row["uid"]

    def size(self) -> tuple[int, int]:
        """How many records are known, the deleted too, and the highest row of one."""
        row = self._db.execute("SELECT count(*) n, coalesce(max(rowid), 0) last FROM record").fetchone()
        return row["n"], row["last"]

    def some(self, side: str, kind: str, most: int, after: str = "") -> list[Record]:
        """So many live records of one object, in the order of their ids, from behind one."""
        query = "SELECT * FROM record WHERE side = ? AND kind = ? AND id > ? AND deleted = 0 ORDER BY id LIMIT ?"
        return [record_of(row) for row in self._db.execute(query, (side, kind, after, most))]

    def records_of(self, side: str, kind: str) -> Iterator[Seen]:
        """The records of one object, in the order of their ids."""
        for row in self._db.execute("SELECT * FROM record WHERE side = ? AND kind = ? ORDER BY id", (side, kind)):
            yield seen_of(row)

    def record(self, ref: Ref) -> Seen | None:
        """One record, if it is known."""
        row = self._db.execute(
            "SELECT * FROM record WHERE side = ? AND kind = ? AND id = ?", (ref.side, ref.kind, ref.id)
        ).fetchone()
        return seen_of(row) if row else None

    def now(self, ref: Ref) -> Ref:
        """The record that speaks for this one since it was merged or converted; itself, where it was not."""
        passed = {ref}
        query = "SELECT successor FROM record WHERE side = ? AND kind = ? AND id = ? AND successor IS NOT NULL"
        while row := self._db.execute(query, (ref.side, ref.kind, ref.id)).fetchone():
            if (after := Ref.parse(row["successor"])) in passed:
                break
            passed.add(ref := after)
        return ref

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Live records by (side, kind)."""
        rows = self._db.execute("SELECT side, kind, count(*) n FROM record WHERE deleted = 0 GROUP BY side, kind")
        return {(row["side"], row["kind"]): row["n"] for row in rows}

    def set_shadows(self, shadows: Iterable[tuple[Ref, Fields]]) -> None:
        """Count these values as accounted for; call inside a transaction."""
        self._db.executemany(
            "UPDATE record SET shadow = ? WHERE side = ? AND kind = ? AND id = ?",
            ((dumps(dict(fields)), ref.side, ref.kind, ref.id) for ref, fields in shadows),
        )

    def account_for(self, values: Mapping[Ref, Fields]) -> None:
        """Count these fields as accounted for besides what is already; call inside a transaction."""
        for ref, fields in values.items():
            seen = self.record(ref)
            if seen is not None:
                self.set_shadows([(ref, {**(seen.shadow or {}), **fields})])

    def touches(self, people: Collection[str] | None = None) -> Iterator[Touch]:
        """All touches that were not deleted, oldest first; or only those that name one of these as the person."""
        which, given = among("person", people)
        query = f"SELECT * FROM touch WHERE deleted = 0 AND {which} ORDER BY at, side, kind, id"  # noqa: S608
        for row in self._db.execute(query, given):
            yield touch_of(row)

    def addressed(self) -> Iterator[Ref]:
        """Whom touches name by something that may be an e-mail address."""
        for row in self._db.execute("SELECT DISTINCT person FROM touch WHERE person LIKE '%@%' ORDER BY person"):
            yield Ref.parse(row["person"])

    def touches_of(self, people: Iterable[Ref]) -> list[Touch]:
        """The touches that name one of these records, oldest first."""
        marks = [str(ref) for ref in people]
        rows = self._db.execute(
            f"SELECT * FROM touch WHERE deleted = 0 AND person IN ({','.join('?' * len(marks))}) "  # noqa: S608  marks
            "ORDER BY at, side, kind, id",
            marks,
        )
        return [touch_of(row) for row in rows]

    # ---- identities

    def identities(self, refs: Collection[Ref] | None = None) -> dict[Ref, str]:
        """Which record belongs to which person or company; all, or these."""
        which, given = among("ref", refs)
        rows = self._db.execute(f"SELECT ref, uid FROM identity WHERE {which}", given)  # noqa: S608
        return {Ref.parse(row["ref"]): row["uid"] for row in rows}

    def live(self) -> frozenset[str]:
        """The uids of people and companies of which a record is there that was not deleted."""
        rows = self._db.execute(
            """
            SELECT DISTINCT identity.uid FROM record
            JOIN identity ON identity.ref = side || '/' || kind || '/' || id WHERE deleted = 0
            """
        )
        return frozenset(row["uid"] for row in rows)

    def identity(self, ref: Ref) -> tuple[str, str] | None:
        """(uid, why) of one record."""
        row: Any = self._db.execute("SELECT uid, why FROM identity WHERE ref = ?", (str(ref),)).fetchone()
        return (row["uid"], row["why"]) if row else None

    def sides_of(self, uids: Collection[str]) -> set[tuple[str, str]]:
        """(uid, side) of all that these are or were known by, the deleted too."""
        which, given = among("uid", uids)
        rows = self._db.execute(f"SELECT uid, ref FROM identity WHERE {which}", given)  # noqa: S608
        return {(row["uid"], Ref.parse(row["ref"]).side) for row in rows}

    def forget_identity(self, ref: Ref) -> None:
        """Who a record is, is to be found out anew."""
        self._db.execute("DELETE FROM identity WHERE ref = ?", (str(ref),))

    def follow_ids(self, found: Collection[tuple[Ref, str, str]]) -> None:
        """Whoever is known by an id that all its live records (they are among these: record, uid, why) gave up for
        another one goes with them: a record in the bin is still that person's. Call inside a transaction."""
        before, kept = self.identities([ref for ref, _, _ in found]), {uid for _, uid, _ in found}
        given_up = {old: uid for ref, uid, _ in found if (old := before.get(ref, uid)) not in kept}
        self._db.executemany("UPDATE identity SET uid = ? WHERE uid = ?", ((new, old) for old, new in given_up.items()))

    def save_identities(self, found: Iterable[tuple[Ref, str, str]], now: datetime) -> None:
        """Remember (record, uid, why); unchanged ones keep their date; call inside a transaction."""
        self._db.executemany(
            """
            INSERT INTO identity VALUES (?, ?, ?, ?) ON CONFLICT (ref) DO UPDATE SET
                uid = excluded.uid, why = excluded.why, since = excluded.since
            WHERE uid <> excluded.uid OR why <> excluded.why
            """,
            ((str(ref), uid, why, now.isoformat()) for ref, uid, why in found),
        )
