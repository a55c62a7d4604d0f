"""What belongs together is found whatever the order, and parts hold whole groups."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.closures import Closures, tie_hash

LAST = 30
TIES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, LAST)), max_size=60)


def brute(ties: list[tuple[int, int]]) -> set[frozenset[int]]:
    """Grow groups until nothing moves any more."""
    groups = {frozenset([number]) for _, number in ties}
    for tie in {tie for tie, _ in ties}:
        tied = {number for other, number in ties if other == tie}
        touched = {group for group in groups if group & tied}
        groups = (groups - touched) | {frozenset().union(*touched)}
    return groups


def parts_of(ties: list[tuple[int, int]], most: int) -> tuple[Closures, dict[int, set[int]]]:
    closures = Closures(LAST)
    closures.tied(sorted(ties))
    parts: dict[int, set[int]] = defaultdict(set)
    for part, number in closures.parts(most):
        assert number not in parts[part]
        parts[part].add(number)
    return closures, parts


@given(TIES)
def test_numbers_with_a_tie_in_common_are_one_group(ties: list[tuple[int, int]]) -> None:
    closures, _ = parts_of(ties, 1)
    found: dict[int, set[int]] = defaultdict(set)
    for _, number in ties:
        found[closures.find(number)].add(number)
    assert {frozenset(group) for group in found.values()} == brute(ties)


@given(TIES, st.integers(1, 40))
def test_a_part_holds_whole_groups_and_no_more_than_it_may_unless_one_is_larger(
    ties: list[tuple[int, int]], most: int
) -> None:
    groups = brute(ties)
    _, parts = parts_of(ties, most)
    assert {number for part in parts.values() for number in part} == {number for _, number in ties}
    assert sorted(parts) == list(range(len(parts)))
    for part in parts.values():
        whole = [group for group in groups if group & part]
        assert part == set().union(*whole)
        assert len(part) <= most or len(whole) == 1


@pytest.mark.parametrize("tie", ["", "address ada@acme.example", "name müller"])
def test_a_hash_fits_a_database_integer(tie: str) -> None:
    assert -(2**63) <= tie_hash(tie) < 2**63
