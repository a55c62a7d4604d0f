"""Files that a person opens in a spreadsheet, fills, and gives back."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from leadsync.cli.common import only_ours

_CALCULATED = re.compile(r"[=@\t\r]|[+-](?![\d\s().-]*\d[\d\s()./-]*$)")
"""How a cell begins that a spreadsheet takes for a formula, and that a stranger may have typed into a web form
(https://owasp.org/www-community/attacks/CSV_Injection). A telephone number and a negative one are none."""
GUARD = "'"


def write_sheet(file: Path, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV file that spreadsheets show as it is, letters with accents too. Only we may read it: it holds personal
    data."""
    with only_ours(file).open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(headings)
        writer.writerows([guarded(cell) for cell in row] for row in rows)


def guarded(cell: object) -> object:
    """A cell that nothing calculates: an apostrophe stands before what would be a formula."""
    return f"{GUARD}{cell}" if isinstance(cell, str) and _CALCULATED.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    bare = cell.removeprefix(GUARD)
    return bare if guarded(bare) == cell else cell
