"""The ways in which one person comes to be spelled differently in two systems."""

from __future__ import annotations

import random
import unicodedata

NICKNAMES = {
    "Robert": "Bob",
    "William": "Bill",
    "Elizabeth": "Liz",
    "Thomas": "Tom",
    "Katherine": "Kate",
    "Michael": "Mike",
    "Margaret": "Peggy",
    "Daniel": "Dan",
    "Susan": "Sue",
    "James": "Jim",
    "Stephen": "Steve",
    "Alexander": "Alex",
    "Nicholas": "Nick",
}
WRITTEN_OUT = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "ø": "oe", "Ø": "Oe", "å": "aa",
    "Å": "Aa", "ł": "l", "Ł": "L",
})  # fmt: skip
SHORT_TITLES = {
    "Chief Executive Officer": "CEO",
    "Chief Information Officer": "CIO",
    "Chief Financial Officer": "CFO",
    "Chief Technology Officer": "CTO",
    "Chief Operating Officer": "COO",
    "Vice President, Sales": "VP Sales",
    "Vice President, Operations": "VP Operations",
    "Vice President, IT": "VP IT",
    "Senior Manager, Procurement": "Sr. Manager Procurement",
}


def plain(text: str) -> str:
    """Umlauts written out and other marks dropped: Müller → Mueller, Núñez → Nunez."""
    parts = unicodedata.normalize("NFD", text.translate(WRITTEN_OUT))
    return "".join(char for char in parts if not unicodedata.combining(char))


def address(first: str, last: str, domain: str, style: int) -> str:
    """An e-mail address of the usual patterns, in lower case."""
    one, two = (plain(name).lower().replace(" ", "").replace("'", "") for name in (first, last))
    patterns = (f"{one}.{two}", f"{one[0]}.{two}", f"{one}_{two}", f"{one[0]}{two}")
    return f"{patterns[style % len(patterns)]}@{domain}"


def capitals(email: str) -> str:
    """anna.meyer@firm.example → Anna.Meyer@firm.example"""
    local, _, domain = email.partition("@")
    return ".".join(part.capitalize() for part in local.split(".")) + "@" + domain


def phone(rng: random.Random, digits: str, *, dial: str) -> str:
    """One number as people write it: digits is the national number without its trunk zero, in blocks."""
    tight = digits.replace(" ", "")
    area, _, rest = digits.partition(" ")
    if dial == "1":
        area, middle, end = tight[:3], tight[3:6], tight[6:]
        return rng.choice((f"+1 {area}-{middle}-{end}", f"({area}) {middle}-{end}", f"{area}.{middle}.{end}"))
    return rng.choice((
        f"+{dial} {digits}",
        f"+{dial}{tight}",
        f"00{dial} {digits}",
        f"+{dial} ({area}) {rest}",
        f"+{dial}-{digits.replace(' ', '-')}",
    ))  # fmt: skip


def respelled(rng: random.Random, first: str, last: str) -> tuple[str, str]:
    """The name as the other system has it: a nickname, umlauts written out, another case, or the same."""
    match rng.randrange(5):
        case 0 | 1 if first in NICKNAMES:
            return NICKNAMES[first], last
        case 0 | 1 | 2:
            return plain(first), plain(last)
        case 3 if rng.random() < 0.4:
            return first, last.upper()
        case _:
            return first, last
