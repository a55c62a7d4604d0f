"""What people decide about companies holds, for ever, and for these companies alone; whatever became of the LEIs."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.connectors.gleif.rows import A, B, C, D, lei, lei2, rr
from tests.scenarios.test_register_news import NEW, World

from leadsync.cli.main import cli
from leadsync.cli.queue import queue
from leadsync.files import mappings_folder
from leadsync.records import CompanyQuery, Ref
from leadsync.resolve import Decisions
from leadsync.store import Store

TICK = '\n[field.lei_confirmed]\nlabel = "LEI confirmed"\ntype = "bool"\nhubspot = "lei_ok"\nowner = "hubspot"\n'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    for register in made.open:
        register.close()


@pytest.fixture
def ticking(world: World) -> World:
    """The same with a checkbox for confirmed LEIs."""
    mappings = world.folder / "mappings"
    mappings.mkdir()
    for path in mappings_folder().iterdir():
        if path.is_file():
            (mappings / path.name).write_bytes(path.read_bytes())
    with (mappings / "company.toml").open("a", encoding="utf-8") as out:
        out.write(TICK)
    world.stage.mappings = mappings
    return world


@pytest.fixture
def typed(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Type a command in the world's folder."""
    monkeypatch.chdir(world.folder)
    text = 'schema = 1\n[connector.gleif]\nindex = "register"\nrefresh = "never"\n'
    Path("config.toml").write_text(text, encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(cli, list(arguments), standalone_mode=False)


def told(world: World) -> list[tuple[str, str, str]]:
    with Store(world.stage.path) as store:
        return [(v.query.name, v.lei, v.verdict) for v in store.matches.verdicts()]


# ---- followed LEIs


def test_the_successor_of_a_confirmed_entity_can_be_rejected(world: World) -> None:
    ref = world.company("Alpha Werke GmbH")
    world.decide("Alpha Werke GmbH", D, "confirm")
    world.publish(lei2=[lei2(D, "Delta", "NA", registration="RETIRED", successor=NEW), lei2(NEW, "Nu Ltd", "NA")])
    world.run()
    assert world.says(ref) == NEW
    world.decide("Alpha Werke GmbH", NEW, "reject")
    world.run()
    assert world.says(ref) == A


def test_the_successor_that_a_learned_domain_leads_to_can_be_rejected(world: World) -> None:
    ref = world.company("Werke der Zukunft", domain="alpha-werke.example")
    world.decide("Alpha", A, "confirm", domain="alpha-werke.example")
    world.publish(lei2=[lei2(A, "Alpha", registration="MERGED", successor=NEW), lei2(NEW, "Omega Industrie AG")])
    world.run()
    assert world.says(ref) == NEW
    world.decide("Werke der Zukunft", NEW, "reject")
    world.run()
    assert world.says(ref) is None


# ---- for these companies alone


def test_a_decision_about_a_company_without_a_name_is_not_one_about_all_of_them(world: World) -> None:
    one = world.company("", domain="alpha-werke.example")
    other = world.company("", domain="somebody-else.example")
    world.decide("", A, "confirm", domain="alpha-werke.example")
    world.run()
    assert [world.says(ref) for ref in (one, other)] == [A, None]


def test_a_decision_holds_when_somebody_fills_in_the_country(world: World) -> None:
    ref = world.company("Werke der Zukunft", "")
    other = world.company("Werke der Zukunft", "AT", domain="werke.example")
    world.decide("Werke der Zukunft", B, "confirm", country="")
    world.run()
    assert [world.says(one) for one in (ref, other)] == [B, None]
    world.stage.hubspot.edit(ref, country="Germany")
    world.run()
    assert [world.says(one) for one in (ref, other)] == [B, None]


def test_a_rejection_holds_when_somebody_fills_in_the_country(world: World) -> None:
    ref = world.company("Alpha Werke GmbH", "", domain="alpha.example")
    world.decide("Alpha Werke GmbH", A, "reject", country="", domain="alpha.example")
    world.run()
    assert world.says(ref) is None
    world.stage.hubspot.edit(ref, country="DE")
    world.run()
    assert world.says(ref) is None
    with Store(world.stage.path) as store:
        decided = Decisions.of(store.matches.verdicts())
    assert decided.about(CompanyQuery("Alpha Werke GmbH", "DE", domain="other.example")).rejected == frozenset()


def test_a_decision_with_a_country_is_about_the_company_whose_record_has_none(
    world: World, typed: Callable[..., Result]
) -> None:
    ref = world.company("Werke der Zukunft", "")
    world.run()
    typed("resolve", "confirm", "Werke der Zukunft", B, "--country", "DE")
    world.run()
    assert world.says(ref) == B


# ---- ticks


def test_a_tick_confirms_the_lei_beside_it_and_no_later_one(ticking: World) -> None:
    ref = ticking.company("Alpha Werke GmbH")
    ticking.run()
    ticking.stage.hubspot.edit(ref, lei_ok=True)
    ticking.run()
    ticking.decide("Alpha Werke GmbH", A, "reject")
    ticking.publish(lei2=[lei2(NEW, "Alpha Werke GmbH", city="Bonn")])
    ticking.run()
    assert ticking.says(ref) == NEW
    ticking.run()
    assert told(ticking) == [("Alpha Werke GmbH", A, "confirm"), ("Alpha Werke GmbH", A, "reject")]


def test_a_tick_that_was_there_before_the_lei_confirms_nothing(ticking: World) -> None:
    ticking.company("Alpha Werke GmbH", lei_ok=True)
    for _ in range(3):
        ticking.run()
    assert told(ticking) == []


def test_a_tick_beside_an_lei_that_no_register_knows_confirms_nothing(ticking: World) -> None:
    ref = ticking.company("Alpha Werke GmbH")
    ticking.run()
    ticking.stage.hubspot.edit(ref, lei_ok=True, leadsync_lei=lei("Q"))
    ticking.run()
    assert told(ticking) == []
    assert ticking.says(ref) == A


@pytest.mark.parametrize("part", [None, 2], ids=["at once", "in parts"])
def test_a_tick_beside_an_lei_that_a_person_typed_confirms_that_one(ticking: World, part: int | None) -> None:
    ticking.stage.part = part
    ref = ticking.company("Alpha Werke GmbH")
    ticking.run()
    ticking.stage.hubspot.edit(ref, lei_ok=True, leadsync_lei=D)
    ticking.run()
    assert told(ticking) == [("Alpha Werke GmbH", D, "confirm")]
    assert ticking.says(ref) == D


# ---- the queue and its file


def waiting_names(world: World) -> list[str]:
    with Store(world.stage.path, write=False) as store:
        return [one.query.name for one in queue(store)]


def twins(world: World) -> Ref:
    world.publish(lei2=[lei2(lei("X"), "Twin Handel GmbH", city="Kiel"), lei2(lei("Y"), "Twin Handel GmbH")])
    ref = world.company("Twin Handel GmbH")
    world.run()
    return ref


def answered(world: World, answer: str, note: str = "") -> list[dict[str, str]]:
    with (world.folder / "queue.csv").open(encoding="utf-8-sig") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["answer"], row["note"] = answer, note
    return rows


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-8-sig")],
    ids=["a German spreadsheet's", "Unicode text", "CSV UTF-8"],
)  # fmt: skip
def test_answers_come_back_as_a_spreadsheet_saves_them(
    world: World, typed: Callable[..., Result], delimiter: str, encoding: str
) -> None:
    ref = twins(world)
    typed("resolve", "review", "--export", "queue.csv")
    rows = answered(world, lei("X"), "geprüft")
    with Path("queue.csv").open("w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    done = typed("resolve", "review", "--import", "queue.csv")
    assert "1 decisions taken" in done.stdout, done.exception
    world.run()
    assert world.says(ref) == lei("X")


def test_a_file_of_answers_that_is_not_utf_8_is_told_and_not_taken(world: World, typed: Callable[..., Result]) -> None:
    twins(world)
    typed("resolve", "review", "--export", "queue.csv")
    rows = answered(world, lei("X"), "geprüft")
    with Path("queue.csv").open("w", encoding="cp1252", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    done = typed("resolve", "review", "--import", "queue.csv")
    assert "UTF-8" in str(done.exception)
    assert "line 2" in str(done.exception)
    assert told(world) == []


def test_an_lei_that_the_register_does_not_know_is_no_answer(world: World, typed: Callable[..., Result]) -> None:
    ref = twins(world)
    typed("resolve", "review", "--export", "queue.csv")
    world._file("queue", answered(world, lei("Q")))
    done = typed("resolve", "review", "--import", "queue.csv")
    assert f"{lei('Q')}: the register has no such entity" in str(done.exception)
    assert told(world) == []
    world.run()
    assert world.says(ref) is None


def test_a_company_that_is_no_more_waits_no_more(world: World) -> None:
    ref = twins(world)
    assert waiting_names(world) == ["Twin Handel GmbH"]
    world.stage.hubspot.edit(ref, name="Alpha Werke GmbH")
    world.run()
    lead = {"email": "p@nobody.example", "company": "Twin Handel GmbH", "country": "DE"}
    person = world.stage.hubspot.put("contacts", **lead)
    world.run()
    assert waiting_names(world) == ["Twin Handel GmbH"]
    world.stage.hubspot.edit(person, company="Gamma International plc", country="GB")
    world.run()
    assert waiting_names(world) == []


def test_a_record_that_nobody_knows_is_not_taken_for_a_name(world: World, typed: Callable[..., Result]) -> None:
    world.company("Alpha Werke GmbH")
    world.run()
    done = typed("resolve", "confirm", "hubspot/companies/4711", D)
    assert "hubspot/companies/4711" in str(done.exception)
    assert told(world) == []


# ---- loads


def test_relationships_loaded_later_of_the_same_publication_reach_the_companies(world: World) -> None:
    ref = world.company("Delta Windhoek (Pty) Ltd", "NA")
    world.run()
    assert world.says(ref, "leadsync_ultimate_parent_lei") is None
    world._load({"rr": [rr(D, C)]}, delta=True)
    world.run()
    assert world.says(ref, "leadsync_ultimate_parent_lei") == C


def test_none_of_no_candidates_is_no_answer(world: World, typed: Callable[..., Result]) -> None:
    twins(world)
    typed("resolve", "review", "--export", "queue.csv")
    world._file("queue", [{**row, "candidates": ""} for row in answered(world, "none")])
    done = typed("resolve", "review", "--import", "queue.csv")
    assert "none of which" in str(done.exception)
    assert told(world) == []


def test_a_rejection_does_not_say_that_others_are_taken_for_what_was_rejected(
    world: World, typed: Callable[..., Result]
) -> None:
    world.company("Alpha Werke GmbH", domain="alpha-werke.example")
    world.run()
    world.decide("Alpha", A, "confirm", domain="alpha-werke.example")
    done = typed("resolve", "reject", "Alpha Werke GmbH", A)
    assert f"Alpha Werke GmbH (DE) is not {A}" in done.stdout
    assert "taken for it" not in done.stdout
