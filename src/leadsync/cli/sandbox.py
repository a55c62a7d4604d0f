"""Rehearse without an account: the sandboxes, and the demonstration that runs on them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click
import httpx

from leadsync.cli import show
from leadsync.cli.commands import outcome, provision_all, recorded_cycle
from leadsync.cli.common import Exit, console, opened, output_option, progress, quiet_option, read_config, say_json
from leadsync.errors import LeadsyncError
from leadsync.rehearsal import Rehearsal, rehearse, write_config
from leadsync.sandbox.faults import ACTIONS
from leadsync.schedule import StopFlag
from leadsync.sync import Cycle

PORT = click.IntRange(0, 65_535)


@click.group(invoke_without_command=True)
@click.option(
    "--seed",
    default="demo",
    show_default=True,
    metavar="demo|empty|FILE",
    help="What the CRMs hold; the register is the demo's unless FILE brings one.",
)
@click.option("--hubspot-port", type=PORT, default=0, help="A free one by default.")
@click.option("--salesforce-port", type=PORT, default=0, help="A free one by default.")
@click.option("--gleif-port", type=PORT, default=0, help="A free one by default.")
@click.option(
    "--write-config",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a configuration and mappings that point at the sandboxes into this folder.",
)
@output_option
@click.pass_context
def sandbox(context: click.Context, /, seed: str, folder: Path | None, output: str, **ports: int) -> int:
    """Serve HubSpot, Salesforce and GLEIF sandboxes on loopback until SIGTERM or Ctrl-C."""
    if context.invoked_subcommand is not None:
        return Exit.DONE
    stop = StopFlag().install()
    with rehearse(seed, {name.removesuffix("_port"): port for name, port in ports.items()}) as rehearsal:
        if folder is not None:
            write_config(folder, rehearsal)
        _announce(rehearsal, folder, output)
        while not stop():
            stop.wait(1)
    return Exit.DONE


def _announce(rehearsal: Rehearsal, folder: Path | None, output: str) -> None:
    if output == "json":
        click.echo(json.dumps(rehearsal.endpoints()))
        return
    for name, endpoint in rehearsal.endpoints().items():
        told = "  ".join(f"{key}={value}" for key, value in endpoint.items())
        click.echo(f"{name:<12} {told}")
    if folder is not None:
        file = folder / "config.toml"
        where = "" if folder.resolve() == Path.cwd() else f" --config {file}"
        click.echo(f"configuration: {file}")
        click.echo(f"next, in another window: leadsync provision{where}, then leadsync sync{where}")
    click.echo("serving; Ctrl-C ends it")


FAULT_HELP = (
    """Make a running sandbox at URL misbehave; "clear" ends all faults, "list" tells which are in force.

\b
A fault is {"match": …, "after": 0, "times": 1, "action": …}:
  match   "GET /crm/*", or {"method": regex, "path": regex, "body": regex}
  after   so many matching requests are spared
  times   so many are hit; null: all
  action  a status like 503, the vendor's own fault by name (an unknown name lists them),
          or {"kind": …} with that kind's parameters:

\b
"""
    + "\n".join(f"  {name:<17} {what}" for name, what in ACTIONS.items())
    + """

\b
For instance: leadsync sandbox fault http://127.0.0.1:8081 '{"match": "POST /crm/*", "times": 2, "action": 502}'"""
)


@sandbox.command(help=FAULT_HELP)
@click.argument("url")
@click.argument("fault", metavar="JSON|clear|list")
def fault(url: str, fault: str) -> int:
    """Make a running sandbox misbehave."""
    address = f"{url.rstrip('/')}/__sandbox__/faults"
    method = {"clear": "DELETE", "list": "GET"}.get(fault, "POST")
    try:
        answer = httpx.request(method, address, content=fault if method == "POST" else None)
    except httpx.HTTPError as problem:
        raise LeadsyncError(f"{url}: no sandbox answers there: {problem}") from None
    click.echo(answer.text)
    return Exit.DONE if answer.is_success else Exit.ERROR


@click.command()
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), help="Keep config and state here.")
@click.option("--serve", is_flag=True, help="Leave the sandboxes up afterwards, so that a person can look with curl.")
@output_option
@quiet_option
def demo(folder: Path | None, output: str, *, serve: bool, quiet: bool) -> int:
    """Show all of it on sandboxes with real companies and invented people: no account, no network, a few seconds."""
    stop = StopFlag().install()
    with rehearse("demo") as rehearsal, _folder(folder) as home:
        config_path = write_config(home, rehearsal)
        told = {"schema": 1, "first": _first(config_path, output, quiet=quiet)}
        second, told["second"] = _second(config_path, output, quiet=quiet)
        if output == "json":
            say_json(told)
        if serve:
            _leave_up(rehearsal, config_path, stop)
    return outcome(second) if second.plan.steps else Exit.DONE


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="leadsync-demo-") as made:
        yield Path(made)


def _first(config_path: Path, output: str, *, quiet: bool) -> dict[str, Any]:
    """Provision, then the first cycle, and what a newcomer wants to see of it."""
    out = console()
    with progress(show=not quiet) as bar, opened(read_config(config_path), bar=bar) as world:
        bar.step("provision fields in both CRMs")
        provision_all(world, apply=True)
        before = {side: (crm.usage.reads, crm.usage.writes) for side, crm in world.sides.items()}
        done = recorded_cycle(world, "sync")
        calls = {s: (c.usage.reads - before[s][0], c.usage.writes - before[s][1]) for s, c in world.sides.items()}
        if output == "table":
            show.demo_text(out, done, calls)
        return show.cycle_json(done, world.sides)


def _second(config_path: Path, output: str, *, quiet: bool) -> tuple[Cycle, dict[str, Any]]:
    """The second cycle, which should find nothing to do."""
    with progress(show=not quiet) as bar, opened(read_config(config_path), bar=bar) as world:
        done = recorded_cycle(world, "sync")
        if output == "table":
            console().print(f"\n[bold]Second run[/]: {show.one_line(done, world.sides)}", soft_wrap=True)
        return done, show.cycle_json(done, world.sides)


def _leave_up(rehearsal: Rehearsal, config_path: Path, stop: StopFlag) -> None:
    """Where to look; on standard error, so that standard output keeps its one document."""
    say = partial(click.echo, err=True)
    say("\nThe sandboxes stay up. Look with curl, for instance:")
    for name, endpoint in rehearsal.endpoints().items():
        say(f"  {name:<11} {endpoint['url']}   records: curl {endpoint['url']}/__sandbox__/dump")
    say(f"  leadsync plan --config {config_path}    leadsync why EMAIL --config {config_path}")
    say("Ctrl-C ends it.")
    while not stop():
        stop.wait(1)


ALL = (sandbox, demo)
