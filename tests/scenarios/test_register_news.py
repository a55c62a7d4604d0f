"""What the register publishes, and what people decide, on its way into the CRMs: cycles on a real local index."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.connectors.gleif.rows import FAMILY, A, B, C, D, lei, lei2, repex, rr
from tests.engine import Stage

from leadsync.cli.main import cli
from leadsync.cli.queue import queue
from leadsync.connector import Usage
from leadsync.files import mappings_folder
from leadsync.records import CompanyQuery, Ref
from leadsync.resolve import Verdict
from leadsync.store import Store
from leadsync_gleif import Index, IndexRegister, load

PUBLISHED = datetime(2026, 11, 1, 8, tzinfo=UTC)
NEW = lei("N")


class Watched(IndexRegister):
    """The local index, with a note of every company it was asked for."""

    def __init__(self, index: Index) -> None:
        super().__init__(index, Usage())
        self.asked: list[str] = []

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20):  # type: ignore[no-untyped-def]
        self.asked += [query.name for query in queries]
        return super().candidates(queries, limit)


class World:
    """Two CRMs and a register in one folder; `publish` puts a delta on top of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.at = PUBLISHED
        self.open: list[Watched] = []
        self.stage = Stage(folder)
        self._load(FAMILY, delta=False)

    def _load(self, rows: Mapping[str, Sequence[Mapping[str, str]]], *, delta: bool) -> None:
        files = [self._file(name, some) for name, some in rows.items()]
        load(files, self.folder / "register", published=self.at, delta=delta)
        self.open.append(Watched(Index.open(self.folder / "register")))
        self.stage.register = self.open[-1]

    def _file(self, name: str, rows: Sequence[Mapping[str, str]]) -> Path:
        path = self.folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path

    def publish(self, **rows: Sequence[Mapping[str, str]]) -> None:
        self.at += timedelta(hours=8)
        self._load(rows, delta=True)

    def company(self, name: str, country: str = "DE", **fields: str) -> Ref:
        return self.stage.hubspot.put("companies", name=name, country=country, **fields)

    def asked(self) -> list[str]:
        """The companies of the last cycle that the register was asked for."""
        return sorted(self.open[-1].asked)

    def run(self) -> None:
        self.open[-1].asked.clear()
        self.stage.run()

    def says(self, ref: Ref, name: str = "leadsync_lei") -> object:
        return self.stage.value(ref, name)

    def decide(self, name: str, entity: str, verdict: str, country: str = "DE", domain: str = "") -> None:
        with Store(self.stage.path) as store:
            query = CompanyQuery(name, country, domain=domain)
            store.matches.say([Verdict(query, entity, verdict)], "", self.stage.now)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    for register in made.open:
        register.close()


@pytest.fixture
def settled(world: World) -> Callable[[], dict[str, Ref]]:
    """Four companies that a first run resolved: Alpha, Gamma, Delta, and one that nobody knows."""

    def make() -> dict[str, Ref]:
        refs = {
            "alpha": world.company("Alpha Werke GmbH"),
            "gamma": world.company("Gamma International plc", "GB"),
            "delta": world.company("Delta Windhoek (Pty) Ltd", "NA"),
            "new": world.company("Newcomer Maschinenbau", "FR"),
        }
        world.run()
        assert [world.says(ref) for ref in refs.values()] == [A, C, D, None]
        return refs

    return make


