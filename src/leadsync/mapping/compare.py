"""When two values are the same although two CRMs spell them differently, and the spelling leadsync keeps them in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from leadsync.normalize import person
from leadsync.records import Absent, Value, is_blank, value_text

TYPES: Final = ("string", "text", "int", "number", "bool", "date", "datetime", "enum")
"""The types a field may have, as `leadsync.connector.FieldSpec` knows them."""

COMPARISONS: Final = ("exact", "ci", "trim", "digits", "number", "set", "date", "datetime")

USUAL: Final[Mapping[str, str]] = {
    "string": "trim",
    "text": "trim",
    "int": "number",
    "number": "number",
    "bool": "exact",
    "date": "date",
    "datetime": "datetime",
    "enum": "exact",
}
"""The comparison of a type, where the mapping names none."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_MS: Final = re.compile(r"-?\d{11,14}")
"""Milliseconds as HubSpot gives them: 11 digits reach back to 1973, 14 beyond the year 2286."""
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.DOTALL)
_NUMBER_OF: Final = re.compile(r"number\((\d)\)")


def known_comparison(how: str) -> bool:
    """Whether there is such a comparison."""
    return how in COMPARISONS or _NUMBER_OF.fullmatch(how) is not None


def same(a: Value | Absent, b: Value | Absent, how: str) -> bool:
    """Whether two values are equal under a comparison; blank ("", null, absent, only blanks) equals blank.

    exact: the same text, number, boolean or instant, whatever its type: "12" = 12, "true" = True, "…Z" = "…+0000".
    ci: but for case and blanks. trim: but for blanks around it and runs of them. digits: the same digits.
    number, number(n): the same number, to n decimals. set: the same parts between semicolons. date; datetime: the same
    second. What cannot be read as a comparison needs is compared as text. Raises ValueError for an unknown comparison.
    """
    a, b = _unblanked(a), _unblanked(b)
    if a is None or b is None:
        return a is None and b is None
    return _comparison(how)(a, b)


def _unblanked(value: Value | Absent) -> Value:
    if isinstance(value, Absent) or is_blank(value) or (isinstance(value, str) and value.isspace()):
        return None
    return value


@lru_cache
def _comparison(how: str) -> Callable[[Value, Value], bool]:
    match how:
        case "exact":
            return _exact
        case "ci":
            return lambda a, b: _trimmed(a).casefold() == _trimmed(b).casefold()
        case "trim":
            return lambda a, b: _trimmed(a) == _trimmed(b)
        case "digits":
            return _digits
        case "number":
            return _number
        case "set":
            return lambda a, b: _parts(a) == _parts(b)
        case "date":
            return lambda a, b: _by(_day, a, b)
        case "datetime":
            return lambda a, b: _by(_second, a, b)
        case _:
            found = _NUMBER_OF.fullmatch(how)
            if found is None:
                raise ValueError(f"{how!r} is not one of {', '.join(COMPARISONS)} or number(n)")
            half = Decimal(5).scaleb(-int(found[1]) - 1)
            return lambda a, b: _number(a, b, half)


def _exact(a: Value, b: Value) -> bool:
    if value_text(a) == value_text(b):
        return True
    if isinstance(a, bool) or isinstance(b, bool):
        return value_text(a).strip().lower() == value_text(b).strip().lower()
    if not (isinstance(a, str) and isinstance(b, str)):
        x, y = _decimal(a), _decimal(b)
        return x is not None and x == y
    if len(a) > 10 and len(b) > 10 and _ISO.fullmatch(a) and _ISO.fullmatch(b):
        then = moment(a)
        return then is not None and then == moment(b)
    return False


def _trimmed(value: Value) -> str:
    return " ".join(value_text(value).split())


def _digits(a: Value, b: Value) -> bool:
    """Without any digits there is nothing to compare: "n/a" is not "unknown"."""
    x, y = person.digits(value_text(a)), person.digits(value_text(b))
    return x == y if x and y else _trimmed(a) == _trimmed(b)


def _number(a: Value, b: Value, within: Decimal = Decimal(0)) -> bool:
    """A CRM may round half up or half to even, so that half a unit of the last decimal is no difference."""
    x, y = _decimal(a), _decimal(b)
    if x is None or y is None:
        return _trimmed(a) == _trimmed(b)
    return abs(x - y) <= within


def _parts(value: Value) -> frozenset[str]:
    return frozenset(part for raw in value_text(value).split(";") if (part := " ".join(raw.split())))


def _by(key: Callable[[Value], object], a: Value, b: Value) -> bool:
    x, y = key(a), key(b)
    return x == y if x is not None and y is not None else _trimmed(a) == _trimmed(b)


def _decimal(value: Value) -> Decimal | None:
    if isinstance(value, bool):
        return None
    try:
        number = Decimal(value_text(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def moment(value: Value) -> datetime | None:
    """An instant in UTC from ISO 8601 ("Z", "+0000" or, taken as UTC, no zone) or epoch milliseconds; else None."""
    text = value_text(value).strip()
    try:
        if _EPOCH_MS.fullmatch(text):
            return _EPOCH + timedelta(milliseconds=int(text))
        if not _ISO.fullmatch(text):
            return None
        then = datetime.fromisoformat(text)
        return (then if then.tzinfo is not None else then.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _second(value: Value) -> datetime | None:
    """Salesforce keeps whole seconds, HubSpot milliseconds."""
    then = moment(value)
    return then.replace(microsecond=0) if then is not None else None


def _day(value: Value) -> date | None:
    """The calendar day: as it is written, where it is written as a day; of an instant, the day in UTC."""
    then = moment(value)
    return then.date() if then is not None else None


def canonical(value: Value, type_: str) -> Value:
    """A vendor's value as leadsync keeps it: str, int, float or bool; days as "2026-02-01", instants in ISO 8601, UTC.

    Blank is None. What cannot be read as its type stays as it is: a CRM may hold anything, and that is no error.
    """
    if is_blank(value):
        return None
    match type_:
        case "int" | "number":
            return _as_number(value, whole=type_ == "int")
        case "bool":
            return {"true": True, "false": False}.get(value_text(value).strip().lower(), value)
        case "date":
            day = _day(value)
            return day.isoformat() if day is not None else value
        case "datetime":
            return _as_instant(value)
        case _:
            return value_text(value)


def _as_number(value: Value, *, whole: bool) -> Value:
    number = _decimal(value)
    if number is None:
        return value
    if whole:
        return int(number) if number == number.to_integral_value() else value
    return float(number)


def _as_instant(value: Value) -> Value:
    then = moment(value)
    if then is None:
        return value
    return then.isoformat(timespec="milliseconds" if then.microsecond >= 1000 else "seconds").replace("+00:00", "Z")


def to_vendor(value: Value, values: Mapping[str, str]) -> Value:
    """A canonical value as the CRM's option; one that the table does not name passes as it is, and None clears."""
    return None if is_blank(value) else values.get(value_text(value), value)


def from_vendor(value: Value, values: Mapping[str, str]) -> Value:
    """A CRM's option as the canonical value; an option that the table does not name passes as it is."""
    meanings = {option: ours for ours, option in values.items()}
    return None if is_blank(value) else meanings.get(value_text(value), value)
