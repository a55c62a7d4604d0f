"""The published XML files (LEI-CDF 3.1, RR-CDF 2.1, Reporting Exceptions 2.1) as rows with the CSV files' columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO
from xml.etree.ElementTree import Element, ParseError, iterparse

from leadsync.errors import Unreadable
from leadsync_gleif.tables import Table

RECORDS = {"LEIRecord", "RelationshipRecord", "Exception"}
REPEATED = {
    "Entity.OtherEntityNames.OtherEntityName",
    "Entity.TransliteratedOtherEntityNames.TransliteratedOtherEntityName",
    "Entity.SuccessorEntity",
    "Relationship.RelationshipPeriods.RelationshipPeriod",
    "ExceptionReason",
}
"""Elements that the CSV files spread over numbered columns."""
SPELLED = {
    "ExceptionCategory": "Exception.Category",
    "ExceptionReason": "Exception.Reason",
    "Relationship.RelationshipPeriods.RelationshipPeriod": "Relationship.Period",
    "StartDate": "startDate",
    "EndDate": "endDate",
    "PeriodType": "periodType",
}
ANYWHERE = "DeletedAt"
"""A delta's retraction: an extension of the published schemas, whose place in a record they do not fix."""
MOST = 5
"""Repeats that the CSV files have columns for."""

_PLACE = ("Country", "Region", "City", "PostalCode", "FirstAddressLine")
_NAMES = sorted(path for path in REPEATED if "Names" in path)
HEADERS: dict[str, Sequence[str]] = {
    "LEIRecord": (
        "LEI", "Entity.LegalName", "Entity.LegalJurisdiction", "Entity.EntityCategory", "Entity.EntitySubCategory",
        "Entity.LegalForm.EntityLegalFormCode", "Entity.EntityStatus", "Entity.EntityCreationDate",
        "Registration.RegistrationStatus",
        *[f"Entity.{kind}.{part}" for kind in ("LegalAddress", "HeadquartersAddress") for part in _PLACE],
        *[f"{path}.{n}{tail}" for path in _NAMES for n in range(1, MOST + 1) for tail in ("", ".type")],
        *[f"Entity.SuccessorEntity.{n}.SuccessorLEI" for n in range(1, MOST + 1)],
    ),
    "RelationshipRecord": (
        "Relationship.StartNode.NodeID", "Relationship.EndNode.NodeID", "Relationship.RelationshipType",
        "Relationship.RelationshipStatus", "Registration.RegistrationStatus", "Registration.LastUpdateDate",
        "DeletedAt",
        *[f"Relationship.Period.{n}.{p}" for n in range(1, MOST + 1) for p in ("startDate", "endDate", "periodType")],
    ),
    "Exception": ("LEI", "Exception.Category", "Exception.Reason.1", "DeletedAt"),
}  # fmt: skip


def xml_table(stream: IO[bytes]) -> Table:
    """The table in an XML file. Raises Unreadable when it holds no records or, while reading, when it is broken."""
    records = _records(stream)
    first = next(records, None)
    if first is None:
        raise Unreadable("the XML file holds no records; download it again")
    kind = _name(first)
    header = HEADERS[kind]
    return Table(header, _rows(_flat(first), records, header))


def _rows(first: dict[str, str], rest: Iterator[Element], header: Sequence[str]) -> Iterator[Sequence[str]]:
    yield [first.get(column, "") for column in header]
    for record in rest:
        flat = _flat(record)
        yield [flat.get(column, "") for column in header]


def _records(stream: IO[bytes]) -> Iterator[Element]:
    root: Element | None = None
    try:
        for event, element in iterparse(stream, events=("start", "end")):  # noqa: S314  see the import
            if root is None:
                root = element
            if event == "end" and _name(element) in RECORDS:
                yield element
                root.clear()
    except ParseError as problem:
        raise Unreadable(f"the XML file is broken or cut short ({problem}); download it again") from problem


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _flat(record: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    _collect(record, "", "", found)
    return found


def _collect(element: Element, path: str, column: str, found: dict[str, str]) -> None:
    counts: dict[str, int] = {}
    for child in element:
        name = _name(child)
        child_path = f"{path}.{name}" if path else name
        own = SPELLED.get(child_path, SPELLED.get(name, name))
        child_column = own if "." in own or name == ANYWHERE or not column else f"{column}.{own}"
        if child_path in REPEATED:
            counts[child_path] = counts.get(child_path, 0) + 1
            child_column = f"{child_column}.{counts[child_path]}"
            if kind := child.get("type"):
                found[f"{child_column}.type"] = kind
        if child.text and child.text.strip():
            found.setdefault(child_column, child.text.strip())
        _collect(child, child_path, child_column, found)
