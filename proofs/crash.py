"""A run that is killed, anywhere and more than once, is finished by the next: nothing lost, repeated or doubled.

The two CRMs live in this process. Each run is a forked child that asks for them through a pipe and sends itself
SIGKILL at its n-th hook; there is one before and after each call to a CRM, and before and after each commit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.engine import Stage

from leadsync.records import Ref
from proofs import scenes
from proofs.folder import scratch
from proofs.forked import Moment, Runs, fingerprint, moment
from proofs.report import Report
from proofs.town import holdings

CI_DOUBLES = 2_000
LONG_DOUBLES = 100_000
MOST_HOOKS = 2_000


@dataclass(frozen=True, slots=True)
class Calm:
    """How a scene ends when nothing is killed: what stands where, every write that was applied, and after how many
    runs that wrote something."""

    held: dict[Ref, dict[str, Any]]
    applied: Counter[str]
    runs: int


@dataclass(slots=True)
class Tally:
    """What the attacks on one scene came to."""

    singles: int = 0
    doubles: int = 0
    endings: dict[bytes, list[str]] = field(default_factory=dict)
    most_runs: int = 0


def applied(stage: Stage) -> Counter[str]:
    """Every write that a CRM applied, how often."""
    return Counter(f"{name} {entry}" for name, side in stage.sides.items() for entry in map(repr, side.log))


def calm(start: Moment, folder: Path) -> Calm:
    """Play a scene to its end undisturbed."""
    stage = start.again(folder)
    runs = _until_quiet(stage)
    return Calm(holdings(stage), applied(stage), runs)


def _until_quiet(stage: Stage, most: int = 6) -> int:
    for runs in range(most):
        before = stage.writes()
        stage.run()
        if stage.writes() == before:
            return runs
    raise AssertionError("the runs never come to rest")


def ending(stage: Stage, quiet: Calm) -> tuple[list[str], int]:
    """Let the next runs finish what was killed; what is wrong with the end, and how many runs it took."""
    runs = _until_quiet(stage)
    wrong: list[str] = []
    now, held, then = applied(stage), holdings(stage), quiet.held
    if quiet.runs > 1:  # leadsync's own values may then take other ways: they depend on what was known at each run
        now = Counter({write: count for write, count in now.items() if count > max(1, quiet.applied[write])})
        held, then = typed(held), typed(then)
    elif lost := quiet.applied - now:
        wrong.append(f"lost writes: {dict(lost)}")
    if more := now - quiet.applied:
        wrong.append(f"repeated or new writes: {dict(more)}")
    if held != then:
        wrong.append(f"other values: {_difference(held, then)}")
    if runs > quiet.runs:
        wrong.append(f"{runs} runs to converge instead of {quiet.runs}")
    return wrong, runs


def typed(held: dict[Ref, dict[str, Any]]) -> dict[Ref, dict[str, Any]]:
    """What people's fields hold, and which records carry which leadsync id."""
    own = re.compile("leadsync_(?!id)|lifecyclestage", re.IGNORECASE)
    return {ref: {n: v for n, v in fields.items() if not own.match(n)} for ref, fields in held.items()}


def _difference(now: dict[Ref, dict[str, Any]], then: dict[Ref, dict[str, Any]]) -> list[str]:
    return [
        f"{ref}: {now.get(ref)} instead of {then.get(ref)}" for ref in {*now, *then} if now.get(ref) != then.get(ref)
    ]


@dataclass(slots=True)
class Attack:
    """One scene under attack in a folder of its own."""

    name: str
    start: Moment
    quiet: Calm
    runs: Runs
    folder: Path
    report: Report
    tally: Tally = field(default_factory=Tally)

    def judge(self, stage: Stage, where: str) -> None:
        """Let it finish, unless the very same situation was seen to finish before."""
        found = fingerprint(stage)
        if found not in self.tally.endings:
            wrong, runs = ending(stage, self.quiet)
            self.tally.endings[found] = wrong
            self.tally.most_runs = max(self.tally.most_runs, runs)
        self.report.violations.extend(f"{self.name}, killed at {where}: {text}" for text in self.tally.endings[found])

    def singles(self) -> Iterator[tuple[int, Moment]]:
        """Kill the run at every hook; gives each moment after the kill."""
        for hook in range(MOST_HOOKS):
            stage = self.start.again(self.folder)
            if self.runs.attempt(stage, hook) is not None:
                return
            left = moment(stage)
            self.judge(stage, f"hook {hook}")
            self.tally.singles += 1
            yield hook, left

    def doubles(self, first: int, left: Moment) -> None:
        """Kill the run that follows a kill at every hook too."""
        for hook in range(MOST_HOOKS):
            stage = left.again(self.folder)
            if self.runs.attempt(stage, hook) is not None:
                return
            self.judge(stage, f"hooks {first} and {hook}")
            self.tally.doubles += 1


def attack(name: str, build: Callable[[Path], Stage], report: Report, *, doubles: int) -> Tally:
    """Kill a scene's run at every hook, and the run after it at every hook until there are enough doubles."""
    with scratch() as home, scratch() as folder:
        start = moment(build(home))
        quiet = calm(start, folder)
        with Runs() as runs:
            attacked = Attack(name, start, quiet, runs, folder, report)
            lefts = list(attacked.singles())
            for hook, left in _spread(lefts):
                if attacked.tally.doubles >= doubles:
                    break
                attacked.doubles(hook, left)
        return attacked.tally


def _spread(lefts: list[tuple[int, Moment]]) -> list[tuple[int, Moment]]:
    """All of them, near neighbours apart, so that a part of them is spread over the run."""
    return sorted(lefts, key=lambda left: (left[0] * 7919) % 1009)


def prove(*, long: bool = False, seed: int = 0, doubles: int | None = None, only: str = "") -> Report:
    """Kill every scene (or `only` one) at every hook once, and twice until the gate of doubles is reached."""
    report = Report("effectively once; converges after any crash")
    gate = doubles if doubles is not None else LONG_DOUBLES if long else CI_DOUBLES
    singles = done = endings = runs = 0
    named = [(name, build) for name, build in scenes.NAMED.items() if only in ("", name)]
    for number, (name, build) in enumerate(scenes.endless(named, seed) if long else named):
        share = gate - done if long else -(-(gate - done) // (len(named) - number))
        tally = attack(name, build, report, doubles=share)
        singles, done = singles + tally.singles, done + tally.doubles
        endings, runs = endings + len(tally.endings), max(runs, tally.most_runs)
        if long and done >= gate:
            break
    report.figures["single crashes, every hook of every scene"] = singles
    report.reach("double crashes", done, gate)
    report.figures["different situations they left"] = endings
    report.figures["runs to converge, at most"] = runs
    report.figures["violations"] = len(report.violations)
    return report
