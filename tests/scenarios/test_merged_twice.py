"""Contacts that are merged while somebody edits the lead: the edit is newer than what the merge keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import ADA, ADA_SF, made

from leadsync.records import Ref
from leadsync.store import Store

HUBSPOT_OWNS = {'"Title"\nowner       = "salesforce"': '"Title"\nowner       = "hubspot"'}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return made(tmp_path, HUBSPOT_OWNS)


def as_told(ids: tuple[str, ...]) -> tuple[str, ...]:
    return ids


def backwards(ids: tuple[str, ...]) -> tuple[str, ...]:
    return ids[::-1]


ORDERS = pytest.mark.parametrize("order", [as_told, backwards], ids=["the kept one first", "the kept one last"])
"""HubSpot names the ids that were merged in no order that it promises."""
Order = Callable[[tuple[str, ...]], tuple[str, ...]]


def merge(stage: Stage, kept: Ref, lost: Ref, order: Order) -> Ref:
    new = stage.hubspot.merge_into_new(kept, lost)
    record = stage.hubspot.records[new]
    stage.hubspot.keep(replace(record, aliases=order(record.aliases)))
    return new


def another(stage: Stage, number: int) -> Ref:
    return stage.hubspot.put("contacts", **{**ADA, "email": f"ada{number}@acme.example", "jobtitle": f"Clerk {number}"})


@ORDERS
def test_an_edit_of_the_lead_outlives_a_merge_of_its_contact(stage: Stage, order: Order) -> None:
    contact, lead, other = (
        stage.hubspot.put("contacts", **ADA),
        stage.salesforce.put("Lead", **ADA_SF),
        another(stage, 1),
    )
    stage.run()
    before = identity(stage, contact)
    stage.salesforce.edit(lead, Title="CFO")
    merged = merge(stage, contact, other, order)
    for _ in range(2):
        stage.run()
    assert stage.value(merged, "jobtitle") == stage.value(lead, "Title") == "CFO"
    assert identity(stage, merged) == before


@ORDERS
def test_an_edit_of_the_lead_outlives_the_second_of_two_merges(stage: Stage, order: Order) -> None:
    contact, lead = stage.hubspot.put("contacts", **ADA), stage.salesforce.put("Lead", **ADA_SF)
    others = another(stage, 1), another(stage, 2)
    stage.run()
    merged = merge(stage, contact, others[0], order)
    stage.run()
    stage.hubspot.edit(merged, jobtitle="CEO")
    stage.run()
    assert stage.value(lead, "Title") == "CEO"
    stage.salesforce.edit(lead, Title="CFO")
    merged = merge(stage, merged, others[1], order)
    for _ in range(2):
        stage.run()
    assert stage.value(merged, "jobtitle") == stage.value(lead, "Title") == "CFO"


def identity(stage: Stage, ref: Ref) -> str:
    with Store(stage.path, write=False) as store:
        found = store.pulled.identity(ref)
    return found[0] if found is not None else ""
