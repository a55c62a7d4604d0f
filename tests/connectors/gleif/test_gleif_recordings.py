"""Recorded answers of GLEIF's REST API: the sandbox, published from what they hold, answers with the same shape."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.connectors.gleif.recorded import lei2_row, repex_row, resources, rr_row

from leadsync.sandbox import Serving
from leadsync_gleif.sandbox import GleifSandbox

FOLDER = Path(os.environ.get("LEADSYNC_DATA", "")) / "gleif_api"
pytestmark = pytest.mark.skipif(
    not os.environ.get("LEADSYNC_DATA") or not FOLDER.exists(),
    reason="LEADSYNC_DATA does not lead to a folder with gleif_api/",
)
FROM_MAPPINGS = re.compile(r"\.attributes\.(bic|mic|ocid|qcc|spglobal)\b|\.relationships\.isins\b")
"""What comes from mapping files (ISIN, BIC …), which the sandbox does not publish."""
OF_RELATIONS = re.compile(r"\.relationships\.(\w+-)*(children|branches|funds)\b")
"""Links to relatives, of which only a page was recorded."""
START, KIND = "Relationship.StartNode.NodeID", "Relationship.RelationshipType"
KINDS = {"direct": "IS_DIRECTLY_CONSOLIDATED_BY", "ultimate": "IS_ULTIMATELY_CONSOLIDATED_BY"}
NAMED = re.compile(r"(?P<what>[a-z-]+)_(?P<lei>[A-Z0-9]{20})\.json\Z")


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, type) of everything in an answer."""
    match value:
        case dict():
            for key, inner in value.items():
                yield from shape(inner, f"{path}.{key}")
        case list():
            yield path, "list"
            for inner in value:
                yield from shape(inner, f"{path}[]")
        case _:
            yield path, "null" if value is None else type(value).__name__


def comparable(answer: Any) -> set[tuple[str, str]]:
    return {(p, t) for p, t in shape(answer) if not FROM_MAPPINGS.search(p) and not OF_RELATIONS.search(p)}


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """The recorded answers about single entities, by the path they were asked at."""
    found: dict[str, Any] = {}
    for folder in ("lei_records", "relationships", "reporting_exceptions"):
        for file in sorted((FOLDER / folder).glob("*.json")):
            named = NAMED.search(file.name)
            if named is not None:
                what = "" if named["what"] == "single_lei_record" else f"/{named['what']}"
                what = "" if file.name.startswith("single_lei_record") else what
                found[f"{named['lei']}{what}"] = json.loads(file.read_text(encoding="utf-8"))
    return found


