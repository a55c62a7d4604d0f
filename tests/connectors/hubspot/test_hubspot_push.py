"""Pushing: fewest calls, every write answered once, nothing resent blindly."""

from __future__ import annotations

from typing import Any

import pytest
from tests.connectors.hubspot.conftest import Connect, call

from leadsync.connector import FieldSpec, Outcome, Receipt, Write
from leadsync.errors import Misconfigured, Rejected, TryAgain
from leadsync_hubspot import HubSpot
from leadsync_hubspot.sandbox import HubSpotSandbox

SPECS = [
    FieldSpec("contacts", "leadsync_id", "leadsync id", "string", unique=True),
    FieldSpec("contacts", "leadsync_score", "Score", "int", "0 to 100"),
    FieldSpec("contacts", "leadsync_stage", "Stage", "enum", options=("lead", "mql")),
    FieldSpec("companies", "leadsync_lei", "LEI", "string"),
]


@pytest.fixture
def ready(seeded: HubSpotSandbox, crm: HubSpot) -> HubSpotSandbox:
    """The seeded sandbox with our properties in place and all counts at nought."""
    crm.provision(SPECS, apply=True)
    seeded.counters = type(seeded.counters)()
    crm.usage.reads = crm.usage.writes = 0
    return seeded


def update(ident: str, **values: Any) -> Write:
    return Write(f"t{ident}", "contacts", ident, values)


def create(number: int, **values: Any) -> Write:
    key = ("leadsync_id", f"L-{number}")
    return Write(f"c{number}", "contacts", None, {"firstname": f"N{number}", **values}, key)


def outcomes(receipts: Any) -> dict[str, str]:
    found = {r.token: str(r.outcome) for r in receipts}
    assert len(found) == len(receipts)
    return found


def test_updates_are_one_call_and_their_answer_is_the_read_back(ready: HubSpotSandbox, any_version: HubSpot) -> None:
    [receipt] = any_version.write(
        "contacts", [update("1001", email=" ANN@Siemens.com ", leadsync_score=85, phone=None)]
    )
    assert receipt.outcome is Outcome.DONE
    assert receipt.record is not None
    assert receipt.record.fields == {"email": "ann@siemens.com", "leadsync_score": "85", "phone": ""}
    assert (ready.counters.writes.total(), ready.counters.reads.total()) == (1, 0)


def test_a_hundred_updates_are_one_call(ready: HubSpotSandbox, crm: HubSpot) -> None:
    people = [{"id": str(n), "properties": {"firstname": "P"}} for n in range(1, 101)]
    ready.seed({"objects": {"contacts": people}})
    receipts = crm.write("contacts", [update(str(n), leadsync_score=n) for n in range(1, 101)])
    assert set(outcomes(receipts).values()) == {"done"}
    assert [r.id for r in receipts] == [str(n) for n in range(1, 101)]
    assert ready.counters.writes.total() == 1
    assert crm.usage.writes == 1


def test_values_go_out_as_hubspot_writes_them(ready: HubSpotSandbox, crm: HubSpot) -> None:
    crm.write("contacts", [update("1001", hs_email_optout=True, leadsync_score=12.0, phone="")])
    stored = ready.portal.objects["contacts"]["1001"].properties
    assert (stored["hs_email_optout"], stored["leadsync_score"], stored["phone"]) == ("true", "12", "")


def test_clearing_is_an_empty_text_never_null(ready: HubSpotSandbox, crm: HubSpot) -> None:
    crm.write("contacts", [update("1001", phone="5", jobtitle="CTO")])
    [receipt] = crm.write("contacts", [update("1001", phone=None)])
    stored = ready.portal.objects["contacts"]["1001"].properties
    assert (stored["phone"], stored["jobtitle"]) == ("", "CTO")
    assert receipt.record is not None
    assert receipt.record.fields == {"phone": ""}


def test_creating_twice_is_an_update_and_ties_the_company(ready: HubSpotSandbox, any_version: HubSpot) -> None:
    write = create(1, email="Neu@Example.com")
    write = Write(write.token, write.kind, None, write.values, write.key, {"companies": ("2001",)})
    [first] = any_version.write("contacts", [write])
    [second] = any_version.write("contacts", [write])
    assert (first.outcome, first.created, second.created) == (Outcome.DONE, True, False)
    assert first.id == second.id
    assert first.record is not None
    assert first.record.fields == {"firstname": "N1", "email": "neu@example.com"}
    [record] = any_version.read("contacts", [str(first.id)], ["leadsync_id"])
    assert record.links == {"companies": ("2001",)}
    assert record.fields == {"leadsync_id": "L-1"}
    assert len(ready.portal.objects["contacts"]) == 4


