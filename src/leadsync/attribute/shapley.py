"""Shapley values of channels, exactly, for two games that the trade calls by this one name.

Coverage game: a coalition is worth the conversions of the paths whose channels all belong to it. Its Shapley value is
an equal split of each path's conversions over the distinct channels of the path, so no coalition need be enumerated.
Rate game: a coalition is worth the conversion rate of the paths whose channels are exactly it. Its values may be
negative; it is a diagnostic, not a way to share out conversions.
"""

from __future__ import annotations

from math import lgamma

import numpy as np
from numpy.typing import NDArray

from leadsync.attribute.paths import Floats, Paths, add_up, owners, unique

MASK_CHANNELS = 63
"""Channels a set of them may have to fit the bits of a 64-bit integer."""


def coverage(paths: Paths, amounts: Floats) -> Floats:
    """Each channel's Shapley value of the coverage game in which path i is worth `amounts[i]`; no path is empty."""
    if len(paths.channels) > MASK_CHANNELS:
        single = unique(paths)
        return add_up(single.codes, (amounts / single.lengths)[owners(single)], len(paths.channels))
    masks = channel_sets(paths)
    found, numbers = np.unique(masks, return_inverse=True)
    worth = add_up(numbers, amounts, len(found)) / np.bitwise_count(found)
    bits = np.int64(1) << np.arange(len(paths.channels), dtype=np.int64)
    return np.array([worth[(found & bit) != 0].sum() for bit in bits])


def rate(paths: Paths) -> Floats:
    """Each channel's Shapley value of the rate game, nulls included; the values add up to the rate of all channels'
    own coalition. Raises ValueError for more than 63 channels."""
    if len(paths.channels) > MASK_CHANNELS:
        raise ValueError(f"the rate game takes at most {MASK_CHANNELS} channels, here are {len(paths.channels)}")
    found, numbers = np.unique(channel_sets(paths), return_inverse=True)
    won = add_up(numbers, paths.conversions, len(found))
    seen = add_up(numbers, paths.conversions + paths.nulls, len(found))
    worth = np.divide(won, seen, out=np.zeros(len(found)), where=seen > 0)
    sizes = np.bitwise_count(found).astype(np.int64)
    joins, misses = _weights(len(paths.channels))
    bits = np.int64(1) << np.arange(len(paths.channels), dtype=np.int64)
    return np.array([
        np.where((found & bit) != 0, worth * joins[sizes], -worth * misses[sizes]).sum() for bit in bits
    ])  # fmt: skip


def channel_sets(paths: Paths) -> NDArray[np.int64]:
    """The set of channels of each path as the bits of an integer; no path is empty."""
    return np.bitwise_or.reduceat(np.int64(1) << paths.codes.astype(np.int64), paths.starts[:-1])


def _weights(players: int) -> tuple[Floats, Floats]:
    """How much a coalition of each size counts, for a player in it and for one who is not.

    In it: the (s-1)! (K-s)! / K! of the step by which the player joined. Not in it: the s! (K-s-1)! / K! of the step by
    which it would.
    """
    sizes = range(players + 1)
    joins = [0.0 if size == 0 else _share(size - 1, players) for size in sizes]
    misses = [0.0 if size == players else _share(size, players) for size in sizes]
    return np.array(joins), np.array(misses)


def _share(before: int, players: int) -> float:
    """The share of orderings in which exactly `before` given players come first and one given player next."""
    return float(np.exp(lgamma(before + 1) + lgamma(players - before) - lgamma(players + 1)))
