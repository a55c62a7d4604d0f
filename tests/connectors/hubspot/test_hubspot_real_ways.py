"""What the real HubSpot does and its documentation says in passing: each met over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from pydantic import ValidationError
from tests.connectors.hubspot.conftest import call
from tests.connectors.hubspot.test_hubspot_pull import drain
from tests.connectors.hubspot.test_hubspot_push import create, outcomes, update

from leadsync.connector import FieldSpec, Outcome
from leadsync.errors import Rejected, TryAgain, Unreadable
from leadsync.records import Ref, Touch
from leadsync_hubspot import HubSpot, HubSpotSettings
from leadsync_hubspot.refusals import Answer, refused, sort_out
from leadsync_hubspot.sandbox import HubSpotSandbox

BADGE = FieldSpec("contacts", "badge", "Badge", "string", unique=True)
KEY = FieldSpec("contacts", "leadsync_id", "leadsync id", "string", unique=True)


@pytest.fixture
def badges(seeded: HubSpotSandbox, crm: HubSpot) -> HubSpotSandbox:
    """Bob has a badge, which is unique."""
    crm.provision([BADGE, KEY], apply=True)
    crm.write("contacts", [update("1002", badge="Secret Canary")])
    return seeded


def test_a_unique_value_that_is_taken_names_its_property_and_never_the_value(
    badges: HubSpotSandbox, crm: HubSpot
) -> None:
    with pytest.raises(Rejected) as caught:
        crm.write("contacts", [update("1001", badge="Secret Canary", phone="1"), update("1003", phone="2")])
    [receipt] = crm.write("contacts", [update("1001", badge="Secret Canary", phone="1")])
    receipts = crm.write("contacts", [create(1, badge="Secret Canary"), create(2)])
    assert outcomes(receipts) == {"c1": "rejected", "c2": "done"}
    for error, fields in ((caught.value, ("badge",)), (receipt.error, ("badge",)), (receipts[0].error, ())):
        assert error is not None
        assert (error.code, error.fields) == ("DUPLICATE_VALUE", fields)
        assert "another record holds this unique value" in str(error)
        assert "canary" not in f"{error}{error!r}".lower()
    assert receipt.outcome is Outcome.REJECTED


def test_submissions_of_pop_ups_and_of_forms_found_on_websites_are_touches(
    sandbox: HubSpotSandbox, any_version: HubSpot
) -> None:
    kinds = ("hubspot", "captured", "flow", "blog_comment")
    forms = [{"guid": f"f-{kind}", "name": kind, "formType": kind} for kind in kinds]
    sent = [
        {"form": f"f-{kind}", "email": f"{kind}@example.com", "submittedAt": "2026-08-01T08:00:00Z"} for kind in kinds
    ]
    sandbox.seed({"forms": forms, "submissions": sent})
    pages, _ = drain(any_version, "forms")
    assert [t.name for p in pages for t in p.touches] == ["hubspot", "captured", "flow"]


@pytest.mark.parametrize("ahead", [0, 900])
def test_a_meeting_of_more_people_than_a_batch_read_shows_at_once_is_everybodys(
    sandbox: HubSpotSandbox, crm: HubSpot, ahead: int
) -> None:
    people = [{"id": str(n), "properties": {"firstname": "P"}} for n in range(1, 252)]
    meetings = [{"id": str(5000 + n), "properties": {"hs_timestamp": "2026-09-05T08:00:00Z"}} for n in range(2)]
    ties = [["meetings", "5000", "contacts", str(n)] for n in range(1, 252)] + [["meetings", "5001", "contacts", "7"]]
    sandbox.seed({"objects": {"contacts": people, "meetings": meetings}, "associations": ties})
    cursor = drain(crm, "meetings")[1] if ahead else ""
    sandbox.clock.advance(ahead)
    if ahead:  # found by the search, which tells no associations
        call(sandbox, "PATCH", "/crm/v3/objects/meetings/5000", {"properties": {"hs_meeting_title": "Fair"}})
        call(sandbox, "PATCH", "/crm/v3/objects/meetings/5001", {"properties": {"hs_meeting_title": "Fair"}})
    pages, _ = drain(crm, "meetings", cursor)
    touches = [t for p in pages for t in p.touches if not t.deleted]
    assert sorted(int(t.person.id) for t in touches if t.ref.id.startswith("5000")) == list(range(1, 252))
    assert [t.person.id for t in touches if t.ref.id.startswith("5001")] == ["7"]


def test_the_primary_company_comes_first_on_whatever_page_it_is(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    companies = [{"id": str(n), "properties": {"name": f"C{n}"}} for n in range(1, 141)]
    ties = [["contacts", "9000", "companies", str(n)] for n in range(1, 141)]
    people = [{"id": "9000", "properties": {"firstname": "P"}}]
    sandbox.seed({"objects": {"companies": companies, "contacts": people}, "associations": ties})
    [record] = crm.read("contacts", ["9000"], [])
    assert sorted(map(int, record.links["companies"])) == list(range(1, 141))
    assert record.links["companies"][0] == "1"


def test_associations_that_go_round_in_a_circle_stop_the_run(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    people = [{"id": "9000", "properties": {"firstname": "P"}}]
    sandbox.seed({"objects": {"contacts": people}})
    for turn, after in enumerate(("x", "y", "x")):
        piece = {"from": {"id": "9000"}, "to": [], "paging": {"next": {"after": after}}}
        action = {"kind": "reply", "status": 200, "body": {"status": "COMPLETE", "results": [piece]}}
        sandbox.faults.add({"match": {"path": "/associations/"}, "after": turn, "action": action})
    with pytest.raises(Unreadable, match="same page again"):
        crm.read("contacts", ["9000"], [])


@pytest.mark.parametrize("path", ["/objects/contacts/batch/read", "/associations/.*/batch/read"])
def test_what_a_read_leaves_out_for_another_reason_is_not_taken_for_gone(
    seeded: HubSpotSandbox, crm: HubSpot, naps: list[float], path: str
) -> None:
    error = {"status": "error", "category": "INTERNAL_ERROR", "message": "internal error", "context": {"ids": ["1001"]}}
    body = {"status": "COMPLETE", "results": [], "numErrors": 1, "errors": [error]}
    action = {"kind": "reply", "status": 207, "body": body}
    fault = seeded.faults.add({"match": {"path": path}, "times": 2, "action": action})
    [ann] = crm.read("contacts", ["1001"], ["firstname"])
    assert (ann.fields["firstname"], ann.links) == ("Ann", {"companies": ("2002", "2001")})
    assert len(naps) == 2
    fault.times, fault.hits = None, 0
    with pytest.raises(TryAgain, match="only a part"):
        crm.read("contacts", ["1001"], ["firstname"])


def test_an_e_mail_that_is_another_contacts_holds_back_itself_alone(badges: HubSpotSandbox, crm: HubSpot) -> None:
    taken = update("1001", email="bob@philips.example", phone="1")
    [receipt] = crm.write("contacts", [taken])
    assert receipt.error is not None
    assert (receipt.error.code, receipt.error.fields) == ("CONFLICT", ("email",))
    with pytest.raises(Rejected) as caught:
        crm.write("contacts", [taken, update("1003", phone="2")])
    assert caught.value.fields == ("email",)


def test_a_new_contact_is_never_made_without_what_makes_it_another_ones_twin(
    badges: HubSpotSandbox, crm: HubSpot
) -> None:
    writes = [create(1, email="bob@philips.example"), create(2, badge="Secret Canary"), create(3, email="no address")]
    errors = [r.error for r in crm.write("contacts", writes)]
    assert [(e.code, e.fields) for e in errors if e is not None] == [
        ("CONFLICT", ()),
        ("DUPLICATE_VALUE", ()),
        ("INVALID_EMAIL", ("email",)),
    ]


@pytest.mark.parametrize("errors", [5, "x", {"a": 1}, [None], ["x"]])
def test_errors_of_a_read_that_are_not_understood_stop_the_run(
    seeded: HubSpotSandbox, crm: HubSpot, errors: object
) -> None:
    body = {"status": "COMPLETE", "results": [], "errors": errors}
    action = {"kind": "reply", "status": 207, "body": body}
    seeded.faults.add({"match": {"path": "/objects/contacts/batch/read"}, "action": action})
    with pytest.raises(Unreadable, match="not understood"):
        crm.read("contacts", ["1001"], ["firstname"])


def test_an_archived_contact_is_found_although_its_date_is_that_of_its_last_change(
    seeded: HubSpotSandbox, crm: HubSpot
) -> None:
    seeded.portal.settings["contacts_archived_at"] = "modified"
    cursor = drain(crm, "contacts")[1]
    seeded.clock.advance(3600)
    known = crm.read("contacts", ["1002"], [])[0].modified
    call(seeded, "DELETE", "/crm/v3/objects/contacts/1002")
    pages, cursor = drain(crm, "contacts", cursor)
    [gone] = [r for p in pages for r in p.records if r.deleted]
    assert gone.ref.id == "1002"
    assert gone.modified > known, "else what is known would count as newer"


def test_a_token_that_stands_in_the_configuration_itself_is_refused_without_being_shown() -> None:
    with pytest.raises(ValidationError) as caught:
        HubSpotSettings.model_validate({"token": "pat-na1-canary"})
    assert "never as itself" in str(caught.value)
    assert "canary" not in f"{caught.value}{caught.value!r}"


def test_an_option_that_is_added_leaves_the_others_as_people_made_them(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    stage = FieldSpec("contacts", "stage", "Stage", "enum", options=("mql", "sql"))
    crm.provision([stage], apply=True)
    path = "/crm/v3/properties/contacts/stage"
    ours = call(seeded, "GET", path)[1]["options"]
    theirs = [{**ours[0], "label": "Marketing qualified", "displayOrder": 5}, {**ours[1], "hidden": True}]
    assert call(seeded, "PATCH", path, {"options": theirs})[0] == 200
    kept = call(seeded, "GET", path)[1]["options"]
    crm.provision([replace(stage, options=("mql", "sql", "won"))], apply=True)
    found = call(seeded, "GET", path)[1]["options"]
    assert [o for o in found if o["value"] != "won"] == kept
    assert [o["label"] for o in found if o["value"] == "won"] == ["won"]


def test_a_form_whose_submissions_cannot_be_had_does_not_keep_back_the_others(
    seeded: HubSpotSandbox, crm: HubSpot
) -> None:
    seeded.seed({"forms": [{"guid": "a-form", "name": "Old", "formType": "captured"}]})
    refusal = {"status": "error", "message": "Form not found", "category": "OBJECT_NOT_FOUND"}
    action = {"kind": "reply", "status": 404, "body": refusal}
    seeded.faults.add({"match": {"path": "/submissions/forms/a-form"}, "times": 1, "action": action})
    pages, cursor = drain(crm, "forms")
    assert len([t for p in pages for t in p.touches]) == 2
    [unread] = [u for p in pages for u in p.unread]
    assert (unread.ref.id, "'Old'" in unread.reason) == ("a-form", True)
    seeded.seed({"submissions": [{"form": "a-form", "email": "n@example.com", "submittedAt": "2026-01-01T00:00:00Z"}]})
    assert [t.person.id for p in drain(crm, "forms", cursor)[0] for t in p.touches] == ["n@example.com"]


@pytest.mark.parametrize("errors", [5, "x", [None], ["x"], [{"context": ["x"]}], [{"context": {"ids": 5}}]])
@pytest.mark.parametrize("what", ["update", "create"])
def test_errors_of_a_write_that_are_not_understood_leave_the_outcome_unknown(
    badges: HubSpotSandbox, crm: HubSpot, errors: object, what: str
) -> None:
    body = {"status": "COMPLETE", "results": [], "errors": errors}
    badges.faults.add({"match": {"path": "/batch/up"}, "action": {"kind": "replace_body", "body": body}})
    writes = [create(1)] if what == "create" else [update("1001", phone="1")]
    assert set(outcomes(crm.write("contacts", writes)).values()) == {"unknown"}


@pytest.mark.parametrize("errors", [5, [None], [{"context": ["x"]}], [{"context": {"fromObjectId": 5}}]])
def test_errors_of_an_association_that_are_not_understood_break_nothing(
    badges: HubSpotSandbox, crm: HubSpot, errors: object
) -> None:
    body = {"status": "COMPLETE", "results": [], "errors": errors}
    badges.faults.add({"match": {"path": "/associate/default"}, "action": {"kind": "replace_body", "body": body}})
    write = replace(create(1), links={"companies": ("2001",)})
    [receipt] = crm.write("contacts", [write])
    assert receipt.outcome in {Outcome.DONE, Outcome.UNKNOWN}
    assert receipt.id is not None


@pytest.mark.parametrize("names", ["badge", ["badge"]], ids=["one", "a list"])
def test_a_refusal_names_its_property_alone_or_in_a_list(names: object) -> None:
    entry = {"message": "no", "code": "INVALID_OPTION", "context": {"propertyName": names}}
    assert refused(400, {"message": "Invalid", "errors": [entry]}).fields == ("badge",)
    scopes = {"errors": [{"context": {"requiredGranularScopes": 5}}]}
    assert "lacks a scope" in str(sort_out(Answer(403, {}, json.dumps(scopes).encode()), write=False))


def test_a_meeting_counts_once_for_who_stays_when_somebody_is_taken_off_it(
    seeded: HubSpotSandbox, crm: HubSpot
) -> None:
    told: dict[Ref, Touch] = {}
    cursor = ""
    for gone in ("", "1001"):
        seeded.clock.advance(600)
        if gone:
            call(seeded, "DELETE", f"/crm/v4/objects/meetings/3101/associations/contacts/{gone}")
            call(seeded, "PATCH", "/crm/v3/objects/meetings/3101", {"properties": {"hs_meeting_title": "Demo 2"}})
        pages, cursor = drain(crm, "meetings", cursor, [])
        told |= {t.ref: t for p in pages for t in p.touches}
    assert [(t.person.id, t.name) for t in told.values() if not t.deleted] == [("1002", "Demo 2")]


def test_an_e_mail_that_is_taken_is_understood_in_the_longer_words_too(badges: HubSpotSandbox, crm: HubSpot) -> None:
    # as quoted in github.com/PipedreamHQ/pipedream, issue 11236
    body = {
        "status": "error",
        "message": "Contact already exists. Existing ID: 51",
        "identityProfile": {"vid": 51, "identity": [{"value": "canary@example.com", "type": "EMAIL"}]},
        "errors": [{"message": "A contact with email canary@example.com already exists.", "in": "email"}],
        "category": "OBJECT_ALREADY_EXISTS",
        "error": "CONTACT_EXISTS",
    }
    action = {"kind": "reply", "status": 409, "body": body}
    badges.faults.add({"match": {"path": "/batch/update"}, "action": action})
    [receipt] = crm.write("contacts", [update("1001", email="canary@example.com", phone="1")])
    assert receipt.error is not None
    assert receipt.error.fields == ("email",)
    assert "merge the two" in receipt.error.hint
    assert "canary" not in f"{receipt.error}{receipt.error!r}"


def test_a_form_whose_page_is_known_no_more_is_read_anew(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    sent = [
        {"form": "f", "email": f"p{n}@example.com", "submittedAt": f"2026-01-{n:02}T00:00:00Z"} for n in range(1, 32)
    ]
    sandbox.seed({"forms": [{"guid": "f", "name": "F"}], "submissions": sent * 2})
    cut_short = next(iter(crm.pull("forms", "", []))).cursor
    stale = cut_short.replace('"after":"', '"after":"no longer known ')
    pages, cursor = drain(crm, "forms", stale)
    assert [u.ref.id for p in pages for u in p.unread] == ["f"]
    assert len({t.person.id for p in drain(crm, "forms", cursor)[0] for t in p.touches}) == 31
