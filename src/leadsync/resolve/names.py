"""Compare two company names word by word, each word counting by how telling it is."""

from __future__ import annotations

from typing import NamedTuple

from rapidfuzz.distance import JaroWinkler
from rapidfuzz.fuzz import ratio

from leadsync.normalize.scripts import sound
from leadsync.resolve.information import information, total

ALIKE = 0.9
"""Jaro-Winkler similarity from which two words are one, mistyped."""
SHORTEST_TYPO = 4
"""Letters a word must have for that."""
SHORTEST_PREFIX = 3
"""Letters an abbreviation must have to stand for a word that begins with it."""
SHORTEST_SOUND = 2
"""Consonants from which a word is told by its sound."""
LOOKS_ALIKE = 55.0
"""Per cent of letters that words of one sound share at least."""
SOUNDS = 0.97
"""Similarity of names that only sound the same."""
MENDED = 0.85
"""What a mistyped or abbreviated word counts."""


class Overlap(NamedTuple):  # a tuple, since it is made of every candidate of every query
    """What two names share and lack, in information: only `asked`, only `found`; the words of each;
    `mended`: how many words are equal only after mending."""

    asked: float
    found: float
    asked_only: tuple[str, ...]
    found_only: tuple[str, ...]
    mended: int
    similarity: float
    """Of the whole names' letters without spaces, 0..1."""
    coverage: float
    """The share of the asked name's information that the found one has."""
    precision: float
    """The share of the found name's information that was asked for."""
    equal: bool
    """Whether the names are the same but for spaces."""


def overlap(asked: tuple[str, ...], found: tuple[str, ...], *, foreign: bool = False) -> Overlap:
    """Align the words of two names: equal ones, then abbreviations and typing errors among the rest. `foreign`: one of
    them was transliterated, so that words that sound alike are one."""
    if asked == found:
        return _whole(asked, 0, 1.0)
    similarity = ratio("".join(asked), "".join(found)) / 100
    if similarity == 1.0:
        return _whole(asked, 0, 1.0)
    if foreign:
        found = _as_asked(asked, found)
        if sorted(asked) == sorted(found):
            return _whole(asked, len(found), max(similarity, SOUNDS))
    shared = [word for word in asked if word in found]
    left = [word for word in asked if word not in shared]
    right = [word for word in found if word not in shared]
    weight, mended = total(dict.fromkeys(shared)), 0
    if left and right:
        left, right, gained, mended = _mend(left, right)
        weight += gained
    missing, extra = total(left), total(right)
    coverage, precision = (weight / (weight + missing), weight / (weight + extra)) if weight else (0.0, 0.0)
    return Overlap(
        missing, extra, tuple(left), tuple(right), mended, similarity, coverage, precision, similarity == 1.0
    )


def _whole(asked: tuple[str, ...], mended: int, similarity: float) -> Overlap:
    """Names of which nothing is left over."""
    share = 1.0 if total(asked) else 0.0
    return Overlap(0.0, 0.0, (), (), mended, similarity, share, share, similarity == 1.0)


def _as_asked(asked: tuple[str, ...], found: tuple[str, ...]) -> tuple[str, ...]:
    """The found words, each in the asked spelling where it sounds the same; all of them where the whole name does."""
    if _sound_alike("".join(asked), "".join(found)):
        return asked
    return tuple(word if word in asked else _heard(word, asked) for word in found)


def _heard(word: str, asked: tuple[str, ...]) -> str:
    return next((other for other in asked if _sound_alike(other, word)), word)


def _sound_alike(a: str, b: str) -> bool:
    """Whether two words have the consonants in common and look it: few consonants alone are shared by many words."""
    heard = sound(a)
    return len(heard) >= SHORTEST_SOUND and heard == sound(b) and ratio(a, b) >= LOOKS_ALIKE


def _mend(left: list[str], right: list[str]) -> tuple[list[str], list[str], float, int]:
    """Pair words that are the same but for a typing error, an abbreviation, or a space."""
    if "".join(left) == "".join(right):
        return [], [], max(total(left), total(right)), 1
    gained, mended = 0.0, 0
    rest = []
    for word in left:
        alike = [other for other in right if other[0] == word[0] and _same(word, other)]
        match = alike[0] if alike else None
        if match is None:
            rest.append(word)
            continue
        right = [other for other in right if other is not match]
        gained += MENDED * min(information(word), information(match))
        mended += 1
    return rest, right, gained, mended


def _same(a: str, b: str) -> bool:
    """Whether two words of one first letter are one, abbreviated or mistyped."""
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) >= SHORTEST_PREFIX and long.startswith(short):
        return True
    if len(short) < SHORTEST_TYPO or not (short.isalpha() and long.isalpha()):
        return False
    return JaroWinkler.similarity(a, b, score_cutoff=ALIKE) > 0
