"""ChannelAttribution on the same journeys: its time, and its distance from the exact removal effects."""

from __future__ import annotations

import contextlib
import io
import time
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.alone import report
from leadsync.attribute.engine import attribute
from leadsync.attribute.model import STANDARD, JourneyRules
from leadsync.attribute.paths import Paths

with contextlib.redirect_stdout(io.StringIO()):  # it advertises itself when it is imported
    import ChannelAttribution


def heuristics(paths: Paths) -> None:
    frame = as_frame(paths)
    before = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        ChannelAttribution.heuristic_models(frame, "path", "conv", var_value="value")
    report("ChannelAttribution: first, last, linear", time.process_time() - before)


def markov(paths: Paths) -> None:
    frame = as_frame(paths)
    columns = {"var_path": "path", "var_conv": "conv", "var_value": "value"}
    before = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        found = ChannelAttribution.markov_model(frame, **columns, var_null="nulls", order=1)
    report("ChannelAttribution: markov, simulated", time.process_time() - before)
    exact = attribute(paths, [STANDARD["markov"]], JourneyRules())["markov"].by_channel()
    simulated = dict(zip(found["channel_name"], found["total_conversions"], strict=True))
    off = {name: abs(simulated.get(name, 0.0) - value) / value for name, value in exact.items() if value > 0}
    worst = max(off, key=lambda name: off[name])
    print(f"its credits are off by {np.median(list(off.values())):.2%} (median) and {off[worst]:.2%} ({worst})")


def as_frame(paths: Paths) -> pd.DataFrame:
    """As it wants them: a text a path. Making it is not counted."""
    names = np.array(paths.channels)[paths.codes].tolist()
    bounds = paths.starts.tolist()
    return pd.DataFrame({
        "path": [" > ".join(names[a:b]) for a, b in pairwise(bounds)],
        "conv": paths.conversions.astype(int),
        "value": paths.value,
        "nulls": paths.nulls.astype(int),
    })  # fmt: skip
