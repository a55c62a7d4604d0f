"""What to look a company up by: its name, and what may be left of it when brackets, places and branches go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from leadsync.normalize.company import plain_words, split_name
from leadsync.normalize.countries import country_names
from leadsync.normalize.domains import domain_label
from leadsync.records import CompanyQuery

BRANCH_WORDS = frozenset(
    "branch branches filial filiale filialen niederlassung zweigniederlassung succursale sucursal succursal bijkantoor "
    "oddzial pobocka fioktelepe sivuliike utibu filiaal oddelenie fenxing".split()
)
"""Words that say a name is a branch's."""

_SECURITY = re.compile(
    r"\s+(?:(?:DL|EO|LS|SF|SK|NK|YN|HD|DK|ZY|AD|RC|CD|SD|TN|KD|HL\.DK|YC|MR|RP|RR|TB|KC|UF)\s*-?,?\d+.*"
    r"|O\.?N\.?|INH\.?(?:\s.*)?|[A-Z]+\.?\s?GDR.*|ADR.*|GDR.*"
    r"|CL(?:ASS|\.)? ?[A-C]\b.*|REG(?:\.?\s?S\b|STD|ISTERED).*|Ser(?:ies)?\.? [A-C])$",
    re.IGNORECASE,
)
"""What listings of securities put behind an issuer's name: denominations ("DL-,01"), "Class A", "O.N.", "GDR REG S"."""


def spellings(queries: Sequence[CompanyQuery]) -> tuple[list[str], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Phrases to look up, the query of each, and whether it is the name itself rather than a part of it."""
    phrases: list[str] = []
    owner: list[int] = []
    main: list[bool] = []
    for number, query in enumerate(queries):
        words, _ = split_name(without_security(query.name), query.country)
        own = " ".join(words)
        parts = dict.fromkeys(part for part in _parts(query, words) if part and part != own)
        for phrase in (own, *parts):
            phrases.append(phrase)
            owner.append(number)
            main.append(phrase == own)
    return phrases, np.array(owner, np.int64), np.array(main, bool)


def without_security(name: str) -> str:
    """The issuer's name in a security's: "KONE Oyj Class B" → "KONE Oyj"."""
    return _SECURITY.sub("", name) or name


def _parts(query: CompanyQuery, words: list[str]) -> Iterator[str]:
    for mark in ("(", ",", " - "):
        before, found, _ = query.name.partition(mark)
        if found and before.strip():
            yield " ".join(split_name(before, query.country)[0])
    if words and words[-1] == "the":
        yield " ".join(split_name(query.name.rstrip(" ,").removesuffix("THE").rstrip(" ,"), query.country)[0])
    places = country_names(query.country) | set(plain_words(query.city)) | BRANCH_WORDS
    left = [word for word in words if word not in places]
    if left and len(left) < len(words):
        yield " ".join(split_name(" ".join(left), query.country)[0])
    if query.domain:
        yield domain_label(query.domain).replace("-", " ")
