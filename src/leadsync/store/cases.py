"""What waits for a person and what people said: conflicts and answers, identity rules, leases, fields that flap."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadsync.records import Ref, Value
from leadsync.store.rows import among, dumps

Cells = tuple[tuple[Ref, Value], ...]
"""What each record says of a field, in canonical form."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that several people changed differently, waiting since then for somebody to say which is right."""

    uid: str
    object: str
    field: str
    cells: Cells
    since: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """A person's answer: `value` it is, whose `side` it was ("" for neither's), as long as the records say `cells`."""

    uid: str
    object: str
    field: str
    cells: Cells
    value: Value
    side: str
    at: datetime


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """What a person said of two records: `verdict` is "same" or "apart"."""

    a: Ref
    b: Ref
    verdict: str
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Flapping:
    """A field that leadsync and `other` (the vendor's user id, or "") keep rewriting."""

    ref: Ref
    field: str
    writes: int
    other: str
    since: datetime
    released: datetime | None


class Cases:
    """All of it; every write wants a transaction around it, or stands by itself."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    # ---- conflicts

    def save_conflicts(
        self, open_: Iterable[tuple[str, str, str, Cells]], now: datetime, uids: Collection[str] | None = None
    ) -> None:
        """These are open now, and no others (of all, or of `uids`): (uid, object, field, cells). One that is open
        already keeps its date."""
        rows = {(uid, field): (uid, object_, field, _cells_text(cells)) for uid, object_, field, cells in open_}
        which, given = among("uid", uids)
        found = self._db.execute(f"SELECT uid, field FROM conflict WHERE {which}", given)  # noqa: S608
        known = [(r["uid"], r["field"]) for r in found]
        gone = [key for key in known if key not in rows]
        self._db.executemany("DELETE FROM conflict WHERE uid = ? AND field = ?", gone)
        self._db.executemany(
            """
            INSERT INTO conflict VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (uid, field) DO UPDATE SET cells = excluded.cells WHERE cells <> excluded.cells
            """,
            ((*row, now.isoformat()) for row in rows.values()),
        )

    def conflicts(self) -> list[Conflict]:
        """The open ones, the longest waiting first."""
        rows = self._db.execute("SELECT * FROM conflict ORDER BY since, uid, field")
        return [
            Conflict(r["uid"], r["object"], r["field"], _cells(r["cells"]), datetime.fromisoformat(r["since"]))
            for r in rows
        ]

    def rule(self, ruling: Ruling) -> None:
        """Keep a person's answer; the next run acts on it."""
        self._db.execute(
            "INSERT OR REPLACE INTO ruling VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                *(ruling.uid, ruling.object, ruling.field, _cells_text(ruling.cells), dumps(ruling.value)),
                *(ruling.side, ruling.at.isoformat()),
            ),
        )

    def rulings(self) -> list[Ruling]:
        """All answers ever given, oldest first."""
        return [_ruling(row) for row in self._db.execute("SELECT * FROM ruling ORDER BY at, uid, field")]

    # ---- identity

    def say(self, a: Ref, b: Ref, verdict: str, note: str, now: datetime) -> None:
        """Two records are one ("same"), or are not ("apart"); a later word replaces an earlier one."""
        self.unsay(a, b)
        first, second = sorted((a, b))
        self._db.execute(
            "INSERT INTO identity_rule VALUES (?, ?, ?, ?, ?)",
            (str(first), str(second), verdict, note, now.isoformat()),
        )

    def unsay(self, a: Ref, b: Ref) -> bool:
        """Take a word back, in whatever order it names the two; whether there was one."""
        gone = self._db.execute(
            "DELETE FROM identity_rule WHERE (a, b) IN (VALUES (?, ?), (?, ?))", (str(a), str(b), str(b), str(a))
        )
        return gone.rowcount > 0

    def identity_rules(self) -> list[IdentityRule]:
        """All that people said, oldest first."""
        rows = self._db.execute("SELECT * FROM identity_rule ORDER BY at, a, b")
        return [
            IdentityRule(Ref.parse(r["a"]), Ref.parse(r["b"]), r["verdict"], r["note"], datetime.fromisoformat(r["at"]))
            for r in rows
        ]

    # ---- leases

    def leases(self, refs: Collection[Ref] | None = None) -> dict[tuple[Ref, str], tuple[Value, datetime]]:
        """(record, vendor field) → a person's value there, and since when it is known; of all records, or of these."""
        which, given = among("ref", refs)
        rows = self._db.execute(f"SELECT * FROM lease WHERE {which}", given)  # noqa: S608
        return {
            (Ref.parse(r["ref"]), r["field"]): (json.loads(r["value"]), datetime.fromisoformat(r["since"]))
            for r in rows
        }

    def save_leases(
        self, values: Mapping[tuple[Ref, str], Value], now: datetime, refs: Collection[Ref] | None = None
    ) -> None:
        """These values of people stand in the way now, and no others (in any record, or in these); one that stood
        there already keeps its date."""
        known = self.leases(refs)
        gone = [(str(ref), name) for ref, name in known if (ref, name) not in values]
        self._db.executemany("DELETE FROM lease WHERE ref = ? AND field = ?", gone)
        fresh = {key: value for key, value in values.items() if key not in known or known[key][0] != value}
        self._db.executemany(
            "INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)",
            ((str(ref), name, dumps(value), now.isoformat()) for (ref, name), value in fresh.items()),
        )

    # ---- fields that flap

    def flaps(self, refs: Collection[Ref] | None = None) -> dict[tuple[Ref, str], Flapping]:
        """All that were ever found (in any record, or in these), the released ones too."""
        which, given = among("ref", refs)
        rows = self._db.execute(f"SELECT * FROM flap WHERE {which} ORDER BY since", given)  # noqa: S608
        return {(f.ref, f.field): f for f in map(_flapping, rows)}

    def save_flaps(self, found: Iterable[Flapping]) -> None:
        """Hold these fields."""
        self._db.executemany(
            "INSERT OR REPLACE INTO flap VALUES (?, ?, ?, ?, ?, NULL)",
            ((str(f.ref), f.field, f.writes, f.other, f.since.isoformat()) for f in found),
        )

    def release(self, ref: Ref, field: str, now: datetime) -> bool:
        """Let a field be written again; what was counted so far counts no more. Whether it was held."""
        freed = self._db.execute(
            "UPDATE flap SET released = ? WHERE ref = ? AND field = ? AND released IS NULL",
            (now.isoformat(), str(ref), field),
        )
        return freed.rowcount > 0


def _cells_text(cells: Cells) -> str:
    return dumps([[str(ref), value] for ref, value in cells])


def _cells(text: str) -> Cells:
    return tuple((Ref.parse(ref), value) for ref, value in json.loads(text))


def _ruling(row: Mapping[str, Any]) -> Ruling:
    return Ruling(
        row["uid"],
        row["object"],
        row["field"],
        _cells(row["cells"]),
        json.loads(row["value"]),
        row["side"],
        datetime.fromisoformat(row["at"]),
    )


def _flapping(row: Mapping[str, Any]) -> Flapping:
    released = datetime.fromisoformat(row["released"]) if row["released"] is not None else None
    since = datetime.fromisoformat(row["since"])
    return Flapping(Ref.parse(row["ref"]), row["field"], row["writes"], row["other"], since, released)
