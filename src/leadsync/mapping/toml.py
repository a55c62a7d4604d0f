"""TOML with positions: the data of a file, where each key stands, and a model's complaints told at that place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel

from leadsync.mapping.complaints import Reader, complaints
from leadsync.mapping.positions import Path, positions
from leadsync.mapping.problems import Problem, Problems, errors

M = TypeVar("M", bound=BaseModel)
Table: TypeAlias = dict[str, Any]

_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file. `quote`: whether its lines may be shown in messages (not where secrets might stand)."""

    file: str
    text: str
    data: Table
    quote: bool = True
    places: Mapping[Path, tuple[int, int]] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line, from 1, of the key (or array item) at `path`, or of the nearest table around it."""
        return self._place(path)[0]

    def column(self, path: Path) -> int:
        """The column, from 1, of the same."""
        return self._place(path)[1]

    def _place(self, path: Path) -> tuple[int, int]:
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return (1, 1)

    def problem(self, path: Path, code: str, message: str, help: str = "") -> Problem:  # noqa: A002
        """A problem at the key."""
        line, column = self._place(path)
        return Problem(self.file, line, column, code, message, help, _shown(self.text, line) if self.quote else "")


def parse(text: str, file: str, *, quote: bool = True) -> Document:
    """Read a TOML text; raises Problems when it is not TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise Problems([_syntax_error(str(problem), text, file, quote=quote)]) from None
    return Document(file, text, data, quote, positions(text))


def _syntax_error(message: str, text: str, file: str, *, quote: bool) -> Problem:
    lines = text.split("\n")
    found = _PLACE.search(message)
    line, column = len(lines), len(lines[-1]) + 1
    if found is not None and found[1] is not None:
        line, column = int(found[1]), int(found[2])
    return Problem(file, line, column, "LS001", _PLACE.sub("", message), source=_shown(text, line) if quote else "")


def _shown(text: str, line: int) -> str:
    return "".join(text.split("\n")[line - 1 : line]).rstrip("\r")


def validate(model: type[M], document: Document, *, at: Path = (), context: Any = None) -> M:
    """The document's table at `at` as a model; raises Problems naming every mistake with its place."""
    data: Any = document.data
    for part in at:
        data = data[part]
    made, problems = check(model, document, data, at=at, context=context)
    if made is None or errors(problems):
        raise Problems(problems)
    return made


def check(
    model: type[M], document: Document, data: Any, *, at: Path = (), context: Any = None, also: Collection[str] = ()
) -> tuple[M | None, list[Problem]]:
    """Validate `data`, which stands at `at`, and give the model or all problems. `also`: other keys to suggest."""
    found = complaints(model, data, Reader(at, document.quote, tuple(also), context))
    if isinstance(found, BaseModel):
        return found, []
    return None, [document.problem((*at, *c.path), c.code, c.message, c.help) for c in found]
