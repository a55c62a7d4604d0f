"""A lifecycle stage that the mapping lets go back: cleared, then set, at the sandbox over HTTP, with stops between."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from tests.connectors.hubspot.conftest import call
from tests.engine import Stage
from tests.fakes import START, Crash, Shelf

from leadsync.cli.plans import undo_now, undo_plan
from leadsync.connector import Receipt, Write
from leadsync.files import mappings_folder
from leadsync.plan.files import from_json, to_json
from leadsync.records import Role
from leadsync.sandbox import SandboxClock, Serving
from leadsync.sync import Cycle, carry_out
from leadsync_hubspot import HubSpot, HubSpotSettings
from leadsync_hubspot.sandbox import HubSpotSandbox

CONDITION, DIRECTION = """when        = 'stage.name in ["mql", "sql"]'""", 'direction = "forward_only"'
BACK = "", 'direction = "back_by_clearing"'
SQL, LOWER, PERSONS = "salesqualifiedlead", "marketingqualifiedlead", "lead"
ANN = {"email": "ann@siemens.example", "firstname": "Ann", "lastname": "Lee", "jobtitle": "Chief Technology Officer",
       "company": "Siemens AG", "country": "Germany", "numemployees": "1000+", "industry": "COMPUTER_SOFTWARE",
       "lifecyclestage": "subscriber"}  # fmt: skip


class Half:
    """An account of HubSpot with one contact beside an empty Salesforce in memory, and a mapping that may go back."""

    def __init__(self, folder: Path, served: Serving, lifecycle: tuple[str, str]) -> None:
        assert isinstance(served.sandbox, HubSpotSandbox)
        self.sandbox, self.moments = served.sandbox, 0
        self.sandbox.reset()
        self.sandbox.clock.set(START, rate=0)
        rules = folder / "mappings"
        shutil.copytree(mappings_folder(), rules)
        mapping = rules / "lead.toml"
        text = mapping.read_text(encoding="utf-8")
        assert text.count(CONDITION) == text.count(DIRECTION) == 1
        edited = text.replace(CONDITION, lifecycle[0]).replace(DIRECTION, lifecycle[1])
        mapping.write_text(edited, encoding="utf-8")
        self.stage = Stage(folder, mappings=rules)
        form = {"guid": "f1", "name": "Request a demo"}
        asked = [self.stage.now - timedelta(days=days) for days in (1, 2, 3)]
        self.sandbox.seed({
            "objects": {"contacts": [{"id": "1", "properties": ANN, "createdAt": "2026-01-01T10:00:00Z"}]},
            "forms": [form],
            "submissions": [{"form": "f1", "email": ANN["email"], "submittedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
                            for at in asked],
        })  # fmt: skip
        settings = HubSpotSettings(url=served.url, token=SecretStr(self.sandbox.credentials()["token"]))
        self.hubspot = HubSpot(settings, self.sandbox.clock, "hubspot", lambda _seconds: None)
        self.sends: Callable[[str, Sequence[Write]], Sequence[Receipt]] = self.hubspot.write
        rulebook = self.stage.rules
        self.stage.sides["hubspot"] = self.hubspot  # type: ignore[assignment]
        for role in Role:
            self.hubspot.provision(rulebook.mappings[role].specs("hubspot"), apply=True)

    def run(self, *, write: bool = True) -> Cycle:
        return self.stage.run(write=write)

    def later(self, **length: int) -> None:
        passed = timedelta(**length)
        self.stage.now += passed
        self.sandbox.clock.set(self.stage.now, rate=0)
        assert isinstance(self.stage.salesforce, Shelf)
        self.stage.salesforce.tick(passed)

    def lifecycle(self) -> str | None:
        _, found = call(self.sandbox, "GET", "/crm/v3/objects/contacts/1?properties=lifecyclestage")
        value: str | None = found["properties"]["lifecyclestage"]
        return value

    def person_sets(self, *stages: str) -> None:
        for stage in stages:
            body = {"properties": {"lifecyclestage": stage}}
            assert call(self.sandbox, "PATCH", "/crm/v3/objects/contacts/1", body)[0] == 200

    def history(self) -> list[str]:
        """The values the field has had since leadsync knows it, oldest first."""
        path = "/crm/v3/objects/contacts/1?propertiesWithHistory=lifecyclestage"
        _, found = call(self.sandbox, "GET", path)
        return [entry["value"] for entry in reversed(found["propertiesWithHistory"]["lifecyclestage"])]

    def at_hook(self, hook: int, do: Callable[[], None]) -> None:
        """Do something at the n-th moment before or after a write call of the next run."""
        seen = iter(range(hook, -1, -1))

        def tick() -> None:
            if next(seen, None) == 0:
                self.moments = hook
                do()

        def write(kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
            tick()
            answer = self.sends(kind, writes)
            tick()
            return answer

        self.hubspot.write = write  # type: ignore[method-assign]

    def undisturbed(self) -> None:
        self.hubspot.write = self.sends  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    with Serving(HubSpotSandbox(SandboxClock())) as serving:
        yield serving


@pytest.fixture
def half(tmp_path: Path, served: Serving) -> Iterator[Half]:
    made = Half(tmp_path, served, BACK)
    yield made
    made.hubspot.close()


def cooled(half: Half) -> Half:
    """Ann was sales qualified, HubSpot was told so, and since then she has gone cold."""
    half.run()
    assert half.lifecycle() == SQL
    half.later(days=200)
    return half


def lifecycle_writes(cycle: Cycle) -> list[tuple[int, Any, Any]]:
    changes = [(step.turn, c) for step in cycle.plan.steps for c in step.changes if c.target == "lifecyclestage"]
    return [(turn, change.old, change.new) for turn, change in changes]


def test_a_step_back_is_two_writes_in_the_plan_and_at_the_server_and_each_is_read_back(half: Half) -> None:
    cooled(half)
    assert lifecycle_writes(half.run(write=False)) == [(0, SQL, None), (1, None, LOWER)]
    done = half.run()
    assert half.history() == ["subscriber", SQL, "", LOWER]
    assert done.pushed is not None and [s.turn for s in done.pushed.written if s.side == "hubspot"] == [0, 1]
    assert half.run(write=False).plan.steps == ()


def test_without_being_told_so_it_never_goes_back(tmp_path: Path, served: Serving) -> None:
    half = cooled(Half(tmp_path, served, ("", DIRECTION)))
    half.run()
    assert half.lifecycle() == SQL
    half.hubspot.close()


def test_stopped_at_any_moment_of_it_the_next_run_ends_it(tmp_path: Path, served: Serving) -> None:
    def die() -> None:
        raise Crash

    for hook in range(20):
        folder = tmp_path / str(hook)
        folder.mkdir()
        half = cooled(Half(folder, served, BACK))
        half.at_hook(hook, die)
        try:
            half.run()
            survived = True
        except Crash:
            survived = False
        half.undisturbed()
        half.run()
        assert half.history() == ["subscriber", SQL, "", LOWER], f"stopped at {hook}"
        assert half.run(write=False).plan.steps == (), f"stopped at {hook}"
        half.hubspot.close()
        if survived:
            assert hook == 4, "before and after each of two calls"
            return
    pytest.fail("no run survived")


def test_what_a_condition_no_longer_allows_is_still_ended_once_it_was_begun(tmp_path: Path, served: Serving) -> None:
    half = cooled(Half(tmp_path, served, ("when = 'score.total < 1000'", BACK[1])))
    half.at_hook(1, lambda: (_ for _ in ()).throw(Crash()))  # the clear was applied, its answer was lost
    with pytest.raises(Crash):
        half.run()
    half.undisturbed()
    assert half.lifecycle() == ""
    other = half.stage.mappings.with_name("edited")
    shutil.copytree(half.stage.mappings, other)
    mapping = other / "lead.toml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("score.total < 1000", "score.total < -1000"))
    half.stage.mappings = other
    half.run()
    assert half.lifecycle() == LOWER
    half.hubspot.close()


def test_a_kept_plan_of_it_is_carried_out_in_its_order(half: Half) -> None:
    cooled(half)
    kept = json.loads(json.dumps(to_json(half.run(write=False).plan, {}), default=list))
    with half.stage.state() as store:
        done = carry_out(half.stage.world(store, half.stage.sides), from_json(kept, "plan.json"))
    assert list(done.moved) == [] and half.history() == ["subscriber", SQL, "", LOWER]
    assert lifecycle_writes(half.run(write=False)) == []


@pytest.mark.parametrize("lifecycle", [BACK, ("", DIRECTION)], ids=["where it may go back", "where it may not"])
def test_taking_it_back_is_done_the_same_way_or_told_to_have_failed(
    tmp_path: Path, served: Serving, lifecycle: tuple[str, str]
) -> None:
    half = Half(tmp_path, served, lifecycle)
    done = half.run()
    with half.stage.state() as store:
        world = half.stage.world(store, half.stage.sides)
        rows = [row for row in store.history.of_run(done.run) if row.field == "lifecyclestage"]
        plan = undo_plan(store, rows, world.rules)
        assert [step.turn for step in plan.steps] == ([0, 1] if lifecycle == BACK else [0])
        _, ignored = undo_now(replace(world, run="undoing"), plan)
    assert half.lifecycle() == ("subscriber" if lifecycle == BACK else SQL)
    assert [(kept.target, kept.there, kept.wanted) for kept in ignored] == (
        [] if lifecycle == BACK else [("lifecyclestage", SQL, "subscriber")]
    )
    half.hubspot.close()


def test_what_a_person_decides_between_the_clear_and_the_set_stands(half: Half) -> None:
    cooled(half)
    half.at_hook(1, lambda: half.person_sets(PERSONS))
    done = half.run()
    half.undisturbed()
    assert done.pushed is not None and [step.turn for step in done.pushed.moved] == [1]
    for _ in range(2):
        half.later(days=1)
        half.run()
    assert half.history() == ["subscriber", SQL, "", PERSONS]


def test_a_stage_that_a_person_set_later_is_not_taken_back(half: Half) -> None:
    cooled(half)
    half.person_sets("", PERSONS)
    cycle = half.run()
    assert (half.lifecycle(), lifecycle_writes(cycle)) == (PERSONS, [])
    assert [k.reason for k in cycle.plan.kept if k.target == "lifecyclestage"] == ["person"]


def test_a_clear_that_does_not_hold_is_not_tried_again_and_again(half: Half) -> None:
    cooled(half)
    half.at_hook(1, lambda: half.person_sets(PERSONS))  # a workflow fills it as soon as it is blank
    half.run()
    half.undisturbed()
    for _ in range(3):
        half.later(hours=1)
        half.run()
    assert half.history() == ["subscriber", SQL, "", PERSONS]
