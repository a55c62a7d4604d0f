"""The REST API as a register: the same answers as the index, few requests, never above the rate limit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import respx
from tests.connectors.gleif.rows import FAMILY, A, B, C, D, lei2

from leadsync.connector import connector
from leadsync.errors import Unreadable
from leadsync.normalize.company import core_name
from leadsync.records import CompanyQuery, LegalEntity, Parent
from leadsync.resolve import Decisions, ResolveSettings, resolve
from leadsync.resolve.ask import ask
from leadsync.sandbox import SandboxClock, Serving
from leadsync_gleif import GleifSettings, Index, open_register, refresh
from leadsync_gleif.api import ApiRegister, Bucket
from leadsync_gleif.sandbox import GleifSandbox

ANSWERS = Path(__file__).parent / "answers"
API = "https://api.gleif.org/api/v1"


@pytest.fixture
def register(settings: GleifSettings, clock) -> Iterator[ApiRegister]:
    register = open_register(settings.model_copy(update={"mode": "api"}), clock)
    assert isinstance(register, ApiRegister)
    yield register
    register.close()


def test_it_finds_by_name_and_says_when_it_was_published(register: ApiRegister, clock) -> None:
    (found,) = register.candidates([CompanyQuery("Alpha Werke GmbH", "DE")])
    assert [entity.name for entity in found] == ["Alpha Werke GmbH"]
    assert register.published() == clock()


def test_equal_questions_are_asked_once(register: ApiRegister, sandbox: GleifSandbox) -> None:
    queries = [CompanyQuery(name, "DE") for name in ("Alpha Werke GmbH", "alpha werke", "ALPHA WERKE gmbh")]
    register.candidates(queries)
    register.candidates(queries)
    assert sandbox.counters.reads.total() == register.usage.reads == 2  # in its country, and anywhere
    register.candidates([CompanyQuery("Alpha Werke", "AT")])
    assert register.usage.reads == 3  # anywhere is known


def test_a_mistyped_name_is_found_by_the_fuzzy_search(register: ApiRegister) -> None:
    (found,) = register.candidates([CompanyQuery("Alhpa Werke", "DE")])
    assert "Alpha Werke GmbH" in [entity.name for entity in found]


def test_a_name_abroad_is_looked_for_everywhere(register: ApiRegister) -> None:
    (found,) = register.candidates([CompanyQuery("Gamma International", "DE")])
    assert [entity.country for entity in found] == ["GB"]


def test_the_judgement_is_the_index_s(register: ApiRegister, family: Index) -> None:
    for query in [CompanyQuery("Alpha Werke GmbH", "DE"), CompanyQuery("Beta Holding", "DE"), CompanyQuery("Zeta AG")]:
        by_api = resolve(query, register.candidates([query])[0], ResolveSettings())
        by_index = resolve(query, family.candidates([query])[0], ResolveSettings())
        assert (by_api.status, by_api.lei) == (by_index.status, by_index.lei)


def test_both_ways_give_the_same_answers_for_the_entities_of_the_demonstration(tmp_path: Path) -> None:
    """Every third entity asked for by its name, by its name without form, and by another name of it."""
    gleif = connector("gleif")
    sandbox = gleif.sandbox(SandboxClock())
    sandbox.seed({**gleif.demo(), "rate_limit": None})
    with Serving(sandbox) as served:
        settings = GleifSettings(url=served.url, index=tmp_path / "index", requests_per_minute=10**6)
        refresh(settings, SandboxClock())
        local = open_register(settings.model_copy(update={"refresh": "never"}), SandboxClock())
        remote = open_register(settings.model_copy(update={"mode": "api"}), SandboxClock())
        queries = [
            query for lei in listed(served.url)[::3] if (e := local.entity(lei)) is not None for query in spelled(e)
        ]
        assert len(queries) > 150
        ways = [ask(queries, register, ResolveSettings(), Decisions()) for register in (local, remote)]
        local.close()
        remote.close()
    pairs = [(one, two) for one, two in zip(*ways, strict=True) if (one.status, one.lei) != (two.status, two.lei)]
    # the API's search shows fewer distant rivals, which moves a likelihood near the threshold, never to another entity
    assert [(one, two) for one, two in pairs if one.lei and two.lei] == []
    assert len(pairs) <= 0.02 * len(queries)


def listed(url: str) -> list[str]:
    """The LEIs a sandbox holds."""
    answer = httpx.get(f"{url}/api/v1/lei-records", params={"page[size]": 200})
    return [record["id"] for record in answer.json()["data"]]


def spelled(entity: LegalEntity) -> list[CompanyQuery]:
    core = core_name(entity.name, entity.country).title()
    names = [entity.name, core, *(name for name, _ in entity.other_names[:1])]
    return [CompanyQuery(name, entity.country) for name in names] + [CompanyQuery(entity.name)]


def test_kin_and_changes_are_told_by_the_api_too(
    register: ApiRegister, family: Index, sandbox: GleifSandbox, clock: SandboxClock
) -> None:
    assert [(k.lei, k.tie) for k in register.kin(C)] == [(B, "direct"), (A, "ultimate")]
    assert [(k.lei, k.tie) for k in register.kin(A, up=True)] == [(B, "direct"), (C, "ultimate")]
    then = register.published()
    assert then is not None
    clock.advance(8 * 3600)
    stamp = clock().isoformat()
    sandbox.seed({"files": {"lei2": [{**lei2(D, "Delta AG", "NA"), "Registration.LastUpdateDate": stamp}]}})
    later = ApiRegister(GleifSettings(url=register._base.removesuffix("/api/v1"), mode="api"), clock)
    changes = later.changes(then)
    assert changes is not None
    assert D in changes.touched([A, D])
    assert later.changes(then - timedelta(days=8)) is None
    assert family
    later.close()


@pytest.mark.parametrize("lei", [A, B, C, D])
def test_ownership_is_the_index_s(register: ApiRegister, family: Index, lei: str) -> None:
    assert register.ownership(lei) == family.ownership(lei)


def test_ownership_is_asked_once(register: ApiRegister, sandbox: GleifSandbox) -> None:
    register.ownership(A)
    before = sandbox.counters.reads.total()
    register.ownership(A)
    assert sandbox.counters.reads.total() == before


def test_too_many_requests_are_waited_out(settings: GleifSettings, sandbox: GleifSandbox, clock) -> None:
    waited: list[float] = []
    api = settings.model_copy(update={"mode": "api", "requests_per_minute": 2})
    register = ApiRegister(api, clock, now=lambda: 0.0, sleep=waited.append)
    for name in ("Alpha Werke GmbH", "Beta Holding AG", "Gamma International plc", "Delta Windhoek"):
        register.candidates([CompanyQuery(name)])
    assert len(waited) == sandbox.counters.reads.total() - 2
    assert waited[0] == 30.0
    register.close()


def test_a_bucket_lets_a_burst_through_and_then_an_even_stream() -> None:
    now, waited = [0.0], []

    def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))
        now[0] += seconds

    bucket = Bucket(60, lambda: now[0], sleep)
    for _ in range(62):
        bucket.wait()
    assert waited == [1.0, 1.0]
    now[0] += 3600
    for _ in range(60):
        bucket.wait()
    assert len(waited) == 2


def test_a_429_is_tried_again(register: ApiRegister, sandbox: GleifSandbox) -> None:
    sandbox.faults.add({"action": {"kind": "named", "name": "too_many_requests"}, "times": 2})
    assert register.entity(A) is not None
    assert register.usage.reads == 3


def answer(name: str) -> httpx.Response:
    return httpx.Response(200, json=json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8")))


SHELL, FINANCE, OWNER = "21380068P1DRHMJ8KU70", "5493001KJTIIGC8Y1R12", "549300B56MD0ZC402L06"


@respx.mock
def test_gleif_s_own_answers_are_understood(clock) -> None:
    ultimate = answer("ultimate").json()["data"][0]["id"]
    records = {FINANCE: "record", OWNER: "parent", ultimate: "ultimate", SHELL: "shell"}
    respx.get(f"{API}/lei-records", params__contains={"page[size]": "100"}).mock(
        side_effect=lambda request: answer(records[request.url.params["filter[lei]"]])
    )
    for which in ("direct", "ultimate"):
        link = f"{API}/lei-records/{FINANCE}/{which}-parent-relationship"
        respx.get(link).mock(return_value=answer(f"{which}-relationship"))
        reason = f"{API}/lei-records/{SHELL}/{which}-parent-reporting-exception"
        respx.get(reason).mock(return_value=answer(f"{which}-exception"))
    respx.get(url__regex=rf"{API}/lei-records/{OWNER}/.*").mock(return_value=httpx.Response(404, json={}))
    register = ApiRegister(GleifSettings(mode="api"), clock)
    entity = register.entity(FINANCE)
    assert entity is not None
    assert (entity.name, entity.country, entity.registration) == ("Bloomberg Finance L.P.", "US", "ISSUED")
    assert (entity.legal.city, entity.legal_form) == ("Wilmington", "T91T")
    owned = register.ownership(FINANCE)
    assert owned.direct == Parent(OWNER, "Bloomberg L.P.", "US", "reported")
    assert owned.ultimate is not None
    assert (owned.ultimate.lei, owned.ultimate.how) == (ultimate, "reported")
    top = register.ownership(SHELL)
    assert top.direct == Parent(how="exception", reason="no known person controls it")
    assert f"{register.published():%Y-%m-%d}" == "2025-05-15"
    register.close()


@respx.mock
@pytest.mark.parametrize(
    "body", ["<html>", "[]", '{"data": [{"attributes": {}}]}'], ids=["html", "a list", "no fields"]
)
def test_what_the_api_does_not_promise_is_an_error(clock, body: str) -> None:
    respx.get(f"{API}/lei-records").mock(return_value=httpx.Response(200, text=body))
    register = ApiRegister(GleifSettings(mode="api"), clock)
    with pytest.raises(Unreadable):
        register.candidates([CompanyQuery("Alpha")])
    register.close()
    assert FAMILY


def test_a_hundred_calls_use_one_connection(
    settings: GleifSettings, sandbox: GleifSandbox, clock: SandboxClock
) -> None:
    sandbox.seed({"rate_limit": None})
    register = open_register(settings.model_copy(update={"mode": "api", "requests_per_minute": 100_000}), clock)
    for n in range(40):
        register.candidates([CompanyQuery(f"Company {n}", "DE")])
    register.close()
    assert sandbox.counters.reads.total() >= 100
    assert sandbox.counters.connections == 1


def test_a_reason_that_is_promised_but_not_there_is_none(
    register: ApiRegister, monkeypatch: pytest.MonkeyPatch
) -> None:
    json_of = register._client.json
    lost = lambda url, params=None: None if url.endswith("reporting-exception") else json_of(url, params)  # noqa: E731
    monkeypatch.setattr(register._client, "json", lost)
    assert register.ownership(D).direct is None


def test_spam_in_place_of_a_name_stops_no_run(register: ApiRegister) -> None:
    spam, known = register.candidates([CompanyQuery("公司" * 20_000, "CN"), CompanyQuery("Alpha Werke GmbH", "DE")])
    assert spam == []
    assert [entity.lei for entity in known] == [A]
