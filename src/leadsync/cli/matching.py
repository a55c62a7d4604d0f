"""What people say about matches: explain one, confirm or reject it, work through those that wait."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from leadsync.cli.common import Exit, config_option, console, now, output_option, say_json
from leadsync.cli.queue import Candidate, Waiting, known_companies, queue
from leadsync.cli.registers import desk
from leadsync.cli.resolve import company_options, decisions_of, match_lines, needs_state, register_options, resolve
from leadsync.cli.sheet import unguarded, write_sheet
from leadsync.connector import Register
from leadsync.errors import LeadsyncError, Misconfigured
from leadsync.records import CompanyQuery, LegalEntity
from leadsync.resolve import Decisions, Verdict
from leadsync.resolve.ask import means_of
from leadsync.resolve.bulk import query_of
from leadsync.resolve.decisions import CONFIRM, LEI, REJECT, company_key, following, identifies
from leadsync.resolve.explain import Considered, Explained
from leadsync.resolve.explain import explain as explain_match
from leadsync.resolve.judge import CONSIDERED
from leadsync.resolve.tables import BadRow, Row, opened_rows
from leadsync.store import Store

SHOWN = 20
COLUMNS = (
    "company", "name", "country", "city", "domain", "status", "leads", "worth", "change", "why", "candidates", "answer",
    "note",
)  # fmt: skip
RECORD = re.compile(r"[a-z][\w-]*/\w+/\S+")
"""How a record is named: side/object/id."""
NO_SUCH = "{}: the register has no such entity. `leadsync gleif status` tells how old it is."


# ---- explain


@resolve.command()
@click.argument("name")
@company_options
@register_options
@output_option
def explain(
    name: str, config_path: Path, index: Path | None, threshold: float | None, output: str, **company: str
) -> int:
    """Show every entity a NAME could mean, with what speaks for and against it, and why it is not the answer."""
    query = query_of({"name": name, **company})
    with desk(config_path, index, threshold) as at:
        decision = following(decisions_of(at.state).about(query), query, at.register.entity)
        found = explain_match(
            query, at.register.candidates([query], CONSIDERED)[0], at.settings, decision, means_of(at.register)
        )
    if output == "json":
        say_json(_explained_json(query, found))
    else:
        out = console()
        for line in _explained_lines(query, found):
            out.print(line, markup=False, soft_wrap=True)
    return Exit.DONE


def _explained_lines(query: CompanyQuery, found: Explained) -> Iterator[str]:
    asked = [query.name, query.country, query.city, query.region, query.domain]
    yield f"asked: {', '.join(text for text in asked if text)}"
    yield match_lines(found.match, None)[0]
    for number, one in enumerate(found.candidates, 1):
        yield ""
        yield f"{number}. {_entity(one.entity)}  {one.confidence:.2f}  {one.why_not or 'the answer'}"
        yield from (f"     {text}" for text in one.evidence)
        told = (f"{name} {value:g}" for name, value in one.features.items() if value)
        yield f"     features: {', '.join(told)}"
    if found.left_out:
        yield ""
        yield "not weighed:"
        yield from (f"     {_entity(entity)}  {why}" for entity, why in found.left_out)


def _entity(entity: LegalEntity) -> str:
    city = f", {entity.legal.city}" if entity.legal.city else ""
    return f"{entity.name} ({entity.country}{city})  {entity.lei}"


def _explained_json(query: CompanyQuery, found: Explained) -> dict[str, Any]:
    def told(one: Considered) -> dict[str, Any]:
        about = {"lei": one.entity.lei, "name": one.entity.name, "country": one.entity.country}
        return {**about, "confidence": round(one.confidence, 4), "why_not": one.why_not,
                "evidence": list(one.evidence), "features": dict(one.features)}  # fmt: skip

    match = found.match
    return {
        "schema": 1,
        "asked": {"name": query.name, "country": query.country, "city": query.city, "state": query.region,
                  "domain": query.domain},
        "status": match.status,
        "lei": match.lei,
        "confidence": round(match.confidence, 4),
        "evidence": list(match.evidence),
        "candidates": [told(one) for one in found.candidates],
        "left_out": [{"lei": e.lei, "name": e.name, "why": why} for e, why in found.left_out],
    }  # fmt: skip


# ---- decisions


@resolve.command()
@click.argument("company")
@click.argument("lei")
@company_options
@register_options
@click.option("--note", default="", help="Why, for those who come later.")
@output_option
def confirm(company: str, lei: str, **options: Any) -> int:
    """COMPANY is the entity LEI: a name as the CRM writes it, or a record ("hubspot/companies/51"). This is kept for
    ever, comes before all judgement, and teaches the company's web domain. The next run writes it."""
    return _decide(company, lei, CONFIRM, **options)


