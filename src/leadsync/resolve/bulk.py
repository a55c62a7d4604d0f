"""Resolve a file of companies: CSV or Parquet in; CSV, JSON lines or Parquet out; in batches, in the file's order."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TextIO

from leadsync.connector import Register
from leadsync.errors import Misconfigured
from leadsync.normalize import person
from leadsync.normalize.company import country_code, domain_of
from leadsync.records import CompanyQuery, Match, Ownership, Parent
from leadsync.resolve.decisions import Decisions
from leadsync.resolve.judge import CONSIDERED, ResolveSettings, resolve_all

BATCH = 500
COLUMNS = (
    "qid", "lei", "confidence", "status", "legal_name", "country", "method", "evidence", "direct_parent",
    "direct_parent_lei", "ultimate_parent", "ultimate_parent_lei",
)  # fmt: skip
"""What is written of each company."""
ALIASES = {
    "name": ("name", "company", "company_name", "query", "account_name"),
    "country": ("country", "country_code", "billing_country"),
    "city": ("city", "billing_city"),
    "state": ("state", "region", "province"),
    "website": ("website", "domain", "url", "web"),
    "email": ("email", "e-mail", "mail"),
    "qid": ("qid", "id"),
}
"""Headings understood, in any case."""

Row = Mapping[str, str | None]
Answer = dict[str, str | float]


@dataclass(slots=True)
class BulkReport:
    """How many companies were asked for, and what became of them by status."""

    asked: int = 0
    by_status: Counter[str] = field(default_factory=Counter)


class Sink(Protocol):
    """Takes answers as they come."""

    def write(self, answers: Sequence[Answer]) -> None:
        """Take some."""

    def close(self) -> None:
        """There are no more."""


def query_of(row: Row) -> CompanyQuery:
    """A row as a query. The domain is the website's, else the e-mail's; free mail never counts."""
    values = {name: _first(row, headings) for name, headings in ALIASES.items()}
    address = person.email(values["email"])
    mail = "" if person.is_free_mail(address) else domain_of(person.email_domain(address))
    domain = domain_of(values["website"])
    return CompanyQuery(
        name=values["name"],
        country=country_code(values["country"]),
        city=values["city"],
        region=values["state"],
        domain=("" if domain in person.FREE_MAIL else domain) or mail,
    )


def _first(row: Row, headings: Sequence[str]) -> str:
    return next((value.strip() for heading in headings if (value := row.get(heading)) is not None), "")


def resolve_rows(
    rows: Iterable[Row],
    register: Register,
    settings: ResolveSettings,
    decisions: Decisions | None = None,
    *,
    owners: bool = True,
) -> Iterator[Answer]:
    """An answer for each row, in order; rows are taken and answered in batches. `owners` adds the parents' names."""
    known = Decisions() if decisions is None else decisions
    numbered = enumerate(rows, 1)
    while batch := list(islice(numbered, BATCH)):
        queries = [query_of(row) for _, row in batch]
        candidates = register.candidates(queries, CONSIDERED)
        matches = resolve_all(queries, candidates, settings, [known.about(query) for query in queries])
        for (number, row), match in zip(batch, matches, strict=True):
            owned = register.ownership(match.lei) if owners and match.lei else None
            yield _answer(_first(row, ALIASES["qid"]) or str(number), match, owned)


def _answer(qid: str, match: Match, owned: Ownership | None) -> Answer:
    direct, ultimate = (owned.direct, owned.ultimate) if owned is not None else (None, None)
    return {
        "qid": qid,
        "lei": match.lei,
        "confidence": round(match.confidence, 4),
        "status": match.status,
        "legal_name": match.legal_name,
        "country": match.country,
        "method": match.method,
        "evidence": "; ".join(match.evidence),
        **_parent("direct_parent", direct),
        **_parent("ultimate_parent", ultimate),
    }


def _parent(prefix: str, parent: Parent | None) -> Answer:
    if parent is None:
        return {prefix: "", f"{prefix}_lei": ""}
    return {prefix: parent.name or (f"({parent.reason})" if parent.reason else ""), f"{prefix}_lei": parent.lei}


