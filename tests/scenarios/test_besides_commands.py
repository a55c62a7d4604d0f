"""What an admin reads of tasks and campaign influence: the commands' own words against sandboxes over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.test_besides import DEAL, INFLUENCE, MODEL, TASKS, seed
from tests.scenarios.test_operator_commands import House

from leadsync.rehearsal import rehearse

LISTS = """
[[track]]
name = "welcome"
on = { hubspot = "1" }
"""
PEOPLE = "ann@siemens.example", "bob@siemens.example"


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    """The two of `test_besides` in Salesforce, and an empty HubSpot; whoever came to us is to be called."""
    path = tmp_path / "seed.json"
    tokens = {"pat-lists": {"scopes": ["crm.objects.contacts.read", "crm.lists.read", "forms"]}}
    path.write_text(json.dumps({"salesforce": {"objects": seed()}, "hubspot": {"tokens": tokens}}), encoding="utf-8")
    with rehearse(str(path)) as served:
        house = House(tmp_path / "home", served, capsys)
        edit(house, "nurture.toml", TASKS)
        edit(house, "attribution.toml", INFLUENCE)
        house.run("provision")
        yield house


def edit(house: House, name: str, more: str) -> None:
    file = house.folder / "mappings" / name
    text = file.read_text(encoding="utf-8").replace('do = "enrol"\nchannel = "email"', 'do = "call"\nchannel = "phone"')
    text = re.sub(r"\[quiet\].*?\n\n", "", text, flags=re.DOTALL)
    file.write_text(text + more, encoding="utf-8")


def test_a_plan_names_them_a_run_makes_them_and_the_next_plan_is_empty(house: House) -> None:
    code, told = house.say("plan")
    assert code == 2
    assert re.search(r'\+ ann@siemens\.example \(Contact \w+\): "Call: [^"]+", due \d{4}-\d\d-\d\d', told)
    assert re.search(rf"\+ deal {DEAL} campaign \w+ person \w+: 40 %   by position, for Webinar on LEI on 2026", told)
    calls = int(re.search(r"cost in API calls: .*salesforce (\d+)", told)[1])  # type: ignore[index]
    assert "`leadsync sync` does the rest" in house.say("plan", "-o", str(house.folder / "plan.json"))[1]
    code, told = house.say("sync")
    assert (code, "tasks (salesforce): 2 made, 0 changed, 0 taken away" in told) == (0, True)
    assert "campaign influence (salesforce LeadSync): 3 made, 0 changed, 0 taken away" in told and calls >= 7
    code, report = house.run("plan")
    assert (code, report["besides"], report["api_calls"]) == (0, [], {})


def test_a_plan_for_machines_has_all_of_it(house: House) -> None:
    found = {one["what"]: one for one in house.run("plan")[1]["besides"]}
    assert [len(one["make"]) for one in found.values()] == [2, 3] and {one["side"] for one in found.values()} == {
        "salesforce"
    }
    assert {entry["about"]["deal"] for entry in found["campaign influence (salesforce LeadSync)"]["make"]} == {
        f"salesforce/Opportunity/{DEAL}"
    }


def test_why_tells_what_is_kept_about_somebody_and_how_it_stands(house: House) -> None:
    house.say("sync")
    _, told = house.say("why", "ann@siemens.example")
    assert re.search(r"tasks \(salesforce\) 00T\w+ .*\n  subject Call: .*\n  because: .*\n  stands: there", told)
    assert re.search(rf"campaign \w+, deal {DEAL}, share 40\n  because: by position, for Webinar on LEI", told)
    assert "tasks (salesforce): 2 there" in house.say("status")[1]
    assert re.search(r"keeps +tasks \(salesforce\) 00T\w+  .*; there", house.say("timeline", "bob@siemens.example")[1])
    kept = house.run("why", "bob@siemens.example")[1]["besides"]
    assert {one["stands"] for one in kept} == {"ours"} and len(kept) == 2


def test_the_gate_is_opened_by_name(house: House) -> None:
    config = house.folder / "config.toml"
    config.write_text(
        f"{config.read_text(encoding='utf-8')}\n[sync]\nfloor = 1\nmax_created_share = 1.0\n", encoding="utf-8"
    )
    code, told = house.say("sync")
    assert (code, "leadsync sync --open-gate besides" in told) == (2, True)
    assert "tasks (salesforce): 2 to make" in told
    assert "tasks (salesforce): 2 made" in house.say("sync", "--open-gate", "besides")[1]


def test_the_doctor_looks_at_what_is_asked_for(house: House) -> None:
    edit(house, "nurture.toml", LISTS.replace("1", "77"))
    house.served.sandbox("salesforce").seed({"settings": {"read_only_objects": ["Task"]}})
    (house.folder / "secrets" / "hubspot_token").write_text("pat-lists", encoding="utf-8")
    checks = {(c["area"], c["name"]): c for c in house.run("doctor")[1]["checks"]}
    assert checks["salesforce", "Task rights"]["found"] == "our user lacks Create, Delete"
    assert checks["salesforce", "influence model"]["state"] == "ok"
    assert checks["hubspot", "list scopes"]["found"] == "missing: crm.lists.write"
    assert checks["hubspot", "list 77"]["state"] == "fail"
    assert ("salesforce", "CampaignMember rights") not in checks, "no campaign is filled"


def test_a_plan_that_is_cached_asks_nobody_and_says_the_same(house: House) -> None:
    house.say("plan")
    before = house.served.sandbox("salesforce").counters.reads.total()
    assert "campaign influence (salesforce LeadSync): 3 to make" in house.say("plan", "--cached")[1]
    assert house.served.sandbox("salesforce").counters.reads.total() == before and MODEL
