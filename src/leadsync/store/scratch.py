"""A run's own paper: what does not fit into memory, in a file that nobody else can open and that is gone afterwards."""

from __future__ import annotations

import io
import pickle
import sqlite3
import weakref
import zlib
from bisect import bisect_right
from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from dataclasses import fields
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

K = TypeVar("K")
T = TypeVar("T")

BUFFER = 256
"""Items that are written together where they come one by one."""
LEVEL = 1
"""Of zlib: names of fields repeat in every lead, and more effort gains little."""


class Scratch:
    """Tables beside the state file, and values that are written there and read back.

    The file is unlinked as soon as it is open, so that not even a killed run leaves personal data behind. `fixed` are
    values of the run itself (the admin's rules) that what is kept refers to: they are not copied but found again.
    """

    def __init__(self, beside: Path, fixed: Iterable[object] = ()) -> None:
        path = beside.with_name(f"{beside.name}.scratch")
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.row_factory = sqlite3.Row
        # Nothing here outlives the run, so nothing has to be durable.
        for setting in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE"):
            self.db.execute(f"PRAGMA {setting}").fetchall()
        self.db.execute("CREATE TABLE chunk (shelf INTEGER, number INTEGER, body BLOB, PRIMARY KEY (shelf, number))")
        path.unlink()
        self._fixed = tuple(fixed)
        self._names = {id(one): number for number, one in enumerate(self._fixed)}
        self._shelves = 0
        weakref.finalize(self, self.db.close)

    def packed(self, value: object) -> bytes:
        """A value as bytes."""
        out = io.BytesIO()
        _Pickler(out, self._names).dump(value)
        return zlib.compress(out.getbuffer(), LEVEL)

    def unpacked(self, body: bytes) -> Any:
        """The value again."""
        return _Unpickler(io.BytesIO(zlib.decompress(body)), self._fixed).load()

    def shelf(self) -> Shelf[Any]:
        """An empty list on disk."""
        self._shelves += 1
        return Shelf(self, self._shelves)


class _Pickler(pickle.Pickler):
    """Writes our own dataclasses as their class and values: what pickle does of itself for those with slots asks
    dataclasses for the fields at each instance, which took a fifth of a cycle's time."""

    def __init__(self, out: io.BytesIO, names: dict[int, int]) -> None:
        super().__init__(out, protocol=pickle.HIGHEST_PROTOCOL)
        self._names = names

    def reducer_override(self, obj: object) -> Any:
        """Of an instance: the number of what is not copied, or the class and values; else as pickle would."""
        if (number := self._names.get(id(obj))) is not None:
            return _fixed, (number,)
        kind: Any = type(obj)
        if kind not in _READ:
            _READ[kind] = _reader(kind)
        read = _READ[kind]
        return NotImplemented if read is None else (kind, read(obj))


def _reader(kind: Any) -> Callable[[object], tuple[object, ...]] | None:
    """Reads the arguments that make such an instance anew; None where its class does more than to keep them."""
    if "__dataclass_fields__" not in vars(kind) or hasattr(kind, "__post_init__"):
        return None
    found = fields(kind)
    if not found or any(not one.init or one.kw_only for one in found):
        return None
    names = [one.name for one in found]
    if len(names) == 1:
        return lambda obj, read=attrgetter(names[0]): (read(obj),)  # type: ignore[misc]
    return attrgetter(*names)


_READ: dict[type, Callable[[object], tuple[object, ...]] | None] = {}


def _fixed(number: int) -> object:
    """Stands in what is kept for the run's own values; only an `_Unpickler` can find them."""
    raise LookupError(f"no fixed value {number} outside a scratch file")


class _Unpickler(pickle.Unpickler):  # reads only what this very process wrote into a file only it can open
    def __init__(self, source: io.BytesIO, fixed: tuple[object, ...]) -> None:
        super().__init__(source)
        self._fixed = fixed

    def find_class(self, module: str, name: str) -> Any:
        """What a name means here."""
        if name == _fixed.__name__ and module == __name__:
            return self._fixed.__getitem__
        return super().find_class(module, name)


class Shelf(Sequence[T], Generic[T]):
    """A list on disk: items are added in chunks, or one by one, and read back in order, a chunk in memory at a time."""

    def __init__(self, scratch: Scratch, number: int) -> None:
        self._scratch = scratch
        self._number = number
        self._ends: list[int] = []
        self._open: list[T] = []

    def add(self, items: Iterable[T]) -> None:
        """Put these at the end, as one chunk."""
        self.close()
        kept = list(items)
        self._scratch.db.execute(
            "INSERT INTO chunk VALUES (?, ?, ?)", (self._number, len(self._ends), self._scratch.packed(kept))
        )
        self._ends.append(len(self) + len(kept))

    def append(self, item: T) -> None:
        """Put one at the end."""
        self._open.append(item)
        if len(self._open) >= BUFFER:
            self.close()

    def extend(self, items: Iterable[T]) -> None:
        """Put these at the end, one by one."""
        for item in items:
            self.append(item)

    def close(self) -> None:
        """Write what came one by one so far."""
        if self._open:
            kept, self._open = self._open, []
            self.add(kept)

    def chunks(self) -> Iterator[list[T]]:
        """The items as they were added."""
        for number in range(len(self._ends)):
            yield self._chunk(number)
        if self._open:
            yield list(self._open)

    def _chunk(self, number: int) -> list[T]:
        query = "SELECT body FROM chunk WHERE shelf = ? AND number = ?"
        found: list[T] = self._scratch.unpacked(
            self._scratch.db.execute(query, (self._number, number)).fetchone()["body"]
        )
        return found

    def __len__(self) -> int:
        return (self._ends[-1] if self._ends else 0) + len(self._open)

    def __iter__(self) -> Iterator[T]:
        for chunk in self.chunks():
            yield from chunk

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return list(islice(self, *index.indices(len(self))))
        place = range(len(self))[index]
        number = bisect_right(self._ends, place)
        if number == len(self._ends):
            return self._open[place - len(self) + len(self._open)]
        return self._chunk(number)[place - (self._ends[number - 1] if number else 0)]


class Pairs(Mapping[K, T], Generic[K, T]):
    """A mapping that is only gone through: its pairs are made anew each time, and none is held."""

    def __init__(self, pairs: Iterable[tuple[K, T]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self._pairs)

    def __len__(self) -> int:
        return sum(1 for _ in self._pairs)

    def __getitem__(self, key: K) -> T:
        for other, value in self._pairs:
            if other == key:
                return value
        raise KeyError(key)

    def items(self) -> ItemsView[K, T]:
        """The pairs, in one go."""
        return _Items(self)

    def values(self) -> ValuesView[T]:
        """The values, in one go."""
        return _Values(self)

    def pairs(self) -> Iterator[tuple[K, T]]:
        """The pairs as they come."""
        return iter(self._pairs)


class _Items(ItemsView[K, T]):
    _mapping: Pairs[K, T]

    def __iter__(self) -> Iterator[tuple[K, T]]:
        return self._mapping.pairs()


class _Values(ValuesView[T]):
    _mapping: Pairs[Any, T]

    def __iter__(self) -> Iterator[T]:
        return (value for _, value in self._mapping.pairs())
