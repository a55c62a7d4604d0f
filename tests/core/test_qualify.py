"""Stages: thresholds with hysteresis, minimum days, evidence, gates, and what sales owns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync.mapping.problems import Problems
from leadsync.qualify import Action, answers, late, load_stages, pack, qualify, replay, speed, touch_days, unpack
from leadsync.records import Ref
from leadsync.score import load_model
from leadsync.score.model import Reason, Score
from leadsync.touchpoints import Touchpoint

DAY = datetime(2026, 11, 22, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[2] / "mappings"

TEXT = """
schema = 1
[stage.subscriber]
label = "Subscriber"
[stage.lead]
label = "Lead"
enter = 15
leave = 10
[stage.mql]
label = "MQL"
enter = 50
leave = 40
min_days = 7
require = { fit = 10 }
[stage.sql]
label = "SQL"
enter = 70
leave = 60
keep = { fit = 5 }
checklist = { bant = 2 }
answer_hours = 2
[stage.opportunity]
label = "Opportunity"
owner = "sales"
set_by = { lifecycle_stage = ["opportunity"], sales_status = "Qualified" }
recycle_below = 20
[stage.customer]
label = "Customer"
owner = "sales"
set_by = { lifecycle_stage = ["customer"] }
[checklist.bant]
label = "BANT"
[checklist.bant.known]
budget = "annual_revenue >= 1000000"
authority = "seniority == 'vp'"
timing = "rule.demo > 0"
[[gate]]
id = "gone"
field = "entity_status"
is = "INACTIVE"
action = "disqualify"
reason = "Dissolved"
[[gate]]
id = "free"
field = "email_is_free"
is = true
stages = ["sql"]
reason = "Free e-mail"
[[gate]]
id = "quiet"
field = "opted_out"
is = true
action = "suppress_nurture"
reason = "Opted out"
"""
STAGES = load_stages(TEXT, "stages.toml")
KNOWN = {"annual_revenue": 5_000_000, "seniority": "vp"}


def scored(total, fit=20, excluded="", gates=(), rules=()):
    reasons = tuple(Reason(name, "fit", name, "", 100) for name in rules)
    return Score("m", DAY, total * 100, {"fit": fit * 100}, "A1", reasons, tuple(gates), excluded)


def walk(*steps, facts=None, stages=STAGES):
    """(days from the start, score) ... → the states, one after another."""
    state, found = None, []
    for days, value in steps:
        score = value if isinstance(value, Score) else scored(value)
        state = qualify(score, facts or {}, stages, state, DAY + timedelta(days=days))
        found.append(state)
    return found


def names(*steps, **more):
    return [state.stage for state in walk(*steps, **more)]


def test_a_lead_rises_to_the_highest_stage_it_may_enter():
    assert names((0, 0), (1, 15), (2, 49), (3, 50)) == ["subscriber", "lead", "lead", "mql"]
    assert names((0, 90), facts=KNOWN) == ["sql"]


def test_the_gap_between_enter_and_leave_keeps_a_lead_where_it_is():
    assert names((0, 50), (10, 45), (20, 40), (30, 39), (31, 45), (32, 50)) == [
        "mql", "mql", "mql", "lead", "lead", "mql",
    ]  # fmt: skip


def test_a_stage_is_kept_for_its_minimum_days_and_says_so():
    first, early, late_ = walk((0, 50), (6, 5), (7, 5))
    assert [first.stage, early.stage, late_.stage] == ["mql", "mql", "subscriber"]
    assert early.held == ("score 5 of 40, but stays 7 days",)
    assert late_.cause == "left mql: score 5 of 40"


def test_a_state_tells_since_when_why_and_what_the_next_stage_lacks():
    one, two = walk((0, scored(55, fit=12)), (3, scored(56, fit=12)), facts={"seniority": "vp"})
    assert one.cause == "score 55 reached 50, fit 12 reached 10" == two.cause
    assert one.since == two.since == DAY
    assert two.held == ("sql: score 56 of 70", "sql: BANT 1 of 2 (open: budget, timing)")


def test_evidence_can_be_a_rule_that_gave_points():
    assert names((0, scored(80, rules=["demo"])), facts={"seniority": "vp"}) == ["sql"]
    assert names((0, scored(80)), facts={"seniority": "vp"}) == ["mql"]


def test_a_required_group_keeps_a_lead_out_and_a_kept_one_in():
    assert names((0, scored(90, fit=9))) == ["lead"]
    assert names((0, 90), (1, scored(90, fit=5)), (2, scored(90, fit=4)), facts=KNOWN) == ["sql", "sql", "mql"]
    assert walk((0, 90), (1, scored(90, fit=4)), facts=KNOWN)[1].cause == "left sql: fit 4 of 5"


def test_a_dissolved_company_disqualifies_at_once_and_its_return_readmits():
    state = walk((0, 90), facts=KNOWN)[0]
    out = qualify(scored(90), {**KNOWN, "entity_status": "INACTIVE"}, STAGES, state, DAY)
    assert (out.stage, out.cause) == ("disqualified", "Dissolved")
    assert qualify(scored(90), KNOWN, STAGES, out, DAY).stage == "sql"


def test_a_gate_of_the_scoring_model_counts_as_well():
    gated = scored(90, gates=[("g", "disqualify", "No budget law")])
    assert names((0, gated)) == ["disqualified"]
    held = walk((0, scored(90, gates=[("g", "hold", "Wait")])))[0]
    assert held.stage == "subscriber" and "lead: Wait" in held.held


def test_a_hold_keeps_out_of_its_stages_and_ends_a_stay_without_waiting():
    free = {**KNOWN, "email_is_free": True}
    state = qualify(scored(90), free, STAGES, None, DAY)
    assert state.stage == "mql" and state.held == ("sql: Free e-mail",)
    was = qualify(scored(90), KNOWN, STAGES, None, DAY)
    now = qualify(scored(90), free, STAGES, was, DAY)
    assert (was.stage, now.stage, now.cause) == ("sql", "mql", "left sql: Free e-mail")


def test_who_may_not_be_scored_is_suppressed_and_not_low():
    state = walk((0, scored(0, excluded="opted out")), facts={"opted_out": True})[0]
    assert (state.stage, state.cause) == ("suppressed", "opted out")
    assert state.has(Action.SUPPRESS_NURTURE) and not state.has(Action.DISQUALIFY)


def test_a_stage_that_a_person_set_stands_whatever_the_score():
    facts = {"lifecycle_stage": "Opportunity"}
    state = walk((0, 0), (1, scored(0, excluded="opted out")), facts=facts)
    assert [one.stage for one in state] == ["opportunity", "opportunity"]
    assert state[0].cause == "lifecycle_stage was set to Opportunity"
    both = {"sales_status": "Qualified", "lifecycle_stage": "customer"}
    assert walk((0, 0), facts=both)[0].stage == "customer"


def test_leadsync_never_takes_a_lead_back_from_sales_but_suggests_to():
    state = qualify(scored(90), {"sales_status": "Qualified"}, STAGES, None, DAY)
    assert not state.recycle
    cold = qualify(scored(19), {"sales_status": "Qualified"}, STAGES, state, DAY + timedelta(days=90))
    assert cold.stage == "opportunity" and cold.recycle and cold.since == state.since
    blank = qualify(scored(19), {"sales_status": None}, STAGES, cold, DAY + timedelta(days=91))
    assert blank.stage == "opportunity"
    moved_back = qualify(scored(19), {"sales_status": "Open"}, STAGES, blank, DAY + timedelta(days=92))
    assert moved_back.stage == "lead"


def test_when_each_stage_was_first_reached_is_remembered():
    state = walk((0, 20), (1, 60), (20, 0), (30, 60))[-1]
    assert state.first("mql") == DAY + timedelta(days=1)
    assert state.first("sql") is None
    assert [name for name, _at in state.reached] == ["lead", "mql", "subscriber"]


def test_a_second_look_on_the_same_day_changes_nothing():
    for total in (0, 15, 55, 90):
        one, two = walk((0, total), (0, total), facts=KNOWN)
        assert one == two


def test_a_state_survives_packing():
    state = walk((0, scored(60, gates=[("g", "needs_review", "Look")])))[0]
    assert unpack(pack(state)) == state


def test_an_answer_is_late_after_the_hours_agreed():
    state = walk((0, 90), facts=KNOWN)[0]
    assert late(state, STAGES, None, DAY + timedelta(hours=2)) is None
    assert late(state, STAGES, None, DAY + timedelta(hours=5)) == timedelta(hours=3)
    assert late(state, STAGES, DAY + timedelta(hours=1), DAY + timedelta(days=5)) is None
    assert late(state, STAGES, DAY - timedelta(days=1), DAY + timedelta(hours=3)) == timedelta(hours=1)
    assert late(walk((0, 0))[0], STAGES, None, DAY + timedelta(days=9)) is None


def test_the_ladder_has_an_order():
    assert STAGES.at_least("sql", "mql") and STAGES.at_least("mql", "mql") and not STAGES.at_least("lead", "mql")
    assert not STAGES.at_least("disqualified", "mql") and not STAGES.at_least("sql", "nonsense")
    assert STAGES.names == ("subscriber", "lead", "mql", "sql", "opportunity", "customer", "suppressed", "disqualified")


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 100)), min_size=1, max_size=60))
def test_no_lead_ever_leaves_a_stage_downwards_within_its_minimum_days(steps):
    day, state = DAY, None
    for pause, total in steps:
        day += timedelta(days=pause)
        before, state = state, qualify(scored(total), KNOWN, STAGES, state, day)
        if before and STAGES.rank(state.stage) < STAGES.rank(before.stage):
            left = STAGES.stage(before.stage)
            assert (day - before.since).days >= left.min_days
            assert total * 100 < left.leave
        if before and STAGES.rank(state.stage) > STAGES.rank(before.stage):
            assert total * 100 >= STAGES.stage(state.stage).enter
        if before and state.stage == before.stage:
            assert state.since == before.since


def oracle(totals):
    """The three-stage ladder with one day between scores, written as a table of what each score allows."""
    stage, entered, found = 0, 0, []
    enter, leave, least = [0, 15, 50, 70], [0, 10, 40, 60], [0, 0, 7, 0]
    for day, total in enumerate(totals):
        best = max(i for i in range(4) if total >= enter[i])
        if best > stage:
            stage, entered = best, day
        elif total < leave[stage] and day - entered >= least[stage]:
            stage, entered = max(i for i in range(stage) if total >= leave[i]), day
        found.append(["subscriber", "lead", "mql", "sql"][stage])
    return found


@given(st.lists(st.integers(0, 100), min_size=1, max_size=40))
def test_the_machine_equals_a_table_of_what_each_score_allows(totals):
    assert names(*enumerate(totals), facts=KNOWN) == oracle(totals)


# ---- the file -----------------------------------------------------------------------------------------------------


def problem(text, models=()):
    with pytest.raises(Problems) as caught:
        load_stages(text, "stages.toml", models)
    assert len(caught.value.problems) == 1, caught.value
    return caught.value.problems[0]


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("leave = 40", "leave = 51", "LS606", "leave is above enter"),
        ("enter = 70\nleave = 60", "enter = 45\nleave = 30", "LS606", "lower than that of mql"),
        ("bant = 2", "bnat = 2", "LS602", 'Did you mean "bant"?'),
        ("bant = 2", "bant = 4", "LS607", "has 3 elements"),
        ('stages = ["sql"]', 'stages = ["sqll"]', "LS602", 'Did you mean "sql"?'),
        ('label = "Subscriber"', 'label = "S"\nenter = 5', "LS606", "where leads begin"),
        ('set_by = { lifecycle_stage = ["customer"] }', "", "LS609", "needs set_by"),
        ("keep = { fit = 5 }", "recycle_below = 5", "LS609", 'owner = "sales"'),
        ('action = "disqualify"', 'action = "disqualify"\nstages = ["sql"]', "LS609", 'action = "hold"'),
        ("seniority == 'vp'", "senority == 'vp'", "LS107", 'Did you mean "seniority"?'),
        ("min_days = 7", "min_dais = 7", "LS101", 'Did you mean "min_days"?'),
        ("[stage.lead]", "[stage.suppressed]", "LS601", "side state"),
        ("annual_revenue >= 1000000", "age >= 30", "LS603", "protected"),
    ],
)
def test_stages_that_cannot_be_meant_are_refused(old, new, code, says):
    assert old in TEXT
    found = problem(TEXT.replace(old, new, 1))
    assert found.code == code and says in found.message and found.line > 1


MODEL = """schema = 1
id = "m"
[group.fit]
label = "Fit"
limits = [0, 60]
[[rule]]
id = "demo"
group = "fit"
label = "Demo"
event = "demo_request"
points = 60
half_life_days = 10
"""


def test_a_threshold_that_no_lead_can_reach_is_refused():
    found = problem(TEXT, [load_model(MODEL, "scoring.toml")])
    assert found.code == "LS607" and "at most 60 points" in found.message and found.line == 17


def test_a_rule_that_the_model_does_not_have_is_refused():
    model = load_model(MODEL.replace("60", "90"), "scoring.toml")
    load_stages(TEXT, "stages.toml", [model])
    found = problem(TEXT.replace("rule.demo", "rule.dmeo"), [model])
    assert found.code == "LS107" and 'Did you mean "rule.demo"?' in found.message


def test_the_shipped_stages_fit_the_shipped_model():
    model = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
    stages = load_stages((MAPPINGS / "stages.toml").read_text(), "stages.toml", [model])
    assert stages.names[:4] == ("subscriber", "lead", "mql", "sql")


# ---- history ------------------------------------------------------------------------------------------------------


def test_replaying_the_days_of_touches_finds_when_a_stage_was_reached():
    model = load_model(MODEL.replace("60", "90"), "scoring.toml")
    person = Ref("x", "p", "1")
    touches = [
        Touchpoint(Ref("x", "form", str(days)), person, DAY - timedelta(days=days), "demo_request", "web")
        for days in (100, 40)
    ]
    days = touch_days(touches, DAY)
    assert [day.date().isoformat() for day in days] == ["2026-08-14", "2026-10-13", "2026-11-22"]
    *_, (score, state) = replay(KNOWN, touches, model, STAGES, days)
    assert state.first("sql") == days[0] and state.stage == "subscriber" and score.total == 5.71


SCREENED = (
    TEXT
    + """
