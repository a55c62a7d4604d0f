"""Level 1 rows of the Golden Copy as the REST API's resources, key by key as its recorded answers have them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from leadsync_gleif.rows import NAME_GROUPS, REPEATS
from leadsync_gleif.sandbox.shelf import Row, Shelf

OTHER, TRANSLITERATED = NAME_GROUPS
ADDRESSES = ("Entity.OtherAddresses.OtherAddress", "Entity.TransliteratedOtherAddresses.TransliteratedOtherAddress")
EVENT = "Entity.LegalEntityEvents.LegalEntityEvent"
AUTHORITY = "Registration.OtherValidationAuthorities.OtherValidationAuthority"
UPWARDS = {
    "IS_DIRECTLY_CONSOLIDATED_BY": "direct-parent",
    "IS_ULTIMATELY_CONSOLIDATED_BY": "ultimate-parent",
    "IS_INTERNATIONAL_BRANCH_OF": "head-office",
    "IS_FUND-MANAGED_BY": "fund-manager",
    "IS_SUBFUND_OF": "umbrella-fund",
    "IS_FEEDER_TO": "master-fund",
}
"""What the start of a relation calls its end."""
DOWNWARDS = {
    "IS_DIRECTLY_CONSOLIDATED_BY": ("direct-children", "direct-child-relationships"),
    "IS_ULTIMATELY_CONSOLIDATED_BY": ("ultimate-children", "ultimate-child-relationships"),
    "IS_INTERNATIONAL_BRANCH_OF": ("branches", "branch-relationships"),
    "IS_FUND-MANAGED_BY": ("managed-funds", "managed-fund-relationships"),
    "IS_SUBFUND_OF": ("sub-funds", "sub-fund-relationships"),
    "IS_FEEDER_TO": ("feeder-funds", "feeder-fund-relationships"),
}
"""What the end of a relation calls its starts, and the relations themselves."""


def blank(text: str | None) -> str | None:
    """A blank column is null."""
    return text or None


def moment(text: str | None) -> str | None:
    """A time in UTC with whole seconds, as the API gives it whatever offset the issuer wrote."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    return f"{(found.astimezone(UTC) if found.tzinfo else found):%Y-%m-%dT%H:%M:%SZ}"


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
        **dict.fromkeys(("bic", "mic", "ocid", "qcc", "spglobal")),  # from mapping files, which are not published here
        "conformityFlag": blank(row.get("ConformityFlag")),
    }
    return {
        "type": "lei-records",
        "id": lei,
        "attributes": attributes,
        "relationships": {name: {"links": links} for name, links in _relationships(shelf, lei, link)},
        "links": {"self": link},
    }


def _relationships(shelf: Shelf, lei: str, link: str) -> Iterator[tuple[str, dict[str, str]]]:
    for name in ("managing-lou", "lei-issuer", "field-modifications"):
        yield name, {"related": f"{link}/{name}"}
    up = {row["Relationship.RelationshipType"] for row in shelf.upwards(lei)}
    for kind, name in UPWARDS.items():
        if kind in up:
            yield name, {"relationship-record": f"{link}/{name}-relationship", "lei-record": f"{link}/{name}"}
        elif (lei, _category(name)) in shelf.exceptions():
            yield name, {"reporting-exception": f"{link}/{name}-reporting-exception"}
    down = {row["Relationship.RelationshipType"] for row in shelf.downwards(lei)}
    for kind, (name, ties) in DOWNWARDS.items():
        if kind in down:
            yield name, {"relationship-records": f"{link}/{ties}", "related": f"{link}/{name}"}


def _category(parent: str) -> str:
    return f"{parent.partition('-')[0].upper()}_ACCOUNTING_CONSOLIDATION_PARENT"


def _entity(row: Row) -> dict[str, Any]:
    successors = _successors(row)
    return {
        "legalName": {"name": row["Entity.LegalName"], "language": blank(row.get("Entity.LegalName.xmllang"))},
        "otherNames": _names(row, OTHER),
        "transliteratedOtherNames": _names(row, TRANSLITERATED),
        "legalAddress": _address(row, "Entity.LegalAddress"),
        "headquartersAddress": _address(row, "Entity.HeadquartersAddress"),
        "registeredAt": _authority(row, "Entity.RegistrationAuthority", "RegistrationAuthorityID"),
        "registeredAs": blank(row.get("Entity.RegistrationAuthority.RegistrationAuthorityEntityID")),
        "jurisdiction": blank(row.get("Entity.LegalJurisdiction")),
        "category": blank(row.get("Entity.EntityCategory")),
        "legalForm": {
            "id": blank(row.get("Entity.LegalForm.EntityLegalFormCode")),
            "other": blank(row.get("Entity.LegalForm.OtherLegalForm")),
        },
        "associatedEntity": {
            "lei": blank(row.get("Entity.AssociatedEntity.AssociatedLEI")),
            "name": blank(row.get("Entity.AssociatedEntity.AssociatedEntityName")),
        },
        "status": blank(row.get("Entity.EntityStatus")),
        "expiration": {
            "date": moment(row.get("Entity.EntityExpirationDate")),
            "reason": blank(row.get("Entity.EntityExpirationReason")),
        },
        "successorEntity": successors[0] if successors else {"lei": None, "name": None},
        "successorEntities": successors,
        "creationDate": moment(row.get("Entity.EntityCreationDate")),
        "subCategory": blank(row.get("Entity.EntitySubCategory")),
        "otherAddresses": [a for group in ADDRESSES for n in REPEATS if (a := _other_address(row, group, n))],
        "eventGroups": _event_groups(row),
    }


