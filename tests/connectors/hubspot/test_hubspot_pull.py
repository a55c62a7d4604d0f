"""Pulling: complete, once each, whatever happens meanwhile."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.connectors.hubspot.conftest import NOW, Connect, call

from leadsync.connector import Page
from leadsync.errors import Misconfigured, TryAgain, Unreadable
from leadsync.records import Record, Ref
from leadsync_hubspot import CONNECTOR, HubSpot
from leadsync_hubspot.sandbox import HubSpotSandbox

FIELDS = ["email", "firstname", "phone", "lifecyclestage"]


def drain(crm: HubSpot, feed: str, cursor: str = "", fields: list[str] | None = None) -> tuple[list[Page], str]:
    pages = list(crm.pull(feed, cursor, FIELDS if fields is None else fields))
    return pages, pages[-1].cursor


def records(pages: list[Page]) -> dict[str, Record]:
    found = [record for page in pages for record in page.records]
    assert len(found) == len({(r.ref, r.modified) for r in found}), "a record came twice"
    return {record.ref.id: record for record in found}


def person(number: int, **more: Any) -> dict[str, Any]:
    properties = {"firstname": f"P{number}", **more.pop("properties", {})}
    return {"id": str(number), "properties": properties, "updatedAt": "2026-11-01T00:00:00Z", **more}


def test_a_first_pull_brings_every_contact_with_its_companies(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    found = records(drain(any_version, "contacts")[0])
    assert found["1001"] == Record(
        Ref("hubspot", "contacts", "1001"),
        {"email": "ann@siemens.com", "firstname": "Ann", "phone": None, "lifecyclestage": "lead"},
        datetime(2026, 10, 2, 10, 0, 0, 123000, tzinfo=UTC),
        {"companies": ("2002", "2001")},
    )
    assert found["1003"].links == {} or found["1003"].links == {"companies": ()}
    assert set(found) == {"1001", "1002", "1003"}


def test_cleared_and_never_set_are_told_apart(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    found = records(drain(crm, "contacts")[0])
    assert found["1002"].fields["phone"] == ""
    assert found["1001"].fields["phone"] is None


def test_a_second_pull_of_a_quiet_account_brings_nothing(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    seeded.clock.advance(60)
    _, cursor = drain(crm, "contacts")
    seeded.clock.advance(60)
    assert records(drain(crm, "contacts", cursor)[0]) == {}


def test_the_overlap_reads_the_last_minutes_again(seeded: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(overlap_seconds=300)
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1001", {"properties": {"phone": "1"}})
    seeded.clock.advance(60)
    _, cursor = drain(crm, "contacts")
    seeded.clock.advance(60)
    assert set(records(drain(crm, "contacts", cursor)[0])) == {"1001"}


def test_a_person_s_edit_arrives_with_its_companies(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    _, cursor = drain(any_version, "contacts")
    seeded.clock.advance(60)
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1001", {"properties": {"phone": "+31 20 1"}})
    found = records(drain(any_version, "contacts", cursor)[0])
    assert found["1001"].fields["phone"] == "+31 20 1"
    assert found["1001"].links == {"companies": ("2002", "2001")}
    assert set(found) == {"1001"}


def test_twenty_five_thousand_records_of_one_instant_come_once_each(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    _, cursor = drain(crm, "contacts")
    stamp = (NOW + timedelta(minutes=1)).isoformat()
    sandbox.seed({"objects": {"contacts": [person(n, updatedAt=stamp) for n in range(1, 25_001)]}})
    sandbox.clock.advance(3600)
    pages, _ = drain(crm, "contacts", cursor, ["firstname"])
    assert len(records(pages)) == 25_000
    assert sandbox.counters.reads["POST /crm/v3/objects/contacts/search"] == 125


def test_a_first_pull_of_thousands_is_listed_in_pages_of_a_hundred(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    sandbox.seed({"objects": {"contacts": [person(n) for n in range(1, 1051)]}})
    pages, _ = drain(crm, "contacts", "", ["firstname"])
    assert len(records(pages)) == 1050
    assert sandbox.counters.reads["GET /crm/v3/objects/contacts"] == 11
    assert sandbox.counters.reads["POST /crm/v3/objects/contacts/search"] == 0


def test_records_written_while_a_pull_pages_are_not_missed(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    _, cursor = drain(crm, "contacts")
    sandbox.clock.advance(60)
    sandbox.seed({"objects": {"contacts": [person(n, updatedAt=sandbox.clock().isoformat()) for n in range(1, 1001)]}})
    seen: dict[str, str] = {}
    for turn, page in enumerate(crm.pull("contacts", cursor, ["firstname"])):
        sandbox.clock.advance(2)
        for number in (turn * 7 + 1, 1000 - turn, 500):  # behind us, before us, in between
            values = {"firstname": f"edited {turn}"}
            call(sandbox, "PATCH", f"/crm/v3/objects/contacts/{number}", {"properties": values})
        cursor = page.cursor
        seen |= {r.ref.id: str(r.fields["firstname"]) for r in page.records}
    assert len(seen) == 1000
    for record in records(drain(crm, "contacts", cursor)[0]).values():
        seen[record.ref.id] = str(record.fields["firstname"])
    assert seen == {o.id: o.properties["firstname"] for o in sandbox.portal.objects["contacts"].values()}


def test_a_pull_that_was_cut_short_goes_on_at_any_page(sandbox: HubSpotSandbox, connect: Connect) -> None:
    sandbox.seed({"objects": {"contacts": [person(n) for n in range(1, 451)]}})
    for stop in range(1, 5):
        seen: set[str] = set()
        pull = connect(overlap_seconds=0).pull("contacts", "", ["firstname"])
        for _ in range(stop):
            page = next(pull)
            seen |= {r.ref.id for r in page.records}
        sandbox.clock.advance(60)
        call(sandbox, "PATCH", "/crm/v3/objects/contacts/1", {"properties": {"firstname": f"late {stop}"}})
        rest, _ = drain(connect(overlap_seconds=0), "contacts", page.cursor, ["firstname"])
        late = [r for p in rest for r in p.records]
        assert seen | {r.ref.id for r in late} == {str(n) for n in range(1, 451)}
        assert f"late {stop}" in {r.fields["firstname"] for r in late}, "the edit made meanwhile came at once"


def test_a_lag_of_thirty_seconds_loses_nothing(seeded: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(overlap_seconds=60)
    seeded.clock.advance(3600)
    _, cursor = drain(crm, "contacts")
    seeded.seed({"settings": {"search_lag_seconds": 30}})
    seeded.clock.advance(60)
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1001", {"properties": {"phone": "7"}})
    call(seeded, "POST", "/crm/v3/objects/contacts", {"properties": {"email": "late@example.com"}})
    seeded.clock.advance(5)
    pages, cursor = drain(crm, "contacts", cursor)
    assert records(pages) == {}, "the index does not show the edits yet"
    seeded.clock.advance(30)
    found = records(drain(crm, "contacts", cursor)[0])
    assert {r.fields["email"] for r in found.values()} == {"ann@siemens.com", "late@example.com"}


def test_an_archived_contact_arrives_as_deleted_once(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    _, cursor = drain(any_version, "contacts")
    seeded.clock.advance(60)
    call(seeded, "DELETE", "/crm/v3/objects/contacts/1002")
    pages, cursor = drain(any_version, "contacts", cursor)
    assert [(r.ref.id, r.deleted) for p in pages for r in p.records] == [("1002", True)]
    seeded.clock.advance(60)
    assert records(drain(any_version, "contacts", cursor)[0]) == {}


def test_an_archived_contact_keeps_the_key_that_is_asked_for(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    _, cursor = drain(any_version, "contacts")
    seeded.clock.advance(60)
    call(seeded, "DELETE", "/crm/v3/objects/contacts/1001")
    seeded.clock.advance(60)
    pages = any_version.pull("contacts", cursor, FIELDS, "email")
    (record,) = [r for page in pages for r in page.records if r.deleted]
    assert record.fields == {"email": "ann@siemens.com"}


def test_contacts_archived_before_the_first_pull_are_not_news(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    call(seeded, "DELETE", "/crm/v3/objects/contacts/1002")
    seeded.clock.advance(60)
    pages, cursor = drain(crm, "contacts")
    assert "1002" not in records(pages)
    assert records(drain(crm, "contacts", cursor)[0]) == {}


def test_a_merge_arrives_under_the_new_id_with_the_old_ones(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    _, cursor = drain(crm, "contacts")
    seeded.clock.advance(60)
    body = {"primaryObjectId": "1001", "objectIdToMerge": "1002"}
    _, merged = call(seeded, "POST", "/crm/v3/objects/contacts/merge", body)
    found = records(drain(crm, "contacts", cursor)[0])
    assert set(found) == {merged["id"]}
    assert set(found[merged["id"]].aliases) == {"1001", "1002"}
    assert merged["id"] not in ("1001", "1002")


def test_one_bad_date_among_a_hundred_is_set_aside(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    seeded.seed({"objects": {"contacts": [person(n) for n in range(1, 98)]}})
    answer = call(seeded, "GET", "/crm/v3/objects/contacts?limit=100&properties=email&associations=companies")[1]
    answer["results"][3]["properties"]["lastmodifieddate"] = "0000-99-99"
    match = {"path": "/objects/contacts$"}
    seeded.faults.add({"match": match, "action": {"kind": "replace_body", "body": answer}})
    pages, _ = drain(crm, "contacts", "", ["email"])
    assert sum(len(p.records) for p in pages) == 99
    unread = [u for p in pages for u in p.unread]
    assert [u.ref.id for u in unread] == ["4"]
    assert "lastmodifieddate is not a date" in unread[0].reason


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo"])
def test_times_are_utc_whatever_zone_the_machine_is_in(
    zone: str, seeded: HubSpotSandbox, crm: HubSpot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        (record,) = crm.read("contacts", ["1001"], ["email"])
    finally:
        monkeypatch.undo()
        time.tzset()
    assert (record.modified, record.modified.tzinfo) == (datetime(2026, 10, 2, 10, 0, 0, 123_000, UTC), UTC)


def test_an_association_that_is_none_sets_its_record_aside(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    answer = call(seeded, "GET", "/crm/v3/objects/contacts?limit=100&properties=email&associations=companies")[1]
    for item, odd in zip(answer["results"], ({}, {"results": [{"type": "x"}]}, {"results": [7]}), strict=True):
        item["associations"] = {"companies": odd}
    seeded.faults.add({"match": {"path": "/objects/contacts$"}, "action": {"kind": "replace_body", "body": answer}})
    pages, _ = drain(crm, "contacts", "", ["email"])
    assert {u.reason for p in pages for u in p.unread} == {"the associations with companies are not understood"}
    assert sum(len(p.unread) for p in pages) == 3


def test_half_an_emoji_does_not_make_a_page_unreadable(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    answer = call(seeded, "GET", "/crm/v3/objects/contacts?limit=100&properties=firstname&associations=companies")[1]
    answer["results"][0]["properties"]["firstname"] = "Ann \ud83d"
    action = {"kind": "replace_body", "body": json.dumps(answer)}
    seeded.faults.add({"match": {"path": "/objects/contacts$"}, "action": action})
    pages, _ = drain(crm, "contacts", "", ["firstname"])
    assert [r.fields["firstname"] for p in pages for r in p.records] == ["Ann ?", "Bob", "Cy"]


def test_a_mapped_property_that_is_not_there_is_named(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    with pytest.raises(Misconfigured, match=r"contacts has no property 'leadsync_score': run `leadsync provision"):
        drain(crm, "contacts", "", ["email", "leadsync_score"])


def test_properties_are_checked_once_per_connection(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    for _ in range(3):
        drain(crm, "contacts")
    assert seeded.counters.reads["GET /crm/v3/properties/contacts"] == 1


def test_more_properties_than_a_search_can_name_are_read_in_batches(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    names = [f"custom_property_with_a_long_name_{n}" for n in range(300)]
    definitions = [{"name": n, "type": "string", "fieldType": "text"} for n in names]
    seeded.seed({"properties": {"contacts": definitions}})
    pages, cursor = drain(crm, "contacts", "", names)
    assert len(records(pages)["1001"].fields) == 300
    assert records(pages)["1001"].links == {"companies": ("2002", "2001")}
    seeded.clock.advance(60)
    call(seeded, "PATCH", "/crm/v3/objects/contacts/1001", {"properties": {names[7]: "x"}})
    assert records(drain(crm, "contacts", cursor, names)[0])["1001"].fields[names[7]] == "x"


GARBAGE = {
    "an empty object": {},
    "an empty body": "",
    "a maintenance page": "<html>We are down for maintenance</html>",
    "results that are null": {"results": None},
    "results that are an object": {"results": {}},
    "a list": [],
    "half of the JSON": '{"results":[{"id":"1","prop',
    "records without ids": {"results": [{"properties": {}}]},
    "results that are texts": {"results": ["1", "2"]},
    "paging that is not understood": {"results": [], "paging": {"next": "5"}},
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("feed", ["first pull", "later pull"])
def test_garbage_is_never_an_empty_account(seeded: HubSpotSandbox, crm: HubSpot, body: object, feed: str) -> None:
    cursor = drain(crm, "contacts")[1] if feed == "later pull" else ""
    match = {"path": "/objects/contacts(/search)?$"}
    seeded.faults.add({"match": match, "times": None, "action": {"kind": "replace_body", "body": body}})
    with pytest.raises(Unreadable):
        drain(crm, "contacts", cursor)


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_an_unexpected_success_is_an_error(seeded: HubSpotSandbox, crm: HubSpot, status: int) -> None:
    action = {"kind": "reply", "status": status, "body": {"results": []}}
    seeded.faults.add({"match": {"path": "/objects/contacts$"}, "times": None, "action": action})
    with pytest.raises(Unreadable, match=f"answered {status}"):
        drain(crm, "contacts")


def test_a_list_that_repeats_its_page_stops_the_run(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    sandbox.seed({"objects": {"contacts": [person(n) for n in range(1, 301)]}})
    page = call(sandbox, "GET", "/crm/v3/objects/contacts?limit=100")[1]
    match = {"path": "/objects/contacts$"}
    sandbox.faults.add({"match": match, "times": None, "action": {"kind": "replace_body", "body": page}})
    with pytest.raises(Unreadable, match="same page again"):
        drain(crm, "contacts")


def test_a_search_out_of_order_stops_the_run(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    _, cursor = drain(crm, "contacts")
    body = {"limit": 100, "sorts": [{"propertyName": "hs_object_id", "direction": "DESCENDING"}]}
    page = call(seeded, "POST", "/crm/v3/objects/contacts/search", body)[1]
    seeded.faults.add({"match": {"path": "/search$"}, "action": {"kind": "replace_body", "body": page}})
    with pytest.raises(Unreadable, match="order"):
        drain(crm, "contacts", cursor)


def test_a_foreign_cursor_is_refused(crm: HubSpot) -> None:
    for cursor in ("nonsense", "[]", json.dumps({"other": 1})):
        with pytest.raises(Misconfigured, match="cursor"):
            drain(crm, "contacts", cursor)


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_read_whose_connection_breaks_is_repeated(
    seeded: HubSpotSandbox, crm: HubSpot, naps: list[float], kind: str
) -> None:
    seeded.faults.add({"match": {"path": "/objects/contacts$"}, "times": 2, "action": {"kind": kind}})
    assert len(records(drain(crm, "contacts")[0])) == 3
    assert len(naps) == 2
    assert seeded.counters.reads["GET /crm/v3/objects/contacts"] == 3
    assert crm.usage.reads == seeded.counters.reads.total()


def test_a_server_that_hangs_does_not_hang_us(seeded: HubSpotSandbox, connect: Connect, naps: list[float]) -> None:
    crm = connect(read_timeout=0.05)
    seeded.faults.add({"match": {"path": "/contacts$"}, "times": None, "action": {"kind": "delay", "seconds": 0.3}})
    with pytest.raises(TryAgain, match="connection failed"):
        drain(crm, "contacts")
    assert len(naps) == 5, "six attempts, then the run is told"


def test_a_body_that_trickles_does_not_hang_us(seeded: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(total_timeout=0.2)
    seeded.faults.add({"match": {"path": "properties"}, "action": {"kind": "trickle", "seconds": 0.02}})
    assert len(records(drain(crm, "contacts")[0])) == 3
    assert seeded.counters.reads["GET /crm/v3/properties/contacts"] == 2


def test_a_hundred_calls_share_one_connection(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    for _ in range(25):
        for feed in ("contacts", "companies", "emails", "forms"):
            drain(crm, feed, "", [])
    assert seeded.counters.reads.total() >= 100
    assert seeded.counters.connections == 1


def test_read_brings_the_records_that_are_there(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    found = any_version.read("contacts", ["1001", "999"], ["email"])
    assert [(r.ref.id, r.fields, r.links) for r in found] == [
        ("1001", {"email": "ann@siemens.com"}, {"companies": ("2002", "2001")})
    ]


def test_read_follows_a_merged_id(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    body = {"primaryObjectId": "1001", "objectIdToMerge": "1002"}
    _, merged = call(seeded, "POST", "/crm/v3/objects/contacts/merge", body)
    [record] = crm.read("contacts", ["1002"], ["email"])
    assert record.ref.id == merged["id"]
    assert "1002" in record.aliases


def test_find_looks_up_a_unique_property(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    found = any_version.find("contacts", "email", ["BOB@philips.example", "no@example.com"], ["firstname"])
    assert [r.fields for r in found] == [{"firstname": "Bob"}]


# ---- touchpoints


def test_the_feeds_and_objects_are_named_as_the_engine_expects(crm: HubSpot) -> None:
    assert [f.name for f in crm.feeds()] == ["companies", "contacts", "forms", "emails", "meetings", "calls"]
    assert {o.name: str(o.role) for o in crm.objects()} == {"contacts": "person", "companies": "company"}


def test_a_record_s_address_in_the_browser(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    address = any_version.web_url(Ref("hubspot", "contacts", "1001"))
    assert address == "https://app.hubspot.com/contacts/48000001/record/0-1/1001"
    assert any_version.web_url(Ref("hubspot", "forms", "x")) == ""


def test_the_demonstration_s_records_can_all_be_read(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    sandbox.seed(CONNECTOR.demo())
    for feed in ("contacts", "companies"):
        pages, _ = drain(crm, feed, "", [])
        assert set(records(pages)) == set(sandbox.portal.objects[feed])
        assert not any(page.unread for page in pages)
    touches = [
        t for feed in ("forms", "emails", "meetings", "calls") for p in drain(crm, feed, "", [])[0] for t in p.touches
    ]
    assert len(touches) > 100
    assert {touch.type for touch in touches} >= {"form_submission", "email", "meeting"}
