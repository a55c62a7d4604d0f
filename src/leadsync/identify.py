"""Which CRM records are one person or one company, and why: the same keys join, nothing is guessed."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from leadsync.normalize import person
from leadsync.normalize.company import core_name, country_code, domain_of, is_shared, legal_form, plain_words
from leadsync.records import Fields, Record, Ref, is_blank

NAMESPACE = uuid.UUID("6f0d3f5e-6a0c-5d4e-9a39-0e6d9b1f7c52")
"""leadsync's own: identities are UUIDv5 in it, so that a lost state file finds the same ids again."""
SINCE_BEFORE = "known as one since an earlier run"
SAME_ID = "the same leadsync id"
WEAK = (SINCE_BEFORE, SAME_ID)
"""What holds records together although it says nothing of why they are one: told only where nothing else is."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record as identification sees it: the canonical facts read from it, and the leadsync id it carries. `former`:
    the addresses of records that were merged into it."""

    record: Record
    facts: Fields
    preferred: int = 0
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """One person or company. `why`: for each record, what joined it to the others."""

    uid: str
    members: tuple[Known, ...]
    why: Mapping[Ref, str] = field(default_factory=dict)


KeyOf = Callable[[Known], str]


@dataclass(frozen=True, slots=True)
class Overrides:
    """What people said of pairs of records: they are one, or they are not. It is stronger than any key."""

    same: frozenset[tuple[Ref, Ref]] = frozenset()
    apart: frozenset[tuple[Ref, Ref]] = frozenset()


NOTHING_SAID = Overrides()


class _Groups:
    """Union-find over record refs that remembers by which key a record was joined, and never joins what is apart."""

    def __init__(self, apart: Iterable[tuple[Ref, Ref]] = ()) -> None:
        self._parent: dict[Ref, Ref] = {}
        self._apart = tuple(apart)
        self.why: dict[Ref, str] = {}

    def find(self, ref: Ref) -> Ref:
        root = ref
        while (up := self._parent.setdefault(root, root)) != root:
            root = up
        while self._parent[ref] != root:
            self._parent[ref], ref = root, self._parent[ref]
        return root

    def join(self, refs: Sequence[Ref], why: str) -> None:
        joined: list[Ref] = []
        for root in sorted({self.find(ref) for ref in refs}):
            into = next((j for j in joined if not self._forbidden(j, root)), None)
            if into is None:
                joined.append(root)
                continue
            self._parent[root] = into
        together = Counter(self.find(ref) for ref in set(refs))
        for ref in refs:
            if together[self.find(ref)] > 1 and (ref not in self.why or (self.why[ref] in WEAK and why not in WEAK)):
                self.why[ref] = why

    def _forbidden(self, a: Ref, b: Ref) -> bool:
        """Whether a person said that some record of one group is not some record of the other."""
        return any({self.find(x), self.find(y)} == {a, b} for x, y in self._apart)


def _text(facts: Fields, name: str) -> str:
    value = facts.get(name)
    return "" if is_blank(value) else str(value).strip()


def addresses(facts: Fields) -> tuple[str, ...]:
    """A person's valid e-mail addresses, the main one first."""
    return tuple(dict.fromkeys(person.emails(_text(facts, "email")) + person.emails(_text(facts, "other_emails"))))


def people(records: Iterable[Known], uids: Mapping[Ref, str], overrides: Overrides = NOTHING_SAID) -> list[Identity]:
    """Group records into people: by what people said, by leadsync id, conversion, and e-mail (main and additional).

    An address that a team reads (info@) joins only records whose names agree. Records without any key stand alone.
    """
    members = sorted(records, key=lambda k: k.record.ref)
    groups = _started(members, overrides)
    _join_known(groups, members, uids)
    _join_by_id(groups, members, uids, _person_key)
    _join_successors(groups, members)
    _join_by_email(groups, members)
    return _identities(groups, members, uids, _person_key)


