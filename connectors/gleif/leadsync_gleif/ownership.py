"""Who consolidates an entity: as reported, else climbed; branches follow their head office, funds stay apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from leadsync.records import Kin, LegalEntity, Ownership, Parent
from leadsync_gleif.level2 import Relation, Tie, reason_words

MOST_STEPS = 30
"""Direct parents climbed at most; the longest chain seen in 19,218 published relationships has 5."""

Ties = Callable[[str], Sequence[Relation]]
Lookup = Callable[[str], LegalEntity | None]
Reasons = Callable[[str], tuple[str, str]]
"""(direct, ultimate) reporting exception codes of an LEI, "" for none."""


def ownership(lei: str, ties: Ties, lookup: Lookup, reasons: Reasons, on: date | None = None) -> Ownership:
    """Direct and ultimate parent of an entity, now or on a day.

    The ultimate parent is the reported one; without it the top of the chain of direct parents ("climbed"). Where there
    is no parent, the reason the entity gave for it, if any ("exception").
    """
    path = _climb(lei, ties, on)
    relations = [relation for relation in ties(lei) if relation.holds(on)]
    direct_lei, how = _direct(relations)
    office = direct_lei if how == "head office" else ""
    reported = _parent_of(relations, Tie.ULTIMATE)
    if not reported and office:
        reported = _parent_of([r for r in ties(office) if r.holds(on)], Tie.ULTIMATE)
    why_direct, why_ultimate = reasons(lei)
    direct: Parent | None
    ultimate: Parent | None
    direct = _parent(direct_lei, how, lookup) if direct_lei else _exception(why_direct)
    if reported:
        ultimate = _parent(reported, "reported", lookup)
        path = path if reported in path else (*path, reported)
        path = path[: path.index(reported) + 1]
    elif len(path) > 1:
        ultimate = _parent(path[-1], "climbed", lookup)
    else:
        ultimate = _exception(why_ultimate)
    return Ownership(lei, direct, ultimate, path)


TIES = {
    Tie.DIRECT: "direct",
    Tie.ULTIMATE: "ultimate",
    Tie.BRANCH: "branch",
    Tie.MANAGED: "fund",
    Tie.SUBFUND: "fund",
    Tie.FEEDER: "fund",
}
"""What each type of relationship makes of its two ends."""


def kin_of(relation: Relation, lookup: Lookup, *, up: bool) -> Kin:
    """The parent's (`up`) or the child's end of a relationship."""
    lei = relation.parent if up else relation.child
    entity = lookup(lei)
    name, country = (entity.name, entity.country) if entity is not None else ("", "")
    return Kin(lei, name, country, TIES[relation.tie], relation.since, relation.until)


def _direct(relations: Sequence[Relation]) -> tuple[str, str]:
    if parent := _parent_of(relations, Tie.DIRECT):
        return parent, "reported"
    return _parent_of(relations, Tie.BRANCH), "head office"


def _parent_of(relations: Sequence[Relation], tie: Tie) -> str:
    """The parent by this tie; of several (which the rules forbid) the one that began last."""
    found = [relation for relation in relations if relation.tie == tie and relation.parent != relation.child]
    found.sort(key=lambda relation: (relation.since or date.min, relation.parent))
    return found[-1].parent if found else ""


def _climb(lei: str, ties: Ties, on: date | None) -> tuple[str, ...]:
    path = [lei]
    while len(path) <= MOST_STEPS:
        parent, _ = _direct([relation for relation in ties(path[-1]) if relation.holds(on)])
        if not parent or parent in path:
            break
        path.append(parent)
    return tuple(path)


def _parent(lei: str, how: str, lookup: Lookup) -> Parent:
    entity = lookup(lei)
    return Parent(lei, how=how) if entity is None else Parent(lei, entity.name, entity.country, how)


def _exception(code: str) -> Parent | None:
    return Parent(how="exception", reason=reason_words(code)) if code else None
