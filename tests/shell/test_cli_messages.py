"""What a person who asks for something impossible is told: one line, and never a trace."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadsync.cli import commands
from leadsync.cli.inspect import NotFound, find_uid
from leadsync.cli.main import cli, main
from leadsync.connector import connectors
from leadsync.errors import Misconfigured
from leadsync.records import Ref
from leadsync.rehearsal import load_seed, rehearse
from leadsync.schedule import StopFlag
from leadsync.store import Store

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[object, str]:
    monkeypatch.setattr(sys, "argv", ["leadsync", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert said.out == ""
    return ended.value.code, said.err


def test_a_folder_that_cannot_be_written_is_named(capsys, monkeypatch, tmp_path):
    (tmp_path / "taken").write_text("", encoding="utf-8")
    code, said = told(capsys, monkeypatch, "init", "--dir", str(tmp_path / "taken" / "below"))
    assert (code, said) == (1, f"leadsync: {tmp_path / 'taken' / 'below'}: Not a directory\n")


def test_an_init_that_was_cut_off_is_begun_again(capsys, monkeypatch, tmp_path):
    (tmp_path / "mappings").write_text("in the way", encoding="utf-8")
    assert told(capsys, monkeypatch, "init", str(tmp_path))[0] == 1
    (tmp_path / "mappings").unlink()
    assert cli.main(["init", str(tmp_path)], standalone_mode=False) == 0
    assert (tmp_path / "mappings" / "lead.toml").exists()


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_is_none_is_refused(capsys, monkeypatch, port):
    code, said = told(capsys, monkeypatch, "sandbox", "--gleif-port", port)
    assert code == 4
    assert "not in the range" in said


def test_a_gate_that_there_is_none_of_is_refused(capsys, monkeypatch):
    code, said = told(capsys, monkeypatch, "sync", "--open-gate", "every")
    assert code == 4
    assert "'every' is not one of 'overwrite'" in said


def test_the_version_is_told_without_loading_the_engine():
    loaded = "import sys, leadsync.cli; print([m for m in ('numpy', 'pydantic', 'leadsync.sync') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("seed", "says"),
    [
        ([1], "an object with sections"),
        ({"people": {}}, "unknown: people"),
        ({"hubspot": 5}, "the section 'hubspot' is not an object"),
        ({"hubspot": {"objects": 5}}, "the section 'hubspot' is not a seed of that sandbox"),
        ({"anchor": "soon", "hubspot": {}}, "the section 'hubspot' is not a seed of that sandbox"),
    ],
    ids=["a list", "an unknown section", "a number for a section", "a number inside", "an anchor that is no time"],
)
def test_a_seed_that_is_none_is_refused_with_its_place(tmp_path, seed, says):
    file = tmp_path / "seed.json"
    file.write_text(json.dumps(seed), encoding="utf-8")
    with pytest.raises(Misconfigured, match=says), rehearse(str(file)):
        pass


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path / "state.db") as opened, opened.transaction():
        opened.pulled.save_identities([(Ref("hubspot", "contacts", "51"), "uid-1", "")], NOON)
        opened.pulled.save_identities([(Ref("salesforce", "Lead", "00Q5g000000003dEAA"), "uid-2", "")], NOON)
        yield opened


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("51", "uid-1"),
        ("contacts/51", "uid-1"),
        ("hubspot/contacts/51", "uid-1"),
        ("00Q5g000000003d", "uid-2"),
        ("uid-2", "uid-2"),
    ],
)
def test_a_lead_is_found_by_each_form_of_its_id(store, text, uid):
    assert find_uid(store, text) == uid


@pytest.mark.parametrize("text", ["", "/", "a/b", "s/contacts/51", "1", "nobody@example.com"])
def test_who_is_not_known_is_not_found(store, text):
    with pytest.raises(NotFound):
        find_uid(store, text)


def test_an_empty_seed_leaves_a_register_to_look_up_in() -> None:
    assert set(load_seed("empty", connectors())) == {"gleif"}


def test_a_seed_of_ones_own_has_the_demos_register_unless_it_brings_one(tmp_path: Path) -> None:
    file = tmp_path / "seed.json"
    file.write_text(json.dumps({"hubspot": {"objects": {}}}), encoding="utf-8")
    found = load_seed(str(file), connectors())
    assert (set(found), found["gleif"]) == ({"hubspot", "gleif"}, connectors()["gleif"].demo())
    file.write_text(json.dumps({"gleif": {"publications": []}}), encoding="utf-8")
    assert load_seed(str(file), connectors()) == {"gleif": {"publications": []}}


def test_a_terminal_that_cannot_show_a_character_is_no_failure(tmp_path: Path) -> None:
    """Arrows and dots in a locale like de_DE.ISO-8859-1; what a CRM holds may be anything."""
    (tmp_path / "config.toml").write_text("schema = 1\n[connector.hubspot]\ntoken = 'env:NOT_SET'\n", encoding="utf-8")
    command = [sys.executable, "-c", "from leadsync.cli.main import main; main()", "lint", "--config", "config.toml"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, env={"PYTHONIOENCODING": "latin-1", "PATH": ""}, check=False
    )
    assert b"Traceback" not in done.stderr
    assert (done.returncode, b"export NOT_SET=\\u2026" in done.stdout) == (4, True)


def test_a_cycle_of_the_daemon_that_meets_a_full_disk_is_not_its_last(tmp_path, monkeypatch, caplog):
    write = (tmp_path / "config.toml").write_text
    write("schema = 1\n[connector.hubspot]\ntoken = 'env:TOKEN_OF_TEST'\n", encoding="utf-8")
    monkeypatch.setenv("TOKEN_OF_TEST", "x")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "scratch"))

    monkeypatch.setattr(commands, "opened", full)
    told: list[object] = []
    assert commands.one_scheduled(tmp_path / "config.toml", StopFlag(), told.append) == 1
    assert caplog.messages == [f"cycle failed: {tmp_path / 'scratch'}: No space left on device"]
    assert len(told) == 1
