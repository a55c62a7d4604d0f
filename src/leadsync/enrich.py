"""Ask the register which legal entity each company is and who owns it; answers are kept until either changes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from leadsync import __version__
from leadsync.accounts import Account
from leadsync.connector import Clock, Register
from leadsync.progress import Progress
from leadsync.records import CompanyQuery, Fields, LegalEntity, Match, Ownership, Parent, Value
from leadsync.resolve import Decisions, ResolveSettings, Verdict, resolve_all
from leadsync.resolve.ask import ask
from leadsync.resolve.decisions import CONFIRM, LEI, company_key
from leadsync.resolve.judge import CONSIDERED, WORTH_A_LOOK
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
            "company.parent_exception": _exception(direct, ultimate),
        }


def _exception(*parents: Parent | None) -> str | None:
    return next((parent.reason for parent in parents if parent is not None and parent.reason), None)


def _parent(prefix: str, parent: Parent | None) -> dict[str, Value]:
    return {
        f"company.{prefix}_name": (parent.name or None) if parent is not None else None,
        f"company.{prefix}_lei": (parent.lei or None) if parent is not None else None,
        f"company.{prefix}_country": (parent.country or None) if parent is not None else None,
    }


@dataclass(frozen=True, slots=True)
class Asking:
    """What companies are resolved with: the register, the admin's threshold, and what people decided. `judge`: the
    version of leadsync, since another one may judge otherwise."""

    register: Register
    settings: ResolveSettings
    decisions: Decisions
    published: str
    judge: str

    def terms(self, query: CompanyQuery) -> str:
        """What an answer depends on besides the company and the register's edition."""
        said = self.decisions.about(query)
        told = [said.confirmed, sorted(said.rejected), self.decisions.domain(query)]
        return dumps([asdict(self.settings), told, self.judge])

    def edition(self, query: CompanyQuery) -> str:
        """What an answer was made from: it holds until this changes."""
        return f"{self.published}|{self.terms(query)}"


def enrich(
    accounts: Iterable[Account],
    register: Register | None,
    store: Store,
    settings: ResolveSettings,
    clock: Clock,
    progress: Progress,
) -> dict[str, Resolved]:
    """Company uid → legal entity, for every account. Asked for again are only companies whose description changed,
    of which a person decided something, that what the register published since concerns, or that an earlier leadsync
    judged. Without a register nothing is known, and nothing guessed."""
    if register is None:
        return {}
    published = register.published()
    decided, stamp = Decisions.of(store.matches.verdicts()), published.isoformat() if published else ""
    with_what = Asking(register, settings, decided, stamp, __version__)
    wanted = list(accounts)
    known = store.results.resolutions([account.uid for account in wanted])
    fresh: dict[str, Resolved] = {}
    older: dict[str, list[Account]] = defaultdict(list)
    for account in wanted:
        query, edition, body = known.get(account.uid, ("", "", {}))
        then, _, terms = edition.partition("|")
        if query != dumps(asdict(account.query)) or terms != with_what.terms(account.query):
            older[""].append(account)
        elif then != with_what.published:
            older[then].append(account)
        else:
            fresh[account.uid] = _resolved_of(account.query, body)
    asking = older.pop("", [])
    for then, some in older.items():
        old = {account.uid: _resolved_of(account.query, known[account.uid][2]) for account in some}
        again = _concerned(some, old, with_what, then)
        asking += [account for account in some if account.uid in again]
        still = {uid: answer for uid, answer in old.items() if uid not in again}
        _keep(still, with_what, store, clock)
        fresh.update(still)
    progress.step("resolve companies", len(asking))
    for start in range(0, len(asking), BATCH):
        batch = asking[start : start + BATCH]
        answers = _ask([account.query for account in batch], with_what)
        found = {account.uid: answer for account, answer in zip(batch, answers, strict=True)}
        _keep(found, with_what, store, clock)
        fresh.update(found)
        progress.advance(len(batch))
    return fresh


def _keep(found: Mapping[str, Resolved], with_what: Asking, store: Store, clock: Clock) -> None:
    rows = [(uid, dumps(asdict(r.query)), with_what.edition(r.query), _body(r)) for uid, r in found.items()]
    with store.transaction():
        store.results.save_resolutions(rows, clock())


