"""Salesforce record ids: 15 case-sensitive characters, and 3 more that say which of them are capitals."""

from __future__ import annotations

import re

_ID = re.compile(r"[A-Za-z0-9]{15}(?:[A-Z0-5]{3})?\Z")
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def checked(ident: str) -> str | None:
    """The 18 characters of an id given as 15 or 18, or None when it is neither."""
    if not _ID.match(ident):
        return None
    base = ident[:15]
    chunks = (base[i : i + 5] for i in (0, 5, 10))
    suffix = "".join(_SUFFIX[sum(1 << n for n, char in enumerate(chunk) if char.isupper())] for chunk in chunks)
    return base + suffix


def generated(prefix: str, number: int) -> str:
    """The id number `number` of the objects with that key prefix; later numbers sort after earlier ones."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    ident = checked(f"{prefix}5g00000{digits.rjust(15 - len(prefix) - 7, '0')}"[:15])
    assert ident is not None, "a key prefix has three characters"
    return ident
