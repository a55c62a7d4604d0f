"""What sources are paid beside what their leads score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.learn.paid import along, paid
from leadsync.records import Fields


def leads(*rows: tuple[str, float, Fields]) -> list[tuple[str, float, Fields]]:
    return list(rows)


def test_each_source_has_the_mean_of_its_scores_and_of_what_is_known_of_its_fees() -> None:
    some = leads(
        ("web", 10, {"cpl": 4}), ("web", 30, {"cpl": "EUR 8"}), ("web", 50, {"cpl": None}), ("fair", 90, {"cpl": "no"})
    )
    rows = paid(some, ["cpl", "bounty"], {"Web": 300.0})
    assert [(row.source, row.leads, row.score, dict(row.fees), row.cost) for row in rows] == [
        ("fair", 1, 90, {}, None), ("web", 3, 30, {"cpl": 6}, 300),
    ]  # fmt: skip


def source(number: int, points: float, fee: float) -> tuple[str, float, Fields]:
    return f"source {number}", points, {"fee": fee}


def test_fees_that_rise_with_the_scores_go_along_with_them_and_the_other_way_round() -> None:
    up = paid([source(i, i * 10.0, i * i) for i in range(5)], ["fee"], {})
    down = paid([source(i, i * 10.0, -i) for i in range(5)], ["fee"], {})
    assert along(up) == {"fee": (pytest.approx(1), 5)} and along(down)["fee"][0] == pytest.approx(-1)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_of_few_sources_nothing_is_said(count: int) -> None:
    assert along(paid([source(i, i * 10.0, i) for i in range(count)], ["fee"], {})) == {}


def test_of_sources_that_are_all_paid_the_same_nothing_is_said() -> None:
    assert along(paid([source(i, i * 10.0, 7) for i in range(9)], ["fee"], {})) == {}


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 5)), min_size=4, max_size=12))
def test_going_along_lies_between_minus_one_and_one(pairs: list[tuple[float, int]]) -> None:
    rows = paid([source(i, points, fee) for i, (points, fee) in enumerate(pairs)], ["fee"], {})
    assert all(-1 - 1e-9 <= value <= 1 + 1e-9 for value, _count in along(rows).values())
