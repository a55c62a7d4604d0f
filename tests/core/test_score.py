"""The score of one lead: what rules give, how it fades, what limits take, and that the reasons always add up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.records import Ref
from leadsync.score import load_model, score
from leadsync.score.decay import half_life, linear, to_step
from leadsync.touchpoints import Touchpoint
from leadsync.traits import derive

AS_OF = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
PERSON = Ref("hubspot", "contacts", "1")
MAPPINGS = Path(__file__).parents[2] / "mappings"

HEAD = """
schema = 1
id = "test"
score_range = [0, 100]
[group.fit]
label = "Fit"
limits = [-20, 45]
[group.engagement]
label = "Engagement"
limits = [-15, 50]
"""


def rule(text, group="fit", name="r"):
    return f'[[rule]]\nid = "{name}"\ngroup = "{group}"\nlabel = "Label"\n{text}\n'


def model(*rules, head=HEAD, tail=""):
    return load_model(head + "".join(rules) + tail, "scoring.toml")


def touch(event, days=0.0, number=None, hour=None):
    at = AS_OF - timedelta(days=days)
    at = at if hour is None else at.replace(hour=hour)
    return Touchpoint(Ref("x", event, str(number if number is not None else days)), PERSON, at, event, "web")


def total(made, facts=None, touches=()):
    return score(facts or {}, touches, made, AS_OF).total


@pytest.mark.parametrize(
    ("text", "facts", "points"),
    [
        ('field = "seniority"\npoints = { vp = 16, student = -15 }', {"seniority": "vp"}, 16),
        ('field = "seniority"\npoints = { vp = 16 }', {"seniority": " VP "}, 16),
        ('field = "seniority"\npoints = { vp = 16 }\nother = 2', {"seniority": "director"}, 2),
        ('field = "seniority"\npoints = { vp = 16 }\nother = 2\nunknown = 3', {"seniority": None}, 3),
        ('field = "seniority"\npoints = { vp = 16 }\nunknown = 3', {}, 3),
        ('field = "has_phone"\npoints = { true = 4 }', {"has_phone": True}, 4),
        ('field = "has_phone"\npoints = { true = 4 }', {"has_phone": "true"}, 4),
        ('field = "has_phone"\npoints = { true = 4 }', {"has_phone": False}, 0),
        ('field = "employees"\nbands = [[0, 1], [10, 6], [200, 14]]', {"employees": 9}, 1),
        ('field = "employees"\nbands = [[0, 1], [10, 6], [200, 14]]', {"employees": 10}, 6),
        ('field = "employees"\nbands = [[0, 1], [10, 6], [200, 14]]', {"employees": "5,000"}, 14),
        ('field = "employees"\nbands = [[10, 6]]', {"employees": 0}, 0),
        ('field = "employees"\nbands = [[10, 6]]\nunknown = 2', {"employees": None}, 2),
        ('field = "group_leads"\neach = 4\ncap = 10', {"group_leads": 2}, 8),
        ('field = "group_leads"\neach = 4\ncap = 10', {"group_leads": 7}, 10),
        ('when = "country == \'DE\' and employees > 10"\npoints = 5', {"country": "DE", "employees": 11}, 5),
        ('when = "country == \'DE\'"\npoints = 5', {"country": "FR"}, 0),
        ('field = "seniority"\npoints = { vp = 9 }\nwhen = "lei_confidence >= 0.9"',
         {"seniority": "vp", "lei_confidence": 0.5}, 0),
        ('field = "employees"\nbands = [[1, 2.25]]', {"employees": 1}, 2.25),
    ],
)  # fmt: skip
def test_a_rule_gives_its_points(text, facts, points):
    assert total(model(rule(text)), facts) == points


@pytest.mark.parametrize(
    ("text", "days", "points"),
    [
        ("points = 30\nhalf_life_days = 45", [0], 30),
        ("points = 30\nhalf_life_days = 45", [45], 15),
        ("points = 30\nhalf_life_days = 45", [90], 7.5),
        ("points = 6\nhalf_life_days = 14\ncap = 9", [0, 0.1, 0.2], 9),
        ("points = 6", [900], 6),
        ("points = 6\nwindow_days = 30", [29, 30], 6),
        ("points = 10\nfade_days = 60", [30], 5),
        ("points = 10\nfade_days = 60", [60], 0),
        ("points = 8\nhalf_life_days = 10\nwindow_days = 5", [6], 0),
    ],
)
def test_a_touch_gives_points_that_fade_by_its_age(text, days, points):
    made = model(rule(f'event = "demo"\n{text}', "engagement"))
    assert total(made, touches=[touch("demo", day) for day in days]) == points


def test_a_cap_holds_below_zero_too():
    below = HEAD.replace("[0, 100]", "[-50, 100]")
    made = model(rule('event = "unsubscribe"\npoints = -9\ncap = 12', "engagement"), head=below)
    assert total(made, touches=[touch("unsubscribe", day) for day in (1, 2, 3)]) == -12


def test_a_touch_belongs_to_its_utc_day_and_the_future_does_not_count():
    made = model(rule('event = "demo"\npoints = 10\nhalf_life_days = 1', "engagement"))
    assert total(made, touches=[touch("demo", 0, hour=23)]) == 10
    assert total(made, touches=[touch("demo", 1, hour=0)]) == 5
    assert total(made, touches=[touch("demo", -1, hour=0)]) == 0


def test_a_day_has_one_score_whatever_the_hour_and_zone():
    made = model(rule('event = "demo"\npoints = 10\nhalf_life_days = 3', "engagement"))
    touches = [touch("demo", 2.3)]
    zoned = AS_OF.astimezone(timezone(timedelta(hours=9)))
    hours = (AS_OF, zoned, AS_OF.replace(hour=0, minute=0), AS_OF.replace(hour=23, minute=59))
    same = [score({}, touches, made, at) for at in hours]
    assert all(found == same[0] for found in same)
    assert score({}, touches, made, same[0].as_of) == same[0]


def test_the_same_touch_from_two_sides_counts_once():
    made = model(rule('event = "demo"\npoints = 10', "engagement"))
    assert total(made, touches=[touch("demo", 1), touch("demo", 1)]) == 10


def test_limits_are_lines_of_their_own():
    rules = [
        rule('event = "demo"\npoints = 60', "engagement", "demo"),
        rule('field = "has_phone"\npoints = { true = 60 }', "fit", "phone"),
    ]
    made, lower = model(*rules), model(*rules, head=HEAD.replace("[0, 100]", "[0, 80]"))
    found = score({"has_phone": True}, [touch("demo", 3)], made, AS_OF)
    assert [(reason.id, reason.points) for reason in found.reasons] == [
        ("demo", 60), ("phone", 60), ("limit:fit", -15), ("limit:engagement", -10),
    ]  # fmt: skip
    assert found.total == 95 and found.group("fit") == 45 and found.group("engagement") == 50
    capped = score({"has_phone": True}, [touch("demo", 3)], lower, AS_OF)
    assert capped.total == 80 and capped.reasons[-1].words == "Limit of score (at most 80)"


def test_the_reason_line_is_in_words_ranked_and_fits():
    made = model(
        rule('event = "demo"\npoints = 30', "engagement", "demo").replace("Label", "Requested a demo"),
        rule('field = "seniority"\npoints = { vp = 16 }\nnames = { vp = "VP" }', "fit", "rank"),
        rule('field = "employees"\nbands = [[200, 14]]', "fit", "size").replace("Label", "Company size"),
        rule('field = "email_is_free"\npoints = { true = -8.5 }', "fit", "free").replace("Label", "Free e-mail"),
    )
    facts = {"seniority": "vp", "employees": 1500, "email_is_free": True}
    found = score(facts, [touch("demo", 3)], made, AS_OF)
    full = "+30 Requested a demo (2026-11-19); +16 VP; +14 Company size (1,500); -8.5 Free e-mail"
    assert found.text(9) == full
    assert found.text() == "; ".join(full.split("; ")[:3])
    assert found.text(9, limit=50) == "+30 Requested a demo (2026-11-19); +16 VP"
    assert found.text(9, limit=10) == "+30 Reque…"


def test_who_objects_is_not_scored_and_that_is_not_zero():
    made = model(
        rule('field = "has_phone"\npoints = { true = 5 }'),
        tail="""
