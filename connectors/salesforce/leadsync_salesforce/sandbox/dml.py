"""Creating, changing and deleting records, with everything Salesforce checks on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadsync.records import Value
from leadsync_salesforce.sandbox.computed import computed
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.ids import checked
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.rules import check_duplicates, check_influence, check_record_faults, check_validation
from leadsync_salesforce.sandbox.schema import READ_ONLY, FieldDef, ObjectDef
from leadsync_salesforce.sandbox.table import Row
from leadsync_salesforce.sandbox.times import moment_of
from leadsync_salesforce.sandbox.values import accept

CASCADE = {
    "Lead": (("CampaignMember", "LeadId"),),
    "Contact": (("CampaignMember", "ContactId"), ("OpportunityContactRole", "ContactId")),
    "Opportunity": (("OpportunityContactRole", "OpportunityId"), ("CampaignInfluence", "OpportunityId")),
    "Campaign": (("CampaignMember", "CampaignId"), ("CampaignInfluence", "CampaignId")),
}
HARD_DELETED = {"PermissionSet", "PermissionSetAssignment", "FieldPermissions", "User", "OpportunityContactRole"}
"""Setup objects go for good: they have no IsDeleted. A contact role has one, which only its opportunity's deletion
sets; Salesforce object reference, "OpportunityContactRole"."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes, and with which of the request's headers."""

    user: str
    allow_duplicates: bool = False


def _check_writable(org: Org, obj: ObjectDef) -> None:
    if obj.name in READ_ONLY:
        raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {obj.name} does not support this")
    if obj.name in org.settings.read_only_objects:
        message = "insufficient access rights on object id"
        raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", message, status=403, fields=[])


def _field(obj: ObjectDef, access: Mapping[str, bool], name: str) -> FieldDef:
    field = obj.field(name)
    if field is None or field.name not in access:
        message = f"No such column '{name}' on sobject of type {obj.name}"
        raise ApiError("INVALID_FIELD", message)
    return field


def _refuse_read_only(fields: list[FieldDef], verb: str) -> None:
    if fields:
        names = ", ".join(f.name for f in fields)
        message = (
            f"Unable to {verb} fields: {names}. Please check the security settings of this field and verify that it "
            "is read/write for your profile or permission set."
        )
        raise ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields=[f.name for f in fields])


def _foreign(org: Org, obj: ObjectDef, name: str, given: Mapping[str, Any]) -> tuple[FieldDef, Value]:
    """A parent named by its external id: {"Account": {"Number__c": "7"}}."""
    reference = obj.parent(name)
    if reference is None:
        raise ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {obj.name}")
    keys = [(k, v) for k, v in given.items() if k != "attributes"]
    for target in reference.refers:
        parent = org.schema.get(target.lower())
        field = parent.field(keys[0][0]) if parent and len(keys) == 1 else None
        if parent and field and field.id_lookup:
            found = org.table(parent).having(field.name, keys[0][1])
            if len(found) == 1:
                return reference, found[0]["Id"]
    message = f"Foreign key external ID: {keys[0][1] if keys else ''} not found for field in entity {obj.name}"
    raise ApiError("INVALID_FIELD", message)


def _accepted(org: Org, actor: Actor, obj: ObjectDef, body: Mapping[str, Any], *, creating: bool) -> Row:
    access = org.access(actor.user, obj)
    row: Row = {}
    refused: list[FieldDef] = []
    for name, value in body.items():
        if name == "attributes" or name.lower() == "id":
            continue
        if isinstance(value, dict):
            field, value = _foreign(org, obj, name, value)  # noqa: PLW2901  the foreign key in place of its description
        else:
            field = _field(obj, access, name)
        if not access.get(field.name, False) or not (field.createable if creating else field.updateable):
            refused.append(field)
            continue
        row[field.name] = accept(field, value, org.settings)
    _refuse_read_only(refused, "create/update")
    return row


def _check_references(org: Org, obj: ObjectDef, row: Row) -> None:
    for name, value in row.items():
        field = obj.field(name)
        if field is None or not field.refers or value is None:
            continue
        targets = [org.schema[t.lower()] for t in field.refers if t.lower() in org.schema]
        if targets and not any(_lives(org.row(t, str(value))) for t in targets):
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])


def _lives(row: Row | None) -> bool:
    return row is not None and row.get("IsDeleted") is not True


def _check_required(obj: ObjectDef, row: Row, names: list[str]) -> None:
    missing = [n for n in names if (f := obj.field(n)) and f.required and row.get(n) is None]
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError("REQUIRED_FIELD_MISSING", message, fields=missing)


def _check_unique(org: Org, obj: ObjectDef, row: Row, changed: Row) -> None:
    for name, value in changed.items():
        field = obj.field(name)
        if field is None or not field.unique or value is None:
            continue
        twin = next((r for r in org.table(obj).having(name, value) if r["Id"] != row["Id"]), None)
        if twin is not None:
            message = f"duplicate value found: {name} duplicates value on record with id: {twin['Id']}"
            raise ApiError("DUPLICATE_VALUE", message, fields=[name])


def _check(org: Org, actor: Actor, obj: ObjectDef, row: Row, changed: Row) -> None:
    check_record_faults(org, obj, row)
    _check_references(org, obj, changed)
    _check_unique(org, obj, row, changed)
    check_validation(org, obj, row)
    check_influence(org, obj, row)
    check_duplicates(org, obj, row, changed, allowed=actor.allow_duplicates)


