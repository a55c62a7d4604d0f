"""All values that leadsync computes and a mapping may write: their names, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SOURCES: Final[Mapping[str, str]] = {
    "leadsync.id": "leadsync's own id of the person or company; the same in both CRMs, and it never changes",
    "score.total": "the score, in points",
    "score.fit": "points for who they are",
    "score.engagement": "points for what they did",
    "score.account": "points for their company and its corporate family",
    "score.grade": "fit and engagement as a letter and a figure, e.g. A1",
    "score.reasons": "the weightiest reasons of the score in words, in at most 255 characters",
    "score.as_of": "the time the score was computed for",
    "score.model": "the scoring model's id",
    "stage.name": "the stage the lead is in, as named in stages.toml",
    "stage.since": "when it came into that stage",
    "stage.cause": "why it is in that stage",
    "company.lei": "the company's Legal Entity Identifier",
    "company.lei_match": "matched, ambiguous or none",
    "company.lei_confidence": "how sure the match is, 0 to 1",
    "company.lei_evidence": "what speaks for the match, in words",
    "company.legal_name": "the legal entity's name in the register",
    "company.legal_country": "the country of its legal address, ISO 3166-1 alpha-2",
    "company.entity_status": "ACTIVE or INACTIVE",
    "company.lei_status": "the registration's status: ISSUED, LAPSED, RETIRED, MERGED …",
    "company.direct_parent_name": "who directly consolidates it",
    "company.direct_parent_lei": "that parent's LEI",
    "company.ultimate_parent_name": "who ultimately consolidates it",
    "company.ultimate_parent_lei": "that parent's LEI",
    "company.ultimate_parent_country": "that parent's country, ISO 3166-1 alpha-2",
    "attribution.first_channel": "the channel of the first touch",
    "attribution.first_campaign": "the campaign of the first touch",
    "attribution.first_at": "the time of the first touch",
    "attribution.last_channel": "the channel of the last touch",
    "attribution.last_campaign": "the campaign of the last touch",
    "attribution.last_at": "the time of the last touch",
    "attribution.top_channel": "the channel with the largest share of the credit",
    "attribution.top_share": "that share, 0 to 1",
    "family.leads": "how many other leads belong to the same corporate family",
    "family.engaged_30d": "how many of those did something in the last 30 days",
}
