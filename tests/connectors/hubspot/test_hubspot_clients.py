"""Clients nobody here wrote believe the sandbox: the SDK as it is, and recorded traffic of 2021 and 2022."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hubspot
import pytest

from leadsync.sandbox import Request
from leadsync_hubspot.sandbox import HubSpotSandbox


@pytest.fixture
def sdk(seeded: HubSpotSandbox, url: str) -> Iterator[Any]:
    """hubspot-api-client as its users hold it, with nothing but another host; its pools are closed at the end."""
    made: list[Any] = []

    def factory(package: Any, name: str, config: dict[str, Any]) -> Any:
        configuration = package.Configuration()
        configuration.host, configuration.access_token = config["host"], config["access_token"]
        made.append(package.ApiClient(configuration=configuration))
        return getattr(package, name)(api_client=made[-1])

    yield hubspot.Client.create(access_token="pat-sdk", host=url, api_factory=factory)
    for client in made:
        client.rest_client.pool_manager.clear()


def test_the_sdk_s_models_read_lists_searches_and_batches(sdk: Any) -> None:
    page = sdk.crm.contacts.basic_api.get_page(limit=2, properties=["email"], associations=["companies"])
    assert [c.properties["email"] for c in page.results] == ["ann@siemens.com", "bob@philips.example"]
    assert page.results[0].associations["companies"].results[0].id == "2002"
    assert page.paging.next.after == "1003"
    assert len(sdk.crm.contacts.get_all()) == 3
    body = {"filterGroups": [], "sorts": ["-createdate"], "limit": 1, "properties": ["email"]}
    found = sdk.crm.contacts.search_api.do_search(body)
    assert (found.total, len(found.results), found.paging.next.after) == (3, 1, "1")
    batch = sdk.crm.companies.batch_api.read({"inputs": [{"id": "2001"}], "properties": ["name"]})
    assert batch.results[0].properties["name"] == "Siemens AG"


def test_the_sdk_s_models_write(sdk: Any) -> None:
    made = sdk.crm.contacts.basic_api.create({"properties": {"email": "sdk@example.com"}})
    assert made.properties["email"] == "sdk@example.com"
    assert made.created_at is not None
    changed = sdk.crm.contacts.basic_api.update(made.id, {"properties": {"phone": "1"}})
    assert changed.properties["phone"] == "1"
    batch = sdk.crm.contacts.batch_api.create({"inputs": [{"properties": {"firstname": "B"}}]})
    assert batch.status == "COMPLETE"
    item = {"id": "sdk@example.com", "idProperty": "email", "properties": {"phone": "2"}}
    assert sdk.crm.contacts.batch_api.upsert({"inputs": [item]}).results[0].new is False
    sdk.crm.contacts.basic_api.archive(made.id)
    assert [c.properties["firstname"] for c in sdk.crm.contacts.get_all()] == ["Ann", "Bob", "Cy", "B"]


def test_the_sdk_reads_partial_batches_as_errors(sdk: Any) -> None:
    found = sdk.crm.contacts.batch_api.read({"inputs": [{"id": "1001"}, {"id": "9"}], "properties": ["email"]})
    assert (type(found).__name__, found.num_errors) == ("BatchResponseSimplePublicObjectWithErrors", 1)
    assert found.errors[0].context["ids"] == ["9"]


def test_the_sdk_raises_on_refusals(sdk: Any) -> None:
    from hubspot.crm.contacts.exceptions import ApiException, NotFoundException

    with pytest.raises(ApiException) as caught:
        sdk.crm.contacts.basic_api.create({"properties": {"email": "ann@siemens.com"}})
    assert (caught.value.status, json.loads(caught.value.body)["category"]) == (409, "CONFLICT")
    with pytest.raises(NotFoundException):
        sdk.crm.contacts.basic_api.get_by_id("9")


def test_the_sdk_knows_its_way_round_the_account(sdk: Any) -> None:
    group = {"name": "mine", "label": "Mine", "displayOrder": -1}
    assert sdk.crm.properties.groups_api.create("contacts", group).name == "mine"
    spec = {"name": "tier", "label": "Tier", "type": "string", "fieldType": "text", "groupName": "mine"}
    assert sdk.crm.properties.core_api.create("contacts", spec).name == "tier"
    assert {p.name for p in sdk.crm.properties.core_api.get_all("contacts").results} >= {"email", "tier"}
    assert sdk.crm.owners.owners_api.get_page(limit=100).results[0].email == "rep@leadsync.example"
    assert sdk.crm.pipelines.pipelines_api.get_all("deals").results[0].stages[0].id == "appointmentscheduled"
    body = {"inputs": [{"id": "1001"}]}
    ties = sdk.crm.associations.v4.batch_api.get_page("contacts", "companies", body)
    assert [to.to_object_id for to in ties.results[0].to] == ["2002", "2001"] or [
        int(to.to_object_id) for to in ties.results[0].to
    ] == [2002, 2001]
    made = sdk.crm.lists.lists_api.create({"name": "L", "objectTypeId": "0-1", "processingType": "MANUAL"})
    assert made.list.name == "L"
    assert sdk.marketing.forms.forms_api.get_page().results[0].name == "Request a demo"
    assert sdk.crm.schemas.core_api.get_all().results == []


# ---- HubSpot's newer SDK, which knows the date versions only


def test_the_newer_sdk_does_its_work_in_2026_03(seeded: HubSpotSandbox, url: str) -> None:
    newer = pytest.importorskip("hubspot_sdk", reason="hubspot-sdk is not installed (uv pip install hubspot-sdk)")
    with newer.HubSpot(access_token="pat-newer", base_url=url, max_retries=0) as client:
        contacts = client.crm.objects.contacts
        listed = list(contacts.list(limit=1, properties=["email", "phone"], associations=["companies"]))
        assert [c.id for c in listed] == ["1001", "1002", "1003"]
        assert listed[0].associations["companies"].results[0].type == "contact_to_company"
        made = contacts.create(properties={"email": "newer@example.com"}, associations=[])
        assert contacts.get(made.id, properties=["email"]).properties["email"] == "newer@example.com"
        assert contacts.update(made.id, properties={"phone": "1"}).properties["phone"] == "1"
        filters = [{"propertyName": "email", "operator": "EQ", "value": "newer@example.com"}]
        body = {"filter_groups": [{"filters": filters}], "limit": 5, "properties": [], "after": "0", "sorts": []}
        assert [c.id for c in contacts.search(**body).results] == [made.id]
        merged = contacts.merge(primary_object_id="1001", object_id_to_merge="1002")
        assert merged.id not in ("1001", "1002")
        contacts.delete(made.id)
        assert {p.name for p in client.crm.properties.list("contacts").results} >= {"email", "lifecyclestage"}
        assert [o.email for o in client.crm.owners.list()] == ["rep@leadsync.example"]
    assert seeded.counters.reads["GET /crm/objects/2026-03/contacts"] == 3


# ---- recorded traffic

RECORDING = Path(os.environ.get("LEADSYNC_DATA", "/nonexistent")) / "recordings" / "hubspot.jsonl.gz"
CRM_V3 = re.compile(r"/crm/v3/objects/(CONTACT|COMPANY|2-\d+)/")


SEARCHED = {"grouparoo_object_property"}
ABSENT = {"grouparoo_custom_text", "grouparoo_custom_number"}
"""Asked for in the recording and not in its answers: the account had no such properties."""


def exchanges() -> list[dict[str, Any]]:
    """The recorded exchanges with today's endpoints; those with v1 are out of scope."""
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        return [entry for entry in map(json.loads, lines) if CRM_V3.match(entry["path"])]


