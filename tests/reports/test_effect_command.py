"""`leadsync plan --config FOLDER`: what an edit would change is what it then does change."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import pytest
from tests.engine import rulebook
from tests.reports.house import House

from leadsync.cli.main import cli
from leadsync.errors import Misconfigured


def edited(house: House, old: str, new: str, file: str = "scoring.toml") -> Path:
    """A copy of the mapping files with an edit."""
    folder = house.folder / "edited"
    if not folder.exists():
        shutil.copytree(house.folder / "mappings", folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / file).write_text(text.replace(old, new), encoding="utf-8")
    return folder


def told(house: House, folder: Path, capsys: pytest.CaptureFixture[str], *more: str, code: int = 2) -> str:
    live = ["--live", str(house.folder / "config.toml")]
    assert cli.main(["plan", "--config", str(folder), *live, *more], standalone_mode=False) == code
    return capsys.readouterr().out


@pytest.fixture
def leads(house: House) -> House:
    for number in range(1, 5):
        house.lead(number, ("Request a demo", 2), jobtitle="CTO")
    house.lead(5, jobtitle="Intern")
    house.stage.run()
    house.stage.run()
    return house


def test_the_effect_that_is_told_is_the_one_that_comes(leads: House, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited(leads, "c_level = 15,", "c_level = 2,")
    found = json.loads(told(leads, folder, capsys, "--output", "json"))
    assert len(found["changes"]) == 4 and {c["delta"] for c in found["changes"]} == {-13}
    assert found["scores_to_write"] == 4
    assert found["writes"] == {"before": 0, "after": 8, "because_of_the_edit": 8}
    assert found["api_calls"]["before"] == {}
    assert sum(found["distribution"]["after"].values()) == found["leads"] == 5
    assert "webinar" in found["rules_that_never_fire"] and "demo" not in found["rules_that_never_fire"]
    shutil.copy(folder / "scoring.toml", leads.folder / "mappings" / "scoring.toml")
    rulebook.cache_clear()
    done = leads.stage.run()
    assert len(done.plan.steps) == found["writes"]["after"]
    after = {judged.lead.uid: (judged.score.total, judged.stage.stage) for judged in done.view.leads}
    assert all(after[change["lead"]][0] == change["after"] for change in found["changes"])
    for move in found["stages"]:
        assert after[move["lead"]][1] == move["after"]


def test_people_read_who_moves_and_what_it_costs(leads: House, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited(leads, "c_level = 15,", "c_level = 2,")
    text = told(leads, folder, capsys, "--limit", "2", "--html", str(leads.folder / "e.html"))
    assert "4 of 5 leads would have another score" in text and "8 of them because of the edit" in text
    assert "… and 2 more" in text
    assert "<svg" in (leads.folder / "e.html").read_text(encoding="utf-8")


def test_the_same_files_change_nothing(leads: House, capsys: pytest.CaptureFixture[str]) -> None:
    folder = edited(leads, "c_level = 15,", "c_level = 15,")
    assert "0 of 5 leads would have another score" in told(leads, folder, capsys, code=0)


def test_an_edit_of_the_stages_moves_leads_without_touching_a_score(
    leads: House, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = edited(leads, "enter = 15\nleave = 8", "enter = 0\nleave = 0", "stages.toml")
    text = told(leads, folder, capsys)
    assert "0 of 5 leads would have another score" in text and "subscriber → lead 1" in text


def test_what_cannot_be_compared_is_said(leads: House, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Misconfigured, match="no mapping files there"):
        told(leads, _empty(leads), capsys)
    with pytest.raises(click.UsageError, match="--config FOLDER"):
        cli.main(["plan", "--config", str(leads.folder / "config.toml"), "--html", "x"], standalone_mode=False)


def _empty(house: House) -> Path:
    folder = house.folder / "empty"
    folder.mkdir()
    return folder
