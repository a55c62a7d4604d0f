"""What leadsync keeps in the CRMs besides fields, and the deals that are open: from one run to the next."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from leadsync.connector.besides import Deal, Entry, EntryKind
from leadsync.records import Ref
from leadsync.store.rows import dumps

GROUP_NOTE = "group"
"""How the state's notes begin of whom we put into lists and campaigns."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where entries are kept: the side, what they are, and the vendor's name of the place."""

    side: str
    kind: EntryKind
    name: str = ""

    def __str__(self) -> str:
        what = {EntryKind.TASK: "tasks", EntryKind.INFLUENCE: "campaign influence"}[self.kind]
        return f"{what} ({' '.join(filter(None, (self.side, self.name)))})"


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it is remembered. `state`: sending, ours, removing, left or refused; `note`: why it is left or was
    refused; `at`: since when."""

    entry: Entry
    state: str
    at: datetime
    note: str = ""


class Besides:
    """Entries and deals. Saving and forgetting is called inside a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def of(self, place: Place) -> Iterator[Kept]:
        """All entries of a place, in the order of their keys."""
        query = "SELECT * FROM entry WHERE (side, kind, place) = (?, ?, ?) ORDER BY key"
        for row in self._db.execute(query, (place.side, place.kind.value, place.name)):
            yield _kept(row)

    def one(self, place: Place, key: str) -> Kept | None:
        """One entry, if it is known."""
        query = "SELECT * FROM entry WHERE (side, kind, place, key) = (?, ?, ?, ?)"
        row = self._db.execute(query, (place.side, place.kind.value, place.name, key)).fetchone()
        return None if row is None else _kept(row)

    def about(self, people: Iterable[Ref]) -> list[tuple[Place, Kept]]:
        """What is kept about these people."""
        found: list[tuple[Place, Kept]] = []
        for ref in people if self._there() else ():
            rows = self._db.execute("SELECT * FROM entry WHERE person = ? ORDER BY side, kind, place, key", (str(ref),))
            found += [(Place(row["side"], EntryKind(row["kind"]), row["place"]), _kept(row)) for row in rows]
        return found

    def counts(self) -> list[tuple[Place, str, int]]:
        """(place, state, how many), of all that is kept."""
        if not self._there():
            return []
        query = "SELECT side, kind, place, standing, count(*) n FROM entry GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        rows = self._db.execute(query)
        return [(Place(r["side"], EntryKind(r["kind"]), r["place"]), r["standing"], r["n"]) for r in rows]

    def _there(self) -> bool:
        """Whether the state has been brought up to date; one that is only read may be an older one."""
        return self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone() is not None

    def save(self, place: Place, kept: Iterable[Kept]) -> None:
        """Remember entries as they stand now."""
        self._db.executemany(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((place.side, place.kind.value, place.name, *_row(one)) for one in kept),
        )

    def forget(self, place: Place, keys: Iterable[str]) -> None:
        """These are none of our business any more."""
        self._db.executemany(
            "DELETE FROM entry WHERE (side, kind, place, key) = (?, ?, ?, ?)",
            ((place.side, place.kind.value, place.name, key) for key in keys),
        )

    def save_deals(self, side: str, deals: Iterable[Deal]) -> None:
        """The deals that are open on a side now, in place of those that were."""
        self._db.execute("DELETE FROM deal WHERE side = ?", (side,))
        self._db.executemany("INSERT OR REPLACE INTO deal VALUES (?, ?, ?, ?, ?, ?)", map(_deal_row, deals))

    def deals(self, side: str) -> Iterator[Deal]:
        """The deals that were open on a side when last looked at."""
        for row in self._db.execute("SELECT * FROM deal WHERE side = ? ORDER BY kind, id", (side,)):
            account = Ref.parse(row["account"]) if row["account"] is not None else None
            people = tuple(Ref.parse(text) for text in json.loads(row["people"]))
            ref = Ref(row["side"], row["kind"], row["id"])
            yield Deal(ref, datetime.fromisoformat(row["opened"]), account, people)


def _row(kept: Kept) -> tuple[str | None, ...]:
    entry = kept.entry
    person = str(entry.about["person"]) if "person" in entry.about else None
    about = dumps({name: str(ref) for name, ref in entry.about.items()})
    said = (dumps(dict(entry.values)), entry.why, entry.id)
    return (entry.key, person, entry.whole, about, *said, kept.state, kept.note, kept.at.isoformat())


def _kept(row: sqlite3.Row) -> Kept:
    about = {name: Ref.parse(text) for name, text in json.loads(row["about"]).items()}
    entry = Entry(row["key"], about, json.loads(row["body"]), row["id"], row["whole"], row["why"])
    return Kept(entry, row["standing"], datetime.fromisoformat(row["at"]), row["note"])


def _deal_row(deal: Deal) -> tuple[str | None, ...]:
    account = str(deal.account) if deal.account is not None else None
    people = dumps([str(ref) for ref in deal.people])
    return (deal.ref.side, deal.ref.kind, deal.ref.id, deal.opened.isoformat(), account, people)
