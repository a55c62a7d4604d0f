"""What all commands share: options, opening the world, progress on standard error, and exit codes."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from leadsync.cli.exits import Exit as Exit  # noqa: PLC0414  handed on
from leadsync.cli.exits import exit_code as exit_code  # noqa: PLC0414
from leadsync.config import Config, load
from leadsync.connector import Clock, Crm, Kind, Register, connector
from leadsync.errors import Misconfigured
from leadsync.progress import Progress, Silent
from leadsync.quota import Lane, govern
from leadsync.rules import load_rulebook
from leadsync.store import Store
from leadsync.streams import paged
from leadsync.sync import World, never

log = logging.getLogger("leadsync")

TOGETHER = 1_000
"""Pieces of a JSON document that are written at once."""

F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """--config FILE."""
    return click.option(
        "--config",
        "config_path",
        type=click.Path(dir_okay=False, path_type=Path),
        default=Path("config.toml"),
        show_default=True,
        help="The configuration file.",
    )(command)


def output_option(command: F) -> F:
    """--output table|json."""
    return click.option(
        "--output",
        type=click.Choice(["table", "json"]),
        default="table",
        show_default=True,
        help="For people, or for machines (one JSON document on standard output).",
    )(command)


def quiet_option(command: F) -> F:
    """--quiet."""
    return click.option("--quiet", is_flag=True, help="No progress display.")(command)


def now() -> datetime:
    """The clock of the command line."""
    return datetime.now(UTC)


def only_ours(path: Path) -> Path:
    """A file that is going to hold personal data: there, and for nobody else to read, whoever made it before."""
    path.touch(mode=0o600)
    if path.is_file():
        path.chmod(0o600)
    return path


def console() -> Console:
    """Where results go. Piped output is not folded at 80 columns, so that it can be searched."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=200)


def say_json(data: object) -> None:
    """One JSON document on standard output."""
    pieces = json.JSONEncoder(ensure_ascii=False, indent=2, default=str).iterencode(data)
    for some in paged(pieces, TOGETHER):
        click.echo("".join(some), nl=False)
    click.echo()


class Logged(Silent):
    """Each part of the work as a line of the log."""

    def step(self, what: str, total: int | None = None) -> None:
        """Begin a part of the work."""
        log.info(what if total is None else f"{what} ({total:,})")


class Bar:
    """A progress display on standard error: one line for each part of the work."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: Any = None

    def step(self, what: str, total: int | None = None) -> None:
        """Begin a part of the work."""
        self._finish()
        self._task = self._bars.add_task(what, total=total)

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        if self._task is not None:
            self._bars.advance(self._task, count)

    def _finish(self) -> None:
        if self._task is not None:
            task = next(t for t in self._bars.tasks if t.id == self._task)
            self._bars.update(self._task, total=task.completed, completed=task.completed)


@contextmanager
def progress(*, show: bool) -> Iterator[Progress]:
    """A display on standard error where somebody is looking, else a log for who asked for one (`--verbose`)."""
    errors = Console(stderr=True)
    if not show or not errors.is_terminal:
        yield Logged() if log.isEnabledFor(logging.INFO) else Silent()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=errors, transient=True) as bars:
        yield Bar(bars)


def new_run(at: datetime) -> str:
    """A run's id: its start, and enough chance that two machines never share one."""
    return f"{at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"


@contextmanager
def opened(
    config: Config,
    *,
    bar: Progress | None = None,
    stop: Callable[[], bool] = never,
    clock: Clock = now,
    lane: Lane = Lane.SCHEDULED,
    new: bool = True,
) -> Iterator[World]:
    """The world of one run: connections, rules and state, all closed again at the end. Every request to a CRM is
    counted; `lane` says for whom, and so how much of the day is kept back. `new`: a state may be begun here."""
    with ExitStack() as stack:
        sides: dict[str, Crm] = {}
        register: Register | None = None
        store = stack.enter_context(Store(config.state, new=new))
        for side, settings in config.connectors.items():
            made = connector(settings.connector)
            if made.kind is Kind.CRM:
                sides[side] = made.open(settings.settings, clock, side)
                stack.callback(sides[side].close)
                stack.callback(govern(sides[side], config.quota_file, clock, config.quota, lane).close)
            else:
                register = made.open(settings.settings, clock)
                stack.callback(register.close)
        rules = load_rulebook(config.mappings, {side: crm.objects() for side, crm in sides.items()})
        yield World(config, rules, store, sides, register, clock, new_run(clock()), bar or Silent(), stop)


def read_config(path: Path, *, offline: bool = False) -> Config:
    """The configuration, or Misconfigured saying what to do. `offline`: for commands that look at what is known and
    connect to nothing, which need no secrets."""
    if not path.exists():
        raise Misconfigured(
            f"{path}: there is no such file. `leadsync init` writes one here; --config FILE names another."
        )
    return load(path, offline=offline)
