"""A CSV with one path a row: "a > b > c", how often it converted, for how much, and how long before."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Final

from leadsync.attribute.paths import Paths
from leadsync.attribute.rows import Cells, Collected, Header, amount, flag, hours, hours_or_never

MILESTONES: Final = ("lead", "deal")
"""What W and full-path models credit besides the first touch and the last."""
SEPARATOR: Final = ">"


def wide_paths(rows: Iterable[Cells], header: Header, notes: list[str]) -> Paths:
    """The journeys of a wide table. Raises BadTable for what cannot be read."""
    places = header.places
    made = Collected(with_hours="hours" in places)
    marked = [name for name in MILESTONES if name in places and "hours" in places]
    worthless: list[int] = []
    rising: list[int] = []
    for row in rows:
        channels = _parts(row.text("path"))
        won = row.read("conversions", flag, 1.0)
        nulls = row.read("nulls", amount, 1.0 if won == 0 else 0.0)
        value = row.read("value", amount, 0.0)
        if won == 0 and value > 0:
            worthless.append(row.line)
        before = _hours(row, len(channels))
        if before is not None and sorted(before, reverse=True) != before:
            rising.append(row.line)
        marks = {name: row.read(name, hours_or_never, 0.0) for name in marked}
        made.add(channels, won, value if won > 0 else 0.0, nulls, before, marks)
    if "conversions" not in places:
        notes.append("no column says how often a path converted (conv): each is taken to have converted once")
    notes += noted(worthless, "a value and no conversion: it does not count")
    notes += noted(rising, "hours that rise from touch to touch: they are hours before the conversion")
    return made.paths()


def noted(lines: list[int], what: str) -> list[str]:
    """A sentence on the rows at these lines; none where there are none."""
    if not lines:
        return []
    return [f"{len(lines):,} {'row has' if len(lines) == 1 else 'rows have'} {what} (the first in line {lines[0]})"]


def _parts(text: str) -> list[str]:
    return [part for part in map(str.strip, text.split(SEPARATOR)) if part]


def _hours(row: Cells, touches: int) -> list[float] | None:
    if "hours" not in row.header.places:
        return None
    text = row.text("hours")
    try:
        found = [float(part) for part in text.split(SEPARATOR)]
    except ValueError:
        found = []
    if not found or not isfinite(sum(found)):  # whatever is out of the ordinary, with a word on what is wrong
        found = [row.part(part, "hours", hours) for part in _parts(text)]
    if len(found) != touches:
        raise row.bad("hours", f"{len(found)} hours for {touches} touches")
    return found
