"""Find the entities a company's name could mean: cheap keys over the inverted index, many queries at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsync.records import CompanyQuery
from leadsync_gleif.hashing import MENDED_LONGEST, U32, U64, deletions, hash_phrases
from leadsync_gleif.initials import by_initials
from leadsync_gleif.segment import Segment, local, ranges, word_numbers
from leadsync_gleif.spellings import spellings

Array = npt.NDArray[Any]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

RARE = 1500
"""Names a word (in the query's country, where it is frequent) may have and still be looked up: bounds the work."""
WHOLE = 40
"""Namesakes looked at; more cannot be told apart anyway."""
SHORTLIST = 48
"""Names of each query that are compared word by word."""
TYPO_UP_TO = 3
"""Names that may have a word before it is beyond suspicion of being a typing error."""
TYPO_SHORTEST = 4
"""Letters of the shortest word that is mended."""
TYPO_LONGEST = MENDED_LONGEST + 1
"""Letters of the longest one: one more than the words have that are kept for it."""
JOINED_COST = 0.9
"""What a word counts that the query writes as two."""
TYPO_COST = 0.75
"""What a word counts that had to be mended."""
INITIALS_SCORE = 0.5
"""The least a candidate counts whose initials were asked for, to order the shortlist; an equal name counts 1."""
COUNTRY_BONUS = 0.15
"""Added to the similarity (0..1) of a candidate in the query's country, to order the shortlist."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The words of many queries, flat: `query` and `word` (its number), what it counts, and where its names are."""

    query: I64
    word: I64
    weight: F32


@dataclass(frozen=True, slots=True)
class Asked:
    """The words to look up, flat: as text, as hash, joined with the next one (0 at a phrase's end), and the query."""

    words: list[str]
    hashes: U64
    pairs: U64
    query: I64


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates of many queries, flat and ordered: `query`, `entity` number and `score`, best first in each query.
    `short`: whether it was found by its initials; `crowded`: the queries whose initials too many have to be any's."""

    query: I64
    entity: I64
    score: F32
    short: npt.NDArray[np.bool_]
    crowded: frozenset[int]


def search(segment: Segment, queries: Sequence[CompanyQuery], limit: int) -> Found:
    """The best `limit` entities for each query. Whole names that are equal come first, then by shared information. Of a
    query without country, to which namesakes everywhere are alike, all up to `WHOLE`."""
    arrays = segment.arrays
    phrases, owner, main, settles = spellings(queries)
    hashed = hash_phrases(phrases)
    country = _country_ranges(segment, queries)
    whole_phrase, whole_name = _wholes(arrays, hashed.squashed, owner, country)
    whole_query = owner[whole_phrase]
    here = (whole_name >= country[whole_query, 0]) & (whole_name < country[whole_query, 1])
    settled = np.zeros(len(queries), bool)
    settled[whole_query[here & settles[whole_phrase]]] = True
    phrase_of = np.repeat(np.arange(len(phrases)), hashed.counts)
    wanted = main[phrase_of] & ~settled[owner[phrase_of]]
    asked = Asked(
        [word for i in np.unique(phrase_of[wanted]) for word in phrases[i].split()],
        hashed.words[wanted],
        hashed.pairs[wanted],
        owner[phrase_of[wanted]],
    )
    terms = _terms(arrays, asked)
    query, name = _gather(arrays, terms, country)
    pair_query, pair_name = _pairs(arrays, asked, country)
    unknown = np.setdiff1d(np.arange(len(queries)), whole_query[here])
    own = {at: phrases[n].split() for at, n in zip(unknown.tolist(), np.searchsorted(owner, unknown), strict=True)}
    short = by_initials(arrays, queries, own, country)
    every = np.concatenate((whole_query, short.query, query, pair_query))
    names = np.concatenate((whole_name, short.name, name, pair_name))
    least = np.zeros(len(every), np.float32)
    least[: len(whole_query) + len(short.query)] = INITIALS_SCORE
    least[: len(whole_query)] = 1
    limits = np.array([most(query, limit) for query in queries], np.int64)
    return Found(*_ranked(arrays, (every, names, least), terms, country, limits), short.crowded)


def most(query: CompanyQuery, limit: int) -> int:
    """How many entities are looked for at most; of a query without country, to which namesakes everywhere are alike,
    all up to `WHOLE`."""
    return limit if query.country else max(limit, WHOLE)


def frequencies(segment: Segment, phrases: Sequence[str], countries: Sequence[str]) -> list[list[tuple[int, int]]]:
    """Of each word of each phrase how many names have it: everywhere, and in the phrase's country."""
    arrays = segment.arrays
    hashed = hash_phrases(phrases)
    numbers = word_numbers(arrays, hashed.words)
    known = numbers >= 0
    first = np.where(known, arrays["word_start"][np.maximum(numbers, 0)], 0).astype(np.int64)
    last = np.where(known, arrays["word_start"][numbers + 1], 0).astype(np.int64)
    places = np.array([segment.countries.get(country, (0, 0)) for country in countries], np.int64).reshape(-1, 2)
    start, end = local(arrays["word_name"], first, last, np.repeat(places, hashed.counts, axis=0))
    counted = zip((last - first).tolist(), (end - start).tolist(), strict=True)
    return [list(islice(counted, count)) for count in hashed.counts.tolist()]


def _country_ranges(segment: Segment, queries: Sequence[CompanyQuery]) -> I64:
    nowhere = (-1, -1)
    found = [segment.countries.get(query.country, nowhere) if query.country else nowhere for query in queries]
    return np.array(found, np.int64).reshape(len(queries), 2)


def _wholes(arrays: dict[str, Array], hashes: U64, owner: I64, country: I64) -> tuple[I64, I64]:
    """(phrase, name) where they are equal without spaces; of too many namesakes those in the query's country."""
    known = arrays["whole_hash"]
    first = np.searchsorted(known, hashes, side="left")
    last = np.searchsorted(known, hashes, side="right")
    crowded = last - first > WHOLE
    if crowded.any():
        start, end = _or_all(arrays["whole_name"], first[crowded], last[crowded], country[owner[crowded]])
        first[crowded], last[crowded] = start, np.minimum(end, start + WHOLE)
    names = arrays["whole_name"][ranges(first, last)].astype(np.int64)
    return np.repeat(np.arange(len(hashes)), last - first), names


def _or_all(names: U32, first: I64, last: I64, country: I64) -> tuple[I64, I64]:
    """The part of each sorted run of names that lies in its country; all of it where there is none."""
    start, end = local(names, first, last, country)
    some = end > start
    return np.where(some, start, first), np.where(some, end, last)


def _frequency(arrays: dict[str, Array], words: I64) -> I64:
    starts = arrays["word_start"]
    return starts[words + 1].astype(np.int64) - starts[words]


def _information(arrays: dict[str, Array], words: I64) -> F32:
    """How telling each word is: the natural logarithm of one in how many names has it."""
    total = max(1, len(arrays["name_entity"]))
    information: F32 = np.log(total / np.maximum(_frequency(arrays, words), 1)).astype(np.float32)
    return information


def _terms(arrays: dict[str, Array], asked: Asked) -> Terms:
    """The known words of the queries; two neighbours written as one; and for unknown words those one edit away."""
    numbers = word_numbers(arrays, asked.hashes)
    joined = word_numbers(arrays, asked.pairs)
    known, glued = numbers >= 0, joined >= 0
    query = [asked.query[known], asked.query[glued]]
    word = [numbers[known], joined[glued]]
    cost = [np.ones(int(known.sum()), np.float32), np.full(int(glued.sum()), JOINED_COST, np.float32)]
    seldom = np.where(known, _frequency(arrays, np.maximum(numbers, 0)), 0) <= TYPO_UP_TO
    suspects = [i for i in np.flatnonzero(seldom) if _may_be_mended(asked.words[i])]
    if suspects and len(arrays["typo_hash"]):
        position, mended = _mended(arrays, [asked.words[i] for i in suspects])
        query.append(asked.query[np.array(suspects)[position]])
        word.append(mended)
        cost.append(np.full(len(mended), TYPO_COST, np.float32))
    return _distinct(arrays, np.concatenate(query), np.concatenate(word), np.concatenate(cost))


def _may_be_mended(word: str) -> bool:
    """Whether a known word may be one letter away; the index keeps none of the very long ones."""
    return TYPO_SHORTEST <= len(word) <= TYPO_LONGEST and word.isalpha()


def _mended(arrays: dict[str, Array], words: Sequence[str]) -> tuple[I64, I64]:
    """(position in `words`, number of a known word one edit away)."""
    keys, position = deletions(words)
    first = np.searchsorted(arrays["typo_hash"], keys, side="left")
    last = np.searchsorted(arrays["typo_hash"], keys, side="right")
    mended = arrays["typo_word"][ranges(first, last)].astype(np.int64)
    return np.repeat(position, last - first).astype(np.int64), mended


def _distinct(arrays: dict[str, Array], query: I64, word: I64, cost: F32) -> Terms:
    """Each word of a query once, as itself where it is also a mended one."""
    order = np.argsort(-cost, kind="stable")
    query, word, cost = query[order], word[order], cost[order]
    _, first = np.unique(query << 32 | word, return_index=True)
    query, word = query[first], word[first]
    return Terms(query, word, cost[first] * _information(arrays, word))


def _gather(arrays: dict[str, Array], terms: Terms, country: I64) -> tuple[I64, I64]:
    """(query, name) for the names that have a telling word of the query; the most promising of each query only."""
    first = arrays["word_start"][terms.word].astype(np.int64)
    last = arrays["word_start"][terms.word + 1].astype(np.int64)
    names = arrays["word_name"]
    frequent = last - first > RARE
    if frequent.any():
        start, end = local(names, first[frequent], last[frequent], country[terms.query[frequent]])
        first[frequent], last[frequent] = start, np.where(end - start > RARE, start, end)
    query = np.repeat(terms.query, last - first)
    weight = np.repeat(terms.weight, last - first)
    key = query << 32 | names[ranges(first, last)].astype(np.int64)
    if len(key) == 0:
        return key, key
    order = np.argsort(key)
    key, weight = key[order], weight[order]
    begins = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    total = np.add.reduceat(weight, begins)
    key = key[begins]
    return _best(key >> 32, key & 0xFFFFFFFF, total, SHORTLIST)


def _best(query: I64, name: I64, score: F32, limit: int) -> tuple[I64, I64]:
    """The `limit` best of each query; `query` is sorted."""
    begins = np.flatnonzero(np.concatenate(([True], query[1:] != query[:-1])))
    sizes = np.diff(np.concatenate((begins, [len(query)])))
    if (sizes > limit).any():
        top = np.maximum.reduceat(score, begins)
        near = score >= np.repeat(top, sizes) * np.float32(0.4)
        query, name, score = query[near], name[near], score[near]
        order = np.lexsort((-score, query))
        query, name = query[order], name[order]
        begins = np.flatnonzero(np.concatenate(([True], query[1:] != query[:-1])))
        sizes = np.diff(np.concatenate((begins, [len(query)])))
        keep = np.arange(len(query)) - np.repeat(begins, sizes) < limit
        query, name = query[keep], name[keep]
    return query, name


def _pairs(arrays: dict[str, Array], asked: Asked, country: I64) -> tuple[I64, I64]:
    """(query, name) for the names that share two neighbouring frequent words, or write one word of it as two."""
    keys = np.concatenate((asked.pairs, asked.hashes))
    owner = np.concatenate((asked.query, asked.query))
    known = arrays["pair_hash"]
    if len(known) == 0 or len(keys) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    hit = (known[at] == keys) & (keys != 0)
    at, owner = at[hit], owner[hit]
    first = arrays["pair_start"][at].astype(np.int64)
    last = arrays["pair_start"][at + 1].astype(np.int64)
    crowded = last - first > SHORTLIST
    if crowded.any():
        start, end = _or_all(arrays["pair_name"], first[crowded], last[crowded], country[owner[crowded]])
        first[crowded], last[crowded] = start, np.minimum(end, start + 4 * SHORTLIST)
    return np.repeat(owner, last - first), arrays["pair_name"][ranges(first, last)].astype(np.int64)


def _ranked(
    arrays: dict[str, Array], candidates: tuple[I64, I64, F32], terms: Terms, country: I64, limits: I64
) -> tuple[I64, I64, F32, npt.NDArray[np.bool_]]:
    """The best (query, entity) with their scores, and whether the initials led there; `candidates`: (query, name, least
    score)."""
    query, name, least = candidates
    key = query << 32 | name
    key, index = np.unique(key, return_index=True)  # the first of a pair is the equal one, if it is among them
    query, name, least = key >> 32, key & 0xFFFFFFFF, least[index]
    score = np.maximum(least, _similarity(arrays, query, name, terms))
    near = (name >= country[query, 0]) & (name < country[query, 1])
    score = (score + COUNTRY_BONUS * near).astype(np.float32)
    entity = arrays["name_entity"][name].astype(np.int64)
    order = np.lexsort((entity, -score, query))
    query, entity, score, least = query[order], entity[order], score[order], least[order]
    _, first = np.unique(query << 32 | entity, return_index=True)
    first.sort()
    query, entity, score, least = query[first], entity[first], score[first], least[first]
    sizes = np.bincount(query, minlength=len(country))
    rank = np.arange(len(query)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    keep = rank < limits[query]
    return query[keep], entity[keep], score[keep], least[keep] == INITIALS_SCORE


def _similarity(arrays: dict[str, Array], query: I64, name: I64, terms: Terms) -> F32:
    """Information shared by query and name, over all that either has (0..1)."""
    first = arrays["name_start"][name].astype(np.int64)
    last = arrays["name_start"][name + 1].astype(np.int64)
    pair = np.repeat(np.arange(len(name)), last - first)
    key = np.repeat(query, last - first) << 32 | arrays["name_word"][ranges(first, last)].astype(np.int64)
    known = terms.query << 32 | terms.word
    order = np.argsort(known)
    known, weight = known[order], terms.weight[order]
    if len(known) == 0:
        return np.zeros(len(name), np.float32)
    at = np.minimum(np.searchsorted(known, key), len(known) - 1)
    shared = np.bincount(pair, np.where(known[at] == key, weight[at], 0), minlength=len(name))
    asked = np.bincount(terms.query, terms.weight, minlength=int(query.max(initial=0)) + 1)[query]
    union = asked + arrays["name_weight"][name] - shared
    similarity: F32 = (shared / np.maximum(union, 1e-6)).astype(np.float32)
    return similarity
