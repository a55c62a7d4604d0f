"""No edit is lost: two CRMs, people who edit anything at any instant, everything that goes wrong, and a checker.

A state machine draws what people do, when the network fails and when leadsync runs or dies; `proofs.history` judges
every write it made, and `settle` that nothing was swallowed and that two CRMs left alone are left alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from tests.engine import Stage
from tests.fakes import Crash

from leadsync.errors import StopRun
from leadsync.records import Ref, Value
from leadsync.sync import Cycle
from proofs import scenes
from proofs.folder import IN_MEMORY
from proofs.history import Checker
from proofs.report import Report
from proofs.town import CONTACT_NAMES, SHARED, VALUES, arrive, edit, leads, people, town, vendor_name

CI_STEPS = 10_000
LONG_STEPS = 1_000_000
FURTHER = 4
"""So many times the wanted steps are played at most for what happens seldom."""
STEPS = 50
"""Steps of one history: long enough for several runs, short enough to be read."""

EVENTS = (
    "edited between runs", "edited during a run", "edited on both sides", "edited after leadsync read it for writing",
    "deleted", "restored", "merged into a new id", "merged into one of two", "converted", "written in another spelling",
    "refused by a rule", "write call: down", "write call: lost before", "write call: lost after", "write call: half",
    "write call: whole", "not yet in the index", "run beside a clock that was off", "run that was killed",
    "held for a person", "put off because of an edit",
)  # fmt: skip
"""What a proof has not shown unless it happened. The last two are leadsync's own answers."""

MOST_PEOPLE = 4
MOST_RUNS = 5
"""Runs within which everything must have come to rest once nothing goes wrong any more."""

SIDES = st.sampled_from(("hubspot", "salesforce"))
NUMBERS = st.integers(0, 5)
MOMENTS = st.integers(0, 40)
EDITS = st.sampled_from([(name, value) for name, values in VALUES.items() for value in values])
SHARED_EDITS = st.sampled_from([(name, value) for name in SHARED for value in VALUES[name]])
FATES = st.sampled_from(("delete", "restore", "restore", "merge", "merge", "convert"))
PAIRS = st.sampled_from([(name, one, other) for name, of in VALUES.items() for one in of for other in of])
LAST_NAMES = st.permutations(VALUES["last"]).map(lambda names: (names[0], names[1]))
SETTLERS = st.sampled_from(((), ("both",), ("both", "hubspot"), ("both", "both")))
DOING = st.sampled_from(("before read", "after read", "before write", "after write"))
AT_HAND = st.lists(st.tuples(DOING, st.integers(0, 3), NUMBERS, st.integers(0, 29)), min_size=1, max_size=4)
TROUBLES = st.lists(st.sampled_from(("", "down", "lost before", "lost after", "half", "whole")), min_size=2, max_size=5)


CALL = "call"
"""Any call to a CRM, before and after it."""

Moment: TypeAlias = tuple[str, int]
"""What leadsync is at ("call", "before read", "after write" …), and at which time in a run."""


class Moments:
    """Counts the calls of a run and lets things happen at some of them."""

    def __init__(self) -> None:
        self.due: dict[Moment, list[Callable[[], None]]] = {}
        self.count: Counter[str] = Counter()
        self.running = False

    def __call__(self, when: str) -> None:
        for what in (CALL, when.rpartition(" ")[0]):
            moment, self.count[what] = (what, self.count[what]), self.count[what] + 1
            for happens in self.due.pop(moment, []):
                happens()

    @contextmanager
    def of_a_run(self) -> Iterator[None]:
        """A run begins, and ends."""
        self.running = True
        self.count.clear()
        try:
            yield
        finally:
            self.running = False

    def at(self, moment: int, happens: Callable[[], None], what: str = CALL) -> None:
        """Something will happen at that moment of the next run that comes so far."""
        self.due.setdefault((what, moment), []).append(happens)


def _stop() -> None:
    raise Crash


