"""Resolve a file of companies, in batches and in the file's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TextIO

from leadsync.connector import Register
from leadsync.normalize import person
from leadsync.normalize.company import country_code, domain_of
from leadsync.records import CompanyQuery, Match, Ownership, Parent
from leadsync.resolve.ask import ask
from leadsync.resolve.decisions import Decisions
from leadsync.resolve.judge import ResolveSettings
from leadsync.resolve.tables import Answer, BadRow, Row, batches, opened_rows, sink, target_of

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

UNREADABLE = "unreadable"
"""The status of a row that cannot be read; its evidence is the reason."""


@dataclass(slots=True)
class BulkReport:
    """How many companies were asked for, and what became of them by status."""

    asked: int = 0
    by_status: Counter[str] = field(default_factory=Counter)


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
    """The first of the columns that is filled."""
    return next((text for heading in headings if (text := (row.get(heading) or "").strip())), "")


def resolve_rows(
    rows: Iterable[Row | BadRow],
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
        queries = [query_of(row) for _, row in batch if not isinstance(row, BadRow)]
        matches = iter(ask(queries, register, settings, known))
        for number, row in batch:
            if isinstance(row, BadRow):
                yield _answer(row.qid or str(number), Match(UNREADABLE, evidence=(row.reason,)), None)
                continue
            match = next(matches)
            owned = register.ownership(match.lei) if owners and match.lei else None
            yield _answer(_first(row, ALIASES["qid"]) or str(number), _noting_country(row, match), owned)


def _noting_country(row: Row, match: Match) -> Match:
    """A country that nobody understands is told, since the match was made without it."""
    given = _first(row, ALIASES["country"])
    if not given or country_code(given):
        return match
    return replace(match, evidence=(*match.evidence, f"the country {given!r} was not understood"))


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
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> BulkReport:
    """Resolve every row of a CSV or Parquet file, or of standard input ("-"), and write the answers as they come.

    `output`: "csv", "json" (one list), "ndjson" (one object a line) or "parquet". `progress` is told the rows done, and
    how many there are where the file says so. A row that cannot be read is answered with the reason. Raises
    Misconfigured for a file without a column of names, or an output that cannot be written.
    """
    report = BulkReport()
    with opened_rows(source, ALIASES["name"]) as given, target_of(target) as out:
        taker = sink(out, output, COLUMNS)
        try:
            for batch in batches(resolve_rows(given.rows, register, settings, decisions)):
                taker.write(batch)
                report.asked += len(batch)
                report.by_status.update(str(answer["status"]) for answer in batch)
                progress(report.asked, given.total)
        finally:
            taker.close()
    return report
