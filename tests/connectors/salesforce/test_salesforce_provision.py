"""Provisioning: what is missing is made and granted, what is there stays, and a second run has nothing to do."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.connectors.salesforce.conftest import LEAD, User

from leadsync.connector import FieldSpec, Outcome, Write
from leadsync.errors import Misconfigured
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox
from leadsync_salesforce.provision import metadata

SPECS = [
    FieldSpec("Lead", "LeadSync_Score__c", "Score", "number", "How well the lead fits"),
    FieldSpec("Lead", "LeadSync_Why__c", "Why", "text"),
    FieldSpec("Lead", "LeadSync_Hot__c", "Hot", "bool"),
    FieldSpec("Lead", "LeadSync_First__c", "First touch", "date"),
    FieldSpec("Lead", "LeadSync_At__c", "Scored at", "datetime"),
    FieldSpec("Contact", "LeadSync_Stage__c", "Stage", "enum", options=("New", "Qualified")),
    FieldSpec("Contact", "LeadSync_Id__c", "leadsync id", "string", unique=True, length=64),
    FieldSpec("Account", "LeadSync_LEI__c", "LEI", "string", length=20),
    FieldSpec("Account", "LeadSync_Rank__c", "Rank", "int"),
    FieldSpec("Lead", "Email", "E-mail", "string"),
]


def states(crm: SalesforceCrm, *, apply: bool) -> Counter[str]:
    return Counter(f"{s.what.split()[0]} {s.state}" for s in crm.provision(SPECS, apply=apply))


def test_a_plan_changes_nothing_and_says_all(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    assert states(crm, apply=False) == {"field missing": 9, "field exists": 1, "permission missing": 10}
    assert sandbox.counters.writes.total() == 0


def test_applying_makes_the_fields_and_our_user_sees_them(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    done = states(crm, apply=True)
    assert done == {
        "field created": 9,
        "field exists": 1,
        "permission created": 1,
        "assignment granted": 1,
        "permission granted": 9,
    }
    values = {
        "LeadSync_Score__c": 71.25,
        "LeadSync_Why__c": "because\nso",
        "LeadSync_Hot__c": True,
        "LeadSync_First__c": "2026-01-02",
        "LeadSync_At__c": "2026-01-02T03:04:05.000+0000",
    }
    (receipt,) = crm.write("Lead", [Write("t", "Lead", LEAD, values)])
    assert receipt.outcome is Outcome.DONE
    assert receipt.record is not None
    assert receipt.record.fields == values


def test_a_second_run_writes_nothing(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    crm.provision(SPECS, apply=True)
    sandbox.counters.writes.clear()
    assert states(crm, apply=True) == {"field exists": 10}
    assert sandbox.counters.writes.total() == 0


def test_a_new_field_is_hidden_until_it_is_granted(sandbox: SalesforceSandbox, crm: SalesforceCrm, api: User) -> None:
    body = {"FullName": "Lead.LeadSync_Score__c", "Metadata": metadata(SPECS[0])}
    assert api("POST", "/tooling/sobjects/CustomField", json=body).status_code == 201
    with pytest.raises(Misconfigured, match=r"Lead\.LeadSync_Score__c does not exist or is hidden"):
        list(crm.pull("Lead", "", ["LeadSync_Score__c"]))
    steps = {s.what: (s.state, s.detail) for s in crm.provision(SPECS[:1], apply=True)}
    assert steps["field Lead.LeadSync_Score__c"] == ("exists", "hidden from this user or read-only")
    assert steps["permission Lead.LeadSync_Score__c"] == ("granted", "")
    assert len(list(crm.pull("Lead", "", ["LeadSync_Score__c"]))) == 1


def test_a_read_only_grant_is_raised_to_edit(sandbox: SalesforceSandbox, crm: SalesforceCrm, api: User) -> None:
    crm.provision(SPECS[:1], apply=True)
    (right,) = api.query("SELECT Id FROM FieldPermissions")
    api("PATCH", f"/sobjects/FieldPermissions/{right['Id']}", json={"PermissionsEdit": False}).raise_for_status()
    states = [s.state for s in crm.provision(SPECS[:1], apply=True)]
    assert states == ["exists", "exists", "exists", "granted"]
    (receipt,) = crm.write("Lead", [Write("t", "Lead", LEAD, {"LeadSync_Score__c": 1})])
    assert receipt.outcome is Outcome.DONE


def test_a_field_of_another_type_is_a_conflict_and_left_alone(sandbox: SalesforceSandbox, crm: SalesforceCrm) -> None:
    sandbox.seed({"custom_fields": [{"object": "Lead", "name": "LeadSync_Score__c", "type": "Text"}]})
    (step,) = crm.provision(SPECS[:1], apply=True)
    assert (step.state, "type string" in step.detail) == ("conflict", True)
    assert sandbox.counters.writes.total() == 0


def test_a_standard_field_that_is_not_there_is_named(crm: SalesforceCrm) -> None:
    with pytest.raises(Misconfigured, match=r"Lead\.Shoe_Size"):
        crm.provision([FieldSpec("Lead", "Shoe_Size", "Shoe size", "int")], apply=False)


def test_a_unique_text_is_an_external_id(crm: SalesforceCrm, api: User) -> None:
    crm.provision(SPECS, apply=True)
    fields = {f["name"]: f for f in api("GET", "/sobjects/Contact/describe").json()["fields"]}
    found = fields["LeadSync_Id__c"]
    assert (found["externalId"], found["unique"], found["length"], found["idLookup"]) == (True, True, 64, True)
    assert [v["value"] for v in fields["LeadSync_Stage__c"]["picklistValues"]] == ["New", "Qualified"]
