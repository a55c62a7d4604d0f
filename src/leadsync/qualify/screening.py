"""Screening: is the company, its owner, its country or the person on a list that the admin keeps?

"Not found" is no clearance, and nothing here ever says so. A hit by LEI, domain or country is certain; a hit by name
alone may be somebody else and asks for a person, until its LEI, domain or name is named in `cleared`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

from leadsync.normalize.company import core_name
from leadsync.normalize.countries import country_code
from leadsync.normalize.domains import domain_of
from leadsync.normalize.person import name_key
from leadsync.qualify.model import Action
from leadsync.records import Fields, Value, is_blank, value_text

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "names": ("name", "caption", "names"),
    "aliases": ("aliases", "alias", "other_names"),
    "countries": ("country", "countries", "jurisdiction"),
    "lei": ("lei", "leicode", "lei_code"),
    "domain": ("domain", "website", "domains"),
    "kind": ("kind", "schema", "type"),
    "note": ("note", "reason", "dataset", "program"),
}
"""What the columns of a list may be called; `kind` person makes an entry one of people. The names are those that
OpenSanctions' table "targets.simple" and home-made lists have."""
SEVERAL: Final = ";"
"""Stands between several names, countries or domains in one cell."""
OWN: Final = (("lei", "its LEI"), ("direct_parent_lei", "its parent's LEI"), ("ultimate_parent_lei", "its owner's LEI"))
NAMES: Final = (
    ("legal_name", "the company's legal name"),
    ("company_name", "the company's name"),
    ("direct_parent_name", "its parent's name"),
    ("ultimate_parent_name", "its owner's name"),
)


class BadList(ValueError):
    """A list that cannot be read; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list. With nothing but countries it means everybody there."""

    names: tuple[str, ...] = ()
    countries: frozenset[str] = frozenset()
    lei: str = ""
    domains: tuple[str, ...] = ()
    person: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """What was found on a list. `certain` False: by name alone. `words`: by what, and what the list says of it."""

    certain: bool
    words: str


class Screener(Protocol):
    """Somebody who can be asked whether a lead is on a list: a file, or a service that an adaptor asks."""

    def look_up(self, facts: Fields) -> Hit | None:
        """The weightiest hit for these facts of a lead; None when nothing was found, which is no clearance."""


@dataclass(frozen=True, slots=True)
class Screening:
    """A screener with what follows: `action` on a certain hit, `unsure` on one by name. `blocks`: as of a gate."""

    id: str
    reason: str
    screener: Screener
    action: Action = Action.DISQUALIFY
    unsure: Action = Action.HOLD
    blocks: frozenset[str] = frozenset()

    def gates(self, facts: Fields) -> list[tuple[str, str, str]]:
        """(id, action, reason) of the gates that hold; none when there is no hit. Whom a hit stops is not to be written
        to or called meanwhile either."""
        hit = self.screener.look_up(facts)
        if hit is None:
            return []
        action = self.action if hit.certain else self.unsure
        reason = f"{self.reason}: {hit.words}" if hit.certain else f"{self.reason}? {hit.words}: a person must look"
        quiet = action in {Action.DISQUALIFY, Action.HOLD}
        return [(self.id, action, reason), *([(self.id, Action.SUPPRESS_NURTURE, reason)] if quiet else [])]


class ListScreener:
    """A list in memory, found by LEI, domain, name, person and country."""

    def __init__(self, entries: Sequence[Entry], cleared: Iterable[str] = ()) -> None:
        self._cleared = frozenset(_fold(text) for text in cleared) - {""}
        self._lei = {entry.lei: entry for entry in entries if entry.lei}
        self._domain = {domain: entry for entry in entries for domain in entry.domains}
        self._country = {code: e for e in entries if not (e.names or e.lei or e.domains) for code in e.countries}
        self._company: dict[str, list[Entry]] = {}
        self._person: dict[str, list[Entry]] = {}
        for entry in entries:
            for name in entry.names:
                key, found = (_person(name), self._person) if entry.person else (_core(name), self._company)
                if key:
                    found.setdefault(key, []).append(entry)

    def look_up(self, facts: Fields) -> Hit | None:
        """By LEI (its own and its parents'), by domain, by country, then by name."""
        sure = self._certain(facts)
        return sure if sure is not None else self._by_name(facts)

    def _certain(self, facts: Fields) -> Hit | None:
        for fact, what in OWN:
            text = _text(facts.get(fact)).upper()
            if text in self._lei and _fold(text) not in self._cleared:
                return _hit(f"{what} {text}", self._lei[text], certain=True)
        for domain in (_text(facts.get("email_domain")).casefold(), domain_of(_text(facts.get("website")))):
            if domain in self._domain and domain not in self._cleared:
                return _hit(f"the domain {domain}", self._domain[domain], certain=True)
        for country in _countries(facts):
            if country in self._country:
                return _hit(f"the country {country}", self._country[country], certain=True)
        return None

    def _by_name(self, facts: Fields) -> Hit | None:
        if self._is_cleared(facts):
            return None
        country = next(_countries(facts), "")
        for fact, what in NAMES:
            name = _text(facts.get(fact))
            for entry in self._company.get(_core(name), ()) if name else ():
                if not entry.countries or not country or country in entry.countries or "parent" in fact:
                    return _hit(f"{what} {name}", entry, certain=False)
        person = name_key(_text(facts.get("first_name")), _text(facts.get("last_name")))
        for entry in self._person.get(person, ()) if person else ():
            return _hit("the person's name", entry, certain=False)
        return None

    def _is_cleared(self, facts: Fields) -> bool:
        looked_at = ("lei", "email_domain", "legal_name", "company_name", "email")
        return any(_fold(_text(facts.get(name))) in self._cleared for name in looked_at)