def test_calls_says_what_writing_costs(ready: HubSpotSandbox, crm: HubSpot) -> None:
    assert [crm.calls("contacts", n, 0) for n in (0, 1, 100, 101, 1000)] == [0, 1, 1, 2, 10]
    assert crm.calls("contacts", 0, 150) == 4
    assert crm.calls("companies", 1, 100) == 2
    assert crm.calls("contacts", 0, 0, 150) == 4
    writes = [
        Write(f"c{n}", "contacts", None, {"firstname": "N"}, ("leadsync_id", f"L{n}"), {"companies": ("2001",)})
        for n in range(100)
    ]
    crm.write("contacts", writes)
    assert ready.counters.writes.total() == crm.calls("contacts", 0, 100) == 2


def test_an_id_that_the_answer_leaves_out_is_unknown(ready: HubSpotSandbox, crm: HubSpot) -> None:
    body = {"primaryObjectId": "1001", "objectIdToMerge": "1002"}
    call(ready, "POST", "/crm/v3/objects/contacts/merge", body)
    receipts = crm.write("contacts", [update("1001", phone="1"), update("1003", phone="2")])
    assert outcomes(receipts) == {"t1001": "unknown", "t1003": "done"}
    assert "merged" in str(receipts[0].error)


def test_an_id_that_is_gone_is_rejected_and_the_others_go_on(ready: HubSpotSandbox, crm: HubSpot) -> None:
    call(ready, "DELETE", "/crm/v3/objects/contacts/1002")
    receipts = crm.write("contacts", [update("1002", phone="1"), update("1003", phone="2")])
    assert outcomes(receipts) == {"t1002": "rejected", "t1003": "done"}
    assert receipts[0].error is not None
    assert receipts[0].error.code == "OBJECT_NOT_FOUND"


def test_a_bad_value_in_a_batch_is_for_the_engine_to_split(ready: HubSpotSandbox, crm: HubSpot) -> None:
    writes = [update("1001", phone="1"), update("1002", leadsync_stage="customer")]
    with pytest.raises(Rejected) as caught:
        crm.write("contacts", writes)
    assert (caught.value.code, caught.value.fields) == ("INVALID_OPTION", ("leadsync_stage",))
    assert ready.portal.objects["contacts"]["1001"].properties.get("phone") is None, "nothing was applied"
    [receipt] = crm.write("contacts", writes[1:])
    assert receipt.outcome is Outcome.REJECTED
    assert "not one of its options" in str(receipt.error)
    assert receipt.error is not None
    assert "map the value" in receipt.error.hint


def test_a_bad_value_among_creates_is_named_by_hubspot_itself(ready: HubSpotSandbox, crm: HubSpot) -> None:
    writes = [create(1, email="not an address"), create(2), create(3, email="ann@siemens.com")]
    receipts = crm.write("contacts", writes)
    assert outcomes(receipts) == {"c1": "rejected", "c2": "done", "c3": "rejected"}
    errors = {r.token: r.error for r in receipts if r.error is not None}
    assert (errors["c1"].code, errors["c1"].fields) == ("INVALID_EMAIL", ("email",))
    assert errors["c3"].code == "CONFLICT"
    assert "merge the two" in errors["c3"].hint


def test_errors_carry_no_personal_data(ready: HubSpotSandbox, crm: HubSpot) -> None:
    receipts: list[Receipt] = list(crm.write("contacts", [create(1, email="secret person@x")]))
    receipts += crm.write("contacts", [update("1001", email="canary@")])
    text = " ".join(repr(r.error) + str(r.error) for r in receipts)
    assert {r.outcome for r in receipts} == {Outcome.REJECTED}
    assert "secret" not in text
    assert "canary" not in text


def test_a_property_that_is_gone_stops_the_run_and_says_what_to_do(ready: HubSpotSandbox, crm: HubSpot) -> None:
    call(ready, "DELETE", "/crm/v3/properties/contacts/leadsync_score")
    with pytest.raises(Misconfigured, match=r"no property 'leadsync_score'.*leadsync provision"):
        crm.write("contacts", [update("1001", leadsync_score=1), update("1002", leadsync_score=1)])


