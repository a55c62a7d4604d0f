"""A register in a folder, and one that is published over HTTP."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.connectors.gleif.rows import FAMILY

from leadsync.sandbox import SandboxClock, Serving
from leadsync_gleif import GleifSettings, Index, load
from leadsync_gleif.client import Client
from leadsync_gleif.sandbox import GleifSandbox

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

Rows = Mapping[str, Sequence[Mapping[str, str]]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(Client, "sleep", staticmethod(lambda _seconds: None))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Rows], list[Path]]:
    """Write rows as files: {"lei2": [...]} → [.../lei2.csv]."""

    def files(rows: Rows) -> list[Path]:
        return [written(tmp_path / f"{name}.csv", some) for name, some in rows.items()]

    return files


def written(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def index_of(tmp_path: Path, write: Callable[[Rows], list[Path]]) -> Iterator[Callable[[Rows], Index]]:
    """Load rows into an index and open it."""
    opened: list[Index] = []

    def make(rows: Rows) -> Index:
        load(write(rows), tmp_path / "index")
        opened.append(Index.open(tmp_path / "index"))
        return opened[-1]

    yield make
    for index in opened:
        index.close()


@pytest.fixture
def family(index_of: Callable[[Rows], Index]) -> Index:
    return index_of(FAMILY)


@pytest.fixture
def clock() -> SandboxClock:
    clock = SandboxClock()
    clock.set(NOON, rate=0)
    return clock


@pytest.fixture
def sandbox(clock: SandboxClock) -> GleifSandbox:
    sandbox = GleifSandbox(clock)
    sandbox.seed({"files": FAMILY})
    return sandbox


@pytest.fixture
def url(sandbox: GleifSandbox) -> Iterator[str]:
    with Serving(sandbox) as served:
        yield served.url


@pytest.fixture
def settings(url: str, tmp_path: Path) -> GleifSettings:
    return GleifSettings(url=url, index=tmp_path / "index", timeout=5)
