"""Who gets the credit for one lead, how journeys are cut, and the settings' file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.attribute.engine import attribute
from leadsync.attribute.journeys import Conversion, by_campaign, by_channel, gathered, journeys, to_paths
from leadsync.attribute.load import load_models
from leadsync.attribute.model import STANDARD, JourneyRules, Kind, Repeats, Scope
from leadsync.attribute.report import report
from leadsync.attribute.single import credits as parts_of
from leadsync.attribute.single import summary, to_cents
from leadsync.mapping.problems import Problems
from leadsync.records import Ref
from leadsync.touchpoints import Touchpoint

WON = datetime(2026, 11, 1, tzinfo=UTC)
PERSON = Ref("x", "p", "1")
MAPPINGS = Path(__file__).parents[2] / "mappings"
SETTINGS = load_models((MAPPINGS / "attribution.toml").read_text(), "attribution.toml")


def touch(channel, days, campaign=""):
    return Touchpoint(Ref("x", channel, str(days)), PERSON, WON - timedelta(days=days), "e", channel, campaign)


PATH = [touch("ads", 30, "spring"), touch("web", 20), touch("email", 10), touch("web", 3), touch("direct", 1)]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {"ads": 1}),
        ("last", {"direct": 1}),
        ("last_non_direct", {"web": 1}),
        ("linear", {"ads": Fraction(1, 5), "web": Fraction(2, 5), "email": Fraction(1, 5), "direct": Fraction(1, 5)}),
        (
            "position",
            {"ads": Fraction(2, 5), "web": Fraction(2, 15), "email": Fraction(1, 15), "direct": Fraction(2, 5)},
        ),
        ("shapley", dict.fromkeys(("ads", "web", "email", "direct"), Fraction(1, 4))),
    ],
)  # fmt: skip
def test_one_lead_is_credited_in_exact_fractions(model, expected):
    assert parts_of(PATH, STANDARD[model], WON) == expected


CHANNELS = st.sampled_from(["ads", "web", "email", "direct"])
TOUCHES = st.lists(st.builds(touch, CHANNELS, st.integers(0, 700)), max_size=9)


@given(TOUCHES, st.sampled_from([m for m in STANDARD.values() if m.kind.per_touch]))
def test_the_parts_of_one_lead_add_up_to_exactly_one(touches, method):
    parts = parts_of(touches, method, WON)
    assert sum(parts.values()) == (1 if touches else 0)
    assert all(part > 0 for part in parts.values())


@given(TOUCHES.filter(bool), st.sampled_from([m for m in STANDARD.values() if m.kind.per_touch]))
def test_one_lead_is_credited_as_the_engine_does_for_all(touches, method):
    rules = JourneyRules()
    paths = to_paths(journeys("k", touches, [Conversion(WON)], rules))
    everybody = attribute(paths, [method], rules)[method.name].by_channel()
    alone = parts_of(touches, method, WON)
    assert everybody == pytest.approx({name: float(alone.get(name, 0)) for name in everybody}, abs=1e-12)


def test_milestones_of_one_lead_are_credited():
    reached = {"lead": WON - timedelta(days=15), "deal": WON - timedelta(days=2)}
    parts = parts_of(PATH, STANDARD["w"], WON, milestones=reached)
    assert parts["ads"] == Fraction(3, 10) and sum(parts.values()) == 1
    assert float(parts["web"]) == pytest.approx(0.6) and float(parts["email"]) == pytest.approx(0.05)
    w = replace(SETTINGS, default="w")
    assert summary(PATH, w, WON, reached).top_channel == "web"


def test_a_model_of_all_journeys_cannot_credit_one():
    with pytest.raises(ValueError, match="all journeys together"):
        parts_of(PATH, STANDARD["markov"], WON)


def test_touches_after_the_conversion_get_nothing_unless_they_are_kept():
    late = [*PATH, touch("meeting", -5)]
    assert "meeting" not in parts_of(late, STANDARD["linear"], WON)
    assert parts_of(late, STANDARD["last"], WON, JourneyRules(after_conversion=True)) == {"meeting": 1}


def test_campaigns_are_credited_too():
    assert parts_of(PATH, STANDARD["first"], WON, label=by_campaign) == {"spring": 1}
    assert parts_of(PATH, STANDARD["last"], WON, label=by_campaign) == {"(direct)": 1}


def test_a_lead_is_summed_up_by_its_first_last_and_top_channel():
    found = summary(PATH, SETTINGS, WON)
    assert (found.first_channel, found.first_campaign, found.first_at) == ("ads", "spring", PATH[0].at)
    assert (found.last_channel, found.last_at) == ("direct", PATH[-1].at)
    assert (found.top_channel, found.top_share, found.model, found.touches) == ("ads", 0.4, "position", 5)


def test_without_a_conversion_the_journey_goes_up_to_the_last_touch():
    found = summary([*PATH, touch("call", -100)], SETTINGS, None)
    assert found.last_channel == "call" and found.top_share == 0.4
    assert summary([], SETTINGS, WON).first_channel == "" and summary([], SETTINGS).first_at is None


def test_a_conversion_ends_a_journey_and_the_next_begins_behind_it():
    touches = [touch("ads", 9), touch("web", 5), touch("email", 2)]
    two = [Conversion(WON - timedelta(days=4)), Conversion(WON - timedelta(days=1))]
    cut = journeys("k", [*touches, touch("call", 0)], two, JourneyRules())
    assert [[t.channel for t in j.touches] for j in cut] == [["ads", "web"], ["email"], ["call"]]
    assert [j.conversion is None for j in cut] == [False, False, True]
    whole = journeys("k", touches, two, JourneyRules(restart=False))
    assert [[t.channel for t in j.touches] for j in whole] == [["ads", "web"], ["ads", "web", "email"]]


def test_a_journey_of_an_account_with_one_contact_is_that_contacts():
    one = journeys("person", PATH, [Conversion(WON)], JourneyRules())
    account = journeys("account", list(reversed(PATH)), [Conversion(WON)], JourneyRules(scope=Scope.ACCOUNT))
    assert one[0].touches == account[0].touches


def test_a_familys_journey_is_made_of_all_its_peoples_touches_or_of_some():
    people = {"ann": [touch("ads", 9)], "bob": [touch("web", 4), touch("ads", 9)], "eve": [touch("email", 1)]}
    families = {"ann": "acme", "bob": "acme"}
    broad = gathered(people, families)
    assert {key: [t.channel for t in some] for key, some in broad.items()} == {"acme": ["ads", "web"], "eve": ["email"]}
    narrow = gathered(people, families, narrow={"bob"})
    assert [t.channel for t in narrow["acme"]] == ["ads", "web"] and list(narrow) == ["acme"]


@given(st.integers(0, 10**7), TOUCHES.filter(bool), st.sampled_from(["linear", "position", "time_decay"]))
def test_money_is_shared_out_to_the_cent(cents, touches, model):
    shared = to_cents(cents / 100, parts_of(touches, STANDARD[model], WON))
    assert sum(shared.values()) == cents and all(part >= 0 for part in shared.values())


def test_the_shipped_settings_are_as_they_read():
    assert SETTINGS.default == "position" and SETTINGS.method.kind is Kind.POSITION
    assert SETTINGS.models["time_decay"].half_life_hours == 168
    assert SETTINGS.journey == JourneyRules(lookback_days=730) and SETTINGS.conversion_stage == "mql"
    assert set(STANDARD) <= set(SETTINGS.models)


def test_a_report_adds_up_to_the_conversions_and_says_what_a_channel_cost():
    settings = replace(SETTINGS, costs={"ads": 100.0, "web": 0.0})
    rules = settings.journey
    some = [
        *journeys("a", PATH, [Conversion(WON, 300.0)], rules),
        *journeys("b", [touch("web", 4)], [], rules),
        *journeys("c", [], [Conversion(WON, 50.0)], rules),
    ]
    rows = report(some, settings)
    for model in settings.report:
        assert sum(row.conversions[model] for row in rows) == pytest.approx(2), model
        assert sum(row.value[model] for row in rows) == pytest.approx(350), model
    ads = next(row for row in rows if row.label == "ads")
    assert (ads.touches, ads.journeys, ads.cost) == (1, 1, 100)
    assert (ads.per_conversion, ads.returned) == (pytest.approx(250), pytest.approx(1.2))
    web = next(row for row in rows if row.label == "web")
    assert (web.touches, web.journeys, web.returned) == (3, 2, None)
    assert [row.label for row in rows][-1] == "(no touch)" and rows[0].label == "ads"


def test_a_report_by_campaign_leaves_out_and_passes_over_channels_as_one_by_channel_does():
    some = journeys("a", PATH, [Conversion(WON, 10.0)], SETTINGS.journey)
    rules = replace(SETTINGS.journey, exclude=frozenset(("ads", "web")), direct=frozenset(("email",)))
    for by, expected in ((by_channel, "email"), (by_campaign, "(email)")):
        found = report(some, replace(SETTINGS, journey=rules), by, ["first"])
        assert [row.label for row in found if row.conversions["first"] > 0] == [expected]
    for by, expected in ((by_channel, "web"), (by_campaign, "(web)")):
        found = report(some, SETTINGS, by, ["last_non_direct"])
        assert [row.label for row in found if row.conversions["last_non_direct"] > 0] == [expected]


def test_the_first_touch_of_a_lead_is_none_that_the_look_back_leaves_out():
    path = [touch("ads", 800, "old"), touch("web", 20)]
    found = summary(path, SETTINGS, WON)
    assert (found.first_channel, found.last_channel, found.top_share, found.touches) == ("web", "web", 1, 1)
    assert parts_of(path, STANDARD["first"], WON, SETTINGS.journey) == {"web": 1}
    nothing = summary([touch("ads", 800)], SETTINGS, WON)
    assert (nothing.first_channel, nothing.top_channel, nothing.touches) == ("", "", 0)


def test_a_report_of_nothing_is_empty():
    assert report([], SETTINGS) == []
    open_journey = journeys("a", PATH, [], SETTINGS.journey)
    assert {row.label for row in report(open_journey, SETTINGS, by_campaign)} >= {"spring", "(direct)"}


TEXT = """schema = 1
default = "mine"
[journey]
repeats = "collapse"
[model.mine]
kind = "position"
first = 0.5
middle = 0.2
last = 0.3
"""


def test_a_model_of_ones_own_can_be_added():
    found = load_models(TEXT, "attribution.toml")
    assert found.method.first == 0.5 and found.journey.repeats is Repeats.COLLAPSE


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('default = "mine"', 'default = "mien"', "LS602", 'Did you mean "mine"?'),
        ('default = "mine"', 'default = "markov"', "LS609", "all journeys together"),
        ("last = 0.3", "last = 0.4", "LS612", "add up to 1.1"),
        ("last = 0.3\n", "", "LS609", "needs last"),
        ("last = 0.3", "last = 0.3\norder = 2", "LS609", "has no order"),
        ('"collapse"', '"collaps"', "LS102", 'Did you mean "collapse"?'),
        ('kind = "position"', 'kind = "positoin"', "LS102", 'Did you mean "position"?'),
        ("[journey]", 'report = ["frist"]\n[journey]', "LS602", 'Did you mean "first"?'),
        ("[journey]", "[journey]\nlook_back_days = 3", "LS101", 'Did you mean "lookback_days"?'),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(old, new, code, says):
    assert old in TEXT
    with pytest.raises(Problems) as caught:
        load_models(TEXT.replace(old, new, 1), "attribution.toml")
    assert any(found.code == code and says in found.message and found.line > 1 for found in caught.value.problems)


def test_milestones_that_are_more_than_a_whole_are_refused():
    text = 'schema = 1\n[model.w]\nkind = "milestones"\nmilestones = { first = 0.6, lead = 0.6 }\n'
    with pytest.raises(Problems, match="more than 1"):
        load_models(text, "attribution.toml")
