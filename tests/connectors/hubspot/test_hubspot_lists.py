"""Lists that follow their filters, labels that people define, and pipelines that people change."""

from __future__ import annotations

from typing import Any

import pytest
from tests.connectors.hubspot.conftest import call

from leadsync_hubspot.sandbox import HubSpotSandbox

LISTS = "/crm/v3/lists"


def branch(*filters: dict[str, Any]) -> dict[str, Any]:
    inner = {"filterBranchType": "AND", "filterBranches": [], "filters": list(filters)}
    return {"filterBranchType": "OR", "filterBranches": [inner], "filters": []}


def prop(name: str, operator: str, **how: Any) -> dict[str, Any]:
    return {"filterType": "PROPERTY", "property": name, "operation": {"operator": operator, **how}}


def dynamic(sandbox: HubSpotSandbox, *filters: dict[str, Any]) -> str:
    body = {"name": "D", "objectTypeId": "0-1", "processingType": "DYNAMIC", "filterBranch": branch(*filters)}
    status, made = call(sandbox, "POST", LISTS + "/", body)
    assert status == 200, made
    return str(made["list"]["listId"])


def members(sandbox: HubSpotSandbox, ident: str) -> list[str]:
    return [m["recordId"] for m in call(sandbox, "GET", f"{LISTS}/{ident}/memberships")[1]["results"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([prop("email", "IS_KNOWN")], ["1001", "1002"]),
        ([prop("email", "IS_UNKNOWN")], ["1003"]),
        ([prop("email", "CONTAINS", values=["SIEMENS"])], ["1001"]),
        ([prop("email", "ENDS_WITH", value=".example")], ["1002"]),
        ([prop("email", "DOES_NOT_CONTAIN", value="x", includeObjectsWithNoValueSet=True)], ["1001", "1003"]),
        ([prop("lifecyclestage", "IS_ANY_OF", values=["lead", "customer"])], ["1001"]),
        ([prop("firstname", "IS_NOT_EQUAL_TO", value="Ann"), prop("email", "IS_KNOWN")], ["1002"]),
        ([prop("lastmodifieddate", "IS_AFTER", timePoint={"year": 2026, "month": 10, "day": 1})], ["1001"]),
    ],
)
def test_a_dynamic_list_holds_who_fits_its_filters(
    seeded: HubSpotSandbox, filters: list[dict[str, Any]], found: list[str]
) -> None:
    assert members(seeded, dynamic(seeded, *filters)) == found


def test_a_dynamic_list_follows_every_change_and_takes_nobody_by_hand(seeded: HubSpotSandbox) -> None:
    ident = dynamic(seeded, prop("firstname", "IS_EQUAL_TO", value="Bob"))
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1003", {"properties": {"firstname": "bob"}})
    assert members(seeded, ident) == ["1002", "1003"]
    call(seeded, "DELETE", "/crm/v3/objects/contacts/1002")
    assert members(seeded, ident) == ["1003"]
    assert call(seeded, "PUT", f"{LISTS}/{ident}/memberships/add", ["1001"])[0] == 400
    wider = {"filterBranch": branch(prop("firstname", "IS_KNOWN"))}
    assert call(seeded, "PUT", f"{LISTS}/{ident}/update-list-filters", wider)[0] == 200
    assert members(seeded, ident) == ["1001", "1003"]


def test_a_snapshot_stays_as_it_was(seeded: HubSpotSandbox) -> None:
    spec = {"name": "S", "objectTypeId": "0-1", "processingType": "SNAPSHOT"}
    made = call(seeded, "POST", LISTS + "/", {**spec, "filterBranch": branch(prop("firstname", "IS_KNOWN"))})[1]
    call(seeded, "POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "Late"}})
    assert members(seeded, made["list"]["listId"]) == ["1001", "1002", "1003"]


def test_filters_that_are_not_served_are_refused_and_not_ignored(seeded: HubSpotSandbox) -> None:
    spec = {"name": "X", "objectTypeId": "0-1", "processingType": "DYNAMIC"}
    for inner in ({"filterType": "PAGE_VIEW"}, prop("email", "HAS_EVER_CHANGED"), prop("no_such", "IS_KNOWN")):
        assert call(seeded, "POST", LISTS + "/", {**spec, "filterBranch": branch(inner)})[0] == 400


def test_a_label_of_one_s_own_shows_on_both_sides_and_outlives_a_merge(seeded: HubSpotSandbox) -> None:
    labels = "/crm/v4/associations/contacts/companies/labels"
    made = call(seeded, "POST", labels, {"name": "boss", "label": "Boss", "inverseLabel": "Led by"})[1]["results"]
    spec = {"associationCategory": "USER_DEFINED", "associationTypeId": made[0]["typeId"]}
    path = "/crm/v4/objects/contacts/1001/associations/companies/2001"
    assert call(seeded, "PUT", path, [spec])[1]["labels"] == ["Boss"]
    back = call(seeded, "GET", "/crm/v4/objects/companies/2001/associations/contacts")[1]["results"][0]
    assert {"category": "USER_DEFINED", "typeId": made[1]["typeId"], "label": "Led by"} in back["associationTypes"]
    pair = {"primaryObjectId": "1001", "objectIdToMerge": "1003"}
    merged = call(seeded, "POST", "/crm/v3/objects/contacts/merge", pair)[1]["id"]
    there = call(seeded, "GET", f"/crm/v4/objects/contacts/{merged}/associations/companies")[1]["results"]
    assert "Boss" in [t["label"] for tie in there for t in tie["associationTypes"]]
    assert call(seeded, "DELETE", f"{labels}/{made[0]['typeId']}")[0] == 204
    assert len(call(seeded, "GET", labels)[1]["results"]) == 2


def test_an_unknown_association_type_is_refused(seeded: HubSpotSandbox) -> None:
    spec = {"associationCategory": "USER_DEFINED", "associationTypeId": 999}
    assert call(seeded, "PUT", "/crm/v4/objects/contacts/1001/associations/companies/2001", [spec])[0] == 400


def test_a_stage_that_is_in_use_is_not_taken_away_where_the_check_is_asked_for(seeded: HubSpotSandbox) -> None:
    deal = {"dealname": "D", "pipeline": "default", "dealstage": "closedwon"}
    assert call(seeded, "POST", "/crm/v3/objects/deals", {"properties": deal})[0] == 201
    path = "/crm/v3/pipelines/deals/default"
    assert call(seeded, "DELETE", f"{path}?validateDealStageUsagesBeforeDelete=true")[0] == 400
    assert call(seeded, "DELETE", path)[0] == 204
    assert call(seeded, "GET", path)[0] == 404


def test_an_upsert_by_e_mail_is_never_partial_but_one_by_a_unique_property_is(seeded: HubSpotSandbox) -> None:
    unique = {"name": "ref", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    seeded.seed({"properties": {"contacts": [unique]}})
    for key, one, two, status in (("email", "a@b.example", "c@d.example", 400), ("ref", "1", "2", 207)):
        good = {"id": one, "idProperty": key, "objectWriteTraceId": "1", "properties": {"firstname": "G"}}
        bad = {"id": two, "idProperty": key, "objectWriteTraceId": "2", "properties": {"no_such": "x"}}
        body = {"inputs": [good, bad]}
        assert call(seeded, "POST", "/crm/v3/objects/contacts/batch/upsert", body)[0] == status
