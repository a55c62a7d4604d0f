"""The REST API v1 (JSON:API): records with filters and pages, relatives, exceptions, completions, code lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial
from typing import Any

from leadsync.normalize.company import plain_words
from leadsync.sandbox import Reply, Request, json_reply
from leadsync_gleif.sandbox import lists
from leadsync_gleif.sandbox.documents import DOWNWARDS, UPWARDS, moment, names_of, record
from leadsync_gleif.sandbox.filters import BadFilter, chosen
from leadsync_gleif.sandbox.paging import TYPE, document, page, problem
from leadsync_gleif.sandbox.shelf import Edit, Row, Shelf
from leadsync_gleif.sandbox.ties import exception, modification, relationship

BASE = "/api/v1"
FUZZY_LEAST = 0.6
"""Similarity from which the sandbox's fuzzy completion offers a name; GLEIF's own measure is not published."""
COMPLETIONS = 10
"""Names offered at most, as recorded."""
EXCEPTION = "-reporting-exception"
_RECORD = re.compile(rf"{BASE}/lei-records/([A-Z0-9]{{20}})(?:/([a-z-]+))?")
_LIST = re.compile(rf"{BASE}/({'|'.join(lists.LISTS)})(?:/([^/]+))?")
_TIES_UP = {f"{name}-relationship": kind for kind, name in UPWARDS.items()}
_UP = {name: kind for kind, name in UPWARDS.items()}
_DOWN = {children: kind for kind, (children, _) in DOWNWARDS.items()}
_TIES_DOWN = {ties: kind for kind, (_, ties) in DOWNWARDS.items()}
_SORTABLE = {
    "lei": "LEI",
    "entity.legalName": "Entity.LegalName",
    "entity.creationDate": "Entity.EntityCreationDate",
    "registration.initialRegistrationDate": "Registration.InitialRegistrationDate",
    "registration.lastUpdateDate": "Registration.LastUpdateDate",
    "registration.nextRenewalDate": "Registration.NextRenewalDate",
}


def answer(shelf: Shelf, request: Request) -> Reply:
    """Answer a request of the REST API."""
    path = request.path.rstrip("/")
    if path == f"{BASE}/lei-records":
        return _search(shelf, request)
    if path == f"{BASE}/fuzzycompletions":
        return _completions(shelf, request, "fuzzycompletions", _fuzzy)
    if path == f"{BASE}/autocompletions":
        return _completions(shelf, request, "autocompletions", _prefix)
    if (listed := _LIST.fullmatch(path)) is not None:
        return lists.answer(shelf, request, listed[1], listed[2])
    found = _RECORD.fullmatch(path)
    row = shelf.entities().get((found[1],)) if found is not None else None
    if found is None or row is None:
        return problem(404, "Not Found")
    return _one(shelf, request, row, found[2])


def _one(shelf: Shelf, request: Request, row: Row, what: str | None) -> Reply:
    lei, base, meta = row["LEI"], request.base_url, _meta(shelf)
    if what is None:
        return document(meta, record(shelf, row, base))
    if what in _UP or what in _TIES_UP:
        return _parent(shelf, request, lei, what)
    if what in _DOWN or what in _TIES_DOWN:
        return _children(shelf, request, lei, what)
    if what.endswith(EXCEPTION):
        return _exception(shelf, request, lei, what.removesuffix(EXCEPTION))
    match what:
        case "managing-lou":
            return _record_of(shelf, request, row.get("Registration.ManagingLOU", ""))
        case "lei-issuer" if lou := row.get("Registration.ManagingLOU"):
            return document(meta, lists.resource("lei-issuers", base, (lou, lists.issuer(shelf, lou))))
        case "field-modifications":
            render: Callable[[Edit], Any] = partial(modification, lei)
            return page(request, shelf.modifications(lei), render, meta)
        case "isins":
            return page(request, [], dict, meta)
        case _:
            return problem(404, "Not Found")


def _record_of(shelf: Shelf, request: Request, lei: str) -> Reply:
    row = shelf.entities().get((lei,))
    if row is None:
        return problem(404, "Not Found")
    return document(_meta(shelf), record(shelf, row, request.base_url))


def _parent(shelf: Shelf, request: Request, lei: str, what: str) -> Reply:
    kind = _UP.get(what) or _TIES_UP[what]
    row = next((row for row in shelf.upwards(lei) if row["Relationship.RelationshipType"] == kind), None)
    if row is None:
        return problem(404, "Not Found")
    if what in _TIES_UP:
        return document(_meta(shelf), relationship(row, request.base_url))
    return _record_of(shelf, request, row["Relationship.EndNode.NodeID"])


def _children(shelf: Shelf, request: Request, lei: str, what: str) -> Reply:
    kind = _DOWN.get(what) or _TIES_DOWN[what]
    ties = [row for row in shelf.downwards(lei) if row["Relationship.RelationshipType"] == kind]
    base = request.base_url
    if what in _TIES_DOWN:
        return page(request, ties, lambda row: relationship(row, base), _meta(shelf))
    starts = (shelf.entities().get((row["Relationship.StartNode.NodeID"],)) for row in ties)
    return page(request, [row for row in starts if row], lambda row: record(shelf, row, base), _meta(shelf))


def _exception(shelf: Shelf, request: Request, lei: str, parent: str) -> Reply:
    category = f"{parent.removesuffix('-parent').upper()}_ACCOUNTING_CONSOLIDATION_PARENT"
    row = shelf.exceptions().get((lei, category))
    if row is None:
        return problem(404, "Not Found")
    return document(_meta(shelf), exception(row, request.base_url))


def _search(shelf: Shelf, request: Request) -> Reply:
    asked = {key[7:-1]: value for key, value in request.query if key.startswith("filter[") and key.endswith("]")}
    try:
        rows = _sorted(chosen(shelf, asked), request.param("sort"))
    except BadFilter as refused:
        return problem(400, str(refused))
    return page(request, rows, lambda row: record(shelf, row, request.base_url), _meta(shelf))


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    for name in reversed([part for part in sort.split(",") if part]):
        column = _SORTABLE.get(name.removeprefix("-"))
        if column is None:
            raise BadFilter(f"Requested sort(s) `{name.removeprefix('-')}` is not allowed")
        rows = sorted(rows, key=_key(column), reverse=name.startswith("-"))
    return rows


def _key(column: str) -> Callable[[Row], str]:
    if column.endswith("Date"):
        return lambda row: moment(row.get(column)) or ""
    return lambda row: row.get(column, "").lower()


def _completions(shelf: Shelf, request: Request, kind: str, rank: Callable[[str, str], float]) -> Reply:
    asked = " ".join(plain_words(request.param("q")))
    if not asked or not request.param("field"):
        return problem(400, "field and q are required")
    scored = [(rank(asked, name), name, row["LEI"]) for row in shelf.entities().values() for name in names_of(row)]
    best = sorted((s for s in scored if s[0] >= FUZZY_LEAST), key=lambda s: (-s[0], s[1]))[:COMPLETIONS]
    base = f"{request.base_url}{BASE}/lei-records"
    found = [_completion(kind, (name, request.param("q")), lei, base) for _, name, lei in best]
    return json_reply(200, {"data": found}, TYPE)


def _completion(kind: str, texts: tuple[str, str], lei: str, base: str) -> dict[str, Any]:
    name, asked = texts
    link = {"data": {"type": "lei-records", "id": lei}, "links": {"related": f"{base}/{lei}"}}
    attributes = {"value": name}
    if kind == "autocompletions":
        attributes["highlighting"] = re.sub(re.escape(asked), r"<b>\g<0></b>", name, flags=re.IGNORECASE)
    return {"type": kind, "attributes": attributes, "relationships": {"lei-records": link}}


def _fuzzy(asked: str, name: str) -> float:
    return SequenceMatcher(None, asked, " ".join(plain_words(name))).ratio()


def _prefix(asked: str, name: str) -> float:
    return 1.0 if asked in " ".join(plain_words(name)) else 0.0


def _meta(shelf: Shelf) -> dict[str, Any]:
    return {"goldenCopy": {"publishDate": f"{shelf.published:%Y-%m-%dT%H:%M:%SZ}" if shelf.published else None}}
