"""Folders for state files that may be thrown away: in memory where the machine has it, since a proof commits often."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ON_DISK = "/var/tmp"  # noqa: S108  the same
IN_MEMORY = Path("/dev/shm")  # noqa: S108  a folder of our own is made in it


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    home = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="leadsync-proof-", dir=home) as folder:
        yield Path(folder)


@contextmanager
def scratch_on_disk() -> Iterator[Path]:
    """The same on the disk, where memory is what is measured."""
    with tempfile.TemporaryDirectory(prefix="leadsync-proof-", dir=ON_DISK) as folder:
        yield Path(folder)
