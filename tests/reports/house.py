"""An installation whose state was made by the engine in memory, for the commands that only look at it."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from tests.engine import Stage

from leadsync.cli.main import cli
from leadsync.files import mappings_folder
from leadsync.records import Ref, Value

CONFIG = """
schema = 1
state = "state.db"
mappings = "mappings"

[connector.hubspot]
url = "http://127.0.0.1:9"
token = "file:secret"

[connector.salesforce]
url = "http://127.0.0.1:9"
client_id = "id"
client_secret = "file:secret"
"""
ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "company": "Acme"}


class House:
    """A folder with a configuration, mappings of its own and a state; nothing answers at its connections."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        shutil.copytree(mappings_folder(), folder / "mappings")
        (folder / "secret").write_text("not a secret", encoding="utf-8")
        (folder / "config.toml").write_text(CONFIG, encoding="utf-8")
        self.stage = Stage(folder, mappings=folder / "mappings")

    def lead(self, number: int, *touches: tuple[str, int], **fields: Value) -> Ref:
        """A contact in HubSpot who submitted forms of these names so many days ago."""
        own = {**ADA, "email": f"lead{number}@acme{number}.example", "company": f"Acme {number}"}
        ref = self.stage.hubspot.put("contacts", **{**own, **fields})
        for name, days in touches:
            self.stage.hubspot.touch(ref, self.stage.now - timedelta(days=days), "form_submission", name=name)
        return ref

    def run(self, *arguments: str, code: int = 0) -> str:
        """A command's standard output."""
        try:
            done = cli.main([*arguments, "--config", str(self.folder / "config.toml")], standalone_mode=False)
        except click.ClickException as problem:
            done = problem.exit_code
        out = self._capsys.readouterr().out
        assert done == code, f"{arguments}: {done}\n{out}"
        return out

    def json(self, *arguments: str, code: int = 0) -> Any:
        """A command's answer for machines."""
        return json.loads(self.run(*arguments, "--output", "json", code=code))

    def day(self) -> str:
        """Today in the state."""
        return f"{self.stage.now:%Y-%m-%d}"

    def edit(self, file: str, old: str, new: str) -> None:
        """The admin edits a mapping file."""
        path = self.folder / "mappings" / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{file} has {text.count(old)} times {old}"
        path.write_text(text.replace(old, new), encoding="utf-8")
