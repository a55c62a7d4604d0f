"""The admin edits a mapping between two runs: what is mapped later is read and written as if it always had been."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import both, made, quiet

from leadsync.cli.plans import undo_now, undo_plan
from leadsync.store import Store


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return made(tmp_path, {})


def edit_mapping(stage: Stage, old: str, new: str) -> None:
    """The admin edits the lead mapping between two runs."""
    folder = stage.mappings.with_name(f"{stage.mappings.name}+")
    shutil.copytree(stage.mappings, folder)
    file = folder / "lead.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    stage.mappings = folder


FAX = """
[field.fax]
hubspot = "fax"
salesforce = "Fax"
owner = "salesforce"
compare = "digits"

[field.first_name]"""


def test_a_field_mapped_later_is_read_of_records_that_nobody_touches(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, fax="1")
    stage.salesforce.edit(lead, Fax="1")
    stage.run()
    stage.pass_time(timedelta(hours=1))
    stage.run()
    edit_mapping(stage, "\n[field.first_name]", FAX)
    stage.run()
    stage.hubspot.edit(contact, fax="2")
    stage.run()
    stage.run()
    assert stage.value(lead, "Fax") == "2"


def test_a_computed_field_mapped_later_is_written_to_records_that_nobody_touches(stage: Stage) -> None:
    contact, _ = both(stage)
    stage.pass_time(timedelta(hours=1))
    stage.run()
    new = '\n[field.since]\nsource = "stage.since"\nowner = "leadsync"\nhubspot = "since"\n\n[field.first_name]'
    edit_mapping(stage, "\n[field.first_name]", new)
    stage.run()
    stage.run()
    assert stage.value(contact, "since")


def test_a_field_provisioned_after_it_was_mapped_is_read_of_all(stage: Stage) -> None:
    contact, _ = both(stage)
    stage.pass_time(timedelta(hours=1))
    stage.run()
    stage.hubspot.hidden = ("since",)
    new = '\n[field.since]\nsource = "stage.since"\nowner = "leadsync"\nhubspot = "since"\n\n[field.first_name]'
    edit_mapping(stage, "\n[field.first_name]", new)
    stage.run()
    stage.hubspot.hidden = ()
    stage.run()
    assert stage.value(contact, "since")
    assert quiet(stage)


def test_what_was_mapped_once_before_is_read_anew(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.pass_time(timedelta(hours=1))
    stage.run()
    before = stage.mappings
    edit_mapping(stage, 'salesforce  = "Title"', 'salesforce  = { Contact = "Title" }')
    stage.salesforce.edit(lead, Title="CFO", City="Bonn")
    stage.run()
    stage.pass_time(timedelta(hours=1))
    stage.run()
    stage.mappings = before
    stage.run()
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    assert stage.value(lead, "Title") == "CEO"


def test_records_are_read_twice_for_no_other_reason(stage: Stage) -> None:
    both(stage)
    calls = [shelf.usage.reads for shelf in stage.sides.values()]
    stage.run()
    more = [shelf.usage.reads - before for shelf, before in zip(stage.sides.values(), calls, strict=True)]
    assert more == [len(shelf.feeds()) for shelf in stage.sides.values()]


def test_what_was_written_by_a_mapping_that_is_gone_can_be_taken_back_once_it_is_read(tmp_path: Path) -> None:
    stage = made(tmp_path, {'salesforce  = "Title"': 'salesforce  = "Role"'})
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    assert stage.value(lead, "Role") == "CEO"
    edit_mapping(stage, 'salesforce  = "Role"', 'salesforce  = "Title"')
    stage.pass_time(timedelta(hours=1))
    for _ in range(2):
        stage.run()
        stage.pass_time(timedelta(hours=1))
    assert undone(stage) == ["unreadable"]
    edit_mapping(
        stage, "\n[field.first_name]", '\n[field.role]\nsalesforce = "Role"\nwrite = "never"\n\n[field.first_name]'
    )
    stage.run()
    assert undone(stage) == []
    assert not stage.value(lead, "Role")


def undone(stage: Stage) -> list[str]:
    """Take back all that was written to the field; what is left, and why."""
    stage.runs += 1
    with Store(stage.path) as store:
        plan = undo_plan(store, [w for w in store.history.all() if w.field == "Role"])
        undo_now(stage.world(store, stage.sides), plan)
    return [kept.reason for kept in plan.kept]
