"""The models that credit each journey by itself: how much of a conversion each touch gets, for all paths at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from leadsync.attribute.model import Kind, Method
from leadsync.attribute.paths import Floats, Mask, Offsets, Paths, first_touches, last_touches


def per_touch(paths: Paths, method: Method, direct: frozenset[str]) -> Floats:
    """Each touch's share of its path's conversions; a path's shares add up to 1. Paths must not be empty.

    Raises ValueError when the model needs the touches' times and the paths have none.
    """
    if len(paths.codes) == 0:
        return np.zeros(0)
    return _SHARES[method.kind](paths, method, direct)


def _first(paths: Paths, _method: Method, _direct: frozenset[str]) -> Floats:
    return _only(paths, first_touches(paths))


def _last(paths: Paths, _method: Method, _direct: frozenset[str]) -> Floats:
    return _only(paths, last_touches(paths))


def _last_non_direct(paths: Paths, _method: Method, direct: frozenset[str]) -> Floats:
    counts = np.array([name not in direct for name in paths.channels], dtype=np.bool_)[paths.codes]
    latest = np.where(counts, np.arange(len(paths.codes), dtype=np.int64), -1)
    best = np.maximum.reduceat(latest, first_touches(paths))
    return _only(paths, np.where(best >= 0, best, last_touches(paths)))


def _linear(paths: Paths, _method: Method, _direct: frozenset[str]) -> Floats:
    lengths = paths.lengths
    return np.repeat(1.0 / lengths, lengths)


def _position(paths: Paths, method: Method, _direct: frozenset[str]) -> Floats:
    lengths = paths.lengths
    middle = np.where(lengths > 2, method.middle / np.maximum(lengths - 2, 1), 0.0)
    # With nothing between them, the two ends share the middle's part; a path of one touch gets it all.
    first = np.where(lengths > 2, method.first, np.where(lengths == 2, method.first + method.middle / 2, 1.0))
    last = np.where(lengths > 2, method.last, method.last + method.middle / 2)
    shares = np.repeat(middle, lengths)
    shares[last_touches(paths)] = last
    shares[first_touches(paths)] = first
    return shares


def _time_decay(paths: Paths, method: Method, _direct: frozenset[str]) -> Floats:
    if paths.hours is None:
        raise ValueError("time decay needs the hours before the conversion of each touch")
    lengths = paths.lengths
    # Relative to the path's last touch, so that a very old path does not vanish below the smallest float.
    youngest = np.minimum.reduceat(paths.hours, first_touches(paths))
    fading = np.exp2((np.repeat(youngest, lengths) - paths.hours) / method.half_life_hours)
    return _each_path_to_one(fading, paths)


def _milestones(paths: Paths, method: Method, _direct: frozenset[str]) -> Floats:
    marked = np.zeros(len(paths.codes))
    for name, share in method.milestones.items():
        touches, reached = _milestone_touches(paths, name)
        np.add.at(marked, touches[reached], share)
    lengths, firsts = paths.lengths, first_touches(paths)
    plain = marked == 0
    others = np.add.reduceat(plain.astype(np.int64), firsts)
    rest = 1.0 - sum(method.milestones.values())
    shares = np.where(plain, np.repeat(rest / np.maximum(others, 1), lengths), marked)
    return _each_path_to_one(shares, paths)


def _milestone_touches(paths: Paths, name: str) -> tuple[Offsets, Mask]:
    """For each path, the touch a milestone falls on: the last at or before it; and whether there is one."""
    everywhere = np.ones(len(paths), dtype=np.bool_)
    if name == "first":
        return first_touches(paths), everywhere
    if name == "close":
        return last_touches(paths), everywhere
    if paths.hours is None or name not in paths.milestones:
        return first_touches(paths), ~everywhere
    reached = np.repeat(paths.milestones[name], paths.lengths)
    before = np.where(paths.hours >= reached, np.arange(len(paths.codes), dtype=np.int64), -1)
    touches = np.maximum.reduceat(before, first_touches(paths))
    return touches, touches >= 0


def _each_path_to_one(shares: Floats, paths: Paths) -> Floats:
    whole: Floats = np.add.reduceat(shares, first_touches(paths))
    return shares / np.repeat(whole, paths.lengths)


def _only(paths: Paths, touches: Offsets) -> Floats:
    shares = np.zeros(len(paths.codes))
    shares[touches] = 1.0
    return shares


_SHARES: Mapping[Kind, Callable[[Paths, Method, frozenset[str]], Floats]] = {
    Kind.FIRST: _first,
    Kind.LAST: _last,
    Kind.LAST_NON_DIRECT: _last_non_direct,
    Kind.LINEAR: _linear,
    Kind.POSITION: _position,
    Kind.TIME_DECAY: _time_decay,
    Kind.MILESTONES: _milestones,
}
