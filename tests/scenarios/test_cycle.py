"""Whole cycles on two CRMs in memory: what people type is kept, what leadsync writes is written once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.fakes import Crash

from leadsync.connector import Write
from leadsync.records import Ref, Value
from leadsync.sync import Cycle

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO", "phone": "123"}
ADA_SF = {"Email": "Ada@acme.example", "FirstName": "Ada", "LastName": "Lovelace", "Title": "CTO", "Phone": "123"}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def good_lead(stage: Stage, number: int = 0, **fields: Value) -> Ref:
    """A HubSpot contact who qualifies: senior, and asked for a demo two days ago."""
    own: dict[str, Value] = {**ADA, "email": f"ada{number}@acme.example", "company": "Acme", "lifecyclestage": "lead"}
    ref = stage.hubspot.put("contacts", **{**own, **fields})
    stage.hubspot.touch(ref, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    return ref


def both(stage: Stage) -> tuple[Ref, Ref]:
    """One person in both CRMs, known to leadsync since an earlier run."""
    refs = stage.hubspot.put("contacts", **ADA), stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    return refs


def quiet(stage: Stage) -> bool:
    """Whether another run has nothing to do and makes no write call."""
    before = stage.writes()
    return stage.run().plan.steps == () and stage.writes() == before


def test_the_second_run_has_nothing_to_do(stage: Stage) -> None:
    both(stage)
    good_lead(stage)
    stage.run()
    assert quiet(stage)


def test_a_plan_writes_nothing(stage: Stage) -> None:
    good_lead(stage)
    planned = stage.run(write=False)
    assert planned.plan.steps
    assert stage.writes() == 0
    assert stage.run().plan.steps == planned.plan.steps


def test_one_person_in_both_crms_has_one_id_and_one_score(stage: Stage) -> None:
    contact, lead = both(stage)
    assert stage.value(contact, "leadsync_id") == stage.value(lead, "LeadSync_Id__c") != None  # noqa: E711
    assert stage.value(contact, "leadsync_score") == stage.value(lead, "LeadSync_Score__c")


@pytest.mark.parametrize(
    ("edited", "there"),
    [(("hubspot", "phone"), ("salesforce", "Phone")), (("salesforce", "Phone"), ("hubspot", "phone"))],
    ids=["from HubSpot to Salesforce", "from Salesforce to HubSpot"],
)
def test_a_persons_edit_appears_in_the_other_crm(stage: Stage, edited: tuple[str, str], there: tuple[str, str]) -> None:
    refs = dict(zip(("hubspot", "salesforce"), both(stage), strict=True))
    stage.sides[edited[0]].edit(refs[edited[0]], **{edited[1]: "999"})
    stage.run()
    assert stage.value(refs[there[0]], there[1]) == stage.value(refs[edited[0]], edited[1]) == "999"
    assert quiet(stage)


def test_what_differs_when_first_seen_is_left_as_people_typed_it(stage: Stage) -> None:
    contact = stage.hubspot.put("contacts", **{**ADA, "phone": "111"})
    lead = stage.salesforce.put("Lead", Company="Acme", **{**ADA_SF, "Phone": "222"})
    done = stage.run()
    assert (stage.value(contact, "phone"), stage.value(lead, "Phone")) == ("111", "222")
    assert {kept.field for kept in done.plan.kept if kept.reason == "unbased"} == {"phone"}
    assert quiet(stage)


def test_edits_on_both_sides_are_held_for_a_person_and_stay_open(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, phone="111")
    stage.salesforce.edit(lead, Phone="222")
    for _ in range(3):
        done = stage.run()
        assert [kept.reason for kept in done.plan.kept if kept.field == "phone"] == ["held"]
    assert (stage.value(contact, "phone"), stage.value(lead, "Phone")) == ("111", "222")
    stage.salesforce.edit(lead, Phone="111")
    stage.run()
    assert quiet(stage)
    stage.hubspot.edit(contact, phone="333")
    stage.run()
    assert stage.value(lead, "Phone") == "333"


def test_edits_on_both_sides_of_an_owned_field_go_to_the_owner(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.salesforce.edit(lead, Title="CFO")
    stage.run()
    assert (stage.value(contact, "jobtitle"), stage.value(lead, "Title")) == ("CFO", "CFO")
    assert quiet(stage)


def test_a_crm_that_respells_what_it_is_given_is_not_written_again(stage: Stage) -> None:
    stage.salesforce.spell = lambda _name, value: value[:20].upper() if isinstance(value, str) else value
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="chief   technology officer and more")
    stage.run()
    assert stage.value(lead, "Title") == "CHIEF TECHNOLOGY OFF"
    assert quiet(stage)
    assert stage.value(contact, "jobtitle") == "chief   technology officer and more"


def test_a_qualified_lead_that_salesforce_lacks_is_created_there_once(stage: Stage) -> None:
    contact = good_lead(stage)
    done = stage.run()
    assert done.pushed is not None
    ((_, lead),) = done.pushed.created
    assert stage.value(lead, "LeadSync_Id__c") == stage.value(contact, "leadsync_id")
    assert stage.value(lead, "LastName") == "Lovelace"
    assert stage.value(contact, "lifecyclestage") == "marketingqualifiedlead"
    assert quiet(stage)
    stage.hubspot.edit(contact, phone="999")
    stage.run()
    assert stage.value(lead, "Phone") == "999"


def test_a_stage_that_a_person_put_back_is_left_to_them(stage: Stage) -> None:
    contact = good_lead(stage)
    stage.run()
    stage.hubspot.edit(contact, lifecyclestage="lead")
    stage.run()
    assert stage.value(contact, "lifecyclestage") == "lead"


def test_one_refused_record_does_not_block_the_others_and_is_kept(stage: Stage) -> None:
    refs = [good_lead(stage, number) for number in range(5)]
    stage.hubspot.refuse = lambda write: "field is locked" if write.id == refs[2].id else ""
    done = stage.run()
    assert done.pushed is not None
    assert [(step.ref, error.code) for step, error in done.pushed.rejected] == [(refs[2], "REFUSED")]
    assert [stage.value(ref, "leadsync_score") is not None for ref in refs] == [True, True, False, True, True]
    assert quiet(stage)
    stage.hubspot.refuse = lambda _write: ""
    stage.hubspot.edit(refs[2], jobtitle="Chief Executive Officer")
    stage.run()
    assert stage.value(refs[2], "leadsync_score") is not None


def crash_at(stage: Stage, hook: int) -> Cycle | None:
    """A run that dies at the n-th moment before or after a write call; None when it did."""
    seen = iter(range(hook, -1, -1))

    def tick(_when: str) -> None:
        if next(seen, None) == 0:
            raise Crash

    stage.hubspot.on_write = stage.salesforce.on_write = tick
    try:
        return stage.run()
    except Crash:
        return None
    finally:
        stage.hubspot.on_write = stage.salesforce.on_write = lambda _when: None


def settled(stage: Stage) -> tuple[dict[Ref, dict[str, Value]], int]:
    """What both CRMs hold, and how many records Salesforce has."""
    held = {ref: dict(r.fields) for side in stage.sides.values() for ref, r in side.records.items()}
    return held, len(stage.salesforce.records)


def crowd(stage: Stage) -> None:
    for number in range(4):
        good_lead(stage, number)
    contact, _ = both(stage)
    stage.hubspot.edit(contact, phone="999", jobtitle="Chief Executive Officer")
    good_lead(stage, 7)


def test_a_run_that_dies_at_any_write_is_finished_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    calm = Stage(tmp_path / "calm")
    crowd(calm)
    calm.run()
    assert quiet(calm)
    for hook in range(100):
        (tmp_path / str(hook)).mkdir()
        stage = Stage(tmp_path / str(hook))
        crowd(stage)
        survived = crash_at(stage, hook) is not None
        stage.run()
        assert quiet(stage), f"crash at {hook}"
        assert settled(stage) == settled(calm), f"crash at {hook}"
        assert len(stage.hubspot.log) + len(stage.salesforce.log) == len(calm.hubspot.log) + len(calm.salesforce.log)
        if survived:
            assert hook > 3
            return
    pytest.fail("no run survived")


def test_an_unclear_outcome_is_read_back_and_not_sent_again(stage: Stage) -> None:
    good_lead(stage)
    stage.hubspot.forget_answer = stage.salesforce.forget_answer = True
    done = stage.run()
    assert done.pushed is not None
    assert not done.pushed.unclear
    assert len(stage.salesforce.records) == 1
    before = stage.writes()
    assert before == 2
    assert quiet(stage)


def test_asked_to_stop_it_ends_between_batches_and_the_next_run_goes_on(stage: Stage) -> None:
    refs = [good_lead(stage, number) for number in range(8)]
    done = stage.run(stop=lambda: stage.hubspot.usage.writes >= 1)
    assert done.pushed is not None
    assert done.pushed.unsent
    assert sum(stage.value(ref, "leadsync_score") is not None for ref in refs) == stage.hubspot.batch_size
    stage.run()
    assert all(stage.value(ref, "leadsync_score") is not None for ref in refs)
    assert quiet(stage)


def test_writes_are_sent_in_full_batches(stage: Stage) -> None:
    for number in range(7):
        good_lead(stage, number)
    stage.run()
    assert stage.hubspot.usage.writes == 3
    assert stage.salesforce.usage.writes == 3


def test_a_deleted_record_is_not_written_and_not_made_again(stage: Stage) -> None:
    _contact, lead = both(stage)
    stage.salesforce.delete(lead)
    stage.hubspot.touch(_contact, stage.now - timedelta(days=1), "form_submission", name="Request a demo")
    done = stage.run()
    assert done.pushed is not None
    assert all(step.side == "hubspot" for step in done.plan.steps)
    assert done.pushed.created == []


def test_the_refused_write_names_what_was_sent(stage: Stage) -> None:
    good_lead(stage)
    sent: list[Write] = []

    def refuse(write: Write) -> str:
        sent.append(write)
        return "no"

    stage.salesforce.refuse = refuse
    stage.run()
    assert [write.key for write in sent] == [("LeadSync_Id__c", sent[0].key[1] if sent[0].key else "")]
    assert quiet(stage)
