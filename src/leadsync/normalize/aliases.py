"""Two names written as one: "X S.p.A. in breve Y S.p.A.", "X Ltd t/a Y", "X Bank (formerly Y Bank)"."""

from __future__ import annotations

import re

_SHORT = re.compile(  # the short name that an Italian company registers besides its full one
    r"[\s,(\-–]*(?:\b(?:o|e|ovvero|oppure)\b[\s,]*)?(?:\b(?:in|nella|anche|denominata|denominabile)\s+)*"
    r"\b(?:in breve|forma abbreviata|abbreviata|in sigla|siglabile|brevemente|abbreviabile)\b"
    r"(?:\s+(?:anche|enunciabile|come|con|in|o|per))*[\s:,\-–]*",
    re.IGNORECASE,
)
_TRADED = re.compile(r"[\s,(]*\b(?:trading as|t/a|d/b/a|dba|doing business as)\b[\s:]*", re.IGNORECASE)
_BEFORE = re.compile(r"\s*\((?:formerly|former|previously|fka|vormals|ehemals)\b(?: known as)?[\s:,]*", re.IGNORECASE)
_EDGES = " \t,;:-–\"'()“”«»"
SHORTEST = 2
"""Letters that each of two names has at least."""


def two_names(name: str) -> tuple[str, str] | None:
    """(the name, the other one) where a text holds two, else None: "Fidor SpA (in forma abbreviata Fidor)"."""
    for pattern in _patterns(name.lower()):
        before, after = _around(name, pattern)
        if len(before) >= SHORTEST and len(after) >= SHORTEST:
            return before, after
    return None


def _patterns(text: str) -> list[re.Pattern[str]]:
    """Those that could be found: few names have any of their letters, and every name is asked."""
    some = []
    if "brev" in text or "sigl" in text:
        some.append(_SHORT)
    if "/" in text or "dba " in text or "trading as" in text or "doing business" in text:
        some.append(_TRADED)
    if "(" in text:
        some.append(_BEFORE)
    return some


def first_name(name: str) -> str:
    """The name without the other one that is written beside it."""
    both = two_names(name)
    return name if both is None else both[0]


def _around(name: str, pattern: re.Pattern[str]) -> tuple[str, str]:
    """What stands before and after the first mark; where the other name stands in brackets, what follows them belongs
    to the first: "X Bank (formerly Y Bank), Madrid Branch"."""
    found = pattern.search(name)
    if found is None:
        return "", ""
    before, after = name[: found.start()].strip(_EDGES), name[found.end() :]
    if before.count("(") > before.count(")"):
        before += ")"
    if "(" in found.group():
        after, _, rest = after.partition(")")
        before += rest.rstrip()
    return before, after.strip(_EDGES)
