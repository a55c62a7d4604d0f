"""Resolving a file of companies."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from leadsync.connector import Usage
from leadsync.errors import Misconfigured
from leadsync.records import CompanyQuery, LegalEntity, Ownership, Parent
from leadsync.resolve import Decisions, ResolveSettings, Verdict
from leadsync.resolve.bulk import COLUMNS, query_of, resolve_file, resolve_rows

MUELLER = LegalEntity("M", "Müller Maschinenbau GmbH", "DE")
DELTA = LegalEntity("D", "Delta Windhoek (Pty) Ltd", "NA")


class Fixed:
    """A register of two entities, offered for every query."""

    usage = Usage()

    def __init__(self) -> None:
        self.asked: list[int] = []

    def candidates(self, queries, limit=20):
        self.asked.append(len(queries))
        return [[MUELLER, DELTA] for _ in queries]

    def entity(self, lei):
        return {"M": MUELLER, "D": DELTA}.get(lei)

    def ownership(self, lei):
        if lei == "D":
            return Ownership(lei, Parent(how="exception", reason="controlled by natural persons"), None, (lei,))
        return Ownership(lei, Parent("P", "Parent AG", "DE"), Parent("U", "Ultimate SE", "DE"), (lei, "P", "U"))

    def published(self):
        return None

    def close(self):
        return None


COMPANIES = """\
qid,Name,Country,City,State,Website,Email
7,Müller Maschinenbau GmbH,Germany,,,https://www.mueller.example/x,
8,Delta Windhoek,NA,,,,sales@delta.example
9,Nobody Knows,DE,,,,me@gmail.com
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "companies.csv"
    path.write_text(COMPANIES, encoding="utf-8")
    return path


def run(source: Path, **more) -> list[dict[str, str]]:
    out = io.StringIO()
    resolve_file(source, out, Fixed(), ResolveSettings(), **more)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_every_row_gets_an_answer_in_order(source: Path) -> None:
    rows = run(source)
    assert [(r["qid"], r["lei"], r["status"]) for r in rows] == [
        ("7", "M", "matched"), ("8", "D", "matched"), ("9", "", "none"),
    ]  # fmt: skip
    assert (rows[0]["direct_parent"], rows[0]["ultimate_parent_lei"]) == ("Parent AG", "U")
    assert rows[1]["direct_parent"] == "(controlled by natural persons)"
    assert tuple(rows[0]) == COLUMNS
    assert "name equal" in rows[0]["evidence"]


def test_namibia_stays_a_country(source: Path) -> None:
    assert query_of({"name": "x", "country": "NA"}).country == "NA"
    assert run(source)[1]["country"] == "NA"


def test_free_mail_says_nothing_and_a_website_comes_before_an_address() -> None:
    assert query_of({"name": "x", "email": "a@gmail.com"}).domain == ""
    assert query_of({"name": "x", "email": "a@mail.acme.co.uk"}).domain == "acme.co.uk"
    assert query_of({"name": "x", "website": "www.b.example", "email": "a@c.example"}).domain == "b.example"


def test_json_and_files_and_parquet_say_the_same(source: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    expected = run(source)
    for output in ("csv", "json", "ndjson", "parquet"):
        report = resolve_file(source, tmp_path / f"out.{output}", Fixed(), ResolveSettings(), output=output)
        assert (report.asked, dict(report.by_status)) == (3, {"matched": 2, "none": 1})
    lines = (tmp_path / "out.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["lei"] for line in lines] == ["M", "D", ""]
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [answer["lei"] for answer in document] == ["M", "D", ""]
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["evidence"] for row in table] == [row["evidence"] for row in expected]


def test_parquet_comes_in_too(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = arrow.table({"qid": [1, 2], "query": ["Müller Maschinenbau", None], "country": ["DE", None]})
    parquet.write_table(table, tmp_path / "in.parquet")
    assert [row["lei"] for row in run(tmp_path / "in.parquet")] == ["M", ""]


def test_long_files_are_taken_in_batches() -> None:
    register = Fixed()
    rows = ({"name": "Müller Maschinenbau", "country": "DE"} for _ in range(1200))
    answers = list(resolve_rows(rows, register, ResolveSettings(), owners=False))
    assert register.asked == [500, 500, 200]
    assert [answers[0]["qid"], answers[-1]["qid"]] == ["1", "1200"]


def test_decisions_hold_here_too(source: Path) -> None:
    mueller = CompanyQuery("Mueller Maschinenbau GmbH", "DE")
    assert run(source, decisions=Decisions.of([Verdict(mueller, "M", "reject")]))[0]["lei"] == ""


def test_a_row_that_cannot_be_read_keeps_its_place_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(
        b"id;name;country\n1;M\xc3\xbcller Maschinenbau GmbH;Germany\n2;M\xfcller;DE\n3;a;b;c\n\n4;;\n5;x;Narnia\n"
    )
    rows = run(path)
    assert [(r["qid"], r["status"]) for r in rows] == [
        ("1", "matched"), ("2", "unreadable"), ("3", "unreadable"), ("4", "none"), ("5", "none"),
    ]  # fmt: skip
    assert rows[1]["evidence"] == "line 3: not UTF-8; save the file in that encoding"
    assert rows[2]["evidence"] == "line 4: 4 cells, but 3 headings; is a quote missing?"
    assert rows[3]["evidence"] == "no name to go by"
    assert rows[4]["evidence"].endswith("the country 'Narnia' was not understood")


def test_an_output_file_is_whole_or_as_it_was(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before", encoding="utf-8")

    class Broken(Fixed):
        def candidates(self, queries, limit=20):
            raise Misconfigured("gone")

    with pytest.raises(Misconfigured):
        resolve_file(source, target, Broken(), ResolveSettings())
    assert target.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_cannot_be_read_or_written_is_said(source: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Misconfigured, match="no column of company names"):
        run(tmp_path / "bad.csv")
    with pytest.raises(Misconfigured, match=r"nowhere\.csv"):
        run(tmp_path / "nowhere.csv")
    with pytest.raises(Misconfigured, match="unknown output"):
        run(source, output="xml")
    with pytest.raises(Misconfigured, match="name a file with --to"):
        run(source, output="parquet")


def test_progress_counts_rows(source: Path) -> None:
    done: list[tuple[int, int | None]] = []
    run(source, progress=lambda *counts: done.append(counts))
    assert done == [(3, None)]


def test_of_two_columns_that_say_the_same_the_one_that_is_filled_counts() -> None:
    row = {
        "name": "Acme",
        "website": "",
        "domain": "acme.com",
        "country": " ",
        "country_code": "DE",
        "url": "other.com",
    }
    assert query_of(row) == CompanyQuery("Acme", "DE", domain="acme.com")
