"""Charts as SVG: lines and columns. Places across are in per cent: a chart takes the width it is given, and its words
stay as large as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from leadsync.reports.bars import NOTHING, Shown, figure
from leadsync.reports.scale import Scale, nice, widened
from leadsync.reports.style import colour

HEIGHT: Final = 220
BELOW: Final = 22
"""Room for the labels of the x axis."""
NARROW: Final = 320
"""Pixels across that a phone leaves for what is drawn; labels that would not fit there stand aslant."""
LETTER: Final = 6.5
"""Pixels across of a letter, at 12 pixels."""
SLANT: Final = 40
ACROSS: Final = 1000
"""Units across of the drawing that is stretched: a polyline knows no per cent."""


@dataclass(frozen=True, slots=True)
class Line:
    """A named row of points, in the order of x; `dashed` for what is only to compare with."""

    label: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


def number(value: float) -> str:
    """A value as an axis has it."""
    return f"{value:,.6g}"


def lines(
    title: str, some: Sequence[Line], *, ticks: Sequence[tuple[float, str]] = (), show: Shown = number,
    show_x: Shown = number,
) -> str:  # fmt: skip
    """A line chart; `ticks` are what stands at places of the x axis (round numbers by default); `show`: how the y axis
    is written, `show_x`: the x axis."""
    xs, ys = ([point[axis] for line in some for point in line.points] for axis in (0, 1))
    if not xs:
        return figure(title, NOTHING)
    low, high = widened(min(0.0, *ys), max(0.0, *ys))
    across, up = Scale(min(xs), max(xs), 0, 100), Scale(low, high, HEIGHT, 0)
    marks = ticks or [(x, show_x(x)) for x in nice(min(xs), max(xs))]
    drawn = "".join(_polyline(line, place, across, up) for place, line in enumerate(some))
    stretched = f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {ACROSS} {HEIGHT}" preserveAspectRatio="none">'
    dots = "".join(_dot(line, place, across, up) for place, line in enumerate(some) if len(line.points) == 1)
    parts = [*_grid(up, show), *_below(across, marks), f"{stretched}{drawn}</svg>", dots]
    return _plot(title, HEIGHT + BELOW, parts, [(line.label, line.dashed) for line in some])


def columns(
    title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], show: Shown = number
) -> str:
    """Groups of columns side by side: one group for each label, in it one column for each series."""
    values = [value for _name, row in series for value in row]
    if not values:
        return figure(title, NOTHING)
    up = Scale(*widened(min(0.0, *values), max(0.0, *values)), HEIGHT, 0)
    room = 100 / len(labels)
    wide = room * 0.8 / len(series)
    parts = _grid(up, show)
    for number_, (name, row) in enumerate(series):
        for place, value in enumerate(row):
            told = f"{labels[place]}, {name}: {show(value)}"
            parts.append(_column(room * (place + 0.1) + wide * number_, wide, up, value, (colour(number_), told)))
    below, room_below = _named(labels, room)
    return _plot(title, HEIGHT + room_below, [*parts, *below], [(name, False) for name, _row in series])


def _named(labels: Sequence[str], room: float) -> tuple[list[str], float]:
    """The labels below columns, aslant where they are too long to stand side by side, and the room they take."""
    longest = max(len(label) for label in labels)
    aslant = longest * LETTER > NARROW * room / 100
    parts = []
    for place, label in enumerate(labels):
        how = f'text-anchor="end" transform="rotate(-{SLANT})"' if aslant else 'text-anchor="middle"'
        x = room * (place + 0.5)
        parts.append(f'<svg x="{x:.2f}%" y="{HEIGHT + 16}" overflow="visible"><text {how}>{escape(label)}</text></svg>')
    return parts, longest * LETTER * 0.7 + BELOW if aslant else BELOW


def _polyline(line: Line, place: int, across: Scale, up: Scale) -> str:
    points = " ".join(f"{across.at(x) * ACROSS / 100:.1f},{up.at(y):.1f}" for x, y in line.points)
    dashed = " dashed" if line.dashed else ""
    return f'<polyline class="{colour(place)}{dashed}" points="{points}"/>'


def _dot(line: Line, place: int, across: Scale, up: Scale) -> str:
    ((x, y),) = line.points
    return f'<circle class="{colour(place)}" cx="{across.at(x):.2f}%" cy="{up.at(y):.1f}" r="3"/>'


def _column(x: float, wide: float, up: Scale, value: float, told: tuple[str, str]) -> str:
    y, zero = up.at(max(value, 0.0)), up.at(min(value, 0.0))
    place = f'x="{x:.2f}%" y="{y:.1f}" width="{wide:.2f}%" height="{zero - y:.1f}"'
    return f'<rect class="{told[0]}" {place}><title>{escape(told[1])}</title></rect>'


def _grid(up: Scale, show: Shown) -> list[str]:
    parts = []
    for value in nice(up.low, up.high):
        y, named = up.at(value), "zero" if value == 0 else "grid"
        parts.append(f'<line class="{named}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="-6" y="{y + 4:.1f}" text-anchor="end">{escape(show(value))}</text>')
    return parts


def _below(across: Scale, ticks: Sequence[tuple[float, str]]) -> list[str]:
    return [
        f'<text x="{across.at(x):.2f}%" y="{HEIGHT + 16}" text-anchor="{_anchor(across.at(x))}">{escape(label)}</text>'
        for x, label in ticks
    ]


def _anchor(place: float) -> str:
    """A label at either end does not stand out over it."""
    return "start" if place < 1 else "end" if place > 99 else "middle"


def _plot(title: str, height: float, parts: Sequence[str], names: Sequence[tuple[str, bool]]) -> str:
    head = f'<svg height="{height:.0f}" role="img"><title>{escape(title)}</title>'
    return figure(title, f'<div class="plot">{head}{"".join(parts)}</svg></div>{_legend(names)}')


def _legend(names: Sequence[tuple[str, bool]]) -> str:
    """A colour and a name for each of several series; one alone needs none."""
    if len(names) < 2:
        return ""
    parts = (
        f'<span class="{colour(place)}"><i></i><b>{escape(name)}{" (dashed)" if dashed else ""}</b></span>'
        for place, (name, dashed) in enumerate(names)
    )
    return f'<p class="legend">{"".join(parts)}</p>'
