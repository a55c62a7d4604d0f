"""One cycle, in the order in which the data goes. Read this page first.

    pull → identify → unify → resolve → score → qualify → attribute → nurture → plan → push

Nothing is written to a CRM before `push`, and every write is noted in the outbox before it is sent. A run that is
killed anywhere is finished by the next one: `recover` settles what was in flight, and the plan is made anew from what
is there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TypeAlias

from leadsync import picture
from leadsync.accounts import Accounts
from leadsync.attribute import AttributionSettings, Conversion, Journey, Summary, journeys, summary
from leadsync.audit import Audited, audit, due
from leadsync.config import Config
from leadsync.connector import Clock, Crm, Register
from leadsync.decide import (
    Decision,
    company_decisions,
    computed_company,
    computed_lead,
    lead_decisions,
    reasons,
    score_why,
    wanted_in_groups,
)
from leadsync.enrich import Resolved, enrich, note_ticks, remembered
from leadsync.gates import Gate, Setting, closed_gates
from leadsync.identify import companies as identify_companies
from leadsync.identify import people as identify_people
from leadsync.learn.aging import watch
from leadsync.mapping.model import ObjectMap
from leadsync.memory import BASELINE, latest, memory, overrides, remember, setting, went_through
from leadsync.nurture import Advice, Do, Nurtured, Situation, nurture, relive, standing
from leadsync.picture import Lead, Party
from leadsync.plan import Plan, Subject, plan
from leadsync.progress import Progress, Silent
from leadsync.pull import Drained, pull
from leadsync.push import Change, Changed, Group, Pushed, Pusher, carry, changes, outgoing, push, put_in, recover
from leadsync.qualify import StageState, pack, qualify, replay, touch_days, unpack
from leadsync.records import Ref, Role
from leadsync.rules import Rulebook
from leadsync.score import Score, ScoringModel, score
from leadsync.store import Seen, Store
from leadsync.store.snapshots import as_known
from leadsync.touchpoints import Contact

Reading: TypeAlias = tuple[Store, Mapping[str, Crm], Mapping[Role, ObjectMap], Clock, Progress, Callable[[], bool]]


def never() -> bool:
    """Nobody asks the run to stop."""
    return False


@dataclass(frozen=True, slots=True)
class World:
    """Everything a cycle touches. `stop` is asked between pages and batches: a run ends early, but in good order.

    `asking` False: what is known is all there is, and no register is asked. `replaying`: the clock stands in the past,
    so that facts are those of that day, as far as they were kept, and stages are worked out anew.
    """

    config: Config
    rules: Rulebook
    store: Store
    sides: Mapping[str, Crm]
    register: Register | None
    clock: Clock
    run: str
    progress: Progress = field(default_factory=Silent)
    stop: Callable[[], bool] = never
    asking: bool = True
    replaying: bool = False


@dataclass(frozen=True, slots=True)
class Before:
    """What the last run knew of a lead: its stage and its journey, and our contacts with others at its company."""

    stage: StageState | None = None
    nurtured: Nurtured | None = None
    colleagues: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead with what it is worth by which model, where it stands, what earned it, and what to do next."""

    lead: Lead
    model: ScoringModel
    score: Score
    stage: StageState
    journeys: tuple[Journey, ...]
    attribution: Summary
    nurtured: Nurtured


@dataclass(frozen=True, slots=True)
class Subjects:
    """What a plan is made of, one after the other: put together when asked for, since all at once would be much."""

    make: Callable[[], Iterator[Subject]]

    def __iter__(self) -> Iterator[Subject]:
        return self.make()


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is known at one moment, and what follows from it."""

    as_of: datetime
    leads: tuple[Judged, ...]
    companies: tuple[Party, ...]
    resolved: Mapping[str, Resolved]
    subjects: Subjects
    attribution: AttributionSettings


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one cycle saw, wanted and did. `pushed` is None when nothing was to be written yet (or a gate is closed)."""

    run: str
    drained: tuple[Drained, ...]
    recovered: int
    view: View
    plan: Plan
    gates: tuple[Gate, ...]
    pushed: Pushed | None
    audited: Audited | None = None
    aging: tuple[str, ...] = ()
    """What tells that a scoring model has aged."""
    groups: tuple[Change, ...] = ()
    """Who is to join and leave lists and campaigns; `changed` says what became of it."""
    changed: tuple[Changed, ...] = ()


