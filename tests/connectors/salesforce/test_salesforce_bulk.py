"""Bulk API 2.0 of the sandbox, by the SDK and by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce
from tests.connectors.salesforce.conftest import LEAD, User

from leadsync.connector import Usage
from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated
from leadsync_salesforce.transport import Wire, session


@pytest.fixture
def sf(served: Serving) -> Iterator[Salesforce]:
    """The SDK as it is, led to the sandbox below it."""
    with session(Wire(served.url, (1, 5), Usage())) as wire:
        yield Salesforce(
            consumer_key="sandbox-client",
            consumer_secret="sandbox-secret",
            domain="sandbox.my",
            session=wire,
            version="62.0",
        )


def ingest(api: User, text: str, **given: Any) -> dict[str, Any]:
    """Run an ingest job to its end; gives the job."""
    job = api("POST", "/jobs/ingest", json={"object": "Lead", "operation": "insert", "lineEnding": "LF", **given})
    assert job.status_code == 200, job.text
    path = f"/jobs/ingest/{job.json()['id']}"
    assert api("PUT", f"{path}/batches", data=text.encode(), headers={"Content-Type": "text/csv"}).status_code == 201
    assert api("PATCH", path, json={"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    done: dict[str, Any] = api("GET", path).json()
    return done


def table(api: User, job: dict[str, Any], which: str) -> list[dict[str, str]]:
    reply = api("GET", f"/jobs/ingest/{job['id']}/{which}")
    assert reply.headers["Content-Type"] == "text/csv"
    return list(csv.DictReader(io.StringIO(reply.text)))


def test_inserts_answer_with_successes_and_failures(api: User) -> None:
    job = ingest(api, 'LastName,Company,Email\nA,C,a@b.example\nB,C,badone\n"C, Jr","D ""E""",\n')
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 3, 1)
    good, bad = table(api, job, "successfulResults"), table(api, job, "failedResults")
    assert [(r["sf__Created"], r["LastName"], r["Company"]) for r in good] == [
        ("true", "A", "C"),
        ("true", "C, Jr", 'D "E"'),
    ]
    assert [(r["sf__Id"], r["LastName"]) for r in bad] == [("", "B")]
    assert bad[0]["sf__Error"].startswith("INVALID_EMAIL_ADDRESS:Email: invalid email address")
    assert table(api, job, "unprocessedrecords") == []


def test_an_empty_cell_leaves_alone_and_na_clears(api: User) -> None:
    api("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO", "City": "Ghent"})
    ingest(api, f"Id,Title,City\n{LEAD},,#N/A\n", operation="update")
    found = api("GET", f"/sobjects/Lead/{LEAD}").json()
    assert (found["Title"], found["City"]) == ("CTO", None)


def test_upserts_and_deletes(api: User) -> None:
    text = "Key__c;LastName;Company\r\nk1;A;C\r\nk1;B;C\r\n"
    job = ingest(
        api, text, operation="upsert", externalIdFieldName="Key__c", columnDelimiter="SEMICOLON", lineEnding="CRLF"
    )
    rows = api("GET", f"/jobs/ingest/{job['id']}/successfulResults").text.splitlines()
    assert [line.split(";")[1] for line in rows] == ['"sf__Created"', '"true"', '"false"']
    (lead,) = api.query("SELECT Id, LastName FROM Lead WHERE Key__c = 'k1'")
    assert lead["LastName"] == "B"
    assert ingest(api, f"Id\n{lead['Id']}\n", operation="delete")["numberRecordsFailed"] == 0
    assert api.query("SELECT Id FROM Lead WHERE Key__c = 'k1'") == []


def test_parents_are_named_by_their_external_id(sandbox: SalesforceSandbox, api: User) -> None:
    field = {"object": "Account", "name": "Number__c", "type": "Text", "externalId": True}
    sandbox.seed(
        {"custom_fields": [field], "objects": {"Account": [{"Id": generated("001", 9), "Name": "N", "Number__c": "7"}]}}
    )
    job = ingest(api, "LastName,Account.Number__c\nA,7\nB,8\n", object="Contact")
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (2, 1)
    assert api.query("SELECT Account.Name FROM Contact WHERE LastName = 'A'")[0]["Account"]["Name"] == "N"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"operation": "dance"}, "INVALIDOPERATION"),
        ({"operation": "upsert"}, "INVALIDJOB"),
        ({"object": "Nothing"}, "NOT_FOUND"),
        ({"columnDelimiter": "SPACE"}, "INVALIDJOB"),
    ],
)
def test_jobs_that_make_no_sense_are_refused(given: dict[str, str], code: str, api: User) -> None:
    reply = api("POST", "/jobs/ingest", json={"object": "Lead", "operation": "insert", **given})
    assert reply.json()[0]["errorCode"] == code


