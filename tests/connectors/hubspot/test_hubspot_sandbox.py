"""The sandbox answers as HubSpot does, word for word where that is known."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.connectors.hubspot.conftest import FORM, NOW, SEED, call

from leadsync.sandbox import Request
from leadsync_hubspot.sandbox import HubSpotSandbox

CONTACTS = "/crm/v3/objects/contacts"


def make(sandbox: HubSpotSandbox, **properties: Any) -> dict[str, Any]:
    status, found = call(sandbox, "POST", CONTACTS, {"properties": properties})
    assert status == 201, found
    return dict(found)


def search(sandbox: HubSpotSandbox, *filters: dict[str, Any], kind: str = "contacts", **more: Any) -> list[str]:
    body = {"filterGroups": [{"filters": list(filters)}], "limit": 200, **more}
    status, found = call(sandbox, "POST", f"/crm/v3/objects/{kind}/search", body)
    assert status == 200, found
    return [item["id"] for item in found["results"]]


# ---- one record


def test_a_new_contact_comes_back_with_hubspot_s_own_values(sandbox: HubSpotSandbox) -> None:
    found = make(sandbox, email=" Grouparoo@Demo.com ", firstname="John")
    assert found["properties"] == {
        "createdate": "2026-11-22T09:00:00.000Z",
        "email": "grouparoo@demo.com",
        "firstname": "John",
        "hs_all_contact_vids": found["id"],
        "hs_email_domain": "demo.com",
        "hs_is_contact": "true",
        "hs_is_unworked": "true",
        "hs_object_id": found["id"],
        "hs_pipeline": "contacts-lifecycle-pipeline",
        "lastmodifieddate": "2026-11-22T09:00:00.000Z",
        "lifecyclestage": "lead",
    }
    assert set(found) == {"id", "properties", "createdAt", "updatedAt", "archived", "url"}


def test_a_new_company_s_website_comes_from_its_domain(sandbox: HubSpotSandbox) -> None:
    body = {"properties": {"name": "John", "domain": "https://www.Grouparoo.demo.com/x"}}
    found = call(sandbox, "POST", "/crm/v3/objects/companies", body)[1]["properties"]
    assert (found["domain"], found["website"]) == ("grouparoo.demo.com", "grouparoo.demo.com")


def test_every_write_is_later_than_the_last(sandbox: HubSpotSandbox) -> None:
    stamps = [make(sandbox, firstname=f"N{n}")["updatedAt"] for n in range(5)]
    assert stamps == sorted(set(stamps))


def test_a_second_contact_with_the_same_e_mail_is_a_conflict(seeded: HubSpotSandbox) -> None:
    status, found = call(seeded, "POST", CONTACTS, {"properties": {"email": "ANN@siemens.com"}})
    assert status == 409
    assert found == {
        "status": "error",
        "message": "Contact already exists. Existing ID: 1001",
        "correlationId": found["correlationId"],
        "category": "CONFLICT",
    }
    status, _ = call(seeded, "PATCH", f"{CONTACTS}/1002", {"properties": {"email": "ann@siemens.com"}})
    assert status == 409
    status, _ = call(seeded, "PATCH", f"{CONTACTS}/1001", {"properties": {"email": "ann@siemens.com"}})
    assert status == 200, "its own address is no conflict"


BAD_VALUES = [
    ({"missing": "1"}, "PROPERTY_DOESNT_EXIST", 'Property "missing" does not exist'),
    ({"email": "nobody"}, "INVALID_EMAIL", "Email address nobody is invalid"),
    ({"lifecyclestage": "nope"}, "INVALID_OPTION", "nope was not one of the allowed options"),
    ({"hs_email_optout": "perhaps"}, "INVALID_OPTION", "perhaps was not one of the allowed options"),
    ({"closedate": "soon"}, "INVALID_DATE", "soon was not a valid date."),
    ({"hubspotscore": "5"}, "READ_ONLY_VALUE", "read only"),
    ({"hs_object_id": "5"}, "READ_ONLY_VALUE", "read only"),
]


@pytest.mark.parametrize(("values", "code", "text"), BAD_VALUES, ids=[c for _, c, _ in BAD_VALUES])
def test_a_value_that_does_not_fit_is_json_inside_the_message(
    seeded: HubSpotSandbox, values: dict[str, str], code: str, text: str
) -> None:
    status, found = call(seeded, "PATCH", f"{CONTACTS}/1001", {"properties": values})
    assert (status, found["category"]) == (400, "VALIDATION_ERROR")
    head, _, inside = found["message"].partition(": ")
    assert head == "Property values were not valid"
    [problem] = json.loads(inside)
    assert (problem["isValid"], problem["error"], problem["name"]) == (False, code, next(iter(values)))
    assert text in problem["message"]


def test_numbers_and_dates_are_checked(sandbox: HubSpotSandbox) -> None:
    path = "/crm/v3/objects/companies"
    assert call(sandbox, "POST", path, {"properties": {"name": "A", "numberofemployees": "many"}})[0] == 400
    sandbox.seed({"properties": {"companies": [{"name": "day", "type": "date", "fieldType": "date"}]}})
    for value, status in [("2026-11-22", 201), (1795305600000, 201), ("1795305600001", 400), ("22.11.2026", 400)]:
        answer, found = call(sandbox, "POST", path, {"properties": {"name": "A", "day": value}})
        assert answer == status
        assert status == 400 or found["properties"]["day"] == "2026-11-22"


def test_a_checkbox_value_is_appended_with_a_semicolon(sandbox: HubSpotSandbox) -> None:
    options = [{"value": v, "label": v} for v in "abc"]
    sandbox.seed(
        {
            "properties": {
                "contacts": [{"name": "topics", "type": "enumeration", "fieldType": "checkbox", "options": options}]
            }
        }
    )
    ident = make(sandbox, firstname="A", topics="a;b")["id"]
    found = call(sandbox, "PATCH", f"{CONTACTS}/{ident}", {"properties": {"topics": ";c;a"}})[1]
    assert found["properties"]["topics"] == "a;b;c"


def test_the_lifecycle_stage_does_not_go_back_until_it_is_cleared(seeded: HubSpotSandbox) -> None:
    def stage(value: str) -> str:
        return str(
            call(seeded, "PATCH", f"{CONTACTS}/1001", {"properties": {"lifecyclestage": value}})[1]["properties"][
                "lifecyclestage"
            ]
        )

    assert [stage(s) for s in ("customer", "lead", "", "lead")] == ["customer", "customer", "", "lead"]
    seeded.seed({"settings": {"lifecycle_backwards": "allowed"}})
    assert stage("subscriber") == "subscriber"


def test_history_keeps_every_value_with_its_source(seeded: HubSpotSandbox) -> None:
    seeded.seed({"tokens": {"pat-rita": {"user": "71"}}})
    for value in ("1", "2"):
        call(seeded, "PATCH", f"{CONTACTS}/1001", {"properties": {"phone": value}}, token="pat-rita")
    found = call(seeded, "GET", f"{CONTACTS}/1001?propertiesWithHistory=phone")[1]
    entries = found["propertiesWithHistory"]["phone"]
    assert [(e["value"], e["sourceType"], e["updatedByUserId"]) for e in entries] == [
        ("2", "CRM_UI", 71),
        ("1", "CRM_UI", 71),
    ]


def test_reading_by_e_mail_and_with_associations(seeded: HubSpotSandbox) -> None:
    found = call(
        seeded, "GET", f"{CONTACTS}/ann@siemens.com?idProperty=email&associations=companies&properties=email,zip,no"
    )[1]
    assert found["associations"]["companies"]["results"] == [
        {"id": "2002", "type": "contact_to_company"},
        {"id": "2002", "type": "contact_to_company_unlabeled"},
        {"id": "2001", "type": "contact_to_company_unlabeled"},
    ]
    assert set(found["properties"]) == {"createdate", "email", "hs_object_id", "lastmodifieddate", "zip"}
    assert found["properties"]["zip"] is None


def test_archiving_and_the_recycle_bin(seeded: HubSpotSandbox) -> None:
    assert call(seeded, "DELETE", f"{CONTACTS}/1001") == (204, None)
    assert call(seeded, "DELETE", f"{CONTACTS}/1001") == (204, None)
    status, found = call(seeded, "GET", f"{CONTACTS}/1001")
    assert (status, found["message"], found["category"]) == (404, "resource not found", "OBJECT_NOT_FOUND")
    assert call(seeded, "GET", f"{CONTACTS}/1001?archived=true")[1]["archived"] is True
    assert [o["id"] for o in call(seeded, "GET", f"{CONTACTS}?archived=true")[1]["results"]] == ["1001"]
    assert make(seeded, email="ann@siemens.com")["id"] != "1001", "its address is free again"


def test_a_merge_makes_a_third_record(seeded: HubSpotSandbox) -> None:
    status, found = call(seeded, "POST", f"{CONTACTS}/merge", {"primaryObjectId": "1001", "objectIdToMerge": "1002"})
    assert status == 200
    properties = found["properties"]
    assert found["id"] not in ("1001", "1002")
    assert (properties["email"], properties["hs_additional_emails"]) == ("ann@siemens.com", "bob@philips.example")
    assert properties["hs_merged_object_ids"] == "1001;1002"
    assert call(seeded, "GET", f"{CONTACTS}/1002")[1]["id"] == found["id"]
    assert call(seeded, "PATCH", f"{CONTACTS}/1002", {"properties": {"phone": "1"}})[0] == 200
    assert call(seeded, "POST", CONTACTS, {"properties": {"email": "bob@philips.example"}})[0] == 409
    body = {"inputs": [{"id": "1002", "properties": {"phone": "2"}}]}
    assert call(seeded, "POST", f"{CONTACTS}/batch/update", body)[1]["results"] == []
    ties = call(seeded, "GET", f"/crm/v4/objects/contacts/{found['id']}/associations/companies")[1]["results"]
    assert {tie["toObjectId"] for tie in ties} == {2001, 2002}


def test_gdpr_deletion_leaves_nothing_and_blocks_the_address(seeded: HubSpotSandbox) -> None:
    body = {"objectId": "ann@siemens.com", "idProperty": "email"}
    assert call(seeded, "POST", f"{CONTACTS}/gdpr-delete", body) == (204, None)
    assert call(seeded, "GET", f"{CONTACTS}/1001?archived=true")[0] == 404
    assert "ann@siemens.com" not in json.dumps(seeded.dump()["objects"])
    assert call(seeded, "POST", CONTACTS, {"properties": {"email": "ann@siemens.com"}})[0] == 400


def test_what_a_new_record_must_have(sandbox: HubSpotSandbox) -> None:
    assert call(sandbox, "POST", CONTACTS, {"properties": {"phone": "1"}})[0] == 400
    assert call(sandbox, "POST", "/crm/v3/objects/deals", {"properties": {"amount": "1"}})[0] == 400
    values = {"dealname": "D", "dealstage": "appointmentscheduled", "pipeline": "default"}
    assert call(sandbox, "POST", "/crm/v3/objects/deals", {"properties": values})[0] == 201
    assert call(sandbox, "POST", "/crm/v3/objects/notes", {"properties": {"hs_note_body": "x"}})[0] == 400
    assert (
        call(sandbox, "POST", "/crm/v3/objects/notes", {"properties": {"hs_timestamp": "2026-01-01T00:00:00Z"}})[0]
        == 201
    )


def test_the_account_s_rules_bind_writes_from_2026_09_on(sandbox: HubSpotSandbox) -> None:
    sandbox.seed({"settings": {"required_properties": {"contacts": ["phone"]}}})
    body = {"properties": {"firstname": "A"}}
    statuses = [
        call(sandbox, "POST", f"/crm/{p}/contacts", body)[0]
        for p in ("v3/objects", "objects/2026-03", "objects/2026-09")
    ]
    assert statuses == [201, 201, 400]


# ---- lists


def test_a_list_pages_by_the_id_of_the_next_record(seeded: HubSpotSandbox) -> None:
    found = call(seeded, "GET", f"{CONTACTS}?limit=2&properties=email&properties=firstname")[1]
    assert [o["id"] for o in found["results"]] == ["1001", "1002"]
    following = found["paging"]["next"]
    assert following["after"] == "1003"
    assert (
        following["link"]
        == "http://127.0.0.1:1/crm/v3/objects/contacts?limit=2&properties=email&properties=firstname&after=1003"
    )
    rest = call(seeded, "GET", following["link"].removeprefix("http://127.0.0.1:1"))[1]
    assert [o["id"] for o in rest["results"]] == ["1003"]
    assert "paging" not in rest


def test_a_list_holds_at_most_a_hundred_and_fifty_with_history(sandbox: HubSpotSandbox) -> None:
    sandbox.seed({"objects": {"contacts": [{"id": str(n), "properties": {"firstname": "A"}} for n in range(1, 121)]}})
    assert len(call(sandbox, "GET", CONTACTS)[1]["results"]) == 10
    assert len(call(sandbox, "GET", f"{CONTACTS}?limit=100")[1]["results"]) == 100
    assert len(call(sandbox, "GET", f"{CONTACTS}?limit=100&propertiesWithHistory=phone")[1]["results"]) == 50
    assert call(sandbox, "GET", f"{CONTACTS}?limit=101")[0] == 400


# ---- batches


def test_a_batch_create_without_trace_ids_fails_as_a_whole(seeded: HubSpotSandbox) -> None:
    inputs = [{"properties": {"email": e}} for e in ("a@example.com", "ann@siemens.com", "bob@philips.example")]
    status, found = call(seeded, "POST", f"{CONTACTS}/batch/create", {"inputs": inputs})
    assert (status, found["message"]) == (409, "Contact already exists. Existing ID: 1001")
    assert len(seeded.portal.objects["contacts"]) == 3


def test_a_batch_create_with_trace_ids_is_partial(seeded: HubSpotSandbox) -> None:
    inputs = [
        {"properties": {"email": e}, "objectWriteTraceId": str(n)}
        for n, e in enumerate(["a@example.com", "ann@siemens.com", "a@example.com", "x"])
    ]
    status, found = call(seeded, "POST", f"{CONTACTS}/batch/create", {"inputs": inputs})
    assert (status, found["status"], found["numErrors"], len(found["results"])) == (207, "COMPLETE", 3, 1)
    assert [(e["category"], e["context"]["objectWriteTraceId"]) for e in found["errors"]] == [
        ("CONFLICT", ["1"]),
        ("CONFLICT", ["2"]),
        ("VALIDATION_ERROR", ["3"]),
    ]


def test_a_batch_read_names_what_it_could_not_get(seeded: HubSpotSandbox) -> None:
    body = {"inputs": [{"id": "1001"}, {"id": "99"}], "properties": ["email"]}
    status, found = call(seeded, "POST", f"{CONTACTS}/batch/read", body)
    assert status == 207
    assert found["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some CONTACT objects, they may be deleted or not exist. "
            "Check that ids are valid.",
            "context": {"ids": ["99"]},
            "errors": [],
            "links": {},
        }
    ]
    assert call(seeded, "POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": "1001"}]})[0] == 200


def test_a_batch_update_cannot_go_by_e_mail_but_an_upsert_can(seeded: HubSpotSandbox) -> None:
    item = {"id": "ann@siemens.com", "idProperty": "email", "properties": {"phone": "5"}}
    status, found = call(seeded, "POST", f"{CONTACTS}/batch/update", {"inputs": [item]})
    assert (status, found["message"]) == (400, "Unable to perform update/upsert by non-unique 0-1 property email")
    new = {"id": "new@example.com", "idProperty": "email", "properties": {"phone": "6"}}
    status, found = call(seeded, "POST", f"{CONTACTS}/batch/upsert", {"inputs": [item, new]})
    assert status == 200
    assert [(r["new"], r["properties"]["phone"]) for r in found["results"]] == [(False, "5"), (True, "6")]


@pytest.mark.parametrize("what", ["read", "create", "update", "upsert", "archive"])
def test_a_batch_of_more_than_a_hundred_is_refused(sandbox: HubSpotSandbox, what: str) -> None:
    inputs = [{"id": str(n), "properties": {"firstname": "A"}} for n in range(101)]
    assert call(sandbox, "POST", f"{CONTACTS}/batch/{what}", {"inputs": inputs})[0] == 400
    assert call(sandbox, "POST", f"{CONTACTS}/batch/{what}", {})[0] == 400


def test_the_same_id_twice_in_a_batch_is_refused(seeded: HubSpotSandbox) -> None:
    item = {"id": "1001", "properties": {"phone": "1"}}
    assert call(seeded, "POST", f"{CONTACTS}/batch/update", {"inputs": [item, item]})[0] == 400


def test_batch_archive_answers_204(seeded: HubSpotSandbox) -> None:
    assert call(seeded, "POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": "1001"}]}) == (204, None)
    assert call(seeded, "GET", f"{CONTACTS}/1001")[0] == 404


# ---- search

PEOPLE = [
    {"id": "1", "properties": {"firstname": "Ann", "email": "ann@a.example", "num_notes": None, "country": "NL"}},
    {"id": "2", "properties": {"firstname": "bob", "email": "bob@b.example", "country": "BE"}},
    {"id": "3", "properties": {"firstname": "Cy van Dam", "country": "NL", "lifecyclestage": "customer"}},
    {"id": "4", "properties": {"firstname": "Dora", "phone": ""}},
]
OPERATORS: list[tuple[dict[str, Any], list[str]]] = [
    ({"propertyName": "firstname", "operator": "EQ", "value": "ANN"}, ["1"]),
    ({"propertyName": "country", "operator": "NEQ", "value": "nl"}, ["2"]),
    ({"propertyName": "hs_object_id", "operator": "LT", "value": "2"}, ["1"]),
    ({"propertyName": "hs_object_id", "operator": "LTE", "value": "2"}, ["1", "2"]),
    ({"propertyName": "hs_object_id", "operator": "GT", "value": "2"}, ["3", "4"]),
    ({"propertyName": "hs_object_id", "operator": "GTE", "value": "2"}, ["2", "3", "4"]),
    ({"propertyName": "hs_object_id", "operator": "BETWEEN", "value": "2", "highValue": "3"}, ["2", "3"]),
    ({"propertyName": "firstname", "operator": "IN", "values": ["ann", "bob"]}, ["1", "2"]),
    ({"propertyName": "firstname", "operator": "IN", "values": ["Ann"]}, []),
    ({"propertyName": "country", "operator": "NOT_IN", "values": ["nl"]}, ["2"]),
    ({"propertyName": "country", "operator": "HAS_PROPERTY"}, ["1", "2", "3"]),
    ({"propertyName": "phone", "operator": "NOT_HAS_PROPERTY"}, ["1", "2", "3", "4"]),
    ({"propertyName": "firstname", "operator": "CONTAINS_TOKEN", "value": "dam"}, ["3"]),
    ({"propertyName": "email", "operator": "CONTAINS_TOKEN", "value": "*@a.example"}, ["1"]),
    ({"propertyName": "firstname", "operator": "NOT_CONTAINS_TOKEN", "value": "dam"}, ["1", "2", "4"]),
    ({"propertyName": "lifecyclestage", "operator": "EQ", "value": "customer"}, ["3"]),
    ({"propertyName": "lifecyclestage", "operator": "EQ", "value": "Customer"}, []),
]


@pytest.mark.parametrize(
    ("spec", "ids"), OPERATORS, ids=[f"{o[0]['operator']} {o[0]['propertyName']}" for o in OPERATORS]
)
def test_search_knows_every_operator(sandbox: HubSpotSandbox, spec: dict[str, Any], ids: list[str]) -> None:
    sandbox.seed({"objects": {"contacts": PEOPLE}})
    assert search(sandbox, spec) == ids


def test_groups_are_alternatives_and_filters_conditions(sandbox: HubSpotSandbox) -> None:
    sandbox.seed({"objects": {"contacts": PEOPLE}})

    def eq(name: str, value: str) -> dict[str, str]:
        return {"propertyName": name, "operator": "EQ", "value": value}

    groups = [{"filters": [eq("country", "nl"), eq("firstname", "ann")]}, {"filters": [eq("firstname", "dora")]}]
    assert search(sandbox, filterGroups=groups) == ["1", "4"]
    assert search(sandbox, filterGroups=[], filters=[eq("country", "be")]) == ["2"]
    assert search(sandbox, query="VAN") == ["3"]
    assert search(sandbox, sorts=["-firstname"])[:2] == ["4", "3"]
    assert search(sandbox, sorts=[{"propertyName": "firstname", "direction": "DESCENDING"}])[-1] == "1"


def test_search_by_association(seeded: HubSpotSandbox) -> None:
    assert search(seeded, {"propertyName": "associations.company", "operator": "EQ", "value": "2002"}) == [
        "1001",
        "1002",
    ]
    assert search(seeded, {"propertyName": "associations.company", "operator": "NOT_HAS_PROPERTY"}) == ["1003"]


ONE = {"propertyName": "firstname", "operator": "HAS_PROPERTY"}
TOO_MUCH: dict[str, dict[str, Any]] = {
    "six groups": {"filterGroups": [{"filters": [ONE]}] * 6},
    "seven filters in a group": {"filterGroups": [{"filters": [ONE] * 7}]},
    "nineteen filters": {"filterGroups": [{"filters": [ONE] * 5}] * 4},
    "two sorts": {"sorts": ["firstname", "email"]},
    "a page of 201": {"limit": 201},
    "a step past 10,000": {"limit": 200, "after": "9900"},
    "a body of more than 3,000 characters": {"query": "x" * 3000},
    "an unknown operator": {"filters": [{"propertyName": "email", "operator": "LIKE", "value": "x"}]},
    "an unknown property": {"filters": [{"propertyName": "nope", "operator": "EQ", "value": "x"}]},
    "a number that is none": {"filters": [{"propertyName": "hs_object_id", "operator": "GT", "value": "x"}]},
    "IN without values": {"filters": [{"propertyName": "email", "operator": "IN", "value": "x"}]},
    "BETWEEN without an end": {"filters": [{"propertyName": "createdate", "operator": "BETWEEN", "value": "1"}]},
}


@pytest.mark.parametrize("body", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_search_has_its_limits(seeded: HubSpotSandbox, body: dict[str, Any]) -> None:
    status, found = call(seeded, "POST", f"{CONTACTS}/search", body)
    assert (status, found["category"]) == (400, "VALIDATION_ERROR")


def test_search_pages_by_offset_without_a_link(sandbox: HubSpotSandbox) -> None:
    sandbox.seed({"objects": {"contacts": PEOPLE}})
    first = call(sandbox, "POST", f"{CONTACTS}/search", {"limit": 3})[1]
    assert (first["total"], first["paging"]) == (4, {"next": {"after": "3"}})
    last = call(sandbox, "POST", f"{CONTACTS}/search", {"limit": 3, "after": "3"})[1]
    assert (len(last["results"]), last["total"]) == (1, 4)
    assert "paging" not in last


def test_a_lagging_index_matches_the_old_and_shows_the_new(seeded: HubSpotSandbox) -> None:
    seeded.seed({"settings": {"search_lag_seconds": 30}})
    call(seeded, "PATCH", f"{CONTACTS}/1001", {"properties": {"firstname": "Anna"}})
    new = make(seeded, firstname="Late")["id"]
    old = {"propertyName": "firstname", "operator": "EQ", "value": "ann"}
    body = {"filters": [old], "properties": ["firstname"]}
    [found] = call(seeded, "POST", f"{CONTACTS}/search", body)[1]["results"]
    assert found["properties"]["firstname"] == "Anna"
    assert new not in search(seeded)
    seeded.clock.advance(30)
    assert search(seeded, old) == []
    assert new in search(seeded)


def test_archived_records_never_appear(seeded: HubSpotSandbox) -> None:
    call(seeded, "DELETE", f"{CONTACTS}/1001")
    assert search(seeded) == ["1002", "1003"]


# ---- associations


def test_associations_show_the_primary_first_and_ids_as_numbers(seeded: HubSpotSandbox) -> None:
    body = {"inputs": [{"id": "1001"}, {"id": "1003"}]}
    status, found = call(seeded, "POST", "/crm/v4/associations/contacts/companies/batch/read", body)
    assert status == 207, "one of them has none"
    assert found["results"] == [
        {
            "from": {"id": "1001"},
            "to": [
                {
                    "toObjectId": 2002,
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 1, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None},
                    ],
                },
                {
                    "toObjectId": 2001,
                    "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 279, "label": None}],
                },
            ],
        }
    ]


def test_the_primary_company_can_be_changed_and_cut(seeded: HubSpotSandbox) -> None:
    def primary() -> Any:
        return call(seeded, "GET", f"{CONTACTS}/1001?properties=associatedcompanyid")[1]["properties"][
            "associatedcompanyid"
        ]

    assert primary() == "2002"
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    assert call(seeded, "PUT", "/crm/v4/objects/contacts/1001/associations/companies/2001", types)[0] == 201
    assert primary() == "2001"
    assert call(seeded, "DELETE", "/crm/v4/objects/contacts/1001/associations/companies/2001")[0] == 204
    assert primary() in ("", "2002")
    found = call(seeded, "GET", "/crm/v4/objects/contacts/1001/associations/companies")[1]
    assert [tie["toObjectId"] for tie in found["results"]] == [2002]


def test_a_new_contact_can_name_its_company(seeded: HubSpotSandbox) -> None:
    tie = {"to": {"id": "2001"}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}]}
    body = {"properties": {"firstname": "A"}, "associations": [tie]}
    ident = call(seeded, "POST", CONTACTS, body)[1]["id"]
    assert (
        call(seeded, "GET", f"{CONTACTS}/{ident}?associations=companies")[1]["associations"]["companies"]["results"][0][
            "id"
        ]
        == "2001"
    )


# ---- properties, owners, account, lists, touchpoints


def test_the_standard_properties_are_there_with_types_and_options(sandbox: HubSpotSandbox) -> None:
    found = {p["name"]: p for p in call(sandbox, "GET", "/crm/v3/properties/contacts")[1]["results"]}
    assert len(found) > 60
    assert found["hubspotscore"]["modificationMetadata"]["readOnlyValue"] is True
    assert found["email"]["hasUniqueValue"] is False
    assert [o["value"] for o in found["lifecyclestage"]["options"]][:3] == [
        "subscriber",
        "lead",
        "marketingqualifiedlead",
    ]


def test_properties_can_be_made_changed_and_archived(sandbox: HubSpotSandbox) -> None:
    path = "/crm/v3/properties/contacts"
    body = {"name": "tier", "label": "Tier", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    assert call(sandbox, "POST", path, body)[0] == 201
    assert call(sandbox, "POST", path, body)[0] == 409
    assert call(sandbox, "POST", path, {**body, "name": "b", "fieldType": "date"})[0] == 400
    assert call(sandbox, "POST", path, {**body, "name": "b", "groupName": "none"})[0] == 400
    assert call(sandbox, "POST", path, {"name": "b"})[0] == 400
    assert call(sandbox, "PATCH", f"{path}/tier", {"label": "T"})[1]["label"] == "T"
    assert call(sandbox, "DELETE", f"{path}/tier")[0] == 204
    assert call(sandbox, "GET", f"{path}/tier")[0] == 404
    assert call(sandbox, "DELETE", f"{path}/email")[0] == 400
    for number in range(10):
        assert call(sandbox, "POST", path, {**body, "name": f"u{number}", "hasUniqueValue": True})[0] == 201
    assert call(sandbox, "POST", path, {**body, "name": "u10", "hasUniqueValue": True})[0] == 400


def test_owners_pipelines_schemas_and_the_account(seeded: HubSpotSandbox) -> None:
    assert (
        call(seeded, "GET", "/crm/v3/owners/?limit=500&archived=false")[1]["results"][0]["email"]
        == "rep@leadsync.example"
    )
    assert call(seeded, "GET", "/crm/v3/owners/71")[1]["userId"] == 71
    assert call(seeded, "GET", "/crm/v3/pipelines/deals")[1]["results"][0]["id"] == "default"
    assert (
        call(seeded, "GET", "/crm/v3/pipelines/deals/default/stages")[1]["results"][0]["id"] == "appointmentscheduled"
    )
    assert call(seeded, "GET", "/crm/v3/schemas") == (200, {"results": []})
    assert call(seeded, "GET", "/crm/v3/schemas/CONTACT")[1]["objectTypeId"] == "0-1"
    details = call(seeded, "GET", "/account-info/v3/details")[1]
    assert (details["portalId"], details["utcOffset"], details["utcOffsetMilliseconds"]) == (
        48000001,
        "+01:00",
        3600000,
    )
    usage = call(seeded, "GET", "/account-info/2026-03/api-usage/daily/private-apps")[1]["results"][0]
    assert (usage["currentUsage"], usage["resetsAt"]) == (8, "2026-11-22T23:00:00.000Z")


def test_lists_hold_members(seeded: HubSpotSandbox) -> None:
    body = {"name": "Hot", "objectTypeId": "0-1", "processingType": "MANUAL"}
    ident = call(seeded, "POST", "/crm/v3/lists/", body)[1]["list"]["listId"]
    found = call(seeded, "PUT", f"/crm/v3/lists/{ident}/memberships/add", ["1001", "1002", "9"])[1]
    assert (found["recordsIdsAdded"], found["recordIdsMissing"]) == (["1001", "1002"], ["9"])
    call(seeded, "PUT", f"/crm/v3/lists/{ident}/memberships/remove", ["1002"])
    assert [m["recordId"] for m in call(seeded, "GET", f"/crm/v3/lists/{ident}/memberships")[1]["results"]] == ["1001"]
    found = call(seeded, "POST", "/crm/v3/lists/search", {"query": "hot"})[1]["lists"][0]
    assert found["additionalProperties"]["hs_list_size"] == "1"
    assert call(seeded, "POST", "/crm/v3/lists/search", {"sort": "-HS_UPDATED_AT", "count": 250})[1]["total"] == 1
    assert call(seeded, "POST", "/crm/v3/lists/search", {"sort": "nonsense"})[0] == 400
    assert call(seeded, "GET", "/crm/v3/lists/object-type-id/0-1/name/Hot")[1]["list"]["listId"] == ident
    assert call(seeded, "GET", "/crm/v3/lists/records/0-1/1001/memberships")[1]["results"][0]["listId"] == ident
    assert (
        call(seeded, "PUT", f"/crm/v3/lists/{ident}/update-list-name?listName=Cold")[1]["updatedList"]["name"] == "Cold"
    )
    assert call(seeded, "DELETE", f"/crm/v3/lists/{ident}")[0] == 204
    assert call(seeded, "GET", f"/crm/v3/lists/{ident}")[0] == 404


def test_custom_objects_are_known_by_number_and_name(sandbox: HubSpotSandbox) -> None:
    sandbox.seed({"custom_objects": [{"objectTypeId": "2-3604285", "name": "machines"}]})
    sandbox.seed({"properties": {"2-3604285": [{"name": "serial", "type": "string", "fieldType": "text"}]}})
    made = call(sandbox, "POST", "/crm/v3/objects/2-3604285", {"properties": {"serial": "A1"}})[1]
    assert set(made["properties"]) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id", "serial"}
    assert call(sandbox, "GET", f"/crm/v3/objects/p48000001_machines/{made['id']}")[0] == 200
    assert call(sandbox, "GET", "/crm/v3/objects/nonsense")[0] == 400


def test_marketing_and_web_events(seeded: HubSpotSandbox) -> None:
    event = {"objectId": "77", "eventName": "Webinar", "participants": [{"contactId": "1001", "state": "ATTENDED"}]}
    seeded.seed(
        {"marketing_events": [event], "web_events": [{"objectId": "1001", "occurredAt": "2026-01-01T00:00:00Z"}]}
    )
    assert call(seeded, "GET", "/marketing/v3/marketing-events")[1]["results"][0]["eventName"] == "Webinar"
    path = "/marketing/marketing-events/2026-03/participations/77/breakdown"
    assert call(seeded, "GET", path)[1]["results"][0]["properties"]["attendanceState"] == "ATTENDED"
    counts = call(seeded, "GET", "/marketing/marketing-events/2026-03/participations/77")[1]
    assert counts == {"registered": 0, "attended": 1, "cancelled": 0, "noShows": 0}
    path = "/marketing/marketing-events/2026-03/participations/contacts/1001/breakdown"
    assert call(seeded, "GET", path)[1]["total"] == 1
    assert len(call(seeded, "GET", "/events/v3/events?objectType=contact&objectId=1001")[1]["results"]) == 1
    assert call(seeded, "GET", f"/form-integrations/v1/submissions/forms/{FORM}?limit=51")[0] == 400


# ---- versions, tokens, limits


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_date_versions_are_twins_of_v3_and_v4(seeded: HubSpotSandbox, version: str) -> None:
    twins = [
        ("GET", "/crm/v3/objects/contacts/1001", f"/crm/objects/{version}/contacts/1001"),
        ("GET", "/crm/v3/objects/0-1/1001/", f"/crm/objects/{version}/CONTACT/1001"),
        ("GET", "/crm/v3/properties/contacts", f"/crm/properties/{version}/contacts"),
        ("GET", "/crm/v3/owners", f"/crm/owners/{version}"),
        (
            "GET",
            "/crm/v4/associations/contacts/companies/labels",
            f"/crm/associations/{version}/contacts/companies/labels",
        ),
        (
            "GET",
            "/crm/v4/objects/contacts/1001/associations/companies",
            f"/crm/objects/{version}/contacts/1001/associations/companies",
        ),
        ("GET", "/account-info/v3/details", f"/account-info/{version}/details"),
        ("POST", "/crm/v3/objects/contacts/search", f"/crm/objects/{version}/contacts/search"),
    ]
    for method, old, new in twins:
        body = {} if method == "POST" else None
        assert call(seeded, method, old, body) == call(seeded, method, new, body)
        assert call(seeded, method, old, body)[0] == 200


def test_no_token_and_a_small_token(seeded: HubSpotSandbox) -> None:
    reply = seeded.handle(Request("GET", CONTACTS))
    assert (reply.status, json.loads(reply.body)["category"]) == (401, "INVALID_AUTHENTICATION")
    seeded.seed({"tokens": {"pat-r": {"scopes": ["crm.objects.contacts.read"]}}})
    assert call(seeded, "GET", CONTACTS, token="pat-r")[0] == 200
    status, found = call(seeded, "PATCH", f"{CONTACTS}/1001", {"properties": {}}, token="pat-r")
    assert (status, found["category"]) == (403, "MISSING_SCOPES")
    assert found["message"] == "This app hasn't been granted all required scopes to make this call."
    assert found["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.contacts.write"]}


def test_oauth_tokens_last_half_an_hour(seeded: HubSpotSandbox) -> None:
    def ask(secret: str) -> Any:
        form = f"grant_type=refresh_token&client_secret={secret}&refresh_token=sandbox-refresh-token"
        reply = seeded.handle(Request("POST", "/oauth/v1/token", body=form.encode()))
        return reply.status, json.loads(reply.body)

    assert ask("wrong")[1]["status"] == "BAD_REFRESH_TOKEN"
    status, found = ask("sandbox-client-secret")
    assert (status, found["expires_in"], found["token_type"]) == (200, 1800, "bearer")
    assert call(seeded, "GET", CONTACTS, token=found["access_token"])[0] == 200
    seeded.clock.advance(1800)
    assert call(seeded, "GET", CONTACTS, token=found["access_token"])[0] == 401


def test_limits_bind_where_a_tier_is_set(seeded: HubSpotSandbox) -> None:
    seeded.seed({"account": {"tier": "free"}})
    answers = [call(seeded, "GET", CONTACTS) for _ in range(101)]
    assert [status for status, _ in answers].count(200) == 100
    assert answers[-1][1]["message"] == "You have reached your ten_secondly_rolling limit."
    assert answers[-1][1]["policyName"] == "TEN_SECONDLY_ROLLING"
    searches = [call(seeded, "POST", f"{CONTACTS}/search", {}) for _ in range(6)]
    assert [s for s, _ in searches] == [200] * 5 + [429]
    assert set(searches[-1][1]) == {"status", "message", "correlationId", "category"}
    seeded.clock.advance(10)
    assert call(seeded, "GET", CONTACTS)[0] == 200


def test_the_day_ends_at_midnight_of_the_account(seeded: HubSpotSandbox) -> None:
    seeded.seed({"account": {"tier": "free"}})
    call(seeded, "GET", CONTACTS)
    seeded.limits.today = 250_000
    seeded.clock.advance(60)
    assert call(seeded, "GET", CONTACTS)[1]["policyName"] == "DAILY"
    seeded.clock.advance(14 * 3600)
    assert call(seeded, "GET", CONTACTS)[0] == 200


def test_rate_limit_headers_are_on_all_but_searches(seeded: HubSpotSandbox) -> None:
    headers = {"authorization": "Bearer pat-x"}
    listed = seeded.handle(Request("GET", CONTACTS, headers=headers)).headers
    found = seeded.handle(Request("POST", f"{CONTACTS}/search", headers=headers, body=b"{}")).headers
    assert "X-HubSpot-RateLimit-Remaining" in listed
    assert "X-HubSpot-RateLimit-Daily-Remaining" in found
    assert "X-HubSpot-RateLimit-Remaining" not in found


# ---- seeds


@pytest.mark.parametrize(
    "wrong",
    [
        {"objcts": {}},
        {"settings": {"nope": 1}},
        {"objects": {"contacts": [{"id": "1", "properties": {"nope": "x"}}]}},
        {"objects": {"contacts": [{"id": "1", "properties": {"email": "not an address"}}]}},
        {"associations": [["contacts", "1", "companies", "2"]]},
        {"submissions": [{"form": "none", "submittedAt": "2026-01-01T00:00:00Z"}]},
    ],
)
def test_a_seed_that_is_wrong_says_so(sandbox: HubSpotSandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        sandbox.seed(wrong)


def test_one_seed_gives_one_history() -> None:
    from leadsync.sandbox import SandboxClock

    def history() -> Any:
        clock = SandboxClock()
        clock.set(NOW, rate=0)
        sandbox = HubSpotSandbox(clock)
        sandbox.seed(SEED)
        answers = [call(sandbox, "POST", CONTACTS, {"properties": {"firstname": "A"}}) for _ in range(3)]
        return answers, call(sandbox, "GET", f"{CONTACTS}/none"), sandbox.dump()

    assert history() == history()


def test_counters_leave_out_the_ids(seeded: HubSpotSandbox) -> None:
    labels = {
        "/crm/v3/objects/contacts/1001": ("/crm/v3/objects/contacts/{id}", True),
        "/crm/v4/objects/contacts/1001/associations/companies/2001": (
            "/crm/v4/objects/contacts/{id}/associations/companies/{other}",
            True,
        ),
    }
    for path, expected in labels.items():
        assert seeded.endpoint(Request("DELETE", path)) == expected
    assert seeded.endpoint(Request("POST", f"{CONTACTS}/search")) == (f"{CONTACTS}/search", False)


def test_an_unknown_path_is_404_and_a_wrong_method_405(seeded: HubSpotSandbox) -> None:
    assert call(seeded, "GET", "/crm/v3/nothing/here")[0] == 404
    assert call(seeded, "PUT", CONTACTS)[0] == 405
    with pytest.raises(ValueError, match="no fault named"):
        seeded.fault_reply("no such fault")
