"""Journeys in columns: all touches of all paths end to end, so that a model is a handful of numpy calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from leadsync.attribute.model import HOURS_PER_DAY, JourneyRules, Repeats

Floats: TypeAlias = NDArray[np.float64]
Codes: TypeAlias = NDArray[np.int32]
Offsets: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Paths:
    """`codes[starts[i]:starts[i + 1]]` are path i's touches in the order of time, as indices into `channels`.

    Per path: `conversions` and `nulls` (how often this path ended with and without one) and `value` (of all its
    conversions together). Per touch: `hours` before the conversion, negative after it. `milestones`: per path, the
    hours before the conversion at which each was reached, NaN where it was not.
    """

    channels: tuple[str, ...]
    codes: Codes
    starts: Offsets
    conversions: Floats
    value: Floats
    nulls: Floats
    hours: Floats | None = None
    milestones: Mapping[str, Floats] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Offsets:
        """Touches per path."""
        return np.diff(self.starts)


def owners(paths: Paths) -> Codes:
    """For each touch, the index of its path."""
    return np.repeat(np.arange(len(paths), dtype=np.int32), paths.lengths)


def add_up(groups: NDArray[np.integer[Any]], amounts: Floats, size: int) -> Floats:
    """The sum of the amounts of each group 0..size-1."""
    return np.asarray(np.bincount(groups, weights=amounts, minlength=size), dtype=np.float64)


def keep_touches(paths: Paths, kept: Mask) -> Paths:
    """The paths with only the touches of the mask; paths that become empty stay."""
    lengths = np.zeros(len(paths) + 1, dtype=np.int64)
    counted = np.concatenate(([0], np.cumsum(kept)))
    lengths[1:] = counted[paths.starts[1:]]
    hours = None if paths.hours is None else paths.hours[kept]
    return replace(paths, codes=paths.codes[kept], starts=lengths, hours=hours)


def keep_paths(paths: Paths, kept: Mask) -> Paths:
    """The paths of the mask with all their touches."""
    touches = np.repeat(kept, paths.lengths)
    starts = np.concatenate(([0], np.cumsum(paths.lengths[kept]))).astype(np.int64)
    return Paths(
        paths.channels,
        paths.codes[touches],
        starts,
        paths.conversions[kept],
        paths.value[kept],
        paths.nulls[kept],
        None if paths.hours is None else paths.hours[touches],
        {name: hours[kept] for name, hours in paths.milestones.items()},
    )


def prepare(paths: Paths, rules: JourneyRules) -> Paths:
    """The paths as the rules want them: look-back, excluded channels, touches after conversion, repeats, nulls.

    Raises ValueError when the rules need the touches' times and the paths have none.
    """
    steps: list[Callable[[Paths], Paths]] = []
    if rules.lookback_days is not None:
        oldest = rules.lookback_days * HOURS_PER_DAY
        steps.append(lambda some: keep_touches(some, _hours(some) <= oldest))
    if not rules.after_conversion and paths.hours is not None:
        steps.append(lambda some: keep_touches(some, _hours(some) >= 0))
    if rules.exclude:
        wanted = np.array([name not in rules.exclude for name in paths.channels], dtype=np.bool_)
        steps.append(lambda some: keep_touches(some, wanted[some.codes]))
    steps.append(_REPEATS[rules.repeats])
    if not rules.nulls:
        steps.append(without_nulls)
    for step in steps:
        paths = step(paths)
    return paths


def collapsed(paths: Paths) -> Paths:
    """Each run of one channel as its first touch."""
    kept = np.ones(len(paths.codes), dtype=np.bool_)
    kept[1:] = paths.codes[1:] != paths.codes[:-1]
    kept[first_touches(paths)] = True
    return keep_touches(paths, kept)


def unique(paths: Paths) -> Paths:
    """Each channel of a path once, where it came up first."""
    keys = owners(paths).astype(np.int64) * len(paths.channels) + paths.codes
    kept = np.zeros(len(paths.codes), dtype=np.bool_)
    kept[np.unique(keys, return_index=True)[1]] = True
    return keep_touches(paths, kept)


def without_nulls(paths: Paths) -> Paths:
    """Only the paths that converted, as if the others had never been."""
    some = keep_paths(paths, paths.conversions > 0)
    return replace(some, nulls=np.zeros(len(some)))


def first_touches(paths: Paths) -> Offsets:
    """The index of the first touch of each path that has any."""
    return paths.starts[:-1][paths.lengths > 0]


def last_touches(paths: Paths) -> Offsets:
    """The index of the last touch of each path that has any."""
    return paths.starts[1:][paths.lengths > 0] - 1


def _same(paths: Paths) -> Paths:
    return paths


_REPEATS: Mapping[Repeats, Callable[[Paths], Paths]] = {
    Repeats.KEEP: _same,
    Repeats.COLLAPSE: collapsed,
    Repeats.UNIQUE: unique,
}


def _hours(paths: Paths) -> Floats:
    if paths.hours is None:
        raise ValueError("these paths have no times: give the hours before the conversion, or drop the look-back")
    return paths.hours
