"""The CRMs' seed: the same bytes in every run, records that fit together, and every kind of oddity."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tools.make_seed.companies import load
from tools.make_seed.ids import form_guid, with_suffix
from tools.make_seed.people import SENIOR
from tools.make_seed.spelling import SHORT_TITLES
from tools.make_seed.write import files

ROOT = Path(__file__).parents[2]
TEXTS = files()
HUBSPOT: dict[str, Any] = json.loads((ROOT / "connectors/hubspot/leadsync_hubspot/seeds/demo.json").read_text("utf-8"))
SALESFORCE: dict[str, Any] = json.loads(
    (ROOT / "connectors/salesforce/leadsync_salesforce/seeds/demo.json").read_text("utf-8")
)
TRUTH: dict[str, Any] = json.loads((Path(__file__).parent / "truth.json").read_text("utf-8"))
ANCHOR = datetime.fromisoformat("2026-11-01T00:00:00+00:00")
CONTACTS = {row["id"]: row["properties"] for row in HUBSPOT["objects"]["contacts"]}
LEADS = {row["Id"]: row for row in SALESFORCE["objects"]["Lead"]}
SF_CONTACTS = {row["Id"]: row for row in SALESFORCE["objects"]["Contact"]}
KINDS = {
    "no e-mail", "broken e-mail", "test record", "phone garbage", "300-character title", "HTML in a field",
    "HTML entity in a company's name", "emoji", "leading and trailing blanks", "duplicate within HubSpot",
    "duplicate within Salesforce", "role address shared by different people", "country in the wrong language",
    "names in the wrong field", "name in another script", "company's name in capitals",
    "company's name with a typing error", "company's name with a city", "no company", "opted out",
    "breaks a validation rule", "converted", "regular",
}  # fmt: skip


@pytest.mark.parametrize("path", TEXTS)
def test_making_the_seed_again_gives_the_same_bytes(path: str) -> None:
    assert (ROOT / path).read_bytes() == TEXTS[path].encode()


def test_numbers_of_records_are_those_of_a_small_company() -> None:
    hubspot = {kind: len(rows) for kind, rows in HUBSPOT["objects"].items()}
    salesforce = {kind: len(rows) for kind, rows in SALESFORCE["objects"].items()}
    assert 280 <= hubspot["contacts"] <= 320
    assert 100 <= hubspot["companies"] <= 125
    assert 280 <= salesforce["Lead"] + salesforce["Contact"] <= 330
    assert salesforce["Contact"] >= 75
    assert 85 <= salesforce["Account"] <= 110
    assert salesforce["Campaign"] >= 12
    assert 400 <= salesforce["CampaignMember"] <= 600


def test_two_in_five_people_or_more_are_in_both_systems() -> None:
    in_both = [p for p in TRUTH["people"].values() if _sides(p) == {"hubspot", "salesforce"}]
    assert 0.40 <= len(in_both) / len(CONTACTS) <= 0.50


def _sides(person: dict[str, Any]) -> set[str]:
    return {ref.partition("/")[0] for ref in person["records"]}


def test_every_kind_of_oddity_is_there() -> None:
    assert {person["kind"] for person in TRUTH["people"].values()} == KINDS
    links = {person["link"] for person in TRUTH["people"].values()}
    assert links >= {"e-mail", "second e-mail", "conversion", "alone", "name and phone only"}


def test_companies_are_typed_in_every_way() -> None:
    reasons = {company.why for company in load()}
    assert reasons >= {
        "legal form abbreviated", "typing error", "city appended", "all capitals", "previous name",
        "subsidiary that uses the parent's domain", "a branch, not its head office", "not in the register",
        "brand only, no country", "two of this name in one country", "a competitor, not in the register",
        "a university, not in the register", "merged: the successor's LEI",
    }  # fmt: skip
    assert any(re.search(r"@(gmail|outlook|gmx|web|yahoo|hotmail)\.", p.get("email", "")) for p in CONTACTS.values())


# ids and references


def test_salesforce_ids_have_their_check_suffix() -> None:
    ids = [row["Id"] for rows in SALESFORCE["objects"].values() for row in rows]
    assert len(ids) == len(set(ids))
    assert all(len(ident) == 18 and with_suffix(ident[:15]) == ident for ident in ids)


def test_the_check_suffix_is_salesforces_own() -> None:
    assert with_suffix("001D000000IqhSL") == "001D000000IqhSLIAZ"


def test_salesforce_references_lead_to_records() -> None:
    known = {row["Id"] for rows in SALESFORCE["objects"].values() for row in rows}
    names = ("AccountId", "OwnerId", "LeadId", "ContactId", "CampaignId", "ConvertedContactId", "ConvertedAccountId")
    rows = [row for rows in SALESFORCE["objects"].values() for row in rows]
    assert {row[name] for row in rows for name in names if name in row} <= known
    for member in SALESFORCE["objects"]["CampaignMember"]:
        assert ("LeadId" in member) != ("ContactId" in member)


def test_a_campaign_has_a_person_once() -> None:
    members = SALESFORCE["objects"]["CampaignMember"]
    pairs = Counter((row["CampaignId"], row.get("LeadId", row.get("ContactId"))) for row in members)
    assert set(pairs.values()) == {1}


def test_hubspot_associations_and_submissions_lead_to_records() -> None:
    known = {(kind, row["id"]) for kind, rows in HUBSPOT["objects"].items() for row in rows}
    ends = [((a, one), (b, two)) for a, one, b, two in HUBSPOT["associations"]]
    assert {end for pair in ends for end in pair} <= known
    assert len(ends) == len(set(ends))
    forms = {form["guid"] for form in HUBSPOT["forms"]}
    assert {row["form"] for row in HUBSPOT["submissions"]} <= forms


def test_every_submission_is_some_contacts() -> None:
    addresses = {p[name] for p in CONTACTS.values() for name in ("email", "hs_additional_emails") if name in p}
    typed = [row["email"] for row in HUBSPOT["submissions"]]
    assert {email.strip().lower() for email in typed} <= addresses
    assert any(email != email.strip() for email in typed)
    assert any(email != email.lower() for email in typed)


def test_hubspot_has_each_address_once_and_in_lower_case() -> None:
    found = [p[name] for p in CONTACTS.values() for name in ("email", "hs_additional_emails") if name in p]
    assert len(found) == len(set(found))
    assert [email for email in found if email != email.lower().strip()] == []


# times


def _times(data: Any) -> Iterator[datetime]:
    match data:
        case dict():
            for value in data.values():
                yield from _times(value)
        case list():
            for value in data:
                yield from _times(value)
        case str() if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", data):
            yield datetime.fromisoformat(data)


@pytest.mark.parametrize("section", [HUBSPOT, SALESFORCE], ids=["HubSpot", "Salesforce"])
def test_nothing_is_later_than_the_anchor_and_dates_have_times(section: dict[str, Any]) -> None:
    assert section["anchor"] == "2026-11-01T00:00:00Z"
    times = list(_times(section))
    assert len(times) > 1000
    assert max(times) <= ANCHOR + timedelta(minutes=30)  # a meeting may end after it
    assert min(times) >= ANCHOR - timedelta(days=1000)
    assert not re.search(r'"\d{4}-\d\d-\d\d"', json.dumps(section))


def test_modified_times_differ_but_for_one_import() -> None:
    for rows, name in ((HUBSPOT["objects"]["contacts"], "updatedAt"), (list(LEADS.values()), "SystemModstamp")):
        (_, most), (_, second) = Counter(row[name] for row in rows).most_common(2)
        assert most >= 20
        assert second <= 2


def test_records_are_modified_after_they_were_made() -> None:
    assert all(row["createdAt"] <= row["updatedAt"] for rows in HUBSPOT["objects"].values() for row in rows)
    assert all(row["CreatedDate"] <= row["SystemModstamp"] for rows in SALESFORCE["objects"].values() for row in rows)


# what a sync will do with it


def test_only_the_leads_named_in_the_truth_break_the_validation_rule() -> None:
    (rule,) = SALESFORCE["validation_rules"]
    assert rule["violated_when"] == "Industry = null AND Status = 'Working - Contacted'"
    broken = [
        f"salesforce/Lead/{lead['Id']}"
        for lead in LEADS.values()
        if "Industry" not in lead and lead["Status"] == "Working - Contacted"
    ]
    assert sorted(broken) == sorted(TRUTH["rejected"])
    assert len(broken) == 2


def test_salesforce_fields_are_as_long_as_salesforce_allows() -> None:
    longest = {"FirstName": 40, "LastName": 80, "Title": 128, "Phone": 40, "Company": 255, "City": 40, "Country": 80}
    people = [*LEADS.values(), *SF_CONTACTS.values()]
    assert all(len(row[name]) <= size for row in people for name, size in longest.items() if name in row)
    assert all({"LastName", "Company", "Status"} <= row.keys() for row in LEADS.values())


def test_what_salesforce_would_refuse_is_in_hubspot_alone() -> None:
    for person in TRUTH["people"].values():
        fields = [CONTACTS[ref.rpartition("/")[2]] for ref in person["records"] if ref.startswith("hubspot/")]
        if any(len(p.get("jobtitle", "")) > 128 or not _valid(p.get("email", "a@b.example")) for p in fields):
            assert _sides(person) == {"hubspot"}


def _valid(email: str) -> bool:
    return re.fullmatch(r"[^@\s()]+@(?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,}", email) is not None


def test_a_converted_lead_names_the_contact_of_the_same_person() -> None:
    owner = {ref: key for key, person in TRUTH["people"].items() for ref in person["records"]}
    converted = [lead for lead in LEADS.values() if lead.get("IsConverted")]
    assert len(converted) >= 5
    for lead in converted:
        assert owner[f"salesforce/Lead/{lead['Id']}"] == owner[f"salesforce/Contact/{lead['ConvertedContactId']}"]


def test_a_few_dozen_leads_are_clearly_good() -> None:
    since = (ANCHOR - timedelta(days=14)).isoformat()
    demo = form_guid("Request a demo")
    asked = {
        s["email"].strip().lower() for s in HUBSPOT["submissions"] if s["form"] == demo and s["submittedAt"] > since
    }
    senior = set(SENIOR) | set(SHORT_TITLES.values())
    keen = [p for p in CONTACTS.values() if p.get("email") in asked and p.get("jobtitle") in senior]
    assert 25 <= len(keen) <= 40


def test_some_good_leads_are_unknown_to_salesforce_and_have_what_a_lead_needs() -> None:
    demo = form_guid("Request a demo")
    asked = {row["email"].strip().lower() for row in HUBSPOT["submissions"] if row["form"] == demo}
    alone = {
        ref.rpartition("/")[2] for p in TRUTH["people"].values() if _sides(p) == {"hubspot"} for ref in p["records"]
    }
    good = [CONTACTS[ident] for ident in alone if CONTACTS[ident].get("email") in asked]
    assert len(good) >= 8
    assert all(p["lastname"] and p["company"] for p in good if p.get("lifecyclestage") == "lead")


# the truth


def test_each_persons_record_belongs_to_one_person() -> None:
    refs = [ref for person in TRUTH["people"].values() for ref in person["records"]]
    known = [f"hubspot/contacts/{ident}" for ident in CONTACTS]
    known += [f"salesforce/Lead/{ident}" for ident in LEADS]
    known += [f"salesforce/Contact/{ident}" for ident in SF_CONTACTS]
    assert sorted(refs) == sorted(known)


def test_an_address_is_one_persons_but_for_the_shared_ones() -> None:
    owner = {ref: key for key, person in TRUTH["people"].items() for ref in person["records"]}
    holders: dict[str, set[str]] = {}
    for ident, p in CONTACTS.items():
        for name in {"email", "hs_additional_emails"} & p.keys():
            holders.setdefault(p[name], set()).add(owner[f"hubspot/contacts/{ident}"])
    for kind, rows in (("Lead", LEADS), ("Contact", SF_CONTACTS)):
        for ident, row in rows.items():
            if "Email" in row:
                holders.setdefault(row["Email"].strip().lower(), set()).add(owner[f"salesforce/{kind}/{ident}"])
    shared = {email for email, people in holders.items() if len(people) > 1}
    assert shared == {"info@brindlecote.example", "sales@tolvanmark.example"}


def test_people_said_to_share_an_address_do() -> None:
    for key, person in TRUTH["people"].items():
        if person["link"] in {"e-mail", "second e-mail"}:
            assert len({address for ref in person["records"] for address in _addresses(ref)}) <= 2, key


def _addresses(ref: str) -> set[str]:
    side, kind, ident = ref.split("/")
    if side == "hubspot":
        return {CONTACTS[ident][name] for name in ("email", "hs_additional_emails") if name in CONTACTS[ident]}
    return {(LEADS if kind == "Lead" else SF_CONTACTS)[ident]["Email"].strip().lower()}


def test_each_record_has_a_right_answer_and_its_lei_is_in_the_register() -> None:
    register = {line.split(",")[0].strip('"') for line in TEXTS[_lei2()].splitlines()[1:]}
    assert {answer["lei"] for answer in TRUTH["companies"].values()} - {None} <= register
    companies = [f"hubspot/companies/{row['id']}" for row in HUBSPOT["objects"]["companies"]]
    companies += [f"salesforce/Account/{row['Id']}" for row in SALESFORCE["objects"]["Account"]]
    people = [ref for person in TRUTH["people"].values() for ref in person["records"]]
    assert sorted(TRUTH["companies"]) == sorted(companies + people)


def _lei2() -> str:
    return next(path for path in TEXTS if path.endswith("lei2.csv"))


def test_invented_companies_and_bare_brands_have_no_lei() -> None:
    for company in load():
        if company.invented or company.why.startswith("brand only"):
            assert company.lei == "", company.key
    assert sum(company.lei == "" for company in load()) >= 30
