"""The register after months of use: deltas counted, two commands at once, a full disk, tables made by hand."""

from __future__ import annotations

import errno
import json
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.connectors.gleif.conftest import Rows
from tests.connectors.gleif.rows import FAMILY, A, B, C, D, E, lei, lei2, repex, rr

from leadsync.cli.main import cli
from leadsync.records import CompanyQuery
from leadsync.sandbox import SandboxClock
from leadsync_gleif import GleifSettings, Index, goldencopy, load, open_register, refresh, status
from leadsync_gleif.sandbox import GleifSandbox
from leadsync_gleif.segment import Segment

N = lei("N")


def test_the_counts_are_those_of_what_stands_after_a_delta(tmp_path: Path, write: Callable[[Rows], list[Path]]) -> None:
    load(write(FAMILY), tmp_path / "index")
    gone = {**rr(A, B), "DeletedAt": "2026-11-01T10:00:00Z"}
    changed: Rows = {
        "lei2": [lei2(D, "Delta", "NA", registration="RETIRED"), lei2(N, "Nu AG"), lei2(E, "Epsilon", "LU")],
        "rr": [gone, {**rr(B, C, since="2011-01-01T00:00:00Z"), "DeletedAt": ""}, {**rr(D, C), "DeletedAt": ""}],
        "repex": [{**repex(C, "NON_CONSOLIDATING"), "DeletedAt": ""}, {**repex(N, "NO_LEI"), "DeletedAt": ""}],
    }
    load(write(changed), tmp_path / "index", delta=True)
    found = status(tmp_path / "index")
    assert found.entities == 6
    assert dict(found.by_registration) == {"ISSUED": 5, "RETIRED": 1}
    assert dict(found.by_category) == {"GENERAL": 6}
    assert (found.relations, found.exceptions) == (4, 3)


def test_two_refreshes_at_once_share_one_download(
    settings: GleifSettings, sandbox: GleifSandbox, clock: SandboxClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = threading.Barrier(2, timeout=1.0)
    fetch = goldencopy.download

    def together(*given: object) -> None:
        with suppress(threading.BrokenBarrierError):
            met.wait()  # both are about to download, if they may
        fetch(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(goldencopy, "download", together)
    problems: list[BaseException] = []

    def run() -> None:
        try:
            refresh(settings, clock)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert status(settings.index).entities == 5
    assert sum(n for label, n in sandbox.counters.reads.items() if "/storage/" in label) == 3


def test_a_full_disk_leaves_the_old_register_in_use_with_a_warning(
    settings: GleifSettings, sandbox: GleifSandbox, clock: SandboxClock,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    refresh(settings, clock)
    clock.advance(8 * 3600)
    sandbox.seed({"files": {"lei2": [lei2(N, "Nu AG")], "rr": [], "repex": []}})

    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "x.part")

    monkeypatch.setattr(goldencopy, "download", full)
    with caplog.at_level(logging.WARNING):
        register = open_register(settings, clock)
    assert register.entity(A) is not None
    register.close()
    assert "No space left on device" in caplog.text


def test_an_index_that_is_swapped_while_it_is_opened_is_opened_anew(
    tmp_path: Path, write: Callable[[Rows], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    load(write(FAMILY), folder)
    opening = Segment.open
    swaps = iter([lambda: load(write({"lei2": [*FAMILY["lei2"], lei2(N, "Nu AG")]}), folder)])

    def while_loading(path: Path) -> Segment:
        for swap in swaps:
            swap()
        return opening(path)

    monkeypatch.setattr(Segment, "open", while_loading)
    index = Index.open(folder)
    assert index.entity(N) is not None
    index.close()


def test_countries_of_a_table_made_by_hand_may_be_names(tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(f"lei,name,country\n{A},Alpha Werke GmbH,Germany\n{B},Beta Holding AG,de\n", encoding="utf-8")
    load([table], tmp_path / "index")
    index = Index.open(tmp_path / "index")
    assert [index.entity(one).country for one in (A, B)] == ["DE", "DE"]  # type: ignore[union-attr]
    found = index.candidates([CompanyQuery("Alpha Werke GmbH", "DE")])
    assert [e.lei for e in found[0]] == [A]
    index.close()


# ---- commands


@pytest.fixture
def typed(family: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(cli, [*arguments, "--index", "index"], standalone_mode=False, catch_exceptions=False)
        return done.stdout

    return run


def test_a_family_that_is_shown_whole_is_not_said_to_be_cut(typed: Callable[..., str]) -> None:
    assert "(cut" not in typed("family", C, "--limit", "2")
    assert "(cut" in typed("family", C, "--limit", "1")


def test_a_name_too_long_for_a_file_is_a_name(typed: Callable[..., str]) -> None:
    assert "no match" in typed("resolve", "Zweite Verwaltungsgesellschaft " * 10)


def test_the_family_of_a_merged_entity_says_into_which_one_it_passed(
    typed: Callable[..., str], tmp_path: Path, write: Callable[[Rows], list[Path]]
) -> None:
    merged = lei2(A, "Alpha Werke GmbH", registration="MERGED", status="INACTIVE", successor=B)
    load(write({"lei2": [merged]}), tmp_path / "index", delta=True)
    assert f"passed into Beta Holding AG (DE)  {B}" in typed("family", A)
    found = json.loads(typed("family", A, "--output", "json"))
    assert (found["registration"], found["successor"]) == ("MERGED", B)
