"""Rebuild a damaged state: keep the old files, and carry over what only they know, as far as it can still be read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

from leadsync.records import Record, Ref
from leadsync.store.besides import GROUP_NOTE
from leadsync.store.damage import StoreError, marker, trouble
from leadsync.store.database import Store
from leadsync.store.pulled import NEVER

ONLY_HERE = (
    "identity", "identity_rule", "ruling", "verdict", "flap", "lease", "written", "history", "score", "stage", "course",
    "snapshot", "run", "entry",
)  # fmt: skip
"""What no CRM can tell again: what people said, what was ours, and what happened. Records, shadows, cursors and the
outbox are made anew from the CRMs."""

JSON = {"cells", "value", "sent", "settled", "replaced", "body", "state", "facts", "summary", "about"}
MOMENTS = {"at", "since", "as_of", "started"}


def fresh(path: Path) -> Path:
    """Where the new state of `path` is made before it takes its place; what an earlier attempt left there is gone."""
    place = path.with_name(f"{path.name}.rebuilding")
    for left in _files(place):
        left.unlink()
    return place


def salvage(old: Path, store: Store, now: datetime) -> dict[str, int]:
    """Copy what can be read of the old state into a new one; table → rows. A row that is damaged is left out. Records
    that were somebody count as deleted until a CRM shows them: else those in no bin any more would be made again."""
    if not old.exists():
        return {}
    kept: dict[str, int] = {}
    with closing(sqlite3.connect(f"{old.absolute().as_uri()}?mode=ro", uri=True)) as damaged, store.transaction():
        damaged.row_factory = sqlite3.Row
        damaged.text_factory = bytes
        for table in ONLY_HERE:
            columns = [row["name"] for row in store.connection.execute(f"PRAGMA table_info({table})")]
            rows = [row for row in _readable(damaged, table, columns) if _sound(row)]
            kept[table] = _copy(store.connection, table, rows)
        notes = [row for row in _readable(damaged, "meta", ("key", "value")) if row["key"].startswith(f"{GROUP_NOTE} ")]
        kept["list or campaign"] = _copy(store.connection, "meta", [row for row in notes if _sound(row)])
        store.pulled.save_records((Record(ref, {}, NEVER, deleted=True) for ref in store.pulled.identities()), now)
    return kept


def _readable(damaged: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of a table up to the first that SQLite cannot read; text that is no UTF-8 counts as damaged."""
    try:
        for row in damaged.execute(f"SELECT * FROM {table}"):  # noqa: S608  our own names
            raw = {name: row[name] for name in row.keys() if name in columns}  # noqa: SIM118  a Row iterates its values
            try:
                yield {name: v.decode() if isinstance(v, bytes) else v for name, v in raw.items()}
            except UnicodeDecodeError:
                continue
    except sqlite3.Error:
        return


def _sound(row: Mapping[str, Any]) -> bool:
    """Whether a row's values are what its columns say."""
    checks: list[tuple[set[str], Callable[[str], object]]] = [
        (JSON, json.loads),
        (MOMENTS, datetime.fromisoformat),
        ({"ref", "a", "b"}, Ref.parse),
    ]
    try:
        for names, check in checks:
            for name in names & row.keys():
                check(row[name])
    except (ValueError, TypeError):
        return False
    return True


def _copy(connection: sqlite3.Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> int:
    count = 0
    for row in rows:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        try:
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608
        except sqlite3.Error:
            continue
        count += 1
    return count


def take_place(new: Path, path: Path, stamp: str) -> list[Path]:
    """Put the new state in the old one's place, whose files are kept under another name; gives these. Whoever calls
    holds the lock."""
    kept: list[Path] = []
    try:
        for old in _files(path):
            if old == marker(path):  # it stays: should the new state not come, there was one all the same
                continue
            goal = old.with_name(old.name.replace(path.name, f"{path.name}.{stamp}", 1))
            old.replace(goal)
            kept.append(goal)
        new.replace(path)
        marker(path).touch(mode=0o600)
        for left in (*_files(new), new.with_name(f"{new.name}.lock")):
            left.unlink(missing_ok=True)
    except OSError as problem:
        raise StoreError(trouble(path, problem)) from problem
    return kept


def _files(path: Path) -> list[Path]:
    """A state's files, without its lock: the database, its log, and the mark that says there was one."""
    names = (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm"), marker(path))
    return [name for name in names if name.exists()]
