"""Loading register files, finding entities by name, and what happens to broken files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from tests.connectors.gleif.conftest import written
from tests.connectors.gleif.rows import FAMILY, A, B, C, D, lei, lei2, rr

from leadsync.errors import Misconfigured, Unreadable
from leadsync.records import CompanyQuery
from leadsync_gleif import Index, load, status
from leadsync_gleif.initials import SHARED


def names(index: Index, name: str, country: str = "", **more: str) -> list[str]:
    return [entity.name for entity in index.candidates([CompanyQuery(name, country, **more)])[0]]


def test_an_entity_comes_back_as_it_was_published(family: Index) -> None:
    alpha = family.entity(A)
    assert alpha is not None
    assert (alpha.name, alpha.country, alpha.legal.city, alpha.status) == (
        "Alpha Werke GmbH",
        "DE",
        "München",
        "ACTIVE",
    )
    assert alpha.created is not None
    assert alpha.created.isoformat() == "2001-02-03"
    assert family.entity(lei("Z")) is None


def test_namibia_is_a_country_and_not_a_missing_value(family: Index) -> None:
    delta = family.entity(D)
    assert delta is not None
    assert delta.country == "NA"
    assert names(family, "Delta Windhoek", "NA") == ["Delta Windhoek (Pty) Ltd"]


def test_of_many_namesakes_those_of_the_asked_form_come_first_where_no_country_is_given(index_of) -> None:
    others = [lei2(f"{n:020}", "Ostland Limited", country) for n, country in enumerate(["GB", "IE", "IN", "AU"] * 5)]
    index = index_of({"lei2": [*others, lei2(A, "Ostland AG", "AT")]})
    assert names(index, "Ostland AG")[0] == "Ostland AG"
    assert len(names(index, "Ostland AG")) == 20
    assert names(index, "Ostland AG", "GB")[0] == "Ostland Limited"


def test_words_are_counted_everywhere_and_in_the_country(index_of, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [lei2(A, "Ostland Bau GmbH"), lei2(B, "Ostland Werke AG", "AT"), lei2(C, "Nordland Bau GmbH")]
    index = index_of({"lei2": rows})
    asked = ["ostland bau", "nosuch", "", "werke"], ["DE", "DE", "", "XX"]
    assert index.frequencies(*asked) is None  # too few to say what is rare
    monkeypatch.setattr("leadsync_gleif.index.REPRESENTATIVE", 1)
    assert index.frequencies(*asked) == [[(2, 1), (2, 2)], [(0, 0)], [], [(1, 0)]]


SPELLINGS = [
    ("Alpha Werke Gesellschaft mit beschränkter Haftung", "its form spelled out"),
    ("ALPHAWERKE", "no space"),
    ("Alhpa Werke", "two letters swapped"),
    ("Alpa Werke", "a letter dropped"),
    ("Alpha Werke, Berlin", "a city behind a comma"),
    ("Alpha Werke GmbH, Zweigniederlassung München", "a branch of it"),
]


@pytest.mark.parametrize("name", [s[0] for s in SPELLINGS], ids=[s[1] for s in SPELLINGS])
def test_an_entity_is_found_under(family: Index, name: str) -> None:
    assert "Alpha Werke GmbH" in names(family, name, "DE", city="München")


def test_other_names_find_the_entity_in_any_script(index_of) -> None:
    rows = [
        lei2(A, "トヨタ自動車株式会社", "JP", other="TOYOTA MOTOR CORPORATION", kind="ALTERNATIVE_LANGUAGE_LEGAL_NAME"),
        lei2(B, "RTX Corporation", "US", other="Raytheon Company", kind="PREVIOUS_LEGAL_NAME"),
        lei2(C, "ΕΘΝΙΚΗ ΤΡΑΠΕΖΑ ΤΗΣ ΕΛΛΑΔΟΣ Α.Ε.", "GR"),
    ]
    index = index_of({"lei2": rows})
    assert names(index, "Toyota Motor Corp", "JP") == ["トヨタ自動車株式会社"]
    assert names(index, "Raytheon", "US") == ["RTX Corporation"]
    assert names(index, "Ethniki Trapeza tis Ellados", "GR") == ["ΕΘΝΙΚΗ ΤΡΑΠΕΖΑ ΤΗΣ ΕΛΛΑΔΟΣ Α.Ε."]


def test_the_namesake_of_the_country_asked_for_comes_first(index_of) -> None:
    index = index_of({"lei2": [lei2(A, "SIEMENS", "BE"), lei2(B, "Siemens Aktiengesellschaft", "DE")]})
    assert names(index, "Siemens", "DE")[0] == "Siemens Aktiengesellschaft"
    assert names(index, "Siemens", "BE")[0] == "SIEMENS"


def test_a_successor_comes_along_and_an_annulled_record_never(index_of) -> None:
    rows = [
        lei2(A, "Old Name AG", registration="MERGED", successor=B),
        lei2(B, "New Name AG"),
        lei2(C, "Old Name AG", registration="ANNULLED"),
    ]
    assert names(index_of({"lei2": rows}), "Old Name AG", "DE") == ["Old Name AG", "New Name AG"]


BBVA = "BANCO BILBAO VIZCAYA ARGENTARIA SOCIEDAD ANONIMA"


def test_initials_find_the_entities_of_the_country_that_have_them(index_of) -> None:
    rows = [
        lei2(A, BBVA, "ES"),
        lei2(B, "Bank Bau Vermietung Aktiv GmbH", "DE"),
        lei2(C, "The Royal Bank of Scotland International Limited", "JE"),
        lei2(D, "Rose Bay Sea Imports Limited", "JE"),
    ]
    index = index_of({"lei2": rows})
    assert names(index, "BBVA", "ES") == [BBVA]
    assert names(index, "BBVA Group", "ES") == [BBVA]
    assert names(index, "BBVA") == []
    assert names(index, "BBVA Seguros", "ES") == []
    assert names(index, "RBS International", "JE") == ["The Royal Bank of Scotland International Limited"]


def test_initials_are_not_looked_for_where_somebody_has_them_as_a_name(index_of) -> None:
    index = index_of({"lei2": [lei2(A, BBVA, "ES"), lei2(B, "BBVA S.A.", "ES"), lei2(C, "BBVA AG", "CH")]})
    assert BBVA not in names(index, "BBVA", "ES")
    assert BBVA not in names(index, "BBVA", "CH")


def test_initials_that_more_than_a_few_share_find_nobody(index_of) -> None:
    rows = [lei2(f"{n:020}", f"Bodegas Benito Vinos A{n * 'a'}randa S.L.", "ES") for n in range(SHARED + 1)]
    assert len(names(index_of({"lei2": rows[:-1]}), "BBVA", "ES")) == SHARED
    assert names(index_of({"lei2": rows}), "BBVA", "ES") == []


def test_initials_that_too_many_share_find_nobody_of_a_delta_either(index_of, tmp_path: Path, write) -> None:
    rows = [lei2(f"{n:020}", f"Bodegas Benito Vinos A{n * 'a'}randa S.L.", "ES") for n in range(SHARED + 1)]
    index_of({"lei2": rows})
    load(write({"lei2": [lei2(A, BBVA, "ES")]}), tmp_path / "index", delta=True)
    both = Index.open(tmp_path / "index")
    assert names(both, "BBVA", "ES") == []
    assert names(both, BBVA, "ES") == [BBVA]
    both.close()


def test_a_word_that_many_names_have_is_no_initials(index_of, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [lei2(A, BBVA, "ES"), lei2(B, "BBVA Seguros", "FR"), lei2(C, "BBVA Leasing", "FR")]
    index = index_of({"lei2": rows})
    assert BBVA in names(index, "BBVA", "ES")
    monkeypatch.setattr("leadsync_gleif.initials.COMMON", 1)
    assert BBVA not in names(index, "BBVA", "ES")


def test_neither_funds_nor_former_names_have_initials(index_of) -> None:
    fund = lei2(A, BBVA, "ES", category="FUND")
    renamed = lei2(B, "Ostland AG", "ES", other=BBVA, kind="PREVIOUS_LEGAL_NAME")
    assert names(index_of({"lei2": [fund, renamed]}), "BBVA", "ES") == []


def test_a_domain_is_looked_up_only_as_a_word(family: Index) -> None:
    assert names(family, "Werke", "DE", domain="alphawerke.example") == ["Alpha Werke GmbH"]
    assert names(family, "Nobody", "DE", domain="linkedin.com") == []


def test_many_queries_give_what_single_ones_give(family: Index) -> None:
    queries = [CompanyQuery(n, "DE") for n in ("Alpha Werke", "", "Beta Holding AG", "!!!", "Gamma")] * 300
    together = family.candidates(queries)
    assert together == [family.candidates([query])[0] for query in queries[:5]] * 300


def test_status_says_what_is_there(tmp_path: Path, family: Index) -> None:
    found = status(tmp_path / "index")
    assert (found.present, found.entities, found.relations, found.exceptions) == (True, 5, 4, 2)
    assert found.by_registration == (("ISSUED", 5),)
    assert not status(tmp_path / "elsewhere").present


def test_zipped_files_load_as_plain_ones_do(tmp_path: Path, write) -> None:
    (plain,) = write({"lei2": FAMILY["lei2"]})
    packed = tmp_path / "20260123-0800-gleif-goldencopy-lei2-golden-copy.csv.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "lei2.csv")
    report = load([packed], tmp_path / "index")
    assert report.entities == 5
    assert report.published is not None
    assert f"{report.published:%Y-%m-%d %H:%M}" == "2026-01-23 08:00"


def test_a_short_table_with_lei_name_and_country_is_enough(tmp_path: Path) -> None:
    path = written(tmp_path / "mine.csv", [{"lei": A, "name": "Alpha Werke GmbH", "country": "DE"}])
    assert load([path], tmp_path / "index").entities == 1


def test_parquet_loads(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pa.table({"lei": [A, B], "name": ["Alpha GmbH", None], "country": ["NA", None], "category": ["FUND", None]})
    parquet.write_table(table, tmp_path / "level1.parquet")
    report = load([tmp_path / "level1.parquet"], tmp_path / "index")
    assert (report.entities, report.notes) == (1, ("1 rows skipped: no LEI or no name",))


def broken(tmp_path: Path, how: str) -> Path:
    path = written(tmp_path / f"{how}.csv", FAMILY["lei2"])
    text = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(text[: len(text) - 40])
        case "torn":
            path.write_bytes(text.replace(b'"Beta Holding AG",', b"", 1))
        case "empty":
            path.write_bytes(b"")
        case "headed":
            path.write_bytes(text.splitlines(keepends=True)[0])
        case "strange":
            path.write_bytes(b"a,b\n1,2\n")
        case "packed":
            with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("lei2.csv", text * 50)
            whole = (tmp_path / "x.zip").read_bytes()
            middle = len(whole) // 3
            path.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    return path


@pytest.mark.parametrize("how", ["cut", "torn", "empty", "headed", "strange", "packed"])
def test_a_broken_file_leaves_the_old_index_in_use(tmp_path: Path, family: Index, how: str) -> None:
    before = sorted(p.name for p in (tmp_path / "index").iterdir())
    with pytest.raises(Unreadable):
        load([broken(tmp_path, how)], tmp_path / "index")
    assert sorted(p.name for p in (tmp_path / "index").iterdir()) == before
    assert status(tmp_path / "index").entities == 5


def test_a_file_that_would_lose_most_entities_is_refused_unless_forced(tmp_path: Path, family: Index) -> None:
    small = written(tmp_path / "small.csv", FAMILY["lei2"][:1])
    with pytest.raises(Misconfigured, match="old index stays"):
        load([small], tmp_path / "index")
    assert status(tmp_path / "index").entities == 5
    assert load([small], tmp_path / "index", force=True).entities == 1


def test_a_missing_file_and_a_missing_index_are_told_apart(tmp_path: Path, write) -> None:
    with pytest.raises(Misconfigured, match="no such file"):
        load([tmp_path / "nowhere.csv"], tmp_path / "index")
    with pytest.raises(Misconfigured, match="level 1 file is needed first"):
        load(write({"rr": [rr(A, B)]}), tmp_path / "index")
    with pytest.raises(Misconfigured, match="no register here"):
        Index.open(tmp_path / "index")


def test_a_damaged_index_is_reported_as_such(tmp_path: Path, family: Index) -> None:
    (segment,) = [p for p in (tmp_path / "index").iterdir() if p.is_dir()]
    (segment / "whole_hash.npy").unlink()
    with pytest.raises(Unreadable, match="load the Golden Copy again"):
        Index.open(tmp_path / "index")
    assert "damaged" in status(tmp_path / "index").problem


def test_an_open_index_goes_on_serving_while_a_new_one_is_swapped_in(tmp_path: Path, family: Index) -> None:
    load([written(tmp_path / "new.csv", [*FAMILY["lei2"][1:], lei2(lei("F"), "Phi AG")])], tmp_path / "index")
    assert names(family, "Alpha Werke", "DE") == ["Alpha Werke GmbH"]
    again = Index.open(tmp_path / "index")
    assert names(again, "Alpha Werke", "DE") == []
    again.close()


def test_relationship_types_of_tomorrow_are_counted_not_guessed(tmp_path: Path, write) -> None:
    rows = [rr(A, B), rr(A, C, "IS_ORBITED_BY")]
    report = load(write({"lei2": FAMILY["lei2"], "rr": rows}), tmp_path / "index")
    assert report.relations == 1
    assert report.notes == ("1 rows skipped: unknown relationship type 'IS_ORBITED_BY'",)


@pytest.mark.parametrize("spam", ["x" * 5000, "buy now " * 800, "公司" * 3000], ids=["a word", "words", "no spaces"])
def test_spam_in_place_of_a_name_disturbs_nobody(family: Index, spam: str) -> None:
    asked = [CompanyQuery("Alhpa", "DE"), CompanyQuery("Internatoinal", "GB")]
    alone = family.candidates(asked)
    assert [[e.name for e in some][:1] for some in alone] == [["Alpha Werke GmbH"], ["Gamma International plc"]]
    for country in ("DE", "CN", ""):
        among = family.candidates([CompanyQuery(spam, country), *asked])
        assert among[1:] == alone
