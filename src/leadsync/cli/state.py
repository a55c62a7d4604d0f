"""The state file itself: make it anew from both CRMs when it is damaged or lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from leadsync.cli.common import (
    Exit,
    config_option,
    console,
    now,
    opened,
    output_option,
    progress,
    quiet_option,
    read_config,
    say_json,
)
from leadsync.gates import NAMES
from leadsync.quota import Lane
from leadsync.schedule import StopFlag
from leadsync.store import Store, StoreError
from leadsync.store.lock import take_lock
from leadsync.store.salvage import fresh, salvage, take_place
from leadsync.sync import Cycle, World, cycle


@click.group()
def state() -> None:
    """The state file: what leadsync remembers of both CRMs."""


@state.command()
@config_option
@output_option
@quiet_option
@click.option("--yes", is_flag=True, help="Do it. Without, only say how the state is and what would be done.")
def rebuild(config_path: Path, output: str, *, quiet: bool, yes: bool) -> int:
    """Make the state anew when it is damaged or lost: read both CRMs from the beginning, and count what stands there as
    accounted for. Writes to no CRM. The old files are kept beside the new one, and what only they know (what people
    said of who is who, answers, values that are ours, scores, journeys) is carried over as far as it can be read.

    What people edited since the last run counts as having been there: it is not carried to the other CRM, and `leadsync
    plan` lists it among the fields that differed when first seen.
    """
    config = read_config(config_path)
    if not yes:
        return _tell_condition(config.state, output)
    stop = StopFlag().install()
    with take_lock(config.state), progress(show=not quiet) as bar:
        new = fresh(config.state)
        with opened(replace(config, state=new), bar=bar, stop=stop, lane=Lane.INTERACTIVE) as world:
            carried = salvage(config.state, world.store, world.clock())
            done = take_stock(world)
        if stop():
            click.echo(f"stopped before both CRMs were read: {config.state} is as it was. Run it again.", err=True)
            return stop.exit_code
        kept = take_place(new, config.state, f"{now():%Y%m%dT%H%M%SZ}")
    _tell(config.state, kept, carried, done, output)
    return Exit.DONE


def take_stock(world: World) -> Cycle:
    """One cycle on a new state that ends before any write: all is read, and what stands there is its shadow."""
    limits = replace(world.config.sync, baseline_first=True)
    config = replace(world.config, sync=limits)
    return cycle(replace(world, config=config), write=True, open_gates=frozenset(NAMES))


def _tell_condition(path: Path, output: str) -> int:
    found = condition(path)
    if output == "json":
        say_json({"schema": 1, "state": str(path), "condition": found or "sound"})
    else:
        click.echo(found or f"{path}: the state is sound, and needs no rebuilding")
        click.echo("--yes makes it anew from both CRMs; it writes to neither, and keeps the old files")
    return Exit.PENDING if found else Exit.DONE


def condition(path: Path) -> str:
    """What is wrong with a state file; "" for nothing."""
    try:
        with Store(path, write=False) as store:
            (verdict,) = store.connection.execute("PRAGMA quick_check(1)").fetchone()
    except StoreError as problem:
        return str(problem)
    return "" if verdict == "ok" else f"{path}: the state file is damaged ({verdict})"


def _tell(path: Path, kept: Sequence[Path], carried: Mapping[str, int], done: Cycle, output: str) -> None:
    read = sum(feed.records for feed in done.drained)
    if output == "json":
        files = [str(file) for file in kept]
        say_json({"schema": 1, "state": str(path), "kept": files, "carried": dict(carried), "read": read,
                  "left_for_the_next_run": len(done.plan.steps)})  # fmt: skip
        return
    out = console()
    out.print(f"{path}: made anew from {read:,} records; nothing was written to a CRM", markup=False, soft_wrap=True)
    told = ", ".join(f"{table.replace('_', ' ')} {rows:,}" for table, rows in carried.items() if rows)
    out.print(f"carried over, in rows: {told or 'nothing could be read of the old one'}", markup=False, soft_wrap=True)
    for file in kept:
        out.print(f"kept: {file}", markup=False, soft_wrap=True)
    out.print(f"the next run would write {len(done.plan.steps):,} records: `leadsync plan` shows them")


ALL = (state,)
