"""`leadsync resolve` and `leadsync gleif`, as a person types them: no configuration, an index made of files at hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.connectors.gleif.rows import FAMILY, A, B, C, lei, lei2

from leadsync.cli.exits import exit_code
from leadsync.cli.main import cli
from leadsync.errors import LeadsyncError
from leadsync.resolve.bulk import COLUMNS

Run = Callable[..., Result]

COMPANIES = """\
qid,name,country,city,state,website,email
7,Alpha Werke GmbH,Germany,,,,
8,Gamma International,GB,,,,
9,,DE,,,,
10,a,b,c,d,e,f,g,h
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Type a command; a failure is its message on standard error and its exit code, as `main` makes it."""

    def typed(*arguments: str, code: int = 0, **more: object) -> Result:
        done = CliRunner().invoke(cli, list(arguments), standalone_mode=False, **more)  # type: ignore[arg-type]
        problem = done.exception
        found = exit_code(problem) if isinstance(problem, LeadsyncError) else int(done.return_value or 0)
        assert problem is None or isinstance(problem, LeadsyncError), done.exc_info
        assert found == code, f"{arguments}: {found}\n{done.stdout}\n{done.stderr}\n{problem}"
        return done

    return typed


def written(path: Path, rows: Sequence[Mapping[str, str]]) -> str:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.fixture
def index(folder: Path, run: Run) -> Path:
    """The family's register, loaded from its three files."""
    files = [written(folder / f"{name}.csv", rows) for name, rows in FAMILY.items()]
    run("gleif", "load", *files, "--index", "register")
    return folder / "register"