def read_list(text: str, file: str) -> list[Entry]:
    """The entries of a list: JSON when the file's name says so (a list of objects, or one under "entries"), else CSV
    with a header. Raises BadList."""
    rows = _json_rows(text, file) if file.casefold().endswith(".json") else _csv_rows(text, file)
    entries = [entry for entry in map(_entry, rows) if entry != Entry(note=entry.note, person=entry.person)]
    if not entries:
        raise BadList(f"{file}: no entry with a name, country, lei or domain")
    return entries


def _csv_rows(text: str, file: str) -> list[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    known = {name for names in COLUMNS.values() for name in names}
    begun = 1
    rows: list[Mapping[str, Any]] = []
    try:
        if not known & {str(name).strip().casefold() for name in reader.fieldnames or ()}:
            columns = reader.fieldnames or "none"
            raise BadList(f"{file}:1: none of the columns name, country, lei, domain; it has {columns}")
        begun = reader.line_num + 1
        for row in reader:
            rows.append(row)
            begun = reader.line_num + 1
    except csv.Error:
        # What follows would be read as part of one name, and nobody on it would ever be found.
        raise BadList(f"{file}:{begun}: a quotation mark is not closed, or one within a cell is not doubled") from None
    return rows


def _json_rows(text: str, file: str) -> list[Mapping[str, Any]]:
    try:
        found = json.loads(text)
    except ValueError as problem:
        raise BadList(f"{file}: not JSON: {problem}") from None
    rows = found.get("entries") if isinstance(found, dict) else found
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadList(f'{file}: neither a list of objects nor an object with "entries"')
    return rows


def _entry(row: Mapping[str, Any]) -> Entry:
    cells = {str(name).strip().casefold(): value for name, value in row.items()}

    def several(what: str) -> tuple[str, ...]:
        value = next((cells[name] for name in COLUMNS[what] if name in cells), None)
        parts = value if isinstance(value, list) else [] if value is None else str(value).split(SEVERAL)
        return tuple(part for part in (str(some).strip() for some in parts) if part)

    codes = frozenset(country_code(name) or name.upper() for name in several("countries"))
    domains = tuple(domain for domain in map(domain_of, several("domain")) if domain)
    person = any(kind.casefold() == "person" for kind in several("kind"))
    lei = "".join(several("lei")[:1]).upper()
    return Entry((*several("names"), *several("aliases")), codes, lei, domains, person, " ".join(several("note")))


def _hit(by: str, entry: Entry, *, certain: bool) -> Hit:
    return Hit(certain, f"{by} ({entry.note})" if entry.note else by)


def _countries(facts: Fields) -> Iterator[str]:
    """Where the company is registered, then where the person is."""
    codes = (country_code(_text(facts.get(name))) for name in ("legal_country", "country"))
    return (code for code in codes if code)


def _text(value: Value) -> str:
    return "" if is_blank(value) else value_text(value).strip()


def _fold(text: str) -> str:
    """As `cleared` is compared; a blank fact is never cleared."""
    return text.strip().casefold()


@lru_cache(maxsize=4096)
def _core(name: str) -> str:
    return core_name(name)


def _person(name: str) -> str:
    """The key of a person whose list has "Last, First" or "First Last"."""
    last, comma, first = name.partition(",")
    if comma:
        return name_key(first.strip(), last.strip())
    first, _, last = name.rpartition(" ")
    return name_key(first, last)
