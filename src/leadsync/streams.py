"""What is gone through rather than held: items in pages, and JSON that is made while it is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, ItemsView, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def paged(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most so many."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


@dataclass(frozen=True, slots=True)
class Streamed(Generic[T]):
    """What is put together anew each time it is gone through, one after the other, since all at once would be much."""

    make: Callable[[], Iterator[T]]

    def __iter__(self) -> Iterator[T]:
        return self.make()


def listed(items: Collection[T], made: Callable[[T], object]) -> list[Any]:
    """A JSON list of what each item is made into, one after the other."""
    return _Listed(items, made) if len(items) else []


def tabled(items: Mapping[str, T], made: Callable[[T], object]) -> dict[str, Any]:
    """A JSON object of what each value is made into, one after the other."""
    return _Tabled(items, made) if len(items) else {}


class _Listed(list[Any]):
    """Python's JSON encoder takes nothing but lists for lists; of this one it sees the items as they come."""

    def __init__(self, items: Collection[Any], made: Callable[[Any], object]) -> None:
        super().__init__([None])  # an encoder asks first whether there is anything in it
        self._items, self._made = items, made

    def __iter__(self) -> Iterator[Any]:
        return map(self._made, self._items)

    def __len__(self) -> int:
        return len(self._items)


class _Tabled(dict[str, Any]):
    """The same for an object."""

    def __init__(self, items: Mapping[str, Any], made: Callable[[Any], object]) -> None:
        super().__init__({"": None})
        self._items, self._made = items, made

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """The pairs as they come."""
        return _Pairs(self._items, self._made)

    def __len__(self) -> int:
        return len(self._items)


class _Pairs(ItemsView[str, Any]):
    def __init__(self, items: Mapping[str, Any], made: Callable[[Any], object]) -> None:
        super().__init__(items)
        self._all, self._made = items, made

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return ((key, self._made(value)) for key, value in self._all.items())