def implied(answers: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """The rows that the answers were made from; of relations and exceptions that are only linked to, a likeness."""
    entities = {r["id"]: r for a in answers.values() for r in resources(a) if r["type"] == "lei-records"}
    ties = [rr_row(r) for a in answers.values() for r in resources(a) if r["type"] == "relationship-records"]
    reasons = [repex_row(r) for a in answers.values() for r in resources(a) if r["type"] == "reporting-exceptions"]
    known = {(t[START], t[KIND]) for t in ties}
    excused = {(r["LEI"], r["Exception.Category"]) for r in reasons}

    def tie(child: str, parent: str, which: str) -> None:
        kind = KINDS[which]
        if (child, kind) not in known:
            known.add((child, kind))
            ties.append({**ties[0], START: child, "Relationship.EndNode.NodeID": parent, KIND: kind})

    for path, answer in answers.items():
        lei, _, what = path.partition("/")
        for child in resources(answer) if what.endswith("-children") else ():
            tie(child["id"], lei, what.partition("-")[0])
    for lei, entity in entities.items():
        for which in KINDS:
            links = entity["relationships"].get(f"{which}-parent", {"links": {}})["links"]
            category = f"{which.upper()}_ACCOUNTING_CONSOLIDATION_PARENT"
            if "relationship-record" in links:
                tie(lei, "5493001KJTIIGC8Y1R12", which)
            elif "reporting-exception" in links and (lei, category) not in excused:
                reasons.append({**reasons[0], "LEI": lei, "Exception.Category": category})
    return {"lei2": [lei2_row(r) for r in entities.values()], "rr": ties, "repex": reasons}


@pytest.fixture(scope="module")
def recorded(answers: dict[str, Any]) -> Iterator[str]:
    """A sandbox that has published what the recordings hold; its address."""
    sandbox = GleifSandbox()
    sandbox.seed({"files": implied(answers), "rate_limit": None})
    with Serving(sandbox) as served:
        yield served.url


def test_every_recorded_answer_about_an_entity_has_the_same_shape(answers: dict[str, Any], recorded: str) -> None:
    differing: dict[str, Any] = {}
    with httpx.Client(base_url=f"{recorded}/api/v1/lei-records/") as wire:
        for path, answer in answers.items():
            got = wire.get(path)
            assert got.status_code == 200, path
            ours, theirs = comparable(got.json()), comparable(answer)
            if isinstance(answer["data"], list):  # whether a row has a value depends on rows that were not recorded
                if not answer["data"]:
                    continue
                ours, theirs = (
                    {(p, "") for p, _ in f if "next" not in p and p.count("[]") < 2} for f in (ours, theirs)
                )
            if ours != theirs:
                differing[path] = sorted(ours - theirs), sorted(theirs - ours)
    assert differing == {}, f"{len(differing)} of {len(answers)}"
    assert len(answers) >= 90


def test_recorded_values_come_back(answers: dict[str, Any], recorded: str) -> None:
    """Not the shape alone: what is in the rows is told as GLEIF told it."""
    for path, answer in answers.items():
        if "/" in path:
            continue
        got = httpx.get(f"{recorded}/api/v1/lei-records/{path}").json()["data"]["attributes"]
        wanted = {k: v for k, v in answer["data"]["attributes"].items() if not FROM_MAPPINGS.search(f".attributes.{k}")}
        assert {k: got[k] for k in wanted} == wanted


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("lei_records/multi_lei_records.json", "lei-records?filter[lei]={leis}"),
        ("lei_issuers/lei_record_issuer_5493001KJTIIGC8Y1R12.json", "lei-records/5493001KJTIIGC8Y1R12/lei-issuer"),
        ("isins/isins_549300O897ZC5H7CY412.json", "lei-records/549300O897ZC5H7CY412/isins"),
        ("field_modifications/field_modifications_984500983AD71E4FBC41.json", "lei-records/{one}/field-modifications"),
        ("countries/countries_all.json", "countries?sort=code"),
        ("jurisdictions/jurisdictions_all.json", "jurisdictions?sort=code"),
        ("regions/regions_all.json", "regions"),
        ("fields/fields_all.json", "fields?page[size]=500"),
        ("lei_issuers/lei_issuers_all.json", "lei-issuers?page[size]=100"),
        ("entity_legal_forms/entity_legal_forms_all.json", "entity-legal-forms"),
        ("registration_authorities/registration_authorities_all.json", "registration-authorities"),
        ("auto_completions/autocompletions_all.json", "autocompletions?field=fulltext&q=shell"),
        ("fuzzy_completions/fuzzycompletions_all.json", "fuzzycompletions?field=entity.legalName&q=apple+energy"),
    ],
    ids=lambda value: value.partition("/")[2] if value.endswith(".json") else "",
)
def test_lists_and_completions_have_the_recorded_keys(
    file: str, path: str, answers: dict[str, Any], recorded: str
) -> None:
    leis = ",".join(sorted({p for p in answers if "/" not in p}))
    theirs = json.loads((FOLDER / file).read_text(encoding="utf-8"))
    ours = httpx.get(f"{recorded}/api/v1/{path.format(leis=leis, one='984500983AD71E4FBC41')}").json()

    def keys(answer: Any) -> set[str]:
        found = {path for path, _ in comparable(answer)}
        # lists of words and links to further pages are there or not
        return {p for p in found if not re.search(r"\[\]\.attributes\.\w+\[\]|context\.|links\.(next|prev)", p)}

    assert keys(ours) == keys(theirs)
