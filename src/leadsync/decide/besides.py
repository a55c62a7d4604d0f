"""What is wanted in the CRMs besides fields: who belongs in which list, which tasks, whose part in deals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from leadsync.attribute import AttributionSettings
from leadsync.attribute.influence import Party, influence
from leadsync.connector import Crm
from leadsync.connector.besides import Deal, Entry
from leadsync.nurture import Nurtured, NurtureRules, Situation, may_not, on_track
from leadsync.nurture.tasks import task
from leadsync.picture import Lead
from leadsync.push import Group
from leadsync.qualify import StageState
from leadsync.records import Ref, Role

TRACK, TOUCHED = "track", "touched"
"""Who belongs into a group: those on a track, or those that a campaign or channel has touched."""
People = Iterable[tuple[Lead, StageState, Nurtured]]


def wanted_in_groups(
    people: People,
    rules: NurtureRules,
    settings: AttributionSettings,
    sides: Mapping[str, Crm],
    put_in: Callable[[Group], frozenset[Ref]],
    as_of: datetime,
) -> dict[Group, frozenset[Ref]]:
    """Who belongs into each list or campaign now, of tracks and of touches: one record a person and side. `put_in`:
    whom we have put into a group so far. Nobody who objected to being profiled belongs into any."""
    tracks = [Group(*at, TRACK, track.name) for track in rules.tracks for at in track.on.items()]
    touched = [Group(*at, TOUCHED, label) for label, on in settings.members.items() for at in on.items()]
    ours = {group: put_in(group) for group in (*tracks, *touched)}
    kinds = people_kinds(sides)
    wanted: dict[Group, set[Ref]] = {group: set() for group in ours}
    for lead, stage, nurtured in people if ours else ():
        if nurtured.course is None:
            continue
        objection = may_not(Situation(stage, lead.facts, (), (), as_of), rules)
        labels = {label for touch in lead.touchpoints for label in (touch.channel, touch.campaign)}
        for group, members in ours.items():
            ref = _record_on(lead, kinds.get(group.side, {}), group.side)
            if ref is None:
                continue
            if group.what == TOUCHED:
                belongs = group.name in labels
            else:
                was = ref in members
                belongs = on_track(group.name, nurtured.advice, objection, was=was, now=as_of)
            if belongs:
                wanted[group].add(ref)
    return {group: frozenset(refs) for group, refs in wanted.items()}


def _record_on(lead: Lead, kinds: Mapping[str, int], side: str) -> Ref | None:
    """The record of a lead that speaks for it on a side."""
    there = (s.record.ref for s in lead.party.sources if s.record.ref.side == side and not s.record.read_only)
    return min((ref for ref in there if ref.kind in kinds), key=lambda ref: (-kinds[ref.kind], ref), default=None)


def people_kinds(sides: Mapping[str, Crm]) -> dict[str, dict[str, int]]:
    """By side, the objects whose records are people, and how much each is preferred."""
    return {side: {o.name: o.preferred for o in crm.objects() if o.role is Role.PERSON} for side, crm in sides.items()}


# ---- tasks


def wanted_tasks(
    people: People,
    side: str,
    rules: NurtureRules,
    kinds: Mapping[str, int],
    known: Callable[[str], bool],
    as_of: datetime,
) -> Iterator[Entry]:
    """The tasks that belong in a side's CRM. `kinds`: its objects whose records are people; `known`: whether a task of
    this key is there already. Nobody who objected to being profiled has any."""
    asked = {do: rule for rule in rules.tasks if rule.side == side for do in rule.do}
    for lead, stage, nurtured in people:
        rule = asked.get(nurtured.advice.do)
        ref = _record_on(lead, kinds, side) if rule is not None and nurtured.course is not None else None
        if rule is None or ref is None:
            continue
        situation = Situation(stage, lead.facts, (), (), as_of)
        found = task(lead.uid, ref, nurtured, situation, rule, rules, known=known)
        if found is not None:
            yield found


# ---- campaigns' parts in deals


def wanted_influence(
    people: People, settings: AttributionSettings, deals: Iterable[Deal], side: str
) -> Iterator[Entry]:
    """The campaigns' shares of the deals that are open on a side. Nobody's touches count who objected to being
    profiled."""
    there = {deal.ref: deal for deal in deals}
    by_person: dict[Ref, set[Ref]] = defaultdict(set)
    for deal in there.values():
        whose = deal.people if settings.influence_of == "roles" else [deal.account] if deal.account is not None else []
        for ref in whose:
            by_person[ref].add(deal.ref)
    parties: dict[Ref, list[Party]] = defaultdict(list)
    for lead, _stage, nurtured in people if by_person else ():
        if nurtured.course is not None and lead.touchpoints:
            for deal_ref, who in _parts_in(lead, by_person, settings, side):
                parties[deal_ref].append((who, lead.touchpoints))
    for deal_ref in sorted(parties):
        yield from influence(there[deal_ref], parties[deal_ref], settings)


def _parts_in(
    lead: Lead, deals: Mapping[Ref, Iterable[Ref]], settings: AttributionSettings, side: str
) -> Iterator[tuple[Ref, Ref | None]]:
    """The deals that a lead has a part in, and by which record the CRM knows it as somebody with a role."""
    refs = [s.record.ref for s in lead.party.sources if s.record.ref.side == side and not s.record.read_only]
    if settings.influence_of == "roles":
        yield from {deal: ref for ref in refs for deal in deals.get(ref, ())}.items()
    elif lead.belonging is not None:
        found = {deal for ref in lead.belonging.account.records for deal in deals.get(ref, ())}
        yield from ((deal, None) for deal in sorted(found))
