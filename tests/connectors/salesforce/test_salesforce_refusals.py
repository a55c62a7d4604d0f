"""Logins, refusals and broken wires: each sorted into stop, try again or skip, and none holds a person's data."""

from __future__ import annotations

import gzip
import json
import socket
import traceback
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr, ValidationError
from simple_salesforce import Salesforce
from simple_salesforce.api import SFType
from tests.connectors.salesforce.conftest import LEAD, NOW, Connect

from leadsync.connector import Outcome, Usage, Write
from leadsync.errors import Ambiguous, LeadsyncError, Misconfigured, QuotaExhausted, StopRun, TryAgain, Unreadable
from leadsync.sandbox import Reply, Serving
from leadsync_salesforce import CONNECTOR, SalesforceCrm, SalesforceSandbox, SalesforceSettings
from leadsync_salesforce.faults import Answer, SessionExpired, seconds, sort_answer
from leadsync_salesforce.transport import Wire, session, writes

SECRET = SecretStr("sandbox-secret")


def pull(crm: SalesforceCrm) -> int:
    return sum(len(page.records) for page in crm.pull("Lead", "", ["Email"]))


def test_an_expired_session_is_opened_anew_once(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    assert pull(crm) == 1
    sandbox.logins.sessions.clear()
    assert pull(crm) == 1
    assert sandbox.counters.reads["POST /services/oauth2/token"] == 2


def test_an_expired_session_does_not_send_a_write_twice(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    pull(crm)
    sandbox.logins.sessions.clear()
    (lead,) = [r for page in crm.pull("Lead", "", []) for r in page.records]
    sandbox.logins.sessions.clear()
    (receipt,) = crm.write("Lead", [Write("t", "Lead", lead.ref.id, {"Title": "T"})])
    assert receipt.outcome is Outcome.DONE
    assert len(sandbox.org.history[lead.ref.id]) == 1


def test_a_lasting_401_ends_after_one_new_login(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    fault = sandbox.faults.add(
        {"match": {"path": "/services/data/"}, "action": {"kind": "named", "name": "INVALID_SESSION_ID"}, "times": None}
    )
    with pytest.raises(Misconfigured, match="just opened is refused"):
        pull(crm)
    assert fault.hits == 2


def test_the_sdks_endless_loop_on_401_cannot_happen_over_our_wire(sandbox: SalesforceSandbox, served: Serving) -> None:
    fault = sandbox.faults.add(
        {"match": {"path": "/services/data/"}, "action": {"kind": "named", "name": "INVALID_SESSION_ID"}, "times": None}
    )
    with session(Wire(served.url, (1, 5), Usage())) as wire:
        sf = Salesforce(consumer_key="sandbox-client", consumer_secret="sandbox-secret", domain="x.my", session=wire)
        lead = sf.Lead
        assert isinstance(lead, SFType)
        with pytest.raises(SessionExpired):
            lead.get("00Q000000000001")
    assert fault.hits == 1


@pytest.mark.parametrize(
    "name",
    [
        "BAD_GATEWAY_PAGE",
        "UNAVAILABLE_PAGE",
        "GATEWAY_TIMEOUT_PAGE",
        "NOT_ACCEPTABLE_PAGE",
        "CALM_PAGE",
        "THROTTLED",
        "UNABLE_TO_LOCK_ROW",
        "QUERY_TIMEOUT",
        "SERVER_UNAVAILABLE",
        "UNKNOWN_EXCEPTION",
        "CONCURRENT_LIMIT",
    ],
)
def test_passing_faults_of_reads_are_waited_for(
    name: str, sandbox: SalesforceSandbox, crm: SalesforceCrm, waits: list[float]
) -> None:
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": "named", "name": name}, "times": 3})
    assert pull(crm) == 1
    assert len(waits) == 3


@pytest.mark.parametrize("kind", ["reset", "truncate"])
def test_a_read_whose_connection_breaks_is_tried_again(
    kind: str, sandbox: SalesforceSandbox, crm: SalesforceCrm, waits: list[float]
) -> None:
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": kind}, "times": 2})
    assert pull(crm) == 1
    assert len(waits) == 2


def test_tries_end(sandbox: SalesforceSandbox, crm: SalesforceCrm, waits: list[float]) -> None:
    fault = sandbox.faults.add(
        {"match": {"path": "queryAll"}, "action": {"kind": "named", "name": "BAD_GATEWAY_PAGE"}, "times": None}
    )
    with pytest.raises(TryAgain):
        pull(crm)
    assert fault.hits == 6
    assert len(waits) == 5


@pytest.mark.parametrize(
    ("name", "bin_", "text"),
    [
        ("REQUEST_LIMIT_EXCEEDED", QuotaExhausted, "24 hours"),
        ("VERSION_GONE", Misconfigured, "api_version"),
        ("API_DISABLED_FOR_ORG", Misconfigured, "API Enabled"),
        ("FORBIDDEN_PAGE", Misconfigured, "IP restrictions"),
        ("MAINTENANCE_PAGE", Unreadable, "not JSON"),
        ("MULTIPLE_CHOICES", Misconfigured, "redirect"),
        ("INVALID_FIELD", Misconfigured, r"Lead\.LeadSync_Score__c does not exist"),
    ],
)
def test_lasting_faults_stop_the_run_at_once(
    name: str, bin_: type[StopRun], text: str, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    fault = sandbox.faults.add(
        {"match": {"path": "queryAll"}, "action": {"kind": "named", "name": name}, "times": None}
    )
    with pytest.raises(bin_, match=text):
        pull(crm)
    assert fault.hits == 1


def test_a_hanging_server_is_left_after_the_time_out(
    sandbox: SalesforceSandbox, connect: Connect, waits: list[float]
) -> None:
    crm = connect(read_timeout=0.15)
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": "delay", "seconds": 0.4}})
    assert pull(crm) == 1
    assert len(waits) == 1


def test_a_body_that_trickles_is_left_after_its_time(
    sandbox: SalesforceSandbox, connect: Connect, waits: list[float]
) -> None:
    crm = connect(total_timeout=0.2)
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": {"kind": "trickle", "seconds": 0.02}})
    assert pull(crm) == 1
    assert len(waits) == 1


def test_a_write_whose_answer_trickles_is_unknown(sandbox: SalesforceSandbox, connect: Connect) -> None:
    crm = connect(total_timeout=0.2)
    sandbox.faults.add({"match": {"method": "PATCH"}, "action": {"kind": "trickle", "seconds": 0.02}})
    (receipt,) = crm.write("Lead", [Write("t", "Lead", LEAD, {"Title": "T"})])
    assert receipt.outcome is Outcome.UNKNOWN
    assert len(sandbox.org.history[LEAD]) == 1


def test_a_compressed_answer_is_read(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    body = gzip.compress(json.dumps({"totalSize": 0, "done": True, "records": []}).encode())
    action = {"kind": "named", "name": "ZIPPED"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sandbox, "fault_reply", lambda _: Reply(200, body, {"content-encoding": "gzip"}))
        sandbox.faults.add({"match": {"path": "queryAll"}, "action": action})
        assert pull(crm) == 0


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_an_unexpected_success_of_a_read_is_never_an_empty_answer(
    status: int, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    body = "" if status == 204 else {"status": "PENDING"}
    action = {"kind": "reply", "status": status, "body": body}
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": action, "times": None})
    with pytest.raises(Unreadable):
        pull(crm)


@pytest.mark.parametrize("status", [201, 202, 204])
def test_an_unexpected_success_of_a_write_is_unknown(
    status: int, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    body = "" if status == 204 else {"status": "PENDING"}
    sandbox.faults.add(
        {"match": {"method": "PATCH"}, "action": {"kind": "reply", "status": status, "body": body}, "times": None}
    )
    (receipt,) = crm.write("Lead", [Write("t", "Lead", LEAD, {"Title": "T"})])
    assert receipt.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("body", ["<html>log in</html>", "", "{}", '"x"'])
def test_a_401_of_any_shape_is_one_new_login(body: str, sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    fault = sandbox.faults.add(
        {"match": {"path": "/services/data/"}, "action": {"kind": "reply", "status": 401, "body": body}, "times": None}
    )
    with pytest.raises(Misconfigured, match="just opened is refused"):
        pull(crm)
    assert fault.hits == 2


def test_a_server_without_tls_is_a_matter_of_the_settings(served: Serving, waits: list[float]) -> None:
    settings = SalesforceSettings(url=served.url.replace("http://", "https://"), client_id="c", client_secret=SECRET)
    crm = SalesforceCrm(settings, lambda: NOW, sleep=waits.append)
    with pytest.raises(Misconfigured, match="certificate"):
        pull(crm)
    assert waits == []
    crm.close()


def test_nobody_listening_is_try_again(waits: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    crm = SalesforceCrm(
        SalesforceSettings(url=url, client_id="c", client_secret=SECRET), lambda: NOW, sleep=waits.append
    )
    with pytest.raises(TryAgain, match=r"cannot be reached.*check the network and `url`.*changed nothing") as problem:
        pull(crm)
    assert "127.0.0.1" not in str(problem.value), "an address may hold a query"
    assert len(waits) == 5
    crm.close()


def test_a_redirect_is_not_followed_with_the_token(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    action = {"kind": "reply", "status": 302, "body": "", "headers": {"location": "http://169.254.169.254/"}}
    sandbox.faults.add({"match": {"path": "queryAll"}, "action": action})
    with pytest.raises(Misconfigured, match="redirect"):
        pull(crm)


@pytest.mark.parametrize("mode", ["plain", "bursts", "absent"])
def test_usage_is_read_from_the_limit_header_in_all_its_forms(
    mode: str, sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    sandbox.seed({"settings": {"limit_info": mode, "api_limit": 15000}})
    pull(crm)
    assert (crm.usage.used, crm.usage.limit) == ((None, None) if mode == "absent" else (2, 15000))


def shown(problem: BaseException) -> list[BaseException]:
    """The chain of errors that a traceback would print."""
    before = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    return [problem, *(shown(before) if before is not None else [])]


def test_no_error_holds_the_query_or_a_value(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    canary = "canary.person@secret.example"
    texts: list[str] = []
    names = ["BAD_GATEWAY_PAGE", "REQUEST_LIMIT_EXCEEDED", "MAINTENANCE_PAGE", "INVALID_QUERY_LOCATOR", "VERSION_GONE"]
    for action in [*({"kind": "named", "name": n} for n in names), {"kind": "reset"}, {"kind": "truncate"}]:
        sandbox.faults.clear()
        sandbox.faults.add({"match": {"path": "query"}, "action": action, "times": None})
        with pytest.raises(LeadsyncError) as problem:
            crm.find("Lead", "Email", [canary], [])
        texts += ["".join(traceback.format_exception_only(e)) + repr(e) for e in shown(problem.value)]
    assert len(texts) >= 7
    assert not any("canary" in text or "secret" in text for text in texts)


def test_settings_hide_their_secrets(served: Serving) -> None:
    settings = SalesforceSettings(url=served.url, client_id="c", client_secret=SecretStr("hush-hush"))
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"url": "http://acme.my.salesforce.com"}, "plain http"),
        ({"url": "https://evil.example"}, "allow_custom_hosts"),
        ({"url": "https://user:pw@acme.my.salesforce.com"}, "must look like"),
        ({"url": "acme"}, "must look like"),
        ({"client_secret": None}, "either client_secret"),
        ({"username": "u", "private_key": SecretStr("k")}, "either client_secret"),
        ({"api_version": "42.0"}, "api_version"),
        ({"audience": "https://evil.example"}, "audience"),
        ({"client_secret": "in-the-open"}, "by reference"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], text: str) -> None:
    base = {"url": "https://acme.my.salesforce.com", "client_id": "c", "client_secret": SECRET}
    with pytest.raises(ValidationError, match=text) as refused:
        SalesforceSettings.model_validate({**base, **given})
    assert "in-the-open" not in str(refused.value)


def test_the_client_id_may_be_given_openly_or_by_reference(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SF_CLIENT", "from-env")
    (tmp_path / "secret").write_text("from-file\n")
    base = {"url": "https://acme.my.salesforce.com", "client_secret": f"file:{tmp_path / 'secret'}"}
    settings = SalesforceSettings.model_validate({**base, "client_id": "env:SF_CLIENT"})
    assert settings.client_id == "from-env"
    assert settings.client_secret is not None
    assert settings.client_secret.get_secret_value() == "from-file"
    assert SalesforceSettings.model_validate({**base, "client_id": "open"}).client_id == "open"


@pytest.mark.parametrize(
    ("text", "wait"), [("5", 5.0), ("1.5", 1.5), (None, None), ("soon", None), ("-1", None), ("1e9", None)]
)
def test_retry_after_is_seconds_or_nothing(text: str | None, wait: float | None) -> None:
    assert seconds(text) == wait


@pytest.mark.parametrize(
    ("method", "path", "writing"),
    [
        ("GET", "/services/data/v62.0/query", False),
        ("POST", "/services/oauth2/token", False),
        ("POST", "/services/data/v62.0/composite/sobjects/Lead", False),
        ("POST", "/services/data/v62.0/composite/sobjects", True),
        ("PATCH", "/services/data/v62.0/composite/sobjects", True),
        ("PATCH", "/services/data/v62.0/composite/sobjects/Lead/Id__c", True),
        ("POST", "/services/data/v62.0/sobjects/Lead", True),
        ("DELETE", "/services/data/v62.0/sobjects/Lead/1", True),
    ],
)
def test_reads_and_writes_are_told_apart(method: str, path: str, writing: bool) -> None:
    assert writes(method, path) is writing


@pytest.mark.parametrize("writing", [True, False], ids=["write", "read"])
@pytest.mark.parametrize(
    "body", ["", "<html>", "{}", "[]", "[1]", '[{"errorCode":"SOMETHING_NEW","message":"m"}]', '{"error":"x"}', "nul"]
)
def test_every_refusal_finds_a_bin(body: str, writing: bool) -> None:
    for status in range(300, 600):
        found = sort_answer(Answer("Salesforce PATCH x", status, body, None, writing))
        assert isinstance(found, LeadsyncError)
        assert isinstance(found, Ambiguous) is (writing and status >= 500)


def test_the_connector_is_complete() -> None:
    sandbox = CONNECTOR.sandbox()
    assert set(sandbox.credentials()) < set(CONNECTOR.settings.model_fields)
    demo = CONNECTOR.demo()
    sandbox.seed(demo)
    counts = {kind: len(rows) for kind, rows in demo["objects"].items()}
    assert {kind: len(sandbox.dump()["objects"][kind]) for kind in counts if kind != "User"} == {
        kind: n for kind, n in counts.items() if kind != "User"
    }


def test_a_netrc_file_does_not_replace_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: Serving, crm: SalesforceCrm
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert requests.utils.get_netrc_auth(served.url) == ("a", "b")
    assert pull(crm) == 1
