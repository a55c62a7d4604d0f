"""Counts and amounts as people type them."""

from __future__ import annotations

import re
from typing import Final

from leadsync.records import Value

_SCALES: Final = {"k": 1e3, "m": 1e6, "mio": 1e6, "mn": 1e6, "million": 1e6, "bn": 1e9, "b": 1e9, "billion": 1e9}


def number(value: Value) -> int | float | None:
    """A count or an amount as people type it: 1200, "1,200", "1.200", "201-500" → 201, "5k", "EUR 3.5 m"; else None."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    found = re.search(r"(\d[\d.,' \u00a0\u202f]*)\s*([a-z]+)?", value.lower())
    if found is None:
        return None
    plain = _plain(found[1].strip(" .,'\u00a0\u202f"))
    amount = plain * _SCALES.get(found[2] or "", 1)
    return int(amount) if float(amount).is_integer() else amount


def told(amount: float) -> str:
    """A number as a person reads it: thousands parted, no ".0"."""
    return f"{int(amount):,}" if float(amount).is_integer() else f"{amount:,}"


def _plain(text: str) -> float:
    """A number's value whichever of "," and "." parts its thousands: three digits behind one mean thousands."""
    bare = re.sub(r"[' \u00a0\u202f]", "", text)
    marks = re.findall(r"[.,]", bare)
    if not marks:
        return float(bare)
    last = max(bare.rfind("."), bare.rfind(","))
    thousands = len(bare) - last - 1 == 3 and (len(set(marks)) == 1)
    whole = re.sub(r"[.,]", "", bare if thousands else bare[:last])
    return float(whole) if thousands else float(f"{whole}.{bare[last + 1 :]}")