@resolve.command()
@click.argument("company")
@click.argument("lei")
@company_options
@register_options
@click.option("--note", default="", help="Why, for those who come later.")
@output_option
def reject(company: str, lei: str, **options: Any) -> int:
    """COMPANY is not the entity LEI, whatever speaks for it."""
    return _decide(company, lei, REJECT, **options)


def _decide(company: str, lei: str, verdict: str, **options: Any) -> int:
    config: Path = options["config_path"]
    described = {name: options[name] for name in ("country", "city", "state", "website", "email")}
    entity = _checked(lei, config, options["index"])
    with Store(needs_state(config)) as store:
        query = _company(store, company, query_of({"name": company, **described}))
        with store.transaction():
            store.matches.say([Verdict(query, entity.lei, verdict)], options["note"], now())
        decided = Decisions.of(store.matches.verdicts())
    learned = verdict == CONFIRM and identifies(query.domain) and decided.domains.get(query.domain) == entity.lei
    if options["output"] == "json":
        say_json({"schema": 1, "name": query.name, "country": query.country, "lei": entity.lei, "verdict": verdict,
                  "domain": query.domain if learned else ""})  # fmt: skip
        return Exit.DONE
    where = f" ({query.country})" if query.country else ""
    name = entity.name or "an entity the register at hand does not name"
    click.echo(
        f"{query.name}{where} is {'' if verdict == CONFIRM else 'not '}{entity.lei} {name}, from the next run on"
    )
    if learned:
        click.echo(f"companies with the web domain {query.domain} are taken for it too, where nothing else is found")
    return Exit.DONE


def _checked(lei: str, config: Path, index: Path | None) -> LegalEntity:
    """The entity of an LEI as far as a register is at hand; raises LeadsyncError when that register has none."""
    lei = lei.strip().upper()
    if not LEI.fullmatch(lei):
        raise LeadsyncError(f"{lei!r} is not an LEI: 18 letters and digits, then two digits")
    try:
        with desk(config, index, None) as at:
            found = at.register.entity(lei)
    except Misconfigured:
        return LegalEntity(lei, "", "")
    if found is None:
        raise LeadsyncError(NO_SUCH.format(lei))
    return found


def _company(store: Store, text: str, described: CompanyQuery) -> CompanyQuery:
    """The company as the CRMs describe it, where one is known by this name or record; else as it was described."""
    known = known_companies(store)
    uids = {uid for ref, uid in store.pulled.identities().items() if str(ref) == text} | {text}
    by_record = {query for uid, query in known.items() if uid in uids}
    named = {query for query in known.values() if query.name.casefold() == text.casefold()}
    by_name = {query for query in named if described.country in {"", query.country}}
    by_name = by_name or {query for query in named if not query.country}
    found = by_record or by_name
    if not found and RECORD.fullmatch(text):
        raise LeadsyncError(f"{text}: no company that a run resolved has this record. `leadsync sync` reads the CRMs.")
    if len({(query.name.casefold(), query.country) for query in found}) > 1:
        countries = ", ".join(sorted(query.country or "no country" for query in found))
        raise LeadsyncError(f"{text} could be several companies ({countries}): name one with --country")
    return max(found, key=lambda query: (identifies(query.domain), query.domain), default=described)


