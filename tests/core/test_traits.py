"""What follows from a lead's facts."""

from __future__ import annotations

import unicodedata

import pytest

from leadsync.rulefiles.gates import value_key
from leadsync.traits import TRAITS, department, derive, industry_group, is_test_data, number, seniority

TITLES = {
    "c_level": [
        "CEO", "Chief Revenue Officer", "Managing Director", "Geschäftsführer (m/w)", "Co-Founder & CTO",
        "Directeur général", "Amministratore Delegato", "代表取締役社長", "Генеральный директор", "President",
    ],
    "vp": ["Vice President of Sales", "SVP Operations", "VP Eng", "副总裁", "Vice-Président Finance"],
    "director": [
        "Head of IT", "Director, Procurement", "Leiter Einkauf", "Vertriebsleiterin", "Chief of Staff", "销售总监",
        "Prokurist",
    ],
    "manager": ["Procurement Manager", "Teamleiterin Vertrieb", "AVP Risk", "Jefe de compras", "Team Lead", "팀장"],
    "individual": [
        "Software Engineer", "Account Manager", "Product Owner", "Assistant to the CEO", "International Sales",
        "Executive Assistant", "Buyer",
    ],
    "student": ["Student", "Werkstudentin Marketing", "Marketing Intern", "Stagiaire", "PhD candidate"],
}  # fmt: skip


@pytest.mark.parametrize(("rank", "title"), [(rank, title) for rank, titles in TITLES.items() for title in titles])
def test_a_title_claims_its_rank(rank, title):
    assert seniority(title) == rank


def test_no_title_claims_no_rank():
    assert seniority("") is None and seniority(" – ") is None


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Head of Purchasing", "procurement"), ("VP Marketing", "marketing"), ("Vertriebsleiter", "sales"),
        ("CFO", "finance"), ("CIO", "it"), ("Software Engineer", "engineering"), ("CEO", "management"),
        ("Legal Counsel", "legal"), ("Plant Manager", "operations"), ("Bäcker", None),
    ],
)  # fmt: skip
def test_a_title_names_its_department(title, expected):
    assert department(title) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1,200", 1200), ("1.200", 1200), ("1'200", 1200), ("201-500", 201), ("5000+", 5000), ("5k", 5000),
        ("EUR 3.5 m", 3_500_000), ("12.500,75", 12500.75), (12, 12), (1.5, 1.5), (None, None), (True, None),
        ("n/a", None), ("", None), ("about 3,500,000", 3_500_000),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_type_them(typed, expected):
    assert number(typed) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0.875", 0.875), ("0,125", 0.125), ("-0.250", -0.25), ("1234.567", 1234.567), ("12345.678", 12345.678),
        ("-5000", -5000), ("-1,200.50", -1200.5), ("EUR -3.5 m", -3_500_000), ("\u2212 5", 5), ("\u22125", -5),
        ("1.5E7", 15_000_000), ("1e-3", 0.001), ("1-10", 1), ("Band-5000", 5000), ("1.2 Mrd", 1_200_000_000),
        ("12.500", 12_500), ("1.234.567", 1_234_567),
    ],
)  # fmt: skip
def test_numbers_are_read_as_a_crm_writes_those_of_a_field_without_a_type(written, expected):
    assert number(written) == expected


@pytest.mark.parametrize(
    ("industry", "expected"),
    [
        ("COMPUTER_SOFTWARE", "software"), ("Technology", "software"), ("BANKING", "finance"),
        ("Food & Beverage", "food"), ("Not For Profit", "public"), ("Other", None),
    ],
)  # fmt: skip
def test_both_crms_industries_fall_into_one_group(industry, expected):
    assert industry_group(industry) == expected


def test_traits_follow_from_the_facts():
    facts = {
        "email": " Ada@Example.edu ", "job_title": "VP Procurement", "employees": "1,200", "annual_revenue": "5 m",
        "industry": "BANKING", "company_name": "Acme", "phone": "+1 555 0100 200",
    }  # fmt: skip
    assert derive(facts) == {
        "email_domain": "example.edu", "email_is_free": False, "email_is_role": False, "email_is_academic": True,
        "seniority": "vp", "department": "procurement", "employees": 1200, "annual_revenue": 5_000_000,
        "industry_group": "finance", "is_test_data": False, "has_phone": True, "has_company": True,
    }  # fmt: skip


def test_what_the_facts_do_not_tell_is_unknown_and_not_false():
    traits = derive({})
    assert tuple(traits) == TRAITS
    assert {name for name, value in traits.items() if value is not None} == {"is_test_data", "has_phone", "has_company"}
    assert derive({"employees": 0})["employees"] == 0


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"first_name": "test", "last_name": "Test"}, True),
        ({"first_name": "Tess", "last_name": "Tester"}, False),
        ({"email": "asdf@acme.example"}, True),
        ({"email": "ada@mailinator.com"}, True),
        ({"first_name": "Ada", "last_name": "Foo"}, False),
        ({}, False),
    ],
)
def test_entries_made_to_try_something_are_recognised(facts, expected):
    assert is_test_data(facts) is expected


def test_letters_and_their_accents_apart_are_read_as_together():
    """As files made on a Mac have them."""
    title = unicodedata.normalize("NFD", "Geschäftsführer")
    assert title != "Geschäftsführer" and seniority(title) == "c_level"
    assert value_key(unicodedata.normalize("NFD", "Zürich")) == value_key("ZÜRICH")
