"""What is known of a record goes over to the one that took its place: by a merge, or by a lead's conversion."""

from __future__ import annotations

import json
import sqlite3

from leadsync.records import Record, Ref


def by_likeness(db: sqlite3.Connection, record: Record) -> list[Ref]:
    """The records that were merged into this one, the likest first: whose values a merge keeps, its CRM does not tell.
    Those that an earlier merge had brought together come last: the record made of them knows what became of them."""
    found: list[tuple[bool, int, Ref]] = []
    for alias in record.aliases:
        ref = Ref(record.ref.side, record.ref.kind, alias)
        row = db.execute(
            "SELECT fields, successor FROM record WHERE side = ? AND kind = ? AND id = ?", (ref.side, ref.kind, ref.id)
        ).fetchone()
        if row is not None:
            known = json.loads(row["fields"])
            alike = sum(name in known and known[name] == value for name, value in record.fields.items())
            found.append((row["successor"] not in (None, str(record.ref)), -alike, ref))
    return [ref for _, _, ref in sorted(found, key=lambda one: one[:2])]


def follow_merge(db: sqlite3.Connection, old: Ref, new: Ref) -> None:
    """`old` was merged into `new`: who they are, their touches, what we wrote and what people said goes over. Of a
    survivor with a new id, the first of the merged records gives the shadow: a merge is a person's edit of it."""
    gone = db.execute(
        "SELECT shadow FROM record WHERE side = ? AND kind = ? AND id = ?", (old.side, old.kind, old.id)
    ).fetchone()
    if old == new or gone is None:
        return
    db.execute(
        "UPDATE record SET deleted = 1, successor = ? WHERE side = ? AND kind = ? AND id = ?",
        (str(new), old.side, old.kind, old.id),
    )
    db.execute(
        "UPDATE record SET shadow = ? WHERE side = ? AND kind = ? AND id = ? AND shadow IS NULL",
        (gone["shadow"], new.side, new.kind, new.id),
    )
    _join(db, str(old), str(new))
    db.execute("UPDATE touch SET person = ? WHERE person = ?", (str(new), str(old)))
    db.execute("UPDATE history SET ref = ? WHERE ref = ?", (str(new), str(old)))
    db.execute("UPDATE OR IGNORE identity_rule SET a = ? WHERE a = ?", (str(new), str(old)))
    db.execute("UPDATE OR IGNORE identity_rule SET b = ? WHERE b = ?", (str(new), str(old)))
    db.execute("DELETE FROM identity_rule WHERE a = b OR ? IN (a, b)", (str(old),))
    for table in ("written", "lease", "flap", "reject"):
        db.execute(f"UPDATE OR IGNORE {table} SET ref = ? WHERE ref = ?", (str(new), str(old)))  # noqa: S608  a constant
        db.execute(f"DELETE FROM {table} WHERE ref = ?", (str(old),))  # noqa: S608


def _join(db: sqlite3.Connection, old: str, new: str) -> None:
    """Who was the merged record is now the survivor; the records that belonged to either are one from here on."""
    known = {r["ref"]: r["uid"] for r in db.execute("SELECT ref, uid FROM identity WHERE ref IN (?, ?)", (old, new))}
    if old not in known:
        return
    if new not in known:
        db.execute("UPDATE identity SET ref = ? WHERE ref = ?", (new, old))
        return
    db.execute("UPDATE identity SET uid = ? WHERE uid = ?", (known[new], known[old]))
    db.execute("DELETE FROM identity WHERE ref = ?", (old,))


def follow_conversion(db: sqlite3.Connection, old: Ref, new: Ref) -> None:
    """`old` was converted into `new`, which took over its custom fields: what we wrote there is ours here too, as long
    as it still has that value."""
    db.execute(
        """
        INSERT OR IGNORE INTO written (ref, field, sent, settled, replaced, run, at)
        SELECT ?, field, sent, settled, replaced, run, at FROM written WHERE ref = ?
        """,
        (str(new), str(old)),
    )
