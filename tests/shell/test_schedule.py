"""The daemon's schedule when the clock is set, the machine slept, or an admin edits it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest

from leadsync import schedule as under_test
from leadsync.config import Schedule
from leadsync.schedule import StopFlag, run_daemon

HOURLY = Schedule(every=timedelta(hours=1))


class Clock:
    """Wall and monotonic time that go apart by `jumps`, one at each look at the schedule."""

    def __init__(self, jumps: list[float]) -> None:
        self.jumps, self.looks, self.ahead = jumps, 0, 0.0

    def time(self) -> float:
        return time.time() + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, _seconds: float) -> None:
        if self.looks < len(self.jumps):
            self.ahead += self.jumps[self.looks]
        self.looks += 1

    def over(self) -> bool:
        """Whether it is time to stop: some looks after the last jump."""
        return self.looks > len(self.jumps) + 2


def runs(monkeypatch: pytest.MonkeyPatch, schedule: Schedule, jumps: list[float]) -> int:
    """How many cycles run, the first included."""
    clock = Clock(jumps)
    done: list[int] = []
    monkeypatch.setattr(under_test, "time", clock)

    def job() -> None:
        done.append(1)

    run_daemon(job, schedule, clock.over, clock.wait)
    return len(done)


@pytest.mark.parametrize("schedule", [HOURLY, Schedule(cron="0 * * * *")], ids=["every hour", "a cron line"])
def test_what_came_due_while_the_machine_slept_is_caught_up_by_one_run(
    monkeypatch: pytest.MonkeyPatch, schedule: Schedule
) -> None:
    assert runs(monkeypatch, schedule, [5 * 3600.0]) == 2


def test_a_clock_that_is_set_often_does_not_put_off_the_next_run_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five steps of ten minutes are not yet an hour, thirteen are two."""
    assert runs(monkeypatch, HOURLY, [600.0] * 5) == 1
    assert runs(monkeypatch, HOURLY, [600.0] * 13) == 3


def test_a_clock_that_was_set_back_brings_no_run_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runs(monkeypatch, HOURLY, [-86_400.0]) == 1


def test_an_edited_schedule_holds_from_the_next_cycle_on() -> None:
    """Every cycle tells the schedule it has read."""
    found: Iterator[Schedule] = iter([Schedule(every=timedelta(seconds=1)), *[HOURLY] * 9])
    done: list[Schedule] = []
    looks = count()

    def job() -> Schedule:
        done.append(next(found))
        return done[-1]

    def wait(seconds: float) -> None:
        next(looks)
        time.sleep(seconds)

    run_daemon(job, HOURLY, lambda: len(done) == 2 or next(looks) > 100, wait)
    assert done == [Schedule(every=timedelta(seconds=1)), HOURLY]


@pytest.fixture
def handlers() -> Iterator[None]:
    """The signal handlers as they were, afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_asks_for_an_end_after_the_batch_in_hand(number: signal.Signals) -> None:
    stop = StopFlag().install()
    os.kill(os.getpid(), number)
    assert (stop(), stop.exit_code) == (True, 128 + number)


@pytest.mark.usefixtures("handlers")
def test_under_nohup_a_terminal_may_hang_up() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = StopFlag().install()
    os.kill(os.getpid(), signal.SIGHUP)
    assert not stop()
