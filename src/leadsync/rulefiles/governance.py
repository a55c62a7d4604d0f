"""What may not move a score: protected attributes under any name, and what a source pays or costs.

A list of forbidden names does not make a model fair (other fields can stand in for the attribute), but it keeps the
plain cases out. Names are compared word by word: "Date_of_Birth__c", "birthDate" and "hs_date_of_birth" are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from anyascii import anyascii

PROTECTED: Final[Mapping[str, tuple[str, ...]]] = {
    "age": ("age", "birth", "birthday", "birthdate", "dob", "born", "alter", "geburtsdatum", "geburtstag"),
    "gender": ("gender", "sex", "salutation", "pronouns", "geschlecht", "anrede", "civilite", "honorific"),
    "religion": ("religion", "religious", "faith", "church", "konfession"),
    "ethnicity": ("ethnicity", "ethnic", "race", "racial", "skin", "tribe"),
    "nationality": ("nationality", "citizenship", "staatsangehoerigkeit", "birthplace", "immigration"),
    "marital status": ("marital", "married", "spouse", "familienstand", "pregnant", "pregnancy", "maternity"),
    "health": ("health_condition", "health_status", "illness", "disability", "disabled", "genetic", "biometric"),
    "sexual orientation": ("sexual", "sexuality", "orientation", "lgbt", "lgbtq"),
    "politics": ("political", "politics", "union"),
}
"""Attributes that anti-discrimination law and GDPR Art. 9 protect, and the words that fields of theirs are named by."""

COMPENSATION: Final = (
    "commission", "cpl", "cpa", "kickback", "payout", "bounty", "referral_fee", "source_fee", "lead_cost", "lead_price",
    "affiliate_fee", "partner_tier",
)  # fmt: skip
"""What steers leads by who pays (CFPB Circular 2024-01 on steering by compensation); always refused."""


def words(name: str) -> tuple[str, ...]:
    """A field's name in words: camel case, underscores, prefixes and Salesforce's "__c" undone."""
    bare = re.sub(r"__[a-z]{1,2}$", "", anyascii(name.strip()))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", bare)
    return tuple(re.findall(r"[a-z]+|[0-9]+", parted.lower()))


@dataclass(frozen=True, slots=True)
class Policy:
    """What a model's own file adds. `about_company`: fields whose names sound personal and are not, and why.

    `aliases`: each field's names and labels in the CRMs.
    """

    never_score: tuple[str, ...] = ()
    commercial: tuple[str, ...] = ()
    about_company: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)


def objection(name: str, policy: Policy) -> str | None:
    """Why a field may not be used, in words; None when it may."""
    for spelling in (name, *policy.aliases.get(name, ())):
        called = "" if spelling == name else f' (known in a CRM as "{spelling}")'
        found = _objection(spelling, policy, excused=name in policy.about_company)
        if found is not None:
            return f'"{name}"{called} {found}'
    return None


def _objection(name: str, policy: Policy, *, excused: bool) -> str | None:
    listed = _contained(name, policy.never_score)
    if listed is not None:
        return f'is in never_score as "{listed}"'
    for attribute, names in PROTECTED.items():
        word = _contained(name, names)
        # "age" is always a person's; only a longer name such as "contract_age" can be about something else.
        if word is not None and not (excused and words(name) != words(word)):
            return f"says or stands for a protected attribute: {attribute}"
    paid = _contained(name, [*policy.commercial, *COMPENSATION])
    return None if paid is None else f'is commercial ("{paid}"): what a source pays or costs must not steer'


def _contained(name: str, listed: Iterable[str]) -> str | None:
    """The listed name whose words come up in this one's, one after another."""
    have = words(name)
    for other in listed:
        wanted = words(other)
        if wanted and any(have[i : i + len(wanted)] == wanted for i in range(len(have) - len(wanted) + 1)):
            return other
    return None
