"""`leadsync doctor` on Salesforce: login, scopes, what our user may do, and what ends when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from pydantic import SecretStr
from tests.connectors.salesforce.conftest import NOW, Connect

from leadsync.connector import Check, Health
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox, SalesforceSettings
from leadsync_salesforce.check import supported_until

FIELDS = {"Lead": ["Email", "LastName", "Rank__c", "Owner.Name"], "Account": ["Name", "Website"]}
WRITTEN = {"Lead": ["LastName", "Rank__c"]}


def by_name(checks: Sequence[Check]) -> dict[str, Check]:
    found = {check.name: check for check in checks}
    assert len(found) == len(checks)
    return found


def test_a_connection_that_has_what_it_needs_is_fine(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    found = by_name(crm.check(FIELDS, WRITTEN, ["Lead"]))
    assert [check for check in found.values() if check.state is not Health.OK] == []
    assert "2027-10-01" in found["API version"].found
    assert found["Lead"].found == "our user has Create, Edit, Read"
    assert {"CampaignMember", "Task", "Event"} <= found.keys()
    assert "sandbox-secret" not in repr(found)
    assert sandbox.counters.writes.total() == sum("token" in label for label in sandbox.counters.writes)


def test_without_activities_nobody_asks_for_tasks(connect: Connect) -> None:
    found = by_name(connect(activities=False).check(FIELDS, WRITTEN))
    assert "Task" not in found
    assert "CampaignMember" in found


def test_fields_that_are_hidden_or_locked_are_named(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.seed({"settings": {"field_access": {"Lead.Rank__c": "read", "Lead.Email": "hidden"}}})
    checks = [c for c in crm.check(FIELDS, WRITTEN) if c.name == "Lead fields"]
    assert [(c.state, c.found) for c in checks] == [
        (Health.FAIL, "do not exist or are hidden: Email"),
        (Health.FAIL, "may not be written: Rank__c"),
    ]
    assert all("permission set" in c.fix or "provision" in c.fix for c in checks)


def test_an_object_our_user_does_not_see_fails_alone(crm: SalesforceCrm) -> None:
    found = by_name(crm.check({**FIELDS, "Opportunity__c": ["Name"]}, WRITTEN))
    assert found["Opportunity__c"].state is Health.FAIL
    assert "grant our user Read" in found["Opportunity__c"].fix
    assert found["Account fields"].state is Health.OK


def test_a_refused_login_ends_the_look(sandbox: SalesforceSandbox, connect: Connect) -> None:
    checks = connect(client_id="nobody").check(FIELDS, WRITTEN)
    assert [(c.name, c.state) for c in checks] == [("API version", Health.OK), ("credentials", Health.FAIL)]
    assert "invalid_client_id" in checks[1].found
    assert "sandbox-secret" not in repr(checks)


@pytest.mark.parametrize(
    ("version", "state", "words"),
    [
        ("50.0", Health.WARN, 'set api_version = "68.0"'),
        ("68.0", Health.OK, ""),
        ("69.0", Health.FAIL, "one the org serves"),
    ],
)
def test_a_version_past_its_promised_years_is_told(connect: Connect, version: str, state: Health, words: str) -> None:
    found = connect(api_version=version).check(FIELDS, WRITTEN)[0]
    assert found.state is state
    assert words in found.fix


def test_versions_are_promised_three_years_from_their_release() -> None:
    assert [supported_until(v) for v in (50, 51, 52, 62, 68)] == [
        *(date(2023, 10, 1), date(2024, 2, 1), date(2024, 6, 1), date(2027, 10, 1), date(2029, 10, 1))
    ]


@pytest.mark.parametrize(
    ("scope", "state", "words"),
    [
        ("id api", Health.OK, "api, id"),
        ("id", Health.FAIL, "missing: api"),
        ("api full refresh_token", Health.WARN, "surplus: full, refresh_token"),
        ("", Health.WARN, "does not tell"),
    ],
)
def test_scopes_that_are_missing_and_those_that_are_too_much_are_named(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, scope: str, state: Health, words: str
) -> None:
    token = {"access_token": "", "scope": scope, "instance_url": "x", "id": "x", "token_type": "Bearer"}
    crm.check({})
    token["access_token"] = next(iter(sandbox.logins.sessions))
    sandbox.faults.add({"match": {"path": "oauth2/token"}, "action": {"kind": "reply", "status": 200, "body": token}})
    crm._client._sdk = None
    found = by_name(crm.check(FIELDS, WRITTEN))["scopes"]
    assert found.state is state
    assert words in found.found


def test_the_quota_is_the_orgs_whatever_is_configured(sandbox: SalesforceSandbox, connect: Connect) -> None:
    sandbox.seed({"settings": {"api_limit": 1_000}})
    sandbox.used = 900
    found = by_name(connect(daily_limit=100_000).check(FIELDS, WRITTEN))
    assert found["quota"].state is Health.WARN
    assert found["daily_limit"].fix == "set daily_limit = 1000 in [connector.salesforce]"


@pytest.mark.parametrize(
    ("ahead", "state"), [(0, Health.OK), (60, Health.WARN), (400, Health.FAIL)], ids=["right", "a minute", "minutes"]
)
def test_a_clock_that_is_off_is_told(sandbox: SalesforceSandbox, crm: SalesforceCrm, ahead: int, state: Health) -> None:
    crm._clock = lambda: NOW + timedelta(seconds=ahead)
    sandbox.clock.set(NOW, rate=0)
    assert by_name(crm.check(FIELDS, WRITTEN))["clock"].state is state


def test_a_day_that_is_used_up_is_told_once_and_not_as_a_lack_of_rights(
    sandbox: SalesforceSandbox, crm: SalesforceCrm
) -> None:
    sandbox.seed({"settings": {"api_limit": 0}})
    found = crm.check({"Lead": ["Email"], "Contact": ["Email"]})
    (failed,) = [check for check in found if check.state is Health.FAIL]
    assert failed.name == "Lead"
    assert "used up" in failed.found
    assert "leadsync quota" in failed.fix
    assert "grant" not in failed.fix


def test_an_org_that_cannot_be_reached_is_told_with_the_next_step(waits: list[float]) -> None:
    settings = SalesforceSettings(url="http://127.0.0.1:9", client_id="c", client_secret=SecretStr("s"))
    crm = SalesforceCrm(settings, lambda: NOW, sleep=waits.append)
    (failed,) = crm.check({"Lead": ["Email"]})
    crm.close()
    assert (failed.name, failed.state) == ("API version", Health.FAIL)
    assert "cannot be reached" in failed.found
    assert failed.fix.startswith("check the network")
