"""The reference outputs of the published sample: 88,387 journeys, 12 channels, 19,785 conversions.

The reference file is large and not part of the repository: LEADSYNC_DATA names the folder that has `attribution/`.
"""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from leadsync.attribute.engine import attribute
from leadsync.attribute.model import STANDARD, JourneyRules, Kind, Method
from leadsync.attribute.paths import Paths

FOLDER = Path(os.environ.get("LEADSYNC_DATA", "")) / "attribution"
pytestmark = pytest.mark.skipif(
    "LEADSYNC_DATA" not in os.environ or not FOLDER.is_dir(),
    reason="LEADSYNC_DATA names no folder with attribution/ (the reference journeys)",
)
METHODS = {
    "first": STANDARD["first"],
    "last": STANDARD["last"],
    "last_non_eta": Method("last_non_eta", Kind.LAST_NON_DIRECT),
    "linear": STANDARD["linear"],
    "u_40_20_40": STANDARD["u"],
    "u_30_40_30": Method("u_30_40_30", Kind.POSITION, 0.3, 0.4, 0.3),
    "time_decay_hl168": STANDARD["time_decay"],
}


def journeys():
    with gzip.open(FOLDER / "journeys_88387.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    split = [row["path"].split(" > ") for row in rows]
    channels = tuple(sorted({name for path in split for name in path}))
    number = {name: i for i, name in enumerate(channels)}
    won = np.array([row["conv"] == "True" for row in rows], dtype=np.float64)
    return Paths(
        channels,
        np.array([number[name] for path in split for name in path], dtype=np.int32),
        np.cumsum([0, *map(len, split)]).astype(np.int64),
        won,
        np.array([float(row["value"]) for row in rows]),
        1 - won,
        np.array([float(hours) for row in rows for hours in row["hours"].split(" > ")]),
    )


def expected(name):
    with (FOLDER / name).open() as file:
        rows = list(csv.DictReader(file))
    key = next(iter(rows[0]))
    return {row[key]: row for row in rows}


@pytest.fixture(scope="module")
def found():
    methods = [*METHODS.values(), STANDARD["markov"], STANDARD["shapley"], STANDARD["shapley_rate"]]
    paths = journeys()
    return paths, attribute(paths, methods, JourneyRules(direct=frozenset(["eta"])))


def agrees(paths, values, column, name="expected_exact_sample.csv"):
    wanted = [float(expected(name)[channel][column]) for channel in paths.channels]
    return values.tolist() == pytest.approx(wanted, rel=0, abs=1e-9)


@pytest.mark.parametrize("name", METHODS)
def test_the_rule_based_models_agree_to_the_ninth_decimal(found, name):
    paths, parts = found
    assert agrees(paths, parts[METHODS[name].name].conversions, f"{name}_conv")
    assert agrees(paths, parts[METHODS[name].name].value, f"{name}_value")


def test_the_markov_and_shapley_models_agree_to_the_ninth_decimal(found):
    paths, parts = found
    assert agrees(paths, parts["markov"].effects, "markov_removal_effect")
    assert agrees(paths, parts["markov"].conversions, "markov_conv")
    assert agrees(paths, parts["shapley"].conversions, "shapley_coverage_conv")
    assert agrees(paths, parts["shapley_rate"].effects, "shapley_exact_rate_game")


def test_the_markov_model_without_null_journeys_agrees_to_the_ninth_decimal():
    paths = journeys()
    parts = attribute(paths, [STANDARD["markov"]], JourneyRules(nulls=False))["markov"]
    assert agrees(paths, parts.effects, "removal_effect", "exact_markov_o1_conv_only.csv")
    assert agrees(paths, parts.conversions, "conversions", "exact_markov_o1_conv_only.csv")
