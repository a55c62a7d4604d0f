"""Runs in a child process that can be killed at any moment, while the two CRMs live on in this one."""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import signal
import sqlite3
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any

from tests.engine import Stage, Watched
from tests.fakes import Shelf

from leadsync.connector import Allowance, Check, Feed, FieldSpec, ObjectType, Page, ProvisionStep, Receipt, Usage, Write
from leadsync.errors import StopRun
from leadsync.records import Record, Ref
from leadsync.sync import cycle


@dataclass(slots=True)
class Hooks:
    """Counts the hooks of a run; the process dies at number `fatal`."""

    fatal: int | None
    count: int = 0

    def reach(self, _where: str) -> None:
        """One more hook."""
        if self.count == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.count += 1


class Far:
    """A CRM in the parent process, as the child sees it."""

    def __init__(self, shelf: Shelf, line: Connection, hooks: Hooks) -> None:
        self.side, self.batch_size, self.usage = shelf.side, shelf.batch_size, Usage()
        self._shelf, self._line, self._hooks = shelf, line, hooks

    def _ask(self, method: str, *args: Any) -> Any:
        self._hooks.reach(f"before {method}")
        self._line.send((self.side, method, args))
        answer = self._line.recv()
        self._hooks.reach(f"after {method}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    def allowances(self) -> Sequence[Allowance]:
        return self._shelf.allowances()

    def objects(self) -> Sequence[ObjectType]:
        return self._shelf.objects()

    def feeds(self) -> Sequence[Feed]:
        return self._shelf.feeds()

    def pull(self, feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:  # noqa: ARG002
        for page in self._ask("pull", feed, cursor, fields):
            self._hooks.reach("between pages")
            yield page

    def read(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        found: Sequence[Record] = self._ask("read", kind, ids, fields)
        return found

    def find(self, kind: str, key: str, values: Sequence[str], fields: Sequence[str]) -> Sequence[Record]:
        found: Sequence[Record] = self._ask("find", kind, key, values, fields)
        return found

    def write(self, kind: str, writes: Sequence[Write]) -> Sequence[Receipt]:
        receipts: Sequence[Receipt] = self._ask("write", kind, writes)
        return receipts

    def batch_for(self, kind: str, updates: int, creates: int) -> int:
        return self._shelf.batch_for(kind, updates, creates)

    def calls(self, kind: str, updates: int, creates: int, reads: int = 0) -> int:
        return self._shelf.calls(kind, updates, creates, reads)

    def settle(self) -> None:
        self._shelf.settle()

    def provision(self, fields: Sequence[FieldSpec], *, apply: bool) -> Sequence[ProvisionStep]:
        return self._shelf.provision(fields, apply=apply)

    def check(
        self,
        fields: Mapping[str, Sequence[str]],
        written: Mapping[str, Sequence[str]] | None = None,
        created: Collection[str] = (),
    ) -> Sequence[Check]:
        return self._shelf.check(fields, written, created)

    def web_url(self, ref: Ref) -> str:
        return self._shelf.web_url(ref)

    def close(self) -> None:
        pass


def _as_it_is() -> None:
    """Nothing to prepare."""


class Runs:
    """Starts runs, each in a child of its own; once what a cycle needs is in memory, for all of it is in the child too.

    A process in between forks them: each fork costs the one that forks and the child a copy of every page that either
    then touches, and that one does nothing else.
    """

    def __enter__(self) -> Runs:
        self._line, theirs = Pipe()
        gc.collect()
        self._between = os.fork()
        if self._between == 0:
            self._line.close()
            _fork_for(theirs)
        theirs.close()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()
        os.waitpid(self._between, 0)

    def attempt(self, stage: Stage, fatal: int | None, prepare: Callable[[], None] = _as_it_is) -> int | str | None:
        """One run in a child that dies at the hook `fatal`; gives how many hooks it passed, None when it was killed,
        and what it said where it stopped by itself. `prepare` is done in the child before the run."""
        stage.runs += 1
        self._line.send_bytes(pickle.dumps((stage, fatal, prepare)))
        passed: int | str | None = None
        while True:
            match self._line.recv():
                case ("ended", status):
                    break
                case ("end", int() | str() as said):
                    passed = said
                case ("error", text):
                    raise AssertionError(f"the run failed by itself:\n{text}")
                case (side, method, args):
                    self._line.send(_served(stage, side, method, args))
                case unknown:
                    raise AssertionError(unknown)
        if passed is None and not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            raise AssertionError(f"the child ended with status {status}")
        return passed


def _fork_for(line: Connection) -> None:
    """What the process in between does; it never returns."""
    gc.freeze()  # else each child copies the heap when it collects
    while (asked := _next(line)) is not None:
        child = os.fork()
        if child == 0:
            _live(line, asked)
        _, status = os.waitpid(child, 0)
        line.send(("ended", status))
    os._exit(0)


def _next(line: Connection) -> bytes | None:
    try:
        return line.recv_bytes()
    except (EOFError, ConnectionResetError):
        return None


def _live(line: Connection, asked: bytes) -> None:
    """What the child does; it never returns."""
    try:
        stage, fatal, prepare = pickle.loads(asked)  # noqa: S301  our own, of a moment ago
        prepare()
        hooks = Hooks(fatal)
        far = {name: Far(shelf, line, hooks) for name, shelf in stage.sides.items()}
        with Watched(stage.path) as store:
            store.on_commit = hooks.reach
            cycle(stage.world(store, far), write=True)
        line.send(("end", hooks.count))
    except StopRun as problem:
        line.send(("end", f"{type(problem).__name__}: {problem}"))
    except BaseException:  # noqa: BLE001  the parent raises it
        line.send(("error", traceback.format_exc()))
    os._exit(0)


def _served(stage: Stage, side: str, method: str, args: tuple[Any, ...]) -> Any:
    try:
        answer = getattr(stage.sides[side], method)(*args)
        return list(answer) if method == "pull" else answer
    except Exception as problem:  # noqa: BLE001  it is the child's to meet
        return problem


# ---- going back to a moment


@dataclass(frozen=True, slots=True)
class Moment:
    """Both CRMs and the state file as they were."""

    stage: bytes
    files: dict[str, bytes]

    def again(self, folder: Path) -> Stage:
        """Back to that moment, in another folder."""
        for old in folder.glob("state.db*"):
            old.unlink()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        stage: Stage = pickle.loads(self.stage)  # noqa: S301  our own, of a moment ago
        stage.path = folder / "state.db"
        return stage


def moment(stage: Stage) -> Moment:
    """Remember how things are. The -shm file is left out: it is rebuilt, as after a loss of power."""
    kept = ("state.db", "state.db-wal")
    files = {n: path.read_bytes() for n in kept if (path := stage.path.with_name(n)).exists()}
    return Moment(pickle.dumps(stage), files)


def fingerprint(stage: Stage) -> bytes:
    """The same for the same CRMs and the same content of the state file."""
    digest = hashlib.sha256()
    for side in stage.sides.values():
        digest.update(repr((list(side.records.items()), side.log, side.usage.writes)).encode())
    with closing(sqlite3.connect(stage.path)) as state:
        for (table,) in state.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            rows = sorted(map(repr, state.execute(f"SELECT * FROM {table}")))  # noqa: S608
            if rows:
                digest.update(repr((table, rows)).encode())
    return digest.digest()
