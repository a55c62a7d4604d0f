"""The npm clients, unmodified: `@hubspot/api-client` and `jsforce`."""

from __future__ import annotations

from collections import Counter

from tests.conformance.conftest import contacts, rows
from tests.conformance.running import in_node

from leadsync.sandbox import Serving


def test_hubspot_api_client_for_node_reads_writes_retries_and_is_refused(hubspot: Serving) -> None:
    before = contacts(hubspot)
    out = in_node("hubspot_node_client.mjs", hubspot.url, hubspot.sandbox.credentials()["token"])
    after = contacts(hubspot)
    emails = {ident: record["properties"].get("email") for ident, record in before.items()}
    assert out["contacts"] == emails
    assert out["dates"] is True
    assert 0 < out["tied"] <= len(before)
    assert out["searched"] == sorted(email for email in emails.values() if email and email.endswith("@siemens.com"))
    assert after[out["made"]]["properties"]["phone"] == "1"
    assert (out["history"], out["half"]) == (["1"], [1, 1, "OBJECT_NOT_FOUND"])
    assert out["batch"] == [f"n{n}@conformance.example" for n in range(3)]
    assert [int(out["ties"][0]), out["ties"][1]] == [int(out["company"]), [1, 279]]
    assert out["archived"] == 3
    assert (out["options"], out["pipelines"], out["lists"]) == (["a"], True, 0)
    assert out["retried"] == len(before) + 1  # after a 429 whose words the client knows
    assert out["refusals"] == [[409, "CONFLICT"], [404, "OBJECT_NOT_FOUND"], [400, "VALIDATION_ERROR"]]


def test_jsforce_queries_writes_in_every_way_and_is_refused(salesforce: Serving) -> None:
    before = rows(salesforce, "Lead")
    credentials = salesforce.sandbox.credentials()
    out = in_node("jsforce_client.mjs", salesforce.url, credentials["client_id"], credentials["client_secret"])
    after = rows(salesforce, "Lead")
    open_leads = {i: row.get("Email") for i, row in before.items() if row.get("IsConverted") is not True}
    assert out["leads"] == open_leads
    assert out["owners"] is True
    assert out["found"] == sum(1 for row in before.values() if str(row.get("Email")).lower().endswith("@siemens.com"))
    assert out["counted"] == len(rows(salesforce, "Account")) - 1  # one was made after it counted
    assert out["grouped"] == Counter(row["Status"] for row in before.values())
    assert (out["read"], after[out["made"]]["Title"]) == (["Tester", None, "Conformance"], "Tester")
    assert out["many"] == [[True, []], [False, ["INVALID_EMAIL_ADDRESS"]], [True, []]]
    assert (out["composite"], out["updated"], out["deleted"]) == ([201, 201], True, [out["destroyed"]])
    assert set(before) <= set(out["bulk"])
    assert out["loaded"] == [1, ["INVALID_EMAIL_ADDRESS"], 0]
    assert "bulk@conformance.example" in {row.get("Email") for row in after.values()}
    assert out["refusals"] == ["REQUIRED_FIELD_MISSING", "NOT_FOUND", "INVALID_FIELD", "INVALID_FIELD"]
