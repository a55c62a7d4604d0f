"""Put together what is known, and judge it: of everything at once, or of some records with what the others tell."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from leadsync import picture
from leadsync.accounts import Account, Belonging, Family
from leadsync.attribute import Conversion, journeys, summary
from leadsync.connector import Crm
from leadsync.decide import computed_company, computed_lead, reasons
from leadsync.enrich import Resolved, enrich, note_ticks, remembered
from leadsync.identify import Overrides
from leadsync.identify import companies as identify_companies
from leadsync.identify import people as identify_people
from leadsync.memory import latest, overrides
from leadsync.nurture import Advice, Do, Nurtured, Situation, nurture, relive
from leadsync.nurture.standing import unpack as unpack_nurtured
from leadsync.picture import Activity, Lead, Party
from leadsync.plan import Subject
from leadsync.qualify import StageState, qualify, replay, touch_days, unpack
from leadsync.records import Fields, Ref, Role, Value
from leadsync.rules import Rulebook
from leadsync.score import ScoringModel, score
from leadsync.store import Ruling, Seen, Store
from leadsync.store.pulled import Pulled
from leadsync.store.snapshots import as_known
from leadsync.streams import Streamed
from leadsync.touchpoints import Contact
from leadsync.world import Before, Judged, View, World


@dataclass(frozen=True, slots=True)
class Said:
    """What people said: who is who, and how contradictions are settled."""

    overrides: Overrides
    rulings: Mapping[tuple[str, str], Ruling]

    @classmethod
    def of(cls, store: Store) -> Said:
        """All that is kept of it."""
        return cls(overrides(store), latest(store.cases.rulings()))


@dataclass(frozen=True, slots=True)
class Part:
    """Some records by their rows, and people whom touches name by an address: all that bears on who they are."""

    rows: Sequence[int]
    addressed: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """Who some records are and what they did. `refs`: of all of them; `known_as`: who they were in an earlier run."""

    people: list[Party]
    companies: list[Party]
    active: Mapping[str, Activity]
    closed: Mapping[str, frozenset[str]]
    refs: frozenset[Ref]
    known_as: Mapping[Ref, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What others have to say of leads: their company, its legal entity and facts, the corporate family, and our
    contacts with their colleagues."""

    belongings: Mapping[str, Belonging | None]
    resolved: Mapping[str, Resolved]
    company_facts: Mapping[str, Mapping[str, Value]]
    families: Mapping[str, Family]
    colleagues: Mapping[str, tuple[Contact, ...]]


def look(world: World) -> View:
    """Put together what is known, and judge it as of now. Asks the register, writes to no CRM."""
    as_of = world.clock()
    found = find(world, as_of, Said.of(world.store))
    around = look_around(world, found, as_of)
    world.progress.step("score and qualify", len(found.people))
    return conclude(world, found, around, as_of)


def find(world: World, as_of: datetime, said: Said, part: Part | None = None) -> Found:
    """Who is who among all records, or among those of a part, and what they did until now."""
    pulled = world.store.pulled
    seen = {s.record.ref: _followed(s, pulled) for s in pulled.records(part.rows if part is not None else None)}
    known_as = pulled.identities(seen if part is not None else None)
    people, firms = (
        picture.known(world.rules.mappings[role], of_role(world.sides, seen.values(), role), preferred(world.sides))
        for role in (Role.PERSON, Role.COMPANY)
    )
    if part is None:
        world.progress.step("identify people and companies", len(people) + len(firms))
    together = partial(picture.parties, seen=seen, rulings=said.rulings, given=world.store.outbox.given_to)
    leads = together(world.rules.lead, identify_people(people, known_as, said.overrides))
    companies = together(world.rules.company, identify_companies(firms, known_as, said.overrides))
    named = {*map(str, seen), *part.addressed} if part is not None else None
    active = picture.activities(leads, (t for t in pulled.touches(named) if t.at <= as_of), world.rules.touches)
    closed = picture.closed_sides([*leads, *companies], known_as, seen)
    return Found(leads, companies, active, closed, frozenset(seen), known_as)


