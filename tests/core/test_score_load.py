"""What the scoring model's loader refuses: all at once, each with its line and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadsync.mapping.problems import Problems
from leadsync.rulefiles.findings import CODES
from leadsync.rulefiles.governance import Policy, objection, words
from leadsync.score import Vocabulary, choose, load_model, load_models

MAPPINGS = Path(__file__).parents[2] / "mappings"
HEAD = """schema = 1
id = "test"
[group.fit]
label = "Fit"
limits = [0, 40]
"""
RULE = """[[rule]]
id = "phone"
group = "fit"
label = "Phone"
field = "has_phone"
points = { true = 1 }
"""


def problems(text, vocabulary=None):
    with pytest.raises(Problems) as caught:
        load_model(text, "scoring.toml", vocabulary)
    return caught.value.problems


def problem(text, vocabulary=None):
    found = problems(text, vocabulary)
    assert len(found) == 1, found
    return found[0]


def one_rule(text):
    return HEAD + f'[[rule]]\nid = "x"\ngroup = "fit"\nlabel = "X"\n{text}\n'


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ('field = "has_phne"\npoints = { true = 1 }', "LS604", 'Did you mean "has_phone"?'),
        ('field = "has_phone"\npoint = { true = 1 }', "LS101", 'Did you mean "points"?'),
        ('field = "has_phone"\npoints = 5', "LS609", "of no kind"),
        ('field = "has_phone"', "LS609", "of no kind"),
        ('points = 5', "LS609", "of no kind"),
        ('event = "demo"\nfield = "has_phone"\npoints = 5', "LS609", "of several"),
        ('event = "demo"\npoints = 5\nhalf_life_days = 3\nfade_days = 4', "LS609", "keep one"),
        ('field = "has_phone"\npoints = { true = 1 }\nhalf_life_days = 3', "LS609", "do not fade"),
        ('field = "has_phone"\npoints = { true = 0 }', "LS605", "no points whatever"),
        ('event = "demo"\npoints = 5\ncap = 0', "LS605", "more than 0"),
        ('field = "employees"\nbands = [[10, 1], [5, 2]]', "LS606", "rise"),
        ('field = "lead_source"\npoints = { Web = 1 }', "LS608", "has no why"),
        ('when = "lead_source == \'Web\'"\npoints = 3', "LS608", "has no why"),
        ('when = "employees >"\npoints = 3', "LS106", "cannot read the condition"),
        ('when = "employes > 3"\npoints = 3', "LS107", 'Did you mean "employees"?'),
        ('field = "seniority"\npoints = { vp = 3 }\nnames = { vpp = "VP" }', "LS602", 'Did you mean "vp"?'),
        ('field = "has_phone"\npoints = { true = 1.005 }', "LS104", "two decimals"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_meant_is_refused(text, code, says):
    found = problem(one_rule(text))
    assert found.code == code
    assert says in found.message
    assert found.line >= HEAD.count("\n") + 1


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        (HEAD + RULE + RULE, "LS601", "is taken"),
        (HEAD + RULE.replace('"fit"', '"fti"'), "LS602", 'Did you mean "fit"?'),
        (HEAD.replace("[0, 40]", "[50, 40]") + RULE, "LS606", "above the upper"),
        (HEAD + RULE + "[grade]\nfitt = { A = 3 }\n", "LS602", 'Did you mean "fit"?'),
        (HEAD + RULE + "[grade]\nfit = { A = 3, B = 9 }\n", "LS606", "fall from the best"),
        (HEAD + RULE + "[stage.mql]\nenter = 3\n", "LS609", "stages.toml"),
        (HEAD + RULE + '[[gate]]\nid = "g"\nreason = "r"\nfield = "lei"\n', "LS609", "exactly one of is"),
        (HEAD + RULE + '[[gate]]\nid = "g"\nreason = "r"\n', "LS609", "either field and is, or when"),
        (HEAD.replace("schema = 1", "schema = 2") + RULE, "LS102", "schema"),
        (HEAD + RULE + "as_of = \n", "LS001", ""),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(text, code, says):
    found = problem(text)
    assert found.code == code and says in found.message


def test_all_problems_are_told_at_once_each_with_its_line():
    text = HEAD + RULE.replace("has_phone", "has_phne") + RULE.replace('"phone"', '"b"').replace('"fit"', '"fti"')
    assert [(found.code, found.line) for found in problems(text)] == [("LS604", 10), ("LS602", 14)]


def test_an_event_that_no_touch_rule_makes_is_a_typo():
    text = one_rule('event = ["demo_reqest"]\npoints = 5')
    found = problem(text, Vocabulary(events={"demo_request"}))
    assert found.code == "LS610" and 'Did you mean "demo_request"?' in found.message
    assert load_model(text, "scoring.toml").events() == {"demo_reqest"}


@pytest.mark.parametrize(
    "name",
    [
        "age", "Age__c", "birthDate", "hs_date_of_birth", "Gender__c", "salutation", "religion", "maritalStatus",
        "nationality", "source_cpl", "affiliate_commission", "Partner_Tier__c",
    ],
)  # fmt: skip
def test_protected_and_commercial_fields_are_refused_under_any_name(name):
    vocabulary = Vocabulary(fields={name, "has_phone"})
    by_field = problem(one_rule(f'field = "{name}"\npoints = {{ x = 1 }}'), vocabulary)
    by_condition = problem(one_rule(f'when = "{name} == 1"\npoints = 1'), vocabulary)
    by_gate = problem(HEAD + RULE + f'[[gate]]\nid = "g"\nreason = "r"\nfield = "{name}"\nis = 1\n', vocabulary)
    selected = problem(HEAD + RULE + f'[select]\nwhen = "{name} == 1"\n', vocabulary)
    assert {found.code for found in (by_field, by_condition, by_gate, selected)} == {"LS603"}


def test_a_harmless_name_is_refused_when_a_crm_calls_the_field_something_protected():
    vocabulary = Vocabulary(fields={"custom_7"}, aliases={"custom_7": ["Custom_7__c", "Date of birth"]})
    found = problem(one_rule('field = "custom_7"\nbands = [[1, 2]]'), vocabulary)
    assert found.code == "LS603" and 'known in a CRM as "Date of birth"' in found.message


def test_the_admins_own_list_is_refused_too():
    text = one_rule('field = "city"\npoints = { Berlin = 1 }') + '[governance]\nnever_score = ["city"]\n'
    assert "never_score" in problem(text).message


def test_a_name_that_only_sounds_personal_can_be_explained_but_a_persons_age_cannot():
    tail = '[governance.about_company]\ncontract_age = "how long the contract runs"\nage = "?"\n'
    fine = one_rule('field = "contract_age"\nbands = [[1, 2]]') + tail
    assert load_model(fine, "s", Vocabulary(fields={"contract_age"})).fields() == {"contract_age"}
    assert problem(one_rule('field = "age"\nbands = [[1, 2]]') + tail, Vocabulary(fields={"age"})).code == "LS603"
    assert problem(one_rule('field = "contract_age"\nbands = [[1, 2]]'), Vocabulary(fields={"contract_age"}))


def test_names_are_compared_word_by_word():
    assert words("Date_of_Birth__c") == ("date", "of", "birth")
    assert words("hsBirthDate") == ("hs", "birth", "date")
    for innocent in ("page_views", "average_deal", "language", "package", "health_score", "team_usage", "city"):
        assert objection(innocent, Policy()) is None


def test_of_several_models_the_first_that_takes_a_lead_is_its():
    texts = {
        "default.toml": HEAD.replace("test", "default") + RULE,
        "emea.toml": HEAD.replace("test", "emea") + RULE + "[select]\nwhen = \"country in ['DE', 'FR']\"\norder = 2\n",
        "big.toml": HEAD.replace("test", "big") + RULE + '[select]\nwhen = "employees >= 1000"\norder = 1\n',
    }
    models = load_models(texts)
    assert [model.id for model in models] == ["big", "emea", "default"]
    assert choose(models, {"country": "DE", "employees": 5000}).id == "big"
    assert choose(models, {"country": "DE"}).id == "emea"
    assert choose(models, {}).id == "default"
    with pytest.raises(LookupError, match=r"no \[select\]"):
        choose(models[:2], {})


def test_problems_of_several_files_come_together():
    with pytest.raises(Problems) as caught:
        load_models({"a.toml": HEAD, "b.toml": one_rule("points = 5")})
    assert [found.file for found in caught.value.problems] == ["a.toml", "b.toml"]


def test_the_shipped_model_reads_and_every_code_is_explained():
    model = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
    assert model.id == "b2b-core" and len(model.rules) > 20
    assert sum(group.high for group in model.groups) == model.high == 10000
    assert all(code.startswith("LS6") and text.endswith(".") for code, text in CODES.items())
