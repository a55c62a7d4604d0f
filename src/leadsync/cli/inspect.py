"""The commands that tell: why a value is what it is, and how the installation stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.markup import escape

from leadsync.cli.besides import STANDS, kept_json, kept_text
from leadsync.cli.common import Exit, config_option, console, output_option, read_config, say_json
from leadsync.cli.known import rules_of, what_would_help
from leadsync.cli.show import counted
from leadsync.config import Config
from leadsync.errors import LeadsyncError
from leadsync.learn.aging import last_look
from leadsync.normalize import person
from leadsync.plan.judge import rule_of
from leadsync.records import Ref, value_text
from leadsync.rules import Rulebook
from leadsync.store import Store


class NotFound(LeadsyncError):
    """What was asked for is not known."""


def find_uid(store: Store, text: str) -> str:
    """The lead or company that an e-mail, a CRM id ("51", "contacts/51", "hubspot/contacts/51") or our own id means."""
    identities = store.pulled.identities()
    if text in identities.values():
        return text
    by_id = {u for ref, u in identities.items() if _is_called(ref, text)}
    address = person.email(text)
    found = by_id or (_by_field(store, identities, address) if address else _by_old_id(store, identities, text))
    found = found or (set() if address else _by_name(store, identities, text))
    if not found:
        raise NotFound(f"{text}: no lead or company is known by this e-mail or id. `leadsync sync` reads what is new.")
    if len(found) > 1:
        options = ", ".join(str(ref) for ref, uid in sorted(identities.items()) if uid in found)
        raise NotFound(f"{text} could be several: {options}. Name one of these.")
    return next(iter(found))


def _by_old_id(store: Store, identities: dict[Ref, str], text: str) -> set[str]:
    """Whose record one of this id became, by a merge or a conversion."""
    became = (s.record.ref for s in store.pulled.records() if s.record.successor is not None)
    ends = {store.pulled.now(ref) for ref in became if _is_called(ref, text)}
    return {identities[ref] for ref in ends if ref in identities}


def _is_called(ref: Ref, text: str) -> bool:
    """Whether a record has this id, with or without its side and object; Salesforce's of 15 characters mean those of 18
    that begin with them."""
    return f"/{ref}".endswith(f"/{text}") or (len(text) == 15 and len(ref.id) == 18 and ref.id.startswith(text))


def _by_field(store: Store, identities: dict[Ref, str], address: str) -> set[str]:
    live = (s.record for s in store.pulled.records() if not s.record.deleted)
    holds = (r for r in live if any(address in person.emails(v) for v in r.fields.values() if isinstance(v, str)))
    return {identities[r.ref] for r in holds if r.ref in identities}


def _by_name(store: Store, identities: dict[Ref, str], name: str) -> set[str]:
    wanted = name.casefold().strip()
    named = (
        s.record
        for s in store.pulled.records()
        if any(isinstance(v, str) and v.casefold().strip() == wanted for n, v in s.record.fields.items() if n in NAMES)
    )
    return {identities[r.ref] for r in named if r.ref in identities}


NAMES = ("name", "Name")
"""Vendor fields by which a company may be asked for."""


@click.command()
@config_option
@output_option
@click.argument("lead", metavar="LEAD")
@click.argument("field", metavar="[FIELD]", required=False)
def why(config_path: Path, output: str, lead: str, field: str | None) -> int:
    """Tell how a lead's (or company's) values came about. LEAD is an e-mail or a CRM id; FIELD is score, stage, lei,
    attribution, a field of the mapping, or a CRM's own name of one."""
    config = read_config(config_path, offline=True)
    with Store(config.state, write=False) as store:
        uid = find_uid(store, lead)
        decisions = store.results.decisions(uid)
        name = decided_as(config, field) if field is not None and field not in decisions else field
        if name is not None and name not in decisions:
            known = ", ".join(sorted(decisions))
            raise NotFound(f"{lead} has no decision on {field!r}. Known: {known}.")
        chosen = {n: decision for n, decision in decisions.items() if name in (None, n)}
        records = [_told_of(store, ref) for ref, u in sorted(store.pulled.identities().items()) if u == uid]
        rules = rules_of(config)
        besides = store.besides.about([told.ref for told in records]) if field is None else []
        helps = what_would_help(store, rules, uid, chosen["score"][1]) if "score" in chosen else []
        if output == "json":
            found = _why_json(uid, records, chosen, mapped_at(rules, [told.ref for told in records]))
            say_json({**found, "what_would_help": helps, "besides": kept_json(besides)})
        else:
            _why_text(uid, records, chosen, mapped_at(rules, [told.ref for told in records]))
            kept_text(console(), besides)
            for line in ["", "What would change the score:", *(f"  {line}" for line in helps)] if helps else ():
                click.echo(line)
    return Exit.DONE


class Told(NamedTuple):
    """A record of a lead or company, why it is one, and whether the CRM still has it."""

    ref: Ref
    why: str
    deleted: bool


