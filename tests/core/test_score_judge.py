"""Judging a model: what an edit would change, how well it told the outcome, whether it is fair and not for sale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.qualify import load_stages, qualify
from leadsync.records import Ref
from leadsync.score import load_model, score
from leadsync.score.audit import selection, steered
from leadsync.score.backtest import auc, auc_interval, backtest
from leadsync.score.compare import compare, distribution, worth_writing
from leadsync.touchpoints import Touchpoint

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[2] / "mappings"
TEXT = (MAPPINGS / "scoring.toml").read_text()
MODEL = load_model(TEXT, "scoring.toml")
STAGES = load_stages((MAPPINGS / "stages.toml").read_text(), "stages.toml", [MODEL])


def touch(event, days):
    at = AS_OF - timedelta(days=days)
    return Touchpoint(Ref("x", event, str(days)), Ref("x", "p", "1"), at, event, "web")


LEADS = {
    "hot": ({"seniority": "vp", "employees": 500}, [touch("demo_request", 3), touch("meeting", 2)]),
    "warm": ({"seniority": "manager", "employees": 20}, [touch("content_download", 3)]),
    "cold": ({"seniority": "individual"}, []),
    "out": ({"seniority": "vp", "opted_out": True}, []),
}


def scored(model, as_of=AS_OF):
    return {lead: score(facts, touches, model, as_of) for lead, (facts, touches) in LEADS.items()}


def test_the_same_model_changes_nothing():
    found = compare(scored(MODEL), scored(MODEL), MODEL)
    assert found.changes == () and found.writes == 0 and found.before == found.after
    assert found.leads == 4 and sum(found.before.values()) == 4 and found.before["not scored"] == 1


def test_an_edit_shows_who_moves_by_how_much_and_how_many_writes_it_costs():
    edited = load_model(TEXT.replace("points = 26", "points = 2"), "scoring.toml")
    found = compare(scored(MODEL), scored(edited), edited, min_change=3)
    (change,) = found.changes
    assert (change.lead, change.delta) == ("hot", -23) and found.writes == 1
    assert change.before.grade == "B1" and change.after.grade == "B2"
    assert found.grades[("B1", "B2")] == 1 and found.grades[("not scored", "not scored")] == 1
    assert "webinar" in found.idle and "demo" not in found.idle


def test_a_rule_that_is_always_cut_by_its_cap_is_named():
    capped = load_model(TEXT.replace("points = 26", "points = 90"), "scoring.toml")
    assert compare(scored(capped), scored(capped), capped).always_capped == ("demo",)


def test_who_becomes_or_stops_being_scored_is_a_change():
    asked = 'field = "opted_out"\nis = '
    everybody = load_model(TEXT.replace(asked + "true", asked + '"never"'), "scoring.toml")
    (change,) = compare(scored(MODEL), scored(everybody), everybody).changes
    assert change.lead == "out" and change.delta is None


def test_bands_of_the_distribution_are_in_order():
    assert list(distribution(scored(MODEL).values())) == ["0", "10", "60", "not scored"]


def test_a_score_is_written_when_its_grade_changes_or_it_moves_far_enough():
    day = {days: score(*LEADS["hot"], MODEL, AS_OF + timedelta(days=days)) for days in range(40)}
    assert worth_writing(None, day[0], 3)
    assert not worth_writing(day[0], day[0], 0)
    assert worth_writing(day[0], day[9], 3) and not worth_writing(day[0], day[1], 3)
    assert worth_writing(day[0], day[1], 0) == (day[0].centi != day[1].centi)


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2).filter(lambda p: len({w for _x, w in p}) == 2))
def test_the_auc_is_the_chance_of_ranking_a_pair_rightly(pairs):
    points, won = np.array([p for p, _w in pairs]), np.array([w for _p, w in pairs])
    ranked = [1.0 if a > b else 0.5 if a == b else 0.0 for a in points[won] for b in points[~won]]
    assert auc(points, won) == pytest.approx(sum(ranked) / len(ranked))


def history(count=400):
    chance = np.random.default_rng(3)
    scores, won = [], []
    for _ in range(count):
        title = str(chance.choice(["vp", "manager", "student"]))
        touches = [touch("demo_request", 2)] if chance.random() < 0.3 else []
        facts = {"seniority": title, "has_phone": bool(chance.random() < 0.5)}
        scores.append(score(facts, touches, MODEL, AS_OF))
        won.append(bool(chance.random() < 0.05 + 0.5 * len(touches) + 0.1 * (title == "vp")))
    return scores, won


def test_a_backtest_shows_lift_and_which_rules_speak():
    scores, won = history()
    found = backtest(scores, won, MODEL)
    assert found.leads == 400 and found.converted == sum(won)
    assert 0.7 < found.auc < 0.95 and not found.too_good
    assert sum(decile.converted for decile in found.deciles) == pytest.approx(sum(won))
    assert found.deciles[0].lift > 2 > 1 > found.deciles[-1].lift
    signals = {signal.rule: signal for signal in found.signals}
    demo = signals["demo"]
    assert demo.agrees and demo.low > 0.6 and demo.with_it > 3 * demo.without
    assert not signals["phone_known"].speaks and not signals["webinar"].speaks
    assert sum(band.leads for band in found.bands) == 400
    assert all(band.low <= band.share <= band.high for band in found.bands)
    assert signals["webinar"].fired == 0 and signals["webinar"].with_it is None


def test_a_rule_that_gives_everybody_something_speaks_by_how_much_it_gives():
    chance, scores, won = np.random.default_rng(5), [], []
    for number in range(300):
        title = ("vp", "student")[number % 2]
        scores.append(score({"seniority": title}, [], MODEL, AS_OF))
        won.append(bool(chance.random() < (0.5 if title == "vp" else 0.1)))
    (seniority,) = (s for s in backtest(scores, won, MODEL).signals if s.rule == "seniority")
    assert seniority.fired == 300 and seniority.without is None and seniority.agrees
    (against,) = (s for s in backtest(scores, [not one for one in won], MODEL).signals if s.rule == "seniority")
    assert against.speaks and not against.agrees


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2).filter(lambda p: len({w for _x, w in p}) == 2))
def test_the_interval_of_an_auc_lies_around_it_and_turns_with_the_outcome(pairs):
    points, won = np.array([p for p, _w in pairs]), np.array([w for _p, w in pairs])
    middle, low, high = auc_interval(points, won)
    assert middle == pytest.approx(auc(points, won)) and low <= middle <= high
    assert auc_interval(points, ~won) == pytest.approx((1 - middle, 1 - high, 1 - low))


def test_leads_of_one_score_are_alike_in_whichever_tenth_they_lie():
    scores = [score({"seniority": "vp"}, [], MODEL, AS_OF)] * 100
    found = backtest(scores, [number < 30 for number in range(100)], MODEL)
    assert [decile.converted for decile in found.deciles] == pytest.approx([3] * 10)
    assert {round(decile.lift, 6) for decile in found.deciles} == {1}


def test_a_backtest_without_both_outcomes_is_none_and_a_perfect_one_smells():
    scores, _won = history(60)
    assert backtest(scores, [True] * 60, MODEL) is None and backtest(scores, [False] * 60, MODEL) is None
    leaked = backtest(scores, [found.centi > 2000 for found in scores], MODEL)
    assert leaked.auc == 1 and leaked.too_good


def test_selection_by_group_is_held_against_four_fifths():
    groups = ["a"] * 100 + ["b"] * 100 + ["c"] * 5
    chosen = [i % 2 == 0 for i in range(100)] + [i % 4 == 0 for i in range(100)] + [True] * 5
    won = [i % 4 == 0 for i in range(205)]
    a, b, c = selection(groups, chosen, won)
    assert (a.rate, a.ratio, a.below) == (0.5, 1, False)
    assert (b.rate, b.ratio, b.below, b.rate_of_converters) == (0.25, 0.5, True, 1)
    assert not c.judged and not c.below
    assert selection([], []) == []


def judge(lead, facts):
    found = score(facts, LEADS.get(lead, ({}, []))[1], MODEL, AS_OF)
    state = qualify(found, facts, STAGES, None, AS_OF)
    return found, state.stage


def test_what_a_source_pays_steers_nobody():
    paying = {lead: {**facts, "source_fee": fee} for fee, (lead, (facts, _t)) in enumerate(LEADS.items())}
    assert steered(paying, ["source_fee"], judge) == []


def test_a_way_in_for_money_is_found():
    paying = {str(fee): {"employees": fee, "source_fee": fee} for fee in (1, 20, 300, 4000)}

    def bought(lead, facts):
        return judge(lead, {**facts, "employees": facts["source_fee"]})

    assert steered(paying, ["source_fee"], bought)
