"""Who is who changes: people are joined and split, merged and converted, and nobody is made again or mixed up."""

from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.fakes import nothing

from leadsync.cli.state import take_stock
from leadsync.connector import Write
from leadsync.records import Ref
from leadsync.store import Store
from leadsync.store.salvage import salvage
from leadsync.sync import carry_out

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO", "company": "Acme"}
ADA_SF = {"Email": "ada@acme.example", "FirstName": "Ada", "LastName": "Lovelace", "Title": "CTO", "Company": "Acme"}
SMALLER, LARGER = "ada1@other.example", "ada0@other.example"
"""Addresses of which leadsync ids are made that stand before and behind the one of Ada's."""


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def good(stage: Stage) -> Ref:
    """A contact who qualifies, and so becomes a lead."""
    ref = stage.hubspot.put("contacts", **ADA)
    stage.hubspot.touch(ref, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    return ref


def leads(stage: Stage) -> list[Ref]:
    return [r.ref for r in stage.salesforce.records.values() if r.ref.kind == "Lead" and not r.deleted]


def uid(stage: Stage, ref: Ref) -> str:
    with Store(stage.path, write=False) as store:
        found = store.pulled.identity(ref)
    return found[0] if found is not None else ""


def say(stage: Stage, a: Ref, b: Ref, verdict: str) -> None:
    """As `leadsync identity` does."""
    with Store(stage.path) as store, store.transaction():
        store.cases.say(a, b, verdict, "", stage.now)
        if verdict == "apart":
            store.pulled.forget_identity(b)


# ---- nobody is made again


@pytest.mark.parametrize("by", ["a word", "an address"])
@pytest.mark.parametrize("address", [SMALLER, LARGER], ids=["another id", "the same id"])
def test_a_deleted_lead_is_not_made_again_when_its_person_is_found_to_be_another(
    stage: Stage, address: str, by: str
) -> None:
    contact = good(stage)
    stage.run()
    (lead,) = leads(stage)
    other = stage.hubspot.put("contacts", **{**ADA, "email": address})
    stage.run()
    before = uid(stage, contact)
    assert (uid(stage, other) < before) == (address == SMALLER)
    stage.salesforce.delete(lead)
    stage.run()
    if by == "a word":
        say(stage, contact, other, "same")
    else:
        stage.hubspot.edit(other, hs_additional_emails=ADA["email"])
    for _ in range(3):
        stage.run()
    assert uid(stage, contact) == uid(stage, other) == uid(stage, lead)
    assert (uid(stage, contact) == before) == (address == LARGER)
    assert leads(stage) == []


@pytest.mark.parametrize("part", [200, 1], ids=["at once", "in parts"])
def test_a_lead_converted_into_what_is_never_seen_and_deleted_is_not_made_again(stage: Stage, part: int) -> None:
    stage.part = part
    contact = good(stage)
    stage.run()
    (lead,) = leads(stage)
    new = stage.salesforce.convert(lead, "Contact", {})
    hidden = stage.salesforce.versions.pop(new)
    stage.run()
    stage.salesforce.delete(lead)
    for _ in range(2):
        stage.run()
    assert leads(stage) == []
    stage.salesforce.versions[new] = hidden
    stage.salesforce.edit(new, Title="CIO")
    for _ in range(2):
        stage.run()
    assert uid(stage, new) == uid(stage, contact)
    assert stage.value(contact, "jobtitle") == "CIO"


# ---- nobody is mixed up


def parted(stage: Stage) -> tuple[Ref, Ref]:
    """A contact and a lead that were one, until somebody said that they are not; the lead has still the contact's
    leadsync id, for nothing was sent since."""
    contact, lead = good(stage), stage.salesforce.put("Lead", **ADA_SF)
    stage.run()
    assert uid(stage, contact) == uid(stage, lead)
    stage.salesforce.edit(lead, Email="ida@other.example")
    stage.run()
    say(stage, contact, lead, "apart")
    return contact, lead


def test_a_new_record_is_not_written_over_the_one_that_still_carries_its_id(stage: Stage) -> None:
    contact, lead = parted(stage)
    stage.salesforce.refuse = lambda write: "locked" if write.id == lead.id else ""
    stage.salesforce.edit(lead, FirstName="Ida", Title="Boss")
    for _ in range(2):
        done = stage.run()
        assert [kept.detail for kept in done.plan.kept if kept.reason == "carried"] == [f"{lead} still carries its id"]
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    assert [stage.value(lead, name) for name in ("FirstName", "Title")] == ["Ida", "Boss"]
    assert leads(stage) == [lead] and uid(stage, lead) != uid(stage, contact)
    stage.salesforce.refuse = lambda _: ""
    stage.salesforce.edit(lead, Title="Chief")
    for _ in range(2):
        stage.run()
    (new,) = set(leads(stage)) - {lead}
    assert uid(stage, new) == uid(stage, contact) == stage.value(new, "LeadSync_Id__c")
    assert stage.value(lead, "LeadSync_Id__c") == uid(stage, lead)
    assert (stage.value(new, "Title"), stage.value(lead, "Title")) == ("CEO", "Chief")


def test_an_id_is_written_when_no_other_record_carries_it_any_more(stage: Stage) -> None:
    other, kept = (stage.hubspot.put("contacts", **{**ADA, "email": address}) for address in (LARGER, ADA["email"]))
    stage.run()
    given = stage.value(kept, "leadsync_id")
    stage.hubspot.edit(other, hs_additional_emails=ADA["email"])
    stage.run()
    assert uid(stage, other) == given != stage.value(other, "leadsync_id")

    def unique(write: Write) -> str:
        taken = {r.fields.get("leadsync_id"): r.ref.id for r in stage.hubspot.records.values()}
        mine = write.values.get("leadsync_id")
        return "that id is taken" if mine is not None and taken.get(mine, write.id) != write.id else ""

    stage.hubspot.refuse = unique
    say(stage, other, kept, "apart")
    done = [stage.run() for _ in range(2)]
    assert [len(cycle.pushed.rejected) for cycle in done if cycle.pushed is not None] == [0, 0]
    assert stage.value(other, "leadsync_id") == given == uid(stage, other)
    assert stage.value(kept, "leadsync_id") == uid(stage, kept) != given


def test_a_kept_plan_makes_nobody_anew_who_was_made_and_deleted_since(stage: Stage) -> None:
    good(stage)
    made = stage.run(write=False).plan
    (create,) = [step for step in made.steps if step.id is None]
    stage.run()
    (lead,) = leads(stage)
    stage.salesforce.delete(lead)
    stage.run()
    with Store(stage.path) as store:
        pushed = carry_out(stage.world(store, stage.sides), made)
    assert (leads(stage), len(pushed.created), create in pushed.moved) == ([], 0, True)


@pytest.mark.parametrize("part", [200, 1], ids=["at once", "in parts"])
def test_a_state_made_anew_makes_nobody_anew_whom_no_crm_shows_any_more(stage: Stage, part: int) -> None:
    contact = good(stage)
    stage.run()
    (lead,) = leads(stage)
    stage.salesforce.delete(lead)
    stage.run()
    for there in (stage.salesforce.records, stage.salesforce.versions):
        there.pop(lead)  # the bin is emptied
    old, stage.path, stage.part = stage.path, stage.path.with_name("anew.db"), part
    with Store(stage.path) as store:
        salvage(old, store, stage.now)
        done = take_stock(stage.world(store, stage.sides))
    assert (leads(stage), list(done.plan.steps)) == ([], [])
    stage.hubspot.edit(contact, jobtitle="Chief Technology Officer")
    stage.run()
    assert leads(stage) == [] and uid(stage, lead) == uid(stage, contact)


# ---- what people said


@pytest.mark.parametrize("later", ["forgotten", "same"])
def test_what_was_said_of_a_record_can_be_taken_back_under_its_new_id(stage: Stage, later: str) -> None:
    first, second, third = (
        stage.hubspot.put("contacts", **{**ADA, "email": address}) for address in (ADA["email"], SMALLER, LARGER)
    )
    stage.run()
    say(stage, first, second, "apart")
    stage.run()
    merged = stage.hubspot.merge_into_new(first, third)
    stage.run()
    if later == "same":
        say(stage, merged, second, "same")
    else:
        with Store(stage.path) as store:
            assert store.cases.unsay(merged, second)
    stage.run()
    with Store(stage.path) as store:
        assert [rule.verdict for rule in store.cases.identity_rules()] == (["same"] if later == "same" else [])
    assert (uid(stage, merged) == uid(stage, second)) == (later == "same")


# ---- an address that somebody else used to have


def test_who_gets_an_address_that_another_had_by_mistake_is_not_that_other(stage: Stage) -> None:
    contact = good(stage)
    stage.run()
    (lead,) = leads(stage)
    stage.hubspot.edit(contact, email="adah@acme.example")
    stage.run()
    assert stage.value(lead, "Email") == "adah@acme.example"
    other = stage.hubspot.put("contacts", **{**ADA, "firstname": "Adam", "lastname": "Smith"})
    stage.run()
    assert uid(stage, other) != uid(stage, contact) == uid(stage, lead)
    stage.hubspot.edit(other, lastname="Smythe")
    stage.run()
    assert stage.value(lead, "LastName") == stage.value(contact, "lastname") == "Lovelace"


# ---- half of a conversion


def converted(stage: Stage) -> tuple[Ref, Ref, list[Ref]]:
    """A contact and a lead, and the Salesforce contact that the lead is going to be."""
    refs = stage.hubspot.put("contacts", **ADA), stage.salesforce.put("Lead", **ADA_SF)
    stage.run()
    return *refs, []


def settled(stage: Stage) -> None:
    stage.salesforce.on_call = nothing
    for _ in range(2):
        stage.run()


@pytest.mark.parametrize("moment", range(8))
def test_a_lead_converted_while_it_is_read_takes_no_edit_with_it(stage: Stage, moment: int) -> None:
    contact, lead, new = converted(stage)
    calls = itertools.count()

    def convert(_call: str) -> None:
        if next(calls) == moment:
            new.append(stage.salesforce.convert(lead, "Contact", {}))
            stage.salesforce.edit(new[0], Title="CIO")
            stage.hubspot.edit(contact, phone="999")

    stage.salesforce.on_call = convert
    stage.run()
    settled(stage)
    assert stage.value(new[0], "Title") == stage.value(contact, "jobtitle") == "CIO"
    assert stage.value(new[0], "Phone") == stage.value(contact, "phone") == "999"


def test_an_edit_waits_for_a_contact_that_cannot_be_read(stage: Stage) -> None:
    contact, lead, new = converted(stage)
    new.append(stage.salesforce.convert(lead, "Contact", {}))
    stage.hubspot.edit(contact, jobtitle="CEO")
    unread = stage.salesforce.versions.pop(new[0])
    settled(stage)
    stage.salesforce.versions[new[0]] = unread
    stage.salesforce.edit(new[0], Department="Board")
    settled(stage)
    assert stage.value(new[0], "Title") == stage.value(contact, "jobtitle") == "CEO"


def test_what_is_typed_of_one_site_of_a_company_does_not_reach_the_other(stage: Stage) -> None:
    company = stage.hubspot.put("companies", name="Acme GmbH", country="Germany", city="Köln")
    koeln, berlin = (
        stage.salesforce.put("Account", Name="Acme GmbH", BillingCountry="Germany", BillingCity=city)
        for city in ("Köln", "Berlin")
    )
    stage.run()
    stage.salesforce.edit(berlin, BillingCity="Potsdam")
    stage.salesforce.edit(koeln, BillingCity="Bonn")
    done = stage.run()
    assert [stage.value(ref, "BillingCity") for ref in (koeln, berlin)] == ["Bonn", "Potsdam"]
    assert stage.value(company, "city") == "Bonn"
    assert done.plan.held == ()
