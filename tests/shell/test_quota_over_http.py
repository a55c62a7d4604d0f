"""Never above the share in any window, counted at the server, with many processes and in a storm of refusals."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from tests.shell.hammer import Job, hammer

from leadsync.connector import Allowance
from leadsync.quota import Shares
from leadsync.sandbox import Sandbox, Serving
from leadsync_hubspot.sandbox import HubSpotSandbox
from leadsync_salesforce.sandbox import SalesforceSandbox

BURST = Allowance("burst", 25, timedelta(seconds=0.4), always=False)
SEARCH = Allowance("search", 5, timedelta(seconds=0.4), always=False)
DAILY = Allowance("daily", 250, timedelta(hours=24))
SHARES = Shares(burst=0.8, day=0.2)
BURST_SHARE, SEARCH_SHARE, DAY_SHARE = 20, 4, 50


@pytest.fixture(scope="module")
def forks() -> Iterator[ForkServerContext]:
    """Processes that have the connectors imported already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.shell.hammer", "leadsync_hubspot", "leadsync_salesforce"])
    yield context


def most_in(sent: Sequence[datetime], window: timedelta) -> int:
    """The most requests in any window of this length."""
    return max((sum(start <= at < start + window for at in sent) for start in sent), default=0)


def work(forks: ForkServerContext, job: Job, workers: int) -> list[tuple[int, str]]:
    with forks.Pool(workers) as pool:
        return pool.map(hammer, [job] * workers, chunksize=1)


def sent(sandbox: Sandbox) -> list[datetime]:
    return [at for at, _, _ in sandbox.counters.log]


@pytest.mark.parametrize(
    ("workers", "storm"),
    [(workers, storm) for workers in (1, 2, 8) for storm in (False, True)],
    ids=[f"{workers} workers{storm}" for workers in (1, 2, 8) for storm in ("", " in a storm of 429")],
)
def test_no_window_at_the_server_holds_more_than_the_share(
    tmp_path: Path, forks: ForkServerContext, workers: int, storm: bool
) -> None:
    sandbox = HubSpotSandbox()
    if storm:
        for name in ("burst", "search_limit"):
            sandbox.faults.add({"match": {"path": "/crm/"}, "times": 20, "action": {"kind": "named", "name": name}})
    with Serving(sandbox) as served:
        settings = {"url": served.url, "token": "file:" + str(token_file(tmp_path, sandbox))}
        job = Job("hubspot", settings, tmp_path / "quota.db", (BURST, SEARCH, DAILY), SHARES, rounds=1_000)
        counted = work(forks, job, workers)
    searches = [at for at, label, _ in sandbox.counters.log if label.endswith("/search")]
    others = [at for at, label, _ in sandbox.counters.log if not label.endswith("/search")]
    assert most_in(others, BURST.window) <= BURST_SHARE
    assert most_in(searches, SEARCH.window) <= SEARCH_SHARE
    assert len(sandbox.counters.log) == DAY_SHARE
    assert len(searches) > SEARCH_SHARE
    assert {ended for _, ended in counted} == {"exhausted"}


@pytest.mark.parametrize("workers", [1, 8])
def test_the_days_share_of_salesforce_is_not_passed_either(
    tmp_path: Path, forks: ForkServerContext, workers: int
) -> None:
    sandbox = SalesforceSandbox()
    sandbox.faults.add({"match": {"path": "/query"}, "times": 20, "action": {"kind": "reply", "status": 503}})
    ends = sandbox.credentials()
    with Serving(sandbox) as served:
        settings = {"url": served.url, "client_id": ends["client_id"]}
        settings["client_secret"] = "file:" + str(secret_file(tmp_path, ends["client_secret"]))
        job = Job("salesforce", settings, tmp_path / "quota.db", (DAILY,), SHARES, rounds=1_000)
        counted = work(forks, job, workers)
    assert len(sent(sandbox)) == DAY_SHARE
    assert {ended for _, ended in counted} == {"exhausted"}


def token_file(folder: Path, sandbox: Sandbox) -> Path:
    return secret_file(folder, sandbox.credentials()["token"])


def secret_file(folder: Path, secret: str) -> Path:
    path = folder / "secret"
    path.write_text(secret, encoding="utf-8")
    return path
