"""Registers as commands use them: with a configuration or without, and the commands that connectors bring along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from rich.console import Console

from leadsync.cli.common import now, progress, say_json
from leadsync.config.read import Draft, read, text_of
from leadsync.connector import GROUP, Connector, Kind, Register, connector
from leadsync.enrich import concerned
from leadsync.errors import Misconfigured
from leadsync.mapping.problems import Problems, errors
from leadsync.mapping.toml import parse
from leadsync.progress import Progress, Silent
from leadsync.resolve import ResolveSettings
from leadsync.store import Store

EVERY = 10.0
"""Seconds between two lines of progress where nobody is looking at a terminal."""

COMMANDS = "commands"
"""The module of a connector's package that holds its commands."""


def contributed() -> dict[str, str]:
    """Connector → its module of commands, of the installed connectors that have one; no connector is loaded."""
    found: dict[str, str] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        spec = find_spec(point.module.partition(".")[0])
        places = spec.submodule_search_locations if spec is not None else None
        if any(Path(place, f"{COMMANDS}.py").exists() for place in places or ()):
            found[point.name] = f"{point.module}.{COMMANDS}"
    return found


def contributed_command(name: str) -> click.Command | None:
    """The command a connector brings, or None."""
    module = contributed().get(name)
    if module is None:
        return None
    command = import_module(module).COMMANDS
    return command if isinstance(command, click.Command) else None


class Lines(Silent):
    """Progress where nobody sees a bar: a line on standard error whenever a part begins, and every few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._what, self._total, self._done, self._told = "", 0, 0, clock()

    def step(self, what: str, total: int | None = None) -> None:
        """Begin a part of the work."""
        self._what, self._total, self._done = what, total or 0, 0

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        if self._clock() - self._told >= EVERY:
            self._told = self._clock()
            of = f" of {self._total:,}" if self._total else ""
            click.echo(f"{self._what}: {self._done:,}{of}", err=True)


@contextmanager
def telling(*, show: bool) -> Iterator[Progress]:
    """A bar where somebody is looking, lines where not, nothing with --quiet."""
    if show and not Console(stderr=True).is_terminal:
        yield Lines()
        return
    with progress(show=show) as bar:
        yield bar


# ---- a configuration that need not be there, nor be right elsewhere


def draft_of(config: Path) -> Draft | None:
    """A configuration as far as it can be read, or None where there is none; secrets are not needed."""
    return read(config, connector, offline=True) if config.exists() else None


def _settings(draft: Draft, config: Path, wanted: Callable[[Connector], bool]) -> BaseModel | None:
    """The settings of the connection wanted; None where the file has none. Raises Problems when that part is wrong."""
    for side, raw in _tables(config).items():
        made = connector(str(raw.get("connector", side)))
        if wanted(made):
            if side not in draft.connectors:
                raise Problems(errors(draft.problems))
            return draft.connectors[side].settings
    return None


def _tables(config: Path) -> dict[str, dict[str, Any]]:
    tables = parse(text_of(config), str(config), quote=False).data.get("connector", {})
    return {side: raw for side, raw in tables.items() if isinstance(raw, dict)} if isinstance(tables, dict) else {}


class Lent:
    """What this command line lends to the commands of connectors: see `leadsync.progress.Terminal`."""

    def now(self) -> datetime:
        """See `Terminal`."""
        return now()

    def settings(self, name: str, config: Path) -> BaseModel:
        """See `Terminal`."""
        draft = draft_of(config)
        found = _settings(draft, config, lambda made: made.name == name) if draft is not None else None
        return found if found is not None else connector(name).settings()

    def progress(self, *, show: bool) -> AbstractContextManager[Progress]:
        """See `Terminal`."""
        return telling(show=show)

    def say_json(self, data: object) -> None:
        """See `Terminal`."""
        say_json(data)

    def concerned(self, config: Path, leis: frozenset[str]) -> list[str] | None:
        """See `Terminal`."""
        draft = draft_of(config)
        state = draft.config.state if draft is not None and draft.config is not None else None
        if state is None or not state.exists():
            return None
        with Store(state, write=False) as store:
            return concerned(store, leis)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a question about companies needs: an open register, when a match counts, the state if there is one."""

    register: Register
    settings: ResolveSettings
    state: Path | None


@contextmanager
def desk(config: Path, index: Path | None, threshold: float | None) -> Iterator[Desk]:
    """Open the register at hand: the index in a folder, else the configured register, else the default folder's.

    Nothing is downloaded. Raises Misconfigured when there is no register, saying how to get one.
    """
    draft = draft_of(config)
    opening = open_register(config, draft, index)
    configured = draft.config if draft is not None else None
    chosen = configured.resolve if configured is not None else ResolveSettings()
    if threshold is not None:
        chosen = ResolveSettings(threshold=threshold)
    state = configured.state if configured is not None and configured.state.exists() else None
    try:
        yield Desk(opening, chosen, state)
    finally:
        opening.close()


def open_register(config: Path, draft: Draft | None, index: Path | None) -> Register:
    """The register in a folder, or as configured, or with its defaults; as it is, without looking for news."""
    made = _register()
    if made.at_hand is None:
        raise Misconfigured(f"the connector {made.name} cannot be asked from the command line")
    settings = None
    if index is None and draft is not None:
        settings = _settings(draft, config, lambda one: one.kind is Kind.REGISTER)
    opened: Register = made.at_hand(settings if settings is not None else made.settings(), index, now)
    return opened


def _register() -> Connector:
    for point in sorted(entry_points(group=GROUP), key=lambda p: p.name):
        made = connector(point.name)
        if made.kind is Kind.REGISTER:
            return made
    raise Misconfigured("no connector to a register of legal entities is installed")
