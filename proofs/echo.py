"""No echo: after any history two more runs, and the second writes nothing; and a month in which nothing happens."""

from __future__ import annotations

import random
from datetime import timedelta

from tests.engine import Stage

from proofs import scenes
from proofs.folder import scratch
from proofs.report import Report

IDLE_DAYS = 30
RUNS_A_DAY = 4
CI_HISTORIES = 40
LONG_HISTORIES = 2_000


def prove(*, long: bool = False, seed: int = 0, histories: int | None = None) -> Report:
    """Drawn histories, each with two more runs; then idle months."""
    report = Report("no echo loop")
    count = histories if histories is not None else LONG_HISTORIES if long else CI_HISTORIES
    second = sum(_after(number, report) for number in range(seed, seed + count))
    report.figures["histories"] = count
    report.figures["write calls of the second run after each"] = second
    idle = {name: _month(name, build, report) for name, build in scenes.NAMED.items()}
    report.figures[f"write calls in {IDLE_DAYS} idle days"] = idle
    return report


def _after(number: int, report: Report) -> int:
    """A drawn scene with edits between its runs; the writes of the second of two more runs."""
    chance = random.Random(number)  # noqa: S311  a repeatable draw
    with scratch() as folder:
        stage = scenes.drawn(number)(folder)
        for _ in range(3):
            stage.run()
            scenes.act(stage, chance)
            stage.pass_time(timedelta(hours=chance.randint(1, 30)))
        calm(stage)
        stage.run()
        again = _writes_of_a_run(stage)
    report.require(again == 0, f"history {number}: the second run made {again} write calls")
    return again


def calm(stage: Stage) -> None:
    """Nothing fails any more."""
    for shelf in stage.sides.values():
        shelf.trouble = scenes.Trouble()
        shelf.refuse = scenes.Refusal(None)


def _writes_of_a_run(stage: Stage) -> int:
    before = stage.writes()
    stage.run()
    return stage.writes() - before


def _month(name: str, build: scenes.Build, report: Report) -> int:
    """Nobody does anything for a month. A touch's points fade with its age, which is news; so there are no touches."""
    with scratch() as folder:
        stage = build(folder)
        for shelf in stage.sides.values():
            shelf.touch_list.clear()
        calm(stage)
        for _ in range(3):
            stage.run()
        written = 0
        for _ in range(IDLE_DAYS * RUNS_A_DAY):
            stage.pass_time(timedelta(hours=24 / RUNS_A_DAY))
            written += _writes_of_a_run(stage)
    report.require(written == 0, f"{name}: {written} write calls in {IDLE_DAYS} idle days")
    return written
