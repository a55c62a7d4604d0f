"""How likely a candidate is the right entity: gradient-boosted trees over the features, evaluated with numpy alone."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsync.resolve.features import FEATURES

Floats = npt.NDArray[np.float32]
CHUNK = 128
"""Rows weighed at once: few enough that their way through all trees stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Model:
    """All trees' nodes on end. A leaf is its own child; `roots` are the trees' first nodes, `depth` the deepest's."""

    feature: npt.NDArray[np.int16]
    threshold: Floats
    children: npt.NDArray[np.int32]
    """Of each node the next one where the feature is at most the threshold, then the one where it is above."""
    value: Floats
    roots: npt.NDArray[np.int32]
    depth: int
    base: float

    def log_odds(self, rows: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
        """The log odds that each candidate (a row of features) is the right one."""
        if not rows:
            return np.zeros(0)
        x = np.asarray(rows, np.float32)
        return np.concatenate([self._chunk(x[at : at + CHUNK]) for at in range(0, len(x), CHUNK)])

    def _chunk(self, x: Floats) -> npt.NDArray[np.float64]:
        values = x.ravel()
        first = np.repeat(np.arange(len(x), dtype=np.int32) * x.shape[1], len(self.roots))
        node = np.tile(self.roots, len(x))
        for _ in range(self.depth):
            above = values[first + self.feature[node]] > self.threshold[node]
            node = self.children[2 * node + above]
        odds: npt.NDArray[np.float64] = self.value[node].reshape(len(x), -1).sum(axis=1, dtype=np.float64) + self.base
        return odds


def read_model(data: dict[str, Any]) -> Model:
    """The model that tools/train_resolve.py wrote; raises ValueError when it was trained on other features."""
    if tuple(data["features"]) != FEATURES:
        raise ValueError("the model was trained on other features: run tools/train_resolve.py")
    return Model(
        np.array(data["feature"], np.int16),
        np.array(data["threshold"], np.float32),
        np.ravel(np.column_stack((data["left"], data["right"]))).astype(np.int32),
        np.array(data["value"], np.float32),
        np.array(data["roots"], np.int32),
        data["depth"],
        data["base"],
    )


@cache
def model() -> Model:
    """The model that ships with the package."""
    return read_model(json.loads(pkgutil.get_data("leadsync.resolve", "model.json") or b"{}"))
