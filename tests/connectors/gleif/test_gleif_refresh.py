"""Keeping the index up to date over HTTP: full files, deltas, broken downloads."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from tests.connectors.gleif.rows import DIRECT, FAMILY, ULTIMATE, A, B, C, D, lei, lei2, repex, rr

from leadsync.connector import Usage, connector
from leadsync.errors import LeadsyncError, Unreadable
from leadsync.records import CompanyQuery
from leadsync.sandbox import SandboxClock, Serving
from leadsync_gleif import GleifSettings, Index, open_register, refresh, status
from leadsync_gleif.client import Client
from leadsync_gleif.goldencopy import latest
from leadsync_gleif.rows import Content
from leadsync_gleif.sandbox import GleifSandbox

HOUR = 3600


def downloads(sandbox: GleifSandbox) -> int:
    return sum(n for label, n in sandbox.counters.reads.items() if "/storage/" in label)


def test_opening_the_register_downloads_it_once(settings: GleifSettings, sandbox: GleifSandbox, clock) -> None:
    first = open_register(settings, clock)
    assert first.published() == clock()
    assert first.entity(A) is not None
    assert first.usage.reads == 1 + 3
    first.close()
    assert downloads(sandbox) == 3
    second = open_register(settings, clock)
    assert second.usage.reads == 1
    second.close()
    assert downloads(sandbox) == 3


def test_never_means_never(url: str, sandbox: GleifSandbox, settings: GleifSettings, clock) -> None:
    refresh(settings, clock)
    sandbox.counters.reads.clear()
    register = open_register(settings.model_copy(update={"refresh": "never"}), clock)
    assert register.usage.reads == 0
    assert sandbox.counters.reads.total() == 0
    register.close()


def test_a_delta_touches_only_what_changed(settings: GleifSettings, sandbox: GleifSandbox, clock: SandboxClock) -> None:
    refresh(settings, clock)
    (base,) = [p.name for p in settings.index.iterdir() if p.is_dir()]
    clock.advance(8 * HOUR)
    renamed = lei2(B, "Beta Global AG", other="Beta Holding AG", kind="PREVIOUS_LEGAL_NAME")
    newcomer = lei2(lei("N"), "Newcomer SAS", "FR")
    sandbox.seed({"files": {"lei2": [renamed, newcomer], "rr": [], "repex": [repex(C, "NON_CONSOLIDATING")]}})
    report = refresh(settings, clock)
    assert not report.full
    assert report.changed == {B, C, lei("N")}
    assert report.families == {A, B, C, lei("N")}
    assert (settings.index / base).exists()
    index = Index.open(settings.index)
    assert len(index) == 6
    beta = index.entity(B)
    assert beta is not None
    assert beta.name == "Beta Global AG"
    found = index.candidates([CompanyQuery("Beta Holding AG", "DE"), CompanyQuery("Newcomer", "FR")])
    assert [[e.lei for e in entities] for entities in found] == [[B], [lei("N")]]
    assert index.exception_codes(C) == ("NON_CONSOLIDATING", "NO_KNOWN_PERSON")
    assert index.ownership(A).path == (A, B, C)
    index.close()


def test_a_delta_withdraws_relations_and_exceptions(settings: GleifSettings, sandbox: GleifSandbox, clock) -> None:
    refresh(settings, clock)
    clock.advance(8 * HOUR)
    gone = {"rr": [[A, B, DIRECT], [A, C, ULTIMATE]], "repex": [[D, "DIRECT_ACCOUNTING_CONSOLIDATION_PARENT"]]}
    sandbox.seed({"files": {"lei2": [lei2(D, "Delta AG")], "rr": [rr(A, D)]}, "delete": gone})
    report = refresh(settings, clock)
    assert report.changed == {A, D}
    index = Index.open(settings.index)
    assert index.ownership(A).path == (A, D)
    assert index.ownership(D).direct is None
    assert index.children(C) == [B]
    index.close()


@pytest.mark.parametrize(
    ("hours", "kind"),
    [(8, "IntraDay"), (20, "LastDay"), (24 * 6, "LastWeek"), (24 * 30, "LastMonth"), (24 * 40, "full")],
    ids=str,
)
def test_the_smallest_delta_that_reaches_is_taken(
    settings, sandbox: GleifSandbox, clock, hours: int, kind: str
) -> None:
    refresh(settings, clock)
    clock.advance(hours * HOUR)
    sandbox.seed({"files": {"lei2": [lei2(D, "Delta AG")]}})
    assert refresh(settings, clock).full is (kind == "full")
    newest = status(settings.index)
    assert newest.entities == 5
    assert newest.published == clock()


def test_after_many_deltas_one_that_reaches_back_to_the_full_load_replaces_them(
    settings, sandbox: GleifSandbox, clock, monkeypatch
) -> None:
    monkeypatch.setattr("leadsync_gleif.goldencopy.MOST_SEGMENTS", 3)
    refresh(settings, clock)
    (base,) = [p.name for p in settings.index.iterdir() if p.is_dir()]
    for number in range(3):
        clock.advance(8 * HOUR)
        sandbox.seed({"files": {"lei2": [lei2(lei("KLM"[number]), f"Company {number} AG")]}})
        assert not refresh(settings, clock).full
    newest = status(settings.index)
    assert (newest.deltas, newest.entities) == (1, 8)
    assert (settings.index / base).exists()
    index = Index.open(settings.index)
    assert [index.entity(lei(letter)) is not None for letter in "KLM"] == [True, True, True]
    index.close()


def test_auto_asks_the_api_as_long_as_there_is_no_index(settings, sandbox: GleifSandbox, clock) -> None:
    auto = settings.model_copy(update={"mode": "auto"})
    without = open_register(auto, clock)
    assert without.candidates([CompanyQuery("Alpha Werke", "DE")])[0][0].lei == A
    assert (downloads(sandbox), settings.index.exists()) == (0, False)
    without.close()
    refresh(settings, clock)
    fetched = sandbox.counters.reads.total()
    index = open_register(auto, clock)
    assert index.candidates([CompanyQuery("Alpha Werke", "DE")])[0][0].lei == A
    assert sandbox.counters.reads.total() == fetched + 1
    index.close()


def test_a_broken_archive_is_said_and_not_used_again(settings, sandbox: GleifSandbox, clock) -> None:
    refresh(settings, clock)
    clock.advance(8 * HOUR)
    sandbox.seed({"files": {"lei2": [lei2(D, "Delta AG")]}})
    size = sandbox_size(sandbox, settings)
    sandbox.faults.add({"match": {"path": "/storage/.*/lei2"}, "action": {"kind": "replace_body", "body": "x" * size}})
    with pytest.raises(Unreadable, match=r"The register of 2026-11-01 12:00Z in .* stays in use"):
        refresh(settings, clock)
    assert refresh(settings, clock).fresh


def sandbox_size(sandbox: GleifSandbox, settings: GleifSettings) -> int:
    """Bytes of the newest level 1 delta, as announced."""
    client = Client(5, Usage())
    size = latest(client, settings.url).deltas["IntraDay"][Content.LEI2].size
    client.close()
    assert size is not None
    return size


@pytest.mark.parametrize("harm", ["another format", "a lost array", "a damaged manifest"])
def test_an_index_that_cannot_be_read_is_made_anew(settings, sandbox: GleifSandbox, clock, harm: str) -> None:
    refresh(settings, clock)
    (base,) = [p for p in settings.index.iterdir() if p.is_dir()]
    match harm:
        case "another format":
            meta = json.loads((base / "segment.json").read_text(encoding="utf-8"))
            (base / "segment.json").write_text(json.dumps({**meta, "format": 0}), encoding="utf-8")
        case "a lost array":
            (base / "lei_key.npy").unlink()
        case _:
            (settings.index / "manifest.json").write_text("{", encoding="utf-8")
    assert status(settings.index).problem
    register = open_register(settings, clock)
    assert register.entity(A) is not None
    register.close()
    assert status(settings.index).problem == ""


def test_nothing_newer_means_nothing_done(settings: GleifSettings, sandbox: GleifSandbox, clock) -> None:
    refresh(settings, clock)
    assert not refresh(settings, clock).fresh
    assert refresh(settings, clock, full=True).fresh


def test_a_download_that_breaks_off_goes_on_where_it_stopped(
    settings, sandbox: GleifSandbox, clock, monkeypatch
) -> None:
    sandbox.faults.add({"match": {"path": "/storage/.*/lei2"}, "action": {"kind": "truncate", "bytes": 300}})
    assert refresh(settings, clock).entities == 5
    assert downloads(sandbox) == 4


def test_a_file_of_another_size_than_announced_is_not_used(settings, sandbox: GleifSandbox, clock) -> None:
    refresh(settings, clock)
    clock.advance(8 * HOUR)
    sandbox.seed({"files": {"lei2": [lei2(D, "Delta AG")]}})
    sandbox.faults.add({"match": {"path": "/storage/.*/lei2"}, "action": {"kind": "replace_body", "body": "x" * 9999}})
    with pytest.raises(Unreadable, match="were announced; the old index stays"):
        refresh(settings, clock)
    index = Index.open(settings.index)
    delta = index.entity(D)
    assert delta is not None
    assert delta.name == "Delta Windhoek (Pty) Ltd"
    index.close()


def test_with_an_old_index_an_unreachable_server_is_a_warning(settings, sandbox, clock, caplog) -> None:
    refresh(settings, clock)
    sandbox.faults.add({"times": None, "action": {"kind": "named", "name": "maintenance"}})
    with caplog.at_level(logging.WARNING):
        register = open_register(settings, clock)
    assert "stays in use" in caplog.text
    assert register.entity(A) is not None
    register.close()


def test_without_an_index_an_unreachable_server_stops_the_run(url, sandbox, tmp_path: Path, clock) -> None:
    sandbox.faults.add({"times": None, "action": {"kind": "reset"}})
    with pytest.raises(LeadsyncError):
        open_register(GleifSettings(url=url, index=tmp_path / "none"), clock)


@pytest.mark.parametrize(
    ("body", "says"), [({"data": []}, "no Golden Copy is published there"), ({"data": [{}]}, "publishes API")]
)
def test_an_answer_that_is_not_the_publishes_api_is_an_error(settings, sandbox, clock, body, says: str) -> None:
    sandbox.faults.add({"action": {"kind": "replace_body", "body": body}})
    with pytest.raises(Unreadable, match=says):
        refresh(settings, clock)


def test_the_connector_opens_on_its_own_demonstration(tmp_path: Path) -> None:
    gleif = connector("gleif")
    sandbox = gleif.sandbox(SandboxClock())
    sandbox.seed(gleif.demo())
    with Serving(sandbox) as served:
        register = gleif.open(gleif.settings(url=served.url, index=tmp_path / "i"), SandboxClock())
        assert status(tmp_path / "i").entities > 100
        register.close()


def test_settings_know_both_addresses_from_one() -> None:
    assert GleifSettings().api == "https://api.gleif.org/api/v1"
    assert GleifSettings(url="http://127.0.0.1:1/").api == "http://127.0.0.1:1/api/v1"
    assert GleifSettings(url="http://a", api_url="http://b/v1/").api == "http://b/v1"
    assert FAMILY["lei2"]