def _followed(seen: Seen, pulled: Pulled) -> Seen:
    """A record whose place another one took that was merged since: the place went on to that one, as no CRM tells."""
    after = seen.record.successor
    if after is None or (now := pulled.now(after)) == after:
        return seen
    return replace(seen, record=replace(seen.record, successor=now))


def look_around(world: World, found: Found, as_of: datetime) -> Around:
    """What all leads and companies have to say of each other. Asks the register."""
    accounts = picture.accounts(found.companies)
    belongings = picture.belongings(found.people, accounts)
    company_facts = {c.uid: picture.telling(world.rules.company, c) for c in found.companies}
    note_decisions(world, accounts.by_uid.values(), company_facts)
    resolved = resolve(world, accounts.by_uid.values())
    families = picture.family_counts(found.people, belongings, resolved, found.active, as_of)
    colleagues = picture.colleagues(belongings, found.active, as_of - world.rules.nurture.memory)
    return Around(belongings, resolved, company_facts, families, colleagues)


def note_decisions(world: World, accounts: Iterable[Account], facts: Mapping[str, Fields]) -> None:
    """Keep what people decided in a CRM of these companies' legal entities. `facts`: theirs, by uid."""
    if world.asking:
        note_ticks(accounts, facts, world.store, world.clock, world.register)


def resolve(world: World, accounts: Iterable[Account]) -> dict[str, Resolved]:
    """Account uid → legal entity, as the register knows it, or as far as it was found before."""
    if not world.asking:
        return remembered(accounts, world.store)
    return enrich(accounts, world.register, world.store, world.config.resolve, world.clock, world.progress)


def conclude(world: World, found: Found, around: Around, as_of: datetime) -> View:
    """Judge leads, and say what is wanted of them and of companies."""
    kept = _kept(world, around.colleagues)
    uids = [party.uid for party in found.people]
    then = world.store.snapshots.at(as_of.date(), uids) if world.replaying else {}
    judged: list[Judged] = []
    for party in found.people:
        home = around.belongings.get(party.uid)
        lead = picture.lead(party, home, around.resolved, around.company_facts, around.families, found.active)
        if party.uid in then:
            lead = replace(lead, facts=as_known(lead.facts, then[party.uid]))
        judged.append(judge(lead, world.rules, kept(party.uid), as_of))
        world.progress.advance()
    subjects = Streamed(partial(wanted, world.rules, judged, found.companies, around.resolved, found.closed))
    return View(as_of, tuple(judged), tuple(found.companies), around.resolved, subjects, world.rules.attribution)


def _kept(world: World, colleagues: Mapping[str, tuple[Contact, ...]]) -> Callable[[str], Before]:
    """What the last run knew of each lead; nothing where the past is gone through again."""
    store = world.store

    def of(uid: str) -> Before:
        state = None if world.replaying else store.results.stage(uid)
        course = None if world.replaying else store.courses.of(uid)
        stage = unpack(state) if state is not None else None
        nurtured = unpack_nurtured(course) if course is not None else None
        return Before(stage, nurtured, colleagues.get(uid, ()))

    return of


def judge(lead: Lead, rules: Rulebook, kept: Before, as_of: datetime) -> Judged:
    """One lead by the admin's rules, as of a moment."""
    model, facts = rules.scoring(lead.facts), lead.facts
    before = kept.stage if kept.stage is not None else _history(lead, model, rules, as_of)
    points = score(facts, lead.touchpoints, model, as_of)
    stage = qualify(points, facts, rules.stages, before, as_of)
    won = converted_at(stage, rules)
    conversions = [Conversion(won, rules.attribution.worth(facts))] if won is not None else []
    marks = milestones(stage, rules, won)
    paths = journeys(lead.uid, lead.touchpoints, conversions, rules.attribution.journey, marks)
    earned = summary(lead.touchpoints, rules.attribution, won, marks)
    situation = Situation(stage, facts, lead.touchpoints, lead.contacts, as_of)
    past = kept.nurtured if kept.nurtured is not None else _past(lead, model, rules, as_of)
    then = nurture(lead.uid, situation, points, rules.nurture, rules.stages, past, colleagues=kept.colleagues)
    return Judged(lead, model, points, stage, tuple(paths), earned, then)


