"""Everything known, put together: who is who, which company, which legal entity, what it is worth, what earned it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from leadsync.accounts import Account, Accounts, Belonging, Family, account_of, families
from leadsync.enrich import TICK, TICKED, Resolved
from leadsync.identify import Identity, Known, addresses, carried_id, own_addresses
from leadsync.mapping.compare import canonical, same
from leadsync.mapping.model import FieldMap, ObjectMap
from leadsync.mapping.transform import apply
from leadsync.merge import PAIR, Verdict, answered
from leadsync.normalize import person
from leadsync.plan import Member, Subject
from leadsync.records import Fields, Record, Ref, Touch, Value, is_blank
from leadsync.store import Ruling, Seen
from leadsync.store.pulled import NEVER
from leadsync.touchpoints import Contact, Touchpoint, TouchRules, classify_all, contacts, is_internal
from leadsync.traits import derive
from leadsync.unify import Source, read, unify

Given: TypeAlias = Callable[[Ref], Mapping[str, tuple[Value, datetime]]]
"""A record → what our last writes made of its fields, and when."""


@dataclass(frozen=True, slots=True)
class Party:
    """A person or a company: its records and the one set of facts they make."""

    identity: Identity
    sources: tuple[Seen, ...]
    facts: Mapping[str, Value]
    verdicts: Mapping[str, Verdict]
    awaited: frozenset[Ref] = frozenset()
    """Those of its records whose place another one took that was not seen yet."""

    @property
    def uid(self) -> str:
        """The leadsync id."""
        return self.identity.uid


@dataclass(frozen=True, slots=True)
class Lead:
    """A person with the company, the touches and the family that scoring looks at; `facts` include what they imply."""

    party: Party
    facts: Mapping[str, Value]
    belonging: Belonging | None
    resolved: Resolved | None
    touchpoints: tuple[Touchpoint, ...]
    family: Family = field(default_factory=Family)
    contacts: tuple[Contact, ...] = ()

    @property
    def uid(self) -> str:
        """The leadsync id."""
        return self.party.uid


def known(mapping: ObjectMap, seen: Iterable[Seen], preferred: Mapping[tuple[str, str], int]) -> list[Known]:
    """Live records as identification sees them. Who writes from the address of a record that somebody merged into
    another one is known as that one."""
    former: dict[Ref, tuple[str, ...]] = defaultdict(tuple)
    live: list[Record] = []
    for record in (s.record for s in seen):
        if not record.deleted:
            live.append(record)
        elif record.successor is not None:
            former[record.successor] += own_addresses(read(mapping, record))
    rank = {record.ref: preferred.get((record.ref.side, record.ref.kind), 0) for record in live}
    return [Known(record, read(mapping, record), rank[record.ref], former.get(record.ref, ())) for record in live]


def parties(
    mapping: ObjectMap,
    identities: Iterable[Identity],
    seen: Mapping[Ref, Seen],
    rulings: Mapping[tuple[str, str], Ruling],
    given: Given,
) -> list[Party]:
    """One party for each identity, its facts unified from its records. `rulings`: what people answered to conflicts,
    by leadsync id and field."""
    made: list[Party] = []
    for identity in identities:
        members = tuple(seen[k.record.ref] for k in identity.members)
        several = len(members) > PAIR
        sources = [
            Source(s.record, s.shadow, k.preferred, s.changed, given(s.record.ref) if several else {})
            for s, k in zip(members, identity.members, strict=True)
        ]
        facts, verdicts = unify(mapping, sources)
        for name in [n for n, v in verdicts.items() if v.said and (identity.uid, n) in rulings]:
            verdicts[name] = _ruled(mapping, verdicts[name], rulings[identity.uid, name], members, given)
            facts[name] = verdicts[name].value
        awaited = frozenset(
            s.record.ref for s in members if (after := s.record.successor) is not None and after not in seen
        )
        made.append(Party(identity, members, facts, verdicts, awaited))
    return made


def _ruled(mapping: ObjectMap, found: Verdict, ruling: Ruling, members: Iterable[Seen], given: Given) -> Verdict:
    """An answer holds as long as the records say what they said when it was given, or already what was answered; not
    where somebody typed the same once more since."""
    mapped = mapping.fields[ruling.field]
    typed = None if is_blank(ruling.value) else apply(mapped.transform, canonical(ruling.value, mapped.type))
    how, later = mapped.compare, _typed_after(mapped, members, ruling.at, given)
    then = {ref: value for ref, value in ruling.cells if ref not in later}
    for ref, value in found.said:
        if (ref not in then or not same(then[ref], value, how)) and not same(typed, value, how):
            return found
    return answered(found, typed, lambda a, b: same(a, b, how))


def _typed_after(mapped: FieldMap, members: Iterable[Seen], moment: datetime, given: Given) -> set[Ref]:
    """The records in which a field certainly became what it is after a moment: so it was seen, or we had written
    something else there after it."""
    found: set[Ref] = set()
    for seen in members:
        ref, last = seen.record.ref, given(seen.record.ref)
        for name in (target.name for target in mapped.targets_in(ref.side, ref.kind)):
            settled, at = last.get(name, (None, NEVER))
            over_ours = at > moment and name in seen.record.fields and seen.record.fields[name] != settled
            if over_ours or (name in seen.changed and seen.changed[name][0] > moment):
                found.add(ref)
    return found


def closed_sides(
    parties_: Iterable[Party], known_as: Mapping[Ref, str], seen: Mapping[Ref, Seen]
) -> dict[str, frozenset[str]]:
    """Leadsync id → the sides on which a person deleted its record, so that it is not made again there. Records that
    went over into another one do not count."""
    now_called = {known_as[r]: p.uid for p in parties_ for r in p.identity.why if r in known_as}
    found: dict[str, set[str]] = defaultdict(set)
    for ref, uid in known_as.items():
        if ref in seen and seen[ref].record.deleted and seen[ref].record.successor is None:
            found[now_called.get(uid, uid)].add(ref.side)
    return {uid: frozenset(sides) for uid, sides in found.items()}


def carriers(parties_: Iterable[Party]) -> dict[str, dict[tuple[str, str], Ref]]:
    """Leadsync id → the records, by side and vendor object, that carry it though they are another's since a split."""
    found: dict[str, dict[tuple[str, str], Ref]] = defaultdict(dict)
    for party in parties_:
        for member in party.identity.members:
            ref, carried = member.record.ref, carried_id(member.facts)
            if carried and carried != party.uid:
                found[carried][ref.side, ref.kind] = ref
    return found


