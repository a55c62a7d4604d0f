"""A Salesforce sandbox being served, connections to it, and plain HTTP as two different users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from pydantic import SecretStr

from leadsync.sandbox import SandboxClock, Serving
from leadsync.sandbox.base import Counters
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox, SalesforceSettings
from leadsync_salesforce.sandbox.ids import generated

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ACCOUNT, LEAD, CONTACT, CAMPAIGN = (generated(prefix, 1) for prefix in ("001", "00Q", "003", "701"))
SEED: dict[str, Any] = {
    "objects": {
        "Account": [
            {
                "Id": ACCOUNT,
                "Name": "Siemens AG",
                "Website": "https://www.siemens.com",
                "CreatedDate": "2026-01-01T10:00:00Z",
            }
        ],
        "Lead": [
            {
                "Id": LEAD,
                "FirstName": "Ann",
                "LastName": "Example",
                "Company": "Siemens",
                "Email": "ann@siemens.example",
                "CreatedDate": "2026-01-02T10:00:00Z",
            }
        ],
        "Contact": [
            {
                "Id": CONTACT,
                "FirstName": "Bob",
                "LastName": "Sample",
                "Email": "bob@siemens.example",
                "AccountId": ACCOUNT,
                "CreatedDate": "2026-01-03T10:00:00Z",
            }
        ],
        "Campaign": [
            {"Id": CAMPAIGN, "Name": "Spring webinar", "Type": "Webinar", "CreatedDate": "2026-01-01T10:00:00Z"}
        ],
        "CampaignMember": [
            {
                "Id": generated("00v", 1),
                "CampaignId": CAMPAIGN,
                "LeadId": LEAD,
                "Status": "Sent",
                "CreatedDate": "2026-03-01T10:00:00Z",
            },
            {
                "Id": generated("00v", 2),
                "CampaignId": CAMPAIGN,
                "ContactId": CONTACT,
                "Status": "Responded",
                "FirstRespondedDate": "2026-03-05",
                "CreatedDate": "2026-03-01T10:00:00Z",
            },
        ],
    },
    "custom_fields": [
        {"object": "Lead", "name": "LeadSync_Id__c", "type": "Text", "length": 64, "externalId": True, "unique": True},
        {"object": "Lead", "name": "Key__c", "type": "Text", "length": 64, "externalId": True},
        {"object": "Lead", "name": "Rank__c", "type": "Number", "precision": 5, "scale": 1},
        {"object": "Lead", "name": "Member__c", "type": "Checkbox"},
        {"object": "Lead", "name": "Day__c", "type": "Date"},
        {"object": "Lead", "name": "Moment__c", "type": "DateTime"},
        {"object": "Lead", "name": "Interests__c", "type": "MultiselectPicklist", "values": ["Red", "Green", "Blue"]},
        {"object": "Lead", "name": "Tier__c", "type": "Picklist", "values": ["A", "B"], "restricted": True},
    ],
}


@pytest.fixture(scope="session")
def _server() -> Iterator[Serving]:
    """One server for all tests: starting one for each would take most of their time."""
    with Serving(SalesforceSandbox(SandboxClock(lambda: NOW))) as serving:
        yield serving


@pytest.fixture
def sandbox(_server: Serving) -> SalesforceSandbox:
    """A fresh org with one of each, its clock standing still at NOW."""
    made = _server.sandbox
    assert isinstance(made, SalesforceSandbox)
    made.reset()
    made.faults.clear()
    made.counters = Counters()
    made.clock.set(NOW)
    made.seed(SEED)
    return made


@pytest.fixture
def served(_server: Serving, sandbox: SalesforceSandbox) -> Serving:
    """The server of `sandbox`."""
    assert _server.sandbox is sandbox
    return _server


@pytest.fixture
def waits() -> list[float]:
    """How long the retries would have slept."""
    return []


Connect = Callable[..., SalesforceCrm]


@pytest.fixture
def connect(served: Serving, waits: list[float]) -> Iterator[Connect]:
    """Makes connections; settings may be given by name."""
    made: list[SalesforceCrm] = []

    def make(**given: Any) -> SalesforceCrm:
        login = {"client_id": "sandbox-client", "client_secret": SecretStr("sandbox-secret")}
        settings = SalesforceSettings.model_validate({"url": served.url, "read_timeout": 5.0, **login, **given})
        made.append(SalesforceCrm(settings, lambda: NOW, "salesforce", waits.append))
        return made[-1]

    yield make
    for crm in made:
        crm.close()


@pytest.fixture
def crm(connect: Connect) -> SalesforceCrm:
    return connect()


@dataclass
class User:
    """Plain HTTP as one user of the org."""

    url: str
    session: requests.Session
    version: str = "62.0"

    def __call__(self, method: str, path: str, **how: Any) -> requests.Response:
        return self.session.request(method, f"{self.url}/services/data/v{self.version}{path}", timeout=5, **how)

    def query(self, soql: str) -> list[dict[str, Any]]:
        reply = self("GET", "/query", params={"q": soql})
        assert reply.status_code == 200, reply.text
        rows: list[dict[str, Any]] = reply.json()["records"]
        return rows

    def refused(self, soql: str) -> dict[str, Any]:
        reply = self("GET", "/query", params={"q": soql})
        assert reply.status_code == 400, reply.text
        error: dict[str, Any] = reply.json()[0]
        return error


@pytest.fixture
def log_in(served: Serving) -> Iterator[Callable[[str, str], User]]:
    sessions: list[requests.Session] = []

    def make(client: str, secret: str) -> User:
        sessions.append(requests.Session())
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        reply = sessions[-1].post(f"{served.url}/services/oauth2/token", data=form, timeout=5)
        sessions[-1].headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
        return User(served.url, sessions[-1])

    yield make
    for session in sessions:
        session.close()


@pytest.fixture
def person(log_in: Callable[[str, str], User]) -> User:
    """A person who works in the org."""
    return log_in("person-client", "person-secret")


@pytest.fixture
def api(log_in: Callable[[str, str], User]) -> User:
    """The integration user, with no connector around it."""
    return log_in("sandbox-client", "sandbox-secret")
