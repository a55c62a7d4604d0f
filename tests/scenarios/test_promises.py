"""What the engine promises when people, CRMs and crashes get in its way, on two CRMs in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.fakes import Crash, nothing

from leadsync.connector import Write
from leadsync.records import Ref, Value
from leadsync.store import Store

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO", "phone": "123"}
ADA_SF = {"Email": "Ada@acme.example", "FirstName": "Ada", "LastName": "Lovelace", "Title": "CTO", "Phone": "123"}
SF_NAMES = {"City": "MailingCity", "Country": "MailingCountry", "State": "MailingState"}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    made = Stage(tmp_path)
    for shelf in made.sides.values():
        shelf.tells = True
    return made


def both(stage: Stage) -> tuple[Ref, Ref]:
    """One person in both CRMs, known to leadsync since an earlier run."""
    refs = stage.hubspot.put("contacts", **ADA), stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    assert quiet(stage)
    return refs


def quiet(stage: Stage) -> bool:
    """Whether another run has nothing to do and makes no write call."""
    before = stage.writes()
    return stage.run().plan.steps == () and stage.writes() == before


def once(what: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Somebody does something at the first call of that name."""
    done: list[str] = []

    def hook(call: str) -> None:
        if call == what and not done:
            done.append(call)
            act()

    return hook


def uid(stage: Stage, ref: Ref) -> str | None:
    with Store(stage.path, write=False) as store:
        found = store.pulled.identity(ref)
        return found[0] if found else None


# ---- no lost update


