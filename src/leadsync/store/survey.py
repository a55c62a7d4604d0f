"""What a run has found out so far of all leads and companies, where it looks at them part by part: on disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadsync.accounts import Account, Belonging, Family, Sought
from leadsync.records import Fields, Ref
from leadsync.store.rows import among
from leadsync.store.scratch import Scratch

CHUNK = 500
"""Leads whose companies are looked for together, and rows that are read together."""

TABLES = """
    CREATE TABLE tie (tie INTEGER NOT NULL, number INTEGER NOT NULL) STRICT;
    CREATE TABLE member (part INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (part, number))
        STRICT, WITHOUT ROWID;
    CREATE TABLE addressed (number INTEGER PRIMARY KEY, person TEXT NOT NULL) STRICT;

    CREATE TABLE account (
        seq INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, core TEXT NOT NULL, domain TEXT NOT NULL, body BLOB NOT NULL,
        facts BLOB, family TEXT NOT NULL, resolved BLOB
    ) STRICT;
    CREATE INDEX account_core ON account (core);
    CREATE INDEX account_domain ON account (domain);
    CREATE TABLE account_record (ref TEXT PRIMARY KEY, uid TEXT NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE lead (
        uid TEXT PRIMARY KEY, asked BLOB, account TEXT, why TEXT, engaged INTEGER NOT NULL, customer INTEGER NOT NULL,
        contacts BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE family (family TEXT PRIMARY KEY, leads INTEGER, engaged INTEGER, customers INTEGER) STRICT;

    CREATE TABLE queue (
        made INTEGER NOT NULL, side TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
        body BLOB NOT NULL, PRIMARY KEY (made, side, kind, key, id)
    ) STRICT, WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What all leads together have to know of one: what tells its company (`asked`), whether it is engaged of late and
    a customer, and our contacts with it that still count."""

    uid: str
    asked: object
    engaged: bool
    customer: bool
    contacts: object | None


class Survey:
    """The accounts, the leads' companies and families, and the writes to come. Nothing of it outlives the run."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self._db = scratch.db
        self._db.executescript(TABLES)

    # ---- parts

    def save_ties(self, ties: Iterable[tuple[int, int]]) -> None:
        """(tie, number): numbers with one tie belong together."""
        self._db.executemany("INSERT INTO tie VALUES (?, ?)", ties)

    def save_addressed(self, people: Iterable[tuple[int, str]]) -> None:
        """(number, person as touches name it by an address)."""
        self._db.executemany("INSERT INTO addressed VALUES (?, ?)", people)

    def addressed(self) -> Iterator[tuple[int, str]]:
        """(number, person as touches name it by an address)."""
        for rows in self._pages("SELECT * FROM addressed WHERE number > ? ORDER BY number LIMIT ?", "number", 0):
            yield from ((row["number"], row["person"]) for row in rows)

    def last(self, row: int) -> int:
        """The highest number, where records go up to that row."""
        found = self._db.execute("SELECT max(number) FROM addressed").fetchone()[0]
        return row if found is None else max(row, found)

    def ties(self) -> Iterator[tuple[int, int]]:
        """(tie, number), sorted."""
        for row in self._db.execute("SELECT tie, number FROM tie ORDER BY tie, number"):
            yield row["tie"], row["number"]

    def save_parts(self, parts: Iterable[tuple[int, int]]) -> None:
        """(part, number); the ties are not needed any more."""
        self._db.executemany("INSERT INTO member VALUES (?, ?)", parts)
        self._db.execute("DROP TABLE tie")

    def parts(self) -> int:
        """How many parts there are."""
        found: int = self._db.execute("SELECT coalesce(max(part) + 1, 0) FROM member").fetchone()[0]
        return found

    def part(self, number: int) -> tuple[list[int], list[str]]:
        """The rows of a part's records, and the people that touches name by an address."""
        rows = self._db.execute("SELECT number FROM member WHERE part = ?", (number,))
        people = "SELECT person FROM member JOIN addressed USING (number) WHERE part = ?"
        return [row["number"] for row in rows], [row["person"] for row in self._db.execute(people, (number,))]

    # ---- accounts

    def save_accounts(self, accounts: Iterable[tuple[Account, Fields | None]]) -> None:
        """The companies of the CRMs, with the facts of them that matter to others; None: only leads name it."""
        for account, facts in accounts:
            self._db.execute(
                "INSERT INTO account (uid, core, domain, body, facts, family) VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(account.uid, account.key.core, account.key.domain, self.scratch.packed(account)),
                    *(self.scratch.packed(dict(facts)) if facts is not None else None, account.uid),
                ),
            )
            self._db.executemany(
                "INSERT INTO account_record VALUES (?, ?)", ((str(ref), account.uid) for ref in account.records)
            )

    def candidates(self, wanted: Sequence[Sought]) -> list[Account]:
        """Every account that these leads may belong to, in the order in which they were saved."""
        told: dict[int, Account] = {}
        for column, values in (
            ("core", {core for one in wanted for core in one.cores}),
            ("domain", {domain for one in wanted for domain in one.domains}),
            ("uid", self._recorded({ref for one in wanted for ref in one.records})),
            ("uid", {uid for one in wanted for uid in one.uids}),
        ):
            which, given = among(column, values)
            for row in self._db.execute(f"SELECT seq, body FROM account WHERE {which}", given):  # noqa: S608
                told[row["seq"]] = self.scratch.unpacked(row["body"])
        return [account for _, account in sorted(told.items())]

    def _recorded(self, refs: Collection[Ref]) -> set[str]:
        which, given = among("ref", refs)
        return {r["uid"] for r in self._db.execute(f"SELECT uid FROM account_record WHERE {which}", given)}  # noqa: S608

    def accounts(self) -> Iterator[list[tuple[Account, Fields]]]:
        """(account, the facts that are kept of it), in the order in which they were saved, some at a time."""
        unpacked = self.scratch.unpacked
        for rows in self._pages("SELECT seq, body, facts FROM account WHERE seq > ? ORDER BY seq LIMIT ?", "seq", 0):
            yield [(unpacked(row["body"]), unpacked(row["facts"]) if row["facts"] is not None else {}) for row in rows]

    def _pages(self, query: str, key: str, start: int | str) -> Iterator[list[Any]]:
        while rows := self._db.execute(query, (start, CHUNK)).fetchall():
            yield rows
            start = rows[-1][key]

    def save_resolved(self, found: Mapping[str, tuple[str, object]]) -> None:
        """Account uid → (its corporate family, the legal entity it is)."""
        self._db.executemany(
            "UPDATE account SET family = ?, resolved = ? WHERE uid = ?",
            ((family or uid, self.scratch.packed(resolved), uid) for uid, (family, resolved) in found.items()),
        )

    def resolved(self) -> Iterator[tuple[str, Any]]:
        """(account uid, the legal entity it is), of all that a register was asked about."""
        query = "SELECT seq, uid, resolved FROM account WHERE seq > ? AND resolved IS NOT NULL ORDER BY seq LIMIT ?"
        for rows in self._pages(query, "seq", 0):
            yield from ((row["uid"], self.scratch.unpacked(row["resolved"])) for row in rows)

    # ---- leads

    def save_leads(self, leads: Iterable[Told]) -> None:
        """What all leads together have to know of these."""
        packed = self.scratch.packed
        self._db.executemany(
            "INSERT INTO lead VALUES (?, ?, NULL, NULL, ?, ?, ?)",
            (
                (t.uid, packed(t.asked), int(t.engaged), int(t.customer), packed(t.contacts) if t.contacts else None)
                for t in leads
            ),
        )

    def leads(self) -> int:
        """How many leads there are."""
        found: int = self._db.execute("SELECT count(*) FROM lead").fetchone()[0]
        return found

    def asked(self) -> Iterator[list[tuple[str, Any]]]:
        """(leadsync id, what tells its company) of all leads by id, some at a time."""
        for rows in self._pages("SELECT uid, asked FROM lead WHERE uid > ? ORDER BY uid LIMIT ?", "uid", ""):
            yield [(row["uid"], self.scratch.unpacked(row["asked"])) for row in rows]

    def save_belongings(self, found: Mapping[str, Belonging | None]) -> None:
        """The company of each lead."""
        self._db.executemany(
            "UPDATE lead SET account = ?, why = ?, asked = NULL WHERE uid = ?",
            (
                (home.account.uid, home.why, uid) if home is not None else (None, None, uid)
                for uid, home in found.items()
            ),
        )

    def count_families(self) -> None:
        """Add up the corporate families, once every lead's company and its legal entity are known."""
        self._db.execute(
            """
            INSERT INTO family SELECT account.family, count(*), sum(engaged), sum(customer)
            FROM lead JOIN account ON account.uid = lead.account GROUP BY account.family
            """
        )
        self._db.execute("CREATE INDEX lead_account ON lead (account, uid) WHERE contacts IS NOT NULL")

    def homes(self, uids: Collection[str]) -> Iterator[tuple[str, Belonging, Family]]:
        """(lead, its company, the others of its corporate family) of those of the leads that have a company."""
        which, given = among("lead.uid", uids)
        rows = self._db.execute(
            f"""
            SELECT lead.uid, why, lead.engaged AS own, customer, body, leads, family.engaged, customers
            FROM lead JOIN account ON account.uid = account JOIN family USING (family) WHERE {which} ORDER BY lead.uid
            """,  # noqa: S608
            given,
        )
        for row in rows:
            whole = Family(row["leads"], row["engaged"], row["customers"])
            others = whole.without(engaged=bool(row["own"]), customer=bool(row["customer"]))
            yield row["uid"], Belonging(self.scratch.unpacked(row["body"]), row["why"]), others

    def companies(self, uids: Collection[str]) -> Iterator[tuple[str, Fields | None, Any | None]]:
        """(account uid, the facts that leads take from it, the legal entity it is) of these accounts."""
        which, given = among("uid", uids)
        unpacked = self.scratch.unpacked
        for row in self._db.execute(f"SELECT uid, facts, resolved FROM account WHERE {which}", given):  # noqa: S608
            facts, resolved = row["facts"], row["resolved"]
            yield (
                row["uid"],
                unpacked(facts) if facts is not None else None,
                unpacked(resolved) if resolved is not None else None,
            )

    def contacts(self, accounts: Collection[str]) -> Iterator[tuple[str, str, Any]]:
        """(account uid, lead, our contacts with it that still count) of all leads at these accounts, by lead."""
        which, given = among("account", accounts)
        query = f"SELECT account, uid, contacts FROM lead WHERE contacts IS NOT NULL AND {which} ORDER BY uid"  # noqa: S608
        for row in self._db.execute(query, given):
            yield row["account"], row["uid"], self.scratch.unpacked(row["contacts"])

    # ---- the writes to come

    def enqueue(self, writes: Iterable[tuple[bool, tuple[str, str, str, str], object]]) -> None:
        """(whether it makes a record, (side, object, key's name, id), whatever it takes to send it)."""
        self._db.executemany(
            "INSERT INTO queue VALUES (?, ?, ?, ?, ?, ?)",
            ((int(made), *place, self.scratch.packed(body)) for made, place, body in writes),
        )

    def queues(self) -> list[tuple[bool, str, str, str, int]]:
        """(makes records, side, object, key's name, how many): what can be sent together, records to make last."""
        rows = self._db.execute(
            "SELECT made, side, kind, key, count(*) n FROM queue GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
        )
        return [(bool(r["made"]), r["side"], r["kind"], r["key"], r["n"]) for r in rows]

    def queued(self, made: bool, side: str, kind: str, key: str) -> Iterator[Any]:  # noqa: FBT001
        """What stands in one queue, by id."""
        query = "SELECT id, body FROM queue WHERE (made, side, kind, key) = (?, ?, ?, ?) AND id > ? ORDER BY id LIMIT ?"
        start = ""
        while rows := self._db.execute(query, (int(made), side, kind, key, start, CHUNK)).fetchall():
            yield from (self.scratch.unpacked(row["body"]) for row in rows)
            start = rows[-1]["id"]
