"""`leadsync doctor`: each thing it looks at, and the commands over HTTP against the sandboxes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.shell.hammer import impatient

from leadsync import doctor
from leadsync.cli.main import cli
from leadsync.connector import Check, Connector, Health, connector
from leadsync.doctor import Finding, diagnose, sqlite_version, verdict
from leadsync.rehearsal import Rehearsal, rehearse, write_config
from leadsync.store import Store


@dataclass
class House:
    """Served sandboxes, and a folder with a configuration that points at them."""

    folder: Path
    rehearsal: Rehearsal
    capsys: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def run(self, *arguments: str) -> tuple[int, str]:
        """(exit code, standard output) of a command."""
        self.capsys.readouterr()
        code = cli.main([*arguments, "--config", str(self.config)], standalone_mode=False)
        return int(code), self.capsys.readouterr().out

    def doctor(self) -> tuple[int, dict[tuple[str, str], dict[str, Any]]]:
        code, text = self.run("doctor", "--output", "json")
        return code, {(check["area"], check["name"]): check for check in json.loads(text)["checks"]}

    def writes(self) -> int:
        return sum(self.rehearsal.sandbox(name).counters.writes.total() for name in ("hubspot", "salesforce"))


@pytest.fixture(scope="module")
def served() -> Iterator[Rehearsal]:
    with rehearse("demo") as rehearsal:
        yield rehearsal


@pytest.fixture
def house(tmp_path: Path, served: Rehearsal, capsys: pytest.CaptureFixture[str]) -> House:
    write_config(tmp_path, served)
    return House(tmp_path, served, capsys)


def failed(checks: dict[tuple[str, str], dict[str, Any]]) -> set[tuple[str, str]]:
    return {name for name, check in checks.items() if check["state"] == "fail"}


def now() -> datetime:
    return datetime.now(UTC)


def test_what_is_broken_names_its_fix_and_the_fix_works(house: House) -> None:
    code, before = house.doctor()
    kinds = ("contacts", "companies", "Lead", "Contact", "Account")
    assert code == 1
    assert {name for _, name in failed(before)} == {f"{kind} fields" for kind in kinds}
    assert all("leadsync provision --apply" in before[name]["fix"] for name in failed(before))
    assert house.run("provision", "--plan")[0] == 2
    assert house.run("provision", "--apply")[0] == 0
    code, after = house.doctor()
    assert failed(after) == set()
    assert code == 2  # at least: HubSpot's v3 ends, and the sandbox's token may do too much
    assert after[("hubspot", "API version")]["state"] == "warn"


def test_to_provision_again_writes_nothing(house: House) -> None:
    house.run("provision", "--apply")
    before = house.writes()
    code, text = house.run("provision", "--apply", "--output", "json")
    assert code == 0
    assert {step["state"] for step in json.loads(text)} == {"exists"}
    assert house.run("provision", "--plan")[0] == 0
    logins = [label for label in house.rehearsal.sandbox("salesforce").counters.writes if "oauth2" in label]
    assert logins == []
    assert house.writes() == before


def test_each_line_for_people_has_a_state_an_area_and_a_fix(house: House) -> None:
    _, text = house.run("doctor")
    lines = text.splitlines()
    assert all(line.split()[0] in ("ok", "warn", "fail") for line in lines)
    assert all("fix:" in line for line in lines if not line.startswith("ok"))
    secrets = [path.read_text(encoding="utf-8") for path in (house.folder / "secrets").iterdir()]
    assert secrets
    assert not any(secret in text for secret in secrets)


def test_a_running_daemon_is_not_in_the_way(house: House) -> None:
    with Store(house.folder / "state.db"):
        _, checks = house.doctor()
    assert checks[("machine", "state")]["state"] == "ok"


def test_a_crm_that_cannot_be_reached_does_not_hide_the_rest(house: House) -> None:
    text = house.config.read_text(encoding="utf-8")
    url = house.rehearsal.endpoints()["hubspot"]["url"]
    house.config.write_text(text.replace(url, "http://127.0.0.1:9"), encoding="utf-8")

    def lookup(name: str) -> Connector:
        found = connector(name)
        if name != "hubspot":
            return found
        return replace(found, open=lambda settings, clock, side: connector(name).open(settings, clock, side, impatient))

    found = list(diagnose(house.config, now, lookup))
    by_area = {(f.area, f.check.name): f.check for f in found}
    assert by_area[("hubspot", "credentials")].state is Health.FAIL
    assert "cannot be reached" in by_area[("hubspot", "credentials")].found
    assert by_area[("salesforce", "credentials")].state is Health.OK


def test_a_configuration_that_is_broken_is_told_with_its_line(house: House) -> None:
    lead = house.folder / "mappings" / "lead.toml"
    text = lead.read_text(encoding="utf-8")
    lead.write_text(text.replace('owner       = "hubspot"', 'owner       = "hubspott"', 1), encoding="utf-8")
    code, checks = house.doctor()
    assert code == 1
    (name,) = (name for area, name in failed(checks) if area == "configuration")
    assert "lead.toml:" in checks[("configuration", name)]["found"]
    assert ("hubspot", "credentials") in checks  # what can be seen without the mappings is looked at


def test_a_secret_that_is_not_there_is_told_and_how_to_give_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_TOKEN", raising=False)
    text = house.config.read_text(encoding="utf-8")
    house.config.write_text(text.replace("file:secrets/hubspot_token", "env:NO_SUCH_TOKEN"), encoding="utf-8")
    code, checks = house.doctor()
    assert code == 1
    assert any("export NO_SUCH_TOKEN=" in check["found"] + check["fix"] for check in checks.values())


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ((3, 6, 23), Health.OK),
        ((3, 7, 0), Health.WARN),
        ((3, 40, 1), Health.WARN),
        ((3, 51, 2), Health.WARN),
        ((3, 51, 3), Health.OK),
    ],
)
def test_an_sqlite_that_can_damage_a_wal_is_told(version: tuple[int, ...], state: Health) -> None:
    assert sqlite_version(version).state is state


def state_check(path: Path) -> Check:
    return doctor._state(path)


def test_a_state_that_is_sound_empty_damaged_or_newer_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    assert state_check(path).state is Health.OK  # none yet
    Store(path).close()
    assert "sound" in state_check(path).found
    assert doctor._private(path) == []
    path.chmod(0o644)
    assert doctor._private(path)[0].fix == f"chmod 600 {path}"
    assert doctor._private(path, "requests")[0].name == "requests permissions"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 999")
    assert "newer leadsync" in state_check(path).found
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 8192)
    assert state_check(path).state is Health.FAIL
    path.write_bytes(b"")
    assert "is empty" in state_check(path).found


@pytest.mark.parametrize(("free", "state"), [(50 << 20, Health.FAIL), (500 << 20, Health.WARN), (5 << 30, Health.OK)])
def test_a_disk_that_fills_up_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: Health
) -> None:
    monkeypatch.setattr("leadsync.doctor.shutil.disk_usage", lambda _folder: type("Usage", (), {"free": free}))
    assert doctor._disk(tmp_path / "not" / "there" / "state.db").state is state


def test_the_verdict_is_the_worst_of_all() -> None:
    checks = {state: Finding("machine", Check("x", state, "")) for state in Health}
    assert verdict([]) is Health.OK
    assert verdict([checks[Health.OK], checks[Health.WARN]]) is Health.WARN
    assert verdict([checks[Health.FAIL], checks[Health.WARN]]) is Health.FAIL
