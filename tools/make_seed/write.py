"""Puts the seed together and writes it as text: one record a line, the same bytes in every run."""

from __future__ import annotations

import json
import random
from typing import Any

from tools.make_seed import hubspot, salesforce, truth
from tools.make_seed.committed import read_facts
from tools.make_seed.companies import load
from tools.make_seed.goldencopy import LEI2, REPEX, RR, csv_text
from tools.make_seed.people import invent
from tools.make_seed.records import odd_people
from tools.make_seed.regular import regular_people
from tools.make_seed.times import ANCHOR

SEED = 20261101
GLEIF = "connectors/gleif/leadsync_gleif/seeds"


def files() -> dict[str, str]:
    """Every file of the seed: its path below the project's folder, and its text."""
    rng = random.Random(SEED)
    companies = load()
    people = regular_people(rng, invent(rng, companies)) + odd_people(rng)
    portal = hubspot.build(rng, companies, people)
    org = salesforce.build(rng, companies, people)
    relations = read_facts("relations.jsonl")
    return {
        f"{GLEIF}/lei2.csv": csv_text(LEI2, (row["columns"] for row in read_facts("entities.jsonl"))),
        f"{GLEIF}/rr.csv": csv_text(RR, (row["columns"] for row in relations)),
        f"{GLEIF}/repex.csv": csv_text(REPEX, (row["columns"] for row in read_facts("exceptions.jsonl"))),
        "connectors/hubspot/leadsync_hubspot/seeds/demo.json": seed_text(portal.section()),
        "connectors/salesforce/leadsync_salesforce/seeds/demo.json": seed_text(org.section()),
        "tests/seed/truth.json": lines(truth.build(companies, people, portal, org, relations)) + "\n",
    }


def seed_text(section: dict[str, Any]) -> str:
    """A section with its anchor, one record a line."""
    return lines({"anchor": f"{ANCHOR:%Y-%m-%dT%H:%M:%SZ}", **section}) + "\n"


def lines(data: Any) -> str:
    """JSON that breaks lines between records: containers of containers are spread, all else is compact."""
    if isinstance(data, dict) and any(isinstance(value, (dict, list)) for value in data.values()) and not _record(data):
        inner = ",\n".join(f"{_compact(key)}:{lines(value)}" for key, value in data.items())
        return "{\n" + inner + "\n}"
    if isinstance(data, list) and any(isinstance(value, (dict, list)) for value in data):
        return "[\n" + ",\n".join(_compact(value) for value in data) + "\n]"
    return _compact(data)


def _record(data: dict[str, Any]) -> bool:
    """A leaf of the tree: a person's or a company's answer in the truth."""
    return data.keys() >= {"records", "kind"}


def _compact(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