class Lives(RuleBasedStateMachine):
    """Two CRMs and leadsync through an arbitrary history."""

    steps = 0
    histories = 0
    quiet_writes = 0
    tally: ClassVar[Counter[str]] = Counter()

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

    @initialize(late=st.sampled_from((0, 45, 200)), off=st.sampled_from((-400, 0, 90)), side=SIDES, people=SETTLERS)
    def the_world(self, late: int, off: int, side: str, people: tuple[str, ...] = ()) -> None:
        """One CRM shows changes late, and its clock is off; some people are there from the beginning."""
        self.stage.sides[side].lag = timedelta(seconds=late)
        self.stage.sides[side].skew = timedelta(seconds=off)
        for where in people:
            self._arrive(where, good=where == "hubspot")

    @precondition(lambda self: self.arrived < MOST_PEOPLE)
    @rule(where=st.sampled_from(("hubspot", "salesforce", "both")), good=st.booleans())
    def somebody_arrives(self, where: str, good: bool) -> None:  # noqa: FBT001
        self._count()
        self._arrive(where, good=good)

    def _arrive(self, where: str, *, good: bool) -> None:
        self.arrived += 1
        for side in ("hubspot", "salesforce") if where == "both" else (where,):
            arrive(self.stage, self.arrived, side, good=good and side == "hubspot")

    @rule(side=SIDES, number=NUMBERS, typed=EDITS)
    def somebody_edits(self, side: str, number: int, typed: tuple[str, Value]) -> None:
        self._count()
        self._edit(side, number, typed)

    def _edit(self, side: str, number: int, typed: tuple[str, Value]) -> None:
        if (ref := self._somebody(side, number)) is not None and edit(self.stage, ref, *typed):
            when = "during a run" if self.moments.running else "between runs"
            self.stage.diary.tally[f"edited {when}"] += 1

    @rule(moment=MOMENTS, side=SIDES, number=NUMBERS, typed=EDITS)
    def somebody_will_edit_during_the_run(self, moment: int, side: str, number: int, typed: tuple[str, Value]) -> None:
        self._count()
        self.moments.at(moment, lambda: self._edit(side, number, typed))

    @rule(side=SIDES, number=NUMBERS, typed=SHARED_EDITS, edits=AT_HAND)
    def people_edit_what_leadsync_reads_and_writes(
        self, side: str, number: int, typed: tuple[str, Value], edits: list[tuple[str, int, int, int]]
    ) -> None:
        self._count()
        self._edit(side, number, typed)
        for what, nth, which, value in edits:
            self.moments.at(nth, partial(self._edit_what_is_at_hand, which, value), what)
        self._run()

    def _edit_what_is_at_hand(self, number: int, typed: int) -> None:
        """A person types into a record that leadsync reads or writes right now, into a field it writes if it does."""
        for side, shelf in self.stage.sides.items():
            there = [r.ref for r in people(shelf)]
            refs = [ref for ref in shelf.at_hand if ref in there]
            if refs:
                ref = refs[number % len(refs)]
                names = [n for n in SHARED if vendor_name(ref, n) in shelf.at_hand[ref]] or list(VALUES)
                name = names[typed % len(names)]
                value = VALUES[name][typed // len(names) % len(VALUES[name])]
                self._edit(side, there.index(ref), (name, value))

    @rule(number=NUMBERS, typed=PAIRS)
    def both_sides_are_edited(self, number: int, typed: tuple[str, Value, Value]) -> None:
        self._count()
        name, *values = typed
        before = self.stage.diary.tally["edited between runs"]
        for side, value in zip(self.stage.sides, values, strict=True):
            self._edit(side, number, (name, value))
        self.stage.diary.tally["edited on both sides"] += self.stage.diary.tally["edited between runs"] == before + 2

    @rule(side=SIDES, number=NUMBERS, typed=LAST_NAMES, minutes=st.sampled_from((1, 60)))
    def one_edit_is_seen_and_then_the_other_made(
        self, side: str, number: int, typed: tuple[Value, Value], minutes: int
    ) -> None:
        """The first one cannot be carried over yet; whether the second was later can be proved after an hour."""
        self._count()
        other = next(name for name in self.stage.sides if name != side)
        self._edit(side, number, ("last", typed[0]))
        self.stage.sides[other].trouble = scenes.Trouble(*["down"] * 9)
        self._run()
        self.stage.sides[other].trouble = scenes.Trouble()
        self.stage.pass_time(timedelta(minutes=minutes))
        self._edit(other, number, ("last", typed[1]))
        self._run()

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
        self.moments.due.pop((CALL, moment), None)

    def _run(self) -> Cycle | None:
        tally = self.stage.diary.tally
        tally["run beside a clock that was off"] += any(shelf.skew for shelf in self.stage.sides.values())
        done = None
        with self.moments.of_a_run():
            try:
                done = self.stage.run()
            except StopRun:
                tally["run that stopped"] += 1
            except Crash:
                tally["run that was killed"] += 1
        self.checker.after_run(done)
        if done is not None and done.pushed is not None:
            tally["held for a person"] += len(done.plan.held)
            tally["put off because of an edit"] += len(done.pushed.moved)
            changes = (change for step in done.pushed.written for change in step.changes)
            tally["decided because one edit was later"] += sum(c.why.endswith("provably last") for c in changes)
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
        """Throw the state away, and count what happened."""
        type(self).tally = type(self).tally + self.stage.diary.tally
        type(self).tally["edited after leadsync read it for writing"] += self.checker.gaps
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
    """Play histories until there are enough steps, and on until everything that may happen has happened."""
    report = Report("no lost update")
    gate = steps if steps is not None else LONG_STEPS if long else CI_STEPS

    class Counted(Lives):
        pass

    number = seed
    while report.kept and (Counted.steps < gate or (_missing(Counted.tally) and Counted.steps < FURTHER * gate)):
        rest = max(4, (gate - Counted.steps) // STEPS)
        play(Counted, min(rest, 2_000), number, report)
        number += 1
    report.reach("steps", Counted.steps, gate)
    report.figures["histories"] = Counted.histories
    report.figures["write calls of runs that had nothing to do"] = Counted.quiet_writes
    report.violations.extend(f"it never happened: {name}" for name in _missing(Counted.tally))
    report.figures["what happened"] = dict(sorted(Counted.tally.items()))
    report.figures["violations"] = len(report.violations)
    return report


def _missing(tally: Mapping[str, int]) -> list[str]:
    return [name for name in EVENTS if tally[name] == 0]


def play(machine: Any, histories: int, number: int, report: Report, *, shrink: bool = True) -> None:
    """Play histories with one seed; the shrunk counter-example goes into the report."""
    try:
        run_state_machine_as_test(seeded(number)(machine), settings=profile(histories, shrink=shrink))
    except AssertionError as broken:
        notes = "\n".join(getattr(broken, "__notes__", []))
        report.violations.append(f"seed {number}: {broken}\n{notes}")
