"""What each source is paid or costs beside what its leads score: to be looked at, for one may follow the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leadsync.records import Fields, is_blank
from leadsync.rulefiles.numbers import number

ENOUGH: Final = 4
"""Sources: with fewer, one of two or three orders is nothing but chance."""


@dataclass(frozen=True, slots=True)
class Paid:
    """One source. `fees`: by commercial field, the mean of what is known of its leads; `cost`: what it cost as a
    channel (attribution.toml); None where nothing is known."""

    source: str
    leads: int
    score: float
    fees: Mapping[str, float]
    cost: float | None


def paid(leads: Iterable[tuple[str, float, Fields]], fields: Sequence[str], costs: Mapping[str, float]) -> list[Paid]:
    """The sources of leads, given as (source, points, facts), the highest mean score first."""
    by_source: dict[str, list[tuple[float, Fields]]] = defaultdict(list)
    for source, points, facts in leads:
        by_source[source].append((points, facts))
    known = {name.casefold(): cost for name, cost in costs.items()}
    rows = [
        Paid(source, len(some), fmean(points for points, _ in some), _fees([facts for _, facts in some], fields), cost)
        for source, some, cost in ((name, some, known.get(name.casefold())) for name, some in by_source.items())
    ]
    return sorted(rows, key=lambda row: (-row.score, row.source))


def _fees(facts: Sequence[Fields], fields: Sequence[str]) -> dict[str, float]:
    found = {}
    for name in fields:
        amounts = [number(some.get(name)) for some in facts if not is_blank(some.get(name))]
        known = [float(amount) for amount in amounts if amount is not None]
        if known:
            found[name] = fmean(known)
    return found


def along(rows: Sequence[Paid]) -> dict[str, tuple[float, int]]:
    """For each way of being paid, how the order of sources by it goes along with their order by mean score (Spearman's
    rank correlation, -1 to 1), and of how many sources; only where there are enough, and where they differ."""
    names = dict.fromkeys(name for row in rows for name in row.fees)
    pairs = {name: [(row.fees[name], row.score) for row in rows if name in row.fees] for name in names}
    pairs["cost"] = [(row.cost, row.score) for row in rows if row.cost is not None]
    found = {name: (_spearman(some), len(some)) for name, some in pairs.items() if len(some) >= ENOUGH}
    return {name: (value, count) for name, (value, count) in found.items() if value is not None}


def _spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    first, second = (_ranks([pair[side] for pair in pairs]) for side in (0, 1))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Ranks from 0, the same for equal values: the mean of theirs."""
    every = np.array(values, dtype=np.float64)
    below = (every[:, None] > every).sum(axis=1)
    equal = (every[:, None] == every).sum(axis=1)
    return np.asarray(below + (equal - 1) / 2, dtype=np.float64)
