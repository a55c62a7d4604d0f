"""Every shipped model comes with cases, and they come out as they say; every rule is seen at work and at rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadsync.mapping.problems import Problems
from leadsync.score import choose, load_model, load_models
from leadsync.score.cases import check_cases, run_cases, unseen

MAPPINGS = Path(__file__).parents[2] / "mappings"
PACKS = sorted(path.parent.name for path in (MAPPINGS / "packs").glob("*/scoring.toml"))
FILES = {"the shipped model": (MAPPINGS / "scoring.toml", MAPPINGS / "scoring.cases.toml")} | {
    f"the pack {name}": (MAPPINGS / "packs" / name / "scoring.toml", MAPPINGS / "packs" / name / "cases.toml")
    for name in PACKS
}


def read(name):
    model, cases = FILES[name]
    return load_model(model.read_text(), model.name), cases.read_text(), cases.name


@pytest.mark.parametrize("name", FILES)
def test_the_cases_come_out_as_they_say(name):
    model, text, file = read(name)
    outcome = run_cases(text, file, model)
    assert not outcome.problems, "\n".join(map(str, outcome.problems))
    for found in outcome.scores.values():
        assert sum(reason.centi for reason in found.reasons) == found.centi


@pytest.mark.parametrize("name", FILES)
def test_every_rule_is_seen_at_work_and_at_rest(name):
    model, text, file = read(name)
    assert [problem.message for problem in unseen(run_cases(text, file, model), model, file)] == []


def test_there_is_a_pack_for_each_of_the_trades_promised():
    assert PACKS == ["b2b_software", "customer_success", "ecommerce", "financial_services", "real_estate"]


def test_the_packs_stand_beside_each_other_with_a_selector():
    texts = {name: FILES[name][0].read_text() for name in ("the shipped model", "the pack customer_success")}
    models = load_models(texts)
    assert choose(models, {"lifecycle_stage": "customer"}).id == "customer-success"
    assert choose(models, {"lifecycle_stage": "lead"}).id == "b2b-core"


MODEL = """schema = 1
id = "m"
[group.fit]
label = "Fit"
limits = [0, 40]
[[rule]]
id = "phone"
group = "fit"
label = "Phone"
field = "has_phone"
points = { true = 4 }
"""
CASES = """schema = 1
as_of = "2026-11-22"
[[case]]
name = "one"
facts = { phone = "+1 555 0100 200" }
expect = { total = 5, rules = { phone = 4 } }
"""


def test_a_case_that_comes_out_otherwise_is_told_with_its_line_and_reasons():
    model = load_model(MODEL, "scoring.toml")
    with pytest.raises(Problems) as caught:
        check_cases(CASES, "cases.toml", model)
    (problem,) = caught.value.problems
    assert problem.line == 6 and problem.message == "total is to be 5.0 and is 4" and problem.help == "+4 Phone"
    check_cases(CASES.replace("total = 5", "total = 4"), "cases.toml", model)


def test_a_rule_that_no_case_sees_is_told():
    model = load_model(MODEL, "scoring.toml")
    found = unseen(run_cases(CASES, "cases.toml", model), model, "cases.toml")
    assert [problem.message for problem in found] == ['no case sees the rule "phone" give none']
