"""The reference outputs of the published sample: 88,387 journeys, 12 channels, 19,785 conversions.

The reference file is large and not part of the repository: LEADSYNC_DATA names the folder that has `attribution/`.
"""

from __future__ import annotations

import csv
import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from leadsync.attribute.engine import attribute
from leadsync.attribute.model import STANDARD, JourneyRules, Kind, Method
from leadsync.attribute.paths import Paths
from leadsync.cli.main import cli

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


# ---- the same through the command line, in each form a file may have


def _touch_rows(out, rows):
    """A row for each touch, and one for each conversion, in no order."""
    end = datetime(2026, 1, 1, tzinfo=UTC)
    told = []
    for row in rows:
        for channel, hours in zip(row["path"].split(" > "), row["hours"].split(" > "), strict=True):
            told.append((row["journey_id"], (end - timedelta(hours=float(hours))).isoformat(), channel, "", ""))
        if row["conv"] == "True":
            told.append((row["journey_id"], end.isoformat(), "", "1", row["value"]))
    csv.writer(out).writerows([("cookie", "time", "channel", "conversion", "value"), *told])


@pytest.fixture(scope="module")
def long_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("long") / "touches.csv"
    with gzip.open(FOLDER / "journeys_88387.csv.gz", "rt") as file, path.open("w", newline="") as out:
        _touch_rows(out, csv.DictReader(file))
    return path


def printed(capsys, file, *arguments):
    """(model, channel) → what `leadsync attribute FILE` prints as CSV."""
    assert cli.main(["attribute", str(file), *arguments, "--output", "csv"], standalone_mode=False) == 0
    rows = csv.DictReader(capsys.readouterr().out.splitlines())
    return {(row.get("model", ""), row["channel"]): row for row in rows}


NAMES = {
    "first": "first", "last": "last", "last_non_direct": "last_non_eta", "linear": "linear", "u": "u_40_20_40",
    "u:30/40/30": "u_30_40_30", "time_decay": "time_decay_hl168",
}  # fmt: skip
BEHIND = {"markov": "markov_removal_effect", "shapley_rate": "shapley_exact_rate_game"}
FORMS = {"wide": "journeys_88387.csv.gz", "counted": "channelattribution_paths.csv.gz", "long": None}
AS_EXACT = {"wide": 1e-9, "long": 1e-9, "counted": 1e-7}
"""The reference added its journeys up one by one, and is itself up to 2.5e-9 conversions (and as much value) off what
exact fractions come to; the form with counts adds up less and is nearer to these."""


CONVERSIONS = {"markov": "markov_conv", "shapley": "shapley_coverage_conv"} | {m: f"{n}_conv" for m, n in NAMES.items()}
VALUES = {model: f"{name}_value" for model, name in NAMES.items()}


@pytest.mark.parametrize("form", FORMS)
def test_the_command_line_prints_the_reference(form, capsys, long_file):
    file = long_file if FORMS[form] is None else FOLDER / FORMS[form]
    models = [name for name in (*CONVERSIONS, "shapley_rate") if (form, name) != ("counted", "time_decay")]
    found = printed(capsys, file, "--model", ",".join(models), "--direct", "eta", "--effects")
    wanted = expected("expected_exact_sample.csv")
    assert len(found) == len(models) * len(wanted)
    close = {"conversions": AS_EXACT[form], "value": AS_EXACT[form], "effect": 1e-9}
    for (model, channel), row in found.items():
        for what, names in (("conversions", CONVERSIONS), ("value", VALUES), ("effect", BEHIND)):
            if model in names:
                reference = pytest.approx(float(wanted[channel][names[model]]), rel=0, abs=close[what])
                assert float(row[what]) == reference, (model, channel, what)


@pytest.mark.parametrize("form", FORMS)
def test_the_command_line_prints_the_reference_without_null_journeys(form, capsys, long_file):
    file = long_file if FORMS[form] is None else FOLDER / FORMS[form]
    found = printed(capsys, file, "--model", "markov", "--nulls", "exclude")
    wanted = expected("exact_markov_o1_conv_only.csv")
    for (_model, channel), row in found.items():
        assert float(row["conversions"]) == pytest.approx(float(wanted[channel]["conversions"]), rel=0, abs=1e-9)
