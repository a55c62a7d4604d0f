"""Equality across two CRMs' spellings, and the canonical form of values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.mapping.compare import (
    COMPARISONS,
    TYPES,
    USUAL,
    canonical,
    from_vendor,
    known_comparison,
    same,
    to_vendor,
)
from leadsync.records import ABSENT, Value

SAME = [
    pytest.param("12", 12, "exact", id="a number as HubSpot and as Salesforce have it"),
    pytest.param("12.50", 12.5, "exact", id="a decimal number likewise"),
    pytest.param("true", True, "exact", id="a boolean likewise"),
    pytest.param("", None, "exact", id="cleared and never set"),
    pytest.param("  ", None, "ci", id="only blanks is blank"),
    pytest.param(ABSENT, None, "trim", id="absent is blank"),
    pytest.param("2026-02-01T00:00:00Z", "2026-02-01T00:00:00.000+0000", "exact", id="one instant, written twice"),
    pytest.param("Ada@Example.com ", "ada@example.com", "ci", id="but for case and blanks"),
    pytest.param(" New\u00a0 York", "New York", "trim", id="but for blanks"),
    pytest.param("(555) 123-4567", "5551234567", "digits", id="the same digits"),
    pytest.param("+49 30 1234567", "0049 (30) 123 45 67", "digits", id="plus and double zero"),
    pytest.param(5551234567, "555-123-4567", "digits", id="digits of a number"),
    pytest.param("0.125", 0.13, "number(2)", id="a number rounded up"),
    pytest.param("0.125", 0.12, "number(2)", id="a number rounded to even"),
    pytest.param("1e3", 1000, "number", id="a number in scientific notation"),
    pytest.param("b; a;a", "a;b", "set", id="choices in another order"),
    pytest.param("2026-02-01", "2026-02-01T00:00:00.000Z", "date", id="a day and its midnight"),
    pytest.param(1769904000000, "2026-02-01", "date", id="a day as milliseconds"),
    pytest.param("1769904000000", "2026-02-01T01:00:00+01:00", "datetime", id="an instant as milliseconds"),
    pytest.param("2026-02-01T00:00:00.731Z", "2026-02-01T00:00:00.000+0000", "datetime", id="milliseconds were lost"),
    pytest.param("soon", "soon ", "datetime", id="what is no time is compared as text"),
]

OTHER = [
    pytest.param("012", "12", "exact", id="texts of digits are texts"),
    pytest.param("12", "12.0", "exact", id="and so are texts of numbers"),
    pytest.param("1", True, "exact", id="a one is not true"),
    pytest.param("Ada", "ada", "trim", id="case counts"),
    pytest.param("n/a", "unknown", "digits", id="without digits the text counts"),
    pytest.param("n/a", "", "digits", id="a text without digits is not blank"),
    pytest.param("0.13", 0.14, "number(2)", id="numbers that differ at the precision"),
    pytest.param(0, None, "number", id="zero is not blank"),
    pytest.param(False, None, "exact", id="false is not blank"),
    pytest.param("nan", "NaN ", "number(0)", id="what is no number is compared as text"),
    pytest.param("2026-02-01", "2026-02-02", "date", id="another day"),
    pytest.param("2026-02-01T00:00:01Z", "2026-02-01T00:00:00Z", "datetime", id="another second"),
]


@pytest.mark.parametrize(("a", "b", "how"), SAME)
def test_the_same(a: Value, b: Value, how: str) -> None:
    assert same(a, b, how)
    assert same(b, a, how)


@pytest.mark.parametrize(("a", "b", "how"), OTHER)
def test_not_the_same(a: Value, b: Value, how: str) -> None:
    assert not same(a, b, how)
    assert not same(b, a, how)


def test_an_unknown_comparison_is_a_mistake_in_the_program() -> None:
    assert not known_comparison("number(x)")
    assert not known_comparison("fuzzy")
    with pytest.raises(ValueError, match="'fuzzy' is not one of exact, ci"):
        same("a", "b", "fuzzy")


def test_every_type_has_a_comparison() -> None:
    assert set(USUAL) == set(TYPES)
    assert all(known_comparison(how) for how in USUAL.values())


ANY: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(max_size=12),
    st.datetimes().map(lambda t: t.isoformat() + "Z"),
    st.from_regex(r"[+(]?[0-9 ()/-]{1,12}", fullmatch=True),
    st.sampled_from(["", " ", "nan", "inf", "true", "99999999999999", "-99999999999999", "2026-13-01", "0000-01-01"]),
)


@given(ANY, ANY, st.sampled_from([*COMPARISONS, "number(2)"]))
def test_any_values_can_be_compared_both_ways(a: Value, b: Value, how: str) -> None:
    assert same(a, a, how)
    assert same(a, b, how) == same(b, a, how)


@given(ANY, st.sampled_from(TYPES))
def test_the_canonical_form_is_at_rest_and_the_same_value(value: Value, type_: str) -> None:
    once = canonical(value, type_)
    assert canonical(once, type_) == once
    if type_ not in {"date", "number"}:
        assert same(value, once, USUAL[type_])


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        pytest.param("12", "int", 12, id="an int"),
        pytest.param("12.0", "int", 12, id="an int that was a float"),
        pytest.param("12.5", "int", "12.5", id="what is no int stays"),
        pytest.param("201-500", "int", "201-500", id="a range stays"),
        pytest.param(12, "number", 12.0, id="a number"),
        pytest.param("TRUE", "bool", True, id="true"),
        pytest.param("perhaps", "bool", "perhaps", id="what is no boolean stays"),
        pytest.param(42, "string", "42", id="a text"),
        pytest.param("", "string", None, id="blank is null"),
        pytest.param("2026-02-01T23:00:00-05:00", "date", "2026-02-02", id="a day is a day in UTC"),
        pytest.param("2026-02-01T00:00:00.000+0000", "datetime", "2026-02-01T00:00:00Z", id="an instant in UTC"),
        pytest.param("2026-02-01T00:00:00.250Z", "datetime", "2026-02-01T00:00:00.250Z", id="with its milliseconds"),
        pytest.param("2026-02-01 10:00", "datetime", "2026-02-01T10:00:00Z", id="without a zone it is UTC"),
    ],
)
def test_a_value_becomes_canonical(value: Value, type_: str, expected: Value) -> None:
    found = canonical(value, type_)
    assert (found, type(found)) == (expected, type(expected))


def test_options_are_translated_both_ways_and_unknown_ones_pass() -> None:
    values = {"mql": "marketingqualifiedlead", "true": "Yes"}
    assert to_vendor("mql", values) == "marketingqualifiedlead"
    assert to_vendor(True, values) == "Yes"
    assert to_vendor("other", values) == "other"
    assert to_vendor("", values) is None
    assert from_vendor("marketingqualifiedlead", values) == "mql"
    assert from_vendor("customer", values) == "customer"
    assert from_vendor(None, values) is None
