"""The real connectors against the served sandboxes, with everything in it that a run reads and writes.

A house is prepared once: both CRMs know the people, a first run is done, and then people changed something of every
kind. Each case plays on in a forked child, so that all begin alike.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.engine import Settings, rulebook
from tests.web import web

from leadsync.connector import Connector, Crm, connector
from leadsync.files import mappings_folder
from leadsync.sandbox import Sandbox, SandboxClock, Serving
from leadsync.store import Store
from leadsync.sync import Cycle, World, cycle
from leadsync_hubspot.crm import HubSpot
from leadsync_salesforce.crm import SalesforceCrm

MAKERS: Mapping[str, Callable[..., Crm]] = {"hubspot": HubSpot, "salesforce": SalesforceCrm}
OWN_TIMES = re.compile(
    r"(hs_)?last_?modified_?date|updatedAt|create_?d?(date|at)|SystemModstamp|.*history|hs_lifecyclestage_.*_date|"
    r"leadsync_score_as_of(__c)?|webhooks",
    re.IGNORECASE,
)
"""What is dated by a clock: another in each case."""


def _no_wait(_seconds: float) -> None:
    """Retries do not wait in a proof."""


@dataclass
class House:
    """Both sandboxes, a clock they share, and a state file. `settings`: what to change of the connectors' settings."""

    folder: Path
    clock: SandboxClock = field(default_factory=SandboxClock)
    sandboxes: dict[str, Sandbox] = field(default_factory=dict)
    runs: int = 0
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clock.set(rate=0)
        for side in MAKERS:
            self.sandboxes[side] = connector(side).sandbox(self.clock)

    @property
    def state(self) -> Path:
        """The state file."""
        return self.folder / "state.db"

    @contextmanager
    def served(self) -> Iterator[dict[str, Serving]]:
        """Both sandboxes over HTTP."""
        with ExitStack() as stack:
            yield {side: stack.enter_context(Serving(sandbox)) for side, sandbox in self.sandboxes.items()}

    def connect(self, urls: Mapping[str, str]) -> dict[str, Crm]:
        """Real connections to what answers there."""
        return {side: self._open(connector(side), side, url) for side, url in urls.items()}

    def _open(self, vendor: Connector, side: str, url: str) -> Crm:
        given = {"url": url, **self.sandboxes[side].credentials(), **self.settings.get(side, {})}
        with _secrets(vendor, given) as named:
            return MAKERS[side](vendor.settings(**named), self.clock, side, sleep=_no_wait)

    def run(self, urls: Mapping[str, str]) -> Cycle:
        """One cycle over the wire."""
        self.runs += 1
        self.clock.advance(60)
        sides = self.connect(urls)
        try:
            with Store(self.state) as store:
                world = World(
                    config=Settings(),  # type: ignore[arg-type]
                    rules=rulebook(mappings_folder()),
                    store=store,
                    sides=sides,
                    register=None,
                    clock=self.clock,
                    run=f"run-{self.runs}",
                )
                return cycle(world, write=True)
        finally:
            for crm in sides.values():
                crm.close()

    def provision(self, urls: Mapping[str, str]) -> None:
        """Make the fields that the mappings need."""
        rules = rulebook(mappings_folder())
        for side, crm in self.connect(urls).items():
            crm.provision([*rules.lead.specs(side), *rules.company.specs(side)], apply=True)
            crm.close()

    def writes(self) -> int:
        """Write requests that reached the sandboxes."""
        return sum(s.counters.writes.total() for s in self.sandboxes.values())

    def holdings(self) -> dict[str, Any]:
        """Every record, without what the sandboxes' own clocks wrote."""
        return {side: _timeless(sandbox.dump()) for side, sandbox in self.sandboxes.items()}

    def retry_rejects(self) -> int:
        """Somebody has looked at what was refused and lets it be tried again; gives how many there were."""
        with Store(self.state) as store:
            refused = [r.ref for r in store.outbox.rejects() if r.direction == "write" and r.reason]
            with store.transaction():
                store.outbox.accepted(refused)
        return len(refused)

    def known(self) -> dict[str, Any]:
        """What leadsync has read: records with their fields and whether they are gone, and touches."""
        with Store(self.state) as store:
            every = [(str(s.record.ref), _timeless(s.record.fields), s.record.deleted) for s in store.pulled.records()]
            records = {ref: (fields, deleted) for ref, fields, deleted in every}
            return {"records": records, "touches": sorted(str(t.ref) for t in store.pulled.touches())}


