"""One cycle, in the order in which the data goes. Read this page first.

    pull → identify → unify → resolve → score → qualify → attribute → nurture → plan → push

Nothing is written to a CRM before `push`, and every write is noted in the outbox before it is sent. A run that is
killed anywhere is finished by the next one: `recover` settles what was in flight, and the plan is made anew from what
is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from leadsync.audit import Audited, audit, catch_up, due
from leadsync.besides import errands, group_changes, look_at_deals, people_on
from leadsync.connector import Clock, Crm
from leadsync.decide import Decision, company_decisions, lead_decisions, score_why
from leadsync.gates import Gate, Mass, Setting, closed_gates
from leadsync.learn.aging import is_due, sampled, watch
from leadsync.look import converted_at, judge, look, milestones
from leadsync.mapping.model import ObjectMap
from leadsync.memory import BASELINE, overrides, remember, setting, went_through
from leadsync.nurture.standing import pack as pack_nurtured
from leadsync.parts import Piece, Sight, see
from leadsync.plan import Plan
from leadsync.progress import Progress
from leadsync.pull import Drained, pull
from leadsync.push import (
    Change,
    Changed,
    Errand,
    Pushed,
    Pusher,
    Ran,
    carry,
    line_up,
    lined_up,
    outgoing,
    push,
    recover,
    run_errands,
    send,
    settle_restored,
)
from leadsync.qualify import pack
from leadsync.records import Ref, Role
from leadsync.store import Store, Survey
from leadsync.world import Before, Judged, View, World, never

__all__ = [
    "Before",
    "Cycle",
    "Judged",
    "View",
    "World",
    "api_calls",
    "carry_out",
    "converted_at",
    "costs",
    "cycle",
    "judge",
    "look",
    "milestones",
    "never",
]

Reading: TypeAlias = tuple[Store, Mapping[str, Crm], Mapping[Role, ObjectMap], Clock, Progress, Callable[[], bool]]


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
    errands: tuple[Errand, ...] = ()
    """What is to be made, changed and taken away besides: tasks, campaigns' parts in deals; `ran` says what became of
    it."""
    ran: tuple[Ran, ...] = ()

    @property
    def besides(self) -> tuple[Change | Errand, ...]:
        """All that is to be done over there besides writing fields."""
        return (*self.groups, *(one for one in self.errands if one.changes))


def cycle(world: World, *, write: bool, open_gates: frozenset[str] = frozenset(), cached: bool = False) -> Cycle:
    """Run one cycle; with `write` False it stops at the plan, the last moment at which nothing has happened. `cached`:
    plan on what was read before, without asking any CRM."""
    pusher, limits = _pusher(world), world.config.sync
    recovered = 0 if cached else recover(pusher)
    drained = [] if cached else pull(*_reading(world))
    audited = audit(*_reading(world)) if not cached and due(world.store, limits.audit_every, world.clock()) else None
    if not cached:
        catch_up(*_reading(world))
        settle_restored(pusher)
    blind = [] if cached else look_at_deals(world)
    seen = see(world)
    groups, jobs = group_changes(world, seen.view), errands(world, seen.view)
    done = Cycle(
        world.run, tuple(drained), recovered, seen.view, seen.plan, (), None, audited, groups=groups, errands=jobs
    )
    gates = closed_gates(seen.plan, _setting(world, done), limits, open_gates)
    done = replace(done, gates=tuple(gates), ran=tuple(blind))
    if gates or not write:
        return done
    aging, first = _commit(world, seen), _only_baseline(world)
    pushed = Pushed() if first else _push(seen, pusher)
    changed = [] if first or world.stop() else carry(groups, world.sides, world.store)
    ran = [] if first or world.stop() else run_errands(jobs, world.sides, world.store, world.clock)
    with world.store.transaction():
        world.store.outbox.clear(("done", "rejected", "moved", "pending"))
        went_through(world.store, limits, world.clock())
    return replace(done, pushed=pushed, aging=aging, changed=tuple(changed), ran=(*blind, *ran))


def _only_baseline(world: World) -> bool:
    """Whether this is the first run of an installation whose first run is to take stock only."""
    first = world.store.noted(BASELINE) is None
    world.store.note(BASELINE, world.run)
    return first and world.config.sync.baseline_first


def _reading(world: World) -> Reading:
    return world.store, world.sides, world.rules.mappings, world.clock, world.progress, world.stop


def _setting(world: World, seen: Cycle) -> Setting:
    scores = ((judged.lead.uid, judged.score.total) for judged in seen.view.leads)
    there = {side: people_on(world, side) for side in {one.side for one in seen.besides}}
    masses = [Mass(one.words, one.changes, there[one.side]) for one in seen.besides]
    return setting(world.store, scores, costs(seen, world.sides), world.sides, masses)


def costs(seen: Cycle, sides: Mapping[str, Crm]) -> dict[str, int]:
    """What carrying out all that a cycle wants will cost in API calls, by side."""
    cost = Counter(api_calls(seen.plan, sides))
    for one in seen.besides:
        if one.side in sides and (calls := one.calls(sides[one.side])):
            cost[one.side] += calls
    return dict(sorted(cost.items()))


def carry_out(world: World, made: Plan) -> Pushed:
    """Apply a plan that was made before: only where every value still is as it was then, and no record was made since
    (also none that somebody has deleted again, or made by hand), and nobody told apart. The rest is in `moved`."""
    pusher = _pusher(world)
    recover(pusher)
    there = {
        key
        for name, side, kind in sorted({(s.key[0], s.side, s.kind) for s in made.steps if s.id is None and s.key})
        for key in _taken(made, world.sides[side], kind, name)
    }
    known = world.store.pulled.sides_of({step.uid for step in made.steps if step.id is None})
    new = [s for s in made.steps if s.id is None and s.key not in there and (s.uid, s.side) not in known]
    wanted = _still_to_make(world) if new else set()
    going = {s.ref for s in new if s.ref in wanted}
    apart = _told_apart(world, made)
    late = [s for s in made.steps if (s.id is None and s.ref not in going) or s.uid in apart]
    stopped = {s.ref for s in late}
    steps = [s for s in made.steps if s.ref not in stopped]
    with world.store.transaction():
        world.store.outbox.enqueue(outgoing(steps, world.run, made.after), world.clock())
    pushed = push(steps, made.after, pusher)
    pushed.moved.extend(late)
    with world.store.transaction():
        world.store.outbox.clear(("done", "rejected", "moved", "pending"))
    return pushed


def _still_to_make(world: World) -> set[Ref]:
    """The new records that would be planned now, under their leadsync ids: somebody may have made one by hand."""
    pull(*_reading(world))
    return {step.ref for step in see(world).plan.steps if step.id is None}


def _told_apart(world: World, made: Plan) -> set[str]:
    """Of whom a plan brings one record's values to another one, although people have said since that they are not one.
    (What is taken back goes from no record to another.)"""
    taken_for = {uid: {ref for by in names.values() for ref in by} for uid, names in made.after.items()}
    for step in made.steps:
        taken_for.get(step.uid, set()).add(step.ref)
    apart = overrides(world.store).apart
    return {uid for uid, refs in taken_for.items() if any(refs.issuperset(pair) for pair in apart)}


def _taken(made: Plan, crm: Crm, kind: str, name: str) -> Iterator[tuple[str, str]]:
    keys = [s.key[1] for s in made.steps if s.key is not None and (s.side, s.kind, s.key[0]) == (crm.side, kind, name)]
    for record in crm.find(kind, name, keys, [name]):
        yield name, str(record.fields.get(name))


def api_calls(made: Plan, sides: Mapping[str, Crm]) -> dict[str, int]:
    """What writing a plan will cost, by side, with looking once more at what people may edit."""
    steps: Counter[tuple[str, str, int]] = Counter()
    creates: Counter[tuple[str, str, int]] = Counter()
    guarded: Counter[tuple[str, str, int]] = Counter()
    for step in made.steps:
        place = (step.side, step.kind, step.turn)
        steps[place] += 1
        creates[place] += step.id is None
        guarded[place] += any(change.guarded for change in step.changes)
    cost: dict[str, int] = {}
    for place, count in sorted(steps.items()):
        side, kind, _turn = place
        cost[side] = cost.get(side, 0) + sides[side].calls(kind, count - creates[place], creates[place], guarded[place])
    return cost


def _commit(world: World, seen: Sight) -> tuple[str, ...]:
    """What was decided, the shadows it accounts for, and the outbox change together, piece by piece. Gives what tells
    that a scoring model has aged."""
    for piece in seen.pieces:
        _commit_piece(world, piece, seen.survey)
    with world.store.transaction():
        if seen.survey is not None:
            world.store.forget_strangers(seen.view.as_of.date())
        return _aging(world, seen.view)


def _aging(world: World, view: View) -> tuple[str, ...]:
    of = len(view.leads)
    leads = (j for j in view.leads if not j.score.excluded) if is_due(world.store, view.as_of) else ()
    touches = {judged.lead.uid: judged.lead.touchpoints for judged in leads if sampled(judged.lead.uid, of)}
    return watch(world.store, touches, world.rules.scoring, world.rules.stages, view.as_of)


def _commit_piece(world: World, piece: Piece, survey: Survey | None) -> None:
    now, view, made = world.clock(), piece.view, piece.plan
    rows = list(outgoing(made.steps, world.run, made.after))
    identities = _identities(view)
    with world.store.transaction():
        world.store.pulled.follow_ids(identities)
        world.store.pulled.save_identities(identities, now)
        world.store.results.save_decisions(_decisions(view), world.run, now)
        world.store.results.save_stages({j.lead.uid: pack(j.stage) for j in view.leads})
        courses = {j.lead.uid: pack_nurtured(j.nurtured) for j in view.leads}
        world.store.courses.save(courses, courses.keys(), piece.uids)
        world.store.snapshots.save(view.as_of.date(), {j.lead.uid: j.lead.facts for j in view.leads}, piece.uids)
        world.store.results.save_scores(
            (j.lead.uid, j.score.as_of, j.score.model, j.score.centi, score_why(j.score)) for j in view.leads
        )
        world.store.pulled.set_shadows(made.shadows.items())
        remember(world.store, made, now, piece.uids, piece.refs)
        world.store.outbox.enqueue(rows, now)
    if survey is not None:
        line_up(survey, zip(rows, made.steps, strict=True))


def _push(seen: Sight, pusher: Pusher) -> Pushed:
    """Send what stands in the outbox. Where that is much, what became of it goes to the disk as well."""
    made = seen.plan
    if seen.survey is None:
        return push(made.steps, made.after, pusher)
    pushed = Pushed(*(seen.survey.scratch.shelf() for _ in range(6)))
    return send(lined_up(seen.survey, pusher.sides), len(made.steps), pusher, pushed)


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
