"""Pushing: one call for 200, one receipt each, and never a write sent twice that may have been applied."""

from __future__ import annotations

from typing import Any

import pytest
from tests.connectors.salesforce.conftest import ACCOUNT, CONTACT, LEAD, Connect, User

from leadsync.connector import Outcome, Receipt, Write
from leadsync.errors import Misconfigured, QuotaExhausted, Rejected, TryAgain
from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated


def seed_leads(sandbox: SalesforceSandbox, count: int) -> list[str]:
    ids = [generated("00Q", 1000 + n) for n in range(count)]
    rows = [{"Id": i, "LastName": f"L{n}", "Company": "C"} for n, i in enumerate(ids)]
    sandbox.seed({"objects": {"Lead": rows}})
    return ids


def one(
    crm: SalesforceCrm, values: dict[str, Any], kind: str = "Lead", ident: str | None = LEAD, **more: Any
) -> Receipt:
    (receipt,) = crm.write(kind, [Write("t", kind, ident, values, **more)])
    return receipt


def row(sandbox: SalesforceSandbox, ident: str = LEAD, kind: str = "Lead") -> dict[str, Any]:
    found = sandbox.org.row(sandbox.org.object(kind), ident)
    assert found is not None
    return found


def test_two_hundred_updates_are_one_write_and_one_read(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 200)
    receipts = crm.write("Lead", [Write(f"t{n}", "Lead", i, {"Title": f"T{n}"}) for n, i in enumerate(ids)])
    assert [(r.token, r.outcome, r.id) for r in receipts] == [(f"t{n}", Outcome.DONE, i) for n, i in enumerate(ids)]
    assert [r.record.fields["Title"] for r in receipts if r.record] == [f"T{n}" for n in range(200)]
    assert sandbox.counters.writes.total() == 1
    assert sandbox.counters.reads["POST /services/data/vXX.X/composite/sobjects/{object}"] == 1
    assert crm.calls("Lead", 200, 0) == 2
    assert (crm.usage.reads, crm.usage.writes) == (sandbox.counters.reads.total(), 1)


def test_what_comes_back_is_what_salesforce_made_of_it(crm: SalesforceCrm) -> None:
    values = {"Title": "  CTO  ", "Email": "Ann@Siemens.EXAMPLE", "Phone": "5551234567", "Rank__c": 3.14159}
    receipt = one(crm, values)
    assert receipt.record is not None
    assert receipt.record.fields == {
        "Title": "CTO",
        "Email": "ann@siemens.example",
        "Phone": "(555) 123-4567",
        "Rank__c": 3.1,
    }


