"""How long work tells how far it is, and what the command line lends to the commands that a connector brings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel


class Progress(Protocol):
    """`step` begins a part of the work; `advance` counts within it; both must be cheap."""

    def step(self, what: str, total: int | None = None) -> None:
        """A new part of the work begins; `total` if it is known how much there is."""

    def advance(self, count: int = 1) -> None:
        """So many more are done."""


class Silent:
    """No display."""

    def step(self, what: str, total: int | None = None) -> None:
        """Nothing to show."""

    def advance(self, count: int = 1) -> None:
        """Nothing to show."""


class Terminal(Protocol):
    """What a connector's own commands find as `click.Context.obj`.

    A connector's package may hold a module `commands` with a click command `COMMANDS`; `leadsync` shows it by the
    connector's name, and reads the module only when it is asked for.
    """

    def now(self) -> datetime:
        """The time, aware and in UTC."""

    def settings(self, connector: str, config: Path) -> BaseModel:
        """The connector's table in a configuration file, or its defaults where there is no file or no such table.

        Raises Problems (a LeadsyncError) when that table is wrong; what is wrong elsewhere does not matter.
        """

    def progress(self, *, show: bool) -> AbstractContextManager[Progress]:
        """A display on standard error."""

    def say_json(self, data: object) -> None:
        """One JSON document on standard output."""

    def concerned(self, config: Path, leis: frozenset[str]) -> list[str] | None:
        """The names of the companies of this installation whose legal entities, or what is known of them, rest on these
        LEIs; None where nothing is known of any yet."""
