"""What a person meets: the pages at /, and the webhooks of an app."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from hubspot.utils.signature import Signature
from tests.connectors.hubspot.conftest import call

from leadsync.sandbox import Request, parse_time
from leadsync_hubspot.sandbox import HubSpotSandbox
from leadsync_hubspot.sandbox.webhooks import SIGNATURE, TIMESTAMP


def see(sandbox: HubSpotSandbox, path: str, **form: str) -> tuple[int, str]:
    body = urlencode({"user": "71", **form}).encode() if form else b""
    reply = sandbox.handle(Request("POST" if form else "GET", path, (), {"host": "127.0.0.1:1"}, body))
    return reply.status, reply.body.decode()


def test_the_pages_lead_from_the_start_to_a_record(seeded: HubSpotSandbox) -> None:
    assert 'href="/ui/contacts"' in see(seeded, "/")[1]
    assert "Ann ann@siemens.com" in see(seeded, "/ui/contacts")[1]
    _, page = see(seeded, "/ui/contacts/1001")
    assert '<td data-field="email">ann@siemens.com</td>' in page
    assert 'href="/ui/companies/2001"' in page
    assert see(seeded, "/ui/contacts/9")[0] == 404


def test_an_edit_by_hand_is_a_person_s_in_the_history(seeded: HubSpotSandbox) -> None:
    assert see(seeded, "/ui/contacts/1001/phone", value="+49 89 1")[0] == 303
    found = call(seeded, "GET", "/crm/v3/objects/contacts/1001?propertiesWithHistory=phone")[1]
    [entry] = found["propertiesWithHistory"]["phone"]
    assert (entry["value"], entry["sourceType"], entry["updatedByUserId"]) == ("+49 89 1", "CRM_UI", 71)
    assert "+49 89 1" in see(seeded, "/ui/contacts/1001/phone")[1]
    assert seeded.counters.writes.total() == 0


def test_an_edit_that_does_not_fit_is_explained(seeded: HubSpotSandbox) -> None:
    status, page = see(seeded, "/ui/contacts/1001/email", value="nobody")
    assert status == 400
    assert "INVALID_EMAIL" in page


def test_the_pages_escape_what_they_show(seeded: HubSpotSandbox) -> None:
    see(seeded, "/ui/contacts/1001/firstname", value='<script>alert("x")</script>')
    for path in ("/ui/contacts", "/ui/contacts/1001", "/ui/contacts/1001/firstname"):
        assert "<script>" not in see(seeded, path)[1]


def test_the_pages_are_served_over_http(seeded: HubSpotSandbox, url: str) -> None:
    with urllib3.PoolManager(retries=False) as pool:
        found = pool.request("GET", url + "/")
        assert (found.status, found.headers["content-type"]) == (200, "text/html; charset=utf-8")
        edit = {"user": "71", "value": "7"}
        done = pool.request(
            "POST", url + "/ui/contacts/1001/phone", fields=edit, encode_multipart=False, redirect=False
        )
        assert (done.status, done.headers["location"]) == (303, "/ui/contacts/1001/phone")
    assert seeded.portal.objects["contacts"]["1001"].properties["phone"] == "7"


class Receiver(HTTPServer):
    """Takes webhooks; refuses the first `refusals` of them."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.refusals = 0
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook?x=1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["content-length"]))
        server.got.append((dict(self.headers.items()), body))
        server.refusals -= 1
        self.send_response(500 if server.refusals >= 0 else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def subscribe(sandbox: HubSpotSandbox, receiver: Receiver, *types: str) -> None:
    entry = {"url": receiver.url, "clientSecret": "shh", "subscriptions": list(types), "pause": 0.01}
    sandbox.seed({"webhooks": [entry]})


def test_webhooks_are_signed_as_the_sdk_checks_it(seeded: HubSpotSandbox, receiver: Receiver) -> None:
    subscribe(seeded, receiver, "contact.*")
    seeded.clock.set(parse_time(str(int(time.time() * 1000))))
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1001", {"properties": {"phone": "1", "city": "Hof"}})
    seeded.webhooks.wait()
    [(headers, body)] = receiver.got
    names = {name.lower(): value for name, value in headers.items()}
    assert Signature.is_valid(
        signature=names[SIGNATURE.lower()],
        client_secret="shh",
        request_body=body.decode(),
        http_uri=receiver.url,
        http_method="POST",
        signature_version="v3",
        timestamp=names[TIMESTAMP.lower()],
    )
    assert [(m["subscriptionType"], m["propertyName"], m["propertyValue"]) for m in json.loads(body)] == [
        ("contact.propertyChange", "phone", "1"),
        ("contact.propertyChange", "city", "Hof"),
    ]


def test_only_what_was_subscribed_to_is_sent(seeded: HubSpotSandbox, receiver: Receiver) -> None:
    subscribe(seeded, receiver, "contact.deletion", "contact.privacyDeletion")
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1001", {"properties": {"phone": "1"}})
    call(seeded, "DELETE", "/crm/v3/objects/companies/2001")
    call(seeded, "POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "1001"})
    seeded.webhooks.wait()
    found = [m["subscriptionType"] for _, body in receiver.got for m in json.loads(body)]
    assert found == ["contact.deletion", "contact.privacyDeletion"]


def test_a_refused_delivery_is_tried_ten_times_more(seeded: HubSpotSandbox, receiver: Receiver) -> None:
    subscribe(seeded, receiver, "contact.creation")
    receiver.refusals = 2
    call(seeded, "POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "A"}})
    seeded.webhooks.wait()
    assert [json.loads(body)[0]["attemptNumber"] for _, body in receiver.got] == [0, 1, 2]
    receiver.got.clear()
    receiver.refusals = 100
    call(seeded, "POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "B"}})
    seeded.webhooks.wait()
    assert len(receiver.got) == 11
