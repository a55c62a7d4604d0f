"""The initials a company goes by: "BBVA" for "Banco Bilbao Vizcaya Argentaria"."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

SHORTEST, LONGEST = 3, 6
"""Letters of initials that say something and that anyone remembers."""
SMALL_WORDS = frozenset(
    "a af an and at av by d da das de degli dei del della delle den der des det di die do dos du e ed el en et for fur "
    "i im in l la las le les lo los of og on os ou och para per por pour the to u und van vom von voor y zu zum "
    "zur".split()
)
"""Articles, prepositions and conjunctions, which some initials leave out."""


def initials(words: Sequence[str]) -> tuple[str, ...]:
    """The initials of a name's core words, all of them and without the small words; those of `SHORTEST` to `LONGEST`
    letters. "Institute of Chartered Accountants of Scotland" → ("iocaos", "icas")."""
    if len(words) < SHORTEST:
        return ()
    every = "".join([word[0] for word in words])
    some = "".join([word[0] for word in words if word not in SMALL_WORDS])
    both = (every,) if every == some else (every, some)
    return tuple([letters for letters in both if may_be_initials(letters)])


def may_be_initials(word: str) -> bool:
    """Whether a word is as long as initials are, and of Latin letters in lower case."""
    return SHORTEST <= len(word) <= LONGEST and word.isascii() and word.isalpha()


class Short(NamedTuple):
    """A name that may be initials. `letters`: its first word, and that with the initials of the others, if it has any;
    `rest`: the others, which the name it stands for must have as they are ("RBS International")."""

    letters: tuple[str, ...]
    rest: tuple[str, ...]

    def stands_for(self, words: Sequence[str]) -> bool:
        """Whether it is the initials of a name with these core words, which does not have them as a word."""
        if not self.letters or self.letters[0] in words:
            return False
        return set(words).issuperset(self.rest) and not set(self.letters).isdisjoint(initials(words))


NO_INITIALS = Short((), ())


def short_name(words: Sequence[str], aside: Collection[str]) -> Short:
    """What core words say if the first is initials; `aside`: words that are no part of the name ("Group", places)."""
    if not words or not may_be_initials(words[0]):
        return NO_INITIALS
    rest = tuple([word for word in words[1:] if word not in aside])
    whole = words[0] + "".join([word[0] for word in rest])
    return Short((words[0], whole) if rest and len(whole) <= LONGEST else (words[0],), rest)
