"""Positions in TOML, and a model's complaints told in the words of the file."""

from __future__ import annotations

import tomllib
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from leadsync.connector.secrets import Secret
from leadsync.errors import Misconfigured
from leadsync.mapping.problems import CODES, Problem, Problems, did_you_mean
from leadsync.mapping.toml import Document, parse, validate

TEXT = '''# a comment with [table] and key = 1
first = 1
[field.email]
hubspot    = { name = "x", values = { mql = "m#]}" } } # [not.this]
"quoted.k\\u0041" = ["a", 'b', """c = 1
[d]""", {x=1}]
a.b.c = 2
[[rule]]
id = 3
[rule.sub]
x = 1
[[rule]]
id = 2020-01-01 10:00:00
list = [
  1, # c
  [2, 3],
]
'''


@pytest.mark.parametrize(
    ("path", "place"),
    [
        pytest.param(("first",), (2, 1), id="a key of the root"),
        pytest.param(("field", "email"), (3, 1), id="a table is where its header is"),
        pytest.param(("field", "email", "hubspot", "name"), (4, 16), id="a key of an inline table"),
        pytest.param(("field", "email", "hubspot", "values", "mql"), (4, 39), id="a key of an inner inline table"),
        pytest.param(("field", "email", "quoted.kA", 1), (5, 26), id="an item behind a quoted key"),
        pytest.param(("field", "email", "quoted.kA", 3, "x"), (6, 10), id="an item behind a string of several lines"),
        pytest.param(("field", "email", "a", "b", "c"), (7, 5), id="the last part of a dotted key"),
        pytest.param(("rule", 0, "sub", "x"), (11, 1), id="a table below an array of tables"),
        pytest.param(("rule", 1, "id"), (13, 1), id="a key of the second of an array of tables"),
        pytest.param(("rule", 1, "list", 1, 1), (16, 7), id="an item of an inner array"),
        pytest.param(("rule", 1, "missing"), (12, 1), id="what is missing is where its table is"),
        pytest.param(("nothing",), (1, 1), id="what has no table is where the file begins"),
    ],
)
def test_a_key_has_a_place(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    document = parse(TEXT, "f.toml")
    assert (document.line(path), document.column(path)) == place


def test_places_survive_line_ends_of_windows() -> None:
    document = parse(TEXT.replace("\n", "\r\n"), "f.toml")
    assert document.line(("rule", 1, "list", 1)) == 16
    assert document.problem(("first",), "LS104", "x").source == "first = 1"


def _paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    return [found for key, value in items for found in ((*path, key), *_paths(value, (*path, key)))]


KEYS = st.sampled_from(["a", "b", '"c d"', "'e.f'", "g-1"])
SCALARS = st.sampled_from(
    ['"x]#"', "'y}'", "1", "-2.5e3", "true", "1979-05-27T07:32:00Z", '"""m\n[n]"""', "'''o''p'''"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[ " + ", # c ]\n".join(items) + "\n]"),
        st.dictionaries(KEYS, inner.filter(lambda v: "\n" not in v), max_size=3).map(
            lambda table: "{ " + ", ".join(f"{k} = {v}" for k, v in table.items()) + " }"
        ),
    ),
    max_leaves=6,
)
TABLES = st.dictionaries(KEYS, VALUES, max_size=3).map(lambda t: "".join(f"{k} = {v}  # z\n" for k, v in t.items()))


@given(st.lists(st.tuples(st.sampled_from(["[t1.x]", "[t2]", "[[many]]", "[[many]]", "[[m.n]]"]), TABLES), max_size=5))
def test_every_key_of_any_file_has_a_place_of_its_own(parts: list[tuple[str, str]]) -> None:
    text = "".join(f"{header}\n{table}" for header, table in parts)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    document = parse(text, "f")
    assert set(_paths(data)) == set(document.places)
    lines = text.split("\n")
    for path, (line, column) in document.places.items():
        rest = lines[line - 1][column - 1 :]
        assert rest.startswith("[") or isinstance(path[-1], int) or path[-1] in rest


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        pytest.param("a = 1\nb = \n", 2, 5, id="a value is missing"),
        pytest.param('a = "x', 1, 7, id="the file ends within a text"),
        pytest.param("a = 1\na = 2", 2, 6, id="a key comes twice"),
    ],
)
def test_a_file_that_is_not_toml_is_a_problem_with_a_place(text: str, line: int, column: int) -> None:
    with pytest.raises(Problems) as caught:
        parse(text, "f.toml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.line, problem.column) == ("LS001", line, column)


# ---- models


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    mode: Literal["fast", "slow"] = "fast"
    size: Annotated[int, Field(ge=0)] = 0


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str
    one: Inner | None = None
    many: list[Inner] = []
    named: dict[str, Inner] = {}
    renamed: int = Field(0, alias="re-named")
    token: Secret | None = None


def complaints(text: str, *, quote: bool = True) -> list[Problem]:
    with pytest.raises(Problems) as caught:
        validate(Outer, parse(text, "f.toml", quote=quote))
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "place", "code", "words"),
    [
        pytest.param("x = 1", (1, 1), "LS103", 'needs the key "title"', id="a key is missing"),
        pytest.param('titel = "a"', (1, 1), "LS101", 'Did you mean "title"?', id="a key is misspelled"),
        pytest.param('title = "a"\nrenamed = 1', (2, 1), "LS101", 'Did you mean "re-named"?', id="by its alias"),
        pytest.param(
            'title = "a"\n[one]\nmodus = 1', (3, 1), "LS101", 'Did you mean "mode"?', id="below an optional table"
        ),
        pytest.param(
            'title = "a"\n[[many]]\n[[many]]\nsice = 1',
            (4, 1),
            "LS101",
            '[[many]] number 2. Did you mean "size"?',
            id="in an array of tables",
        ),
        pytest.param(
            'title = "a"\nnamed = { x = { mode = "fasd" } }',
            (2, 17),
            "LS102",
            'mode = "fasd" is not one of fast, slow. Did you mean "fast"?',
            id="a word is misspelled in a table of tables",
        ),
        pytest.param('title = "a"\n[one]\nsize = -1', (3, 1), "LS104", "size in [one]", id="a number is too small"),
        pytest.param(
            'title = "a"\ntoken = "s3cret"', (2, 1), "LS401", "given by reference", id="a secret stands in the file"
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, place: tuple[int, int], code: str, words: str) -> None:
    found = {p.code: p for p in complaints(text)}
    assert (found[code].line, found[code].column) == place
    assert words in str(found[code])


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = "[one]\nmode = 1\nsize = -1\n[named.x]\nsise = 2"
    assert [(p.line, p.code) for p in complaints(text)] == [(1, "LS103"), (2, "LS102"), (3, "LS104"), (5, "LS101")]


def test_a_value_of_a_file_with_secrets_is_never_repeated() -> None:
    text = 'title = 5\ntokn = "s3cret"\ntoken = "s3cret"\n[one]\nmode = "s3cret"\nsize = "s3cret"'
    shown = "\n".join(map(str, complaints(text, quote=False)))
    assert shown.count("error[") == 5
    assert "s3cret" not in shown


def test_a_valid_table_deeper_in_the_file_becomes_a_model() -> None:
    assert validate(Inner, parse("[a.b]\nsize = 3", "f"), at=("a", "b")) == Inner(size=3)


def test_problems_print_as_an_editor_understands_them() -> None:
    problem = Document("f.toml", "a = 1", {"a": 1}, True, {("a",): (1, 1)}).problem(("a",), "LS104", "no.", "yes")
    assert str(Problems([problem])).splitlines() == [
        "f.toml:1:1: error[LS104]: no.",
        "    1 | a = 1",
        "      | ^",
        "      = help: yes",
        "f.toml: 1 problem",
    ]
    assert isinstance(Problems([problem]), Misconfigured)


def test_every_code_is_explained() -> None:
    assert all(text.endswith(".") for text in CODES.values())


def test_a_name_that_is_far_from_all_known_ones_suggests_nothing() -> None:
    assert not did_you_mean("xyz", ["email", "phone"])
