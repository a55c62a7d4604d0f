"""Run another client's script in its own process and read the JSON it prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.conformance import environments

CLIENTS = Path(__file__).parent / "clients"
SECONDS = 60
"""No client's work here takes a tenth of it."""


def _run(command: list[str], env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    whole = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env={**whole, **(env or {})}, cwd=cwd, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{command[:3]} ended with {done.returncode}:\n{done.stderr[-4000:]}"
    return done.stdout


def in_python(environment: str, script: str, *args: str, env: dict[str, str] | None = None) -> Any:
    """The JSON that `clients/{script}` prints when it runs in the environment."""
    return json.loads(_run([str(environments.python(environment)), str(CLIENTS / script), *args], env))


def _tap(tap: str, args: tuple[str, ...], env: dict[str, str]) -> str:
    return _run([str(environments.python(tap)), str(CLIENTS / "tap.py"), tap, *args], env)


def catalog_of(tap: str, *args: str, env: dict[str, str]) -> Any:
    """What a Singer tap discovers. `env["REDIRECT"]` sends its requests to the vendor's host to the sandbox."""
    return json.loads(_tap(tap, (*args, "--discover"), env))


def singer(tap: str, *args: str, env: dict[str, str]) -> list[dict[str, Any]]:
    """The messages of a Singer tap's sync."""
    return [json.loads(line) for line in _tap(tap, args, env).splitlines()]


def in_node(script: str, *args: str) -> Any:
    """The JSON that `clients/{script}` prints under Node."""
    interpreter, folder = environments.node()
    copy = folder / script
    shutil.copyfile(CLIENTS / script, copy)  # node looks for packages beside the script
    return json.loads(_run([interpreter, str(copy), *args], cwd=folder))