@contextmanager
def _secrets(vendor: Connector, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The settings take secrets by reference: they stand in the environment while they are read."""
    named = dict(given)
    secret = [n for n, f in vendor.settings.model_fields.items() if "SecretStr" in repr(f.annotation) and n in given]
    try:
        for name in secret:
            os.environ[f"PROOF_{name}"] = str(given[name])
            named[name] = f"env:PROOF_{name}"
        yield named
    finally:
        for name in secret:
            del os.environ[f"PROOF_{name}"]


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _timeless(v) for k, v in value.items() if not OWN_TIMES.fullmatch(str(k))}
    return [_timeless(v) for v in value] if isinstance(value, (list, tuple)) else value


# ---- the story


def prepared(folder: Path) -> House:
    """A house where a first run is done and something of every kind has changed since."""
    house = House(folder)
    now = house.clock()
    house.sandboxes["hubspot"].seed(_hubspot_before(now))
    house.sandboxes["salesforce"].seed(_salesforce_before(now))
    with house.served() as served:
        urls = {side: s.url for side, s in served.items()}
        house.provision(urls)
        house.run(urls)
        house.run(urls)
        house.clock.advance(3600)
        _people_work(house, urls)
    house.sandboxes["hubspot"].seed(_hubspot_news(house.clock()))
    house.sandboxes["salesforce"].seed(_salesforce_news(house.clock()))
    house.clock.advance(60)
    return house


def _people_work(house: House, urls: Mapping[str, str]) -> None:
    """Edits on both sides, which the next run is to carry over."""
    token = house.sandboxes["hubspot"].credentials()["token"]
    hubspot = {"Authorization": f"Bearer {token}"}
    for path, values in (("contacts/101", {"jobtitle": "Chief Officer"}), ("companies/201", {"city": "Berlin"})):
        body = {"properties": values}
        web.patch(f"{urls['hubspot']}/crm/v3/objects/{path}", headers=hubspot, json=body).raise_for_status()
    form = {"grant_type": "client_credentials", **house.sandboxes["salesforce"].credentials()}
    login = web.post(f"{urls['salesforce']}/services/oauth2/token", data=form).json()
    salesforce = {"Authorization": f"Bearer {login['access_token']}"}
    for path, values in (
        (f"Lead/{LEAD[1]}", {"Phone": "+44 20 7946 0999"}),
        (f"Contact/{CONTACT}", {"Title": "Head of Everything"}),
        (f"Account/{ACCOUNT}", {"BillingCountry": "Austria"}),
    ):
        url = f"{urls['salesforce']}/services/data/v62.0/sobjects/{path}"
        web.patch(url, headers=salesforce, json=values).raise_for_status()


ACCOUNT = "0015g0000000001AAA"
CONTACT = "0035g0000000001AAA"
CAMPAIGN = "7015g0000000001AAA"
LEAD = ("00Q5g0000000001EAA", "00Q5g0000000002EAA")


def _iso(now: datetime, days: float) -> str:
    return (now - timedelta(days=days)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _thing(now: datetime, ident: str, days: float, **properties: str) -> dict[str, Any]:
    return {"id": ident, "properties": properties, "createdAt": _iso(now, days), "updatedAt": _iso(now, days)}


def _hubspot_before(now: datetime) -> dict[str, Any]:
    def person(number: int) -> dict[str, Any]:
        return _thing(
            now, str(100 + number), 40, email=f"p{number}@acme.example", firstname=f"Ann{number}",
            lastname=f"Lee{number}", jobtitle="CTO", phone=f"+44 20 7946 000{number}", company="Acme",
            lifecyclestage="lead",
        )  # fmt: skip

    return {
        "objects": {
            "contacts": [person(n) for n in (1, 2, 3)],
            "companies": [_thing(now, "201", 40, name="Acme", city="Bonn", country="Germany", domain="acme.example")],
        },
        "associations": [["contacts", "101", "companies", "201"]],
        "forms": [{"guid": "f-1", "name": "Request a demo"}],
        "submissions": [{"form": "f-1", "email": "p3@acme.example", "submittedAt": _iso(now, 2), "pageUrl": "/"}],
    }


def _hubspot_news(now: datetime) -> dict[str, Any]:
    mail = {"hs_timestamp": _iso(now, 0.1), "hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "Your offer"}
    meeting = {"hs_timestamp": _iso(now, 0.1), "hs_meeting_title": "Demo", "hs_meeting_outcome": "COMPLETED"}
    call = {"hs_timestamp": _iso(now, 0.1), "hs_call_title": "Call", "hs_call_direction": "INBOUND"}
    found = {"emails": ("301", mail), "meetings": ("401", meeting), "calls": ("501", call)}
    newcomer = _thing(
        now, "105", 0, email="p5@acme.example", firstname="Ann5", lastname="Lee5", jobtitle="CTO", company="Acme",
        lifecyclestage="lead",
    )  # fmt: skip
    activities = {kind: [_thing(now, ident, 0, **values)] for kind, (ident, values) in found.items()}
    asked = [f"p{number}@acme.example" for number in (2, 5)]
    return {
        "objects": {"contacts": [newcomer], **activities},
        "associations": [[kind, ident, "contacts", "101"] for kind, (ident, _) in found.items()],
        "submissions": [{"form": "f-1", "email": m, "submittedAt": _iso(now, 0.01), "pageUrl": "/"} for m in asked],
    }


def _salesforce_row(now: datetime, days: float, **fields: Any) -> dict[str, Any]:
    times = ("CreatedDate", "LastModifiedDate", "SystemModstamp")
    return {**fields, **dict.fromkeys(times, _iso(now, days))}


def _salesforce_before(now: datetime) -> dict[str, Any]:
    def lead(number: int) -> dict[str, Any]:
        return _salesforce_row(
            now, 40, Id=LEAD[number - 1], Email=f"p{number}@acme.example", FirstName=f"Ann{number}",
            LastName=f"Lee{number}", Title="CTO", Phone=f"+44 20 7946 000{number}", Company="Acme",
            Status="Open - Not Contacted",
        )  # fmt: skip

    person = {"Email": "p4@acme.example", "FirstName": "Ann4", "LastName": "Lee4", "Title": "Clerk"}
    return {
        "objects": {
            "Account": [
                _salesforce_row(now, 40, Id=ACCOUNT, Name="Acme", BillingCity="Bonn", BillingCountry="Germany")
            ],
            "Lead": [lead(1), lead(2)],
            "Contact": [_salesforce_row(now, 40, Id=CONTACT, AccountId=ACCOUNT, **person)],
            "Campaign": [_salesforce_row(now, 40, Id=CAMPAIGN, Name="Spring webinar", Type="Webinar")],
        }
    }


def _salesforce_news(now: datetime) -> dict[str, Any]:
    member = {"CampaignId": CAMPAIGN, "LeadId": LEAD[0], "Status": "Responded", "HasResponded": True}
    task = {"WhoId": LEAD[0], "Subject": "Call", "Status": "Completed", "TaskSubtype": "Call"}
    event = {"WhoId": LEAD[1], "Subject": "Demo", "StartDateTime": _iso(now, 0.2), "EndDateTime": _iso(now, 0.1)}
    return {
        "objects": {
            "CampaignMember": [_salesforce_row(now, 0, Id="00v5g0000000001AAA", **member)],
            "Task": [_salesforce_row(now, 0, Id="00T5g0000000001AAA", **task)],
            "Event": [_salesforce_row(now, 0, Id="00U5g0000000001AAA", **event)],
        }
    }
