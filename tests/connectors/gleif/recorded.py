"""Answers of GLEIF's REST API as rows of the Golden Copy that it was answered from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ADDRESS = {
    "xmllang": "language",
    "AddressNumber": "addressNumber",
    "AddressNumberWithinBuilding": "addressNumberWithinBuilding",
    "MailRouting": "mailRouting",
    "City": "city",
    "Region": "region",
    "Country": "country",
    "PostalCode": "postalCode",
}
LINES = ("FirstAddressLine", *(f"AdditionalAddressLine.{n}" for n in (1, 2, 3)))
EVENT = {
    "ValidationDocuments": "validationDocuments",
    "ValidationReference": "validationReference",
    "LegalEntityEventEffectiveDate": "effectiveDate",
    "LegalEntityEventRecordedDate": "recordedDate",
    "LegalEntityEventType": "type",
    "event_status": "status",
}


def resources(found: Any) -> Iterator[Mapping[str, Any]]:
    """The resources in a JSON:API answer."""
    data = found["data"]
    yield from data if isinstance(data, list) else [data]


def _address(prefix: str, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for column, key in ADDRESS.items():
        yield f"{prefix}.{column}", given.get(key)
    for column, line in zip(LINES, given["addressLines"], strict=False):
        yield f"{prefix}.{column}", line


def _entity(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "Entity.LegalName", given["legalName"]["name"]
    yield "Entity.LegalName.xmllang", given["legalName"]["language"]
    for group, key in (("OtherEntity", "otherNames"), ("TransliteratedOtherEntity", "transliteratedOtherNames")):
        for n, name in enumerate(given[key], 1):
            prefix = f"Entity.{group}Names.{group}Name.{n}"
            yield from (
                (prefix, name["name"]),
                (f"{prefix}.xmllang", name["language"]),
                (f"{prefix}.type", name["type"]),
            )
    yield from _address("Entity.LegalAddress", given["legalAddress"])
    yield from _address("Entity.HeadquartersAddress", given["headquartersAddress"])
    for n, address in enumerate(given["otherAddresses"], 1):
        prefix = f"Entity.{address['fieldType']}es.{address['fieldType']}.{n}"
        yield f"{prefix}.type", address["type"]
        yield from _address(prefix, address)
    yield "Entity.RegistrationAuthority.RegistrationAuthorityID", given["registeredAt"]["id"]
    yield "Entity.RegistrationAuthority.RegistrationAuthorityEntityID", given["registeredAs"]
    yield "Entity.LegalJurisdiction", given["jurisdiction"]
    yield "Entity.EntityCategory", given["category"]
    yield "Entity.LegalForm.EntityLegalFormCode", given["legalForm"]["id"]
    yield "Entity.EntityStatus", given["status"]
    yield "Entity.EntityCreationDate", given["creationDate"]
    for n, (group, event) in enumerate(((g, e) for g in given["eventGroups"] for e in g["events"]), 1):
        prefix = f"Entity.LegalEntityEvents.LegalEntityEvent.{n}"
        yield f"{prefix}.group_type", group["groupType"]
        yield from ((f"{prefix}.{column}", event.get(key)) for column, key in EVENT.items())


def _registration(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    names = {"InitialRegistrationDate": "initialRegistrationDate", "LastUpdateDate": "lastUpdateDate"}
    names |= {"RegistrationStatus": "status", "NextRenewalDate": "nextRenewalDate", "ManagingLOU": "managingLou"}
    names |= {"ValidationSources": "corroborationLevel", "ValidationDocuments": "corroborationDocuments"}
    names |= {"ValidationReference": "corroborationReference"}
    yield from ((f"Registration.{column}", given.get(key)) for column, key in names.items())
    if "validatedAt" in given:
        yield "Registration.ValidationAuthority.ValidationAuthorityID", given["validatedAt"]["id"]
        yield "Registration.ValidationAuthority.ValidationAuthorityEntityID", given["validatedAs"]


def _row(*parts: Iterator[tuple[str, Any]]) -> dict[str, str]:
    return {name: value for part in parts for name, value in part if value is not None}


def lei2_row(resource: Mapping[str, Any]) -> dict[str, str]:
    """A level 1 resource as its row."""
    given = resource["attributes"]
    own = iter([("LEI", given["lei"]), ("ConformityFlag", given["conformityFlag"])])
    return _row(own, _entity(given["entity"]), _registration(given["registration"]))


def rr_row(resource: Mapping[str, Any]) -> dict[str, str]:
    """A level 2 resource as its row."""
    given = resource["attributes"]["relationship"]
    own: list[tuple[str, Any]] = [
        ("Relationship.StartNode.NodeID", given["startNode"]["id"]),
        ("Relationship.EndNode.NodeID", given["endNode"]["id"]),
        ("Relationship.RelationshipType", given["type"]),
        ("Relationship.RelationshipStatus", given["status"]),
    ]
    for n, period in enumerate(given["periods"], 1):
        columns = {"startDate": "startDate", "endDate": "endDate", "periodType": "type"}
        own += [(f"Relationship.Period.{n}.{column}", period.get(key)) for column, key in columns.items()]
    return _row(iter(own), _registration(resource["attributes"]["registration"]))


def repex_row(resource: Mapping[str, Any]) -> dict[str, str]:
    """An exception as its row."""
    given = resource["attributes"]
    return {"LEI": given["lei"], "Exception.Category": given["category"], "Exception.Reason.1": given["reason"]}
