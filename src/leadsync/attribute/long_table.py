"""A CSV with one touch a row: rows gathered into journeys, cut at their conversions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from leadsync.attribute.model import JourneyRules
from leadsync.attribute.paths import Paths
from leadsync.attribute.rows import Cells, Collected, Header, amount, flag, moment
from leadsync.attribute.wide_table import noted

SECONDS_PER_HOUR = 3600
NEVER = float("inf")


@dataclass(frozen=True, slots=True)
class Event:
    """One row: a touch (unless the channel is blank), and a conversion right behind it where it says so."""

    at: float
    channel: str
    conversions: float
    value: float
    milestone: str = ""


def long_paths(rows: Iterable[Cells], header: Header, rules: JourneyRules, notes: list[str]) -> Paths:
    """The journeys of a long table. Raises BadTable for what cannot be read.

    A row with a conversion is a touch with a conversion right behind it, or, with a blank channel, a conversion alone.
    Where no journey has both rows with and rows without a conversion, the column speaks of the whole journey: it
    converted once, behind its last touch, for the value its rows repeat.
    """
    events = _events(rows, notes)
    made = Collected(with_hours=True)
    named = sorted({event.milestone for found in events.values() for event in found} - {""})
    for found in _whole_journeys(events):
        reached = {name: min((e.at for e in found if e.milestone == name), default=NEVER) for name in named}
        _cut(found, rules, made, reached)
    if "conversions" not in header.places:
        notes.append("no column says which rows are a conversion (conversion)")
    return made.paths()


def _events(rows: Iterable[Cells], notes: list[str]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    worthless: list[int] = []
    for row in rows:
        journey = row.text("journey").strip()
        if journey == "":
            raise row.bad("journey", "is blank: nobody knows whose touch this is")
        won, value = row.read("conversions", flag, 0.0), row.read("value", amount, 0.0)
        if won == 0 and value > 0:
            worthless.append(row.line)
        at, channel = row.read("time", moment, 0.0), row.text("channel").strip()
        found[journey].append(Event(at, channel, won, value if won > 0 else 0.0, row.read("milestone", _mark, "")))
    notes += noted(worthless, "a value and no conversion: it does not count")
    return found


def _mark(text: str) -> str:
    name = text.strip().casefold()
    if name not in {"", "lead", "deal"}:
        raise ValueError("is no milestone: lead, deal or blank")
    return name


def _whole_journeys(events: Mapping[str, Sequence[Event]]) -> list[list[Event]]:
    """Each journey's rows in the order of time, with conversions where they happened."""
    ordered = [sorted(found, key=lambda event: event.at) for found in events.values()]
    mixed = any(0 < sum(event.conversions > 0 for event in found) < len(found) for found in ordered)
    if mixed:
        return ordered
    return [[*(replace(event, conversions=0.0, value=0.0) for event in found[:-1]), found[-1]] for found in ordered]


def _cut(events: Sequence[Event], rules: JourneyRules, made: Collected, reached: Mapping[str, float]) -> None:
    """Add a journey for each conversion and one for what is left without. `reached`: when milestones were."""
    touches: list[Event] = []
    last = max((i for i, event in enumerate(events) if event.conversions > 0), default=-1)
    for index, event in enumerate(events):
        if event.channel:
            touches.append(event)
        if event.conversions > 0:
            late = [some for some in events[index + 1 :] if some.channel] if rules.after_conversion else []
            _add(touches + (late if index == last else []), event.at, event, made, reached)
            touches = [] if rules.restart else touches
    rest = [event for event in events[last + 1 :] if event.channel]
    if last < 0 or (rest and rules.restart and not rules.after_conversion):
        _add(rest, rest[-1].at if rest else 0.0, None, made, reached)


def _add(
    touches: Sequence[Event], end: float, won: Event | None, made: Collected, reached: Mapping[str, float]
) -> None:
    marks = {name: (end - at) / SECONDS_PER_HOUR if at <= end else float("nan") for name, at in reached.items()}
    hours = [(end - touch.at) / SECONDS_PER_HOUR for touch in touches]
    channels = [touch.channel for touch in touches]
    if won is None:
        made.add(channels, 0.0, 0.0, 1.0, hours, marks)
    else:
        made.add(channels, won.conversions, won.value, 0.0, hours, marks)