def accounts(companies: Iterable[Party]) -> Accounts:
    """The accounts that the CRMs' company records make."""
    return Accounts(account_of(company.identity, company.facts) for company in companies)


def belongings(people: Iterable[Party], known_accounts: Accounts) -> dict[str, Belonging | None]:
    """Each person's company; companies that only leads name are added to the accounts."""
    return {party.uid: known_accounts.belonging(party.identity.members, party.facts) for party in people}


@dataclass(frozen=True, slots=True)
class Activity:
    """What a person did and what we did, oldest first."""

    touchpoints: tuple[Touchpoint, ...] = ()
    contacts: tuple[Contact, ...] = ()


def activities(people: Iterable[Party], touches: Iterable[Touch], rules: TouchRules) -> dict[str, Activity]:
    """Each person's touches as touchpoints and as contacts of ours. A touch known by an address alone goes to the one
    person who has it."""
    owner: dict[Ref, str] = {}
    by_address: dict[str, set[str]] = defaultdict(set)
    for party in people:
        for member in party.identity.members:
            owner[member.record.ref] = party.uid
            for address in addresses(member.facts):
                by_address[address].add(party.uid)
    gathered: dict[str, list[Touch]] = defaultdict(list)
    for touch in touches:
        uid = owner.get(touch.person) or _only(by_address.get(person.email(touch.person.id), set()))
        if uid is not None:
            gathered[uid].append(touch)
    ours = {uid for address, uids in by_address.items() if is_internal(address, rules) for uid in uids}
    return {
        uid: Activity(tuple(classify_all(found, rules)), tuple(contacts(found, rules)))
        for uid, found in gathered.items()
        if uid not in ours
    }


