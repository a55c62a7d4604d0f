"""What the documents claim exists, and what exists is documented."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import click
import pytest

from leadsync.cli.main import Commands, cli

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "connectors").glob("*/README.md")]


def commands(group: click.Group, prefix: str = "leadsync") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    known = (group.filled() if isinstance(group, Commands) else group).commands
    for name, command in known.items():
        found.append((f"{prefix} {name}", command))
        if isinstance(command, click.Group):
            found += commands(command, f"{prefix} {name}")
    return found


def test_the_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in cli.filled().commands if f"leadsync {name}" not in text]
    assert missing == []


@pytest.mark.parametrize(("name", "command"), commands(cli), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_and_option_says_what_it_does(name: str, command: click.Command) -> None:
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts[0]}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_document_names_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert [name for name in linked if not (document.parent / name).exists()] == []
    named = re.findall(r"`((?:src|connectors|mappings|tests|benchmarks)/[\w./-]+\.(?:py|toml|md))`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_unit_of_the_readme_starts_and_stops_as_systemd_does_it() -> None:
    """systemd looks for programs in its own folders only, and takes any exit code but 0 for a failure, 143 too."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    unit = dict(re.findall(r"^    (\w+)=(.*)$", text, re.MULTILINE))
    assert unit["ExecStart"].startswith("/")
    assert unit["SuccessExitStatus"] == str(128 + signal.SIGTERM)
    assert "EnvironmentFile" in unit, "config.example.toml takes the tokens from the environment"


def test_the_readme_is_two_screens() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_every_connector_has_a_readme() -> None:
    folders = [path for path in (ROOT / "connectors").iterdir() if path.is_dir()]
    assert len(folders) >= 3
    assert [path.name for path in folders if not (path / "README.md").exists()] == []