def test_none_clears_a_field_and_a_checkbox_becomes_false(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    assert one(crm, {"Email": "a@b.example", "Member__c": True}).outcome is Outcome.DONE
    receipt = one(crm, {"Email": None, "Member__c": None})
    assert receipt.record is not None
    assert receipt.record.fields == {"Email": None, "Member__c": False}


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("Day__c", "2026-03-04", "2026-03-04"),
        ("Day__c", "2026-03-04T23:30:00-05:00", "2026-03-05"),
        ("Moment__c", "2026-03-04T05:06:07.890+02:00", "2026-03-04T03:06:07.000+0000"),
        ("Moment__c", "2026-03-04", "2026-03-04T00:00:00.000+0000"),
        ("NumberOfEmployees", "1200", 1200),
        ("NumberOfEmployees", 1200.0, 1200),
        ("AnnualRevenue", 1.5e6, 1500000.0),
        ("Member__c", "yes", True),
        ("Member__c", 0, False),
        ("Title", 7.0, "7"),
        ("Interests__c", "Red;Blue", "Red;Blue"),
        ("Title", "", None),
    ],
)
def test_values_are_written_as_their_fields_type_wants(
    field: str, given: Any, stored: Any, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    assert one(crm, {field: given}).outcome is Outcome.DONE
    assert row(sandbox)[field] == stored


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Day__c", "someday"),
        ("Moment__c", "13:00"),
        ("NumberOfEmployees", "many"),
        ("NumberOfEmployees", 1.5),
        ("Rank__c", float("nan")),
        ("Rank__c", True),
        ("Member__c", "perhaps"),
    ],
)
def test_a_value_that_fits_no_field_of_the_type_is_refused_before_it_is_sent(
    field: str, value: Any, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    receipt = one(crm, {field: value})
    assert receipt.outcome is Outcome.REJECTED
    assert receipt.error is not None
    assert receipt.error.fields == (field,)
    assert str(value) not in str(receipt.error)
    assert sandbox.counters.writes.total() == 0


def test_poison_in_a_batch_hurts_nobody_else(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 200)
    bad = {3: {"Email": "badone"}, 77: {"Rank__c": 1e9}, 150: {"Title": "x" * 129}, 199: {"Day__c": "never"}}
    writes = [Write(str(n), "Lead", i, bad.get(n, {"Title": "fine"})) for n, i in enumerate(ids)]
    receipts = crm.write("Lead", writes)
    rejected = {int(r.token): r.error for r in receipts if r.outcome is Outcome.REJECTED}
    assert {n: e.code for n, e in rejected.items() if e} == {
        3: "INVALID_EMAIL_ADDRESS",
        77: "NUMBER_OUTSIDE_VALID_RANGE",
        150: "STRING_TOO_LONG",
        199: "LEADSYNC_VALUE",
    }
    assert sum(r.outcome is Outcome.DONE for r in receipts) == 196
    assert sandbox.counters.writes.total() == 1
    assert str(rejected[150]) == "STRING_TOO_LONG (Title): at most 128 characters"
    assert not any("badone" in str(e) for e in rejected.values())


def test_a_validation_rule_speaks_in_its_own_words(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    rule = {
        "object": "Lead",
        "name": "Industry",
        "message": "A working lead needs an industry.",
        "violated_when": "Industry = null AND Status = 'Working - Contacted'",
    }
    sandbox.seed({"validation_rules": [rule]})
    receipt = one(crm, {"Status": "Working - Contacted"})
    assert receipt.error is not None
    assert "A working lead needs an industry." in str(receipt.error)
    assert "fill what the rule asks for" in receipt.error.hint
    assert one(crm, {"Status": "Working - Contacted", "Industry": "Banking"}).outcome is Outcome.DONE


def test_a_duplicate_rule_is_a_rejection_with_a_hint(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    (other,) = seed_leads(sandbox, 1)
    sandbox.seed({"duplicate_rules": [{"object": "Lead", "name": "Same e-mail", "fields": ["Email"]}]})
    receipt = one(crm, {"Email": "ann@siemens.example"}, ident=other)
    assert receipt.error is not None
    assert receipt.error.code == "DUPLICATES_DETECTED"
    assert "merge the two" in receipt.error.hint


def test_a_converted_and_a_deleted_lead_are_rejected_with_hints(
    sandbox: SalesforceSandbox, served: Serving, crm: SalesforceCrm, person: User
) -> None:
    gone, converted = seed_leads(sandbox, 2)
    person("DELETE", f"/sobjects/Lead/{gone}")
    person.session.post(f"{served.url}/__sandbox__/convert", json={"lead": converted}, timeout=5)
    writes = [Write(i, "Lead", i, {"Title": "T"}) for i in (gone, converted, generated("00Q", 9999), LEAD)]
    codes = [r.error.code if r.error else r.outcome for r in crm.write("Lead", writes)]
    assert codes == ["ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD", "INVALID_CROSS_REFERENCE_KEY", Outcome.DONE]


def test_a_create_by_key_twice_is_an_update(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    key = {"key": ("LeadSync_Id__c", "u-1"), "ident": None}
    first = one(crm, {"LastName": "New", "Company": "C"}, **key)
    again = one(crm, {"LastName": "New", "Company": "D"}, **key)
    assert (first.created, again.created, first.id) == (True, False, again.id)
    assert again.record is not None
    assert again.record.fields == {"LeadSync_Id__c": "u-1", "LastName": "New", "Company": "D"}
    assert len(sandbox.org.tables["Lead"].rows) == 2


def test_a_key_that_several_records_hold_is_rejected(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    rows = [{"Id": generated("00Q", n), "LastName": "L", "Company": "C", "Key__c": "k"} for n in (50, 51)]
    sandbox.seed({"objects": {"Lead": rows}})
    receipt = one(crm, {"LastName": "L", "Company": "C"}, ident=None, key=("Key__c", "k"))
    assert receipt.error is not None
    assert receipt.error.code == "DUPLICATE_EXTERNAL_ID"


def test_a_create_without_a_key_and_with_a_link(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    receipt = one(crm, {"LastName": "New"}, kind="Contact", ident=None, links={"Account": (ACCOUNT,)})
    assert receipt.created
    assert receipt.record is not None
    assert receipt.record.links == {"Account": (ACCOUNT,)}


def test_a_lead_has_no_account_to_be_linked_to(crm: SalesforceCrm) -> None:
    receipt = one(crm, {"LastName": "N", "Company": "C"}, ident=None, links={"Account": (ACCOUNT,)})
    assert receipt.outcome is Outcome.DONE


def test_a_link_that_makes_no_sense_is_rejected(crm: SalesforceCrm) -> None:
    receipt = one(crm, {"LastName": "N"}, kind="Contact", ident=None, links={"Campaign": ("701",)})
    assert receipt.outcome is Outcome.REJECTED


def test_a_create_that_lacks_what_salesforce_demands_is_rejected(crm: SalesforceCrm) -> None:
    receipt = one(crm, {"FirstName": "Only"}, ident=None, key=("LeadSync_Id__c", "u-2"))
    assert receipt.error is not None
    assert receipt.error.code == "REQUIRED_FIELD_MISSING"
    assert receipt.error.fields == ("LastName", "Company")


@pytest.mark.parametrize("kind", ["apply_then_reset", "reset", "truncate"])
def test_a_lost_connection_leaves_the_outcome_unknown_and_nothing_is_sent_again(
    kind: str, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    crm.read("Lead", [LEAD], ["Title"])
    fault = sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": kind}, "times": None})
    receipt = one(crm, {"Title": "Maybe"})
    assert receipt.outcome is Outcome.UNKNOWN
    assert fault.hits == 1
    assert row(sandbox).get("Title") == (None if kind == "reset" else "Maybe")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_on_a_write_leaves_the_outcome_unknown(
    status: int, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    fault = sandbox.faults.add(
        {
            "match": {"method": "PATCH"},
            "action": {"kind": "apply_then_reply", "status": status, "body": "<html>"},
            "times": None,
        }
    )
    assert one(crm, {"Title": "Maybe"}).outcome is Outcome.UNKNOWN
    assert fault.hits == 1


@pytest.mark.parametrize(
    "body", ["<html>ok</html>", "[]", "{}", '[{"success": true}]', '[{"ok": 1}]', '[{"id":"1","success":true},{}]']
)
def test_an_answer_that_fits_nothing_leaves_the_outcome_unknown(
    body: str, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "replace_body", "body": body}})
    assert one(crm, {"Title": "T"}).outcome is Outcome.UNKNOWN


def test_a_write_that_times_out_is_unknown(sandbox: SalesforceSandbox, connect: Connect) -> None:
    crm = connect(read_timeout=0.2)
    crm.read("Lead", [LEAD], ["Title"])
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "delay", "seconds": 0.5}})
    assert one(crm, {"Title": "Slow"}).outcome is Outcome.UNKNOWN


def test_a_failed_read_back_does_not_undo_the_receipt(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    crm.read("Lead", [LEAD], ["Title"])
    sandbox.faults.add(
        {
            "match": {"method": "POST", "path": "sobjects/Lead"},
            "action": {"kind": "named", "name": "BAD_GATEWAY_PAGE"},
            "times": None,
        }
    )
    receipt = one(crm, {"Title": "T"})
    assert (receipt.outcome, receipt.record) == (Outcome.DONE, None)


def test_only_the_locked_records_are_sent_again(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, waits: list[float]
) -> None:
    ids = seed_leads(sandbox, 10)
    sandbox.seed(
        {
            "settings": {
                "record_faults": [
                    {"object": "Lead", "where": "LastName = 'L7'", "code": "UNABLE_TO_LOCK_ROW", "times": 2}
                ]
            }
        }
    )
    receipts = crm.write("Lead", [Write(i, "Lead", i, {"Title": "T"}) for i in ids])
    assert {r.outcome for r in receipts} == {Outcome.DONE}
    assert sandbox.counters.writes.total() == 3
    assert len(waits) == 2
    assert [len(sandbox.org.history[i]) for i in ids] == [1] * 10


def test_a_record_that_stays_locked_is_left_for_the_next_run(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 3)
    sandbox.seed(
        {"settings": {"record_faults": [{"object": "Lead", "where": "LastName = 'L1'", "code": "UNABLE_TO_LOCK_ROW"}]}}
    )
    receipts = crm.write("Lead", [Write(i, "Lead", i, {"Title": "T"}) for i in ids])
    assert [r.outcome for r in receipts] == [Outcome.DONE, Outcome.UNKNOWN, Outcome.DONE]


def test_a_busy_edge_is_waited_for_because_nothing_was_applied(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, waits: list[float]
) -> None:
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "named", "name": "THROTTLED"}, "times": 2})
    assert one(crm, {"Title": "T"}).outcome is Outcome.DONE
    assert len(waits) == 2
    assert all(wait >= 1 for wait in waits)


def test_an_edge_that_stays_busy_raises_try_again(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "named", "name": "CALM_PAGE"}, "times": None})
    with pytest.raises(TryAgain):
        one(crm, {"Title": "T"})


