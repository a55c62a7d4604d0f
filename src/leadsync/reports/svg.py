"""Charts as SVG text: lines, bars and columns, made to stand inside an HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 260
LEFT: Final = 64
RIGHT: Final = 16
TOP: Final = 16
BOTTOM: Final = 36
COLOURS: Final = ("#2563a8", "#c2571a", "#3a7d44", "#7a4fa3", "#8a6d1f", "#5b6770")
"""Told apart on white by people with the common colour blindnesses, and in print by their lightness."""


@dataclass(frozen=True, slots=True)
class Line:
    """A named row of points, in the order of x; `dashed` for what is only to compare with."""

    label: str
    points: tuple[tuple[float, float], ...]
    dashed: bool = False


def lines(
    title: str, some: Sequence[Line], *, ticks: Sequence[tuple[float, str]] = (), top: float | None = None
) -> str:
    """A line chart; `ticks` are what stands at places of the x axis (numbers of their own by default)."""
    xs = [x for line in some for x, _y in line.points] or [0.0, 1.0]
    ys = [y for line in some for _x, y in line.points] or [0.0]
    low, high = min(0.0, *ys), max(top if top is not None else 0.0, *ys)
    across, up = _Scale(min(xs), max(xs), LEFT, WIDTH - RIGHT), _Scale(low, high, HEIGHT - BOTTOM, TOP)
    marks = ticks or [(x, f"{x:g}") for x in _nice(min(xs), max(xs))]
    parts = [*_grid(up, _nice(low, high)), *_below(across, marks)]
    parts += [_polyline(line, number, across, up) for number, line in enumerate(some)]
    return _svg(title, HEIGHT, [*parts, *_legend([line.label for line in some])])


def columns(title: str, labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Groups of columns side by side: one group for each label, in it one column for each series."""
    values = [value for _name, row in series for value in row] or [0.0]
    up = _Scale(min(0.0, *values), max(0.0, *values), HEIGHT - BOTTOM, TOP)
    room = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    wide = room * 0.8 / max(len(series), 1)
    parts = _grid(up, _nice(up.low, up.high))
    for number, (name, row) in enumerate(series):
        for place, value in enumerate(row):
            x = LEFT + room * place + room * 0.1 + wide * number
            parts.append(_column(x, wide, up, value, (COLOURS[number % len(COLOURS)], f"{labels[place]}, {name}")))
    for place, label in enumerate(labels):
        parts.append(_text(LEFT + room * (place + 0.5), HEIGHT - BOTTOM + 16, label, "middle"))
    return _svg(title, HEIGHT, [*parts, *_legend([name for name, _row in series])])


def bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    """Horizontal bars with their labels on the left and their values behind them, from top to bottom."""
    height, beside = TOP + 24 * max(len(rows), 1) + 8, 220
    most = max([value for _label, value in rows] or [0.0])
    across = _Scale(0.0, most, 0, WIDTH - beside - 90)
    parts = []
    for number, (label, value) in enumerate(rows):
        y, wide = TOP + 24 * number, max(0.0, across.at(value))
        parts.append(_text(beside - 8, y + 13, label if len(label) <= 32 else f"{label[:31]}…", "end"))
        parts.append(f'<rect x="{beside}" y="{y}" width="{wide:.1f}" height="17" fill="{COLOURS[0]}"/>')
        parts.append(_text(beside + wide + 6, y + 13, f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"))
    return _svg(title, height, parts)


def spans(title: str, rows: Sequence[tuple[str, float, float, float]], beside: float) -> str:
    """A point with its span (label, low, middle, high) in each row, and a line at the value to be `beside`."""
    left, height = 220, TOP + 20 * max(len(rows), 1) + BOTTOM
    values = [beside, *(value for row in rows for value in row[1:])]
    across = _Scale(min(values), max(values), left, WIDTH - RIGHT)
    at = f"{across.at(beside):.1f}"
    parts = [f'<line x1="{at}" x2="{at}" y1="{TOP - 6}" y2="{height - BOTTOM + 4}" stroke="#8a94a3"/>']
    for number, (label, low, middle, high) in enumerate(rows):
        y = TOP + 20 * number + 8
        colour = COLOURS[5] if low <= beside <= high else COLOURS[0]
        parts.append(_text(left - 8, y + 4, label if len(label) <= 32 else f"{label[:31]}…", "end"))
        ends = f'x1="{across.at(low):.1f}" x2="{across.at(high):.1f}" y1="{y}" y2="{y}"'
        parts.append(f'<line {ends} stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<circle cx="{across.at(middle):.1f}" cy="{y}" r="4" fill="{colour}"/>')
    parts += [_text(across.at(x), height - BOTTOM + 18, f"{x:g}", "middle") for x in _nice(min(values), max(values))]
    return _svg(title, height, parts)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From a span of values to a span of places; a span of nothing is widened."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value."""
        whole = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / whole if whole > 0 else 0.0)


def _nice(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that part a span."""
    whole = high - low
    if whole <= 0:
        return [low]
    rough = whole / about
    unit = 10.0 ** floor(log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    return [round(step * place, 10) for place in range(ceil(low / step), floor(high / step) + 1)]


def _polyline(line: Line, number: int, across: _Scale, up: _Scale) -> str:
    colour = COLOURS[number % len(COLOURS)]
    if len(line.points) == 1:
        ((x, y),) = line.points
        return f'<circle cx="{across.at(x):.1f}" cy="{up.at(y):.1f}" r="3" fill="{colour}"/>'
    points = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in line.points)
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    return f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{points}"/>'


def _column(x: float, wide: float, up: _Scale, value: float, told: tuple[str, str]) -> str:
    y, zero = up.at(max(value, 0.0)), up.at(min(value, 0.0))
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{max(zero - y, 0.0):.1f}" fill="{told[0]}">'
        f"<title>{escape(told[1])}: {value:g}</title></rect>"
    )


def _grid(up: _Scale, at: Sequence[float]) -> list[str]:
    parts = []
    for value in at:
        y = up.at(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 6, y + 4, f"{value:g}", "end"))
    return parts


def _below(across: _Scale, ticks: Sequence[tuple[float, str]]) -> list[str]:
    return [_text(across.at(x), HEIGHT - BOTTOM + 16, label, "middle") for x, label in ticks]


def _legend(labels: Sequence[str]) -> list[str]:
    """A coloured square and a name for each of several series; one alone needs none."""
    parts: list[str] = []
    x = float(LEFT)
    for number, label in enumerate(labels if len(labels) > 1 else ()):
        parts.append(f'<rect x="{x:.0f}" y="{HEIGHT - 12}" width="10" height="10" fill="{COLOURS[number % 6]}"/>')
        parts.append(_text(x + 14, HEIGHT - 3, label))
        x += 30 + 7 * len(label)
    return parts


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(title, quote=True)}">'
    return f"{head}<title>{escape(title)}</title>{''.join(parts)}</svg>"
