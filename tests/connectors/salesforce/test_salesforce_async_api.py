"""Bulk API 1.0, which older clients still use: jobs of batches in JSON, CSV and XML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import requests
from tests.connectors.salesforce.conftest import LEAD, User

from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceSandbox

Ask = Callable[..., requests.Response]
JSON = "application/json"


@pytest.fixture
def ask(served: Serving, api: User) -> Ask:
    session = str(api.session.headers["Authorization"]).removeprefix("Bearer ")

    def send(method: str, path: str, body: object = None, kind: str = JSON, version: str = "59.0") -> requests.Response:
        data = body if isinstance(body, str | None) else json.dumps(body)
        headers = {"X-SFDC-Session": session, "Content-Type": kind}
        url = f"{served.url}/services/async/{version}/{path}"
        return requests.request(method, url, data=data, headers=headers, timeout=5)

    return send


def job(ask: Ask, **given: str) -> str:
    reply = ask("POST", "job", {"object": "Lead", **given})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def tag(reply: requests.Response, name: str) -> str:
    return re.findall(rf"<{name}>([^<]*)<", reply.text)[0]


def test_json_batches_tell_of_each_record(ask: Ask, api: User) -> None:
    made = job(ask, operation="insert", contentType="JSON")
    rows = [{"LastName": "A", "Company": "C"}, {"LastName": "B"}]
    batch = ask("POST", f"job/{made}/batch", rows).json()
    assert (batch["state"], batch["jobId"]) == ("Queued", made)
    assert ask("POST", f"job/{made}", {"state": "Closed"}).json()["state"] == "Closed"
    done = ask("GET", f"job/{made}/batch/{batch['id']}").json()
    assert (done["state"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("Completed", 2, 1)
    good, bad = ask("GET", f"job/{made}/batch/{batch['id']}/result").json()
    assert (good["success"], good["created"], bad["success"]) == (True, True, False)
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert api("GET", f"/sobjects/Lead/{good['id']}").json()["LastName"] == "A"
    assert ask("GET", f"job/{made}/batch/{batch['id']}/request").json() == rows
    info = ask("GET", f"job/{made}").json()
    assert (info["numberBatchesCompleted"], info["numberRecordsFailed"], info["apiVersion"]) == (1, 1, 59.0)


def test_a_csv_job_is_told_of_in_xml(ask: Ask, api: User) -> None:
    made = job(ask, operation="update", contentType="CSV")
    batch = tag(ask("POST", f"job/{made}/batch", f"Id,Title,City\n{LEAD},New,#N/A\nbad,x,y\n", "text/csv"), "id")
    assert tag(ask("GET", f"job/{made}/batch/{batch}"), "state") == "Completed"
    lines = ask("GET", f"job/{made}/batch/{batch}/result").text.splitlines()
    assert lines[:2] == ['"Id","Success","Created","Error"', f'"{LEAD}","true","false",""']
    assert "NOT_FOUND:" in lines[2]
    assert api("GET", f"/sobjects/Lead/{LEAD}").json()["Title"] == "New"


def test_an_xml_job_upserts_and_clears(ask: Ask, api: User) -> None:
    head = '<?xml version="1.0"?><{0} xmlns="http://www.force.com/2009/06/asyncapi/dataload">{1}</{0}>'
    inner = "<operation>upsert</operation><object>Lead</object><externalIdFieldName>Key__c</externalIdFieldName>"
    kind = "application/xml; charset=UTF-8"
    made = tag(ask("POST", "job", head.format("jobInfo", f"{inner}<contentType>XML</contentType>"), kind), "id")
    nil = '<City xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    one = f"<sObject><Key__c>k1</Key__c><LastName>X</LastName><Company>C</Company>{nil}</sObject>"
    batch = tag(ask("POST", f"job/{made}/batch", head.format("sObjects", one), kind), "id")
    assert tag(ask("GET", f"job/{made}/batch/{batch}", kind=kind), "state") == "Completed"
    result = ask("GET", f"job/{made}/batch/{batch}/result", kind=kind)
    assert (tag(result, "success"), tag(result, "created")) == ("true", "true")
    assert api.query("SELECT LastName, City FROM Lead WHERE Key__c = 'k1'")[0]["LastName"] == "X"
    assert tag(ask("GET", f"job/{made}/batch", kind=kind), "id") == batch


def test_queries_bring_times_as_numbers_in_json_and_as_text_in_csv(ask: Ask) -> None:
    soql = "SELECT Id, CreatedDate, Owner.Name FROM Lead"
    made = job(ask, operation="query", contentType="JSON")
    batch = ask("POST", f"job/{made}/batch", soql).json()["id"]
    ask("GET", f"job/{made}/batch/{batch}")
    (result,) = ask("GET", f"job/{made}/batch/{batch}/result").json()
    (row,) = ask("GET", f"job/{made}/batch/{batch}/result/{result}").json()
    assert (row["Id"], row["CreatedDate"]) == (LEAD, 1767348000000)
    made = job(ask, operation="queryAll", contentType="CSV")
    batch = tag(ask("POST", f"job/{made}/batch", soql, "text/csv"), "id")
    ask("GET", f"job/{made}/batch/{batch}")
    result = tag(ask("GET", f"job/{made}/batch/{batch}/result"), "result")
    text = ask("GET", f"job/{made}/batch/{batch}/result/{result}", kind="text/csv").text
    assert text.splitlines() == ['"Id","CreatedDate","Owner.Name"', f'"{LEAD}","2026-01-02T10:00:00.000Z","Pat Person"']


def test_a_bad_query_fails_its_batch_with_the_reason(ask: Ask) -> None:
    made = job(ask, operation="query", contentType="JSON")
    batch = ask("POST", f"job/{made}/batch", "SELECT Nonsense FROM Lead").json()["id"]
    done = ask("GET", f"job/{made}/batch/{batch}").json()
    assert done["state"] == "Failed"
    assert "INVALID_FIELD" in done["stateMessage"]


def test_a_batch_fails_where_the_settings_say_so(ask: Ask, sandbox: SalesforceSandbox) -> None:
    sandbox.seed({"settings": {"bulk_outcome": "Failed"}})
    made = job(ask, operation="delete", contentType="JSON")
    batch = ask("POST", f"job/{made}/batch", [{"Id": LEAD}]).json()["id"]
    done = ask("GET", f"job/{made}/batch/{batch}").json()
    assert (done["state"], done["stateMessage"].partition(" ")[0]) == ("Failed", "InternalServerError")
    assert LEAD in sandbox.org.tables["Lead"].rows


def test_a_batch_at_work_and_an_aborted_one(ask: Ask, sandbox: SalesforceSandbox) -> None:
    sandbox.seed({"settings": {"bulk_polls": 1}})
    made = job(ask, operation="delete", contentType="JSON")
    batch = ask("POST", f"job/{made}/batch", [{"Id": LEAD}]).json()["id"]
    assert ask("GET", f"job/{made}/batch/{batch}").json()["state"] == "InProgress"
    assert ask("GET", f"job/{made}/batch/{batch}/result").json()["exceptionCode"] == "InvalidBatch"
    ask("POST", f"job/{made}", {"state": "Aborted"})
    assert ask("GET", f"job/{made}/batch/{batch}").json()["state"] == "NotProcessed"
    assert ask("POST", f"job/{made}/batch", []).json()["exceptionCode"] == "InvalidJobState"
    assert LEAD in sandbox.org.tables["Lead"].rows


@pytest.mark.parametrize(
    ("path", "body", "version", "code"),
    [
        ("job", {"object": "Lead", "operation": "sing"}, "59.0", "InvalidJob"),
        ("job", {"object": "Nobody", "operation": "insert"}, "59.0", "InvalidJob"),
        ("job", {"object": "Lead", "operation": "upsert", "externalIdFieldName": "Title"}, "59.0", "InvalidJob"),
        ("job", "{", "59.0", "InvalidJob"),
        ("job", {"object": "Lead", "operation": "insert"}, "42.0", "InvalidVersion"),
        ("job/7505g000000000XXXX/batch", [], "59.0", "InvalidJob"),
        ("jobs", {}, "59.0", "InvalidUrl"),
    ],
)
def test_what_makes_no_sense_is_refused_in_this_apis_own_words(
    path: str, body: object, version: str, code: str, ask: Ask
) -> None:
    reply = ask("POST", path, body, version=version)
    assert (reply.status_code, reply.headers["content-type"]) == (400, JSON)
    assert reply.json()["exceptionCode"] == code


def test_without_a_session_nothing_is_made(served: Serving) -> None:
    reply = requests.post(f"{served.url}/services/async/59.0/job", data="<jobInfo/>", timeout=5)
    assert reply.status_code == 400
    assert "<exceptionCode>InvalidSessionId</exceptionCode>" in reply.text
