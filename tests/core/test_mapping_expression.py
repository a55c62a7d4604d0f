"""Conditions: what they mean, and what is said of those that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.mapping.expression import ExpressionError, parse
from leadsync.records import Value

FACTS: dict[str, Value] = {
    "stage.name": "mql",
    "score.total": 62,
    "employees": "250",
    "country": "DE",
    "opted_out": False,
    "is_customer": "true",
    "email": "",
    "interests": "golf; sailing",
    "founded": "1998-04-01",
    "zero": 0,
}


@pytest.mark.parametrize(
    "text",
    [
        'stage.name in ["mql", "sql"]',
        "stage.name == 'mql' and score.total >= 50",
        "not opted_out",
        "is_customer",
        "is_customer == true",
        "employees > 200",
        "employees == 250.0",
        "is_blank(email) and is_blank(missing)",
        'email == "" and missing == null',
        "missing != 'x'",
        "missing not in ['x']",
        "score.total < 10 or (score.total > 60 and country != 'FR')",
        "not (country == 'FR' or country == 'IT')",
        '"sailing" in interests',
        "founded < '2000-01-01'",
        "zero == 0 and not is_blank(zero)",
        "-1 < zero",
        r"country == 'DE' or country == 'D\'E'",
    ],
)
def test_a_condition_holds(text: str) -> None:
    assert parse(text).holds(FACTS)
    assert not parse(f"not ({text})").holds(FACTS)


@pytest.mark.parametrize(
    "text",
    ["missing", "missing < 5", "missing >= 5", "country > 5", "'1' == true", "score.total",
     "interests in ['golf']", "opted_out == 0"],
)  # fmt: skip
def test_a_condition_does_not_hold(text: str) -> None:
    assert not parse(text).holds(FACTS)


def test_and_binds_stronger_than_or() -> None:
    assert parse("true or false and false").holds({})
    assert not parse("(true or false) and false").holds({})


def test_a_condition_knows_its_names() -> None:
    condition = parse("a.b == c and is_blank(d) and 'e' in f and g in [h, 'i']")
    assert condition.names == {"a.b", "c", "d", "f", "g", "h"}
    assert condition.places[0] == ("a.b", 0)
    assert condition.text.startswith("a.b")


@pytest.mark.parametrize(
    ("text", "words", "offset"),
    [
        pytest.param("a = 1", 'Equality is written "=="', 2, id="one equals sign"),
        pytest.param("a == 1 and", "found the end", 10, id="the end comes early"),
        pytest.param("a == 1 b", "expected and, or, or the end", 7, id="a word too many"),
        pytest.param("(a == 1", "expected )", 7, id="a parenthesis stays open"),
        pytest.param("a in [1 2]", "expected ]", 8, id="a list without commas"),
        pytest.param("is_blank a", "expected (", 9, id="a function without parenthesis"),
        pytest.param("a == 'x", "cannot read", 5, id="a text stays open"),
        pytest.param("__import__('os')", "expected and, or, or the end", 10, id="a call is no condition"),
        pytest.param("a not 1", "expected in", 6, id="not without in"),
        pytest.param("not " * 50 + "a", "nested more than", 160, id="too deep"),
        pytest.param("a == ['x']", "expected a name, a string or a number", 5, id="a list is not compared"),
        pytest.param("", "found the end", 0, id="nothing"),
    ],
)
def test_what_cannot_be_read_says_where_and_why(text: str, words: str, offset: int) -> None:
    with pytest.raises(ExpressionError, match=words.replace("(", r"\(").replace(")", r"\)")) as caught:
        parse(text)
    assert caught.value.offset == offset


@given(st.text(alphabet="ab1.'\"=<>!()[], notidrasbk_\\", max_size=40), st.dictionaries(st.just("a"), st.integers()))
def test_any_text_is_a_condition_or_an_error(text: str, facts: dict[str, int]) -> None:
    try:
        condition = parse(text)
    except ExpressionError as problem:
        assert 0 <= problem.offset <= len(text)
        return
    assert condition.holds(facts) in {True, False}