def _authority(row: Row, group: str, name: str) -> dict[str, str | None]:
    return {"id": blank(row.get(f"{group}.{name}")), "other": blank(row.get(f"{group}.Other{name}"))}


def _successors(row: Row) -> list[dict[str, str | None]]:
    found = [
        {
            "lei": blank(row.get(f"Entity.SuccessorEntity.{n}.SuccessorLEI")),
            "name": blank(row.get(f"Entity.SuccessorEntity.{n}.SuccessorEntityName")),
        }
        for n in REPEATS
    ]
    return [one for one in found if one["lei"] is not None or one["name"] is not None]


def _names(row: Row, group: str) -> list[dict[str, Any]]:
    return [
        {
            "name": row[f"{group}.{n}"],
            "language": blank(row.get(f"{group}.{n}.xmllang")),
            "type": blank(row.get(f"{group}.{n}.type")),
        }
        for n in REPEATS
        if row.get(f"{group}.{n}")
    ]


def _lines(row: Row, prefix: str) -> list[str]:
    names = ("FirstAddressLine", *(f"AdditionalAddressLine.{n}" for n in (1, 2, 3)))
    return [line for name in names if (line := row.get(f"{prefix}.{name}", ""))]


def _place(row: Row, prefix: str) -> dict[str, Any]:
    columns = {"city": "City", "region": "Region", "country": "Country", "postalCode": "PostalCode"}
    return {key: blank(row.get(f"{prefix}.{column}")) for key, column in columns.items()}


def _address(row: Row, prefix: str) -> dict[str, Any]:
    return {
        "language": blank(row.get(f"{prefix}.xmllang")),
        "addressLines": _lines(row, prefix),
        "addressNumber": blank(row.get(f"{prefix}.AddressNumber")),
        "addressNumberWithinBuilding": blank(row.get(f"{prefix}.AddressNumberWithinBuilding")),
        "mailRouting": blank(row.get(f"{prefix}.MailRouting")),
        **_place(row, prefix),
    }


def _other_address(row: Row, group: str, number: int) -> dict[str, Any] | None:
    prefix = f"{group}.{number}"
    if not row.get(f"{prefix}.Country"):
        return None
    return {
        "fieldType": group.rpartition(".")[2],
        "language": blank(row.get(f"{prefix}.xmllang")),
        "type": blank(row.get(f"{prefix}.type")),
        "addressLines": _lines(row, prefix),
        **_place(row, prefix),
    }


def _event_groups(row: Row) -> list[dict[str, Any]]:
    """Events with one group id form one group; those without stand alone."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for n in REPEATS:
        prefix = f"{EVENT}.{n}"
        if row.get(f"{prefix}.LegalEntityEventType"):
            key = row.get(f"{prefix}.group_type", "") or "STANDALONE", row.get(f"{prefix}.group_id", "") or str(n)
            groups.setdefault(key, []).append(_event(row, prefix))
    return [{"groupType": kind, "events": events} for (kind, _), events in groups.items()]


def _event(row: Row, prefix: str) -> dict[str, Any]:
    reference = row.get(f"{prefix}.ValidationReference")
    return {
        "validationDocuments": blank(row.get(f"{prefix}.ValidationDocuments")),
        **({"validationReference": reference} if reference else {}),
        "effectiveDate": moment(row.get(f"{prefix}.LegalEntityEventEffectiveDate")),
        "recordedDate": moment(row.get(f"{prefix}.LegalEntityEventRecordedDate")),
        "type": row[f"{prefix}.LegalEntityEventType"],
        "status": blank(row.get(f"{prefix}.event_status")),
    }


def _registration(row: Row) -> dict[str, Any]:
    name, group = "ValidationAuthorityID", "Registration.ValidationAuthority"
    others = [
        {
            "validatedAt": _authority(row, f"{AUTHORITY}.{n}", name),
            "validatedAs": blank(row.get(f"{AUTHORITY}.{n}.ValidationAuthorityEntityID")),
        }
        for n in REPEATS
        if row.get(f"{AUTHORITY}.{n}.{name}") or row.get(f"{AUTHORITY}.{n}.Other{name}")
    ]
    return {
        "initialRegistrationDate": moment(row.get("Registration.InitialRegistrationDate")),
        "lastUpdateDate": moment(row.get("Registration.LastUpdateDate")),
        "status": blank(row.get("Registration.RegistrationStatus")),
        "nextRenewalDate": moment(row.get("Registration.NextRenewalDate")),
        "managingLou": blank(row.get("Registration.ManagingLOU")),
        "corroborationLevel": blank(row.get("Registration.ValidationSources")),
        "validatedAt": _authority(row, group, name),
        "validatedAs": blank(row.get(f"{group}.ValidationAuthorityEntityID")),
        "otherValidationAuthorities": others,
    }
