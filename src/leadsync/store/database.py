"""Open the state file: one writer, durable commits, schema brought up to date, damage told from a new start."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import IO

from leadsync.store.besides import Besides
from leadsync.store.cases import Cases
from leadsync.store.courses import Courses
from leadsync.store.damage import StoreError, marker, refuse_damage, trouble
from leadsync.store.history import History
from leadsync.store.lock import take_lock
from leadsync.store.matches import Matches
from leadsync.store.migrations import MIGRATIONS
from leadsync.store.outbox import Outbox
from leadsync.store.pulled import Pulled
from leadsync.store.results import Results
from leadsync.store.runs import Runs
from leadsync.store.snapshots import Snapshots


class Store:
    """The open state. `pulled`, `outbox`, `history`, `cases`, `results`, `matches`, `courses`, `snapshots`, `runs` and
    `besides` are its parts; `transaction()` joins their changes."""

    def __init__(self, path: Path, *, write: bool = True, new: bool = True) -> None:
        """`new`: whether a state that there is none of is begun, where it may be written."""
        self.path = path
        self._lock: IO[str] | None = take_lock(path) if write else None
        try:
            self.connection = self._connect(write=write, new=new)
        except BaseException:
            self._release_lock()
            raise
        self.pulled = Pulled(self.connection)
        self.outbox = Outbox(self.connection)
        self.history = History(self.connection)
        self.cases = Cases(self.connection)
        self.results = Results(self.connection)
        self.matches = Matches(self.connection)
        self.courses = Courses(self.connection)
        self.snapshots = Snapshots(self.connection)
        self.besides = Besides(self.connection)
        self.runs = Runs(self.connection)

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _connect(self, *, write: bool, new: bool) -> sqlite3.Connection:
        refuse_damage(self.path)
        if not (write and new) and not self.path.exists():
            raise StoreError(f"{self.path}: there is no state yet. Run `leadsync sync` first.")
        if write and not self.path.exists():
            self._make()
        # One connection serves one run; the daemon's runs happen one after the other, though on different threads.
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA busy_timeout = 5000")
            connection.execute("PRAGMA foreign_keys = ON")
            if write:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")
                migrate(connection, self.path)
                marker(self.path).touch(mode=0o600)
            else:
                connection.execute("PRAGMA query_only = ON")
                refuse_other_schema(connection, self.path)
        except (sqlite3.Error, OSError) as problem:
            connection.close()
            raise StoreError(trouble(self.path, problem)) from problem
        except StoreError:
            connection.close()
            raise
        return connection

    def _make(self) -> None:
        """A new state, whole or not at all: a crash leaves no empty file that looks like a lost one."""
        fresh = self.path.with_name(f"{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        try:
            fresh.touch(mode=0o600)
            with closing(sqlite3.connect(fresh, isolation_level=None)) as made:
                migrate(made, fresh)
            fresh.replace(self.path)
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(trouble(self.path, problem)) from problem

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: what happens inside is committed together, or not at all."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:  # where the disk is full, SQLite has rolled back by itself
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def forget_strangers(self, day: date) -> None:
        """Forget what is kept of leads, companies and records that are no longer known at all; call inside a
        transaction, after what is known was remembered."""
        for table in ("conflict", "course"):
            self.connection.execute(f"DELETE FROM {table} WHERE uid NOT IN (SELECT uid FROM identity)")  # noqa: S608
        self.connection.execute(
            "DELETE FROM snapshot WHERE day = ? AND uid NOT IN (SELECT uid FROM identity)", (day.isoformat(),)
        )
        self.connection.execute(
            "DELETE FROM lease WHERE ref NOT IN (SELECT side || '/' || kind || '/' || id FROM record)"
        )

    def note(self, key: str, value: str) -> None:
        """Remember one thing about the installation by name."""
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def noted(self, key: str) -> str | None:
        """What was noted under a name."""
        row = self.connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row["value"] if row else None

    def backup(self, target: Path) -> None:
        """A consistent copy while the store is in use."""
        with closing(sqlite3.connect(target)) as copy:
            self.connection.backup(copy)

    def close(self) -> None:
        """Close the file and let the next run in."""
        self.connection.close()
        self._release_lock()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise StoreError(trouble(self.path, error)) from error


def schema_of(connection: sqlite3.Connection, path: Path) -> int:
    """The version of a state's schema; raises StoreError for one of a newer program."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreError(
            f"{path}: the state was written by a newer leadsync (schema {version}, this one knows "
            f"{len(MIGRATIONS)}). Install that version again, or newer."
        )
    return version


def refuse_other_schema(connection: sqlite3.Connection, path: Path) -> None:
    """Raise StoreError where who only looks would read columns that are not there (yet, or any more)."""
    if schema_of(connection, path) < len(MIGRATIONS):
        raise StoreError(
            f"{path}: the state was last written by an older leadsync. The next `leadsync plan` or run brings it up to "
            "date, and leaves a backup beside it."
        )


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the schema up to date; a backup is left beside the file before an existing one is changed."""
    version = schema_of(connection, path)
    if 0 < version < len(MIGRATIONS):
        with closing(sqlite3.connect(path.with_name(f"{path.name}.v{version}.backup"))) as copy:
            connection.backup(copy)
    for number in range(version, len(MIGRATIONS)):
        connection.executescript(f"BEGIN;\n{MIGRATIONS[number]}\nPRAGMA user_version = {number + 1};\nCOMMIT;")
