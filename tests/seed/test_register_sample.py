"""The Golden Copy sample: real entities, in GLEIF's own columns, with every case that a resolver must survive."""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.make_seed.committed import read_csv, read_facts
from tools.make_seed.goldencopy import LEI2, REPEX, RR
from tools.make_seed.write import GLEIF

ROOT = Path(__file__).parents[2]
ONE_MEGABYTE = 1_000_000
DIRECT, ULTIMATE = "IS_DIRECTLY_CONSOLIDATED_BY", "IS_ULTIMATELY_CONSOLIDATED_BY"
BRANCH = "IS_INTERNATIONAL_BRANCH_OF"


def _rows(name: str) -> list[dict[str, str]]:
    with (ROOT / GLEIF / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _header(name: str) -> tuple[str, ...]:
    with (ROOT / GLEIF / name).open(encoding="utf-8", newline="") as file:
        return tuple(next(csv.reader(file)))


ENTITIES = {row["LEI"]: row for row in _rows("lei2.csv")}


def _parents(kind: str) -> dict[str, str]:
    return {
        row["Relationship.StartNode.NodeID"]: row["Relationship.EndNode.NodeID"]
        for row in _rows("rr.csv")
        if row["Relationship.RelationshipType"] == kind
    }


def _other_names() -> Iterator[tuple[str, str, str]]:
    for row in ENTITIES.values():
        for group, item in (
            ("OtherEntityNames", "OtherEntityName"),
            ("TransliteratedOtherEntityNames", "TransliteratedOtherEntityName"),
        ):
            for n in range(1, 6):
                if name := row[f"Entity.{group}.{item}.{n}"]:
                    yield row["LEI"], name, row[f"Entity.{group}.{item}.{n}.type"]


def test_files_have_the_published_columns_in_order() -> None:
    assert (_header("lei2.csv"), _header("rr.csv"), _header("repex.csv")) == (LEI2, RR, REPEX)
    assert (len(LEI2), len(RR), len(REPEX)) == (338, 54, 12)


def test_files_are_at_most_one_megabyte_together() -> None:
    assert sum(path.stat().st_size for path in (ROOT / GLEIF).glob("*.csv")) <= ONE_MEGABYTE


def test_sample_is_exactly_the_committed_list() -> None:
    assert list(ENTITIES) == [row["lei"] for row in read_csv("chosen.csv")]
    assert len(ENTITIES) == len(_rows("lei2.csv"))
    for fact in read_facts("entities.jsonl"):
        assert {name: value for name, value in ENTITIES[fact["lei"]].items() if value} == fact["columns"]


def test_every_lei_has_its_check_digits() -> None:
    wrong = [lei for lei in ENTITIES if int("".join(str(int(char, 36)) for char in lei)) % 97 != 1]
    assert wrong == []


def test_every_end_of_a_relation_and_every_exception_is_in_the_sample() -> None:
    ends = {row[f"Relationship.{end}.NodeID"] for row in _rows("rr.csv") for end in ("StartNode", "EndNode")}
    assert ends | {row["LEI"] for row in _rows("repex.csv")} <= ENTITIES.keys()


def test_climbing_direct_parents_ends_at_the_reported_ultimate_one_but_for_bloomberg() -> None:
    direct, ultimate = _parents(DIRECT), _parents(ULTIMATE)

    def top(lei: str) -> str:
        return top(direct[lei]) if lei in direct else lei

    apart = [lei for lei in direct.keys() & ultimate.keys() if top(lei) != ultimate[lei]]
    assert [ENTITIES[lei]["Entity.LegalName"] for lei in apart] == ["Bloomberg Finance L.P."]


def test_chains_are_three_deep_and_parents_of_all_kinds_are_there() -> None:
    direct, ultimate = _parents(DIRECT), _parents(ULTIMATE)
    assert [c for c in direct if direct.get(direct[c]) in direct], "no chain of depth 3"
    assert [c for c in direct if c in ultimate and direct[c] != ultimate[c]]
    assert direct.keys() - ultimate.keys(), "nobody with only a direct parent"
    assert ultimate.keys() - direct.keys(), "nobody with only an ultimate parent"
    assert len(_parents(BRANCH)) >= 3
    assert {row["Registration.RegistrationStatus"] for row in _rows("rr.csv")} == {"PUBLISHED", "LAPSED"}


def test_reporting_exceptions_give_several_reasons() -> None:
    reasons = {row["Exception.Reason.1"] for row in _rows("repex.csv")}
    assert reasons >= {"NO_KNOWN_PERSON", "NATURAL_PERSONS", "NON_CONSOLIDATING", "NON_PUBLIC"}


def test_statuses_and_categories_of_every_kind_are_there() -> None:
    statuses = {row["Registration.RegistrationStatus"] for row in ENTITIES.values()}
    assert statuses >= {"ISSUED", "LAPSED", "RETIRED", "DUPLICATE"}
    categories = {row["Entity.EntityCategory"] for row in ENTITIES.values()}
    assert categories >= {"GENERAL", "FUND", "BRANCH", "SOLE_PROPRIETOR"}


def test_a_merged_entity_names_its_successor() -> None:
    heirs = {row["LEI"]: row["Entity.SuccessorEntity.1.SuccessorLEI"] for row in ENTITIES.values()}
    merged = {lei: heir for lei, heir in heirs.items() if heir}
    assert merged
    assert all(ENTITIES[lei]["Entity.EntityStatus"] == "INACTIVE" and heir in ENTITIES for lei, heir in merged.items())


def test_names_in_other_scripts_have_latin_ones_beside_them_for_some() -> None:
    strange = {lei for lei, row in ENTITIES.items() if not _has_latin(row["Entity.LegalName"])}
    assert len(strange) >= 12
    assert len(strange & {lei for lei, name, _ in _other_names() if _has_latin(name)}) >= 6
    kinds = {kind for _, _, kind in _other_names()}
    assert kinds >= {
        "PREVIOUS_LEGAL_NAME",
        "ALTERNATIVE_LANGUAGE_LEGAL_NAME",
        "TRADING_OR_OPERATING_NAME",
        "PREFERRED_ASCII_TRANSLITERATED_LEGAL_NAME",
    }


def _has_latin(text: str) -> bool:
    return any("LATIN" in unicodedata.name(char, "") and "FULLWIDTH" not in unicodedata.name(char, "") for char in text)


def test_names_that_stay_ambiguous_are_borne_twice_in_one_country() -> None:
    names = [(row["Entity.LegalName"], row["Entity.LegalAddress.Country"]) for row in ENTITIES.values()]
    twice = {name for name, country in names if names.count((name, country)) > 1}
    assert twice >= {"DELTA HOLDING S.R.L.", "FUTURA S.R.L.", "Phoenix Holding GmbH", "ERICSSON INDIA PRIVATE LIMITED"}


@pytest.mark.parametrize("brand", ["SIEMENS", "TESLA", "MICROSOFT", "VOLKSWAGEN", "TOTAL", "NIKE", "VISA", "ALLIANZ"])
def test_the_bare_brand_is_a_strangers_name(brand: str) -> None:
    bearers = [row for row in ENTITIES.values() if row["Entity.LegalName"].upper() == brand]
    assert len(bearers) == 1
    assert bearers[0]["Entity.LegalAddress.Country"] in {"BE", "FR", "LU"}


def test_namibia_is_spelled_na() -> None:
    assert [row["LEI"] for row in ENTITIES.values() if row["Entity.LegalAddress.Country"] == "NA"]


@pytest.fixture
def tables() -> Path:
    folder = os.environ.get("LEADSYNC_DATA")
    if folder is None:
        pytest.skip("the register's large tables: LEADSYNC_DATA does not name their folder")
    return Path(folder) / "gleif"


def test_names_are_those_of_the_whole_register(tables: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    found = parquet.read_table(tables / "level1.parquet", filters=[("lei", "in", set(ENTITIES))]).to_pylist()
    assert {row["lei"]: row["name"] for row in found} == {lei: row["Entity.LegalName"] for lei, row in ENTITIES.items()}


def test_parents_are_those_of_the_relationship_tables(tables: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    known = set()
    for row in parquet.read_table(tables / "relationships.parquet").to_pylist():
        known.add((row["start_lei"], row["end_lei"], row["relationship_type"]))
    columns = ("Relationship.StartNode.NodeID", "Relationship.EndNode.NodeID", "Relationship.RelationshipType")
    for row in parquet.read_table(tables / "relationships_golden_copy.parquet").to_pylist():
        known.add(tuple(row[name] for name in columns))
    told = [fact["columns"] for fact in read_facts("relations.jsonl") if not fact["source"].startswith("api")]
    assert len(told) > 100
    assert {tuple(row[name] for name in columns) for row in told} <= known
