"""What the tests of reports share."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.reports.house import House


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(tmp_path, capsys)
    monkeypatch.setattr("leadsync.cli.known.now", lambda: made.stage.now)
    monkeypatch.setattr("leadsync.cli.journey.now", lambda: made.stage.now)
    return made