def test_a_company_is_asked_for_once(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    settled()
    assert world.asked() == [
        "Alpha Werke GmbH", "Delta Windhoek (Pty) Ltd", "Gamma International plc", "Newcomer Maschinenbau",
    ]  # fmt: skip
    world.run()
    assert world.asked() == []


def test_after_a_delta_only_the_companies_it_concerns_are_asked_for_again(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    world.publish(lei2=[lei2(D, "Delta Windhoek (Pty) Ltd", "NA", city="Windhoek"), lei2(lei("Z"), "Zeta Sarl", "FR")])
    world.run()
    assert world.asked() == ["Delta Windhoek (Pty) Ltd"]
    world.run()
    assert world.asked() == []
    assert world.says(refs["alpha"]) == A


def test_a_company_nobody_knew_is_found_when_its_record_is_published(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    world.publish(lei2=[lei2(NEW, "Newcomer Maschinenbau SAS", "FR")])
    world.run()
    assert world.asked() == ["Newcomer Maschinenbau"]
    assert world.says(refs["new"]) == NEW


def test_a_parents_new_owner_is_told_to_the_whole_family(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    assert world.says(refs["alpha"], "leadsync_ultimate_parent_lei") == C
    gone = {**rr(B, C, status="INACTIVE"), "DeletedAt": "2026-11-01T10:00:00Z"}
    also = {**rr(A, C, "IS_ULTIMATELY_CONSOLIDATED_BY"), "DeletedAt": "2026-11-01T10:00:00Z"}
    world.publish(rr=[gone, also, {**rr(B, D), "DeletedAt": ""}])
    world.run()
    assert "Alpha Werke GmbH" in world.asked()
    assert "Newcomer Maschinenbau" not in world.asked()
    assert world.says(refs["alpha"], "leadsync_ultimate_parent_lei") == D


def test_the_plan_corrects_an_lei_that_was_merged_into_another(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    merged = lei2(A, "Alpha Werke GmbH", registration="MERGED", status="INACTIVE", successor=NEW)
    world.publish(lei2=[merged, lei2(NEW, "Omega Industrie AG")])
    planned = world.stage.run(write=False)
    (change,) = [
        change for step in planned.plan.steps if step.id == refs["alpha"].id for change in step.changes
        if change.target == "leadsync_lei"
    ]  # fmt: skip
    assert (change.old, change.new) == (A, NEW)
    assert "passed into Omega Industrie AG" in change.why
    world.run()
    assert world.says(refs["alpha"]) == NEW


def test_a_decision_comes_before_the_judge_and_follows_its_entity(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    world.decide("alpha werke gmbh", D, "confirm")
    world.run()
    assert world.asked() == ["Alpha Werke GmbH"]
    assert world.says(refs["alpha"]) == D
    world.publish(lei2=[lei2(D, "Delta", "NA", registration="RETIRED", successor=NEW), lei2(NEW, "Nu Ltd", "NA")])
    world.run()
    assert world.says(refs["alpha"]) == NEW
    world.decide("Alpha Werke GmbH", D, "reject")
    world.run()
    assert world.says(refs["alpha"]) == A


def test_what_was_rejected_is_no_answer_and_nothing_else_is_made_of_it(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    world.decide("Gamma International plc", C, "reject", "GB")
    world.run()
    assert world.says(refs["gamma"]) is None
    assert world.says(refs["alpha"], "leadsync_ultimate_parent_lei") == C


def test_a_domain_is_learned_from_a_decision_but_never_a_shared_one(world: World) -> None:
    refs = [
        world.company("Werke der Zukunft", domain="alpha-werke.example"),
        world.company("Zukunft Austria", "AT", domain="alpha-werke.example"),
        world.company("Irgendwer", domain="gmail.com"),
    ]
    world.run()
    assert [world.says(ref) for ref in refs] == [None, None, None]
    world.decide("Alpha", A, "confirm", domain="alpha-werke.example")
    world.decide("Beta", B, "confirm", domain="gmail.com")
    world.run()
    assert [world.says(ref) for ref in refs] == [A, None, None]
    world.decide("Gamma", C, "confirm", domain="alpha-werke.example")
    world.run()
    assert [world.says(ref) for ref in refs] == [None, None, None]


def test_a_tick_in_a_crm_is_a_decision(tmp_path: Path) -> None:
    mappings = tmp_path / "mappings"
    mappings.mkdir()
    for path in mappings_folder().iterdir():
        if path.is_file():
            (mappings / path.name).write_bytes(path.read_bytes())
    tick = '\n[field.lei_confirmed]\nlabel = "LEI confirmed"\ntype = "bool"\nhubspot = "lei_ok"\nowner = "hubspot"\n'
    with (mappings / "company.toml").open("a", encoding="utf-8") as out:
        out.write(tick)
    world = World(tmp_path)
    world.stage.mappings = mappings
    ref = world.company("Alpha Werke GmbH")
    world.run()
    world.stage.hubspot.edit(ref, lei_ok=True)
    world.run()
    with Store(world.stage.path) as store:
        assert [(v.query.name, v.lei, v.verdict) for v in store.matches.verdicts()] == [
            ("Alpha Werke GmbH", A, "confirm")
        ]
    world.stage.hubspot.edit(ref, lei_ok=False)
    world.run()
    assert world.says(ref) == A
    for register in world.open:
        register.close()


def test_reasons_for_naming_no_parent_are_told(world: World, settled) -> None:  # type: ignore[no-untyped-def]
    refs = settled()
    world.publish(repex=[{**repex(D, "NON_CONSOLIDATING"), "DeletedAt": ""}])
    world.run()
    assert world.asked() == ["Delta Windhoek (Pty) Ltd"]
    owned = world.open[-1].ownership(D)
    assert owned.direct is not None
    assert owned.direct.reason == "the parent is not obliged to consolidate"
    assert world.says(refs["delta"]) == D


def test_the_queue_begins_where_most_would_change_and_takes_answers_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = lei2(lei("X"), "Twin Handel GmbH", city="Kiel")
    world.publish(lei2=[first, lei2(lei("Y"), "Twin Handel GmbH", city="Bonn"), lei2(NEW, "Solo Bau AG", "AT")])
    twin, solo = world.company("Twin Handel GmbH"), world.company("Solo Bauwesen Wien", "AT")
    for number in range(2):
        lead = {"email": f"p{number}@solo.example", "company": "Solo Bauwesen Wien", "country": "AT"}
        ref = world.stage.hubspot.put("contacts", **lead, jobtitle="CTO")
        world.stage.hubspot.touch(ref, world.stage.now - timedelta(days=2), "form_submission", name="Request a demo")
    world.run()
    assert (world.says(twin), world.says(solo)) == (None, None)
    with Store(world.stage.path, write=False) as store:
        waiting = {one.query.name: one for one in queue(store)}
    assert waiting["Twin Handel GmbH"].status == "ambiguous"
    assert {c[0] for c in waiting["Twin Handel GmbH"].candidates} == {lei("X"), lei("Y")}
    monkeypatch.chdir(world.folder)
    Path("config.toml").write_text("schema = 1\n", encoding="utf-8")
    runner = CliRunner()
    runner.invoke(cli, ["resolve", "review", "--export", "queue.csv"], standalone_mode=False, catch_exceptions=False)
    with Path("queue.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["answer"] = row["candidates"].split(f") {lei('X')}")[0][-1] if row["name"] == "Twin Handel GmbH" else ""
    world._file("queue", rows)
    done = runner.invoke(cli, ["resolve", "review", "--import", "queue.csv"], standalone_mode=False)
    assert "1 decisions taken" in done.stdout
    world.run()
    assert world.says(twin) == lei("X")
    rows[0]["answer"] = "perhaps"
    world._file("queue", rows)
    refused = runner.invoke(cli, ["resolve", "review", "--import", "queue.csv"], standalone_mode=False)
    assert "'perhaps' is no candidate's number" in str(refused.exception)


def test_of_companies_that_wait_the_one_with_worthier_leads_comes_first() -> None:
    body = {"status": "ambiguous", "evidence": ["x"], "confidence": 0.5}
    twins = [["L1", "a", "DE", 0.4], ["L2", "b", "DE", 0.4]]

    class Kept:
        def __init__(self) -> None:
            self.matches = self.results = self.pulled = self

        def verdicts(self) -> list[Verdict]:
            return []

        def live(self) -> frozenset[str]:
            return frozenset("pqr")

        def scores(self) -> dict[str, tuple[str, int]]:
            return {"p": ("m", 8000), "q": ("m", 500), "r": ("m", 500)}

        def companies_of_leads(self) -> dict[str, str]:
            return {"p": "big", "q": "many", "r": "many"}

        def resolutions(self, _uids: object) -> dict[str, tuple[str, str, dict[str, object]]]:
            return {u: (f'{{"name": "{u}"}}', "", {"match": {**body, "candidates": twins}}) for u in ("many", "big")}

    waiting = queue(Kept())  # type: ignore[arg-type]
    assert [(one.uid, one.leads, one.worth) for one in waiting] == [("big", 1, 81.0), ("many", 2, 11.0)]


def test_a_load_names_the_companies_that_are_to_be_resolved_again(
    world: World, settled, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    settled()
    monkeypatch.chdir(world.folder)
    Path("config.toml").write_text('schema = 1\n[connector.gleif]\nindex = "register"\n', encoding="utf-8")
    world._file("delta", [lei2(B, "Beta Global AG")])
    done = CliRunner().invoke(cli, ["gleif", "load", "--delta", "delta.csv", "--output", "json"], standalone_mode=False)
    found = json.loads(done.stdout)
    assert (found["changed"], found["families"], found["companies"]) == ([B], [A, B], ["Alpha Werke GmbH"])


def test_another_version_of_leadsync_judges_all_companies_anew_and_once(
    world: World, settled: Callable[[], dict[str, Ref]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settled()
    world.run()
    assert world.asked() == []
    monkeypatch.setattr("leadsync.enrich.__version__", "0.2.0")
    world.run()
    assert len(world.asked()) == 4
    world.run()
    assert world.asked() == []
