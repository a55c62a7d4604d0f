"""`leadsync attribute`: credit from a plain CSV in any of its forms, and the report of an installation."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
from pathlib import Path

import click
import pytest
from tests.reports.house import House

from leadsync.attribute import STANDARD
from leadsync.cli.csv_text import lines_of
from leadsync.cli.main import cli
from leadsync.errors import Misconfigured

WIDE = """journey_id,path,conv,value,hours
1,a > b > c,1,100,108 > 77 > 46
2,a > a,0,0,20 > 10
3,c,1,50,5
4,b > a,1,30,9 > 3
"""
COUNTED = "path,total_conversions,total_conversion_value,total_null\na > b,2,20,3\nb,1,10,0\n"
LONG = """journey,time,channel,conversion,value
1,2026-01-01T00:00:00,a,0,0
1,2026-01-03T00:00:00,b,1,100
2,2026-01-02T00:00:00,c,0,0
"""


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Standard output of `leadsync attribute` in a folder without any configuration."""
    assert cli.main(["attribute", *arguments], standalone_mode=False) == 0
    return capsys.readouterr().out


def table(text: str) -> dict[str, tuple[float, float]]:
    rows = csv.DictReader(io.StringIO(text))
    return {row["channel"]: (float(row["conversions"]), float(row["value"])) for row in rows}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


EQUAL = {"a": (5 / 6, 100 / 3 + 15), "b": (5 / 6, 100 / 3 + 15), "c": (4 / 3, 100 / 3 + 50)}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {"a": (1, 100), "b": (1, 30), "c": (1, 50)}),
        ("last", {"a": (1, 30), "b": (0, 0), "c": (2, 150)}),
        ("linear", EQUAL),
        ("shapley", EQUAL),
    ],
)
def test_a_wide_file_is_credited_without_configuration(
    model: str, expected: dict[str, tuple[float, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    found = table(told(capsys, written("w.csv", WIDE), "--model", model, "--output", "csv"))
    for channel, pair in expected.items():
        assert found[channel] == pytest.approx(pair, abs=1e-12)


def test_counted_and_long_files_and_compressed_ones_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    assert table(told(capsys, written("c.csv", COUNTED), "--model", "last", "--output", "csv")) == {
        "a": (0, 0), "b": (3, 30),
    }  # fmt: skip
    assert table(told(capsys, written("l.csv", LONG), "--model", "first", "--output", "csv"))["a"] == (1, 100)
    Path("w.csv.gz").write_bytes(gzip.compress(WIDE.encode()))
    assert table(told(capsys, "w.csv.gz", "--model", "first", "--output", "csv"))["c"] == (1, 50)


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(WIDE))
    assert table(told(capsys, "-", "--model", "first", "--output", "csv"))["a"] == (1, 100)


def test_several_models_and_switches_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(told(capsys, written("w.csv", WIDE), "--model", "last", "--model", "time_decay:12h",
                           "--exclude", "c", "--nulls", "exclude", "--output", "json"))  # fmt: skip
    assert {row["model"] for row in rows} == {"last", "time_decay:12h"}
    assert {row["channel"] for row in rows if row["conversions"] > 0} == {"a", "b", "(no touch)"}
    assert sum(row["conversions"] for row in rows if row["model"] == "last") == pytest.approx(3)
    out = told(capsys, written("w.csv", WIDE), "--html", "w.html")
    assert "markov" in out and "shapley" in out and "<svg" in Path("w.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("x,y\n1,2\n", (), "needs a column path"),
        ("path,conv\na > b,maybe\n", (), "w.csv:2"),
        ("path\na > b\n", ("--model", "time_decay"), "needs the hours"),
        (WIDE, ("--model", "lats"), 'Did you mean|no attribution model "lats"'),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_a_sentence(text: str, arguments: tuple[str, ...], message: str) -> None:
    written("w.csv", text)
    with pytest.raises(Misconfigured, match=message):
        cli.main(["attribute", "w.csv", *arguments], standalone_mode=False)


def test_models_are_named_together_or_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    two = json.loads(told(capsys, written("w.csv", WIDE), "--model", "last,first", "--model", "u", "--output", "json"))
    assert list(dict.fromkeys(row["model"] for row in two)) == ["last", "first", "u"]
    every = json.loads(told(capsys, "w.csv", "--model", "all", "--output", "json"))
    assert {row["model"] for row in every} == set(STANDARD)
    cli.main(["attribute", written("c.csv", COUNTED), "--model", "all", "--output", "json"], standalone_mode=False)
    found = capsys.readouterr()
    assert {row["model"] for row in json.loads(found.out)} == set(STANDARD) - {"time_decay"}
    assert "no hours before the conversion: time_decay is left out" in found.err


def test_a_channel_that_no_touch_has_is_noted_with_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    text = "path,conv\nemail > web,1\n"
    cli.main(["attribute", written("w.csv", text), "--exclude", "e-mail", "--direct", "web"], standalone_mode=False)
    noted = capsys.readouterr().err
    assert 'no touch is of the channel "e-mail". Did you mean "email"?' in noted and '"web"' not in noted


def test_effects_are_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Effect by channel" in told(capsys, written("w.csv", WIDE), "--model", "markov", "--effects")
    assert "effect" not in told(capsys, "w.csv", "--model", "markov").lower()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"path,conv\na,1\nb\xe4c,1\n", "w.csv:3: is no text in UTF-8"),
        (gzip.compress(WIDE.encode())[:-9], "compressed, and damaged"),
        (b"\x1f\x8bnot gzip at all", "compressed, and damaged"),
        (b"", "the file is empty"),
    ],
    ids=["another encoding", "cut short", "no archive", "empty"],
)
def test_a_file_that_is_no_text_is_told(content: bytes, message: str) -> None:
    Path("w.csv").write_bytes(content)
    with pytest.raises(Misconfigured, match=message):
        cli.main(["attribute", "w.csv"], standalone_mode=False)


