"""Rows of the published files, by their column names, as entities, relations and exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from leadsync.errors import Unreadable
from leadsync.normalize.countries import COUNTRIES, country_code
from leadsync.records import Address, LegalEntity
from leadsync_gleif.codec import clean
from leadsync_gleif.level2 import Relation, Tie

Row = Sequence[str]
Getter = Callable[[Row], str]


class Content(StrEnum):
    """What a file holds, named as the publishes API does."""

    LEI2 = "lei2"
    RR = "rr"
    REPEX = "repex"


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One row of the reporting exceptions: why an entity names no direct or ultimate parent."""

    lei: str
    ultimate: bool
    reason: str
    deleted: bool = False


@dataclass(slots=True)
class Tally:
    """What was seen that is not understood: kept, so that it can be told."""

    unknown: Counter[str] = field(default_factory=Counter)
    skipped: int = 0


ALIASES = {
    "LEI": ("lei",),
    "Entity.LegalName": ("name", "legal_name", "legalname", "entity_name"),
    "Entity.LegalAddress.Country": ("country", "la_country", "legal_country"),
    "Entity.LegalAddress.Region": ("region", "la_region", "state"),
    "Entity.LegalAddress.City": ("city", "la_city"),
    "Entity.LegalAddress.PostalCode": ("postcode", "postal_code", "la_postcode", "zip"),
    "Entity.LegalAddress.FirstAddressLine": ("address", "la_line1", "line"),
    "Entity.HeadquartersAddress.Country": ("hq_country",),
    "Entity.HeadquartersAddress.Region": ("hq_region",),
    "Entity.HeadquartersAddress.City": ("hq_city",),
    "Entity.HeadquartersAddress.PostalCode": ("hq_postcode",),
    "Entity.HeadquartersAddress.FirstAddressLine": ("hq_line1",),
    "Entity.EntityCategory": ("category",),
    "Entity.EntitySubCategory": ("subcategory", "sub_category"),
    "Entity.LegalForm.EntityLegalFormCode": ("legal_form", "elf_code", "elf"),
    "Entity.LegalJurisdiction": ("jurisdiction",),
    "Entity.EntityStatus": ("entity_status", "status"),
    "Registration.RegistrationStatus": ("registration_status", "registration"),
    "Entity.EntityCreationDate": ("creation_date", "created"),
    "Relationship.StartNode.NodeID": ("start_lei",),
    "Relationship.EndNode.NodeID": ("end_lei",),
    "Relationship.RelationshipType": ("relationship_type",),
    "Relationship.RelationshipStatus": ("relationship_status",),
    "Relationship.Period.1.startDate": ("period_start",),
    "Relationship.Period.1.endDate": ("period_end",),
}
"""Shorter names for the published columns, as tables derived from the register have them."""

NAME_GROUPS = (
    "Entity.OtherEntityNames.OtherEntityName",
    "Entity.TransliteratedOtherEntityNames.TransliteratedOtherEntityName",
)
REPEATS = range(1, 6)  # each repeating group is spread over five sets of columns
SUCCESSOR = "Entity.SuccessorEntity.{}.SuccessorLEI"


class Columns:
    """Finds values in rows by column name, whatever the columns' order; a missing optional column reads as blank."""

    def __init__(self, header: Sequence[str]) -> None:
        self.names = [name.strip().lstrip("\ufeff") for name in header]
        self._at = {name: at for at, name in enumerate(self.names)}
        for name, others in ALIASES.items():
            for other in others:
                if name not in self._at and other in self._at:
                    self._at[name] = self._at[other]

    def __contains__(self, name: str) -> bool:
        return name in self._at

    def get(self, name: str) -> Getter:
        """Reads the column, stripped, or "" when the file has none of that name."""
        at = self._at.get(name)
        if at is None:
            return lambda _row: ""
        return lambda row: clean(row[at].strip())

    def need(self, name: str) -> Getter:
        """Reads a column that must be there; raises Unreadable when it is not."""
        if name not in self._at:
            raise Unreadable(f"the file has no column {name!r}; it begins with {', '.join(self.names[:5])}")
        return self.get(name)

    def content(self) -> Content:
        """Which of the three files this is; raises Unreadable when none."""
        if "Relationship.StartNode.NodeID" in self:
            return Content.RR
        if "Exception.Category" in self:
            return Content.REPEX
        if "LEI" in self and "Entity.LegalName" in self:
            return Content.LEI2
        raise Unreadable(
            "neither entities, relationships nor reporting exceptions: the columns begin with "
            f"{', '.join(self.names[:5])}. Expected the Golden Copy's, or at least lei, name and country."
        )


def _address(columns: Columns, prefix: str) -> Callable[[Row], Address]:
    country = columns.get(f"{prefix}.Country")
    parts = [columns.get(f"{prefix}.{part}") for part in ("Region", "City", "PostalCode", "FirstAddressLine")]
    present = any(f"{prefix}.{part}" in columns for part in ("Country", "City"))
    nowhere = Address()
    return (
        (lambda row: Address(_code(country(row)), *[part(row) for part in parts]))
        if present
        else (lambda _row: nowhere)
    )


def _code(country: str) -> str:
    """A country's code, as published; tables made by hand may have names or small letters."""
    return country if country in COUNTRIES else country_code(country) or country