def answers(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


# ---- the register


def test_a_register_is_loaded_without_any_configuration_and_tells_how_it_stands(index: Path, run: Run) -> None:
    found = json.loads(run("gleif", "status", "--index", "register", "--output", "json").stdout)
    assert (found["present"], found["entities"], found["relations"], found["exceptions"]) == (True, 5, 4, 2)
    assert (found["by_registration"], found["by_category"]["FUND"]) == ({"ISSUED": 5}, 1)
    assert "5" in run("gleif", "status", "--index", "register").stdout


def test_without_a_register_the_next_step_is_said(run: Run) -> None:
    for arguments in (("gleif", "status"), ("resolve", "Alpha Werke GmbH")):
        done = run(*arguments, code=4)
        assert "leadsync gleif refresh" in str(done.exception)
    assert json.loads(run("gleif", "status", "--output", "json", code=1).stdout)["present"] is False


def test_a_delta_names_what_changed(index: Path, folder: Path, run: Run) -> None:
    delta = written(folder / "delta.csv", [lei2(B, "Beta Global AG"), lei2(lei("N"), "Newcomer SAS", "FR")])
    found = json.loads(run("gleif", "load", delta, "--delta", "--index", "register", "--output", "json").stdout)
    assert (found["full"], found["changed"], found["families"]) == (False, [B, lei("N")], [A, B, lei("N")])
    assert "Beta Global AG" in run("resolve", "Beta Global", "--country", "DE", "--index", "register").stdout


def test_a_broken_file_leaves_the_old_register_in_use(index: Path, folder: Path, run: Run) -> None:
    whole = (folder / "lei2.csv").read_bytes()
    (folder / "cut.csv").write_bytes(whole[: len(whole) // 2])
    done = run("gleif", "load", "cut.csv", "--index", "register", code=1)
    assert "cut.csv" in str(done.exception)
    assert "in register stays in use" in str(done.exception)
    assert json.loads(run("gleif", "status", "--index", "register", "--output", "json").stdout)["entities"] == 5


def test_where_two_files_hold_one_entity_the_last_one_counts(folder: Path, run: Run) -> None:
    first = written(folder / "all.csv", [lei2(A, "Alpha Werke GmbH"), lei2(B, "Beta AG", registration="LAPSED")])
    more = written(folder / "more.csv", [lei2(B, "Beta Holding AG", city="Köln", category="FUND")])
    run("gleif", "load", first, more, "--index", "register")
    found = json.loads(run("gleif", "status", "--index", "register", "--output", "json").stdout)
    assert (found["entities"], found["by_registration"]["ISSUED"]) == (2, 2)
    assert run("resolve", "Beta Holding AG", "--country", "DE", "--index", "register").stdout.count(B) == 1


# ---- files


def test_every_row_of_a_file_is_answered_in_its_place(index: Path, folder: Path, run: Run) -> None:
    (folder / "companies.csv").write_text(COMPANIES, encoding="utf-8")
    done = run("resolve", "companies.csv", "--index", "register", code=3)
    rows = answers(done.stdout)
    assert [(r["qid"], r["lei"], r["status"]) for r in rows] == [
        ("7", A, "matched"), ("8", C, "matched"), ("9", "", "none"), ("10", "", "unreadable"),
    ]  # fmt: skip
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["direct_parent"], rows[0]["ultimate_parent_lei"]) == ("Beta Holding AG", C)
    assert rows[1]["direct_parent"] == "(no known person controls it)"
    assert "9 cells, but 7 headings" in rows[3]["evidence"]
    assert "4 companies: 2 matched" in done.stderr


def test_standard_input_is_answered_too_and_quiet_is_quiet(index: Path, run: Run) -> None:
    done = run("resolve", "-", "--index", "register", "--quiet", input="name\nAlpha Werke GmbH\n")
    assert [(r["qid"], r["lei"]) for r in answers(done.stdout)] == [("1", A)]
    assert done.stderr == ""


@pytest.mark.parametrize("output", ["csv", "json", "ndjson", "parquet"])
def test_an_output_goes_to_a_file_whose_ending_says_which(index: Path, folder: Path, run: Run, output: str) -> None:
    from pyarrow import parquet

    (folder / "in.csv").write_text("name;country\nAlpha Werke GmbH;DE\nBeta Holding;DE\n", encoding="utf-8")
    done = run("resolve", "in.csv", "--index", "register", "--to", f"out.{output}")
    assert done.stdout == ""
    text = "" if output == "parquet" else (folder / f"out.{output}").read_text(encoding="utf-8")
    rows = {
        "csv": lambda: answers(text),
        "json": lambda: json.loads(text),
        "ndjson": lambda: [json.loads(line) for line in text.splitlines()],
        "parquet": lambda: parquet.read_table(folder / "out.parquet").to_pylist(),
    }[output]()
    assert [(row["qid"], row["lei"]) for row in rows] == [("1", A), ("2", B)]


def test_a_file_that_is_not_there_is_no_company(index: Path, run: Run) -> None:
    assert "missing.csv" in str(run("resolve", "missing.csv", "--index", "register", code=4).exception)


# ---- one name


def test_one_name_is_answered_in_words_or_for_machines(index: Path, run: Run) -> None:
    told = run("resolve", "Alpha Werke", "--country", "Germany", "--index", "register").stdout
    assert "Alpha Werke GmbH (DE)" in told
    assert "country equal (DE)" in told
    assert "Beta Holding AG (DE)" in told
    found = json.loads(run("resolve", "Alpha Werke", "--index", "register", "--output", "json").stdout)
    assert set(found) == set(COLUMNS)
    assert "no match" in run("resolve", "Quite Another Thing", "--index", "register").stdout
    assert (
        "could be    Beta Holding AG"
        in run("resolve", "Beta Holding AG", "--country", "DE", "--threshold", "1", "--index", "register").stdout
    )


# ---- what people say about matches


@pytest.fixture
def house(index: Path, folder: Path) -> Path:
    """A configuration that names the register and a state, and no CRM."""
    (folder / "config.toml").write_text('schema = 1\n[connector.gleif]\nindex = "register"\n', encoding="utf-8")
    return folder


def asked(run: Run, name: str, *more: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(run("resolve", name, *more, "--output", "json").stdout)
    return found


def test_every_candidate_is_explained_with_what_speaks_for_and_against_it(house: Path, run: Run) -> None:
    told = run("resolve", "explain", "Beta", "--country", "DE", "--threshold", "1").stdout
    assert "Beta Holding AG (DE)" in told
    assert "is less than the 1.00 needed" in told
    assert "only in the register: holding" in told
    found = json.loads(run("resolve", "explain", "Beta", "--country", "DE", "--output", "json").stdout)
    assert found["candidates"][0]["lei"] == B
    assert found["candidates"][0]["features"]["country_fit"] == 2


def test_a_decision_is_remembered_and_taken_for_all_spellings(house: Path, run: Run) -> None:
    told = run("resolve", "confirm", "The Alphas", A, "--country", "DE", "--website", "https://alphas.example").stdout
    assert "alphas.example" in told
    assert (asked(run, "THE ALPHAS", "--country", "Germany")["lei"], asked(run, "The Alphas")["lei"]) == (A, "")
    assert asked(run, "Something Else", "--website", "www.alphas.example")["method"] == "domain"
    run("resolve", "reject", "The Alphas", A, "--country", "DE")
    assert asked(run, "The Alphas", "--country", "DE")["lei"] == ""
    listed = json.loads(run("resolve", "decisions", "--output", "json").stdout)
    assert [(d["lei"], d["verdict"]) for d in listed["decisions"]] == [(A, "confirm"), (A, "reject")]
    assert listed["domains"] == {}


def test_a_decision_needs_an_lei_that_there_is(house: Path, run: Run) -> None:
    assert "is not an LEI" in str(run("resolve", "confirm", "Alpha", "1234", code=1).exception)
    assert "no such entity" in str(run("resolve", "confirm", "Alpha", lei("Q"), code=1).exception)


def test_without_a_configuration_a_decision_says_where_it_would_be_kept(index: Path, run: Run) -> None:
    problem = run("resolve", "confirm", "Alpha", A, "--index", "register", code=4).exception
    assert "leadsync init" in str(problem)


def test_an_entity_is_shown_with_its_owners_and_what_belongs_to_it(house: Path, run: Run) -> None:
    told = run("family", "Gamma International", "--country", "GB").stdout
    assert "none: no known person controls it" in told
    assert told.index("Beta Holding AG") < told.index("Alpha Werke GmbH")
    found = json.loads(run("family", B, "--output", "json").stdout)
    assert [one["lei"] for one in found["below"]] == [A]
    assert ([one["lei"] for one in found["funds"]], found["ultimate"]["lei"]) == ([lei("E")], C)
    before = json.loads(run("family", B, "--as-of", "2009-01-01", "--output", "json").stdout)
    assert (before["below"], before["path"]) == ([], [B])
    assert [one["lei"] for one in json.loads(run("family", lei("E"), "--output", "json").stdout)["fund_of"]] == [B]
