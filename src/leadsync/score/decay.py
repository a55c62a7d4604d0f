"""How a touch's points fade: tables of integer centi-points by age in days, the same on every platform."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

_PRECISE = Context(prec=50)
_CERTAIN = Decimal("1e-30")
"""Digits that ten years of multiplying at 50 digits leave right."""
LONGEST = 3660
"""Days a table may be long: ten years and their leap days."""


@lru_cache(maxsize=1024)
def half_life(points: int, days: float, window: int | None = None) -> tuple[int, ...]:
    """`points` (centi) × 2^(-age/`days`), rounded half to even, until nothing is left or the window ends.

    Decimal arithmetic, because a platform's own exp2 may differ in the last bit and so in a rounded centi-point.
    """
    per_day = _PRECISE.power(Decimal(2), _PRECISE.divide(Decimal(-1), Decimal(str(days))))
    table: list[int] = []
    left = Decimal(points)
    for _age in range(_length(window)):
        # Half of an odd number must come out as a tie, not a hair beside it.
        worth = round_half_even(left.quantize(_CERTAIN, context=_PRECISE))
        if worth == 0:
            break
        table.append(worth)
        left = _PRECISE.multiply(left, per_day)
    return tuple(table)


def linear(points: int, days: int, window: int | None = None) -> tuple[int, ...]:
    """`points` (centi) falling by the same amount each day to nothing after `days` (HubSpot's law of decay)."""
    length = min(days, _length(window))
    return tuple(round_half_even(Decimal(points * (days - age)) / days) for age in range(length))


def constant(points: int, window: int) -> tuple[int, ...]:
    """`points` (centi) for `window` days from the touch's day on, then nothing."""
    return (points,) * _length(window)


def round_half_even(amount: Decimal) -> int:
    """The nearest integer; a tie goes to the even one, so that plus and minus are treated alike."""
    return int(amount.to_integral_value(rounding=ROUND_HALF_EVEN))


def to_step(centi: int, step: int) -> int:
    """The nearest multiple of `step`, ties away from zero, so that -x rounds to minus what x rounds to."""
    whole = (2 * abs(centi) + step) // (2 * step) * step
    return whole if centi >= 0 else -whole


def _length(window: int | None) -> int:
    return LONGEST if window is None else min(window, LONGEST)
