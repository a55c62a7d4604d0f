"""The pages over plain HTTP: what they escape, what they refuse, and that they stand beside the API unseen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.web import web

from leadsync.sandbox import Serving

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture
def lead(salesforce: Serving) -> str:
    salesforce.sandbox.seed({"objects": {"Lead": [{"Id": "00Q5g00000ZZZZZAAA", "LastName": "X", "Company": "Y"}]}})
    return f"{salesforce.url}/ui/Lead/00Q5g00000ZZZZZAAA"


@pytest.fixture
def person(salesforce: Serving) -> str:
    users = salesforce.sandbox.dump()["objects"]["User"]
    return next(user["Id"] for user in users if user["LastName"] == "Person")


def post(url: str, form: dict[str, str], **headers: str) -> httpx.Response:
    return web.post(url, data=form, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_hostile_values_are_text_on_every_page(salesforce: Serving, lead: str, person: str) -> None:
    assert post(f"{lead}/LastName", {"value": HOSTILE, "user": person}).status_code == 303
    for url in (f"{salesforce.url}/ui/Lead", lead, f"{lead}/LastName", f"{salesforce.url}/ui/Lead?q={HOSTILE}"):
        text = web.get(url).text
        assert "<script>" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;" in text


def test_a_page_lets_no_script_run_and_no_frame_hold_it(salesforce: Serving) -> None:
    policy = web.get(salesforce.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"referer": "http://evil.example/page"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"host": "rebound.evil.example", "origin": "http://rebound.evil.example"},
    ],
    ids=[
        "another origin",
        "an origin that hides itself",
        "another port of this machine",
        "a referer elsewhere",
        "another site",
        "a sibling of this site",
        "a name that was pointed at us",
    ],
)
def test_a_form_is_not_obeyed_when_it_comes_from(lead: str, person: str, headers: dict[str, str]) -> None:
    refused = post(f"{lead}/Company", {"value": "Stolen", "user": person}, **headers)
    assert refused.status_code == 403
    assert "Stolen" not in web.get(lead).text


def test_a_form_of_the_sandboxs_own_page_is_obeyed(salesforce: Serving, lead: str, person: str) -> None:
    own = {"origin": salesforce.url, "referer": lead, "sec_fetch_site": "same-origin"}
    assert post(f"{lead}/Company", {"value": "Ours", "user": person}, **own).status_code == 303
    assert "Ours" in web.get(lead).text


@pytest.mark.parametrize(
    ("field", "form", "status"),
    [
        ("Company", {"value": "Z", "user": "nobody"}, 400),
        ("Company", {"user": "PERSON"}, 400),
        ("Company", {"value": "", "user": "PERSON"}, 400),
        ("Email", {"value": "no address", "user": "PERSON"}, 400),
        ("CreatedDate", {"value": "2020-01-01T00:00:00Z", "user": "PERSON"}, 403),
        ("Nonsense__c", {"value": "1", "user": "PERSON"}, 404),
    ],
    ids=[
        "by nobody",
        "without a value",
        "that clears a required field",
        "that the API would refuse",
        "of a read-only field",
        "of a field there is not",
    ],
)
def test_an_edit_is_refused(lead: str, person: str, field: str, form: dict[str, str], status: int) -> None:
    form = {name: person if value == "PERSON" else value for name, value in form.items()}
    assert post(f"{lead}/{field}", form).status_code == status


@pytest.mark.parametrize("path", ["/ui/Nonsense", "/ui/Lead/00Q5g00000XXXXXAAA", "/ui/Lead/x", "/ui/a/b/c/d"])
def test_what_there_is_not_is_not_found(salesforce: Serving, path: str) -> None:
    assert web.get(salesforce.url + path).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "9999999999", "٣", "x", ""])
def test_a_page_number_that_is_none_does_no_harm(salesforce: Serving, page: str) -> None:
    assert web.get(f"{salesforce.url}/ui/Lead", params={"page": page}).status_code == 200


def test_looking_and_editing_is_no_call_of_the_api_and_meets_no_fault(
    salesforce: Serving, lead: str, person: str
) -> None:
    fault: dict[str, Any] = {"action": {"kind": "reply", "status": 503}, "times": None}
    web.post(f"{salesforce.url}/__sandbox__/faults", json=fault)
    assert web.get(lead).status_code == 200
    assert post(f"{lead}/Company", {"value": "Z", "user": person}).status_code == 303
    counters = web.get(f"{salesforce.url}/__sandbox__/counters").json()
    assert (counters["reads"]["total"], counters["writes"]["total"]) == (0, 0)


def test_no_page_holds_a_secret(salesforce: Serving, hubspot: Serving, lead: str) -> None:
    for served, pages in ((salesforce, ["/", "/ui/User", "/ui/Lead"]), (hubspot, ["/", "/ui/contacts"])):
        secrets = [value for key, value in served.sandbox.credentials().items() if key != "client_id"]
        for page in pages:
            text = web.get(served.url + page).text
            assert not any(secret in text for secret in secrets)


def test_an_empty_value_clears_a_field_and_hubspot_remembers_that_it_was_cleared(hubspot: Serving) -> None:
    owner = hubspot.sandbox.portal.owners  # type: ignore[attr-defined]
    user = str(next(iter(owner.values()))["userId"])
    ident = next(iter(hubspot.sandbox.dump()["objects"]["contacts"]))["id"]
    url = f"{hubspot.url}/ui/contacts/{ident}/firstname"
    assert post(url, {"value": "", "user": user}).status_code == 303
    assert "cleared" in web.get(url).text
    assert "cleared" not in web.get(f"{hubspot.url}/ui/contacts/{ident}/fax").text