@resolve.command(name="decisions")
@config_option
@output_option
def list_decisions(config_path: Path, output: str) -> int:
    """All that people decided, oldest first, and the web domains learned from it."""
    with Store(needs_state(config_path), write=False) as store:
        told = store.matches.told()
    domains = Decisions.of(one for one, _, _ in told).domains
    if output == "json":
        rows = [{"name": v.query.name, "country": v.query.country, "domain": v.query.domain, "lei": v.lei,
                 "verdict": v.verdict, "note": note, "at": at} for v, note, at in told]  # fmt: skip
        say_json({"schema": 1, "decisions": rows, "domains": dict(domains)})
        return Exit.DONE
    for v, note, at in told:
        where = f" ({v.query.country})" if v.query.country else ""
        sign = "=" if v.verdict == CONFIRM else "≠"
        click.echo(f"{at:%Y-%m-%d}  {v.query.name}{where}  {sign}  {v.lei}  {note}".rstrip())
    for domain, lei in sorted(domains.items()):
        click.echo(f"learned     {domain}  =  {lei}")
    click.echo(f"{len(told)} decisions")
    return Exit.DONE


# ---- the queue


@resolve.command()
@config_option
@output_option
@click.option("--export", "to", type=click.Path(dir_okay=False, path_type=Path), help="Write the queue to a CSV file.")
@click.option("--import", "source", type=click.Path(dir_okay=False, exists=True, path_type=Path),
              help="Read the answers of an exported file.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1), default=SHOWN, show_default=True, help="How many to show.")
def review(config_path: Path, output: str, to: Path | None, source: Path | None, limit: int) -> int:
    """Companies whose entity a person should decide, those first by which most would change (their leads' scores times
    the chance that an answer changes something). In an exported file, fill the column "answer": the candidate's
    number, any LEI, or "none"; lines without one are passed over, and all or none are taken."""
    if to is not None and source is not None:
        raise click.UsageError("--export or --import, not both")
    if source is not None:
        return _import(config_path, source, output)
    with Store(needs_state(config_path), write=False) as store:
        waiting = queue(store)
    shown = _described(waiting if to is not None else waiting[:limit], config_path)
    if to is not None:
        return _export(shown, to, output)
    if output == "json":
        say_json({"schema": 1, "waiting": len(waiting), "companies": [_waiting_json(one) for one in shown]})
    else:
        _show(shown, len(waiting))
    return Exit.PENDING if waiting else Exit.DONE


def _described(waiting: Sequence[Waiting], config: Path) -> list[Waiting]:
    """The candidates with their cities and what became of them, which may tell namesakes apart; as they are where no
    register is at hand."""
    try:
        with desk(config, None, None) as at:
            return [replace(one, candidates=tuple(_told(c, at.register) for c in one.candidates)) for one in waiting]
    except Misconfigured:
        return list(waiting)


def _told(candidate: Candidate, register: Register) -> Candidate:
    lei, name, country, sure = candidate
    entity = register.entity(lei)
    if entity is None:
        return candidate
    city = entity.headquarters.city or entity.legal.city
    states = [] if entity.registration == "ISSUED" else [entity.registration.lower()]
    states += [] if entity.status == "ACTIVE" else [entity.status.lower()]
    return lei, name, ", ".join(text for text in (country, city, *states) if text), sure


def _show(waiting: Sequence[Waiting], total: int) -> None:
    out = console()
    for one in waiting:
        where = f" ({one.query.country})" if one.query.country else ""
        head = f"{one.query.name}{where}  {one.status}, {one.leads} leads worth {one.worth:,.0f}"
        out.print(head, markup=False, soft_wrap=True)
        for lei, name, country, sure in one.candidates:
            out.print(f"    {lei}  {name} ({country})  {sure:.2f}", markup=False, soft_wrap=True)
    out.print(f"{total:,} companies wait; `leadsync resolve confirm COMPANY LEI` decides one, --export FILE many")


def _waiting_json(one: Waiting) -> dict[str, Any]:
    q = one.query
    return {
        "company": one.uid, "name": q.name, "country": q.country, "city": q.city, "domain": q.domain,
        "status": one.status, "leads": one.leads, "worth": one.worth, "change": round(one.change, 2),
        "why": one.why, "candidates": [list(candidate) for candidate in one.candidates],
    }  # fmt: skip


def _export(waiting: Sequence[Waiting], to: Path, output: str) -> int:
    write_sheet(to, COLUMNS, (_row(one) for one in waiting))
    if output == "json":
        say_json({"schema": 1, "written": len(waiting), "file": str(to)})
    else:
        click.echo(f"{len(waiting):,} companies written to {to}; fill the column answer, then review --import {to}")
    return Exit.DONE


def _row(one: Waiting) -> list[object]:
    shown = (f"{n}) {lei} {name} ({at}) {sure:.2f}" for n, (lei, name, at, sure) in enumerate(one.candidates, 1))
    cells = {**_waiting_json(one), "candidates": " | ".join(shown), "answer": "", "note": ""}
    return [cells[column] for column in COLUMNS]


class BadAnswers(LeadsyncError):
    """A file of answers with lines that cannot be taken; none was."""


def _import(config: Path, source: Path, output: str) -> int:
    with Store(needs_state(config)) as store:
        taken, problems = _answers(source, known_companies(store))
        problems += _unknown(config, taken)
        if problems:
            raise BadAnswers("\n".join([f"{source}: nothing was taken, since", *problems]))
        at = now()
        with store.transaction():
            for one in taken:
                store.matches.say(one.verdicts, one.note, at)
    count = sum(len(one.verdicts) for one in taken)
    if output == "json":
        say_json({"schema": 1, "taken": count})
    else:
        click.echo(f"{count:,} decisions taken; the next run follows them")
    return Exit.DONE


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a row of the file says. `shown`: the entities among which it chose."""

    where: str
    verdicts: list[Verdict]
    note: str
    shown: frozenset[str]


def _answers(source: Path, known: dict[str, CompanyQuery]) -> tuple[list[_Answer], list[str]]:
    taken: list[_Answer] = []
    problems: list[str] = []
    with opened_rows(source, ("answer",), "answers") as given:
        for number, row in enumerate(given.rows, 2):
            if isinstance(row, BadRow):
                problems.append(f"  {row.reason}")
                continue
            answer = (row.get("answer") or "").strip()
            if not answer:
                continue
            told = {name: unguarded(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
            query = known.get(row.get("company") or "") or query_of({**told, "website": told.get("domain")})
            try:
                taken.append(_answer(f"  row {number} ({query.name})", query, answer, row))
            except ValueError as problem:
                problems.append(f"  row {number} ({query.name}): {problem}")
    return taken, problems


def _answer(where: str, query: CompanyQuery, answer: str, row: Row) -> _Answer:
    shown = dict(re.findall(r"(\d+)\) ([0-9A-Z]{20}) ", row.get("candidates") or ""))
    about = (row.get("note") or "", frozenset(shown.values()))
    if not company_key(query)[0]:
        raise ValueError("neither a company of the CRMs nor a name")
    if answer.lower() in {"none", "no"}:
        if not shown:
            raise ValueError(f"{answer!r}, but the column candidates no longer says none of which")
        return _Answer(where, [Verdict(query, lei, REJECT) for lei in shown.values()], *about)
    lei = shown.get(answer, answer.upper())
    if not LEI.fullmatch(lei):
        raise ValueError(f"{answer!r} is no candidate's number, no LEI, and not none")
    return _Answer(where, [Verdict(query, lei, CONFIRM)], *about)


def _unknown(config: Path, taken: Sequence[_Answer]) -> list[str]:
    """The LEIs somebody typed that the register at hand does not have."""
    typed = [(one.where, v.lei) for one in taken for v in one.verdicts if v.lei not in one.shown]
    if not typed:
        return []
    try:
        with desk(config, None, None) as at:
            lost = [(where, lei) for where, lei in typed if at.register.entity(lei) is None]
    except Misconfigured:
        return []
    return [f"{where}: {NO_SUCH.format(lei)}" for where, lei in lost]


ALL: Sequence[click.Command] = ()
"""All of them are commands of `resolve`."""
