"""What both CRMs' writers share: a person's records, and who works where."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.make_seed.committed import FACTS
from tools.make_seed.companies import Company
from tools.make_seed.people import Person
from tools.make_seed.touches import Did, journey


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the seed's files need them: their records in each CRM, with fields and touches.

    `link` says what shows that the records are one person's; `works_at` is the company's key, or "".
    """

    key: str
    kind: str
    link: str
    works_at: str
    company: str
    account: str
    hubspot: tuple[Mapping[str, str], ...]
    lead: tuple[Mapping[str, Any], ...]
    contact: tuple[Mapping[str, Any], ...]
    touches: tuple[Did, ...]
    converted: bool = False


def odd_people(rng: random.Random) -> list[Known]:
    """The hand-written cases of `facts/oddities.jsonl`."""
    lines = (FACTS / "oddities.jsonl").read_text(encoding="utf-8").splitlines()
    return [_odd(rng, json.loads(line)) for line in lines]


def _odd(rng: random.Random, case: Mapping[str, Any]) -> Known:
    in_salesforce = bool(case["lead"] or case["contact"])
    touches = journey(rng, case["keen"], hubspot=_has_address(case["hubspot"]), salesforce=in_salesforce)
    return Known(
        key=case["key"],
        kind=case["kind"],
        link=case["link"],
        works_at=case["works_at"] or "",
        company=case["company"] or "",
        account=case["account"] or "",
        hubspot=tuple(case["hubspot"]),
        lead=tuple(case["lead"]),
        contact=tuple(case["contact"]),
        touches=tuple(touches),
    )


def _has_address(records: Iterable[Mapping[str, str]]) -> bool:
    return any("email" in record for record in records)


def typed_company(rng: random.Random, company: Company, side: str) -> tuple[str, str, str]:
    """Name, country and city as somebody typed them into a person's record: the CRM's own spelling or a variant."""
    typed = getattr(company, side) or company.typed
    name = rng.choice(company.variants) if company.variants and rng.random() < 0.3 else typed.name
    return name, typed.country, typed.city


def is_account(company: Company | None) -> bool:
    """Whether Salesforce has an account of the company."""
    return company is not None and company.salesforce is not None


def link_of(person: Person) -> str:
    """What shows that a person's records are theirs."""
    if not (person.in_hubspot and person.in_salesforce):
        return "alone"
    return "second e-mail" if person.second_email else "e-mail"
