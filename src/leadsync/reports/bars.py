"""Charts of one row for each thing: bars, and spans around a point; as HTML, so that they fit a screen of any width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TypeAlias

from leadsync.reports.scale import Scale, nice
from leadsync.reports.style import SILENT, colour

Shown: TypeAlias = Callable[[float], str]
"""How a value is written."""


def bars(title: str, rows: Sequence[tuple[str, float]], show: Shown | None = None) -> str:
    """Bars with their labels on the left and their values behind them, from top to bottom; what is below 0 goes to the
    left. `show`: how values are written, all with as many decimals as the greatest needs by default."""
    values = [value for _label, value in rows]
    across = Scale(min(0.0, *values, 0.0), max(0.0, *values, 0.0), 0, 100)
    told = show if show is not None else shown(values)
    parts = [_row(label, _bar(across, value, told(value))) for label, value in rows]
    return figure(title, "".join(parts) if parts else NOTHING)


def spans(title: str, rows: Sequence[tuple[str, float, float, float]], beside: float) -> str:
    """A point with its span (label, low, middle, high) in each row, and a line at the value to be `beside`; what
    reaches over that line says nothing, and is grey."""
    if not rows:
        return figure(title, NOTHING)
    values = [beside, *(value for row in rows for value in row[1:])]
    across = Scale(min(values), max(values), 0, 100)
    parts = [_row(label, _span(across, (low, middle, high), beside)) for label, low, middle, high in rows]
    ticks = (f'<b class="tick" style="left:{across.at(x):.2f}%">{x:g}</b>' for x in nice(across.low, across.high))
    return figure(title, "".join([*parts, _row("", "".join(ticks))]))


def shown(values: Sequence[float]) -> Shown:
    """Writes values with the same number of decimals: none where all are whole, else about three digits of the
    greatest."""
    most = max((abs(value) for value in values), default=0.0)
    whole = all(value == int(value) for value in values)
    decimals = 0 if whole or most >= 1000 else 1 if most >= 10 else 2 if most >= 1 else 3
    return lambda value: f"{value:,.{decimals}f}"


def per_cent(share: float) -> str:
    """A share from 0 to 1 as people read it, exact where it is round."""
    return f"{share * 100:.3g}%"


def figure(title: str, inside: str) -> str:
    """A chart with its title above it."""
    name = escape(title, quote=True)
    return f'<figure role="group" aria-label="{name}"><figcaption>{escape(title)}</figcaption>{inside}</figure>'


NOTHING = '<p class="note">There is nothing to draw yet.</p>'


def _row(label: str, inside: str) -> str:
    return f'<div class="row"><span>{escape(label)}</span><div>{inside}</div></div>'


def _bar(across: Scale, value: float, told: str) -> str:
    begin, end = sorted((across.at(0.0), across.at(value)))
    bar = f'<i class="{colour(0)}" style="left:{begin:.2f}%;width:{end - begin:.2f}%"></i>'
    return f'{bar}<b style="left:{max(end, across.at(0.0)):.2f}%">{escape(told)}</b>'


def _span(across: Scale, at: tuple[float, float, float], beside: float) -> str:
    low, middle, high = at
    named = colour(SILENT if low <= beside <= high else 0)
    left, wide = across.at(low), across.at(high) - across.at(low)
    return (
        f'<u style="left:{across.at(beside):.2f}%"></u>'
        f'<i class="span {named}" style="left:{left:.2f}%;width:{wide:.2f}%"></i>'
        f'<i class="dot {named}" style="left:{across.at(middle):.2f}%" title="{middle:.3g} ({low:.3g} to {high:.3g})">'
        "</i>"
    )
