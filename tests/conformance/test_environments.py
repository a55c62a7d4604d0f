"""A client that cannot be installed is never passed over in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conformance import environments


def test_what_cannot_be_installed_is_skipped_with_its_reason_and_fails_in_ci(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    step = [["sh", "-c", "echo no way there >&2; exit 3"]]
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="some client could not be installed: no way there"):
        environments._install("some client", tmp_path / "home", step)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no way there"):
        environments._install("some client", tmp_path / "home", step)


def test_an_environment_is_made_once_and_again_after_it_was_left_half_made(tmp_path: Path) -> None:
    home, step = tmp_path / "home", [["sh", "-c", "echo x >> ../made"]]
    for _ in range(2):
        environments._install("some client", home, step)
    assert (tmp_path / "made").read_text(encoding="utf-8") == "x\n"
    (home / ".complete").unlink()
    environments._install("some client", home, step)
    assert (tmp_path / "made").read_text(encoding="utf-8") == "x\nx\n"


@pytest.mark.parametrize("pins", sorted((environments.HERE / "requirements").glob("*.txt")), ids=lambda path: path.stem)
def test_every_version_is_pinned(pins: Path) -> None:
    assert all("==" in line for line in pins.read_text(encoding="utf-8").splitlines())
