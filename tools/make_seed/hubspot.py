"""HubSpot's section of the seed: contacts, companies, forms with submissions, e-mails and meetings."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tools.make_seed.companies import INDUSTRIES, Company
from tools.make_seed.ids import form_guid
from tools.make_seed.records import Known
from tools.make_seed.times import TWO_YEARS, after, before, iso
from tools.make_seed.touches import FORMS, Did, first_and_last

FIRST_CONTACT, FIRST_COMPANY, FIRST_EMAIL, FIRST_MEETING = 1001, 2001, 30001, 40001
IMPORTED = 25
OWNERS = (
    {"id": "501", "email": "maren.vogt@leadsync.example", "firstName": "Maren", "lastName": "Vogt"},
    {"id": "502", "email": "idris.bello@leadsync.example", "firstName": "Idris", "lastName": "Bello"},
    {"id": "503", "email": "tilde.holm@leadsync.example", "firstName": "Tilde", "lastName": "Holm"},
)

Record = dict[str, Any]


@dataclass
class Portal:
    """The section as it grows. `refs` maps a person's key to the ids of their contacts, `companies` a key to an id."""

    contacts: list[Record] = field(default_factory=list)
    companies: list[Record] = field(default_factory=list)
    emails: list[Record] = field(default_factory=list)
    meetings: list[Record] = field(default_factory=list)
    associations: list[list[str]] = field(default_factory=list)
    submissions: list[Record] = field(default_factory=list)
    refs: dict[str, list[str]] = field(default_factory=dict)
    company_ids: dict[str, str] = field(default_factory=dict)

    def section(self) -> Record:
        """The section in the sandbox's seed format."""
        return {
            "account": {"portalId": 48000001, "timeZone": "Europe/Amsterdam", "tier": None},
            "owners": list(OWNERS),
            "objects": {
                "contacts": self.contacts,
                "companies": self.companies,
                "emails": self.emails,
                "meetings": self.meetings,
            },
            "associations": self.associations,
            "forms": [{"guid": form_guid(name), "name": name} for name in FORMS],
            "submissions": sorted(self.submissions, key=lambda row: row["submittedAt"]),
        }


def build(rng: random.Random, companies: Sequence[Company], people: Iterable[Known]) -> Portal:
    """All of it; people in a mixed order, so that ids tell nothing."""
    portal = Portal()
    for company in companies:
        if company.hubspot is not None:
            _add_company(rng, portal, company)
    known = [person for person in people if person.hubspot]
    rng.shuffle(known)
    for person in known:
        _add_person(rng, portal, person)
    _import_some(rng, portal)
    return portal


def _add_company(rng: random.Random, portal: Portal, company: Company) -> None:
    typed = company.hubspot
    if typed is None:
        raise ValueError(f"{company.key} is not in HubSpot")
    created = before(rng, 300, TWO_YEARS)
    properties = {
        "name": typed.name,
        "domain": company.domain,
        "website": f"https://www.{company.domain}",
        "country": typed.country,
        "city": typed.city,
        "industry": INDUSTRIES[company.industry][0],
        "numberofemployees": "" if company.employees is None else str(company.employees),
        "hubspot_owner_id": rng.choice(OWNERS)["id"],
    }
    ident = str(FIRST_COMPANY + len(portal.companies))
    portal.company_ids[company.key] = ident
    portal.companies.append(_object(ident, properties, created, after(rng, created, 250)))


def _object(ident: str, properties: Mapping[str, str], created: datetime, updated: datetime) -> Record:
    kept = {name: value for name, value in properties.items() if value}
    times = {"createdAt": iso(created), "updatedAt": iso(updated), "archived": False}
    return {"id": ident, "properties": kept, **times}


def _add_person(rng: random.Random, portal: Portal, person: Known) -> None:
    first, last = first_and_last(person.touches, before(rng, 30, TWO_YEARS))
    ids = []
    for record in person.hubspot:
        ident = str(FIRST_CONTACT + len(portal.contacts))
        owner = {"hubspot_owner_id": rng.choice(OWNERS)["id"]}
        created = first - timedelta(seconds=rng.randint(1, 900), milliseconds=rng.randrange(1000))
        portal.contacts.append(_object(ident, {**record, **owner}, created, after(rng, last, 5)))
        if person.company and (record.get("company") or "email" in record):
            portal.associations.append(["contacts", ident, "companies", portal.company_ids[person.company]])
        ids.append(ident)
    portal.refs[person.key] = ids
    for touch in person.touches:
        _add_touch(rng, portal, ids[0], person, touch)


def _add_touch(rng: random.Random, portal: Portal, contact: str, person: Known, touch: Did) -> None:
    match touch.kind:
        case "form":
            portal.submissions.append(_submission(rng, person, touch))
        case "email_in" | "email_out":
            _add_email(portal, contact, touch)
        case "meeting":
            _add_meeting(portal, contact, touch)
        case "campaign":
            pass  # Salesforce has it
        case unknown:
            raise ValueError(f"{unknown} is no kind of touch")


def _submission(rng: random.Random, person: Known, touch: Did) -> Record:
    """What was typed into the form: some write capitals or a blank behind, some their other address."""
    record = person.hubspot[0]
    email = record["email"]
    draw = rng.random()
    if draw < 0.3 and "hs_additional_emails" in record:
        email = record["hs_additional_emails"]
    elif draw > 0.95:
        email = f"{email} "
    elif draw > 0.9:
        email = email.title()
    guid = form_guid(touch.name)
    return {"form": guid, "email": email, "submittedAt": iso(touch.at), "pageUrl": FORMS[touch.name]}


def _add_email(portal: Portal, contact: str, touch: Did) -> None:
    direction = "INCOMING_EMAIL" if touch.kind == "email_in" else "EMAIL"
    properties = {
        "hs_timestamp": iso(touch.at),
        "hs_email_direction": direction,
        "hs_email_subject": touch.name,
        "hs_email_status": "SENT",
    }
    ident = str(FIRST_EMAIL + len(portal.emails))
    portal.emails.append(_object(ident, properties, touch.at, touch.at))
    portal.associations.append(["emails", ident, "contacts", contact])


def _add_meeting(portal: Portal, contact: str, touch: Did) -> None:
    properties = {
        "hs_timestamp": iso(touch.at),
        "hs_meeting_title": touch.name,
        "hs_meeting_start_time": iso(touch.at),
        "hs_meeting_end_time": iso(touch.at + timedelta(minutes=30)),
        "hs_meeting_outcome": "COMPLETED",
    }
    ident = str(FIRST_MEETING + len(portal.meetings))
    portal.meetings.append(_object(ident, properties, touch.at, touch.at))
    portal.associations.append(["meetings", ident, "contacts", contact])


def _import_some(rng: random.Random, portal: Portal) -> None:
    """An import writes many contacts in one moment: pages of a pull must not lose them."""
    latest = max(record["updatedAt"] for record in portal.contacts)
    moment = min(latest, iso(before(rng, 40, 41)))
    for record in [r for r in portal.contacts if r["createdAt"] < moment and r["updatedAt"] < moment][:IMPORTED]:
        record["updatedAt"] = moment
