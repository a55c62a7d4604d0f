"""Pushing thousands by Bulk API 2.0: fewer calls, the same outcome, and never a row applied twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.connectors.salesforce.conftest import LEAD, Connect
from tests.connectors.salesforce.test_salesforce_push import row, seed_leads

from leadsync.connector import Outcome, Receipt, Write
from leadsync.errors import QuotaExhausted, StopRun, TryAgain
from leadsync.sandbox.base import Counters
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox
from leadsync_salesforce.hints import named
from leadsync_salesforce.table import error_of

ROOT = "/services/data/vXX.X/jobs/ingest"


@pytest.fixture
def bulk(connect: Connect) -> SalesforceCrm:
    """A connection that takes bulk jobs from ten records on."""
    return connect(bulk_from=10)


def calls(sandbox: SalesforceSandbox) -> Counter[str]:
    """Requests at the server since it was last asked, without logging in and describing."""
    seen = sandbox.counters.reads + sandbox.counters.writes
    sandbox.counters = Counters()
    for label in [label for label in seen if "oauth2" in label or "describe" in label]:
        del seen[label]
    return seen


def updates(ids: list[str], **values: Any) -> list[Write]:
    return [Write(f"t{n}", "Lead", i, values or {"Title": f"T{n}"}) for n, i in enumerate(ids)]


def outcomes(receipts: list[Receipt]) -> Counter[str]:
    return Counter(receipt.outcome.value for receipt in receipts)


def history(sandbox: SalesforceSandbox, ids: list[str]) -> set[int]:
    """How often each of the records was changed."""
    return {len(sandbox.org.history.get(i, [])) for i in ids}


def test_five_thousand_updates_take_eight_calls_where_collections_take_twenty_eight(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, connect: Connect
) -> None:
    ids = seed_leads(sandbox, 5000)
    assert crm.batch_for("Lead", 5000, 0) >= 5000
    receipts = crm.write("Lead", updates(ids))
    assert [(r.token, r.outcome, r.id) for r in receipts] == [(f"t{n}", Outcome.DONE, i) for n, i in enumerate(ids)]
    assert [r.record.fields["Title"] for r in receipts if r.record] == [f"T{n}" for n in range(5000)]
    assert calls(sandbox).total() == crm.calls("Lead", 5000, 0) == 8
    assert connect(bulk_from=10**6).calls("Lead", 5000, 0) == 28


def test_calls_without_a_job_are_the_ones_made(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 1400)
    assert outcomes(list(crm.write("Lead", updates(ids)))) == {"done": 1400}
    assert calls(sandbox).total() == crm.calls("Lead", 1400, 0) == 8
    crm.read("Lead", ids, ["Title"])
    assert calls(sandbox).total() == crm.calls("Lead", 0, 0, 1400) == 1


@pytest.mark.parametrize(
    ("updates", "creates", "reads", "expected"),
    [
        (0, 0, 0, 0),
        (1, 0, 0, 2),
        (200, 200, 0, 4),
        (1400, 0, 0, 8),
        (1401, 0, 0, 6),
        (0, 10_000, 0, 10),
        (10_300, 0, 0, 13),
        (1, 0, 2001, 4),
    ],
)
def test_calls_says_what_writing_costs(
    updates: int, creates: int, reads: int, expected: int, crm: SalesforceCrm
) -> None:
    assert crm.calls("Lead", updates, creates, reads) == expected


def test_a_job_is_never_dearer_than_collections(crm: SalesforceCrm, connect: Connect) -> None:
    plain = connect(bulk_from=10**6)
    assert all(crm.calls("Lead", n, 0) <= plain.calls("Lead", n, 0) for n in range(0, 30_000, 50))


@pytest.mark.parametrize(
    "values",
    [
        {"Title": "CTO", "City": None},
        {"Title": "", "Email": "Ann@Siemens.EXAMPLE"},
        {"Title": 'a "quoted", text;\twith Ümläuts 日本', "Street": "one\ntwo\r\nthree"},
        {"Member__c": True, "Rank__c": 3.5, "NumberOfEmployees": 1200},
        {"Member__c": None, "Rank__c": 0, "AnnualRevenue": 1.5e6},
        {"Day__c": "2026-03-04", "Moment__c": "2026-03-04T05:06:07+02:00", "Interests__c": "Red;Blue"},
        {"Title": "#N/A"},
        {"Title": "  padded  ", "Phone": "5551234567"},
    ],
    ids=str,
)
def test_a_job_leaves_what_collections_would(
    values: dict[str, Any], sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 11)
    first = {"Title": "Old", "City": "Ghent", "Rank__c": 1, "Member__c": True}
    assert outcomes(list(bulk.write("Lead", updates(ids, **first)))) == {"done": 11}
    assert outcomes(list(bulk.write("Lead", updates(ids[1:], **values)))) == {"done": 10}
    assert outcomes(list(bulk.write("Lead", updates(ids[:1], **values)))) == {"done": 1}
    kept = [{name: row(sandbox, i).get(name) for name in (*first, *values)} for i in ids]
    assert kept == [kept[0]] * 11


def test_rows_leave_alone_what_only_other_rows_speak_of(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 10)
    bulk.write("Lead", updates(ids, Title="Old", City="Ghent"))
    bulk.write("Lead", [Write(i, "Lead", i, {"Title": "New"} if n else {"City": None}) for n, i in enumerate(ids)])
    assert [(row(sandbox, i)["Title"], row(sandbox, i)["City"]) for i in ids] == [("Old", None)] + [
        ("New", "Ghent")
    ] * 9


def test_creates_by_key_are_upserts_and_say_what_is_new(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    def creates(last: int) -> list[Write]:
        values = {"LastName": "N", "Company": "C, Inc"}
        return [Write(f"t{n}", "Lead", None, values, key=("LeadSync_Id__c", f"u-{n}")) for n in range(last)]

    first, again = bulk.write("Lead", creates(20)), bulk.write("Lead", creates(30))
    assert [r.created for r in first] == [True] * 20
    assert [r.created for r in again] == [False] * 20 + [True] * 10
    assert [r.id for r in again[:20]] == [r.id for r in first]
    assert [r.record.fields["LeadSync_Id__c"] for r in again if r.record] == [f"u-{n}" for n in range(30)]
    assert len(sandbox.org.tables["Lead"].rows) == 31


def test_creates_without_a_key_are_never_left_to_a_job(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    writes = [Write(str(n), "Lead", None, {"LastName": "N", "Company": "C"}) for n in range(20)]
    assert outcomes(list(bulk.write("Lead", writes))) == {"done": 20}
    assert not any("jobs" in label for label in calls(sandbox))


def test_refused_rows_stand_alone_with_code_and_hint(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 40)
    bad: dict[int, dict[str, Any]] = {3: {"Email": "badone"}, 7: {"Rank__c": 1e9}, 30: {"Title": "x" * 129}}
    bad[39] = {"Day__c": "never"}
    receipts = bulk.write("Lead", [Write(str(n), "Lead", i, bad.get(n, {"Title": "ok"})) for n, i in enumerate(ids)])
    errors = {int(r.token): r.error for r in receipts if r.error is not None}
    assert {n: (e.code, e.fields) for n, e in errors.items()} == {
        3: ("INVALID_EMAIL_ADDRESS", ("Email",)),
        7: ("NUMBER_OUTSIDE_VALID_RANGE", ("Rank__c",)),
        30: ("STRING_TOO_LONG", ("Title",)),
        39: ("LEADSYNC_VALUE", ("Day__c",)),
    }
    assert str(errors[30]) == "STRING_TOO_LONG (Title): at most 128 characters"
    assert not any("badone" in f"{e}{e.hint}" for e in errors.values())
    assert outcomes(list(receipts)) == {"done": 36, "rejected": 4}
    assert calls(sandbox)[f"GET {ROOT}/{{id}}/{{results}}"] == 2


@pytest.mark.parametrize(
    ("text", "code", "fields"),
    [
        ("STRING_TOO_LONG:Title: data value too large: a:b --c (max length=9):Title --", "STRING_TOO_LONG", ("Title",)),
        ("REQUIRED_FIELD_MISSING:Required fields are missing: [Name, City]:Name,City --", "REQUIRED_FIELD_MISSING",
         ("Name", "City")),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION:Please: Ann Example --:--", "FIELD_CUSTOM_VALIDATION_EXCEPTION", ()),
        ("UNKNOWN_EXCEPTION:no fields at all--", "UNKNOWN_EXCEPTION", ()),
        ("something else", "BULK_FAILURE", ()),
    ],
    ids=["a value with colons and dashes", "two fields", "a rule without a field", "no colon", "not an error"],
)  # fmt: skip
def test_the_fields_of_a_failed_row_are_read_and_nothing_of_its_values(
    text: str, code: str, fields: tuple[str, ...]
) -> None:
    error = error_of(text)
    assert (error.code, error.fields) == (code, fields)


@pytest.mark.parametrize("by_job", [False, True], ids=["by collections", "by a bulk job"])
def test_a_refused_record_names_the_fields_so_that_the_rest_may_go(
    by_job: bool, sandbox: SalesforceSandbox, crm: SalesforceCrm, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    sandbox.seed({"objects": {"Lead": [{"LastName": "T", "Company": "C", "LeadSync_Id__c": "taken"}]}})
    values: dict[int, dict[str, Any]] = {
        0: {"Title": f"{'x' * 120}:a --b, c", "City": "Bonn"},
        1: {"LeadSync_Id__c": "taken", "City": "Bonn"},
        2: {"Tier__c": "Z", "City": "Bonn"},
    }
    writes = [Write(str(n), "Lead", i, values.get(n, {"City": "Bonn"})) for n, i in enumerate(ids)]
    receipts = {r.token: r for r in (bulk if by_job else crm).write("Lead", writes)}
    refused = {token: r.error.fields for token, r in receipts.items() if r.error is not None}
    assert refused == {"0": ("Title",), "1": ("LeadSync_Id__c",), "2": ("Tier__c",)}


@pytest.mark.parametrize(
    ("message", "fields", "found"),
    [
        ("x", ["Title", "not a name", ""], ("Title",)),
        ("duplicate value found: Key__c duplicates value on record with id: 00Q", [], ("Key__c",)),
        ("No such column 'Rank__c' on sobject of type Lead", [], ("Rank__c",)),
        ("Required fields are missing: [LastName, Company]", [], ("LastName", "Company")),
        ("Ann: No such column 'Rank__c' on sobject of type Lead", [], ()),
        ("anything", [], ()),
    ],
)
def test_fields_are_known_from_the_list_or_salesforces_own_words(
    message: str, fields: list[str], found: tuple[str, ...]
) -> None:
    assert named(message, fields) == found


def test_rows_that_were_locked_out_are_sent_on_by_collections(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 20)
    fault = {"object": "Lead", "where": "LastName = 'L7'", "code": "UNABLE_TO_LOCK_ROW", "times": 2}
    sandbox.seed({"settings": {"record_faults": [fault]}})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"done": 20}
    assert history(sandbox, ids) == {1}


def test_a_job_that_fails_as_a_whole_is_made_good_by_collections(
    sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    sandbox.seed({"settings": {"bulk_outcome": "Failed"}})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"done": 20}
    assert history(sandbox, ids) == {1}


def test_a_job_that_somebody_aborts_is_not_gone_round(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 20)
    sandbox.seed({"settings": {"bulk_outcome": "Aborted"}})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"unknown": 20}
    assert history(sandbox, ids) == {0}


def test_a_job_that_is_refused_is_made_good_by_collections(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 20)
    body = [{"errorCode": "EXCEEDED_QUOTA", "message": "ExceededQuota"}]
    sandbox.faults.add({"match": {"path": "jobs/ingest$"}, "action": {"kind": "reply", "status": 400, "body": body}})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"done": 20}


def test_a_stuck_job_is_stopped_after_its_time_and_its_rows_are_unknown(
    sandbox: SalesforceSandbox, connect: Connect, waits: list[float]
) -> None:
    ids = seed_leads(sandbox, 20)
    sandbox.seed({"settings": {"bulk_polls": 1000}})
    bulk = connect(bulk_from=10, bulk_wait_seconds=100)
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"unknown": 20}
    assert sum(waits) == 100
    assert calls(sandbox)[f"GET {ROOT}/{{id}}"] == 9
    assert {job.state for job in sandbox.jobs.jobs.values()} == {"Aborted"}
    assert history(sandbox, ids) == {0}


STEPS = {
    "POST": "jobs/ingest$",
    "PUT": "batches$",
    "PATCH": "jobs/ingest/",
    "GET": r"jobs/ingest/\w+$",
    "GET ": "successfulresults",
}
LOSSES: dict[str, dict[str, Any]] = {
    "the connection is lost before": {"kind": "reset"},
    "the connection is lost after": {"kind": "apply_then_reset"},
    "the server fails before": {"kind": "named", "name": "UNKNOWN_EXCEPTION"},
    "the server fails after": {"kind": "apply_then_reply", "status": 502, "body": "<html>"},
    "the answer is cut": {"kind": "truncate"},
    "the answer is a page": {"kind": "named", "name": "MAINTENANCE_PAGE"},
    "the edge is busy": {"kind": "named", "name": "THROTTLED"},
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("step", STEPS)
def test_whatever_is_lost_on_the_way_no_row_is_written_twice(
    step: str, loss: str, sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    match = {"method": step.strip(), "path": f"(?i){STEPS[step]}"}
    sandbox.faults.add({"match": match, "action": LOSSES[loss]})
    found = outcomes(list(bulk.write("Lead", updates(ids))))
    assert found in ({"done": 20}, {"unknown": 20})
    assert history(sandbox, ids) == {1}


@pytest.mark.parametrize("step", STEPS)
def test_a_session_that_expires_in_the_middle_of_a_job_is_opened_anew(
    step: str, sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    match = {"method": step.strip(), "path": f"(?i){STEPS[step]}"}
    sandbox.faults.add({"match": match, "action": {"kind": "named", "name": "INVALID_SESSION_ID"}})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"done": 20}
    assert history(sandbox, ids) == {1}
    assert sandbox.counters.reads["POST /services/oauth2/token"] == 2
    assert sandbox.counters.connections <= 1, "a job goes over the connection there is"


def test_an_open_job_is_closed_again_when_the_closing_got_lost(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 20)
    sandbox.faults.add({"match": {"method": "PATCH", "path": "jobs/ingest"}, "action": {"kind": "reset"}})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"done": 20}
    assert history(sandbox, ids) == {1}


GARBAGE = ["", "<html>", '"sf__Id","sf__Created"\n"x","true"\n', '"sf__Id","sf__Created","Id"\n"","true","{id}"\n']


@pytest.mark.parametrize("body", GARBAGE)
def test_results_that_are_none_leave_the_outcome_unknown(
    body: str, sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    action = {"kind": "replace_body", "body": body.replace("{id}", ids[0])}
    sandbox.faults.add({"match": {"path": "(?i)successfulresults"}, "action": action, "times": None})
    assert outcomes(list(bulk.write("Lead", updates(ids)))) == {"unknown": 20}


def test_rows_that_no_result_mentions_are_unknown(sandbox: SalesforceSandbox, bulk: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 20)
    text = '"sf__Id","sf__Created","Id","Title"\n' + "".join(f'"{i}","false","{i}","x"\n' for i in ids[:15])
    sandbox.faults.add(
        {"match": {"path": "(?i)successfulresults"}, "action": {"kind": "replace_body", "body": text}, "times": None}
    )
    receipts = bulk.write("Lead", updates(ids))
    assert [r.outcome for r in receipts] == [Outcome.DONE] * 15 + [Outcome.UNKNOWN] * 5


@pytest.mark.parametrize("body", ["[]", "{}", '{"id": "../x", "state": "Open"}', '{"id": 7}'])
def test_a_job_that_is_none_stops_the_run_before_anything_is_sent(
    body: str, sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    action = {"kind": "replace_body", "body": body}
    sandbox.faults.add({"match": {"method": "POST", "path": "jobs/ingest$"}, "action": action, "times": None})
    with pytest.raises((StopRun, TryAgain)):
        bulk.write("Lead", updates(ids))
    assert history(sandbox, ids) == {0}


@pytest.mark.parametrize("step", ["jobs/ingest$", "batches$"])
def test_a_used_up_day_stops_the_run_before_anything_is_applied(
    step: str, sandbox: SalesforceSandbox, bulk: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 20)
    action = {"kind": "named", "name": "REQUEST_LIMIT_EXCEEDED"}
    sandbox.faults.add({"match": {"path": step}, "action": action, "times": None})
    with pytest.raises(QuotaExhausted):
        bulk.write("Lead", updates(ids))
    assert history(sandbox, ids) == {0}


def test_settling_waits_for_a_job_of_ours_that_is_at_work(
    sandbox: SalesforceSandbox, connect: Connect, waits: list[float]
) -> None:
    ids = seed_leads(sandbox, 20)
    lost = {"match": {"method": "GET", "path": r"jobs/ingest/\w+$"}, "action": {"kind": "reset"}, "times": None}
    sandbox.faults.add(lost)
    sandbox.faults.add({"match": {"method": "PATCH", "body": "Aborted"}, "action": {"kind": "reset"}, "times": None})
    assert outcomes(list(connect(bulk_from=10).write("Lead", updates(ids)))) == {"unknown": 20}
    sandbox.faults.clear()
    (job,) = sandbox.jobs.jobs.values()
    assert job.state == "UploadComplete"
    with pytest.raises(StopRun, match="1 bulk jobs"):
        connect(bulk_wait_seconds=20).settle()
    job.state = "JobComplete"
    waits.clear()
    connect().settle()
    assert waits == []


def test_settling_passes_over_what_others_have_at_work(
    sandbox: SalesforceSandbox, connect: Connect, person: Any
) -> None:
    made = person("POST", "/jobs/ingest", json={"object": "Lead", "operation": "insert"}).json()
    person("PUT", f"/jobs/ingest/{made['id']}/batches", data=b"LastName,Company\nA,C\n")
    person("PATCH", f"/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})
    connect().settle()
    assert row(sandbox, LEAD)["LastName"] == "Example"
