"""What HubSpot does to a value when it is written: normalise it, or say what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from leadsync.records import value_text
from leadsync.sandbox import parse_time
from leadsync_hubspot.sandbox.schema import Property

EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s.,;<>\"]{2,}$")
LONGEST = 65536  # characters a text property holds; HubSpot, properties guide
MIDNIGHT_MS = 86_400_000


class Unfit(ValueError):
    """A value that does not fit; `code` is HubSpot's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def iso(moment: datetime) -> str:
    """A time as HubSpot writes it: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _string(prop: Property, text: str) -> str:
    if len(text) > LONGEST:
        raise Unfit("PROPERTY_VALUE_TOO_LONG", f"{prop.name} must be less than {LONGEST} characters")
    if prop.name == "email":
        return _email(text)
    if prop.name == "domain":
        return re.sub(r"^(https?://)?(www\.)?", "", text.strip().lower()).split("/")[0]
    return text


def _email(text: str) -> str:
    clean = text.strip().lower()
    if not EMAIL.match(clean):
        raise Unfit("INVALID_EMAIL", f"Email address {text} is invalid")
    return clean


def _number(_prop: Property, text: str) -> str:
    clean = text.strip()
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", clean):
        raise Unfit("INVALID_INTEGER", f"{text} was not a valid number.")
    return clean


def _bool(prop: Property, text: str) -> str:
    if text.strip().lower() not in ("true", "false"):
        raise Unfit("INVALID_OPTION", f"{text} was not one of the allowed options: {_allowed(prop)}")
    return text.strip().lower()


def _enumeration(prop: Property, text: str) -> str:
    if prop.open_options:
        return text
    allowed = {option.value for option in prop.options}
    parts = [part for part in text.split(";") if part] if prop.field_type == "checkbox" else [text]
    for part in parts:
        if part not in allowed:
            raise Unfit("INVALID_OPTION", f"{part} was not one of the allowed options: {_allowed(prop)}")
    return text


def _allowed(prop: Property) -> str:
    return str([option.value for option in prop.options])


def _date(_prop: Property, text: str) -> str:
    moment = _moment(text)
    if moment.astimezone(UTC).time() != datetime.min.time():
        clock = f"{moment.hour}:{moment.minute}:{moment.second}.{moment.microsecond // 1000}"
        raise Unfit("INVALID_DATE", f"{text} is at {clock} UTC, not midnight!")
    return moment.date().isoformat()


def _datetime(_prop: Property, text: str) -> str:
    return iso(_moment(text))


def _moment(text: str) -> datetime:
    try:
        return parse_time(text.strip())
    except (ValueError, OverflowError):
        raise Unfit("INVALID_DATE", f"{text} was not a valid date.") from None


_BY_TYPE: Mapping[str, Callable[[Property, str], str]] = {
    "string": _string,
    "number": _number,
    "bool": _bool,
    "enumeration": _enumeration,
    "date": _date,
    "datetime": _datetime,
    "json": _string,
    "object_coordinates": _string,
}


def stored(prop: Property, given: Any) -> str:
    """The text HubSpot keeps for what a client sent; "" (and null) clear. Raises Unfit."""
    if isinstance(given, (dict, list)):
        raise Unfit("INVALID_TYPE", f"{prop.name} must be a plain value")
    text = value_text(given)
    return "" if text == "" else _BY_TYPE[prop.type](prop, text)


def appended(prop: Property, old: str | None, new: str) -> str:
    """A checkbox value after a write: a leading ";" adds to what is there; HubSpot, properties guide."""
    if prop.field_type != "checkbox" or not new.startswith(";"):
        return new
    parts = [part for part in (old or "").split(";") if part]
    return ";".join(dict.fromkeys([*parts, *(part for part in new.split(";") if part)]))
