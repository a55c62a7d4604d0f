"""The commands that look after the installation: quota, doctor."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

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
from leadsync.config import Config
from leadsync.connector import Crm, Health, Kind, connector
from leadsync.doctor import Finding, diagnose, verdict
from leadsync.quota import DAY, Lane, Standing, govern
from leadsync.store import Store
from leadsync.sync import World, costs, cycle

PLAN_COST = "plan cost"
"""Under this name the store keeps what the last plan would cost, and when it was made."""
STYLES = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}
EXITS = {Health.OK: Exit.DONE, Health.WARN: Exit.PENDING, Health.FAIL: Exit.ERROR}


@click.command()
@config_option
@output_option
@quiet_option
@click.option("--plan", "plan_now", is_flag=True, help="Work out what writing the next plan costs (reads both CRMs).")
def quota(config_path: Path, output: str, *, plan_now: bool, quiet: bool) -> int:
    """Show the requests each vendor allows: used by all, by us, by others, kept back; and what the next plan costs.

    What the next plan costs is that of the last `leadsync plan`, unless a run came after it; --plan makes one now.
    Exit code 5 when scheduled work has nothing left for today.
    """
    config = read_config(config_path)
    if plan_now:
        with progress(show=not quiet) as bar, opened(config, bar=bar, lane=Lane.INTERACTIVE) as world:
            note_cost(world, costs(cycle(world, write=False), world.sides))
    found, planned = list(standings(config)), _planned(config)
    if output == "json":
        say_json({"schema": 1, "allowances": [_as_json(s) for s in found], "plan": planned})
    else:
        _quota_text(found, planned)
    used_up = any(standing.window >= DAY and standing.left == 0 for standing in found)
    return Exit.QUOTA if used_up else Exit.DONE


def note_cost(world: World, cost: Mapping[str, int]) -> None:
    """Remember what a plan that was just made would cost."""
    world.store.note(PLAN_COST, json.dumps({"at": world.clock().isoformat(), "calls": dict(cost)}))


def _planned(config: Config) -> dict[str, Any] | None:
    """What the last plan would cost, unless a run came after it."""
    if not config.state.exists():
        return None
    with Store(config.state, write=False) as store:
        noted, runs = store.noted(PLAN_COST), store.runs.latest(1)
    if noted is None:
        return None
    planned: dict[str, Any] = json.loads(noted)
    at = datetime.fromisoformat(planned["at"])
    return planned if not runs or runs[0].started < at else None


def standings(config: Config) -> Iterator[Standing]:
    """Of every CRM, as scheduled work sees it; nobody is asked."""
    for side, settings in config.connectors.items():
        if settings.kind is not Kind.CRM:
            continue
        crm: Crm = connector(settings.connector).open(settings.settings, now, side)
        governor = govern(crm, config.quota_file, now, config.quota, Lane.SCHEDULED)
        yield from governor.standings()
        governor.close()
        crm.close()


def _as_json(standing: Standing) -> dict[str, Any]:
    return {
        "side": standing.side,
        "allowance": standing.name,
        "window_seconds": standing.window.total_seconds(),
        "limit": standing.limit,
        "share": standing.cap,
        "used": standing.used,
        "ours": standing.ours,
        "others": standing.others,
        "reserve": standing.reserve,
        "left": standing.left,
    }


def _quota_text(standings: Sequence[Standing], planned: Mapping[str, Any] | None) -> None:
    table = Table("side", "allowance", box=None, pad_edge=False)
    for name in ("window", "limit", "our share", "used", "ours", "others", "reserve", "left"):
        table.add_column(name, justify="right")
    for s in standings:
        others = f"{s.others:,}" if s.others is not None else "not told"
        numbers = (f"{s.limit:,}", f"{s.cap:,}", f"{s.used:,}", f"{s.ours:,}", others, f"{s.reserve:,}", f"{s.left:,}")
        table.add_row(s.side, s.name, _window(s), *numbers)
    out = console()
    out.print(table)
    if planned is None:
        out.print("what the next plan costs is not known: `leadsync quota --plan` makes one")
    else:
        calls = ", ".join(f"{side} {n:,} calls" for side, n in planned["calls"].items()) or "nothing"
        out.print(f"writing the plan of {planned['at'][:16]}Z costs {calls}")


def _window(standing: Standing) -> str:
    return "24 h" if standing.window >= DAY else f"{standing.window.total_seconds():g} s"


@click.command()
@config_option
@output_option
def doctor(config_path: Path, output: str) -> int:
    """Look at everything leadsync depends on, one line each with its fix: credentials, scopes, fields, limits, disk …

    Nothing is changed. Exit code 0: all is well, 1: something is broken, 2: warnings only.
    """
    findings: list[Finding] = []
    for finding in diagnose(config_path, now):
        findings.append(finding)
        if output != "json":
            _finding_text(finding)
    if output == "json":
        say_json(_findings_json(findings))
    return EXITS[verdict(findings)]


def _finding_text(finding: Finding) -> None:
    check = finding.check
    style = STYLES[check.state]
    line = f"[{style}]{check.state:<4}[/]  {finding.area:<13}  {escape(f'{check.name}: {check.found}')}"
    console().print(line + (f"  [bold]fix:[/] {escape(check.fix)}" if check.fix else ""), soft_wrap=True)


def _findings_json(findings: Sequence[Finding]) -> dict[str, Any]:
    states = [finding.check.state for finding in findings]
    checks = [
        {"area": f.area, "name": f.check.name, "state": f.check.state, "found": f.check.found, "fix": f.check.fix}
        for f in findings
    ]
    return {
        "schema": 1,
        "state": verdict(findings),
        "broken": states.count(Health.FAIL),
        "warnings": states.count(Health.WARN),
        "checks": checks,
    }


ALL = (quota, doctor)
