"""Recorded traffic of the real services is answered with the same status and shape."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from tools.replay.__main__ import report
from tools.replay.exchange import recorded
from tools.replay.replay import VENDORS, Verdict, replay
from tools.replay.shape import differences

EXCERPT = Path(__file__).parent / "recordings"
DATA = os.environ.get("LEADSYNC_DATA", "")


def otherwise(verdicts: list[Verdict]) -> list[str]:
    return [f"{v.exchange.endpoint}: {why}" for v in verdicts for why in v.differs]


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_the_excerpt_of_the_recordings_is_answered_alike(vendor: str) -> None:
    verdicts = list(replay(vendor, recorded(EXCERPT, vendor)))
    assert otherwise(verdicts) == []
    assert sum(verdict.agrees for verdict in verdicts) == len(verdicts) >= 10


@pytest.mark.skipif(not DATA, reason="LEADSYNC_DATA does not lead to the folder with recordings/")
@pytest.mark.parametrize(("vendor", "total", "alike"), [("hubspot", 150, 150), ("salesforce", 49, 49)])
def test_all_recordings_are_answered_alike(vendor: str, total: int, alike: int) -> None:
    verdicts = list(replay(vendor, recorded(Path(DATA) / "recordings", vendor)))
    assert otherwise(verdicts) == []
    assert (len(verdicts), sum(verdict.agrees for verdict in verdicts)) == (total, alike)
    assert "out of scope" in report(verdicts)


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ({"a": 1}, {"a": 2.5}, []),
        ({"a": None}, {"a": "x"}, []),
        ({"a": "1"}, {"a": 1}, [".a: text for number"]),
        ({}, {"a": 1}, ["body: a is missing"]),
        ({"a": 1, "b": 1}, {"a": 1}, ["body: b is too much"]),
        ([{"a": 1}], [{"a": 1}, {"a": "x"}], []),
        ([{"a": [1]}], [{"a": True}], ["[].a: array for boolean"]),
        ([{"a": 1}] * 30, [{"a": 1, "b": 2}] * 31, ["[]: b is missing"]),
        ([], [{"a": 1}] * 30, ["[]: none for 30"]),
        ({"a": None}, {"a": {}}, [".a: null for object"]),
        ("", {}, ["body: text for object"]),
    ],
    ids=[
        "numbers are numbers",
        "null fits a plain value",
        "a text is no number",
        "a missing key",
        "a surplus key",
        "a type that some of their items have",
        "an array is no boolean",
        "a key that none of many has",
        "an empty list for a long one",
        "null is no object",
        "an empty body is no object",
    ],
)
def test_shapes_differ_where_a_client_would_notice(ours: object, theirs: object, found: list[str]) -> None:
    assert list(differences(ours, theirs)) == found


def test_packed_and_plain_recordings_read_alike(tmp_path: Path) -> None:
    plain = (EXCERPT / "salesforce.jsonl").read_bytes()
    (tmp_path / "salesforce.jsonl.gz").write_bytes(gzip.compress(plain))
    assert list(recorded(tmp_path, "salesforce")) == list(recorded(EXCERPT, "salesforce"))
