"""The governor: never above its share in any window, whoever asks and however many do."""

from __future__ import annotations

import random
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadsync.connector import Allowance
from leadsync.errors import QuotaExhausted, StopRun
from leadsync.quota import Governor, Lane, Shares

BURST = Allowance("burst", 20, timedelta(seconds=10))
SEARCH = Allowance("search", 5, timedelta(seconds=1), always=False)
DAILY = Allowance("daily", 10_000, timedelta(hours=24))


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def made(tmp_path: Path, time: Time) -> Iterator[list[Governor]]:
    governors: list[Governor] = []
    yield governors
    for governor in governors:
        governor.close()


def governor(tmp_path: Path, time: Time, made: list[Governor], **rest: object) -> Governor:
    new = Governor(tmp_path / "quota.db", "x", (BURST, SEARCH, DAILY), time, sleep=time.sleep, **rest)  # type: ignore[arg-type]
    made.append(new)
    return new


def most_in(sent: list[datetime], window: timedelta) -> int:
    """The most requests in any window of this length."""
    return max(sum(start <= at < start + window for at in sent) for start in sent)


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_no_window_ever_holds_more_than_the_share(
    tmp_path: Path, time: Time, made: list[Governor], workers: int
) -> None:
    shares = Shares(burst=0.5, day=0.5)
    crew = [governor(tmp_path, time, made, shares=shares) for _ in range(workers)]
    chance = random.Random(workers)
    sent: list[datetime] = []
    searches: list[datetime] = []
    for _ in range(300):
        search = chance.random() < 0.3
        one = chance.choice(crew)
        one.take(*(["search"] if search else []))
        sent.append(time.now)
        time.sleep(chance.choice([0, 0.05]))
        one.answered()
        searches += [time.now] if search else []
        time.sleep(chance.choice([0, 0, 0.01, 0.3]))
    assert most_in(sent, BURST.window) <= 10
    assert most_in(searches, SEARCH.window) <= 2
    assert crew[0].standings()[2].ours == 300


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_no_24_hours_ever_hold_more_than_the_days_share(
    tmp_path: Path, time: Time, made: list[Governor], workers: int
) -> None:
    shares = Shares(burst=1.0, day=0.01)  # 100 a day
    crew = [governor(tmp_path, time, made, shares=shares, lane=Lane.INTERACTIVE) for _ in range(workers)]
    chance = random.Random(workers)
    sent: list[datetime] = []
    for _ in range(800):
        one = chance.choice(crew)
        try:
            one.take()
            sent.append(time.now)
            one.answered()
        except QuotaExhausted as problem:
            assert problem.resets_in is not None
        time.sleep(chance.choice([1, 60, 300, 1800]))
    assert len(sent) > 300, "it goes on day by day"
    assert most_in(sent, timedelta(hours=24)) <= 100


