"""How telling a word of a company's name is: "holding" says little, a word few names have says much."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable

MOST = 11.5
"""What a word says that is in none of the table's levels: it stands in fewer than 60 of 3.1 million legal names."""


def _table() -> dict[str, float]:
    """The table made by tools/word_information.py from the register of October 2025."""
    raw = pkgutil.get_data("leadsync.resolve", "words.txt")
    table: dict[str, float] = {}
    for line in (raw or b"").decode("ascii").splitlines():
        level, *words = line.split()
        table.update(dict.fromkeys(words, int(level) / 2))
    return table


_TABLE = _table()


def information(word: str) -> float:
    """The natural logarithm of one in how many legal names has the word; at most `MOST`. Lone letters say little."""
    found = _TABLE.get(word)
    if found is not None:
        return found
    return 7.0 if len(word) == 1 else MOST


def total(words: Iterable[str]) -> float:
    """The information of all words together."""
    return sum(information(word) for word in words)