def _told_of(store: Store, ref: Ref) -> Told:
    known, seen = store.pulled.identity(ref), store.pulled.record(ref)
    return Told(ref, known[1] if known is not None else "", seen is not None and seen.record.deleted)


DECIDED_AS = {
    "score": "score", "stage": "stage", "company": "lei", "attribution": "attribution", "family": "score",
    "nurture": "nurture",
}  # fmt: skip
"""Under which decision a computed value is explained, by the first part of its source."""


def decided_as(config: Config, field: str) -> str:
    """The decision that explains a field: by its name in the mapping, or by a CRM's name of it; else the name."""
    rules = rules_of(config)
    for mapping in rules.mappings.values():
        for mapped in mapping.fields.values():
            if field == mapped.name or any(target.name == field for target in mapped.targets):
                return DECIDED_AS.get(mapped.sources[0].partition(".")[0], field) if mapped.sources else mapped.name
    return field


def mapped_at(rules: Rulebook, refs: Sequence[Ref]) -> dict[str, str]:
    """Field → where the mapping of these records' object has it, and what it says of conflicts."""
    return {
        name: f"{rule_of(field)}, owner {field.owner}, conflict {field.conflict.value}"
        for mapping in rules.mappings.values()
        if any(next(iter(mapping.targets(ref.side, ref.kind)), None) is not None for ref in refs)
        for name, field in mapping.fields.items()
        if not field.sources
    }


def _why_json(uid: str, records: Iterable[Told], chosen: dict[str, Any], rule: Mapping[str, str]) -> dict[str, Any]:
    return {
        "lead": uid,
        "records": [{"ref": str(ref), "why": why, "deleted": deleted} for ref, why, deleted in records],
        "fields": {
            name: {"value": value, "why": reason, "run": run, "at": at.isoformat(), "mapping": rule.get(name)}
            for name, (value, reason, run, at) in chosen.items()
        },
    }


def _why_text(uid: str, records: Iterable[Told], chosen: dict[str, Any], rule: Mapping[str, str]) -> None:
    out = console()
    out.print(f"[bold]{uid}[/]")
    for ref, because, deleted in records:
        out.print(f"  {ref}  [dim]{escape(because)}{', deleted in the CRM' if deleted else ''}[/]")
    for name, (value, reason, _run, at) in chosen.items():
        out.print(
            f"\n[bold]{name}[/] = {escape(value_text(value)) or '(blank)'}   [dim]decided {at:%Y-%m-%d %H:%M}Z[/]",
            soft_wrap=True,
        )
        lines = [*explain(reason), *([f"mapping: {rule[name]}"] if name in rule else [])]
        for line in lines:
            out.print(f"  {escape(line)}", soft_wrap=True)


def explain(reason: dict[str, Any]) -> list[str]:
    """A decision's reasons as lines."""
    match reason:
        case {"reasons": list(reasons)}:
            return _score_lines(reason, reasons)
        case {"status": str(), "evidence": list()}:
            return _entity_lines(reason)
        case {"how": str(how)}:
            return _verdict_lines(reason, how)
        case _:
            return [line for key, value in reason.items() for line in _plain_lines(key.replace("_", " "), value)]


def _plain_lines(key: str, value: Any) -> list[str]:
    if isinstance(value, list) and value:
        return [f"{key}:", *(f"  {entry}" for entry in value)]
    return [] if value in (None, "", []) else [f"{key}: {value}"]


def _score_lines(reason: dict[str, Any], reasons: list[dict[str, Any]]) -> list[str]:
    if reason.get("excluded"):
        return [f"not scored: {reason['excluded']}"]
    lines = [f"{r['points']:>+8g}  {r['words']}  [{r['group']}]" for r in reasons]
    lines.append("-" * 8)
    lines.append(
        f"{reason['total']:>8g}  in all, as of {reason['as_of'][:10]}, model {reason['model']}, grade {reason['grade']}"
    )
    return lines


def _entity_lines(reason: dict[str, Any]) -> list[str]:
    asked = ", ".join(f"{key} {value!r}" for key, value in reason["asked"].items() if value)
    lines = [f"asked: {asked}", f"{reason['status']}, confidence {reason['confidence']:.2f} ({reason['method']})"]
    lines += [f"- {piece}" for piece in reason["evidence"]]
    if reason["status"] == "matched":
        lines.append(f"legal name: {reason['legal_name']} ({reason['country']})")
    else:
        lines += [
            f"candidate: {lei} {name} ({country}) {conf:.2f}" for lei, name, country, conf in reason["candidates"][:5]
        ]
    for which in ("direct", "ultimate"):
        parent = reason.get(which)
        if parent:
            told = f"{parent['name']} ({parent['lei']}), {parent['how']}" if parent["lei"] else parent["reason"]
            lines.append(f"{which} parent: {told}")
    return lines


HOWS = {
    "empty": "blank in every CRM",
    "agreed": "all records agree",
    "unbased": "the records differed when first seen; nothing is overwritten",
    "changed": "changed in one CRM since the run before",
    "cleared": 'cleared in one CRM; the mapping (null = "keep") leaves the others as they are',
    "conflict": "changed in several records; the owner's side wins",
    "newest": "changed in several records; the change that was provably made last wins",
    "held": "changed in several records; a person has to say which is right",
    "answered": "changed in several records; a person said which is right",
}