def _history(lead: Lead, model: ScoringModel, rules: Rulebook, as_of: datetime) -> StageState | None:
    """Where a lead that is new to us would stand had we known it all along: it qualified when it did, not today."""
    days = touch_days(lead.touchpoints, as_of)
    states = replay(lead.facts, lead.touchpoints, model, rules.stages, days)
    return next((state for _, state in deque(states, maxlen=1)), None)


def _past(lead: Lead, model: ScoringModel, rules: Rulebook, as_of: datetime) -> Nurtured | None:
    """The journey that a lead new to us has behind it, with no advice given yet."""
    course = relive(lead.facts, lead.touchpoints, lead.contacts, model, rules.stages, rules.nurture, as_of=as_of)
    return None if course is None else Nurtured(course, Advice(Do.NONE, ""), as_of)


def milestones(stage: StageState, rules: Rulebook, won: datetime | None) -> dict[str, datetime]:
    """When a lead became one and when a deal began, as far as that was before it converted."""
    reached = {name: stage.first(at) for name, at in rules.attribution.milestones.items()}
    return {name: at for name, at in reached.items() if at is not None and (won is None or at <= won)}


def converted_at(stage: StageState, rules: Rulebook) -> datetime | None:
    """When a lead first reached the stage that counts as converted, or one above it."""
    least = rules.attribution.conversion_stage
    return min((at for name, at in stage.reached if rules.stages.at_least(name, least)), default=None)


def wanted(
    rules: Rulebook,
    leads: Sequence[Judged],
    companies: Sequence[Party],
    resolved: Mapping[str, Resolved],
    closed: Mapping[str, frozenset[str]],
) -> Iterator[Subject]:
    """Leads and companies as the plan wants them."""
    elsewhere = picture.carriers([*(judged.lead.party for judged in leads), *companies])
    for judged in leads:
        belonging = judged.lead.belonging
        links = picture.account_links(belonging.account if belonging is not None else None)
        values = computed_lead(judged.lead, judged.score, judged.stage, judged.attribution, judged.nurtured)
        why = reasons(judged.score.text(), judged.stage.cause, judged.lead.resolved, judged.nurtured.advice.reason)
        found = picture.subject(judged.lead.party, rules.lead, judged.lead.facts, values, links, why)
        yield _there(found, closed, elsewhere)
    for company in companies:
        values = computed_company(company, resolved.get(company.uid))
        why = reasons("", "", resolved.get(company.uid))
        found = picture.subject(company, rules.company, company.facts, values, {}, why)
        yield _there(found, closed, elsewhere)


def _there(
    found: Subject, closed: Mapping[str, frozenset[str]], carriers: Mapping[str, Mapping[tuple[str, str], Ref]]
) -> Subject:
    """A subject with what stands in the way of a record of its own."""
    if found.uid not in closed and found.uid not in carriers:
        return found
    return replace(found, closed=closed.get(found.uid, frozenset()), carriers=carriers.get(found.uid, {}))


def of_role(sides: Mapping[str, Crm], seen: Iterable[Seen], role: Role) -> list[Seen]:
    """The records that stand for a person, or for a company."""
    kinds = kinds_of(sides, role)
    return [s for s in seen if (s.record.ref.side, s.record.ref.kind) in kinds]


def kinds_of(sides: Mapping[str, Crm], role: Role) -> set[tuple[str, str]]:
    """(side, object) of what stands for a person, or for a company."""
    return {(side, o.name) for side, crm in sides.items() for o in crm.objects() if o.role is role}


def preferred(sides: Mapping[str, Crm]) -> dict[tuple[str, str], int]:
    """How much each object is preferred on its side."""
    return {(side, o.name): o.preferred for side, crm in sides.items() for o in crm.objects()}