def _only(uids: set[str]) -> str | None:
    return next(iter(uids)) if len(uids) == 1 else None


COMPANY_FACTS = (
    "lei", "lei_confidence", "lei_match", "legal_name", "legal_country", "entity_status", "lei_status",
    "direct_parent_name", "direct_parent_lei", "parent_exception",
    "ultimate_parent_name", "ultimate_parent_lei", "ultimate_parent_country",
)  # fmt: skip
"""What a lead knows from its company's legal entity."""

RESTRICTIVE = ("opted_out", "do_not_call")
"""What holds as soon as one record says so: an objection in one CRM counts in both, whoever owns the field."""

INHERITED = ("industry", "employees", "annual_revenue", "website")
"""What a lead takes from its company's record where its own is blank."""


def lead_facts(
    party: Party, resolved: Resolved | None, company: Mapping[str, Value] | None, family: Family
) -> dict[str, Value]:
    """All that a score or a condition may look at: the person's facts, the company's, the family's, and traits."""
    facts = dict(party.facts)
    for name in RESTRICTIVE:
        if any(known_as.facts.get(name) is True for known_as in party.identity.members):
            facts[name] = True
    for name in INHERITED:
        if is_blank(facts.get(name)) and company is not None and not is_blank(company.get(name)):
            facts[name] = company[name]
    computed = resolved.computed() if resolved is not None else {}
    facts |= {name: computed.get(f"company.{name}") for name in COMPANY_FACTS}
    facts |= {"group_leads": family.leads, "group_engaged_30d": family.engaged, "group_customers": family.customers}
    return {**facts, **derive(facts)}


def members(party: Party, unique_field: Mapping[tuple[str, str], str]) -> tuple[Member, ...]:
    """The records a plan may write to; of several of one side and object, the one that carries (or is to carry) the
    leadsync id is the primary."""
    primary: dict[tuple[str, str], Ref] = {}
    oldest = sorted(party.sources, key=lambda s: (not _carries(s, party.uid, unique_field), s.first_seen, s.record.ref))
    for seen in oldest:
        if not seen.record.read_only:
            primary.setdefault((seen.record.ref.side, seen.record.ref.kind), seen.record.ref)
    return tuple(
        Member(
            s.record.ref,
            s.record.fields,
            s.shadow,
            read_only=s.record.read_only,
            primary=s.record.ref in primary.values(),
            modified=s.record.modified,
            modified_by=s.record.modified_by,
            awaited=s.record.ref in party.awaited,
        )
        for s in party.sources
    )


def _carries(seen: Seen, uid: str, unique_field: Mapping[tuple[str, str], str]) -> bool:
    name = unique_field.get((seen.record.ref.side, seen.record.ref.kind))
    return name is not None and seen.record.fields.get(name) == uid


def subject(
    party: Party,
    mapping: ObjectMap,
    facts: Fields,
    computed: Mapping[str, Value],
    links: Mapping[str, Mapping[str, tuple[str, ...]]],
    reasons: Mapping[str, str],
) -> Subject:
    """A party as the plan wants it."""
    there = members(party, unique_fields(mapping))
    return Subject(party.uid, mapping, there, facts, computed, party.verdicts, links, reasons)


def unique_fields(mapping: ObjectMap) -> dict[tuple[str, str], str]:
    """(side, vendor object) → the vendor field that carries the leadsync id."""
    return {
        (target.side, kind): target.name
        for mapped in mapping.fields.values()
        if mapped.unique
        for target in mapped.targets
        for kind in (target.objects or mapping.kinds.get(target.side, ()))
    }


def telling(mapping: ObjectMap, company: Party) -> Fields:
    """What of a company others have to know: what its leads inherit, and an LEI that a person confirmed by a tick."""
    return {**{name: company.facts[name] for name in INHERITED if name in company.facts}, **_ticked(mapping, company)}