[[screening]]
id = "sanctions"
file = "list.csv"
reason = "On the sanctions list"
stages = ["mql", "sql"]
cleared = ["Fine Steel GmbH"]
"""
)
ROWS = """name,aliases,country,lei,domain,kind,note
Dark Trading Ltd,Dark Commerce;DT Holding,gb,549300DARKTRADING0001,dark.example,company,program X
Steel Works,,,,,,
Fine Steel,,,,,,
,,Atlantis;KP,,,,embargo
"Doe, John",,,,,person,PEP
"""


def screened(facts, rows=ROWS, name="list.csv"):
    stages = load_stages(SCREENED.replace("list.csv", name), "stages.toml", lists=lambda _name: rows)
    (state,) = walk((0, 80), facts=KNOWN | facts, stages=stages)
    assert state.has(Action.SUPPRESS_NURTURE) == any(id_ == "sanctions" for id_, _action, _reason in state.gates)
    hits = [reason for id_, action, reason in state.gates if id_ == "sanctions" and action != Action.SUPPRESS_NURTURE]
    return state.stage, hits


@pytest.mark.parametrize(
    ("facts", "stage", "says"),
    [
        ({"lei": "549300darktrading0001"}, "disqualified", "its LEI 549300DARKTRADING0001 (program X)"),
        ({"ultimate_parent_lei": "549300DARKTRADING0001"}, "disqualified", "its owner's LEI"),
        ({"email_domain": "Dark.example"}, "disqualified", "the domain dark.example"),
        ({"website": "https://www.dark.example/about"}, "disqualified", "the domain dark.example"),
        ({"country": "North Korea"}, "disqualified", "the country KP (embargo)"),
        ({"legal_country": "KP", "country": "Germany"}, "disqualified", "the country KP"),
        ({"legal_country": "US", "country": "North Korea"}, "disqualified", "the country KP"),
        ({"company_name": "DARK TRADING LIMITED"}, "lead", "the company's name DARK TRADING LIMITED"),
        ({"legal_name": "DT Holding", "legal_country": "GB"}, "lead", "the company's legal name DT Holding"),
        ({"company_name": "Steel Works S.p.A.", "country": "Italy"}, "lead", "a person must look"),
        ({"first_name": "John", "last_name": "Doe"}, "lead", "the person's name (PEP)"),
        ({"ultimate_parent_name": "Dark Commerce", "legal_country": "FR"}, "lead", "its owner's name"),
    ],
)
def test_a_hit_on_a_list_stops_a_lead_or_asks_a_person(facts, stage, says):
    found, (reason,) = screened(facts)
    assert found == stage and reason.startswith("On the sanctions list") and says in reason


@pytest.mark.parametrize(
    "facts",
    [{}, {"company_name": "Bright Trading Ltd"}, {"legal_name": "Dark Trading", "legal_country": "NZ"},
     {"company_name": "Fine Steel GmbH"}, {"first_name": "John", "last_name": "Smith"}, {"country": ""}],
    ids=["nothing known", "another name", "the name in another country", "cleared", "another person", "blank"],
)  # fmt: skip
def test_who_is_not_on_the_list_goes_on_and_is_not_called_clear(facts):
    assert screened(facts) == ("sql", [])


def test_a_list_may_be_json():
    rows = '{"entries": [{"name": "Dark Trading", "lei": "549300DARKTRADING0001", "country": ["GB"]}]}'
    assert screened({"lei": "549300DARKTRADING0001"}, rows, "list.json")[0] == "disqualified"
    assert screened({"lei": "549300DARKTRADING0001"}, rows[12:-1], "list.json")[0] == "disqualified"


@pytest.mark.parametrize(
    ("rows", "name", "says"),
    [("", "a.csv", "none of the columns"), ("a,b\n1,2\n", "a.csv", "none of the columns"),
     ("name\n\n", "a.csv", "no entry"), ("{", "a.json", "not JSON"), ("[1]", "a.json", "neither a list"),
     ('name,country\n"Dark Trading,GB\nSteel Works,FR\n', "a.csv", "a.csv:2: a quotation mark"),
     ('name\nGood\n"' + "Dark Trading\n" * 20_000, "a.csv", "a.csv:3: a quotation mark"),
     (None, "a.csv", "lists are read only")],
)  # fmt: skip
def test_a_list_that_cannot_be_read_stops_the_run_with_its_line(rows, name, says):
    with pytest.raises(Problems) as caught:
        load_stages(SCREENED.replace("list.csv", name), "stages.toml", lists=None if rows is None else lambda _n: rows)
    (problem,) = caught.value.problems
    assert problem.code == "LS613" and says in problem.message and problem.line > 0


def answered(days, *hours, stage="sql", now=10):
    """The answers of a lead that became SQL after `days`, with contacts so many hours from the start."""
    (*_, state) = walk((days, 80), (now, {"sql": 80, "mql": 45}[stage]), facts=KNOWN)
    return answers(state, STAGES, [DAY + timedelta(hours=hour) for hour in hours])


def test_speed_to_lead_counts_from_entering_the_stage_to_the_first_contact_since():
    now = DAY + timedelta(days=10)
    found = [*answered(0, 1), *answered(0, -5, 3, 9), *answered(0, -5), *answered(10), *answered(0, stage="mql")]
    (row,) = speed(found, STAGES, now)
    assert (row.stage, row.agreed_hours, row.leads) == ("sql", 2, 5)
    assert (row.in_time, row.late, row.waiting, row.overdue, row.gone) == (1, 1, 1, 1, 1)
    assert row.median_hours == 2


def test_sales_taking_a_lead_is_an_answer():
    first = qualify(scored(80), KNOWN, STAGES, None, DAY)
    then = qualify(scored(80), KNOWN | {"lifecycle_stage": "opportunity"}, STAGES, first, DAY + timedelta(hours=1))
    (answer,) = answers(then, STAGES, [])
    assert answer.answered == DAY + timedelta(hours=1) and not answer.late(DAY + timedelta(days=9))


def test_a_state_says_by_when_it_should_be_answered():
    state = qualify(scored(80), KNOWN, STAGES, None, DAY)
    assert state.answer_by == DAY + timedelta(hours=2) and unpack(pack(state)) == state
    assert qualify(scored(20), {}, STAGES, None, DAY).answer_by is None
    old = {name: value for name, value in pack(state).items() if name != "answer_by"}
    assert unpack(old).answer_by is None
