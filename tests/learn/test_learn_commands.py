"""`leadsync backtest`, `learn`, `audit fairness` and `audit incentives` on the state of an installation."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from tests.engine import Stage
from tests.fakes import START
from tests.reports.house import House

from leadsync.cli.fairness import group_of
from leadsync.cli.main import cli
from leadsync.errors import LeadsyncError, Misconfigured
from leadsync.mapping.problems import Problems
from leadsync.store import Store

LEADS = 1300
"""As many as learning asks for, with those it is tried on."""
FEW = 400
"""Enough to measure groups, and to deal out anew what sources are paid."""
TITLES = {"CTO": 0.6, "Manager": 0.3, "Intern": 0.1}


def fill(stage: Stage, leads: int, seed: int = 1) -> dict[str, bool]:
    """Leads whose title and country, which no rule looks at, decide whether they convert; e-mail → whether it did."""
    chance = np.random.default_rng(seed)
    won: dict[str, bool] = {}
    for number in range(leads):
        title = str(chance.choice(list(TITLES)))
        email = f"p{number}@firm{number}.example"
        stage.hubspot.put(
            "contacts", email=email, firstname="P", lastname=f"N{number}", jobtitle=title, company=f"Firm {number}",
            lifecyclestage="lead", country="DE" if number % 2 else "FR",
        )  # fmt: skip
        won[email] = bool(chance.random() < TITLES[title] * (1.4 if number % 2 else 0.4))
    return won


def remember(stage: Stage, won: dict[str, bool]) -> None:
    """The past that the state would have kept: first seen on different days, and customers within 40 days."""
    with Store(stage.path) as store:
        (today, now) = (stage.now.date(), store.snapshots.at(stage.now.date()))
        emails = {seen.record.ref: str(seen.record.fields["email"]) for seen in store.pulled.records()
                  if seen.record.ref.side == "hubspot"}  # fmt: skip
        outcome = {uid: won[emails[ref]] for ref, uid in store.pulled.identities().items() if ref in emails}
        days: dict[Any, dict[str, Any]] = {}
        for number, (uid, facts) in enumerate(sorted(now.items())):
            first = today - timedelta(days=300 - number % 200)
            days.setdefault(first, {})[uid] = facts
            if outcome[uid]:
                later = {**facts, "lifecycle_stage": "customer"}
                days.setdefault(first + timedelta(days=20 + number % 20), {})[uid] = later
        with store.transaction():
            store.connection.execute("DELETE FROM snapshot")
            for day, rows in sorted(days.items()):
                store.connection.executemany(
                    "INSERT INTO snapshot VALUES (?, ?, ?)",
                    [(uid, day.isoformat(), json.dumps(facts)) for uid, facts in rows.items()],
                )


def lived_in(home: Path, leads: int) -> Path:
    house = House(home, None)  # type: ignore[arg-type]  it runs no command
    house.stage = Stage(home, mappings=home / "mappings", batch_size=500)
    house.stage.part = 10 * leads  # at once is quicker
    won = fill(house.stage, leads)
    house.stage.run()
    remember(house.stage, won)
    return home


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived_in(tmp_path_factory.mktemp("history"), LEADS)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lived_in(tmp_path_factory.mktemp("small"), FEW)


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    return runner(folder, capsys, monkeypatch)


@pytest.fixture
def run_small(small: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    return runner(small, capsys, monkeypatch)


def runner(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("leadsync.cli.known.now", lambda: START)

    def told(*arguments: str, code: int = 0) -> str:
        done = cli.main([*arguments, "--config", str(folder / "config.toml")], standalone_mode=False)
        out = capsys.readouterr().out
        assert done == code, f"{arguments}: {done}\n{out}"
        return out

    return told


def test_a_backtest_scores_leads_as_they_were_known_and_names_what_tells(run: Any, tmp_path: Path) -> None:
    found = json.loads(run("backtest", "--horizon", "60", "--output", "json"))
    assert found["examples"] >= LEADS and 0.7 < found["auc"] < 0.95
    assert found["tenths"][0]["lift"] > 1.5
    rules = {row["rule"]: row for row in found["rules"]}
    assert rules["seniority"]["speaks"] and not rules["webinar"]["speaks"]
    text = run("backtest", "--horizon", "60", "--html", str(tmp_path / "b.html"))
    assert "Rules that fired for nobody" in text and "lift" in text
    assert (tmp_path / "b.html").read_text(encoding="utf-8").count("<figure") == 3


def test_learning_proposes_a_file_that_can_be_tried_and_leaves_the_one_in_use(
    run: Any, folder: Path, tmp_path: Path
) -> None:
    before = (folder / "mappings" / "scoring.toml").read_text(encoding="utf-8")
    target, page = tmp_path / "proposed.toml", tmp_path / "l.html"
    told = run("learn", "--horizon", "60", "-o", str(target), "--html", str(page), code=2)
    assert "Points that the data contradict" in told and "+++ proposed" in told
    assert (folder / "mappings" / "scoring.toml").read_text(encoding="utf-8") == before
    assert target.read_text(encoding="utf-8") != before
    assert "Calibration" in page.read_text(encoding="utf-8")
    found = json.loads(run("learn", "--horizon", "60", "--output", "json", code=2))
    assert {"today", "proposed", "all that was learned"} == set(found["quality"])
    assert found["diff"] and found["outcome"] == "opportunity"


def test_a_file_that_an_editor_on_windows_saved_is_learned_for_too(run: Any, folder: Path) -> None:
    path = folder / "mappings" / "scoring.toml"
    plain = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + plain.replace(b"\n", b"\r\n"))
    try:
        found = json.loads(run("learn", "--horizon", "60", "--output", "json", code=2))
    finally:
        path.write_bytes(plain)
    assert found["changes"] and not found["by_hand"]
    changed = [line for line in found["diff"].splitlines() if line[:1] in {"-", "+"}]
    assert 0 < len(changed) < 40


def test_learning_refuses_where_too_little_has_ripened_and_says_how_much_is_missing(run: Any) -> None:
    with pytest.raises(LeadsyncError, match=r"(?s)too little to learn from.*of 500 needed, \d+ are missing"):
        run("learn", "--horizon", "280")
    with pytest.raises(LeadsyncError, match="nothing to compare yet"):
        run("backtest", "--horizon", "3000")
    with pytest.raises(Misconfigured, match="an outcome is a stage of sales"):
        run("learn", "--outcome", "mql")


def test_whether_the_model_has_aged_is_told(run: Any) -> None:
    found = json.loads(run("learn", "--monitor", "--horizon", "60", "--output", "json"))
    assert found["stability"] < 0.1 and found["warnings"] == []
    assert "the model has not aged" in run("learn", "--monitor", "--horizon", "60")


# ---- fairness and steering


def groups(folder: Path, by_title: bool) -> Path:
    """A file that says of each lead a group: by title, which scores, or by number, which does not."""
    path = folder / f"groups{by_title}.csv"
    with Store(folder / "state.db", write=False) as store:
        rows = [
            (str(seen.record.fields["email"]), str(seen.record.fields["jobtitle"]))
            for seen in store.pulled.records() if seen.record.ref.side == "hubspot"
        ]  # fmt: skip
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["lead", "group"])
    for number, (email, title) in enumerate(rows[:300]):
        writer.writerow([email, ("old" if title == "CTO" else "young") if by_title else "ab"[number % 2]])
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


def test_a_group_that_the_facts_stand_in_for_is_found_though_no_rule_names_it(run_small: Any, small: Path) -> None:
    file = str(groups(small, by_title=True))
    found = json.loads(run_small("audit", "fairness", "--groups", file, "--top", "20", "--output", "json", code=2))
    rates = {row["group"]: row for row in found["groups"]}
    assert rates["young"]["below_four_fifths"] and not rates["old"]["below_four_fifths"]
    told = {row["group"]: row for row in found["proxies"]}
    assert told["old"]["auc"] > 0.95 and told["old"]["fields"]["seniority"] > 0.95
    text = run_small("audit", "fairness", "--groups", file, "--top", "20", code=2)
    assert "young" in text and "above all" in text and "seniority" in text


def test_groups_that_nothing_stands_in_for_are_selected_alike(run_small: Any, small: Path) -> None:
    found = json.loads(
        run_small(
            "audit", "fairness", "--groups", str(groups(small, by_title=False)), "--top", "30", "--output", "json"
        )
    )
    assert all(0.35 < row["auc"] < 0.65 for row in found["proxies"])
    assert not any(row["below_four_fifths"] for row in found["groups"])


def test_leads_that_nobody_knows_are_left_out_of_the_groups_and_counted(
    run_small: Any, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = groups(small, by_title=False).read_text(encoding="utf-8")
    more = tmp_path / "more.csv"
    more.write_text(text + "nobody@nowhere.example,a\r\n,b\r\n", encoding="utf-8")
    command = ["audit", "fairness", "--groups", str(more), "--top", "30", "--config", str(small / "config.toml")]
    cli.main(command, standalone_mode=False)
    line = len(text.splitlines()) + 1
    assert f"2 lines name no lead that is known by e-mail, record or id: left out (the first is line {line})" in (
        capsys.readouterr().err
    )
    assert run_small("audit", "fairness", "--groups", str(groups(small, by_title=False)), "--top", "30")


def test_a_fact_can_be_the_group_and_what_is_wrong_is_said(run_small: Any, small: Path, tmp_path: Path) -> None:
    found = json.loads(run_small("audit", "fairness", "--by", "country", "--top", "50", "--output", "json"))
    assert {row["group"] for row in found["groups"]} == {"DE", "FR"}
    with pytest.raises(click.UsageError, match="either --groups"):
        run_small("audit", "fairness")
    with pytest.raises(LeadsyncError, match="nobody is selected"):
        run_small("audit", "fairness", "--by", "country", "--stage", "customer")
    with pytest.raises(LeadsyncError, match="nothing to measure"):
        run_small("audit", "fairness", "--by", "shoe_size")
    bad = tmp_path / "bad.csv"
    bad.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="needs the columns lead and group"):
        run_small("audit", "fairness", "--groups", str(bad))
    assert small.exists()


def test_what_a_source_pays_or_costs_moves_nothing(run_small: Any) -> None:
    found = json.loads(run_small("audit", "incentives", "--output", "json"))
    assert found["moved"] == [] and found["leads"] == FEW and "commission" in found["fields"]
    assert [rule["rule"] for rule in found["source_rules"]] == ["purchased"]
    assert "bit for bit" in run_small("audit", "incentives")


def fees(folder: Path, text: str) -> str:
    path = folder / "fees.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_a_source_is_paid_stands_beside_what_its_leads_score(run_small: Any, tmp_path: Path) -> None:
    file = fees(tmp_path, "\ufeffsource;fee\r\n(unknown);12,50\r\n\r\nnobody;3\r\n")
    told = json.loads(run_small("audit", "incentives", "--fees", file, "--output", "json"))
    assert [(row["source"], row["paid"]) for row in told["by_source"]] == [("(unknown)", {"fee": 12.5})]
    assert told["goes_along"] == {}  # of one source nothing can be said
    text = run_small("audit", "incentives", "--fees", file)
    assert "12.50" in text and "bit for bit" in text
    assert "give --fees FILE" in run_small("audit", "incentives")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("source,fee\nWeb,ten\n", 'fees.csv:2: column fee: "ten" is no amount'),
        ("source,fee\nWeb,1\nWeb\n", "fees.csv:3: has fewer columns"),
        ("source\nWeb\n", "fees.csv:1: needs the columns source and fee"),
        ('source,fee\n"Web,1\n', "fees.csv:2"),
    ],
    ids=["no amount", "a short row", "no column", "an open quotation mark"],
)  # fmt: skip
def test_a_file_of_fees_that_cannot_be_read_is_told_with_its_line(
    run_small: Any, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(Misconfigured, match=re.escape(message)):
        run_small("audit", "incentives", "--fees", fees(tmp_path, text))


def test_countries_are_one_group_however_they_are_written() -> None:
    written = ["Germany", " deutschland ", "DE", "DEU", "Narnia", None]
    assert [group_of({"country": text}, "country") for text in written] == ["DE"] * 4 + ["Narnia", ""]
    assert group_of({"title": "DE"}, "title") == "DE"


def test_long_work_says_what_it_does(run: Any, run_small: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "leadsync")
    run("learn", "--horizon", "60", code=2)
    run_small("audit", "incentives")
    said = caplog.text
    for part in ("gather what became of leads", "learn points", "measure the proposed points", "deal out anew"):
        assert part in said


def test_of_several_models_each_has_its_own_leads(run: Any, folder: Path) -> None:
    text = (folder / "mappings" / "scoring.toml").read_text(encoding="utf-8")
    other = folder / "mappings" / "models" / "german.toml"
    other.parent.mkdir()
    german = text.replace('id = "b2b-core"', 'id = "german"') + "\n[select]\nwhen = \"country == 'DE'\"\n"
    other.write_text(german, encoding="utf-8")
    try:
        for model in ("german", "b2b-core"):
            with pytest.raises(LeadsyncError, match=f"{LEADS // 2} leads have not been known for so long"):
                run("backtest", "--horizon", "3000", "--model", model)
    finally:
        other.unlink()
        other.parent.rmdir()


@pytest.mark.parametrize("horizon", ["0", "-5", "soon"])
def test_a_horizon_is_a_number_of_days(run: Any, horizon: str) -> None:
    for command in ("backtest", "learn"):
        with pytest.raises(click.BadParameter, match=r"not in the range|not a valid integer"):
            run(command, "--horizon", horizon)


def test_a_watch_over_the_model_writes_no_proposal(run: Any, tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="proposes nothing"):
        run("learn", "--monitor", "-o", str(tmp_path / "x.toml"))


def test_a_field_of_the_crm_that_names_money_is_refused_whatever_the_mapping_calls_it(run: Any, folder: Path) -> None:
    path = folder / "mappings" / "lead.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('hubspot     = "numemployees"', 'hubspot     = "lead_cost"'), encoding="utf-8")
    try:
        with pytest.raises(
            Problems, match=r'scoring.toml.*"employees" \(known in a CRM as "lead_cost"\) is commercial'
        ):
            run("score")
    finally:
        path.write_text(text, encoding="utf-8")


def test_a_way_in_for_money_is_found(run_small: Any) -> None:
    steered = json.loads(run_small("audit", "incentives", "--field", "seniority", "--output", "json", code=1))
    assert len(steered["moved"]) > FEW / 4
    assert "leads are steered" in run_small("audit", "incentives", "--field", "seniority", code=1)
