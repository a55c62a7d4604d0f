"""How the resolver's answers are judged on labelled names."""

from __future__ import annotations

import pytest
from benchmarks.labelled import Label, Outcome, precision_of, spread

from leadsync.records import CompanyQuery


def outcomes(count: int, *, right: bool, confidence: float, group: str = "ecb", core: bool = True) -> list[Outcome]:
    label = Label(1, group, CompanyQuery("Ostland Bau GmbH"), "L", nil=False, core=core)
    return [Outcome(label, answered=True, right=right, confidence=confidence)] * count


def test_recall_at_a_precision_is_that_of_the_largest_set_that_is_as_precise():
    found = precision_of([*outcomes(96, right=True, confidence=0.9), *outcomes(4, right=False, confidence=0.8)])
    assert found["recall at 0.96"] == 0.96
    assert found["recall at 0.97"] == 0.96  # before the fourth wrong one it is 96 of 98
    assert found["precision of all"] == 0.96


def test_errors_at_the_top_do_not_hide_what_is_precise_below_them():
    found = precision_of([*outcomes(1, right=False, confidence=0.99), *outcomes(99, right=True, confidence=0.9)])
    assert found["recall at 0.98"] == 0.99


def test_a_set_counts_as_much_as_in_the_core_mix():
    mix = [*outcomes(50, right=True, confidence=0.9), *outcomes(50, right=False, confidence=0.8, group="sbti")]
    more = outcomes(450, right=False, confidence=0.8, group="sbti", core=False)
    other = outcomes(100, right=False, confidence=0.95, group="bic", core=False)
    assert precision_of([*mix, *more, *other], weighted=True) == pytest.approx(precision_of(mix))


def test_the_spread_of_runs_is_told():
    assert list(spread([{"recall": 0.6}, {"recall": 0.8}])) == ["recall               0.700 ± 0.100"]
