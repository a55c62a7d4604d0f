"""A CRM of any size in another process: its people are made up when asked for, and only what was written is kept."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from multiprocessing.connection import Connection, Pipe
from typing import Any

from tests.engine import KINDS
from tests.fakes import START, Shelf

from leadsync.connector import Outcome, Page, Receipt, Write
from leadsync.records import Fields, Record, Ref, Touch, Value
from proofs.forked import Far, Hooks

PAGE = 100
FIRM = 8
"""Leads at one company."""
TITLES = ("CTO", "Clerk", "Head of Procurement", "Student", "Managing Director")
FIELDS: Mapping[str, Mapping[str, str]] = {
    "companies": {"name": "name", "domain": "domain", "country": "country"},
    "Account": {"name": "Name", "website": "Website", "country": "BillingCountry"},
    "contacts": {
        "email": "email", "first": "firstname", "last": "lastname", "title": "jobtitle", "company": "company",
        "country": "country",
    },
    "Lead": {
        "email": "Email", "first": "FirstName", "last": "LastName", "title": "Title", "company": "Company",
        "country": "Country",
    },
    "Contact": {},
}  # fmt: skip
"""What each object calls what is made up."""


def person(number: int) -> dict[str, Value]:
    """Somebody by number: every company has eight."""
    firm = number // FIRM
    return {
        "email": f"p{number}@firm{firm}.example",
        "first": f"Ann{number % 997}",
        "last": f"Lee{number}",
        "title": TITLES[number % len(TITLES)],
        "company": f"Firm {firm} GmbH",
        "country": "Germany",
    }


def company(number: int) -> dict[str, Value]:
    """A company by number."""
    domain = f"firm{number}.example"
    return {"name": f"Firm {number} GmbH", "domain": domain, "website": f"https://{domain}", "country": "Germany"}


class Crowd(Shelf):
    """A shelf that makes its records up. HubSpot has everybody and every company; Salesforce every third person as a
    lead, and no company."""

    def __init__(self, side: str, size: int, batch_size: int) -> None:
        super().__init__(side, KINDS[side], batch_size)
        self.written: dict[Ref, dict[str, Value]] = {}
        self.links: dict[Ref, Mapping[str, tuple[str, ...]]] = {}
        self.keys: dict[tuple[str, str, str], Ref] = {}
        self.changed: dict[str, list[str]] = {kind: [] for kind in self.kinds}
        firms = -(-size // FIRM)
        self.sizes = {"contacts": size, "companies": firms, "Lead": -(-size // 3), "Account": 0, "Contact": 0}

    def page_of(self, feed: str, cursor: str, fields: Sequence[str]) -> Page | None:
        """The page after a cursor, None behind the last one."""
        self.usage.reads += 1
        first, news = json.loads(cursor) if cursor else (0, 0)
        if feed == "touches":
            return self._touches(first)
        if first < self.sizes[feed]:
            ids = [str(n) for n in range(first, min(first + PAGE, self.sizes[feed]))]
            cursor = json.dumps([first + PAGE, len(self.changed[feed])])
        else:
            ids = self.changed[feed][news : news + PAGE]
            cursor = json.dumps([first, news + len(ids)])
        return Page(records=tuple(self._made(feed, i, fields) for i in ids), cursor=cursor) if ids else None

    def _touches(self, first: int) -> Page | None:
        if self.side != "hubspot" or first >= self.sizes["contacts"]:
            return None
        told = tuple(self._touch(number) for number in range(first, first + PAGE) if number % 2)
        return Page(touches=told, cursor=json.dumps([first + PAGE, 0]))

    def _touch(self, number: int) -> Touch:
        kind, name = ("form_submission", "Request a demo") if number % 10 == 1 else ("email_open", "Newsletter")
        at = START - timedelta(days=1 + number % 60)
        ref, who = (Ref(self.side, what, str(number)) for what in ("touches", "contacts"))
        return Touch(ref, who, at, kind, name=name)

    def _made(self, kind: str, ident: str, fields: Sequence[str]) -> Record:
        ref = Ref(self.side, kind, ident)
        number = int(ident)
        links = self.links.get(ref, {})
        facts: dict[str, Value] = {}
        if number < self.sizes[kind]:
            told = company(number) if kind == "companies" else person(3 * number if kind == "Lead" else number)
            facts = {FIELDS[kind][name]: value for name, value in told.items() if name in FIELDS[kind]}
            links = {"companies": (str(number // FIRM),)} if kind == "contacts" else links
        facts |= self.written.get(ref, {})
        modified = START - timedelta(days=100) if ref not in self.written else START
        return Record(ref, {name: facts.get(name) for name in fields}, modified, links)

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        self.usage.reads += 1
        return [self._made(kind, ident, fields) for ident in ids]

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        self.usage.reads += 1
        refs = [self.keys[place] for value in values if (place := (kind, key, value)) in self.keys]
        return [self._made(kind, ref.id, fields) for ref in refs]

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        assert len(writes) <= self.batch_size
        self.usage.writes += 1
        return [self._take(kind, write) for write in writes]

    def _take(self, kind: str, write: Write) -> Receipt:
        values: Fields = write.values
        ident = write.id
        if ident is None:
            assert write.key is not None
            place = (kind, *write.key)
            new = Ref(self.side, kind, str(10**9 + len(self.keys)))
            ident = self.keys.setdefault(place, new).id
            values = {**values, write.key[0]: write.key[1]}
            self.links[Ref(self.side, kind, ident)] = dict(write.links)
        self.written.setdefault(Ref(self.side, kind, ident), {}).update(values)
        self.changed[kind].append(ident)
        return Receipt(write.token, Outcome.DONE, ident, created=write.id is None)


class Distant(Far):
    """A crowd as the engine sees it: page by page."""

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:  # noqa: ARG002
        while (page := self._ask("page_of", feed, cursor, fields)) is not None:
            yield page
            cursor = page.cursor


def apart(crowds: Mapping[str, Crowd], work: Callable[[Mapping[str, Distant]], Any]) -> Any:
    """Do something with the crowds in a process of its own; gives what it gives."""
    ours, theirs = Pipe()
    child = os.fork()
    if child == 0:
        ours.close()
        _work(crowds, theirs, work)
    theirs.close()
    with ours:
        try:
            return _serve(crowds, ours)
        finally:
            os.waitpid(child, 0)


def _work(crowds: Mapping[str, Crowd], line: Connection, work: Callable[[Mapping[str, Distant]], Any]) -> None:
    """What the child does; it never returns."""
    try:
        line.send(("end", work({side: Distant(crowd, line, Hooks(None)) for side, crowd in crowds.items()})))
    except BaseException:  # noqa: BLE001  the parent raises it
        line.send(("error", traceback.format_exc()))
    os._exit(0)


def _serve(crowds: Mapping[str, Crowd], line: Connection) -> Any:
    while True:
        match line.recv():
            case ("end", found):
                return found
            case ("error", text):
                raise AssertionError(f"the engine failed by itself:\n{text}")
            case (side, method, args):
                line.send(getattr(crowds[side], method)(*args))
            case unknown:
                raise AssertionError(unknown)
