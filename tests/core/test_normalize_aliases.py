"""Texts that hold two names of one company."""

from __future__ import annotations

import pytest

from leadsync.normalize.aliases import first_name, two_names
from leadsync.records import CompanyQuery, LegalEntity
from leadsync.resolve import ResolveSettings, resolve

BOTH = [
    ("INVESTIS FIDUCIARIA (E DI REVISIONE) S.P.A. O, IN BREVE, INVESTIS S.P.A.",
     "INVESTIS FIDUCIARIA (E DI REVISIONE) S.P.A.", "INVESTIS S.P.A."),
    ('FIDOR SPA - ORAFI (IN FORMA ABBREVIATA "FIDOR S.P.A. ")', "FIDOR SPA - ORAFI", "FIDOR S.P.A."),
    ('"COMPAGNIA BELLUNESE SPA" SIGLABILE "C.E.B. SPA"', "COMPAGNIA BELLUNESE SPA", "C.E.B. SPA"),
    ("Ostland Finance Ltd t/a Ostland Loans", "Ostland Finance Ltd", "Ostland Loans"),
    ("OSTLAND BANK SH. A. (FORMERLY FEFAD BANK)", "OSTLAND BANK SH. A.", "FEFAD BANK"),
    ("Ostland Bank (formerly known as Fefad), Madrid Branch", "Ostland Bank, Madrid Branch", "Fefad"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "name", "other"), BOTH, ids=[b[0] for b in BOTH])
def test_two_names_are_told_apart(text, name, other):
    assert two_names(text) == (name, other)
    assert first_name(text) == name


@pytest.mark.parametrize("text", ["DBA Advisors Limited", "Alfheim Trading AS", "Formerly Ltd", "Breve Srl", ""])
def test_what_only_looks_like_a_mark_is_part_of_the_name(text):
    assert two_names(text) is None
    assert first_name(text) == text


@pytest.mark.parametrize("typed", ["Vaiano Costruzioni SpA", "Vaico Spa"])
def test_a_company_is_known_by_either_of_its_registered_names(typed):
    entity = LegalEntity("V", "Vaiano Costruzioni Societa' per azioni in forma abbreviata Vaico S.p.A.", "IT")
    match = resolve(CompanyQuery(typed, "IT"), [entity], ResolveSettings(threshold=0.0))
    assert match.evidence[0].startswith("name equal")


def test_a_former_name_in_brackets_is_no_part_of_the_asked_one():
    entity = LegalEntity("O", "Ostland Sparbank AG", "AT")
    match = resolve(CompanyQuery("Ostland Sparbank AG (formerly Fefad Bank)", "AT"), [entity], ResolveSettings())
    assert match.lei == "O"
