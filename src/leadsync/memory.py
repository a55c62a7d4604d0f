"""What the state remembers, as the plan looks at it, and what a plan gives it to remember."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from leadsync.identify import Overrides
from leadsync.plan import LastWrite, Lease, Memory, Plan, Refusal
from leadsync.store import Ruling, Store


def memory(store: Store) -> Memory:
    """All that earlier runs left for the plan."""
    written = {key: LastWrite(row.sent, row.settled, row.at) for key, row in store.outbox.written().items()}
    refused = {r.ref: Refusal(r.sent, r.reason, r.version) for r in store.outbox.rejects() if r.direction == "write"}
    leases = {key: Lease(value, since) for key, (value, since) in store.cases.leases().items()}
    flapping = {key: found.other for key, found in store.cases.flaps().items() if found.released is None}
    return Memory(written, refused, leases, flapping)


def overrides(store: Store) -> Overrides:
    """What people said of who is who."""
    rules = store.cases.identity_rules()
    same, apart = (frozenset((r.a, r.b) for r in rules if r.verdict == word) for word in ("same", "apart"))
    return Overrides(same, apart)


def remember(store: Store, plan: Plan, now: datetime) -> None:
    """Keep whose values stand in the way, and what contradicts itself; call inside a transaction."""
    store.cases.save_leases({(k.ref, k.target): k.there for k in plan.kept if k.reason == "person"}, now)
    store.cases.save_conflicts(((h.uid, h.object, h.field, h.cells) for h in plan.held), now)


def latest(rulings: Iterable[Ruling]) -> dict[tuple[str, str], Ruling]:
    """The newest answer for each lead or company and field."""
    return {(ruling.uid, ruling.field): ruling for ruling in rulings}
