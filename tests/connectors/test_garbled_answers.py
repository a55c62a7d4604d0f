"""Answers that no API should give, as the garbled-answers proof met them: refused in words, never taken for data."""

from __future__ import annotations

from typing import Any

import pytest

from leadsync.errors import Unreadable
from leadsync_hubspot.records import next_after
from leadsync_hubspot.refusals import Answer
from leadsync_hubspot.touches import submission_id
from leadsync_salesforce.faults import errors_of

NESTED = b"[" * 200_000


def test_lists_in_lists_without_an_end_are_no_answer() -> None:
    with pytest.raises(Unreadable, match="not JSON"):
        Answer(200, {}, NESTED).json()
    assert Answer(500, {}, NESTED).problem() == {}
    assert errors_of(NESTED.decode()) == []


@pytest.mark.parametrize("after", ["", None, {"page": 2}, ["2"], True, 1.5])
def test_another_page_that_is_not_named_is_no_last_page(after: Any) -> None:
    with pytest.raises(Unreadable, match="where it begins"):
        next_after({"paging": {"next": {"after": after}}})


@pytest.mark.parametrize(("after", "name"), [("x1", "x1"), (100, "100")])
def test_another_page_is_named_by_a_text_or_a_number(after: Any, name: str) -> None:
    assert next_after({"paging": {"next": {"after": after}}}) == name


@pytest.mark.parametrize("garbled", ["?", "c8486c65-\ufffd", 7, {"a": 1}])
def test_a_submission_whose_id_cannot_be_read_is_not_taken_for_another_one(garbled: Any) -> None:
    with pytest.raises(Unreadable, match="submission whose id cannot be read"):
        submission_id("f-1", {"conversionId": garbled, "submittedAt": 1})