[[exclude]]
id = "objected"
field = "opted_out"
is = true
reason = "opted out"
""",
    )
    out = score({"has_phone": True, "opted_out": "true"}, [], made, AS_OF)
    assert out.total is None and out.group("fit") is None and out.reasons == () and out.excluded == "opted out"
    assert out.text() == "Not scored: opted out"
    assert score({"opted_out": False}, [], made, AS_OF).total == 0


def test_a_gate_is_noted_and_does_not_touch_the_score():
    gate = """
[[gate]]
id = "gone"
field = "entity_status"
is = "INACTIVE"
action = "disqualify"
reason = "Dissolved"
"""
    plain, gated = (model(rule('field = "has_phone"\npoints = { true = 5 }'), tail=tail) for tail in ("", gate))
    facts = {"has_phone": True, "entity_status": "INACTIVE"}
    assert score(facts, [], plain, AS_OF).total == score(facts, [], gated, AS_OF).total == 5
    assert score(facts, [], gated, AS_OF).gates == (("gone", "disqualify", "Dissolved"),)
    assert score({}, [], gated, AS_OF).gates == ()


def test_grades_cross_two_groups():
    made = model(
        rule('field = "employees"\nbands = [[10, 20], [100, 40]]'),
        rule('event = "demo"\npoints = 30\nhalf_life_days = 10', "engagement", "demo"),
        tail="[grade]\nfit = { A = 30, B = 15 }\nengagement = { 1 = 25, 2 = 10 }\n",
    )
    assert score({"employees": 100}, [touch("demo", 0)], made, AS_OF).grade == "A1"
    assert score({"employees": 10}, [touch("demo", 10)], made, AS_OF).grade == "B2"
    assert score({}, [], made, AS_OF).grade == "C3"


def test_with_a_step_every_reason_is_whole_and_they_still_add_up():
    made = model(rule('event = "demo"\npoints = 7\nhalf_life_days = 10', "engagement"), head="step = 1\n" + HEAD)
    found = score({}, [touch("demo", 10)], made, AS_OF)
    assert found.total == 4 and found.reasons[0].points == 4


@settings(max_examples=40)
@given(st.integers(1, 5000), st.integers(1, 200), st.integers(0, 5))
def test_half_the_points_are_left_after_a_half_life(points, days, halves):
    table = half_life(points, days)
    age = days * halves
    left = points / 2**halves
    assert (table[age] if age < len(table) else 0) == round(left)


@settings(max_examples=40)
@given(st.integers(-5000, 5000).filter(bool), st.integers(1, 40))
def test_at_every_age_what_is_left_is_the_nearest_whole_number_to_the_law(points, days):
    halved, straight = half_life(points, days), linear(points, days)
    for age in range(6 * days):
        worth = abs(halved[age]) if age < len(halved) else 0
        # worth - 1/2 <= points * 2^(-age/days) <= worth + 1/2, each to the power of `days`: integers, and no roots
        left = (2 * abs(points)) ** days
        assert max(0, 2 * worth - 1) ** days * 2**age <= left <= (2 * worth + 1) ** days * 2**age
        fallen = Fraction(points * max(0, days - age), days)
        assert (straight[age] if age < len(straight) else 0) == round(fallen)


@given(st.integers(-5000, 5000).filter(bool), st.integers(1, 90), st.sampled_from([half_life, linear]))
def test_fading_only_ever_goes_towards_nothing(points, days, law):
    table = law(points, days)
    assert table[0] == points
    assert all(abs(later) <= abs(sooner) for sooner, later in pairwise(table))
    assert all(worth * points >= 0 for worth in table)


@given(st.integers(-(10**6), 10**6), st.integers(1, 500))
def test_rounding_to_a_step_is_to_the_nearest_and_odd(centi, step):
    rounded = to_step(centi, step)
    assert rounded % step == 0 and abs(rounded - centi) * 2 <= step and to_step(-centi, step) == -rounded


# ---- laws, on the shipped model -----------------------------------------------------------------------------------

SHIPPED = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
EVENTS = sorted(SHIPPED.events())
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@gmail.com", "info@acme.example", "b@acme.example", ""]),
        "job_title": st.sampled_from(["CEO", "VP Sales", "Student", "Buyer", "", None]),
        "employees": st.sampled_from([0, 5, 10, 249, 5000, 10**6, None, "1,000"]),
        "industry": st.sampled_from(["BANKING", "Technology", "Other", None]),
        "lead_source": st.sampled_from(["Purchased List", "Web"]),
        "lei": st.sampled_from(["5493001KJTIIGC8Y1R12", None]),
        "lei_confidence": st.floats(0, 1),
        "lei_status": st.sampled_from(["LAPSED", "ISSUED"]),
        "group_customers": st.integers(0, 9),
        "group_leads": st.integers(0, 9),
    },
)
TOUCHES = st.lists(
    st.builds(touch, st.sampled_from(EVENTS), st.integers(0, 800), st.integers(0, 10**9)), max_size=12,
)  # fmt: skip


def shipped(facts, touches, as_of=AS_OF):
    return score({**facts, **derive(facts)}, touches, SHIPPED, as_of)


@given(FACTS, TOUCHES)
def test_the_reasons_add_up_and_the_limits_hold(facts, touches):
    found = shipped(facts, touches)
    assert sum(reason.centi for reason in found.reasons) == found.centi
    assert sum(reason.points for reason in found.reasons) == found.total
    assert 0 <= found.total <= 100
    for group in SHIPPED.groups:
        assert group.low <= found.groups[group.id] <= group.high
    assert len(found.text()) <= 255


@given(FACTS, TOUCHES, st.randoms())
def test_the_order_of_events_does_not_matter(facts, touches, chance):
    mixed = list(touches)
    chance.shuffle(mixed)
    assert shipped(facts, mixed) == shipped(facts, touches)


@given(FACTS, TOUCHES, st.sampled_from(EVENTS), st.integers(0, 400))
def test_one_more_good_touch_never_lowers_the_score(facts, touches, event, days):
    assert shipped(facts, [*touches, touch(event, days, 10**10)]).centi >= shipped(facts, touches).centi


@given(FACTS, TOUCHES, st.integers(0, 400))
def test_time_alone_never_raises_the_score(facts, touches, days):
    assert shipped(facts, touches, AS_OF + timedelta(days=days)).centi <= shipped(facts, touches).centi


@given(FACTS, TOUCHES)
def test_what_a_source_costs_and_who_somebody_is_move_nothing(facts, touches):
    more = {**facts, "source_fee": 99, "source_cpl": 5, "affiliate_commission": "0.3", "age": 61, "gender": "f"}
    assert shipped(more, touches) == shipped(facts, touches)


LADDER = [
    ('field = "seniority"\npoints = {{ vp = {0}, student = -6 }}', "fit"),
    ('field = "employees"\nbands = [[0, -2], [10, {0}], [200, 14]]', "fit"),
    ('field = "group_leads"\neach = {0}\ncap = 9', "fit"),
    ('when = "employees > 5"\npoints = {0}', "fit"),
    ('event = "demo"\npoints = {0}\nhalf_life_days = 9\ncap = 30', "engagement"),
    ('event = "visit"\npoints = {0}\nfade_days = 20', "engagement"),
    ('event = ["demo", "visit"]\npoints = {0}\nwindow_days = 30', "engagement"),
]
"""One rule of each kind, its points left open."""
WHO = st.fixed_dictionaries(
    {},
    optional={
        "seniority": st.sampled_from(["vp", "student", "chief"]),
        "employees": st.sampled_from([0, 9, 10, 500]),
        "group_leads": st.integers(0, 9),
    },
)
DOINGS = st.lists(st.builds(touch, st.sampled_from(["demo", "visit"]), st.integers(0, 60), st.integers(0, 99)))
POINTS = st.lists(st.integers(-20, 20).filter(bool), min_size=len(LADDER), max_size=len(LADDER))


LIMITS = st.tuples(st.integers(-30, 10), st.integers(0, 40)).map(lambda ends: [ends[0], ends[0] + ends[1]])


@given(POINTS, st.tuples(LIMITS, LIMITS, LIMITS), WHO, DOINGS, st.sampled_from(["", "step = 1\n"]))
def test_the_reasons_add_up_and_the_limits_hold_whatever_the_points_and_limits(points, limits, facts, touches, step):
    whole, fit, engagement = limits
    narrow = HEAD.replace("[0, 100]", f"{whole}").replace("[-20, 45]", f"{fit}").replace("[-15, 50]", f"{engagement}")
    kinds = zip(LADDER, points, strict=True)
    rules = [rule(text.format(n), group, f"r{i}") for i, ((text, group), n) in enumerate(kinds)]
    found = score(facts, touches, model(*rules, head=step + narrow), AS_OF)
    assert sum(reason.centi for reason in found.reasons) == found.centi
    assert whole[0] * 100 <= found.centi <= whole[1] * 100
    assert fit[0] * 100 <= found.groups["fit"] <= fit[1] * 100
    assert engagement[0] * 100 <= found.groups["engagement"] <= engagement[1] * 100


@given(POINTS, st.integers(0, len(LADDER) - 1), st.integers(1, 25), WHO, DOINGS, st.sampled_from(["", "step = 1\n"]))
def test_more_points_for_a_rule_never_lower_a_score(points, which, more, facts, touches, step):
    def worth(amounts):
        rules = [
            rule(text.format(n), group, f"r{i}")
            for i, ((text, group), n) in enumerate(zip(LADDER, amounts, strict=True))
        ]
        return score(facts, touches, model(*rules, head=step + HEAD), AS_OF).centi

    raised = [n + more * (i == which) for i, n in enumerate(points)]
    if 0 not in raised:
        assert worth(raised) >= worth(points)


def test_leap_days_are_days():
    made = model(rule('event = "demo"\npoints = 16\nhalf_life_days = 1', "engagement"))
    when = Touchpoint(Ref("x", "f", "1"), PERSON, datetime(2028, 2, 28, 12, tzinfo=UTC), "demo", "web")
    assert score({}, [when], made, datetime(2028, 3, 1, tzinfo=UTC)).total == 4
    assert date(2028, 3, 1) - date(2028, 2, 28) == timedelta(days=2)