AMBIGUOUS = {
    "the connection is cut after the write": {"kind": "apply_then_reset"},
    "the connection is cut before the write": {"kind": "reset"},
    "the gateway gives up": {"kind": "named", "name": "gateway_timeout"},
    "the gateway gives up, but it was applied": {"kind": "apply_then_reply", "status": 504, "body": "<html>"},
    "the origin takes too long": {"kind": "named", "name": "origin_timeout"},
    "the server fails": {"kind": "named", "name": "server_error"},
    "half of the answer": {"kind": "truncate"},
    "an empty object": {"kind": "replace_body", "body": {}},
    "a page instead of JSON": {"kind": "replace_body", "body": "<html>"},
    "an empty body": {"kind": "replace_body", "body": ""},
    "an unexpected success": {"kind": "reply", "status": 202, "body": {"status": "PENDING"}},
}


@pytest.mark.parametrize("action", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
@pytest.mark.parametrize("what", ["update", "create"])
def test_an_outcome_that_is_not_known_is_never_resent(
    ready: HubSpotSandbox, crm: HubSpot, naps: list[float], action: dict[str, Any], what: str
) -> None:
    ready.faults.add({"match": {"path": "/batch/(update|upsert)"}, "times": None, "action": action})
    writes = [update("1001", phone="1"), update("1002", phone="2")] if what == "update" else [create(1), create(2)]
    receipts = crm.write("contacts", writes)
    assert set(outcomes(receipts).values()) == {"unknown"}
    assert ready.counters.writes.total() == 1
    assert naps == []


def test_a_write_that_hangs_is_unknown(ready: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(read_timeout=0.05)
    ready.faults.add({"match": {"path": "/batch/update"}, "action": {"kind": "delay", "seconds": 0.2}})
    assert outcomes(crm.write("contacts", [update("1001", phone="1")])) == {"t1001": "unknown"}


@pytest.mark.parametrize("name", ["burst", "burst_retry_after", "locked"])
def test_a_write_that_was_turned_away_is_tried_again(
    ready: HubSpotSandbox, crm: HubSpot, naps: list[float], name: str
) -> None:
    action = {"kind": "named", "name": name}
    ready.faults.add({"match": {"path": "/batch/update"}, "times": 2, "action": action})
    assert outcomes(crm.write("contacts", [update("1001", phone="1")])) == {"t1001": "done"}
    assert ready.counters.writes.total() == crm.usage.writes == 3
    least = {"burst": 2.5, "burst_retry_after": 1.0, "locked": 2.0}[name]
    assert len(naps) == 2
    assert min(naps) >= least


def test_a_refused_connection_is_safe_to_try_again(ready: HubSpotSandbox, connect: Connect, naps: list[float]) -> None:
    crm = connect(url="http://127.0.0.1:9")
    with pytest.raises(TryAgain, match="cannot be reached"):
        crm.write("contacts", [update("1001", phone="1")])
    assert len(naps) == 5


def test_an_answer_that_lacks_what_was_written_is_read_back(ready: HubSpotSandbox, crm: HubSpot) -> None:
    stamp = "2026-11-22T09:00:00.000Z"
    bare = {"id": "1001", "properties": {"lastmodifieddate": stamp}, "createdAt": stamp, "updatedAt": stamp}
    body = {"status": "COMPLETE", "results": [bare], "startedAt": stamp, "completedAt": stamp}
    ready.faults.add({"match": {"path": "/batch/update"}, "action": {"kind": "replace_body", "body": body}})
    [receipt] = crm.write("contacts", [update("1001", phone="5")])
    assert receipt.record is not None
    assert receipt.record.fields == {"phone": "5"}
    assert ready.counters.reads.total() == 1


def test_a_lifecycle_stage_that_would_go_back_shows_in_the_read_back(ready: HubSpotSandbox, crm: HubSpot) -> None:
    crm.write("contacts", [update("1001", lifecyclestage="customer")])
    [receipt] = crm.write("contacts", [update("1001", lifecyclestage="subscriber")])
    assert receipt.outcome is Outcome.DONE
    assert receipt.record is not None
    assert receipt.record.fields == {"lifecyclestage": "customer"}


def test_a_company_that_is_gone_does_not_undo_the_contact(ready: HubSpotSandbox, crm: HubSpot) -> None:
    write = Write("c1", "contacts", None, {"firstname": "N"}, ("leadsync_id", "L1"), {"companies": ("9999",)})
    [receipt] = crm.write("contacts", [write])
    assert (receipt.outcome, receipt.created) == (Outcome.DONE, True)
    assert receipt.error is not None


def test_associations_that_fail_for_good_leave_the_outcome_open(
    ready: HubSpotSandbox, crm: HubSpot, naps: list[float]
) -> None:
    write = Write("c1", "contacts", None, {"firstname": "N"}, ("leadsync_id", "L1"), {"companies": ("2001",)})
    action = {"kind": "named", "name": "unavailable"}
    ready.faults.add({"match": {"path": "/associate/default"}, "times": None, "action": action})
    [receipt] = crm.write("contacts", [write])
    assert receipt.outcome is Outcome.UNKNOWN
    assert receipt.id is not None


def test_updates_and_creates_do_not_share_a_batch(ready: HubSpotSandbox, crm: HubSpot) -> None:
    with pytest.raises(ValueError, match="not both"):
        crm.write("contacts", [update("1001", phone="1"), create(1)])
    assert crm.write("contacts", []) == []


# ---- provision


def states(steps: Any) -> dict[str, str]:
    return {step.what: step.state for step in steps}


def test_provision_plans_then_creates_then_rests(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    planned = states(any_version.provision(SPECS, apply=False))
    assert planned == {
        "contacts property group leadsync": "missing",
        "contacts.leadsync_id": "missing",
        "contacts.leadsync_score": "missing",
        "contacts.leadsync_stage": "missing",
        "companies property group leadsync": "missing",
        "companies.leadsync_lei": "missing",
    }
    assert seeded.counters.writes.total() == 0
    assert set(states(any_version.provision(SPECS, apply=True)).values()) == {"created"}
    assert seeded.counters.writes.total() == 4
    assert set(states(any_version.provision(SPECS, apply=True)).values()) == {"exists"}
    assert seeded.counters.writes.total() == 4


def test_provisioned_properties_are_of_the_right_kind(ready: HubSpotSandbox) -> None:
    _, found = call(ready, "GET", "/crm/v3/properties/contacts/leadsync_stage")
    assert (found["type"], found["fieldType"], found["groupName"]) == ("enumeration", "select", "leadsync")
    assert [o["value"] for o in found["options"]] == ["lead", "mql"]
    assert call(ready, "GET", "/crm/v3/properties/contacts/leadsync_id")[1]["hasUniqueValue"] is True


def test_a_property_of_another_type_is_a_conflict(ready: HubSpotSandbox, crm: HubSpot) -> None:
    changed = [FieldSpec("contacts", "leadsync_score", "Score", "string")]
    [step] = crm.provision(changed, apply=True)
    assert (step.state, step.detail) == ("conflict", "is number in HubSpot, the mapping needs string")
    [step] = crm.provision([FieldSpec("contacts", "leadsync_score", "Score", "int", unique=True)], apply=True)
    assert step.state == "conflict"


def test_a_new_option_is_added_beside_the_old_ones(ready: HubSpotSandbox, crm: HubSpot) -> None:
    wider = [FieldSpec("contacts", "leadsync_stage", "Stage", "enum", options=("mql", "sql"))]
    assert states(crm.provision(wider, apply=True)) == {"contacts.leadsync_stage": "created"}
    _, found = call(ready, "GET", "/crm/v3/properties/contacts/leadsync_stage")
    assert [o["value"] for o in found["options"]] == ["lead", "mql", "sql"]
    assert states(crm.provision(wider, apply=True)) == {"contacts.leadsync_stage": "exists"}


def test_every_field_type_can_be_created(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    types = ["string", "text", "int", "number", "bool", "date", "datetime", "enum"]
    specs = [FieldSpec("companies", f"leadsync_{t}", t, t, options=("a",) if t == "enum" else ()) for t in types]
    assert len(crm.provision(specs, apply=True)) == 9
    values = {"leadsync_date": "2026-11-22", "leadsync_datetime": "2026-11-22T10:00:00Z", "leadsync_bool": True}
    [receipt] = crm.write("companies", [Write("t", "companies", "2001", values)])
    assert receipt.record is not None
    assert receipt.record.fields == {
        "leadsync_date": "2026-11-22",
        "leadsync_datetime": "2026-11-22T10:00:00.000Z",
        "leadsync_bool": "true",
    }
