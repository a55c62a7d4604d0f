"""Where each key of a TOML text stands. tomllib tells nothing of it; this reads the same text once more.

The text must have been accepted by tomllib: nothing is checked here.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""Keys and array indexes from the root: ("field", "email", "transform", 0)."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_STRINGS = (
    re.compile(r'"""(?:[^"\\]|\\[\s\S]|"(?!""))*"{3,5}'),
    re.compile(r"'''(?:[^']|'(?!''))*'{3,5}"),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_PLAIN = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def positions(text: str) -> dict[Path, tuple[int, int]]:
    """Path → (line, column), both from 1, of every table header, key and array item."""
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self.places: dict[Path, tuple[int, int]] = {}
        self.items: dict[Path, int] = {}
        self._line = 0

    def scan(self) -> dict[Path, tuple[int, int]]:
        table: Path = ()
        self._blank()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blank()
        return self.places

    def _mark(self, path: Path, offset: int) -> None:
        """Offsets only grow, so that the line is found by going on from the last one."""
        while self._line + 1 < len(self.starts) and self.starts[self._line + 1] <= offset:
            self._line += 1
        self.places.setdefault(path, (self._line + 1, offset - self.starts[self._line] + 1))

    def _blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _header(self) -> Path:
        start, many = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        names = [name for name, _ in self._keys()]
        self.at += 2 if many else 1
        path: Path = ()
        for name in names[:-1]:
            path = self._into((*path, name))
            self._mark(path, start)
        path = (*path, names[-1])
        self._mark(path, start)
        if not many:
            return path
        self.items[path] = self.items.get(path, 0) + 1
        path = self._into(path)
        self._mark(path, start)
        return path

    def _into(self, path: Path) -> Path:
        """A table in an array of tables is the last one so far."""
        return (*path, self.items[path] - 1) if path in self.items else path

    def _pair(self, table: Path) -> None:
        path = table
        for name, offset in self._keys():
            path = (*path, name)
            self._mark(path, offset)
        self.at += 1
        self._value(path)

    def _keys(self) -> list[tuple[str, int]]:
        """A dotted key's parts, each with its offset; ends behind the key, at "=" or "]"."""
        keys: list[tuple[str, int]] = []
        while True:
            self._blank()
            offset = self.at
            keys.append((self._key(), offset))
            self._blank()
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def _key(self) -> str:
        found = _BARE.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            return found[0]
        raw = self._string()
        return raw[1:-1] if raw.startswith("'") else _ESCAPE.sub(_unescape, raw[1:-1])

    def _string(self) -> str:
        found = next((m for s in _STRINGS if (m := s.match(self.text, self.at))), None)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def _value(self, path: Path) -> None:
        self._blank()
        match self.text[self.at]:
            case '"' | "'":
                self._string()
            case "[":
                self._array(path)
            case "{":
                self._inline(path)
            case _:
                found = _SCALAR.match(self.text, self.at)
                self.at = found.end() if found else self.at + 1

    def _array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self._closed("]"):
            self._mark((*path, index), self.at)
            self._value((*path, index))
            index += 1

    def _inline(self, path: Path) -> None:
        self.at += 1
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, bracket: str) -> bool:
        """Skip blanks and the comma before the next item; whether the bracket closed instead."""
        self._blank()
        if self.text.startswith(",", self.at):
            self.at += 1
            self._blank()
        if not self.text.startswith(bracket, self.at):
            return False
        self.at += 1
        return True


def _unescape(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _PLAIN.get(code, code)
