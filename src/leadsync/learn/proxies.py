"""How well what a model looks at tells an attribute it may not look at: leaving the attribute out is not enough."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leadsync.learn.fit import fit
from leadsync.learn.leaks import alone, categories
from leadsync.records import Fields
from leadsync.score.backtest import auc

STRONG: Final = 0.7
"""An AUC from which on a fact can stand in for the attribute: two pairs in five are told apart."""
RARE: Final = 10


@dataclass(frozen=True, slots=True)
class Proxies:
    """For one group: how well all facts together tell who belongs to it (AUC, 0.5 is not at all), and each alone, the
    best first."""

    group: str
    together: float
    alone: tuple[tuple[str, float], ...]


def proxies(group: str, groups: Sequence[str], facts: Sequence[Fields], fields: Iterable[str]) -> Proxies | None:
    """Of leads with known groups; None where all or too few of them belong to the group. Each lead is judged by what
    was learned from the other half of the leads."""
    belongs = np.array([one == group for one in groups], dtype=np.bool_)
    if min(int(belongs.sum()), int((~belongs).sum())) < RARE:
        return None
    names = sorted(fields)
    single = sorted(((name, alone(facts, name, belongs)) for name in names), key=lambda pair: (-pair[1], pair[0]))
    return Proxies(group, _together(facts, names, belongs), tuple(single))


def _together(facts: Sequence[Fields], names: Sequence[str], belongs: NDArray[np.bool_]) -> float:
    columns = []
    for name in names:
        keys = np.array(categories([some.get(name) for some in facts]))
        columns += [(keys == key).astype(np.float64) for key in np.unique(keys) if (keys == key).sum() >= RARE]
    if not columns:
        return 0.5
    matrix = np.column_stack(columns)
    # The halves must not follow the order in which leads were made.
    half = np.random.default_rng(0).permutation(len(belongs)) % 2
    told = np.zeros(len(belongs))
    for side in (0, 1):
        known, asked = half != side, half == side
        if belongs[known].all() or not belongs[known].any():
            return 0.5
        told[asked] = fit(matrix[known], belongs[known]).chances(matrix[asked])
    _values, ranks = np.unique(told, return_inverse=True)
    return auc(ranks.astype(np.int64), belongs)
