"""The harness can fail: engines broken on purpose, each in one place, and each must be caught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from leadsync.connector import Outcome, Receipt
from leadsync.mapping.model import FieldMap, NullPolicy
from leadsync.merge import Cell, How, Rules, Verdict, merge
from leadsync.plan import creates, judge, making
from leadsync.plan.judge import Place
from leadsync.plan.model import Change
from leadsync.push import ledger
from leadsync.push.ledger import Pusher
from leadsync.records import ABSENT, Absent, Fields, Record, Ref, Value, is_blank
from leadsync.store.pulled import _UPSERT, Pulled
from proofs import scenes, stories
from proofs.crash import attack
from proofs.lost_update import Lives, play
from proofs.report import Report

HISTORIES = 400
MOMENTS = (0, 2, 5, 9, 14, 18, 20, 22, 24, 26, 30, 34, 38)
"""Where the stories are played: spread over a run, and close together where it writes."""

Break = Callable[[], AbstractContextManager[Any]]


def _changed(cells: Sequence[Cell], rules: Rules) -> list[Cell]:
    return [c for c in cells if not isinstance(c.base, Absent) and not rules.same(c.value, c.base)]


def _spread_from(winner: Cell, cells: Sequence[Cell], rules: Rules) -> Verdict:
    losers = tuple((c.ref, c.value) for c in cells if not rules.same(c.value, winner.value))
    return Verdict(winner.value, How.CHANGED, winner.ref, losers, spread=True)


def _newest_record_wins(cells: Sequence[Cell], rules: Rules) -> Verdict:
    """As HubSpot's own sync does it."""
    if not _changed(cells, rules):
        return merge(cells, rules)
    return _spread_from(max(cells, key=lambda c: c.modified), cells, rules)


def _owner_always_wins(cells: Sequence[Cell], rules: Rules) -> Verdict:
    if not _changed(cells, rules):
        return merge(cells, rules)
    return _spread_from(min(cells, key=lambda c: c.ref.side != rules.owner), cells, rules)


def _never_held(cells: Sequence[Cell], rules: Rules) -> Verdict:
    verdict = merge(cells, rules)
    changed = _changed(cells, rules)
    return _spread_from(changed[0], cells, rules) if verdict.how is How.HELD else verdict


def _first_sight_spreads(cells: Sequence[Cell], rules: Rules) -> Verdict:
    verdict = merge(cells, rules)
    return replace(verdict, how=How.CHANGED, spread=True) if verdict.how is How.UNBASED else verdict


def _blank_is_no_edit(cells: Sequence[Cell], rules: Rules) -> Verdict:
    return merge([replace(c, base=ABSENT) if is_blank(c.value) else c for c in cells], rules)


def _all_arrived(receipt: Receipt, _row: Any, record: Any) -> Receipt:
    return replace(receipt, outcome=Outcome.DONE, id=record.ref.id, record=record)


def _sent_is_settled(sent: Value, _there: Value, *, by_us: bool | None) -> Value:  # noqa: ARG001
    return sent


def _accepted_all_the_same(world: Pusher, row: Any, _error: Any) -> None:
    ledger.acknowledge(world, row, row.ref, None, world.run)


def _forgetful(world: Pusher) -> int:
    with world.store.transaction():
        world.store.outbox.clear(("pending", "sending", "unknown", "done", "rejected", "moved"))
    return 0


def _newcomers_lose(cells: Sequence[Cell], rules: Rules) -> Verdict:
    """Somebody's edit replaces what stands in a record that was never seen before."""
    changed = _changed(cells, rules)
    if changed and all(rules.same(cell.value, changed[0].value) for cell in changed):
        return _spread_from(changed[0], cells, rules)
    return merge(cells, rules)


_know = ledger._known


def _only_what_was_read(ref: Ref, before: Record | None, after: Record | None, sent: Fields) -> Record:
    return before if after is None and before is not None else _know(ref, before, after, sent)


_save_page = Pulled.save_page


def _all_but_the_last(self: Pulled, side: str, feed: str, page: Any, now: Any) -> None:
    _save_page(
        self, side, feed, replace(page, records=page.records[:-1] if len(page.records) > 1 else page.records), now
    )


def _moves_on_first(self: Pulled, side: str, feed: str, page: Any, now: Any) -> None:
    """The cursor is kept and the page is not, when the page has much to keep."""
    kept = () if len(page.records) > 1 else page.records
    _save_page(self, side, feed, replace(page, records=kept), now)


def _at(place: str, wrong: Any) -> Break:
    return lambda: patch(place, wrong)


def _nothing_waits(_subject: Any, *_: Any) -> dict[str, Any]:
    return {}


def _all_at_once(subject: Any, _steps: Any, _kept: Any) -> Any:
    return ((member.ref, dict(member.fields)) for member in subject.members)


def _guessed(changed: Sequence[Cell], _rules: Rules) -> Cell:
    return max(changed, key=lambda cell: cell.modified)


_blocked = judge._blocked
_create_value = creates._create_value
_plan_subject = making.plan_subject


def _no_blank_filled(place: Place, sent: Value, *rest: Any) -> Any:
    if is_blank(place.there) and not place.mapped.sources and place.mapped.null is NullPolicy.KEEP:
        return place.kept("filled", "", sent)
    return _blocked(place, sent, *rest)


def _without_a_phone(subject: Any, mapped: FieldMap) -> Value:
    return None if mapped.name == "phone" else _create_value(subject, mapped)


