"""Salesforce's section of the seed: accounts, leads, contacts, campaigns with their members, a validation rule."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tools.make_seed.companies import INDUSTRIES, Company
from tools.make_seed.ids import salesforce_id
from tools.make_seed.records import Known
from tools.make_seed.times import ANCHOR, TWO_YEARS, after, before, iso
from tools.make_seed.touches import Did, campaigns, first_and_last

IMPORTED = 30
USERS = (
    {"Username": "greta.lind@leadsync.example", "FirstName": "Greta", "LastName": "Lind"},
    {"Username": "omar.faris@leadsync.example", "FirstName": "Omar", "LastName": "Faris"},
    {"Username": "petra.novy@leadsync.example", "FirstName": "Petra", "LastName": "Nový"},
)
RULE = {
    "object": "Lead",
    "name": "Industry_before_working",
    "message": "Choose an industry before you work this lead.",
    "violated_when": "Industry = null AND Status = 'Working - Contacted'",
}
"""Two leads of the seed break it, as leads do that are older than their rule."""

Record = dict[str, Any]


@dataclass
class Org:
    """The section as it grows. `refs` maps a person's key to ("Lead" or "Contact", id) pairs."""

    objects: dict[str, list[Record]] = field(default_factory=dict)
    refs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    account_ids: dict[str, str] = field(default_factory=dict)
    campaign_ids: dict[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()

    def add(self, kind: str, fields: Mapping[str, Any], created: datetime, modified: datetime) -> str:
        """Append a record with its id and times; returns the id."""
        rows = self.objects.setdefault(kind, [])
        ident = salesforce_id(kind, len(rows) + 1)
        kept = {name: value for name, value in fields.items() if value is not None and value != ""}
        times = {"CreatedDate": iso(created), "LastModifiedDate": iso(modified), "SystemModstamp": iso(modified)}
        rows.append({"Id": ident, **kept, **times})
        return ident

    def section(self) -> Record:
        """The section in the sandbox's seed format."""
        order = ("User", "Account", "Lead", "Contact", "Campaign", "CampaignMember")
        return {"objects": {kind: self.objects[kind] for kind in order}, "validation_rules": [RULE]}


def build(rng: random.Random, companies: Sequence[Company], people: Iterable[Known]) -> Org:
    """All of it; people in a mixed order, so that ids tell nothing."""
    org = Org()
    _add_users(org)
    for company in companies:
        if company.salesforce is not None:
            _add_account(rng, org, company)
    for campaign in campaigns():
        day = ANCHOR - timedelta(days=campaign.days_ago)
        fields = {"Name": campaign.name, "Type": campaign.type, "Status": campaign.status}
        active = {"IsActive": campaign.status == "In Progress", "OwnerId": org.owners[0]}
        org.campaign_ids[campaign.name] = org.add("Campaign", {**fields, **active}, day - timedelta(days=20), day)
    known = [person for person in people if person.lead or person.contact]
    rng.shuffle(known)
    for person in known:
        _add_person(rng, org, person)
    _import_some(rng, org)
    return org


def _add_users(org: Org) -> None:
    made = ANCHOR - timedelta(days=900)
    for user in USERS:
        names = {"Name": f"{user['FirstName']} {user['LastName']}", "Email": user["Username"]}
        org.add("User", {**user, **names, "IsActive": True}, made, made)
    org.owners = tuple(row["Id"] for row in org.objects["User"])


def _add_account(rng: random.Random, org: Org, company: Company) -> None:
    typed = company.salesforce
    if typed is None:
        raise ValueError(f"{company.key} is not in Salesforce")
    created = before(rng, 300, TWO_YEARS)
    fields = {
        "Name": typed.name,
        "Website": f"https://www.{company.domain}",
        "BillingCountry": typed.country,
        "BillingCity": typed.city,
        "Industry": INDUSTRIES[company.industry][1],
        "NumberOfEmployees": company.employees,
        "Type": rng.choice(("Prospect", "Prospect", "Prospect", "Customer - Direct", "Channel Partner / Reseller")),
        "OwnerId": rng.choice(org.owners),
    }
    org.account_ids[company.key] = org.add("Account", fields, created, after(rng, created, 250))


def _add_person(rng: random.Random, org: Org, person: Known) -> None:
    mine = [touch for touch in person.touches if touch.kind == "campaign"]
    first, last = first_and_last(mine, before(rng, 20, TWO_YEARS))
    created, modified = first - timedelta(days=1, milliseconds=rng.randrange(86_400_000)), after(rng, last, 6)
    owner = {"OwnerId": rng.choice(org.owners)}
    contacts = []
    for record in person.contact:
        account = {"AccountId": org.account_ids[person.account]}
        contacts.append(org.add("Contact", {**record, **account, **owner}, created, modified))
    leads = []
    for record in person.lead:
        status = {"Status": "Open - Not Contacted", **record, **owner}
        leads.append(org.add("Lead", {**status, **_conversion(org, person, contacts)}, created, modified))
    org.refs[person.key] = [("Lead", ident) for ident in leads] + [("Contact", ident) for ident in contacts]
    _add_members(rng, org, org.refs[person.key], mine)


def _conversion(org: Org, person: Known, contacts: Sequence[str]) -> Record:
    if not person.converted:
        return {}
    target = {"ConvertedContactId": contacts[0], "ConvertedAccountId": org.account_ids[person.account]}
    return {"IsConverted": True, **target}


def _add_members(rng: random.Random, org: Org, refs: Sequence[tuple[str, str]], touches: Iterable[Did]) -> None:
    """One membership for each campaign, on one of the person's records."""
    for touch in touches:
        kind, ident = rng.choice(refs)
        campaign, modified = org.campaign_ids[touch.name], after(rng, touch.at, 2)
        fields = {"CampaignId": campaign, f"{kind}Id": ident, "Status": touch.status}
        responded = {"HasResponded": touch.status != "Sent"}
        org.add("CampaignMember", {**fields, **responded}, touch.at, modified)


def _import_some(rng: random.Random, org: Org) -> None:
    """A mass update touches many leads in one moment: pages of a pull must not lose them."""
    moment = iso(before(rng, 33, 34))
    for lead in [row for row in org.objects["Lead"] if row["SystemModstamp"] < moment][:IMPORTED]:
        lead["SystemModstamp"] = moment
        lead["LastModifiedDate"] = moment
