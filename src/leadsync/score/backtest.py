"""How well scores told who would convert: ranking, lift, what each band came to, and which rules carry no signal.

The scores must be as of a day before the outcome was known, from facts as they were on that day; otherwise the figures
only show that the outcome leaks into the facts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leadsync.score.model import Score, ScoringModel

DECILES: Final = 10
BAND: Final = 1000
"""Centi-points of score that are looked at together."""
Z_95: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""
CHANCE: Final = 0.5
"""The AUC of points that rank nobody."""
TOO_GOOD: Final = 0.95
"""An AUC above this on real leads has only been seen with facts filled in after the outcome (0.985 against 0.89)."""


@dataclass(frozen=True, slots=True)
class Decile:
    """A tenth of the leads, the highest scores first: how many, how many converted, and how that is to the average.

    Leads of one score that lie in two tenths are all alike: each stands for the share of them that converted.
    """

    leads: int
    converted: float
    lift: float
    lowest: float
    """The lowest score in it, in points."""


@dataclass(frozen=True, slots=True)
class Band:
    """Ten points of score: from which score on, how many leads, and the share that converted with its 95 % interval."""

    lowest: int
    leads: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Signal:
    """One rule alone: for how many leads it fired, its mean points where it did, the share that converted with it and
    without (None: there are no such leads), and how well its points rank leads (AUC, 0.5 is not at all) with the 95 %
    interval.

    `speaks`: the interval does not contain 0.5. `agrees`: and those who converted have more of its points.
    """

    rule: str
    fired: int
    points: float
    with_it: float | None
    without: float | None
    auc: float
    low: float
    high: float

    @property
    def speaks(self) -> bool:
        """Whether the data say anything of the rule."""
        return self.low > CHANCE or self.high < CHANCE

    @property
    def agrees(self) -> bool:
        """Whether they say what its points say."""
        return self.low > CHANCE


@dataclass(frozen=True, slots=True)
class Backtest:
    """The figures. `auc` is 0.5 for chance; `too_good` marks one that smells of a leak."""

    leads: int
    converted: int
    auc: float
    deciles: tuple[Decile, ...]
    bands: tuple[Band, ...]
    signals: tuple[Signal, ...]

    @property
    def too_good(self) -> bool:
        """Whether the ranking is better than honest facts have ever given."""
        return self.auc > TOO_GOOD


def backtest(scores: Sequence[Score], converted: Sequence[bool], model: ScoringModel) -> Backtest | None:
    """The figures for leads with a known outcome, excluded ones left out; None when nobody or everybody converted."""
    pairs = [(found, won) for found, won in zip(scores, converted, strict=True) if not found.excluded]
    won = np.array([outcome for _found, outcome in pairs], dtype=np.bool_)
    if not won.any() or won.all():
        return None
    points = np.array([found.centi for found, _won in pairs], dtype=np.int64)
    fired = [{reason.id: reason.centi for reason in found.reasons} for found, _won in pairs]
    signals = [_signal(rule.id, [some.get(rule.id, 0) for some in fired], won) for rule in model.rules]
    return Backtest(
        len(won),
        int(won.sum()),
        auc(points, won),
        tuple(_deciles(points, won)),
        tuple(_bands(points, won)),
        tuple(signals),
    )


def auc(points: NDArray[np.int64], won: NDArray[np.bool_]) -> float:
    """The chance that one who converted scores above one who did not, ties counting half."""
    _values, place, counts = np.unique(points, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    yes, no = int(won.sum()), int((~won).sum())
    return float((ranks[won].sum() - yes * (yes + 1) / 2) / (yes * no))


def _deciles(points: NDArray[np.int64], won: NDArray[np.bool_]) -> list[Decile]:
    order = np.argsort(-points, kind="stable")
    _values, place, counts = np.unique(points, return_inverse=True, return_counts=True)
    share = (np.bincount(place, weights=won) / counts)[place]
    base = float(won.mean())
    parts = [part for part in np.array_split(order, DECILES) if len(part) > 0]
    return [
        Decile(len(part), float(share[part].sum()), float(share[part].mean()) / base, float(points[part].min()) / 100)
        for part in parts
    ]


def _bands(points: NDArray[np.int64], won: NDArray[np.bool_]) -> list[Band]:
    floors = points // BAND
    found = ((int(floor), won[floors == floor]) for floor in np.unique(floors))
    return [
        Band(floor * BAND // 100, len(own), float(own.mean()), *wilson(int(own.sum()), len(own)))
        for floor, own in found
    ]


def wilson(yes: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927): within 0..1 also where all or none are counted."""
    share, spread = yes / of, Z_95**2 / of
    middle = (share + spread / 2) / (1 + spread)
    half = Z_95 * sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def auc_interval(points: NDArray[np.int64], won: NDArray[np.bool_]) -> tuple[float, float, float]:
    """The AUC with its 95 % interval by DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), exact with ties."""
    beats = _beaten(points[~won], points[won])
    loses = _beaten(points[won], points[~won])
    middle = float(beats.mean())
    error = sqrt(_variance(beats) / len(beats) + _variance(loses) / len(loses))
    return middle, middle - Z_95 * error, middle + Z_95 * error


def _beaten(others: NDArray[np.int64], mine: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each of `mine`, the share of `others` below it, ties counting half."""
    ranked = np.sort(others)
    made: NDArray[np.float64] = (np.searchsorted(ranked, mine, "left") + np.searchsorted(ranked, mine, "right")) / (
        2 * len(others)
    )
    return made


def _variance(values: NDArray[np.float64]) -> float:
    return float(values.var(ddof=1)) if len(values) > 1 else 0.0


def _signal(rule: str, given: Sequence[int], won: NDArray[np.bool_]) -> Signal:
    points = np.array(given, dtype=np.int64)
    fired = points != 0
    mean = float(points[fired].mean()) / 100 if fired.any() else 0.0
    with_it, without = (float(won[some].mean()) if some.any() else None for some in (fired, ~fired))
    return Signal(rule, int(fired.sum()), mean, with_it, without, *auc_interval(points, won))
