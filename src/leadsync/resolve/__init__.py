"""Which legal entity a company of a CRM is: the exact path (interim; the full judgement replaces this file)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadsync.normalize.company import core_name, legal_form
from leadsync.records import CompanyQuery, LegalEntity, Match

LIVE = frozenset(("ISSUED", "LAPSED", "PENDING_TRANSFER", "PENDING_ARCHIVAL"))
"""Registrations that stand for an entity of their own."""


@dataclass(frozen=True, slots=True)
class ResolveSettings:
    """`threshold`: a match less certain than this is none."""

    threshold: float = 0.9


def resolve(query: CompanyQuery, candidates: Sequence[LegalEntity], settings: ResolveSettings) -> Match:
    """A match only where name and country are equal and no namesake could be meant."""
    core, form = core_name(query.name, query.country), legal_form(query.name, query.country)
    live = [c for c in candidates if c.registration in LIVE]
    named = [c for c in live if core and core_name(c.name, c.country) == core and c.country == query.country]
    found = [c for c in named if form and legal_form(c.name, c.country) == form]
    options = tuple((c.lei, c.name, c.country, 1 / len(found)) for c in found)
    if len(found) == 1 and settings.threshold <= 0.95:
        one = found[0]
        evidence = ("name equal", f"country equal ({one.country})")
        return Match("matched", one.lei, one.name, one.country, 0.95, "exact", evidence, options)
    return Match("ambiguous" if found else "none", candidates=options)
