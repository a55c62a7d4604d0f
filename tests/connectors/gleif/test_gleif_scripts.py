"""Names in other scripts are found as they are typed elsewhere, and funds do not hide companies."""

from __future__ import annotations

import pytest
from tests.connectors.gleif.rows import A, B, C, D, lei2

from leadsync.records import CompanyQuery
from leadsync.resolve import ResolveSettings, resolve

TYPED = [
    ("Aoba Heavy Industries, Ltd.", "青葉重工業株式会社", "JP"),
    ("Adovantest Corporation", "株式会社アドバンテスト", "JP"),
    ("Bank of Changsha Co., Ltd.", "长沙银行股份有限公司", "CN"),
    ("Shen Yang Precision Machinery", "沈阳精密机械有限公司", "CN"),
    ("Hanbit Electronics", "한빛전자 주식회사", "KR"),
    ("Kargo Er EOOD", "КАРГО ЕР ЕООД", "BG"),
    ("Cargo Air Ltd", "КАРГО ЕР", "BG"),
    ("Bank of Piraeus SA", "ΤΡΑΠΕΖΑ ΠΕΙΡΑΙΩΣ Α.Ε.", "GR"),
    ("Bangkok Insurance PCL", "บริษัท กรุงเทพประกันภัย จำกัด (มหาชน)", "TH"),
    ("Gulf International Bank", "بنك الخليج الدولي ش.م.ب", "BH"),
    ("Bank Yahav Ltd", 'בנק יהב בע"מ', "IL"),
]


@pytest.mark.parametrize(("typed", "registered", "country"), TYPED, ids=[f"{t[0]}: {t[1]}" for t in TYPED])
def test_a_company_is_found_under_its_name_in_latin_letters(index_of, typed, registered, country) -> None:
    index = index_of({"lei2": [lei2(A, registered, country), lei2(B, "Northern Timber Ltd", "GB")]})
    found = index.candidates([CompanyQuery(typed, country)])[0]
    assert [entity.lei for entity in found][:1] == [A]


def test_a_name_as_registered_is_found_in_its_own_script(index_of) -> None:
    index = index_of({"lei2": [lei2(A, "青葉重工業株式会社", "JP"), lei2(B, "青葉食品株式会社", "JP")]})
    found = index.candidates([CompanyQuery("青葉重工業", "JP")])[0]
    assert found[0].lei == A


def test_the_head_of_a_group_is_found_without_the_word_group(index_of) -> None:
    index = index_of({"lei2": [lei2(A, "SOLVANTE SA", "FR"), lei2(B, "Groupe Nordique SA", "FR")]})
    assert index.candidates([CompanyQuery("Groupe Solvante", "FR")])[0][0].lei == A


def test_funds_branches_and_trusts_do_not_swallow_the_company_of_their_name(index_of) -> None:
    rows = [
        lei2(A, "Ostmark Global Equity Fund", "LU", category="FUND"),
        lei2(B, "Ostmark Kapital AG", "DE"),
        lei2(C, "Ostmark Kapital AG, London Branch", "GB", category="BRANCH"),
        lei2(D, "Ostmark Kapital Pension Trust", "DE", category="FUND"),
    ]
    index = index_of({"lei2": rows})
    query = CompanyQuery("Ostmark Kapital AG", "DE")
    assert resolve(query, index.candidates([query])[0], ResolveSettings()).lei == B
