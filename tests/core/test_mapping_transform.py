"""Transformations of values, and that they come to rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsync.mapping.transform import TransformError, apply, parse
from leadsync.records import Value

TABLES = {"industries": {"IT": "technology", "Info Tech": "technology", "technology": "technology"}}
STEPS = [
    *("trim", "lower", "upper", "title", "digits", "truncate(4)", 'e164(default="US")', "map(industries)"),
    "default(x)",
]


@pytest.mark.parametrize(
    ("steps", "value", "expected"),
    [
        pytest.param(["trim"], "  Ada \n Lovelace ", "Ada Lovelace", id="trim"),
        pytest.param(["trim", "lower"], " Ada@X.com", "ada@x.com", id="steps in order"),
        pytest.param(["upper"], "de", "DE", id="upper"),
        pytest.param(["title"], "ada lovelace", "Ada Lovelace", id="title of a name in small letters"),
        pytest.param(["title"], "ADA LOVELACE", "Ada Lovelace", id="title of a name in capitals"),
        pytest.param(["title"], "Ronald McDonald", "Ronald McDonald", id="title leaves a name alone that has both"),
        pytest.param(["truncate(4)"], "abc def", "abc", id="truncate leaves no blank at the end"),
        pytest.param(["digits"], "+1 (555) 0100", "15550100", id="digits"),
        pytest.param(["digits"], "none", "none", id="digits of a text without any"),
        pytest.param(["map(industries)"], " info tech ", "technology", id="map"),
        pytest.param(["map(industries)"], "Farming", "Farming", id="map of what the table has not"),
        pytest.param(["default(unknown)"], None, "unknown", id="default"),
        pytest.param(["default(unknown)"], "known", "known", id="default of what is known"),
        pytest.param(["trim"], None, None, id="a blank stays blank"),
        pytest.param(["trim", "upper"], 5, 5, id="a number stays a number"),
        pytest.param(['e164(default="US")'], "(555) 555-0100", "+15555550100", id="a national number"),
        pytest.param(['e164(default="US")'], "1-555-555-0100", "+15555550100", id="with its trunk prefix"),
        pytest.param(["e164(DE)"], "030 / 1234567", "+49301234567", id="a German number"),
        pytest.param(["e164(DE)"], "+49 (0)30 1234567", "+49301234567", id="a zero that is not dialled"),
        pytest.param(["e164(DE)"], "0044 20 7946 0000", "+442079460000", id="two zeros in front"),
        pytest.param(["e164(IT)"], "06 698 1234", "+39066981234", id="Italy keeps its zero"),
        pytest.param(["e164(US)"], "call me", "call me", id="what is no number"),
        pytest.param(["e164(US)"], "555 0100 ext. 12", "555 0100 ext. 12", id="a number with an extension"),
    ],
)
def test_a_value_is_transformed(steps: list[str], value: Value, expected: Value) -> None:
    assert apply([parse(step, TABLES) for step in steps], value) == expected


def test_a_default_has_the_type_of_its_field() -> None:
    assert apply([parse("default(5)", {}, "int")], None) == 5


@given(st.sampled_from(STEPS), st.one_of(st.none(), st.text(alphabet="abZ ß0123+()-;é\n", max_size=14), st.integers()))
def test_a_step_taken_twice_changes_nothing_more(step: str, value: Value) -> None:
    steps = [parse(step, TABLES)]
    once = apply(steps, value)
    assert apply(steps, once) == once


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param("trimm", '"trimm" is not one of trim', id="a step that does not exist"),
        pytest.param("lower(1)", "lower takes no argument", id="an argument too many"),
        pytest.param("truncate", "truncate takes one argument", id="an argument is missing"),
        pytest.param("truncate(x)", "a number of characters", id="truncate by a word"),
        pytest.param("truncate(0)", "a number of characters", id="truncate to nothing"),
        pytest.param("e164(Germany)", "the country", id="a country by its name"),
        pytest.param("map(lines)", r"no \[table.lines\]", id="a table that is not there"),
        pytest.param("import os", "is not one of", id="code"),
    ],
)
def test_a_wrong_step_says_what_is_right(step: str, words: str) -> None:
    with pytest.raises(TransformError, match=words):
        parse(step, TABLES)


def test_a_table_that_maps_on_and_on_is_refused() -> None:
    with pytest.raises(TransformError, match="would never rest"):
        parse("map(t)", {"t": {"a": "b", "B": "c"}})
