"""Isolated homes for other people's clients: made on demand, kept in a cache folder, versions pinned by files here."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALL_SECONDS = 300
"""Longer than any install of these few packages should take."""


def cache() -> Path:
    """Where the environments live; LEADSYNC_CONFORMANCE_CACHE names another place."""
    return Path(os.environ.get("LEADSYNC_CONFORMANCE_CACHE", Path.home() / ".cache" / "leadsync-conformance"))


def unavailable(what: str, why: str) -> None:
    """Give up on a client: a failure in CI, where it must be there, and a skip with the reason elsewhere."""
    text = f"{what} could not be installed: {why}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(what: str, folder: Path, steps: Sequence[Sequence[str]]) -> None:
    """Run the steps unless they were all done before."""
    with _alone(folder):
        done = folder / ".complete"
        if done.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for step in steps:
            try:
                run = subprocess.run(
                    step, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as problem:
                unavailable(what, str(problem))
            else:
                if run.returncode != 0:
                    unavailable(what, run.stderr.strip()[-600:])
        done.touch()


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def python(name: str) -> Path:
    """The interpreter of the environment that `requirements/{name}.txt` describes."""
    requirements = HERE / "requirements" / f"{name}.txt"
    folder = cache() / f"{name}-py{sys.version_info.major}{sys.version_info.minor}-{_digest(requirements)}"
    interpreter = folder / "venv" / "bin" / "python"
    uv = shutil.which("uv")
    if uv is None:
        make = [sys.executable, "-m", "venv", "venv"]
        fill = [str(interpreter), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)]
    else:
        make = [uv, "venv", "--quiet", "--python", sys.executable, "venv"]
        fill = [uv, "pip", "install", "--quiet", "--no-deps", "--python", str(interpreter), "-r", str(requirements)]
    _install(name, folder, [make, fill])
    return interpreter


def node() -> tuple[str, Path]:
    """The Node interpreter and the folder whose node_modules hold the npm clients."""
    files = HERE / "node" / "package.json", HERE / "node" / "package-lock.json"
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        unavailable("the npm clients", "there is no node or npm on this machine")
        raise AssertionError
    folder = cache() / f"node-{_digest(*files)}"
    copies = [["cp", str(file), "."] for file in files]
    _install("the npm clients", folder, [*copies, [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]])
    return found, folder
