"""What an admin made to refuse writes: validation rules, duplicate rules, and faults asked for by a test."""

from __future__ import annotations

from typing import Any

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.schema import ObjectDef
from leadsync_salesforce.sandbox.soql.match import record_matches
from leadsync_salesforce.sandbox.table import Row


def check_validation(org: Org, obj: ObjectDef, row: Row) -> None:
    """Refuse a record that a validation rule calls violated."""
    for rule in org.validation_rules:
        if rule["object"].lower() == obj.name.lower() and record_matches(org, obj, row, rule["violated_when"]):
            field = rule.get("field")
            message = str(rule.get("message") or f"{rule['name']} is violated")
            raise ApiError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, fields=[field] if field else [])


def check_influence(org: Org, obj: ObjectDef, row: Row) -> None:
    """Refuse a second row that says a campaign's part in an opportunity, by one model and contact."""
    if obj.name != "CampaignInfluence":
        return
    names = ("OpportunityId", "CampaignId", "ContactId", "ModelId")
    same = org.table(obj).having(names[0], row.get(names[0]))
    if any(r["Id"] != row["Id"] and all(r.get(n) == row.get(n) for n in names) for r in same):
        raise ApiError("DUPLICATE_VALUE", "duplicate value found: this campaign influence record exists", fields=[])


def check_duplicates(org: Org, obj: ObjectDef, row: Row, changed: Row, *, allowed: bool) -> None:
    """Refuse a record that a duplicate rule takes for another's twin; `allowed` is the header allowSave."""
    for rule in org.duplicate_rules:
        if rule["object"].lower() != obj.name.lower() or not set(rule["fields"]) & set(changed):
            continue
        twins = _twins(org, obj, row, rule["fields"])
        overridable = rule.get("action", "block") == "allow"
        if twins and not (allowed and overridable):
            raise ApiError("DUPLICATES_DETECTED", "Use one of these records?", extra=_result(obj, rule, twins))


def _twins(org: Org, obj: ObjectDef, row: Row, fields: list[str]) -> list[Row]:
    wanted = [row.get(f) for f in fields]
    if any(value is None for value in wanted):
        return []
    found = org.table(obj).having(fields[0], wanted[0])
    return [r for r in found if r["Id"] != row["Id"] and all(_same(r.get(f), row.get(f)) for f in fields)]


def _same(one: object, other: object) -> bool:
    return str(one).lower() == str(other).lower()


def _result(obj: ObjectDef, rule: Any, twins: list[Row]) -> dict[str, Any]:
    records = [
        {
            "additionalInformation": [],
            "fieldDiffs": [],
            "matchConfidence": 100.0,
            "record": {"attributes": {"type": obj.name}, "Id": twin["Id"]},
        }
        for twin in twins
    ]
    match = {
        "entityType": obj.name,
        "errors": [],
        "matchEngine": "ExactMatchEngine",
        "matchRecords": records,
        "rule": rule["name"],
        "size": len(records),
        "success": True,
    }
    return {
        "duplicateResult": {
            "allowSave": rule.get("action", "block") == "allow",
            "duplicateRule": rule["name"],
            "duplicateRuleEntityType": obj.name,
            "errorMessage": "Use one of these records?",
            "matchResults": [match],
        }
    }


def check_trigger(org: Org, obj: ObjectDef, together: int) -> None:
    """Refuse a record that comes with more others than the object's trigger gets through: all of them fail alike
    (salesforce.stackexchange.com, questions 377154 and 96410)."""
    if together > org.settings.trigger_bears.get(obj.name, together):
        message = f"{obj.name}Trigger: System.LimitException: Apex CPU time limit exceeded"
        raise ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, fields=[])


def check_record_faults(org: Org, obj: ObjectDef, row: Row) -> None:
    """Fail a write that the settings' `record_faults` ask to fail, as often as they say."""
    for number, fault in enumerate(org.settings.record_faults):
        times = fault.get("times")
        if times is not None and org.record_fault_hits[number] >= int(times):
            continue
        where = fault.get("where", "Id != null")
        if fault["object"].lower() == obj.name.lower() and record_matches(org, obj, row, where):
            org.record_fault_hits[number] += 1
            raise ApiError(fault["code"], fault.get("message", fault["code"]), fields=fault.get("fields", []))
