"""Plans that are kept: apply one later, take writes back, compare everything once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from leadsync.audit import audit as sweep
from leadsync.cli import show
from leadsync.cli.common import (
    Exit,
    config_option,
    console,
    only_ours,
    opened,
    output_option,
    progress,
    read_config,
    say_json,
)
from leadsync.cli.params import moment
from leadsync.errors import LeadsyncError, Misconfigured
from leadsync.mapping.compare import same
from leadsync.plan import Kept, LastWrite, Plan, Step, goes_back, turns
from leadsync.plan.files import from_json, to_json
from leadsync.plan.undo import Done, undo
from leadsync.push import Pushed
from leadsync.quota import Lane
from leadsync.records import value_text
from leadsync.rules import Rulebook
from leadsync.schedule import StopFlag
from leadsync.store import Store, Written
from leadsync.sync import World, api_calls, carry_out

SHOWN, FIELDS = 40, 4
"""Lines, and fields in a line, that people are shown."""


def write_plan(path: Path, plan: Plan, run: str, at: datetime) -> None:
    """Keep a plan in a file that only we may read: it holds personal data."""
    data = to_json(plan, {"run": run, "made": at.isoformat()})
    with only_ours(path).open("w", encoding="utf-8") as file:
        file.writelines(json.JSONEncoder(ensure_ascii=False, indent=1).iterencode(data))


def read_plan(path: Path) -> Plan:
    """A plan that was kept."""
    try:
        return from_json(json.loads(path.read_text(encoding="utf-8")), str(path))
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot read it: {problem.strerror}.") from None
    except ValueError:
        raise Misconfigured(f"{path}: not JSON, so no plan that `leadsync plan -o FILE` wrote.") from None


@click.command()
@config_option
@output_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def apply(config_path: Path, output: str, file: Path) -> int:
    """Carry out a plan that `leadsync plan -o FILE` kept: exactly its writes, but only where the CRM still holds what
    the plan saw. What has moved since is dropped and listed; the next plan looks at it anew."""
    made = read_plan(file)
    stop = StopFlag().install()
    config = read_config(config_path)
    with progress(show=True) as bar, opened(config, bar=bar, stop=stop, lane=Lane.INTERACTIVE) as world:
        pushed = recorded(world, "apply", made)
    _tell(pushed, output)
    return stop.exit_code or _outcome(pushed)


def recorded(world: World, command: str, made: Plan) -> Pushed:
    """Carry a plan out, with its beginning and its end in the ledger of runs."""
    _configured(made, world)
    runs = world.store.runs
    runs.start(world.run, command, world.clock())
    try:
        pushed = carry_out(world, made)
    except LeadsyncError as problem:
        runs.end(world.run, "error", {"error": str(problem)}, world.clock())
        raise
    runs.end(world.run, _outcome(pushed).name.lower(), _counts(pushed), world.clock())
    return pushed


def _configured(made: Plan, world: World) -> None:
    """Raise Misconfigured where a plan writes to a side that there is none of (any more)."""
    if lost := sorted({step.side for step in made.steps} - set(world.sides)):
        raise Misconfigured(f"{', '.join(lost)}: the plan writes there, and it is not configured.")


def _outcome(pushed: Pushed) -> Exit:
    if pushed.moved or pushed.unsent:
        return Exit.PENDING
    return Exit.REJECTS if pushed.rejected or pushed.unclear else Exit.DONE


def _counts(pushed: Pushed) -> dict[str, int]:
    return {
        "updated": len(pushed.written),
        "created": len(pushed.created),
        "rejected": len(pushed.rejected),
        "unclear": len(pushed.unclear),
        "unsent": len(pushed.unsent),
        "moved": len(pushed.moved),
    }


def _tell(pushed: Pushed, output: str) -> None:
    dropped = [*pushed.moved, *pushed.unsent]
    rejects = [
        {"record": str(step.ref), "code": error.code, "reason": str(error), "next_step": error.hint}
        for step, error in pushed.rejected
    ]
    if output == "json":
        moved = [show.step_json(step) for step in dropped]
        say_json({"schema": 1, **_counts(pushed), "dropped": moved, "rejects": rejects})
        return
    out = console()
    out.print(", ".join(f"{count:,} {name}" for name, count in _counts(pushed).items() if count) or "nothing to do")
    lines = [f"dropped: {_dropped(step)}" for step in pushed.moved]
    lines += [f"not sent, for the run was stopped: {step.ref}" for step in pushed.unsent]
    lines += [f"rejected: {reject['record']}: {reject['reason']}" for reject in rejects]
    for line in lines[:SHOWN]:
        out.print(line, markup=False, soft_wrap=True)
    if len(lines) > SHOWN:
        out.print(f"… and {len(lines) - SHOWN:,} more (--output json shows all)")


def _dropped(step: Step) -> str:
    """A row that was not carried out, and why, in a line."""
    if step.id is None:
        return f"the new {step.side} {step.kind} for {step.uid}: it is there by now, or no longer wanted"
    names = [change.target for change in step.changes]
    more = f" and {len(names) - FIELDS:,} more" if len(names) > FIELDS else ""
    return f"{step.ref} ({', '.join(names[:FIELDS])}{more}): it is no longer as the plan saw it"


# ---- undo


@click.command(name="undo")
@config_option
@output_option
@click.option("--run", "run", help="Take back what this run wrote: its id as `leadsync status` shows it, or last.")
@click.option(
    "--since",
    type=moment,
    metavar="TIME",
    help="Take back what was written from then on: a moment (UTC), or 2h for two hours ago.",
)
@click.option("--field", help="This field, by the mapping's or the CRM's name; alone: whenever it was written.")
@click.option("--yes", is_flag=True, help="Do it. Without, only show what would be done.")
def undo_command(
    config_path: Path, output: str, run: str | None, since: datetime | None, field: str | None, *, yes: bool
) -> int:
    """Restore what stood in the CRMs before leadsync wrote, only where they still hold what it wrote; the rest is
    listed. A dry run unless --yes."""
    if (run is not None and since is not None) or (run, since, field) == (None, None, None):
        raise Misconfigured("undo needs --run ID or --since TIME, --field NAME, or --field with one of them.")
    config = read_config(config_path)
    stop = StopFlag().install()
    with (
        progress(show=True) as bar,
        opened(config, bar=bar, stop=stop, lane=Lane.INTERACTIVE, new=False) as world,
    ):
        run = _named_run(world.store, run)
        rows = [w for w in _chosen(world.store, run, since) if field in (None, w.mapped, w.field)]
        if not rows:
            of = f" of {field}" if field is not None else ""
            told = f" in run {run}" if run is not None else f" since {since:%Y-%m-%d %H:%M}Z" if since else ""
            raise LeadsyncError(f"leadsync wrote nothing{of}{told} that could be taken back.")
        made = undo_plan(world.store, rows, world.rules)
        _configured(made, world)
        pushed, ignored = undo_now(world, made) if yes and made.steps else (None, [])
        made = replace(made, kept=(*made.kept, *ignored))
        cost = api_calls(made, world.sides)
    if output == "json":
        done = _counts(pushed) if pushed is not None else None
        say_json({**show.plan_json(made, cost, ()), "applied": done})
    else:
        _undo_text(made, pushed)
    if pushed is not None:
        return stop.exit_code or _outcome(pushed)
    return Exit.PENDING if made.steps else Exit.DONE


def _named_run(store: Store, run: str | None) -> str | None:
    """A run's id; "last" is the last one that wrote anything. Raises LeadsyncError for an id that is no run's."""
    if run == "last":
        return store.history.last_run() or run
    if run is not None and store.runs.get(run) is None:
        raise LeadsyncError(f"there is no run {run!r}: `leadsync status` shows the ids of the last ones")
    return run


def _chosen(store: Store, run: str | None, since: datetime | None) -> list[Written]:
    if run is not None:
        return store.history.of_run(run)
    return store.history.all() if since is None else store.history.since(since)


def undo_plan(store: Store, rows: list[Written], rules: Rulebook | None = None) -> Plan:
    """The plan that takes these writes back; what `rules` let go back by a clear alone is cleared first."""
    done = [Done(w.ref, w.field, w.uid, w.mapped, w.replaced, w.settled, w.run, w.created) for w in rows]
    known = {w.ref: seen.record for w in rows if (seen := store.pulled.record(w.ref)) is not None}
    last = {key: (LastWrite(w.sent, w.settled, w.at), w.run) for key, w in store.outbox.written().items()}
    made = undo(done, known, last)
    if rules is None:
        return made
    return replace(made, steps=tuple(turn for step in made.steps for turn in _turns(step, rules) if turn.changes))


def _turns(step: Step, rules: Rulebook) -> tuple[Step, Step]:
    targets = {t.name: t for mapping in rules.mappings.values() for _, t in mapping.targets(step.side, step.kind)}
    changes = (
        replace(c, back=c.target in targets and goes_back(targets[c.target], c.old, c.new)) for c in step.changes
    )
    return turns(replace(step, changes=tuple(changes)))


def undo_now(world: World, made: Plan) -> tuple[Pushed, list[Kept]]:
    """Carry it out; what was restored then counts as a person's value, as it was before leadsync wrote. Gives besides
    what a CRM acknowledged and did not do."""
    pushed = recorded(world, "undo", made)
    ignored = [kept for step in pushed.written for kept in _ignored(world.store, step)]
    stays = {(kept.ref, kept.target) for kept in ignored}
    with world.store.transaction():
        places = {(step.ref, c.target) for step in pushed.written for c in step.changes}
        world.store.outbox.forget_written(places - stays)
    return pushed, ignored


def _ignored(store: Store, step: Step) -> Iterator[Kept]:
    """The fields of a step that still hold what they held, though the CRM took the write."""
    there = {row.field: row.settled for row in store.outbox.written_to(step.ref)}
    for c in step.changes:
        if not same(c.old, c.new, "exact") and not c.back and same(there.get(c.target), c.old, "exact"):
            detail = "the CRM took the write and left the value as it was: change it there by hand"
            yield Kept(step.uid, step.ref, c.field, c.target, c.old, c.new, "ignored", detail)


def _undo_text(made: Plan, pushed: Pushed | None) -> None:
    out = console()
    for step in made.steps:
        for c in step.changes:
            change = f"{value_text(c.old)!r} → {value_text(c.new)!r}"
            out.print(f"{step.ref}  {c.target}: {change}", markup=False, soft_wrap=True)
    for kept in made.kept:
        out.print(f"left: {kept.ref}  {kept.target}: {kept.detail}", markup=False, soft_wrap=True)
    if pushed is None:
        fields = sum(len(step.changes) for step in made.steps)
        records = len({step.ref for step in made.steps})
        out.print(f"{fields:,} fields on {records:,} records would be restored; --yes does it")
        return
    _tell(pushed, "table")
    out.print("fields that the mapping always writes are written again by the next run, unless its cause is mended")


# ---- audit


@click.group(invoke_without_command=True)
@config_option
@output_option
@click.pass_context
def audit(context: click.Context, config_path: Path, output: str) -> int:
    """Read every record of both CRMs again and compare it with what is known of it; the next run acts on what differs.
    The daemon does it by itself as often as `audit_every` says. Writes to no CRM. The commands below audit the scores
    instead, on what the last run read."""
    if context.invoked_subcommand is not None:
        return Exit.DONE
    config = read_config(config_path)
    with progress(show=True) as bar, opened(config, bar=bar, lane=Lane.INTERACTIVE, new=False) as world:
        found = sweep(world.store, world.sides, world.rules.mappings, world.clock, world.progress, world.stop)
    report: dict[str, Any] = {
        "schema": 1,
        "read": found.read,
        "differing": [str(ref) for ref in found.differing],
        "missing": [str(ref) for ref in found.missing],
        "doubtful": [str(ref) for ref in found.doubtful],
        "rejects_again": found.again,
    }
    if output == "json":
        say_json(report)
    else:
        out = console()
        out.print(f"{found.read:,} records read, {len(found.differing):,} differ, {len(found.missing):,} are gone")
        if found.again:
            out.print(f"{found.again:,} refused writes are sent again by the next run")
        for word in ("differing", "missing", "doubtful"):
            for ref in report[word]:
                out.print(f"{word}: {ref}", markup=False)
    return Exit.PENDING if found.differing or found.missing or found.doubtful else Exit.DONE


ALL = (apply, undo_command, audit)
