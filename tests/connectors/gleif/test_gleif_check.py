"""`leadsync doctor` on the register: missing, old, damaged, or not to be reached; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadsync.connector import Health
from leadsync.sandbox import SandboxClock, Serving
from leadsync_gleif import CONNECTOR, GleifSettings, refresh
from leadsync_gleif.check import check
from leadsync_gleif.client import Client
from leadsync_gleif.sandbox import GleifSandbox

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def served() -> Iterator[Serving]:
    sandbox = GleifSandbox(SandboxClock(lambda: NOW))
    sandbox.seed(CONNECTOR.demo())
    with Serving(sandbox) as serving:
        yield serving


@pytest.fixture
def settings(served: Serving, tmp_path: Path) -> GleifSettings:
    return GleifSettings(url=served.url, index=tmp_path / "register")


def states(settings: GleifSettings, now: datetime = NOW) -> dict[str, Health]:
    return {found.name: found.state for found in check(settings, lambda: now)}


def test_a_register_that_will_be_downloaded_is_a_warning_and_is_not_downloaded(settings: GleifSettings) -> None:
    assert states(settings) == {"index": Health.WARN, "publication": Health.OK}
    assert not settings.index.exists()


def test_a_register_that_nobody_will_download_is_broken(settings: GleifSettings) -> None:
    (found,) = check(settings.model_copy(update={"refresh": "never"}), lambda: NOW)
    assert found.state is Health.FAIL
    assert 'refresh = "auto"' in found.fix


def test_a_fresh_register_is_fine_and_an_old_one_is_told(settings: GleifSettings) -> None:
    published = refresh(settings, lambda: NOW).published
    assert published is not None
    assert states(settings, published + timedelta(days=1))["index"] is Health.OK
    assert states(settings, published + timedelta(days=8))["index"] is Health.WARN


def test_a_damaged_register_is_broken(settings: GleifSettings) -> None:
    settings.index.mkdir()
    (settings.index / "manifest.json").write_text("{", encoding="utf-8")
    assert states(settings)["index"] is Health.FAIL


def test_a_publication_that_is_none_is_told(served: Serving, settings: GleifSettings) -> None:
    body = {"action": {"kind": "reply", "status": 200, "body": {"data": "nothing"}}}
    served.sandbox.faults.add({"match": {"path": "publishes"}, **body})
    assert states(settings)["publication"] is Health.FAIL


def test_the_rest_api_is_asked_for_one_record(served: Serving, settings: GleifSettings) -> None:
    api = settings.model_copy(update={"mode": "api"})
    assert states(api) == {"REST API": Health.OK}
    body = {"action": {"kind": "reply", "status": 200, "body": {"data": "nothing"}}}
    served.sandbox.faults.add({"match": {"path": "lei-records"}, **body})
    assert states(api) == {"REST API": Health.FAIL}


@pytest.mark.parametrize("mode", ["index", "api"])
def test_a_gleif_that_cannot_be_reached_says_where_and_what_to_do(
    mode: str, settings: GleifSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Client, "sleep", staticmethod(lambda _seconds: None))
    away = settings.model_copy(update={"url": "http://127.0.0.1:9", "mode": mode})
    found = check(away, lambda: NOW)[-1]
    assert found.state is Health.FAIL
    assert "127.0.0.1 cannot be reached" in found.found
    assert "check the network and `url`" in found.found
    assert "nothing was changed" in found.found
