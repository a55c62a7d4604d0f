"""64-bit hashes of words and phrases, many at once, and of all a word's one-letter deletions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]
U32 = npt.NDArray[np.uint32]
I64 = npt.NDArray[np.int64]

LONGEST_LINE = 2048
"""Characters of a phrase that count; the longest legal name published has about 500."""

MENDED_LONGEST = 24
"""Letters of the longest words that are kept with their one-letter deletions."""

_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_SPACE, _END = 32, 10


def _powers(base: int, count: int) -> U64:
    powers = np.empty(count, np.uint64)
    value = 1
    for i in range(count):
        powers[i] = value
        value = value * base % 2**64
    return powers


_POWER = _powers(_BASE, LONGEST_LINE + 2)
_POWERS = [int(power) for power in _POWER]
_MASK = 2**64 - 1
_INVERSE = _powers(pow(_BASE, -1, 2**64), LONGEST_LINE + 2)


def _mix(values: U64) -> U64:
    """Spread the bits (the finaliser of splitmix64): a polynomial's low bits are poor."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: U64 = values ^ (values >> np.uint64(31))
    return mixed


@dataclass(frozen=True, slots=True)
class Hashed:
    """Phrases of words in hashes. `words` are those of all phrases on end, `counts` how many each has."""

    words: U64
    counts: I64
    squashed: U64
    """Of each phrase, the hash of its words without spaces."""
    pairs: U64
    """Of each word but a phrase's last, the hash of it and the next without a space; 0 at a phrase's last word."""


def shortened(phrase: str) -> str:
    """As much of a phrase as counts."""
    return phrase if len(phrase) <= LONGEST_LINE else phrase[:LONGEST_LINE].rstrip()


def hash_phrases(phrases: Sequence[str]) -> Hashed:
    """Hash phrases of words separated by single spaces. An empty phrase has no words and the hash of ""."""
    if not phrases:
        nothing = np.zeros(0, np.uint64)
        return Hashed(nothing, np.zeros(0, np.int64), nothing, nothing)
    text = "\n".join(map(shortened, phrases)) + "\n"
    raw = np.frombuffer(text.encode("latin-1", "replace"), np.uint8)
    ends = np.flatnonzero(raw == _END)
    starts = np.concatenate(([0], ends[:-1] + 1)).astype(np.int64)
    letters = (raw != _SPACE) & (raw != _END)
    # each letter's place in its phrase, not counting spaces, is the power of the base it is multiplied by
    before = np.concatenate(([0], np.cumsum(letters))).astype(np.int64)
    place = before[:-1] - np.repeat(before[starts], ends - starts + 1)
    terms = np.where(letters, (raw.astype(np.uint64) + np.uint64(1)) * _POWER[place], np.uint64(0))
    sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)))
    first = letters & np.concatenate(([True], ~letters[:-1]))
    word_starts = np.flatnonzero(first)
    word_ends = np.flatnonzero(np.concatenate((letters[:-1] & ~letters[1:], [False]))) + 1
    phrase_of = np.searchsorted(starts, word_starts, side="right") - 1
    counts = np.bincount(phrase_of, minlength=len(starts)).astype(np.int64)
    scale = _INVERSE[place[word_starts]]
    words = _mix((sums[word_ends] - sums[word_starts]) * scale)
    pairs = np.zeros(len(words), np.uint64)
    if len(words) > 1:
        joined = _mix((sums[word_ends[1:]] - sums[word_starts[:-1]]) * scale[:-1])
        pairs[:-1] = np.where(phrase_of[1:] == phrase_of[:-1], joined, np.uint64(0))
    return Hashed(words, counts, _mix(sums[ends] - sums[starts]), pairs)


def hash_texts(texts: Sequence[str]) -> U64:
    """One hash for each text without spaces; equal to the word hash of the same letters."""
    return hash_phrases(texts).squashed


def hash_text(text: str) -> int:
    """What `hash_texts` makes of one short text without spaces, without its fixed cost."""
    total = sum((letter + 1) * power for letter, power in zip(text.encode("latin-1", "replace"), _POWERS, strict=False))
    total &= _MASK
    total = (total ^ (total >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    total = (total ^ (total >> 27)) * 0x94D049BB133111EB & _MASK
    return total ^ (total >> 31)


def deletions(words: Sequence[str]) -> tuple[U32, U32]:
    """Hashes of each word itself and with any one letter left out, with the word's position in `words`; 32 bits each.

    Two words one edit apart (a letter changed, added, dropped, or two neighbours swapped) share one of these hashes.
    """
    hashes: list[U64] = []
    owners: list[I64] = []
    lengths = np.fromiter((len(w) for w in words), np.int64, len(words))
    for length in np.unique(lengths):
        members = np.flatnonzero(lengths == length)
        raw = np.frombuffer("".join([words[i] for i in members.tolist()]).encode("latin-1", "replace"), np.uint8)
        letters = raw.reshape(len(members), int(length)).astype(np.uint64) + np.uint64(1)
        before = np.cumsum(letters * _POWER[:length], axis=1, dtype=np.uint64)
        total = before[:, -1:]
        after = (total - before) * _INVERSE[1]  # what follows the dropped letter moves one place to the front
        left = np.concatenate((np.zeros((len(members), 1), np.uint64), before[:, :-1]), axis=1)
        hashes.append(_mix(np.concatenate((left + after, total), axis=1)).ravel())
        owners.append(np.repeat(members, length + 1))
    if not hashes:
        return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    return (np.concatenate(hashes) >> np.uint64(32)).astype(np.uint32), np.concatenate(owners).astype(np.uint32)
