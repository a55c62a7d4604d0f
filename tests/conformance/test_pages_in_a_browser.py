"""The pages at `/` of each sandbox, as a person uses them in a real browser that runs no scripts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.conformance.browser import Page, browser
from tests.conformance.conftest import serving

from leadsync.sandbox import Serving


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser() as found:
        yield found


def find(page: Page, served: Serving, objects: str, words: str, title: str) -> None:
    """From the start page to a record by search, clicking only."""
    page.open(served.url)
    page.follow(objects)
    page.fill("input[name=q]", words)
    page.press("form button")
    page.follow(title)


def edit(page: Page, field: str, value: str) -> None:
    """From a record to one of its fields, and save another value."""
    page.press(f'a[href$="/{field}"]')
    page.fill("input[name=value]", value)
    page.press("form button")


def test_an_edit_in_the_hubspot_pages_is_a_persons_change_in_the_api(hubspot: Serving, chromium: Page) -> None:
    find(chromium, hubspot, "Contacts", "anja.oehler@siemens.com", "Anja")
    ident = urlsplit(chromium.url).path.rsplit("/", 1)[1]
    edit(chromium, "jobtitle", "Head of <Conformance> & Co")
    assert chromium.text("strong[data-field]") == "Head of <Conformance> & Co"
    assert "CRM_UI" in chromium.texts("tbody tr")[0]
    headers = {"authorization": f"Bearer {hubspot.sandbox.credentials()['token']}"}
    url = f"{hubspot.url}/crm/v3/objects/contacts/{ident}?propertiesWithHistory=jobtitle"
    found = httpx.get(url, headers=headers).json()
    newest = found["propertiesWithHistory"]["jobtitle"][0]
    assert (newest["value"], newest["sourceType"]) == ("Head of <Conformance> & Co", "CRM_UI")
    assert newest["updatedByUserId"] > 0
    assert hubspot.sandbox.counters.writes.total() == 0
    edit_refused(chromium, "email", "no address")


def edit_refused(page: Page, field: str, value: str) -> None:
    """The field's page says why, keeps what was typed and changes nothing."""
    page.open(page.url.rsplit("/", 1)[0])
    before = page.text(f'td[data-field="{field}"]')
    edit(page, field, value)
    assert page.text("[role=alert]") != ""
    assert page.text("strong[data-field]") == before


def test_an_edit_in_the_salesforce_pages_passes_the_checks_of_the_api(salesforce: Serving, chromium: Page) -> None:
    rule: dict[str, Any] = {"object": "Lead", "violated_when": "Company = 'Nobody'", "message": "Somebody, please."}
    salesforce.sandbox.seed({"validation_rules": [rule]})
    find(chromium, salesforce, "Leads", "anja.oehler@siemens.com", "Anja")
    record = chromium.url
    edit(chromium, "Title", "Head of Conformance")
    assert chromium.texts("[role=alert]") == []
    assert chromium.text("strong[data-field]") == "Head of Conformance"
    row = salesforce.sandbox.org.tables["Lead"].rows[record.rsplit("/", 1)[1]]  # type: ignore[attr-defined]
    user = salesforce.sandbox.org.tables["User"].rows[row["LastModifiedById"]]  # type: ignore[attr-defined]
    assert (row["Title"], user["LastName"]) == ("Head of Conformance", "Person")
    assert (datetime.now(UTC) - datetime.fromisoformat(str(row["LastModifiedDate"]))).total_seconds() < 60
    edit_refused(chromium, "Email", "no address")
    edit_refused(chromium, "Company", "Nobody")
    assert "Somebody, please." in chromium.text("[role=alert]")


def test_lists_are_turned_page_by_page(salesforce: Serving, chromium: Page) -> None:
    chromium.open(f"{salesforce.url}/ui/Lead")
    total = int(chromium.text("p.count").split()[0])
    seen = len(chromium.texts("tbody tr"))
    while chromium.texts("a[rel=next]"):
        chromium.press("a[rel=next]")
        seen += len(chromium.texts("tbody tr"))
    assert (seen, total) == (232, 232)


def test_the_register_can_be_looked_at_and_not_edited(chromium: Page) -> None:
    with serving("gleif") as gleif:
        find(chromium, gleif, "Legal entities", "Siemens Energy Global", "Siemens Energy Global")
        assert chromium.texts("a[href^='/ui/rr/']")
        chromium.press("td a")
        assert chromium.texts("form") == []
        assert chromium.texts("tbody tr") != []
