"""A made-up history: leads whose conversion follows known odds, as snapshots and touches would tell of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import exp

import numpy as np

from leadsync.records import Fields, Ref
from leadsync.touchpoints import Touchpoint

BEGIN = date(2026, 1, 1)
HORIZON = timedelta(days=60)
TITLES = {"c_level": 1.2, "vp": 1.0, "manager": 0.0, "individual": -0.4, "student": -2.5}
REGIONS = {"north": 1.5, "south": 0.0}

Snapshot = tuple[str, date, Fields]


def history(
    count: int = 2400, seed: int = 3, *, signal: float = 1.0, leak: str = "", days: int = 200
) -> tuple[list[Snapshot], dict[str, list[Touchpoint]], date]:
    """Snapshots by lead and day, touches by lead, and the last day. `signal` 0: nothing tells the outcome. `leak`:
    "afterwards" (a field that sales fills in when it closes) or "backfilled" (the same, written into the past)."""
    chance = np.random.default_rng(seed)
    snapshots: list[Snapshot] = []
    touches: dict[str, list[Touchpoint]] = {}
    for number in range(count):
        lead = f"lead-{number:05}"
        first = BEGIN + timedelta(days=int(chance.integers(0, days)))
        title, region = str(chance.choice(list(TITLES))), str(chance.choice(list(REGIONS)))
        demos = int(chance.random() < 0.2)
        facts = {"seniority": title, "region": region, "employees": int(chance.choice([5, 30, 300, 3000])),
                 "has_phone": bool(chance.random() < 0.5), "lifecycle_stage": "lead", "lead_source": "Web"}  # fmt: skip
        odds = -2.2 + signal * (TITLES[title] + REGIONS[region] + 1.6 * demos)
        won = bool(chance.random() < 1 / (1 + exp(-odds)))
        closed = first + timedelta(days=int(chance.integers(5, 55)))
        early = {"industry": "won deal" if won else None} if leak == "backfilled" else {}
        snapshots.append((lead, first, {**facts, **early}))
        if won:
            late = {"industry": "won deal"} if leak else {}
            snapshots.append((lead, closed, {**facts, **early, **late, "lifecycle_stage": "customer"}))
        at = datetime.combine(first, datetime.min.time(), UTC) - timedelta(days=2)
        touches[lead] = [Touchpoint(Ref("x", "t", lead), Ref("x", "p", lead), at, "demo_request", "website")] * demos
    return snapshots, touches, BEGIN + timedelta(days=days) + HORIZON
