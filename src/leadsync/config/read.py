"""Read config.toml: what to connect to, when to run, how much a run may change; all that is wrong with it at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from leadsync.config.tables import ConfigTable
from leadsync.connector import Connector, Kind, ObjectType, connector
from leadsync.connector.secrets import OFFLINE
from leadsync.errors import Misconfigured
from leadsync.gates import Limits
from leadsync.mapping.model import OURS
from leadsync.mapping.problems import Problem, Problems, errors
from leadsync.mapping.schema import FieldTable
from leadsync.mapping.toml import Document, check, parse
from leadsync.quota import Shares
from leadsync.resolve import ResolveSettings

Lookup: TypeAlias = Callable[[str], Connector]

_SIDE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the daemon runs: a cron line in a time zone, or every so often, moved by up to `jitter_seconds`."""

    every: timedelta = timedelta(minutes=15)
    cron: str = ""
    timezone: str = "UTC"
    jitter_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Configured:
    """One connection: the side it is for, the connector's name and kind, and its validated settings."""

    side: str
    connector: str
    kind: Kind
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class Config:
    """A valid configuration; its paths count from where leadsync was started. `connectors` are by side, in order."""

    file: Path
    state: Path
    mappings: Path
    schedule: Schedule
    sync: Limits
    resolve: ResolveSettings
    connectors: Mapping[str, Configured]
    quota: Shares = field(default_factory=Shares)

    @property
    def quota_file(self) -> Path:
        """Where requests are counted, beside the state."""
        return self.state.with_name("quota.db")


def load(path: Path, lookup: Lookup = connector, *, offline: bool = False) -> Config:
    """Read a configuration. Relative paths, also those of "file:" secrets, count from the file's folder.

    `lookup` finds a connector by name. `offline`: it is for looking at what is known, so that secrets may be missing.
    Raises Problems naming everything that is wrong, or Misconfigured when the file
    cannot be read; no value that may be a secret is ever repeated.
    """
    draft = read(path, lookup, offline=offline)
    if draft.config is None or errors(draft.problems):
        raise Problems(draft.problems)
    return draft.config


# ---- reading


@dataclass(slots=True)
class Draft:
    """A configuration as far as it could be read."""

    folder: Path
    config: Config | None = None
    sides: dict[str, Sequence[ObjectType]] = field(default_factory=dict)
    connectors: dict[str, Configured] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    offline: bool = False
    unsure: bool = False
    """A side may be meant that cannot be told: what the mapping files say of sides is not to be judged yet."""


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Misconfigured(f"{path}: not a text in UTF-8.") from None
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot read it: {problem.strerror}. `leadsync init` writes one.") from None


def read(path: Path, lookup: Lookup, *, offline: bool = False) -> Draft:
    document = parse(text_of(path), str(path), quote=False)
    home = path.parent
    table, problems = check(ConfigTable, document, document.data)
    sound = table is not None and not errors(problems)  # whatever is wrong with the connections
    named = document.data.get("mappings", "mappings")
    draft = Draft(_from(home, named if isinstance(named, str) else "mappings"), problems=problems, offline=offline)
    given = document.data.get("connector", {})
    for side, raw in given.items() if isinstance(given, dict) else ():
        if isinstance(raw, dict):
            _connection(document, side, raw, lookup, draft)
    _check_kinds(document, draft)
    strange = any(isinstance(v, dict) and name not in ConfigTable.model_fields for name, v in document.data.items())
    draft.unsure = draft.unsure or strange or not draft.sides
    if table is not None and sound:
        draft.config = _config(path, table, draft)
    return draft


def _from(home: Path, path: str | Path) -> Path:
    return home / Path(path).expanduser()


def _config(path: Path, table: ConfigTable, draft: Draft) -> Config:
    when = table.schedule
    wanted = {s: c for s, c in draft.connectors.items() if c.kind is not Kind.REGISTER or table.resolve.enabled}
    return Config(
        file=path,
        state=_from(path.parent, table.state),
        mappings=draft.folder,
        schedule=Schedule(when.every, when.cron, when.timezone, int(when.jitter.total_seconds())),
        sync=Limits(**table.sync.model_dump()),
        resolve=ResolveSettings(threshold=table.resolve.threshold),
        connectors=wanted,
        quota=Shares(table.quota.burst_share, table.quota.day_share),
    )


def _connection(document: Document, side: str, raw: Mapping[str, Any], lookup: Lookup, draft: Draft) -> None:
    at = ("connector", side)
    if not _SIDE.fullmatch(side) or side in {OURS, *FieldTable.model_fields}:
        text = f'"{side}" cannot name a side: lower-case letters, digits and _, and not a word of the mapping language.'
        draft.problems.append(document.problem(at, "LS104", text))
        draft.unsure = True
        return
    try:
        found = lookup(str(raw.get("connector", side)))
    except Misconfigured as problem:
        draft.problems.append(document.problem(at, "LS402", str(problem)))
        draft.unsure = True
        return
    if found.kind is Kind.CRM:
        draft.sides[side] = found.objects
    home = Path(document.file).parent
    values = {key: _reference(home, value) for key, value in raw.items() if key != "connector"}
    context = OFFLINE if draft.offline else None
    settings, problems = check(found.settings, document, values, at=at, context=context, also=("connector",))
    draft.problems += problems
    if settings is not None:
        draft.connectors[side] = Configured(side, found.name, found.kind, _absolute(home, settings))


def _reference(home: Path, value: Any) -> Any:
    """A secret's "file:" counts from the configuration's folder, wherever leadsync is started."""
    if isinstance(value, str) and value.startswith("file:"):
        return f"file:{_from(home, value.removeprefix('file:'))}"
    return value


def _absolute(home: Path, settings: BaseModel) -> BaseModel:
    """The settings with every path counted from the configuration's folder, a default one too."""
    paths = {name: value for name in type(settings).model_fields if isinstance(value := getattr(settings, name), Path)}
    return settings.model_copy(update={name: _from(home, path) for name, path in paths.items()})


def _check_kinds(document: Document, draft: Draft) -> None:
    """At least one CRM, at most one register."""
    registers = [c.side for c in draft.connectors.values() if c.kind is Kind.REGISTER]
    if len(registers) > 1:
        text = f"only one register can be asked, here are {', '.join(registers)}."
        draft.problems.append(document.problem(("connector", registers[-1]), "LS104", text))
    if not draft.sides and not errors(draft.problems):
        text = "no CRM is configured: a table [connector.<name>] for each is needed."
        draft.problems.append(document.problem(("connector",), "LS103", text))
