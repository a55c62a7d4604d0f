"""Removal effects of channels in the Markov chain of all journeys, exactly: linear algebra, no simulation.

A journey is start → channel … → conversion or null. The removal effect of a channel is the share of the conversion
probability that is lost when whoever reaches it is lost; credits are in proportion to the effects. With order k a state
remembers the last k channels, and removing a channel removes all states whose latest channel it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leadsync.attribute.paths import Floats, Mask, Offsets, Paths, add_up, owners

DENSE_STATES = 1500
"""Up to so many states the chain is solved by one inverse (18 MB); beyond, by iteration to the last bit."""
LARGEST_TABLE = 4_000_000
"""Up to so many possible keys a table (36 MB) tells which occur; beyond, sorting does."""
SETTLED = 2e-15
"""An iteration ends when no probability changes by more than this."""
MOST_GUESSES = 100
"""Steps of the first guess; a chain of real journeys needs a dozen."""
MOST_STEPS = 1_000_000
"""An iteration that takes more steps is given up: such a chain all but never comes to an end."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A Markov chain over states 0..n-1, which are ways to have reached a channel.

    `start`: probability to begin in each state; `absorb`: to convert from it; `rows`, `columns`, `moves`: the
    transitions between states; `latest`: each state's channel.
    """

    start: Floats
    absorb: Floats
    rows: Offsets
    columns: Offsets
    moves: Floats
    latest: Offsets

    def __len__(self) -> int:
        return len(self.absorb)


def removal_effects(paths: Paths, order: int = 1) -> Floats:
    """The removal effect of each channel, 0..1; 0 for a channel no path touches, and for all if nothing converted."""
    effects = np.zeros(len(paths.channels))
    if len(paths.codes) == 0 or not np.any(paths.conversions > 0):
        return effects
    made = chain(paths, order)
    solve = _dense if len(made) <= DENSE_STATES else _iterated
    return solve(made, effects)


def chain(paths: Paths, order: int = 1) -> Chain:
    """The chain of order `order` (1 to 3) that the journeys with touches make, nulls included."""
    states, latest = _states(paths, order)
    path, weight = owners(paths), paths.conversions + paths.nulls
    size = len(latest)
    leaving = add_up(states, weight[path], size)
    filled = paths.lengths > 0
    first, last = paths.starts[:-1][filled], paths.starts[1:][filled] - 1
    begins = add_up(states[first], weight[filled], size)
    ends = add_up(states[last], paths.conversions[filled], size)
    rows, columns, counts = _transitions(states, latest, weight[path], last)
    share = np.divide(1.0, leaving, out=np.zeros(size), where=leaving > 0)
    return Chain(begins / begins.sum(), ends * share, rows, columns, counts * share[rows], latest)


def _states(paths: Paths, order: int) -> tuple[Offsets, Offsets]:
    """For each touch the number of its state; and each state's channel. States that do not occur have no number."""
    base = len(paths.channels) + 1
    keys = paths.codes.astype(np.int64) + 1
    if order == 1:
        return keys - 1, np.arange(base - 1, dtype=np.int64)
    position = np.arange(len(keys), dtype=np.int64) - np.repeat(paths.starts[:-1], paths.lengths)
    combined = keys.copy()
    for back in range(1, order):
        earlier = np.zeros_like(keys)
        earlier[back:] = keys[:-back]
        combined += np.where(position >= back, earlier, 0) * base**back
    found, numbers = _numbered(combined, base**order)
    return numbers, found % base - 1


def _transitions(states: Offsets, latest: Offsets, weights: Floats, last: Offsets) -> tuple[Offsets, Offsets, Floats]:
    """The counted moves between states: from, to, how often. The step from one path into the next is no move."""
    within = weights[:-1].copy()
    within[last[last < len(within)]] = 0.0
    # A state and the channel that comes next say which state that is, so that few pairs need to be told apart.
    channels = int(latest.max()) + 1
    found, numbers = _numbered(states[:-1] * channels + latest[states[1:]], len(latest) * channels)
    counts = add_up(numbers, within, len(found))
    to = np.zeros(len(found), dtype=np.int64)
    real = within > 0
    to[numbers[real]] = states[1:][real]
    moved = counts > 0
    return found[moved] // channels, to[moved], counts[moved]


