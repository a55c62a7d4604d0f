"""Exit codes that mean something. Apart from `common`, so that a command that needs no engine need not load it."""

from __future__ import annotations

from enum import IntEnum

from leadsync.errors import LeadsyncError, Misconfigured, QuotaExhausted


class Exit(IntEnum):
    """What a command's end means."""

    DONE = 0
    ERROR = 1
    PENDING = 2
    REJECTS = 3
    CONFIG = 4
    QUOTA = 5


def exit_code(problem: LeadsyncError) -> Exit:
    """The exit code for a failure."""
    match problem:
        case Misconfigured():
            return Exit.CONFIG
        case QuotaExhausted():
            return Exit.QUOTA
        case _:
            return Exit.ERROR


def trouble_with_file(problem: OSError) -> str:
    """What went wrong, and with which file."""
    place = f"{problem.filename}: " if problem.filename is not None else ""
    return f"{place}{problem.strerror or problem}"
