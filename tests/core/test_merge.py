"""One field, all the records that have it, and what each said before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.merge import Cell, How, Rules, merge
from leadsync.records import ABSENT, Absent, Ref, Value

A, B, B2 = Ref("a", "people", "1"), Ref("b", "leads", "2"), Ref("b", "leads", "3")
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def cell(ref: Ref, value: Value, base: Value | Absent = ABSENT, minute: int = 0) -> Cell:
    return Cell(ref, value, base, NOON.replace(minute=minute))


def rules(**changed: object) -> Rules:
    given_: dict[str, object] = {"owner": "b", "conflict": "owner", "null": "keep", "fill_blank": False}
    return Rules(same=lambda a, b: (a or None) == (b or None), **{**given_, **changed})  # type: ignore[arg-type]


CASES = [
    pytest.param([cell(A, None), cell(B, "")], {}, (None, How.EMPTY, False), id="nobody knows it"),
    pytest.param([cell(A, "x", "x"), cell(B, "x", "x")], {}, ("x", How.AGREED, False), id="both agree"),
    pytest.param([cell(A, "x"), cell(B, "y")], {}, ("y", How.UNBASED, False), id="a first difference is left alone"),
    pytest.param([cell(A, "x"), cell(B, None)], {}, ("x", How.UNBASED, False), id="a blank is not filled unasked"),
    pytest.param([cell(A, "x"), cell(B, None)], {"fill_blank": True}, ("x", How.UNBASED, True), id="or filled"),
    pytest.param([cell(A, "n", "x"), cell(B, "x", "x")], {}, ("n", How.CHANGED, True), id="one changed: it spreads"),
    pytest.param([cell(A, "n", "x"), cell(B, "n", "x")], {}, ("n", How.CHANGED, True), id="both changed alike"),
    pytest.param(
        [cell(A, "n", "x"), cell(B, "m", "x")], {}, ("m", How.CONFLICT, True), id="in conflict the owner wins"
    ),
    pytest.param(
        [cell(A, "n", "x"), cell(B, "m", "x")], {"conflict": "hold"}, ("m", How.HELD, False), id="or a person is asked"
    ),
    pytest.param([cell(A, "", "x"), cell(B, "x", "x")], {}, ("x", How.CLEARED, False), id="a cleared one stays so"),
    pytest.param(
        [cell(A, "", "x"), cell(B, "x", "x")], {"null": "clear"}, ("", How.CHANGED, True), id="or clears the other"
    ),
    pytest.param(
        [cell(A, "x", "x"), cell(B, "n", "x"), cell(B2, "m", "x")],
        {"owner": "a"},
        ("n", How.HELD, False),
        id="two records of one side changed differently: nobody guesses",
    ),
    pytest.param(
        [cell(A, "n", "x"), cell(B2, "z")], {}, ("n", How.HELD, False), id="an edit replaces nothing in a new record"
    ),
    pytest.param(
        [cell(B, "n", "x"), cell(A, "z")], {}, ("n", How.HELD, False), id="nor does the owner's edit: it may be older"
    ),
    pytest.param(
        [cell(A, "n", "x"), cell(B, None)], {}, ("n", How.CHANGED, True), id="an edit fills a new record's blank"
    ),
    pytest.param(
        [cell(A, "", "x"), cell(B, "z")], {"null": "clear"}, ("", How.HELD, False), id="clearing clears no new record"
    ),
    pytest.param(
        [cell(A, "", "x"), cell(B, "z")], {}, ("z", How.CLEARED, False), id="what is cleared beside one stays cleared"
    ),
    pytest.param(
        [cell(A, "n", "x"), cell(B, "", "x")],
        {},
        ("n", How.CHANGED, True),
        id="an edit beats clearing, where null keeps",
    ),
    pytest.param(
        [cell(A, "n", "x"), cell(B, "", "x")],
        {"conflict": "hold"},
        ("", How.HELD, False),
        id="but a person is asked where conflicts are held",
    ),
    pytest.param(
        [cell(A, "n", "x"), cell(B, "", "x")],
        {"null": "clear"},
        ("", How.CONFLICT, True),
        id="and the owner's clearing wins where null clears",
    ),
    pytest.param(
        [cell(A, "x", "x"), replace(cell(B, None, None), until=NOON)],
        {"fill_blank": True},
        ("x", How.CLEARED, False),
        id="what somebody cleared is not filled",
    ),
]


@pytest.mark.parametrize(("cells", "changed", "expected"), CASES)
def test_a_field_is_decided(cells: list[Cell], changed: dict[str, object], expected: tuple[Value, How, bool]) -> None:
    verdict = merge(cells, rules(**changed))
    assert (verdict.value, verdict.how, verdict.spread) == expected


VALUES = st.sampled_from([None, "", "x", "y", "z"])


@given(
    st.lists(st.tuples(VALUES, st.one_of(st.just(ABSENT), VALUES)), min_size=1, max_size=4),
    st.booleans(),
    st.sampled_from(["owner", "hold"]),
    st.sampled_from(["keep", "clear"]),
)
def test_order_does_not_matter_and_nothing_uncontested_is_lost(
    seen: list[tuple[Value, Value | Absent]], fill: bool, conflict: str, null: str
) -> None:
    cells = [cell(Ref("ab"[i % 2], "k", str(i)), value, base) for i, (value, base) in enumerate(seen)]
    law = rules(fill_blank=fill, conflict=conflict, null=null)
    verdict = merge(cells, law)
    assert merge(list(reversed(cells)), law) == verdict or verdict.losers
    assert merge(list(reversed(cells)), law).value == verdict.value
    changed = [c for c in cells if not isinstance(c.base, Absent) and not law.same(c.value, c.base)]
    if changed and all(law.same(c.value, changed[0].value) for c in changed) and changed[0].value:
        assert law.same(verdict.value, changed[0].value)
    if verdict.spread:
        assert all(not law.same(value, verdict.value) for _, value in verdict.losers)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_records_seen_for_the_first_time_never_spread(values: list[Value]) -> None:
    cells = [cell(Ref("ab"[i % 2], "k", str(i)), value) for i, value in enumerate(values)]
    assert not merge(cells, rules()).spread


def test_a_record_that_our_own_write_made_newer_does_not_win_by_that() -> None:
    cells = [cell(B, "x", "x"), cell(B2, "y", "y")]
    after_our_write = [cell(B, "x", "x"), cell(B2, "y", "y", minute=30)]
    assert merge(cells, rules()) == merge(after_our_write, rules())
