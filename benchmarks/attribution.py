"""How long all attribution models take on a million journeys, and how far ChannelAttribution's simulation is off.

    python -m benchmarks.attribution --paths 1000000

Prints CPU seconds and peak resident memory for each model and for all of them together; making the data is not counted.
ChannelAttribution is run on the same journeys where it is installed (`pip install ChannelAttribution matplotlib`), each
contender in a process of its own.

A million journeys with 4.6 million touches, on 2 busy cores, Debian 12, Python 3.11:

    leadsync, all 16 models together               2.6 CPU-s   0.56 GiB
    of these markov alone                          0.7 CPU-s   0.56 GiB
    ChannelAttribution 2.2.5: first, last, linear  2.5 CPU-s   0.81 GiB
    ChannelAttribution 2.2.5: markov, simulated    4.4 CPU-s   0.81 GiB; off by 2.7 % (median), 8.5 % (at worst)
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.alone import alone, report
from leadsync.attribute.engine import attribute
from leadsync.attribute.model import STANDARD, JourneyRules, Method
from leadsync.attribute.paths import Paths

MODELS = tuple(STANDARD)
MEAN_TOUCHES = 4.57
CONVERTING = 0.22


def make(count: int, channels: int = 20) -> Paths:
    """Invented journeys: lengths geometric, channels by Zipf's law, two in nine converting, touches over 60 days."""
    chance = np.random.default_rng(7)
    lengths = chance.geometric(1 / MEAN_TOUCHES, count)
    starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    weights = 1 / np.arange(1, channels + 1)
    codes = chance.choice(channels, size=int(starts[-1]), p=weights / weights.sum()).astype(np.int32)
    won = (chance.random(count) < CONVERTING).astype(np.float64)
    marks = {name: chance.random(count) * 24 * 60 for name in ("lead", "deal")}
    names = ("direct", *(f"channel {i:02}" for i in range(1, channels)))
    hours = chance.random(len(codes)) * 24 * 60
    return Paths(names, codes, starts, won, won * chance.lognormal(3, 1, count), 1 - won, hours, marks)


def timed(paths: Paths, methods: list[Method]) -> float:
    before = time.process_time()
    attribute(paths, methods, JourneyRules())
    return time.process_time() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=1_000_000)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    paths = make(given.paths)
    print(f"{len(paths):,} journeys, {len(paths.codes):,} touches, {int(paths.conversions.sum()):,} conversions")
    timed(make(1_000), list(STANDARD.values()))  # what numpy loads when it is first used is not a model's
    for name in MODELS:
        alone(lambda name=name: report(name, timed(paths, [STANDARD[name]])))
    alone(lambda: report(f"all {len(MODELS)} models together", timed(paths, [STANDARD[name] for name in MODELS])))
    if given.peers:
        peers(paths)


def peers(paths: Paths) -> None:
    try:
        from benchmarks.attribution_peers import heuristics, markov
    except ImportError as missing:
        print(f"no peers in this run: {missing}")
        return
    alone(lambda: heuristics(paths))
    alone(lambda: markov(paths))


if __name__ == "__main__":
    main()
