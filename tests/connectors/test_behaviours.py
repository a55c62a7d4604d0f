"""The tables of behaviours name tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TESTS = HERE.parent


@pytest.mark.parametrize("vendor", ["hubspot", "salesforce"])
def test_every_behaviour_is_shown_by_tests_that_exist(vendor: str) -> None:
    texts = [path.read_text("utf-8") for path in TESTS.rglob("test_*.py")]
    known = {name for text in texts for name in re.findall(r"(?m)^def (test_\w+)", text)}
    lines = (HERE / vendor / "BEHAVIOURS.md").read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")][2:]
    assert all(len(row) == 3 for row in rows)
    named = {row[0]: set(re.findall(r"`(test_\w+)`", row[2])) for row in rows}
    assert len(named) == len(rows) >= 30
    assert {what: tests - known for what, tests in named.items() if not tests or tests - known} == {}
