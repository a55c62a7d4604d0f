"""Learning from history: honest examples, refusal, leaks, and a diff that is worth what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from benchmarks.learning import EMPTY
from benchmarks.learning import learned as learned_from_nothing
from tests.learn.world import BEGIN, HORIZON, history

from leadsync.errors import Misconfigured
from leadsync.learn import Cohort, cohort, lacking, leaks, outcome_of, propose
from leadsync.learn.aging import is_due, last_look, watch
from leadsync.learn.cohort import Example
from leadsync.learn.design import design
from leadsync.learn.drift import drift
from leadsync.learn.fit import RIDGE, RIDGES, fit, penalty, platt
from leadsync.learn.proposal import Proposal, Source
from leadsync.qualify import load_stages
from leadsync.records import Value
from leadsync.rulefiles.governance import Policy
from leadsync.score import Vocabulary, load_model, score
from leadsync.store import Store

MAPPINGS = Path(__file__).parents[2] / "mappings"
TEXT = (MAPPINGS / "scoring.toml").read_text(encoding="utf-8")
MODEL = load_model(TEXT, "scoring.toml")
STAGES = load_stages((MAPPINGS / "stages.toml").read_text(encoding="utf-8"), "stages.toml", [MODEL])
STAGE, OUTCOME, TELLING = outcome_of(STAGES)


def made(**how: object) -> Cohort:
    snapshots, touches, today = history(**how)  # type: ignore[arg-type]
    return cohort(snapshots, touches, OUTCOME, HORIZON, today)


def learned(text: str = TEXT, policy: Policy | None = None, **how: object) -> Proposal:
    old, new = made(**how).split()
    model = load_model(text, "scoring.toml")
    return propose(old, new, Source(text, "scoring.toml", model, policy or Policy(), TELLING))


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return learned()


# ---- examples


def test_an_outcome_is_what_people_say_and_never_a_stage_of_our_own() -> None:
    assert STAGE == "opportunity"
    assert OUTCOME({"lifecycle_stage": "customer"}) and OUTCOME({"sales_status": "Closed - Converted"})
    assert not OUTCOME({"lifecycle_stage": "marketingqualifiedlead"}) and not OUTCOME({})
    assert not outcome_of(STAGES, "customer")[1]({"lifecycle_stage": "opportunity"})
    with pytest.raises(Misconfigured, match="a stage of sales"):
        outcome_of(STAGES, "mql")


def test_an_example_knows_nothing_of_the_days_after_it() -> None:
    rows = [
        ("a", BEGIN, {"seniority": "vp"}),
        ("a", BEGIN + timedelta(days=10), {"seniority": "vp", "lifecycle_stage": "customer"}),
        ("b", BEGIN, {"lifecycle_stage": "customer"}),
        ("c", BEGIN + timedelta(days=100), {"seniority": "vp"}),
        ("d", BEGIN, {"seniority": "vp"}),
    ]
    snapshots, touches, _today = history(50)
    found = cohort(rows, touches, OUTCOME, HORIZON, BEGIN + timedelta(days=130))
    assert [(e.lead, (e.day - BEGIN).days, e.won) for e in found.examples] == [
        ("a", 0, True), ("d", 0, False), ("d", 60, False),
    ]  # fmt: skip
    assert "lifecycle_stage" not in found.examples[0].facts and found.examples[0].later["lifecycle_stage"] == "customer"
    assert [e.turn for e in found.examples] == [0, 0, 1]
    assert found.before == 1 and [e.lead for e in found.fresh] == ["c"]
    assert all(touch.at <= e.moment for e in made(count=200).examples for touch in e.touches)
    assert snapshots


def test_the_split_is_by_time_and_all_outcomes_of_the_older_part_were_known_by_then() -> None:
    some = made()
    old, new = some.split()
    assert max(e.day for e in old) + HORIZON <= min(e.day for e in new)
    assert len(old) > 1000 and len(new) > 500


def test_with_too_little_it_is_said_how_much_is_missing() -> None:
    lacks = {lack.what: lack for lack in lacking(made(count=200))}
    first = lacks["leads to learn from, known for longer than the horizon"]
    assert first.have < 200 and f"{first.need - first.have} are missing" in first.words
    assert lacking(Cohort((), HORIZON)) and not lacking(made())


# ---- the proposal


def test_the_diff_follows_the_odds_that_made_the_history(proposal: Proposal) -> None:
    changes = {(c.rule, c.label.rpartition(": ")[2]): c for c in proposal.changes}
    assert changes["region", "north"].fresh and changes["region", "north"].proposed > 0
    model = load_model(proposal.text, "scoring.toml")
    points = next(rule for rule in model.rules if rule.id == "seniority").test.points  # type: ignore[union-attr]
    assert points["c_level"] > points["individual"] > points["student"]  # type: ignore[index]
    for change in proposal.changes:
        assert not change.low <= change.now <= change.high
        assert change.leads >= 20


def test_the_proposed_file_is_worth_what_is_told_of_it(proposal: Proposal) -> None:
    assert proposal.gain is not None and proposal.now is not None and proposal.proposed is not None
    assert proposal.gain[1] > 0 and "better" in proposal.verdict
    assert proposal.proposed.auc - proposal.now.auc == pytest.approx(proposal.gain[0])
    old, new = made().split()
    edited = load_model(proposal.text, "scoring.toml")
    ranked = sorted(new, key=lambda e: -score(e.facts, e.touches, edited, e.moment).centi)
    best = ranked[: max(1, len(ranked) // 10)]
    lift = (sum(e.won for e in best) / len(best)) / (sum(e.won for e in new) / len(new))
    assert lift == pytest.approx(proposal.proposed.lift, abs=0.5)
    assert proposal.proposed.low < proposal.proposed.auc < proposal.proposed.high
    assert old


def test_only_numbers_are_edited_and_comments_stay(proposal: Proposal) -> None:
    removed = [line[1:] for line in proposal.diff.splitlines() if line.startswith("-") and not line.startswith("---")]
    assert removed and all(line.startswith(("points", "bands", "each", "cap")) for line in removed)
    assert [line for line in TEXT.splitlines() if line.startswith("#")] == [
        line for line in proposal.text.splitlines() if line.startswith("#")
    ]
    assert proposal.diff.startswith("--- scoring.toml\n+++ proposed\n")


def test_what_tells_the_outcome_is_never_learned_from(proposal: Proposal) -> None:
    assert not {change.rule for change in proposal.changes} & (TELLING | {"lifecycle_stage"})


def test_a_field_that_may_not_be_scored_is_not_proposed() -> None:
    found = learned(policy=Policy(never_score=("region",)))
    assert "region" not in {change.rule for change in found.changes}


def test_without_signal_nothing_is_proposed() -> None:
    found = learned(signal=0.0)
    assert found.text == "" == found.diff
    assert "Nothing is proposed" in found.verdict


@pytest.mark.parametrize("leak", ["afterwards", "backfilled"])
def test_a_field_that_knows_the_outcome_is_reported_and_not_learned_from(leak: str) -> None:
    found = learned(leak=leak)
    assert [some.field for some in found.leaks] == ["industry"]
    reason = "filled in afterwards" if leak == "afterwards" else "it alone ranks leads"
    assert reason in found.leaks[0].reason
    assert "industry" not in {change.rule for change in found.changes}
    assert found.learned is not None and found.learned.auc < 0.9


def test_an_honest_history_has_no_leak() -> None:
    old, _new = made().split()
    assert leaks(old, ["seniority", "region", "employees", "has_phone", "industry"]) == []


def plain(count: int, facts: Callable[[np.random.Generator], tuple[dict[str, Value], float]]) -> list[Example]:
    """Leads a day apart that were seen once; `facts` makes those of one lead, and its chance to convert."""
    chance = np.random.default_rng(5)
    some = []
    for number in range(count):
        known, odds = facts(chance)
        won = bool(chance.random() < odds)
        some.append(Example(str(number), date(2020, 1, 1) + timedelta(days=number), known, (), won, known))
    return some


def proposed(some: list[Example]) -> Proposal:
    """What is proposed to a file that has no rule on any of the facts, from the first 70 %."""
    cut = len(some) * 7 // 10
    return learned_from_nothing(some[:cut], some[cut:])


def test_what_is_only_filled_in_beside_a_leak_is_a_leak_too() -> None:
    def facts(chance: np.random.Generator) -> tuple[dict[str, Value], float]:
        tagged, good = chance.random() < 0.6, chance.random() < 0.5
        tags = ("will sign" if good else "ringing") if tagged else None
        quality = str(chance.choice(["high", "low"])) if tagged and chance.random() < 0.7 else None
        budget = str(chance.choice(["big", "small"])) if chance.random() < 0.7 else None
        return {"tags": tags, "quality": quality, "budget": budget}, (0.99 if good else 0.01) if tagged else 0.05

    found = leaks(plain(1000, facts), ["quality", "tags", "budget"])
    assert [leak.field for leak in found] == ["quality", "tags"]
    assert found[0].reason == "100.0% of the leads that have it have tags too, which is a leak: one hand fills in both"


def test_a_new_rule_on_where_leads_come_from_says_why() -> None:
    def facts(chance: np.random.Generator) -> tuple[dict[str, Value], float]:
        source = str(chance.choice(["Web", "Referral", "Fair"]))
        return {"lead_source": source}, {"Web": 0.2, "Referral": 0.6, "Fair": 0.3}[source]

    found = proposed(plain(2000, facts))
    assert found.by_hand == () and {change.rule for change in found.changes} == {"lead_source"}
    rule = next(rule for rule in load_model(found.text, "scoring.toml").rules if rule.id == "lead_source")
    assert rule.why == "learned from how many of 1,400 leads converted"


def test_a_number_that_many_have_is_a_band_of_its_own_and_takes_none_from_the_others() -> None:
    def facts(chance: np.random.Generator) -> tuple[dict[str, Value], float]:
        visits = 0 if chance.random() < 0.6 else int(chance.integers(1, 1001))
        return {"visits": visits}, 0.1 + 0.8 * visits / 1000

    some = plain(4000, facts)
    model = load_model(EMPTY, "scoring.toml", Vocabulary(frozenset({"visits"})))
    floors = [level.floor for level in design(some, model, ["visits"], len(some)).levels]
    assert len(floors) == 7 and floors[0] == 1  # eight bands with those of 0, whom the others are compared with
    assert all(abs(floor - even) < 40 for floor, even in zip(floors[1:], range(143, 1000, 143), strict=True))


def test_a_fact_that_says_nothing_takes_nothing_from_those_that_do() -> None:
    def facts(chance: np.random.Generator) -> tuple[dict[str, Value], float]:
        visits = int(chance.integers(0, 4))
        seen = visits if chance.random() < 0.8 else int(chance.integers(0, 4))
        return {"visits": str(visits), "pages": str(seen)}, 0.1 + 0.2 * visits

    some = plain(2500, facts)
    alone = [replace(e, facts={"visits": e.facts["visits"]}, later={}) for e in some]
    both, without = proposed(some), proposed(alone)
    assert {change.rule for change in both.changes} == {"visits"}
    assert both.changes == without.changes


def test_a_fact_that_has_the_name_of_another_facts_rule_gets_a_rule_of_its_own() -> None:
    """The shipped rule "industry" looks at `industry_group`; what the CRM calls industry is another fact."""
    text = TEXT.replace('id = "seniority"', 'id = "region"')
    found = learned(text)
    changed = {change.rule: change for change in found.changes if "north" in change.label.casefold()}
    (own,) = changed.values()
    assert own.rule != "region" and own.fresh
    model = load_model(found.text, "proposed.toml")
    rules = {rule.id: rule.test for rule in model.rules}
    assert "north" not in rules["region"].points and rules[own.rule].field == "region"  # type: ignore[union-attr]


def test_the_penalty_is_the_one_under_which_earlier_leads_tell_later_ones_best() -> None:
    chance = np.random.default_rng(8)
    noise, won = chance.random((300, 60)) < 0.3, chance.random(300) < 0.3
    none = np.zeros((300, 0))
    assert penalty(noise.astype(float), won, none) == RIDGES[-1]
    rare = np.where(np.arange(4000) % 50 == 0, 1.0, 0.0)[:, None]
    sure = (chance.random(4000) < np.where(rare[:, 0] == 1, 0.95, 0.3)).astype(bool)
    assert penalty(rare, sure, np.zeros((4000, 0))) == RIDGES[0]
    assert penalty(noise.astype(float), np.arange(300) < 20, none) == RIDGE


# ---- aging


def test_a_model_does_not_age_while_leads_and_odds_stay_as_they_are() -> None:
    some = made()
    found = drift(*some.firsts(), some.fresh, MODEL)
    assert found.warnings == [] and found.shift < 0.1 and abs(found.told - found.came) < 0.05


def test_other_odds_and_other_leads_are_warned_of() -> None:
    old, new = made().firsts()
    assert {e.lead for e in old} & {e.lead for e in new} == set()
    seldom = [replace(e, won=e.won and hash_of(e.lead) % 4 == 0) for e in new]
    assert any("thresholds mean something else now" in text for text in drift(old, seldom, (), MODEL).warnings)
    students = [replace(e, facts={**e.facts, "seniority": "student"}) for e in new]
    warnings = drift(old, students, (), MODEL).warnings
    assert any("score otherwise" in text for text in warnings)
    assert any(text.startswith("seniority fires otherwise") for text in warnings)
    blind = [replace(e, won=new[-1 - i].won) for i, e in enumerate(new)]
    assert any("the ranking got worse" in text for text in drift(old, blind, (), MODEL).warnings)


def test_leads_too_new_to_have_an_outcome_already_show_that_leads_are_others() -> None:
    old, new = made().firsts()
    fresh = [replace(e, facts={**e.facts, "seniority": "student"}, won=False) for e in new]
    found = drift(old, new, fresh, MODEL)
    assert any("score otherwise" in text for text in found.warnings)
    assert abs(found.told - found.came) < 0.05


def test_the_daemon_looks_once_a_week_and_repeats_what_it_found(tmp_path: Path) -> None:
    snapshots, touches, today = history()
    now = datetime.combine(today + timedelta(days=30), datetime.min.time(), UTC)
    with Store(tmp_path / "state.db") as store, store.transaction():
        for lead, day, facts in snapshots:
            late = (day - BEGIN).days > 140
            own = {**facts, "seniority": "student"} if late else facts
            store.connection.execute("INSERT INTO snapshot VALUES (?, ?, ?)", (lead, day.isoformat(), json.dumps(own)))
        found = watch(store, touches, lambda _facts: MODEL, STAGES, now)
        assert any(text.startswith("b2b-core: the leads of today score otherwise") for text in found)
        assert last_look(store) == (now, found)
        store.connection.execute("DELETE FROM snapshot")
        assert watch(store, touches, lambda _facts: MODEL, STAGES, now + timedelta(days=6)) == found
        assert watch(store, touches, lambda _facts: MODEL, STAGES, now + timedelta(days=7)) == ()
        assert last_look(store) == (now + timedelta(days=7), ())


def test_a_look_that_a_wrong_clock_dated_into_the_future_puts_off_no_other(tmp_path: Path) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    with Store(tmp_path / "state.db") as store, store.transaction():
        watch(store, {}, lambda _facts: MODEL, STAGES, now + timedelta(days=365))
        assert is_due(store, now)
        watch(store, {}, lambda _facts: MODEL, STAGES, now)
        assert last_look(store)[0] == now and not is_due(store, now + timedelta(days=6))


def test_the_daemons_own_fit_is_that_of_scikit_learn() -> None:
    chance = np.random.default_rng(2)
    points, terms = chance.normal(size=500) * 20, (chance.random((500, 2)) < 0.3).astype(float)
    won = chance.random(500) < 1 / (1 + np.exp(-(points / 20 - 2 * terms[:, 0])))
    by = platt(points, won, terms)
    theirs = fit((points / np.std(points))[:, None], won, terms)
    assert by.intercept == pytest.approx(theirs.intercept, abs=1e-4)
    assert by.slope * np.std(points) == pytest.approx(theirs.odds[0], abs=1e-4)
    assert by.terms == pytest.approx(theirs.terms, abs=1e-4)


def hash_of(lead: str) -> int:
    return int(lead.rpartition("-")[2])


def test_learning_twice_comes_to_the_same(proposal: Proposal) -> None:
    assert learned() == proposal
