"""Companies whose legal entity a person should decide, those first by which most would change."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from leadsync.enrich import live_companies
from leadsync.records import CompanyQuery
from leadsync.resolve import Decision, Decisions
from leadsync.resolve.judge import WORTH_A_LOOK
from leadsync.store import Store

Candidate = tuple[str, str, str, float]
"""LEI, legal name, country, likelihood."""
SURE = 0.9
"""A match less certain than this is shown to a person too, behind those that are none."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A company that waits. `worth`: its leads' scores, negative ones aside, and one for the company itself; `change`:
    that times the chance that the answer differs from what stands in the CRMs."""

    uid: str
    query: CompanyQuery
    status: str
    leads: int
    worth: float
    change: float
    why: str
    candidates: tuple[Candidate, ...]


def known_companies(store: Store) -> dict[str, CompanyQuery]:
    """Company uid → how the CRMs describe it, of all that were resolved and are still there."""
    found = store.results.resolutions(live_companies(store).keys())
    return {uid: CompanyQuery(**json.loads(query)) for uid, (query, _, _) in found.items()}


def queue(store: Store) -> list[Waiting]:
    """All that wait; what a person decided waits no more."""
    decisions = Decisions.of(store.matches.verdicts())
    there = live_companies(store)
    scores: dict[str, float] = {}
    centi = {uid: points for uid, (_, points) in store.results.scores().items()}
    for company, leads in there.items():
        scores[company] = sum(max(0, centi.get(lead) or 0) for lead in leads) / 100
    found: list[Waiting] = []
    for uid, (text, _, body) in store.results.resolutions(there.keys()).items():
        query = CompanyQuery(**json.loads(text))
        one = _waiting(uid, query, body["match"], decisions.about(query), (len(there[uid]), scores[uid]))
        if one is not None:
            found.append(one)
    return sorted(found, key=lambda one: (-one.change, one.query.name, one.uid))


def _waiting(
    uid: str, query: CompanyQuery, match: dict[str, Any], said: Decision, counts: tuple[int, float]
) -> Waiting | None:
    left = tuple((c[0], c[1], c[2], c[3]) for c in match["candidates"] if c[0] not in said.rejected)
    if (said.confirmed is not None and not said.placeless) or not left:
        return None
    leads, worth = counts[0], counts[1] + 1
    match match["status"]:
        case "matched":
            chance = 1 - match["confidence"]
            waits = match["confidence"] < SURE
        case "ambiguous":
            chance, waits = min(1.0, sum(c[3] for c in left)), True
        case _:
            chance, waits = left[0][3], left[0][3] >= WORTH_A_LOOK
    why = match["evidence"][0] if match["evidence"] else ""
    return Waiting(uid, query, match["status"], leads, worth, worth * chance, why, left) if waits else None
