"""Find entities by their initials: "BBVA" in Spain, where nobody has that very name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsync.normalize.company import GROUP_WORDS
from leadsync.normalize.countries import country_names
from leadsync.normalize.initials import Short, short_name
from leadsync.records import CompanyQuery
from leadsync_gleif.hashing import U32, hash_texts
from leadsync_gleif.segment import local, word_numbers

Array = npt.NDArray[Any]
I64 = npt.NDArray[np.int64]
Words = tuple[str, ...]

SHARED = 4
"""Entities of a country that may share the asked initials; of more, none is a candidate: they have them by accident."""
COMMON = 1000
"""Names that may have the asked letters as a word; what more have is a word of its own ("Air", "Inc", "Bank")."""


def initials_hashes(texts: Sequence[str]) -> U32:
    """The hashes initials are found by."""
    return (hash_texts(texts) >> np.uint64(32)).astype(np.uint32)


@dataclass(frozen=True, slots=True)
class Initialled:
    """(query, name) pairs, flat, and the queries whose initials more than `SHARED` have."""

    query: I64
    name: I64
    crowded: frozenset[int]


def by_initials(
    arrays: dict[str, Array], queries: Sequence[CompanyQuery], asked: dict[int, list[str]], country: I64
) -> Initialled:
    """The names in a query's country that have the asked initials and the asked other words. `asked`: the core words of
    each query whose name nobody there has; `country`: ranges of names."""
    short = [(at, short_name(words, _aside(queries[at]))) for at, words in asked.items() if queries[at].country]
    short = _uncommon(arrays, short)
    spelled = [(at, one.rest, letters) for at, one in short for letters in one.letters]
    found: dict[int, list[I64]] = {}
    for (at, rest, _), names in zip(spelled, _runs(arrays, spelled, country), strict=True):
        if len(names):
            found.setdefault(at, []).append(_with_words(arrays, names, rest))
    every = {at: np.unique(np.concatenate(some)) for at, some in found.items()}
    crowded = {at for at, names in every.items() if len(np.unique(arrays["name_entity"][names])) > SHARED}
    few = {at: names for at, names in every.items() if at not in crowded}
    owner = np.repeat(np.array(list(few), np.int64), [len(names) for names in few.values()])
    return Initialled(owner, np.concatenate([np.zeros(0, np.int64), *few.values()]), frozenset(crowded))


def _runs(arrays: dict[str, Array], spelled: Sequence[tuple[int, Words, str]], country: I64) -> Iterator[I64]:
    """For each (query, …, initials) the names of the query's country that have them."""
    if not spelled:
        return
    hashes, known = initials_hashes([letters for _, _, letters in spelled]), arrays["initials_hash"]
    first, last = (np.searchsorted(known, hashes, side=side).astype(np.int64) for side in ("left", "right"))
    places = country[np.array([at for at, _, _ in spelled], np.int64)]
    for start, end in zip(*local(arrays["initials_name"], first, last, places), strict=True):
        yield arrays["initials_name"][start:end].astype(np.int64)


def _uncommon(arrays: dict[str, Array], short: Sequence[tuple[int, Short]]) -> list[tuple[int, Short]]:
    """Those whose letters are not a word that many names have."""
    some = [(at, one) for at, one in short if one.letters]
    numbers = word_numbers(arrays, hash_texts([one.letters[0] for _, one in some]))
    starts = arrays["word_start"]
    common = (numbers >= 0) & (starts[numbers + 1].astype(np.int64) - starts[numbers] > COMMON)
    return [one for one, is_common in zip(some, common.tolist(), strict=True) if not is_common]


def _aside(query: CompanyQuery) -> frozenset[str]:
    return GROUP_WORDS | country_names(query.country)


def _with_words(arrays: dict[str, Array], names: I64, words: Sequence[str]) -> I64:
    """Those of the names that have all these words."""
    for number in word_numbers(arrays, hash_texts(words)).tolist() if words else ():
        if number < 0:
            return names[:0]
        having = arrays["word_name"][arrays["word_start"][number] : arrays["word_start"][number + 1]]
        names = names[having[np.minimum(np.searchsorted(having, names), len(having) - 1)] == names]
    return names
