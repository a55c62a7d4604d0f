"""SOQL building: names are names, and every value is exactly one literal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsync_salesforce.query import Key, among, changed, identifier, literal, select
from leadsync_salesforce.sandbox.soql.tokens import tokens, unescape


@pytest.mark.parametrize("name", ["Id", "Owner.Name", "LeadSync_Score__c", "A__r.B__r.C__c"])
def test_a_field_name_passes(name: str) -> None:
    assert identifier(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "1a",
        "a b",
        "a'b",
        "a)",
        "Id FROM User",
        "a..b",
        ".a",
        "a.",
        "é",
        "a\n",
        "x" * 81,
        "(SELECT Id FROM Contacts)",
    ],
)
def test_what_could_be_more_than_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a Salesforce field"):
        identifier(name)


@settings(max_examples=500, deadline=None)
@given(st.text())
def test_any_text_is_exactly_one_literal_that_reads_back_the_same(text: str) -> None:
    found = tokens(f"Name = {literal(text)}")
    assert [t.kind for t in found] == ["name", "operator", "string", "end"]
    assert unescape(found[2].text) == text.replace("\0", "")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        literal(value)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        literal(datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (1.5, "1.5"),
        ("O'Hara", r"'O\'Hara'"),
        (datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, timezone(timedelta(hours=2))), "2026-01-02T01:04:05.000Z"),
    ],
)
def test_values_become_soql_constants(value: object, text: str) -> None:
    assert literal(value) == text  # type: ignore[arg-type]


def test_a_page_begins_behind_its_key_and_ends_at_the_pulls_start() -> None:
    key = Key("2026-01-01T00:00:00.000Z", "00Q000000000001AAA")
    assert changed("Lead", ["Id", "Id", "Name"], after=key, until="2026-02-01T00:00:00.000Z") == (
        "SELECT Id, Name FROM Lead WHERE (SystemModstamp > 2026-01-01T00:00:00.000Z OR "
        "(SystemModstamp = 2026-01-01T00:00:00.000Z AND Id > '00Q000000000001AAA')) AND "
        "SystemModstamp <= 2026-02-01T00:00:00.000Z ORDER BY SystemModstamp, Id LIMIT 2000"
    )


def test_a_first_pull_has_no_condition() -> None:
    assert changed("Lead", ["Id"]) == "SELECT Id FROM Lead ORDER BY SystemModstamp, Id LIMIT 2000"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=300))
def test_lists_are_cut_so_that_each_query_fits_a_url(values: list[str]) -> None:
    conditions = list(among("Email", values))
    assert all(len(quote(select("Lead", ["Id"], c))) < 16_384 * 4 for c in conditions)
    found = [t for c in conditions for t in tokens(c) if t.kind == "string"]
    assert [unescape(t.text) for t in found] == [v.replace("\0", "") for v in dict.fromkeys(values)]
