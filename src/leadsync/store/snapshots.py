"""What was known of each lead on each day: what scores of the past, backtests and learning look at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from leadsync.records import Fields
from leadsync.store.rows import among, dumps

IDENTIFYING: Final = frozenset(("email", "other_emails", "first_name", "last_name", "phone", "leadsync_id"))
"""Facts that say who somebody is; nothing that a score may look at needs them, and so no history of them is kept."""


class Snapshots:
    """Facts by lead and day. A row holds only what differs from the row before: null for what is no longer known.
    Facts that are not known are left out of what is given back."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def save(self, day: date, facts: Mapping[str, Fields], uids: Collection[str] | None = None) -> None:
        """Remember what is known of leads on a day; later runs of a day replace it (for all leads, or for those in
        `uids`); call inside a transaction."""
        which, given = among("uid", uids)
        self._db.execute(f"DELETE FROM snapshot WHERE day = ? AND {which}", (day.isoformat(), *given))  # noqa: S608
        told = ((uid, self._before(uid, day), without_names(some)) for uid, some in facts.items())
        self._db.executemany(
            "INSERT INTO snapshot VALUES (?, ?, ?)",
            (
                (uid, day.isoformat(), dumps(changed(then or {}, now)))
                for uid, then, now in told
                if then is None or changed(then, now)
            ),
        )

    def at(self, day: date, uids: Collection[str] | None = None) -> dict[str, Fields]:
        """What was known of each lead, or of each of these, on a day, as far as it was known by then."""
        return dict(self._known("<=", day, uids))

    def all(self) -> Iterator[tuple[str, date, Fields]]:
        """(lead, day, facts) whenever something had changed, by lead and day."""
        rows = self._db.execute("SELECT uid, day, facts FROM snapshot ORDER BY uid, day")
        for uid, own in groupby(rows, key=itemgetter("uid")):
            yield from ((uid, day, facts) for day, facts in _followed(own))

    def of(self, uid: str) -> list[tuple[date, Fields]]:
        """(day, facts) of one lead whenever something had changed, oldest first."""
        return list(_followed(self._db.execute("SELECT day, facts FROM snapshot WHERE uid = ? ORDER BY day", (uid,))))

    def first_day(self) -> date | None:
        """Since when snapshots are kept; None: there are none."""
        found = self._db.execute("SELECT min(day) day FROM snapshot").fetchone()["day"]
        return None if found is None else date.fromisoformat(found)

    def _before(self, uid: str, day: date) -> dict[str, Any] | None:
        """What was known of one lead before a day; None: nothing was kept of it."""
        rows = self._db.execute(
            "SELECT facts FROM snapshot WHERE uid = ? AND day < ? ORDER BY day", (uid, day.isoformat())
        ).fetchall()
        known: dict[str, Any] = {}
        for row in rows:
            _follow(known, row["facts"])
        return known if rows else None

    def _known(self, sign: str, day: date, uids: Collection[str] | None) -> dict[str, dict[str, Any]]:
        which, given = among("uid", uids)
        rows = self._db.execute(
            f"SELECT uid, facts FROM snapshot WHERE day {sign} ? AND {which} ORDER BY uid, day",  # noqa: S608
            (day.isoformat(), *given),
        )
        known: dict[str, dict[str, Any]] = {}
        for row in rows:
            _follow(known.setdefault(row["uid"], {}), row["facts"])
        return known


def changed(then: Fields, now: Fields) -> dict[str, Any]:
    """What has to be noted to come from `then` to `now`, both without nulls: the new values, and null for the gone."""
    made: dict[str, Any] = {name: value for name, value in now.items() if name not in then or then[name] != value}
    return made | {name: None for name in then if name not in now}


def _followed(rows: Iterable[sqlite3.Row]) -> Iterator[tuple[date, Fields]]:
    known: dict[str, Any] = {}
    for row in rows:
        _follow(known, row["facts"])
        yield date.fromisoformat(row["day"]), dict(known)


def _follow(known: dict[str, Any], text: str) -> None:
    for name, value in json.loads(text).items():
        if value is None:
            known.pop(name, None)
        else:
            known[name] = value


def without_names(facts: Fields) -> dict[str, Any]:
    """The known facts less those that say who somebody is."""
    return {name: value for name, value in facts.items() if name not in IDENTIFYING and value is not None}


def as_known(facts: Fields, then: Fields) -> Fields:
    """A lead's facts of today as they were known by a snapshot: only who it is, of which none is kept, is of today."""
    return {**{name: value if name in IDENTIFYING else None for name, value in facts.items()}, **then}
