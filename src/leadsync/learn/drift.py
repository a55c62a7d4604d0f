"""Whether a model ages: other leads than it was made for, or other chances for the same points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from leadsync.learn.cohort import Example
from leadsync.learn.fit import platt
from leadsync.score import Score, ScoringModel, score
from leadsync.score.backtest import auc_interval

SHIFTED: Final = 0.25
"""A population stability index above this is a shift to act on, above 0.1 one to look at (Siddiqi, "Credit Risk
Scorecards", 2006)."""
LOOK: Final = 0.1
OFF: Final = 0.05
"""How far the share that converts may be from what the points told before, in shares of leads."""
FEW: Final = 200
"""With fewer leads the index of two samples of the same leads comes near 0.1 by chance alone."""
BAND: Final = 1000
"""Ten points: the bands of scores that are compared."""


@dataclass(frozen=True, slots=True)
class Drift:
    """The older and the newer part of the examples under one model. `shift`: the stability index of the scores, and by
    rule; `told`, `came`: the conversions that the older part's chances tell of the newer, and those that came."""

    shift: float
    rules: tuple[tuple[str, float], ...]
    told: float
    came: float
    before: tuple[float, float, float]
    """AUC of the older part with its 95 % interval."""
    after: tuple[float, float, float]

    @property
    def warnings(self) -> list[str]:
        """What a person should look at; empty: the model has not aged."""
        found = []
        if self.shift > SHIFTED:
            found.append(f"the leads of today score otherwise than those before (stability index {self.shift:.2f})")
        found += [f"{rule} fires otherwise than before ({value:.2f})" for rule, value in self.rules if value > SHIFTED]
        if abs(self.told - self.came) > OFF:
            text = f"{self.came:.1%} convert where the same points came to {self.told:.1%} before"
            found.append(f"{text}: thresholds mean something else now")
        if self.after[2] < self.before[1]:
            found.append(f"the ranking got worse: AUC {self.before[0]:.3f} before, {self.after[0]:.3f} now")
        return found


def drift(old: Sequence[Example], new: Sequence[Example], fresh: Sequence[Example], model: ScoringModel) -> Drift:
    """Compare older with newer leads, each as it was first known. `old` and `new` must have converted leads and others;
    `fresh` have no outcome yet: where they are enough, it is they who show whether leads are others than before."""
    latest = fresh if len(fresh) >= FEW else new
    before, after, today = ([score(e.facts, e.touches, model, e.moment) for e in part] for part in (old, new, latest))
    won = [np.array([e.won for e in part], dtype=np.bool_) for part in (old, new)]
    points = [np.array([one.centi for one in part], dtype=np.int64) for part in (before, after)]
    none = [np.zeros((len(part), 0)) for part in (old, new)]
    chances = platt(points[0].astype(np.float64), won[0], none[0]).of(points[1].astype(np.float64), none[1])
    shifts = [(rule.id, stability(_given(before, rule.id), _given(today, rule.id))) for rule in model.rules]
    ranked = sorted((pair for pair in shifts if pair[1] > LOOK), key=lambda pair: -pair[1])
    aucs = [auc_interval(amounts, outcome) for amounts, outcome in zip(points, won, strict=True)]
    shift = stability(*([str(one.centi // BAND) for one in part] for part in (before, today)))
    told, came = float(chances.mean()), float(won[1].mean())
    return Drift(shift, tuple(ranked), told, came, aucs[0], aucs[1])


def stability(old: Sequence[str], new: Sequence[str]) -> float:
    """The population stability index of two samples of categories: 0 where they are spread alike. Half a lead is added
    to each category, so that one that is empty does not make it infinite."""
    before, after = Counter(old), Counter(new)
    names = set(before) | set(after)
    total = 0.0
    for name in names:
        p = (before[name] + 0.5) / (len(old) + 0.5 * len(names))
        q = (after[name] + 0.5) / (len(new) + 0.5 * len(names))
        total += (q - p) * log(q / p)
    return total


def _given(scores: Sequence[Score], rule: str) -> list[str]:
    return [str(next((r.centi // BAND for r in one.reasons if r.id == rule), "-")) for one in scores]
