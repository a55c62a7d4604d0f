"""Which company a lead belongs to, what to ask the register about it, and who else is in its corporate family."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadsync.identify import CompanyKey, Identity, Known, city_key, company_key, implied_uid, same_company, web_domain
from leadsync.normalize import person
from leadsync.records import CompanyQuery, Fields, Ref, is_blank

ENGAGED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Account:
    """A company that leads belong to. `records`: those of the CRMs, empty where only leads speak of it (implied)."""

    uid: str
    key: CompanyKey
    query: CompanyQuery
    records: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Belonging:
    """A lead's company, and how that is known."""

    account: Account
    why: str


def _text(facts: Fields, name: str) -> str:
    value = facts.get(name)
    return "" if is_blank(value) else str(value).strip()


def account_of(identity: Identity, facts: Fields) -> Account:
    """The account that a group of company records is, described by its unified facts."""
    key = company_key(facts)
    query = CompanyQuery(
        name=_text(facts, "name"),
        country=key.country,
        city=_text(facts, "city"),
        region=_text(facts, "region"),
        domain=key.domain,
    )
    return Account(identity.uid, key, query, tuple(k.record.ref for k in identity.members))


ASKED = ("email", "domain", "website", "company_name", "country", "city", "region")
"""The facts of a lead that tell its company."""


@dataclass(frozen=True, slots=True)
class Sought:
    """By what a lead's company can be found: no other account than one of these records, core names, domains or ids
    is ever looked at for it."""

    records: frozenset[Ref]
    cores: frozenset[str]
    domains: frozenset[str]
    uids: frozenset[str]


def sought(members: Sequence[Known], facts: Fields) -> Sought:
    """What `Accounts.belonging` looks at for this lead."""
    key = _named_key(facts)
    linked = (Ref(k.record.ref.side, kind, i) for k in members for kind, ids in k.record.links.items() for i in ids)
    named = (frozenset([key.core]), frozenset([implied_uid(key)])) if key.core else (frozenset[str](), frozenset[str]())
    domains = frozenset([_mail_domain(facts)]) - {""}
    return Sought(frozenset(linked), named[0], domains, named[1])


def _mail_domain(facts: Fields) -> str:
    """The domain of a lead's address, "" where anybody may have one."""
    address = person.email(_text(facts, "email"))
    return "" if person.is_free_mail(address) else person.email_domain(address)


def _own_domain(facts: Fields) -> str:
    """The domain that speaks for a lead's company: its website's, else its address's."""
    return web_domain(facts) or _mail_domain(facts)


def _named_key(facts: Fields) -> CompanyKey:
    """The company that a lead names."""
    name, country = facts.get("company_name"), facts.get("country")
    return company_key({"name": name, "country": country, "domain": _own_domain(facts)})


class Accounts:
    """The accounts of both CRMs, found by record, by name, or by e-mail domain."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.by_uid: dict[str, Account] = {}
        self._by_record: dict[Ref, Account] = {}
        self._by_core: dict[str, list[Account]] = defaultdict(list)
        self._by_domain: dict[str, list[Account]] = defaultdict(list)
        for account in accounts:
            self._add(account)

    def _add(self, account: Account) -> None:
        self.by_uid[account.uid] = account
        for ref in account.records:
            self._by_record[ref] = account
        if account.key.core:
            self._by_core[account.key.core].append(account)
        if account.key.domain:
            self._by_domain[account.key.domain].append(account)

    def belonging(self, members: Sequence[Known], facts: Fields) -> Belonging | None:
        """The company of a lead: the one its record is associated with; else the one it names; else the only one whose
        web domain its e-mail has. A company that only this lead names is implied and added."""
        return self._linked(members) or self._named(facts) or self._by_mail(facts)

    def _linked(self, members: Sequence[Known]) -> Belonging | None:
        for known in sorted(members, key=lambda k: (-k.preferred, k.record.ref)):
            for kind, ids in known.record.links.items():
                for ident in ids:
                    account = self._by_record.get(Ref(known.record.ref.side, kind, ident))
                    if account is not None:
                        return Belonging(account, f"{known.record.ref} is associated with it")
        return None

    def _named(self, facts: Fields) -> Belonging | None:
        key, domain = _named_key(facts), _own_domain(facts)
        if not key.core:
            return None
        namesakes = [a for a in self._by_core.get(key.core, ()) if same_company(a.key, key)]
        by_domain = [a for a in namesakes if domain and a.key.domain == domain]
        found = _site(by_domain, facts) or _only(_here(by_domain or namesakes, facts))
        if found is not None:
            return Belonging(found, "the lead names it")
        return Belonging(self._imply(key, facts), "only leads name it")

    def _imply(self, key: CompanyKey, facts: Fields) -> Account:
        uid = implied_uid(key)
        if uid in self.by_uid:
            return self.by_uid[uid]
        name, city, region = (_text(facts, n) for n in ("company_name", "city", "region"))
        account = Account(uid, key, CompanyQuery(name, key.country, city, region, key.domain))
        self._add(account)
        return account

    def _by_mail(self, facts: Fields) -> Belonging | None:
        found = _site(self._by_domain.get(_mail_domain(facts), []), facts)
        return Belonging(found, "the only company with the e-mail's domain") if found is not None else None


def _site(sharers: Sequence[Account], facts: Fields) -> Account | None:
    """The only one of the accounts that share a web domain; of one company's sites, one in the lead's city, else any,
    always the one with the smallest id: they have one legal entity."""
    first = min(sharers, key=_uid, default=None)
    if first is None or not all(a.key.core == first.key.core and same_company(a.key, first.key) for a in sharers):
        return None
    return min(_here(sharers, facts), key=_uid)


def _uid(account: Account) -> str:
    return account.uid


def _here(accounts: Sequence[Account], facts: Fields) -> Sequence[Account]:
    """The accounts in the lead's city; all of them, where none is."""
    city = city_key(facts)
    return [a for a in accounts if city and city_key({"city": a.query.city}) == city] or accounts


def _only(accounts: Sequence[Account]) -> Account | None:
    return accounts[0] if len(accounts) == 1 else None


@dataclass(frozen=True, slots=True)
class Family:
    """The others of a lead's corporate family: leads, those among them engaged of late, and customers."""

    leads: int = 0
    engaged: int = 0
    customers: int = 0

    def without(self, *, engaged: bool, customer: bool) -> Family:
        """The others, as one of them sees them."""
        return Family(self.leads - 1, self.engaged - engaged, self.customers - customer)


def is_engaged(at: datetime | None, as_of: datetime) -> bool:
    """Whether somebody whose newest touch was then is engaged of late."""
    return at is not None and as_of - at <= ENGAGED_WITHIN


def families(
    family_of: Mapping[str, str], engaged_at: Mapping[str, datetime], customers: set[str], as_of: datetime
) -> dict[str, Family]:
    """For each lead uid with a family id, the counts of the others in it (a lead never counts itself)."""
    members: dict[str, list[str]] = defaultdict(list)
    for uid, family in family_of.items():
        members[family].append(uid)
    recent = {uid for uid, at in engaged_at.items() if is_engaged(at, as_of)}
    counted: dict[str, Family] = {}
    for uids in members.values():
        total = Family(len(uids), sum(u in recent for u in uids), sum(u in customers for u in uids))
        for uid in uids:
            counted[uid] = total.without(engaged=uid in recent, customer=uid in customers)
    return counted
