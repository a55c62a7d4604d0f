"""Derivation of traits from canonical facts."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

from anyascii import anyascii

from leadsync.normalize import person
from leadsync.records import ABSENT, Fields, Value, is_blank, value_text
from leadsync.rulefiles.numbers import number
from leadsync.traits.words import (
    ASSISTANTS,
    DEPARTMENTS,
    INDUSTRIES,
    NO_MANAGERS,
    OTHER_SCRIPTS,
    SENIORITIES,
    STUDENT_DOMAINS,
    TEST_DOMAINS,
    TEST_WORDS,
)

TRAITS: Final = (
    "email_domain", "email_is_free", "email_is_role", "email_is_academic", "seniority", "department", "employees",
    "annual_revenue", "industry_group", "is_test_data", "has_phone", "has_company",
)  # fmt: skip
"""The names `derive` answers with."""


def derive(facts: Fields) -> dict[str, Value]:
    """The traits (`TRAITS`) of one lead from its canonical facts; None where the facts do not tell.

    `employees` and `annual_revenue` come back as numbers: "1,200", "201-500" (its lower end) and "5000+" are read.
    """
    address = person.email(_text(facts, "email"))
    title = _text(facts, "job_title")
    return {
        "email_domain": person.email_domain(address) or None,
        "email_is_free": person.is_free_mail(address) if address else None,
        "email_is_role": person.is_role_address(address) if address else None,
        "email_is_academic": bool(STUDENT_DOMAINS.search(address)) if address else None,
        "seniority": seniority(title),
        "department": department(title),
        "employees": _whole(number(facts.get("employees"))),
        "annual_revenue": number(facts.get("annual_revenue")),
        "industry_group": industry_group(_text(facts, "industry")),
        "is_test_data": is_test_data(facts),
        "has_phone": len(person.digits(_text(facts, "phone"))) >= MIN_PHONE_DIGITS,
        "has_company": not is_blank(facts.get("company_name", ABSENT)),
    }


MIN_PHONE_DIGITS: Final = 7
"""Shorter than a subscriber number without its area code (ITU-T E.164 numbers have up to 15)."""


@lru_cache(maxsize=4096)
def seniority(title: str) -> str | None:
    """The rank a job title claims: c_level, vp, director, manager, individual, student; None for no title.

    Titles in English, German, French, Spanish, Italian, Dutch and the commonest East Asian ones are understood; a
    title that names no rank is an individual's.
    """
    for level, words in OTHER_SCRIPTS:
        if words.search(title):
            return level
    folded = fold(title)
    if not folded:
        return None
    if ASSISTANTS.search(folded):
        return "individual"
    plain = NO_MANAGERS.sub(" ", folded)
    return next((level for level, words in SENIORITIES if words.search(plain)), "individual")


@lru_cache(maxsize=4096)
def department(title: str) -> str | None:
    """The function a job title names (it, engineering, finance ...); None when it names none."""
    folded = fold(title)
    return next((name for name, words in DEPARTMENTS if words.search(folded)), None)


@lru_cache(maxsize=4096)
def industry_group(industry: str) -> str | None:
    """One of a dozen groups for either CRM's industry ("COMPUTER_SOFTWARE", "Technology" → software)."""
    folded = fold(industry)
    return next((name for name, words in INDUSTRIES if words.search(folded)), None)


def is_test_data(facts: Fields) -> bool:
    """Whether a person typed this in to try something out: "test test", asdf@..., example addresses."""
    words = fold(f"{_text(facts, 'first_name')} {_text(facts, 'last_name')}").split()
    local, _, domain = person.email(_text(facts, "email")).partition("@")
    named = [word for word in words if word not in TEST_WORDS]
    return (bool(words) and not named) or local in TEST_WORDS or domain in TEST_DOMAINS


def fold(text: str) -> str:
    """Words in lower-case ASCII with single blanks: "Geschäftsführer (m/w)" → "geschaeftsfuehrer m w"."""
    lowered = normalize("NFC", text).casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return " ".join(re.findall(r"[a-z0-9&]+", anyascii(lowered).lower()))


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _text(facts: Fields, name: str) -> str:
    return value_text(facts.get(name))
