"""Attribution written a second time, naively and in exact fractions, to hold the columns' engine against."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction
from itertools import combinations
from math import factorial

START, WON, LOST = "(start)", "(won)", "(lost)"


def credit(journeys, share):
    """Channel credits of journeys [(path, conversions, nulls)] by a function path → one share per touch."""
    found = defaultdict(Fraction)
    for path, conversions, _nulls in journeys:
        for channel, part in zip(path, share(path), strict=True):
            found[channel] += conversions * part
    return found


def first(path):
    return [Fraction(int(i == 0)) for i in range(len(path))]


def last(path):
    return first(path)[::-1]


def linear(path):
    return [Fraction(1, len(path))] * len(path)


def position(first_share, middle, last_share):
    def share(path):
        n = len(path)
        if n == 1:
            return [Fraction(1)]
        if n == 2:
            return [first_share + middle / 2, last_share + middle / 2]
        return [first_share, *[middle / (n - 2)] * (n - 2), last_share]

    return share


def last_non_direct(direct):
    def share(path):
        best = max((i for i, channel in enumerate(path) if channel not in direct), default=len(path) - 1)
        return [Fraction(int(i == best)) for i in range(len(path))]

    return share


def removal_effects(journeys, order=1):
    """By solving the chain anew without each channel."""
    moves = defaultdict(Counter)
    for path, conversions, nulls in journeys:
        states = [tuple(path[max(0, i - order + 1) : i + 1]) for i in range(len(path))]
        for here, there in zip([START, *states], states, strict=False):
            moves[here][there] += conversions + nulls
        moves[states[-1]][WON] += conversions
        moves[states[-1]][LOST] += nulls
    everything = conversion_probability(moves, None)
    channels = {channel for path, _c, _n in journeys for channel in path}
    return {channel: 1 - conversion_probability(moves, channel) / everything for channel in channels}


def conversion_probability(moves, removed):
    """Gaussian elimination in fractions of h(s) = sum over t of P(s, t) h(t), h(won) = 1."""
    alive = [state for state in moves if state == START or state[-1] != removed]
    index = {state: i for i, state in enumerate(alive)}
    rows = []
    for state in alive:
        whole = sum(moves[state].values())
        row = [Fraction(0)] * (len(alive) + 1)
        row[index[state]] += 1
        for there, count in moves[state].items():
            if there == WON:
                row[-1] += Fraction(count, whole)
            elif there in index:
                row[index[there]] -= Fraction(count, whole)
        rows.append(row)
    return solve(rows)[index[START]]


def solve(rows):
    size = len(rows)
    for i in range(size):
        pivot = next(j for j in range(i, size) if rows[j][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(size):
            if j != i and rows[j][i] != 0:
                rows[j] = [x - rows[j][i] * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [row[-1] for row in rows]


def shapley(channels, worth):
    """By going through every coalition."""
    n = len(channels)
    values = {}
    for player in channels:
        others = [channel for channel in channels if channel != player]
        values[player] = sum(
            Fraction(factorial(size) * factorial(n - size - 1), factorial(n))
            * (worth(frozenset(some) | {player}) - worth(frozenset(some)))
            for size in range(n)
            for some in combinations(others, size)
        )
    return values


def coverage_game(journeys):
    return lambda coalition: Fraction(sum(won for path, won, _lost in journeys if set(path) <= coalition))


def rate_game(journeys):
    def worth(coalition):
        won = sum(won for path, won, _lost in journeys if set(path) == coalition)
        seen = sum(won + lost for path, won, lost in journeys if set(path) == coalition)
        return Fraction(won, seen) if seen else Fraction(0)

    return worth
