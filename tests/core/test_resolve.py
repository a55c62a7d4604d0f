"""Which legal entity a company is: when the resolver answers, when it refuses, and what it says about it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from leadsync.records import Address, CompanyQuery, LegalEntity
from leadsync.resolve import Decision, Decisions, ResolveSettings, Verdict, resolve, resolve_all
from leadsync.resolve.features import FEATURES
from leadsync.resolve.judge import Means
from leadsync.resolve.model import read_model

SETTINGS = ResolveSettings()


def entity(lei: str, name: str, country: str = "DE", **more) -> LegalEntity:
    return LegalEntity(lei, name, country, **more)


def ask(name: str, *candidates: LegalEntity, country: str = "DE", **more):
    return resolve(CompanyQuery(name, country, **more), candidates, SETTINGS)


MUELLER = entity("M", "Müller Maschinenbau GmbH")
SIEMENS = entity("S", "Siemens Aktiengesellschaft")
BELGIAN_SIEMENS = entity("B", "SIEMENS", "BE")


def test_a_name_equal_but_for_the_spelling_of_its_form_is_matched_with_evidence():
    match = ask("MUELLER MASCHINENBAU Gesellschaft mit beschränkter Haftung", MUELLER)
    assert (match.status, match.lei, match.country) == ("matched", "M", "DE")
    assert match.evidence[0] == "name equal but for spelling"
    assert "country equal (DE)" in match.evidence
    assert "only entity of that name in DE" in match.evidence


def test_a_missing_form_is_no_obstacle_where_the_country_agrees():
    match = ask("Müller Maschinenbau", MUELLER)
    assert match.lei == "M"
    assert "name equal but for the legal form" in match.evidence


def test_the_namesake_abroad_does_not_swallow_the_company():
    match = ask("Siemens AG", BELGIAN_SIEMENS, SIEMENS)
    assert match.lei == "S"


@pytest.mark.parametrize("name", ["Siemens", "VISA", "Total"], ids=lambda n: f"{n} alone is nobody's")
def test_a_bare_brand_without_country_gets_no_answer_even_with_its_domain(name):
    candidates = [entity("1", name.upper(), "FR"), entity("2", f"{name} Inc.", "US")]
    for domain in ("", f"{name.lower()}.com"):
        match = ask(name, *candidates, country="", domain=domain)
        assert match.lei == ""
        assert match.status in {"none", "ambiguous"}


def test_two_namesakes_in_one_country_are_ambiguous_and_both_are_shown():
    match = ask("futura s.r.l.", entity("F1", "FUTURA S.R.L.", "IT"), entity("F2", "Futura Srl", "IT"), country="IT")
    assert match.status == "ambiguous"
    assert match.lei == ""
    assert {c[0] for c in match.candidates} == {"F1", "F2"}
    assert match.evidence[0].startswith("cannot be told apart from")


def test_a_twin_that_has_ceased_is_no_rival_of_the_living_one():
    living = entity("L", "FUTURA S.R.L.", "IT")
    ceased = entity("C", "FUTURA S.R.L.", "IT", status="INACTIVE", registration="RETIRED")
    assert ask("Futura s.r.l.", ceased, living, country="IT").lei == "L"


def test_the_city_tells_namesakes_apart():
    rome = entity("F1", "FUTURA S.R.L.", "IT", legal=Address("IT", city="Roma"))
    turin = entity("F2", "FUTURA S.R.L.", "IT", legal=Address("IT", city="Torino"))
    match = ask("Futura srl", rome, turin, country="IT", city="Torino")
    assert match.candidates[0][0] == "F2"
    assert match.candidates[0][3] > match.candidates[1][3]
    assert "city equal (Torino)" in match.evidence


def test_an_unlike_name_is_refused_with_the_reason():
    match = ask("Kone Kuljetus Lehtola Oy", entity("K", "KONE OYJ", "FI"), country="FI", city="Espoo")
    assert match.status == "none"
    assert "needed" in match.evidence[0]
    assert any("only in the query: kuljetus lehtola" in text for text in match.evidence)


def test_no_candidates_and_no_name_are_said_as_such():
    assert ask("Nobody Knows GmbH").evidence == ("no entity of a similar name",)
    assert ask("").evidence == ("no name to go by",)
    assert ask("Holding GmbH", entity("H", "Holding GmbH")).evidence == ("the name says too little to look for",)


def test_a_fund_does_not_swallow_its_namesake_company():
    fund = entity("F", "Allianz Strategiefonds Wachstum", category="FUND")
    company = entity("A", "Allianz SE")
    assert ask("Allianz SE", fund, company).lei == "A"
    assert ask("Allianz", fund).lei == ""


def test_a_foundation_or_pension_scheme_does_not_swallow_the_company():
    bank = "Sparkasse Nordtal"
    assert ask(bank, entity("F", f"Stiftung der {bank}"), entity("P", f"Pensionskasse {bank}")).lei == ""
    assert ask(bank, entity("F", f"Stiftung der {bank}"), entity("B", bank)).lei == "B"


def test_a_branch_that_the_register_does_not_know_is_no_rival_of_its_head_office():
    match = ask("Ostland Kredit AG, Paris Branch", entity("O", "Ostland Kredit AG", "AT"), country="FR", city="Paris")
    assert match.candidates[0][0] == "O"
    assert any("another country" in text for text in match.evidence)


@pytest.mark.parametrize("domain", ["gmail.com", "outlook.com", "github.io"], ids=lambda d: f"{d} identifies nobody")
def test_a_shared_domain_is_no_evidence(domain):
    candidates = [entity("1", "Gmail GmbH"), entity("2", "Outlook GmbH"), entity("3", "Github GmbH")]
    with_domain = ask("Müller Maschinenbau GmbH", MUELLER, *candidates, domain=domain)
    assert with_domain.lei == "M"
    assert not any(domain in text and "fits" in text for text in with_domain.evidence)


def test_a_parent_is_not_its_subsidiary():
    assert ask("Volkswagen Financial Services AG", entity("V", "VOLKSWAGEN AKTIENGESELLSCHAFT")).lei == ""
    assert ask("Volkswagen AG", entity("F", "Volkswagen Financial Services AG")).lei == ""


def test_a_merged_record_is_followed_to_its_successor():
    old = entity("O", "Raytheon Company", "US", registration="MERGED", successors=("N",))
    new = entity("N", "RTX Corporation", "US")
    match = ask("Raytheon Company", old, new, country="US")
    assert (match.lei, match.legal_name) == ("N", "RTX Corporation")
    assert "Raytheon Company (O) passed into RTX Corporation" in match.evidence


def test_a_duplicate_counts_as_the_record_it_duplicates_and_is_no_rival_of_it():
    kept = entity("K", "Volkswagen AG")
    double = entity("D", "VOLKSWAGEN AG", registration="DUPLICATE", successors=("K",))
    assert ask("Volkswagen AG", double, kept).lei == "K"


@pytest.mark.parametrize("registration", ["ANNULLED", "DUPLICATE"])
def test_a_record_that_was_never_valid_is_no_candidate(registration):
    assert ask("Volkswagen AG", entity("D", "VOLKSWAGEN AG", registration=registration)).status == "none"


def test_a_circle_of_successors_ends_in_no_answer():
    a = entity("A", "Alpha Werke AG", registration="MERGED", successors=("B",))
    b = entity("B", "Beta Werke AG", registration="MERGED", successors=("A",))
    assert ask("Alpha Werke AG", a, b).lei == ""


def test_a_lapsed_registration_is_matched_and_mentioned():
    match = ask("Müller Maschinenbau GmbH", entity("M", "Müller Maschinenbau GmbH", registration="LAPSED"))
    assert match.lei == "M"
    assert "LEI registration lapsed" in match.evidence


def test_a_previous_name_is_found_and_named_as_such():
    renamed = entity("T", "TotalEnergies SE", "FR", other_names=(("TOTAL SE", "PREVIOUS_LEGAL_NAME"),))
    match = ask("Total SE", renamed, country="FR")
    assert match.lei == "T"
    assert match.evidence[0].startswith("previous name equal")
    assert match.method == "other name"


SCRIPTS = [
    ("中国电信股份有限公司", "中国电信股份有限公司", "CN"),
    ("Neftyanaya Kompaniya Rosneft' PAO", 'публичное акционерное общество "Нефтяная компания "Роснефть"', "RU"),
    ("株式会社りそな銀行", "株式会社りそな銀行", "JP"),
    ("בנק הפועלים בע״מ", 'בנק הפועלים בע"מ', "IL"),
    ("บริษัท ธนาคารกรุงเทพ จำกัด (มหาชน)", "บริษัท ธนาคารกรุงเทพ จำกัด (มหาชน)", "TH"),
    ("삼성전자 주식회사", "삼성전자(주)", "KR"),
    ("Ethniki Trapeza tis Ellados AE", "ΕΘΝΙΚΗ ΤΡΑΠΕΖΑ ΤΗΣ ΕΛΛΑΔΟΣ Α.Ε.", "GR"),
]


@pytest.mark.parametrize(("typed", "registered", "country"), SCRIPTS, ids=[s[2] for s in SCRIPTS])
def test_names_in_other_scripts_are_matched(typed, registered, country):
    assert ask(typed, entity("X", registered, country), country=country).lei == "X"


def test_in_bulk_the_answers_are_the_same_as_one_by_one():
    queries = [CompanyQuery("Siemens AG", "DE"), CompanyQuery(""), CompanyQuery("Müller Maschinenbau", "DE")]
    candidates = [[SIEMENS, BELGIAN_SIEMENS], [], [MUELLER]]
    single = [resolve(q, c, SETTINGS) for q, c in zip(queries, candidates, strict=True)]
    assert resolve_all(queries, candidates, SETTINGS) == single


def test_a_decision_comes_before_all_judgement():
    query = CompanyQuery("Siemens AG", "DE")
    confirmed = resolve(query, [SIEMENS, BELGIAN_SIEMENS], SETTINGS, Decision(confirmed="B"))
    assert (confirmed.lei, confirmed.confidence, confirmed.method) == ("B", 1.0, "confirmed")
    rejected = resolve(query, [SIEMENS], SETTINGS, Decision(rejected=frozenset({"S"})))
    assert rejected.lei == ""


def test_verdicts_hold_for_every_spelling_and_the_last_one_counts():
    siemens = CompanyQuery("Siemens AG", "DE")
    other = CompanyQuery("SIEMENS Aktiengesellschaft", "DE")
    decisions = Decisions.of([Verdict(siemens, "S", "confirm"), Verdict(siemens, "B", "reject")])
    assert decisions.about(other) == Decision("S", frozenset({"B"}))
    withdrawn = Decisions.of([Verdict(siemens, "S", "confirm"), Verdict(other, "S", "reject")])
    assert withdrawn.about(siemens) == Decision(None, frozenset({"S"}))
    with pytest.raises(ValueError, match="confirm"):
        Decisions.of([Verdict(siemens, "S", "maybe")])


def test_settings_can_be_written_down():
    assert asdict(SETTINGS) == {"threshold": 0.82}
    strict = ResolveSettings(threshold=0.999)
    assert resolve(CompanyQuery("Müller Maschinenbau", "DE"), [MUELLER], strict).status == "none"


def test_a_name_without_country_is_told_what_would_settle_it():
    several = ask("Siemens AG", SIEMENS, entity("A", "SIEMENS LTD.", "AU"), BELGIAN_SIEMENS, country="")
    assert several.evidence[1] == "entities of several countries have that name (DE, AU, BE): add the country"
    alone = ask("Nestle", entity("N", "NESTLÉ S.A.", "CH"), country="")
    assert alone.evidence[1] == (
        "a name alone, without country and legal form, may be anyone's: add the country, or at least the legal form"
    )


def test_namesakes_of_several_countries_are_named_where_the_country_is_missing():
    namesakes = [entity(code, "Siemens", code) for code in ("DE", "AU", "BE", "FR", "IT")]
    match = ask("Siemens", *namesakes, country="")
    assert match.status == "ambiguous"
    assert match.evidence[1].startswith("entities of several countries have that name (AU, BE, DE, FR, …)")
    assert "add the" not in " ".join(ask("Siemens", *namesakes, country="DE").evidence)
    twins = ask("Siemens AG", SIEMENS, entity("T", "SIEMENS AKTIENGESELLSCHAFT"), country="")
    assert twins.status == "ambiguous"
    assert "add the" not in " ".join(twins.evidence)  # both are German: a country would not tell them apart


def words_counted(rarest: int):
    """Counts every word as standing in so many names."""

    def count(names, _countries):
        return [[(rarest, rarest) for _ in name.split()] for name in names]

    return Means(count=count)


def test_a_name_of_rare_words_is_surer_than_one_of_common_words():
    query, candidates = CompanyQuery("Ostland Maschinenbau GmbH", "DE"), [entity("O", "Ostland Maschinenbau GmbH")]
    rare, common = (resolve(query, candidates, SETTINGS, means=words_counted(n)).confidence for n in (1, 20_000))
    assert rare > common


def test_a_register_that_cannot_count_is_judged_as_one_that_nobody_asked():
    query, candidates = CompanyQuery("Müller Maschinenbau GmbH", "DE"), [MUELLER]
    uncounted = Means(count=lambda _names, _countries: None)
    assert resolve(query, candidates, SETTINGS, means=uncounted) == resolve(query, candidates, SETTINGS)


def test_the_model_refuses_other_features_than_it_was_trained_on():
    with pytest.raises(ValueError, match="other features"):
        read_model({"features": ["coverage"], "trees": [], "base": 0.0})


def test_trees_give_the_leaf_that_a_walk_would_end_in():
    first = FEATURES.index("coverage")
    second = FEATURES.index("precision")
    tree = {"comparisons": [(first, 0.5, 0b100), (second, 0.5, 0b110)], "leaves": [1.0, 2.0, 4.0]}
    trees = read_model({"features": FEATURES, "trees": [tree, {"comparisons": [], "leaves": [8.0]}], "base": 0.5})

    def odds(coverage: float, precision: float) -> float:
        row = [0.0] * len(FEATURES)
        row[first], row[second] = coverage, precision
        return float(trees.log_odds([row])[0])

    assert [odds(0.5, 0.5), odds(0.5, 0.6), odds(0.6, 0.0), odds(0.6, 1.0)] == [9.5, 10.5, 12.5, 12.5]