def _verdict_lines(reason: dict[str, Any], how: str) -> list[str]:
    lines = [HOWS[how]]
    if reason.get("origin"):
        lines.append(f"{'cleared in' if how == 'cleared' else 'value of'} {reason['origin']}")
    lines += [f"not taken: {value_text(value) or '(blank)'} of {ref}" for ref, value in reason.get("losers", [])]
    return lines


@click.command()
@config_option
@output_option
def status(config_path: Path, output: str) -> int:
    """Tell how the installation stands: last runs, when each source was last read, what is rejected or waiting."""
    config = read_config(config_path, offline=True)
    with Store(config.state, write=False) as store:
        report = status_json(store)
    if output == "json":
        say_json(report)
    else:
        _status_text(report)
    return Exit.REJECTS if report["rejects"] else Exit.DONE


def status_json(store: Store) -> dict[str, Any]:
    """The state of an installation for machines."""
    return {
        "schema": 1,
        "runs": [
            {"run": r.id, "command": r.command, "started": r.started, "ended": r.ended, "outcome": r.outcome,
             "summary": dict(r.summary)} for r in store.runs.latest(5)
        ],
        "records": [{"side": s, "object": k, "live": n} for (s, k), n in sorted(store.pulled.counts().items())],
        "besides": [{"what": str(p), "stands": state, "count": n} for p, state, n in store.besides.counts()],
        "sources": [{"side": s, "feed": f, "last_read": at} for s, f, at in store.pulled.cursors()],
        "outbox": dict(store.outbox.states()),
        "aging": aging_json(*last_look(store)),
        "waiting": {
            "conflicts": len(store.cases.conflicts()),
            "flaps": sum(flap.released is None for flap in store.cases.flaps().values()),
        },
        "rejects": [
            {"record": str(r.ref), "direction": r.direction, "code": r.code, "reason": r.reason, "next_step": r.hint,
             "first": r.first_at, "last": r.last_at, "times": r.times} for r in store.outbox.rejects() if not r.dropped
        ],
    }  # fmt: skip


def aging_json(at: datetime | None, warnings: Sequence[str]) -> dict[str, Any]:
    """Whether scoring models have aged, as of the last look; `checked` is None when there was none."""
    return {"checked": at, "warnings": list(warnings)}


WAITING = (
    ("conflicts", "changed differently in several places, waiting for a person", "leadsync conflicts list"),
    ("flaps", "held, for somebody else keeps changing them back", "leadsync flaps list"),
)
"""What only a person can settle, in words, and the command that shows it."""


def _trouble(summary: Mapping[str, Any]) -> str:
    """What kept a run from writing: a failure, or gates by name; "" for nothing."""
    gates = ", ".join(dict.fromkeys(summary.get("gates", ())))
    return str(summary.get("error", "")) or (f"gates closed: {gates}; `leadsync plan` shows why" if gates else "")


def _status_text(report: dict[str, Any]) -> None:
    out = console()
    told_last = ""
    for run in report["runs"]:
        ended = (
            f"{run['outcome']} after {(run['ended'] - run['started']).total_seconds():.1f} s"
            if run["ended"]
            else "not ended"
        )
        written = sum(run["summary"].get(what, 0) for what in ("updated", "created"))
        told = f"{ended}, {written:,} records written" if written else ended
        out.print(f"{run['started']:%Y-%m-%d %H:%M:%S}Z  {run['command']:<5} {told}   [dim]{run['run']}[/]")
        if (problem := _trouble(run["summary"])) and problem != told_last:
            out.print(f"    {problem}", markup=False, soft_wrap=True)
        told_last = problem
    out.print("")
    for row in report["records"]:
        out.print(f"{row['side']:<12} {row['object']:<12} {row['live']:>8,} live records")
    for row in report["besides"]:
        out.print(f"{row['what']}: {row['count']:,} {STANDS[row['stands']]}", markup=False)
    for row in report["sources"]:
        out.print(f"{row['side']:<12} {row['feed']:<16} last read {row['last_read']:%Y-%m-%d %H:%M:%S}Z")
    waiting = {state: n for state, n in report["outbox"].items() if state in ("sending", "unknown", "pending")}
    out.print(f"outbox: {waiting or 'empty'}")
    for case, words, command in WAITING:
        if count := report["waiting"][case]:
            out.print(f"{counted(count, 'field')} {words}: `{command}`", soft_wrap=True)
    for line in report["aging"]["warnings"]:
        out.print(f"a scoring model has aged: {line} (`leadsync learn --monitor`)", markup=False, soft_wrap=True)
    for row in report["rejects"]:
        out.print(f"rejected ({row['times']}×): {row['record']}: {escape(row['reason'])}", soft_wrap=True)
        out.print(f"    next step: {escape(row['next_step']) or 'none known'}", soft_wrap=True)


ALL = (why, status)
