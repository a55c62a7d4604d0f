"""The REST API's code lists, as far as the published rows use the codes; what one means, its code alone tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from leadsync.sandbox import Reply, Request
from leadsync_gleif.sandbox.documents import ADDRESSES, moment
from leadsync_gleif.sandbox.filters import BOTH, FILTERS, TIES
from leadsync_gleif.sandbox.paging import LISTED_PER_PAGE, MOST_LISTED, document, page, problem
from leadsync_gleif.sandbox.shelf import Row, Shelf

_MATCH = ["MATCH", "NOT_MATCH"]
_RANGES = [*_MATCH, "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN", "LESS_THAN_OR_EQUAL", "IN_RANGE"]
_DATES = {"entity.creationDate", "entity.expiration.date"}


def _used(shelf: Shelf, *columns: str) -> dict[str, Row]:
    """The codes in some columns, each with a row that has it."""
    rows = shelf.entities().values()
    found = {value: row for row in rows for name in columns if (value := row.get(name, ""))}
    return dict(sorted(found.items()))


def _countries(shelf: Shelf) -> dict[str, Any]:
    groups = (*BOTH, *(f"{group}.1" for group in ADDRESSES))
    return {code: {"code": code, "name": code} for code in _used(shelf, *(f"{group}.Country" for group in groups))}


def _regions(shelf: Shelf) -> dict[str, Any]:
    codes = _used(shelf, *(f"{group}.Region" for group in BOTH))
    return {code: {"code": code, "name": None, "names": []} for code in codes}


def _jurisdictions(shelf: Shelf) -> dict[str, Any]:
    return {code: {"code": code, "name": None} for code in _used(shelf, "Entity.LegalJurisdiction")}


def _forms(shelf: Shelf) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for code, row in _used(shelf, "Entity.LegalForm.EntityLegalFormCode").items():
        jurisdiction = row.get("Entity.LegalJurisdiction", "")
        found[code] = {
            "code": code,
            "country": None,
            "jurisdiction": None,
            "countryCode": jurisdiction[:2] or None,
            "subdivisionCode": jurisdiction if len(jurisdiction) > 2 else None,
            "dateCreated": None,
            "status": "ACTV",
            "names": [],
        }
    return found


def _authorities(shelf: Shelf) -> dict[str, Any]:
    names = ("internationalName", "localName", "internationalOrganizationName", "localOrganizationName", "website")
    found: dict[str, Any] = {}
    for code, row in _used(shelf, "Entity.RegistrationAuthority.RegistrationAuthorityID").items():
        place = {"country": None, "countryCode": row.get("Entity.LegalAddress.Country"), "jurisdiction": None}
        found[code] = {"code": code, **dict.fromkeys(names), "jurisdictions": [place]}
    return found


def _issuers(shelf: Shelf) -> dict[str, Any]:
    return {lei: issuer(shelf, lei) for lei in _used(shelf, "Registration.ManagingLOU")}


def issuer(shelf: Shelf, lei: str) -> dict[str, Any]:
    """An issuer's attributes, named by its own record where that is published."""
    row = shelf.entities().get((lei,))
    name = None if row is None else row["Entity.LegalName"]
    since = None if row is None else moment(row.get("Registration.InitialRegistrationDate"))
    return {"lei": lei, "name": name, "marketingName": name, "website": None, "accreditationDate": since}


def _fields(_shelf: Shelf) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*FILTERS, *TIES):
        code = "LEIREC_" + name.replace(".", "_").upper()
        dated = name in _DATES or name.endswith("Date")
        found[code] = {
            "field": name,
            "label": name,
            "data_type": "DATE" if dated else "STRING",
            "enum": None,
            "resource": None,
            "sortable": dated or name in ("lei", "entity.legalName"),
            "operators": _RANGES if dated else _MATCH,
            "contexts": ["FILTER_LEIREC"],
            "jsonPath": f"$.{name}",
            "xpath": None,
        }
    return found


LISTS: Mapping[str, Callable[[Shelf], dict[str, Any]]] = MappingProxyType(
    {
        "countries": _countries,
        "regions": _regions,
        "jurisdictions": _jurisdictions,
        "entity-legal-forms": _forms,
        "registration-authorities": _authorities,
        "lei-issuers": _issuers,
        "fields": _fields,
    }
)


def answer(shelf: Shelf, request: Request, name: str, code: str | None) -> Reply:
    """GET /{list} and /{list}/{code}."""
    found = LISTS[name](shelf)
    render = partial(resource, name, request.base_url)
    if code is None:
        return page(request, list(found.items()), render, {}, (LISTED_PER_PAGE, MOST_LISTED))
    if code not in found:
        return problem(404, "Not Found")
    return document({}, render((code, found[code])))


def resource(kind: str, base: str, one: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    """A member of a list as JSON:API has it."""
    code, attributes = one
    link = f"{base}/api/v1/{kind}/{code}"
    made: dict[str, Any] = {"type": kind, "id": code, "attributes": attributes}
    if kind == "lei-issuers":
        names = ("jurisdictions", "fundJurisdictions")
        made["relationships"] = {name: {"links": {"related": f"{link}/{name}"}} for name in names}
    return {**made, "links": {"self": link}}
