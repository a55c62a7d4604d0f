"""Company names in the one spelling they are compared in, apart from their legal form; countries and domains."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

from leadsync.normalize.countries import COUNTRIES, country_code
from leadsync.normalize.domains import SHARED, domain_label, domain_of, host_of, is_shared
from leadsync.normalize.legal_forms import (
    BEGINNINGS,
    ENDINGS,
    FIRST_WORDS,
    LAST_WORDS,
    LONGEST,
    fold,
    related,
)
from leadsync.normalize.scripts import CACHED, OTHER_SCRIPTS, is_foreign, latin, translated
from leadsync.normalize.words import ABBREVIATIONS, MARKERS

__all__ = [
    "BRANCH_WORDS",
    "COUNTRIES",
    "GROUP_WORDS",
    "SHARED",
    "CompanyName",
    "core_name",
    "country_code",
    "domain_label",
    "domain_of",
    "head_office",
    "host_of",
    "is_shared",
    "legal_form",
    "parse_name",
    "plain_words",
    "related",
    "split_name",
]

_LOCAL = str.maketrans({"ъ": "a", "Ъ": "A", "ь": "", "Ь": "", "’": "'", "`": "'", "´": "'", "ß": "ss", "＆": "&"})
_ABBREVIATION = re.compile(r"(?<=\b[a-z])(?:[./](?=[a-z]\b)|\.\s(?=[a-z]\.))")
_WORD = re.compile(r"[a-z0-9]+")
_AND = frozenset("and und et og och".split())
BRANCH_WORDS = frozenset(
    "branch branches filial filiale filialen niederlassung zweigniederlassung succursale sucursal succursal bijkantoor "
    "oddzial pobocka fioktelepe sivuliike utibu filiaal oddelenie fenxing".split()
)
"""Words that say a name is a branch's."""
GROUP_WORDS = frozenset("group groupe gruppe gruppo grupo holding holdings konzern konsern".split())
"""Words people add to the name of a group's head, or leave out."""
_MARKER_LAST = frozenset(words[-1] for words in MARKERS if words)


@dataclass(frozen=True, slots=True)
class CompanyName:
    """A name taken apart. `core`: words without legal form and connecting words; `form`: the form's code, or "";
    `plain`: all its words."""

    core: tuple[str, ...]
    form: str
    plain: str = ""


def plain_words(text: str, country: str = "") -> list[str]:
    """The words of a text in ASCII and lower case: dotted abbreviations joined, umlauts in one spelling.

    "Müller & Söhne A.G." → ["muller", "and", "sohne", "ag"]; other scripts are transliterated, their generic words
    translated. `country` (alpha-2, "" unknown) tells Japanese from Chinese.
    """
    foreign = is_foreign(text)
    if not text.isascii():
        text = anyascii((latin(text, country) if foreign else text).translate(_LOCAL))
    plain = text.lower()
    if "&" in plain or "+" in plain:
        plain = plain.replace("&", " and ").replace("+", " and ")
    if "'" in plain:
        plain = plain.replace("'", "")
    if "." in plain or "/" in plain:
        plain = _ABBREVIATION.sub("", plain)
    words = [ABBREVIATIONS.get(word, word) for word in _WORD.findall(plain)]
    if "ae" in plain or "oe" in plain or "ue" in plain:
        words = [fold(word) for word in words]
    return translated(words) if foreign or country in OTHER_SCRIPTS else words


def split_name(name: str, country: str = "") -> tuple[list[str], str]:
    """(core words, form code) of a name; `country` (alpha-2, "" unknown) settles forms that only some countries have.

    A name that is nothing but a legal form keeps its words as core and has no form.
    """
    return _split(plain_words(name, country), country)


def _split(words: list[str], country: str) -> tuple[list[str], str]:
    if len(words) < 2:
        return words, ""
    core, form = _strip_ending(words, country)
    core, before = _strip_beginning(core, country)
    kept = [word for word in core if word not in _AND]
    if kept[:1] == ["the"] and len(kept) > 1:
        del kept[0]
    return (kept, form or before) if kept else (words, "")


def head_office(words: Sequence[str], places: Collection[str]) -> tuple[list[str], str] | None:
    """(core words, form code) of the company whose branch a name says it is; None when it says no such thing.

    Its name ends at its legal form, else before the place: "Nordbank AG, London Branch" → "nordbank".
    `words` are the name's plain words, `places` what its country and city are called.
    """
    if BRANCH_WORDS.isdisjoint(words[1:]):
        return None
    for n in range(len(words) - 1, 1, -1):
        if _ending(list(words[:n]), "")[0]:
            return split_name(" ".join(words[:n]))
    left = [word for word in words if word not in BRANCH_WORDS and word not in places]
    return split_name(" ".join(left)) if left else None


def _strip_ending(words: list[str], country: str) -> tuple[list[str], str]:
    core, form = words, ""
    for _ in range(4):
        if len(core) < 2:
            break
        if core[-1] in _MARKER_LAST and (n := _marker_length(core)):
            core = core[:-n]
            continue
        n, code = _ending(core, country)
        if n == 0:
            break
        core, form = core[:-n], form or code
    return core, form


def _marker_length(words: list[str]) -> int:
    return next((n for n in (4, 3, 2, 1) if n < len(words) and tuple(words[-n:]) in MARKERS), 0)


def _ending(words: list[str], country: str) -> tuple[int, str]:
    """How many words at the end are a legal form, and which; spaced letters ("s p a") count as their abbreviation."""
    if words[-1] in LAST_WORDS:
        for n in range(min(LONGEST, len(words) - 1), 0, -1):
            meanings = ENDINGS.get(tuple(words[-n:]))
            if meanings is not None and (code := _meaning(meanings, country)):
                return n, code
    run = 0
    while run < min(4, len(words) - 1) and len(words[-1 - run]) == 1:
        run += 1
    for n in range(run, 1, -1):
        meanings = ENDINGS.get(("".join(words[-n:]),))
        if meanings is not None and (code := _meaning(meanings, country)):
            return n, code
    return 0, ""


def _strip_beginning(words: list[str], country: str) -> tuple[list[str], str]:
    if len(words) < 2 or words[0] not in FIRST_WORDS:
        return words, ""
    for n in range(min(6, len(words) - 1), 0, -1):
        meanings = BEGINNINGS.get(tuple(words[:n]))
        if meanings is not None and (code := _meaning(meanings, country)):
            return words[n:], code
    return words, ""


def _meaning(meanings: list[tuple[str, frozenset[str]]], country: str) -> str:
    """The code a form has in a country; one bound to countries counts elsewhere only when the country is unknown."""
    for code, places in meanings:
        if country and country in places:
            return code
    for code, places in meanings:
        if not places or not country:
            return code
    return ""


@lru_cache(maxsize=CACHED)
def parse_name(name: str, country: str = "") -> CompanyName:
    """The name taken apart into core words and legal form."""
    words = plain_words(name, country)
    core, form = _split(words, country)
    return CompanyName(tuple(core), form, " ".join(words))


def core_name(name: str, country: str = "") -> str:
    """The name without legal form, in ASCII: "MÜLLER Maschinenbau G.m.b.H." → "muller maschinenbau"."""
    return " ".join(parse_name(name, country).core)


def legal_form(name: str, country: str = "") -> str:
    """The code of a name's legal form, "gmbh" also for "Gesellschaft mit beschränkter Haftung"; "" if none."""
    return parse_name(name, country).form
