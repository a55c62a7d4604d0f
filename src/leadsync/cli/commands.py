"""The commands that do the work: init, lint, provision, plan, sync, run."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from leadsync.cli import show
from leadsync.cli.besides import besides_json, besides_text
from leadsync.cli.common import (
    Exit,
    config_option,
    console,
    exit_code,
    now,
    opened,
    output_option,
    progress,
    quiet_option,
    read_config,
    say_json,
)
from leadsync.cli.effect import plan_config_option, show_effect
from leadsync.cli.exits import trouble_with_file
from leadsync.cli.health import note_cost
from leadsync.cli.planned import plan_text
from leadsync.cli.plans import write_plan
from leadsync.cli.scoring import html_option
from leadsync.config import Schedule
from leadsync.errors import LeadsyncError, Misconfigured
from leadsync.files import example_config
from leadsync.fixpoint import second_plan
from leadsync.gates import NAMES
from leadsync.quota import Lane
from leadsync.rehearsal import copy_mappings
from leadsync.rules import lint as lint_config
from leadsync.schedule import StopFlag, run_daemon
from leadsync.sync import Cycle, World, costs, cycle

log = logging.getLogger("leadsync")


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), required=False)
@click.option("--dir", "other", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The same.")
def init(folder: Path | None, other: Path) -> int:
    """Write config.toml and mappings/ into DIR, or the current folder; nothing that is there is overwritten."""
    folder = folder if folder is not None else other
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "config.toml"
    if target.exists():
        raise Misconfigured(f"{target} exists, and is left as it is. `leadsync init DIR` writes elsewhere.")
    copy_mappings(folder / "mappings")  # first: cut off in the middle, it is begun again
    target.write_text(example_config().read_text(encoding="utf-8"), encoding="utf-8")
    click.echo(f"wrote {target} and {folder / 'mappings'}")
    click.echo("next: put the tokens where config.toml names them, then `leadsync provision`, `leadsync plan`")
    return Exit.DONE


@click.command()
@config_option
@output_option
def lint(config_path: Path, output: str) -> int:
    """Check the configuration and the mappings without asking any CRM."""
    problems = lint_config(config_path)
    if output == "json":
        say_json([{"file": p.file, "line": p.line, "column": p.column, "code": p.code, "severity": p.severity,
                   "message": p.message, "help": p.help} for p in problems])  # fmt: skip
    else:
        click.echo("\n".join(map(str, problems)) or f"{config_path}: no problems")
    return Exit.CONFIG if any(p.severity == "error" for p in problems) else Exit.DONE


@click.command()
@config_option
@output_option
@click.option("--plan/--apply", "only_plan", default=False, help="Only show what is missing, or create it (default).")
def provision(config_path: Path, output: str, *, only_plan: bool) -> int:
    """Create the fields the mappings need in both CRMs, with the permission to write them; safe to repeat."""
    config = read_config(config_path)
    with opened(config, lane=Lane.INTERACTIVE) as world:
        done = provision_all(world, apply=not only_plan)
    if output == "json":
        say_json([{"side": side, "what": s.what, "state": s.state, "detail": s.detail} for side, s in done])
    else:
        for side, step in done:
            click.echo(f"{side:<12} {step.state:<9} {step.what}  {step.detail}".rstrip())
    if any(step.state == "conflict" for _, step in done):
        return Exit.ERROR
    return Exit.PENDING if any(step.state == "missing" for _, step in done) else Exit.DONE


def provision_all(world: World, *, apply: bool) -> list[tuple[str, Any]]:
    """Provision every side; (side, step) of each thing found or made."""
    found = []
    for side, crm in world.sides.items():
        specs = [spec for mapping in world.rules.mappings.values() for spec in mapping.specs(side)]
        found += [(side, step) for step in crm.provision(specs, apply=apply)]
    return found


@click.command()
@plan_config_option
@output_option
@quiet_option
@html_option
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="How many leads to show.")
@click.option("--open-gate", "open_gates", type=click.Choice(NAMES), multiple=True, help="Let a gate through, by name.")
@click.option("--cached", is_flag=True, help="Plan on what was read last; asks no CRM.")
@click.option("--twice", is_flag=True, help="Tell instead what the run after that would write again: nothing, ideally.")
@click.option("-o", "file", type=click.Path(dir_okay=False, path_type=Path), help="Keep it for `leadsync apply FILE`.")
def plan(  # noqa: PLR0913  one for each option
    config_path: Path,
    output: str,
    limit: int,
    open_gates: tuple[str, ...],
    file: Path | None,
    *,
    quiet: bool,
    cached: bool,
    twice: bool,
    **edit: Any,
) -> int:
    """Show what a cycle would write, field by field, old → new, and what it would cost. Writes nothing to a CRM.

    With --config FOLDER (an edited copy of the mapping files): what the edit would change, on what the last run read:
    the distribution of scores, moves between stages, the leads, writes and API calls. Asks nobody.
    """
    if config_path.is_dir():
        return show_effect(config_path, edit["live"], output, limit, edit["html"])
    if edit["html"] is not None:
        raise click.UsageError("--html goes with --config FOLDER")
    config = read_config(config_path)
    with progress(show=not quiet) as bar, opened(config, bar=bar, lane=Lane.INTERACTIVE, new=not cached) as world:
        asked = replace(world, asking=not cached)
        seen = cycle(asked, write=False, open_gates=frozenset(open_gates), cached=cached)
        if twice:
            seen = replace(seen, plan=second_plan(asked))
        if file is not None:
            write_plan(file, seen.plan, world.run, world.clock())
        cost = costs(seen, world.sides)
        note_cost(world, cost)
    if output == "json":
        say_json({**show.plan_json(seen.plan, cost, seen.gates), "besides": besides_json(seen.besides)})
    else:
        out = console()
        plan_text(out, seen.plan, partial(show.names_of, seen.view), cost, limit)
        besides_text(out, seen.besides, partial(show.names_of, seen.view))
        for told in (ran.words for ran in seen.ran):
            out.print(told, style="yellow", soft_wrap=True, markup=False)
        for gate in seen.gates:
            out.print(f"gate closed: {gate.found}; {gate.advice}", style="yellow", soft_wrap=True)
        if file is not None:
            gates = ", whatever the gates say" if seen.gates else ""
            out.print(f"kept in {file}: `leadsync apply {file}` carries it out{gates}", markup=False, soft_wrap=True)
            if seen.besides:
                out.print("(its writes of fields; `leadsync sync` does the rest)", soft_wrap=True)
    return Exit.PENDING if seen.plan.steps or seen.besides or seen.gates else Exit.DONE


@click.command()
@config_option
@output_option
@quiet_option
@click.option("--open-gate", "open_gates", type=click.Choice(NAMES), multiple=True, help="Let a gate through, by name.")
def sync(config_path: Path, output: str, open_gates: tuple[str, ...], *, quiet: bool) -> int:
    """Run one cycle: pull, resolve, score, plan, and write to both CRMs."""
    config = read_config(config_path)
    stop = StopFlag().install()
    with progress(show=not quiet) as bar, opened(config, bar=bar, stop=stop) as world:
        done = recorded_cycle(world, "sync", frozenset(open_gates))
        if output == "json":
            say_json(show.cycle_json(done, world.sides))
        else:
            show.cycle_text(console(), done, world.sides)
    return stop.exit_code or outcome(done)


def recorded_cycle(world: World, command: str, open_gates: frozenset[str] = frozenset()) -> Cycle:
    """One cycle, with its beginning and its end in the ledger of runs."""
    runs = world.store.runs
    runs.start(world.run, command, world.clock())
    try:
        done = cycle(world, write=True, open_gates=open_gates)
    except LeadsyncError as problem:
        runs.end(world.run, "error", {"error": str(problem)}, world.clock())
        raise
    label = "stopped" if world.stop() else outcome(done).name.lower()
    runs.end(world.run, label, show.summary(done, world.sides), world.clock())
    return done


def outcome(done: Cycle) -> Exit:
    """What a cycle's end means."""
    if done.gates:
        return Exit.QUOTA if all(gate.name == "quota" for gate in done.gates) else Exit.PENDING
    if done.pushed is not None and (done.pushed.unsent or done.pushed.moved):
        return Exit.PENDING
    if done.pushed is not None and (done.pushed.rejected or done.pushed.unclear):
        return Exit.REJECTS
    if any(one.problem or one.refused for one in done.changed) or any(one.problem or one.refused for one in done.ran):
        return Exit.REJECTS
    return Exit.DONE


