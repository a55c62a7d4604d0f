"""What an operator does with the engine, on two CRMs in memory: answers, undo, audits, gates, kept plans."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Settings, Stage

from leadsync.answers import BadAnswer, proposals, ruling
from leadsync.cli.others import drifted
from leadsync.cli.plans import read_plan, undo_now, undo_plan, write_plan
from leadsync.cli.tell import events_of, explanation
from leadsync.files import mappings_folder
from leadsync.fixpoint import second_plan
from leadsync.gates import Limits
from leadsync.records import Ref, Value
from leadsync.store import Conflict, Ruling, Store
from leadsync.sync import Cycle, World, carry_out, cycle

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO", "phone": "123"}
ADA_SF = {"Email": "Ada@acme.example", "FirstName": "Ada", "LastName": "Lovelace", "Title": "CTO", "Phone": "123"}

Edits = dict[str, str]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return made(tmp_path, {})


def made(folder: Path, edits: Edits) -> Stage:
    """The engine with the shipped lead mapping, edited."""
    mappings = folder / "mappings"
    shutil.copytree(mappings_folder(), mappings)
    text = (mappings / "lead.toml").read_text(encoding="utf-8")
    for old, new in edits.items():
        assert old in text
        text = text.replace(old, new, 1)
    (mappings / "lead.toml").write_text(text, encoding="utf-8")
    stage = Stage(folder, mappings=mappings)
    for shelf in stage.sides.values():
        shelf.tells = True
    return stage


def both(stage: Stage) -> tuple[Ref, Ref]:
    """One person in both CRMs, known to leadsync since an earlier run."""
    refs = stage.hubspot.put("contacts", **ADA), stage.salesforce.put("Lead", Company="Acme", **ADA_SF)
    stage.run()
    return refs


def quiet(stage: Stage) -> bool:
    before = stage.writes()
    return stage.run().plan.steps == () and stage.writes() == before


@contextmanager
def opened(stage: Stage) -> Iterator[World]:
    stage.runs += 1
    with Store(stage.path) as store:
        yield stage.world(store, stage.sides)


def run(stage: Stage, limits: Limits, *, write: bool = True, open_gates: frozenset[str] = frozenset()) -> Cycle:
    with opened(stage) as world:
        limited = replace(world, config=Settings(sync=limits))  # type: ignore[arg-type]
        return cycle(limited, write=write, open_gates=open_gates)


def reasons(done: Cycle, field: str) -> list[str]:
    return [kept.reason for kept in done.plan.kept if kept.field == field]


# ---- conflicts and answers


def conflict(stage: Stage, contact: Ref, lead: Ref) -> Conflict:
    stage.hubspot.edit(contact, phone="111")
    stage.salesforce.edit(lead, Phone="222")
    stage.run()
    with Store(stage.path, write=False) as store:
        (found,) = store.cases.conflicts()
    return found


@pytest.mark.parametrize(
    ("take", "value", "expected"),
    [("hubspot", None, "111"), ("salesforce", None, "222"), (None, "333", "333")],
    ids=["one side's value", "the other side's", "neither"],
)
def test_an_answer_is_written_wherever_another_value_stands(
    stage: Stage, take: str | None, value: str | None, expected: str
) -> None:
    contact, lead = both(stage)
    found = conflict(stage, contact, lead)
    with Store(stage.path) as store:
        store.cases.rule(ruling(found, take, value, stage.now))
    stage.run()
    assert stage.value(contact, "phone") == stage.value(lead, "Phone") == expected
    assert quiet(stage)
    with Store(stage.path, write=False) as store:
        assert store.cases.conflicts() == []
    stage.hubspot.edit(contact, phone="444")
    stage.run()
    assert stage.value(lead, "Phone") == "444"


def test_an_answer_to_what_has_changed_since_is_not_taken(stage: Stage) -> None:
    contact, lead = both(stage)
    found = conflict(stage, contact, lead)
    stage.salesforce.edit(lead, Phone="555")
    with Store(stage.path) as store:
        store.cases.rule(ruling(found, "hubspot", None, stage.now))
    done = stage.run()
    assert reasons(done, "phone") == ["held"]
    assert (stage.value(contact, "phone"), stage.value(lead, "Phone")) == ("111", "555")


def test_an_answer_must_fit_its_conflict(stage: Stage) -> None:
    contact, lead = both(stage)
    found = conflict(stage, contact, lead)
    for take, value in ((None, None), ("hubspot", "x"), ("gleif", None)):
        with pytest.raises(BadAnswer):
            ruling(found, take, value, stage.now)


def test_answers_that_agree_amount_to_a_line_of_the_mapping(stage: Stage) -> None:
    given = [Ruling(f"u{n}", "lead", "phone", (), "1", "hubspot", stage.now) for n in range(5)]
    assert [p.line for p in proposals(given)] == ['[field.phone] in lead.toml: owner = "hubspot", conflict = "owner"']
    assert proposals(given[:4]) == []
    assert proposals([*given, replace(given[0], side="salesforce")]) == []


# ---- newest, leases, intervals


NEWEST = {'conflict    = "hold"': 'conflict    = "newest"'}


def test_the_newest_edit_wins_only_where_that_is_provable(tmp_path: Path) -> None:
    stage = made(tmp_path, NEWEST)
    contact, lead = both(stage)
    stage.pass_time(timedelta(hours=1))
    stage.salesforce.edit(lead, Phone="222")
    stage.run(write=False)
    stage.pass_time(timedelta(hours=1))
    stage.run(write=False)
    stage.pass_time(timedelta(hours=1))
    stage.hubspot.edit(contact, phone="111")
    stage.run()
    assert stage.value(contact, "phone") == stage.value(lead, "Phone") == "111"
    assert quiet(stage)


def test_edits_of_which_nobody_knows_which_came_last_go_to_the_owner(tmp_path: Path) -> None:
    stage = made(tmp_path, NEWEST)
    contact, lead = both(stage)
    stage.pass_time(timedelta(hours=1))
    stage.salesforce.edit(lead, Phone="222")
    stage.hubspot.edit(contact, phone="111")
    stage.run()
    assert stage.value(contact, "phone") == stage.value(lead, "Phone") == "222"


LEASED = {'source      = "score.grade"': 'source      = "score.grade"\nwrite       = "tracked"\nlease       = "30d"'}


def test_a_persons_value_is_protected_until_its_lease_ends(tmp_path: Path) -> None:
    stage = made(tmp_path, LEASED)
    contact, _ = both(stage)
    ours = stage.value(contact, "leadsync_grade")
    stage.hubspot.edit(contact, leadsync_grade="Z9")
    done = stage.run()
    (kept,) = [k for k in done.plan.kept if k.field == "leadsync_grade"]
    assert (kept.reason, kept.until) == ("person", stage.now + timedelta(days=30))
    stage.pass_time(timedelta(days=29))
    assert reasons(stage.run(), "leadsync_grade") == ["person"]
    stage.pass_time(timedelta(days=2))
    stage.run()
    assert stage.value(contact, "leadsync_grade") == ours
    stage.hubspot.edit(contact, leadsync_grade="Y8")
    stage.run()
    assert stage.value(contact, "leadsync_grade") == "Y8"


SLOW = {'owner       = "salesforce"\ntransform   = ["trim"]\n\n[field.city]':
        'owner       = "salesforce"\ntransform   = ["trim"]\nmin_interval = "12h"\n\n[field.city]'}  # fmt: skip


def test_a_field_is_not_written_again_too_soon_and_its_change_is_not_forgotten(tmp_path: Path) -> None:
    stage = made(tmp_path, SLOW)
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="first")
    stage.run()
    stage.pass_time(timedelta(hours=1))
    stage.hubspot.edit(contact, jobtitle="second")
    assert reasons(stage.run(), "job_title") == ["soon"]
    assert stage.value(lead, "Title") == "first"
    stage.pass_time(timedelta(hours=12))
    stage.run()
    assert stage.value(lead, "Title") == "second"
    assert quiet(stage)


# ---- flaps, drift, audit


def undone(stage: Stage, lead: Ref) -> None:
    """An automation sets a field of ours to its own value after every run."""
    stage.salesforce.change(lead, {"LeadSync_Grade__c": "Z9"}, "flow")


def test_a_field_that_somebody_keeps_undoing_is_held_and_the_other_is_named(stage: Stage) -> None:
    _, lead = both(stage)
    for _ in range(5):
        undone(stage, lead)
        stage.pass_time(timedelta(hours=1))
        done = stage.run()
    assert reasons(done, "leadsync_grade") == ["flapping"]
    assert stage.value(lead, "LeadSync_Grade__c") == "Z9"
    with Store(stage.path) as store:
        ((held,)) = store.cases.flaps().values()
        assert held.other == "flow"
        assert store.cases.release(lead, "LeadSync_Grade__c", stage.now)
    stage.pass_time(timedelta(hours=1))
    stage.run()
    assert stage.value(lead, "LeadSync_Grade__c") != "Z9"


def test_drift_names_what_is_no_longer_ours_and_who_it_was(stage: Stage) -> None:
    _, lead = both(stage)
    undone(stage, lead)
    stage.run(write=False)
    with Store(stage.path, write=False) as store:
        (row,) = drifted(store)
    assert (row["record"], row["field"], row["there"], row["by"]) == (str(lead), "LeadSync_Grade__c", "Z9", "flow")


def test_an_audit_finds_what_no_pull_has_shown(stage: Stage) -> None:
    contact, lead = both(stage)
    old = stage.salesforce.records[lead]
    stage.salesforce.edit(lead, Title="Countess")
    silent = stage.salesforce.versions[lead][-1]
    stage.salesforce.versions[lead][-1] = replace(silent, at=silent.at - timedelta(days=9))
    assert stage.run(write=False).plan.steps == ()
    stage.pass_time(timedelta(days=8))
    done = stage.run()
    assert done.audited is not None
    assert done.audited.differing == (lead,)
    assert stage.value(contact, "jobtitle") == "Countess"
    assert old.fields["Title"] == "CTO"
    assert stage.run().audited is None


def test_an_audit_believes_in_few_deletions_and_not_in_many(stage: Stage) -> None:
    refs = [stage.hubspot.put("contacts", **{**ADA, "email": f"a{n}@acme.example"}) for n in range(60)]
    stage.run()
    del stage.hubspot.records[refs[0]]
    stage.pass_time(timedelta(days=8))
    done = stage.run()
    assert done.audited is not None
    assert done.audited.missing == (refs[0],)
    for ref in refs[1:30]:
        del stage.hubspot.records[ref]
    stage.pass_time(timedelta(days=8))
    done = stage.run()
    assert done.audited is not None
    assert done.audited.missing == ()
    assert len(done.audited.doubtful) == 29
    with Store(stage.path, write=False) as store:
        assert store.pulled.counts()["hubspot", "contacts"] == 59


# ---- gates and first runs


def test_the_first_run_may_only_take_stock(stage: Stage) -> None:
    stage.hubspot.put("contacts", **ADA)
    cautious = Limits(baseline_first=True)
    assert run(stage, cautious).plan.steps
    assert stage.writes() == 0
    assert run(stage, cautious).plan.steps
    assert stage.writes() > 0


def test_a_side_that_is_suddenly_empty_stops_the_run_until_somebody_says_so(stage: Stage) -> None:
    refs = [stage.hubspot.put("contacts", **{**ADA, "email": f"a{n}@acme.example"}) for n in range(12)]
    stage.run()
    for ref in refs:
        stage.hubspot.delete(ref)
    before = stage.writes()
    done = stage.run()
    assert [gate.name for gate in done.gates] == ["empty"]
    assert stage.writes() == before
    assert run(stage, Limits(), open_gates=frozenset({"empty"})).gates == ()
    assert stage.run().gates == ()


# ---- kept plans, undo, fixed points


def test_a_kept_plan_is_applied_where_it_still_fits_and_nowhere_else(stage: Stage, tmp_path: Path) -> None:
    contact, lead = both(stage)
    other = stage.hubspot.put("contacts", **{**ADA, "email": "bob@acme.example"})
    stage.hubspot.edit(contact, jobtitle="Countess", phone="999")
    planned = stage.run(write=False)
    write_plan(tmp_path / "p.json", planned.plan, "run", stage.now)
    assert (tmp_path / "p.json").stat().st_mode & 0o077 == 0
    stage.salesforce.edit(lead, Title="Head of Research")
    with opened(stage) as world:
        pushed = carry_out(world, read_plan(tmp_path / "p.json"))
    assert [step.ref for step in pushed.moved] == [lead]
    assert stage.value(lead, "Title") == "Head of Research"
    assert stage.value(other, "leadsync_score") is not None
    stage.run()
    assert stage.value(lead, "Phone") == "999"
    assert quiet(stage)


def test_a_kept_plan_that_is_applied_leaves_nothing_to_do(stage: Stage, tmp_path: Path) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="Countess")
    planned = stage.run(write=False)
    write_plan(tmp_path / "p.json", planned.plan, "run", stage.now)
    with opened(stage) as world:
        carry_out(world, read_plan(tmp_path / "p.json"))
    assert stage.value(lead, "Title") == "Countess"
    stage.salesforce.edit(lead, Title="Head of Research")
    stage.run()
    assert stage.value(contact, "jobtitle") == "Head of Research"


def test_a_record_made_since_is_not_made_by_a_kept_plan(stage: Stage, tmp_path: Path) -> None:
    own: dict[str, Value] = {**ADA, "company": "Acme", "lifecyclestage": "lead"}
    contact = stage.hubspot.put("contacts", **own)
    stage.hubspot.touch(contact, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    planned = stage.run(write=False)
    assert any(step.id is None for step in planned.plan.steps)
    write_plan(tmp_path / "p.json", planned.plan, "run", stage.now)
    stage.run()
    (lead,) = stage.salesforce.records
    stage.salesforce.edit(lead, LastName="King")
    with opened(stage) as world:
        pushed = carry_out(world, read_plan(tmp_path / "p.json"))
    assert any(step.id is None for step in pushed.moved)
    assert stage.value(lead, "LastName") == "King"


def test_undo_restores_what_stood_there_and_leaves_what_people_changed(stage: Stage) -> None:
    contact, lead = both(stage)
    stage.hubspot.edit(contact, jobtitle="Countess", phone="999")
    done = stage.run()
    stage.salesforce.edit(lead, Phone="777")
    stage.run(write=False)
    with opened(stage) as world:
        plan = undo_plan(world.store, world.store.history.of_run(done.run))
        undo_now(world, plan)
    assert stage.value(lead, "Title") == "CTO"
    assert stage.value(lead, "Phone") == "777"
    assert [kept.reason for kept in plan.kept if kept.target == "Phone"] == ["changed"]


def test_a_second_plan_names_the_fields_that_would_be_written_again(tmp_path: Path) -> None:
    stage = made(tmp_path, {})
    stage.hubspot.put("contacts", **ADA)
    before = stage.writes()
    with opened(stage) as world:
        cycle(world, write=False)
        assert second_plan(world).steps == ()
        assert world.store.outbox.states() == {}
        assert world.store.history.all() == []
    assert stage.writes() == before


def test_a_plan_on_what_was_read_last_asks_no_crm(stage: Stage) -> None:
    contact, _ = both(stage)
    stage.hubspot.edit(contact, jobtitle="Countess")
    stage.run(write=False)
    before = {side: (shelf.usage.reads, shelf.usage.writes) for side, shelf in stage.sides.items()}
    with opened(stage) as world:
        planned = cycle(replace(world, asking=False), write=False, cached=True)
    assert any(c.new == "Countess" for step in planned.plan.steps for c in step.changes)
    assert {side: (shelf.usage.reads, shelf.usage.writes) for side, shelf in stage.sides.items()} == before


# ---- telling


Act = Callable[[Stage, Ref, Ref], None]


def edited(stage: Stage, contact: Ref, lead: Ref) -> None:
    stage.hubspot.edit(contact, phone="111")
    stage.salesforce.edit(lead, Phone="222")


def refused(stage: Stage, contact: Ref, lead: Ref) -> None:
    stage.salesforce.refuse = lambda _write: "locked"
    stage.hubspot.edit(contact, phone="111")


KEEPS_LEI = {
    'salesforce  = "LeadSync_LEI__c"\nunit        = "lei"\nnull        = "clear"':
    'salesforce  = "LeadSync_LEI__c"\nunit        = "lei"\nnull        = "keep"',
}  # fmt: skip


@pytest.mark.parametrize(
    ("act", "field", "reason"),
    [
        pytest.param(edited, "phone", "held", id="a conflict that waits"),
        pytest.param(refused, "phone", "refused", id="a refusal"),
        pytest.param(lambda *_: None, "region", "read", id="a field that is only read"),
        pytest.param(lambda *_: None, "hubspot_lifecycle", "condition", id="a condition that does not hold"),
        pytest.param(lambda *_: None, "lei", "null", id="no value"),
    ],
)
def test_why_not_names_the_cause_and_a_remedy(tmp_path: Path, act: Act, field: str, reason: str) -> None:
    stage = made(tmp_path, KEEPS_LEI)
    contact, lead = both(stage)
    act(stage, contact, lead)
    stage.run()
    with opened(stage) as world:
        uid = world.store.pulled.identities()[contact]
        rows, gates = explanation(world, uid, field)
    assert reason in {row["reason"] for row in rows}
    assert all(row["remedy"] for row in rows)
    assert gates == ()


def test_the_timeline_tells_all_that_happened_and_follows_merges(stage: Stage) -> None:
    contact, lead = both(stage)
    double = stage.hubspot.put("contacts", email="lovelace@acme.example", lastname="Lovelace")
    stage.hubspot.touch(contact, stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    stage.run()
    merged = stage.hubspot.merge_into_new(contact, double)
    stage.pass_time(timedelta(hours=1))
    conflict(stage, merged, lead)
    with Store(stage.path, write=False) as store:
        uid = store.pulled.identities()[merged]
        events = sorted(events_of(store, uid))
    told = json.dumps([e.where + e.detail for e in events])
    assert {"first seen", "gone", "wrote", "score", "conflict"} <= {e.what for e in events}
    assert str(merged) in told
    assert f"became {merged}" in told
