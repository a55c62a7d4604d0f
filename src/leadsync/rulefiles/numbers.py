"""Counts and amounts as people type them."""

from __future__ import annotations

import re
from typing import Final

from leadsync.records import Value

_SCALES: Final = {
    "k": 1e3, "tsd": 1e3, "m": 1e6, "mio": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "b": 1e9, "billion": 1e9,
    "mrd": 1e9, "mia": 1e9,
}  # fmt: skip
_WRITTEN: Final = re.compile(
    r"(?:(?<!\w)(?P<minus>[-\u2212]))?(?P<plain>\d[\d.,' \u00a0\u202f]*)"
    r"(?P<power>e[-+]?\d{1,2}\b)?\s*(?P<scale>[a-z]+)?"
)


def number(value: Value) -> int | float | None:
    """A count or an amount as people type it: 1200, "1,200", "1.200", "201-500" → 201, "5k", "EUR 3.5 m"; or as a CRM
    writes one: "-5000", "0.875", "1.5E7"; else None."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    found = _WRITTEN.search(value.lower())
    if found is None:
        return None
    plain = _plain(found["plain"].strip(" .,'\u00a0\u202f"))
    amount = plain * (float(f"1{found['power']}") if found["power"] else _SCALES.get(found["scale"] or "", 1))
    signed = -amount if found["minus"] else amount
    return int(signed) if float(signed).is_integer() else signed


def told(amount: float) -> str:
    """A number as a person reads it: thousands parted, no ".0"."""
    return f"{int(amount):,}" if float(amount).is_integer() else f"{amount:,}"


def _plain(text: str) -> float:
    """A number's value whichever of "," and "." parts its thousands: three digits behind one mean thousands, unless
    what stands before it cannot be so many thousands (0.875, 1234.567)."""
    bare = re.sub(r"[' \u00a0\u202f]", "", text)
    marks = re.findall(r"[.,]", bare)
    if not marks:
        return float(bare)
    last = max(bare.rfind("."), bare.rfind(","))
    whole = re.sub(r"[.,]", "", bare[:last])
    could = len(marks) > 1 or (whole != "0" and len(whole) <= THOUSANDS)
    thousands = len(bare) - last - 1 == THOUSANDS and len(set(marks)) == 1 and could
    return float(f"{whole}{bare[last + 1 :]}") if thousands else float(f"{whole}.{bare[last + 1 :]}")


THOUSANDS: Final = 3
"""Digits between marks that part thousands."""
