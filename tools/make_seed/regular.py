"""Writes each invented person the way the two CRMs have them: two spellings of one human being."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

from tools.make_seed import spelling
from tools.make_seed.companies import INDUSTRIES, SPELLINGS, Company
from tools.make_seed.people import Person
from tools.make_seed.records import Known, is_account, link_of, typed_company
from tools.make_seed.touches import Did, journey

CONTACTS, CONVERTED = 78, 8
NOT_PROVIDED = "[not provided]"  # what Salesforce's own forms put where a lead names no company
SOURCES = {
    "Newsletter": "EMAIL_MARKETING",
    "Whitepaper download": "ORGANIC_SEARCH",
    "Webinar registration": "SOCIAL_MEDIA",
    "Contact us": "DIRECT_TRAFFIC",
    "Pricing calculator": "PAID_SEARCH",
    "Request a demo": "REFERRALS",
}
"""HubSpot's original source of a contact whose first touch was that form."""


def regular_people(rng: random.Random, people: Iterable[Person]) -> list[Known]:
    """Every person's records; some of those in Salesforce are contacts, and a few of these were leads before."""
    everybody = list(people)
    could = [p.key for p in everybody if p.in_salesforce and is_account(p.company) and p.keen != "hot"]
    contacts = rng.sample(could, CONTACTS)
    converted = set(contacts[:CONVERTED])
    return [_known(rng, p, contact=p.key in contacts, converted=p.key in converted) for p in everybody]


def _known(rng: random.Random, person: Person, *, contact: bool, converted: bool) -> Known:
    touches = journey(rng, person.keen, hubspot=person.in_hubspot, salesforce=person.in_salesforce)
    key = person.company.key if person.company is not None else ""
    account = key if is_account(person.company) else ""
    return Known(
        key=person.key,
        kind="converted" if converted else "regular",
        link="conversion" if converted and not person.in_hubspot else link_of(person),
        works_at=key,
        company=key if person.company is not None and person.company.hubspot is not None else "",
        account=account,
        hubspot=(_hubspot(rng, person, touches),) if person.in_hubspot else (),
        lead=(_lead(rng, person, converted=converted),) if person.in_salesforce and (converted or not contact) else (),
        contact=(_contact(rng, person),) if contact else (),
        touches=tuple(touches),
        converted=converted,
    )


def _hubspot(rng: random.Random, person: Person, touches: Iterable[Did]) -> dict[str, str]:
    properties = {
        "email": person.email,
        "firstname": person.first,
        "lastname": person.last,
        "jobtitle": person.title,
        "lifecyclestage": _stage(rng, person),
        "hs_analytics_source": _source(touches),
    }
    if rng.random() < 0.85 or person.keen == "hot":
        properties["phone"] = spelling.phone(rng, person.phone, dial=person.dial)
    if person.second_email:
        properties["hs_additional_emails"] = person.second_email
    if person.opted_out:
        properties["hs_email_optout"] = "true"
    if person.keen != "cold":
        properties["hs_lead_status"] = rng.choice(("NEW", "OPEN", "IN_PROGRESS", "CONNECTED"))
    return properties | _hubspot_company(rng, person)


def _hubspot_company(rng: random.Random, person: Person) -> dict[str, str]:
    if person.company is None:
        return {}
    name, country, city = typed_company(rng, person.company, "hubspot")
    properties = {"company": name, "country": _country(rng, country), "city": city}
    if person.company.industry == "software" or rng.random() < 0.3:
        properties["website"] = f"https://www.{person.company.domain}"
    return {key: value for key, value in properties.items() if value}


def _country(rng: random.Random, typed: str) -> str:
    """Mostly what the company has, else another spelling of the same country."""
    if typed and rng.random() < 0.25:
        return rng.choice(next(s for s in SPELLINGS.values() if typed in s))
    return typed


def _stage(rng: random.Random, person: Person) -> str:
    match person.keen:
        case "hot":
            return "lead"
        case "warm":
            return rng.choice(("lead", "lead", "subscriber", "marketingqualifiedlead", "opportunity"))
        case "cold":
            return rng.choice(("subscriber", "subscriber", "subscriber", "lead", "customer"))
        case unknown:
            raise ValueError(f"nobody is {unknown}")


def _source(touches: Iterable[Did]) -> str:
    forms = [touch.name for touch in touches if touch.kind == "form"]
    return SOURCES[forms[0]] if forms else "OFFLINE"


def _names(rng: random.Random, person: Person) -> tuple[str, str]:
    """In Salesforce alone a person keeps the one spelling there is; in both, the second one may differ."""
    return spelling.respelled(rng, person.first, person.last) if person.in_hubspot else (person.first, person.last)


def _salesforce_email(rng: random.Random, person: Person) -> str:
    email = person.second_email or person.email
    draw = rng.random()
    if draw < 0.15:
        return spelling.capitals(email)
    return email.upper() if draw < 0.18 else email


def _title(rng: random.Random, person: Person) -> str:
    return spelling.SHORT_TITLES.get(person.title, person.title) if rng.random() < 0.4 else person.title


def _person_fields(rng: random.Random, person: Person) -> dict[str, Any]:
    first, last = _names(rng, person)
    fields: dict[str, Any] = {
        "FirstName": first,
        "LastName": last,
        "Email": _salesforce_email(rng, person),
        "Title": _title(rng, person),
        "LeadSource": rng.choice(("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")),
        "HasOptedOutOfEmail": person.opted_out,
    }
    if rng.random() < 0.8:
        fields["Phone"] = spelling.phone(rng, person.phone, dial=person.dial)
    return fields


def _lead(rng: random.Random, person: Person, *, converted: bool) -> dict[str, Any]:
    fields = _person_fields(rng, person)
    fields["Status"] = "Closed - Converted" if converted else _status(rng, person)
    if person.company is None:
        return fields | {"Company": NOT_PROVIDED}
    name, country, city = typed_company(rng, person.company, "salesforce")
    fields |= {"Company": name, "Industry": INDUSTRIES[person.company.industry][1]}
    places = {"Country": _country(rng, country), "City": city}
    return fields | {key: value for key, value in places.items() if value} | _size(rng, person.company)


def _size(rng: random.Random, company: Company) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if company.employees is not None and rng.random() < 0.7:
        fields["NumberOfEmployees"] = company.employees
    if rng.random() < 0.5:
        fields["Website"] = f"www.{company.domain}"
    return fields


def _status(rng: random.Random, person: Person) -> str:
    """A lead without an industry is never being worked: the demonstration's validation rule forbids it."""
    if person.company is None or person.keen == "cold":
        return rng.choices(("Open - Not Contacted", "Closed - Not Converted"), (85, 15))[0]
    return rng.choice(("Open - Not Contacted", "Working - Contacted"))


def _contact(rng: random.Random, person: Person) -> dict[str, Any]:
    fields = _person_fields(rng, person)
    if person.company is not None and person.company.salesforce is not None:
        typed = person.company.salesforce
        places = {"MailingCountry": _country(rng, typed.country), "MailingCity": typed.city}
        fields |= {key: value for key, value in places.items() if value}
    return fields
