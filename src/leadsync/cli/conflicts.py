"""Fields that several people changed differently: see them, say which is right, singly or as a file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, TypeGuard

import click

from leadsync.answers import BadAnswer, Proposal, proposals, ruling
from leadsync.cli.common import Exit, config_option, console, now, output_option, read_config, say_json
from leadsync.cli.inspect import NAMES, find_uid
from leadsync.cli.known import rules_of
from leadsync.cli.params import Listing
from leadsync.cli.sheet import write_sheet
from leadsync.config import Config
from leadsync.errors import LeadsyncError
from leadsync.mapping.model import Conflict as Conflicting
from leadsync.mapping.model import ObjectMap
from leadsync.normalize import person
from leadsync.records import value_text
from leadsync.resolve.tables import BadRow, Row, opened_rows
from leadsync.store import Conflict, Ruling, Store

COLUMNS = ("lead", "who", "object", "field", "since", "says", "answer")


@click.group(cls=Listing)
def conflicts() -> None:
    """Fields that were changed differently in several places, and wait for a person (conflict = "hold")."""


def name_of(store: Store, conflict: Conflict) -> str:
    """What a person knows the lead or company by: an address in one of its records, else its name; "" for neither."""
    known = [seen.record.fields for ref, _ in conflict.cells if (seen := store.pulled.record(ref)) is not None]
    told = [address for fields in known for value in fields.values() if isinstance(value, str) and "@" in value
            if (address := person.email(value))]  # fmt: skip
    names = [value for fields in known for name, value in fields.items() if name in NAMES and isinstance(value, str)]
    return next(iter([*told, *names]), "")


def conflict_json(conflict: Conflict, answer: Ruling | None, who: str) -> dict[str, Any]:
    """One conflict for machines."""
    return {
        "lead": conflict.uid,
        "who": who,
        "object": conflict.object,
        "field": conflict.field,
        "since": conflict.since,
        "records": {str(ref): value for ref, value in conflict.cells},
        "answer": {"value": answer.value, "side": answer.side, "at": answer.at} if answer is not None else None,
    }


def _answers(store: Store) -> dict[tuple[str, str], Ruling]:
    """The answers that still fit their conflicts."""
    given = {(r.uid, r.field): r for r in store.cases.rulings()}
    return {
        (c.uid, c.field): g
        for c in store.cases.conflicts()
        if (g := given.get((c.uid, c.field))) and g.cells == c.cells
    }


def _proposed(config: Config, store: Store) -> list[Proposal]:
    """The lines that would settle conflicts as people do, but for those that the mapping has already."""
    found = proposals(store.cases.rulings())
    with suppress(LeadsyncError):  # `leadsync lint` tells what is wrong with the mapping
        mappings = {m.object: m for m in rules_of(config).mappings.values()} if found else {}
        return [p for p in found if not _has(mappings.get(p.object), p)]
    return found


def _has(mapping: ObjectMap | None, proposal: Proposal) -> bool:
    mapped = mapping.fields.get(proposal.field) if mapping is not None else None
    return mapped is not None and (mapped.conflict, mapped.owner) == (Conflicting.OWNER, proposal.owner)


@conflicts.command(name="list")
@config_option
@output_option
def list_conflicts(config_path: Path, output: str) -> int:
    """All that wait, and the lines of a mapping that answers so far amount to."""
    config = read_config(config_path, offline=True)
    with Store(config.state, write=False) as store:
        found, answers = store.cases.conflicts(), _answers(store)
        proposed = _proposed(config, store)
        names = {c.uid: name_of(store, c) for c in found}
    if output == "json":
        rows = [conflict_json(c, answers.get((c.uid, c.field)), names[c.uid]) for c in found]
        lines = [{"object": p.object, "field": p.field, "line": p.line, "because": p.because} for p in proposed]
        say_json({"schema": 1, "conflicts": rows, "proposals": lines})
    else:
        out = console()
        for c in found:
            answer = answers.get((c.uid, c.field))
            told = f"  answered: {value_text(answer.value)!r}, the next run writes it" if answer is not None else ""
            who = f"{names[c.uid]}  {c.uid}".strip()
            since = f"since {c.since:%Y-%m-%d %H:%M}Z"
            out.print(f"{who}  {c.object}.{c.field}  {since}{told}", markup=False, soft_wrap=True)
            for ref, value in c.cells:
                out.print(f"    {ref}: {value_text(value)!r}", markup=False, soft_wrap=True)
        out.print(f"{len(found):,} conflicts; `leadsync conflicts resolve LEAD FIELD --take SIDE` answers one")
        for p in proposed:
            out.print(f"{p.because}. To settle them without asking: {p.line}", markup=False, soft_wrap=True)
    return Exit.PENDING if len(answers) < len(found) else Exit.DONE


@conflicts.command()
@config_option
@output_option
@click.argument("lead")
@click.argument("field")
@click.option("--take", metavar="SIDE", help="The side whose value is right.")
@click.option("--value", help='The right value itself; "" clears the field.')
def resolve(config_path: Path, output: str, lead: str, field: str, take: str | None, value: str | None) -> int:
    """Say which value of a field is right. The next run writes it wherever another one stands, unless somebody edits
    the field again before that."""
    config = read_config(config_path, offline=True)
    with Store(config.state, new=False) as store:
        uid = find_uid(store, lead)
        conflict = next((c for c in store.cases.conflicts() if (c.uid, c.field) == (uid, field)), None)
        if conflict is None:
            raise BadAnswer(f"{field} of {lead} waits for nobody. `leadsync conflicts list` shows what does.")
        given, who = ruling(conflict, take, value, now()), name_of(store, conflict)
        store.cases.rule(given)
        proposed = [p for p in _proposed(config, store) if p.field == field]
    if output == "json":
        say_json({"schema": 1, **conflict_json(conflict, given, who), "proposals": [p.line for p in proposed]})
    else:
        click.echo(f"{field} will be {value_text(given.value)!r} with the next run")
        for p in proposed:
            click.echo(f"{p.because}. To settle them without asking: {p.line}")
    return Exit.DONE


@conflicts.command()
@config_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export(config_path: Path, file: Path) -> int:
    """Write what waits to a CSV file. Fill the column "answer" with a side's name, or ":" and the value (":" alone
    clears the field), and import it again. Only we may read the file: it holds personal data."""
    with Store(read_config(config_path, offline=True).state, write=False) as store:
        found = store.cases.conflicts()
        names = {c.uid: name_of(store, c) for c in found}
    rows = ((c.uid, names[c.uid], c.object, c.field, c.since.isoformat(), _says(c), "") for c in found)
    write_sheet(file, COLUMNS, rows)
    click.echo(f"{len(found)} conflicts written to {file}")
    return Exit.DONE


def _says(conflict: Conflict) -> str:
    """What the records say, as people read it in a line."""
    return "; ".join(f"{ref.side}: {' '.join(value_text(value).split())}" for ref, value in conflict.cells)


@conflicts.command(name="import")
@config_option
@output_option
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def import_(config_path: Path, output: str, file: Path) -> int:
    """Read the answers of an exported file; lines without one are passed over. All or none are taken."""
    with opened_rows(file, ("answer",), "answers") as found:
        rows = list(enumerate(found.rows, 2))
    with Store(read_config(config_path, offline=True).state, new=False) as store:
        waiting = {(c.uid, c.field): c for c in store.cases.conflicts()}
        given = [_answer(waiting, row, f"{file}: row {number}") for number, row in rows if _is_answered(row, file)]
        with store.transaction():
            for answer in given:
                store.cases.rule(answer)
    if output == "json":
        say_json({"schema": 1, "answers": len(given), "lines": len(rows)})
    else:
        click.echo(f"{len(given)} answers taken from {len(rows)} lines; the next run writes them")
    return Exit.DONE


def _is_answered(row: Row | BadRow, file: Path) -> TypeGuard[Row]:
    if isinstance(row, BadRow):
        raise BadAnswer(f"{file}: {row.reason}")
    return bool((row.get("answer") or "").strip())


def _answer(waiting: dict[tuple[str, str], Conflict], row: Row, where: str) -> Ruling:
    conflict = waiting.get((row.get("lead") or "", row.get("field") or ""))
    if conflict is None:
        raise BadAnswer(f"{where}: {row.get('field')} of {row.get('lead')} waits for nobody any more. Export anew.")
    if row.get("says") not in (None, _says(conflict)):
        what = f"{where}: {conflict.field} of {conflict.uid} says something else by now ({_says(conflict)})"
        raise BadAnswer(f"{what}. Leave its answer blank, or export anew.")
    text = (row["answer"] or "").strip()
    try:
        if text.startswith((":", "=")):  # "=" where no spreadsheet took it for a formula
            return ruling(conflict, None, text[1:].strip(), now())
        return ruling(conflict, text, None, now())
    except BadAnswer as problem:
        raise BadAnswer(f"{where}: {problem}") from None


ALL = (conflicts,)
