"""Ask a register about companies and judge its answers: one way for files, single names and the daemon."""

from __future__ import annotations

from collections.abc import Sequence

from leadsync.connector import Register
from leadsync.connector.counting import Counting
from leadsync.records import CompanyQuery, LegalEntity, Match
from leadsync.resolve.decisions import Decisions, following, learned, settled
from leadsync.resolve.judge import CONSIDERED, Means, ResolveSettings, resolve_all


def ask(
    queries: Sequence[CompanyQuery],
    register: Register,
    settings: ResolveSettings,
    decisions: Decisions,
    found: Sequence[Sequence[LegalEntity]] | None = None,
) -> list[Match]:
    """A match for each query, in their order. What people decided comes first, followed to the entity's successor;
    then the judge; then a web domain that people's decisions teach. `found`: candidates that were asked for before."""
    candidates = register.candidates(queries, CONSIDERED) if found is None else found
    verdicts = [following(decisions.about(query), query, register.entity) for query in queries]
    matches = resolve_all(queries, candidates, settings, verdicts, means_of(register))
    return [
        learned(query, settled(match, register.entity), decisions, register.entity)
        for query, match in zip(queries, matches, strict=True)
    ]


def means_of(register: Register) -> Means:
    """What a register offers beyond candidates: some can count in how many names a word stands."""
    return Means(count=register.frequencies if isinstance(register, Counting) else None)
