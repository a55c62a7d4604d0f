"""Pulling: nothing missed, nothing twice within a drain, one bad record never more than itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.connectors.salesforce.conftest import ACCOUNT, CAMPAIGN, CONTACT, LEAD, NOW, Connect, User

from leadsync.connector import Page
from leadsync.errors import Misconfigured, Unreadable
from leadsync.records import Ref
from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated

SAME = "2026-06-01T12:00:00Z"


def leads(sandbox: SalesforceSandbox, count: int, stamp: str | None = SAME, first: int = 1000) -> list[str]:
    """Seed that many leads, all modified at one moment."""
    ids = [generated("00Q", first + n) for n in range(count)]
    stamps = {} if stamp is None else {"SystemModstamp": stamp, "CreatedDate": stamp}
    sandbox.seed({"objects": {"Lead": [{"Id": i, "LastName": "L", "Company": "C", **stamps} for i in ids]}})
    return ids


def pulled(pages: Sequence[Page]) -> list[str]:
    return [record.ref.id for page in pages for record in page.records]


def queries(sandbox: SalesforceSandbox) -> int:
    return sum(n for label, n in sandbox.counters.reads.items() if "/query" in label)


@pytest.mark.parametrize("count", [5_000, 25_000])
def test_thousands_of_leads_of_one_moment_come_once_each(
    count: int, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    ids = leads(sandbox, count)
    pages = list(crm.pull("Lead", "", ["LastName"]))
    assert sorted(pulled(pages)) == sorted([LEAD, *ids])
    assert {len(p.records) for p in pages[:-1]} == {2000}
    assert queries(sandbox) == count // 2000 + 1


def test_equal_times_at_a_page_boundary_lose_nothing(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    before = leads(sandbox, 1995, "2026-05-01T00:00:00Z", first=100_000)
    at_boundary = leads(sandbox, 20, SAME, first=1000)
    after = leads(sandbox, 5, "2026-07-01T00:00:00Z", first=500)
    found = pulled(list(crm.pull("Lead", "", [])))
    assert len(found) == len(set(found)) == 2021
    assert set(found) == {LEAD, *before, *at_boundary, *after}


def test_short_pages_are_gone_on_from_by_key(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = leads(sandbox, 1000)
    sandbox.seed({"settings": {"page_size": 300}})
    pages = list(crm.pull("Lead", "", []))
    assert sorted(pulled(pages)) == sorted([LEAD, *ids])
    assert [len(p.records) for p in pages] == [300, 300, 300, 101]


def test_a_locator_that_expires_at_once_does_not_matter(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = leads(sandbox, 700)
    sandbox.seed({"settings": {"page_size": 300, "locator_seconds": 0}})
    assert sorted(pulled(list(crm.pull("Lead", "", [])))) == sorted([LEAD, *ids])


def test_each_pages_cursor_goes_on_where_the_page_ended(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    ids = leads(sandbox, 1000)
    sandbox.seed({"settings": {"page_size": 300}})
    pull = crm.pull("Lead", "", [])
    first = next(iter(pull))
    rest = list(crm.pull("Lead", json.loads(json.dumps(first.cursor)), []))
    assert sorted(pulled([first, *rest])) == sorted([LEAD, *ids])


def test_a_drain_that_went_on_later_reaches_back_to_before_its_own_beginning(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    leads(sandbox, 1000)
    sandbox.seed({"settings": {"page_size": 300}})
    first = next(iter(crm.pull("Lead", "", [])))
    sandbox.clock.advance(86400)
    last = list(crm.pull("Lead", first.cursor, []))[-1]
    assert json.loads(last.cursor)["since"] == "2026-11-22T08:50:00.000Z"


def test_the_next_pull_brings_only_what_changed_since(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, person: User
) -> None:
    leads(sandbox, 50)
    cursor = list(crm.pull("Lead", "", []))[-1].cursor
    assert pulled(list(crm.pull("Lead", cursor, []))) == []
    sandbox.clock.advance(3600)
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO"})
    pages = list(crm.pull("Lead", cursor, ["Title"]))
    assert [(r.ref.id, r.fields["Title"]) for p in pages for r in p.records] == [(LEAD, "CTO")]


def test_rows_that_become_visible_five_minutes_late_are_found(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, person: User
) -> None:
    sandbox.seed({"settings": {"visibility_lag_seconds": 300}})
    cursor = list(crm.pull("Lead", "", []))[-1].cursor
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "Late"})
    sandbox.clock.advance(60)
    pages = list(crm.pull("Lead", cursor, ["Title"]))
    assert pulled(pages) == []
    sandbox.clock.advance(301)
    found = [r.fields["Title"] for p in crm.pull("Lead", pages[-1].cursor, ["Title"]) for r in p.records]
    assert found == ["Late"]


def test_records_written_while_the_pull_pages_come_now_or_next_time(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, person: User
) -> None:
    ids = leads(sandbox, 900, "2026-11-22T08:59:00Z")
    sandbox.seed({"settings": {"page_size": 300}})
    seen: list[str] = []
    cursor = ""
    for number, page in enumerate(crm.pull("Lead", "", ["Title"])):
        seen += [f"{r.ref.id}/{r.fields['Title']}" for r in page.records]
        cursor = page.cursor
        sandbox.clock.advance(5)
        person("PATCH", f"/sobjects/Lead/{ids[number]}", json={"Title": f"changed {number}"})
    seen += [f"{r.ref.id}/{r.fields['Title']}" for p in crm.pull("Lead", cursor, ["Title"]) for r in p.records]
    assert {f"{ids[n]}/changed {n}" for n in range(4)} <= set(seen)
    assert {LEAD, *ids} == {text.partition("/")[0] for text in seen}


@pytest.mark.parametrize("skew", [300, -300], ids=["ahead", "behind"])
def test_a_server_clock_that_is_five_minutes_off_loses_nothing(
    skew: int, sandbox: SalesforceSandbox, crm: SalesforceCrm, person: User
) -> None:
    sandbox.seed({"settings": {"date_skew_seconds": skew}})
    cursor = list(crm.pull("Lead", "", []))[-1].cursor
    sandbox.clock.advance(1)
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO"})
    assert pulled(list(crm.pull("Lead", cursor, []))) == [LEAD]


def test_one_record_with_a_bad_date_among_a_hundred_is_kept_apart(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    ids = leads(sandbox, 99)
    poison = {"Id": generated("00Q", 77), "LastName": "P", "Company": "C", "SystemModstamp": SAME}
    sandbox.seed({"objects": {"Lead": [poison]}})
    obj = sandbox.org.object("Lead")
    sandbox.org.store(obj, {**(sandbox.org.row(obj, poison["Id"]) or {}), "Day__c": "13/25/2026"})
    (page,) = crm.pull("Lead", "", ["Day__c"])
    assert sorted(pulled([page])) == sorted([LEAD, *ids])
    assert [(u.ref.id, u.reason) for u in page.unread] == [(poison["Id"], "Lead: Day__c holds no date")]


def test_a_record_without_a_modified_time_does_not_stop_the_paging(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    ids = leads(sandbox, 500)
    sandbox.seed({"settings": {"page_size": 200}})
    sandbox.faults.add(
        {
            "match": {"path": "queryAll"},
            "action": {
                "kind": "replace_body",
                "body": {"totalSize": 1, "done": False, "records": _spoilt(sandbox, ids)},
            },
        }
    )
    pages = list(crm.pull("Lead", "", []))
    assert sum(len(p.unread) for p in pages) == 1
    assert sorted(set(pulled(pages))) == sorted([LEAD, *ids])


def _spoilt(sandbox: SalesforceSandbox, ids: list[str]) -> list[dict[str, Any]]:
    """The first page as it would be, its last row without SystemModstamp."""
    good = {"IsDeleted": False, "SystemModstamp": "2026-06-01T12:00:00.000+0000", "MasterRecordId": None}
    flags = {"IsConverted": False, "ConvertedContactId": None}
    rows = [{"attributes": {"type": "Lead"}, "Id": i, **good, **flags} for i in [LEAD, *ids[:199]]]
    rows[0]["SystemModstamp"] = "2026-01-02T10:00:00.000+0000"
    del rows[-1]["SystemModstamp"]
    return rows


@pytest.mark.parametrize(
    "body",
    [
        "<html>maintenance</html>",
        "",
        "{}",
        "[]",
        '{"records": null, "done": true}',
        '{"records": [1], "done": true}',
        '{"records": []}',
    ],
    ids=["a page", "nothing", "an empty object", "an empty list", "null records", "numbers for records", "no end mark"],
)
def test_garbage_with_status_200_is_no_empty_org(body: str, sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": "replace_body", "body": body}, "times": None})
    with pytest.raises(Unreadable):
        list(crm.pull("Lead", "", []))


def test_a_page_that_repeats_itself_stops_the_pull(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    rows = _spoilt(sandbox, leads(sandbox, 200))[:-1]
    body = {"totalSize": 400, "done": False, "records": rows}
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": "replace_body", "body": body}, "times": None})
    with pytest.raises(Unreadable, match="nothing new"):
        list(crm.pull("Lead", "", []))


def test_a_contact_brings_its_account_and_related_fields(crm: SalesforceCrm) -> None:
    (page,) = crm.pull("Contact", "", ["Email", "Account.Name", "Owner.Name", "ReportsTo.Email"])
    (record,) = page.records
    assert record.ref == Ref("salesforce", "Contact", CONTACT)
    assert record.links == {"Account": (ACCOUNT,)}
    assert record.modified == datetime(2026, 1, 3, 10, tzinfo=UTC)
    assert record.fields == {
        "Email": "bob@siemens.example",
        "Account.Name": "Siemens AG",
        "Owner.Name": "Pat Person",
        "ReportsTo.Email": None,
    }


def test_a_deleted_lead_comes_as_deleted(crm: SalesforceCrm, person: User) -> None:
    person("DELETE", f"/sobjects/Lead/{LEAD}")
    (page,) = crm.pull("Lead", "", ["Email"])
    assert [(r.deleted, r.successor) for r in page.records] == [(True, None)]
    assert page.records[0].fields["Email"], (
        "what it carried is told too: its leadsync id may be all that is known of it"
    )


def test_a_lead_erased_for_good_is_told_by_reading_it_again(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, api: User
) -> None:
    """Emptied from the recycle bin between two pulls, no query shows it any more: the audit asks for it by its id."""
    ids = leads(sandbox, 3)
    cursor = list(crm.pull("Lead", "", []))[-1].cursor
    job = {"operation": "hardDelete", "object": "Lead", "contentType": "CSV"}
    made = api("POST", "/jobs/ingest", json=job).json()["id"]
    api("PUT", f"/jobs/ingest/{made}/batches", data=f"Id\n{ids[0]}\n")
    api("PATCH", f"/jobs/ingest/{made}", json={"state": "UploadComplete"})
    assert api("GET", f"/jobs/ingest/{made}").json()["state"] == "JobComplete"
    assert ids[0] not in pulled(list(crm.pull("Lead", cursor, [])))
    assert {record.ref.id for record in crm.read("Lead", ids, [])} == set(ids[1:])


def test_a_merged_lead_names_the_survivor(
    sandbox: SalesforceSandbox, served: Serving, crm: SalesforceCrm, person: User
) -> None:
    (loser,) = leads(sandbox, 1)
    body = {"object": "Lead", "master": LEAD, "losers": [loser]}
    person.session.post(f"{served.url}/__sandbox__/merge", json=body, timeout=5).raise_for_status()
    found = {r.ref.id: r for p in crm.pull("Lead", "", []) for r in p.records}
    assert found[loser].deleted
    assert found[loser].successor == Ref("salesforce", "Lead", LEAD)
    assert not found[LEAD].deleted


def test_a_converted_lead_is_read_only_and_names_its_contact(served: Serving, crm: SalesforceCrm, person: User) -> None:
    made = person.session.post(f"{served.url}/__sandbox__/convert", json={"lead": LEAD}, timeout=5).json()
    (page,) = crm.pull("Lead", "", [])
    assert [(r.read_only, r.deleted, r.successor) for r in page.records] == [
        (True, False, Ref("salesforce", "Contact", made["contactId"]))
    ]


def test_campaign_members_are_touches_of_leads_and_contacts(crm: SalesforceCrm) -> None:
    (page,) = crm.pull("CampaignMember", "", [])
    sent, responded = sorted(page.touches, key=lambda t: t.at)
    assert (sent.person, sent.status, sent.at) == (
        Ref("salesforce", "Lead", LEAD),
        "Sent",
        datetime(2026, 3, 1, 10, tzinfo=UTC),
    )
    assert (responded.person, responded.at) == (Ref("salesforce", "Contact", CONTACT), datetime(2026, 3, 5, tzinfo=UTC))
    assert (responded.type, responded.source, responded.name) == ("campaign_member", "Webinar", "Spring webinar")
    assert responded.campaign == Ref("salesforce", "Campaign", CAMPAIGN)


def test_tasks_and_events_of_people_are_touches(crm: SalesforceCrm, person: User) -> None:
    call = {
        "WhoId": LEAD,
        "Subject": "First call",
        "TaskSubtype": "Call",
        "Status": "Completed",
        "CallType": "Outbound",
    }
    person("POST", "/sobjects/Task", json=call).raise_for_status()
    person("POST", "/sobjects/Task", json={"Subject": "About nobody"}).raise_for_status()
    meeting = {"WhoId": CONTACT, "Subject": "Demo", "StartDateTime": "2026-10-01T09:00:00Z", "DurationInMinutes": 30}
    person("POST", "/sobjects/Event", json=meeting).raise_for_status()
    (tasks,), (events,) = crm.pull("Task", "", []), crm.pull("Event", "", [])
    assert [(t.type, t.name, t.source, t.status, t.at) for t in tasks.touches] == [
        ("call", "First call", "Outbound", "Completed", NOW)
    ]
    assert [(t.type, t.name, t.at) for t in events.touches] == [
        ("meeting", "Demo", datetime(2026, 10, 1, 9, tzinfo=UTC))
    ]


def test_activities_can_be_left_out(connect: Connect) -> None:
    assert [f.name for f in connect(activities=False).feeds()] == ["Account", "Contact", "Lead", "CampaignMember"]


def test_all_missing_fields_are_named_at_once(crm: SalesforceCrm) -> None:
    with pytest.raises(Misconfigured, match=r"^Lead\.LeadSync_Score__c, Lead\.Nope__c do not exist or are hidden"):
        list(crm.pull("Lead", "", ["Email", "LeadSync_Score__c", "Nope__c"]))


def test_a_field_taken_away_in_the_middle_of_a_run_stops_it_by_name(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    list(crm.pull("Lead", "", ["Rank__c"]))
    sandbox.seed({"settings": {"field_access": {"Lead.Rank__c": "hidden"}}})
    with pytest.raises(
        Misconfigured, match=r"Lead\.Rank__c does not exist or is hidden from this user: run `leadsync prov"
    ):
        list(crm.pull("Lead", "", ["Rank__c"]))


@pytest.mark.parametrize("name", ["Id FROM User WHERE Id != null", "Email, Password", "a'b"])
def test_a_mapped_name_that_is_none_is_refused_before_any_query(
    name: str, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    with pytest.raises(Misconfigured, match="no field name"):
        list(crm.pull("Lead", "", [name]))
    assert queries(sandbox) == 0


@pytest.mark.parametrize("text", ["nonsense", "{}", '{"v":1,"since":"yesterday","after":null,"until":""}', "[]"])
def test_a_damaged_cursor_is_not_taken_for_the_beginning(text: str, crm: SalesforceCrm) -> None:
    with pytest.raises(Misconfigured, match="cursor"):
        list(crm.pull("Lead", text, []))


def test_an_unknown_feed_names_those_there_are(crm: SalesforceCrm) -> None:
    with pytest.raises(Misconfigured, match="CampaignMember"):
        list(crm.pull("Case", "", []))


def test_read_leaves_out_what_is_not_there_and_is_never_late(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, person: User
) -> None:
    sandbox.seed({"settings": {"visibility_lag_seconds": 300}})
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "Fresh"})
    found = crm.read("Lead", [LEAD, generated("00Q", 4242)], ["Title"])
    assert [(r.ref.id, r.fields) for r in found] == [(LEAD, {"Title": "Fresh"})]


def test_read_follows_relationships_too(crm: SalesforceCrm) -> None:
    assert [r.fields for r in crm.read("Contact", [CONTACT], ["Account.Name"])] == [{"Account.Name": "Siemens AG"}]


def test_find_takes_as_many_queries_as_the_values_need(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    mails = [f"person.number.{n}@quite-a-long-company-name.example" for n in range(400)]
    rows = [
        {"Id": generated("00Q", 5000 + n), "LastName": "L", "Company": "C", "Email": m} for n, m in enumerate(mails)
    ]
    sandbox.seed({"objects": {"Lead": rows}, "settings": {"page_size": 50}})
    found = crm.find("Lead", "Email", [*mails, "o'hara@x.example", "') OR (Id != '"], ["Email"])
    assert sorted(str(r.fields["Email"]) for r in found) == sorted(mails)


def test_a_pull_of_a_hundred_calls_uses_one_connection(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    for _ in range(100):
        list(crm.pull("Task", "", []))
    assert sandbox.counters.connections == 1
    assert crm.usage.reads == sandbox.counters.reads.total() == 101
    assert (crm.usage.used, crm.usage.limit) == (100, 100_000)


def test_overlap_is_a_setting(sandbox: SalesforceSandbox, connect: Connect) -> None:
    (page,) = connect(overlap_seconds=60).pull("Lead", "", [])
    since = datetime.fromisoformat(json.loads(page.cursor)["since"])
    assert NOW - since == timedelta(seconds=60)