def test_an_edit_between_our_read_and_our_write_is_kept_and_planned_anew(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    stage.salesforce.on_call = once("before read Lead", lambda: stage.salesforce.edit(lead, Title="Head of Research"))
    done = stage.run()
    assert done.pushed is not None
    assert [step.ref for step in done.pushed.moved] == [lead]
    assert stage.value(lead, "Title") == "Head of Research"
    stage.run()
    assert stage.value(lead, "Title") == stage.value(contact, "jobtitle") == "Head of Research"
    assert quiet(stage)


def test_a_record_deleted_between_our_read_and_our_write_is_left_alone(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, phone="999")
    stage.salesforce.on_call = once("before read Lead", lambda: stage.salesforce.delete(lead))
    done = stage.run()
    assert done.pushed is not None
    assert [step.ref for step in done.pushed.moved] == [lead]
    assert done.pushed.rejected == []
    stage.run()
    assert quiet(stage)


def test_only_what_people_may_edit_is_read_again_before_it_is_written(stage: Stage) -> None:
    contact, _ = both(stage)
    stage.hubspot.touch(contact, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    stage.hubspot.edit(contact, lifecyclestage="customer")
    calls: list[str] = []
    stage.salesforce.on_call = calls.append
    done = stage.run()
    assert any(step.side == "salesforce" for step in done.plan.steps)
    assert calls.count("before write Lead") == 1
    written = calls.index("before write Lead")
    assert "before read Lead" not in calls[:written]


def test_an_edit_between_our_write_and_our_reading_back_is_an_edit(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    stage.salesforce.on_call = once("after write Lead", lambda: stage.salesforce.edit(lead, Title="Head of Research"))
    stage.run()
    assert stage.value(lead, "Title") == "Head of Research"
    stage.run()
    assert stage.value(contact, "jobtitle") == "Head of Research"
    assert quiet(stage)


def test_a_spelling_beside_another_persons_edit_stays_a_spelling(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.salesforce.spell = lambda _name, value: value.upper() if isinstance(value, str) else value
    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    stage.salesforce.on_call = once("after write Lead", lambda: stage.salesforce.edit(lead, FirstName="Augusta"))
    stage.run()
    stage.run()
    assert stage.value(contact, "jobtitle") == "Chief Technology Officer"
    assert stage.value(contact, "firstname") == "Augusta"


@pytest.mark.parametrize("trouble", ["lost after", "half"])
def test_a_respelled_value_whose_answer_was_lost_is_recognised(stage: Stage, trouble: str) -> None:
    contact, lead = both(stage)
    stage.salesforce.spell = lambda _name, value: value.upper() if isinstance(value, str) else value
    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    answers = iter([trouble])
    stage.salesforce.trouble = lambda _kind, _writes: next(answers, "")
    stage.run()
    assert stage.value(lead, "Title") == "CHIEF TECHNOLOGY OFFICER"
    assert quiet(stage)
    assert stage.value(contact, "jobtitle") == "Chief Technology Officer"


def test_an_edit_after_a_write_whose_answer_was_lost_is_an_edit_where_nobody_says_who(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.tells = False
    stage.salesforce.edit(lead, Title="Countess", FirstName="Augusta")
    answers = iter(["lost after"])

    def lose(_kind: str, _writes: Sequence[Write]) -> str:
        stage.hubspot.on_call = once("before read contacts", lambda: stage.hubspot.edit(contact, firstname="Bob"))
        return next(answers, "")

    stage.hubspot.trouble = lose
    stage.run()
    stage.run()
    assert stage.value(lead, "FirstName") == stage.value(contact, "firstname") == "Bob"
    assert quiet(stage)


def test_an_edit_made_on_top_of_ours_after_a_crash_is_no_conflict(stage: Stage) -> None:
    contact, lead = both(stage)
    others = [stage.hubspot.put("contacts", **{**ADA, "email": f"bob{n}@acme.example"}) for n in range(2)]

    def die(call: str) -> None:
        if call == "before write contacts":
            raise Crash

    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    stage.run()
    stage.salesforce.edit(lead, Title="Head of Research")
    stage.hubspot.edit(others[0], phone="1")
    stage.hubspot.on_call = die
    with pytest.raises(Crash):
        stage.run()
    stage.hubspot.on_call = nothing
    stage.run()
    assert stage.value(contact, "jobtitle") == stage.value(lead, "Title") == "Head of Research"
    assert quiet(stage)


def test_a_field_counts_as_settled_as_soon_as_its_write_is_answered(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.salesforce.edit(lead, Title="Chief Technology Officer")
    stage.hubspot.edit(contact, firstname="Augusta", lastname="King")

    def die(call: str) -> None:
        if call == "before write Lead":
            raise Crash

    stage.salesforce.on_call = die
    with pytest.raises(Crash):
        stage.run()
    stage.salesforce.on_call = nothing
    assert stage.value(contact, "jobtitle") == "Chief Technology Officer"
    stage.hubspot.edit(contact, jobtitle="Countess")
    stage.run()
    assert stage.value(lead, "Title") == "Countess"


def test_an_edit_replaces_nothing_in_a_record_seen_for_the_first_time(stage: Stage) -> None:
    contact = stage.hubspot.put("contacts", **ADA)
    stage.run()
    stage.hubspot.edit(contact, firstname="Augusta", phone="999")
    lead = stage.salesforce.put("Lead", Company="Acme", **{**ADA_SF, "Phone": ""})
    stage.run()
    assert stage.value(lead, "FirstName") == "Ada"
    assert stage.value(contact, "firstname") == "Augusta"
    assert stage.value(lead, "Phone") == "999"
    assert quiet(stage)
    stage.salesforce.edit(lead, FirstName="Augusta")
    stage.run()
    stage.hubspot.edit(contact, firstname="Ada")
    stage.run()
    assert stage.value(lead, "FirstName") == "Ada"


def test_an_edit_beside_a_clearing_comes_to_rest_at_once(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    stage.salesforce.edit(lead, Title="")
    stage.run()
    assert stage.value(lead, "Title") == stage.value(contact, "jobtitle") == "Chief Technology Officer"
    assert quiet(stage)


# ---- records that move


def test_a_deleted_record_is_never_made_again_until_a_person_restores_it(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.salesforce.delete(lead)
    stage.hubspot.edit(contact, company="Acme", lifecyclestage="lead")
    stage.hubspot.touch(contact, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    done = stage.run()
    assert [kept.reason for kept in done.plan.kept if kept.ref.side == "salesforce"] == ["deleted"]
    assert len(stage.salesforce.records) == 1
    stage.salesforce.restore(lead)
    stage.hubspot.edit(contact, phone="999")
    stage.run()
    assert uid(stage, lead) == uid(stage, contact)
    assert stage.value(lead, "Phone") == "999"


def test_a_lagging_index_does_not_make_an_edit_of_a_record_deleted_right_after_our_write(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.salesforce.lag = timedelta(minutes=5)
    stage.hubspot.edit(contact, jobtitle="Countess")
    stage.salesforce.on_call = once("after write Lead", lambda: stage.salesforce.delete(lead))
    stage.run()
    stage.pass_time(timedelta(minutes=1))
    stage.run()
    assert stage.value(contact, "jobtitle") == "Countess"
    assert quiet(stage)


def test_an_edit_made_while_its_partner_was_in_the_bin_arrives_when_that_is_restored(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.salesforce.delete(lead)
    stage.run()
    stage.hubspot.edit(contact, jobtitle="Countess")
    stage.run()
    assert quiet(stage)
    stage.salesforce.restore(lead)
    stage.run()
    assert stage.value(lead, "Title") == "Countess"
    assert quiet(stage)
    stage.salesforce.edit(lead, Title="Head of Research")
    stage.run()
    assert stage.value(contact, "jobtitle") == "Head of Research"


def test_two_records_merged_into_a_new_id_stay_the_same_people(stage: Stage) -> None:
    contact, lead = both(stage)
    double = stage.hubspot.put("contacts", email="lovelace@acme.example", lastname="Lovelace", jobtitle="Countess")
    second = stage.salesforce.put("Lead", Company="Acme", Email="lovelace@acme.example", LastName="Lovelace")
    stage.run()
    assert uid(stage, lead) != uid(stage, second)
    stage.hubspot.edit(contact, phone="999")
    merged = stage.hubspot.merge_into_new(contact, double)
    stage.run()
    assert uid(stage, merged) == uid(stage, lead) == uid(stage, second)
    assert stage.value(lead, "Phone") == "999"
    assert quiet(stage)


def test_the_partner_of_a_merged_away_record_is_not_made_again(stage: Stage) -> None:
    contact, lead = both(stage)
    other = stage.hubspot.put("contacts", **{**ADA, "email": "lovelace@acme.example", "company": "Acme"})
    double = stage.salesforce.put("Lead", Company="Acme", Email="lovelace@acme.example", LastName="Lovelace")
    stage.run()
    assert uid(stage, other) == uid(stage, double) != uid(stage, contact)
    stage.salesforce.merge_into(lead, double)
    stage.hubspot.touch(other, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    done = stage.run()
    assert done.pushed is not None
    assert done.pushed.created == []
    assert uid(stage, other) == uid(stage, contact)
    stage.run()
    assert quiet(stage)


def test_a_converted_lead_is_followed_to_its_contact(stage: Stage) -> None:
    contact, lead = both(stage)
    person = stage.salesforce.convert(lead, "Contact", SF_NAMES)
    stage.run()
    assert uid(stage, person) == uid(stage, contact) == uid(stage, lead)
    assert quiet(stage)
    stage.hubspot.edit(contact, jobtitle="Countess")
    stage.run()
    assert stage.value(person, "Title") == "Countess"
    assert stage.value(lead, "Title") == "CTO"
    stage.salesforce.edit(person, Phone="777")
    stage.run()
    assert stage.value(contact, "phone") == "777"
    assert quiet(stage)


def test_an_address_that_changes_takes_its_person_along(stage: Stage) -> None:
    contact, lead = both(stage)
    was = uid(stage, contact)
    stage.hubspot.edit(contact, email="countess@ockham.example")
    stage.run()
    assert uid(stage, contact) == uid(stage, lead) == was
    assert stage.value(lead, "Email") == "countess@ockham.example"
    assert quiet(stage)


# ---- what people say of who is who


def say(stage: Stage, a: Ref, b: Ref, verdict: str) -> None:
    with Store(stage.path) as store:
        store.cases.say(a, b, verdict, "", stage.now)


def test_a_person_wrongly_joined_is_split_and_stays_so(stage: Stage) -> None:
    contact, lead = both(stage)
    was = uid(stage, contact)
    say(stage, contact, lead, "apart")
    stage.run()
    assert was in (uid(stage, contact), uid(stage, lead))
    assert uid(stage, contact) != uid(stage, lead)
    stage.run()
    assert quiet(stage)
    assert uid(stage, contact) != uid(stage, lead)
    assert stage.value(contact, "leadsync_id") != stage.value(lead, "LeadSync_Id__c")
    stage.hubspot.edit(contact, phone="999")
    stage.run()
    assert stage.value(lead, "Phone") == "123"


def test_two_records_of_one_person_are_joined_by_word(stage: Stage) -> None:
    contact, _ = both(stage)
    other = stage.salesforce.put("Lead", Company="Acme", Email="a.l@acme.example", LastName="King", Phone="5")
    stage.run()
    assert uid(stage, other) != uid(stage, contact)
    say(stage, contact, other, "same")
    stage.run()
    assert uid(stage, other) == uid(stage, contact)
    stage.run()
    assert quiet(stage)


def test_a_newcomer_never_takes_over_the_id_of_who_had_the_address_before(stage: Stage) -> None:
    contact, lead = both(stage)
    was = uid(stage, contact)
    say(stage, contact, lead, "apart")
    values: dict[str, Value] = {**ADA, "email": "ada@acme.example"}
    newcomer = stage.hubspot.put("contacts", **values)
    say(stage, contact, newcomer, "apart")
    stage.run()
    assert len({uid(stage, contact), uid(stage, newcomer)}) == 2
    assert was in (uid(stage, contact), uid(stage, lead))


def test_an_idle_run_does_not_forget_why_a_value_was_taken(stage: Stage) -> None:
    ours, theirs = both(stage)
    stage.salesforce.edit(theirs, Title="CEO")
    stage.run()
    took = f"run-{stage.runs}"
    stage.run()
    with Store(stage.path) as store:
        uid = store.pulled.identities()[ours]
        value, why, run, _ = store.results.decisions(uid)["job_title"]
    assert (value, why["how"], why["origin"], run) == ("CEO", "changed", str(theirs), took)