def _ticked(mapping: ObjectMap, company: Party) -> Fields:
    """The LEI beside a tick, and since when the tick is known. None where the LEI came there after the tick: nobody
    has looked at that one; nor where two ticks stand beside two LEIs."""
    found: dict[str, datetime] = {}
    for seen, member in zip(company.sources, company.identity.members, strict=True):
        if member.facts.get(TICK) is True:
            there = mapping.targets(seen.record.ref.side, seen.record.ref.kind)
            beside = [(mapped.name, target.name) for mapped, target in there if "company.lei" in mapped.sources]
            since = _became(seen, [target.name for mapped, target in there if mapped.name == TICK])
            lei = next(
                (str(member.facts[name] or "").strip().upper() for name, _ in beside if name in member.facts), ""
            )
            if since >= _became(seen, [name for _, name in beside]) and (lei or not beside):
                found[lei] = max(since, found.get(lei, NEVER))
    if len(found) != 1:
        return {}
    ((lei, at),) = found.items()
    return {TICKED: f"{lei} {at.isoformat()}"}


def _became(seen: Seen, names: Iterable[str]) -> datetime:
    """When one of these fields was last seen to have changed."""
    return max((seen.changed[name][1] for name in names if name in seen.changed), default=NEVER)


def account_links(account: Account | None) -> dict[str, dict[str, tuple[str, ...]]]:
    """The company records a new lead record is to be associated with, by side and vendor object."""
    links: dict[str, dict[str, tuple[str, ...]]] = {}
    for ref in account.records if account is not None else ():
        links.setdefault(ref.side, {}).setdefault(ref.kind, (ref.id,))
    return links


def family_counts(
    people: Iterable[Party],
    belonging: Mapping[str, Belonging | None],
    resolved: Mapping[str, Resolved],
    active: Mapping[str, Activity],
    as_of: datetime,
) -> dict[str, Family]:
    """The others of each lead's corporate family: leads whose companies have one ultimate parent, or are one."""
    family_of: dict[str, str] = {}
    customers: set[str] = set()
    for party in people:
        home = belonging[party.uid]
        if home is not None:
            uid = home.account.uid
            family_of[party.uid] = (resolved[uid].family if uid in resolved else "") or uid
        if is_customer(party):
            customers.add(party.uid)
    return families(family_of, newest_touch(active), customers, as_of)


def is_customer(party: Party) -> bool:
    """Whether a person's records say that the company is one already."""
    return party.facts.get("lifecycle_stage") == "customer"


def lead(
    party: Party,
    belonging: Belonging | None,
    resolved: Mapping[str, Resolved],
    company_facts: Mapping[str, Mapping[str, Value]],
    families_: Mapping[str, Family],
    active: Mapping[str, Activity],
) -> Lead:
    """A person with all that bears on it."""
    uid = belonging.account.uid if belonging is not None else ""
    entity = resolved.get(uid)
    family = families_.get(party.uid, Family())
    facts = lead_facts(party, entity, company_facts.get(uid), family)
    done = active.get(party.uid, Activity())
    return Lead(party, facts, belonging, entity, done.touchpoints, family, done.contacts)


def newest_touch(active: Mapping[str, Activity]) -> dict[str, datetime]:
    """When each lead was last engaged."""
    return {uid: done.touchpoints[-1].at for uid, done in active.items() if done.touchpoints}


def colleagues(
    belonging: Mapping[str, Belonging | None], active: Mapping[str, Activity], since: datetime
) -> dict[str, tuple[Contact, ...]]:
    """For each lead with a company, our contacts since a moment with the others there: what caps by account count."""
    homes: dict[str, list[str]] = defaultdict(list)
    for uid, home in belonging.items():
        if home is not None:
            homes[home.account.uid].append(uid)
    recent = {uid: [c for c in done.contacts if c.at >= since] for uid, done in active.items() if done.contacts}
    return {
        uid: tuple(contact for other in uids if other != uid for contact in recent.get(other, ()))
        for uids in homes.values()
        if any(recent.get(uid) for uid in uids)
        for uid in uids
    }