def test_a_job_with_an_unknown_column_fails_as_a_whole(api: User) -> None:
    job = ingest(api, "LastName,Shoe\nA,43\n")
    assert (job["state"], job["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Shoe")
    assert table(api, job, "unprocessedrecords") == [{"LastName": "A", "Shoe": "43"}]


def test_a_job_can_be_aborted_and_removed(api: User) -> None:
    path = f"/jobs/ingest/{api('POST', '/jobs/ingest', json={'object': 'Lead', 'operation': 'insert'}).json()['id']}"
    api("PUT", f"{path}/batches", data=b"LastName,Company\nA,C\n")
    assert api("PUT", f"{path}/batches", data=b"again").status_code == 400
    assert api("PATCH", path, json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert api("PATCH", path, json={"state": "UploadComplete"}).status_code == 400
    assert "A" in api("GET", f"{path}/unprocessedrecords").text
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404


def test_a_stuck_job_says_in_progress_until_its_time(sandbox: SalesforceSandbox, api: User) -> None:
    sandbox.seed({"settings": {"bulk_polls": 2, "bulk_outcome": "Failed"}})
    job = api("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Id FROM Lead"}).json()
    assert job["state"] == "UploadComplete"
    states = [api("GET", f"/jobs/query/{job['id']}").json()["state"] for _ in range(3)]
    assert states == ["InProgress", "InProgress", "Failed"]
    assert api("GET", f"/jobs/query/{job['id']}/results").status_code == 400


def test_a_query_comes_in_pages_of_csv(sandbox: SalesforceSandbox, api: User) -> None:
    rows = [{"Id": generated("00Q", 100 + n), "LastName": f"N{n}", "Company": "C"} for n in range(5)]
    sandbox.seed({"objects": {"Lead": rows}, "settings": {"bulk_rows": 4}})
    query = {
        "operation": "query",
        "query": "SELECT Id, LastName, Owner.Name, IsDeleted, CreatedDate, Title FROM Lead ORDER BY Id",
    }
    job = api("POST", "/jobs/query", json=query).json()
    assert api("GET", f"/jobs/query/{job['id']}").json()["numberRecordsProcessed"] == 6
    first = api("GET", f"/jobs/query/{job['id']}/results")
    assert (first.headers["Sforce-NumberOfRecords"], first.headers["Sforce-Locator"]) == ("4", "4")
    last = api("GET", f"/jobs/query/{job['id']}/results", params={"locator": "4", "maxRecords": "50"})
    assert (last.headers["Sforce-NumberOfRecords"], last.headers["Sforce-Locator"]) == ("2", "null")
    (one,) = [r for r in csv.DictReader(io.StringIO(first.text)) if r["Id"] == LEAD]
    assert one == {
        "Id": LEAD,
        "LastName": "Example",
        "Owner.Name": "Pat Person",
        "IsDeleted": "false",
        "CreatedDate": "2026-01-02T10:00:00.000Z",
        "Title": "",
    }


def test_a_bad_query_is_refused_when_the_job_is_made(api: User) -> None:
    reply = api("POST", "/jobs/query", json={"operation": "query", "query": "SELECT Nope FROM Lead"})
    assert reply.json()[0]["errorCode"] == "INVALID_FIELD"


def test_the_sdks_bulk_client_works_unchanged(sf: Salesforce) -> None:
    records = [{"LastName": f"B{n}", "Company": "C"} for n in range(30)]
    (result,) = sf.bulk2.Lead.insert(records=records, wait=0.01)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (30, 0)
    pages = list(sf.bulk2.Lead.query("SELECT Id, LastName FROM Lead WHERE LastName LIKE 'B%'", wait=0.01))
    assert sum(len(list(csv.DictReader(io.StringIO(p)))) for p in pages) == 30


def test_the_sdks_other_calls_work_unchanged(sf: Salesforce) -> None:
    assert sf.query("SELECT COUNT() FROM Lead")["totalSize"] == 1
    made = sf.Lead.create({"LastName": "New", "Company": "C"})
    assert sf.Lead.update(made["id"], {"Title": "T"}) == 204
    assert sf.Lead.get(made["id"])["Title"] == "T"
    assert sf.Lead.upsert("Key__c/k9", {"LastName": "U", "Company": "C"}) == 201
    assert sf.Lead.upsert("Key__c/k9", {"LastName": "U"}) == 200
    assert sf.Lead.get_by_custom_id("Key__c", "k9")["LastName"] == "U"
    assert sf.Lead.describe()["name"] == "Lead"
    assert sf.Lead.metadata()["objectDescribe"]["keyPrefix"] == "00Q"
    assert sf.Lead.delete(made["id"]) == 204
    assert len(list(sf.query_all_iter("SELECT Id FROM Lead"))) == 2
    assert {o["name"] for o in sf.describe()["sobjects"]} >= {"Lead", "Contact"}
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    assert sf.is_sandbox() is True
    saved = sf.restful(
        "composite/sobjects",
        method="PATCH",
        json={"records": [{"attributes": {"type": "Lead"}, "id": LEAD, "Title": "X"}]},
    )
    assert saved == [{"id": LEAD, "success": True, "errors": []}]


def test_the_sdk_with_the_plain_adapter_of_the_facts_works_too(served: Serving) -> None:
    class Redirect(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, *args: Any, **how: Any) -> requests.Response:
            request.url = str(request.url).replace("https://sandbox.my.salesforce.com", served.url)
            request.url = request.url.replace("https://127.0.0.1", "http://127.0.0.1")
            return super().send(request, *args, **how)

    with requests.Session() as plain:
        plain.mount("https://", Redirect())
        sf = Salesforce(
            consumer_key="sandbox-client", consumer_secret="sandbox-secret", domain="sandbox.my", session=plain
        )
        assert [r["LastName"] for r in sf.query("SELECT LastName FROM Lead")["records"]] == ["Example"]
