"""Register rows for tests, with the Golden Copy's column names."""

from __future__ import annotations

from collections.abc import Mapping


def lei2(lei: str, name: str, country: str = "DE", **more: str) -> dict[str, str]:
    """A level 1 row; `more`: other, kind (of the other name), status, registration, category, city, successor."""
    return {
        "LEI": lei,
        "Entity.LegalName": name,
        "Entity.OtherEntityNames.OtherEntityName.1": more.get("other", ""),
        "Entity.OtherEntityNames.OtherEntityName.1.type": more.get("kind", ""),
        "Entity.LegalAddress.City": more.get("city", ""),
        "Entity.LegalAddress.Country": country,
        "Entity.HeadquartersAddress.City": more.get("city", ""),
        "Entity.HeadquartersAddress.Country": more.get("seat", country),
        "Entity.LegalJurisdiction": country,
        "Entity.EntityCategory": more.get("category", "GENERAL"),
        "Entity.EntityStatus": more.get("status", "ACTIVE"),
        "Entity.EntityCreationDate": "2001-02-03T00:00:00+01:00",
        "Entity.SuccessorEntity.1.SuccessorLEI": more.get("successor", ""),
        "Registration.RegistrationStatus": more.get("registration", "ISSUED"),
    }


DIRECT, ULTIMATE = "IS_DIRECTLY_CONSOLIDATED_BY", "IS_ULTIMATELY_CONSOLIDATED_BY"
BRANCH, MANAGED = "IS_INTERNATIONAL_BRANCH_OF", "IS_FUND-MANAGED_BY"


def rr(child: str, parent: str, tie: str = DIRECT, **more: str) -> dict[str, str]:
    """A level 2 row; `more`: status, registration, since, until."""
    return {
        "Relationship.StartNode.NodeID": child,
        "Relationship.StartNode.NodeIDType": "LEI",
        "Relationship.EndNode.NodeID": parent,
        "Relationship.EndNode.NodeIDType": "LEI",
        "Relationship.RelationshipType": tie,
        "Relationship.RelationshipStatus": more.get("status", "ACTIVE"),
        "Relationship.Period.1.startDate": "2020-01-01T00:00:00Z",
        "Relationship.Period.1.endDate": "2020-12-31T00:00:00Z",
        "Relationship.Period.1.periodType": "ACCOUNTING_PERIOD",
        "Relationship.Period.2.startDate": more.get("since", "2010-01-01T00:00:00Z"),
        "Relationship.Period.2.endDate": more.get("until", ""),
        "Relationship.Period.2.periodType": "RELATIONSHIP_PERIOD",
        "Registration.RegistrationStatus": more.get("registration", "PUBLISHED"),
    }


def repex(lei: str, reason: str, which: str = "DIRECT") -> dict[str, str]:
    """A reporting exception."""
    return {
        "LEI": lei,
        "Exception.Category": f"{which}_ACCOUNTING_CONSOLIDATION_PARENT",
        "Exception.Reason.1": reason,
        "Exception.Reference.1": "",
    }


def lei(letter: str) -> str:
    """An identifier of the right length made of one letter."""
    return letter * 18 + "00"


A, B, C, D, E = (lei(letter) for letter in "ABCDE")

FAMILY: Mapping[str, list[dict[str, str]]] = {
    "lei2": [
        lei2(A, "Alpha Werke GmbH", city="München"),
        lei2(B, "Beta Holding AG"),
        lei2(C, "Gamma International plc", "GB"),
        lei2(D, "Delta Windhoek (Pty) Ltd", "NA"),
        lei2(E, "Epsilon Wachstumsfonds", "LU", category="FUND"),
    ],
    "rr": [rr(A, B), rr(B, C), rr(A, C, ULTIMATE), rr(E, B, MANAGED)],
    "repex": [repex(C, "NO_KNOWN_PERSON"), repex(C, "NO_KNOWN_PERSON", "ULTIMATE"), repex(D, "NATURAL_PERSONS")],
}
"""Alpha belongs to Beta, which belongs to Gamma; Delta (in Namibia) names a reason; Epsilon is a fund Beta manages."""
