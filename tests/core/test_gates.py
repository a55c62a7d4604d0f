"""Too much at once stops at the plan."""

from __future__ import annotations

import pytest

from leadsync.gates import Limits, Setting, closed_gates
from leadsync.plan import Change, Plan, Step
from leadsync.records import Value

LIVE = {("a", "people"): 100}
LIMITS = Limits(floor=5)
OPEN: frozenset[str] = frozenset()


def step(number: int, old: Value, new: Value, *, create: bool = False) -> Step:
    change = Change("name", "Name", old, new, "", "")
    return Step(f"u{number}", "lead", "a", "people", None if create else str(number), (change,))


def plan(count: int, old: Value, new: Value, *, create: bool = False) -> Plan:
    return Plan(tuple(step(n, old, new, create=create) for n in range(count)), (), {})


@pytest.mark.parametrize(
    ("made", "closed"),
    [
        pytest.param(plan(100, None, "x"), [], id="filling blanks is free"),
        pytest.param(plan(50, "y", "x"), [], id="half may be overwritten"),
        pytest.param(plan(51, "y", "x"), ["overwrite"], id="more than half may not"),
        pytest.param(plan(10, "y", None), [], id="a tenth may be cleared"),
        pytest.param(plan(11, "y", None), ["clear"], id="more than a tenth may not"),
        pytest.param(plan(50, None, "x", create=True), [], id="half as many again may be made"),
        pytest.param(plan(51, None, "x", create=True), ["create"], id="more may not"),
    ],
)
def test_what_is_counted_by_record(made: Plan, closed: list[str]) -> None:
    assert [gate.name for gate in closed_gates(made, Setting(LIVE), LIMITS, OPEN)] == closed


@pytest.mark.parametrize(
    ("setting", "closed"),
    [
        pytest.param(Setting(LIVE, {("a", "people"): 120}), [], id="a sixth is gone"),
        pytest.param(Setting(LIVE, {("a", "people"): 130}), ["shrunk"], id="a quarter is gone"),
        pytest.param(Setting({}, {("a", "people"): 100}), ["empty"], id="nobody is left"),
        pytest.param(Setting({}, {("a", "people"): 5}), [], id="a handful may be deleted by hand"),
        pytest.param(Setting(LIVE, scores=[(50.0, 64.0)] * 9), [], id="scores move a little"),
        pytest.param(Setting(LIVE, scores=[(50.0, 66.0)] * 9), ["shift"], id="scores move much"),
        pytest.param(Setting(LIVE, scores=[(50.0, 99.0)] * 5), [], id="of a few leads"),
        pytest.param(Setting(LIVE, quota={"a": (10, 700, 1000)}), [], id="there are calls left"),
        pytest.param(Setting(LIVE, quota={"a": (10, 795, 1000)}), ["quota"], id="the day is nearly spent"),
    ],
)
def test_what_the_world_around_says(setting: Setting, closed: list[str]) -> None:
    assert [gate.name for gate in closed_gates(plan(1, None, "x"), setting, LIMITS, OPEN)] == closed


def test_a_small_installation_changes_as_a_whole() -> None:
    assert closed_gates(plan(5, "y", "x"), Setting({("a", "people"): 5}), LIMITS, OPEN) == []


def test_a_gate_is_opened_by_its_name_and_says_how() -> None:
    (gate,) = closed_gates(plan(51, "y", "x"), Setting(LIVE), LIMITS, OPEN)
    assert "51 of 100 a people records" in gate.found
    assert "--open-gate overwrite" in gate.advice
    assert closed_gates(plan(51, "y", "x"), Setting(LIVE), LIMITS, frozenset({"overwrite"})) == []
