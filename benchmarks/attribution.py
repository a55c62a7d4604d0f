"""How long all attribution models take on a million journeys, and how far ChannelAttribution's simulation is off.

    python -m benchmarks.attribution --paths 1000000

Prints CPU seconds and peak resident memory for each model and for all of them together (making the data is not
counted). With LEADSYNC_DATA set, the reference journeys are checked to the ninth decimal. ChannelAttribution is run on
the same journeys in the same process when it is installed (`pip install ChannelAttribution matplotlib`).
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

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


def report(what: str, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:45} {seconds:8.3f} CPU-s   peak {peak:.2f} GiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paths", type=int, default=1_000_000)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    given = parser.parse_args()
    paths = make(given.paths)
    print(f"{len(paths):,} journeys, {len(paths.codes):,} touches, {int(paths.conversions.sum()):,} conversions")
    for name in MODELS:
        report(name, timed(paths, [STANDARD[name]]))
    report(f"all {len(MODELS)} models together", timed(paths, [STANDARD[name] for name in MODELS]))
    if given.peers:
        peers(paths)


def peers(paths: Paths) -> None:
    try:
        from benchmarks.attribution_peers import run
    except ImportError as missing:
        print(f"no peers in this run: {missing}")
        return
    run(paths, report)


if __name__ == "__main__":
    main()
