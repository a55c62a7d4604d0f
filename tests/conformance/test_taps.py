"""Two Singer taps, which know nothing of sandboxes: discovery, a full sync, and one that goes on from its state."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conformance.conftest import contacts, rows
from tests.conformance.running import catalog_of, singer

from leadsync.sandbox import Serving

Messages = list[dict[str, Any]]


def written(folder: Path, name: str, data: object) -> str:
    path = folder / name
    path.write_text(json.dumps(data), encoding="utf-8")
    return str(path)


def chosen(catalog: dict[str, Any], streams: set[str], **more: Any) -> dict[str, Any]:
    """The catalog with all fields of the streams selected."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"] if stream["tap_stream_id"] in streams else ():
            entry["metadata"]["selected"] = True
            if not entry["breadcrumb"]:
                entry["metadata"].update(more)
    return catalog


def records(messages: Messages, stream: str) -> Messages:
    return [m["record"] for m in messages if m["type"] == "RECORD" and m["stream"] == stream]


def state(messages: Messages) -> Any:
    return [m["value"] for m in messages if m["type"] == "STATE"][-1]


@pytest.fixture
def people_and_lists(hubspot: Serving) -> str:
    """Two tickets and a list of three contacts beside the demonstration's records; the list's id."""
    headers = {"authorization": f"Bearer {hubspot.sandbox.credentials()['token']}"}
    with httpx.Client(base_url=hubspot.url, headers=headers) as wire:
        for subject in ("One", "Two"):
            body = {"properties": {"subject": subject, "hs_pipeline": "0", "hs_pipeline_stage": "1"}}
            assert wire.post("/crm/v3/objects/tickets", json=body).status_code == 201
        body = {"name": "Chosen", "objectTypeId": "0-1", "processingType": "MANUAL"}
        made = wire.post("/crm/v3/lists", json=body).json()["list"]["listId"]
        wire.put(f"/crm/v3/lists/{made}/memberships/add", json=list(contacts(hubspot))[:3]).raise_for_status()
    return str(made)


def test_tap_hubspot_brings_every_contact_and_then_only_what_changed(
    hubspot: Serving, people_and_lists: str, tmp_path: Path
) -> None:
    env = {"REDIRECT": f"api.hubapi.com={hubspot.url}"}
    token = hubspot.sandbox.credentials()["token"]
    unused = dict.fromkeys(("client_id", "client_secret", "refresh_token", "redirect_uri"), "unused")
    config = {"api_key": token, "start_date": "2000-01-01T00:00:00Z", **unused}
    args = ["--config", written(tmp_path, "config.json", config)]
    catalog = catalog_of("tap-hubspot", *args, env=env)
    streams = {"contacts", "owners", "tickets", "contact_lists", "list_memberships"}
    args += ["--properties", written(tmp_path, "catalog.json", chosen(catalog, streams))]

    messages = singer("tap-hubspot", *args, env=env)
    emails = {r["id"]: r["property_email"] for r in records(messages, "contacts")}
    assert emails == {ident: found["properties"].get("email") for ident, found in contacts(hubspot).items()}
    assert len(records(messages, "owners")) == 3
    assert {r["property_subject"] for r in records(messages, "tickets")} == {"One", "Two"}
    # the tap asks for lists in both directions and says that one may come twice
    assert {r["name"] for r in records(messages, "contact_lists")} == {"Chosen"}
    assert {str(r["recordId"]) for r in records(messages, "list_memberships")} == set(list(emails)[:3])
    assert {str(r["listId"]) for r in records(messages, "list_memberships")} == {people_and_lists}

    last = max(found["updatedAt"] for found in contacts(hubspot).values())
    again = singer("tap-hubspot", *args, "--state", written(tmp_path, "state.json", state(messages)), env=env)
    newest = {ident for ident, found in contacts(hubspot).items() if found["updatedAt"] == last}
    assert {r["id"] for r in records(again, "contacts")} == newest


def test_tap_salesforce_brings_every_record_and_then_only_what_changed(salesforce: Serving, tmp_path: Path) -> None:
    credentials = salesforce.sandbox.credentials()
    login = {"grant_type": "password", "username": "integration@sandbox.example", "password": "sandbox-password"}
    token = httpx.post(f"{salesforce.url}/services/oauth2/token", data={**login, **credentials}).json()
    config = {
        **credentials,
        "refresh_token": token["refresh_token"],
        "start_date": "2000-01-01T00:00:00Z",
        "api_type": "REST",
    }
    env = {"REDIRECT": f"login.salesforce.com={salesforce.url}"}
    args = ["--config", written(tmp_path, "config.json", config)]
    catalog = catalog_of("tap-salesforce", *args, env=env)
    assert {"Lead", "Contact", "Account"} <= {stream["stream"] for stream in catalog["streams"]}
    incremental = {"replication-method": "INCREMENTAL", "replication-key": "SystemModstamp"}
    streams = {"Lead", "Contact", "Account", "Campaign", "CampaignMember"}
    args += ["--properties", written(tmp_path, "catalog.json", chosen(catalog, streams, **incremental))]

    messages = singer("tap-salesforce", *args, env=env)
    got = {stream: {r["Id"]: r for r in records(messages, stream)} for stream in streams}
    for stream in streams:
        assert got[stream].keys() == rows(salesforce, stream).keys(), stream
    emails = {ident: row.get("Email") for ident, row in rows(salesforce, "Lead").items()}
    assert {ident: row["Email"] for ident, row in got["Lead"].items()} == emails
    assert Counter(m["type"] for m in messages)["SCHEMA"] == len(streams)

    last = max(row["SystemModstamp"] for row in rows(salesforce, "Lead").values())
    again = singer("tap-salesforce", *args, "--state", written(tmp_path, "state.json", state(messages)), env=env)
    newest = {ident for ident, row in rows(salesforce, "Lead").items() if row["SystemModstamp"] == last}
    assert {r["Id"] for r in records(again, "Lead")} == newest
