"""Many leads at once give bit for bit what they give one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.records import Ref
from leadsync.score import batch as batch_module
from leadsync.score import load_model, score
from leadsync.score.batch import score_batch
from leadsync.score.columns import Batch, Numbers, batch_of
from leadsync.touchpoints import Touchpoint
from leadsync.traits import derive

AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[2] / "mappings"
SHIPPED = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
ODD = load_model(
    """
schema = 1
id = "odd"
score_range = [-12, 25]
step = 0.5
[group.fit]
label = "Fit"
limits = [-9, 20]
[group.engagement]
label = "Engagement"
limits = [-15, 30]
[[rule]]
id = "size"
group = "fit"
label = "Size"
field = "employees"
bands = [[0, -3], [10, 2.25], [200, 14]]
unknown = 1
[[rule]]
id = "count"
group = "fit"
label = "Count"
field = "group_leads"
each = -3
cap = 8
[[rule]]
id = "city"
group = "fit"
label = "City"
field = "city"
points = { Oslo = 4, true = 2, 1 = 3 }
other = -2
unknown = 1
when = "employees >= 10 and not (country == 'DE' or is_blank(country))"
[[rule]]
id = "two"
group = "fit"
label = "Two"
when = "employees > group_leads or lei_confidence < 0.5"
points = 7
[[rule]]
id = "bad"
group = "engagement"
label = "Bad"
event = ["unsubscribe", "bounce"]
points = -7.77
half_life_days = 30
cap = 20
[[rule]]
id = "good"
group = "engagement"
label = "Good"
event = ["demo", "visit"]
points = 9
half_life_days = 13
[[rule]]
id = "also"
group = "engagement"
label = "Also"
event = "demo"
points = 3
[[rule]]
id = "recent"
group = "engagement"
label = "Recent"
event = "visit"
points = 2
window_days = 20
cap = 5
when = "city != 'Oslo'"
[[exclude]]
id = "out"
field = "opted_out"
is = true
reason = "out"
[[exclude]]
id = "kids"
when = "employees == 1"
reason = "kids"
[grade]
fit = { A = 20, B = 5, C = 0 }
engagement = { 1 = 10, 2 = 0 }
""",
    "odd.toml",
)

EVENTS = ["demo", "visit", "unsubscribe", "bounce", "other", "demo_request", "meeting", "email_reply", "referral"]


def touch(event, days, number):
    at = AS_OF - timedelta(days=days)
    return Touchpoint(Ref("x", "t", str(number)), Ref("x", "p", "1"), at, event, "web")


FACTS = st.fixed_dictionaries(
    {},
    optional={
        "employees": st.sampled_from([0, 1, 9, 10, 10.0, 9.99, 249, 10**7, None, "1,000", "many"]),
        "group_leads": st.integers(0, 6),
        "city": st.sampled_from(["Oslo", " oslo ", "Rome", "", None, True, 1, 1.0]),
        "country": st.sampled_from(["DE", "NO", "", None]),
        "lei_confidence": st.sampled_from([0.0, 0.49, 0.5, 0.95, None]),
        "lei": st.sampled_from(["L", None]),
        "opted_out": st.sampled_from([True, False, "true", None]),
        "job_title": st.sampled_from(["CEO", "Student", "Buyer", None]),
        "email": st.sampled_from(["a@gmail.com", "b@acme.example"]),
    },
)
LEADS = st.lists(
    st.tuples(
        FACTS,
        st.lists(st.builds(touch, st.sampled_from(EVENTS), st.integers(-2, 900), st.integers(0, 50)), max_size=8),
    ),
    max_size=12,
)


def one_by_one(leads, model):
    return [score(facts, touches, model, AS_OF) for facts, touches in leads]


def assert_equal(found, expected):
    for lead, single in enumerate(expected):
        assert found.centi[lead] == single.centi
        assert (found.excluded[lead] >= 0) == bool(single.excluded)
        assert found.grade_of(lead) == single.grade
        for name, amounts in found.groups.items():
            assert amounts[lead] == single.groups.get(name, 0)
        ranked = [(reason.id, reason.centi) for reason in single.ranked() if not reason.is_limit]
        assert found.reasons(lead) == ranked[: len(found.top)]


@pytest.mark.parametrize("model", [SHIPPED, ODD], ids=["the shipped model", "a model of oddities"])
@settings(max_examples=150, deadline=None)
@given(leads=LEADS)
def test_a_batch_gives_what_its_leads_give_one_by_one(model, leads):
    leads = [({**facts, **derive({**facts})} if model is SHIPPED else facts, touches) for facts, touches in leads]
    fields = set().union(*(facts for facts, _touches in leads)) if leads else set()
    assert_equal(score_batch(batch_of(leads, fields), model, AS_OF), one_by_one(leads, model))


MANY = st.tuples(
    FACTS, st.lists(st.builds(touch, st.sampled_from(EVENTS), st.integers(0, 9), st.integers(0, 999)), max_size=25)
)


@given(leads=st.lists(MANY, min_size=1, max_size=4))
def test_reasons_add_up_limits_hold_and_batches_agree_where_limits_are_reached(leads):
    fields = set().union(*(facts for facts, _touches in leads))
    assert_equal(score_batch(batch_of(leads, fields), ODD, AS_OF), one_by_one(leads, ODD))
    for found in one_by_one(leads, ODD):
        assert sum(reason.centi for reason in found.reasons) == found.centi
        assert ODD.low <= found.centi <= ODD.high
        assert all(group.low <= found.groups[group.id] <= group.high for group in ODD.groups if not found.excluded)


@settings(max_examples=40, deadline=None)
@given(leads=LEADS, chunk=st.integers(1, 5))
def test_the_size_of_a_chunk_does_not_matter(leads, chunk):
    fields = set().union(*(facts for facts, _touches in leads)) if leads else set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_module, "CHUNK", chunk)
        assert_equal(score_batch(batch_of(leads, fields), ODD, AS_OF), one_by_one(leads, ODD))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([None, 0.0, 1.0, 9.99, 10.0, 199.5, 1e6]),
            st.sampled_from([None, 0, 1, 2, 5]),
            st.sampled_from([None, 0.0, 0.3, 0.5, 1.0]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_numbers_in_columns_are_what_they_are_in_facts(rows):
    names = ("employees", "group_leads", "lei_confidence")
    leads = [(dict(zip(names, row, strict=True)), []) for row in rows]
    columns = {
        name: Numbers(np.array([np.nan if row[i] is None else row[i] for row in rows])) for i, name in enumerate(names)
    }
    counts = [0 if row[1] is None else row[1] for row in rows]
    columns["group_leads"] = Numbers(np.array(counts), np.array([row[1] is None for row in rows]))
    batch = Batch(len(rows), columns, batch_of(leads, []).touches)
    assert_equal(score_batch(batch, ODD, AS_OF), one_by_one(leads, ODD))


def test_caps_hold_in_batches_on_both_sides():
    many = [touch(event, 0, n) for n, event in enumerate(["bounce", "visit", "demo"] * 9)]
    leads = [({}, many), ({"city": "Rome"}, many[:2]), ({"group_leads": 9}, many[:7])]
    found = score_batch(batch_of(leads, ["city", "group_leads"]), ODD, AS_OF, reasons=9)
    assert ("bad", -2000) in found.reasons(0) and ("recent", 500) in found.reasons(0)
    assert ("count", -800) in found.reasons(2)
    assert_equal(found, one_by_one(leads, ODD))


def test_a_number_marked_unknown_is_no_number_to_a_condition():
    counts = Numbers(np.array([50, 50]), np.array([False, True]))
    places = batch_of([({"city": "Oslo", "country": "NO"}, [])] * 2, ["city", "country"])
    found = score_batch(Batch(2, {**places.columns, "employees": counts}, places.touches), ODD, AS_OF)
    leads = [({"city": "Oslo", "country": "NO", "employees": known}, []) for known in (50, None)]
    assert_equal(found, one_by_one(leads, ODD))


def test_a_batch_of_nobody_is_fine():
    assert len(score_batch(batch_of([], []), SHIPPED, AS_OF).centi) == 0


def test_all_reasons_can_be_asked_for():
    facts = {"employees": 500, "city": "Oslo", "country": "NO", "group_leads": 2}
    leads = [(facts, [touch("demo", 3, 1), touch("bounce", 4, 2)])]
    found = score_batch(batch_of(leads, facts), ODD, AS_OF, reasons=9)
    assert sum(centi for _rule, centi in found.reasons(0)) == sum(
        reason.centi for reason in one_by_one(leads, ODD)[0].reasons if not reason.is_limit
    )
