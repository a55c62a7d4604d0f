"""What a plan changes besides fields, as people and machines read it: lists, campaigns, tasks, parts in deals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape

from leadsync.cli.show import cut
from leadsync.connector.besides import Entry
from leadsync.push import Change, Errand
from leadsync.records import value_text

SHOWN = 10
"""Entries of each place that a plan names."""


def besides_text(out: Console, some: Iterable[Change | Errand]) -> None:
    """A line for each list, campaign or place, and the first of its entries below it."""
    for one in some:
        out.print(one.words, soft_wrap=True, markup=False)
        if isinstance(one, Errand):
            lines = list(_lines(one))
            for line in lines[:SHOWN]:
                out.print(line, highlight=False, soft_wrap=True)
            if len(lines) > SHOWN:
                out.print(f"    … and {len(lines) - SHOWN:,} more (--output json shows all)")


def _lines(one: Errand) -> Iterator[str]:
    for verb, entries in (("take away", one.remove), ("change", one.change), ("make", one.make)):
        for entry in entries:
            said = ", ".join(
                f"{name} {cut(value_text(value))}" for name, value in entry.values.items() if name != "text"
            )
            about = ", ".join(f"{name} {ref.id}" for name, ref in entry.about.items())
            why = f"   [dim]{escape(entry.why)}[/]" if entry.why else ""
            yield f"    [cyan]{verb}[/] {escape(about)}: {said}{why}"


def besides_json(some: Iterable[Change | Errand]) -> list[dict[str, Any]]:
    """The same for machines, all of it."""
    return [_json(one) for one in some]


def _json(one: Change | Errand) -> dict[str, Any]:
    if isinstance(one, Change):
        people = {"join": sorted(map(str, one.join)), "leave": sorted(map(str, one.leave))}
        return {"what": str(one.group), "side": one.side, **people}
    entries = {"make": one.make, "change": one.change, "take_away": one.remove}
    listed = {name: [entry_json(entry) for entry in some] for name, some in entries.items()}
    return {"what": str(one.place), "side": one.side, **listed}


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry."""
    about = {name: str(ref) for name, ref in entry.about.items()}
    return {"key": entry.key, "id": entry.id, "about": about, "values": dict(entry.values), "why": entry.why}
