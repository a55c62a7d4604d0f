"""Journeys through their phases, advice within consent, caps and quiet times, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.mapping.problems import Problems
from leadsync.nurture import (
    Contact,
    Course,
    Do,
    Phase,
    Situation,
    Step,
    advance,
    advise,
    after_quiet,
    effect,
    funnel,
    held_out,
    load_nurture,
    nurture,
    pack,
    phase_of,
    relive,
    standing,
    time_in,
    unpack,
)
from leadsync.nurture.model import Quiet
from leadsync.qualify import load_stages, qualify
from leadsync.records import Ref
from leadsync.score import load_model, score
from leadsync.touchpoints import Touchpoint
from leadsync.traits import derive

NOW = datetime(2026, 11, 18, 11, tzinfo=UTC)  # a Wednesday
MAPPINGS = Path(__file__).parents[2] / "mappings"
MODEL = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
STAGES = load_stages((MAPPINGS / "stages.toml").read_text(), "stages.toml", [MODEL])
TEXT = (MAPPINGS / "nurture.toml").read_text()
RULES = load_nurture(TEXT, "nurture.toml", STAGES, [MODEL])
GOOD = {"email": "ada@acme.example", "job_title": "Head of IT", "employees": 5000, "industry": "BANKING"}


def touch(event, days):
    return Touchpoint(Ref("x", event, str(days)), Ref("x", "p", "1"), NOW - timedelta(days=days), event, "web")


def contact(days, channel="email"):
    return Contact(NOW - timedelta(days=days), channel)


def case(*touches, facts=None, contacts=(), before=None, at=NOW):
    known = {**(GOOD if facts is None else facts)}
    known |= {"company_name": "Acme", **derive({**known, "company_name": "Acme"})}
    found = score(known, touches, MODEL, at)
    return found, Situation(qualify(found, known, STAGES, before, at), known, touches, contacts, at)


def phase(*touches, course=None, **more):
    return advance(course, case(*touches, **more)[1], STAGES, RULES).now


def advice(*touches, course=None, lead="x", rules=RULES, given=None, colleagues=(), **more):
    found, situation = case(*touches, **more)
    now = advance(course, situation, STAGES, rules)
    return advise(lead, now, situation, found, rules, given=given, colleagues=colleagues)


HOT = (touch("demo_request", 1), touch("meeting", 2))


@pytest.mark.parametrize(
    ("touches", "more", "expected"),
    [
        ((), {}, "new"),
        ((touch("content_download", 5),), {}, "engaged"),
        ((touch("demo_request", 1),), {}, "qualified"),
        ((touch("demo_request", 5),), {"contacts": [contact(0)]}, "working"),
        ((touch("content_download", 70),), {}, "new"),
        ((touch("content_download", 300),), {}, "dormant"),
        ((touch("demo_request", 20),), {}, "stalled"),
        (HOT, {"facts": {**GOOD, "lifecycle_stage": "customer"}}, "customer"),
        (HOT, {"facts": {**GOOD, "lifecycle_stage": "opportunity"}}, "working"),
        ((touch("call", 60),), {"facts": {"lifecycle_stage": "opportunity"}}, "recycled"),
        (HOT, {"facts": {**GOOD, "entity_status": "INACTIVE"}}, "lost"),
        (HOT, {"facts": {**GOOD, "sales_status": "Closed - Not Converted"}}, "lost"),
    ],
)  # fmt: skip
def test_a_lead_is_in_the_phase_that_its_stage_touches_and_work_say(touches, more, expected):
    found = phase(*touches, **more)
    assert found.phase == expected and found.cause


def test_a_lead_that_was_qualified_and_is_no_more_is_recycled():
    first = advance(None, case(*HOT)[1], STAGES, RULES)
    later = case(touch("content_download", 1), touch("demo_request", 160), at=NOW, before=None)[1]
    assert [step.phase for step in advance(first, later, STAGES, RULES).steps] == ["qualified", "recycled"]


def test_a_lead_that_qualifies_again_waits_for_somebody_again_whatever_was_done_the_first_time():
    """Qualified and called in spring, closed by sales in summer; opened again, asks for a demo in autumn."""
    spring, autumn = touch("demo_request", 200), touch("demo_request", 1)
    calls = [contact(198, "phone")]
    state = None
    for days, touches in ((199, (spring,)), (197, (spring,)), (60, (spring,)), (0, (spring, autumn))):
        closed = {"sales_status": "Closed - Not Converted"} if days == 60 else {}
        at = NOW - timedelta(days=days)
        found, situation = case(*touches, facts=GOOD | closed, contacts=calls, before=state, at=at)
        state = situation.state
        if days == 197:
            assert phase_of(None, situation, STAGES, RULES)[0] is Phase.WORKING
        if days == 60:
            assert not STAGES.at_least(state.stage, "mql")
    assert STAGES.at_least(state.stage, "mql")
    assert phase_of(None, situation, STAGES, RULES)[0] is Phase.QUALIFIED
    now = advance(None, situation, STAGES, RULES)
    assert advise("x", now, situation, found, RULES).rule in {"call_hot", "hand_over"}
    answered = case(spring, autumn, contacts=[*calls, contact(0, "phone")], before=state)[1]
    assert phase_of(None, answered, STAGES, RULES)[0] is Phase.WORKING


def test_a_journey_grows_only_when_its_phase_changes_and_keeps_the_causes():
    one = advance(None, case(touch("content_download", 5))[1], STAGES, RULES)
    same = advance(one, case(touch("content_download", 4))[1], STAGES, RULES)
    grown = advance(same, case(*HOT)[1], STAGES, RULES)
    assert same is one
    assert [step.phase for step in grown.steps] == ["engaged", "qualified"]
    assert grown.steps[0].cause == "content download on 2026-11-13"
    assert unpack(pack(grown)) == grown


def test_advice_is_the_first_rule_that_holds_with_its_reason():
    assert advice(*HOT).do is Do.HAND_OVER
    call = advice(touch("demo_request", 1))
    assert (call.do, call.rule, call.channel, call.hold_until) == (Do.CALL, "call_hot", "phone", None)
    assert advice(touch("pricing_view", 1), touch("meeting", 1)).rule in {"assign", "hand_over"}
    assert advice(touch("content_download", 3)).track == "product"
    assert advice(facts={}).track == "welcome"
    assert advice(touch("content_download", 300)).rule == "revive_dormant"
    assert advice(touch("content_download", 300), facts={}).do is Do.DROP


def test_an_advice_is_not_repeated_before_it_has_cooled_down():
    asked = touch("demo_request", 1)
    assert advice(asked, given={"call_hot": NOW - timedelta(days=1)}).rule == "assign"
    assert advice(asked, given={"call_hot": NOW - timedelta(days=2)}).rule == "call_hot"


def test_opting_out_is_respected_absolutely():
    out = advice(*HOT, facts={**GOOD, "opted_out": True})
    assert (out.do, out.rule, out.reason) == (Do.NONE, "consent", "Opted out of marketing")


@given(
    st.lists(st.sampled_from(["demo_request", "meeting", "content_download", "call"]).map(lambda e: touch(e, 1))),
    st.integers(0, 400),
    st.sampled_from([{}, {"job_title": "CEO"}, {"lifecycle_stage": "opportunity"}]),
)
def test_nobody_who_opted_out_is_ever_contacted(touches, days, facts):
    moved = [replace(t, at=t.at - timedelta(days=days)) for t in touches]
    found = advice(*moved, facts={**GOOD, **facts, "opted_out": True})
    assert found.do not in {Do.CALL, Do.ENROL, Do.REVIVE}


def test_who_asked_not_to_be_called_is_not_called_and_may_be_assigned():
    assert advice(touch("demo_request", 1), facts={**GOOD, "do_not_call": "true"}).rule == "assign"


def test_where_a_legal_basis_is_needed_and_unknown_nobody_is_contacted():
    strict = replace(RULES, basis_needed=frozenset(["DE"]))
    read = touch("content_download", 3)
    unknown = advice(read, facts={**GOOD, "country": "DE"}, rules=strict)
    assert unknown.reason == "no legal basis is known, and DE needs one"
    with_basis = {**GOOD, "country": "DE", "legal_basis": "CONSENT_WITH_NOTICE"}
    assert advice(read, facts=with_basis, rules=strict).do is Do.ENROL
    assert advice(read, facts={**GOOD, "country": "US"}, rules=strict).do is Do.ENROL


@pytest.mark.parametrize(
    "where",
    [
        {"country": "DE", "legal_country": "US"},
        {"country": "US", "legal_country": "DE"},
        {"country": "Germany"},
        {"country": "Deutschland"},
        {"country": " de "},
    ],
)
def test_a_legal_basis_is_needed_wherever_the_person_or_the_company_is_and_however_it_is_written(where):
    for named in ("DE", "Germany"):
        strict = replace(RULES, basis_needed=frozenset([named]))
        found = advice(touch("content_download", 3), facts={**GOOD, **where}, rules=strict)
        assert found.do is Do.NONE and "no legal basis is known" in found.reason


def test_a_cap_holds_an_advice_until_there_is_room_again():
    read = touch("content_download", 10)
    two = [contact(6), contact(2)]
    held = advice(read, contacts=two)
    assert (held.do, held.hold_until) == (Do.ENROL, NOW + timedelta(days=1))
    assert advice(read, contacts=[contact(8), contact(2)]).hold_until is None
    assert advice(read, contacts=[contact(6), contact(5), contact(2)]).hold_until == NOW + timedelta(days=2)
    assert advice(read, contacts=[contact(1, "phone"), contact(2, "phone")]).hold_until is None


def test_a_cap_of_an_account_counts_its_people_together():
    others = [contact(day) for day in (1, 1, 2, 2, 3, 3)]
    held = advice(touch("content_download", 10), colleagues=others)
    assert held.hold_until == datetime(2026, 11, 23, 7, tzinfo=UTC)  # room on the 22nd, which is a Sunday
    assert advice(touch("content_download", 10), colleagues=others[:5]).hold_until is None


@pytest.mark.parametrize(
    ("moment", "free"),
    [
        ("2026-11-18T11:00", "2026-11-18T11:00"),
        ("2026-11-18T17:00", "2026-11-19T07:00"),  # 18:00 at UTC+1, until 08:00
        ("2026-11-18T03:00", "2026-11-18T07:00"),
        ("2026-11-20T18:00", "2026-11-23T07:00"),  # over the weekend
        ("2026-12-23T18:00", "2026-12-28T07:00"),  # 24th and 25th are quiet, then a weekend
    ],
)
def test_nobody_is_contacted_in_quiet_times(moment, free):
    found = after_quiet(datetime.fromisoformat(moment).replace(tzinfo=UTC), RULES.quiet)
    assert found == datetime.fromisoformat(free).replace(tzinfo=UTC)


def test_quiet_by_day_and_never_quiet():
    noon = Quiet(time(12), time(13))
    at = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)
    assert after_quiet(at, noon) == at.replace(hour=13, minute=0)
    assert after_quiet(at, Quiet()) == at


def test_the_group_left_alone_is_drawn_evenly_and_for_good():
    rules = replace(RULES, held_out=0.1)
    alone = [lead for lead in map(str, range(5000)) if held_out(lead, rules)]
    assert 400 < len(alone) < 600
    assert advice(*HOT, lead=alone[0], rules=rules).rule == "held_out"
    assert alone == [lead for lead in map(str, range(5000)) if held_out(lead, rules)]
    assert alone != [lead for lead in map(str, range(5000)) if held_out(lead, replace(rules, salt="other"))]
    assert not any(held_out(str(n), RULES) for n in range(100))


def test_only_who_would_have_been_advised_is_in_the_group_left_alone():
    """Or leads that nothing is ever advised of (sales closed them) would be counted among those left alone only."""
    rules = replace(RULES, held_out=0.5)
    (alone, *_), (other, *_) = (
        [lead for lead in map(str, range(20)) if held_out(lead, rules) is drawn] for drawn in (True, False)
    )
    closed = {**GOOD, "sales_status": "Closed - Not Converted"}
    for lead in (alone, other):
        assert (advice(lead=lead, facts=closed, rules=rules).rule, advice(lead=lead, rules=rules).rule) == (
            "", "held_out" if lead == alone else "welcome",
        )  # fmt: skip
    opted_out = advice(lead=alone, facts={**GOOD, "opted_out": True}, rules=rules)
    assert opted_out.do is Do.NONE


def course(*steps):
    return Course(tuple(Step(Phase(name), NOW - timedelta(days=days), "") for name, days in steps))


def test_a_funnel_counts_who_came_through_and_how_long_they_stayed():
    rows = {
        row.phase: row
        for row in funnel([
            course(("new", 30), ("engaged", 20), ("qualified", 10)),
            course(("new", 30), ("engaged", 26)),
            course(("engaged", 40), ("stalled", 30), ("engaged", 20)),
        ])
    }  # fmt: skip
    engaged = rows[Phase.ENGAGED]
    assert (engaged.entered, engaged.now, engaged.again, engaged.median_days) == (3, 2, 1, 10)
    assert engaged.next == {Phase.QUALIFIED: 1, Phase.STALLED: 1}
    assert rows[Phase.NEW].median_days == 7 and rows[Phase.LOST].entered == 0
    assert time_in(course(("new", 30), ("engaged", 20), ("new", 5)), NOW) == {Phase.NEW: 15, Phase.ENGAGED: 15}


def test_the_worth_of_advice_comes_with_its_interval():
    found = effect((60, 400), (10, 100))
    assert (found.advised, found.alone) == (0.15, 0.1)
    assert found.difference == pytest.approx(0.05) and found.low < 0 < found.high
    clear = effect((200, 400), (10, 100))
    assert clear.low > 0
    assert effect((0, 0), (1, 2)) is None


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('qualified = "mql"', 'qualified = "mqll"', "LS602", 'Did you mean "mql"?'),
        ("when = \"phase == 'recycled'\"", "when = \"fase == 'recycled'\"", "LS107", 'Did you mean "phase"?'),
        ('id = "assign"', 'id = "welcome"', "LS601", "taken"),
        ('do = "call"\nchannel = "phone"', 'do = "call"', "LS609", "needs a channel"),
        ("engaged = 60, qualified", "dormant = 60, qualified", "LS605", "cannot stall"),
        ("working = 30", "working = 300", "LS606", "before it is dormant"),
        ("to = 08:00:00\n", "", "LS609", "both from and to"),
        ('do = "assign"', 'do = "asign"', "LS102", 'Did you mean "assign"?'),
        ("lost = { sales_status", "lost = { sales_statu", "LS604", 'Did you mean "sales_status"?'),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(old, new, code, says):
    assert old in TEXT
    with pytest.raises(Problems) as caught:
        load_nurture(TEXT.replace(old, new, 1), "nurture.toml", STAGES, [MODEL])
    assert any(found.code == code and says in found.message and found.line > 1 for found in caught.value.problems)


def stand(*touches, before=None, lead="x", rules=RULES, **more):
    found, situation = case(*touches, **more)
    return nurture(lead, situation, found, rules, STAGES, before)


def test_advice_stands_until_it_is_followed_and_only_then_cools_down():
    first = stand(touch("content_download", 3))
    again = stand(touch("content_download", 3), before=first, at=NOW + timedelta(days=1))
    assert (first.advice.rule, again.advice.rule, again.since) == ("nurture_engaged", "nurture_engaged", first.since)
    mailed = Contact(NOW + timedelta(hours=1), "email")
    after = stand(touch("content_download", 3), before=again, contacts=[mailed], at=NOW + timedelta(days=2))
    assert after.advice.rule != "nurture_engaged" and after.given["nurture_engaged"] == first.since
    called = stand(touch("content_download", 3), before=again, contacts=[Contact(NOW + timedelta(1), "phone")], at=NOW)
    assert called.advice.rule == "nurture_engaged"


def test_looking_again_at_the_same_moment_changes_nothing():
    first = stand(*HOT)
    assert stand(*HOT, before=first) == first


def test_who_objects_has_no_journey_and_what_was_kept_of_it_is_dropped():
    before = stand(*HOT)
    assert before.course is not None and before.given
    after = stand(*HOT, before=before, facts={**GOOD, "opted_out": True})
    assert after.course is None and after.given == {} and after.advice.do is Do.NONE
    assert "opted out" in after.advice.reason


def test_what_is_kept_of_a_lead_comes_back_as_it_was():
    for kept in (stand(*HOT), stand(*HOT, facts={**GOOD, "opted_out": True})):
        assert standing.unpack(standing.pack(kept)) == kept


def test_a_lead_new_to_us_has_its_journey_told_from_the_beginning():
    past = [touch("content_download", 400), touch("demo_request", 20)]
    known = {**GOOD, "company_name": "Acme", **derive({**GOOD, "company_name": "Acme"})}
    course = relive(known, past, [Contact(NOW - timedelta(days=19), "phone")], MODEL, STAGES, RULES, as_of=NOW)
    assert [step.phase for step in course.steps] == ["engaged", "stalled", "dormant", "qualified", "working"]
    assert [(NOW - step.at).days for step in course.steps] == [400, 340, 160, 20, 19]
    assert relive(known, [], [], MODEL, STAGES, RULES, as_of=NOW) is None
    assert relive({**known, "opted_out": True}, past, [], MODEL, STAGES, RULES, as_of=NOW) is None


def test_in_the_past_engagement_ends_when_it_would_have_though_we_wrote_meanwhile():
    course = relive(GOOD, [touch("content_download", 100)], [contact(50)], MODEL, STAGES, RULES, as_of=NOW)
    assert [(step.phase, (NOW - step.at).days) for step in course.steps] == [("engaged", 100), ("stalled", 40)]