def companies(records: Iterable[Known], uids: Mapping[Ref, str], overrides: Overrides = NOTHING_SAID) -> list[Identity]:
    """Group records into companies: by what people said, by leadsync id, and by name without legal form where country,
    form and web domain do not contradict. Where one CRM keeps two cities apart under one name, each is a company here:
    what is typed of the one site is not to reach the other."""
    members = sorted(records, key=lambda k: k.record.ref)
    groups = _started(members, overrides)
    _join_known(groups, members, uids)
    _join_by_id(groups, members, uids)
    _join_by_name(groups, members, uids)
    return _identities(groups, members, uids, _company_key)


def _started(members: Sequence[Known], overrides: Overrides) -> _Groups:
    """The groups as people made them."""
    present = {known.record.ref for known in members}
    groups = _Groups(pair for pair in sorted(overrides.apart) if present.issuperset(pair))
    for pair in sorted(overrides.same):
        if present.issuperset(pair):
            groups.join(pair, "a person said they are one")
    return groups


def carried_id(facts: Fields) -> str:
    """The leadsync id a record carries; what is not one of ours (a person typed there) counts as none."""
    try:
        return str(uuid.UUID(_text(facts, "leadsync_id")))
    except ValueError:
        return ""


def _join_known(groups: _Groups, members: Sequence[Known], uids: Mapping[Ref, str]) -> None:
    """Who was one before stays one, also when an e-mail address changes on one side."""
    before: dict[str, list[Ref]] = defaultdict(list)
    for known in members:
        groups.find(known.record.ref)
        if known.record.ref in uids:
            before[uids[known.record.ref]].append(known.record.ref)
    for refs in before.values():
        groups.join(refs, SINCE_BEFORE)


def _join_by_id(
    groups: _Groups, members: Sequence[Known], uids: Mapping[Ref, str], key_of: KeyOf | None = None
) -> None:
    """Records that carry one leadsync id; and, if `key_of` says what ids are named after, the record that is known by
    this id, or where none is (the state was lost), the one that it was named after: an address belongs to one person,
    but a name to many companies. Whoever has the address later is somebody else."""
    by_id: dict[str, list[Ref]] = defaultdict(list)
    for known in members:
        if ident := carried_id(known.facts):
            by_id[ident].append(known.record.ref)
    taken = {uids[known.record.ref] for known in members if known.record.ref in uids}
    for known in members:
        if key_of is not None and not carried_id(known.facts):
            named = _named(key_of(known))
            ident = uids.get(known.record.ref, "" if named in taken else named)
            if ident in by_id:
                by_id[ident].append(known.record.ref)
    for refs in by_id.values():
        groups.join(refs, SAME_ID)


def _named(key: str) -> str:
    return str(uuid.uuid5(NAMESPACE, key))


def _join_successors(groups: _Groups, members: Sequence[Known]) -> None:
    present = {known.record.ref for known in members}
    for known in members:
        after = known.record.successor
        if after is not None and after in present:
            groups.join([after, known.record.ref], f"{known.record.ref} was converted or merged into {after}")


def own_addresses(facts: Fields) -> tuple[str, ...]:
    """A person's addresses but those that a team reads."""
    return tuple(address for address in addresses(facts) if not person.is_role_address(address))


def _join_by_email(groups: _Groups, members: Sequence[Known]) -> None:
    by_address: dict[str, list[Known]] = defaultdict(list)
    for known in members:
        for address in dict.fromkeys((*addresses(known.facts), *known.former)):
            by_address[address].append(known)
    for address, sharers in sorted(by_address.items()):
        if not person.is_role_address(address):
            groups.join([k.record.ref for k in sharers], "same e-mail address")
            continue
        for alike in _by_name(sharers):
            groups.join([k.record.ref for k in alike], "same shared e-mail address and the same name")


