"""A HubSpot sandbox being served, and connections to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pydantic import SecretStr

from leadsync.sandbox import Request, SandboxClock, Serving
from leadsync_hubspot import HubSpot, HubSpotSettings
from leadsync_hubspot.sandbox import HubSpotSandbox

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FORM = "11111111-1111-4111-8111-111111111111"
SEED: dict[str, Any] = {
    "owners": [{"id": "71", "email": "rep@leadsync.example", "firstName": "Rita", "lastName": "Rep"}],
    "objects": {
        "companies": [
            {
                "id": "2001",
                "properties": {"name": "Siemens AG", "domain": "siemens.com", "country": "Germany"},
                "createdAt": "2026-01-01T10:00:00Z",
                "updatedAt": "2026-10-01T10:00:00Z",
            },
            {"id": "2002", "properties": {"name": "Philips"}, "createdAt": "2026-01-02T10:00:00Z"},
        ],
        "contacts": [
            {
                "id": "1001",
                "properties": {"email": "ann@siemens.com", "firstname": "Ann", "lifecyclestage": "lead"},
                "createdAt": "2026-01-01T10:00:00Z",
                "updatedAt": "2026-10-02T10:00:00.123Z",
            },
            {
                "id": "1002",
                "properties": {"email": "bob@philips.example", "firstname": "Bob", "phone": ""},
                "createdAt": "2026-01-01T10:00:00Z",
            },
            {"id": "1003", "properties": {"firstname": "Cy"}, "createdAt": "2026-01-01T10:00:00Z"},
        ],
        "emails": [
            {
                "id": "3001",
                "properties": {
                    "hs_timestamp": "2026-09-01T08:00:00Z",
                    "hs_email_direction": "INCOMING_EMAIL",
                    "hs_email_subject": "Question",
                    "hs_email_status": "SENT",
                },
            }
        ],
        "meetings": [
            {"id": "3101", "properties": {"hs_timestamp": "2026-09-05T08:00:00Z", "hs_meeting_title": "Demo"}}
        ],
    },
    "associations": [
        ["contacts", "1001", "companies", "2002"],
        ["contacts", "1001", "companies", "2001"],
        ["contacts", "1002", "companies", "2002"],
        ["emails", "3001", "contacts", "1001"],
        ["meetings", "3101", "contacts", "1001"],
        ["meetings", "3101", "contacts", "1002"],
    ],
    "forms": [{"guid": FORM, "name": "Request a demo"}],
    "submissions": [
        {"form": FORM, "email": "Ann@Siemens.com", "submittedAt": "2026-08-01T08:00:00Z", "pageUrl": "https://x/?e=1"},
        {"form": FORM, "email": "new@example.com", "submittedAt": "2026-08-02T08:00:00Z", "pageUrl": "https://x/"},
    ],
}


@pytest.fixture(scope="session")
def served() -> Iterator[Serving]:
    """One server for all tests; each test starts with an empty account."""
    with Serving(HubSpotSandbox(SandboxClock())) as serving:
        yield serving


@pytest.fixture
def sandbox(served: Serving) -> HubSpotSandbox:
    """An empty sandbox whose clock stands still until it is moved."""
    found = served.sandbox
    assert isinstance(found, HubSpotSandbox)
    found.clock.set(NOW, rate=0)
    found.faults.clear()
    found.reset()
    found.counters = type(found.counters)()
    return found


@pytest.fixture
def seeded(sandbox: HubSpotSandbox) -> HubSpotSandbox:
    """A sandbox with a few records."""
    sandbox.seed(SEED)
    return sandbox


@pytest.fixture
def url(served: Serving) -> str:
    """Where the sandbox answers."""
    return served.url


@pytest.fixture
def naps() -> list[float]:
    """The waits that were asked for; nobody really sleeps."""
    return []


Connect = Callable[..., HubSpot]


@pytest.fixture
def connect(sandbox: HubSpotSandbox, url: str, naps: list[float]) -> Iterator[Connect]:
    """Opens connections to the sandbox with the given settings."""
    opened: list[HubSpot] = []

    def go(**settings: Any) -> HubSpot:
        token = SecretStr(settings.pop("token", sandbox.credentials()["token"]))
        given = {"url": url, "token": token, **settings}
        made = HubSpot(HubSpotSettings(**given), sandbox.clock, "hubspot", naps.append)
        opened.append(made)
        return made

    yield go
    for crm in opened:
        crm.close()


@pytest.fixture
def crm(connect: Connect) -> HubSpot:
    """A connection without overlap, so that each pull brings what changed and no more."""
    return connect(overlap_seconds=0)


@pytest.fixture(params=["v3", "2026-03", "2026-09"])
def any_version(request: pytest.FixtureRequest, connect: Connect) -> HubSpot:
    """A connection in each version of the API."""
    return connect(overlap_seconds=0, api_version=request.param)


def call(sandbox: HubSpotSandbox, method: str, path: str, body: object = None, token: str = "pat-someone") -> Any:
    """Ask the sandbox without a network; (status, JSON)."""
    parts = urlsplit(path)
    raw = b"" if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {token}", "host": "127.0.0.1:1", "content-type": "application/json"}
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    reply = sandbox.handle(Request(method, parts.path, query, headers, raw))
    return reply.status, json.loads(reply.body) if reply.body else None
