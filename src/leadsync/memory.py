"""What the state remembers, as the plan looks at it, and what a plan gives it to remember."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from leadsync.connector import Crm
from leadsync.gates import Limits, Mass, Setting
from leadsync.identify import Overrides
from leadsync.plan import LastWrite, Lease, Memory, Plan, Refusal
from leadsync.plan.breaker import Rewrite, flaps
from leadsync.records import Ref
from leadsync.store import Flapping, Ruling, Store
from leadsync.streams import paged

LIVE = "live records"
BASELINE = "baseline taken"
LOOKED = "breaker looked until"
TOGETHER = 1_000
"""Leads whose earlier scores are read together."""


def memory(store: Store, refs: Collection[Ref] | None = None) -> Memory:
    """All that earlier runs left for the plan, or what of it is about these records."""
    refused = {
        r.ref: Refusal(r.sent, r.reason, r.version, r.named)
        for r in store.outbox.rejects(refs)
        if r.direction == "write"
    }
    leases = {key: Lease(value, since) for key, (value, since) in store.cases.leases(refs).items()}
    flapping = {key: found.other for key, found in store.cases.flaps(refs).items() if found.released is None}
    return Memory(LastWrites(store), refused, leases, flapping)


class LastWrites(Mapping[tuple[Ref, str], LastWrite]):
    """The last write of each record and field, read when asked for, one record at a time: a plan asks for all of a
    record's fields together, and all records' writes at once would be most of what the state holds. It is for one
    plan; what is written meanwhile is not seen."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of: tuple[Ref | None, Mapping[str, LastWrite]] = None, {}

    def __getitem__(self, key: tuple[Ref, str]) -> LastWrite:
        return self._to(key[0])[key[1]]

    def get(self, key: tuple[Ref, str], default: Any = None) -> Any:
        """The mapping's own asks by an exception, and most fields of most records were never written."""
        return self._to(key[0]).get(key[1], default)

    def _to(self, ref: Ref) -> Mapping[str, LastWrite]:
        if self._of[0] != ref:
            rows = self._store.outbox.written_to(ref)
            self._of = ref, {row.field: LastWrite(row.sent, row.settled, row.at) for row in rows}
        return self._of[1]

    def __iter__(self) -> Iterator[tuple[Ref, str]]:
        return iter(self._store.outbox.written())

    def __len__(self) -> int:
        return len(self._store.outbox.written())


def overrides(store: Store) -> Overrides:
    """What people said of who is who."""
    rules = store.cases.identity_rules()
    same, apart = (frozenset((r.a, r.b) for r in rules if r.verdict == word) for word in ("same", "apart"))
    return Overrides(same, apart)


def remember(
    store: Store, plan: Plan, now: datetime, uids: Collection[str] | None = None, refs: Collection[Ref] | None = None
) -> None:
    """Keep whose values stand in the way, and what contradicts itself, of all or of whom and what the plan is about;
    and forget what was refused where all is settled. Call inside a transaction."""
    store.cases.save_leases({(k.ref, k.target): k.there for k in plan.kept if k.reason == "person"}, now, refs)
    store.cases.save_conflicts(((h.uid, h.object, h.field, h.cells) for h in plan.held), now, uids)
    open_ = {(k.ref, k.target) for k in plan.kept} | {(s.ref, c.target) for s in plan.steps for c in s.changes}
    refused = (r for r in store.outbox.rejects(refs) if r.direction == "write")
    store.outbox.accepted([r.ref for r in refused if all((r.ref, target) not in open_ for target in r.sent)])


def setting(
    store: Store,
    scores: Iterable[tuple[str, float | None]],
    cost: Mapping[str, int],
    sides: Mapping[str, Crm],
    besides: Sequence[Mass] = (),
) -> Setting:
    """What a plan is seen against. `scores`: (leadsync id, what the lead is worth now); `cost`: API calls by side;
    `besides`: what is changed besides fields."""
    before = {(side, kind): count for side, kind, count in json.loads(store.noted(LIVE) or "[]")}
    usages = {side: crm.usage for side, crm in sides.items()}
    quota = {
        s: (cost.get(s, 0), u.used, u.limit) for s, u in usages.items() if u.used is not None and u.limit is not None
    }
    return Setting(store.pulled.counts(), before, _pairs(store, scores), quota, besides)


def _pairs(store: Store, scores: Iterable[tuple[str, float | None]]) -> Iterator[tuple[float, float]]:
    """(score then, score now) of the leads that were known before."""
    for some in paged(scores, TOGETHER):
        then = store.results.scores([uid for uid, _ in some])
        for uid, now in some:
            _, centi = then.get(uid, ("", None))
            if now is not None and centi is not None:
                yield centi / 100, now


def went_through(store: Store, limits: Limits, now: datetime) -> None:
    """After a run that was let through: what is there now is what the next one is seen against, and fields that
    somebody else keeps undoing are held from now on. Call inside a transaction."""
    live = [[side, kind, count] for (side, kind), count in sorted(store.pulled.counts().items())]
    store.note(LIVE, json.dumps(live))
    last, looked = store.history.newest(), int(store.noted(LOOKED) or 0)
    if last > looked:
        _break(store, limits, now, looked)
        store.note(LOOKED, str(last))


def _break(store: Store, limits: Limits, now: datetime, looked: int) -> None:
    """Hold the fields that flap, of those written since the last look."""
    known = store.cases.flaps()
    rows = [
        Rewrite(w.ref, w.field, w.replaced, w.settled, w.at, w.other)
        for w in store.history.rewritten(now - limits.flap_window, looked, limits.flap_writes)
    ]
    released = {key: found.released for key, found in known.items() if found.released is not None}
    held = {key for key, found in known.items() if found.released is None}
    fresh = [f for f in flaps(rows, released, limits.flap_writes) if (f.ref, f.field) not in held]
    store.cases.save_flaps(Flapping(f.ref, f.field, f.writes, f.other, now, None) for f in fresh)


def latest(rulings: Iterable[Ruling]) -> dict[tuple[str, str], Ruling]:
    """The newest answer for each lead or company and field."""
    return {(ruling.uid, ruling.field): ruling for ruling in rulings}
