"""Rules that hold for two records, or in one run, hold for the others and in the next one too."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import ADA, ADA_SF, both, conflict, made

from leadsync.answers import ruling
from leadsync.records import Ref, Value
from leadsync.store import Store


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return made(tmp_path, {})


# ---- sites of one company


def sites(stage: Stage) -> tuple[Ref, Ref]:
    """Two sites that Salesforce keeps apart."""
    koeln, berlin = (
        stage.salesforce.put("Account", Name="Acme GmbH", BillingCountry="Germany", BillingCity=city, Website=site)
        for city, site in (("Köln", "koeln.example"), ("Berlin", "berlin.example"))
    )
    stage.run()
    return koeln, berlin


@pytest.mark.parametrize("part", [None, 1], ids=["at once", "in parts"])
@pytest.mark.parametrize("how", ["cleared", "hidden"])
def test_sites_stay_apart_when_a_city_is_no_longer_told(stage: Stage, how: str, part: int | None) -> None:
    stage.part = part
    koeln, berlin = sites(stage)
    if how == "cleared":
        stage.salesforce.edit(berlin, BillingCity="")
    else:
        stage.salesforce.hidden = ("BillingCity",)
        for ref in (koeln, berlin):
            stage.salesforce.edit(ref, Industry="Retail")
    stage.run()
    stage.salesforce.edit(koeln, Website="new.example")
    for _ in range(2):
        stage.run()
    assert stage.value(berlin, "Website") == "berlin.example"


# ---- an edit that some records take over


@pytest.mark.parametrize("part", [None, 1], ids=["at once", "in parts"])
def test_an_edit_that_one_of_two_leads_takes_over_counts_in_every_run(stage: Stage, part: int | None) -> None:
    stage.part = part
    contact = stage.hubspot.put("contacts", **ADA)
    filled = stage.salesforce.put("Lead", Company="Acme", **ADA_SF, Website="acme.example")
    blank = stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    stage.hubspot.edit(contact, website="new.example")
    seen = [judged.lead.facts["website"] for _ in range(3) for judged in stage.run().view.leads]
    assert seen == ["new.example"] * 3
    assert [stage.value(ref, "Website") for ref in (filled, blank)] == ["acme.example", "new.example"]
    stage.salesforce.edit(blank, Website="newer.example")
    seen = [judged.lead.facts["website"] for _ in range(3) for judged in stage.run().view.leads]
    assert seen == ["newer.example"] * 3


def test_an_edit_that_one_of_two_leads_has_in_its_own_spelling_counts_in_every_run(stage: Stage) -> None:
    stage.salesforce.spell = lambda name, value: value[:11] if name == "Website" and isinstance(value, str) else value
    contact = stage.hubspot.put("contacts", **ADA)
    stage.salesforce.put("Lead", Company="Acme", **ADA_SF, Website="acme.example")
    blank = stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    stage.hubspot.edit(contact, website="new.example/much/more")
    seen = [judged.lead.facts["website"] for _ in range(4) for judged in stage.run().view.leads]
    assert stage.value(blank, "Website") == "new.example"
    assert seen == ["new.example/much/more"] * 4


# ---- answers


def answer(stage: Stage, value: str | None, take: str | None = None) -> None:
    with Store(stage.path) as store:
        (found,) = store.cases.conflicts()
        store.cases.rule(ruling(found, take, value, stage.now))


def refused_once(stage: Stage, side: str) -> None:
    stage.sides[side].refuse = lambda _: "a rule forbids it"
    stage.run()
    stage.sides[side].refuse = lambda _: ""
    for ref in [r.ref for r in stage.sides[side].records.values()]:
        stage.sides[side].edit(ref, **{"hubspot": {"city": "Bonn"}, "salesforce": {"Department": "Board"}}[side])


@pytest.mark.parametrize("value", ["333", ""])
@pytest.mark.parametrize("refused", ["hubspot", "salesforce"])
def test_an_answer_that_only_one_record_has_taken_still_stands(stage: Stage, refused: str, value: str) -> None:
    contact, lead = both(stage)
    conflict(stage, contact, lead)
    answer(stage, value)
    refused_once(stage, refused)
    for _ in range(2):
        done = stage.run()
    assert [stage.value(contact, "phone") or "", stage.value(lead, "Phone") or ""] == [value, value]
    assert (len(done.plan.steps), len(done.plan.held)) == (0, 0)


def test_an_answer_that_was_typed_carelessly_still_stands_too(tmp_path: Path) -> None:
    employees = 'salesforce  = { Lead = "NumberOfEmployees" }\ndirection   = "read"'
    held = employees.replace('direction   = "read"', 'owner = "hubspot"\nconflict = "hold"')
    stage = made(tmp_path, {employees: held})
    contact, lead = both(stage)
    stage.hubspot.edit(contact, numemployees="20")
    stage.salesforce.edit(lead, NumberOfEmployees=30)
    stage.run()
    answer(stage, " 50 ")
    refused_once(stage, "salesforce")
    stage.run()
    assert stage.value(lead, "NumberOfEmployees") == 50


@pytest.mark.parametrize("passed", [timedelta(minutes=1), timedelta(days=1)])
@pytest.mark.parametrize(("value", "take"), [("333", None), (None, "hubspot"), (None, "salesforce")])
@pytest.mark.parametrize("typed", ["hubspot", "salesforce"])
def test_an_answer_is_not_given_again_to_who_types_the_same_over_it(
    stage: Stage, typed: str, value: str | None, take: str | None, passed: timedelta
) -> None:
    contact, lead = both(stage)
    conflict(stage, contact, lead)
    answer(stage, value, take)
    stage.pass_time(timedelta(minutes=1))
    stage.run()
    stage.pass_time(passed)
    edits: dict[str, tuple[Ref, str, Value]] = {
        "hubspot": (contact, "phone", "111"),
        "salesforce": (lead, "Phone", "222"),
    }
    ref, name, again = edits[typed]
    stage.sides[typed].edit(ref, **{name: again})
    for _ in range(2):
        stage.run()
    assert [stage.value(contact, "phone"), stage.value(lead, "Phone")] == [again, again]
