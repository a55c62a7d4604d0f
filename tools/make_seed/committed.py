"""The committed lists in `facts/`, from which the seed is made without the large tables."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parent / "facts"


def read_csv(name: str) -> list[dict[str, str]]:
    """The rows of one of the committed tables in `facts/`."""
    with (FACTS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_facts(name: str) -> list[dict[str, Any]]:
    """The lines of one of the committed lists in `facts/`: {"source", "columns", ...}."""
    return [json.loads(line) for line in (FACTS / name).read_text(encoding="utf-8").splitlines()]
