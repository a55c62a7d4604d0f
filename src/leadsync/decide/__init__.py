"""The values leadsync works out, by the names mappings ask for them, and why each is what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from leadsync.attribute import Summary
from leadsync.enrich import Resolved
from leadsync.merge import Verdict
from leadsync.nurture import Nurtured
from leadsync.picture import Lead, Party
from leadsync.qualify import StageState
from leadsync.records import Value
from leadsync.score import Score, in_points

Decision = tuple[str, str, object, Mapping[str, Any]]
"""(uid, field or source, value, why)."""


def computed_lead(
    lead: Lead, score: Score, stage: StageState, attribution: Summary, nurtured: Nurtured
) -> dict[str, Value]:
    """A lead's values by source."""
    return {
        "leadsync.id": lead.uid,
        "score.total": score.total,
        "score.fit": score.group("fit"),
        "score.engagement": score.group("engagement"),
        "score.account": score.group("account"),
        "score.grade": score.grade or None,
        "score.reasons": score.text() or None,
        "score.as_of": score.as_of.isoformat(),
        "score.model": score.model,
        "stage.name": stage.stage,
        "stage.since": stage.since.isoformat(),
        "stage.cause": stage.cause,
        "stage.held": "; ".join(stage.held) or None,
        "stage.gates": "; ".join(dict.fromkeys(reason for _id, _action, reason in stage.gates)) or None,
        "stage.recycle": stage.recycle,
        "stage.answer_by": stage.answer_by.isoformat() if stage.answer_by is not None else None,
        **_attribution(attribution),
        **_nurture(nurtured),
        **(lead.resolved.computed() if lead.resolved is not None else {}),
        "family.leads": lead.family.leads,
        "family.engaged_30d": lead.family.engaged,
    }


def computed_company(company: Party, resolved: Resolved | None) -> dict[str, Value]:
    """A company's values by source."""
    return {"leadsync.id": company.uid, **(resolved.computed() if resolved is not None else {})}


def reasons(score: str, stage: str, resolved: Resolved | None, nurture: str = "") -> dict[str, str]:
    """Why computed values are what they are, by the first part of their source, as a plan tells it."""
    evidence = "; ".join(resolved.match.evidence) if resolved is not None else "no register was asked"
    return {
        "leadsync": "the same id on both sides",
        "score": score or "not scored",
        "stage": stage,
        "company": evidence,
        "attribution": "from the touches of both CRMs",
        "nurture": nurture,
        "family": "counted over the corporate family",
    }


def _attribution(summary: Summary) -> dict[str, Value]:
    at = {"first_at": summary.first_at, "last_at": summary.last_at}
    return {
        "attribution.first_channel": summary.first_channel or None,
        "attribution.first_campaign": summary.first_campaign or None,
        "attribution.last_channel": summary.last_channel or None,
        "attribution.last_campaign": summary.last_campaign or None,
        "attribution.top_channel": summary.top_channel or None,
        "attribution.top_share": summary.top_share if summary.top_channel else None,
        **{f"attribution.{name}": moment.isoformat() if moment is not None else None for name, moment in at.items()},
    }


def _nurture(nurtured: Nurtured) -> dict[str, Value]:
    course, advice = nurtured.course, nurtured.advice
    return {
        "nurture.state": course.now.phase.value if course is not None else None,
        "nurture.since": course.now.at.isoformat() if course is not None else None,
        "nurture.next_action": advice.do.value,
        "nurture.reason": advice.reason or None,
        "nurture.channel": advice.channel or None,
        "nurture.track": advice.track or None,
        "nurture.hold_until": advice.hold_until.isoformat() if advice.hold_until is not None else None,
    }


