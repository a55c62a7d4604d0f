"""Tasks and campaigns' parts in deals through whole cycles, at Salesforce's sandbox over HTTP, with stops between."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.engine import Stage
from tests.fakes import START, Crash, Shelf, nothing

from leadsync.connector.besides import EntryKind
from leadsync.files import mappings_folder
from leadsync.records import Role
from leadsync.sandbox import SandboxClock, Serving
from leadsync.store import Place
from leadsync.sync import Cycle, costs
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox, SalesforceSettings
from leadsync_salesforce.sandbox.dml import Actor, create, delete, update
from leadsync_salesforce.sandbox.ids import generated
from leadsync_salesforce.sandbox.seeding import PERSON_USER

CALL_THEM = (
    'id = "nurture_engaged"\ndo = "enrol"\nchannel = "email"\ntrack = "product"',
    'id = "nurture_engaged"\ndo = "call"\nchannel = "phone"',
)
TASKS = """
[[task]]
on = "salesforce"
do = ["call", "assign", "hand_over"]
due_days = 2
priority = "High"
"""
INFLUENCE = """
[influence]
on = { salesforce = "LeadSync" }
"""
ACCOUNT, MODEL, DEAL = generated("001", 1), generated("03V", 1), generated("006", 1)
WEBINAR, FAIR = generated("701", 1), generated("701", 2)
ANN, BOB = generated("003", 1), generated("003", 2)
TASK_PLACE = Place("salesforce", EntryKind.TASK)
CALL = "Call: Engaged and fits: show what it does"


class Org:
    """A Salesforce org over HTTP beside an empty HubSpot in memory."""

    def __init__(
        self, folder: Path, served: Serving, nurture: str = "", attribution: str = "", *, quiet: bool = False
    ) -> None:
        assert isinstance(served.sandbox, SalesforceSandbox)
        self.sandbox = served.sandbox
        self.sandbox.reset()
        self.sandbox.faults.clear()
        self.sandbox.clock.set(START, rate=0)
        self.sandbox.seed({"objects": seed()})
        rules = folder / "mappings"
        shutil.copytree(mappings_folder(), rules)
        for name, more in (("nurture.toml", nurture), ("attribution.toml", attribution)):
            text = (rules / name).read_text(encoding="utf-8").replace("weekdays = [", "weekdays = [] # [")
            text = text.replace(*CALL_THEM).replace("cool_down_days = 60", "cool_down_days = 1")
            if not quiet:
                text = text.replace("from = 18:00:00", "# from").replace("to = 08:00:00", "# to")
            (rules / name).write_text(text + more, encoding="utf-8")
        self.stage = Stage(folder, mappings=rules)
        login = {"client_id": "sandbox-client", "client_secret": SecretStr("sandbox-secret")}
        settings = SalesforceSettings.model_validate({"url": served.url, "overlap_seconds": 0, **login})
        self.crm = SalesforceCrm(settings, self.sandbox.clock, "salesforce", lambda _seconds: None)
        rulebook = self.stage.rules
        self.stage.sides["salesforce"] = self.crm  # type: ignore[assignment]
        for role in Role:
            self.crm.provision(rulebook.mappings[role].specs("salesforce"), apply=True)

    def run(self, *, write: bool = True) -> Cycle:
        return self.stage.run(write=write)

    def later(self, **length: int) -> Org:
        passed = timedelta(**length)
        self.stage.now += passed
        self.sandbox.clock.set(self.stage.now, rate=0)
        assert isinstance(self.stage.hubspot, Shelf)
        self.stage.hubspot.tick(passed)
        return self

    # ---- what people do, and what stands there

    def edits(self, kind: str, ident: str, **values: Any) -> None:
        update(self.sandbox.org, Actor(PERSON_USER), self.sandbox.org.object(kind), ident, values)

    def makes(self, kind: str, **values: Any) -> str:
        return create(self.sandbox.org, Actor(PERSON_USER), self.sandbox.org.object(kind), values)

    def deletes(self, kind: str, ident: str) -> None:
        delete(self.sandbox.org, Actor(PERSON_USER), self.sandbox.org.object(kind), ident)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        return [dict(r) for r in self.sandbox.org.tables[kind].rows.values() if r.get("IsDeleted") is not True]

    def tasks(self) -> list[tuple[str, str]]:
        return sorted((str(r["WhoId"]), str(r["Subject"])) for r in self.rows("Task"))

    def shares(self) -> dict[tuple[str, str], float]:
        return {(r["CampaignId"], r.get("ContactId")): r["Influence"] for r in self.rows("CampaignInfluence")}

    def writes(self) -> int:
        return self.sandbox.counters.writes.total()

    def at_hook(self, hook: int, do: Callable[[], None]) -> None:
        """Do something at the n-th moment before or after a call that looks at, makes or takes away entries or, from
        the first such call on, a commit."""
        seen, begun = iter(range(hook, -1, -1)), []

        def tick(when: str = "call") -> None:
            if when == "call":
                begun.append(when)
            if begun and next(seen, None) == 0:
                do()

        self.stage.on_commit = tick

        def around(call: Callable[..., Any]) -> Callable[..., Any]:
            def go(*given: Any) -> Any:
                tick()
                answer = call(*given)
                tick()
                return answer

            return go

        for name in ("entries", "put", "take_away"):
            setattr(self.crm, name, around(getattr(SalesforceCrm, name).__get__(self.crm)))

    def undisturbed(self) -> None:
        self.stage.on_commit = nothing
        for name in ("entries", "put", "take_away"):
            self.crm.__dict__.pop(name, None)


def seed() -> dict[str, list[dict[str, Any]]]:
    """Two contacts at one company with a role in one deal: Ann came to a webinar and a fair, Bob to the fair."""
    at = "2026-01-01T10:00:00Z"
    ann = {"FirstName": "Ann", "LastName": "Lee", "Email": "ann@siemens.example", "Title": "Chief Technology Officer"}
    bob = {"FirstName": "Bob", "LastName": "Ray", "Email": "bob@siemens.example", "Title": "Head of Procurement"}
    member = {"Status": "Attended", "CreatedDate": "2026-09-01T10:00:00Z"}
    account = {"Name": "Siemens AG", "Website": "https://www.siemens.com", "NumberOfEmployees": 5000}
    deal = {"Name": "Big", "AccountId": ACCOUNT, "StageName": "Prospecting", "CloseDate": "2027-01-31", "Amount": 100.0}
    return {
        "Account": [{"Id": ACCOUNT, "BillingCountry": "Germany", "CreatedDate": at, **account}],
        "Contact": [
            {"Id": ident, "AccountId": ACCOUNT, "CreatedDate": at, "MailingCountry": "Germany", **who}
            for ident, who in ((ANN, ann), (BOB, bob))
        ],
        "Campaign": [
            {"Id": WEBINAR, "Name": "Webinar on LEI", "Type": "Webinar", "CreatedDate": at},
            {"Id": FAIR, "Name": "Fair", "Type": "Trade Show", "CreatedDate": at},
        ],
        "CampaignMember": [
            {"CampaignId": WEBINAR, "ContactId": ANN, "FirstRespondedDate": "2026-09-01", **member},
            {"CampaignId": FAIR, "ContactId": ANN, "FirstRespondedDate": "2026-10-01", **member},
            {"CampaignId": FAIR, "ContactId": BOB, "FirstRespondedDate": "2026-10-20", **member},
        ],
        "Opportunity": [{"Id": DEAL, "CreatedDate": "2026-10-25T10:00:00Z", **deal}],
        "OpportunityContactRole": [
            {"OpportunityId": DEAL, "ContactId": who, "CreatedDate": "2026-10-25T10:00:00Z"} for who in (ANN, BOB)
        ],
        "CampaignInfluenceModel": [{"Id": MODEL, "DeveloperName": "LeadSync", "MasterLabel": "leadsync"}],
    }


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with Serving(SalesforceSandbox(SandboxClock())) as serving:
        yield serving


@pytest.fixture
def org(tmp_path: Path, served: Serving) -> Iterator[Org]:
    made = Org(tmp_path, served, TASKS, INFLUENCE)
    made.stage.keep_open()
    yield made
    made.crm.close()
    made.stage.close()


def words(cycle: Cycle) -> list[str]:
    return [ran.words for ran in cycle.ran]


def quiet(org: Org) -> bool:
    """Two more runs have nothing to do and write nothing."""
    before = org.writes()
    cycles = [org.run(), org.run(write=False)]
    return org.writes() == before and not any(c.besides or list(c.plan.steps) for c in cycles)


# ---- tasks


def test_who_is_to_be_called_gets_one_task_and_the_next_plan_is_empty(org: Org) -> None:
    seen = org.run(write=False)
    assert "tasks (salesforce): 2 to make, 0 to change, 0 to take away" in [one.words for one in seen.besides]
    assert org.tasks() == []
    org.run()
    assert org.tasks() == [(ANN, CALL), (BOB, CALL)]
    first = org.rows("Task")[0]
    assert (first["OwnerId"], first["Priority"], first["ActivityDate"]) == (PERSON_USER, "High", "2026-11-03")
    org.later(hours=1)
    assert quiet(org)
    org.later(days=3)
    assert quiet(org), "the advice stands, and so does its task"


def test_without_being_asked_for_there_are_none(tmp_path: Path, served: Serving) -> None:
    org = Org(tmp_path, served)
    before = org.sandbox.counters.reads["GET /services/data/vXX.X/query"]
    cycle = org.run()
    assert (org.tasks(), org.shares(), cycle.besides) == ([], {}, ())
    assert org.sandbox.counters.reads["GET /services/data/vXX.X/query"] == before
    org.crm.close()


def test_who_asks_not_to_be_called_loses_an_untouched_task_at_once(org: Org) -> None:
    org.run()
    org.edits("Contact", ANN, DoNotCall=True)
    org.edits("Contact", BOB, HasOptedOutOfEmail=True)
    done = org.later(minutes=20).run()
    assert org.tasks() == []
    assert "tasks (salesforce): 0 made, 0 changed, 2 taken away" in words(done)
    assert quiet(org)


def test_what_a_person_took_up_is_never_touched_again(org: Org) -> None:
    org.run()
    (ours,) = (row for row in org.rows("Task") if row["WhoId"] == ANN)
    org.edits("Task", ours["Id"], Description="I know her: will call on Monday", Status="In Progress")
    before = dict(org.sandbox.org.tables["Task"].rows[ours["Id"]])
    org.edits("Contact", ANN, DoNotCall=True)
    org.later(minutes=20).run()
    assert words(org.run()) == [], "it is forgotten without a word"
    assert org.sandbox.org.tables["Task"].rows[ours["Id"]] == before
    assert quiet(org)


def test_a_task_that_was_done_counts_as_a_contact_and_is_not_made_again(org: Org) -> None:
    org.run()
    (ours,) = (row for row in org.rows("Task") if row["WhoId"] == ANN)
    org.later(hours=2)
    org.edits("Task", ours["Id"], Status="Completed")
    cycle = org.later(minutes=20).run()
    (ann,) = (j for j in cycle.view.leads if j.lead.facts["email"] == "ann@siemens.example")
    assert [contact.channel for contact in ann.lead.contacts] == ["phone"]
    assert ann.nurtured.advice.rule != "nurture_engaged"
    assert len(org.rows("Task")) == 2
    assert quiet(org)


def test_a_task_of_ours_that_nobody_did_is_no_contact(org: Org) -> None:
    org.run()
    cycle = org.later(days=5).run()
    assert {contact for j in cycle.view.leads for contact in j.lead.contacts} == set()


def test_a_task_that_a_person_threw_away_is_not_made_again(org: Org) -> None:
    org.run()
    org.deletes("Task", org.rows("Task")[0]["Id"])
    org.later(days=1)
    assert quiet(org) and len(org.tasks()) == 1


def test_while_a_person_has_one_open_no_second_is_made_for_the_same_action(org: Org) -> None:
    org.run()
    for row in org.rows("Task"):
        org.edits("Task", row["Id"], Status="In Progress")
    org.edits("Contact", ANN, DoNotCall=True)
    org.later(minutes=20).run()
    org.edits("Contact", ANN, DoNotCall=False)
    done = org.later(days=2).run()
    assert "is still open, and a person's" in str(words(done))
    assert len(org.tasks()) == 2 and quiet(org)


def test_quiet_times_are_waited_for_and_do_not_take_a_task_away(tmp_path: Path, served: Serving) -> None:
    org = Org(tmp_path, served, TASKS, INFLUENCE, quiet=True)
    assert org.run().view.as_of.hour == 0 and org.tasks() == []
    org.later(hours=10).run()
    assert len(org.tasks()) == 2
    org.later(hours=10)
    assert quiet(org) and len(org.tasks()) == 2
    org.crm.close()


def test_what_salesforce_refuses_is_told_once_and_the_others_are_made(org: Org) -> None:
    fault = {
        "object": "Task",
        "where": f"WhoId = '{ANN}'",
        "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "No",
    }
    org.sandbox.seed({"settings": {"record_faults": [fault]}})
    done = org.run()
    assert "1 made" in str(words(done)) and "FIELD_CUSTOM_VALIDATION_EXCEPTION: No" in str(words(done))
    assert org.tasks() == [(BOB, CALL)] and quiet(org)


def test_what_our_user_had_no_right_to_make_is_made_once_it_has(org: Org) -> None:
    org.sandbox.seed({"settings": {"read_only_objects": ["Task"]}})
    assert "our user lacks a right" in str(words(org.run())) and org.tasks() == []
    org.sandbox.seed({"settings": {"read_only_objects": []}})
    org.later(minutes=20).run()
    assert len(org.tasks()) == 2 and quiet(org)


# ---- campaigns' parts in deals


def test_the_shares_of_a_deal_add_up_to_a_hundred_and_are_written_once(org: Org) -> None:
    org.run()
    assert org.shares() == {(WEBINAR, ANN): 40.0, (FAIR, ANN): 20.0, (FAIR, BOB): 40.0}
    assert {row["RevenueShare"] for row in org.rows("CampaignInfluence")} == {40.0, 20.0}
    org.later(days=1)
    assert quiet(org)


def test_they_follow_the_touches_and_the_roles(org: Org) -> None:
    org.run()
    kept = {(r["CampaignId"], r.get("ContactId")): r["Id"] for r in org.rows("CampaignInfluence")}
    (role,) = (row["Id"] for row in org.rows("OpportunityContactRole") if row["ContactId"] == BOB)
    org.deletes("OpportunityContactRole", role)
    done = org.later(minutes=20).run()
    assert "campaign influence (salesforce LeadSync): 0 made, 2 changed, 1 taken away" in words(done)
    assert org.shares() == {(WEBINAR, ANN): 50.0, (FAIR, ANN): 50.0}
    assert {r["Id"] for r in org.rows("CampaignInfluence")} <= set(kept.values()) and quiet(org)


def test_a_deal_that_is_closed_keeps_what_it_has(org: Org) -> None:
    org.run()
    org.edits("Opportunity", DEAL, StageName="Closed Won")
    (role,) = (row["Id"] for row in org.rows("OpportunityContactRole") if row["ContactId"] == BOB)
    org.deletes("OpportunityContactRole", role)
    org.later(minutes=20)
    assert quiet(org) and len(org.shares()) == 3


def test_a_deal_in_which_somebody_else_has_a_hand_is_left_alone_and_told(org: Org) -> None:
    theirs = org.makes("CampaignInfluence", OpportunityId=DEAL, CampaignId=FAIR, ModelId=MODEL, Influence=70)
    done = org.run()
    assert f"{theirs} was made or changed by somebody else" in str(words(done))
    assert org.shares() == {(FAIR, None): 70.0} and quiet(org)
    org.deletes("CampaignInfluence", theirs)
    org.makes("CampaignMember", CampaignId=WEBINAR, ContactId=BOB, Status="Attended")
    org.later(minutes=20).run()
    assert sum(org.shares().values()) == 100 and len(org.shares()) == 4
    assert quiet(org)


@pytest.mark.parametrize(("edited", "left"), [(39.9, False), (10, True)], ids=["a rounding", "an edit"])
def test_a_share_that_a_person_changed_is_theirs(org: Org, edited: float, *, left: bool) -> None:
    org.run()
    (row,) = (r for r in org.rows("CampaignInfluence") if r["CampaignId"] == WEBINAR)
    org.edits("CampaignInfluence", row["Id"], Influence=edited)
    org.makes("CampaignMember", CampaignId=WEBINAR, ContactId=BOB, Status="Attended")
    done = org.later(minutes=20).run()
    assert ("was made or changed by somebody else" in str(words(done))) is left
    assert org.shares()[WEBINAR, ANN] == edited and ((WEBINAR, BOB) in org.shares()) is not left and quiet(org)


def test_all_people_of_the_account_may_count(tmp_path: Path, served: Serving) -> None:
    org = Org(tmp_path, served, attribution=INFLUENCE + 'of = "account"\n')
    for row in org.rows("OpportunityContactRole"):
        org.deletes("OpportunityContactRole", row["Id"])
    org.run()
    assert org.shares() == {(WEBINAR, None): 40.0, (FAIR, None): 60.0}
    org.crm.close()


def test_a_model_that_is_not_there_is_told_and_the_rest_of_the_run_stands(tmp_path: Path, served: Serving) -> None:
    org = Org(tmp_path, served, TASKS, INFLUENCE.replace("LeadSync", "Nosuch"))
    done = org.run()
    assert "there is no campaign influence model 'Nosuch'" in str(words(done))
    assert len(org.tasks()) == 2 and org.shares() == {}
    org.crm.close()


def test_a_crm_that_takes_no_tasks_is_named_and_the_rest_of_the_run_stands(tmp_path: Path, served: Serving) -> None:
    org = Org(tmp_path, served, TASKS.replace("salesforce", "hubspot"), INFLUENCE)
    org.stage.hubspot.put("contacts", email="ann@siemens.example", firstname="Ann", lastname="Lee")
    done = org.run()
    assert "tasks (hubspot): 0 made, 0 changed, 0 taken away; not done: hubspot takes none" in str(words(done))
    assert org.tasks() == [] and len(org.shares()) == 3
    org.crm.close()


def test_parts_of_any_size_give_the_same(tmp_path: Path, served: Serving) -> None:
    org = Org(tmp_path, served, TASKS, INFLUENCE)
    org.stage.part = 1
    org.run()
    assert org.shares() == {(WEBINAR, ANN): 40.0, (FAIR, ANN): 20.0, (FAIR, BOB): 40.0}
    assert len(org.tasks()) == 2 and quiet(org)
    org.crm.close()


# ---- stops, lost answers, gates and costs


def test_stopped_at_any_moment_of_it_nothing_is_doubled(tmp_path: Path, served: Serving) -> None:
    def die() -> None:
        raise Crash

    for hook in range(40):
        folder = tmp_path / str(hook)
        folder.mkdir()
        org = Org(folder, served, TASKS, INFLUENCE)
        org.at_hook(hook, die)
        try:
            org.run()
            survived = True
        except Crash:
            survived = False
        org.undisturbed()
        org.later(minutes=11).run()
        assert org.tasks() == [(ANN, CALL), (BOB, CALL)], f"stopped at {hook}"
        assert org.shares() == {(WEBINAR, ANN): 40.0, (FAIR, ANN): 20.0, (FAIR, BOB): 40.0}, f"stopped at {hook}"
        assert org.run(write=False).besides == (), f"stopped at {hook}"
        org.crm.close()
        if survived:
            assert hook == 18, "before and after two calls and two commits in two places, and the run's last commit"
            return
    pytest.fail("no run survived")


def test_a_lost_answer_is_looked_for_until_it_can_no_more_appear(org: Org) -> None:
    org.sandbox.seed({"settings": {"visibility_lag_seconds": 120}})
    org.run(write=False)
    lost = {
        "match": {"path": "/composite/sobjects", "body": "TaskSubtype"},
        "action": {"kind": "apply_then_reset"},
    }
    org.sandbox.faults.add({**lost, "times": 1})
    org.run()
    assert len(org.tasks()) == 2, "they were made, and nobody said so"
    done = org.later(minutes=1).run()
    assert "2 without an answer, looked for by the next run" in str(words(done)) and len(org.tasks()) == 2
    org.later(minutes=2).run()
    assert len(org.tasks()) == 2 and quiet(org)
    with org.stage.state() as store:
        assert {kept.state for kept in store.besides.of(TASK_PLACE)} == {"ours"}


def test_what_never_arrived_is_sent_again_once_it_can_no_more_appear(org: Org) -> None:
    lost = {"match": {"path": "/composite/sobjects", "body": "TaskSubtype"}, "action": {"kind": "reset"}}
    org.sandbox.faults.add({**lost, "times": 1})
    org.run()
    org.later(minutes=5).run()
    assert org.tasks() == []
    org.later(minutes=6).run()
    assert len(org.tasks()) == 2 and quiet(org)


def test_what_it_costs_is_in_the_plan(org: Org) -> None:
    org.run(write=False)
    seen = org.run(write=False)
    before = org.sandbox.counters.writes.total() + org.sandbox.counters.reads.total()
    foretold = costs(seen, org.stage.sides)["salesforce"]
    looked = org.sandbox.counters.writes.total() + org.sandbox.counters.reads.total() - before
    assert looked == 0
    again = org.run(write=False)
    reading = org.sandbox.counters.writes.total() + org.sandbox.counters.reads.total()
    org.run()
    spent = org.sandbox.counters.writes.total() + org.sandbox.counters.reads.total() - reading
    assert again.besides == seen.besides
    assert foretold - 1 <= spent - (reading - before) <= foretold, "leads as well as contacts might have had owners"


def test_much_at_once_stops_at_the_plan(org: Org) -> None:
    people = [
        {"FirstName": "P", "LastName": f"N{n}", "Email": f"p{n}@siemens.example", "AccountId": ACCOUNT, "Title": "CTO",
         "Id": generated("003", n)} for n in range(10, 70)
    ]  # fmt: skip
    came = [{"CampaignId": FAIR, "ContactId": p["Id"], "Status": "Attended", "FirstRespondedDate": "2026-10-20"}
            for p in people]  # fmt: skip
    org.sandbox.seed({"objects": {"Contact": people, "CampaignMember": came}})
    done = org.run()
    assert [gate.name for gate in done.gates if gate.name == "besides"] == ["besides"]
    assert "tasks (salesforce)" in str(done.gates) and org.tasks() == []


GARBLED: dict[str, Any] = {
    "an empty object": {},
    "a page": "<html>",
    "a row without what was asked for": {"records": [{"attributes": {}}], "done": True, "totalSize": 1},
    "a list of lists": {"records": [[1]], "done": True},
}


@pytest.mark.parametrize("answer", GARBLED.values(), ids=GARBLED)
@pytest.mark.parametrize("where", ["the deals", "tasks", "influence"])
def test_an_answer_that_is_none_stops_that_alone_and_doubles_nothing(org: Org, answer: Any, where: str) -> None:
    fault = {"match": {"path": "/query/?$"}, "action": {"kind": "replace_body", "body": answer}, "times": 1}
    before = org.sandbox.counters.writes.total()
    match where:
        case "the deals":
            org.sandbox.faults.add(fault)
        case "tasks":
            org.at_hook(0, lambda: org.sandbox.faults.add(fault))
        case _:
            org.at_hook(8, lambda: org.sandbox.faults.add(fault))
    done = org.run()
    org.undisturbed()
    problems = [ran.place.kind for ran in done.ran if ran.problem]
    assert problems == [EntryKind.TASK if where == "tasks" else EntryKind.INFLUENCE]
    assert org.sandbox.counters.writes.total() > before
    org.later(minutes=11).run()
    assert len(org.tasks()) == 2 and sum(org.shares().values()) == 100 and quiet(org)
