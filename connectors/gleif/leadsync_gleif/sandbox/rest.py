"""The REST API v1 (JSON:API): records with filters and pages, parents, children, exceptions, completions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from leadsync.normalize.company import plain_words
from leadsync.sandbox import Reply, Request, json_reply
from leadsync_gleif.sandbox.documents import exception, names_of, record, relationship
from leadsync_gleif.sandbox.shelf import Row, Shelf

BASE = "/api/v1"
MOST_PER_PAGE = 200
PER_PAGE = 15
FUZZY_LEAST = 0.6
"""Similarity from which the sandbox's fuzzy completion offers a name; GLEIF's own measure is not published."""
_RECORD = re.compile(rf"{BASE}/lei-records/([A-Z0-9]{{20}})(?:/([a-z-]+))?")
TIES = {"direct": "IS_DIRECTLY_CONSOLIDATED_BY", "ultimate": "IS_ULTIMATELY_CONSOLIDATED_BY"}


def answer(shelf: Shelf, request: Request) -> Reply:
    """Answer a request of the REST API."""
    if request.path == f"{BASE}/lei-records":
        return _search(shelf, request)
    if request.path == f"{BASE}/fuzzycompletions":
        return _completions(shelf, request, "fuzzycompletions", _fuzzy)
    if request.path == f"{BASE}/autocompletions":
        return _completions(shelf, request, "autocompletions", _prefix)
    found = _RECORD.fullmatch(request.path)
    row = shelf.entities().get((found[1],)) if found is not None else None
    if found is None or row is None:
        return _problem(404, "Not Found")
    return _one(shelf, request, row, found[2])


def _one(shelf: Shelf, request: Request, row: Row, what: str | None) -> Reply:
    lei = row["LEI"]
    if what is None:
        return _document(shelf, record(shelf, row, request.base_url))
    which, _, kind = what.partition("-")
    if which not in TIES:
        return _problem(404, "Not Found")
    match kind:
        case "parent" | "parent-relationship":
            return _parent(shelf, request, lei, which, kind)
        case "parent-reporting-exception":
            category = f"{which.upper()}_ACCOUNTING_CONSOLIDATION_PARENT"
            there = shelf.exceptions().get((lei, category))
            return _problem(404, "Not Found") if there is None else _document(shelf, exception(there, request.base_url))
        case "children":
            rows = [shelf.entities()[r[0],] for r in _children(shelf, lei, which) if (r[0],) in shelf.entities()]
            return _page(shelf, request, [record(shelf, child, request.base_url) for child in rows])
        case "child-relationships":
            return _page(shelf, request, [relationship(r[1], request.base_url) for r in _children(shelf, lei, which)])
        case _:
            return _problem(404, "Not Found")


def _ties(shelf: Shelf, which: str) -> Iterable[tuple[str, str, Row]]:
    for row in shelf.relations():
        current = row["Relationship.RelationshipStatus"] == "ACTIVE"
        if row["Relationship.RelationshipType"] == TIES[which] and current:
            yield row["Relationship.StartNode.NodeID"], row["Relationship.EndNode.NodeID"], row


def _children(shelf: Shelf, lei: str, which: str) -> list[tuple[str, Row]]:
    return [(child, row) for child, parent, row in _ties(shelf, which) if parent == lei]


def _parent(shelf: Shelf, request: Request, lei: str, which: str, kind: str) -> Reply:
    row = next((row for child, _, row in _ties(shelf, which) if child == lei), None)
    if row is None:
        return _problem(404, "Not Found")
    if kind == "parent-relationship":
        return _document(shelf, relationship(row, request.base_url))
    parent = shelf.entities().get((row["Relationship.EndNode.NodeID"],))
    if parent is None:
        return _problem(404, "Not Found")
    return _document(shelf, record(shelf, parent, request.base_url))


def _equals(column: str) -> Callable[[Row, str], bool]:
    return lambda row, wanted: row.get(column, "") in wanted.split(",")


def _words(texts: Callable[[Row], Sequence[str]]) -> Callable[[Row, str], bool]:
    def matches(row: Row, wanted: str) -> bool:
        asked = set(plain_words(wanted))
        return any(asked <= set(plain_words(text)) for text in texts(row))

    return matches


FILTERS: dict[str, Callable[[Row, str], bool]] = {
    "lei": _equals("LEI"),
    "entity.legalName": _words(lambda row: [row["Entity.LegalName"]]),
    "entity.names": _words(names_of),
    "fulltext": _words(lambda row: [" ".join(value for value in row.values() if value)]),
    "entity.legalAddress.country": _equals("Entity.LegalAddress.Country"),
    "entity.headquartersAddress.country": _equals("Entity.HeadquartersAddress.Country"),
    "entity.legalAddress.city": _words(lambda row: [row.get("Entity.LegalAddress.City", "")]),
    "entity.jurisdiction": _equals("Entity.LegalJurisdiction"),
    "entity.category": _equals("Entity.EntityCategory"),
    "entity.legalForm": _equals("Entity.LegalForm.EntityLegalFormCode"),
    "entity.status": _equals("Entity.EntityStatus"),
    "registration.status": _equals("Registration.RegistrationStatus"),
}


def _search(shelf: Shelf, request: Request) -> Reply:
    asked = {key[7:-1]: value for key, value in request.query if key.startswith("filter[") and key.endswith("]")}
    if unknown := set(asked) - set(FILTERS):
        return _problem(400, f"Requested filter(s) `{', '.join(sorted(unknown))}` are not allowed")
    rows = [row for row in shelf.entities().values() if all(FILTERS[k](row, v) for k, v in asked.items())]
    return _page(shelf, request, [record(shelf, row, request.base_url) for row in rows])


def _page(shelf: Shelf, request: Request, found: Sequence[Any]) -> Reply:
    number, size = (request.param(f"page[{k}]", d) for k, d in (("number", "1"), ("size", str(PER_PAGE))))
    if not (number.isdigit() and size.isdigit() and 1 <= int(size) <= MOST_PER_PAGE and int(number) >= 1):
        return _problem(400, f"page[size] must be 1 to {MOST_PER_PAGE} and page[number] at least 1")
    page, per = int(number), int(size)
    shown = found[(page - 1) * per : page * per]
    last = max(1, -(-len(found) // per))
    first_at = (page - 1) * per + 1
    pagination = {
        "currentPage": page,
        "perPage": per,
        "from": first_at if shown else None,
        "to": first_at + len(shown) - 1 if shown else None,
        "total": len(found),
        "lastPage": last,
    }
    return json_reply(200, {"meta": {**_meta(shelf), "pagination": pagination}, "data": list(shown)}, _TYPE)


def _completions(shelf: Shelf, request: Request, kind: str, rank: Callable[[str, str], float]) -> Reply:
    asked = " ".join(plain_words(request.param("q")))
    if not asked or not request.param("field"):
        return _problem(400, "field and q are required")
    scored = [(rank(asked, name), name, row["LEI"]) for row in shelf.entities().values() for name in names_of(row)]
    best = sorted((s for s in scored if s[0] >= FUZZY_LEAST), key=lambda s: (-s[0], s[1]))[:10]
    base = f"{request.base_url}{BASE}/lei-records"
    return json_reply(200, {"data": [_completion(kind, name, lei, base) for _, name, lei in best]}, _TYPE)


def _completion(kind: str, name: str, lei: str, base: str) -> dict[str, Any]:
    link = {"data": {"type": "lei-records", "id": lei}, "links": {"related": f"{base}/{lei}"}}
    return {"type": kind, "attributes": {"value": name}, "relationships": {"lei-records": link}}


def _fuzzy(asked: str, name: str) -> float:
    return SequenceMatcher(None, asked, " ".join(plain_words(name))).ratio()


def _prefix(asked: str, name: str) -> float:
    return 1.0 if asked in " ".join(plain_words(name)) else 0.0


_TYPE = {"content-type": "application/vnd.api+json"}


def _meta(shelf: Shelf) -> dict[str, Any]:
    return {"goldenCopy": {"publishDate": f"{shelf.published:%Y-%m-%dT%H:%M:%SZ}" if shelf.published else None}}


def _document(shelf: Shelf, data: Any) -> Reply:
    return json_reply(200, {"meta": _meta(shelf), "data": data}, _TYPE)


def _problem(status: int, title: str) -> Reply:
    return json_reply(status, {"errors": [{"status": str(status), "title": title}]}, _TYPE)