def nurture_why(nurtured: Nurtured) -> dict[str, Any]:
    """The advice with its rule, and how the journey went so far."""
    advice, course = nurtured.advice, nurtured.course
    steps = course.steps if course is not None else ()
    return {
        "because": advice.reason,
        "rule": advice.rule,
        "channel": advice.channel,
        "track": advice.track,
        "not before": advice.hold_until.isoformat() if advice.hold_until is not None else None,
        "advised since": nurtured.since.isoformat(),
        "journey": [f"{step.at:%Y-%m-%d} {step.phase.value}: {step.cause}" for step in steps],
    }


def score_why(score: Score) -> dict[str, Any]:
    """Every reason with its points; they add up to the total."""
    return {
        "total": score.total,
        "as_of": score.as_of.isoformat(),
        "model": score.model,
        "grade": score.grade,
        "groups": {name: in_points(centi) for name, centi in score.groups.items()},
        "excluded": score.excluded,
        "reasons": [{"id": r.id, "group": r.group, "points": r.points, "words": r.words} for r in score.reasons],
    }


def lead_decisions(
    lead: Lead, score: Score, stage: StageState, attribution: Summary, nurtured: Nurtured
) -> Iterator[Decision]:
    """All that is to be remembered of a lead."""
    for name, value, why in facts_why(lead.party):
        yield lead.uid, name, value, why
    yield lead.uid, "score", score.total, score_why(score)
    standing = {"cause": stage.cause, "since": stage.since.isoformat(), "held by": list(stage.held)}
    if stage.gates:
        standing["gates"] = [f"{reason} ({action})" for _id, action, reason in stage.gates]
    if stage.answer_by is not None:
        standing["answer by"] = stage.answer_by.isoformat()
    yield lead.uid, "stage", stage.stage, standing
    yield lead.uid, "nurture", nurtured.advice.do.value, nurture_why(nurtured)
    touches = {k.removeprefix("attribution."): v for k, v in _attribution(attribution).items()}
    yield lead.uid, "attribution", attribution.top_channel or None, {**touches, "model": attribution.model}
    if lead.belonging is not None:
        account = lead.belonging.account
        yield lead.uid, "company", account.query.name or None, {"company": account.uid, "because": lead.belonging.why}
    if lead.resolved is not None:
        yield lead.uid, "lei", lead.resolved.match.lei or None, resolved_why(lead.resolved)


def facts_why(party: Party) -> Iterator[tuple[str, object, Mapping[str, Any]]]:
    """(field, value, why) of every field that comes from the CRMs."""
    for name, verdict in party.verdicts.items():
        yield name, verdict.value, _verdict(verdict)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "how": verdict.how.value,
        "origin": str(verdict.origin) if verdict.origin is not None else None,
        "losers": [[str(ref), value] for ref, value in verdict.losers],
    }


def resolved_why(resolved: Resolved) -> dict[str, Any]:
    """The evidence for a legal entity, or for there being none."""
    match = resolved.match
    ownership = resolved.ownership
    return {
        "status": match.status,
        "lei": match.lei,
        "legal_name": match.legal_name,
        "country": match.country,
        "confidence": match.confidence,
        "method": match.method,
        "evidence": list(match.evidence),
        "candidates": [list(candidate) for candidate in match.candidates],
        "asked": {"name": resolved.query.name, "country": resolved.query.country, "city": resolved.query.city,
                  "domain": resolved.query.domain},
        "ultimate": _parent(ownership.ultimate) if ownership is not None else None,
        "direct": _parent(ownership.direct) if ownership is not None else None,
    }  # fmt: skip


def _parent(parent: Any) -> dict[str, str] | None:
    if parent is None:
        return None
    return {name: getattr(parent, name) for name in ("lei", "name", "country", "how", "reason")}


def company_decisions(companies: Iterable[Party], resolved: Mapping[str, Resolved]) -> Iterator[Decision]:
    """All that is to be remembered of companies."""
    for company in companies:
        for name, value, why in facts_why(company):
            yield company.uid, name, value, why
        if company.uid in resolved:
            yield company.uid, "lei", resolved[company.uid].match.lei or None, resolved_why(resolved[company.uid])
