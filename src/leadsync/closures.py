"""Which records could ever have to do with each other, and how the others are dealt out to parts of bearable size."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator

NOBODY = -1


def tie_hash(tie: str) -> int:
    """A tie as a signed number of 64 bits. Should two have the same, more is looked at together, that is all."""
    return int.from_bytes(hashlib.blake2b(tie.encode(), digest_size=8).digest(), "big", signed=True)


class Closures:
    """Groups of numbers 0 to `last` that grow together; four bytes for each number."""

    def __init__(self, last: int) -> None:
        self._up = array("i", [NOBODY]) * (last + 1)

    def add(self, number: int) -> None:
        """A number is there; by itself as yet."""
        if self._up[number] == NOBODY:
            self._up[number] = number

    def find(self, number: int) -> int:
        """The number that stands for its group: the lowest one."""
        up = self._up
        while up[number] != number:
            up[number] = up[up[number]]
            number = up[number]
        return number

    def join(self, a: int, b: int) -> None:
        """These two, and so their groups, belong together."""
        low, high = sorted((self.find(a), self.find(b)))
        self._up[high] = low

    def tied(self, ties: Iterable[tuple[int, int]]) -> None:
        """Join all numbers that have a tie in common: (tie, number), sorted by tie."""
        last, first = None, NOBODY
        for tie, number in ties:
            self.add(number)
            if tie == last:
                self.join(first, number)
            else:
                last, first = tie, number

    def parts(self, most: int) -> Iterator[tuple[int, int]]:
        """(part, number) of all numbers: whole groups, at most so many numbers in one part, but for a group that is
        larger by itself."""
        sizes = array("i", [0]) * len(self._up)
        for number in self._there():
            sizes[self.find(number)] += 1
        part, filled = 0, 0
        for number in self._there():
            root = self.find(number)
            if root == number:  # the lowest of its group, so it comes first
                if filled and filled + sizes[root] > most:
                    part, filled = part + 1, 0
                filled += sizes[root]
                sizes[root] = part
            yield sizes[root], number

    def _there(self) -> Iterator[int]:
        return (number for number, up in enumerate(self._up) if up != NOBODY)
