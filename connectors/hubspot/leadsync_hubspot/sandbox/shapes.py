"""Parts of a request's body in the shape they must have; anything else is a 400, as HubSpot's own parser has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadsync_hubspot.sandbox.errors import Refused, invalid

Json = dict[str, Any]
PLAIN = (str, int, float, bool, type(None))


def mapping(given: Mapping[str, Any], name: str) -> Json:
    """An object, {} where there is none."""
    found = given.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise unreadable(name, "an object")
    return found


def objects(given: Mapping[str, Any], name: str) -> list[Json]:
    """An array of objects, [] where there is none."""
    found = given.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise unreadable(name, "an array of objects")
    return found


def texts(given: Mapping[str, Any], name: str) -> list[str]:
    """An array of texts, [] where there is none."""
    found = given.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise unreadable(name, "an array of texts")
    return found


def values(given: Mapping[str, Any], name: str) -> list[Any]:
    """An array of plain values, [] where there is none."""
    found = given.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(item, PLAIN) for item in found):
        raise unreadable(name, "an array of values")
    return found


def ident(given: Mapping[str, Any], name: str = "id") -> str:
    """An id, which may be a number too; 400 where it is missing."""
    found = given.get(name)
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise invalid(f"Invalid input JSON on line 1, column 1: Some required fields were not set: [{name}]")
    return str(found)


def number(given: Mapping[str, Any], name: str) -> int:
    """A whole number, also one in a text; 400 where it is missing."""
    found = given.get(name)
    if isinstance(found, str) and found.isdigit():
        return int(found)
    if not isinstance(found, int) or isinstance(found, bool):
        raise unreadable(name, "a whole number")
    return found


def unreadable(name: str, what: str) -> Refused:
    """400: a part of the body has the wrong shape."""
    return invalid(f"Invalid input JSON on line 1, column 1: Cannot deserialize value of `{name}`: {what} is expected")
