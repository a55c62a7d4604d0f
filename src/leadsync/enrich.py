"""Ask the register which legal entity each company is and who owns it; answers are kept until either changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from leadsync.accounts import Account
from leadsync.connector import Clock, Register
from leadsync.progress import Progress
from leadsync.records import CompanyQuery, LegalEntity, Match, Ownership, Parent, Value
from leadsync.resolve import ResolveSettings, resolve
from leadsync.store import Store
from leadsync.store.rows import dumps

BATCH = 500


@dataclass(frozen=True, slots=True)
class Resolved:
    """A company's legal entity: the match with its evidence, the entity itself, and its owners."""

    query: CompanyQuery
    match: Match
    entity: LegalEntity | None = None
    ownership: Ownership | None = None

    @property
    def family(self) -> str:
        """The LEI that stands for the corporate family: the ultimate parent's, else its own; "" when unresolved."""
        ultimate = self.ownership.ultimate if self.ownership is not None else None
        return (ultimate.lei if ultimate is not None else "") or self.match.lei

    def computed(self) -> dict[str, Value]:
        """The values mappings can ask for under "company."."""
        matched = self.match.status == "matched"
        direct, ultimate = (self.ownership.direct, self.ownership.ultimate) if self.ownership else (None, None)
        return {
            "company.lei": self.match.lei or None,
            "company.lei_match": self.match.status,
            "company.lei_confidence": round(self.match.confidence, 3) if matched else None,
            "company.lei_evidence": "; ".join(self.match.evidence) or None,
            "company.legal_name": self.match.legal_name or None if matched else None,
            "company.legal_country": self.match.country or None if matched else None,
            "company.entity_status": self.entity.status if self.entity is not None else None,
            "company.lei_status": self.entity.registration if self.entity is not None else None,
            **_parent("direct_parent", direct),
            **_parent("ultimate_parent", ultimate),
        }


def _parent(prefix: str, parent: Parent | None) -> dict[str, Value]:
    return {
        f"company.{prefix}_name": (parent.name or None) if parent is not None else None,
        f"company.{prefix}_lei": (parent.lei or None) if parent is not None else None,
        f"company.{prefix}_country": (parent.country or None) if parent is not None else None,
    }


def enrich(
    accounts: Iterable[Account],
    register: Register | None,
    store: Store,
    settings: ResolveSettings,
    clock: Clock,
    progress: Progress,
) -> dict[str, Resolved]:
    """Company uid → legal entity, for every account. Only companies whose description changed, or all after the
    register was published anew, are asked for again. Without a register nothing is known, and nothing guessed."""
    if register is None:
        return {}
    published = register.published()
    edition = f"{published.isoformat() if published is not None else ''}|{dumps(asdict(settings))}"
    known = store.results.resolutions()
    fresh: dict[str, Resolved] = {}
    asking: list[Account] = []
    for account in accounts:
        query = dumps(asdict(account.query))
        old = known.get(account.uid)
        if old is not None and old[:2] == (query, edition):
            fresh[account.uid] = _resolved_of(account.query, old[2])
        else:
            asking.append(account)
    progress.step("resolve companies", len(asking))
    for start in range(0, len(asking), BATCH):
        batch = asking[start : start + BATCH]
        answers = _ask([account.query for account in batch], register, settings)
        found = {account.uid: answer for account, answer in zip(batch, answers, strict=True)}
        rows = [(uid, dumps(asdict(r.query)), edition, _body(r)) for uid, r in found.items()]
        with store.transaction():
            store.results.save_resolutions(rows, clock())
        fresh.update(found)
        progress.advance(len(batch))
    return fresh


def remembered(accounts: Iterable[Account], store: Store) -> dict[str, Resolved]:
    """Company uid → legal entity, as far as it was found before; nobody is asked."""
    known = store.results.resolutions()
    return {a.uid: _resolved_of(a.query, known[a.uid][2]) for a in accounts if a.uid in known}


def _ask(queries: list[CompanyQuery], register: Register, settings: ResolveSettings) -> list[Resolved]:
    candidates = register.candidates(queries)
    return [_one(query, found, register, settings) for query, found in zip(queries, candidates, strict=True)]


def _one(query: CompanyQuery, found: Any, register: Register, settings: ResolveSettings) -> Resolved:
    match = resolve(query, found, settings)
    if match.status != "matched":
        return Resolved(query, match)
    return Resolved(query, match, register.entity(match.lei), register.ownership(match.lei))


def _body(resolved: Resolved) -> Mapping[str, Any]:
    entity = resolved.entity
    return {
        "match": asdict(resolved.match),
        "entity": {"status": entity.status, "registration": entity.registration} if entity is not None else None,
        "ownership": asdict(resolved.ownership) if resolved.ownership is not None else None,
    }


def _resolved_of(query: CompanyQuery, body: Mapping[str, Any]) -> Resolved:
    match = body["match"]
    evidence = tuple(match["evidence"])
    candidates = tuple((c[0], c[1], c[2], c[3]) for c in match["candidates"])
    made = Match(**{**match, "evidence": evidence, "candidates": candidates})
    entity = None
    if body["entity"] is not None:
        entity = LegalEntity(made.lei, made.legal_name, made.country, **body["entity"])
    return Resolved(query, made, entity, _ownership_of(body["ownership"]))


def _ownership_of(body: Mapping[str, Any] | None) -> Ownership | None:
    if body is None:
        return None
    direct, ultimate = (Parent(**body[k]) if body[k] is not None else None for k in ("direct", "ultimate"))
    return Ownership(body["lei"], direct, ultimate, tuple(body["path"]))
