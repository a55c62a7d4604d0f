"""The REST API's filters: which rows of level 1 are asked for. Names and operators as GET /fields lists them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeAlias

from leadsync.normalize.company import plain_words
from leadsync_gleif.rows import REPEATS
from leadsync_gleif.sandbox.documents import ADDRESSES, moment, names_of
from leadsync_gleif.sandbox.shelf import Row, Shelf

Texts: TypeAlias = Callable[[Row], Sequence[str]]
Test: TypeAlias = Callable[[Row, str], bool]
BOTH = ("Entity.LegalAddress", "Entity.HeadquartersAddress")
ALL = (*BOTH, *(f"{group}.{n}" for group in ADDRESSES for n in REPEATS))
RANGE = ".."


class BadFilter(ValueError):
    """A filter the API refuses with 400."""


def _columns(*names: str) -> Texts:
    return lambda row: [value for name in names if (value := row.get(name, ""))]


def _equals(*names: str) -> Test:
    texts = _columns(*names)
    return lambda row, wanted: bool(set(texts(row)) & set(wanted.split(",")))


def _words(texts: Texts) -> Test:
    def matches(row: Row, wanted: str) -> bool:
        asked = set(plain_words(wanted))
        return any(asked <= set(plain_words(text)) for text in texts(row))

    return matches


def _dates(column: str) -> Test:
    """A day or time, alone or after <, <=, >, >=, or two of them with .. between."""

    def matches(row: Row, wanted: str) -> bool:
        value = moment(row.get(column)) or ""
        if RANGE in wanted:
            low, _, high = wanted.partition(RANGE)
            return value != "" and _from(low) <= value <= _until(high)
        for sign in (">=", "<=", ">", "<"):
            if wanted.startswith(sign):
                return value != "" and _compared(sign, value, wanted.removeprefix(sign))
        return value.startswith(wanted)

    return matches


def _compared(sign: str, value: str, bound: str) -> bool:
    match sign:
        case ">=":
            return value >= _from(bound)
        case "<=":
            return value <= _until(bound)
        case ">":
            return value > _until(bound)
        case _:
            return value < _from(bound)


def _from(day: str) -> str:
    return day if "T" in day else f"{day}T00:00:00Z"


def _until(day: str) -> str:
    return day if "T" in day else f"{day}T23:59:59Z"


def _of_addresses() -> dict[str, Test]:
    words = {"": ("FirstAddressLine", "City", "Region", "PostalCode", "Country"), ".city": ("City",)}
    codes = {".country": "Country", ".region": "Region", ".postalCode": "PostalCode"}
    found: dict[str, Test] = {}
    for name, groups in (("addresses", ALL), ("legalAddress", BOTH[:1]), ("headquartersAddress", BOTH[1:])):
        for tail, parts in words.items():
            found[f"entity.{name}{tail}"] = _words(_columns(*(f"{g}.{part}" for g in groups for part in parts)))
        for tail, part in codes.items():
            found[f"entity.{name}{tail}"] = _equals(*(f"{g}.{part}" for g in groups))
    return found


_SUCCESSORS = [f"Entity.SuccessorEntity.{n}.Successor{part}" for n in REPEATS for part in ("LEI", "EntityName")]
_AUTHORITY = "Registration.ValidationAuthority"
FILTERS: Mapping[str, Test] = MappingProxyType(
    {
        "lei": _equals("LEI"),
        "entity.legalName": _words(_columns("Entity.LegalName")),
        "entity.names": _words(names_of),
        "fulltext": _words(lambda row: [" ".join(value for value in row.values() if value)]),
        **_of_addresses(),
        "entity.registeredAt": _equals("Entity.RegistrationAuthority.RegistrationAuthorityID"),
        "entity.registeredAt.other": _words(_columns("Entity.RegistrationAuthority.OtherRegistrationAuthorityID")),
        "entity.registeredAs": _equals("Entity.RegistrationAuthority.RegistrationAuthorityEntityID"),
        "entity.jurisdiction": _equals("Entity.LegalJurisdiction"),
        "entity.category": _equals("Entity.EntityCategory"),
        "entity.subCategory": _equals("Entity.EntitySubCategory"),
        "entity.legalForm": _equals("Entity.LegalForm.EntityLegalFormCode"),
        "entity.legalForm.other": _words(_columns("Entity.LegalForm.OtherLegalForm")),
        "entity.associatedEntity": _words(_columns("Entity.AssociatedEntity.AssociatedEntityName")),
        "entity.status": _equals("Entity.EntityStatus"),
        "entity.creationDate": _dates("Entity.EntityCreationDate"),
        "entity.expiration.date": _dates("Entity.EntityExpirationDate"),
        "entity.expiration.reason": _equals("Entity.EntityExpirationReason"),
        "entity.successorEntities": _words(_columns(*_SUCCESSORS)),
        "registration.status": _equals("Registration.RegistrationStatus"),
        "registration.initialRegistrationDate": _dates("Registration.InitialRegistrationDate"),
        "registration.lastUpdateDate": _dates("Registration.LastUpdateDate"),
        "registration.nextRenewalDate": _dates("Registration.NextRenewalDate"),
        "registration.managingLou": _equals("Registration.ManagingLOU"),
        "registration.corroborationLevel": _equals("Registration.ValidationSources"),
        "registration.validatedAt": _equals(f"{_AUTHORITY}.ValidationAuthorityID"),
        "registration.validatedAs": _equals(f"{_AUTHORITY}.ValidationAuthorityEntityID"),
        "conformityFlag": _equals("ConformityFlag"),
        # these come from mapping files, which are not published here: nobody has one
        **dict.fromkeys(("isin", "bic", "mic", "ocid", "qcc", "spglobal"), lambda _row, _wanted: False),
    }
)
TIES = ("owns", "ownedBy")
"""Filters by relation: the parents of an entity, and its children."""


def chosen(shelf: Shelf, asked: Mapping[str, str]) -> list[Row]:
    """The rows that pass all filters; `!` before a value turns a filter round. Raises BadFilter for unknown ones."""
    if unknown := set(asked) - set(FILTERS) - set(TIES):
        raise BadFilter(f"Requested filter(s) `{', '.join(sorted(unknown))}` are not allowed")
    tests = [_test(shelf, name, value) for name, value in asked.items()]
    return [row for row in shelf.entities().values() if all(test(row) for test in tests)]


def _test(shelf: Shelf, name: str, value: str) -> Callable[[Row], bool]:
    if name in TIES:
        return _related(shelf, name, value)
    holds = FILTERS[name]
    if value.startswith("!"):
        return lambda row: not holds(row, value[1:])
    return lambda row: holds(row, value)


def _related(shelf: Shelf, name: str, lei: str) -> Callable[[Row], bool]:
    if name == "owns":
        found = {row["Relationship.EndNode.NodeID"] for row in shelf.upwards(lei)}
    else:
        found = {row["Relationship.StartNode.NodeID"] for row in shelf.downwards(lei)}
    return lambda row: row["LEI"] in found
