"""What Salesforce does to a value on its way in: it trims, checks, formats and rounds, or refuses."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from leadsync.records import Value
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import checked
from leadsync_salesforce.sandbox.schema import FieldDef
from leadsync_salesforce.sandbox.settings import OrgSettings
from leadsync_salesforce.sandbox.times import day_of, restamp

_EMAIL = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_+`{|}~.-]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)+\Z")
_US_PHONE = re.compile(r"[\d\s().-]+\Z")


def _mismatch(field: FieldDef, kind: str, value: object) -> ApiError:
    what = "VALUE_STRING" if isinstance(value, str) else "START_OBJECT" if isinstance(value, dict) else "VALUE"
    text = f"Cannot deserialize instance of {kind} from {what} value {value} or request may be missing a required field"
    return ApiError("JSON_PARSER_ERROR", f"{text} at [line:1, column:1]", fields=[field.name])


def _too_long(field: FieldDef, text: str) -> ApiError:
    message = f"{field.label}: data value too large: {text} (max length={field.length})"
    return ApiError("STRING_TOO_LONG", message, fields=[field.name])


def _text(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    if isinstance(value, dict | list):
        raise _mismatch(field, "string", value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = text.strip()
    if text == "":
        return None
    if field.length and len(text) > field.length:
        raise _too_long(field, text)
    return text


def _email(field: FieldDef, value: Any, settings: OrgSettings) -> Value:
    text = _text(field, value, settings)
    if isinstance(text, str) and (not _EMAIL.match(text) or ".." in text):
        raise ApiError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", fields=[field.name])
    return text.lower() if isinstance(text, str) and settings.lower_case_emails else text


def _phone(field: FieldDef, value: Any, settings: OrgSettings) -> Value:
    text = _text(field, value, settings)
    if not isinstance(text, str) or not settings.format_us_phones or not _US_PHONE.match(text):
        return text
    digits = re.sub(r"\D", "", text)
    if len(digits) != 10 or digits.startswith("0"):
        return text
    return f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"


def _picklist(field: FieldDef, value: Any, settings: OrgSettings) -> Value:
    text = _text(field, value, settings)
    if text is None or not field.restricted:
        return text
    known = {v.lower(): v for v in field.values}
    chosen = [known.get(part.strip().lower()) for part in str(text).split(";")]
    if any(part is None for part in chosen):
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, fields=[field.name])
    return ";".join(part for part in chosen if part is not None)


def _boolean(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise _mismatch(field, "boolean", value)


def _decimal(field: FieldDef, value: Any, kind: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _mismatch(field, kind, value)
    try:
        number = Decimal(str(value).strip())
    except ArithmeticError:
        raise _mismatch(field, kind, value) from None
    if not number.is_finite():
        raise _mismatch(field, kind, value)
    return number


def _int(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    number = _decimal(field, value, "int")
    if number != number.to_integral_value() or len(str(abs(int(number)))) > (field.digits or 9):
        raise _mismatch(field, "int", value)
    return int(number)


def _double(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    number = _decimal(field, value, "double").quantize(Decimal(1).scaleb(-field.scale), rounding=ROUND_HALF_UP)
    if abs(number) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", message, fields=[field.name])
    return float(number)


def _date(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    try:
        return day_of(str(value).strip())
    except ValueError:
        raise _mismatch(field, "date", value) from None


def _datetime(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    text = str(value).strip()
    try:
        return restamp(text if not text.isdigit() else "")
    except ValueError:
        raise _mismatch(field, "datetime", value) from None


def _reference(field: FieldDef, value: Any, _: OrgSettings) -> Value:
    text = str(value).strip()
    if text == "":
        return None
    ident = checked(text)
    if ident is None:
        message = f"{field.label}: id value of incorrect type: {text}"
        raise ApiError("MALFORMED_ID", message, fields=[field.name])
    return ident


_ACCEPT: Mapping[str, Callable[[FieldDef, Any, OrgSettings], Value]] = {
    "id": _reference,
    "reference": _reference,
    "boolean": _boolean,
    "int": _int,
    "double": _double,
    "currency": _double,
    "percent": _double,
    "date": _date,
    "datetime": _datetime,
    "email": _email,
    "phone": _phone,
    "picklist": _picklist,
    "multipicklist": _picklist,
    "string": _text,
    "textarea": _text,
    "url": _text,
    "combobox": _text,
}


def accept(field: FieldDef, value: Any, settings: OrgSettings) -> Value:
    """The value as it will be stored; raises ApiError when Salesforce would refuse it."""
    if value is None:
        return False if field.type == "boolean" else None
    if isinstance(value, float) and not math.isfinite(value):
        raise _mismatch(field, field.type, value)
    return _ACCEPT[field.type](field, value, settings)


def as_stored(field: FieldDef, value: Any) -> Value:
    """A seed's value: only its spelling of times and ids is brought to the org's, all else stays as given."""
    if value is None or not isinstance(value, str):
        return float(value) if field.type in ("double", "currency", "percent") and value is not None else value
    match field.type:
        case "datetime":
            return restamp(value)
        case "date":
            return day_of(value)
        case "id" | "reference":
            return checked(value) or value
        case _:
            return value
