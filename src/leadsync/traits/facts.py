"""The names a scoring model, a stage or a condition may use, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

CANONICAL: Final[Mapping[str, str]] = {
    "email": "the person's e-mail address",
    "first_name": "the person's first name",
    "last_name": "the person's last name",
    "phone": "the person's phone number",
    "job_title": "the title as typed",
    "company_name": "the company as typed",
    "website": "the company's website",
    "country": "country",
    "city": "city",
    "region": "state or region",
    "industry": "the CRM's industry option",
    "employees": "number of employees",
    "annual_revenue": "yearly revenue",
    "lead_source": "where the CRM says the lead came from",
    "original_source": "the first traffic source that HubSpot saw",
    "opted_out": "opted out of e-mail in either CRM",
    "do_not_call": "asked not to be called, in either CRM",
    "legal_basis": "the legal basis for contacting them, as a CRM has it",
    "lifecycle_stage": "HubSpot's lifecycle stage, as it stands",
    "sales_status": "Salesforce's lead status, as it stands",
}
DERIVED: Final[Mapping[str, str]] = {
    "email_domain": "the part behind the @",
    "email_is_free": "an address that anybody can have",
    "email_is_role": "an address that a team reads (info@ ...)",
    "email_is_academic": "a university's address",
    "seniority": "c_level, vp, director, manager, individual or student, from the title",
    "department": "the function that the title names",
    "industry_group": "one of a dozen groups of industries",
    "is_test_data": "typed in to try something out",
    "has_phone": "a phone number is known",
    "has_company": "a company is named",
}
COMPANY: Final[Mapping[str, str]] = {
    "lei": "the Legal Entity Identifier found",
    "lei_confidence": "how sure the match is, 0..1",
    "lei_match": "matched, ambiguous or none",
    "legal_name": "the registered name",
    "legal_country": "the country of registration (ISO 3166-1 alpha-2)",
    "entity_status": "ACTIVE or INACTIVE (dissolved)",
    "lei_status": "the LEI's registration: ISSUED, LAPSED, RETIRED, MERGED, DUPLICATE, ANNULLED ...",
    "direct_parent_name": "who consolidates the company directly",
    "direct_parent_lei": "the direct parent's LEI",
    "parent_exception": "why the register names no parent: NON_CONSOLIDATING, NO_KNOWN_PERSON, NON_PUBLIC ...",
    "ultimate_parent_name": "the top of the corporate family",
    "ultimate_parent_lei": "the top's LEI",
    "ultimate_parent_country": "the top's country",
    "group_leads": "other leads of the corporate family",
    "group_customers": "customers in the corporate family, this company aside",
    "group_engaged_30d": "other leads of the family with a touch in the last 30 days",
    "group_open_deals": "open deals elsewhere in the family",
    "group_won_value": "what deals won elsewhere in the family are worth",
    "group_size": "legal entities in the family",
    "parent_is_target_account": "the family's top is on the target list",
    "ownership_depth": "steps from the company up to the family's top",
}
FACTS: Final[Mapping[str, str]] = {**CANONICAL, **DERIVED, **COMPANY}
