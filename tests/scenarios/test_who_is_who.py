"""Who is who changes: people are joined and split, merged and converted, and nobody is made again or mixed up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage

from leadsync.records import Ref
from leadsync.store import Store

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
