"""What a plan changes besides fields, as people and machines read it: lists, campaigns, tasks, parts in deals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from leadsync.cli.show import cut
from leadsync.connector.besides import Entry, EntryKind
from leadsync.push import Change, Errand
from leadsync.records import value_text
from leadsync.store import Kept, Place

SHOWN = 10
"""Entries of each place that a plan names."""
WIDEST = 100


Names = Callable[[Collection[str]], Mapping[str, str]]
"""What these leads are called."""


def besides_text(out: Console, some: Iterable[Change | Errand], names: Names) -> None:
    """A line for each list, campaign or place, and the first people or entries below it."""
    for one in some:
        out.print(one.words, soft_wrap=True, markup=False)
        for line in _people(one) if isinstance(one, Change) else _entries(one, names):
            out.print(f"  {line}", highlight=False, soft_wrap=True)
        if one.changes > SHOWN:
            out.print(f"  … and {one.changes - SHOWN:,} more (--output json shows all)")


def _people(one: Change) -> list[str]:
    every = [*(f"- {ref}" for ref in sorted(one.leave)), *(f"+ {ref}" for ref in sorted(one.join))]
    return [escape(line) for line in every[:SHOWN]]


def _entries(one: Errand, names: Names) -> list[str]:
    signed = [("-", e) for e in one.remove] + [("~", e) for e in one.change] + [("+", e) for e in one.make]
    shown = signed[:SHOWN]
    called = names({_lead(entry) for _, entry in shown}) if one.place.kind is EntryKind.TASK else {}
    return [f"{sign} {_line(one.place.kind, entry, called)}" for sign, entry in shown]


def _lead(entry: Entry) -> str:
    return entry.key.partition("/")[0]


def _line(kind: EntryKind, entry: Entry, called: Mapping[str, str]) -> str:
    about, said = entry.about, entry.values
    match kind:
        case EntryKind.TASK:
            who = f"{called.get(_lead(entry), _lead(entry))} ({about['person'].kind} {about['person'].id})"
            return f'[bold]{escape(who)}[/]: "{cut(str(said["subject"]), WIDEST)}", due {said["due"]}'
        case EntryKind.INFLUENCE:
            parts = " ".join(f"{name} {ref.id}" for name, ref in about.items())
            return f"[bold]{escape(parts)}[/]: {said['share']:g} %   [dim]{escape(entry.why)}[/]"


STANDS = {
    "ours": "there",
    "sending": "sent, and not answered yet",
    "removing": "on its way out, and not answered yet",
    "left": "a person's now",
    "refused": "refused",
}


def kept_json(kept: Sequence[tuple[Place, Kept]]) -> list[dict[str, Any]]:
    """What is kept about somebody besides fields, and how it stands."""
    return [
        {
            "what": str(place),
            **entry_json(one.entry),
            "stands": one.state,
            "note": one.note,
            "since": one.at.isoformat(),
        }
        for place, one in kept
    ]


def kept_text(out: Console, kept: Sequence[tuple[Place, Kept]]) -> None:
    """The same as lines."""
    for place, one in kept:
        about = [f"{name} {ref.id}" for name, ref in one.entry.about.items() if name != "person"]
        there = one.entry.values
        values = [f"{name} {cut(value_text(there[name]), WIDEST)}" for name in TOLD if name in there]
        said = ", ".join([*map(escape, about), *values])
        note = f": {one.note}" if one.note else ""
        out.print(f"\n[bold]{escape(str(place))}[/] {one.entry.id or ''}   [dim]since {one.at:%Y-%m-%d %H:%M}Z[/]")
        out.print(f"  {said}", soft_wrap=True, highlight=False)
        if one.entry.why:
            out.print(f"  because: {escape(one.entry.why)}", soft_wrap=True, highlight=False)
        out.print(f"  stands: {STANDS[one.state]}{escape(note)}", soft_wrap=True, highlight=False)


TOLD = ("subject", "due", "share")
"""Of what an entry says, what tells it from others."""


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
