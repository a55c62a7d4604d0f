"""The shape of a JSON value: its keys and types; and where one shape differs from another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

SHORT = 25
"""Lists up to this length are compared item by item when they have as many items; longer ones as a whole."""


def kind(value: Any) -> str:
    """The JSON type; whole numbers and others are one."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "array"
        case _:
            return "object"


def differences(ours: Any, theirs: Any, place: str = "") -> Iterator[str]:
    """Where our answer's shape is not the recorded one. A null fits every plain value."""
    here = place or "body"
    match ours, theirs:
        case dict(), dict():
            yield from (f"{here}: {key} is missing" for key in theirs if key not in ours)
            yield from (f"{here}: {key} is too much" for key in ours if key not in theirs)
            for key in theirs.keys() & ours.keys():
                yield from differences(ours[key], theirs[key], f"{place}.{key}")
        case list(), list() if len(ours) == len(theirs) <= SHORT:
            for mine, recorded in zip(ours, theirs, strict=True):
                yield from differences(mine, recorded, f"{place}[]")
        case list(), list():
            yield from _of_items(ours, theirs, f"{place}[]")
        case _ if kind(ours) != kind(theirs) and not _blank(ours, theirs):
            yield f"{here}: {kind(ours)} for {kind(theirs)}"


def _blank(ours: Any, theirs: Any) -> bool:
    return "null" in (kind(ours), kind(theirs)) and "object" not in (kind(ours), kind(theirs))


def _of_items(ours: Sequence[Any], theirs: Sequence[Any], place: str) -> Iterator[str]:
    """Lists of different length: keys that all recorded items have and none of ours, and the other way round."""
    if not ours and theirs and len(theirs) > SHORT:
        yield f"{place}: none for {len(theirs)}"
    if not ours or not theirs:
        return
    if not all(isinstance(item, dict) for item in (*ours, *theirs)):
        if strange := {kind(item) for item in ours} - {kind(item) for item in theirs} - {"null"}:
            yield f"{place}: {', '.join(sorted(strange))} never recorded"
        return
    mine, recorded = [set(item) for item in ours], [set(item) for item in theirs]
    always, ever = set.intersection(*recorded), set.union(*recorded)
    yield from (f"{place}: {key} is missing" for key in sorted(always - set.union(*mine)))
    yield from (f"{place}: {key} is too much" for key in sorted(set.union(*mine) - ever))
    for key in sorted(ever & set.union(*mine)):
        kinds, known = _kinds(ours, key), _kinds(theirs, key)
        if kinds and known and not kinds & known:
            yield f"{place}.{key}: {', '.join(sorted(kinds))} for {', '.join(sorted(known))}"


def _kinds(items: Sequence[Any], key: str) -> set[str]:
    return {kind(item[key]) for item in items if key in item} - {"null"}
