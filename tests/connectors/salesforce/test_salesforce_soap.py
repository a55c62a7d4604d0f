"""The SOAP API: a login that new orgs refuse, and what REST has no call for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import requests
from tests.connectors.salesforce.conftest import ACCOUNT, CONTACT, LEAD, User

from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated

Soap = Callable[..., requests.Response]
LOGIN = "<login><username>person@sandbox.example</username><password>{}</password></login>"


@pytest.fixture
def soap(served: Serving, person: User) -> Soap:
    """Makes a call in an envelope, with the person's session unless told otherwise."""
    session = str(person.session.headers["Authorization"]).removeprefix("Bearer ")

    def call(body: str, version: str = "62.0", sid: str = session) -> requests.Response:
        text = (
            '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
            f"<env:Header><SessionHeader><sessionId>{sid}</sessionId></SessionHeader></env:Header>"
            f"<env:Body>{body}</env:Body></env:Envelope>"
        )
        return requests.post(f"{served.url}/services/Soap/u/{version}", data=text, timeout=5)

    return call


def values(reply: requests.Response, name: str) -> list[str]:
    return re.findall(rf"<(?:\w+:)?{name}>([^<]*)<", reply.text)


def test_login_is_off_as_in_new_orgs(soap: Soap) -> None:
    reply = soap(LOGIN.format("sandbox-password"), "59.0")
    assert (reply.status_code, values(reply, "exceptionCode")) == (500, ["INVALID_OPERATION"])
    assert reply.headers["content-type"].startswith("text/xml")


def test_login_works_where_it_is_switched_on_until_it_is_gone(
    soap: Soap, sandbox: SalesforceSandbox, served: Serving
) -> None:
    sandbox.seed({"settings": {"soap_login": True}})
    reply = soap(LOGIN.format("sandbox-passwordTOKEN"), "64.0")
    (session,) = values(reply, "sessionId")
    assert values(reply, "serverUrl")[0].startswith(f"{served.url}/services/Soap/u/64.0/00D")
    headers = {"Authorization": f"Bearer {session}"}
    assert requests.get(f"{served.url}/services/data/v62.0/limits", headers=headers, timeout=5).status_code == 200
    assert values(soap(LOGIN.format("wrong"), "64.0"), "exceptionCode") == ["INVALID_LOGIN"]
    assert values(soap(LOGIN.format("sandbox-password"), "65.0"), "exceptionCode") == ["UNSUPPORTED_API_VERSION"]
    assert values(soap(LOGIN.format("sandbox-password"), "30.0"), "exceptionCode") == ["UNSUPPORTED_API_VERSION"]


CONVERT = (
    "<convertLead><leadConverts><leadId>{lead}</leadId><convertedStatus>{status}</convertedStatus>{more}"
    "</leadConverts></convertLead>"
)


def test_a_lead_is_converted_into_all_three(soap: Soap, person: User) -> None:
    reply = soap(CONVERT.format(lead=LEAD, status="Closed - Converted", more=""))
    assert values(reply, "success") == ["true"]
    ids = {name: values(reply, name)[0] for name in ("accountId", "contactId", "opportunityId", "leadId")}
    lead = person("GET", f"/sobjects/Lead/{LEAD}").json()
    assert lead["IsConverted"] is True
    assert [lead[f"Converted{kind}Id"] for kind in ("Account", "Contact", "Opportunity")] == [
        ids["accountId"],
        ids["contactId"],
        ids["opportunityId"],
    ]
    made = person("GET", f"/sobjects/Opportunity/{ids['opportunityId']}").json()
    assert (made["Name"], made["StageName"], made["CloseDate"]) == ("Siemens-", "Prospecting", "2026-12-31")
    assert made["AccountId"] == ids["accountId"]


def test_a_lead_is_converted_into_what_there_is(soap: Soap, person: User) -> None:
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"LeadSource": "Web"})
    person("PATCH", f"/sobjects/Contact/{CONTACT}", json={"LeadSource": "Phone Inquiry"})
    more = f"<accountId>{ACCOUNT}</accountId><contactId>{CONTACT}</contactId>"
    more += "<doNotCreateOpportunity>true</doNotCreateOpportunity><overwriteLeadSource>true</overwriteLeadSource>"
    reply = soap(CONVERT.format(lead=LEAD, status="Closed - Converted", more=more))
    assert (values(reply, "accountId"), values(reply, "contactId")) == ([ACCOUNT], [CONTACT])
    assert '<opportunityId xsi:nil="true"/>' in reply.text
    contact = person("GET", f"/sobjects/Contact/{CONTACT}").json()
    assert (contact["LeadSource"], contact["FirstName"]) == ("Web", "Bob")


@pytest.mark.parametrize(
    ("lead", "status", "code"),
    [
        (LEAD, "Open - Not Contacted", "INVALID_STATUS"),
        (generated("00Q", 99), "Closed - Converted", "NOT_FOUND"),
    ],
    ids=["a status that means no conversion", "a lead that is not there"],
)
def test_a_conversion_that_is_refused_says_why(lead: str, status: str, code: str, soap: Soap) -> None:
    reply = soap(CONVERT.format(lead=lead, status=status, more=""))
    assert (values(reply, "success"), values(reply, "statusCode")) == (["false"], [code])


def test_records_are_merged_and_taken_out_of_the_bin(soap: Soap, sandbox: SalesforceSandbox, person: User) -> None:
    other = generated("001", 2)
    sandbox.seed({"objects": {"Account": [{"Id": other, "Name": "Siemens"}]}})
    body = f"<masterRecord><type>Account</type><Id>{other}</Id></masterRecord>"
    reply = soap(f"<merge><request>{body}<recordToMergeIds>{ACCOUNT}</recordToMergeIds></request></merge>")
    assert (values(reply, "success"), values(reply, "mergedRecordIds")) == (["true"], [ACCOUNT])
    assert person("GET", f"/sobjects/Contact/{CONTACT}").json()["AccountId"] == other
    person("DELETE", f"/sobjects/Lead/{LEAD}")
    assert values(soap(f"<undelete><ids>{LEAD}</ids></undelete>"), "success") == ["true"]
    assert person("GET", f"/sobjects/Lead/{LEAD}").status_code == 200


def test_a_call_needs_a_session_and_a_name_that_is_known(soap: Soap, served: Serving) -> None:
    assert values(soap("<getUserInfo/>"), "userName") == ["person@sandbox.example"]
    assert values(soap("<getServerTimestamp/>"), "timestamp") == ["2026-11-22T09:00:00.000Z"]
    assert values(soap("<getUserInfo/>", sid="x"), "exceptionCode") == ["INVALID_SESSION_ID"]
    assert values(soap("<sing/>"), "exceptionCode") == ["INVALID_OPERATION"]
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    for text in ("no xml", bomb):
        reply = requests.post(f"{served.url}/services/Soap/u/62.0", data=text, timeout=5)
        assert (reply.status_code, values(reply, "exceptionCode")) == (500, ["UNKNOWN_EXCEPTION"])
    assert soap("<logout/>").status_code == 200
    assert values(soap("<getUserInfo/>"), "exceptionCode") == ["INVALID_SESSION_ID"]
