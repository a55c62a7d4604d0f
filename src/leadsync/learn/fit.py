"""A logistic model of the columns, and what its log odds are in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import numpy as np

from leadsync.errors import Misconfigured
from leadsync.learn.design import Design
from leadsync.learn.measure import Z_95, Flags, Floats, skill
from leadsync.score.decay import to_step

RIDGE: Final = 1.0
"""One over the strength C of scikit-learn's penalty; its default, which keeps columns that say nothing near 0."""
RIDGES: Final = (RIDGE, 3.0, 10.0)
"""Penalties to choose from. On X Education's leads 3 told newer ones best, 0.3 and 30 told them worse."""
EARLIER: Final = 0.7
"""The share of leads, the first in time, that a penalty is tried on before the others judge it."""
NEWTON_STEPS: Final = 25
"""Each doubles the digits that are right; eight are enough but for the rarest outcomes."""
TINY: Final = 1e-9
SPREAD: Final = 1500.0
"""The spread (standard deviation) in centi-points that points are scaled to where the file gives none yet."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Log odds: the intercept, for each column the coefficient with its standard error, and those of the terms."""

    intercept: float
    odds: Floats
    errors: Floats
    terms: Floats

    def chances(self, matrix: Floats, terms: Floats | None = None) -> Floats:
        """The chance of each row."""
        log_odds = self.intercept + matrix @ self.odds
        return sigmoid(log_odds if terms is None else log_odds + terms @ self.terms)


@dataclass(frozen=True, slots=True)
class Learned:
    """A level in centi-points with the 95 % interval."""

    centi: float
    low: float
    high: float


def penalty(matrix: Floats, won: Flags, terms: Floats) -> float:
    """The penalty under which the earlier leads tell the later ones best (by log loss). Rows are in the order of time;
    RIDGE where either part has one outcome only."""
    cut = round(len(won) * EARLIER)
    if any(part.all() or not part.any() for part in (won[:cut], won[cut:])):
        return RIDGE

    def told(ridge: float) -> float:
        earlier = fit(matrix[:cut], won[:cut], terms[:cut], ridge)
        return skill(earlier.chances(matrix[cut:], terms[cut:]), won[cut:])

    return max(RIDGES, key=told)


def fit(matrix: Floats, won: Flags, terms: Floats | None = None, ridge: float = RIDGE) -> Fit:
    """Fit with an L2 penalty; errors are of the penalised likelihood. Raises Misconfigured without scikit-learn."""
    made: Any = _logistic()(C=1 / ridge, max_iter=2000, tol=1e-8)
    both = matrix if terms is None else np.column_stack([matrix, terms])
    if both.shape[1] == 0:
        base = float(won.mean())
        return Fit(float(np.log(base / (1 - base))), np.zeros(0), np.zeros(0), np.zeros(0))
    made.fit(both, won)
    odds, intercept = np.asarray(made.coef_[0], dtype=np.float64), float(made.intercept_[0])
    chances = sigmoid(intercept + both @ odds)
    full = np.column_stack([np.ones(len(both)), both])
    shrunk = np.diag([0.0, *([ridge] * both.shape[1])])
    information = full.T @ (full * (chances * (1 - chances))[:, None]) + shrunk
    errors = np.sqrt(np.diag(np.linalg.inv(information)))[1:]
    own = matrix.shape[1]
    return Fit(intercept, odds[:own], errors[:own], odds[own:])


def in_points_of(design: Design, found: Fit) -> tuple[list[Learned], float]:
    """The levels in centi-points, scaled so that leads spread as they do under the file's own points, and how many
    centi-points a unit of log odds is."""
    base = np.array([level.base for level in design.levels], dtype=np.float64)
    now = design.matrix @ (np.array([level.unit for level in design.levels], dtype=np.float64) - base)
    spread, odds = float(np.std(now)), float(np.std(design.matrix @ found.odds))
    scale = (spread if spread > 0 else SPREAD) / odds if odds > 0 else 0.0
    half = Z_95 * found.errors * scale
    centi = base + found.odds * scale
    ends = zip(centi.tolist(), (centi - half).tolist(), (centi + half).tolist(), strict=True)
    return [Learned(*three) for three in ends], scale


def rounded(centi: float, step: int, low: int, high: int) -> int:
    """A number of points as a file has it: whole steps, within the limits of its group."""
    return max(low, min(high, to_step(round(centi), max(step, 100))))


@dataclass(frozen=True, slots=True)
class Chances:
    """How points become chances: log odds are `intercept` + `slope` * points, and the terms."""

    intercept: float
    slope: float
    terms: Floats

    def of(self, points: Floats, terms: Floats) -> Floats:
        """Points as chances."""
        return sigmoid(self.intercept + self.slope * points + terms @ self.terms)


def platt(points: Floats, won: Flags, terms: Floats) -> Chances:
    """How these points became these outcomes (Platt, 1999)."""
    scale = float(np.std(points)) or 1.0
    found = _newton(np.column_stack([points / scale, terms]), won)
    return Chances(float(found[0]), float(found[1]) / scale, found[2:])


def _newton(columns: Floats, won: Flags) -> Floats:
    """The intercept and coefficients of a few columns, with the same penalty as `fit`, by Newton's method: the daemon
    watches models without loading scikit-learn."""
    full = np.column_stack([np.ones(len(columns)), columns])
    shrunk = np.array([0.0, *([RIDGE] * columns.shape[1])])
    odds: Floats = np.zeros(full.shape[1])
    for _step in range(NEWTON_STEPS):
        chances = sigmoid(full @ odds)
        slope = full.T @ (won - chances) - shrunk * odds
        curve = full.T @ (full * (chances * (1 - chances))[:, None]) + np.diag(shrunk + TINY)
        odds = odds + np.linalg.solve(curve, slope)
    return odds


def sigmoid(log_odds: Floats) -> Floats:
    """Log odds as chances."""
    made: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -40, 40)))
    return made


def strongest(design: Design, found: Fit, most: int = 3) -> Sequence[str]:
    """The labels of the columns that move the outcome most."""
    spread = np.abs(found.odds) * np.std(design.matrix, axis=0)
    return [design.levels[i].label for i in np.argsort(-spread)[:most]]


def _logistic() -> Any:
    try:
        return import_module("sklearn.linear_model").LogisticRegression
    except ImportError:
        raise Misconfigured(
            "learning needs scikit-learn, which comes with leadsync and is not there: install leadsync again."
        ) from None
