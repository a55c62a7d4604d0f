"""Taking writes back, keeping plans in files, holding fields that flap, learning spellings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leadsync.errors import StopRun
from leadsync.plan import Change, LastWrite, Plan, Step
from leadsync.plan.breaker import Flap, Rewrite, flaps
from leadsync.plan.files import from_json, to_json
from leadsync.plan.spelling import Habit, habits
from leadsync.plan.undo import Done, undo
from leadsync.records import Record, Ref, Value

A = Ref("a", "people", "1")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def done(run: str, replaced: Value, settled: Value, *, created: bool = False) -> Done:
    return Done(A, "Title", "u1", "title", replaced, settled, run, created)


def record(title: Value, **options: object) -> Record:
    return Record(A, {"Title": title}, NOON, **options)  # type: ignore[arg-type]


def last(run: str) -> dict[tuple[Ref, str], tuple[LastWrite, str]]:
    return {(A, "Title"): (LastWrite("new", "new"), run)}


def test_what_still_stands_is_restored_to_what_stood_before() -> None:
    made = undo([done("r1", "old", "new")], {A: record("new")}, last("r1"))
    assert [(s.ref, s.values, s.changes[0].guarded) for s in made.steps] == [(A, {"Title": "old"}, True)]


def test_several_writes_are_taken_back_to_before_the_first() -> None:
    made = undo([done("r1", "old", "mid"), done("r2", "mid", "new")], {A: record("new")}, last("r2"))
    assert made.steps[0].values == {"Title": "old"}


@pytest.mark.parametrize(
    ("write", "there", "last_run", "reason"),
    [
        pytest.param(done("r1", "old", "new"), record("mine", modified_by="dana"), "r1", "changed", id="edited since"),
        pytest.param(done("r1", "old", "mid"), record("new"), "r2", "later", id="written again since"),
        pytest.param(done("r1", "old", "new"), record("new", deleted=True), "r1", "gone", id="deleted since"),
        pytest.param(done("r1", "old", "new"), record("new", read_only=True), "r1", "read_only", id="converted since"),
        pytest.param(done("r1", None, "new", created=True), record("new"), "r1", "created", id="a record of ours"),
        pytest.param(done("r1", "old", "new"), None, "r1", "gone", id="unknown now"),
        pytest.param(done("r1", "old", "new"), Record(A, {}, NOON), "r1", "unreadable", id="no longer mapped"),
    ],
)
def test_what_cannot_be_taken_back_is_listed(write: Done, there: Record | None, last_run: str, reason: str) -> None:
    made = undo([write], {A: there} if there is not None else {}, last(last_run))
    assert made.steps == ()
    assert [kept.reason for kept in made.kept] == [reason]


def test_who_edited_it_is_named() -> None:
    made = undo([done("r1", "old", "new")], {A: record("mine", modified_by="dana")}, last("r1"))
    assert "dana" in made.kept[0].detail


# ---- files


def a_plan() -> Plan:
    changes = (Change("title", "Title", "old", "new", "changed in b", "lead.toml:7"),)
    update = Step("u1", "lead", "a", "people", "1", changes)
    create = Step("u2", "lead", "a", "people", None, changes, ("Id__c", "u2"), {"firms": ("9",)})
    return Plan((update, create), (), {}, {"u1": {"title": {A: {"Title": "x"}}}})


def test_a_plan_comes_back_from_its_file_with_every_field_guarded() -> None:
    read = from_json(to_json(a_plan(), {"run": "r"}), "p.json")
    assert [(s.ref, s.values, s.key, s.links) for s in read.steps] == [
        (s.ref, s.values, s.key, s.links) for s in a_plan().steps
    ]
    assert read.after == a_plan().after
    assert all(change.guarded for step in read.steps for change in step.changes)


@pytest.mark.parametrize("data", [None, [], {}, {"schema": 2}, {"schema": 1, "steps": [{}], "after": {}}, "text"])
def test_what_is_no_plan_is_refused(data: object) -> None:
    with pytest.raises(StopRun, match=r"p\.json"):
        from_json(data, "p.json")


# ---- flaps


def rewrite(minute: int, replaced: Value, settled: Value = "ours") -> Rewrite:
    return Rewrite(A, "Title", replaced, settled, NOON + timedelta(minutes=minute), "flow")


def test_a_field_that_somebody_keeps_undoing_flaps_and_names_them() -> None:
    rows = [rewrite(n, "theirs") for n in range(4)]
    assert flaps(rows, {}, 3) == [Flap(A, "Title", 4, "flow")]
    assert flaps(rows[:3], {}, 3) == []


def test_values_that_move_by_themselves_do_not_flap() -> None:
    rows = [rewrite(n, n, n + 1) for n in range(9)]
    assert flaps(rows, {}, 3) == []


def test_a_released_field_starts_anew() -> None:
    rows = [rewrite(n, "theirs") for n in range(6)]
    assert flaps(rows, {(A, "Title"): NOON + timedelta(minutes=3)}, 3) == []


# ---- spellings


@pytest.mark.parametrize(
    ("pairs", "value", "expected"),
    [
        pytest.param([("Ada", "ADA"), ("Bo", "BO")], "Cy", "CY", id="capitals"),
        pytest.param([("a" * 30, "a" * 20), ("b", "b")], "c" * 25, "c" * 20, id="cut"),
        pytest.param([("a  b", "a b")], "c   d", "c d", id="single blanks"),
        pytest.param([("Ada", "ADA")], "Ada", "ADA", id="seen before"),
        pytest.param([("Ada", "Ada"), ("BO", "BO")], "cy", "cy", id="as it is"),
        pytest.param([(1, 1)], 2, 2, id="no text"),
    ],
)
def test_a_crms_habits_are_learned(pairs: list[tuple[Value, Value]], value: Value, expected: Value) -> None:
    learned = habits((("a", "people", "Title"), pair) for pair in pairs)
    assert learned["a", "people", "Title"].spell(value) == expected
    assert Habit().spell(value) == value