def _names(columns: Columns) -> Callable[[Row], tuple[tuple[str, str], ...]]:
    pairs = [
        (columns.get(f"{group}.{n}"), columns.get(f"{group}.{n}.type"))
        for group in NAME_GROUPS
        for n in REPEATS
        if f"{group}.{n}" in columns
    ]
    return lambda row: tuple((text, kind(row)) for name, kind in pairs if (text := name(row)))


def entities(header: Sequence[str], rows: Iterable[Row], tally: Tally) -> Iterator[LegalEntity]:
    """The entities of a level 1 file. Rows without LEI or name are skipped and counted."""
    columns = Columns(header)
    lei, name = columns.need("LEI"), columns.need("Entity.LegalName")
    country, jurisdiction = columns.need("Entity.LegalAddress.Country"), columns.get("Entity.LegalJurisdiction")
    category, subcategory = columns.get("Entity.EntityCategory"), columns.get("Entity.EntitySubCategory")
    form, status = columns.get("Entity.LegalForm.EntityLegalFormCode"), columns.get("Entity.EntityStatus")
    registration, created = columns.get("Registration.RegistrationStatus"), columns.get("Entity.EntityCreationDate")
    legal, seat = _address(columns, "Entity.LegalAddress"), _address(columns, "Entity.HeadquartersAddress")
    other_names = _names(columns)
    successors = [columns.get(SUCCESSOR.format(n)) for n in REPEATS if SUCCESSOR.format(n) in columns]
    for row in rows:
        if not lei(row) or not name(row):
            tally.skipped += 1
            continue
        yield LegalEntity(
            lei(row),
            name(row),
            _code(country(row)) or country_code(jurisdiction(row)),
            category(row) or "GENERAL",
            subcategory(row),
            form(row),
            jurisdiction(row),
            status(row) or "ACTIVE",
            registration(row) or "ISSUED",
            legal(row),
            seat(row),
            other_names(row),
            tuple(text for successor in successors if (text := successor(row))),
            day(created(row)),
        )


def relations(header: Sequence[str], rows: Iterable[Row], tally: Tally) -> Iterator[Relation]:
    """The relationships of a level 2 file. Relationship types nobody knows yet are skipped and counted by name."""
    columns = Columns(header)
    child, parent = columns.need("Relationship.StartNode.NodeID"), columns.need("Relationship.EndNode.NodeID")
    tie, status = columns.need("Relationship.RelationshipType"), columns.need("Relationship.RelationshipStatus")
    registration, deleted = columns.get("Registration.RegistrationStatus"), columns.get("DeletedAt")
    updated = columns.get("Registration.LastUpdateDate")
    periods = [_period(columns, n) for n in REPEATS if f"Relationship.Period.{n}.startDate" in columns]
    known = {kind.value: kind for kind in Tie}
    for row in rows:
        kind = known.get(tie(row))
        if kind is None:
            tally.unknown[f"relationship type {tie(row)!r}"] += 1
            continue
        status_now = status(row) or "ACTIVE"
        since, until = _relationship_period([period(row) for period in periods], active=status_now == "ACTIVE")
        published = registration(row) or "PUBLISHED"
        until = until or ended(status_now, published, updated(row))
        yield Relation(child(row), parent(row), kind, status_now, published, since, until, deleted(row) != "")


def ended(status: str, registration: str, updated: str) -> date | None:
    """For a relationship that has ended and does not say when: the last day on which it may have, when its record was
    last changed; None for one that stands."""
    return day(updated) if status == "INACTIVE" or registration == "RETIRED" else None


def _period(columns: Columns, number: int) -> Callable[[Row], tuple[str, str, str]]:
    parts = [columns.get(f"Relationship.Period.{number}.{part}") for part in ("periodType", "startDate", "endDate")]
    return lambda row: (parts[0](row), parts[1](row), parts[2](row))


def _relationship_period(periods: Sequence[tuple[str, str, str]], *, active: bool) -> tuple[date | None, date | None]:
    """The period of the relationship itself: the order is not fixed, and accounting periods say something else. Tables
    derived from the register do not tell which it is: there, what is active has not ended."""
    for kind, since, until in periods:
        if kind in {"RELATIONSHIP_PERIOD", ""} and since:
            return day(since), None if active and not kind else day(until)
    return None, None


def exceptions(header: Sequence[str], rows: Iterable[Row], tally: Tally) -> Iterator[Exceptional]:
    """The reporting exceptions. Categories nobody knows yet are skipped and counted by name."""
    columns = Columns(header)
    lei, category = columns.need("LEI"), columns.need("Exception.Category")
    first = "Exception.Reason.1" if "Exception.Reason.1" in columns else "Exception.Reason"
    reason, deleted = columns.need(first), columns.get("DeletedAt")
    for row in rows:
        match category(row):
            case "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT":
                ultimate = False
            case "ULTIMATE_ACCOUNTING_CONSOLIDATION_PARENT":
                ultimate = True
            case unknown:
                tally.unknown[f"exception category {unknown!r}"] += 1
                continue
        yield Exceptional(lei(row), ultimate, reason(row), deleted(row) != "")


def day(text: str) -> date | None:
    """The day of an ISO time in whatever zone it was written; None when blank or when it is no date."""
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def moment(text: str) -> datetime:
    """An ISO time with its zone; raises ValueError when it is none."""
    return datetime.fromisoformat(text)
