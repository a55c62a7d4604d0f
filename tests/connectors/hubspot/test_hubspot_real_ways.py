"""What the real HubSpot does and its documentation says in passing: each met over HTTP."""

from __future__ import annotations

import pytest
from tests.connectors.hubspot.test_hubspot_pull import drain
from tests.connectors.hubspot.test_hubspot_push import create, outcomes, update

from leadsync.connector import FieldSpec, Outcome
from leadsync.errors import Rejected
from leadsync_hubspot import HubSpot
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
    for error in (caught.value, receipt.error, receipts[0].error):
        assert error is not None
        assert (error.code, error.fields) == ("DUPLICATE_VALUE", ("badge",))
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
