"""One contender at a time in a process of its own, so that the memory of each is its own."""

from __future__ import annotations

import os
import pickle
import resource
import sys
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


def alone(work: Callable[[], T]) -> T:
    """What `work` returns, from a child that has all that is here; its output comes through. Raises SystemExit where
    the child fails."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        answer = answers.read()
    _pid, status = os.waitpid(child, 0)
    if status != 0:
        raise SystemExit(f"a contender failed (status {os.waitstatus_to_exitcode(status)})")
    found: T = pickle.loads(answer)
    return found


def _answer(work: Callable[[], Any], writer: int) -> None:
    code = 1
    try:
        with os.fdopen(writer, "wb") as out:
            pickle.dump(work(), out)
        code = 0
    finally:
        sys.stdout.flush()
        os._exit(code)


def report(what: str, seconds: float) -> None:
    """A line with the time of a contender and the most memory its process ever held, the data in it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:45} {seconds:9.2f} CPU-s   peak {peak:.2f} GiB", flush=True)
