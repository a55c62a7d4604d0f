"""Build a segment of the index from a stream of entities, relations and exceptions."""

from __future__ import annotations

import json
import os
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

from leadsync.normalize.aliases import two_names
from leadsync.normalize.company import split_name
from leadsync.normalize.initials import initials
from leadsync.normalize.scripts import is_foreign
from leadsync.records import LegalEntity
from leadsync_gleif.codec import decode, encode
from leadsync_gleif.hashing import MENDED_LONGEST, U32, U64, deletions, hash_phrases
from leadsync_gleif.initials import initials_hashes
from leadsync_gleif.level2 import Exceptions, Relation, relation_line
from leadsync_gleif.segment import ARRAYS, FORMAT, META, RECORDS, RELATIONS, lei_keys
from leadsync_gleif.spellings import sounds

T = TypeVar("T")
Array = npt.NDArray[Any]
Progress = Callable[[str, int], None]
"""Told what is being done and how far it has come."""

CHUNK = 50_000
FREQUENT = 64
"""Names that must have a word before its pairs with neighbours are worth finding names by."""
TYPO_SHORTEST, TYPO_LONGEST = 4, MENDED_LONGEST
"""Letters of the words in which a typing error is looked for."""
PREVIOUS = "PREVIOUS_LEGAL_NAME"
NOWHERE = np.iinfo(np.uint32).max
"""In place of an entity's number: a later record of the same LEI replaced it."""
KNOWN_BY_INITIALS = frozenset({"GENERAL", "RESIDENT_GOVERNMENT_ENTITY", "INTERNATIONAL_ORGANIZATION"})
"""Categories of entities that people call by initials; a fund, a branch, a person has some by accident."""
UNUSABLE = frozenset({"ANNULLED"})
"""Registrations that were never valid; their names must lead nobody to them."""


def chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Lists of up to `size` items."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


