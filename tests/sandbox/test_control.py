"""The control API over HTTP: who may give orders, and what it says to those it does not understand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.web import web

from leadsync.sandbox import Serving
from leadsync_hubspot.sandbox import HubSpotSandbox


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with Serving(HubSpotSandbox()) as serving:
        yield serving


@pytest.fixture
def control(served: Serving) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{served.url}/__sandbox__/", trust_env=False) as client:
        assert client.post("reset").json() == {"ok": True}
        yield client


FOREIGN = [
    pytest.param({"origin": "http://evil.example"}, id="another origin"),
    pytest.param({"origin": "null"}, id="an origin that hides itself"),
    pytest.param({"origin": "http://127.0.0.1:1"}, id="another port of this machine"),
    pytest.param({"referer": "http://evil.example/page"}, id="a referer elsewhere"),
    pytest.param({"sec-fetch-site": "cross-site"}, id="another site"),
    pytest.param({"sec-fetch-site": "same-site"}, id="a sibling of this site"),
    pytest.param({"host": "rebound.evil.example"}, id="a name that was pointed at us"),
    pytest.param({"host": "127.0.0.1.evil.example:80"}, id="a name that looks like an address"),
    pytest.param({"host": "[bad"}, id="a host that is none"),
]
ORDERS = [("POST", "reset"), ("POST", "seed"), ("POST", "clock"), ("POST", "faults"), ("DELETE", "counters")]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize(("method", "what"), [*ORDERS, ("GET", "dump")], ids=str)
def test_no_order_is_taken_from(control: httpx.Client, headers: dict[str, str], method: str, what: str) -> None:
    refused = control.request(method, what, headers=headers, content="{}")
    assert refused.status_code == 403
    assert refused.json()["error"]
    assert "objects" not in refused.json()


@pytest.mark.parametrize("host", ["localhost:9101", "127.0.0.1", "[::1]:9101", "sandbox", "host.docker.internal:9101"])
def test_orders_are_taken_at_an_own_name(control: httpx.Client, host: str) -> None:
    assert control.get("clock", headers={"host": host, "origin": f"http://{host}"}).status_code == 200


def test_the_pages_answer_to_no_rebound_name_either(served: Serving) -> None:
    assert web.get(served.url, headers={"host": "rebound.evil.example"}).status_code == 403
    assert web.get(served.url, headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("POST", "seed", "[]"),
        ("POST", "seed", "{"),
        ("POST", "seed", '{"objects": []}'),
        ("POST", "seed", '{"nonsense": 1}'),
        ("POST", "seed", '{"objects": {"contacts": [{"properties": {"no_such": "x"}}]}}'),
        ("POST", "clock", '{"now": "yesterday"}'),
        ("POST", "clock", '{"advance": "x"}'),
        ("POST", "clock", "7"),
        ("POST", "clock", '{"speed": 2}'),
        ("POST", "clock", '{"rate": "fast"}'),
        ("POST", "faults", '{"action": {"kind": "explode"}}'),
        ("POST", "faults", '{"match": {"path": "("}, "action": {"kind": "reset"}}'),
        ("POST", "faults", '{"times": "often", "action": {"kind": "reset"}}'),
        ("POST", "faults", '{"action": {"kind": "named", "name": "no_such"}}'),
        ("POST", "faults", '{"action": {"kind": "delay", "seconds": "long"}}'),
        ("POST", "faults", '{"match": "GET /crm/*", "action": "no_such"}'),
        ("POST", "faults", "3"),
    ],
)
def test_an_order_that_is_not_understood_is_a_400_that_says_why(
    control: httpx.Client, method: str, what: str, body: str
) -> None:
    refused = control.request(method, what, content=body)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert control.get("dump").json()["objects"] == {}
    assert control.get("faults").json() == []


@pytest.mark.parametrize(
    ("match", "hit"), [("* /crm/*", 503), ("/crm/*", 503), ("get /crm/*", 503), ("POST /crm/*", 401), ("* /other", 401)]
)
def test_a_fault_in_short_is_for_its_method_and_path(
    control: httpx.Client, served: Serving, match: str, hit: int
) -> None:
    control.post("faults", json={"match": match, "action": 503}).raise_for_status()
    assert web.get(f"{served.url}/crm/v3/objects/contacts").status_code == hit


def test_an_unknown_order_is_a_404_that_names_the_known_ones(control: httpx.Client) -> None:
    refused = control.post("explode")
    assert refused.status_code == 404
    assert all(word in refused.json()["error"] for word in ("seed", "reset", "dump", "counters", "clock", "faults"))


def test_the_clock_is_set_stopped_run_and_moved(control: httpx.Client) -> None:
    control.post("clock", json={"now": "2026-11-22T09:00:00Z", "rate": 0}).raise_for_status()
    assert control.get("clock").json()["now"] == "2026-11-22T09:00:00+00:00"
    control.post("clock", json={"advance": 90}).raise_for_status()
    assert control.get("clock").json() == {"now": "2026-11-22T09:01:30+00:00", "rate": 0.0}
    assert control.get("clock").headers["date"] == "Sun, 22 Nov 2026 09:01:30 GMT"
    control.post("clock", json={"rate": 1_000_000}).raise_for_status()
    assert control.get("clock").json()["now"] > "2026-11-22T09:01:30+00:00"
    control.post("clock", json={"rate": 1}).raise_for_status()


def test_a_fault_skips_some_requests_and_ends_by_itself(served: Serving, control: httpx.Client) -> None:
    fault: dict[str, Any] = {"match": {"path": "/details"}, "after": 1, "times": 2, "action": {"kind": "reply"}}
    told = control.post("faults", json=fault).json()
    assert told == {"ok": True}
    path, headers = f"{served.url}/account-info/v3/details", {"authorization": "Bearer pat-x"}
    assert [web.get(path, headers=headers).status_code for _ in range(4)] == [200, 500, 500, 200]
    assert control.get("faults").json()[0] == {**fault, "hits": 4}
    assert control.delete("faults").json() == {"ok": True}
    assert control.get("faults").json() == []


@pytest.mark.parametrize(
    ("match", "hit"),
    [("GET /account-info/*", True), ("/details", True), ("POST /account-info/*", False), ("/accounts", False)],
)
@pytest.mark.parametrize("action", [503, "503", {"kind": "reply", "status": 503}], ids=str)
def test_a_fault_may_be_said_in_short(
    served: Serving, control: httpx.Client, match: str, action: object, *, hit: bool
) -> None:
    assert control.post("faults", json={"match": match, "action": action}).json() == {"ok": True}
    path, headers = f"{served.url}/account-info/v3/details", {"authorization": "Bearer pat-x"}
    assert web.get(path, headers=headers).status_code == (503 if hit else 200)


def test_counters_tell_reads_and_writes_by_method_and_endpoint(served: Serving, control: httpx.Client) -> None:
    headers = {"authorization": "Bearer pat-x"}
    made = web.post(
        f"{served.url}/crm/v3/objects/contacts", headers=headers, json={"properties": {"firstname": "A"}}
    ).json()
    web.get(f"{served.url}/crm/v3/objects/contacts/{made['id']}", headers=headers)
    web.post(f"{served.url}/crm/v3/objects/contacts/search", headers=headers, json={})
    counters = control.get("counters").json()
    assert counters["writes"] == {"total": 1, "by_endpoint": {"POST /crm/v3/objects/contacts": 1}}
    assert counters["reads"]["by_endpoint"] == {
        "GET /crm/v3/objects/contacts/{id}": 1,
        "POST /crm/v3/objects/contacts/search": 1,
    }
    control.delete("counters").raise_for_status()
    assert control.get("counters").json()["reads"]["total"] == 0


def test_one_seed_gives_one_history(served: Serving, control: httpx.Client) -> None:
    def history() -> Any:
        control.post("clock", json={"now": "2026-11-22T09:00:00Z", "rate": 0}).raise_for_status()
        control.post("reset").raise_for_status()
        control.post("seed", json={"objects": {"contacts": [{"properties": {"firstname": "A"}}]}}).raise_for_status()
        body = {"properties": {"firstname": "B"}}
        answers = [
            web.post(f"{served.url}/crm/v3/objects/contacts", headers={"authorization": "Bearer pat-x"}, json=body)
            for _ in range(2)
        ]
        return [(a.content, a.headers["x-hubspot-correlation-id"]) for a in answers], control.get("dump").json()

    assert history() == history()
    control.post("clock", json={"rate": 1}).raise_for_status()