def _by_name(sharers: Sequence[Known]) -> Iterable[list[Known]]:
    named: dict[str, list[Known]] = defaultdict(list)
    for known in sharers:
        key = person.name_key(_text(known.facts, "first_name"), _text(known.facts, "last_name"))
        named[key].append(known)
    return named.values()


def _person_key(known: Known) -> str:
    """What an identity is named after for good: its address, unless a team reads it."""
    address = next(iter(own_addresses(known.facts)), "")
    return f"person:{address}" if address else f"person:{known.record.ref}"


# ---- companies


@dataclass(frozen=True, slots=True)
class CompanyKey:
    """What tells companies of one name apart."""

    core: str
    form: str
    country: str
    domain: str


def web_domain(facts: Fields) -> str:
    """The domain that speaks for a company: its own, its website's; never one where anybody may have an address."""
    domain = domain_of(_text(facts, "domain")) or domain_of(_text(facts, "website"))
    return "" if is_shared(domain, person.FREE_MAIL) else domain


def city_key(facts: Fields) -> str:
    """A city, however it is written; "" where none is known."""
    return " ".join(plain_words(_text(facts, "city")))


def company_key(facts: Fields) -> CompanyKey:
    """The key of a company as its record, or a lead, describes it."""
    name = _text(facts, "name") or _text(facts, "company_name")
    country = country_code(_text(facts, "country"))
    domain = web_domain(facts)
    return CompanyKey(core_name(name, country), legal_form(name, country), country, domain)


def same_company(a: CompanyKey, b: CompanyKey) -> bool:
    """Whether two descriptions with one core name are of one company: nothing contradicts (country, legal form), and
    something besides the name agrees. A bare brand ("Merck", merck.com) is nobody's: groups share brands, and their
    subsidiaries share a domain, so that it would take on one company's legal entity by chance."""
    if not (a.form or a.country) or not (b.form or b.country):
        return False
    if any(x and y and x != y for x, y in ((a.form, b.form), (a.country, b.country))):
        return False
    if (a.domain and a.domain == b.domain) or (a.country and a.country == b.country):
        return True
    return bool(a.form) and a.form == b.form and not (a.domain and b.domain)


def _join_by_name(groups: _Groups, members: Sequence[Known], uids: Mapping[Ref, str]) -> None:
    by_core: dict[str, list[tuple[CompanyKey, Ref]]] = defaultdict(list)
    cities: dict[Ref, str] = {}
    idents: dict[Ref, str] = {}
    for known in members:
        key, ref = company_key(known.facts), known.record.ref
        if key.core:
            by_core[key.core].append((key, ref))
            cities[ref], idents[ref] = city_key(known.facts), uids.get(ref) or carried_id(known.facts)
    for namesakes in by_core.values():
        for kind in _kinds(namesakes):
            for site in _sites(kind, cities, idents):
                groups.join(site, "same company name, and country, legal form or web domain agree")


def _kinds(namesakes: Sequence[tuple[CompanyKey, Ref]]) -> list[list[Ref]]:
    """Split namesakes into companies: the fully described ones first; a vague one joins when only one fits it."""
    kinds: list[tuple[CompanyKey, list[Ref]]] = []
    for key, ref in sorted(namesakes, key=lambda n: (-sum(map(bool, (n[0].form, n[0].country))), n[1])):
        fitting = [kind for kind in kinds if same_company(kind[0], key)]
        by_domain = [kind for kind in fitting if key.domain and kind[0].domain == key.domain]
        if len(by_domain or fitting) == 1:
            (by_domain or fitting)[0][1].append(ref)
        elif not fitting:
            kinds.append((key, [ref]))
    return [refs for _, refs in kinds]


