"""One process at a time: whoever changes a state holds the lock file beside it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from leadsync.store.damage import StoreError, trouble


def take_lock(path: Path) -> IO[str]:
    """Lock the state at `path` until the file that is given back is closed. Raises StoreError when another process
    has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock").open("a+", encoding="utf-8")
    except OSError as problem:
        raise StoreError(trouble(path, problem)) from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise StoreError(
            f"{path}: another leadsync (process {holder}) is using this state. "
            "Wait for it to end, or stop it; runs never overlap."
        ) from None
    with suppress(OSError):  # who holds it is good to know; on a full disk, what follows says so
        lock.truncate(0)
        os.write(lock.fileno(), str(os.getpid()).encode())
    return lock