def create(org: Org, actor: Actor, obj: ObjectDef, body: Mapping[str, Any]) -> str:
    """Make a record and give its id; raises ApiError."""
    _check_writable(org, obj)
    given = _accepted(org, actor, obj, body, creating=True)
    _check_required(obj, given, [f.name for f in obj.fields.values() if f.default is None])
    now, ident = org.now(), org.next_id(obj.prefix)
    row: Row = {f.name: f.default for f in obj.fields.values() if f.default is not None}
    row |= {"Id": ident, **({"OwnerId": actor.user} if obj.field("OwnerId") else {}), **given}
    row |= {k: v for k, v in _stamps(actor, now, created=True).items() if obj.field(k)}
    row = computed(org, obj, row)
    _check(org, actor, obj, row, given)
    org.store(obj, row)
    org.remember(ident, actor.user, {}, row)
    return ident


def _stamps(actor: Actor, now: str, *, created: bool) -> Row:
    touched: Row = {"LastModifiedById": actor.user, "LastModifiedDate": now, "SystemModstamp": now}
    return {"CreatedById": actor.user, "CreatedDate": now, **touched} if created else touched


def present(org: Org, obj: ObjectDef, ident: str, missing: ApiError | None = None) -> Row:
    """The record a write or read is about; raises the API's errors for unknown and deleted ones."""
    full = checked(ident)
    if full is None:
        raise missing or not_found(f"Provided external ID field does not exist or is not accessible: {ident}")
    row = org.row(obj, full)
    if row is None:
        raise missing or not_found()
    if row.get("IsDeleted") is True:
        raise ApiError("ENTITY_IS_DELETED", "entity is deleted", status=404, fields=[])
    return row


def update(org: Org, actor: Actor, obj: ObjectDef, ident: str, body: Mapping[str, Any]) -> None:
    """Change a record, whose modified times move even when no value does; raises ApiError."""
    _check_writable(org, obj)
    before = present(org, obj, ident, None)
    if obj.name == "Lead" and before.get("IsConverted") is True:
        raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", fields=[])
    changed = _accepted(org, actor, obj, body, creating=False)
    _check_required(obj, changed, list(changed))
    stamps = {k: v for k, v in _stamps(actor, org.now(), created=False).items() if obj.field(k)}
    row = computed(org, obj, {**before, **changed, **stamps})
    _check(org, actor, obj, row, changed)
    org.store(obj, row)
    org.remember(str(row["Id"]), actor.user, before, row)


def upsert(org: Org, actor: Actor, obj: ObjectDef, key: tuple[str, Any], body: Mapping[str, Any]) -> tuple[str, bool]:
    """Update the record whose external id has that value, or make one: (id, whether it is new).

    Raises ApiError 300 with the records' URLs in `extra["urls"]` when several have it.
    """
    name, value = key
    field = obj.field(name)
    if field is None or not field.id_lookup or field.name not in org.access(actor.user, obj):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {name}")
    if field.type == "id":
        update(org, actor, obj, str(value), body)
        return str(checked(str(value))), False
    if value is None or value == "":
        raise ApiError("MISSING_ARGUMENT", f"{field.name} not specified", fields=[])
    found = org.table(obj).having(field.name, accept(field, value, org.settings))
    if len(found) > 1:
        paths = [f"/sobjects/{obj.name}/{row['Id']}" for row in found]
        raise ApiError("DUPLICATE_EXTERNAL_ID", "duplicate external id", status=300, extra={"paths": paths})
    rest = {k: v for k, v in body.items() if k.lower() != field.name.lower()}
    if found:
        update(org, actor, obj, str(found[0]["Id"]), rest)
        return str(found[0]["Id"]), False
    return create(org, actor, obj, {**rest, field.name: value}), True


def delete(org: Org, actor: Actor, obj: ObjectDef, ident: str) -> None:
    """Move a record to the recycle bin, with its campaign memberships; raises ApiError."""
    _check_writable(org, obj)
    row = present(org, obj, ident)
    check_record_faults(org, obj, row)
    if obj.name in HARD_DELETED or obj.field("IsDeleted") is None:
        org.table(obj).drop(str(row["Id"]))
        return
    bury(org, actor, obj, row, None)
    for child, reference in CASCADE.get(obj.name, ()):
        for member in org.table(org.object(child)).having(reference, row["Id"]):
            bury(org, actor, org.object(child), member, None)


def bury(org: Org, actor: Actor, obj: ObjectDef, row: Row, master: str | None) -> None:
    """Mark a row deleted, as the loser of a merge when `master` is given."""
    stamps = {k: v for k, v in _stamps(actor, org.now(), created=False).items() if obj.field(k)}
    gone: Row = {**row, **stamps, "IsDeleted": True}
    org.store(obj, gone if master is None else {**gone, "MasterRecordId": master})
    org.remember(str(row["Id"]), actor.user, row, gone)


def undelete(org: Org, actor: Actor, obj: ObjectDef, ident: str) -> None:
    """Take a record out of the recycle bin; raises ApiError when it is not there."""
    row = org.row(obj, ident)
    if row is None or row.get("IsDeleted") is not True:
        raise ApiError("UNDELETE_FAILED", "Entity is not in the recycle bin", fields=[])
    stamps = {k: v for k, v in _stamps(actor, org.now(), created=False).items() if obj.field(k)}
    org.store(obj, {**row, **stamps, "IsDeleted": False})


def purge(org: Org, obj: ObjectDef, before: datetime) -> int:
    """Empty the recycle bin of what was deleted before a moment; gives how many went."""
    gone = [
        ident
        for ident, row in org.table(obj).rows.items()
        if row.get("IsDeleted") is True and moment_of(str(row["SystemModstamp"])) < before
    ]
    for ident in gone:
        org.table(obj).drop(ident)
    return len(gone)
