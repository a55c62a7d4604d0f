"""How telling a word of a company's name is: "holding" says little, a word few names have says much."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from string import ascii_lowercase, digits

LONE = 7.0
"""What a letter or digit by itself says at most."""
MOST = 11.5
"""What a word says that is in none of the table's levels: it stands in fewer than 60 of 3.1 million legal names."""


def _table() -> dict[str, float]:
    """The table made by tools/word_information.py from the register of October 2025."""
    raw = pkgutil.get_data("leadsync.resolve", "words.txt")
    table: dict[str, float] = {}
    for line in (raw or b"").decode("ascii").splitlines():
        level, *words = line.split()
        table.update(dict.fromkeys(words, int(level) / 2))
    for letter in ascii_lowercase + digits:
        table.setdefault(letter, LONE)
    return table


_TABLE = _table()


def information(word: str) -> float:
    """The natural logarithm of one in how many legal names has the word; at most `MOST`. Lone letters say little."""
    return _TABLE.get(word, MOST)


def total(words: Iterable[str]) -> float:
    """The information of all words together."""
    return sum([_TABLE.get(word, MOST) for word in words])
