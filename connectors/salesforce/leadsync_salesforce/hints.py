"""Salesforce's error codes in plain words, with what to do; never with a value, which may be personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

HINTS: Mapping[str, str] = MappingProxyType(
    {
        "CANNOT_EXECUTE_FLOW_TRIGGER": "A flow in the org failed: its author must look.",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "A trigger or flow in the org failed: its author must look.",
        "CANNOT_UPDATE_CONVERTED_LEAD": "The lead was converted meanwhile: its contact takes its place next time.",
        "DUPLICATES_DETECTED": "A duplicate rule takes it for another record: merge the two, or let the rule allow it.",
        "DUPLICATE_EXTERNAL_ID": "Several records carry this id: keep one of them.",
        "DUPLICATE_VALUE": "Another record holds the same value of a unique field: merge the two.",
        "ENTITY_IS_DELETED": "The record lies in the recycle bin: restore it there, or leave it.",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A validation rule refuses it: fill what the rule asks for.",
        "FIELD_FILTER_VALIDATION_EXCEPTION": "A lookup filter refuses the related record.",
        "FIELD_INTEGRITY_EXCEPTION": "The org does not know this value, e.g. a state or country outside its list.",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "The user may not see a related record: share it.",
        "INSUFFICIENT_ACCESS_OR_READONLY": "The user may not edit this record: grant edit or share it.",
        "INVALID_CROSS_REFERENCE_KEY": "The record, or one it refers to, is gone or hidden from the user.",
        "INVALID_EMAIL_ADDRESS": "Salesforce takes it for no valid e-mail address: correct it at the source.",
        "INVALID_FIELD": "A field does not exist or is hidden from the user: run `leadsync provision`.",
        "INVALID_FIELD_FOR_INSERT_UPDATE": "The user may not write this field: run `leadsync provision`.",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "The picklist has no such value: add it, or map it to one it has.",
        "INVALID_TYPE_ON_FIELD_IN_RECORD": "The value is of another type than the field: check the mapping.",
        "JSON_PARSER_ERROR": "The value is of another type than the field: check the mapping.",
        "MALFORMED_ID": "The id is no Salesforce id.",
        "NUMBER_OUTSIDE_VALID_RANGE": "The number has more digits than the field takes.",
        "REQUIRED_FIELD_MISSING": "Salesforce will not save it without these fields: fill or map them.",
        "STRING_TOO_LONG": "The text is longer than the field: lengthen the field, or shorten it in the mapping.",
        "UNABLE_TO_LOCK_ROW": "Another process kept the record locked all the time.",
    }
)

_LENGTH = re.compile(r"\(max length=(\d+)\)")

_EMAIL = re.compile(r"[^\s@<>\"'\[\]()]+@[^\s@<>\"'\[\](),;]+")
_PHONE = re.compile(r"(?<!\w)\+?\d(?:[\s()/.-]*\d){8,}(?!\w)")
SHORTEST = 3
"""Characters: a shorter value says nothing of anybody."""

_NAME = re.compile(r"[A-Za-z]\w*\Z", re.ASCII)
_NAMING = (
    re.compile(r"duplicate value found: (\w+) duplicates"),
    re.compile(r"No such column '(\w+)' on "),
    re.compile(r"Unable to create/update fields: ([\w, ]+)\."),
    re.compile(r"Required fields are missing: \[([\w, ]+)\]"),
)
"""Refusals that may name the fields in their text alone. All of it is Salesforce's own wording, no value."""


def named(message: str, fields: Sequence[str]) -> tuple[str, ...]:
    """The fields that a refusal is about: as listed, else as its text names them; never what cannot be a name."""
    listed = tuple(name for name in fields if _NAME.match(name))
    if listed:
        return listed
    found = next((match for match in (pattern.match(message) for pattern in _NAMING) if match), None)
    return () if found is None else tuple(name.strip() for name in found.group(1).split(","))


def without(message: str, values: Iterable[object]) -> str:
    """A message without the texts among these values, which it may quote as they are."""
    texts = (value for value in values if isinstance(value, str) and len(value) >= SHORTEST)
    for text in sorted(texts, key=len, reverse=True):
        message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", "<value>", message)
    return message


def explain(code: str, message: str, fields: tuple[str, ...]) -> str:
    """One line for a person: the code, the fields, and of the message only what holds no value.

    A validation rule's message is the admin's own text and is kept; that of a trigger's addError comes by the same code
    and may quote the record, so that addresses and telephone numbers are taken out. A length limit is kept too.
    """
    about = f" ({', '.join(fields)})" if fields else ""
    if code == "FIELD_CUSTOM_VALIDATION_EXCEPTION":
        return f"{code}{about}: {_PHONE.sub('<number>', _EMAIL.sub('<e-mail>', message))}"
    if (limit := _LENGTH.search(message)) is not None:
        return f"{code}{about}: at most {limit.group(1)} characters"
    return f"{code}{about}"