def test_a_file_that_is_not_there_or_a_folder_is_told(tmp_path: Path) -> None:
    for name in ("nowhere.csv", str(tmp_path)):
        with pytest.raises(Misconfigured, match="cannot read it"):
            cli.main(["attribute", name], standalone_mode=False)


@pytest.mark.parametrize(
    "content",
    [
        WIDE.encode("utf-16"),
        WIDE.encode("utf-8-sig"),
        gzip.compress(WIDE.encode()),
        WIDE.replace("\n", "\r\n").encode(),
    ],
    ids=["UTF-16", "a mark in front", "compressed by another name", "Windows line ends"],
)
def test_files_as_spreadsheets_save_them_are_read(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("w.csv").write_bytes(content)
    assert table(told(capsys, "w.csv", "--model", "first", "--output", "csv"))["c"] == (1, 50)


def test_reading_a_large_file_says_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "leadsync")
    read: list[int] = []
    written("w.csv", "path,conv\n" + "a > b,1\n" * 25_000)
    assert sum(1 for _line in lines_of(Path("w.csv"), read.append)) == 25_001
    assert read == [10_000, 10_000, 5_001]
    cli.main(["attribute", "w.csv", "--model", "first"], standalone_mode=False)
    assert "read w.csv" in caplog.text and "credit channels by 1 models" in caplog.text


@pytest.mark.parametrize("switch", [("--scope", "family"), ("--narrow",), ("--by", "campaign")])
def test_switches_that_a_file_has_nothing_for_are_refused(switch: tuple[str, ...]) -> None:
    with pytest.raises(click.UsageError, match="is for the report of an installation"):
        cli.main(["attribute", written("w.csv", WIDE), *switch], standalone_mode=False)


# ---- the report of an installation


@pytest.fixture
def earned(house: House) -> House:
    house.lead(1, ("Request a demo", 2), ("Webinar: LEI", 9), jobtitle="CTO")
    house.lead(2, ("Request a demo", 3), jobtitle="CTO", company="Acme 1", email="b@acme1.example")
    house.lead(3, ("Newsletter", 4), jobtitle="Intern")
    house.edit("attribution.toml", "value = 0 ", "value = 100 ")
    house.edit("attribution.toml", "# event = 24000", "website = 50")
    house.stage.mappings = house.folder / "mappings"
    house.stage.run()
    return house


def test_the_report_has_conversions_value_cost_and_return(earned: House) -> None:
    report = earned.json("attribute")
    assert (report["journeys"], report["conversions"]) == (3, 2)
    rows = {row["channel"]: row for row in report["rows"]}
    for model in ("first", "last", "linear", "position", "time_decay", "markov", "shapley"):
        assert sum(row["conversions"][model] for row in rows.values()) == pytest.approx(2)
        assert sum(row["value"][model] for row in rows.values()) == pytest.approx(200)
    website = rows["website"]
    assert website["cost"] == 50 and website["return"] == pytest.approx(website["value"]["position"] / 50)
    assert website["cost_per_conversion"] == pytest.approx(50 / website["conversions"]["position"])
    assert rows["webinar"]["cost"] is None


def test_the_report_is_by_campaign_too_as_csv_and_as_a_page(earned: House) -> None:
    rows = list(csv.DictReader(io.StringIO(earned.run("attribute", "--by", "campaign", "--output", "csv"))))
    assert {row["campaign"] for row in rows} == {"Request a demo", "Webinar: LEI", "Newsletter"}
    assert sum(float(row["conversions_position"]) for row in rows) == pytest.approx(2)
    page = earned.folder / "a.html"
    text = earned.run("attribute", "--html", str(page))
    assert "cost/conv." in text and "3 journeys of people, 2 of them converted" in text
    assert "Return on cost" in page.read_text(encoding="utf-8")


def test_what_cost_money_and_touched_nobody_is_not_passed_over(earned: House) -> None:
    earned.edit("attribution.toml", "website = 50", 'website = 50\nevnt = 24000\n"Newsletter" = 10')
    for by in ("channel", "campaign"):
        assert "Nobody was touched by evnt (cost 24,000.00)." in earned.run("attribute", "--by", by)
    assert earned.json("attribute")["cost_without_touch"] == {"evnt": 24000}


def test_columns_of_which_nothing_is_known_are_left_out_and_said_to_be_missing(house: House) -> None:
    house.lead(1, ("Request a demo", 2), jobtitle="CTO")
    house.stage.run()
    text = house.run("attribute")
    assert "value or value_field in attribution.toml" in text and "[cost] in attribution.toml" in text
    assert "cost/conv." not in text


def test_an_account_converts_once_with_the_touches_of_all_its_people(earned: House) -> None:
    people = earned.json("attribute")
    accounts = earned.json("attribute", "--scope", "account")
    assert (people["conversions"], accounts["conversions"]) == (2, 1)
    narrow = earned.json("attribute", "--scope", "account", "--narrow")
    assert narrow["conversions"] == 1
