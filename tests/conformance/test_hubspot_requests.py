"""What the connector asks of HubSpot is what HubSpot describes: known paths and parameters, well-formed bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from tests.conformance.described import Operation, misfits, operations
from tests.connectors.hubspot.conftest import FORM, SEED

from leadsync.connector import FieldSpec, Outcome, Write
from leadsync.sandbox import Reply, Request, Serving
from leadsync_hubspot import HubSpot, HubSpotSettings
from leadsync_hubspot.sandbox import HubSpotSandbox

PACKAGES = ("crm.objects", "crm.properties", "crm.owners", "crm.associations.v4", "marketing.forms")
UNDESCRIBED = {
    f"GET /form-integrations/v1/submissions/forms/{FORM}",
    "GET /account-info/v3/details",
    "GET /account-info/v3/api-usage/daily/private-apps",
    "POST /oauth/v2/private-apps/get/access-token-info",
}
"""Endpoints of HubSpot's guides that the description of 2025 does not have."""
UNIQUE = FieldSpec("contacts", "leadsync_id", "Leadsync id", "string", unique=True)


class Listening(HubSpotSandbox):
    """Keeps every request."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Request] = []

    def handle(self, request: Request) -> Reply:
        """Keep it, then answer."""
        self.heard.append(request)
        return super().handle(request)


@pytest.fixture(scope="module")
def heard() -> Iterator[list[Request]]:
    """All that a connection asks: provisioning, checking, two pulls of everything, creates and updates."""
    sandbox = Listening()
    sandbox.seed(SEED)
    with Serving(sandbox) as served:
        settings = HubSpotSettings(url=served.url, token=SecretStr(sandbox.credentials()["token"]))
        crm = HubSpot(settings, lambda: datetime.now(UTC), "hubspot", lambda _: None)
        crm.provision([UNIQUE, FieldSpec("contacts", "stage", "Stage", "enum", options=("a",))], apply=True)
        crm.check({"contacts": ["email"]}, {"contacts": ["email"]}, ["contacts"])
        for feed in crm.feeds():
            cursor = list(crm.pull(feed.name, "", ["email"] if feed.name == "contacts" else []))[-1].cursor
            list(crm.pull(feed.name, cursor, ["email"] if feed.name == "contacts" else []))
        made = Write("t1", "contacts", None, {"firstname": "N"}, ("leadsync_id", "x"), {"companies": ("2001",)})
        assert crm.write("contacts", [made])[0].outcome is Outcome.DONE
        assert crm.write("contacts", [Write("t2", "contacts", "1001", {"phone": None})])[0].outcome is Outcome.DONE
        crm.read("contacts", ["1001"], ["email"])
        crm.find("contacts", "email", ["ann@siemens.com"], ["email"])
        crm.close()
    yield sandbox.heard


def described() -> list[tuple[re.Pattern[str], Operation]]:
    found = [operation for package in PACKAGES for operation in operations(package)]
    found.sort(key=lambda operation: operation.path.count("{"))  # "/batch/read" before "/{objectId}"
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", o.path.rstrip("/")) + "/?$"), o) for o in found]


def test_every_request_is_one_that_is_described(heard: list[Request]) -> None:
    known, seen = described(), set()
    for request in heard:
        key = f"{request.method} {request.path}"
        operation = next((o for p, o in known if o.method == request.method and p.match(request.path)), None)
        if operation is None:
            assert key in UNDESCRIBED, key
            continue
        seen.add(operation.key)
        assert {name for name, _ in request.query} <= set(operation.query), key
        if operation.body is not None:
            assert list(misfits(operation.package, operation.body, _plain(json.loads(request.body)))) == [], key
    assert len(seen) >= 12


def _plain(body: Any) -> Any:
    """A search's sorts are objects in the guide and texts in the description."""
    sorts = [f"{s['propertyName']}" for s in body.get("sorts", ())]
    return {**body, "sorts": sorts} if sorts else body
