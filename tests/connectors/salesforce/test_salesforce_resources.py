"""What else REST has: who we are, searches, trees, relationships, limits, and methods asked for by other means."""

from __future__ import annotations

import pytest
from tests.connectors.salesforce.conftest import ACCOUNT, CONTACT, LEAD, User

from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceSandbox
from leadsync_salesforce.sandbox.org import ORG_ID
from leadsync_salesforce.sandbox.seeding import INTEGRATION_USER

CLAIMS = (
    "sub user_id organization_id preferred_username nickname name email email_verified given_name family_name zoneinfo "
    "photos profile picture address urls active user_type language locale utcOffset updated_at is_app_installed"
).split()
IDENTITY = (
    "id asserted_user user_id organization_id username nick_name display_name email email_verified first_name "
    "last_name timezone photos addr_street addr_city addr_state addr_country addr_zip mobile_phone "
    "mobile_phone_verified is_lightning_login_user status urls active user_type language locale utcOffset "
    "last_modified_date is_app_installed"
).split()


def test_userinfo_and_the_identity_url_tell_all_they_promise(served: Serving, api: User) -> None:
    info = api.session.get(f"{served.url}/services/oauth2/userinfo", timeout=5).json()
    assert set(info) == set(CLAIMS)
    assert info["urls"]["rest"] == f"{served.url}/services/data/v{{version}}/"
    address = api("GET", "/").json()["identity"]
    assert address == f"{served.url}/id/{ORG_ID}/{INTEGRATION_USER}"
    told = api.session.get(address, timeout=5).json()
    assert set(told) == set(IDENTITY)
    assert (told["id"], told["username"]) == (address, "integration@sandbox.example")


def test_every_resource_that_is_listed_answers(served: Serving, api: User) -> None:
    listed = {k: v for k, v in api("GET", "").json().items() if k not in ("identity", "jobs", "tooling")}
    asked = {"query": "?q=SELECT Id FROM Lead", "queryAll": "?q=SELECT Id FROM Lead", "search": "?q=FIND {siemens}"}
    asked["parameterizedSearch"] = "?q=siemens"
    codes = {k: api.session.get(f"{served.url}{v}{asked.get(k, '')}", timeout=5).status_code for k, v in listed.items()}
    assert codes == dict.fromkeys(listed, 200)


def test_limits_have_their_documented_names_and_count_jobs(api: User) -> None:
    before = api("GET", "/limits").json()
    assert len(before) > 30
    assert all(set(one) == {"Max", "Remaining"} for one in before.values())
    api("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Lead"})
    after = api("GET", "/limits").json()
    assert after["DailyBulkV2QueryJobs"]["Remaining"] == before["DailyBulkV2QueryJobs"]["Remaining"] - 1
    counts = api("GET", "/limits/recordCount", params={"sObjects": "Lead,Contact"}).json()["sObjects"]
    assert sorted(counts, key=lambda one: one["name"]) == [
        {"count": 1, "name": "Contact"},
        {"count": 1, "name": "Lead"},
    ]


SEARCHES = [
    ("FIND {siemens}", {ACCOUNT, LEAD, CONTACT}),
    ("FIND {siemens} IN NAME FIELDS RETURNING Account", {ACCOUNT}),
    ("FIND {ann} IN EMAIL FIELDS RETURNING Lead(Id, Email), Contact(Id)", {LEAD}),
    ("FIND {sie* AG} RETURNING Account(Id, Name WHERE Name LIKE 'Siem%' ORDER BY Name LIMIT 5)", {ACCOUNT}),
    ("FIND {siemens} RETURNING Lead(Id WHERE (Title = 'x' OR Title = 'y'))", set()),
    ("FIND {nobody} RETURNING Lead", set()),
]


@pytest.mark.parametrize(("sosl", "found"), SEARCHES, ids=[sosl for sosl, _ in SEARCHES])
def test_sosl_finds_words(sosl: str, found: set[str], api: User) -> None:
    records = api("GET", "/search", params={"q": sosl}).json()["searchRecords"]
    assert {record["Id"] for record in records} == found


def test_a_search_may_be_made_of_parameters(api: User) -> None:
    params = {"q": "siemens", "sobject": "Lead", "Lead.fields": "Id,Company", "in": "ALL"}
    (lead,) = api("GET", "/parameterizedSearch", params=params).json()["searchRecords"]
    assert (lead["attributes"]["type"], lead["Company"]) == ("Lead", "Siemens")
    body = {"q": "siemens", "fields": ["Id"], "sobjects": [{"name": "Account", "limit": 1}], "in": "NAME"}
    (account,) = api("POST", "/parameterizedSearch", json=body).json()["searchRecords"]
    assert account["Id"] == ACCOUNT


