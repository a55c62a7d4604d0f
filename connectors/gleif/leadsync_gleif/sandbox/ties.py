"""Level 2 rows, reporting exceptions and what changed, as the REST API's resources."""

from __future__ import annotations

import hashlib
from typing import Any

from leadsync_gleif.rows import REPEATS
from leadsync_gleif.sandbox.documents import blank, moment
from leadsync_gleif.sandbox.shelf import Edit, Row


def _digest(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def relationship(row: Row, base: str) -> dict[str, Any]:
    """A level 2 record."""
    child, parent = row["Relationship.StartNode.NodeID"], row["Relationship.EndNode.NodeID"]
    kind = row["Relationship.RelationshipType"]
    tie = {
        "startNode": {"id": child, "type": row.get("Relationship.StartNode.NodeIDType") or "LEI"},
        "endNode": {"id": parent, "type": row.get("Relationship.EndNode.NodeIDType") or "LEI"},
        "type": kind,
        "status": row["Relationship.RelationshipStatus"],
        "periods": [_period(row, n) for n in REPEATS if row.get(f"Relationship.Period.{n}.startDate")],
    }
    ends = {"start-node": child, "end-node": parent}
    return {
        "type": "relationship-records",
        "id": f"{child}|LEI|{kind}|1|{_digest(child, kind, parent)}|",
        "attributes": {
            "validFrom": moment(row.get("Registration.LastUpdateDate")),
            "validTo": None,
            "relationship": tie,
            "registration": _registration(row),
            "extension": {"deletedAt": None},
        },
        "relationships": {k: {"links": {"related": f"{base}/api/v1/lei-records/{v}"}} for k, v in ends.items()},
    }


def _period(row: Row, number: int) -> dict[str, str | None]:
    """A period that goes on has no end, not even a null one."""
    prefix = f"Relationship.Period.{number}"
    end = moment(row.get(f"{prefix}.endDate"))
    return {
        "startDate": moment(row[f"{prefix}.startDate"]),
        **({} if end is None else {"endDate": end}),
        "type": blank(row.get(f"{prefix}.periodType")),
    }


def _registration(row: Row) -> dict[str, Any]:
    return {
        "initialRegistrationDate": moment(row.get("Registration.InitialRegistrationDate")),
        "lastUpdateDate": moment(row.get("Registration.LastUpdateDate")),
        "status": blank(row.get("Registration.RegistrationStatus")),
        "nextRenewalDate": moment(row.get("Registration.NextRenewalDate")),
        "managingLou": blank(row.get("Registration.ManagingLOU")),
        "corroborationLevel": blank(row.get("Registration.ValidationSources")),
        "corroborationDocuments": blank(row.get("Registration.ValidationDocuments")),
        "corroborationReference": blank(row.get("Registration.ValidationReference")),
    }


def exception(row: Row, base: str) -> dict[str, Any]:
    """A reporting exception."""
    lei, category = row["LEI"], row["Exception.Category"]
    attributes = {
        "validFrom": None,
        "validTo": None,
        "lei": lei,
        "category": category,
        "reason": row["Exception.Reason.1"],
        "reference": blank(row.get("Exception.Reference.1")),
    }
    link = {"lei-record": {"links": {"related": f"{base}/api/v1/lei-records/{lei}"}}}
    return {
        "type": "reporting-exceptions",
        "id": f"{lei}|0|{_digest(lei, category)}|{category}|",
        "attributes": attributes,
        "relationships": link,
    }


def modification(lei: str, edit: Edit) -> dict[str, Any]:
    """One column of a record that was published for the first time, or anew."""
    path = "/".join(f"lei:{part}" for part in edit.column.split("."))
    digest = _digest(lei, edit.column, edit.at.isoformat())
    return {
        "type": "field-modifications",
        "id": "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])),
        "attributes": {
            "lei": lei,
            "recordType": "LEI",
            "modificationType": "INITIAL" if edit.old is None else "UPDATE",
            "field": f"/lei:LEIData/lei:LEIRecords/lei:LEIRecord/{path}",
            "date": f"{edit.at:%Y-%m-%dT00:00:00Z}",
            "valueOld": edit.old,
            "valueNew": edit.new,
            "context": None,
        },
    }
