"""What a view asks for besides fields: lists and campaigns, tasks, campaigns' parts in deals."""

from __future__ import annotations

from functools import partial

from leadsync.connector.besides import Deals, Entry, EntryKind
from leadsync.decide.besides import People, people_kinds, wanted_in_groups, wanted_influence, wanted_tasks
from leadsync.errors import LeadsyncError, QuotaExhausted
from leadsync.push import Change, Errand, Ran, changes, errand, put_in
from leadsync.store import Place, Store
from leadsync.world import View, World


def group_changes(world: World, view: View) -> tuple[Change, ...]:
    """Who is to join and leave the lists and campaigns of tracks and touches."""
    book, ours = world.rules, partial(put_in, world.store)
    wanted = wanted_in_groups(_people(view), book.nurture, book.attribution, world.sides, ours, view.as_of)
    return tuple(changes(wanted, world.store))


def _people(view: View) -> People:
    return ((j.lead, j.stage, j.nurtured) for j in view.leads)


def look_at_deals(world: World) -> list[Ran]:
    """Read the deals that are open, where campaigns' parts in them are wanted; gives what could not be read."""
    blind: list[Ran] = []
    for side, model in world.rules.attribution.influence.items():
        crm = world.sides.get(side)
        if isinstance(crm, Deals):
            world.progress.step(f"read the open deals of {side}")
            try:
                deals = list(crm.deals())
            except QuotaExhausted:
                raise
            except LeadsyncError as problem:
                blind.append(
                    Ran(Place(side, EntryKind.INFLUENCE, model), problem=f"the deals were not read: {problem}")
                )
                continue
            with world.store.transaction():
                world.store.besides.save_deals(side, deals)
    return blind


def errands(world: World, view: View) -> tuple[Errand, ...]:
    """What is to be done besides fields and groups, without asking any CRM; places where nothing is are left out."""
    store, book, kinds = world.store, world.rules, people_kinds(world.sides)
    found = []
    for side in sorted({rule.side for rule in book.nurture.tasks}):
        place = Place(side, EntryKind.TASK)
        wanted = wanted_tasks(
            _people(view), side, book.nurture, kinds.get(side, {}), partial(_is_known, store, place), view.as_of
        )
        found.append(errand(place, wanted, store, frozen=lambda _: False))
    for side, model in sorted(book.attribution.influence.items()):
        deals = list(store.besides.deals(side))
        open_, place = frozenset(deal.ref.id for deal in deals), Place(side, EntryKind.INFLUENCE, model)
        parts = wanted_influence(_people(view), book.attribution, deals, side)
        found.append(errand(place, parts, store, frozen=partial(_is_closed, open_)))
    return tuple(one for one in found if one.changes or one.forget)


def _is_closed(open_: frozenset[str], part: Entry) -> bool:
    """What was credited of a deal stays as it is once the deal is closed."""
    return part.whole not in open_


def _is_known(store: Store, place: Place, key: str) -> bool:
    return store.besides.one(place, key) is not None


def people_on(world: World, side: str) -> int:
    """Records of people on a side."""
    kinds = people_kinds(world.sides).get(side, {})
    return sum(n for (where, kind), n in world.store.pulled.counts().items() if where == side and kind in kinds)
