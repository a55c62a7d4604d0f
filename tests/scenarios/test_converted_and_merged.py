"""Leads that become one contact, or a contact that is merged into another one: that one takes the lead's place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import ADA, ADA_SF, both, made

from leadsync.records import Ref

CONTACT = {"City": "MailingCity", "State": "MailingState", "Country": "MailingCountry"}


@pytest.mark.parametrize("part", [None, 1], ids=["at once", "in parts"])
@pytest.mark.parametrize("seen", ["neither was seen", "the conversion was seen", "both were seen"])
@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_merged_contact_speaks_for_the_lead(tmp_path: Path, known: bool, seen: str, part: int | None) -> None:
    stage = made(tmp_path, {})
    stage.part = part
    other = _other(stage) if known else None
    contact, lead = both(stage)
    other = _other(stage) if other is None else other
    converted = stage.salesforce.convert(lead, "Contact", CONTACT)
    stage.salesforce.edit(converted, LeadSync_Id__c=None)  # as where no custom field goes over
    if seen == "the conversion was seen":
        stage.run()
    stage.salesforce.merge_into(other, converted)
    if seen == "both were seen":
        stage.run()
    for edited, name, over_there, called, value in (
        (contact, "jobtitle", other, "Title", "CEO"),
        (other, "Title", contact, "jobtitle", "CIO"),
    ):
        stage.sides[edited.side].edit(edited, **{name: value})
        for _ in range(2):
            done = stage.run()
        assert stage.value(over_there, called) == value
        assert [kept for kept in done.plan.kept if kept.waits] == []
        assert len(done.plan.steps) == 0


@pytest.mark.parametrize("edited", [False, True], ids=["as it was", "edited before"])
@pytest.mark.parametrize("first", [0, 1], ids=["the one's contact", "the other one's contact"])
def test_two_leads_that_become_one_contact_bring_no_edit_that_nobody_made(
    tmp_path: Path, first: int, edited: bool
) -> None:
    stage = made(tmp_path, {})
    contact = stage.hubspot.put("contacts", **{**ADA, "jobtitle": "Clerk"})
    leads = [stage.salesforce.put("Lead", Company="Acme", **{**ADA_SF, "Title": t}) for t in ("CTO", "Clerk")]
    stage.run()
    if edited:
        stage.salesforce.edit(leads[first], Title="CEO")
    kept, added = leads[first], leads[1 - first]
    converted = stage.salesforce.convert(kept, "Contact", CONTACT)
    late = replace(stage.salesforce.records[added], read_only=True, successor=converted)
    stage.salesforce.keep(replace(late, modified=stage.salesforce.tick()))
    for _ in range(2):
        stage.run()
    assert stage.value(contact, "jobtitle") == ("CEO" if edited else "Clerk")
    assert stage.value(converted, "Title") == stage.value(kept, "Title")


def _other(stage: Stage) -> Ref:
    return stage.salesforce.put("Contact", **{**ADA_SF, "Email": "ada@other.example"})


@pytest.mark.parametrize("part", [None, 1], ids=["at once", "in parts"])
def test_who_has_the_address_of_a_merged_lead_is_the_one_it_was_merged_into(tmp_path: Path, part: int | None) -> None:
    stage = made(tmp_path, {})
    stage.part = part
    kept, merged, last = (
        stage.salesforce.put("Lead", Company="Acme", **{**ADA_SF, "Email": f"{name}@acme.example"})
        for name in ("ada", "lovelace", "countess")
    )
    stage.run()
    stage.salesforce.merge_into(kept, merged)
    stage.salesforce.merge_into(last, kept)
    stage.run()
    contact = stage.hubspot.put("contacts", **{**ADA, "email": "lovelace@acme.example"})
    stage.hubspot.touch(contact, stage.now, "form_submission", name="Request a demo")
    for _ in range(2):
        done = stage.run()
    assert [ref.id for ref in _leads(stage)] == [last.id]
    assert len(done.plan.steps) == 0
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    assert stage.value(last, "Title") == "CEO"


def _leads(stage: Stage) -> list[Ref]:
    return [
        record.ref for record in stage.salesforce.records.values() if record.ref.kind == "Lead" and not record.deleted
    ]
