"""Clients that speak Salesforce's older tongues: SOAP login, Bulk API 1.0, SOSL; and tap-salesforce by bulk jobs."""

from __future__ import annotations

from pathlib import Path

import httpx
from tests.conformance.conftest import rows
from tests.conformance.running import catalog_of, in_node, in_python, singer
from tests.conformance.test_taps import chosen, records, state, written

from leadsync.sandbox import Serving

USER = ("integration@sandbox.example", "sandbox-password")


def test_three_clients_log_in_by_soap_and_work_by_bulk_jobs_of_the_first_kind(salesforce: Serving) -> None:
    app = salesforce.sandbox.credentials()
    leads, accounts = rows(salesforce, "Lead"), rows(salesforce, "Account")
    out = in_python(
        "more-salesforce",
        "more_salesforce_client.py",
        salesforce.url,
        app["client_id"],
        app["client_secret"],
        *USER,
    )
    assert (out["login"], out["login from 65"]) == ("INVALID_OPERATION", "UNSUPPORTED_API_VERSION")
    assert out["sandbox"] is True
    assert {"Lead", "Contact", "Account", "CampaignMember"} <= set(out["objects"])
    siemens = {i for i, row in accounts.items() if "siemens" in str(row).lower()}
    assert set(out["search"]) <= siemens
    assert out["search"]
    assert out["quick"] >= len(out["search"])
    assert out["tooling"] == 0
    assert out["bulk insert"] == [[True, []], [False, ["REQUIRED_FIELD_MISSING"]]]
    assert (out["bulk update"], out["bulk delete"], out["bulk refused"]) == (True, True, True)
    assert (out["times"], out["detailed"]) == (["int"], ["Ulm", True])
    assert {i: title for i, title in out["bulk query"].items() if i in leads} == {
        i: row.get("Title") for i, row in leads.items()
    }
    assert out["csv"] == [["true", ""], ["false", "REQUIRED_FIELD_MISSING"]]
    assert out["queried"] == {"CSV": 1, "JSON": 1, "XML": 1}
    assert (out["api"], out["api update"], out["api read"]) == (len(leads) + 1, True, "Api")
    assert out["api bulk"] == ["FailResultRecord", "SuccessResultRecord"]
    assert len(rows(salesforce, "Lead")) == len(leads) + 3


def test_jsforce_logs_in_converts_searches_and_loads_by_its_older_ways(salesforce: Serving) -> None:
    out = in_node("jsforce_older_client.mjs", salesforce.url, *USER)
    assert "login() is disabled" in out["refused"]
    assert (out["user"], out["identity"]) == (USER[0], USER[0])
    assert set(out["searched"]) <= set(rows(salesforce, "Account"))
    lead = rows(salesforce, "Lead")[out["lead"]]
    ids = [lead[f"Converted{kind}Id"] for kind in ("Contact", "Account", "Opportunity")]
    assert out["converted"] == [True, *ids]
    assert out["loaded"] == [[True, 0], [False, 1]]
    assert out["queried"] == len(rows(salesforce, "Account"))
    assert (out["explained"], out["recent"]) == (1, True)


def test_tap_salesforce_brings_every_record_by_bulk_jobs_too(salesforce: Serving, tmp_path: Path) -> None:
    credentials = salesforce.sandbox.credentials()
    login = {"grant_type": "password", "username": USER[0], "password": USER[1]}
    token = httpx.post(f"{salesforce.url}/services/oauth2/token", data={**login, **credentials}).json()
    begin = {"refresh_token": token["refresh_token"], "start_date": "2000-01-01T00:00:00Z", "api_type": "BULK"}
    env = {"REDIRECT": f"login.salesforce.com={salesforce.url}"}
    args = ["--config", written(tmp_path, "config.json", {**credentials, **begin})]
    incremental = {"replication-method": "INCREMENTAL", "replication-key": "SystemModstamp"}
    streams = {"Lead", "Contact", "Account"}
    catalog = chosen(catalog_of("tap-salesforce", *args, env=env), streams, **incremental)
    args += ["--properties", written(tmp_path, "catalog.json", catalog)]

    messages = singer("tap-salesforce", *args, env=env)
    for stream in streams:
        got = {record["Id"]: record for record in records(messages, stream)}
        assert got.keys() == rows(salesforce, stream).keys(), stream
        emails = {ident: row.get("Email") for ident, row in rows(salesforce, stream).items()}
        assert {ident: record.get("Email") or None for ident, record in got.items()} == emails
    assert any("/services/async/" in label for label in salesforce.sandbox.counters.writes)

    last = max(row["SystemModstamp"] for row in rows(salesforce, "Lead").values())
    again = singer("tap-salesforce", *args, "--state", written(tmp_path, "state.json", state(messages)), env=env)
    newest = {ident for ident, row in rows(salesforce, "Lead").items() if row["SystemModstamp"] == last}
    assert {record["Id"] for record in records(again, "Lead")} == newest
