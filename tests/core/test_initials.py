"""Companies asked for by their initials: which letters those are, and what they are worth as evidence."""

from __future__ import annotations

import pytest

from leadsync.normalize.company import split_name
from leadsync.normalize.initials import initials, short_name
from leadsync.records import Address, CompanyQuery, LegalEntity
from leadsync.resolve import ResolveSettings, resolve

SETTINGS = ResolveSettings()
BBVA = LegalEntity("B", "BANCO BILBAO VIZCAYA ARGENTARIA SOCIEDAD ANONIMA", "ES")
OTHER = LegalEntity("O", "Bodegas Benito Vinos Aranda S.L.", "ES")

NAMES = [
    ("BANCO BILBAO VIZCAYA ARGENTARIA SOCIEDAD ANONIMA", "ES", ("bbva",)),
    ("Bayerische Motoren Werke Aktiengesellschaft", "DE", ("bmw",)),
    ("The Institute of Chartered Accountants of Scotland", "GB", ("iocaos", "icas")),
    ("Österreichische Erdöl Union GmbH", "AT", ("oeu",)),
    ("Публичное акционерное общество Банк Развития Регионов", "RU", ("brr",)),
    ("Siemens AG", "DE", ()),
    ("Area 51 Research", "US", ()),
    ("A Very Long Name Of Far Too Many Words Ltd", "GB", ()),
]


@pytest.mark.parametrize(("name", "country", "letters"), NAMES, ids=[n[0] for n in NAMES])
def test_initials_are_of_the_words_without_the_form_with_and_without_small_words(name, country, letters):
    assert initials(split_name(name, country)[0]) == letters


STANDS_FOR = [
    ("bbva", "banco bilbao vizcaya argentaria", True),
    ("rbs international", "royal bank of scotland international", True),
    ("bmw group", "bayerische motoren werke", True),
    ("dsb bank", "de surinaamsche bank", True),
    ("cla", "la compagnie lyonnaise d assurances", True),
    ("bbva", "", False),
    ("itp aero", "industria de turbo propulsores", False),
    ("bb", "banco bilbao", False),
    ("banco", "banco alto norte costa oeste", False),
    ("bbva", "bbva banco bilbao vizcaya argentaria", False),
]


@pytest.mark.parametrize(("asked", "found", "does"), STANDS_FOR, ids=[f"{s[0]} for {s[1]}" for s in STANDS_FOR])
def test_a_name_stands_for_another_by_initials_only_with_all_its_other_words(asked, found, does):
    assert short_name(asked.split(), {"group"}).stands_for(found.split()) is does


def ask(name: str, *candidates: LegalEntity, country: str = "ES", **more):
    return resolve(CompanyQuery(name, country, **more), candidates, SETTINGS)


def test_the_only_entity_of_those_initials_is_shown_and_said_but_never_answered():
    match = ask("BBVA", BBVA)
    assert match.status == "none"
    assert match.candidates[0][0] == "B"
    assert match.confidence == pytest.approx(0.4)
    assert match.evidence[1:3] == (
        "BBVA: the initials of BANCO BILBAO VIZCAYA ARGENTARIA SOCIEDAD ANONIMA",
        "the only one of them in ES",
    )


def test_who_shares_the_initials_halves_what_they_are_worth():
    match = ask("BBVA", BBVA, OTHER)
    assert match.lei == ""
    assert {c[0] for c in match.candidates} == {"B", "O"}
    assert [c[3] for c in match.candidates] == [0.2, 0.2]
    assert "1 other of them in ES" in match.evidence


@pytest.mark.parametrize(
    "more", [{"city": "Bilbao"}, {"domain": "bbva.com"}, {}], ids=["city", "domain", "nothing else"]
)
def test_initials_alone_are_no_answer_with(more):
    there = LegalEntity("B", BBVA.name, "ES", legal=Address("ES", city="Bilbao"))
    assert ask("BBVA", there, **more).lei == ""


def test_initials_in_another_country_or_without_one_say_nothing():
    for country in ("PT", ""):
        match = ask("BBVA", BBVA, country=country)
        assert not any("initials" in said for said in match.evidence)


def test_initials_say_nothing_where_somebody_in_the_country_has_them_as_a_name():
    match = ask("BBVA", LegalEntity("N", "BBVA S.A.", "ES"), BBVA)
    assert match.candidates[0][0] == "N"
    assert not any("initials" in said for said in match.evidence)
    assert next(c[3] for c in match.candidates if c[0] == "B") < 0.1


@pytest.mark.parametrize("word", ["Air", "Bank", "Inc"])
def test_a_word_that_many_names_have_is_no_initials(word):
    name = " ".join(f"{letter}olumban" for letter in word)
    assert not any("initials" in said for said in ask(word, LegalEntity("C", name, "ES")).evidence)
    assert any("initials" in said for said in ask(f"X{word}", LegalEntity("C", f"Xavier {name}", "ES")).evidence)


def test_an_alternative_name_has_initials_too():
    renamed = LegalEntity(
        "I", "中国工商银行股份有限公司", "CN", other_names=(("Industrial Commercial Bank China", "TRADING"),)
    )
    assert "ICBC: the initials of Industrial Commercial Bank China" in ask("ICBC", renamed, country="CN").evidence