def shape(data: Any) -> Any:
    """Keys and types; of a list, its first item's."""
    if isinstance(data, dict):
        return {key: shape(value) for key, value in data.items()}
    if isinstance(data, list):
        return [shape(item) for item in data[:1]]
    return "null or text" if data is None or isinstance(data, str) else type(data).__name__


def prepare(sandbox: HubSpotSandbox, entry: dict[str, Any]) -> None:
    """Put the account into the state that a recorded exchange implies."""
    sandbox.reset()
    sandbox.portal.settings["default_lifecyclestage"] = ""
    kind = entry["path"].split("/")[4]
    if kind.startswith("2-"):
        sandbox.seed({"custom_objects": [{"objectTypeId": kind, "name": "things"}]})
    spec = sandbox.portal.kind(kind)
    inputs, results = entry["request"].get("inputs", ()), (entry["response"] or {}).get("results", ())
    written = {name for item in inputs for name in item.get("properties", {})}
    shown = {name for item in results for name in item["properties"]}
    names = (written | shown | SEARCHED) - set(sandbox.portal.properties[spec.name]) - ABSENT
    plain = [{"name": n, "type": "string", "fieldType": "text"} for n in sorted(names)]
    sandbox.seed({"properties": {spec.name: plain}})
    there = [{"id": str(item["id"]), "properties": {}} for item in inputs if "id" in item]
    if entry["path"].endswith("/search"):
        there = [{"id": r["id"], "properties": r["properties"]} for r in results]
    sandbox.seed({"objects": {spec.name: there}})


@pytest.mark.skipif(not RECORDING.is_file(), reason="LEADSYNC_DATA names no folder with the recordings")
def test_recorded_exchanges_are_answered_with_the_same_status_and_shape(sandbox: HubSpotSandbox) -> None:
    agreed: list[str] = []
    differ: list[str] = []
    for entry in exchanges():
        prepare(sandbox, entry)
        if entry["status"] == 429:
            sandbox.faults.add({"action": {"kind": "named", "name": "search_limit"}})
            reply = sandbox.fault_reply("search_limit")
        else:
            body = json.dumps(entry["request"]).encode()
            headers = {"authorization": "Bearer pat-replay"}
            reply = sandbox.handle(Request(entry["method"], entry["path"].split("?")[0], (), headers, body))
        found = json.loads(reply.body) if reply.body else ""
        for record in found.get("results", ()) if isinstance(found, dict) else ():
            record.pop("url", None)  # newer than the recording
        same = reply.status == entry["status"] and shape(found) == shape(entry["response"])
        what = f"{entry['method']} {entry['path']} {reply.status}/{entry['status']}"
        (agreed if same else differ).append(what if same else f"{what} {shape(found)} {shape(entry['response'])}")
    assert (len(differ), differ[:3]) == (0, [])
    assert len(agreed) > 60
