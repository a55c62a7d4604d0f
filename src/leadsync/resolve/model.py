"""How likely a candidate is the right entity: gradient-boosted trees over the features, evaluated with numpy alone.

A tree is evaluated without walking it: each of its comparisons that comes out "above" rules out the leaves on its other
side, and the first leaf that nothing rules out is the one a walk would end in (QuickScorer; Lucchese and others, 2015).
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsync.resolve.features import FEATURES

Floats = npt.NDArray[np.float32]
CHUNK = 64
"""Rows weighed at once: few enough that what they are compared with stays in the processor's cache."""
MOST_LEAVES = 12
"""Leaves a tree may have; a set of them is a number of as many bits."""
ALL = (1 << MOST_LEAVES) - 1
_FIRST = np.array([(number & -number).bit_length() - 1 for number in range(ALL + 1)], np.int16)
"""Of each set of leaves the first one in it."""


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees whose sum is a log odds. Comparisons are laid out by their place in a tree, then by tree: `comparisons` ×
    trees; those that a tree does not have rule out nothing."""

    feature: npt.NDArray[np.int16]
    threshold: Floats
    kept: npt.NDArray[np.uint16]
    """Of each comparison the leaves that are left when the feature is above the threshold."""
    value: Floats
    """Of each tree its leaves' values, `MOST_LEAVES` places each."""
    comparisons: int
    base: float

    def log_odds(self, rows: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
        """The log odds for each row of features."""
        if not rows:
            return np.zeros(0)
        x = np.asarray(rows, np.float32).T
        return np.concatenate([self._chunk(x[:, at : at + CHUNK]) for at in range(0, x.shape[1], CHUNK)])

    def _chunk(self, x: Floats) -> npt.NDArray[np.float64]:
        above = np.ascontiguousarray(x)[self.feature] > self.threshold
        left = np.where(above, self.kept, np.uint16(ALL)).reshape(self.comparisons, -1, x.shape[1])
        leaf = _FIRST[np.bitwise_and.reduce(left, axis=0)]
        at = leaf + np.arange(0, len(self.value), MOST_LEAVES, dtype=np.int32)[:, None]
        odds: npt.NDArray[np.float64] = self.value[at].sum(axis=0, dtype=np.float64) + self.base
        return odds


def read_model(data: Mapping[str, Any]) -> Trees:
    """The trees that tools/train_resolve.py wrote: of each its comparisons (feature, threshold, leaves left when above)
    and its leaves' values. Raises ValueError when they were trained on other features."""
    if tuple(data["features"]) != FEATURES:
        raise ValueError("the model was trained on other features: run tools/train_resolve.py")
    trees = data["trees"]
    most = max((len(tree["comparisons"]) for tree in trees), default=0)
    nothing = (0, 0.0, ALL)
    padded = [[*tree["comparisons"], *[nothing] * (most - len(tree["comparisons"]))] for tree in trees]
    placed = [tree[place] for place in range(most) for tree in padded]
    values = [[*tree["leaves"], *[0.0] * (MOST_LEAVES - len(tree["leaves"]))] for tree in trees]
    return Trees(
        np.array([feature for feature, _, _ in placed], np.int16),
        np.array([threshold for _, threshold, _ in placed], np.float32)[:, None],
        np.array([kept for _, _, kept in placed], np.uint16)[:, None],
        np.ravel(np.array(values, np.float32)),
        most,
        data["base"],
    )


@cache
def model() -> Trees:
    """The model that ships with the package."""
    return read_model(json.loads(pkgutil.get_data("leadsync.resolve", "model.json") or b"{}"))
