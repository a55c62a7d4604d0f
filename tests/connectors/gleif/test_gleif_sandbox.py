"""The sandbox as anybody's client meets it, over real HTTP."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from tests.connectors.gleif.rows import FAMILY, A, B, C, D, E, lei, lei2
from tests.web import web

from leadsync_gleif import Index, load
from leadsync_gleif.sandbox import GleifSandbox


def get(url: str, path: str, **params: str) -> httpx.Response:
    return web.get(f"{url}{path}", params=params, follow_redirects=True)


def leis(answer: httpx.Response) -> list[str]:
    return [record["id"] for record in answer.json()["data"]]


def test_publishes_name_the_files_and_downloads_redirect(url: str) -> None:
    (newest,) = get(url, "/api/v2/golden-copies/publishes", **{"page[size]": "1"}).json()["data"]
    assert newest["publish_date"] == "2026-11-01 12:00:00"
    file = newest["lei2"]["full_file"]["csv"]
    assert file["record_count"] == 5
    assert web.get(file["url"]).status_code == 302
    body = web.get(file["url"], follow_redirects=True).content
    assert len(body) == file["size"]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        assert name == "20261101-1200-gleif-goldencopy-lei2-golden-copy.csv"
        assert archive.read(name).decode().count("\n") == 6


def test_the_latest_file_can_be_had_directly(url: str) -> None:
    direct = get(url, "/api/v2/golden-copies/publishes/rr/latest.csv")
    assert direct.content[:2] == b"PK"
    described = get(url, "/api/v2/golden-copies/publishes/rr/latest").json()["data"]
    assert described["rr"]["full_file"]["csv"]["record_count"] == 4


def test_a_download_can_be_resumed(url: str) -> None:
    whole = get(url, "/api/v2/golden-copies/publishes/lei2/latest.csv")
    rest = web.get(str(whole.url), headers={"range": "bytes=100-"})
    assert rest.status_code == 206
    assert rest.content == whole.content[100:]
    beyond = web.get(str(whole.url), headers={"range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416


def test_a_delta_holds_what_is_new(url: str, sandbox: GleifSandbox, clock) -> None:
    clock.advance(9 * 3600)
    sandbox.seed({"files": {"lei2": [lei2(D, "Delta AG")]}, "delete": {"rr": [[A, B, "IS_DIRECTLY_CONSOLIDATED_BY"]]}})
    (newest,) = get(url, "/api/v2/golden-copies/publishes").json()["data"]
    counts = {k: newest["lei2"]["delta_files"][k]["csv"]["record_count"] for k in ("IntraDay", "LastDay")}
    assert counts == {"IntraDay": 1, "LastDay": 5}
    assert newest["rr"]["delta_files"]["IntraDay"]["csv"]["record_count"] == 1


FILTERS = [
    ({"filter[lei]": f"{A},{C}"}, [A, C]),
    ({"filter[entity.legalName]": "beta"}, [B]),
    ({"filter[entity.names]": "holding beta"}, [B]),
    ({"filter[fulltext]": "münchen"}, [A]),
    ({"filter[entity.legalAddress.country]": "NA"}, [D]),
    ({"filter[entity.category]": "FUND"}, [E]),
    ({"filter[entity.jurisdiction]": "DE", "filter[entity.names]": "werke"}, [A]),
    ({"filter[entity.names]": "nobody"}, []),
    ({"filter[entity.category]": "!GENERAL"}, [E]),
    ({"filter[entity.addresses.country]": "NA"}, [D]),
    ({"filter[entity.creationDate]": "<2000-01-01"}, []),
    ({"filter[entity.creationDate]": "2001-02-01..2001-02-28", "filter[entity.category]": "FUND"}, [E]),
    ({"filter[entity.creationDate]": "2001-02-02", "filter[lei]": A}, [A]),
    ({"filter[owns]": A}, [B, C]),
    ({"filter[ownedBy]": C}, [A, B]),
    ({"filter[isin]": "DE0007236101"}, []),
]


@pytest.mark.parametrize(("params", "found"), FILTERS, ids=[" and ".join(f) for f, _ in FILTERS])
def test_records_are_filtered(url: str, params: dict[str, str], found: list[str]) -> None:
    assert leis(get(url, "/api/v1/lei-records", **params)) == found


def test_records_come_in_pages(url: str) -> None:
    second = get(url, "/api/v1/lei-records", **{"page[size]": "2", "page[number]": "2"}).json()
    assert [record["id"] for record in second["data"]] == [C, D]
    assert second["meta"]["pagination"] == {
        "currentPage": 2, "perPage": 2, "from": 3, "to": 4, "total": 5, "lastPage": 3,
    }  # fmt: skip
    assert get(url, "/api/v1/lei-records", **{"page[size]": "500"}).status_code == 400


def test_pages_lead_to_each_other_and_keep_the_question(url: str) -> None:
    answer = get(url, "/api/v1/lei-records", **{"filter[entity.category]": "GENERAL", "page[size]": "2"}).json()
    assert set(answer["links"]) == {"first", "next", "last"}
    assert "filter%5Bentity.category%5D=GENERAL&page%5Bnumber%5D=2&page%5Bsize%5D=2" in answer["links"]["next"]
    seen = []
    while True:
        seen += [record["id"] for record in answer["data"]]
        if "next" not in answer["links"]:
            break
        answer = web.get(answer["links"]["next"]).json()
    assert seen == [A, B, C, D]
    assert "prev" in answer["links"]


def test_a_cursor_goes_on_where_numbered_pages_end(url: str) -> None:
    assert get(url, "/api/v1/lei-records", **{"page[size]": "200", "page[number]": "51"}).status_code == 400
    answer = get(url, "/api/v1/lei-records", **{"page[cursor]": "*", "page[size]": "3"}).json()
    rest = web.get(answer["links"]["next"]).json()
    assert [r["id"] for a in (answer, rest) for r in a["data"]] == [A, B, C, D, E]
    assert "next" not in rest["links"]


def test_records_are_sorted_as_asked(url: str) -> None:
    names = [r["attributes"]["entity"]["legalName"]["name"] for r in
             get(url, "/api/v1/lei-records", sort="-entity.legalName").json()["data"]]  # fmt: skip
    assert names == sorted(names, key=str.lower, reverse=True)
    assert get(url, "/api/v1/lei-records", sort="shoe").status_code == 400


def test_a_record_that_is_published_anew_tells_what_changed(url: str, sandbox: GleifSandbox, clock) -> None:
    clock.advance(86400)
    before = sandbox.shelf.entities()[A,]
    sandbox.seed({"files": {"lei2": [{**before, "Entity.LegalAddress.City": "Bonn"}]}})
    edits = get(url, f"/api/v1/lei-records/{A}/field-modifications", **{"page[size]": "200"}).json()["data"]
    first, *rest = (edit["attributes"] for edit in edits)
    assert (first["modificationType"], first["valueOld"], first["valueNew"]) == ("UPDATE", "München", "Bonn")
    assert {edit["modificationType"] for edit in rest} == {"INITIAL"}
    assert "München" in {edit["valueNew"] for edit in rest}


def test_code_lists_hold_what_the_rows_use(url: str) -> None:
    assert {c["id"] for c in get(url, "/api/v1/countries").json()["data"]} >= {"DE", "NA"}
    assert get(url, "/api/v1/countries/DE").json()["data"]["attributes"]["code"] == "DE"
    assert get(url, "/api/v1/countries/XX").status_code == 404
    fields = get(url, "/api/v1/fields", **{"page[size]": "500"}).json()["data"]
    dated = next(f for f in fields if f["attributes"]["field"] == "registration.lastUpdateDate")
    assert "IN_RANGE" in dated["attributes"]["operators"]


@pytest.mark.parametrize("ending", ["csv", "xml", "json"])
def test_every_file_comes_in_three_formats_as_large_as_announced(ending: str, url: str) -> None:
    (newest,) = get(url, "/api/v2/golden-copies/publishes").json()["data"]
    for name in ("lei2", "rr", "repex"):
        for file in (newest[name]["full_file"][ending], newest[name]["delta_files"]["LastDay"][ending]):
            body = get("", file["url"]).content
            assert len(body) == file["size"]
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                assert archive.namelist()[0].endswith(f".{ending}")
        direct = get(url, f"/api/v2/golden-copies/publishes/{name}/latest.{ending}", delta="LastDay")
        assert direct.content == body
    assert get(url, "/api/v2/golden-copies/publishes/lei2/latest.csv", delta="LastHour").status_code == 404


def test_the_xml_file_loads_as_the_csv_file_does(url: str, tmp_path: Path) -> None:
    found = {}
    for ending in ("csv", "xml"):
        files = []
        for name in ("lei2", "rr", "repex"):
            files.append(tmp_path / f"{name}.{ending}.zip")
            files[-1].write_bytes(get(url, f"/api/v2/golden-copies/publishes/{name}/latest.{ending}").content)
        load(files, tmp_path / ending)
        with closing(Index.open(tmp_path / ending)) as index:
            found[ending] = [(index.entity(one), index.ownership(one)) for one in (A, B, C, D, E)]
    assert found["xml"] == found["csv"]


def test_the_json_file_holds_the_same_records(url: str) -> None:
    body = get(url, "/api/v2/golden-copies/publishes/lei2/latest.json").content
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        records = json.loads(archive.read(archive.namelist()[0]))["records"]
    assert [record["LEI"]["$"] for record in records] == [A, B, C, D, E]
    assert records[0]["Entity"]["LegalAddress"]["City"] == {"$": "München"}


FAULTS = [
    ("too_many_requests", 429, "application/json"),
    ("maintenance", 503, "text/html"),
]


@pytest.mark.parametrize(("name", "status", "kind"), FAULTS, ids=[name for name, _, _ in FAULTS])
def test_faults_can_be_asked_for_by_name(name: str, status: int, kind: str, url: str) -> None:
    fault = {"match": {"path": "/api/v1"}, "action": {"kind": "named", "name": name}}
    assert web.post(f"{url}/__sandbox__/faults", json=fault).status_code == 200
    answer = get(url, "/api/v1/lei-records")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(kind)
    assert get(url, "/api/v1/lei-records").status_code == 200


def test_an_unknown_filter_and_an_unknown_record_are_errors(url: str) -> None:
    assert get(url, "/api/v1/lei-records", **{"filter[shoe]": "x"}).status_code == 400
    assert get(url, f"/api/v1/lei-records/{lei('Z')}").status_code == 404
    assert get(url, f"/api/v1/lei-records/{A}/shoe-size").status_code == 404
    assert web.post(f"{url}/api/v1/lei-records").status_code == 405


def test_a_parent_is_a_record_a_relationship_or_a_reason(url: str) -> None:
    base = f"/api/v1/lei-records/{A}"
    assert get(url, f"{base}/direct-parent").json()["data"]["id"] == B
    assert get(url, f"{base}/ultimate-parent").json()["data"]["id"] == C
    tie = get(url, f"{base}/direct-parent-relationship").json()["data"]["attributes"]["relationship"]
    assert (tie["startNode"]["id"], tie["endNode"]["id"], tie["status"]) == (A, B, "ACTIVE")
    assert get(url, f"{base}/direct-parent-reporting-exception").status_code == 404
    reason = get(url, f"/api/v1/lei-records/{C}/direct-parent-reporting-exception").json()["data"]
    assert reason["attributes"]["reason"] == "NO_KNOWN_PERSON"
    links = get(url, f"/api/v1/lei-records/{C}").json()["data"]["relationships"]["direct-parent"]["links"]
    assert set(links) == {"reporting-exception"}


def test_children_are_listed(url: str) -> None:
    assert leis(get(url, f"/api/v1/lei-records/{C}/direct-children")) == [B]
    assert leis(get(url, f"/api/v1/lei-records/{C}/ultimate-children")) == [A]
    ties = get(url, f"/api/v1/lei-records/{C}/direct-child-relationships").json()["data"]
    assert [tie["attributes"]["relationship"]["startNode"]["id"] for tie in ties] == [B]


def test_completions_offer_names(url: str) -> None:
    fuzzy = get(url, "/api/v1/fuzzycompletions", field="entity.legalName", q="alhpa werke gmbh").json()["data"]
    assert fuzzy[0]["attributes"]["value"] == "Alpha Werke GmbH"
    assert fuzzy[0]["relationships"]["lei-records"]["data"]["id"] == A
    auto = get(url, "/api/v1/autocompletions", field="fulltext", q="gamma").json()["data"]
    assert [one["attributes"]["value"] for one in auto] == ["Gamma International plc"]
    assert get(url, "/api/v1/autocompletions", field="fulltext").status_code == 400


def test_sixty_requests_a_minute_are_answered(url: str, sandbox: GleifSandbox, clock) -> None:
    with httpx.Client(base_url=url) as wire:
        codes = Counter(wire.get(f"/api/v1/lei-records/{A}").status_code for _ in range(63))
        assert codes == {200: 60, 429: 3}
        assert wire.get(f"/api/v1/lei-records/{A}").headers["retry-after"] == "60"
        assert wire.get("/api/v2/golden-copies/publishes").status_code == 200
    clock.advance(61)
    assert get(url, f"/api/v1/lei-records/{A}").status_code == 200


def test_the_rate_limit_can_be_another_or_none(url: str, sandbox: GleifSandbox, clock) -> None:
    sandbox.seed({"rate_limit": 2})
    codes = [get(url, f"/api/v1/lei-records/{A}").status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    sandbox.seed({"rate_limit": None})
    assert get(url, f"/api/v1/lei-records/{A}").status_code == 200
    sandbox.seed({"rate_limit": 2})
    clock.advance(61)
    assert get(url, f"/api/v1/lei-records/{A}").status_code == 200


def test_seeding_dumping_resetting_and_counting(sandbox: GleifSandbox, url: str) -> None:
    assert len(sandbox.dump()["lei2"]) == 5
    assert sandbox.credentials() == {}
    get(url, f"/api/v1/lei-records/{A}/direct-parent")
    assert dict(sandbox.counters.reads) == {"GET /api/v1/lei-records/{id}/direct-parent": 1}
    with pytest.raises(ValueError, match="unknown keys"):
        sandbox.seed({"file": {}})
    with pytest.raises(ValueError, match="unknown files"):
        sandbox.seed({"files": {"lei1": []}})
    sandbox.reset()
    assert get(url, "/api/v2/golden-copies/publishes").json()["data"] == []
    assert FAMILY["lei2"]
