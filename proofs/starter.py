"""Start the command many times at the price of one start of the interpreter: each is a forked process of its own."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

CHILD = """
import gc, json, os, sys
from leadsync.cli.main import cli, main
cli.filled()
import leadsync_hubspot.crm, leadsync_salesforce.crm, simple_salesforce
gc.collect()
gc.freeze()
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        os.chdir(order["folder"])
        for stream, name in enumerate(order["said"], 1):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
        sys.argv = ["leadsync", *order["arguments"]]
        main()
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Command:
    """One run of the command, one at a time."""

    def __init__(self, home: subprocess.Popen[str], said: Sequence[Path]) -> None:
        assert home.stdout is not None
        self._lines, self._said = home.stdout, said
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        if self.returncode is None and select.select([self._lines], [], [], 0)[0]:
            self.returncode = int(self._lines.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it, if it is there."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self) -> tuple[str, str]:
        """Wait for its end; gives what it said on standard output and on standard error."""
        if self.returncode is None:
            self.returncode = int(self._lines.readline())
        told, trouble = (path.read_text(encoding="utf-8", errors="replace") for path in self._said)
        return told, trouble


class Starter:
    """A process that has the command loaded and forks for each run of it."""

    def __enter__(self) -> Starter:
        self._home = subprocess.Popen(  # noqa: S603  our own text
            [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._home.stdin is not None
        assert self._home.stdout is not None
        self._home.stdin.close()
        self._home.wait()
        self._home.stdout.close()

    def start(self, folder: Path, arguments: Sequence[str]) -> Command:
        """A run that begins now."""
        assert self._home.stdin is not None
        said = (folder / "said.out", folder / "said.err")
        order = {"folder": str(folder), "said": list(map(str, said)), "arguments": list(arguments)}
        self._home.stdin.write(json.dumps(order) + "\n")
        self._home.stdin.flush()
        return Command(self._home, said)
