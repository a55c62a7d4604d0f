"""Deals, campaign influence and tasks, as the connector keeps them over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.connectors.salesforce.conftest import ACCOUNT, CAMPAIGN, CONTACT, LEAD, Connect, User
from tests.connectors.salesforce.test_salesforce_push_bulk import calls

from leadsync.connector import Health
from leadsync.connector.besides import Deals, Entries, Entry, EntryKind
from leadsync.errors import Ambiguous, Misconfigured, SkipRecord
from leadsync.records import Ref
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated
from leadsync_salesforce.sandbox.seeding import INTEGRATION_USER, PERSON_USER

DEAL, LOST, MODEL, PRIMARY, SECOND = (
    generated(p, n) for p, n in (("006", 1), ("006", 2), ("03V", 1), ("03V", 2), ("701", 2))
)
ANN, BOB = Ref("salesforce", "Lead", LEAD), Ref("salesforce", "Contact", CONTACT)
TASK, INFLUENCE = EntryKind.TASK, EntryKind.INFLUENCE
AT = "2026-01-01T10:00:00Z"


@pytest.fixture(autouse=True)
def org(sandbox: SalesforceSandbox) -> SalesforceSandbox:
    deal = {"AccountId": ACCOUNT, "CloseDate": "2026-12-31", "Amount": 1000.0, "CreatedDate": AT}
    sandbox.seed({
        "objects": {
            "Opportunity": [
                {"Id": DEAL, "Name": "Ours", "StageName": "Prospecting", **deal},
                {"Id": LOST, "Name": "Lost", "StageName": "Closed Lost", **deal},
            ],
            "OpportunityContactRole": [
                {"OpportunityId": DEAL, "ContactId": CONTACT, "CreatedDate": AT},
                {"OpportunityId": LOST, "ContactId": CONTACT, "CreatedDate": AT},
            ],
            "CampaignInfluenceModel": [
                {"Id": MODEL, "DeveloperName": "LeadSync", "MasterLabel": "leadsync", "IsModelLocked": True},
                {"Id": PRIMARY, "DeveloperName": "primaryModel", "MasterLabel": "Primary Campaign Source"},
            ],
            "Campaign": [{"Id": SECOND, "Name": "Welcome", "CreatedDate": AT}],
        }
    })  # fmt: skip
    return sandbox


def part(campaign: str = CAMPAIGN, share: float = 60.0, who: Ref | None = BOB) -> Entry:
    about = {"deal": Ref("salesforce", "Opportunity", DEAL), "campaign": Ref("salesforce", "Campaign", campaign)}
    about |= {"person": who} if who is not None else {}
    return Entry(f"{DEAL}/{campaign}/{who.id if who else '-'}", about, {"share": share}, whole=DEAL)


def call_task(who: Ref = ANN, since: str = "20261101T000000") -> Entry:
    said = {"action": "call", "subject": "Call: asked", "text": "Call.", "due": "2026-11-23", "priority": "High"}
    return Entry(f"u1/call/{since}", {"person": who}, said, whole="u1/call")


def made(crm: SalesforceCrm, kind: EntryKind, entry: Entry, place: str = "") -> Entry:
    ident = crm.put(kind, place, [entry])[entry.key]
    assert isinstance(ident, str)
    return replace(entry, id=ident)


def row(sandbox: SalesforceSandbox, kind: str, ident: str) -> dict[str, Any]:
    return dict(sandbox.org.tables[kind].rows[ident])


def test_it_is_what_the_engine_asks_for(crm: SalesforceCrm) -> None:
    assert isinstance(crm, Deals) and isinstance(crm, Entries)


# ---- deals and influence


def test_deals_that_are_open_come_with_those_who_have_a_role(crm: SalesforceCrm, person: User) -> None:
    (deal,) = crm.deals()
    assert (deal.ref.id, deal.people) == (DEAL, (BOB,))
    assert deal.account is not None and deal.account.id == ACCOUNT
    role = person.query("SELECT Id FROM OpportunityContactRole WHERE Opportunity.IsClosed = false")[0]["Id"]
    assert person("DELETE", f"/sobjects/OpportunityContactRole/{role}").status_code == 204
    assert person.query("SELECT Id FROM OpportunityContactRole WHERE Opportunity.IsClosed = false") == []
    assert [deal.people for deal in crm.deals()] == [()]


def test_shares_are_made_changed_and_taken_away(crm: SalesforceCrm, sandbox: SalesforceSandbox) -> None:
    first, second = made(crm, INFLUENCE, part(), "LeadSync"), made(crm, INFLUENCE, part(SECOND, 40, None), MODEL)
    stored = row(sandbox, "CampaignInfluence", str(first.id))
    assert (stored["Influence"], stored["RevenueShare"], stored["ModelId"]) == (60.0, 600.0, MODEL)
    standing = {s.key: (s.id, s.whole, s.untouched) for s in crm.entries(INFLUENCE, "LeadSync", [first])}
    assert standing == {e.key: (e.id, DEAL, True) for e in (first, second)}
    assert crm.put(INFLUENCE, "LeadSync", [replace(first, values={"share": 100.0})]) == {first.key: first.id}
    assert row(sandbox, "CampaignInfluence", str(first.id))["RevenueShare"] == 1000.0
    assert crm.take_away(INFLUENCE, "LeadSync", [second]) == {} == crm.take_away(INFLUENCE, "LeadSync", [second])
    assert [s.key for s in crm.entries(INFLUENCE, "LeadSync", [first])] == [first.key]


def test_a_row_that_is_there_already_is_refused_alone(crm: SalesforceCrm) -> None:
    made(crm, INFLUENCE, part(), "LeadSync")
    answers = crm.put(INFLUENCE, "LeadSync", [part(), part(SECOND, 40)])
    refused = {key for key, answer in answers.items() if isinstance(answer, SkipRecord)}
    assert refused == {part().key} and len(answers) == 2


def test_rows_of_others_and_edits_of_ours_are_told(crm: SalesforceCrm, person: User) -> None:
    ours = made(crm, INFLUENCE, part(), "LeadSync")
    body = {"OpportunityId": DEAL, "CampaignId": SECOND, "ModelId": MODEL, "Influence": 50}
    theirs = person("POST", "/sobjects/CampaignInfluence", json=body).json()["id"]
    person("PATCH", f"/sobjects/CampaignInfluence/{ours.id}", json={"Influence": 10})
    found = {s.key: (s.id, s.values) for s in crm.entries(INFLUENCE, "LeadSync", [ours])}
    assert found == {ours.key: (ours.id, {"share": 10}), f"{DEAL}/{SECOND}/-": (theirs, {"share": 50})}


def test_an_id_of_15_characters_means_the_same(crm: SalesforceCrm) -> None:
    short = replace(
        part(), about={**part().about, "campaign": Ref("salesforce", "Campaign", CAMPAIGN[:15])}, key="short"
    )
    made(crm, INFLUENCE, short, "LeadSync")
    assert [s.key for s in crm.entries(INFLUENCE, "LeadSync", [short])] == ["short"]


@pytest.mark.parametrize(
    ("model", "says"),
    [("Nosuch", "no campaign influence model"), ("primaryModel", "leadsync's own"), (PRIMARY, "leadsync's own")],
    ids=["a model that is not there", "Salesforce's own model", "Salesforce's own model by its id"],
)  # fmt: skip
def test_a_model_that_is_not_ours_to_fill_is_named(crm: SalesforceCrm, model: str, says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        crm.put(INFLUENCE, model, [part()])


def test_a_deal_that_is_deleted_takes_its_rows_along(crm: SalesforceCrm, person: User) -> None:
    ours = made(crm, INFLUENCE, part(), "LeadSync")
    person("DELETE", f"/sobjects/Opportunity/{DEAL}")
    assert (list(crm.deals()), crm.entries(INFLUENCE, "LeadSync", [ours])) == ([], [])


# ---- tasks


def test_a_task_goes_to_the_owner_and_is_found_again_by_its_key(crm: SalesforceCrm, sandbox: SalesforceSandbox) -> None:
    ours = made(crm, TASK, call_task())
    stored = row(sandbox, "Task", str(ours.id))
    names = ("WhoId", "Subject", "ActivityDate", "Priority", "TaskSubtype", "OwnerId", "CreatedById", "IsClosed")
    assert [stored[name] for name in names] == [
        LEAD, "Call: asked", "2026-11-23", "High", "Call", PERSON_USER, INTEGRATION_USER, False,
    ]  # fmt: skip
    for asked in (ours, replace(ours, id=None), call_task(since="later")):
        (found,) = crm.entries(TASK, "", [asked])
        assert (found.key, found.id, found.whole, found.untouched, found.open) == (
            ours.key, ours.id, "u1/call", True, True)  # fmt: skip


def test_a_person_s_work_on_a_task_is_told(crm: SalesforceCrm, person: User) -> None:
    ours = made(crm, TASK, call_task(BOB))
    person("PATCH", f"/sobjects/Task/{ours.id}", json={"Description": "will do"})
    (found,) = crm.entries(TASK, "", [ours])
    assert (found.key, found.untouched, found.open) == (ours.key, False, True)
    person("PATCH", f"/sobjects/Task/{ours.id}", json={"Status": "Completed"})
    assert crm.entries(TASK, "", [ours])[0].open is False
    person("DELETE", f"/sobjects/Task/{ours.id}")
    assert crm.entries(TASK, "", [ours]) == []


def test_tasks_of_persons_are_none_of_ours(crm: SalesforceCrm, person: User) -> None:
    person("POST", "/sobjects/Task", json={"WhoId": LEAD, "Subject": "Mine", "Description": "leadsync: u1/call/x"})
    assert crm.entries(TASK, "", [call_task()]) == []


def test_a_task_of_ours_is_a_touch_only_once_somebody_did_it(crm: SalesforceCrm, person: User) -> None:
    ours = made(crm, TASK, call_task())
    pages = [touch for page in crm.pull("Task", "", ()) for touch in page.touches]
    assert [touch.deleted for touch in pages] == [True]
    person("PATCH", f"/sobjects/Task/{ours.id}", json={"Status": "Completed"})
    pages = [touch for page in crm.pull("Task", "", ()) for touch in page.touches]
    assert [(touch.type, touch.deleted) for touch in pages] == [("call", False)]


def test_who_is_no_more_gets_no_task_and_the_others_do(crm: SalesforceCrm) -> None:
    gone = replace(call_task(Ref("salesforce", "Lead", generated("00Q", 99))), key="u2/call/x")
    answers = crm.put(TASK, "", [gone, call_task()])
    assert [key for key, answer in answers.items() if isinstance(answer, SkipRecord)] == ["u2/call/x"]


# ---- calls, answers that do not come, and the doctor


def test_what_it_costs_is_what_was_foretold(crm: SalesforceCrm, sandbox: SalesforceSandbox) -> None:
    list(crm.deals())
    calls(sandbox).clear()
    entries = [part(), part(SECOND, 40)]
    crm.entries(INFLUENCE, "LeadSync", entries)
    crm.put(INFLUENCE, "LeadSync", entries)
    assert calls(sandbox).total() == crm.entry_calls(INFLUENCE, 2, 0, 0) == 3
    calls(sandbox).clear()
    tasks = [call_task(), replace(call_task(BOB), key="u2/call/x")]
    crm.entries(TASK, "", tasks)
    crm.put(TASK, "", tasks)
    assert calls(sandbox).total() == crm.entry_calls(TASK, 2, 0, 0) == 4


def test_a_lost_answer_is_not_taken_for_a_refusal(connect: Connect, sandbox: SalesforceSandbox) -> None:
    crm = connect()
    list(crm.deals())
    sandbox.faults.add({"match": {"path": "/composite/sobjects"}, "times": 1, "action": {"kind": "apply_then_reset"}})
    with pytest.raises(Ambiguous):
        crm.put(TASK, "", [call_task()])
    assert [found.key for found in crm.entries(TASK, "", [call_task()])] == [call_task().key]


def test_the_doctor_sees_rights_and_the_model(crm: SalesforceCrm, sandbox: SalesforceSandbox) -> None:
    checks = [*crm.check_entries(TASK, ""), *crm.check_entries(INFLUENCE, "LeadSync"), *crm.check_groups([CAMPAIGN])]
    assert {check.state for check in checks} == {Health.OK}
    sandbox.seed({"settings": {"read_only_objects": ["Task", "CampaignInfluence", "CampaignMember"]}})
    checks = [
        *crm.check_entries(TASK, ""),
        *crm.check_entries(INFLUENCE, "No"),
        *crm.check_groups([generated("701", 99)]),
    ]
    failed = {check.name: check.found for check in checks if check.state is Health.FAIL}
    assert failed.keys() == {
        "Task rights", "CampaignInfluence rights", "CampaignMember rights", "influence model",
        f"campaign {generated('701', 99)}",
    }  # fmt: skip
    assert failed["Task rights"] == "our user lacks Create, Delete"
    with pytest.raises(Misconfigured, match="INSUFFICIENT_ACCESS_OR_READONLY"):
        crm.put(TASK, "", [call_task()])
