"""What a run keeps on its own paper: lists and mappings on disk that read as those in memory do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from leadsync.store import Pairs, Scratch
from leadsync.streams import listed, paged, tabled


@dataclass(frozen=True)
class Rule:
    name: str


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(tmp_path / "state.db")


def test_a_list_on_disk_reads_as_the_list(scratch: Scratch) -> None:
    shelf = scratch.shelf()
    assert list(shelf) == []
    assert not shelf
    shelf.add(range(3))
    shelf.extend(range(3, 700))
    shelf.add([])
    shelf.append(700)
    assert list(shelf) == list(range(701))
    assert len(shelf) == 701
    assert [shelf[0], shelf[2], shelf[3], shelf[350], shelf[700], shelf[-1]] == [0, 2, 3, 350, 700, 700]
    assert shelf[2:5] == [2, 3, 4]
    assert [n for chunk in shelf.chunks() for n in chunk] == list(range(701))
    with pytest.raises(IndexError):
        shelf[701]


def test_two_lists_do_not_mix(scratch: Scratch) -> None:
    one, other = scratch.shelf(), scratch.shelf()
    one.add("ab")
    other.add("cd")
    assert (list(one), list(other)) == (["a", "b"], ["c", "d"])


def test_what_the_run_holds_anyway_is_found_again_and_not_copied(tmp_path: Path) -> None:
    rule, twin = Rule("x"), Rule("x")
    scratch = Scratch(tmp_path / "state.db", [rule])
    found = scratch.unpacked(scratch.packed((rule, twin)))
    assert found[0] is rule
    assert found == (rule, twin)
    assert found[1] is not twin


def test_the_file_has_no_name_while_it_is_used(tmp_path: Path) -> None:
    (tmp_path / "state.db.scratch").write_text("left by a run of another time", encoding="utf-8")
    shelf = Scratch(tmp_path / "state.db").shelf()
    shelf.add(["x" * 100_000])
    assert list(tmp_path.iterdir()) == []
    assert list(shelf) == ["x" * 100_000]


def test_pairs_read_as_a_mapping() -> None:
    pairs = Pairs([("a", 1), ("b", 2)])
    assert dict(pairs.items()) == {"a": 1, "b": 2}
    assert (list(pairs), list(pairs.values()), len(pairs), pairs["b"]) == (["a", "b"], [1, 2], 2, 2)
    with pytest.raises(KeyError):
        pairs["c"]


@pytest.mark.parametrize("indent", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 5])
def test_json_made_while_it_is_written_is_the_same_json(scratch: Scratch, count: int, indent: int) -> None:
    shelf = scratch.shelf()
    shelf.add(range(count))
    table = Pairs([(f"k{n}", n) for n in range(count)])
    streamed = {"list": listed(shelf, str), "table": tabled(table, lambda n: [n]), "more": 1}
    plain = {"list": [str(n) for n in range(count)], "table": {f"k{n}": [n] for n in range(count)}, "more": 1}
    encoder = json.JSONEncoder(indent=indent)
    assert "".join(encoder.iterencode(streamed)) == encoder.encode(plain)


def test_pages_are_full_but_for_the_last() -> None:
    assert list(paged(range(5), 2)) == [[0, 1], [2, 3], [4]]
