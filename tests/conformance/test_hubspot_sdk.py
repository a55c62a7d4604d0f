"""`hubspot-sdk`, HubSpot's own new SDK, on the paths of 2026-03."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conformance.conftest import contacts
from tests.conformance.running import in_python

from leadsync.sandbox import Serving

DOCUMENTED = {
    "BatchResponsePublicAssociationMultiWithLabel: results.*.to.*.toObjectId: string_type",
    "SyncPage[MultiAssociatedObjectWithLabel]: results.*.toObjectId: string_type",
}
"""Where HubSpot's documentation shows otherwise than its SDK's models have it: these ids are numbers there."""


@pytest.fixture
def done(hubspot: Serving) -> Any:
    before = contacts(hubspot)
    token = hubspot.sandbox.credentials()["token"]
    out = in_python("hubspot-sdk", "hubspot_sdk_client.py", token, env={"HUBSPOT_BASE_URL": hubspot.url})
    return before, out, contacts(hubspot)


def test_hubspot_sdk_works_on_all_of_the_crm_and_every_answer_fits_its_models(done: Any) -> None:
    before, out, after = done
    assert set(out["misfits"]) <= DOCUMENTED
    assert out["contacts"] == {ident: record["properties"].get("email") for ident, record in before.items()}
    assert out["searched"] == sum(1 for record in before.values() if record["properties"].get("email"))
    made = after[out["made"]]["properties"]
    assert (made["email"], made["firstname"], made["lastname"], made["phone"]) == (
        "sdk@conformance.example",
        "",
        "Dk",
        "1",
    )
    assert (out["cleared"], out["history"]) == ("", ["", "S"])
    assert (out["by email"], out["upserted new"]) == (out["made"], [False])
    assert out["batch made"] == [f"b{n}@conformance.example" for n in range(3)]
    assert len(out["archived"]) == 1
    assert out["merged"] not in after
    assert out["tied to"] == [int(out["company"])]
    assert (out["ties"], out["untied"]) == ([1, 279], 0)
    assert (out["members"], out["lists"]) == ([out["made"]], ["Conformance"])
    assert out["counts"]["companies"] > 100
    assert out["refusals"] == {"conflict": "CONFLICT", "missing": "OBJECT_NOT_FOUND", "invalid": "VALIDATION_ERROR"}
