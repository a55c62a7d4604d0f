"""One cycle, in the order in which the data goes. Read this page first.

    pull → identify → unify → resolve → score → qualify → attribute → plan → push

Nothing is written to a CRM before `push`, and every write is noted in the outbox before it is sent. A run that is
killed anywhere is finished by the next one: `recover` settles what was in flight, and the plan is made anew from what
is there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from leadsync import picture
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
)
from leadsync.enrich import Resolved, enrich
from leadsync.gates import Gate, Setting, closed_gates
from leadsync.identify import companies as identify_companies
from leadsync.identify import people as identify_people
from leadsync.mapping.model import ObjectMap
from leadsync.memory import BASELINE, latest, memory, overrides, remember, setting, went_through
from leadsync.picture import Lead, Party
from leadsync.plan import Plan, Subject, plan
from leadsync.progress import Progress, Silent
from leadsync.pull import Drained, pull
from leadsync.push import Pushed, Pusher, outgoing, push, recover
from leadsync.qualify import StageState, pack, qualify, replay, touch_days, unpack
from leadsync.records import Ref, Role
from leadsync.rules import Rulebook
from leadsync.score import Score, score
from leadsync.store import Seen, Store

Reading: TypeAlias = tuple[Store, Mapping[str, Crm], Mapping[Role, ObjectMap], Clock, Progress, Callable[[], bool]]


def never() -> bool:
    """Nobody asks the run to stop."""
    return False


@dataclass(frozen=True, slots=True)
class World:
    """Everything a cycle touches. `stop` is asked between pages and batches: a run ends early, but in good order."""

    config: Config
    rules: Rulebook
    store: Store
    sides: Mapping[str, Crm]
    register: Register | None
    clock: Clock
    run: str
    progress: Progress = field(default_factory=Silent)
    stop: Callable[[], bool] = never


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead with what it is worth, where it stands, and what earned it."""

    lead: Lead
    score: Score
    stage: StageState
    journeys: tuple[Journey, ...]
    attribution: Summary


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is known at one moment, and what follows from it."""

    as_of: datetime
    leads: tuple[Judged, ...]
    companies: tuple[Party, ...]
    resolved: Mapping[str, Resolved]
    subjects: tuple[Subject, ...]
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
    pushed = None
    if write and not gates:
        _commit(world, view, made)
        pushed = Pushed() if _only_baseline(world) else push(made.steps, made.after, pusher)
        with world.store.transaction():
            world.store.outbox.clear(("done", "rejected", "moved", "pending"))
            went_through(world.store, limits, world.clock())
    return Cycle(world.run, tuple(drained), recovered, view, made, tuple(gates), pushed, audited)


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
    resolved = enrich(
        accounts.by_uid.values(), world.register, world.store, world.config.resolve, world.clock, world.progress
    )
    touchpoints = picture.touches_of(leads, world.store.pulled.touches(), world.rules.touches)
    families = picture.family_counts(leads, belongings, resolved, touchpoints, as_of)

    company_facts = {company.uid: company.facts for company in companies}
    stages = {uid: unpack(body) for uid, body in world.store.results.stages().items()}
    world.progress.step("score and qualify", len(leads))
    judged: list[Judged] = []
    for party in leads:
        lead = picture.lead(party, belongings[party.uid], resolved, company_facts, families, touchpoints)
        judged.append(_judge(lead, world.rules, stages.get(party.uid), as_of))
        world.progress.advance()
    closed = picture.closed_sides([*leads, *companies], known_as, seen)
    subjects = _subjects(world.rules, judged, companies, resolved, closed)
    return View(as_of, tuple(judged), tuple(companies), resolved, tuple(subjects), world.rules.attribution)


def _judge(lead: Lead, rules: Rulebook, before: StageState | None, as_of: datetime) -> Judged:
    if before is None:
        before = _history(lead, rules, as_of)
    points = score(lead.facts, lead.touchpoints, rules.scoring, as_of)
    stage = qualify(points, lead.facts, rules.stages, before, as_of)
    won = converted_at(stage, rules)
    conversions = [Conversion(won)] if won is not None else []
    paths = journeys(lead.uid, lead.touchpoints, conversions, rules.attribution.journey)
    return Judged(lead, points, stage, tuple(paths), summary(lead.touchpoints, rules.attribution, won))


def _history(lead: Lead, rules: Rulebook, as_of: datetime) -> StageState | None:
    """Where a lead that is new to us would stand had we known it all along: it qualified when it did, not today."""
    days = touch_days(lead.touchpoints, as_of)
    states = replay(lead.facts, lead.touchpoints, rules.scoring, rules.stages, days)
    return next((state for _, state in deque(states, maxlen=1)), None)


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
) -> list[Subject]:
    made: list[Subject] = []
    for judged in leads:
        belonging = judged.lead.belonging
        links = picture.account_links(belonging.account if belonging is not None else None)
        values = computed_lead(judged.lead, judged.score, judged.stage, judged.attribution)
        why = reasons(judged.score.text(), judged.stage.cause, judged.lead.resolved)
        made.append(picture.subject(judged.lead.party, rules.lead, judged.lead.facts, values, links, why))
    for company in companies:
        values = computed_company(company, resolved.get(company.uid))
        why = reasons("", "", resolved.get(company.uid))
        made.append(picture.subject(company, rules.company, company.facts, values, {}, why))
    return [replace(subject, closed=closed[subject.uid]) if subject.uid in closed else subject for subject in made]


def _commit(world: World, view: View, made: Plan) -> None:
    """What was decided, the shadows it accounts for, and the outbox change together."""
    now = world.clock()
    with world.store.transaction():
        world.store.pulled.save_identities(_identities(view), now)
        world.store.results.save_decisions(_decisions(view), world.run, now)
        world.store.results.save_stages({j.lead.uid: pack(j.stage) for j in view.leads})
        world.store.results.save_scores(
            (j.lead.uid, j.score.as_of, j.score.model, j.score.centi, score_why(j.score)) for j in view.leads
        )
        world.store.pulled.set_shadows(made.shadows.items())
        remember(world.store, made, now)
        world.store.outbox.enqueue(outgoing(made.steps, world.run, made.after), now)


def _decisions(view: View) -> Iterator[Decision]:
    for judged in view.leads:
        yield from lead_decisions(judged.lead, judged.score, judged.stage, judged.attribution)
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