class Builder:
    """Takes entities chunk by chunk, keeping hashes in memory and records on disk, and writes the sorted arrays."""

    def __init__(self, path: Path, progress: Progress) -> None:
        path.mkdir(parents=True)
        self.path = path
        self.progress = progress
        self.countries: list[str] = []
        self.known_countries: dict[str, int] = {}
        self.record_at = array("Q")
        self.lei_key: list[U64] = []
        self.entity_country = array("H")
        self.words: list[U64] = []
        self.pairs: list[U64] = []
        self.counts: list[Array] = []
        self.wholes: list[U64] = []
        self.name_entity: list[Array] = []
        self.name_kind: list[Array] = []
        self.initials: list[U32] = []
        self.initials_name: list[Array] = []
        self.vocabulary: set[str] = set()
        self.statuses: Counter[str] = Counter()
        self.categories: Counter[str] = Counter()

    def add_entities(self, entities: Iterable[LegalEntity]) -> None:
        """Write the records and remember the names' hashes."""
        position = 0
        with (self.path / RECORDS).open("wb") as out:
            for chunk in chunks(entities):
                position = self._records(chunk, out, position)
                self._names(chunk)
                self.progress("entities", len(self.record_at))

    def _records(self, chunk: Sequence[LegalEntity], out: BinaryIO, position: int) -> int:
        for entity in chunk:
            line = encode(entity)
            out.write(line)
            self.record_at.append(position << 16 | len(line))
            position += len(line)
            country = self.known_countries.setdefault(entity.country, len(self.known_countries))
            self.entity_country.append(country)
            self.statuses[entity.registration] += 1
            self.categories[entity.category] += 1
        self.lei_key.append(lei_keys([entity.lei for entity in chunk]))
        return position

    def _names(self, chunk: Sequence[LegalEntity]) -> None:
        first = len(self.record_at) - len(chunk)
        owners: list[int] = []
        kinds: list[int] = []
        phrases: list[str] = []
        known: list[tuple[int, list[str]]] = []
        for number, entity in enumerate(chunk, first):
            if entity.registration in UNUSABLE:
                continue
            for kind, words in _phrases(entity):
                self.vocabulary.update(words)
                owners.append(number)
                kinds.append(kind)
                if kind != 2 and entity.category in KNOWN_BY_INITIALS:
                    known.append((len(phrases), words))
                phrases.append(" ".join(words))
        if not phrases:
            return
        self._shorten(known)
        hashed = hash_phrases(phrases)
        self.words.append(hashed.words)
        self.pairs.append(hashed.pairs)
        self.counts.append(hashed.counts)
        self.wholes.append(hashed.squashed)
        self.name_entity.append(np.array(owners, np.uint32))
        self.name_kind.append(np.array(kinds, np.uint8))

    def _shorten(self, known: Sequence[tuple[int, list[str]]]) -> None:
        """Remember the initials of a chunk's names: (place among them, core words)."""
        before = sum(len(some) for some in self.name_kind)
        short = [(before + at, letters) for at, words in known for letters in initials(words)]
        self.initials.append(initials_hashes([letters for _, letters in short]))
        self.initials_name.append(np.array([name for name, _ in short], np.uint32))

    def finish(self, relations: Iterable[Relation], exceptions: Exceptions, about: dict[str, Any]) -> dict[str, Any]:
        """Sort everything, write the arrays, then the description that makes the segment complete; returns that."""
        keys = _joined(self.lei_key, np.uint64)
        kept = _last_of_each(keys)
        self._uncount(~kept)
        order = np.argsort(np.array(self.entity_country, np.int32), kind="stable").astype(np.uint32)
        order = order[kept[order]]
        place = np.full(len(keys), NOWHERE, np.uint32)
        place[order] = np.arange(len(order), dtype=np.uint32)
        self._save("record_at", np.array(self.record_at, np.uint64)[order])
        self._sorted("lei_key", "lei_entity", keys[order], None)
        countries = self._name_arrays(order, place)
        relation_count = self._relations(relations)
        reasons = self._exceptions(exceptions)
        meta = {
            "format": FORMAT,
            "entities": len(order),
            "names": sum(int((place[owners] != NOWHERE).sum()) for owners in self.name_entity),
            "relations": relation_count,
            "exceptions": len(exceptions),
            "statuses": dict(self.statuses.most_common()),
            "categories": dict(self.categories.most_common()),
            "countries": countries,
            "reasons": reasons,
            **about,
        }
        _write(self.path / META, json.dumps(meta, indent=1).encode())
        return meta

    def _uncount(self, dropped: npt.NDArray[np.bool_]) -> None:
        """Take the records that a later one of the same LEI replaced out of the counts."""
        with (self.path / RECORDS).open("rb") as records:
            for packed in np.array(self.record_at, np.uint64)[dropped].tolist():
                records.seek(packed >> 16)
                entity = decode(records.read(packed & 0xFFFF))
                self.statuses[entity.registration] -= 1
                self.categories[entity.category] -= 1

    def _name_arrays(self, order: U32, place: U32) -> list[tuple[str, int, int]]:
        owners = place[_joined(self.name_entity, np.uint32)]
        by_owner = np.argsort(owners, kind="stable")
        by_owner = by_owner[: int((owners != NOWHERE).sum())]
        counts = _joined(self.counts, np.int64)
        starts = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        words, pairs = _joined(self.words, np.uint64), _joined(self.pairs, np.uint64)
        self.words.clear()
        self.pairs.clear()
        positions = _gather(starts, by_owner)
        counts = counts[by_owner]
        self._save("name_entity", owners[by_owner])
        self._save("name_kind", _joined(self.name_kind, np.uint8)[by_owner])
        self._save("name_start", np.concatenate(([0], np.cumsum(counts))).astype(np.uint32))
        self._sorted("whole_hash", "whole_name", _joined(self.wholes, np.uint64)[by_owner], None)
        self._initials(by_owner)
        self.progress("words", len(words))
        numbers, name_of = self._vocabulary(words[positions], counts)
        self._pairs(pairs[positions], numbers, name_of)
        return self._ranges(np.array(self.entity_country, np.int64)[order][owners[by_owner]])

    def _initials(self, by_owner: Array) -> None:
        """Write whose initials are which; `by_owner`: the names that count, in their order."""
        place = np.full(sum(len(some) for some in self.name_kind), NOWHERE, np.uint32)
        place[by_owner] = np.arange(len(by_owner), dtype=np.uint32)
        hashes, names = _joined(self.initials, np.uint32), place[_joined(self.initials_name, np.uint32)]
        order = np.lexsort((names, hashes))
        order = order[names[order] != NOWHERE]
        self._save("initials_hash", hashes[order])
        self._save("initials_name", names[order])

    def _vocabulary(self, words: U64, counts: Array) -> tuple[U32, U32]:
        """Number the words, write who has them and how telling each name is; (number, name) of each occurrence."""
        distinct, inverse = np.unique(words, return_inverse=True)
        numbers = inverse.astype(np.uint32)
        name_of = np.repeat(np.arange(len(counts), dtype=np.uint32), counts)
        frequency = np.bincount(numbers, minlength=len(distinct))
        information = np.log(max(len(counts), 1) / np.maximum(frequency, 1)).astype(np.float32)
        weights = np.bincount(name_of, weights=information[numbers], minlength=len(counts))
        self._save("name_weight", weights.astype(np.float32))
        self._save("name_word", numbers)
        self._save("word_hash", distinct)
        self._save("word_start", np.concatenate(([0], np.cumsum(frequency))).astype(np.uint32))
        self._save("word_name", name_of[np.argsort(numbers, kind="stable")])
        self._typos(distinct)
        return numbers, name_of

    def _typos(self, distinct: U64) -> None:
        words = sorted(w for w in self.vocabulary if TYPO_SHORTEST <= len(w) <= TYPO_LONGEST and w.isalpha())
        asked = hash_phrases(words).squashed if words else np.zeros(0, np.uint64)
        there = np.isin(asked, distinct)  # all but the words of records that later ones replaced
        words = [word for word, known in zip(words, there.tolist(), strict=True) if known]
        self.vocabulary = set()
        self.progress("typing errors", len(words))
        hashes, owners = deletions(words)
        numbers = np.searchsorted(distinct, asked[there])
        order = np.argsort(hashes, kind="stable")
        self._save("typo_hash", hashes[order])
        self._save("typo_word", numbers.astype(np.uint32)[owners[order]])

    def _pairs(self, pairs: U64, numbers: U32, name_of: U32) -> None:
        frequent = np.bincount(numbers, minlength=1)[numbers] >= FREQUENT
        both = (pairs != 0) & frequent & np.concatenate((frequent[1:], np.zeros(min(1, len(frequent)), bool)))
        distinct, inverse, frequency = np.unique(pairs[both], return_inverse=True, return_counts=True)
        self._save("pair_hash", distinct)
        self._save("pair_start", np.concatenate(([0], np.cumsum(frequency))).astype(np.uint32))
        self._save("pair_name", name_of[both][np.argsort(inverse, kind="stable")])

    def _ranges(self, country_of_name: Array) -> list[tuple[str, int, int]]:
        names = list(self.known_countries)
        last = np.searchsorted(country_of_name, np.arange(len(names)), side="right").tolist()
        first = np.searchsorted(country_of_name, np.arange(len(names)), side="left").tolist()
        return list(zip(names, first, last, strict=True))

    def _relations(self, relations: Iterable[Relation]) -> int:
        at: list[int] = []
        children: list[str] = []
        parents: list[str] = []
        position = 0
        with (self.path / RELATIONS).open("wb") as out:
            for relation in relations:
                line = relation_line(relation)
                out.write(line)
                at.append(position << 16 | len(line))
                position += len(line)
                children.append(relation.child)
                parents.append(relation.parent)
                if len(at) % CHUNK == 0:
                    self.progress("relations", len(at))
        self._save("rel_at", np.array(at, np.uint64))
        self._sorted("rel_child", "rel_row", lei_keys(children), None)
        self._sorted("rel_parent", "rel_parent_row", lei_keys(parents), None)
        return len(at)

    def _exceptions(self, exceptions: Exceptions) -> list[str]:
        keys = lei_keys(list(exceptions.leis))
        order = np.argsort(keys)
        self._save("exc_key", keys[order])
        self._save("exc_direct", np.frombuffer(exceptions.direct, np.uint8)[order])
        self._save("exc_ultimate", np.frombuffer(exceptions.ultimate, np.uint8)[order])
        return list(exceptions.reasons)

    def _sorted(self, key: str, value: str, keys: U64, values: U32 | None) -> None:
        order = np.argsort(keys, kind="stable").astype(np.uint32)
        self._save(key, keys[order])
        self._save(value, order if values is None else values[order])

    def _save(self, name: str, array: Array) -> None:
        np.save(self.path / f"{name}.npy", array.astype(ARRAYS[name], copy=False))


