"""Why a company is, or is not, each of the entities it could be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leadsync.records import CompanyQuery, LegalEntity, Match
from leadsync.resolve.decisions import NOTHING, Decision
from leadsync.resolve.evidence import evidence
from leadsync.resolve.features import FEATURES
from leadsync.resolve.judge import Means, ResolveSettings, prepare, resolve, weigh, weighed


@dataclass(frozen=True, slots=True)
class Considered:
    """A candidate as the judge saw it. `why_not` is "" for the answer; `features` are what the model looked at."""

    entity: LegalEntity
    confidence: float
    evidence: tuple[str, ...]
    why_not: str
    features: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Explained:
    """The match, and every candidate, the likeliest first; `left_out`: entities that were not even weighed, and why."""

    match: Match
    candidates: tuple[Considered, ...]
    left_out: tuple[tuple[LegalEntity, str], ...]


def explain(
    query: CompanyQuery,
    candidates: Sequence[LegalEntity],
    settings: ResolveSettings,
    decision: Decision = NOTHING,
    means: Means | None = None,
) -> Explained:
    """What the judge makes of a company's candidates, in full."""
    match = resolve(query, candidates, settings, decision, means)
    given = Means() if means is None else means
    (one,) = prepare([query], [candidates], [decision], given.count)
    rows = {id(seen): row for seen, row in zip(one.seen, one.rows, strict=False)}
    found = weighed(one, weigh([one], given.trees))
    seen = [w.seen for w in found]
    considered = tuple(
        Considered(
            w.answer,
            w.confidence,
            evidence(one.asked, w.seen, seen, w.answer),
            _why_not(match, w.answer.lei, w.confidence, settings.threshold),
            dict(zip(FEATURES, map(float, rows[id(w.seen)]), strict=True)),
        )
        for w in found
    )
    shown = {w.seen.entity.lei for w in found} | {w.answer.lei for w in found}
    left = tuple((e, _left_out(e, decision)) for e in candidates if e.lei not in shown)
    return Explained(match, considered, left)


def _why_not(match: Match, lei: str, confidence: float, threshold: float) -> str:
    if lei == match.lei:
        return ""
    if match.method == "confirmed":
        return "a person confirmed another one"
    if match.status == "ambiguous":
        return "cannot be told apart from the others"
    if match.status == "matched":
        return "less likely than the answer"
    return f"{confidence:.2f} is less than the {threshold:.2f} needed"


def _left_out(entity: LegalEntity, decision: Decision) -> str:
    if entity.lei in decision.rejected:
        return "a person rejected it"
    if entity.registration in {"ANNULLED", "DUPLICATE"}:
        return f"its registration is {entity.registration.lower()}"
    return "its name is too far off"