@click.command()
@config_option
@click.option(
    "--output",
    type=click.Choice(["log", "json"]),
    default="log",
    show_default=True,
    help="Lines on standard error, and for machines one JSON document a line for each cycle on standard output.",
)
@click.option("--cycles", type=int, default=None, help="End after so many cycles (for rehearsals); never by default.")
def run(config_path: Path, output: str, cycles: int | None) -> int:
    """Run as a daemon in the foreground: cycles on the configured schedule, one at a time. SIGTERM ends it cleanly, and
    so do SIGINT and SIGHUP. Each cycle reads the configuration and the mappings anew; an edited schedule holds from the
    next cycle on."""
    stop = StopFlag().install()
    logging.getLogger("leadsync").setLevel(logging.INFO)
    config = read_config(config_path)
    left = [cycles]
    last: list[Exit] = [Exit.DONE]
    failed = [0]

    def job() -> Schedule | None:
        last[0] = one_scheduled(config_path, stop, tell if output == "json" else None)
        if last[0] in (Exit.ERROR, Exit.CONFIG):
            failed[0] += 1
        elif failed[0]:
            log.info("cycles work again, after %d that failed", failed[0])
            failed[0] = 0
        if left[0] is not None:
            left[0] -= 1
        with suppress(LeadsyncError):  # the cycle has said what is wrong with it
            return read_config(config_path).schedule
        return None

    run_daemon(job, config.schedule, lambda: stop() or left[0] == 0, stop.wait)
    return stop.exit_code or last[0]


def tell(about: Mapping[str, Any]) -> None:
    """A cycle as one line of JSON."""
    click.echo(json.dumps({"schema": 1, "at": now(), **about}, ensure_ascii=False, default=str))


def one_scheduled(config_path: Path, stop: StopFlag, tell: Callable[[Mapping[str, Any]], None] | None = None) -> Exit:
    """One cycle of the daemon: whatever fails is logged in one line, and the next cycle comes. The configuration is
    read anew each time; one that is broken now says so and changes nothing. `tell` gets what came of it."""
    try:
        config = read_config(config_path)
        with opened(config, stop=stop) as world:
            done = recorded_cycle(world, "run")
            log.info("%s", show.one_line(done, world.sides))
            ended, about = outcome(done), show.summary(done, world.sides)
    except LeadsyncError as problem:
        log.error("cycle failed: %s", problem)  # noqa: TRY400  the text is made for the operator; a trace is not
        ended, about = exit_code(problem), {"error": str(problem)}
    except OSError as problem:  # a full disk, a file that may not be read
        text = trouble_with_file(problem)
        log.error("cycle failed: %s", text)  # noqa: TRY400
        ended, about = Exit.ERROR, {"error": text}
    if tell is not None:
        tell({"exit": int(ended), "outcome": ended.name.lower(), **about})
    return ended


ALL = (init, lint, provision, plan, sync, run)