def _phrases(entity: LegalEntity) -> Iterator[tuple[int, list[str]]]:
    """(kind, core words) of the entity's distinct names; a name in another script also as it sounds."""
    seen: set[tuple[str, ...]] = set()
    both = two_names(entity.name) or (entity.name,)
    for name, kind in (*((name, "") for name in both), *entity.other_names):
        words, _ = split_name(name, entity.country)
        if not words or tuple(words) in seen:
            continue
        seen.add(tuple(words))
        yield (0 if kind == "" and len(seen) == 1 else 2 if kind == PREVIOUS else 1), words
        if is_foreign(name):
            yield 1, sounds(words)


def _joined(parts: Sequence[Array], dtype: Any) -> Array:
    return np.concatenate(parts) if parts else np.zeros(0, dtype)


def _last_of_each(keys: U64) -> npt.NDArray[np.bool_]:
    """Whether each key is the last of its kind: where files hold the same entity, the last one counts."""
    kept = np.zeros(len(keys), bool)
    kept[len(keys) - 1 - np.unique(keys[::-1], return_index=True)[1]] = True
    return kept


def _gather(starts: npt.NDArray[np.int64], order: Array) -> npt.NDArray[np.int64]:
    counts = starts[order + 1] - starts[order]
    shift = np.repeat(starts[order] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    positions: npt.NDArray[np.int64] = shift + np.arange(len(shift))
    return positions


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
