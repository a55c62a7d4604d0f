"""Who owns whom: reported or climbed, on a day, with branches, funds and reasons apart."""

from __future__ import annotations

from datetime import date

import pytest
from tests.connectors.gleif.rows import BRANCH, FAMILY, MANAGED, ULTIMATE, A, B, C, D, E, lei, lei2, repex, rr

from leadsync.records import Parent
from leadsync_gleif import Index


def test_the_reported_ultimate_parent_is_taken(family: Index) -> None:
    owned = family.ownership(A)
    assert owned.direct == Parent(B, "Beta Holding AG", "DE", "reported")
    assert owned.ultimate == Parent(C, "Gamma International plc", "GB", "reported")
    assert owned.path == (A, B, C)


def test_without_a_reported_one_the_top_of_the_chain_is_said_to_be_climbed(family: Index) -> None:
    owned = family.ownership(B)
    assert owned.direct == Parent(C, "Gamma International plc", "GB", "reported")
    assert owned.ultimate == Parent(C, "Gamma International plc", "GB", "climbed")


def test_no_parent_comes_with_its_reason_in_words(family: Index) -> None:
    assert family.ownership(C).ultimate == Parent(how="exception", reason="no known person controls it")
    only_direct = family.ownership(D)
    assert only_direct.direct == Parent(how="exception", reason="controlled by natural persons")
    assert only_direct.ultimate is None


def test_a_fund_manager_is_no_parent(family: Index) -> None:
    owned = family.ownership(E)
    assert (owned.direct, owned.ultimate, owned.path) == (None, None, (E,))


def test_a_branch_belongs_where_its_head_office_does(index_of) -> None:
    branch = lei("F")
    rows = {
        **FAMILY,
        "lei2": [*FAMILY["lei2"], lei2(branch, "Beta Holding AG, London Branch", "GB", category="BRANCH")],
    }
    rows["rr"] = [*FAMILY["rr"], rr(branch, B, BRANCH), rr(B, C, ULTIMATE)]
    owned = index_of(rows).ownership(branch)
    assert owned.direct == Parent(B, "Beta Holding AG", "DE", "head office")
    assert owned.ultimate == Parent(C, "Gamma International plc", "GB", "reported")
    assert owned.path == (branch, B, C)


def test_a_circle_of_parents_ends(index_of) -> None:
    owned = index_of({"lei2": FAMILY["lei2"], "rr": [rr(A, B), rr(B, C), rr(C, A)]}).ownership(A)
    assert owned.path == (A, B, C)
    assert owned.ultimate == Parent(C, "Gamma International plc", "GB", "climbed")


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"registration": "LAPSED"}, True),
        ({"registration": "PUBLISHED"}, True),
        ({"registration": "RETIRED"}, False),
        ({"registration": "ANNULLED"}, False),
        ({"registration": "DUPLICATE"}, False),
        ({"status": "INACTIVE"}, False),
    ],
    ids=lambda v: "counts" if v is True else "does not count" if v is False else next(iter(v.values())).lower(),
)
def test_of_the_statuses_a_relation_can_have(index_of, more, counts) -> None:
    owned = index_of({"lei2": FAMILY["lei2"], "rr": [rr(A, B, **more)]}).ownership(A)
    assert (owned.direct is not None) is counts


def test_a_parent_that_is_not_in_the_register_keeps_its_lei(index_of) -> None:
    owned = index_of({"lei2": FAMILY["lei2"], "rr": [rr(A, lei("Y"))]}).ownership(A)
    assert owned.direct == Parent(lei("Y"), "", "", "reported")


def test_a_family_can_be_asked_as_of_a_day(index_of) -> None:
    before = rr(A, B, since="2010-01-01T00:00:00Z", until="2015-06-30T00:00:00Z", status="INACTIVE")
    after = rr(A, C, since="2015-06-30T00:00:00+02:00")
    index = index_of({"lei2": FAMILY["lei2"], "rr": [before, after]})
    assert index.ownership(A).path == (A, C)
    assert index.ownership(A, date(2012, 1, 1)).path == (A, B)
    assert index.ownership(A, date(2009, 1, 1)).path == (A,)


def test_a_family_is_all_that_is_below(family: Index) -> None:
    assert family.children(C) == [A, B]
    assert family.family([C]) == {A, B, C}
    assert family.family([D]) == {D}


def test_both_exceptions_may_be_given(index_of) -> None:
    rows = {"lei2": FAMILY["lei2"], "repex": [repex(A, "NO_LEI"), repex(A, "SOMETHING_NEW", "ULTIMATE")]}
    owned = index_of(rows).ownership(A)
    assert owned.direct == Parent(how="exception", reason="the parent has no LEI")
    assert owned.ultimate == Parent(how="exception", reason="something new")
    assert MANAGED not in {relation.tie for relation in index_of(rows).relations(A)}


def test_a_relation_that_ended_on_an_unknown_day_ended_before_its_record_said_so(index_of) -> None:
    ended = {**rr(A, B, status="INACTIVE"), "Registration.LastUpdateDate": "2024-06-01T10:00:00Z"}
    retired = {**rr(D, C, registration="RETIRED"), "Registration.LastUpdateDate": "2024-06-01T10:00:00Z"}
    index = index_of({"lei2": FAMILY["lei2"], "rr": [ended, retired]})
    for child in (A, D):
        assert index.ownership(child).direct is None
        assert index.ownership(child, date(2026, 11, 21)).direct is None
        before = index.ownership(child, date(2015, 1, 1)).direct
        assert before is not None
        assert before.how == "reported"
