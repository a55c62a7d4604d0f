"""The daemon: cycles on a schedule, one at a time, ending in good order when asked to."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
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
    """Becomes true with the first SIGTERM, SIGINT or SIGHUP; remembers which."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.signal: int | None = None

    def install(self) -> StopFlag:
        """Listen for SIGTERM and SIGINT from now on, and for SIGHUP, unless `nohup` has it ignored."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
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
    job: Callable[[], Schedule | None], schedule: Schedule, stop: Callable[[], bool], wait: Callable[[float], object]
) -> None:
    """Run the job at once and then on schedule until `stop`; runs never overlap, and missed times are caught up by one
    run. The job must handle its own errors; it gives the schedule that holds from then on, or None for the same.
    `wait` sleeps so many seconds, or less when it is time to stop."""
    timetable = _Timetable(schedule)
    try:
        _turn(job, timetable, stop, wait)
    finally:
        timetable.close()


class _Timetable:
    """Says when a run is due. The scheduler's thread only sets `due`."""

    def __init__(self, schedule: Schedule) -> None:
        self.due = threading.Event()
        self._schedule = schedule
        self._scheduler = BackgroundScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._scheduler.add_job(self.due.set, trigger(schedule), id="cycle")
        self._scheduler.start()
        self.due.set()
        self.close = partial(self._scheduler.shutdown, wait=False)

    def follow(self, schedule: Schedule) -> None:
        """Go by another schedule from now on, if it is another."""
        if schedule != self._schedule:
            log.info("the schedule was edited, and holds from now on")
            self._schedule = schedule
            self._scheduler.reschedule_job("cycle", trigger=trigger(schedule))

    def clock_was_set(self) -> None:
        """APScheduler sleeps through a clock that was set back (seen with 3.11.3), and as long again as the machine
        slept: tell it the time anew. What came due meanwhile is due now; what is to come is not put off."""
        now = datetime.fromtimestamp(time.time(), UTC)
        known = self._scheduler.get_job("cycle")
        then = known.next_run_time if known is not None else None
        if then is not None and then <= now:
            self.due.set()
        if self._schedule.cron:
            then = trigger(self._schedule).get_next_fire_time(None, now)
        elif then is None or not now < then <= now + self._schedule.every:
            then = now + self._schedule.every
        self._scheduler.modify_job("cycle", next_run_time=then)


def _turn(
    job: Callable[[], Schedule | None],
    timetable: _Timetable,
    stop: Callable[[], bool],
    wait: Callable[[float], object],
) -> None:
    """The job runs here, on the main thread, where signals arrive."""
    drift = time.time() - time.monotonic()
    while not stop():
        if timetable.due.is_set():
            timetable.due.clear()
            found = job()
            if found is not None:
                timetable.follow(found)
        wait(TICK)
        if abs(time.time() - time.monotonic() - drift) > CLOCK_JUMP:
            log.warning("the clock was set, or the machine slept: the schedule goes on from now")
            timetable.clock_was_set()
            drift = time.time() - time.monotonic()
