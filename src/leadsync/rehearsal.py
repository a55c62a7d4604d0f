"""Start the vendors' sandboxes together, seed them, and write a configuration that points at them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from leadsync.connector import Connector, Kind, connectors
from leadsync.errors import Misconfigured
from leadsync.files import mappings_folder
from leadsync.sandbox import Sandbox, SandboxClock, Serving, parse_time, shift_times


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Running sandboxes by connector name."""

    servings: Mapping[str, Serving]

    def endpoints(self) -> dict[str, dict[str, str]]:
        """What a client needs to know of each: its URL and credentials."""
        return {name: {"url": s.url, **s.sandbox.credentials()} for name, s in self.servings.items()}

    def sandbox(self, name: str) -> Sandbox:
        """The sandbox behind a connector's name."""
        return self.servings[name].sandbox


@contextmanager
def rehearse(seed: str = "demo", ports: Mapping[str, int] | None = None) -> Iterator[Rehearsal]:
    """Serve all installed connectors' sandboxes on loopback until the block ends. `seed`: "demo", "empty" or a file."""
    installed = connectors()
    sections = load_seed(seed, installed)
    with ExitStack() as stack:
        servings: dict[str, Serving] = {}
        for name, connector in installed.items():
            sandbox: Sandbox = connector.sandbox(SandboxClock())
            if section := sections.get(name):
                _sow(seed, name, sandbox, section)
            port = (ports or {}).get(name, 0)
            try:
                servings[name] = stack.enter_context(Serving(sandbox, port))
            except OSError as problem:
                raise Misconfigured(f"cannot serve {name} on port {port}: {problem.strerror}. Try another.") from None
        yield Rehearsal(servings)


def _sow(seed: str, name: str, sandbox: Sandbox, section: Mapping[str, Any]) -> None:
    try:
        sandbox.seed(_shifted(section, sandbox.clock()))
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        wrong = f"{type(problem).__name__}: {problem}"
        raise Misconfigured(f"{seed}: the section {name!r} is not a seed of that sandbox: {wrong}") from problem


def load_seed(seed: str, installed: Mapping[str, Connector]) -> dict[str, Mapping[str, Any]]:
    """A seed's sections by connector; raises Misconfigured for a file that is none. "empty": CRMs that hold nothing.
    There is always a register, the demo's if need be, for without one no cycle can begin."""
    registers = {name: connector.demo() for name, connector in installed.items() if connector.kind is Kind.REGISTER}
    if seed == "empty":
        return registers
    if seed == "demo":
        return {name: connector.demo() for name, connector in installed.items()}
    try:
        data = json.loads(Path(seed).read_text(encoding="utf-8"))
    except OSError as problem:
        raise Misconfigured(f"{seed}: cannot read it: {problem.strerror}. A seed is demo, empty or a file.") from None
    except ValueError as problem:
        raise Misconfigured(f"{seed}: not JSON: {problem}") from None
    names = ", ".join(installed)
    if not isinstance(data, dict):
        raise Misconfigured(f"{seed}: a seed is an object with sections {names}")
    if unknown := sorted(set(data) - set(installed) - {"anchor"}):
        raise Misconfigured(f"{seed}: a seed is an object with sections {names}; unknown: {', '.join(unknown)}")
    if shapeless := [name for name in installed if not isinstance(data.get(name, {}), dict)]:
        raise Misconfigured(f"{seed}: the section {shapeless[0]!r} is not an object")
    anchor = {"anchor": data.pop("anchor")} if "anchor" in data else {}
    return registers | {name: {**anchor, **section} for name, section in data.items()}


def _shifted(section: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The section with its times moved by whole days so that its anchor falls on the day before `now`'s."""
    rest = {key: value for key, value in section.items() if key != "anchor"}
    if "anchor" not in section:
        return rest
    days = (now.date() - parse_time(section["anchor"]).date()).days
    shifted: Mapping[str, Any] = shift_times(rest, timedelta(days=days))
    return shifted


def write_config(folder: Path, rehearsal: Rehearsal) -> Path:
    """Write config.toml, mappings/ and secrets/ that point at the sandboxes; returns the configuration's path.

    Raises Misconfigured when the folder has a configuration already: nothing a person edited is overwritten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "config.toml"
    if target.exists():
        raise Misconfigured(f"{target} exists. Move it away, or choose another folder.")
    lines = [
        "# Written by leadsync for its sandboxes.",
        "schema = 1",
        'state = "state.db"',
        'mappings = "mappings"',
        "",
    ]
    for name, connector in connectors().items():
        lines.append(f"[connector.{name}]")
        for key, value in rehearsal.endpoints()[name].items():
            lines.append(f"{key} = {json.dumps(_by_reference(folder, connector, name, key, value))}")
        if connector.kind is Kind.REGISTER:
            lines.append('index = "register"')
        lines.append("")
    copy_mappings(folder / "mappings")
    target.write_text("\n".join(lines), encoding="utf-8")
    return target


def _by_reference(folder: Path, connector: Connector, name: str, key: str, value: str) -> str:
    """A secret goes to a file of its own that only we may read, and the configuration names the file."""
    field = connector.settings.model_fields[key]
    if "SecretStr" not in repr(field.annotation):
        return value
    secrets = folder / "secrets"
    secrets.mkdir(mode=0o700, exist_ok=True)
    path = secrets / f"{name}_{key}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(value)
    return f"file:secrets/{path.name}"


def copy_mappings(target: Path) -> None:
    """Copy the shipped mapping files; those that are there already are left alone."""
    target.mkdir(parents=True, exist_ok=True)
    for source in sorted(mappings_folder().rglob("*")):
        goal = target / source.relative_to(mappings_folder())
        if source.is_file() and not goal.exists():
            goal.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, goal)
