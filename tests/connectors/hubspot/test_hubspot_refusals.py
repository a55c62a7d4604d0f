"""Failures are sorted by what to do next."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from tests.connectors.hubspot.conftest import Connect

from leadsync.connector import Write, connector
from leadsync.errors import (
    Ambiguous,
    LeadsyncError,
    Misconfigured,
    QuotaExhausted,
    Rejected,
    Throttled,
    TryAgain,
    Unreadable,
)
from leadsync_hubspot import HubSpot, HubSpotSettings
from leadsync_hubspot.refusals import Answer, refused, retry_after, sort_out
from leadsync_hubspot.sandbox import HubSpotSandbox
from leadsync_hubspot.sandbox.faults import NAMED
from leadsync_hubspot.wire import dated, is_write

SORTED: dict[str, tuple[type[LeadsyncError], type[LeadsyncError]]] = {
    "burst": (Throttled, Throttled),
    "burst_retry_after": (Throttled, Throttled),
    "daily": (QuotaExhausted, QuotaExhausted),
    "search_limit": (Throttled, Throttled),
    "locked": (TryAgain, TryAgain),
    "migrating": (TryAgain, TryAgain),
    "bad_gateway": (TryAgain, Ambiguous),
    "unavailable": (TryAgain, Ambiguous),
    "gateway_timeout": (TryAgain, Ambiguous),
    "origin_timeout": (TryAgain, Ambiguous),
    "server_error": (TryAgain, Ambiguous),
    "unauthorized": (Misconfigured, Misconfigured),
    "missing_scopes": (Misconfigured, Misconfigured),
    "conflict": (Rejected, Rejected),
    "past_the_wall": (Rejected, Rejected),
    "url_too_long": (Rejected, Rejected),
    "option_removed": (Rejected, Rejected),
    "property_deleted": (Rejected, Rejected),
    "required_property": (Rejected, Rejected),
}


def answer_of(name: str) -> Answer:
    reply = NAMED[name]()
    return Answer(reply.status, {k.lower(): v for k, v in reply.headers.items()}, reply.body)


@pytest.mark.parametrize("name", NAMED)
def test_every_fault_of_hubspot_is_sorted(name: str) -> None:
    read, write = SORTED[name]
    assert type(sort_out(answer_of(name), write=False)) is read
    assert type(sort_out(answer_of(name), write=True)) is write


def test_what_the_server_asks_to_wait_is_kept() -> None:
    waits = {n: getattr(sort_out(answer_of(n), write=False), "retry_after", None) for n in SORTED}
    assert (waits["burst"], waits["burst_retry_after"], waits["search_limit"]) == (2.5, 1.0, 1.0)
    assert (waits["locked"], waits["migrating"]) == (2.0, 3600.0)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5.0), ("0.5", 0.5), ("120000", 120.0), ("soon", None), (None, None)]
)
def test_retry_after_is_read_in_seconds(text: str | None, seconds: float | None) -> None:
    assert retry_after({} if text is None else {"retry-after": text}) == seconds


def test_a_missing_scope_is_named() -> None:
    assert "crm.objects.contacts.write" in str(sort_out(answer_of("missing_scopes"), write=True))


def test_an_origin_that_was_never_reached_took_no_write() -> None:
    assert type(sort_out(Answer(521), write=True)) is TryAgain


def test_a_redirect_is_not_followed() -> None:
    assert type(sort_out(Answer(302, {"location": "https://elsewhere.example"}), write=False)) is Unreadable


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b'{"errors":"x"}', b'{"errors":[1],"message":5}', b'{"message":null}']
)
@pytest.mark.parametrize("status", [400, 403, 409, 429, 500])
def test_a_refusal_of_any_shape_is_understood(body: bytes, status: int) -> None:
    assert isinstance(sort_out(Answer(status, {}, body), write=False), LeadsyncError)


def test_a_detail_without_the_json_in_its_message_is_read_from_errors() -> None:
    entry = {
        "message": "discount was not a valid number",
        "code": "INVALID_INTEGER",
        "context": {"propertyName": ["d"]},
    }
    found = refused(400, {"message": "Invalid", "errors": [entry], "category": "VALIDATION_ERROR"})
    assert (found.code, found.fields) == ("INVALID_INTEGER", ("d",))
    assert "not a valid number" in str(found)


def test_a_message_with_an_address_is_scrubbed() -> None:
    assert "ann@" not in str(refused(400, {"message": "Duplicate IDs found in batch input: [ann@example.com]"}))


@pytest.mark.parametrize(
    ("path", "version", "expected"),
    [
        ("/crm/v3/objects/contacts/search", "v3", "/crm/v3/objects/contacts/search"),
        ("/crm/v3/objects/contacts/search", "2026-03", "/crm/objects/2026-03/contacts/search"),
        ("/crm/v4/associations/a/b/batch/read", "2026-09", "/crm/associations/2026-09/a/b/batch/read"),
        ("/crm/v3/properties/contacts", "2026-03", "/crm/properties/2026-03/contacts"),
        ("/marketing/v3/forms/", "2026-03", "/marketing/forms/2026-03/"),
        ("/account-info/v3/details", "2026-03", "/account-info/2026-03/details"),
        ("/form-integrations/v1/submissions/forms/x", "2026-03", "/form-integrations/v1/submissions/forms/x"),
    ],
)
def test_the_version_is_one_setting(path: str, version: str, expected: str) -> None:
    assert dated(path, version) == expected


@pytest.mark.parametrize(
    ("method", "path", "write"),
    [
        ("GET", "/crm/v3/objects/contacts", False),
        ("POST", "/crm/v3/objects/contacts/search", False),
        ("POST", "/crm/v3/objects/contacts/batch/read", False),
        ("POST", "/crm/v3/objects/contacts/batch/upsert", True),
        ("PATCH", "/crm/v3/properties/contacts/x", True),
    ],
)
def test_reads_and_writes_are_told_apart(method: str, path: str, write: bool) -> None:
    assert is_write(method, path) is write


# ---- over the wire


@pytest.mark.parametrize("name", ["burst", "burst_retry_after", "search_limit", "bad_gateway", "unavailable", "locked"])
def test_a_read_repeats_what_fails_in_passing(
    seeded: HubSpotSandbox, crm: HubSpot, naps: list[float], name: str
) -> None:
    seeded.faults.add({"match": {"path": "/objects"}, "times": 3, "action": {"kind": "named", "name": name}})
    pages = list(crm.pull("companies", "", ["name"]))
    assert sum(len(p.records) for p in pages) == 2
    assert len(naps) == 3
    assert crm.usage.reads == seeded.counters.reads.total()


def test_a_server_without_tls_is_a_matter_of_the_settings(url: str, connect: Connect, naps: list[float]) -> None:
    with pytest.raises(Misconfigured, match="certificates"):
        list(connect(url=url.replace("http://", "https://")).pull("companies", "", ["name"]))
    assert naps == []


STOPS: dict[str, tuple[str, Callable[[], type[LeadsyncError]]]] = {
    "a wrong token": ("unauthorized", lambda: Misconfigured),
    "a missing scope": ("missing_scopes", lambda: Misconfigured),
    "the daily limit": ("daily", lambda: QuotaExhausted),
    "a move of the account": ("migrating", lambda: TryAgain),
    "a refused read": ("past_the_wall", lambda: Unreadable),
}


@pytest.mark.parametrize(("name", "kind"), STOPS.values(), ids=STOPS.keys())
def test_what_will_not_pass_is_asked_once(
    seeded: HubSpotSandbox, crm: HubSpot, naps: list[float], name: str, kind: Callable[[], type[LeadsyncError]]
) -> None:
    seeded.faults.add({"match": {"path": "/objects"}, "times": None, "action": {"kind": "named", "name": name}})
    with pytest.raises(kind()):
        list(crm.pull("companies", "", ["name"]))
    assert seeded.counters.reads["GET /crm/v3/objects/companies"] == 1
    assert naps == []


def test_the_daily_limit_says_when_it_resets(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    crm.account()
    seeded.faults.add({"match": {"path": "/objects"}, "action": {"kind": "named", "name": "daily"}})
    with pytest.raises(QuotaExhausted) as caught:
        list(crm.pull("companies", "", ["name"]))
    assert caught.value.resets_in == 14 * 3600, "09:00 UTC is 10:00 in Amsterdam"


def test_a_token_without_scopes_is_told_which(seeded: HubSpotSandbox, connect: Connect) -> None:
    seeded.seed({"tokens": {"pat-small": {"scopes": ["crm.objects.companies.read"]}}})
    crm = connect(token="pat-small")
    assert list(crm.pull("companies", "", ["name"]))
    with pytest.raises(Misconfigured, match=r"crm\.objects\.contacts\.read"):
        list(crm.pull("contacts", "", ["email"]))


def test_a_wrong_token_is_told_in_plain_words(seeded: HubSpotSandbox, connect: Connect) -> None:
    with pytest.raises(Misconfigured, match="401"):
        list(connect(token="wrong").pull("contacts", "", ["email"]))


def test_usage_is_what_the_server_says(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    list(crm.pull("contacts", "", ["email"]))
    assert crm.usage.limit == 1_000_000
    assert crm.usage.used == seeded.counters.reads.total() == crm.usage.reads


def test_nothing_secret_or_personal_is_logged(
    seeded: HubSpotSandbox, crm: HubSpot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        list(crm.pull("contacts", "", ["email"]))
        seeded.faults.add({"match": {"path": "/objects"}, "action": {"kind": "named", "name": "unauthorized"}})
        with pytest.raises(Misconfigured) as caught:
            list(crm.pull("contacts", "", ["email"]))
    text = caplog.text + repr(caught.value) + repr(crm._settings)
    assert "pat-sandbox" not in text
    assert "ann@" not in text


# ---- settings


def test_the_connector_is_installed() -> None:
    found = connector("hubspot")
    assert (found.name, found.settings, found.open) == ("hubspot", HubSpotSettings, HubSpot)
    assert set(found.sandbox().credentials()) <= set(HubSpotSettings.model_fields)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://api.hubapi.com"},
        {"url": "ftp://127.0.0.1"},
        {"api_version": "v1"},
        {"token": "pat-na1-literal"},
        {"overlap_seconds": -1},
        {"unknown": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]) -> None:
    monkeypatch.setenv("HS", "pat-x")
    assert HubSpotSettings(token="env:HS").token.get_secret_value() == "pat-x"  # type: ignore[arg-type]
    with pytest.raises(ValidationError) as caught:
        HubSpotSettings(**{"token": "env:HS", **wrong})
    assert "pat-na1" not in str(caught.value.errors(include_input=False))


def test_the_settings_have_a_schema() -> None:
    assert json.dumps(HubSpotSettings.model_json_schema())


def test_a_refused_write_names_every_field_that_does_not_fit_so_that_the_others_can_go(
    seeded: HubSpotSandbox, crm: HubSpot
) -> None:
    values = {"firstname": "Anna", "lifecyclestage": "no such stage", "hs_lead_status": "nope"}
    receipt = crm.write("contacts", [Write("t", "contacts", "1001", {**values})])[0]
    assert receipt.error is not None
    assert set(receipt.error.fields) == set(values) - {"firstname"}
    assert "no such stage" not in str(receipt.error)
