"""The mapping files together: scoring and stages know the mapping's own fields, touch rules' events, CRM names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.engine import KINDS

from leadsync.connector import ObjectType
from leadsync.files import mappings_folder
from leadsync.mapping.problems import Problems
from leadsync.rules import Rulebook, load_rulebook

PACKS = ["b2b_software", "customer_success", "ecommerce", "financial_services", "real_estate"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(mappings_folder(), tmp_path / "mappings"))


def rules(folder: Path) -> Rulebook:
    sides = {side: [ObjectType(k, r, preferred=i) for i, (k, r) in enumerate(of.items())] for side, of in KINDS.items()}
    return load_rulebook(folder, sides)


def add(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def own_field(folder: Path, crm_name: str) -> None:
    add(folder / "lead.toml", f'\n[field.segment]\nlabel = "Segment"\ndirection = "read"\nhubspot = "{crm_name}"\n')
    rule = 'id = "segment"\ngroup = "fit"\nlabel = "Segment"\nfield = "segment"\npoints = {{ gold = 5 }}\n'
    add(folder / "scoring.toml", f"\n[[rule]]\n{rule.replace('{{', '{').replace('}}', '}')}")


def test_a_field_that_the_mapping_adds_can_be_scored_without_saying_it_twice(folder: Path) -> None:
    own_field(folder, "customer_segment")
    assert "segment" in rules(folder).models[-1].fields()


@pytest.mark.parametrize(
    ("name", "reason"), [("gender", "gender"), ("hs_date_of_birth", "date_of_birth"), ("cpl", "commercial")]
)
def test_a_protected_or_commercial_field_is_refused_whatever_the_mapping_calls_it(
    folder: Path, name: str, reason: str
) -> None:
    own_field(folder, name)
    with pytest.raises(Problems, match=rf'"segment" \(known in a CRM as "{name}"\).*{reason}') as found:
        rules(folder)
    assert len(found.value.problems) == 1


def test_an_event_that_no_touch_rule_makes_is_refused_with_what_there_is(folder: Path) -> None:
    path = folder / "scoring.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"demo_request"', '"demo_reqest"'), encoding="utf-8")
    with pytest.raises(Problems, match=r"(?s)LS610.*demo_reqest.*demo_request"):
        rules(folder)


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_works_beside_the_shipped_model(folder: Path, pack: str) -> None:
    target = folder / "models" / f"{pack}.toml"
    target.parent.mkdir()
    text = (folder / "packs" / pack / "scoring.toml").read_text(encoding="utf-8")
    more = "" if "\n[select]\n" in text else "\n[select]\nwhen = \"company_name == 'Acme'\"\n"
    target.write_text(text + more, encoding="utf-8")
    found = rules(folder)
    assert [model.select is None for model in found.models] == [False, True]
    chosen = found.scoring({"company_name": "Acme", "lifecycle_stage": "customer"})
    assert chosen is found.models[0] and found.scoring({"company_name": "Other"}) is found.models[1]


def test_models_that_leave_some_leads_to_none_are_refused_before_a_run_meets_one(folder: Path) -> None:
    """As where a pack with a [select] of its own is copied over scoring.toml."""
    shutil.copy(folder / "packs" / "customer_success" / "scoring.toml", folder / "scoring.toml")
    (folder / "models").mkdir()
    with pytest.raises(Problems, match=r"no model takes every lead") as found:
        rules(folder)
    assert [problem.code for problem in found.value.problems if "every lead" in problem.message] == ["LS609"]
