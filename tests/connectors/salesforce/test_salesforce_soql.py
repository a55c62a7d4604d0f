"""The sandbox's SOQL: what it finds, in which order, in which shape, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from tests.connectors.salesforce.conftest import ACCOUNT, CONTACT, LEAD, User

from leadsync_salesforce import SalesforceSandbox
from leadsync_salesforce.sandbox.ids import generated

PEOPLE: list[dict[str, Any]] = [
    {
        "LastName": "Adams",
        "Company": "Alpha",
        "Rank__c": 1,
        "Status": "Working - Contacted",
        "Interests__c": "Red;Blue",
    },
    {"LastName": "baker", "Company": "alpha", "Rank__c": 2, "Member__c": True, "Interests__c": "Green"},
    {"LastName": "Clark", "Company": "Beta", "Rank__c": None, "Day__c": "2026-11-20"},
    {"LastName": "O'Hara", "Company": "Gamma_1", "Rank__c": 3.5, "Day__c": "2026-11-22", "Description": "long"},
    {"LastName": "Ümlaut", "Company": "100%", "Rank__c": -1, "Moment__c": "2026-11-01T12:00:00Z"},
]


@pytest.fixture(autouse=True)
def people(sandbox: SalesforceSandbox) -> None:
    dates = {"CreatedDate": "2026-10-01T00:00:00Z"}
    rows = [{"Id": generated("00Q", 10 + n), **dates, **row} for n, row in enumerate(PEOPLE)]
    sandbox.org.tables["Lead"].drop(LEAD)
    sandbox.seed({"objects": {"Lead": rows}})


WHERE = [
    ("LastName = 'ADAMS'", "Adams"),
    ("LastName != 'Adams' AND Rank__c != null", "baker O'Hara Ümlaut"),
    ("LastName <> 'adams' AND (Company = 'Alpha' OR Company = 'Beta')", "baker Clark"),
    ("NOT (Company = 'Alpha')", "Clark O'Hara Ümlaut"),
    ("NOT Company = 'Alpha' AND Rank__c > 0", "O'Hara"),
    ("Rank__c = null", "Clark"),
    ("Rank__c >= 2", "baker O'Hara"),
    ("Rank__c < 2", "Adams Ümlaut"),
    ("Rank__c IN (1, 3.5)", "Adams O'Hara"),
    ("Rank__c NOT IN (1, 2)", "Clark O'Hara Ümlaut"),
    ("LastName IN ('adams', 'O\\'Hara')", "Adams O'Hara"),
    ("LastName LIKE 'a%'", "Adams"),
    ("LastName LIKE '%A%'", "Adams baker Clark O'Hara Ümlaut"),
    ("LastName LIKE '_aker'", "baker"),
    ("Company LIKE 'Gamma\\_%'", "O'Hara"),
    ("Company LIKE '100\\%'", "Ümlaut"),
    ("NOT LastName LIKE '%a%'", ""),
    ("Member__c = TRUE", "baker"),
    ("Member__c = false AND Rank__c != null", "Adams O'Hara Ümlaut"),
    ("Interests__c INCLUDES ('Red')", "Adams"),
    ("Interests__c INCLUDES ('Red;Blue', 'Green')", "Adams baker"),
    ("Interests__c EXCLUDES ('Red')", "baker Clark O'Hara Ümlaut"),
    ("Day__c = 2026-11-20", "Clark"),
    ("Day__c = TODAY", "O'Hara"),
    ("Day__c = LAST_N_DAYS:7", "Clark O'Hara"),
    ("Day__c >= YESTERDAY", "O'Hara"),
    ("Day__c = THIS_MONTH", "Clark O'Hara"),
    ("Day__c > LAST_WEEK AND Day__c < TOMORROW", "O'Hara"),
    ("Moment__c = THIS_MONTH", "Ümlaut"),
    ("Moment__c = LAST_N_MONTHS:1", ""),
    ("Moment__c >= 2026-11-01T12:00:00Z", "Ümlaut"),
    ("Moment__c > 2026-11-01T13:00:00+02:00", "Ümlaut"),
    ("Moment__c > 2026-11-01T12:00:00.000Z", ""),
    ("CreatedDate = LAST_MONTH AND Rank__c = 1", "Adams"),
    ("CreatedDate = N_DAYS_AGO:52 AND Rank__c = 1", "Adams"),
    ("CALENDAR_YEAR(CreatedDate) = 2026 AND CALENDAR_MONTH(Day__c) = 11", "Clark O'Hara"),
    ("Owner.Name = 'Pat Person' AND Rank__c = 1", "Adams"),
    ("Owner.Profile.Name LIKE 'Standard%' AND Rank__c = 1", "Adams"),
    ("Lead.LastName = 'Adams'", "Adams"),
    (f"Id = '{generated('00Q', 10)[:15]}'", "Adams"),
    (f"Id IN ('{generated('00Q', 10)}', '{generated('00Q', 12)[:15]}')", "Adams Clark"),
    (f"Id > '{generated('00Q', 13)}'", "Ümlaut"),
    ("Id NOT IN (SELECT LeadId FROM CampaignMember) AND Rank__c = 1", "Adams"),
    ("Id IN (SELECT LeadId FROM CampaignMember)", ""),
]


@pytest.mark.parametrize(("where", "names"), WHERE, ids=[w[0] for w in WHERE])
def test_conditions_find(where: str, names: str, api: User) -> None:
    rows = api.query(f"SELECT LastName FROM Lead WHERE {where} ORDER BY LastName")
    assert sorted(r["LastName"] for r in rows) == sorted(names.split())


@pytest.mark.parametrize(
    ("tail", "names"),
    [
        ("ORDER BY LastName", "Adams baker Clark O'Hara Ümlaut"),
        ("ORDER BY LastName DESC LIMIT 2", "Ümlaut O'Hara"),
        ("ORDER BY Rank__c", "Clark Ümlaut Adams baker O'Hara"),
        ("ORDER BY Rank__c NULLS LAST", "Ümlaut Adams baker O'Hara Clark"),
        ("ORDER BY Rank__c DESC", "Clark O'Hara baker Adams Ümlaut"),
        ("ORDER BY Rank__c DESC NULLS LAST", "O'Hara baker Adams Ümlaut Clark"),
        ("ORDER BY Company ASC, Rank__c DESC LIMIT 3", "Ümlaut baker Adams"),
        ("ORDER BY LastName LIMIT 2 OFFSET 1", "baker Clark"),
        ("ORDER BY Owner.Name, LastName LIMIT 1", "Adams"),
        ("LIMIT 0", ""),
    ],
)
def test_orders_and_cuts(tail: str, names: str, api: User) -> None:
    assert [r["LastName"] for r in api.query(f"SELECT LastName FROM Lead {tail}")] == names.split()


def test_count_alone_is_a_number(api: User) -> None:
    body = api("GET", "/query", params={"q": "SELECT COUNT() FROM Lead WHERE Rank__c > 0"}).json()
    assert body == {"totalSize": 3, "done": True, "records": []}


def test_groups_have_names_and_numbers(api: User) -> None:
    soql = (
        "SELECT Company, COUNT(Id), MAX(Rank__c) top, AVG(Rank__c) FROM Lead GROUP BY Company "
        "HAVING COUNT(Id) > 1 ORDER BY COUNT(Id) DESC"
    )
    marks = {"attributes": {"type": "AggregateResult"}}
    assert api.query(soql) == [{**marks, "Company": "Alpha", "expr0": 2, "top": 2, "expr1": 1.5}]


def test_aggregates_without_groups_are_one_row(api: User) -> None:
    soql = "SELECT COUNT(Id) n, SUM(Rank__c) s, MIN(LastName) a, COUNT_DISTINCT(Company) c, MAX(Day__c) d FROM Lead"
    (row,) = api.query(soql)
    assert (row["n"], row["s"], row["a"], row["c"], row["d"]) == (5, 5.5, "Adams", 4, "2026-11-22")


def test_groups_by_parts_of_dates(api: User) -> None:
    soql = "SELECT CALENDAR_MONTH(CreatedDate) m, COUNT(Id) n FROM Lead GROUP BY CALENDAR_MONTH(CreatedDate)"
    assert [(r["m"], r["n"]) for r in api.query(soql)] == [(10, 5)]


def test_parents_are_nested_and_children_are_lists(api: User) -> None:
    (account,) = api.query(
        "SELECT Id, Parent.Name, (SELECT LastName, Account.Name FROM Contacts), "
        "(SELECT Id FROM Opportunities) FROM Account"
    )
    assert account["Parent"] is None
    assert account["Opportunities"] is None
    assert (account["Contacts"]["totalSize"], account["Contacts"]["done"]) == (1, True)
    (contact,) = account["Contacts"]["records"]
    assert contact["attributes"] == {"type": "Contact", "url": f"/services/data/v62.0/sobjects/Contact/{CONTACT}"}
    assert contact["Account"]["Name"] == "Siemens AG"
    assert contact["Account"]["attributes"]["url"].endswith(ACCOUNT)


def test_a_polymorphic_parent_is_looked_up_by_its_id(api: User) -> None:
    api("POST", "/sobjects/Task", json={"WhoId": CONTACT, "Subject": "Call"}).raise_for_status()
    (task,) = api.query("SELECT Who.Name, Who.Email FROM Task WHERE Who.Name = 'Bob Sample'")
    assert task["Who"]["Email"] == "bob@siemens.example"
    assert task["Who"]["attributes"]["type"] == "Contact"


def test_fields_come_in_the_spelling_of_describe(api: User) -> None:
    (row,) = api.query("select lastname, OWNER.name, l.rank__c from lead l where LASTNAME = 'Adams'")
    assert list(row) == ["attributes", "LastName", "Owner", "Rank__c"]


def test_fields_all_stands_for_every_field(api: User) -> None:
    (row,) = api.query("SELECT FIELDS(ALL) FROM Lead WHERE LastName = 'Adams' LIMIT 1")
    assert {"Id", "LastName", "Rank__c", "SystemModstamp"} <= set(row)
    (row,) = api.query("SELECT FIELDS(CUSTOM) FROM Lead WHERE LastName = 'Adams' LIMIT 1")
    assert all(name.endswith("__c") for name in row if name != "attributes")


def test_addresses_are_built_from_their_parts(api: User) -> None:
    api("PATCH", f"/sobjects/Lead/{generated('00Q', 10)}", json={"City": "Ghent", "Country": "Belgium"})
    (row,) = api.query("SELECT Address FROM Lead WHERE City = 'Ghent'")
    assert (row["Address"]["city"], row["Address"]["country"], row["Address"]["street"]) == ("Ghent", "Belgium", None)


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Nope FROM Lead", "INVALID_FIELD", "No such column 'Nope' on entity 'Lead'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id FROM Leads", "INVALID_TYPE", "'Leads' is not supported"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        (
            "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed",
        ),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "must be of type string and should be enclosed"),
        ("SELECT Id FROM Lead WHERE Member__c = 'true'", "INVALID_FIELD", "boolean"),
        ("SELECT Id FROM Lead WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field"),
        ("SELECT Id FROM Lead WHERE Rank__c LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR", "invalid operator"),
        (
            "SELECT Id FROM Lead WHERE Rank__c = 1 AND LastName = 'a' OR LastName = 'b'",
            "MALFORMED_QUERY",
            "unexpected token: 'OR'",
        ),
        ("SELECT Id FROM Lead WHERE Member__c", "MALFORMED_QUERY", "unexpected end"),
        ("SELECT Id FROM Lead WHERE LastName = 'a", "MALFORMED_QUERY", "unclosed string"),
        ("SELECT Id FROM Lead; DROP TABLE Lead", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT * FROM Lead", "MALFORMED_QUERY", "unexpected token: '*'"),
        ("SELECT FROM Lead", "MALFORMED_QUERY", "unexpected"),
        ("SELECT Id Lead", "MALFORMED_QUERY", "unexpected"),
        ("SELECT Id FROM Lead FOR VIEW", "MALFORMED_QUERY", "FOR VIEW"),
        ("SELECT Id FROM Lead FOR UPDATE", "MALFORMED_QUERY", "FOR UPDATE"),
        ("SELECT Id FROM Lead ALL ROWS", "MALFORMED_QUERY", "ALL ROWS"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT LastName, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "must be grouped"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "LIMIT"),
        ("SELECT Id, (SELECT Id FROM Pets) FROM Account", "INVALID_TYPE", "Pets"),
        ("SELECT SUM(LastName) FROM Lead", "MALFORMED_QUERY", "aggregate operator"),
        ("SELECT FLOOR(Rank__c) FROM Lead", "MALFORMED_QUERY", "FLOOR"),
        ("", "MALFORMED_QUERY", "query string"),
    ],
)
def test_what_salesforce_refuses_is_refused(soql: str, code: str, text: str, api: User) -> None:
    error = api.refused(soql)
    assert error["errorCode"] == code
    assert text in error["message"]
    assert "fields" not in error


def test_pages_are_cut_and_gone_on_with_by_locator(sandbox: SalesforceSandbox, api: User) -> None:
    rows = [{"Id": generated("00Q", 1000 + n), "LastName": f"N{n}", "Company": "C"} for n in range(495)]
    sandbox.seed({"objects": {"Lead": rows}})
    options = {"Sforce-Query-Options": "batchSize=200"}
    first = api("GET", "/query", params={"q": "SELECT Id FROM Lead"}, headers=options).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (500, False, 200)
    assert first["nextRecordsUrl"].endswith("-200")
    path = first["nextRecordsUrl"].removeprefix("/services/data/v62.0")
    second = api("GET", path).json()
    last = api("GET", second["nextRecordsUrl"].removeprefix("/services/data/v62.0")).json()
    assert (len(second["records"]), len(last["records"]), last["done"]) == (200, 100, True)
    assert "nextRecordsUrl" not in last
    sandbox.clock.advance(3 * 24 * 3600)
    assert api("GET", path).status_code == 401  # the session ended long before


def test_an_expired_locator_says_so(sandbox: SalesforceSandbox, api: User) -> None:
    rows = [{"Id": generated("00Q", 1000 + n), "LastName": "N", "Company": "C"} for n in range(300)]
    sandbox.seed({"objects": {"Lead": rows}, "settings": {"locator_seconds": 60}})
    options = {"Sforce-Query-Options": "batchSize=200"}
    first = api("GET", "/query", params={"q": "SELECT Id FROM Lead"}, headers=options).json()
    sandbox.clock.advance(61)
    reply = api("GET", first["nextRecordsUrl"].removeprefix("/services/data/v62.0"))
    assert (reply.status_code, reply.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_column_metadata_is_told_on_request(api: User) -> None:
    body = api("GET", "/query", params={"q": "SELECT Id, LastName, Owner.Name FROM Lead", "columns": "true"}).json()
    assert (body["entityName"], body["keyPrefix"], body["idSelected"], body["groupBy"]) == ("Lead", "00Q", True, False)
    names = [(c["columnName"], [j["columnName"] for j in c["joinColumns"]]) for c in body["columnMetadata"]]
    assert names == [("Id", []), ("LastName", []), ("Owner", ["Name"])]


def test_the_recycle_bin_shows_in_query_all_only(api: User) -> None:
    api("DELETE", f"/sobjects/Lead/{generated('00Q', 10)}").raise_for_status()
    soql = {"q": "SELECT Id FROM Lead WHERE IsDeleted = TRUE"}
    assert api("GET", "/query", params=soql).json()["totalSize"] == 0
    assert api("GET", "/queryAll", params=soql).json()["totalSize"] == 1
