"""Turn a mapped value into the JSON that a field's type wants, or say why it cannot be."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from leadsync.errors import Rejected
from leadsync.records import Value, value_text
from leadsync_salesforce.fields import FieldInfo

Given: TypeAlias = str | int | float | bool
"""A value that is there."""

_TEXTS = {
    *("string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox", "reference", "id"),
    *("encryptedstring",),
}
_NUMBERS = {"double", "currency", "percent"}


def encode(info: FieldInfo, value: Value) -> Any:
    """The JSON for a field; None clears (a checkbox, which is never null, becomes false). Raises Rejected."""
    if value is None:
        return False if info.type == "boolean" else None
    if isinstance(value, float) and not math.isfinite(value):
        raise _unfit(info)
    try:
        return _encode(info, value)
    except ValueError:
        raise _unfit(info) from None


def _encode(info: FieldInfo, value: Given) -> Any:
    match info.type:
        case kind if kind in _TEXTS:
            return value_text(value)
        case "boolean":
            return _boolean(value)
        case "int":
            return _whole(value)
        case kind if kind in _NUMBERS:
            return _number(value)
        case "date":
            return _date(str(value))
        case "datetime":
            return _datetime(str(value))
        case _:
            raise ValueError("a field of this type cannot be written")


def _boolean(value: Given) -> bool:
    words = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}
    text = value_text(value).strip().lower()
    if text not in words:
        raise ValueError("neither true nor false")
    return words[text]


def _number(value: Given) -> int | float:
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number):
        raise ValueError("no number")
    return int(number) if number.is_integer() else number


def _whole(value: Given) -> int:
    number = _number(value)
    if isinstance(number, float):
        raise ValueError("no whole number")  # noqa: TRY004  the value is what is wrong
    return number


def _date(text: str) -> str:
    """A date alone stays; a time counts as its day in UTC."""
    if len(text) == len("2026-01-31"):
        return date.fromisoformat(text).isoformat()
    return _aware(text).date().isoformat()


def _datetime(text: str) -> str:
    return f"{_aware(text):%Y-%m-%dT%H:%M:%S}.000Z"


def _aware(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _unfit(info: FieldInfo) -> Rejected:
    text = f"{info.name}: the value does not fit a Salesforce field of type {info.type}"
    return Rejected(text, code="LEADSYNC_VALUE", fields=(info.name,), hint="Check the mapping of this field.")
