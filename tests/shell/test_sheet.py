"""Files for spreadsheets: nothing in them is calculated, and what was written comes back."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from leadsync.cli.sheet import guarded, unguarded, write_sheet

FORMULAS = ('=HYPERLINK("http://evil.example")', "@SUM(1)", "+cmd|' /C calc'!A0", "-2+3+cmd|x", "\t=1", "\r=1")
HARMLESS = ("Acme", "+31 20 555-0199", "+1 (555) 010.20", "-5000", "-12.5", "'quoted'", "", "a=b", "12:30")


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_stranger_typed_is_never_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert unguarded(f"'{text}") == text


@pytest.mark.parametrize("text", HARMLESS)
def test_all_else_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text
    assert unguarded(text) == text


def test_a_file_is_ours_alone_and_shows_accents_in_a_spreadsheet(tmp_path: Path) -> None:
    file = tmp_path / "sheet.csv"
    write_sheet(file, ("name", "leads"), [("Müller", 3), ("=1+1", 0)])
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert file.stat().st_mode & 0o777 == 0o600
    with file.open(encoding="utf-8-sig", newline="") as lines:
        assert list(csv.reader(lines)) == [["name", "leads"], ["Müller", "3"], ["'=1+1", "0"]]