def _sites(kind: Sequence[Ref], cities: Mapping[Ref, str], idents: Mapping[Ref, str]) -> Iterable[Sequence[Ref]]:
    """One company's records; by city, where one CRM has it in several, or had: a city that is no longer told makes no
    two companies one. Of which site one without a city is, nobody knows: it stands alone, but for its leadsync id."""
    if not _several(kind, cities) and not _several(kind, idents):
        return [kind]
    by_city: dict[str, list[Ref]] = defaultdict(list)
    for ref in kind:
        by_city[cities[ref] or idents[ref] or str(ref)].append(ref)
    return by_city.values()


def _several(kind: Sequence[Ref], told: Mapping[Ref, str]) -> bool:
    """Whether one CRM tells of more than one."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for ref in kind:
        found[ref.side, ref.kind].add(told[ref])
    return any(len(of - {""}) > 1 for of in found.values())


def _company_key(known: Known) -> str:
    key = company_key(known.facts)
    return _key_text(key) if key.core else f"company:{known.record.ref}"


def _key_text(key: CompanyKey) -> str:
    return f"company:{key.core}|{key.form}|{key.country}"


def implied_uid(key: CompanyKey) -> str:
    """The identity of a company that only leads speak of; never that of a record which happens to have its name."""
    return _named(f"implied {_key_text(key)}")


# ---- ties


def own_tie(ref: Ref | str) -> str:
    """What ties whatever speaks of a record to it; also the last resort of naming it."""
    return _named(str(ref))


def address_tie(address: str) -> str:
    """What ties all who have an address, and the touches known by it."""
    return f"address {address}"


def record_ties(record: Record) -> Iterator[str]:
    """What ties all that speaks of a record, and the record that took its place."""
    yield own_tie(record.ref)
    if record.successor is not None:
        yield own_tie(record.successor)


def person_ties(known: Known) -> Iterator[str]:
    """All that a person's record may be joined or named by. Records that are tied neither directly nor by way of others
    never bear on who the other is: a superset of what `people` looks at."""
    yield from _ties(known, _person_key)
    yield from map(address_tie, addresses(known.facts))


def merged_ties(record: Record, facts: Fields) -> Iterator[str]:
    """The same for a person's record that was merged into another one."""
    yield from record_ties(record)
    yield from map(address_tie, own_addresses(facts))


def company_ties(known: Known) -> Iterator[str]:
    """The same for a company's record and `companies`."""
    yield from _ties(known, _company_key)
    key = company_key(known.facts)
    if key.core:
        yield f"name {key.core}"


def _ties(known: Known, key_of: KeyOf) -> Iterator[str]:
    yield from record_ties(known.record)
    if ident := carried_id(known.facts):
        yield ident
    yield _named(key_of(known))


# ---- naming


def _identities(groups: _Groups, members: Sequence[Known], uids: Mapping[Ref, str], key_of: KeyOf) -> list[Identity]:
    gathered: dict[Ref, list[Known]] = defaultdict(list)
    for known in members:
        gathered[groups.find(known.record.ref)].append(known)
    taken: set[str] = set()
    found: list[Identity] = []
    # Who had an id keeps it, before a newcomer is named after an address that somebody else used to have.
    for group in sorted(gathered.values(), key=lambda g: not any(k.record.ref in uids for k in g)):
        uid = _uid(group, uids, key_of, taken)
        taken.add(uid)
        why = {k.record.ref: groups.why.get(k.record.ref, "stands alone") for k in group}
        found.append(Identity(uid, tuple(group), why))
    return sorted(found, key=lambda identity: identity.uid)


def _uid(group: Sequence[Known], uids: Mapping[Ref, str], key_of: KeyOf, taken: set[str]) -> str:
    """The id the group had, or carries in a CRM, or gets by its key; never one that another group has."""
    had = [uids[k.record.ref] for k in group if k.record.ref in uids]
    carried = [ident for k in group if (ident := carried_id(k.facts))]
    named = [_named(key) for key in sorted(key_of(k) for k in group)]
    by_ref = [_named(str(group[0].record.ref))]
    return next(uid for uid in (*sorted(had), *sorted(carried), *named, *by_ref) if uid not in taken)