def test_the_days_share_is_shared_and_kept_back_for_people(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    shares = Shares(burst=1.0, day=0.01)  # 100 a day
    by_lane = {lane: governor(tmp_path, time, made, shares=shares, lane=lane) for lane in Lane}

    def spend(lane: Lane) -> int:
        count = 0
        while True:
            try:
                by_lane[lane].take()
            except QuotaExhausted as problem:
                assert problem.resets_in is not None
                assert 0 < problem.resets_in <= 24 * 3600 + 60
                return count
            count += 1

    assert [spend(lane) for lane in (Lane.BACKFILL, Lane.SCHEDULED, Lane.INTERACTIVE)] == [60, 30, 10]
    time.sleep(24 * 3600 + 61)
    by_lane[Lane.BACKFILL].take()


def test_what_answers_say_lowers_the_allowance_and_never_raises_it(
    tmp_path: Path, time: Time, made: list[Governor]
) -> None:
    one = governor(tmp_path, time, made, shares=Shares(day=0.5))
    one.saw("daily", 100, 1_000_000)
    assert one.standings()[2].cap == 5_000
    one.saw("daily", 120, 2_000)
    assert one.standings()[2].cap == 1_000
    one.saw("daily", 130, 1_000_000)
    assert one.standings()[2].cap == 1_000


def test_an_allowance_that_was_raised_is_used_a_day_later(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    one = governor(tmp_path, time, made, shares=Shares(day=0.5))
    one.saw("daily", 100, 2_000)
    caps = []
    for _ in range(50):
        time.sleep(1800)
        one.saw("daily", 100, 1_000_000)
        caps.append(one.standings()[2].cap)
    assert caps == [1_000] * 47 + [5_000] * 3


def test_scheduled_work_stops_when_the_whole_account_is_nearly_used_up(
    tmp_path: Path, time: Time, made: list[Governor]
) -> None:
    scheduled = governor(tmp_path, time, made)
    person = governor(tmp_path, time, made, lane=Lane.INTERACTIVE)
    scheduled.saw("daily", 8_500, 10_000)
    with pytest.raises(QuotaExhausted, match="the whole account"):
        scheduled.take()
    person.take()


def test_the_count_outlives_the_process(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    first = governor(tmp_path, time, made)
    for _ in range(7):
        first.take()
    first.close()
    assert governor(tmp_path, time, made).standings()[2].ours == 7


def test_a_request_counts_until_a_window_after_its_answer(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    """It may have reached the server at any moment in between."""
    one = governor(tmp_path, time, made, shares=Shares(burst=0.05))  # one request in 10 s
    one.take()
    time.sleep(8)
    one.answered()
    answered = time.now
    one.take()
    assert timedelta(seconds=10) < time.now - answered < timedelta(seconds=10.1)


def test_a_request_whose_process_was_killed_stops_counting(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    governor(tmp_path, time, made, shares=Shares(burst=0.05)).take()  # and never hears of the answer
    killed = time.now
    governor(tmp_path, time, made, shares=Shares(burst=0.05)).take()
    assert timedelta(seconds=10) < time.now - killed < timedelta(seconds=41)


def test_a_clock_that_is_set_back_does_not_stop_anything(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    one = governor(tmp_path, time, made, shares=Shares(burst=0.05))
    one.take()
    one.answered()
    time.now -= timedelta(hours=3)
    before = time.now
    one.take()
    assert time.now - before < timedelta(seconds=11)


def test_a_lower_burst_limit_that_an_answer_tells_is_kept_to(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    one = governor(tmp_path, time, made)
    one.saw("burst", 3, 10)
    one.saw("burst", 3, 190)
    assert one.standings()[0].cap == 8
    for _ in range(9):
        one.take()
        one.answered()
    assert time.now - datetime(2026, 1, 1, tzinfo=UTC) >= timedelta(seconds=10)


def test_a_crowded_account_is_looked_at_again_by_one_request(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    """Else nobody would ever learn that its day has begun anew."""
    crew = [governor(tmp_path, time, made) for _ in range(2)]
    crew[0].saw("daily", 9_000, 10_000)
    time.sleep(16 * 60)
    crew[0].take()
    with pytest.raises(QuotaExhausted) as refused:
        crew[1].take()
    assert refused.value.resets_in == 15 * 60
    crew[0].saw("daily", 1, 10_000)
    crew[1].take()


def test_a_damaged_file_is_set_aside_and_counting_goes_on(
    tmp_path: Path, time: Time, made: list[Governor], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "quota.db").write_bytes(b"no database at all" * 100)
    governor(tmp_path, time, made).take()
    assert (tmp_path / "quota.db.damaged").exists()
    assert "counted anew" in caplog.text


def test_where_nothing_can_be_counted_nothing_is_sent(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    one = governor(tmp_path, time, made)
    one.close()
    with pytest.raises(StopRun, match="none is sent"):
        one.take()


def test_the_file_of_counts_is_open_to_its_owner_alone(tmp_path: Path, time: Time, made: list[Governor]) -> None:
    folder = tmp_path / "new"
    governor(folder, time, made).take()
    assert stat.S_IMODE((folder / "quota.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_stops_the_run_with_the_next_step(
    tmp_path: Path, time: Time, made: list[Governor]
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StopRun, match="correct the file's permissions"):
        governor(tmp_path / "file", time, made)