def resolve_file(  # noqa: PLR0913  the last three have defaults and are given by name
    source: Path,
    target: Path | TextIO,
    register: Register,
    settings: ResolveSettings,
    *,
    output: str = "csv",
    decisions: Decisions | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> BulkReport:
    """Resolve every row of a CSV or Parquet file and write the answers as they come.

    `output`: "csv", "json" (one object a line) or "parquet" (to a path only). `progress` is told the rows done.
    Raises Misconfigured for a file without a column of names, or an output that cannot be written.
    """
    report = BulkReport()
    with _rows(source) as rows:
        sink = _sink(target, output)
        try:
            answers = resolve_rows(rows, register, settings, decisions)
            while batch := list(islice(answers, BATCH)):
                sink.write(batch)
                report.asked += len(batch)
                report.by_status.update(str(answer["status"]) for answer in batch)
                progress(report.asked)
        finally:
            sink.close()
    return report


@contextmanager
def _rows(source: Path) -> Iterator[Iterator[Row]]:
    try:
        with source.open("rb") as raw:
            parquet = raw.read(4) == b"PAR1"
    except OSError as problem:
        raise Misconfigured(f"{source}: {problem.strerror}") from None
    if parquet:
        yield _parquet_rows(source)
        return
    with source.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines)
        headings = _headings(reader.fieldnames or (), source)
        yield ({headings[name]: value for name, value in row.items() if name in headings} for row in reader)


def _headings(names: Sequence[str], source: Path) -> dict[str, str]:
    found = {name: name.strip().lower() for name in names}
    if not set(found.values()) & set(ALIASES["name"]):
        raise Misconfigured(f"{source}: no column of company names; expected one of {', '.join(ALIASES['name'])}")
    return found


def _parquet_rows(source: Path) -> Iterator[Row]:
    parquet = _pyarrow(source)[1]
    file = parquet.ParquetFile(source)
    headings = _headings(file.schema_arrow.names, source)
    for batch in file.iter_batches(BATCH):
        for row in batch.to_pylist():
            yield {headings[name]: None if value is None else str(value) for name, value in row.items()}


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        raise Misconfigured(f"{path}: parquet needs pyarrow: pip install pyarrow") from None
    return pyarrow, parquet


def _sink(target: Path | TextIO, output: str) -> Sink:
    match output:
        case "csv":
            return _Csv(target)
        case "json":
            return _Json(target)
        case "parquet" if isinstance(target, Path):
            return _Parquet(target)
        case "parquet":
            raise Misconfigured("parquet is written to a file, not to standard output: name one with --to")
        case other:
            raise Misconfigured(f"unknown output {other!r}; known: csv, json, parquet")


class _Text:
    def __init__(self, target: Path | TextIO) -> None:
        self._own = isinstance(target, Path)
        self.out = target.open("w", encoding="utf-8", newline="") if isinstance(target, Path) else target

    def close(self) -> None:
        self.out.flush()
        if self._own:
            self.out.close()


class _Csv(_Text):
    def __init__(self, target: Path | TextIO) -> None:
        super().__init__(target)
        self._writer = csv.DictWriter(self.out, COLUMNS, lineterminator="\n")
        self._writer.writeheader()

    def write(self, answers: Sequence[Answer]) -> None:
        self._writer.writerows(answers)


class _Json(_Text):
    def write(self, answers: Sequence[Answer]) -> None:
        self.out.writelines(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)


class _Parquet:
    def __init__(self, target: Path) -> None:
        arrow, parquet = _pyarrow(target)
        numeric = {"confidence": arrow.float64()}
        self._schema = arrow.schema([(name, numeric.get(name, arrow.string())) for name in COLUMNS])
        self._table = arrow.Table
        self._writer = parquet.ParquetWriter(target, self._schema)

    def write(self, answers: Sequence[Answer]) -> None:
        self._writer.write_table(self._table.from_pylist(list(answers), schema=self._schema))

    def close(self) -> None:
        self._writer.close()
