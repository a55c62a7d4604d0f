"""Who else writes: values that are no longer ours, fields that flap, and what people said of who is who."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from leadsync.cli.common import Exit, config_option, console, now, output_option, read_config, say_json
from leadsync.cli.params import Listing
from leadsync.errors import LeadsyncError
from leadsync.mapping.compare import same
from leadsync.records import ABSENT, Absent, Ref, value_text
from leadsync.store import Store


@click.command()
@config_option
@output_option
@click.option("--field", help="Only this field, by the CRM's name.")
def drift(config_path: Path, output: str, field: str | None) -> int:
    """CRM values that are no longer what leadsync wrote, and who changed the record last, as of the last run's read."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        found = [row for row in drifted(store) if field in (None, row["field"])]
    if output == "json":
        say_json({"schema": 1, "drift": found})
    else:
        out = console()
        for row in found:
            change = f"{value_text(row['wrote'])!r} → {value_text(row['there'])!r}"
            who = f"  record last changed by {row['by']}" if row["by"] else ""
            out.print(f"{row['record']}  {row['field']}: {change}{who}", markup=False, soft_wrap=True)
        out.print(f"{len(found):,} fields are no longer as leadsync wrote them")
    return Exit.PENDING if found else Exit.DONE


def drifted(store: Store) -> Iterator[dict[str, Any]]:
    """Every field whose value differs from what the CRM made of our last write."""
    seen = {s.record.ref: s for s in store.pulled.records() if not s.record.deleted}
    for (ref, name), last in sorted(store.outbox.written().items(), key=lambda item: (item[0][0], item[0][1])):
        if ref not in seen:
            continue
        there = seen[ref].record.fields.get(name, ABSENT)
        if isinstance(there, Absent) or same(there, last.settled, "exact"):
            continue
        changed = seen[ref].changed.get(name)
        yield {
            "record": str(ref),
            "field": name,
            "wrote": last.settled,
            "there": there,
            "written": last.at,
            "run": last.run,
            "by": seen[ref].record.modified_by if seen[ref].record.by_us is not True else "",
            "between": list(changed) if changed is not None else None,
        }


# ---- fields that flap


@click.group(cls=Listing)
def flaps() -> None:
    """Fields that leadsync and somebody else kept rewriting; they are held until somebody releases them."""


@flaps.command(name="list")
@config_option
@output_option
def list_flaps(config_path: Path, output: str) -> int:
    """All that are held, and who else writes them."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        found = [f for f in store.cases.flaps().values() if f.released is None]
    if output == "json":
        rows = [
            {"record": str(f.ref), "field": f.field, "writes": f.writes, "other": f.other, "since": f.since}
            for f in found
        ]
        say_json({"schema": 1, "flaps": rows})
    else:
        out = console()
        for f in found:
            other = f.other or "somebody the CRM does not name"
            told = f"{f.writes} writes of ours, changed back by {other}; held since {f.since:%Y-%m-%d %H:%M}Z"
            out.print(f"{f.ref}  {f.field}: {told}", markup=False, soft_wrap=True)
        out.print(f"{len(found):,} fields are held; `leadsync flaps release RECORD FIELD` lets one be written again")
    return Exit.PENDING if found else Exit.DONE


@flaps.command()
@config_option
@output_option
@click.argument("record")
@click.argument("field")
def release(config_path: Path, output: str, record: str, field: str) -> int:
    """Let a field be written again; what was counted so far counts no more."""
    with Store(read_config(config_path, offline=True).state, new=False) as store:
        if not store.cases.release(_ref(record), field, now()):
            raise LeadsyncError(f"{record} {field} is not held. `leadsync flaps list` shows what is.")
    _say(output, f"{record} {field} is written again from the next run on", {"released": [record, field]})
    return Exit.DONE


# ---- who is who


@click.group(cls=Listing)
def identity() -> None:
    """Which records are one person or company: correct what leadsync found. What you say is remembered."""


@identity.command(name="list")
@config_option
@output_option
def list_rules(config_path: Path, output: str) -> int:
    """All that people said."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        rules = store.cases.identity_rules()
    if output == "json":
        rows = [{"a": str(r.a), "b": str(r.b), "verdict": r.verdict, "note": r.note, "at": r.at} for r in rules]
        say_json({"schema": 1, "rules": rows})
    else:
        for r in rules:
            click.echo(f"{r.a}  {'=' if r.verdict == 'same' else '≠'}  {r.b}  {r.at:%Y-%m-%d}  {r.note}".rstrip())
        click.echo(f"{len(rules)} rules")
    return Exit.DONE


@identity.command()
@config_option
@output_option
@click.argument("a")
@click.argument("b")
@click.option("--note", default="", help="Why, for those who come later.")
def join(config_path: Path, output: str, a: str, b: str, note: str) -> int:
    """Records A and B ("hubspot/contacts/51") are one person or company."""
    return _rule(config_path, output, (a, b), "same", note)


@identity.command()
@config_option
@output_option
@click.argument("a")
@click.argument("b")
@click.option("--note", default="", help="Why, for those who come later.")
def split(config_path: Path, output: str, a: str, b: str, note: str) -> int:
    """Records A and B are not the same: B gets an id of its own, and history stays with A."""
    return _rule(config_path, output, (a, b), "apart", note)


@identity.command()
@config_option
@output_option
@click.argument("a")
@click.argument("b")
def forget(config_path: Path, output: str, a: str, b: str) -> int:
    """Take back what was said of A and B."""
    with Store(read_config(config_path, offline=True).state, new=False) as store:
        if not store.cases.unsay(_ref(a), _ref(b)):
            raise LeadsyncError(f"nothing was said of {a} and {b}. `leadsync identity list` shows all.")
    _say(output, f"forgotten: {a}, {b}", {"forgotten": [a, b]})
    return Exit.DONE


def _rule(config_path: Path, output: str, pair: tuple[str, str], verdict: str, note: str) -> int:
    first, second = map(_ref, pair)
    with Store(read_config(config_path, offline=True).state, new=False) as store:
        for ref in (first, second):
            if store.pulled.record(ref) is None:
                raise LeadsyncError(f"{ref}: no such record is known. `leadsync sync` reads what is new.")
        if first == second or (store.pulled.record(first) is None):
            raise LeadsyncError("two different records are needed")
        with store.transaction():
            store.cases.say(first, second, verdict, note, now())
            if verdict == "apart":
                store.pulled.forget_identity(second)
    text = f"{first} and {second} are {'one' if verdict == 'same' else 'not the same'} from the next run on"
    _say(output, text, {"a": str(first), "b": str(second), "verdict": verdict})
    return Exit.DONE


def _ref(text: str) -> Ref:
    try:
        return Ref.parse(text)
    except ValueError:
        raise LeadsyncError(f"{text!r} is not a record; one is written like hubspot/contacts/51.") from None


def _say(output: str, text: str, data: dict[str, Any]) -> None:
    if output == "json":
        say_json({"schema": 1, **data})
    else:
        click.echo(text)


ALL = (drift, flaps, identity)
