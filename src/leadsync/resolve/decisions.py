"""What people decided about matches: kept for ever, shared by all spellings of one company, above all judgement."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from leadsync.normalize import person
from leadsync.normalize.company import core_name, legal_form
from leadsync.normalize.domains import is_shared
from leadsync.records import CompanyQuery, LegalEntity, Match

CONFIRM, REJECT = "confirm", "reject"
LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
"""How an LEI is written; its check digits are not looked at, since some published ones fail them."""
LEARNED = 0.95
"""What a match by a learned web domain is worth: less than a decision, since a subsidiary may use its parent's."""
FOLLOWED = frozenset({"MERGED", "DUPLICATE", "RETIRED"})
"""Registrations that may have passed to another record."""

Key = tuple[str, str, str]
Lookup = Callable[[str], LegalEntity | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for one company: the LEI a person confirmed, and those a person rejected."""

    confirmed: str | None = None
    rejected: frozenset[str] = frozenset()
    placeless: bool = False
    """Made when nobody had said the company's country yet: a confirmed entity of another country is not it."""


NOTHING = Decision()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing a person said: this company is (or is not) that entity. Later ones override earlier ones."""

    query: CompanyQuery
    lei: str
    verdict: str
    """"confirm" or "reject"."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """All verdicts, found by company. Spellings that differ only in case, accents or writing of the form are one.

    They are transitive: companies confirmed to be one entity are one company, and what was rejected for one of them is
    rejected for all. `domains`: web domain → the one LEI that confirmed companies with it have.
    `_placeless`: the companies without a country, and their web domains.
    """

    _by_key: Mapping[Key, Decision] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    _placeless: Mapping[Key, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Decisions:
        """Take verdicts in the order they were given; raises ValueError for a verdict that is neither."""
        found: dict[Key, Decision] = {}
        domain_of: dict[Key, set[str]] = defaultdict(set)
        for one in verdicts:
            key = company_key(one.query)
            if not key[0]:
                continue
            domain_of[key].add(one.query.domain)
            found[key] = _after(found.get(key, NOTHING), one)
        placeless = {key: frozenset(filter(identifies, domain_of[key])) for key in found if not key[2]}
        return cls(_shared_by_all_names(found), _domains(found, domain_of), placeless)

    def about(self, query: CompanyQuery) -> Decision:
        """What holds for this company. What was said before its country was known still does: what was confirmed (see
        `following`), and what was rejected, where the web domain shows that it is the same company."""
        said = self._by_key.get(company_key(query))
        if said is not None or not query.country or not self._placeless:
            return said or NOTHING
        key = company_key(replace(query, country=""))
        if key not in self._placeless:
            return NOTHING
        rejected = self._by_key[key].rejected if query.domain in self._placeless[key] else frozenset[str]()
        return Decision(self._by_key[key].confirmed, rejected, placeless=True)

    def domain(self, query: CompanyQuery) -> str:
        """The LEI that the company's web domain was learned to mean, or ""."""
        lei = self.domains.get(query.domain, "") if identifies(query.domain) else ""
        return "" if lei in self.about(query).rejected else lei


def company_key(query: CompanyQuery) -> Key:
    """(name without form, form, country): what makes two descriptions the same company for a decision. A company
    without a name is known by its web domain; with neither it is no company that anything could be decided of."""
    core = core_name(query.name, query.country)
    if not core and identifies(query.domain):
        return f"@{query.domain}", "", query.country
    return core, legal_form(query.name, query.country), query.country


def identifies(domain: str) -> bool:
    """Whether a web domain can be one company's own: free mail and hosts that many share never are."""
    return domain != "" and not is_shared(domain, person.FREE_MAIL)


def _after(before: Decision, said: Verdict) -> Decision:
    match said.verdict:
        case "confirm":
            return Decision(said.lei, before.rejected - {said.lei})
        case "reject":
            kept = before.confirmed if before.confirmed != said.lei else None
            return Decision(kept, before.rejected | {said.lei})
        case other:
            raise ValueError(f"a verdict is {CONFIRM!r} or {REJECT!r}, not {other!r}")


def _shared_by_all_names(found: Mapping[Key, Decision]) -> dict[Key, Decision]:
    rejected: dict[str, frozenset[str]] = defaultdict(frozenset)
    for one in found.values():
        if one.confirmed is not None:
            rejected[one.confirmed] |= one.rejected - {one.confirmed}
    return {
        key: one if one.confirmed is None else Decision(one.confirmed, one.rejected | rejected[one.confirmed])
        for key, one in found.items()
    }


def _domains(found: Mapping[Key, Decision], domain_of: Mapping[Key, set[str]]) -> dict[str, str]:
    """A domain that companies of two entities have identifies neither."""
    leis: dict[str, set[str]] = defaultdict(set)
    for key, one in found.items():
        for domain in domain_of[key] if one.confirmed is not None else ():
            if identifies(domain):
                leis[domain].add(one.confirmed or "")
    return {domain: next(iter(some)) for domain, some in leis.items() if len(some) == 1}


# ---- decisions beside what the register says now


def successor(lei: str, lookup: Lookup) -> LegalEntity | None:
    """The entity that counts now for an LEI somebody named: itself, or the one it passed into; None when unknown."""
    entity = lookup(lei)
    met = {lei}
    while entity is not None and entity.registration in FOLLOWED and len(entity.successors) == 1:
        after = lookup(entity.successors[0])
        if after is None or after.lei in met:
            break
        met.add(after.lei)
        entity = after
    return entity


def following(decision: Decision, query: CompanyQuery, lookup: Lookup) -> Decision:
    """The decision with the confirmed LEI followed to its successor; who rejects that one takes the decision back."""
    if decision.confirmed is None:
        return decision
    now = successor(decision.confirmed, lookup)
    if decision.placeless and (now is None or query.country not in {now.country, now.headquarters.country}):
        return replace(decision, confirmed=None)
    if now is None or now.lei == decision.confirmed:
        return decision
    return replace(decision, confirmed=None if now.lei in decision.rejected else now.lei)


def settled(match: Match, lookup: Lookup) -> Match:
    """A confirmed match with the entity's name, also where it was no candidate."""
    if match.method != "confirmed" or match.legal_name:
        return match
    entity = lookup(match.lei)
    if entity is None:
        return replace(match, evidence=(*match.evidence, "the register does not know this LEI"))
    shown = ((entity.lei, entity.name, entity.country, 1.0),)
    return replace(match, legal_name=entity.name, country=entity.country, candidates=shown)


def learned(query: CompanyQuery, match: Match, decisions: Decisions, lookup: Lookup) -> Match:
    """The match, or, where the judge finds none, the entity that the company's web domain was learned to mean.

    A company in another country than that entity is none of its own: a subsidiary under its parent's domain, perhaps.
    """
    lei = decisions.domain(query) if match.status != "matched" else ""
    entity = successor(lei, lookup) if lei else None
    if entity is None or entity.lei in decisions.about(query).rejected:
        return match
    if query.country not in {"", entity.country, entity.headquarters.country}:
        return match
    said = (f"web domain {query.domain}, which a person confirmed to be {entity.name}'s", *match.evidence[1:])
    shown = ((entity.lei, entity.name, entity.country, LEARNED), *match.candidates)
    return Match("matched", entity.lei, entity.name, entity.country, LEARNED, "domain", said[:1], shown[:5])
