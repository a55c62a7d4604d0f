"""The sandbox's records, rules, permissions and logins, over plain HTTP."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
import requests
from tests.connectors.salesforce.conftest import ACCOUNT, CAMPAIGN, CONTACT, LEAD, NOW, User

from leadsync.sandbox import SandboxClock, Serving
from leadsync_salesforce import SalesforceSandbox
from leadsync_salesforce.sandbox.ids import checked, generated
from leadsync_salesforce.sandbox.named_faults import NAMED
from leadsync_salesforce.sandbox.seeding import INTEGRATION_USER, PERSON_USER


def error(reply: requests.Response) -> tuple[int, str, Any]:
    (found,) = reply.json()
    return reply.status_code, found["errorCode"], found.get("fields", "absent")


def test_ids_carry_the_real_check_suffix() -> None:
    assert checked("0014S000007dTS6") == "0014S000007dTS6QAM"  # recorded from a real org
    assert checked("0014S000007dTHQQA2") == "0014S000007dTHQQA2"
    assert checked("0034S000005YJVl") == "0034S000005YJVlQAO"
    assert checked("short") is None
    assert generated("00Q", 61) < generated("00Q", 62) < generated("00Q", 4000)


def test_a_record_is_made_read_changed_and_deleted(api: User) -> None:
    made = api("POST", "/sobjects/Lead/", json={"LastName": "  New ", "Company": "C", "Phone": "(555)123 4567"})
    assert made.status_code == 201
    assert made.json()["success"] is True
    ident = made.json()["id"]
    assert made.headers["Location"].endswith(ident)
    found = api("GET", f"/sobjects/lead/{ident[:15]}").json()
    assert found["attributes"] == {"type": "Lead", "url": f"/services/data/v62.0/sobjects/Lead/{ident}"}
    assert (found["LastName"], found["Name"], found["Phone"]) == ("New", "New", "(555) 123-4567")
    assert (found["Status"], found["OwnerId"], found["IsConverted"]) == (
        "Open - Not Contacted",
        INTEGRATION_USER,
        False,
    )
    assert found["CreatedDate"] == found["SystemModstamp"] == "2026-11-22T09:00:00.000+0000"
    assert api("PATCH", f"/sobjects/Lead/{ident}", json={"FirstName": "Nora"}).status_code == 204
    assert api("GET", f"/sobjects/Lead/{ident}", params={"fields": "Name"}).json()["Name"] == "Nora New"
    assert api("DELETE", f"/sobjects/Lead/{ident}/").status_code == 204
    assert error(api("GET", f"/sobjects/Lead/{ident}")) == (404, "NOT_FOUND", "absent")
    assert error(api("PATCH", f"/sobjects/Lead/{ident}", json={})) == (404, "ENTITY_IS_DELETED", [])


def test_a_missing_record_answers_as_recorded(api: User) -> None:
    reply = api("GET", f"/sobjects/Account/{generated('001', 777)}")
    assert (reply.status_code, reply.json()) == (
        404,
        [{"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}],
    )


@pytest.mark.parametrize("path", ["/sobjects/Lead/", "/SOBJECTS/lead", "/sObjects/LEAD/"])
def test_paths_come_in_any_case(path: str, api: User) -> None:
    assert api("POST", path, json={"LastName": "L", "Company": "C"}).status_code == 201


@pytest.mark.parametrize(
    ("version", "status"), [("30.0", 410), ("49.0", 410), ("50.0", 200), ("68.0", 200), ("69.0", 404)]
)
def test_versions_50_to_68_are_served(version: str, status: int, api: User) -> None:
    api.version = version
    assert api("GET", "/limits").status_code == status


def test_versions_need_no_session(served: Serving) -> None:
    found = requests.get(f"{served.url}/services/data", timeout=5).json()
    assert found[0] == {"label": "Winter '21", "url": "/services/data/v50.0", "version": "50.0"}
    assert found[-1]["version"] == "68.0"
    assert [v["label"] for v in found[1:4]] == ["Spring '21", "Summer '21", "Winter '22"]


def test_without_a_session_nothing_is_told(served: Serving) -> None:
    reply = requests.get(f"{served.url}/services/data/v62.0/limits", timeout=5)
    assert (reply.status_code, reply.json()) == (
        401,
        [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}],
    )


REFUSED = [
    ({"Company": "C"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
    ({"LastName": " ", "Company": "C"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
    ({"LastName": "L", "Company": "C", "Email": "badone"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
    ({"LastName": "L", "Company": "C", "Email": "a..b@c.example"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
    ({"LastName": "x" * 81, "Company": "C"}, "STRING_TOO_LONG", ["LastName"]),
    ({"LastName": "L", "Company": "C", "Tier__c": "Z"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Tier__c"]),
    ({"LastName": "L", "Company": "C", "Rank__c": 99999}, "NUMBER_OUTSIDE_VALID_RANGE", ["Rank__c"]),
    ({"LastName": "L", "Company": "C", "Rank__c": "many"}, "JSON_PARSER_ERROR", ["Rank__c"]),
    ({"LastName": "L", "Company": "C", "NumberOfEmployees": 1.5}, "JSON_PARSER_ERROR", ["NumberOfEmployees"]),
    ({"LastName": "L", "Company": "C", "Day__c": "tomorrow"}, "JSON_PARSER_ERROR", ["Day__c"]),
    ({"LastName": "L", "Company": "C", "Moment__c": "12345"}, "JSON_PARSER_ERROR", ["Moment__c"]),
    ({"LastName": "L", "Company": "C", "Member__c": "perhaps"}, "JSON_PARSER_ERROR", ["Member__c"]),
    ({"LastName": "L", "Company": "C", "OwnerId": "nobody"}, "MALFORMED_ID", ["OwnerId"]),
    ({"LastName": "L", "Company": "C", "OwnerId": generated("005", 5)}, "INVALID_CROSS_REFERENCE_KEY", []),
    ({"LastName": "L", "Company": "C", "Name": "N"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
    ({"LastName": "L", "Company": "C", "IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["IsConverted"]),
    ({"LastName": "L", "Company": "C", "Shoe__c": 43}, "INVALID_FIELD", "absent"),
]


@pytest.mark.parametrize(("body", "code", "fields"), REFUSED, ids=[f"{c} {f}" for _, c, f in REFUSED])
def test_bad_values_are_refused_with_salesforces_codes(body: dict[str, Any], code: str, fields: Any, api: User) -> None:
    assert error(api("POST", "/sobjects/Lead", json=body)) == (400, code, fields)


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("Title", "  a  b ", "a  b"),
        ("Title", "   ", None),
        ("Email", " Ann@Example.COM ", "ann@example.com"),
        ("Phone", "555.123.4567", "(555) 123-4567"),
        ("Phone", "+49 30 1234567", "+49 30 1234567"),
        ("Phone", "030 12345678", "030 12345678"),
        ("Phone", "555 123 4567 ext 9", "555 123 4567 ext 9"),
        ("Rank__c", 2.25, 2.3),
        ("Rank__c", -2.25, -2.3),
        ("Tier__c", "a", "A"),
        ("Day__c", "2026-02-03T23:00:00Z", "2026-02-03"),
        ("Moment__c", "2026-02-03T04:05:06.789+01:00", "2026-02-03T03:05:06.000+0000"),
        ("AnnualRevenue", 12.6, 13.0),
        ("Member__c", None, False),
    ],
)
def test_values_are_normalised_on_the_way_in(field: str, given: Any, kept: Any, api: User) -> None:
    assert api("PATCH", f"/sobjects/Lead/{LEAD}", json={field: given}).status_code == 204
    assert api("GET", f"/sobjects/Lead/{LEAD}").json()[field] == kept


def test_the_switches_turn_normalising_off(sandbox: SalesforceSandbox, api: User) -> None:
    sandbox.seed({"settings": {"format_us_phones": False, "lower_case_emails": False}})
    api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Phone": "5551234567", "Email": "Ann@X.example"})
    found = api("GET", f"/sobjects/Lead/{LEAD}").json()
    assert (found["Phone"], found["Email"]) == ("5551234567", "Ann@X.example")


def test_every_change_moves_the_modified_times_and_names_its_author(
    sandbox: SalesforceSandbox, api: User, person: User
) -> None:
    sandbox.clock.advance(60)
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO"})
    one = api("GET", f"/sobjects/Lead/{LEAD}").json()
    assert (one["LastModifiedById"], one["SystemModstamp"]) == (PERSON_USER, "2026-11-22T09:01:00.000+0000")
    assert one["CreatedDate"] == "2026-01-02T10:00:00.000+0000"
    sandbox.clock.advance(60)
    api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO"})
    two = api("GET", f"/sobjects/Lead/{LEAD}").json()
    assert (two["LastModifiedById"], two["SystemModstamp"]) == (INTEGRATION_USER, "2026-11-22T09:02:00.000+0000")
    assert [(c.user, c.field, c.old, c.new) for c in sandbox.org.history[LEAD]] == [(PERSON_USER, "Title", None, "CTO")]


def test_upsert_by_external_id_makes_matches_and_refuses_many(sandbox: SalesforceSandbox, api: User) -> None:
    body = {"LastName": "L", "Company": "C"}
    made = api("PATCH", "/sobjects/Lead/Key__c/k%2F1", json=body)
    assert (made.status_code, made.json()["created"]) == (201, True)
    again = api("PATCH", "/sobjects/Lead/key__c/K%2F1", json={"Title": "T"})
    assert (again.status_code, again.json()["created"], again.json()["id"]) == (200, False, made.json()["id"])
    assert api("GET", "/sobjects/Lead/Key__c/k%2F1").json()["Title"] == "T"
    assert api("PATCH", "/sobjects/Lead/Key__c/new?updateOnly=true", json=body).status_code == 404
    sandbox.seed({"objects": {"Lead": [{"Id": generated("00Q", 88), **body, "Key__c": "k/1"}]}})
    many = api("PATCH", "/sobjects/Lead/Key__c/k%2F1", json={"Title": "T"})
    assert (many.status_code, len(many.json())) == (300, 2)
    assert api("DELETE", "/sobjects/Lead/Key__c/k%2F1").status_code == 404
    assert error(api("PATCH", "/sobjects/Lead/Title/x", json=body))[:2] == (404, "NOT_FOUND")


def test_a_unique_field_holds_a_value_once(api: User) -> None:
    body = {"LastName": "L", "Company": "C", "LeadSync_Id__c": "u"}
    first = api("POST", "/sobjects/Lead", json=body).json()["id"]
    reply = api("POST", "/sobjects/Lead", json={**body, "LeadSync_Id__c": "U"})
    assert error(reply) == (400, "DUPLICATE_VALUE", ["LeadSync_Id__c"])
    assert first in reply.json()[0]["message"]


def test_conditions_in_headers_are_kept(sandbox: SalesforceSandbox, api: User) -> None:
    first = api("GET", f"/sobjects/Lead/{LEAD}")
    same = {"If-None-Match": first.headers["ETag"]}
    assert api("GET", f"/sobjects/Lead/{LEAD}", headers=same).status_code == 304
    unmodified = {"If-Unmodified-Since": first.headers["Last-Modified"]}
    sandbox.clock.advance(10)
    assert api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "A"}, headers=unmodified).status_code == 204
    assert api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "B"}, headers=unmodified).status_code == 412
    match = {"If-Match": first.headers["ETag"]}
    assert api("DELETE", f"/sobjects/Lead/{LEAD}", headers=match).status_code == 412
    modified = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert api("GET", f"/sobjects/Lead/{LEAD}", headers=modified).status_code == 200


def test_collections_answer_each_record_in_order(api: User) -> None:
    lead = {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}
    bad = {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C", "Email": "badone"}
    account = {"attributes": {"type": "Account"}, "Name": "N"}
    reply = api("POST", "/composite/sobjects", json={"allOrNone": False, "records": [lead, bad, account]})
    one, two, three = reply.json()
    assert (reply.status_code, one["success"], three["success"]) == (200, True, True)
    assert two == {
        "success": False,
        "errors": [
            {
                "statusCode": "INVALID_EMAIL_ADDRESS",
                "message": "Email: invalid email address: badone",
                "fields": ["Email"],
            }
        ],
    }
    ids = [one["id"], three["id"]]
    assert [r["success"] for r in api("DELETE", "/composite/sobjects", params={"ids": ",".join(ids)}).json()] == [
        True,
        True,
    ]


def test_all_or_none_undoes_all(sandbox: SalesforceSandbox, api: User) -> None:
    good = {"attributes": {"type": "Lead"}, "id": LEAD, "Title": "T"}
    bad = {"attributes": {"type": "Contact"}, "id": CONTACT, "Email": "badone"}
    one, two = api("PATCH", "/composite/sobjects", json={"allOrNone": True, "records": [good, bad]}).json()
    assert one["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert two["errors"][0]["statusCode"] == "INVALID_EMAIL_ADDRESS"
    assert api("GET", f"/sobjects/Lead/{LEAD}").json()["Title"] is None


def test_collections_have_limits(api: User) -> None:
    lead = {"attributes": {"type": "Lead"}, "LastName": "L", "Company": "C"}
    assert error(api("POST", "/composite/sobjects", json={"records": [lead] * 201}))[1] == "EXCEEDED_ID_LIMIT"
    mixed = [{"attributes": {"type": "Lead" if n % 2 else "Account"}} for n in range(11)]
    assert error(api("POST", "/composite/sobjects", json={"records": mixed}))[1] == "LIMIT_EXCEEDED"
    twice = [{"attributes": {"type": "Lead"}, "id": LEAD, "Title": "T"}] * 2
    results = api("PATCH", "/composite/sobjects", json={"records": twice}).json()
    assert [r["success"] for r in results] == [True, False]


def test_a_collection_is_read_with_null_for_what_is_not_there(api: User) -> None:
    ids = [LEAD, generated("00Q", 999)]
    body = api("POST", "/composite/sobjects/Lead", json={"ids": ids, "fields": ["LastName"]}).json()
    assert (body[0]["LastName"], body[0]["Id"], body[1]) == ("Example", LEAD, None)
    same = api("GET", "/composite/sobjects/Lead", params={"ids": ",".join(ids), "fields": "LastName"})
    assert same.json() == body
    assert error(api("POST", "/composite/sobjects/Lead", json={"ids": ids, "fields": ["X"]}))[1] == "INVALID_FIELD"


def test_composite_requests_refer_to_each_other(api: User) -> None:
    base = "/services/data/v62.0"
    parts = [
        {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "a", "body": {"Name": "N"}},
        {
            "method": "POST",
            "url": f"{base}/sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "L", "AccountId": "@{a.id}"},
        },
        {
            "method": "GET",
            "url": f"{base}/query?q=SELECT+Name,Account.Name+FROM+Contact+WHERE+Id='@{{c.id}}'",
            "referenceId": "q",
        },
        {"method": "GET", "url": f"{base}/sobjects/Account/@{{nope.id}}", "referenceId": "n"},
    ]
    found = api("POST", "/composite", json={"compositeRequest": parts}).json()["compositeResponse"]
    assert [(r["referenceId"], r["httpStatusCode"]) for r in found] == [("a", 201), ("c", 201), ("q", 200), ("n", 400)]
    assert found[2]["body"]["records"][0]["Account"]["Name"] == "N"
    assert found[0]["httpHeaders"]["Location"].endswith(found[0]["body"]["id"])


def test_a_composite_that_is_all_or_none_leaves_nothing_behind(sandbox: SalesforceSandbox, api: User) -> None:
    base = "/services/data/v62.0"
    good = {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "a", "body": {"Name": "N"}}
    bad = {"method": "POST", "url": f"{base}/sobjects/Account", "referenceId": "b", "body": {}}
    late = {"method": "DELETE", "url": f"{base}/sobjects/Lead/{LEAD}", "referenceId": "d"}
    body = {"allOrNone": True, "compositeRequest": [good, bad, late]}
    found = api("POST", "/composite", json=body).json()["compositeResponse"]
    codes = [r["body"][0]["errorCode"] for r in found]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert list(sandbox.org.tables["Account"].rows) == [ACCOUNT]
    graphs = [{"graphId": "1", "compositeRequest": [good]}, {"graphId": "2", "compositeRequest": [bad]}]
    answers = api("POST", "/composite/graph", json={"graphs": graphs}).json()["graphs"]
    assert [(g["graphId"], g["isSuccessful"]) for g in answers] == [("1", True), ("2", False)]
    assert len(sandbox.org.tables["Account"].rows) == 2


def test_batch_requests_are_independent(api: User) -> None:
    parts = [
        {"method": "GET", "url": "v62.0/limits"},
        {"method": "PATCH", "url": f"v62.0/sobjects/Lead/{LEAD}", "richInput": {"Email": "x"}},
    ]
    body = api("POST", "/composite/batch", json={"batchRequests": parts}).json()
    assert (body["hasErrors"], [r["statusCode"] for r in body["results"]]) == (True, [200, 400])


def test_describe_tells_real_metadata(api: User) -> None:
    body = api("GET", "/sobjects/Lead/describe").json()
    fields = {f["name"]: f for f in body["fields"]}
    assert (body["keyPrefix"], body["labelPlural"], body["mergeable"]) == ("00Q", "Leads", True)
    company, email, revenue = fields["Company"], fields["Email"], fields["AnnualRevenue"]
    assert (company["length"], company["nillable"], company["soapType"]) == (255, False, "xsd:string")
    assert (email["type"], email["idLookup"], email["byteLength"]) == ("email", True, 240)
    assert (revenue["type"], revenue["precision"], revenue["scale"]) == ("currency", 18, 0)
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
    assert fields["Status"]["picklistValues"][0]["defaultValue"] is True
    assert fields["Description"]["filterable"] is False
    assert {"childSObject": "CampaignMember", "field": "LeadId", "relationshipName": "CampaignMembers"}.items() <= next(
        c for c in body["childRelationships"] if c["childSObject"] == "CampaignMember"
    ).items()
    assert "Lead" in {o["name"] for o in api("GET", "/sobjects").json()["sobjects"]}


def test_a_hidden_field_vanishes_everywhere(sandbox: SalesforceSandbox, api: User) -> None:
    sandbox.seed({"settings": {"field_access": {"Lead.Rank__c": "hidden", "Lead.Title": "read"}}})
    fields = {f["name"]: f for f in api("GET", "/sobjects/Lead/describe").json()["fields"]}
    assert "Rank__c" not in fields
    assert fields["Title"]["updateable"] is False
    assert "Rank__c" not in api("GET", f"/sobjects/Lead/{LEAD}").json()
    assert api.refused("SELECT Rank__c FROM Lead")["errorCode"] == "INVALID_FIELD"
    assert api.refused("SELECT Id FROM Lead WHERE Rank__c = 1")["errorCode"] == "INVALID_FIELD"
    assert error(api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Rank__c": 1}))[1] == "INVALID_FIELD"
    assert error(api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "T"}))[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


@pytest.mark.parametrize(
    ("name", "metadata", "code"),
    [
        ("Lead.Rank__c", {"type": "Text", "label": "R", "length": 5}, "DUPLICATE_DEVELOPER_NAME"),
        ("Lead.Bad Name__c", {"type": "Text", "label": "R", "length": 5}, "INVALID_FULL_NAME"),
        ("Nothing.X__c", {"type": "Text", "label": "R", "length": 5}, "INVALID_FULL_NAME"),
        ("Lead.X__c", {"type": "Text", "label": "R", "length": 300}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Lead.X__c", {"type": "Text", "length": 5}, "REQUIRED_FIELD_MISSING"),
        ("Lead.X__c", {"type": "Colour", "label": "R"}, "INVALID_FIELD_TYPE"),
    ],
)
def test_the_tooling_api_refuses_bad_fields(name: str, metadata: dict[str, Any], code: str, api: User) -> None:
    body = {"FullName": name, "Metadata": metadata}
    assert error(api("POST", "/tooling/sobjects/CustomField", json=body))[:2] == (400, code)


def test_a_custom_field_can_be_removed(api: User) -> None:
    body = {"FullName": "Lead.Gone__c", "Metadata": {"type": "Text", "label": "G", "length": 5}}
    ident = api("POST", "/tooling/sobjects/CustomField", json=body).json()["id"]
    assert api("GET", f"/tooling/sobjects/CustomField/{ident}").json()["FullName"] == "Lead.Gone__c"
    assert api("DELETE", f"/tooling/sobjects/CustomField/{ident}").status_code == 204
    assert api("GET", f"/tooling/sobjects/CustomField/{ident}").status_code == 404


def test_a_duplicate_rule_can_be_overridden_where_it_allows(sandbox: SalesforceSandbox, api: User) -> None:
    rule = {"object": "Lead", "name": "Same e-mail", "fields": ["Email"], "action": "allow"}
    sandbox.seed({"duplicate_rules": [rule]})
    body = {"LastName": "L", "Company": "C", "Email": "ANN@siemens.example"}
    refused = api("POST", "/sobjects/Lead", json=body)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    match = refused.json()[0]["duplicateResult"]["matchResults"][0]["matchRecords"][0]
    assert match["record"]["Id"] == LEAD
    header = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert api("POST", "/sobjects/Lead", json=body, headers=header).status_code == 201


def test_updated_and_deleted_tell_what_happened_between(sandbox: SalesforceSandbox, api: User) -> None:
    api("PATCH", f"/sobjects/Contact/{CONTACT}", json={"Title": "T"})
    api("DELETE", f"/sobjects/Lead/{LEAD}")
    sandbox.clock.advance(60)
    window = {"start": "2026-11-22T08:00:00+00:00", "end": "2026-11-22T10:00:00+00:00"}
    updated = api("GET", "/sobjects/Contact/updated/", params=window).json()
    assert updated == {"ids": [CONTACT], "latestDateCovered": "2026-11-22T09:01:00.000+0000"}
    deleted = api("GET", "/sobjects/Lead/deleted/", params=window).json()
    assert deleted["deletedRecords"] == [{"id": LEAD, "deletedDate": "2026-11-22T09:00:00.000+0000"}]
    old = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}
    assert error(api("GET", "/sobjects/Lead/deleted", params=old))[1] == "INVALID_REPLICATION_DATE"


def test_converting_a_lead_fills_what_is_empty_and_moves_its_memberships(
    served: Serving, sandbox: SalesforceSandbox, person: User
) -> None:
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Phone": "+49 1", "City": "Ghent", "Website": "x.example"})
    body = {"lead": LEAD, "account": ACCOUNT, "contact": CONTACT}
    made = person.session.post(f"{served.url}/__sandbox__/convert", json=body, timeout=5).json()
    assert made == {"leadId": LEAD, "accountId": ACCOUNT, "contactId": CONTACT}
    contact = person("GET", f"/sobjects/Contact/{CONTACT}").json()
    assert (contact["Email"], contact["Phone"], contact["MailingCity"]) == ("bob@siemens.example", "+49 1", "Ghent")
    assert person("GET", f"/sobjects/Account/{ACCOUNT}").json()["Website"] == "https://www.siemens.com"
    lead = person("GET", f"/sobjects/Lead/{LEAD}").json()
    assert (lead["IsConverted"], lead["ConvertedContactId"], lead["Status"]) == (True, CONTACT, "Closed - Converted")
    assert error(person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "T"})) == (
        400,
        "CANNOT_UPDATE_CONVERTED_LEAD",
        [],
    )
    members = person.query(f"SELECT LeadId, ContactId FROM CampaignMember WHERE LeadId = '{LEAD}'")
    assert [m["ContactId"] for m in members] == [CONTACT]
    again = person.session.post(f"{served.url}/__sandbox__/convert", json=body, timeout=5)
    assert again.status_code == 400


def test_a_conversion_that_is_refused_leaves_nothing_behind(served: Serving, person: User) -> None:
    body = {"lead": LEAD, "contact": "0035g00000zzzzzAAA"}
    before = [row["Id"] for row in person.query("SELECT Id FROM Account")]
    assert person.session.post(f"{served.url}/__sandbox__/convert", json=body, timeout=5).status_code >= 400
    assert [row["Id"] for row in person.query("SELECT Id FROM Account")] == before
    assert person("GET", f"/sobjects/Lead/{LEAD}").json()["IsConverted"] is False


def test_merging_moves_children_and_marks_the_loser(served: Serving, sandbox: SalesforceSandbox, person: User) -> None:
    other = generated("001", 2)
    sandbox.seed({"objects": {"Account": [{"Id": other, "Name": "Siemens", "Phone": "+49 2"}]}})
    body = {"object": "Account", "master": other, "losers": [ACCOUNT]}
    person.session.post(f"{served.url}/__sandbox__/merge", json=body, timeout=5).raise_for_status()
    assert person("GET", f"/sobjects/Contact/{CONTACT}").json()["AccountId"] == other
    found = person("GET", f"/sobjects/Account/{other}").json()
    assert (found["Name"], found["Phone"], found["Website"]) == ("Siemens", "+49 2", "https://www.siemens.com")
    soql = {"q": f"SELECT MasterRecordId, IsDeleted FROM Account WHERE Id = '{ACCOUNT}'"}
    (loser,) = person("GET", "/queryAll", params=soql).json()["records"]
    assert (loser["MasterRecordId"], loser["IsDeleted"]) == (other, True)


def test_deleting_a_lead_takes_its_memberships_along(api: User) -> None:
    api("DELETE", f"/sobjects/Lead/{LEAD}")
    assert [m["ContactId"] for m in api.query("SELECT ContactId FROM CampaignMember")] == [CONTACT]


def test_a_member_that_responds_gets_its_date_and_flag(api: User) -> None:
    body = {"CampaignId": CAMPAIGN, "ContactId": CONTACT, "Status": "Attended"}
    ident = api("POST", "/sobjects/CampaignMember", json=body).json()["id"]
    found = api("GET", f"/sobjects/CampaignMember/{ident}").json()
    assert (found["HasResponded"], found["FirstRespondedDate"], found["Type"]) == (
        True,
        NOW.date().isoformat(),
        "Contact",
    )
    assert (found["Name"], found["LeadOrContactId"]) == ("Bob Sample", CONTACT)


def test_limits_count_down_and_end(sandbox: SalesforceSandbox, api: User) -> None:
    sandbox.seed({"settings": {"api_limit": 2, "limit_info": "bursts"}})
    reply = api("GET", "/limits")
    assert reply.json()["DailyApiRequests"] == {"Max": 2, "Remaining": 1}
    assert reply.headers["Sforce-Limit-Info"] == "api-usage=1/2; api-bursts=1/750"
    api("GET", "/limits")
    assert error(api("GET", "/limits"))[:2] == (403, "REQUEST_LIMIT_EXCEEDED")


def token(served: Serving, form: dict[str, str], **how: Any) -> requests.Response:
    return requests.post(f"{served.url}/services/oauth2/token", data=form, timeout=5, **how)


APP = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def test_logins_of_every_kind(served: Serving) -> None:
    basic = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    headers = {"Authorization": f"Basic {basic}"}
    body = token(served, {"grant_type": "client_credentials"}, headers=headers).json()
    assert set(body) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert body["instance_url"] == served.url
    person = {"grant_type": "password", "username": "person@sandbox.example", "password": "sandbox-password", **APP}
    refresh = token(served, person).json()["refresh_token"]
    again = token(served, {"grant_type": "refresh_token", "refresh_token": refresh, **APP}).json()
    info = requests.get(
        f"{served.url}/services/oauth2/userinfo",
        headers={"Authorization": f"Bearer {again['access_token']}"},
        timeout=5,
    ).json()
    assert (info["user_id"], info["preferred_username"]) == (PERSON_USER, "person@sandbox.example")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"grant_type": "client_credentials", **APP, "client_secret": "x"}, "invalid_client"),
        ({"grant_type": "client_credentials", **APP, "client_id": "x"}, "invalid_client_id"),
        ({"grant_type": "password", "username": "nobody", "password": "x", **APP}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x", **APP}, "invalid_grant"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x.y.z"}, "invalid_grant"),
        ({"grant_type": "magic", **APP}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_logins_that_fail_say_why(form: dict[str, str], code: str, served: Serving) -> None:
    reply = token(served, form)
    assert (reply.status_code, reply.json()["error"]) == (400, code)
    assert reply.json()["error_description"]


def test_sessions_end(sandbox: SalesforceSandbox, api: User) -> None:
    sandbox.clock.advance(2 * 3600 + 1)
    assert api("GET", "/limits").status_code == 401


@pytest.mark.parametrize("name", sorted(NAMED))
def test_every_named_fault_can_be_asked_for(name: str, served: Serving, sandbox: SalesforceSandbox, api: User) -> None:
    fault = {"match": {"path": "/limits"}, "action": {"kind": "named", "name": name}}
    requests.post(f"{served.url}/__sandbox__/faults", json=fault, timeout=5).raise_for_status()
    reply = api("GET", "/limits", allow_redirects=False)
    assert (reply.status_code, reply.content) == (NAMED[name].status, NAMED[name].body)
    assert api("GET", "/limits").status_code == 200


def test_an_unknown_fault_lists_the_known(sandbox: SalesforceSandbox) -> None:
    with pytest.raises(ValueError, match="UNABLE_TO_LOCK_ROW"):
        sandbox.fault_reply("NOPE")


@pytest.mark.parametrize(
    ("seed", "text"),
    [
        ({"object": {}}, "unknown keys"),
        ({"objects": {"Lead": [{"Id": LEAD, "Nope": 1}]}}, "no field 'Nope'"),
        ({"objects": {"Lead": [{"Id": "001000000000001"}]}}, "begin with 00Q"),
        ({"settings": {"speed": 9}}, "unknown settings"),
        ({"settings": {"limit_info": "loud"}}, "'loud' is none of plain"),
        ({"settings": {"field_access": {"Lead.Title": "maybe"}}}, "'maybe' is none of hidden"),
    ],
)
def test_a_seed_that_is_wrong_says_where(seed: dict[str, Any], text: str, sandbox: SalesforceSandbox) -> None:
    with pytest.raises(ValueError, match=text):
        sandbox.seed(seed)


def test_a_dump_seeds_an_equal_org(sandbox: SalesforceSandbox) -> None:
    other = SalesforceSandbox(sandbox.clock)
    fields = {"custom_fields": [{"object": "Lead", "name": n, "type": "Text"} for n in ("Member__c",)]}
    other.seed({**fields, "objects": dict(sandbox.dump()["objects"])})
    assert other.dump() == sandbox.dump()


def test_reset_keeps_the_apps_and_forgets_the_rest(sandbox: SalesforceSandbox) -> None:
    sandbox.reset()
    assert "Lead" not in sandbox.dump()["objects"]
    assert sandbox.credentials() == {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def test_counters_know_reads_from_writes_without_ids(sandbox: SalesforceSandbox, api: User) -> None:
    sandbox.counters.reads.clear()
    api("GET", f"/sobjects/Lead/{LEAD}/")
    api("PATCH", f"/sobjects/LEAD/{LEAD}", json={"Title": "T"})
    api("POST", "/composite/sobjects/Lead", json={"ids": [LEAD], "fields": ["Id"]})
    assert dict(sandbox.counters.reads) == {
        "GET /services/data/vXX.X/sobjects/{object}/{id}": 1,
        "POST /services/data/vXX.X/composite/sobjects/{object}": 1,
    }
    assert dict(sandbox.counters.writes) == {"PATCH /services/data/vXX.X/sobjects/{object}/{id}": 1}


def test_one_history_gives_one_set_of_ids(log_in: Callable[[str, str], User]) -> None:
    def history() -> Any:
        box = SalesforceSandbox(SandboxClock(lambda: NOW))
        with Serving(box) as serving:
            app = {"grant_type": "client_credentials", **APP}
            with requests.Session() as session:
                session.headers["Authorization"] = f"Bearer {token(serving, app).json()['access_token']}"
                user = User(serving.url, session)
                for n in range(3):
                    user("POST", "/sobjects/Lead", json={"LastName": f"L{n}", "Company": "C"})
        return box.dump()

    assert history() == history()


def test_an_id_behind_the_address_leads_to_the_records_page(served: Serving, sandbox: SalesforceSandbox) -> None:
    page = requests.get(f"{served.url}/{LEAD}", timeout=5)
    assert (page.status_code, page.url) == (200, f"{served.url}/ui/Lead/{LEAD}")
    assert "Ann Example" in page.text
    assert requests.get(f"{served.url}/{generated('00Q', 4321)}", timeout=5).status_code == 404
