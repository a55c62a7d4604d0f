"""Tell a damaged or lost state file from a new start, and say what to do about it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from leadsync.errors import StopRun

WAL_MAGIC = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")
"""How a write-ahead log begins; https://www.sqlite.org/fileformat2.html#wal_file_format. SQLite itself takes anything
else for an empty one, and with it what was committed last would be gone without a word."""

_ANEW = "`leadsync state rebuild` makes it anew from both CRMs, writes to neither, and keeps the old files"


class StoreError(StopRun):
    """The state file is damaged, lost, newer than this program, or in use by another run; or the disk is full."""


def marker(path: Path) -> Path:
    """The file beside the state that says that there was one."""
    return path.with_name(f"{path.name}.made")


def refuse_damage(path: Path) -> None:
    """Raise StoreError for a state that is lost, empty, or whose last commits are; nothing is changed."""
    wal = path.with_name(f"{path.name}-wal")
    if not path.exists() and (marker(path).exists() or wal.exists()):
        raise StoreError(f"{path}: the state file is gone. Restore it; or {_ANEW}.")
    if path.exists() and path.stat().st_size == 0:
        raise StoreError(
            f"{path}: the state file is empty, which a crash does not leave behind. Restore a backup; or {_ANEW}."
        )
    if wal.exists() and wal.stat().st_size > 0:
        with wal.open("rb") as log:
            if log.read(4) not in WAL_MAGIC:
                raise StoreError(
                    f"{wal}: the state's write-ahead log is damaged. Nothing was changed; restore both files together; "
                    f"or {_ANEW}."
                )


def trouble(path: Path, problem: sqlite3.Error | OSError) -> str:
    """What a failure of the database or its folder means, and what to do."""
    if isinstance(problem, OSError):
        return f"{path}: the state's folder cannot be written ({problem.strerror}). Check its owner, mode and space."
    match getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return (
                f"{path}: the state cannot be written, the disk may be full ({problem}). What was committed is kept; "
                "make room, and the next run goes on from there."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"{path}: the state may not be written ({problem}). Check owner and mode of the file and its folder."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"{path}: another program holds the state ({problem}). Close it and run again."
        case _:
            return f"{path}: the state file is damaged ({problem}). It was left as it is; restore a backup, or {_ANEW}."
