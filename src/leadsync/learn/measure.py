"""How good a ranking and its chances are: AUC with its interval, lift, calibration; and how far two rankings differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leadsync.score.backtest import auc

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
DRAWS: Final = 400
"""Bootstrap samples: enough for the two ends of a 95 % interval to stand to two digits."""
BINS: Final = 10
TINY: Final = 1e-12
Z_95: Final = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Examples with alike chances: how many, the mean chance told, and the share that converted."""

    leads: int
    told: float
    came: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How well numbers told the outcome. `low`, `high`: the 95 % interval of the AUC. `off`: the mean distance of what
    was told from what came (expected calibration error); `skill`: log loss saved against telling everybody the base
    rate, 0 for nothing."""

    leads: int
    won: int
    auc: float
    low: float
    high: float
    lift: float
    """Conversions in the best tenth, to the average."""
    off: float
    skill: float
    bins: tuple[Bin, ...]


def quality(points: Floats, chances: Floats, won: Flags, seed: int = 0) -> Quality:
    """The figures of points (for ranking) and chances (0..1). `won` must have both outcomes."""
    low, high = interval([auc(_ints(points[draw]), won[draw]) for draw in draws(won, seed)])
    best = np.argsort(-points, kind="stable")[: max(1, len(points) // 10)]
    bins = calibration(chances, won)
    off = sum(b.leads * abs(b.told - b.came) for b in bins) / len(won)
    return Quality(
        len(won), int(won.sum()), auc(_ints(points), won), low, high,
        float(won[best].mean() / won.mean()), off, skill(chances, won), tuple(bins),
    )  # fmt: skip


def difference(a: Floats, b: Floats, won: Flags, seed: int = 0) -> tuple[float, float, float]:
    """How much better `b` ranks than `a`, on the same leads: the difference of AUC and its 95 % interval."""
    pairs = [auc(_ints(b[d]), won[d]) - auc(_ints(a[d]), won[d]) for d in draws(won, seed)]
    return auc(_ints(b), won) - auc(_ints(a), won), *interval(pairs)


def draws(won: Flags, seed: int) -> list[NDArray[np.int64]]:
    """Bootstrap samples, of the converted and of the others apart, so that each has both."""
    chance = np.random.default_rng(seed)
    yes, no = np.flatnonzero(won), np.flatnonzero(~won)
    return [np.concatenate([chance.choice(yes, len(yes)), chance.choice(no, len(no))]) for _ in range(DRAWS)]


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The middle 95 %."""
    low, high = np.quantile(np.array(values), [0.025, 0.975])
    return float(low), float(high)


def calibration(chances: Floats, won: Flags) -> list[Bin]:
    """Ten bins of as many leads each, by the chance told."""
    order = np.argsort(chances, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part) > 0]
    return [Bin(len(part), float(chances[part].mean()), float(won[part].mean())) for part in parts]


def skill(chances: Floats, won: Flags) -> float:
    """The share of the base rate's log loss that the chances save; below 0 they are worse than the base rate."""
    base = float(won.mean())
    plain = -(base * log(base) + (1 - base) * log(1 - base))
    p = np.clip(chances, TINY, 1 - TINY)
    return 1 - float(-np.where(won, np.log(p), np.log(1 - p)).mean()) / plain


def _ints(points: Floats) -> NDArray[np.int64]:
    """Ranks: what `auc` counts ties by."""
    _values, place = np.unique(points, return_inverse=True)
    return place.astype(np.int64)
