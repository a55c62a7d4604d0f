"""Python clients, unmodified: both SDKs that leadsync stands on, and an asynchronous one for Salesforce."""

from __future__ import annotations

from tests.conformance.conftest import contacts, rows
from tests.conformance.running import in_python

from leadsync.sandbox import Serving


def test_both_fixed_sdks_work_as_they_are(hubspot: Serving, salesforce: Serving) -> None:
    people, leads = contacts(hubspot), rows(salesforce, "Lead")
    app = salesforce.sandbox.credentials()
    token = hubspot.sandbox.credentials()["token"]
    out = in_python(
        "sdks", "sdks_client.py", hubspot.url, token, salesforce.url, app["client_id"], app["client_secret"]
    )
    emails = {ident: record["properties"].get("email") for ident, record in people.items()}
    assert out["contacts"] == emails
    assert out["searched"] == [sum(1 for email in emails.values() if email), 200, "200"]
    assert out["half"] == ["BatchResponseSimplePublicObjectWithErrors", 1, 1]
    assert (out["history"], out["upsert"], out["refused"]) == (["Ulm"], [False], [409, "CONFLICT"])
    assert contacts(hubspot)[out["made"]]["properties"]["city"] == "Kiel"

    assert out["leads"] == {ident: row.get("Email") for ident, row in leads.items()}
    assert (out["read"], out["by other key"], out["updated"]) == ("simple@conformance.example", True, True)
    assert (out["bulk"], out["failed"], out["collection"]) == ([20, 1], True, [True])
    assert out["bulk rows"] == len(leads) + 1 + 19  # with the one made singly and those of the bulk job that passed
    assert len(set(rows(salesforce, "Lead")) - set(leads)) == 19
    assert out["lead"] not in rows(salesforce, "Lead")
    missing = [400, "REQUIRED_FIELD_MISSING"]
    assert out["errors"] == {"gone": [404, "NOT_FOUND"], "field": [400, "INVALID_FIELD"], "missing": missing}


def test_aiosalesforce_works_singly_in_bulk_and_in_composites(salesforce: Serving) -> None:
    leads = rows(salesforce, "Lead")
    app = salesforce.sandbox.credentials()
    out = in_python("aiosalesforce", "aiosalesforce_client.py", salesforce.url, app["client_id"], app["client_secret"])
    assert out["leads"] == {ident: row.get("Email") for ident, row in leads.items()}
    assert (out["read"], out["upsert"]) == ("Async", [True, False])
    assert out["bulk"] == [9, 1, 0]
    assert out["batch"] == [3, "Again"]
    assert out["composite"] == ["001", "003"]
    assert out["gone"] == "NOT_FOUND"
    made = set(rows(salesforce, "Lead")) - set(leads)
    assert len(made) == 9
    assert out["made"] not in made
