"""Which records are one person or one company."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadsync.identify import SINCE_BEFORE, Identity, Known, companies, company_key, implied_uid, people
from leadsync.records import Record, Ref, Value

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def known(ref: str, successor: str = "", **facts: Value) -> Known:
    after = Ref.parse(successor) if successor else None
    return Known(Record(Ref.parse(ref), {}, NOON, successor=after), facts)


def groups(found: list[Identity]) -> list[list[str]]:
    return sorted(sorted(str(k.record.ref) for k in identity.members) for identity in found)


def one(found: list[Identity]) -> Identity:
    (identity,) = found
    return identity


PEOPLE = [
    pytest.param(
        [known("a/p/1", email=" Ada@X.com"), known("b/l/1", email="ada@x.COM")], [["a/p/1", "b/l/1"]], id="one address"
    ),
    pytest.param(
        [known("a/p/1", email="ada@x.com", other_emails="ada@home.org;"), known("b/l/1", email="ada@home.org")],
        [["a/p/1", "b/l/1"]],
        id="a second address",
    ),
    pytest.param(
        [
            known("a/p/1", email="info@x.com", last_name="Lovelace"),
            known("b/l/1", email="info@x.com", last_name="Turing"),
        ],
        [["a/p/1"], ["b/l/1"]],
        id="an address that a team reads joins nobody of another name",
    ),
    pytest.param(
        [
            known("a/p/1", email="info@x.com", first_name="Bob", last_name="Müller"),
            known("b/l/1", email="info@x.com", first_name="Robert", last_name="Mueller"),
        ],
        [["a/p/1", "b/l/1"]],
        id="but it joins one name in two spellings",
    ),
    pytest.param(
        [known("b/l/1", successor="b/c/1", email="ada@old.com"), known("b/c/1", email="ada@new.com")],
        [["b/c/1", "b/l/1"]],
        id="a converted lead and its contact",
    ),
    pytest.param([known("a/p/1"), known("b/l/1")], [["a/p/1"], ["b/l/1"]], id="nothing known joins nothing"),
    pytest.param(
        [known("a/p/1", email="not an address"), known("b/l/1", email="not an address")],
        [["a/p/1"], ["b/l/1"]],
        id="garbage is no key",
    ),
]


@pytest.mark.parametrize(("records", "expected"), PEOPLE)
def test_people(records: list[Known], expected: list[list[str]]) -> None:
    assert groups(people(records, {})) == expected
    assert groups(people(reversed(records), {})) == expected


def test_an_identity_is_found_again_when_the_state_is_lost() -> None:
    first = people([known("a/p/1", email="ada@x.com")], {})
    again = people([known("b/l/7", email="ADA@x.com"), known("a/p/1", email="ada@x.com")], {})
    assert [identity.uid for identity in first] == [identity.uid for identity in again]


def test_one_person_stays_one_when_the_address_changes_on_one_side() -> None:
    before = people([known("a/p/1", email="ada@x.com"), known("b/l/1", email="ada@x.com")], {})
    uids = {k.record.ref: before[0].uid for k in before[0].members}
    after = people([known("a/p/1", email="ada@new.com"), known("b/l/1", email="ada@x.com")], uids)
    assert [identity.uid for identity in after] == [before[0].uid]


def test_the_id_a_record_carries_joins_it_and_what_a_person_typed_there_does_not() -> None:
    uid = people([known("a/p/1", email="ada@x.com")], {})[0].uid
    (found,) = people([known("a/p/1", email="ada@x.com"), known("b/l/1", leadsync_id=uid)], {})
    assert (found.uid, len(found.members)) == (uid, 2)
    assert len(people([known("a/p/1", leadsync_id="ask Bob"), known("b/l/1", leadsync_id="ask Bob")], {})) == 2


def test_evidence_is_told_for_good_although_records_are_known_as_one() -> None:
    records = [known("a/p/1", email="ada@x.com"), known("b/l/1", email="ada@x.com")]
    first = one(people(records, {}))
    ids: dict[str, Value] = {"email": "ada@x.com", "leadsync_id": first.uid}
    again = one(people([known("a/p/1", **ids), known("b/l/1", **ids)], dict.fromkeys(first.why, first.uid)))
    assert again.why == first.why
    moved = [known("a/p/1", **ids), known("b/l/1", email="ada@new.com")]
    assert set(one(people(moved, dict.fromkeys(first.why, first.uid))).why.values()) == {SINCE_BEFORE}


def test_namesakes_stay_apart_when_only_one_of_them_has_its_id_yet() -> None:
    """A run that was killed, or refused, between the two writes."""
    fresh = [known("a/c/1", name="Visa", domain="visa.com"), known("b/a/1", name="VISA", domain="visa.com")]
    uids = {k.record.ref: found.uid for found in companies(fresh, {}) for k in found.members}
    half = [known("a/c/1", name="Visa", domain="visa.com", leadsync_id=uids[Ref("a", "c", "1")]), fresh[1]]
    assert groups(companies(half, uids)) == [["a/c/1"], ["b/a/1"]]
    assert groups(companies(half, {})) == [["a/c/1"], ["b/a/1"]]


def test_a_company_that_only_leads_name_is_not_the_record_of_that_name() -> None:
    recorded = one(companies([known("a/c/1", name="Visa")], {}))
    assert implied_uid(company_key({"name": "Visa"})) != recorded.uid


def test_each_record_says_what_joined_it() -> None:
    (found,) = people([known("a/p/1", email="a@x.com"), known("b/l/1", email="a@x.com")], {})
    assert set(found.why.values()) == {"same e-mail address"}


COMPANIES = [
    pytest.param(
        [known("a/c/1", name="ACME GmbH", country="Germany"), known("b/a/1", name="Acme G.m.b.H.", country="DE")],
        [["a/c/1", "b/a/1"]],
        id="one name in two spellings",
    ),
    pytest.param(
        [known("a/c/1", name="Acme GmbH", country="DE"), known("b/a/1", name="Acme Ltd", country="GB")],
        [["a/c/1"], ["b/a/1"]],
        id="namesakes of two countries",
    ),
    pytest.param(
        [known("a/c/1", name="Acme GmbH", country="DE"), known("b/a/1", name="Acme AG", country="DE")],
        [["a/c/1"], ["b/a/1"]],
        id="namesakes of two legal forms",
    ),
    pytest.param(
        [
            known("a/c/1", name="Acme GmbH", country="DE", domain="acme.example"),
            known("b/a/1", name="Acme gmbh", domain="acme.example"),
        ],
        [["a/c/1", "b/a/1"]],
        id="a vague record joins the one that has its web domain",
    ),
    pytest.param(
        [
            known("a/c/1", name="Acme KGaA", country="DE", domain="acme-group.example"),
            known("b/a/1", name="Acme", domain="acme.example"),
        ],
        [["a/c/1"], ["b/a/1"]],
        id="a bare brand joins nobody",
    ),
    pytest.param(
        [
            known("a/c/1", name="Acme GmbH", country="DE"),
            known("a/c/2", name="Acme Ltd", country="GB"),
            known("b/a/1", name="Acme"),
        ],
        [["a/c/1"], ["a/c/2"], ["b/a/1"]],
        id="a vague record that fits two joins none",
    ),
    pytest.param(
        [
            known("a/c/1", name="Acme GmbH", country="DE", city="Köln"),
            known("b/a/1", name="Acme GmbH", country="DE", city="Berlin"),
            known("b/a/2", name="Acme GmbH", country="DE", city="KÖLN "),
        ],
        [["a/c/1", "b/a/2"], ["b/a/1"]],
        id="two sites of one company that one CRM keeps apart",
    ),
    pytest.param(
        [
            known("a/c/1", name="Acme GmbH", country="DE", city="Bonn"),
            known("b/a/1", name="Acme GmbH", country="DE", city="Berlin"),
            known("b/a/2", name="Acme GmbH", country="DE", city="Köln"),
            known("b/a/3", name="Acme GmbH", country="DE"),
        ],
        [["a/c/1"], ["b/a/1"], ["b/a/2"], ["b/a/3"]],
        id="a record of none of two sites, or nobody knows of which",
    ),
    pytest.param(
        [
            known("a/c/1", name="Acme GmbH", country="DE", city="Bonn"),
            known("b/a/1", name="Acme GmbH", country="DE", city="Berlin"),
            known("b/a/2", name="Acme GmbH", country="DE"),
        ],
        [["a/c/1", "b/a/1", "b/a/2"]],
        id="two CRMs may well know of two addresses",
    ),
]


@pytest.mark.parametrize(("records", "expected"), COMPANIES)
def test_companies(records: list[Known], expected: list[list[str]]) -> None:
    assert groups(companies(records, {})) == expected
    assert groups(companies(reversed(records), {})) == expected
