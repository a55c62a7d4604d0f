"""No edit is lost: two CRMs, people who edit anything at any instant, everything that goes wrong, and a checker.

A state machine draws what people do, when the network fails and when leadsync runs or dies; `proofs.history` judges
every write it made, and `settle` that nothing was swallowed and that two CRMs left alone are left alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.engine import Stage

from leadsync.errors import StopRun
from leadsync.records import Ref, Value
from leadsync.sync import Cycle
from proofs import scenes
from proofs.folder import IN_MEMORY
from proofs.history import Checker
from proofs.report import Report
from proofs.town import CONTACT_NAMES, VALUES, arrive, edit, leads, people, town

CI_STEPS = 10_000
LONG_STEPS = 1_000_000
STEPS = 50
"""Steps of one history: long enough for several runs, short enough to be read."""

MOST_PEOPLE = 4
MOST_RUNS = 5
"""Runs within which everything must have come to rest once nothing goes wrong any more."""

SIDES = st.sampled_from(("hubspot", "salesforce"))
NUMBERS = st.integers(0, 5)
MOMENTS = st.integers(0, 40)
EDITS = st.sampled_from([(name, value) for name, values in VALUES.items() for value in values])
FATES = st.sampled_from(("delete", "restore", "merge", "convert"))
TROUBLES = st.lists(st.sampled_from(("", "down", "lost before", "lost after", "half", "whole")), min_size=1, max_size=3)


class Crash(BaseException):
    """The process is gone."""


class Moments:
    """Counts the calls of a run and lets things happen at some of them."""

    def __init__(self) -> None:
        self.due: dict[int, list[Callable[[], None]]] = {}
        self.count = 0

    def __call__(self, _when: str) -> None:
        for happens in self.due.pop(self.count, []):
            happens()
        self.count += 1

    def begin(self) -> None:
        """A run begins."""
        self.count = 0

    def at(self, moment: int, happens: Callable[[], None]) -> None:
        """Something will happen at that call of the next run."""
        self.due.setdefault(moment, []).append(happens)


def _stop() -> None:
    raise Crash


class Lives(RuleBasedStateMachine):
    """Two CRMs and leadsync through an arbitrary history."""

    steps = 0
    histories = 0
    quiet_writes = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="leadsync-proof-", dir=IN_MEMORY if IN_MEMORY.exists() else None))
        self.stage: Stage = town(self.folder)
        self.checker = Checker(self.stage)
        self.moments = Moments()
        self.arrived = 0
        for shelf in self.stage.sides.values():
            shelf.on_call = self.moments
        self.stage.keep_open()
        type(self).histories += 1

    def _count(self) -> None:
        type(self).steps += 1
        self.stage.pass_time(timedelta(seconds=30))

    def _somebody(self, side: str, number: int) -> Ref | None:
        there = people(self.stage.sides[side])
        return there[number % len(there)].ref if there else None

    # ---- the world

    @initialize(late=st.sampled_from((0, 45, 200)), off=st.sampled_from((-400, 0, 90)), side=SIDES)
    def the_world(self, late: int, off: int, side: str) -> None:
        """One CRM shows changes late, and its clock is off."""
        self.stage.sides[side].lag = timedelta(seconds=late)
        self.stage.sides[side].skew = timedelta(seconds=off)

    @precondition(lambda self: self.arrived < MOST_PEOPLE)
    @rule(where=st.sampled_from(("hubspot", "salesforce", "both")), good=st.booleans())
    def somebody_arrives(self, where: str, good: bool) -> None:  # noqa: FBT001
        self._count()
        self.arrived += 1
        for side in ("hubspot", "salesforce") if where == "both" else (where,):
            arrive(self.stage, self.arrived, side, good=good and side == "hubspot")

    @rule(side=SIDES, number=NUMBERS, typed=EDITS)
    def somebody_edits(self, side: str, number: int, typed: tuple[str, Value]) -> None:
        self._count()
        self._edit(side, number, typed)

    def _edit(self, side: str, number: int, typed: tuple[str, Value]) -> None:
        if (ref := self._somebody(side, number)) is not None:
            edit(self.stage, ref, *typed)

    @rule(moment=MOMENTS, side=SIDES, number=NUMBERS, typed=EDITS)
    def somebody_will_edit_during_the_run(self, moment: int, side: str, number: int, typed: tuple[str, Value]) -> None:
        self._count()
        self.moments.at(moment, lambda: self._edit(side, number, typed))

    @rule(side=SIDES, number=NUMBERS, name=st.sampled_from(sorted(VALUES)), data=st.data())
    def both_sides_are_edited(self, side: str, number: int, name: str, data: st.DataObject) -> None:
        self._count()
        values = data.draw(st.lists(st.sampled_from(VALUES[name]), min_size=2, max_size=2))
        for where, value in zip((side, "salesforce" if side == "hubspot" else "hubspot"), values, strict=True):
            self._edit(where, number, (name, value))

    @rule(side=SIDES, number=NUMBERS, other=NUMBERS, moment=st.one_of(st.none(), MOMENTS), fate=FATES)
    def a_record_meets_its_fate(self, side: str, number: int, other: int, moment: int | None, fate: str) -> None:
        self._count()
        if moment is None:
            self._fate(side, number, other, fate)
        else:
            self.moments.at(moment, lambda: self._fate(side, number, other, fate))

    def _fate(self, side: str, number: int, other: int, fate: str) -> None:
        shelf, ref = self.stage.sides[side], self._somebody(side, number)
        match fate:
            case "delete" if ref is not None:
                shelf.delete(ref)
            case "restore":
                for record in people(shelf, deleted=True)[:1]:
                    shelf.restore(record.ref)
            case "merge" if ref is not None:
                rest = [r.ref for r in people(shelf) if r.ref != ref and r.ref.kind == ref.kind]
                scenes.merge(self.stage, ref, rest[other % len(rest)] if rest else None)
            case "convert":
                for record in leads(self.stage.salesforce)[:1]:
                    self.stage.salesforce.convert(record.ref, "Contact", CONTACT_NAMES)
            case _:
                return

    @rule(side=SIDES, kinds=TROUBLES)
    def the_network_fails(self, side: str, kinds: list[str]) -> None:
        self._count()
        self.stage.sides[side].trouble = scenes.Trouble(*kinds)

    @rule(side=SIDES, number=st.one_of(st.none(), NUMBERS))
    def a_record_is_refused_from_now_on(self, side: str, number: int | None) -> None:
        self._count()
        ref = self._somebody(side, number) if number is not None else None
        self.stage.sides[side].refuse = scenes.Refusal(ref.id if ref is not None else None)

    @rule(minutes=st.sampled_from((1, 10, 600)))
    def time_passes(self, minutes: int) -> None:
        self._count()
        self.stage.pass_time(timedelta(minutes=minutes))

    # ---- leadsync

    @rule()
    def leadsync_runs(self) -> None:
        self._count()
        self._run()

    @rule(moment=MOMENTS)
    def leadsync_runs_and_dies(self, moment: int) -> None:
        self._count()
        self.moments.at(moment, _stop)
        self._run()

    def _run(self) -> Cycle | None:
        self.moments.begin()
        try:
            done = self.stage.run()
        except (Crash, StopRun):
            done = None
        self.checker.after_run(done)
        self._judge()
        return done

    def _judge(self) -> None:
        assert not self.checker.lost, self.checker.lost

    @precondition(lambda self: self.stage.runs > 0)
    @rule()
    def all_comes_to_rest(self) -> None:
        self._count()
        self.settle()

    def settle(self) -> None:
        """Nobody does anything any more and nothing fails: runs come to rest, and a further one writes nothing."""
        self.moments.due.clear()
        for shelf in self.stage.sides.values():
            shelf.trouble = scenes.Trouble()
            shelf.refuse = scenes.Refusal(None)
        for _ in range(MOST_RUNS):
            self.stage.pass_time(timedelta(minutes=10))
            before = self.stage.writes()
            done = self._run()
            assert done is not None, "a run stopped though nothing went wrong"
            if self.stage.writes() == before:
                break
        else:
            raise AssertionError("the runs never come to rest")
        self.checker.at_rest(done)
        self._judge()
        before = self.stage.writes()
        self._run()
        type(self).quiet_writes += self.stage.writes() - before
        assert self.stage.writes() == before, "a run wrote though nothing had changed"

    def teardown(self) -> None:
        """Every history ends at rest."""
        try:
            self.settle()
        finally:
            self.forget()

    def forget(self) -> None:
        """Throw the state away."""
        self.stage.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def profile(histories: int, *, shrink: bool = True) -> settings:
    """How long and how thoroughly to look."""
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    return settings(
        max_examples=histories,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=phases,
        suppress_health_check=checks,
        print_blob=False,
        report_multiple_bugs=False,
    )


def prove(*, long: bool = False, seed: int = 0, steps: int | None = None) -> Report:
    """Play histories until there are enough steps."""
    report = Report("no lost update")
    gate = steps if steps is not None else LONG_STEPS if long else CI_STEPS

    class Counted(Lives):
        pass

    number = seed
    while Counted.steps < gate and report.kept:
        rest = max(10, (gate - Counted.steps) // (STEPS // 2))
        play(Counted, min(rest, 2_000), number, report)
        number += 1
    report.reach("steps", Counted.steps, gate)
    report.figures["histories"] = Counted.histories
    report.figures["write calls of runs that had nothing to do"] = Counted.quiet_writes
    report.figures["violations"] = len(report.violations)
    return report


def play(machine: Any, histories: int, number: int, report: Report, *, shrink: bool = True) -> None:
    """Play histories with one seed; the shrunk counter-example goes into the report."""
    try:
        run_state_machine_as_test(seeded(number)(machine), settings=profile(histories, shrink=shrink))
    except AssertionError as broken:
        notes = "\n".join(getattr(broken, "__notes__", []))
        report.violations.append(f"seed {number}: {broken}\n{notes}")