@pytest.mark.parametrize("sosl", ["SEEK {x}", "FIND {a}", "FIND {ann} IN NO FIELDS", "FIND {ann} RETURNING Nobody"])
def test_a_search_that_makes_no_sense_is_refused(sosl: str, api: User) -> None:
    reply = api("GET", "/search", params={"q": sosl})
    assert reply.status_code == 400
    assert reply.json()[0]["errorCode"] in ("MALFORMED_SEARCH", "INVALID_TYPE")


def test_a_query_may_be_explained(api: User) -> None:
    reply = api("GET", "/query", params={"explain": "SELECT Id FROM Lead WHERE Title = 'x'"}).json()
    (plan,) = reply["plans"]
    assert (plan["sobjectType"], plan["cardinality"], plan["sobjectCardinality"]) == ("Lead", 0, 1)


def test_a_tree_is_planted_whole_or_not_at_all(sandbox: SalesforceSandbox, api: User) -> None:
    def tree(last: dict[str, object]) -> dict[str, object]:
        attributes = {"type": "Account", "referenceId": "a"}
        contacts = [{"attributes": {"type": "Contact", "referenceId": "c"}, **last}]
        return {"records": [{"attributes": attributes, "Name": "Tree", "Contacts": {"records": contacts}}]}

    made = api("POST", "/composite/tree/Account", json=tree({"LastName": "Leaf"}))
    assert (made.status_code, made.json()["hasErrors"]) == (201, False)
    ids = {result["referenceId"]: result["id"] for result in made.json()["results"]}
    assert api("GET", f"/sobjects/Contact/{ids['c']}").json()["AccountId"] == ids["a"]
    before = len(sandbox.org.tables["Account"].rows)
    refused = api("POST", "/composite/tree/Account", json=tree({"FirstName": "Leaf"}))
    assert refused.status_code == 400
    assert [r["errors"][0]["statusCode"] for r in refused.json()["results"]] == ["REQUIRED_FIELD_MISSING"]
    assert len(sandbox.org.tables["Account"].rows) == before


def test_relationships_are_followed_by_their_address(api: User) -> None:
    assert api("GET", f"/sobjects/Contact/{CONTACT}/Account").json()["Id"] == ACCOUNT
    found = api("GET", f"/sobjects/Account/{ACCOUNT}/Contacts", params={"fields": "LastName"}).json()
    assert (found["totalSize"], found["records"][0]["LastName"]) == (1, "Sample")
    assert api("GET", f"/sobjects/Contact/{CONTACT}/ReportsTo").status_code == 404
    assert api("GET", f"/sobjects/Contact/{CONTACT}/Nonsense").status_code == 404


def test_head_has_no_body_and_a_post_may_mean_another_method(sandbox: SalesforceSandbox, api: User) -> None:
    head = api("HEAD", f"/sobjects/Lead/{LEAD}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"]
    changed = api("POST", f"/sobjects/Lead/{LEAD}", params={"_HttpMethod": "PATCH"}, json={"Title": "By post"})
    assert changed.status_code == 204
    assert api("GET", f"/sobjects/Lead/{LEAD}").json()["Title"] == "By post"
    assert sandbox.counters.writes["POST /services/data/vXX.X/sobjects/{object}/{id}"] == 1


def test_recent_are_the_records_the_user_changed_last(api: User) -> None:
    assert api("GET", "/recent").json() == []
    api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "T"})
    (one,) = api("GET", "/recent").json()
    assert (one["Id"], one["Name"]) == (LEAD, "Ann Example")


def test_a_bulk_job_tells_all_that_is_documented(api: User) -> None:
    made = api("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Lead"}).json()
    told = api("GET", f"/jobs/query/{made['id']}").json()
    common = "id operation object createdById createdDate systemModstamp state concurrencyMode contentType apiVersion"
    common += " lineEnding columnDelimiter jobType numberRecordsProcessed retries totalProcessingTime"
    assert set(told) == set(common.split())
    assert told["object"] == "Lead"
    made = api("POST", "/jobs/ingest", json={"operation": "insert", "object": "Lead", "contentType": "CSV"}).json()
    told = api("GET", f"/jobs/ingest/{made['id']}").json()
    more = "contentUrl apiActiveProcessingTime apexProcessingTime numberRecordsFailed"
    assert set(told) == {*common.split(), *more.split()}


def test_an_address_with_a_slash_too_many_is_understood(served: Serving, sandbox: SalesforceSandbox, api: User) -> None:
    """As the sf command line writes it, whose instance URL ends in a slash."""
    assert api.session.get(f"{served.url}//services/data/v62.0/limits", timeout=5).status_code == 200
    assert sandbox.counters.reads["GET /services/data/vXX.X/limits"] == 1