def cycle(world: World, *, write: bool, open_gates: frozenset[str] = frozenset(), cached: bool = False) -> Cycle:
    """Run one cycle; with `write` False it stops at the plan, the last moment at which nothing has happened. `cached`:
    plan on what was read before, without asking any CRM."""
    pusher, limits = _pusher(world), world.config.sync
    recovered = 0 if cached else recover(pusher)
    drained = [] if cached else pull(*_reading(world))
    audited = audit(*_reading(world)) if not cached and due(world.store, limits.audit_every, world.clock()) else None
    view = look(world)
    made = plan(view.subjects, memory(world.store), view.as_of)
    gates = closed_gates(made, _setting(world, view, made), limits, open_gates)
    groups = changes(_groups(world, view), world.store)
    seen = Cycle(world.run, tuple(drained), recovered, view, made, tuple(gates), None, audited, groups=tuple(groups))
    if gates or not write:
        return seen
    aging, first = _commit(world, view, made), _only_baseline(world)
    pushed = Pushed() if first else push(made.steps, made.after, pusher)
    changed = [] if first or world.stop() else carry(groups, world.sides, world.store)
    with world.store.transaction():
        world.store.outbox.clear(("done", "rejected", "moved", "pending"))
        went_through(world.store, limits, world.clock())
    return replace(seen, pushed=pushed, aging=aging, changed=tuple(changed))


def _groups(world: World, view: View) -> dict[Group, frozenset[Ref]]:
    """Who belongs into the lists and campaigns of tracks and touches."""
    people = ((j.lead, j.stage, j.nurtured) for j in view.leads)
    book, ours = world.rules, partial(put_in, world.store)
    return wanted_in_groups(people, book.nurture, book.attribution, world.sides, ours, view.as_of)


def _only_baseline(world: World) -> bool:
    """Whether this is the first run of an installation whose first run is to take stock only."""
    first = world.store.noted(BASELINE) is None
    world.store.note(BASELINE, world.run)
    return first and world.config.sync.baseline_first


def _reading(world: World) -> Reading:
    return world.store, world.sides, world.rules.mappings, world.clock, world.progress, world.stop


def _setting(world: World, view: View, made: Plan) -> Setting:
    scores = {judged.lead.uid: judged.score.total for judged in view.leads}
    return setting(world.store, scores, api_calls(made, world.sides), world.sides)


def carry_out(world: World, made: Plan) -> Pushed:
    """Apply a plan that was made before: only where every value still is as it was then, and no record was made since.
    The rest is in `moved`."""
    pusher = _pusher(world)
    recover(pusher)
    there = {
        key
        for name, side, kind in sorted({(s.key[0], s.side, s.kind) for s in made.steps if s.id is None and s.key})
        for key in _taken(made, world.sides[side], kind, name)
    }
    steps = [step for step in made.steps if step.id is not None or step.key not in there]
    with world.store.transaction():
        world.store.outbox.enqueue(outgoing(steps, world.run, made.after), world.clock())
    pushed = push(steps, made.after, pusher)
    pushed.moved.extend(step for step in made.steps if step.id is None and step.key in there)
    with world.store.transaction():
        world.store.outbox.clear(("done", "rejected", "moved", "pending"))
    return pushed


def _taken(made: Plan, crm: Crm, kind: str, name: str) -> Iterator[tuple[str, str]]:
    keys = [s.key[1] for s in made.steps if s.key is not None and (s.side, s.kind, s.key[0]) == (crm.side, kind, name)]
    for record in crm.find(kind, name, keys, [name]):
        yield name, str(record.fields.get(name))


def api_calls(made: Plan, sides: Mapping[str, Crm]) -> dict[str, int]:
    """What writing a plan will cost, by side, with looking once more at what people may edit."""
    cost: dict[str, int] = {}
    for side, kind in sorted({(s.side, s.kind) for s in made.steps}):
        steps = [s for s in made.steps if (s.side, s.kind) == (side, kind)]
        creates = sum(s.id is None for s in steps)
        guarded = sum(any(c.guarded for c in s.changes) for s in steps)
        cost[side] = cost.get(side, 0) + sides[side].calls(kind, len(steps) - creates, creates, guarded)
    return cost


def look(world: World) -> View:
    """Put together what is known, and judge it as of now. Asks the register, writes to no CRM."""
    as_of = world.clock()
    seen = {s.record.ref: s for s in world.store.pulled.records()}
    known_as = world.store.pulled.identities()
    said, rulings = overrides(world.store), latest(world.store.cases.rulings())
    people, firms = (
        picture.known(world.rules.mappings[role], _of_role(world, seen, role), _preferred(world.sides))
        for role in (Role.PERSON, Role.COMPANY)
    )
    world.progress.step("identify people and companies", len(people) + len(firms))
    leads = picture.parties(world.rules.lead, identify_people(people, known_as, said), seen, rulings)
    companies = picture.parties(world.rules.company, identify_companies(firms, known_as, said), seen, rulings)

    accounts = picture.accounts(companies)
    belongings = picture.belongings(leads, accounts)
    resolved = _resolved(world, accounts, companies)
    active = picture.activities(leads, (t for t in world.store.pulled.touches() if t.at <= as_of), world.rules.touches)
    families = picture.family_counts(leads, belongings, resolved, active, as_of)

    company_facts = {company.uid: company.facts for company in companies}
    kept = _kept(world, picture.colleagues(belongings, active, as_of - world.rules.nurture.memory))
    then = world.store.snapshots.at(as_of.date()) if world.replaying else {}
    world.progress.step("score and qualify", len(leads))
    judged: list[Judged] = []
    for party in leads:
        lead = picture.lead(party, belongings[party.uid], resolved, company_facts, families, active)
        if party.uid in then:
            lead = replace(lead, facts=as_known(lead.facts, then[party.uid]))
        judged.append(judge(lead, world.rules, kept(party.uid), as_of))
        world.progress.advance()
    closed = picture.closed_sides([*leads, *companies], known_as, seen)
    subjects = Subjects(partial(_subjects, world.rules, judged, companies, resolved, closed))
    return View(as_of, tuple(judged), tuple(companies), resolved, subjects, world.rules.attribution)


