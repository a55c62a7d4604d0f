"""What every org has at the start, and how a seed's records get in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadsync_salesforce.sandbox.computed import computed
from leadsync_salesforce.sandbox.custom import from_seed
from leadsync_salesforce.sandbox.ids import checked, generated
from leadsync_salesforce.sandbox.oauth import Client
from leadsync_salesforce.sandbox.org import ORG_ID, Org
from leadsync_salesforce.sandbox.schema import ObjectDef
from leadsync_salesforce.sandbox.soql.parser import parse_condition
from leadsync_salesforce.sandbox.table import Row
from leadsync_salesforce.sandbox.times import restamp
from leadsync_salesforce.sandbox.values import as_stored

INTEGRATION_USER = generated("005", 900_001)
PERSON_USER = generated("005", 900_002)
PASSWORD = "sandbox-password"  # noqa: S105  obviously no secret: it opens nothing but this sandbox
CLIENTS = {
    client.id: client
    for client in (
        Client("sandbox-client", "sandbox-secret", INTEGRATION_USER),
        Client("person-client", "person-secret", PERSON_USER),
    )
}
"""The connected apps: leadsync's own, and one that acts for a person."""

_STATUSES = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
_SEED_KEYS = {"anchor", "objects", "custom_fields", "validation_rules", "duplicate_rules", "settings"}
_STAMPS = ("CreatedDate", "LastModifiedDate", "SystemModstamp")


def furnish(org: Org) -> None:
    """The organisation, its profile, two users and the lead statuses."""
    profile = generated("00e", 1)
    users = (
        (INTEGRATION_USER, "integration@sandbox.example", "leadsync", "Integration"),
        (PERSON_USER, "person@sandbox.example", "Pat", "Person"),
    )
    rows: list[tuple[str, Row]] = [
        ("Organization", {"Id": ORG_ID, "Name": "Sandbox", "IsSandbox": True, "OrganizationType": "Developer Edition"}),
        ("Profile", {"Id": profile, "Name": "Standard User", "UserType": "Standard"}),
    ]
    for ident, username, first, last in users:
        names: Row = {"FirstName": first, "LastName": last, "Alias": first.lower()[:8]}
        login: Row = {"Username": username, "Email": username, "ProfileId": profile, "IsActive": True}
        rows.append(("User", {"Id": ident, **names, **login}))
    for number, status in enumerate(_STATUSES, 1):
        flags: Row = {"IsDefault": number == 1, "IsConverted": status == "Closed - Converted"}
        label: Row = {"MasterLabel": status, "ApiName": status, "SortOrder": number}
        rows.append(("LeadStatus", {"Id": generated("01J", number), **label, **flags}))
    for kind, row in rows:
        _plant(org, org.object(kind), row)


def sow(org: Org, data: Mapping[str, Any]) -> None:
    """Add a seed's section; raises ValueError saying what in it is wrong."""
    if unknown := set(data) - _SEED_KEYS:
        raise ValueError(f"unknown keys in the salesforce seed {sorted(unknown)}; known: {sorted(_SEED_KEYS)}")
    for given in data.get("custom_fields", ()):
        obj = org.object(given["object"])
        if obj.field(given["name"]) is None:
            org.define(obj, from_seed(given), str(given.get("access", "edit")))
    for kind, records in data.get("objects", {}).items():
        for record in records:
            _plant(org, org.object(kind), record)
    for rule in data.get("validation_rules", ()):
        parse_condition(rule["violated_when"])
        org.validation_rules.append(rule)
    org.duplicate_rules.extend(data.get("duplicate_rules", ()))
    if "record_faults" in data.get("settings", {}):
        org.record_fault_hits.clear()
    org.settings = org.settings.changed(data.get("settings", {}))


def _plant(org: Org, obj: ObjectDef, record: Mapping[str, Any]) -> None:
    """One record as given, with defaults for what every record has."""
    row: Row = {}
    for name, value in record.items():
        field = obj.field(name)
        if name == "attributes":
            continue
        if field is None:
            raise ValueError(f"{obj.name} has no field {name!r}: name it in custom_fields first")
        row[field.name] = as_stored(field, value)
    ident = row.get("Id", org.next_id(obj.prefix) if "Id" not in row else "")
    if not isinstance(ident, str) or checked(ident) is None or not ident.startswith(obj.prefix):
        raise ValueError(f"{ident!r} is no id of {obj.name}: 15 or 18 characters that begin with {obj.prefix}")
    defaults: Row = {f.name: f.default for f in obj.fields.values() if f.default is not None}
    whole = computed(org, obj, {**defaults, **_system(org, obj, row), **row, "Id": checked(ident)})
    org.tables[obj.name].put(str(whole["Id"]), whole | {k: v for k, v in row.items() if k != "Id"})


def _system(org: Org, obj: ObjectDef, row: Row) -> Row:
    now = org.now()
    modified = row.get("LastModifiedDate", row.get("SystemModstamp", row.get("CreatedDate", now)))
    times = {
        "CreatedDate": row.get("CreatedDate", modified),
        "LastModifiedDate": modified,
        "SystemModstamp": row.get("SystemModstamp", modified),
    }
    users: Row = {"OwnerId": PERSON_USER, "CreatedById": PERSON_USER, "LastModifiedById": PERSON_USER}
    found = {**{k: restamp(str(v)) for k, v in times.items()}, **users}
    return {k: v for k, v in found.items() if obj.field(k) is not None}
