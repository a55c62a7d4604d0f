"""From values to places, and round numbers between two values."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10


@dataclass(frozen=True, slots=True)
class Scale:
    """From a span of values to a span of places; all of a span of nothing are at its start."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """The place of a value."""
        whole = self.high - self.low
        return self.start + (self.end - self.start) * ((value - self.low) / whole if whole > 0 else 0.0)


def nice(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that part a span, within it."""
    if high <= low:
        return [low]
    step = _step(low, high, about)
    return [round(step * place, 10) for place in range(ceil(low / step), floor(high / step) + 1)]


def widened(low: float, high: float, about: int = 5) -> tuple[float, float]:
    """The span from one round number to another that holds both ends, so that an axis begins and ends on one."""
    if high <= low:
        return low, low + 1
    step = _step(low, high, about)
    return round(floor(low / step) * step, 10), round(ceil(high / step) * step, 10)


def _step(low: float, high: float, about: int) -> float:
    rough = (high - low) / about
    unit = 10.0 ** floor(log10(rough))
    return next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