def _resolved(world: World, accounts: Accounts, companies: Iterable[Party]) -> dict[str, Resolved]:
    if not world.asking:
        return remembered(accounts.by_uid.values(), world.store)
    note_ticks(accounts.by_uid.values(), {c.uid: c.facts for c in companies}, world.store, world.clock)
    return enrich(
        accounts.by_uid.values(), world.register, world.store, world.config.resolve, world.clock, world.progress
    )


def _kept(world: World, colleagues: Mapping[str, tuple[Contact, ...]]) -> Callable[[str], Before]:
    """What the last run knew of each lead; nothing where the past is gone through again."""
    store = world.store

    def of(uid: str) -> Before:
        state = None if world.replaying else store.results.stage(uid)
        course = None if world.replaying else store.courses.of(uid)
        stage = unpack(state) if state is not None else None
        nurtured = standing.unpack(course) if course is not None else None
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


def _subjects(
    rules: Rulebook,
    leads: Sequence[Judged],
    companies: Sequence[Party],
    resolved: Mapping[str, Resolved],
    closed: Mapping[str, frozenset[str]],
) -> Iterator[Subject]:
    for judged in leads:
        belonging = judged.lead.belonging
        links = picture.account_links(belonging.account if belonging is not None else None)
        values = computed_lead(judged.lead, judged.score, judged.stage, judged.attribution, judged.nurtured)
        why = reasons(judged.score.text(), judged.stage.cause, judged.lead.resolved, judged.nurtured.advice.reason)
        found = picture.subject(judged.lead.party, rules.lead, judged.lead.facts, values, links, why)
        yield replace(found, closed=closed[found.uid]) if found.uid in closed else found
    for company in companies:
        values = computed_company(company, resolved.get(company.uid))
        why = reasons("", "", resolved.get(company.uid))
        found = picture.subject(company, rules.company, company.facts, values, {}, why)
        yield replace(found, closed=closed[found.uid]) if found.uid in closed else found


def _commit(world: World, view: View, made: Plan) -> tuple[str, ...]:
    """What was decided, the shadows it accounts for, and the outbox change together. Gives what tells that a scoring
    model has aged."""
    now = world.clock()
    with world.store.transaction():
        world.store.pulled.save_identities(_identities(view), now)
        world.store.results.save_decisions(_decisions(view), world.run, now)
        world.store.results.save_stages({j.lead.uid: pack(j.stage) for j in view.leads})
        courses = {j.lead.uid: standing.pack(j.nurtured) for j in view.leads}
        world.store.courses.save(courses, courses.keys())
        world.store.snapshots.save(view.as_of.date(), {j.lead.uid: j.lead.facts for j in view.leads})
        world.store.results.save_scores(
            (j.lead.uid, j.score.as_of, j.score.model, j.score.centi, score_why(j.score)) for j in view.leads
        )
        world.store.pulled.set_shadows(made.shadows.items())
        remember(world.store, made, now)
        world.store.outbox.enqueue(outgoing(made.steps, world.run, made.after), now)
        touches = {j.lead.uid: j.lead.touchpoints for j in view.leads if not j.score.excluded}
        return watch(world.store, touches, world.rules.scoring, world.rules.stages, view.as_of)


def _decisions(view: View) -> Iterator[Decision]:
    for judged in view.leads:
        yield from lead_decisions(judged.lead, judged.score, judged.stage, judged.attribution, judged.nurtured)
    yield from company_decisions(view.companies, view.resolved)


def _identities(view: View) -> list[tuple[Ref, str, str]]:
    parties = (*(judged.lead.party for judged in view.leads), *view.companies)
    return [(ref, party.uid, why) for party in parties for ref, why in party.identity.why.items()]


def _pusher(world: World) -> Pusher:
    def read_fields(side: str, kind: str) -> Sequence[str]:
        role = next(o.role for o in world.sides[side].objects() if o.name == kind)
        return world.rules.mappings[role].vendor_fields(side, kind)

    return Pusher(world.store, world.sides, read_fields, world.run, world.clock, world.progress, world.stop)


def _of_role(world: World, seen: Mapping[Ref, Seen], role: Role) -> list[Seen]:
    kinds = {(side, o.name) for side, crm in world.sides.items() for o in crm.objects() if o.role is role}
    return [s for ref, s in seen.items() if (ref.side, ref.kind) in kinds]


def _preferred(sides: Mapping[str, Crm]) -> dict[tuple[str, str], int]:
    return {(side, o.name): o.preferred for side, crm in sides.items() for o in crm.objects()}
