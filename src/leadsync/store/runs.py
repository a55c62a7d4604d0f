"""The ledger of runs: what was asked, when, how it ended, and what it did."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadsync.store.rows import dumps


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `outcome` is None while it goes on (or when it was killed)."""

    id: str
    command: str
    started: datetime
    ended: datetime | None
    outcome: str | None
    summary: Mapping[str, Any]


class Runs:
    """The runs, newest last."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def start(self, ident: str, command: str, now: datetime) -> None:
        """Note that a run begins."""
        self._db.execute("INSERT INTO run (id, command, started) VALUES (?, ?, ?)", (ident, command, now.isoformat()))

    def end(self, ident: str, outcome: str, summary: Mapping[str, Any], now: datetime) -> None:
        """Note how a run ended and what it did."""
        self._db.execute(
            "UPDATE run SET ended = ?, outcome = ?, summary = ? WHERE id = ?",
            (now.isoformat(), outcome, dumps(dict(summary)), ident),
        )

    def get(self, run: str) -> Run | None:
        """A run by its id."""
        row = self._db.execute("SELECT * FROM run WHERE id = ?", (run,)).fetchone()
        return None if row is None else _run(row)

    def latest(self, count: int = 10) -> list[Run]:
        """The newest runs, newest first."""
        rows = self._db.execute("SELECT * FROM run ORDER BY started DESC, id DESC LIMIT ?", (count,))
        return [_run(row) for row in rows]


def _run(row: sqlite3.Row) -> Run:
    ended = datetime.fromisoformat(row["ended"]) if row["ended"] is not None else None
    started = datetime.fromisoformat(row["started"])
    return Run(row["id"], row["command"], started, ended, row["outcome"], json.loads(row["summary"]))
