"""The columns' engine against a naive one in exact fractions, and the laws that every model must keep."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core import attribution_oracle as oracle

from leadsync.attribute import markov
from leadsync.attribute.engine import NO_TOUCH, attribute
from leadsync.attribute.model import STANDARD, JourneyRules, Kind, Method, Repeats
from leadsync.attribute.paths import Paths

CHANNELS = ("ads", "direct", "email", "events", "web")
PATHS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=6).map(tuple),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)
SUMMING = [method for method in STANDARD.values() if method.kind is not Kind.SHAPLEY_RATE]


def columns(journeys, hours=None, value=None, channels=CHANNELS):
    number = {name: i for i, name in enumerate(channels)}
    return Paths(
        channels,
        np.array([number[c] for path, _won, _lost in journeys for c in path], dtype=np.int32),
        np.cumsum([0, *(len(path) for path, _won, _lost in journeys)]).astype(np.int64),
        np.array([won for _path, won, _lost in journeys], dtype=np.float64),
        np.array(value if value is not None else [won * 2.5 for _path, won, _lost in journeys], dtype=np.float64),
        np.array([lost for _path, _won, lost in journeys], dtype=np.float64),
        np.array([h for path, _w, _l in journeys for h in reversed(range(len(path)))], dtype=np.float64)
        if hours is None
        else np.array(hours, dtype=np.float64),
    )


def run(journeys, *methods, rules=None, **more):
    found = attribute(columns(journeys, **more), methods, rules or JourneyRules())
    return found[methods[0].name] if len(methods) == 1 else found


def agrees(found, expected, scale=1.0):
    return all(
        value == pytest.approx(float(expected.get(channel, 0)) * scale, abs=1e-9)
        for channel, value in zip(CHANNELS, found, strict=True)
    )


@given(PATHS)
def test_the_rule_based_models_equal_the_naive_ones(journeys):
    cases = {
        "first": oracle.first,
        "last": oracle.last,
        "linear": oracle.linear,
        "last_non_direct": oracle.last_non_direct({"direct"}),
        "u": oracle.position(Fraction(2, 5), Fraction(1, 5), Fraction(2, 5)),
        "j": oracle.position(Fraction(1, 5), Fraction(1, 5), Fraction(3, 5)),
    }
    for name, share in cases.items():
        assert agrees(run(journeys, STANDARD[name]).conversions, oracle.credit(journeys, share)), name
        assert agrees(run(journeys, STANDARD[name]).value, oracle.credit(journeys, share), 2.5), name


@settings(deadline=None)
@given(PATHS.filter(lambda js: any(won for _p, won, _l in js)), st.integers(1, 3))
def test_removal_effects_equal_a_chain_solved_anew_without_each_channel(journeys, order):
    journeys = [(path, won, lost + (won == 0)) for path, won, lost in journeys]
    expected = oracle.removal_effects(journeys, order)
    made = markov.chain(columns(journeys), order)
    assert agrees(run(journeys, Method("m", Kind.MARKOV, order=order)).effects, expected)
    assert agrees(markov._iterated(made, np.zeros(len(CHANNELS))), expected)


@settings(deadline=None, max_examples=40)
@given(PATHS)
def test_shapley_values_equal_those_of_going_through_every_coalition(journeys):
    both = run(journeys, STANDARD["shapley"], STANDARD["shapley_rate"])
    assert agrees(both["shapley"].conversions, oracle.shapley(CHANNELS, oracle.coverage_game(journeys)))
    assert agrees(both["shapley_rate"].effects, oracle.shapley(CHANNELS, oracle.rate_game(journeys)))


EMPTY = st.lists(st.tuples(st.just(()), st.integers(0, 3), st.integers(0, 3)), max_size=2)


@given(st.tuples(EMPTY, PATHS, EMPTY).map(lambda parts: [path for some in parts for path in some]))
def test_credits_add_up_to_all_conversions_and_their_value(journeys):
    won = sum(won for _path, won, _lost in journeys)
    for name, found in run(journeys, *SUMMING).items():
        assert found.conversions.sum() + found.untouched == pytest.approx(won, abs=1e-9), name
        assert found.value.sum() + found.untouched_value == pytest.approx(won * 2.5, abs=1e-9), name


@given(PATHS)
def test_a_channel_that_no_one_touched_changes_nothing(journeys):
    more = (*CHANNELS, "unused")
    for name, found in run(journeys, *SUMMING, channels=more).items():
        assert found.conversions[-1] == 0, name
        assert found.conversions[:-1] == pytest.approx(run(journeys, STANDARD[name]).conversions, abs=1e-12), name


@given(PATHS)
def test_channels_that_trade_places_everywhere_get_equal_shapley_credit(journeys):
    swap = {"ads": "web", "web": "ads"}
    twice = [*journeys, *((tuple(swap.get(c, c) for c in path), won, lost) for path, won, lost in journeys)]
    found = run(twice, STANDARD["shapley"]).by_channel()
    assert found["ads"] == pytest.approx(found["web"])


@given(PATHS)
def test_staying_on_a_channel_and_counting_everything_twice_leave_removal_effects_alone(journeys):
    stay = [(tuple(c for c in path for _ in range(3)), won, lost) for path, won, lost in journeys]
    double = [(path, 2 * won, 2 * lost) for path, won, lost in journeys]
    effects = run(journeys, STANDARD["markov"]).effects
    assert run(stay, STANDARD["markov"]).effects == pytest.approx(effects, abs=1e-9)
    assert run(double, STANDARD["markov"]).effects == pytest.approx(effects, abs=1e-9)


@given(PATHS)
def test_position_with_all_on_one_end_is_first_or_last(journeys):
    to_first = Method("a", Kind.POSITION, first=1, middle=0, last=0)
    to_last = Method("b", Kind.POSITION, first=0, middle=0, last=1)
    both = run(journeys, to_first, to_last, STANDARD["first"], STANDARD["last"])
    assert both["a"].conversions == pytest.approx(both["first"].conversions)
    assert both["b"].conversions == pytest.approx(both["last"].conversions)


@given(PATHS)
def test_time_decay_is_linear_when_nothing_fades_and_last_when_all_does(journeys):
    slow = Method("slow", Kind.TIME_DECAY, half_life_hours=1e15)
    quick = Method("quick", Kind.TIME_DECAY, half_life_hours=1e-3)
    both = run(journeys, slow, quick, STANDARD["linear"], STANDARD["last"])
    assert both["slow"].conversions == pytest.approx(both["linear"].conversions, abs=1e-9)
    assert both["quick"].conversions == pytest.approx(both["last"].conversions, abs=1e-9)


def test_a_touch_one_half_life_older_gets_half_the_credit():
    found = run([(("ads", "web"), 1, 0)], STANDARD["time_decay"], hours=[168 + 5, 5]).by_channel()
    assert found["ads"] == pytest.approx(1 / 3) and found["web"] == pytest.approx(2 / 3)


def test_touches_of_long_ago_still_add_up_to_one():
    found = run([(("ads", "web"), 1, 0)], STANDARD["time_decay"], hours=[9e6, 8e6])
    assert found.conversions.sum() == pytest.approx(1)


def test_look_back_exclusion_and_touches_after_the_conversion_are_switches():
    journeys = [(("ads", "web", "email", "events"), 1, 0)]
    hours = [1000.0, 10.0, 1.0, -5.0]
    linear = STANDARD["linear"]

    def channels(rules):
        found = run(journeys, linear, hours=hours, rules=rules).by_channel()
        return [name for name, share in found.items() if share > 0]

    assert channels(JourneyRules()) == ["ads", "email", "web"]
    assert channels(JourneyRules(after_conversion=True)) == ["ads", "email", "events", "web"]
    assert channels(JourneyRules(lookback_days=7)) == ["email", "web"]
    assert channels(JourneyRules(exclude=frozenset(["web", "email"]))) == ["ads"]


def test_repeats_are_kept_collapsed_or_counted_once():
    journeys = [(("ads", "ads", "web", "ads"), 1, 0), (("ads", "web"), 1, 0)]

    def ads(repeats):
        return run(journeys, STANDARD["linear"], rules=JourneyRules(repeats=repeats)).by_channel()["ads"]

    assert ads(Repeats.KEEP) == pytest.approx(3 / 4 + 1 / 2)
    assert ads(Repeats.COLLAPSE) == pytest.approx(2 / 3 + 1 / 2)
    assert ads(Repeats.UNIQUE) == pytest.approx(1 / 2 + 1 / 2)


def test_conversions_without_a_touch_are_named_and_not_lost():
    found = run([(("direct",), 2, 0), ((), 3, 0)], STANDARD["first"], rules=JourneyRules(exclude=frozenset(["direct"])))
    assert found.by_channel()[NO_TOUCH] == 5
    assert found.untouched_value == 12.5


def test_dropping_null_journeys_changes_removal_effects():
    journeys = [(("ads", "web"), 1, 3), (("web",), 2, 0)]
    with_nulls = run(journeys, STANDARD["markov"]).effects
    without = run(journeys, STANDARD["markov"], rules=JourneyRules(nulls=False)).effects
    assert with_nulls[4] == without[4] == 1
    assert with_nulls[0] != pytest.approx(without[0])


def test_no_journeys_and_no_conversions_give_no_credit():
    for journeys in ([], [((), 0, 1)], [(("ads",), 0, 2)]):
        for found in run(journeys, *STANDARD.values()).values():
            assert not found.conversions.any() and found.untouched == 0


def test_shapley_takes_more_channels_than_an_integer_has_bits():
    many = tuple(f"c{i}" for i in range(80))
    found = run([(many, 80, 0), (("c3", "c79", "c3"), 2, 0)], STANDARD["shapley"], channels=many).by_channel()
    assert found["c79"] == pytest.approx(2) and found["c3"] == pytest.approx(2) and found["c0"] == pytest.approx(1)
    with pytest.raises(ValueError, match="at most 63 channels"):
        run([(many, 1, 0)], STANDARD["shapley_rate"], channels=many)


def test_milestone_models_credit_the_touch_at_or_before_each_milestone():
    paths = columns([(("ads", "web", "email", "events", "web"), 1, 0)], hours=[50, 40, 30, 20, 0])
    marked = Paths(
        paths.channels, paths.codes, paths.starts, paths.conversions, paths.value, paths.nulls, paths.hours,
        {"lead": np.array([35.0]), "deal": np.array([30.0])},
    )  # fmt: skip
    found = attribute(marked, [STANDARD["w"], STANDARD["full_path"]], JourneyRules())
    assert found["w"].conversions.tolist() == pytest.approx([0.3, 0, 0.3, 0.05, 0.35])
    full = found["full_path"].conversions.tolist()
    assert full == pytest.approx([0.225, 0, 0.225, 0.1, 0.225 + 0.225])


def test_a_missing_milestone_renormalises_what_is_left():
    found = run([(("ads", "web"), 1, 0)], STANDARD["w"])
    assert found.conversions.tolist() == pytest.approx([0.75, 0, 0, 0, 0.25])
