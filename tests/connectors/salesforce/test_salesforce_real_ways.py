"""What the real Salesforce does and its documentation says in passing: each met over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.connectors.salesforce.conftest import ACCOUNT, CAMPAIGN, CONTACT, LEAD, Connect, User
from tests.connectors.salesforce.test_salesforce_push import row, seed_leads
from tests.connectors.salesforce.test_salesforce_push_bulk import calls

from leadsync.connector import FieldSpec, Outcome, Write
from leadsync.errors import Unreadable
from leadsync.records import Ref
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated

LOCKED_BELOW = (
    "LeadTrigger: execution of AfterUpdate caused by: System.DmlException: Update failed. First exception on row 0 "
    "with id 0015g000000000AEAQ; first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record or "
    "1 records: 0015g000000000AEAQ: []"
)


def titles(ids: list[str]) -> list[Write]:
    return [Write(i, "Lead", i, {"Title": "T"}) for i in ids]


def fault(sandbox: SalesforceSandbox, **what: Any) -> None:
    sandbox.seed({"settings": {"record_faults": [{"object": "Lead", **what}]}})


@pytest.mark.parametrize("bulk_from", [1000, 5])
def test_a_lock_that_a_trigger_met_is_waited_for_like_any(
    sandbox: SalesforceSandbox, connect: Connect, waits: list[float], bulk_from: int
) -> None:
    ids = seed_leads(sandbox, 10)
    code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    fault(sandbox, where="LastName = 'L7'", code=code, message=LOCKED_BELOW, times=2)
    receipts = connect(bulk_from=bulk_from).write("Lead", titles(ids))
    assert {r.outcome for r in receipts} == {Outcome.DONE}
    assert [len(sandbox.org.history[i]) for i in ids] == [1] * 10


def test_what_ends_a_run_between_two_tries_loses_no_receipt(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = seed_leads(sandbox, 3)
    fault(sandbox, where="LastName = 'L1'", code="UNABLE_TO_LOCK_ROW", times=1)
    action = {"kind": "named", "name": "REQUEST_LIMIT_EXCEEDED"}
    sandbox.faults.add({"match": {"method": "PATCH"}, "after": 1, "action": action})
    receipts = crm.write("Lead", titles(ids))
    assert [r.outcome for r in receipts] == [Outcome.DONE, Outcome.UNKNOWN, Outcome.DONE]


def test_a_meeting_counts_once_however_many_colleagues_were_invited(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    meeting = {"WhoId": CONTACT, "Subject": "Demo", "StartDateTime": "2026-10-01T09:00:00Z"}
    events = [{"Id": generated("00U", n), **meeting, **({"IsChild": True} if n > 1 else {})} for n in (1, 2, 3)]
    sandbox.seed({"objects": {"Event": events}})
    touches = [t for page in crm.pull("Event", "", []) for t in page.touches]
    assert [t.ref.id for t in touches] == [events[0]["Id"]]


@pytest.mark.parametrize("text", ["one\rtwo", "one\r\ntwo\r", 'a\r"b",c'])
def test_a_job_takes_every_kind_of_line_end_within_a_value(
    sandbox: SalesforceSandbox, connect: Connect, text: str
) -> None:
    ids = seed_leads(sandbox, 10)
    receipts = connect(bulk_from=5).write("Lead", [Write(i, "Lead", i, {"Street": text, "Title": "T"}) for i in ids])
    assert {r.outcome for r in receipts} == {Outcome.DONE}
    assert {row(sandbox, i)["Street"] for i in ids} == {text.strip()}
    assert not any("composite/sobjects" in label and "PATCH" in label for label in calls(sandbox)), "it was a job"


@pytest.mark.parametrize("bulk_from", [1000, 5])
def test_what_a_trigger_says_of_a_record_is_shown_without_its_values(
    sandbox: SalesforceSandbox, connect: Connect, bulk_from: int
) -> None:
    ids = seed_leads(sandbox, 10)
    name = "Canary Jones" if bulk_from == 5 else "jones"  # as people type their names into forms
    text = f"{name} (canary@secret.example, +49 170 123 4567) is on the list of 100000: ask legal first."
    fault(sandbox, where=f"Id = '{ids[3]}'", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message=text)
    values = {"LastName": name, "Title": "leg", "Status": "ask"}
    writes = [Write(i, "Lead", i, values) for i in ids]
    refused = connect(bulk_from=bulk_from).write("Lead", writes)[3]
    assert refused.outcome is Outcome.REJECTED
    told = f"{refused.error}{refused.error!r}"
    assert "is on the list of 100000: ask legal first." in told
    assert not [secret for secret in ("anary", "ones", "secret", "170", "4567") if secret in told]


def test_a_rule_may_use_the_word_that_is_the_stage(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    (ident,) = seed_leads(sandbox, 1)
    crm.provision([FieldSpec("Lead", "LeadSync_Stage__c", "Stage", "string", length=64)], apply=True)
    rule = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "First rate this mql of jones."}
    fault(sandbox, where=f"Id = '{ident}'", **rule)
    refused = crm.write("Lead", [Write("w", "Lead", ident, {"LeadSync_Stage__c": "mql", "LastName": "jones"})])[0]
    assert "First rate this mql of <value>." in str(refused.error)


@pytest.mark.parametrize("bulk_from", [1000, 5])
@pytest.mark.parametrize("creating", [False, True], ids=["update", "create"])
def test_what_is_too_much_at_once_for_a_trigger_goes_in_smaller_parts(
    sandbox: SalesforceSandbox, connect: Connect, bulk_from: int, creating: bool
) -> None:
    ids = seed_leads(sandbox, 230)
    sandbox.seed({"settings": {"trigger_bears": {"Lead": 50}}})
    new = {"LastName": "N", "Company": "C"}
    made = [Write(i, "Lead", None, new, key=("LeadSync_Id__c", f"u-{i}")) for i in ids]
    receipts = connect(bulk_from=bulk_from).write("Lead", made if creating else titles(ids))
    assert [r.outcome for r in receipts] == [Outcome.DONE] * 230
    assert len(sandbox.org.tables["Lead"].rows) == 231 + 230 * creating
    assert {len(sandbox.org.history.get(i, ())) for i in ids} == ({0} if creating else {1})
    sent = {label: n for label, n in calls(sandbox).items() if "PATCH" in label and "composite" in label}
    assert sum(sent.values()) == (12 if bulk_from == 5 else 1 + 1 + 10)


def test_a_trigger_that_bears_nothing_is_tried_in_smaller_parts_once(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, waits: list[float]
) -> None:
    ids = seed_leads(sandbox, 30)
    sandbox.seed({"settings": {"trigger_bears": {"Lead": 0}}})
    receipts = crm.write("Lead", titles(ids))
    assert {(r.outcome, r.error.code if r.error else "") for r in receipts} == {
        (Outcome.REJECTED, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
    }
    assert sandbox.counters.writes.total() == 1 + 2
    assert waits == []


def test_a_record_that_is_locked_while_others_are_too_many_is_sent_until_it_is_free(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    ids = seed_leads(sandbox, 60)
    sandbox.seed({"settings": {"trigger_bears": {"Lead": 50}}})
    fault(sandbox, where="LastName = 'L1'", code="UNABLE_TO_LOCK_ROW", times=2)
    assert [r.outcome for r in crm.write("Lead", titles(ids))] == [Outcome.DONE] * 60
    assert {len(sandbox.org.history[i]) for i in ids} == {1}


@pytest.mark.parametrize("bulk_from", [1000, 2])
def test_a_new_lead_is_never_made_without_the_unique_value_that_another_holds(
    sandbox: SalesforceSandbox, connect: Connect, bulk_from: int
) -> None:
    ids = seed_leads(sandbox, 3)
    number = {"object": "Lead", "name": "Number__c", "type": "Text", "length": 20, "externalId": True, "unique": True}
    sandbox.seed({"custom_fields": [number]})
    crm = connect(bulk_from=bulk_from)
    crm.write("Lead", [Write(i, "Lead", i, {"Number__c": f"N-{n}"}) for n, i in enumerate(ids)])
    new = {"LastName": "N", "Company": "C", "Number__c": "N-1"}
    made = crm.write("Lead", [Write(f"t{n}", "Lead", None, new, key=("LeadSync_Id__c", f"u-{n}")) for n in range(2)])
    assert [(r.error.code, r.error.fields) for r in made if r.error] == [("DUPLICATE_VALUE", ())] * 2
    changed = crm.write("Lead", [Write(i, "Lead", i, {"Number__c": "N-1", "Title": "T"}) for i in (ids[0], ids[2])])
    assert [(r.error.code, r.error.fields) for r in changed if r.error] == [("DUPLICATE_VALUE", ("Number__c",))] * 2


def test_an_account_that_is_a_campaigns_member_is_nobody(crm: SalesforceCrm, person: User) -> None:
    person("POST", "/sobjects/CampaignMember", json={"CampaignId": CAMPAIGN, "AccountId": ACCOUNT}).raise_for_status()
    lead, contact = Ref("salesforce", "Lead", LEAD), Ref("salesforce", "Contact", CONTACT)
    assert crm.members(CAMPAIGN) == {lead, contact}
    assert crm.leave(CAMPAIGN, [lead]) == {}
    assert crm.members(CAMPAIGN) == {contact}
    assert {t.person for page in crm.pull("CampaignMember", "", []) for t in page.touches} == {lead, contact}


def test_a_key_that_somebody_made_as_a_plain_text_is_told_when_provisioning(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    sandbox.seed({"custom_fields": [{"object": "Contact", "name": "LeadSync_Id__c", "type": "Text", "length": 64}]})
    for apply in (False, True):
        steps = crm.provision([FieldSpec("Contact", "LeadSync_Id__c", "id", "string", unique=True)], apply=apply)
        assert [(s.what, s.state) for s in steps] == [("field Contact.LeadSync_Id__c", "conflict")]
        assert "external id" in steps[0].detail
    key = FieldSpec("Lead", "LeadSync_Id__c", "id", "string", unique=True)
    assert [s.state for s in crm.provision([key], apply=False)] == ["exists"]


@pytest.mark.parametrize("rows", [[], [None]], ids=["none", "one"])
def test_a_read_that_answers_fewer_than_were_asked_for_is_not_taken_for_gone(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, rows: list[None]
) -> None:
    ids = seed_leads(sandbox, 3)
    gone = generated("00Q", 7777)
    assert len(crm.read("Lead", [*ids, gone], ["Title"])) == 3
    sandbox.faults.add({"match": {"path": "composite/sobjects/Lead"}, "action": {"kind": "replace_body", "body": rows}})
    with pytest.raises(Unreadable, match="not what the API promises"):
        crm.read("Lead", ids, ["Title"])


def test_a_job_is_looked_at_again_after_an_outage_in_the_middle_of_it(
    sandbox: SalesforceSandbox, connect: Connect
) -> None:
    ids = seed_leads(sandbox, 10)
    match = {"method": "GET", "path": "jobs/ingest/[^/]+$"}
    sandbox.faults.add({"match": match, "times": 7, "action": {"kind": "named", "name": "UNAVAILABLE_PAGE"}})
    receipts = connect(bulk_from=5).write("Lead", titles(ids))
    assert {r.outcome for r in receipts} == {Outcome.DONE}
    assert {len(sandbox.org.history[i]) for i in ids} == {1}


def test_a_field_may_be_written_in_any_case_and_is_read_all_the_same(crm: SalesforceCrm) -> None:
    asked = ("email", "LASTNAME", "owner.name")
    wanted = {"email": "ann@siemens.example", "LASTNAME": "Example", "owner.name": "Pat Person"}
    [page] = crm.pull("Lead", "", asked)
    read = [*page.records, *crm.find("Lead", "email", ["ann@siemens.example"], asked)]
    assert [record.fields for record in read] == [wanted, wanted]
    [receipt] = crm.write("Lead", [Write("t", "Lead", LEAD, {"lastname": "Other"})])
    assert receipt.record is not None and receipt.record.fields == {"lastname": "Other"}


def test_half_an_emoji_is_read_as_a_sign_that_can_be_kept(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    whole = {"Id": LEAD, "IsDeleted": False, "SystemModstamp": "2026-11-01T00:00:00.000+0000"}
    body = {"totalSize": 1, "done": True, "records": [{**whole, "LastName": "Ann \ud83d", "Company": "\ud83d\ude00 Ö"}]}
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": "replace_body", "body": json.dumps(body)}})
    [page] = crm.pull("Lead", "", ["LastName", "Company"])
    assert [record.fields for record in page.records] == [{"LastName": "Ann ?", "Company": "\N{GRINNING FACE} Ö"}]
