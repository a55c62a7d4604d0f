"""`leadsync doctor` on HubSpot: what is missing, what is too much, and what ends when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from tests.connectors.hubspot.conftest import Connect

from leadsync.connector import Check, Health
from leadsync_hubspot.sandbox import HubSpotSandbox

FIELDS = {"contacts": ["email", "firstname"], "companies": ["name", "domain"]}
WRITTEN = {"contacts": ["firstname"]}
ENOUGH = ["crm.objects.contacts.read", "crm.objects.contacts.write", "crm.objects.companies.read", "forms"]


def token(sandbox: HubSpotSandbox, scopes: Sequence[str], text: str = "pat-checked") -> str:
    sandbox.seed({"tokens": {text: {"scopes": list(scopes)}}})
    return text


def by_name(checks: Sequence[Check]) -> dict[str, Check]:
    found = {check.name: check for check in checks}
    assert len(found) == len(checks)
    return found


def test_a_connection_that_has_what_it_needs_is_fine_but_for_the_old_version(
    sandbox: HubSpotSandbox, connect: Connect
) -> None:
    crm = connect(token=token(sandbox, ENOUGH))
    found = by_name(crm.check(FIELDS, WRITTEN))
    assert {name for name, check in found.items() if check.state is not Health.OK} == {"API version"}
    assert "2027-03-30" in found["API version"].found
    assert "pat-checked" not in repr(found)
    assert crm.usage.writes == 0


@pytest.mark.parametrize(
    ("version", "passed", "state"),
    [
        ("v3", timedelta(0), Health.WARN),
        ("v3", timedelta(days=200), Health.FAIL),
        ("2026-03", timedelta(0), Health.OK),
        ("2026-09", timedelta(days=400), Health.WARN),
    ],
)
def test_a_version_is_told_to_end_half_a_year_before(
    sandbox: HubSpotSandbox, connect: Connect, version: str, passed: timedelta, state: Health
) -> None:
    sandbox.clock.advance(passed.total_seconds())
    crm = connect(token=token(sandbox, ENOUGH), api_version=version)
    assert by_name(crm.check(FIELDS, WRITTEN))["API version"].state is state


def test_scopes_that_are_missing_and_those_that_are_too_much_are_named(
    sandbox: HubSpotSandbox, connect: Connect
) -> None:
    granted = ["crm.objects.contacts.read", "crm.objects.companies.read", "crm.objects.deals.write", "forms"]
    checks = [c for c in connect(token=token(sandbox, granted)).check(FIELDS, WRITTEN) if c.name == "scopes"]
    assert [(c.state, c.found) for c in checks] == [
        (Health.FAIL, "missing: crm.objects.contacts.write"),
        (Health.WARN, "surplus: crm.objects.deals.write"),
    ]
    assert all("Scopes" in c.fix for c in checks)


def test_the_scopes_of_provision_are_neither_missing_nor_too_much(sandbox: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(token=token(sandbox, [*ENOUGH, "crm.schemas.contacts.write", "crm.schemas.companies.read"]))
    assert by_name(crm.check(FIELDS, WRITTEN))["scopes"].state is Health.OK


def test_an_object_that_is_only_created_needs_its_write_scope_too(sandbox: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(token=token(sandbox, ENOUGH))
    assert "crm.objects.companies.write" in by_name(crm.check(FIELDS, WRITTEN, ["companies"]))["scopes"].found


def test_where_hubspot_does_not_tell_the_scopes_they_are_tried(sandbox: HubSpotSandbox, connect: Connect) -> None:
    oauth = token(sandbox, ["crm.objects.contacts.read", "forms"], "CKoauth-access-token")
    found = by_name(connect(token=oauth).check(FIELDS, WRITTEN))
    assert found["token"].state is Health.WARN
    assert "30 minutes" in found["token"].found
    assert found["contacts scope"].state is Health.OK
    assert found["companies scope"].state is Health.FAIL
    assert "crm.objects.companies.read" in found["companies scope"].found
    assert "surplus ones, cannot be seen" in found["scopes"].found


def test_a_refused_token_ends_the_look(sandbox: HubSpotSandbox, connect: Connect) -> None:
    (only,) = connect(token="nonsense").check(FIELDS, WRITTEN)
    assert (only.name, only.state) == ("credentials", Health.FAIL)
    assert "401" in only.found
    assert "nonsense" not in repr(only)


def test_properties_that_are_missing_or_read_only_are_named(sandbox: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(token=token(sandbox, ENOUGH))
    fields = {"contacts": ["email", "leadsync_score", "createdate"]}
    checks = [c for c in crm.check(fields, {"contacts": ["createdate"]}) if c.name == "contacts fields"]
    assert [(c.state, c.found.rpartition(" ")[2]) for c in checks] == [
        (Health.FAIL, "leadsync_score"),
        (Health.FAIL, "createdate"),
    ]
    assert "provision --apply" in checks[0].fix


def test_the_quota_is_the_accounts_whatever_is_configured(sandbox: HubSpotSandbox, connect: Connect) -> None:
    sandbox.seed({"account": {"tier": "starter"}})
    crm = connect(token=token(sandbox, ENOUGH), daily_limit=625_000)
    crm.account()
    sandbox.limits.today = 210_000
    found = by_name(crm.check(FIELDS, WRITTEN))
    assert found["quota"].state is Health.WARN
    assert "250,000" in found["quota"].found
    assert found["daily_limit"].fix == "set daily_limit = 250000 in [connector.hubspot]"


def test_a_clock_that_is_off_is_told(sandbox: HubSpotSandbox, connect: Connect) -> None:
    crm = connect(token=token(sandbox, ENOUGH))
    crm._clock = lambda: sandbox.clock() + timedelta(minutes=6)  # the server's stands still
    found = by_name(crm.check(FIELDS, WRITTEN))["clock"]
    assert (found.state, found.found) == (Health.FAIL, "+360 s against the server")
