"""What to look a company up by: its name, and what may be left of it when brackets, places and branches go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from leadsync.normalize.aliases import first_name
from leadsync.normalize.company import BRANCH_WORDS, GROUP_WORDS, head_office, plain_words, split_name
from leadsync.normalize.countries import country_names
from leadsync.normalize.domains import domain_label
from leadsync.normalize.scripts import OTHER_SCRIPTS, sound
from leadsync.normalize.security import without_security
from leadsync.records import CompanyQuery
from leadsync_gleif.hashing import shortened

Flags = npt.NDArray[np.bool_]


def sounds(words: Sequence[str]) -> list[str]:
    """The words as they sound, marked so that they meet no spelling."""
    return [f"~{sound(word)}" for word in words]


def spellings(queries: Sequence[CompanyQuery]) -> tuple[list[str], npt.NDArray[np.int64], Flags, Flags]:
    """Phrases to look up, the query of each, whether it is the name itself rather than a part of it, and whether a
    namesake in the query's country settles the search: the name came with its legal form."""
    phrases: list[str] = []
    owner: list[int] = []
    main: list[bool] = []
    settles: list[bool] = []
    for number, query in enumerate(queries):
        words, form = split_name(first_name(without_security(query.name)), query.country)
        own = " ".join(words)
        parts = dict.fromkeys(part for part in _parts(query, words) if part and part != own)
        for phrase in (own, *parts):
            phrases.append(phrase)
            owner.append(number)
            main.append(phrase == own)
            settles.append(phrase == own and form != "")
        if query.country in OTHER_SCRIPTS and words:
            phrases.append(" ".join(sounds(words)))
            owner.append(number)
            main.append(True)
            settles.append(False)
    return (
        [shortened(phrase) for phrase in phrases],
        np.array(owner, np.int64),
        np.array(main, bool),
        np.array(settles, bool),
    )


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
    if not BRANCH_WORDS.isdisjoint(words):
        office = head_office(plain_words(query.name, query.country), places)
        if office is not None:
            yield " ".join(office[0])
    bare = [word for word in words if word not in GROUP_WORDS]
    if bare and len(bare) < len(words):
        yield " ".join(split_name(" ".join(bare), query.country)[0])
    if query.domain:
        yield domain_label(query.domain).replace("-", " ")
