"""`leadsync report journey`: the funnel, time in a phase, and what advice was worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.reports.house import House

from leadsync.cli.journey import worth_of_advice
from leadsync.nurture import Advice, Course, Do, Nurtured, Phase, Step
from leadsync.qualify import Stage, Stages, StageState, climb

NOW = datetime(2026, 11, 18, tzinfo=UTC)


def test_the_funnel_counts_who_came_through_each_phase_and_for_how_long(house: House) -> None:
    house.lead(1, ("Whitepaper", 100), jobtitle="CTO")
    house.lead(2, ("Request a demo", 1), jobtitle="CTO")
    house.lead(3, hs_email_optout=True)
    house.stage.run()
    told = house.json("report", "journey")
    rows = {row["phase"]: row for row in told["phases"]}
    assert (rows["engaged"]["ever"], rows["engaged"]["now"], rows["qualified"]["now"]) == (1, 0, 1)
    assert rows["engaged"]["median_days"] == 60 and rows["engaged"]["went_to"] == {"stalled": 1}
    assert told["not_followed"] == 1 and told["advice"] is None
    steps = {row["stage"]: row for row in told["ladder"]}
    assert list(steps)[:3] == ["subscriber", "lead", "mql"] and steps["mql"]["now"] == 1
    assert sum(told["stages"].values()) == 3
    text = house.run("report", "journey", "--html", str(house.folder / "j.html"))
    assert "stalled" in text and "objected" in text
    assert "<figure" in (house.folder / "j.html").read_text(encoding="utf-8")


def standing(stage: str, *reached: tuple[str, int]) -> StageState:
    return StageState(stage, NOW, "", reached=tuple((name, NOW - timedelta(days=days)) for name, days in reached))


def test_the_ladder_counts_who_came_how_far_and_how_long_it_took() -> None:
    stages = Stages(tuple(Stage(name, name) for name in ("lead", "mql", "sql")))
    states = [
        standing("sql", ("lead", 50), ("mql", 40), ("sql", 10)),
        standing("lead", ("lead", 30), ("mql", 10)),  # and fell back
        standing("mql", ("mql", 5)),
        standing("lead", ("lead", 5)),
        standing("suppressed"),
    ]
    rows = {row.stage: row for row in climb(states, stages)}
    assert [(row.ever, row.now, row.higher) for row in rows.values()] == [(4, 2, 3), (3, 1, 1), (1, 1, 0)]
    assert [row.median_days for row in rows.values()] == [15, 30, None]


def nurtured(rule: str, days: int = 30) -> Nurtured:
    begun = NOW - timedelta(days=days)
    return Nurtured(Course((Step(Phase.NEW, begun, ""),)), Advice(Do.NONE, "", rule), begun, {rule: begun})


def test_advice_is_worth_the_difference_to_those_left_alone() -> None:
    kept = {f"a{i}": nurtured("welcome") for i in range(100)} | {f"h{i}": nurtured("held_out") for i in range(50)}
    won = dict.fromkeys([*(f"a{i}" for i in range(40)), *(f"h{i}" for i in range(10))], NOW)
    found = worth_of_advice(kept, won)
    assert found is not None
    assert (found.advised, found.alone) == (0.4, 0.2)
    assert found.difference == pytest.approx(0.2)
    assert found.low < found.difference < found.high
    assert (found.of_advised, found.of_alone) == ((40, 100), (10, 50))


def test_who_converted_before_any_advice_or_may_not_be_followed_is_in_no_group() -> None:
    early = {"a": NOW - timedelta(days=60), "d": NOW - timedelta(days=30)}
    objected = Nurtured(None, Advice(Do.NONE, "", "consent"), NOW)
    assert (
        worth_of_advice(
            {"a": nurtured("welcome"), "b": nurtured("held_out"), "c": objected, "d": nurtured("welcome")}, early
        )
        is None
    )


def test_who_was_advised_and_left_alone_in_turn_is_in_no_group() -> None:
    """As after a change of `salt` or of `held_out`."""
    both = nurtured("welcome")
    both = replace(both, given={**both.given, "held_out": NOW - timedelta(days=5)})
    kept = {"a": nurtured("welcome"), "b": nurtured("held_out"), "c": both}
    found = worth_of_advice(kept, {"c": NOW})
    assert found is not None
    assert (found.of_advised, found.of_alone) == ((0, 1), (0, 1))


def test_who_qualified_when_first_seen_did_not_do_so_by_advice(house: House) -> None:
    house.edit("nurture.toml", "held_out = 0.0", "held_out = 0.5")
    house.stage.mappings = house.folder / "mappings"
    for number in range(16):
        house.lead(number, ("Request a demo", 0) if number % 2 else ("Whitepaper", 100), jobtitle="CTO")
    house.stage.run()
    told = house.json("report", "journey")
    assert told["stages"]["mql"] >= 8
    advice = told["advice"]
    assert advice["leads_advised"] > 0 and advice["leads_left_alone"] > 0
    assert (advice["advised"], advice["left_alone"]) == (0, 0)
