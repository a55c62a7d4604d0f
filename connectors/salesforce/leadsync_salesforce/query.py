"""Build SOQL: pure functions of their arguments, safe against whatever the values hold."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadsync.errors import Unreadable
from leadsync.records import Value

PAGE = 2000
"""Rows of a query page at most; REST guide, "Query Options Header"."""

LONGEST_LIST = 5_000
"""Characters in an IN list, so that the whole query fits a URL of 16,384 bytes even when every one is escaped."""
PER_LIST = 200
"""Ids that such a list holds, for foretelling calls."""

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}(?:\.[A-Za-z][A-Za-z0-9_]{0,79}){0,5}\Z")
_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "'": "\\'",
        '"': '\\"',
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\b": "\\b",
        "\f": "\\f",
        "\0": "",
    }
)


@dataclass(frozen=True, slots=True)
class Key:
    """Where a record stands in the order of a pull: its SystemModstamp (as a literal) and id."""

    modified: str
    id: str


def identifier(name: str) -> str:
    """A field or object name, dots allowed; raises ValueError for anything that could be more than a name."""
    if not _IDENTIFIER.match(name):
        raise ValueError("not a Salesforce field or object name")
    return name


def literal(value: Value | datetime) -> str:
    """A SOQL constant; raises ValueError for naive times and for numbers that are none."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            if not math.isfinite(value):
                raise ValueError("a number must be finite")
            return repr(value)
        case datetime():
            if value.tzinfo is None:
                raise ValueError("a time must have a zone")
            utc = value.astimezone(UTC)
            return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"
        case str():
            return f"'{value.translate(_ESCAPES)}'"


def select(kind: str, fields: Sequence[str], where: str = "", tail: str = "") -> str:
    """SELECT … FROM … [WHERE …] [tail], with every name checked and named once."""
    names = ", ".join(dict.fromkeys(identifier(name) for name in fields))
    parts = ("SELECT", names, "FROM", identifier(kind), f"WHERE {where}" if where else "", tail)
    return " ".join(part for part in parts if part)


def changed(kind: str, fields: Sequence[str], *, since: str = "", after: Key | None = None, until: str = "") -> str:
    """One page of records in the order (SystemModstamp, Id): from `since` on or behind `after`, up to `until`.

    The key makes paging exact when thousands of records share one SystemModstamp.
    """
    conditions = []
    if after is not None:
        same = f"(SystemModstamp = {after.modified} AND Id > {literal(after.id)})"
        conditions.append(f"(SystemModstamp > {after.modified} OR {same})")
    elif since:
        conditions.append(f"SystemModstamp >= {since}")
    if until:
        conditions.append(f"SystemModstamp <= {until}")
    tail = f"ORDER BY SystemModstamp, Id LIMIT {PAGE}"
    return select(kind, fields, " AND ".join(conditions), tail)


def cell(kind: str, row: Mapping[str, Any], name: str) -> Any:
    """A field of a row that was asked for; raises Unreadable for a row without it, which no query answers."""
    if not isinstance(row, dict) or name not in row:
        raise Unreadable(f"Salesforce query of {kind}: a row without {name}, which was asked for")
    return row[name]


def text(kind: str, row: Mapping[str, Any], name: str) -> str:
    """A field that always holds a text, such as an id; raises Unreadable for anything else."""
    found = cell(kind, row, name)
    if not isinstance(found, str) or not found:
        raise Unreadable(f"Salesforce query of {kind}: {name} holds no text")
    return found


def among(field: str, values: Sequence[str]) -> Iterator[str]:
    """WHERE conditions `field IN (…)`, as many as it takes to keep each list short enough."""
    chunk: list[str] = []
    length = 0
    for value in dict.fromkeys(values):
        text = literal(value)
        if chunk and length + len(text) > LONGEST_LIST:
            yield f"{identifier(field)} IN ({', '.join(chunk)})"
            chunk, length = [], 0
        chunk.append(text)
        length += len(text) + 2
    if chunk:
        yield f"{identifier(field)} IN ({', '.join(chunk)})"
