"""Rows of the Golden Copy as the REST API's resources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadsync_gleif.rows import NAME_GROUPS, REPEATS
from leadsync_gleif.sandbox.shelf import Row, Shelf

OTHER, TRANSLITERATED = NAME_GROUPS


def names_of(row: Row) -> Sequence[str]:
    """All names of an entity, the legal one first."""
    others = (row.get(f"{group}.{n}", "") for group in NAME_GROUPS for n in REPEATS)
    return [row["Entity.LegalName"], *(name for name in others if name)]


def record(shelf: Shelf, row: Row, base: str) -> dict[str, Any]:
    """A level 1 record."""
    lei = row["LEI"]
    link = f"{base}/api/v1/lei-records/{lei}"
    attributes = {
        "lei": lei,
        "entity": _entity(row),
        "registration": _registration(row),
        "bic": None,
        "conformityFlag": _blank(row.get("ConformityFlag")),
    }
    relationships = {"managing-lou": {"links": {"related": f"{link}/managing-lou"}}}
    for which in ("direct", "ultimate"):
        relationships[f"{which}-parent"] = {"links": _parent_links(shelf, lei, which, link)}
    return {
        "type": "lei-records",
        "id": lei,
        "attributes": attributes,
        "relationships": relationships,
        "links": {"self": link},
    }


def _parent_links(shelf: Shelf, lei: str, which: str, link: str) -> dict[str, str]:
    tie = {"direct": "IS_DIRECTLY_CONSOLIDATED_BY", "ultimate": "IS_ULTIMATELY_CONSOLIDATED_BY"}[which]
    if any(
        row["Relationship.StartNode.NodeID"] == lei
        and row["Relationship.RelationshipType"] == tie
        and row["Relationship.RelationshipStatus"] == "ACTIVE"
        for row in shelf.relations()
    ):
        return {
            "relationship-record": f"{link}/{which}-parent-relationship",
            "lei-record": f"{link}/{which}-parent",
        }
    if (lei, f"{which.upper()}_ACCOUNTING_CONSOLIDATION_PARENT") in shelf.exceptions():
        return {"reporting-exception": f"{link}/{which}-parent-reporting-exception"}
    return {}


def _entity(row: Row) -> dict[str, Any]:
    successors = [
        {"lei": row[f"Entity.SuccessorEntity.{n}.SuccessorLEI"], "name": None}
        for n in REPEATS
        if row.get(f"Entity.SuccessorEntity.{n}.SuccessorLEI")
    ]
    return {
        "legalName": {"name": row["Entity.LegalName"], "language": _blank(row.get("Entity.LegalName.xmllang"))},
        "otherNames": _names(row, OTHER),
        "transliteratedOtherNames": _names(row, TRANSLITERATED),
        "legalAddress": _address(row, "Entity.LegalAddress"),
        "headquartersAddress": _address(row, "Entity.HeadquartersAddress"),
        "jurisdiction": _blank(row.get("Entity.LegalJurisdiction")),
        "category": _blank(row.get("Entity.EntityCategory")),
        "subCategory": _blank(row.get("Entity.EntitySubCategory")),
        "legalForm": {"id": _blank(row.get("Entity.LegalForm.EntityLegalFormCode")), "other": None},
        "status": _blank(row.get("Entity.EntityStatus")),
        "successorEntities": successors,
        "creationDate": _blank(row.get("Entity.EntityCreationDate")),
        "eventGroups": [],
    }


def _names(row: Row, group: str) -> list[dict[str, Any]]:
    return [
        {"name": row[f"{group}.{n}"], "language": None, "type": _blank(row.get(f"{group}.{n}.type"))}
        for n in REPEATS
        if row.get(f"{group}.{n}")
    ]


def _address(row: Row, prefix: str) -> dict[str, Any]:
    line = row.get(f"{prefix}.FirstAddressLine", "")
    return {
        "addressLines": [line] if line else [],
        "city": _blank(row.get(f"{prefix}.City")),
        "region": _blank(row.get(f"{prefix}.Region")),
        "country": _blank(row.get(f"{prefix}.Country")),
        "postalCode": _blank(row.get(f"{prefix}.PostalCode")),
    }


def _registration(row: Row) -> dict[str, Any]:
    return {
        "initialRegistrationDate": _blank(row.get("Registration.InitialRegistrationDate")),
        "lastUpdateDate": _blank(row.get("Registration.LastUpdateDate")),
        "status": _blank(row.get("Registration.RegistrationStatus")),
        "nextRenewalDate": _blank(row.get("Registration.NextRenewalDate")),
        "managingLou": _blank(row.get("Registration.ManagingLOU")),
    }


def relationship(row: Row, base: str) -> dict[str, Any]:
    """A level 2 record."""
    child, parent = row["Relationship.StartNode.NodeID"], row["Relationship.EndNode.NodeID"]
    kind = row["Relationship.RelationshipType"]
    periods = [
        {
            "startDate": row[f"Relationship.Period.{n}.startDate"],
            "endDate": _blank(row.get(f"Relationship.Period.{n}.endDate")),
            "type": _blank(row.get(f"Relationship.Period.{n}.periodType")),
        }
        for n in REPEATS
        if row.get(f"Relationship.Period.{n}.startDate")
    ]
    tie = {
        "startNode": {"id": child, "type": "LEI"},
        "endNode": {"id": parent, "type": "LEI"},
        "type": kind,
        "status": row["Relationship.RelationshipStatus"],
        "periods": periods,
    }
    status = _blank(row.get("Registration.RegistrationStatus"))
    ends = {"start-node": child, "end-node": parent}
    return {
        "type": "relationship-records",
        "id": f"{child}|LEI|{kind}|{parent}",
        "attributes": {"relationship": tie, "registration": {"status": status}, "extension": {"deletedAt": None}},
        "relationships": {k: {"links": {"related": f"{base}/api/v1/lei-records/{v}"}} for k, v in ends.items()},
    }


def exception(row: Row, base: str) -> dict[str, Any]:
    """A reporting exception."""
    lei, category = row["LEI"], row["Exception.Category"]
    attributes = {
        "lei": lei,
        "category": category,
        "reason": row["Exception.Reason.1"],
        "reference": _blank(row.get("Exception.Reference.1")),
    }
    link = {"lei-record": {"links": {"related": f"{base}/api/v1/lei-records/{lei}"}}}
    return {
        "type": "reporting-exceptions",
        "id": f"{lei}|0|{category}|",
        "attributes": attributes,
        "relationships": link,
    }


def _blank(text: str | None) -> str | None:
    return text or None