def _concerned(accounts: Sequence[Account], old: Mapping[str, Resolved], with_what: Asking, then: str) -> set[str]:
    """Those of the companies that what was published since `then` may answer otherwise: an entity that was looked at
    or one it belongs to changed, or a changed record could be meant."""
    changes = with_what.register.changes(datetime.fromisoformat(then)) if then else None
    if changes is None:
        return {account.uid for account in accounts}
    leis = {uid: leis_of(answer) for uid, answer in old.items()}
    touched = changes.touched(frozenset(chain.from_iterable(leis.values())))
    again = {uid for uid, some in leis.items() if some & touched}
    rest = [account for account in accounts if account.uid not in again]
    for start in range(0, len(rest), BATCH):
        batch = rest[start : start + BATCH]
        queries = [account.query for account in batch]
        matches = resolve_all(queries, changes.candidates(queries, CONSIDERED), with_what.settings)
        again |= {a.uid for a, m in zip(batch, matches, strict=True) if m.confidence >= WORTH_A_LOOK}
    return again


def concerned(store: Store, leis: Collection[str]) -> list[str]:
    """The names of the companies whose answers rest on one of these entities, as far as the state knows."""
    wanted = frozenset(leis)
    found: list[str] = []
    for query, _, body in store.results.resolutions(live_companies(store).keys()).values():
        asked = CompanyQuery(**json.loads(query))
        if leis_of(_resolved_of(asked, body)) & wanted:
            found.append(asked.name)
    return sorted(found)


def live_companies(store: Store) -> dict[str, list[str]]:
    """Company uid → the uids of its leads, of the companies that are there: those with a record, and those that leads
    name. Answers about others stay in the state, since they may come back."""
    live = store.pulled.live()
    found: dict[str, list[str]] = {uid: [] for uid in live}
    for lead, company in store.results.companies_of_leads().items():
        if lead in live:
            found.setdefault(company, []).append(lead)
    return found


def leis_of(answer: Resolved) -> frozenset[str]:
    """All entities an answer rests on: the match, those that were in question, and the owners."""
    owned = answer.ownership
    path = owned.path if owned is not None else ()
    owners = [p.lei for p in (owned.direct, owned.ultimate) if p is not None] if owned is not None else []
    named = (answer.match.lei, *(candidate[0] for candidate in answer.match.candidates), *path, *owners)
    return frozenset(lei for lei in named if lei)


TICK = "lei_confirmed"
"""The company mapping's field (a checkbox of a CRM) by which a person confirms the LEI that stands there."""
TICKED = "lei_ticked"
"""The fact that tells of such a tick: the LEI beside it ("" where that CRM has none) and since when it is known."""


def note_ticks(
    accounts: Iterable[Account], facts: Mapping[str, Fields], store: Store, clock: Clock, register: Register | None
) -> None:
    """Keep a tick beside a company's LEI as a person's decision; taking the tick away changes nothing, `leadsync
    resolve reject` does. A tick that is older than what was decided of the company last is no news, and an LEI that the
    register does not know is none. `facts`: those of the companies by uid."""
    ticked = [
        (account, str(facts[account.uid][TICKED])) for account in accounts if TICKED in facts.get(account.uid, ())
    ]
    if not ticked:
        return
    known = store.results.resolutions([account.uid for account, _ in ticked])
    last = {company_key(one.query): at for one, _, at in store.matches.told()}
    decided = Decisions.of(store.matches.verdicts())
    verdicts: list[Verdict] = []
    for account, told in ticked:
        beside, _, since = told.partition(" ")
        ours = known[account.uid][2]["match"]["lei"] if account.uid in known else ""
        lei, at = beside or ours, last.get(company_key(account.query))
        if not lei or (at is not None and datetime.fromisoformat(since) <= at):
            continue
        there = lei == ours or (LEI.fullmatch(lei) and register is not None and register.entity(lei) is not None)
        if there and lei != decided.about(account.query).confirmed:
            verdicts.append(Verdict(account.query, lei, CONFIRM))
    if verdicts:
        with store.transaction():
            store.matches.say(verdicts, "ticked in a CRM", clock())


def remembered(accounts: Iterable[Account], store: Store) -> dict[str, Resolved]:
    """Company uid → legal entity, as far as it was found before; nobody is asked."""
    wanted = list(accounts)
    known = store.results.resolutions([account.uid for account in wanted])
    return {a.uid: _resolved_of(a.query, known[a.uid][2]) for a in wanted if a.uid in known}


def _ask(queries: list[CompanyQuery], with_what: Asking) -> list[Resolved]:
    register = with_what.register
    matches = ask(queries, register, with_what.settings, with_what.decisions)
    return [_one(query, match, register) for query, match in zip(queries, matches, strict=True)]


def _one(query: CompanyQuery, match: Match, register: Register) -> Resolved:
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
