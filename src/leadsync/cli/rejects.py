"""What a CRM refused, or what could not be read: look at it, try it again, drop it, take it elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from leadsync.cli.common import Exit, config_option, console, only_ours, opened, output_option, read_config, say_json
from leadsync.cli.params import Listing
from leadsync.cli.sheet import write_sheet
from leadsync.errors import LeadsyncError
from leadsync.quota import Lane
from leadsync.records import Ref, value_text
from leadsync.store import Reject, Store
from leadsync.sync import World


@click.group(cls=Listing)
def rejects() -> None:
    """Records that a CRM refused, or that could not be read."""


def reject_json(reject: Reject) -> dict[str, Any]:
    """One reject for machines."""
    return {
        "record": str(reject.ref),
        "direction": reject.direction,
        "lead": reject.uid,
        "code": reject.code,
        "reason": reject.reason,
        "next_step": reject.hint,
        "fields": list(reject.fields),
        "sent": dict(reject.sent),
        "first": reject.first_at,
        "last": reject.last_at,
        "times": reject.times,
        "dropped": reject.dropped,
        "again": reject.again,
    }


def _found(store: Store, text: str) -> list[Reject]:
    """The rejects of a record ("hubspot/contacts/51", or its id alone); raises when there is none."""
    found = [r for r in store.outbox.rejects() if text in (str(r.ref), r.ref.id, r.uid)]
    if not found:
        raise LeadsyncError(f"{text}: no reject of that record. `leadsync rejects list` shows all.")
    return found


@rejects.command(name="list")
@config_option
@output_option
@click.option("--all", "every", is_flag=True, help="The dropped ones too.")
def list_rejects(config_path: Path, output: str, *, every: bool) -> int:
    """All that stands refused or unread, oldest first."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        rows = store.outbox.rejects()
    found = [r for r in rows if every or not r.dropped]
    if output == "json":
        say_json({"schema": 1, "rejects": [reject_json(r) for r in found]})
    else:
        out = console()
        for r in found:
            told = f"{r.ref}  {r.direction}  {r.code or '-'}  {r.times}×{'  dropped' if r.dropped else ''}  {r.reason}"
            out.print(told, markup=False, soft_wrap=True)
            next_step = "none: the next run sends it again" if r.again else r.hint or "none known"
            out.print(f"    next step: {next_step}", markup=False, soft_wrap=True)
        dropped = "" if len(found) == len(rows) else f", and {len(rows) - len(found):,} dropped (--all shows them)"
        out.print(f"{len(found):,} rejects{dropped}")
    return Exit.REJECTS if any(not r.dropped for r in found) else Exit.DONE


@rejects.command()
@config_option
@output_option
@click.argument("record")
def show(config_path: Path, output: str, record: str) -> int:
    """One record's rejects with all that was sent."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        found = _found(store, record)
    if output == "json":
        say_json({"schema": 1, "rejects": [reject_json(r) for r in found]})
        return Exit.DONE
    out = console()
    for r in found:
        out.print(f"{r.ref}  ({r.direction})  lead {r.uid or '-'}", markup=False)
        out.print(f"  {r.code} {r.reason}", markup=False, soft_wrap=True)
        out.print(f"  next step: {r.hint or 'none known'}", markup=False, soft_wrap=True)
        out.print(f"  {r.times}×, first {r.first_at:%Y-%m-%d %H:%M}Z, last {r.last_at:%Y-%m-%d %H:%M}Z", markup=False)
        for name, value in r.sent.items():
            mark = "  <-- the CRM names this field" if name in r.fields else ""
            out.print(f"  {name} = {value_text(value)!r}{mark}", markup=False, soft_wrap=True)
    return Exit.DONE


@rejects.command()
@config_option
@output_option
@click.argument("records", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All of them.")
def retry(config_path: Path, output: str, records: tuple[str, ...], *, every: bool) -> int:
    """Let refused writes be sent again by the next run, and read again now what could not be read. (A refused write is
    tried again by itself as soon as its record or its values change, and with each audit.)"""
    if bool(records) == every:
        raise click.UsageError("name records, or --all")
    with opened(read_config(config_path), lane=Lane.INTERACTIVE, new=False) as world:
        chosen = world.store.outbox.rejects() if every else [r for text in records for r in _found(world.store, text)]
        writes = [r.ref for r in chosen if r.direction == "write"]
        with world.store.transaction():
            world.store.outbox.try_again(writes)
        read = sum(_read_again(world, r.ref) for r in chosen if r.direction == "read")
    if output == "json":
        say_json({"schema": 1, "to_be_sent": len(writes), "read": read})
    else:
        click.echo(f"{len(writes)} writes will be tried by the next run, {read} records could be read now")
    return Exit.DONE


def _read_again(world: World, ref: Ref) -> bool:
    """Whether the record could be read this time; a touch, or a record or a side that is no more, cannot."""
    if ref.side not in world.sides:
        return False
    role = next((o.role for o in world.sides[ref.side].objects() if o.name == ref.kind), None)
    if role is None:
        return False
    fields = world.rules.mappings[role].vendor_fields(ref.side, ref.kind)
    found = world.sides[ref.side].read(ref.kind, [ref.id], fields)
    with world.store.transaction():
        world.store.pulled.save_records(found, world.clock())
    return bool(found)


@rejects.command()
@config_option
@output_option
@click.argument("record")
def drop(config_path: Path, output: str, record: str) -> int:
    """Hear no more of a reject. The same write is still not sent again; another value will be."""
    with Store(read_config(config_path, offline=True).state, new=False) as store:
        found = _found(store, record)
        for r in found:
            store.outbox.drop(r.ref)
    if output == "json":
        say_json({"schema": 1, "dropped": [str(r.ref) for r in found]})
    else:
        click.echo(f"dropped {', '.join(str(r.ref) for r in found)}")
    return Exit.DONE


@rejects.command()
@config_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(config_path: Path, file: Path) -> int:
    """Write all rejects to FILE: CSV, or JSON if it ends so. Only we may read it: it holds personal data."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        rows = [reject_json(r) for r in store.outbox.rejects()]
    if file.suffix == ".json":
        text = json.dumps(rows, ensure_ascii=False, indent=1, default=str)
        only_ours(file).write_text(text, encoding="utf-8")
    else:
        cells = ([json.dumps(v) if isinstance(v, list | dict) else v for v in r.values()] for r in rows)
        write_sheet(file, list(rows[0]) if rows else ["record"], cells)
    click.echo(f"{len(rows)} rejects written to {file}")
    return Exit.DONE


ALL = (rejects,)
