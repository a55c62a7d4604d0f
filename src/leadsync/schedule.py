"""The daemon: cycles on a schedule, one at a time, ending in good order when asked to."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from leadsync.config import Schedule

log = logging.getLogger("leadsync.schedule")

CLOCK_JUMP = 2.0
"""Seconds by which wall and monotonic time may drift apart between two looks before the clock counts as set."""
TICK = 0.2
"""Seconds between two looks at the schedule and at the clock."""


class StopFlag:
    """Becomes true with the first SIGTERM or SIGINT; remembers which."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.signal: int | None = None

    def install(self) -> StopFlag:
        """Listen for SIGTERM and SIGINT from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked)
        return self

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        if self._event.is_set():
            raise SystemExit(128 + number)
        self.signal = number
        self._event.set()

    def __call__(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not past the signal."""
        return self._event.wait(seconds)

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells say it; 0 when nobody asked."""
        return 128 + self.signal if self.signal is not None else 0


def trigger(schedule: Schedule) -> BaseTrigger:
    """The schedule as APScheduler has it."""
    if schedule.cron:
        return CronTrigger.from_crontab(schedule.cron, timezone=schedule.timezone)
    return IntervalTrigger(seconds=int(schedule.every.total_seconds()), timezone="UTC", jitter=schedule.jitter_seconds)


def run_daemon(
    job: Callable[[], None], schedule: Schedule, stop: Callable[[], bool], wait: Callable[[float], object]
) -> None:
    """Run the job at once and then on schedule until `stop`; runs never overlap, and missed times are caught up by one
    run. The job must handle its own errors. `wait` sleeps so many seconds, or less when it is time to stop."""
    due = threading.Event()
    scheduler = BackgroundScheduler(
        timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    scheduler.add_job(due.set, trigger(schedule), id="cycle")
    scheduler.start()
    due.set()
    try:
        _turn(job, due, lambda: scheduler.reschedule_job("cycle", trigger=trigger(schedule)), stop, wait)
    finally:
        scheduler.shutdown(wait=False)


def _turn(
    job: Callable[[], None],
    due: threading.Event,
    restart: Callable[[], object],
    stop: Callable[[], bool],
    wait: Callable[[float], object],
) -> None:
    """The job runs here, on the main thread, where signals arrive; the scheduler's thread only says when."""
    drift = time.time() - time.monotonic()
    while not stop():
        if due.is_set():
            due.clear()
            job()
        wait(TICK)
        if abs(time.time() - time.monotonic() - drift) > CLOCK_JUMP:
            # APScheduler sleeps through a clock that was set back (seen with 3.11.3): tell it the time anew.
            log.warning("the clock was set; the schedule starts anew from now")
            restart()
            drift = time.time() - time.monotonic()