def _numbered(keys: Offsets, limit: int) -> tuple[Offsets, Offsets]:
    """The keys that occur (all below `limit`), in order, and each key's place among them."""
    if limit > LARGEST_TABLE:
        found, numbers = np.unique(keys, return_inverse=True)
        return found, numbers.astype(np.int64)
    there = np.zeros(limit, dtype=np.bool_)
    there[keys] = True
    return np.flatnonzero(there).astype(np.int64), (np.cumsum(there) - 1)[keys]


def _dense(made: Chain, effects: Floats) -> Floats:
    """By the fundamental matrix N = (I - Q)^-1: the conversions of journeys that pass through a channel's states S are
    s N[:, S] N[S, S]^-1 (N r)[S], which for a single state is N[s, k] / N[k, k] × h[k]."""
    size = len(made)
    matrix = np.eye(size)
    np.subtract.at(matrix, (made.rows, made.columns), made.moves)
    inverse = np.linalg.inv(matrix)
    converts, visits = inverse @ made.absorb, made.start @ inverse
    base = float(made.start @ converts)
    for channel in np.unique(made.latest):
        own = np.flatnonzero(made.latest == channel)
        through = np.linalg.solve(inverse[np.ix_(own, own)], converts[own])
        effects[channel] = float(visits[own] @ through) / base
    return effects


def _iterated(made: Chain, effects: Floats) -> Floats:
    """By adding up the conversions after one more step until nothing changes, with and without each channel."""
    nobody = np.full(len(made), fill_value=False)
    base = _reach(made, nobody)
    for channel in np.unique(made.latest):
        effects[channel] = 1.0 - _reach(made, made.latest == channel) / base
    return effects


def _reach(made: Chain, removed: Mask) -> float:
    """The probability to convert when the removed states lose everybody."""
    alive = np.where(removed, 0.0, 1.0)
    absorb = made.absorb * alive
    moves = made.moves * alive[made.rows]

    def spread(converts: Floats) -> Floats:
        return add_up(made.rows, moves * converts[made.columns], len(made))

    converts = _nearly(absorb, spread)
    for _step in range(MOST_STEPS):
        following = absorb + spread(converts)
        change = float(np.abs(following - converts).max())
        converts = following
        if change <= SETTLED:
            return float(made.start @ converts)
    raise ValueError(f"the chain does not settle within {MOST_STEPS:,} steps: its journeys hardly ever end")


def _nearly(absorb: Floats, spread: Callable[[Floats], Floats]) -> Floats:
    """Near the solution x of x = absorb + spread(x), by stabilised bi-conjugate gradients (van der Vorst 1992): where
    adding up begins, which alone decides when it is exact. Gives up early rather than late."""
    x = absorb.copy()
    rest = spread(x)
    shadow = direction = rest
    rho = float(shadow @ rest)
    for _step in range(MOST_GUESSES):
        ahead = direction - spread(direction)
        along = float(shadow @ ahead)
        if rho == 0 or along == 0:
            break
        alpha = rho / along
        half = rest - alpha * ahead
        turned = half - spread(half)
        length = float(turned @ turned)
        omega = float(turned @ half) / length if length > 0 else 0.0
        x = x + alpha * direction + omega * half
        rest = half - omega * turned
        before, rho = rho, float(shadow @ rest)
        if omega == 0 or float(np.abs(rest).max()) <= SETTLED:
            break
        direction = rest + (rho / before) * (alpha / omega) * (direction - omega * ahead)
    return x if bool(np.all(np.isfinite(x))) else absorb
