"""Names as lists of securities write them: the issuer's name in front of denomination and share class."""

from __future__ import annotations

import re

_SECURITY = re.compile(
    r"\s+(?:(?:DL|EO|LS|SF|SK|NK|YN|HD|DK|ZY|AD|RC|CD|SD|TN|KD|HL\.DK|YC|MR|RP|RR|TB|KC|UF)\s*-?,?\d+.*"
    r"|O\.?N\.?|INH\.?(?:\s.*)?|[A-Z]+\.?\s?GDR.*|ADR.*|GDR.*"
    r"|CL(?:ASS|\.)? ?[A-C]\b.*|REG(?:\.?\s?S\b|STD|ISTERED).*|Ser(?:ies)?\.? [A-C])$",
    re.IGNORECASE,
)
"""Denominations ("DL-,01"), "Class A", "O.N.", "GDR REG S"."""


def without_security(name: str) -> str:
    """The issuer's name in a security's: "KONE Oyj Class B" → "KONE Oyj"."""
    return _SECURITY.sub("", name) or name
