"""Fields that follow from others: names, addresses, and the flags of members, tasks and opportunities."""

from __future__ import annotations

from typing import Any

from leadsync.records import Value
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.schema import FieldDef, ObjectDef
from leadsync_salesforce.sandbox.table import Row

RESPONDED = {"Responded", "Registered", "Attended"}
"""Member statuses that count as a response; in a real org each campaign may choose its own."""

ADDRESS_PARTS = {
    "city": "City",
    "country": "Country",
    "geocodeAccuracy": "GeocodeAccuracy",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "postalCode": "PostalCode",
    "state": "State",
    "street": "Street",
}


def computed(org: Org, obj: ObjectDef, row: Row) -> Row:
    """The row with all that Salesforce works out itself."""
    match obj.name:
        case "Lead" | "Contact" | "User":
            return {**row, "Name": _full_name(row)}
        case "CampaignMember":
            return {**row, **_member(org, row)}
        case "Task":
            return {**row, **_task(org, row)}
        case "Opportunity":
            return {**row, **_opportunity(row)}
        case "CampaignInfluence":
            return {**row, **_influence(org, row)}
        case _:
            return row


def _full_name(row: Row) -> Value:
    parts = [str(v) for v in (row.get("FirstName"), row.get("LastName")) if v is not None]
    return " ".join(parts) if parts else None


def _member(org: Org, row: Row) -> Row:
    responded = row.get("Status") in RESPONDED
    contact = row.get("ContactId")
    person, obj = (row.get("LeadId"), org.object("Lead")) if contact is None else (contact, org.object("Contact"))
    whom = org.row(obj, str(person)) if person is not None else None
    first = row.get("FirstRespondedDate")
    if responded and first is None:
        first = org.now()[:10]
    return {
        "HasResponded": responded,
        "FirstRespondedDate": first if responded else None,
        "LeadOrContactId": person,
        "Type": obj.name,
        "Name": None if whom is None else whom.get("Name"),
        "LeadOrContactOwnerId": None if whom is None else whom.get("OwnerId"),
    }


def _task(org: Org, row: Row) -> Row:
    closed = row.get("Status") == "Completed"
    done = row.get("CompletedDateTime")
    return {
        "IsClosed": closed,
        "CompletedDateTime": (org.now() if done is None else done) if closed else None,
        "IsHighPriority": row.get("Priority") == "High",
    }


def _opportunity(row: Row) -> Row:
    return {"IsClosed": str(row.get("StageName")).startswith("Closed"), "IsWon": row.get("StageName") == "Closed Won"}


def _influence(org: Org, row: Row) -> Row:
    deal = org.row(org.object("Opportunity"), str(row.get("OpportunityId")))
    amount, part = (deal or {}).get("Amount"), row.get("Influence")
    known = isinstance(amount, int | float) and isinstance(part, int | float)
    return {"RevenueShare": round(float(amount) * float(part) / 100, 2) if known else None}  # type: ignore[arg-type]


def shown(field: FieldDef, row: Row) -> Any:
    """A field's value as an answer has it; addresses are built from their parts."""
    if field.type == "address":
        return _address(field, row)
    if field.name == "PhotoUrl":
        return f"/services/images/photo/{row['Id']}"
    value = row.get(field.name)
    return False if value is None and field.type == "boolean" else value


def _address(field: FieldDef, row: Row) -> dict[str, Value] | None:
    prefix = field.name.removesuffix("Address")
    parts = {key: row.get(prefix + name) for key, name in ADDRESS_PARTS.items()}
    return parts if any(v is not None for v in parts.values()) else None
