"""No edit is dropped and no rule passed over where people answer, take back, and map with conditions."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import ADA, ADA_SF, both, conflict, made, opened, quiet
from tests.scenarios.test_operator_commands import House, house  # noqa: F401  a fixture

from leadsync.answers import BadAnswer, ruling
from leadsync.cli.plans import undo_now, undo_plan
from leadsync.records import Record, Ref
from leadsync.store import Store
from leadsync.sync import carry_out


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return made(tmp_path, {})


# ---- answers


@pytest.mark.parametrize("take", ["hubspot", None])
def test_an_answer_that_says_blank_clears(stage: Stage, take: str | None) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, phone="")
    stage.salesforce.edit(lead, Phone="222")
    stage.run()
    with Store(stage.path) as store:
        (found,) = store.cases.conflicts()
        store.cases.rule(ruling(found, take, None if take else "", stage.now))
    stage.run()
    assert not stage.value(lead, "Phone")
    assert quiet(stage)


def test_an_answer_is_not_given_again_to_people_who_type_the_same_later(stage: Stage) -> None:
    contact, lead = both(stage)
    found = conflict(stage, contact, lead)
    with Store(stage.path) as store:
        store.cases.rule(ruling(found, "hubspot", None, stage.now))
    stage.run()
    stage.pass_time(timedelta(days=30))
    stage.hubspot.edit(contact, phone="333")
    stage.run()
    assert stage.value(lead, "Phone") == "333"
    stage.pass_time(timedelta(days=30))
    stage.run()
    again = conflict(stage, contact, lead)
    assert again.cells == found.cells
    assert (stage.value(contact, "phone"), stage.value(lead, "Phone")) == ("111", "222")


def test_an_answer_that_a_person_types_is_written_as_what_the_field_holds(tmp_path: Path) -> None:
    employees = 'salesforce  = { Lead = "NumberOfEmployees" }\ndirection   = "read"'
    stage = made(
        tmp_path, {employees: employees.replace('direction   = "read"', 'owner = "hubspot"\nconflict = "hold"')}
    )
    contact, lead = both(stage)
    stage.hubspot.edit(contact, numemployees="20")
    stage.salesforce.edit(lead, NumberOfEmployees=30)
    stage.run()
    with Store(stage.path) as store:
        (found,) = store.cases.conflicts()
        store.cases.rule(ruling(found, None, " 50 ", stage.now))
    stage.run()
    assert stage.salesforce.log[-1][2]["NumberOfEmployees"] == 50


# ---- mapping


def test_an_edit_made_while_a_condition_does_not_hold_goes_out_once_it_does(tmp_path: Path) -> None:
    stage = made(tmp_path, {'salesforce  = "Title"\n': 'salesforce  = "Title"\nwhen = \'city == "Bonn"\'\n'})
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    assert stage.value(lead, "Title") == "CTO"
    stage.run()
    stage.salesforce.edit(lead, City="Bonn")
    stage.run()
    assert stage.value(lead, "Title") == "CEO"
    assert quiet(stage)


def test_a_new_record_gets_nothing_whose_condition_does_not_hold(tmp_path: Path) -> None:
    stage = made(tmp_path, {'compare     = "digits"\n': 'compare     = "digits"\nwhen = \'city == "Bonn"\'\n'})
    contact = stage.hubspot.put("contacts", **ADA, company="Acme")
    stage.hubspot.touch(contact, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    stage.run()
    (lead,) = (r for r in stage.salesforce.records.values() if r.ref.kind == "Lead")
    assert lead.fields["LastName"] == "Lovelace"
    assert "Phone" not in lead.fields


def test_an_edit_of_a_field_that_only_follows_waits_for_its_unit(tmp_path: Path) -> None:
    unit = {
        'salesforce  = "Title"\n': 'salesforce  = "Title"\nunit = "who"\nfollows = true\n',
        'salesforce  = "FirstName"\n': 'salesforce  = "FirstName"\nunit = "who"\n',
    }
    stage = made(tmp_path, unit)
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    stage.run()
    stage.hubspot.edit(contact, firstname="Augusta")
    stage.run()
    assert (stage.value(lead, "FirstName"), stage.value(lead, "Title")) == ("Augusta", "CEO")


def test_an_edit_made_while_a_field_could_not_be_seen_over_there_arrives_once_it_can(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.salesforce.hidden = ("Title",)
    stage.salesforce.edit(lead, City="Bonn")
    stage.run()
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    stage.run()
    stage.salesforce.hidden = ()
    stage.salesforce.edit(lead, City="Köln")
    stage.run()
    assert stage.value(lead, "Title") == "CEO"


# ---- facts


def test_an_edit_that_no_record_takes_over_counts_in_every_run_and_not_in_one(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, numemployees="20")
    stage.salesforce.edit(lead, NumberOfEmployees=20)
    stage.run()
    stage.salesforce.edit(lead, NumberOfEmployees=5000)
    scores = [judged.score.total for judged in stage.run().view.leads]
    assert quiet(stage)
    assert [judged.score.total for judged in stage.run().view.leads] == scores


# ---- contradictions


OWNED = {'salesforce  = "Title"\nowner       = "salesforce"': 'salesforce  = "Title"\nowner       = "hubspot"'}


def test_an_edit_made_of_ours_stands_although_a_twin_of_the_record_refused_it(tmp_path: Path) -> None:
    stage = made(tmp_path, OWNED)
    contact, lead = both(stage)
    twin = stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    stage.salesforce.refuse = lambda write: "no" if write.id == twin.id and "Title" in write.values else ""
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    assert (stage.value(lead, "Title"), stage.value(twin, "Title")) == ("CEO", "CTO")
    stage.salesforce.edit(lead, Title="CFO")
    stage.run()
    assert (stage.value(lead, "Title"), stage.value(contact, "jobtitle")) == ("CFO", "CFO")
    stage.hubspot.edit(contact, jobtitle="CIO")
    stage.run()
    assert (stage.value(lead, "Title"), stage.value(contact, "jobtitle")) == ("CIO", "CIO")
    stage.salesforce.refuse = lambda _write: ""
    stage.salesforce.edit(twin, City="Bonn")
    stage.run()
    assert stage.value(twin, "Title") == "CIO"
    assert quiet(stage)


def test_a_field_that_is_only_read_waits_for_nobody(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, state="Bavaria")
    stage.salesforce.edit(lead, State="Saxony")
    done = stage.run()
    assert done.plan.held == ()
    assert quiet(stage)


def test_a_contradiction_with_a_side_that_is_only_read_waits_until_it_is_answered(tmp_path: Path) -> None:
    stage = made(tmp_path, {'hubspot     = "phone"': 'hubspot     = { name = "phone", direction = "read" }'})
    contact, lead = both(stage)
    found = conflict(stage, contact, lead)
    stage.run()
    with Store(stage.path) as store:
        assert [c.field for c in store.cases.conflicts()] == ["phone"]
        store.cases.rule(ruling(found, "hubspot", None, stage.now))
    stage.run()
    assert stage.value(lead, "Phone") == "111"
    assert quiet(stage)


# ---- kept plans


def good(stage: Stage) -> Ref:
    """Somebody in HubSpot of whom leadsync would make a lead."""
    contact = stage.hubspot.put("contacts", **ADA, company="Acme")
    stage.hubspot.touch(contact, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    return contact


def test_a_kept_plan_makes_nobody_whom_a_person_has_made_since(stage: Stage) -> None:
    good(stage)
    kept = stage.run(write=False).plan
    assert [step.id for step in kept.steps if step.side == "salesforce"] == [None]
    stage.pass_time(timedelta(days=1))
    stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    with opened(stage) as world:
        pushed = carry_out(world, kept)
    assert len(people(stage)) == 1
    assert [step.side for step in pushed.moved] == ["salesforce"]


def test_a_kept_plan_mixes_nobody_up_whom_a_person_has_told_apart_since(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="CEO")
    kept = stage.run(write=False).plan
    with opened(stage) as world:
        world.store.cases.say(contact, lead, "apart", "two people", stage.now)
        world.store.pulled.forget_identity(lead)
        pushed = carry_out(world, kept)
    assert stage.value(lead, "Title") == "CTO"
    assert [step.ref for step in pushed.moved] == [lead]


def test_what_was_brought_over_can_be_taken_back_once_a_person_has_told_two_apart(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.salesforce.edit(lead, City="Bonn")
    stage.run()
    with opened(stage) as world:
        world.store.cases.say(contact, lead, "apart", "two people", stage.now)
        world.store.pulled.forget_identity(lead)
        undo_now(world, undo_plan(world.store, world.store.history.of_run("run-2")))
    assert (stage.value(lead, "Title"), stage.value(contact, "city")) == ("CTO", None)


def people(stage: Stage) -> list[Record]:
    return [record for record in stage.salesforce.records.values() if record.ref.kind == "Lead"]


# ---- undo


def test_undo_of_several_runs_stops_at_what_a_person_typed_in_between(tmp_path: Path) -> None:
    stage = made(tmp_path, {})
    contact, lead = both(stage)
    for side, name in (("hubspot", "CEO"), ("salesforce", "CFO"), ("hubspot", "CIO")):
        if side == "hubspot":
            stage.hubspot.edit(contact, jobtitle=name)
            stage.run()
        else:
            stage.salesforce.edit(lead, Title=name)
            stage.run()
    assert stage.value(lead, "Title") == "CIO"
    with Store(stage.path) as store:
        world = stage.world(store, stage.sides)
        rows = [w for w in store.history.all() if w.field == "Title"]
        undo_now(world, undo_plan(store, rows))
    assert stage.value(lead, "Title") == "CFO"


# ---- answers in a file


def test_an_answer_in_a_file_is_refused_where_the_records_say_something_else_by_now(house: House) -> None:  # noqa: F811
    house.edit_hubspot(phone="111")
    house.edit_salesforce(Phone="222")
    house.run("sync")
    file = house.folder / "conflicts.csv"
    house.say("conflicts", "export", str(file))
    house.edit_salesforce(Phone="333")
    house.run("sync")
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = list(csv.DictReader(text))
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "answer": "hubspot"} for row in rows)
    with pytest.raises(BadAnswer, match="export anew"):
        house.say("conflicts", "import", str(file))
    house.run("sync")
    assert house.in_salesforce()["Phone"] == "333"
