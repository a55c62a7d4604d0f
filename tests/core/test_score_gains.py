"""What would raise a score, and what would take a lead to its next stage: nothing is promised that would not come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.qualify import load_stages, qualify
from leadsync.qualify.way import way_up
from leadsync.records import Ref
from leadsync.score import load_model, score
from leadsync.score.gains import Standing, gains
from leadsync.touchpoints import Touchpoint
from leadsync.traits import derive

AS_OF = datetime(2026, 11, 22, 9, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[2] / "mappings"
MODEL = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
STAGES = load_stages((MAPPINGS / "stages.toml").read_text(), "stages.toml", [MODEL])


def touch(event, days=0, number=0):
    at = AS_OF - timedelta(days=days)
    return Touchpoint(Ref("x", event, f"{days}/{number}"), Ref("x", "p", "1"), at, event, "web")


def facts(**more):
    base = {"email": "ada@acme.example", "company_name": "Acme", **more}
    return {**base, **derive(base)}


def test_an_unknown_fact_is_worth_its_best_and_its_usual_value():
    found = {gain.rule: gain for gain in gains(facts(), [], MODEL, AS_OF)}
    rank = found["seniority"]
    assert (rank.best, rank.value, rank.middle) == (1500, "c_level", 600)
    assert rank.words == "+15 if the job title were known (C-level; typically +6)"
    assert found["employees"].words == "+12 if the number of employees were known (1,000 or more; typically +6)"
    assert found["demo"].words == "+26 if this happened today: Requested a demo"


def test_what_is_known_is_not_offered_again():
    found = {gain.rule for gain in gains(facts(job_title="Buyer", employees=20), [], MODEL, AS_OF)}
    assert "seniority" not in found and "employees" not in found and "demo" in found


def test_a_touch_whose_cap_is_reached_or_whose_group_is_full_promises_nothing():
    many = [touch("demo_request", 0, n) for n in range(3)]
    assert "demo" not in {gain.rule for gain in gains(facts(), many, MODEL, AS_OF)}
    full = [touch(event, 0, n) for event in ("demo_request", "meeting", "contact_request") for n in range(3)]
    assert not any(gain.event for gain in gains(facts(), full, MODEL, AS_OF))


def test_who_is_not_scored_has_nothing_to_gain():
    assert gains({**facts(), "opted_out": True}, [], MODEL, AS_OF) == []


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["CEO", "Buyer", ""]),
    st.sampled_from([None, 20, 5000]),
    st.lists(st.tuples(st.sampled_from(sorted(MODEL.events())), st.integers(0, 90)), max_size=5),
)
def test_every_gain_comes_true_when_it_does(title, employees, done):
    have = facts(job_title=title, employees=employees)
    touches = [touch(event, days, n) for n, (event, days) in enumerate(done)]
    standing = Standing(have, tuple(touches), AS_OF)
    now = score(have, touches, MODEL, AS_OF).centi
    found = gains(have, touches, MODEL, AS_OF)
    assert [gain.best for gain in found] == sorted((gain.best for gain in found), reverse=True)
    for gain in found:
        assert standing.supposing(gain).score(MODEL).centi == now + gain.best
        assert gain.middle <= gain.best


def test_the_way_up_takes_the_fewest_steps_and_arrives():
    have = facts(job_title="Head of IT", employees=5000, industry="BANKING")
    way = way_up(have, [], MODEL, STAGES, None, AS_OF)
    assert (way.stage, way.missing, [step.rule for step in way.steps]) == ("mql", 10, ["demo"])
    assert way.words == "to mql: 10 points short; it would do: +26 if this happened today: Requested a demo"
    then = Standing(have, (), AS_OF).supposing(way.steps[0])
    assert qualify(then.score(MODEL), then.facts, STAGES, None, AS_OF).stage == "mql"


def test_a_way_that_no_gain_opens_says_so():
    have = facts(job_title="Student", employees=5, email="a@gmail.com")
    way = way_up(have, [touch("demo_request"), touch("meeting")], MODEL, STAGES, None, AS_OF)
    assert way.steps == () and way.words.endswith("no single fact or touch would do")


def test_there_is_no_way_from_the_top_nor_for_who_is_out():
    best = facts(job_title="CEO", employees=5000, industry="BANKING")
    hot = [touch("demo_request"), touch("meeting"), touch("pricing_view")]
    assert way_up(best, hot, MODEL, STAGES, None, AS_OF) is None
    assert way_up({**best, "entity_status": "INACTIVE"}, hot, MODEL, STAGES, None, AS_OF) is None
