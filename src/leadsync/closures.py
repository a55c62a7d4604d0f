"""Which records could ever have to do with each other, and how the others are dealt out to parts of bearable size."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator


def tie_hash(tie: str) -> int:
    """A tie as a signed number of 64 bits. Should two have the same, more is looked at together, that is all."""
    return int.from_bytes(hashlib.blake2b(tie.encode(), digest_size=8).digest(), "big", signed=True)


class Closures:
    """Groups of numbers 0 to `last` that grow together; four bytes for each number.

    For a number that is there, `_up` has another of its group plus one, or, for the lowest of a group, what is known of
    the group as a negative number: how many it is, and once they are dealt out, minus one, their part.
    """

    def __init__(self, last: int) -> None:
        self._up = array("i", [0]) * (last + 1)

    def add(self, number: int) -> None:
        """A number is there; by itself as yet."""
        if self._up[number] == 0:
            self._up[number] = -1

    def find(self, number: int) -> int:
        """The number that stands for its group: the lowest one."""
        up = self._up
        while (above := up[number]) > 0:
            if up[above - 1] > 0:
                up[number] = up[above - 1]
            number = above - 1
        return number

    def join(self, a: int, b: int) -> None:
        """These two, and so their groups, belong together."""
        low, high = sorted((self.find(a), self.find(b)))
        if low != high:
            self._up[low] += self._up[high]
            self._up[high] = low + 1

    def tied(self, ties: Iterable[tuple[int, int]]) -> None:
        """Join all numbers that have a tie in common: (tie, number), sorted by tie."""
        last, first = None, 0
        for tie, number in ties:
            self.add(number)
            if tie == last:
                self.join(first, number)
            else:
                last, first = tie, number

    def parts(self, most: int) -> Iterator[tuple[int, int]]:
        """(part, number) of all numbers: whole groups, at most so many numbers in one part, but for a group that is
        larger by itself. Ends the growing."""
        up = self._up
        part, filled = 0, 0
        for number, above in enumerate(up):
            if above < 0:  # the lowest of its group, so it comes first
                if filled and filled - above > most:
                    part, filled = part + 1, 0
                filled -= above
                up[number] = -1 - part
            if above != 0:
                yield -1 - up[self.find(number)], number
