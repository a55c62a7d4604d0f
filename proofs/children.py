"""Cases played in forked children, some at a time, all from the same prepared house."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any, TypeAlias

from proofs.live import House

AT_ONCE = 4
"""Twice the cores of the machines that the proofs are meant for: half of a case is waiting for time-outs."""

Play: TypeAlias = Callable[[House], Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """A case that ended in an exception nobody expected, with its traceback."""

    trace: str


def play_all(house: House, folder: Path, plays: Sequence[Play]) -> Iterator[tuple[int, Any]]:
    """(number, what the case returned or `Failed`), as the children end."""
    waiting = list(enumerate(plays))[::-1]
    running: dict[Connection, tuple[int, int]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            number, play = waiting.pop()
            line, child = _start(house, folder, play, list(running))
            running[line] = (number, child)
        ready = wait(list(running))
        for line in [line for line in running if line in ready]:
            number, child = running.pop(line)
            yield number, _answer(line)
            line.close()
            os.waitpid(child, 0)


def play_one(house: House, folder: Path, play: Play) -> Any:
    """One case; raises AssertionError with the child's traceback."""
    answer = next(answer for _, answer in play_all(house, folder, [play]))
    assert not isinstance(answer, Failed), answer.trace
    return answer


def _answer(line: Connection) -> Any:
    try:
        return line.recv()
    except EOFError:
        return Failed("the child died without a word")


def _start(house: House, folder: Path, play: Play, others: Sequence[Connection]) -> tuple[Connection, int]:
    ours, theirs = Pipe(duplex=False)
    child = os.fork()
    if child != 0:
        theirs.close()
        return ours, child
    for line in (ours, *others):
        line.close()
    try:
        home = folder / str(os.getpid())
        home.mkdir()
        shutil.copyfile(house.state, home / "state.db")
        house.folder = home
        theirs.send(play(house))
        shutil.rmtree(home)
    except BaseException:  # noqa: BLE001  the parent tells
        theirs.send(Failed(traceback.format_exc()))
    finally:
        sys.stdout.flush()
        os._exit(0)
