"""`leadsync quota`, and what becomes of a cycle whose share of the day is used up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leadsync.cli.commands import one_scheduled
from leadsync.cli.common import Exit, exit_code
from leadsync.cli.main import cli
from leadsync.errors import QuotaExhausted
from leadsync.rehearsal import Rehearsal, rehearse, write_config
from leadsync.schedule import StopFlag

SEED = {
    "hubspot": {
        "objects": {
            "contacts": [
                {"id": "11", "properties": {"email": "ann@example.com", "firstname": "Ann", "lastname": "Example"}},
                {"id": "12", "properties": {"email": "bob@example.com", "firstname": "Bob", "lastname": "Sample"}},
            ]
        }
    },
    "salesforce": {
        "objects": {
            "Lead": [
                {"FirstName": "Ann", "LastName": "Example", "Company": "Example", "Email": "ann@example.com"},
                {"FirstName": "Cy", "LastName": "Pattern", "Company": "Pattern", "Email": "cy@example.com"},
            ]
        }
    },
}


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with rehearse(str(seed)) as served:
        config = write_config(tmp_path, served)
        config.write_text(config.read_text(encoding="utf-8") + "\n[resolve]\nenabled = false\n", encoding="utf-8")
        house = House(config, served, capsys)
        house.run("provision")
        yield house


class House:
    """Served sandboxes, and a configuration that points at them."""

    def __init__(self, config: Path, served: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
        self.config, self.served, self._capsys = config, served, capsys

    def run(self, *arguments: str) -> tuple[int, Any]:
        """(exit code, the JSON a command says)."""
        self._capsys.readouterr()
        code = cli.main([*arguments, "--output", "json", "--config", str(self.config)], standalone_mode=False)
        return int(code), json.loads(self._capsys.readouterr().out)

    def allowance(self, side: str) -> dict[str, Any]:
        """How a side's day stands."""
        rows = self.run("quota")[1]["allowances"]
        return next(row for row in rows if (row["side"], row["allowance"]) == (side, "daily"))

    def requests(self, side: str) -> int:
        """At the server."""
        return len(self.served.sandbox(side).counters.log)

    def writes(self, side: str) -> int:
        """At the server, logins left out."""
        counters = self.served.sandbox(side).counters
        return sum(n for label, n in counters.writes.items() if "oauth2" not in label)


def test_it_shows_what_is_used_and_what_the_next_plan_costs(house: House) -> None:
    assert house.run("quota")[0] == 0
    assert house.run("quota")[1]["plan"] is None
    for side, share in (("hubspot", 50_000), ("salesforce", 20_000)):
        row = house.allowance(side)
        assert row["ours"] == house.requests(side)
        assert row["others"] is not None
        assert row["share"] == share
        assert row["left"] == share - row["reserve"] - row["ours"]
    planned = house.run("plan")[1]["api_calls"]
    assert set(planned) == {"hubspot", "salesforce"}
    assert house.run("quota")[1]["plan"]["calls"] == planned
    assert house.run("quota", "--plan")[1]["plan"]["calls"] == planned
    writes = {side: house.writes(side) for side in planned}
    house.run("sync")
    assert house.run("quota")[1]["plan"] is None  # of what comes next nothing is known
    assert all(0 < house.writes(side) - writes[side] <= planned[side] for side in planned)


def test_the_table_names_every_column(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["quota", "--config", str(house.config)], standalone_mode=False)
    text = capsys.readouterr().out
    assert text.splitlines()[0].split() == "side allowance window limit our share used ours others reserve left".split()
    assert "leadsync quota --plan" in text


def test_a_cycle_that_runs_out_anywhere_ends_with_5_and_goes_on_later(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The daemon says so in one line and comes again; nothing is doubled, nothing lost, the share never passed."""
    text = house.config.read_text(encoding="utf-8")
    ran_out = 0
    for more in range(1, 60, 2):
        wanted = house.requests("salesforce") + more
        limited = text.replace("[connector.salesforce]", "[connector.salesforce]\ndaily_limit = 10_000")
        house.config.write_text(f"{limited}\n[quota]\nday_share = {wanted / 0.9 / 10_000}\n", encoding="utf-8")
        try:
            code, _ = house.run("sync")
        except QuotaExhausted as problem:
            ran_out += 1
            assert exit_code(problem) == Exit.QUOTA
            row = house.allowance("salesforce")
            assert house.requests("salesforce") <= row["share"] - row["reserve"]
        else:
            break
    assert ran_out > 5
    assert code == Exit.DONE
    house.config.write_text(text, encoding="utf-8")
    assert house.run("plan")[1]["steps"] == []
    for side, kind, key in (("salesforce", "Lead", "LeadSync_Id__c"), ("hubspot", "contacts", "leadsync_id")):
        records = house.served.sandbox(side).dump()["objects"][kind]
        assert len(records) == 2
        assert len({json.dumps(record.get("properties", record)[key]) for record in records}) == 2
    assert caplog.text == ""


def test_the_daemon_says_it_in_one_line_and_the_command_exits_with_5(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(f"{text}\n[quota]\nday_share = 0.0001\n", encoding="utf-8")
    assert one_scheduled(house.config, StopFlag()) is Exit.QUOTA
    (line,) = caplog.messages
    assert "share of" in line
    assert "It goes on by itself" in line
    assert house.run("quota")[0] == Exit.QUOTA
