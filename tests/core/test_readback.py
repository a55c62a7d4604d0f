"""What a CRM made of our value, and what somebody else made of it since."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadsync.push.readback import arrived, respelled, settled
from leadsync.records import Record, Ref, Value

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def record(by_us: bool | None = None, **fields: Value) -> Record:
    return Record(Ref("a", "people", "1"), fields, NOON, by_us=by_us)


@pytest.mark.parametrize(
    ("sent", "there", "same"),
    [
        pytest.param("Chief Technology Officer", "CHIEF TECHNOLOGY OFFICER", True, id="other case"),
        pytest.param("Chief Technology Officer", "Chief Technology", True, id="cut"),
        pytest.param("+49 (30) 123", "4930123", True, id="without signs"),
        pytest.param("71.456", "71.46", True, id="rounded"),
        pytest.param(71.5, "71.50", True, id="with more decimals"),
        pytest.param("2026-11-01T12:00:00.000Z", "2026-11-01T12:00:00.000+0000", True, id="another form of a moment"),
        pytest.param("b;a", "a;b", True, id="a list in another order"),
        pytest.param("Ada", "Augusta", False, id="another word"),
        pytest.param("Jonathan", "Jon", False, id="too short to be cut by a CRM"),
        pytest.param("Chief Technology Officer", "chief technology", False, id="cut and in another case: a person's"),
        pytest.param("71", "72", False, id="another number"),
        pytest.param("x", None, False, id="blank"),
        pytest.param("-", "+", False, id="nothing but signs"),
    ],
)
def test_a_spelling_is_told_from_another_value(sent: Value, there: Value, same: bool) -> None:
    assert respelled(sent, there) is same


@pytest.mark.parametrize(
    ("there", "by_us", "expected"),
    [
        pytest.param("ACME", True, "ACME", id="a spelling of ours"),
        pytest.param("ACME", False, "ACME", id="a spelling, though somebody changed something else since"),
        pytest.param("Other", False, "acme", id="somebody else's value counts as an edit"),
        pytest.param("Other", True, "Other", id="what the CRM made of it, however odd"),
        pytest.param("Other", None, "Other", id="nobody knows who: the CRM's way"),
        pytest.param(None, True, None, id="the CRM ignored it"),
    ],
)
def test_what_an_acknowledged_write_counts_as(there: Value, by_us: bool | None, expected: Value) -> None:
    assert settled("acme", there, by_us=by_us) == expected


TITLE: dict[str, tuple[Value, Value]] = {"title": ("old", "new"), "city": ("Bonn", "Köln")}


@pytest.mark.parametrize(
    ("there", "yes"),
    [
        pytest.param(record(title="new", city="Köln"), True, id="all of it is there"),
        pytest.param(record(title="old", city="Bonn"), False, id="nothing is"),
        pytest.param(record(title="new", city="Bonn"), False, id="a write is applied as a whole"),
        pytest.param(record(title="new", city="Aachen"), True, id="and somebody changed a part of it since"),
        pytest.param(record(title="other", city="Aachen"), False, id="somebody changed all of it, without us"),
        pytest.param(record(True, title="?", city="!"), True, id="we were the last to write, and the CRM respelled it"),
        pytest.param(record(True, title="old", city="Köln"), False, id="a field of before says no, whoever was last"),
    ],
)
def test_whether_a_write_without_an_answer_arrived(there: Record, yes: bool) -> None:
    assert arrived(TITLE, there) is yes


def test_a_write_that_changes_nothing_has_arrived() -> None:
    assert arrived({"title": ("same", "same")}, record(title="same"))
