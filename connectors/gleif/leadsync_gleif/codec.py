"""A legal entity as one line of bytes in the index, and back."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from leadsync.records import Address, LegalEntity

LONGEST_RECORD = 0xFFFF
"""Bytes a record may take, since its length is kept in 16 bits; longer ones lose their last other names."""

_FIELD, _ITEM, _PART = "\x1f", "\x1e", "\x1d"
_NOWHERE = Address()
_KEPT_APART = str.maketrans("\x1d\x1e\x1f\n\r", "     ")


def _place(address: Address) -> str:
    if address == _NOWHERE:
        return ""
    return _PART.join((address.country, address.region, address.city, address.postcode, address.line)).rstrip(_PART)


def _address(text: str) -> Address:
    if not text:
        return _NOWHERE
    return Address(*text.split(_PART)) if _PART in text else _country(text)


@lru_cache
def _country(code: str) -> Address:
    """An address of which only the country is known, as in tables derived from the register: one for all."""
    return Address(code)


def encode(entity: LegalEntity) -> bytes:
    """The entity in UTF-8 without line breaks; at most `LONGEST_RECORD` bytes."""
    names = [_PART.join(pair) for pair in entity.other_names]
    while True:
        fields = (
            entity.lei,
            entity.name,
            entity.country,
            "" if entity.category == "GENERAL" else entity.category,
            entity.subcategory,
            entity.legal_form,
            entity.jurisdiction,
            "" if entity.status == "ACTIVE" else entity.status,
            "" if entity.registration == "ISSUED" else entity.registration,
            _place(entity.legal),
            _place(entity.headquarters),
            _ITEM.join(names),
            _ITEM.join(entity.successors),
            "" if entity.created is None else entity.created.isoformat(),
        )
        line = _FIELD.join(fields).rstrip(_FIELD).encode("utf-8", "replace")
        if len(line) <= LONGEST_RECORD:
            return line
        names.pop()


def clean(text: str) -> str:
    """The text without the characters that separate fields here."""
    return text if text.isprintable() else text.translate(_KEPT_APART)


def decode(line: bytes) -> LegalEntity:
    """The entity that `encode` wrote."""
    fields = line.decode("utf-8").split(_FIELD)
    if 3 <= len(fields) <= 4:
        return LegalEntity(fields[0], fields[1], fields[2], fields[3] if len(fields) == 4 and fields[3] else "GENERAL")
    fields += [""] * (14 - len(fields))
    lei, name, country, category, subcategory, form, jurisdiction, status, registration = fields[:9]
    legal, headquarters, names, successors, created = fields[9:14]
    return LegalEntity(
        lei,
        name,
        country,
        category or "GENERAL",
        subcategory,
        form,
        jurisdiction,
        status or "ACTIVE",
        registration or "ISSUED",
        _address(legal),
        _address(headquarters),
        tuple((n, kind) for n, _, kind in (item.partition(_PART) for item in names.split(_ITEM))) if names else (),
        tuple(successors.split(_ITEM)) if successors else (),
        date.fromisoformat(created) if created else None,
    )
