"""The wheel, installed into an empty environment, is the whole product."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run([str(c) for c in command], cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def must(*command: object, cwd: Path) -> str:
    done = run(*command, cwd=cwd)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("dist")
    must(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, cwd=ROOT)
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that holds nothing but the wheel and what it asks for."""
    home = tmp_path_factory.mktemp("env")
    uv = shutil.which("uv")
    if uv is not None:
        must(uv, "venv", "--quiet", "--python", sys.executable, home / "venv", cwd=home)
        must(uv, "pip", "install", "--quiet", "--python", home / "venv" / "bin" / "python", wheel, cwd=home)
    else:
        must(sys.executable, "-m", "venv", home / "venv", cwd=home)
        must(home / "venv" / "bin" / "python", "-m", "pip", "install", "--quiet", wheel, cwd=home)
    return home / "venv" / "bin"


def test_the_wheel_ships_mappings_seeds_and_the_example(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"leadsync/mappings/{path.relative_to(ROOT / 'mappings')}" for path in (ROOT / "mappings").rglob("*.toml")
    }
    seeds = {f"{p.parent.parent.name}/seeds/{p.name}" for p in (ROOT / "connectors").glob("*/*/seeds/*.*")}
    assert shipped
    assert seeds
    assert shipped | seeds | {"leadsync/config.example.toml", "leadsync/py.typed"} <= names


def test_it_runs_in_an_empty_environment(installed: Path, tmp_path: Path) -> None:
    assert must(installed / "leadsync", "--version", cwd=tmp_path).startswith("leadsync, version ")
    told = must(installed / "leadsync", "demo", cwd=tmp_path)
    assert "The 10 best leads" in told
    assert "nothing to write" in told.split("Second run")[1]
    assert list(tmp_path.iterdir()) == []


def test_init_writes_files_that_lint_finds_in_order_but_for_the_secrets(installed: Path, tmp_path: Path) -> None:
    must(installed / "leadsync", "init", cwd=tmp_path)
    done = run(installed / "leadsync", "lint", cwd=tmp_path)
    assert (tmp_path / "mappings" / "lead.toml").exists()
    assert done.returncode == 4
    assert {line.split("error[")[1][:5] for line in done.stdout.splitlines() if "error[" in line} <= {"LS401"}
