"""One immutable part of the index: arrays on disk, mapped into memory, shared between processes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsync.errors import Unreadable
from leadsync.records import LegalEntity
from leadsync_gleif.codec import decode
from leadsync_gleif.hashing import U32, U64, hash_text, hash_texts

FORMAT = 3
"""Version of the layout; an index of another version is built anew."""

META = "segment.json"
RECORDS = "records.bin"
ARRAYS = {
    "record_at": np.uint64,  # of each entity: where its record starts, shifted left by 16, and its length
    "lei_key": np.uint64,  # hashes of the LEIs, sorted
    "lei_entity": np.uint32,  # the entity of each
    "name_entity": np.uint32,  # of each name its entity; names are in their entities' order
    "name_kind": np.uint8,  # 0 legal name, 1 other or transliterated name, 2 previous name
    "name_weight": np.float32,  # of each name the sum of its words' information
    "name_start": np.uint32,  # where its words begin in `name_word`
    "name_word": np.uint32,
    "word_hash": np.uint64,  # the vocabulary, sorted; a word's position is its number
    "word_start": np.uint32,  # where the names that have it begin in `word_name`
    "word_name": np.uint32,
    "whole_hash": np.uint64,  # hashes of whole names without spaces and legal form, sorted
    "whole_name": np.uint32,
    "initials_hash": np.uint32,  # hashes of names' initials, sorted, and by name where they are equal
    "initials_name": np.uint32,
    "pair_hash": np.uint64,  # hashes of two neighbouring frequent words without the space, sorted, each once
    "pair_start": np.uint32,
    "pair_name": np.uint32,
    "typo_hash": np.uint32,  # hashes of words with one letter left out, sorted
    "typo_word": np.uint32,
    "rel_child": np.uint64,  # hashes of the children's LEIs, sorted
    "rel_row": np.uint32,  # the relation's line in relations.bin
    "rel_parent": np.uint64,  # hashes of the parents' LEIs, sorted
    "rel_parent_row": np.uint32,
    "rel_at": np.uint64,  # of each relation: where its line starts, shifted left by 16, and its length
    "exc_key": np.uint64,  # hashes of the LEIs with a reporting exception, sorted
    "exc_direct": np.uint8,  # reasons by their number in META, 0 none, 255 withdrawn
    "exc_ultimate": np.uint8,
}
RELATIONS = "relations.bin"


@dataclass(frozen=True)
class Segment:
    """An open segment. Records are read by position from their file, so that they take no resident memory."""

    path: Path
    meta: dict[str, Any]
    arrays: dict[str, npt.NDArray[Any]]
    files: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path) -> Segment:
        """Map a segment's arrays; raises Unreadable when it is incomplete or of another format."""
        try:
            meta = json.loads((path / META).read_text(encoding="utf-8"))
            if meta["format"] != FORMAT:
                raise Unreadable(
                    f"{path}: the index has format {meta['format']}, this version reads {FORMAT}: load the register "
                    "again (leadsync gleif refresh, or gleif load FILE…)"
                )
            arrays = {name: np.load(path / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
            files = {name: os.open(path / name, os.O_RDONLY) for name in (RECORDS, RELATIONS)}
        except (OSError, ValueError, KeyError) as problem:
            raise Unreadable(f"{path}: the index is damaged ({problem}); load the Golden Copy again") from problem
        return cls(path, meta, {n: a.view(np.ndarray) for n, a in arrays.items()}, files)

    def close(self) -> None:
        """Close the record files; the mappings go with the arrays."""
        for descriptor in self.files.values():
            os.close(descriptor)
        self.files.clear()
        self.arrays.clear()

    @cached_property
    def countries(self) -> dict[str, tuple[int, int]]:
        """Country → the range of names whose entities are registered there."""
        return {code: (first, last) for code, first, last in self.meta["countries"]}

    @cached_property
    def entities(self) -> int:
        """How many entities there are."""
        return len(self.arrays["record_at"])

    def _line(self, file: str, packed: int) -> bytes:
        return os.pread(self.files[file], packed & 0xFFFF, packed >> 16)

    def entity(self, number: int) -> LegalEntity:
        """The entity of that number."""
        return decode(self._line(RECORDS, int(self.arrays["record_at"][number])))

    def relation_line(self, number: int) -> bytes:
        """The stored line of a relation."""
        return self._line(RELATIONS, int(self.arrays["rel_at"][number]))

    def find(self, keys: U64) -> npt.NDArray[np.int64]:
        """Of each LEI hash the number of its entity, or -1."""
        sorted_keys, entity = self.arrays["lei_key"], self.arrays["lei_entity"]
        if len(sorted_keys) == 0:
            return np.full(len(keys), -1, np.int64)
        at = np.minimum(np.searchsorted(sorted_keys, keys), len(sorted_keys) - 1)
        return np.where(sorted_keys[at] == keys, entity[at].astype(np.int64), -1)

    def by_lei(self, lei: str) -> LegalEntity | None:
        """The entity with this LEI, or None."""
        number = int(self.find(lei_key(lei))[0])
        found = self.entity(number) if number >= 0 else None
        return found if found is not None and found.lei == lei else None


def lei_keys(leis: list[str]) -> U64:
    """The hashes LEIs are found by."""
    return hash_texts([lei.lower() for lei in leis])


def lei_key(lei: str) -> U64:
    """`lei_keys` of one LEI."""
    return np.array([hash_text(lei.lower())], np.uint64)


def ranges(starts: U32 | npt.NDArray[np.int64], ends: U32 | npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The positions start..end of each range, on end."""
    first = starts.astype(np.int64)
    counts = ends.astype(np.int64) - first
    total = int(counts.sum())
    if total == 0:
        return np.zeros(0, np.int64)
    shift = np.repeat(first - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return shift + np.arange(total)


def local(
    names: U32, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], country: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The part of each sorted run of names that lies in its country's range of names."""
    return _lower_bound(names, first, last, country[:, 0]), _lower_bound(names, first, last, country[:, 1])


def _lower_bound(
    names: U32, first: npt.NDArray[np.int64], last: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Of each run of sorted names the place of the first that is not below the wanted one: all runs halved together."""
    low, high = first.copy(), last.copy()
    while (open_ := low < high).any():
        middle = (low + high) >> 1
        below = open_ & (names[np.where(open_, middle, 0)] < wanted)
        low = np.where(below, middle + 1, low)
        high = np.where(open_ & ~below, middle, high)
    return low


def word_numbers(arrays: dict[str, npt.NDArray[Any]], hashes: U64) -> npt.NDArray[np.int64]:
    """The number of each word, or -1 when no name has it."""
    known = arrays["word_hash"]
    if len(known) == 0:
        return np.full(len(hashes), -1, np.int64)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[at] == hashes, at, -1).astype(np.int64)
