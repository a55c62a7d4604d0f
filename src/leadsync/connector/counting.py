"""What a register may know besides its entities: how common words are in its names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class Counting(Protocol):
    """A register that can also tell how common words are: optional, for a finer confidence."""

    def frequencies(self, names: Sequence[str], countries: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]] | None:
        """Of each word of each name (words as the resolver compares them) how many of the register's names have it:
        everywhere, and in the name's country (alpha-2, "" unknown). None where the register holds too few to tell."""
