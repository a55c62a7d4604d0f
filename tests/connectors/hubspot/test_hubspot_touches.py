"""Touches: form submissions, e-mails, meetings and calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.connectors.hubspot.conftest import FORM, NOW
from tests.connectors.hubspot.test_hubspot_pull import drain

from leadsync_hubspot import HubSpot
from leadsync_hubspot.sandbox import HubSpotSandbox


def test_form_submissions_arrive_newest_first_with_their_e_mail(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    pages, cursor = drain(any_version, "forms")
    touches = [t for p in pages for t in p.touches]
    assert [(t.person.kind, t.person.id, t.type, t.name) for t in touches] == [
        ("email", "new@example.com", "form_submission", "Request a demo"),
        ("email", "ann@siemens.com", "form_submission", "Request a demo"),
    ]
    assert touches[0].at == datetime(2026, 8, 2, 8, tzinfo=UTC)
    assert [t for p in drain(any_version, "forms", cursor)[0] for t in p.touches] == []


def test_only_new_submissions_are_read_again(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    entries = [
        {"form": FORM, "email": f"p{n}@example.com", "submittedAt": (start + timedelta(hours=n)).isoformat()}
        for n in range(180)
    ]
    sandbox.seed({"forms": [{"guid": FORM, "name": "F"}], "submissions": entries})
    pages, cursor = drain(crm, "forms")
    assert len({t.ref for p in pages for t in p.touches}) == 180
    sandbox.seed({"submissions": [{"form": FORM, "email": "z@example.com", "submittedAt": NOW.isoformat()}]})
    before = sandbox.counters.reads.total()
    pages, _ = drain(crm, "forms", cursor)
    assert [t.person.id for p in pages for t in p.touches] == ["z@example.com"]
    assert sandbox.counters.reads.total() - before == 2


def test_a_submission_without_an_e_mail_is_set_aside(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    entry = {"form": FORM, "email": None, "submittedAt": NOW.isoformat()}
    sandbox.seed({"forms": [{"guid": FORM, "name": "F"}], "submissions": [entry]})
    pages, _ = drain(crm, "forms")
    assert ["carries no e-mail" in u.reason for p in pages for u in p.unread] == [True]


def test_an_account_without_forms_is_an_empty_feed(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    pages, _ = drain(crm, "forms")
    assert [p.touches for p in pages] == [()]


def test_e_mails_are_touches_of_their_contact(seeded: HubSpotSandbox, any_version: HubSpot) -> None:
    seeded.clock.advance(60)
    pages, cursor = drain(any_version, "emails", "", [])
    [touch] = [t for p in pages for t in p.touches]
    assert (touch.person.id, touch.type, touch.source, touch.name, touch.status) == (
        "1001",
        "email",
        "INCOMING_EMAIL",
        "Question",
        "SENT",
    )
    assert touch.at == datetime(2026, 9, 1, 8, tzinfo=UTC)
    assert all(not p.records for p in pages)
    seeded.clock.advance(60)
    assert [t for p in drain(any_version, "emails", cursor, [])[0] for t in p.touches] == []


def test_a_meeting_touches_everyone_who_was_there(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    touches = [t for p in drain(crm, "meetings", "", [])[0] for t in p.touches]
    assert [(t.ref.id, t.person.id) for t in touches] == [("3101", "1001"), ("3101:1002", "1002")]


def test_an_engagement_without_a_time_is_set_aside(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    seeded.seed({"objects": {"calls": [{"id": "3201", "properties": {"hs_call_title": "?"}}]}})
    seeded.seed({"associations": [["calls", "3201", "contacts", "1001"]]})
    pages, _ = drain(crm, "calls", "", [])
    assert [u.reason for p in pages for u in p.unread] == ["property hs_timestamp is not a date"]
