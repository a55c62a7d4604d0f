"""The right answers to the seed: whose records are whose, which LEI is right for which, who owns whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tools.make_seed.companies import Company
from tools.make_seed.hubspot import Portal
from tools.make_seed.records import Known
from tools.make_seed.salesforce import Org

ULTIMATE = "IS_ULTIMATELY_CONSOLIDATED_BY"


def build(
    companies: Sequence[Company], people: Iterable[Known], portal: Portal, org: Org, relations: Iterable[dict[str, Any]]
) -> dict[str, Any]:
    """`people`: key to records; `companies`: record to LEI or null with the reason; `ultimate_parents`: LEI to LEI."""
    everybody = list(people)
    by_key = {company.key: company for company in companies}
    answers = _company_answers(companies, portal, org)
    for person in everybody:
        answer = _answer(by_key[person.works_at]) if person.works_at else {"lei": None, "why": "no company"}
        answers |= dict.fromkeys(_refs(person, portal, org), answer)
    return {
        "people": {
            person.key: {"records": _refs(person, portal, org), "kind": person.kind, "link": person.link}
            for person in everybody
        },
        "companies": answers,
        "ultimate_parents": {
            row["columns"]["Relationship.StartNode.NodeID"]: row["columns"]["Relationship.EndNode.NodeID"]
            for row in relations
            if row["columns"]["Relationship.RelationshipType"] == ULTIMATE
        },
        "rejected": [ref for person in everybody if person.key.startswith("rule-") for ref in _leads(person, org)],
    }


def _company_answers(companies: Iterable[Company], portal: Portal, org: Org) -> dict[str, Any]:
    answers = {}
    for company in companies:
        if company.key in portal.company_ids:
            answers[f"hubspot/companies/{portal.company_ids[company.key]}"] = _answer(company)
        if company.key in org.account_ids:
            answers[f"salesforce/Account/{org.account_ids[company.key]}"] = _answer(company)
    return answers


def _answer(company: Company) -> dict[str, Any]:
    return {"lei": company.lei or None, "why": company.why}


def _refs(person: Known, portal: Portal, org: Org) -> list[str]:
    found = [f"hubspot/contacts/{ident}" for ident in portal.refs.get(person.key, ())]
    return found + [f"salesforce/{kind}/{ident}" for kind, ident in org.refs.get(person.key, ())]


def _leads(person: Known, org: Org) -> list[str]:
    return [f"salesforce/{kind}/{ident}" for kind, ident in org.refs[person.key] if kind == "Lead"]