def test_a_batch_that_is_refused_as_a_whole_says_so(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "named", "name": "JSON_PARSER_ERROR"}})
    with pytest.raises(Rejected):
        one(crm, {"Title": "T"})


def test_the_daily_limit_stops_the_run(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "named", "name": "REQUEST_LIMIT_EXCEEDED"}})
    with pytest.raises(QuotaExhausted):
        one(crm, {"Title": "T"})


@pytest.mark.parametrize("field", ["Name", "CreatedDate", "Nope__c", "IsConverted"])
def test_a_field_that_cannot_be_written_stops_before_anything_is_sent(
    field: str, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    with pytest.raises(Misconfigured, match=rf"Lead\.{field}"):
        one(crm, {field: "x"})
    assert sandbox.counters.writes.total() == 0


def test_a_field_that_only_reads_asks_for_provision(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.seed({"settings": {"field_access": {"Lead.Rank__c": "read"}}})
    with pytest.raises(Misconfigured, match="leadsync provision"):
        one(crm, {"Rank__c": 1})


def test_writes_say_who_they_are_and_leave_assignment_rules_alone(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    handle = sandbox.handle
    monkeypatch.setattr(sandbox, "handle", lambda request: seen.append(dict(request.headers)) or handle(request))
    one(crm, {"Title": "T"})
    write = seen[-2]
    assert (write["sforce-auto-assign"], write["sforce-call-options"]) == ("FALSE", "client=leadsync")


def test_a_batch_of_two_kinds_is_a_mistake_of_the_caller(crm: SalesforceCrm) -> None:
    with pytest.raises(ValueError, match="all updates or all creates"):
        crm.write("Lead", [Write("a", "Lead", LEAD, {}), Write("b", "Lead", None, {"LastName": "L", "Company": "C"})])


def test_accounts_and_contacts_are_written_alike(crm: SalesforceCrm) -> None:
    assert one(crm, {"Industry": "Machinery"}, kind="Account", ident=ACCOUNT).outcome is Outcome.DONE
    assert one(crm, {"Title": "CFO"}, kind="Contact", ident=CONTACT).outcome is Outcome.DONE
    assert crm.web_url(one(crm, {"Title": "CFO"}, kind="Contact", ident=CONTACT).record.ref).endswith(f"/{CONTACT}")  # type: ignore[union-attr]