def _one_more(subject: Any, *rest: Any) -> Any:
    steps, kept = _plan_subject(subject, *rest)
    more = Change("other", "Description", None, "x", "", "")
    return [replace(s, changes=(*s.changes, more)) if s.id is not None else s for s in steps], kept


BROKEN: Mapping[str, Break] = {
    "the newest record wins": _at("leadsync.unify.merge", _newest_record_wins),
    "the owner wins also where it did not change": _at("leadsync.unify.merge", _owner_always_wins),
    "a conflict that is to be held is decided": _at("leadsync.unify.merge", _never_held),
    "first sight is no baseline": _at("leadsync.unify.merge", _first_sight_spreads),
    "clearing a field is no edit": _at("leadsync.unify.merge", _blank_is_no_edit),
    "there is no shadow": _at("leadsync.unify._base", lambda *_: ABSENT),
    "no second look before a write": _at("leadsync.push.sending.moved", lambda *_: []),
    "an unclear write counts as done": _at("leadsync.push.lookup._judged", _all_arrived),
    "a CRM's spelling of our value counts as an edit": _at("leadsync.push.ledger.settled", _sent_is_settled),
    "a refused write counts as done": _at("leadsync.push.sending.refuse", _accepted_all_the_same),
    "what was in flight is forgotten": _at("leadsync.sync.recover", _forgetful),
    "what is to be written is accounted for at once": _at("leadsync.plan.making.shadows", _all_at_once),
    "what was written is never accounted for": _at("leadsync.plan.making.after", _nothing_waits),
    "write modes are ignored": _at("leadsync.plan.judge._blocked", lambda *_: None),
    "the index's late answers replace what is known": _at(
        "leadsync.store.pulled._UPSERT", _UPSERT.replace("WHERE excluded.modified >= record.modified", "")
    ),
    "the last record of a page is dropped": _at("leadsync.store.pulled.Pulled.save_page", _all_but_the_last),
    "the cursor moves past an unread page": _at("leadsync.store.pulled.Pulled.save_page", _moves_on_first),
    "an edit replaces what a new record says": _at("leadsync.unify.merge", _newcomers_lose),
    "a write that cannot be read back is not known of": _at("leadsync.push.ledger._known", _only_what_was_read),
    "a restored record is not told of edits": _at("leadsync.plan.accounts._while_in_the_bin", lambda _: set()),
    "a deleted record is made again": _at("leadsync.picture.closed_sides", lambda *_: {}),
    "which edit was later is guessed by the CRMs' clocks": _at("leadsync.merge._last", _guessed),
    "no edit is carried into a blank field": _at("leadsync.plan.judge._blocked", _no_blank_filled),
    "a new record is made without a field": _at("leadsync.plan.creates._create_value", _without_a_phone),
    "a field is written that no mapping names": _at("leadsync.plan.making.plan_subject", _one_more),
}


CAUGHT_BY: Mapping[str, str] = {
    "a conflict that is to be held is decided": "two edits to be held",
    "first sight is no baseline": "different at first sight",
    "clearing a field is no edit": "a cleared city",
    "no second look before a write": "an edit where leadsync writes",
    "an unclear write counts as done": "answers that are lost",
    "a CRM's spelling of our value counts as an edit": "a spelling that the crm changes",
    "a refused write counts as done": "a write that is refused",
    "what was in flight is forgotten": "a spelling cut short by a kill",
    "what was written is never accounted for": "an edit that answers an edit",
    "the index's late answers replace what is known": "an index that lags",
    "the last record of a page is dropped": "a score that a person typed",
    "the cursor moves past an unread page": "a score that a person typed",
    "an edit replaces what a new record says": "an edit beside a newcomer",
    "a write that cannot be read back is not known of": "a lead deleted as it is written",
    "a restored record is not told of edits": "an edit while the other record is in the bin",
    "a deleted record is made again": "a lead that is deleted",
    "which edit was later is guessed by the CRMs' clocks": "two edits that a wrong clock would order",
    "no edit is carried into a blank field": "an edit into a blank field",
    "a new record is made without a field": "a score that a person typed",
}
"""The story to try first, where it is not the first of all."""


def caught(broken: str, seed: int, *, long: bool) -> str:
    """What catches a broken engine: a story, in the long form else the histories or the crashes; or nothing ("")."""
    likely = CAUGHT_BY.get(broken)
    with BROKEN[broken]():
        for name, story in sorted(stories.BY_NAME.items(), key=lambda told: told[0] != likely):
            if any(stories.tell(story, moment) for moment in MOMENTS):
                return f"the story of {name}"
        return _by_chance(seed) if long else ""


def _by_chance(seed: int) -> str:
    class Broken(Lives):
        pass

    report = Report("")
    play(Broken, HISTORIES, seed, report, shrink=False)
    if report.violations:
        return "the histories"
    for name, build in scenes.NAMED.items():
        try:
            attack(name, build, report, doubles=0)
        except AssertionError as problem:
            report.violations.append(str(problem))
    return "the crashes" if report.violations else ""


def prove(*, long: bool = False, seed: int = 0) -> Report:
    """Break the engine in each way and see that it does not pass."""
    report = Report("the harness can fail")
    found = {name: caught(name, seed, long=long) for name in BROKEN}
    for name, by in found.items():
        report.require(by != "", f"nothing caught an engine in which {name}")
        report.figures[name] = f"caught by {by}" if by else "NOT CAUGHT"
    report.reach("broken engines that were caught", sum(by != "" for by in found.values()), 10)
    return report
