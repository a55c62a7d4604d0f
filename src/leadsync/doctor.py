"""Look at an installation as a whole, and say of each thing how it stands and what to do about it.

Nothing is changed but the count of requests, nothing is downloaded, and a running daemon is not in the way.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from leadsync.checks import NEARLY_USED, WAIT, attempt, fail, ok, warn
from leadsync.config import Config, Configured
from leadsync.config import load as load_config
from leadsync.connector import Check, Clock, Connector, Crm, Health, Kind, ObjectType, connector
from leadsync.connector.besides import Entries, EntryKind, Groups
from leadsync.errors import LeadsyncError
from leadsync.mapping.model import ObjectMap
from leadsync.quota import DAY, Governor, Lane, Standing, govern
from leadsync.rules import Rulebook, lint, load_rulebook
from leadsync.store import StoreError
from leadsync.store.damage import refuse_damage
from leadsync.store.migrations import MIGRATIONS

WAL_FAULT = ((3, 7, 0), (3, 51, 2))
"""SQLite versions whose WAL reset can damage a database that two connections write; sqlite.org, "The WAL-Reset Bug"."""
LITTLE_SPACE, NO_SPACE = 1 << 30, 100 << 20
"""Bytes: what an index refresh beside a growing state needs, and what a single run does."""
LARGE_STATE = 8 << 30
"""Bytes; far above what 100,000 leads take."""
REBUILD = "`leadsync state rebuild` makes it anew from both CRMs"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Finding:
    """A check and what it is about: "configuration", "machine" or a side."""

    area: str
    check: Check


Lookup = Callable[[str], Connector]


def diagnose(config_path: Path, clock: Clock, lookup: Lookup = connector) -> Iterator[Finding]:
    """All findings, one by one as they are made: configuration, machine, then each connection."""
    configured = configuration(config_path, lookup)
    yield from (Finding("configuration", check) for check in configured)
    yield Finding("machine", sqlite_version(sqlite3.sqlite_version_info))
    try:
        config = load_config(config_path, lookup)
    except LeadsyncError:
        return  # `configuration` has said why
    yield from (Finding("machine", check) for check in machine(config))
    for side, settings in config.connectors.items():
        for check in attempt("connection", partial(_connection, config, settings, clock, lookup)):
            yield Finding(side, check)


# ---- configuration and machine


def configuration(path: Path, lookup: Lookup = connector) -> list[Check]:
    """What the linter says; one line when all is well."""
    made = {"error": fail, "warning": warn}
    found = []
    for p in lint(path, lookup):
        where = f"{p.file}:{p.line}: " if p.line else ""
        found.append(made[p.severity](p.code, where + p.message, p.help or "`leadsync lint` tells more"))
    return found or [ok("files", f"{path} and its mappings are valid")]


def sqlite_version(version: tuple[int, ...]) -> Check:
    """Whether this Python's SQLite has the fault of resetting a WAL."""
    text = ".".join(map(str, version))
    first, last = WAL_FAULT
    if not first <= version <= last:
        return ok("SQLite", text)
    fix = "use 3.51.3 or newer; until then let no other program write the state while leadsync runs (it has one writer)"
    return warn("SQLite", f"{text} can damage a database in WAL mode when two connections write it", fix)


def machine(config: Config) -> list[Check]:
    """The state file, the file of counts, and the disk they are on."""
    found = [_state(config.state), *_private(config.state), _disk(config.state)]
    if config.quota_file.exists():
        count_anew = f"move {config.quota_file} away, and the count begins anew"
        found += [_database("requests", config.quota_file, count_anew), *_private(config.quota_file, "requests")]
    return found


def _state(path: Path) -> Check:
    try:
        refuse_damage(path)
    except StoreError as problem:
        return fail("state", str(problem), REBUILD)
    if not path.exists():
        return ok("state", f"{path}: none yet; the first `leadsync sync` makes it")
    return _database("state", path, f"restore a backup, or {REBUILD}", len(MIGRATIONS))


def _database(name: str, path: Path, damaged: str, schema: int | None = None) -> Check:
    size = path.stat().st_size
    if size == 0:
        return fail(name, f"{path} is empty, which a crash does not leave behind", damaged)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            said = [row[0] for row in db.execute("PRAGMA integrity_check(3)")]
            version = db.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as problem:
        return fail(name, f"{path}: {problem}", damaged)
    if said != ["ok"]:
        return fail(name, f"{path} is damaged: {'; '.join(said)}", damaged)
    if schema is not None and version > schema:
        return fail(name, f"{path} was written by a newer leadsync (schema {version})", "install that version again")
    text = f"{path}: sound, {size / 1e6:,.1f} MB"
    return warn(name, text, "look at what it keeps: it is unusually large") if size > LARGE_STATE else ok(name, text)


def _private(path: Path, name: str = "state") -> list[Check]:
    """The state holds personal data, and who may write the count of requests decides how many go out."""
    if path.exists() and path.stat().st_mode & OTHERS:
        mode = stat.filemode(path.stat().st_mode)
        return [warn(f"{name} permissions", f"{path} is open to others ({mode})", f"chmod 600 {path}")]
    return []


def _disk(path: Path) -> Check:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free
    text, fix = f"{free / 1e9:,.1f} GB free at {folder}", "free some space"
    if not os.access(folder, os.W_OK):
        return fail("disk", f"{folder} cannot be written", "correct its permissions, or set `state` to another folder")
    if free < NO_SPACE:
        return fail("disk", text, fix)
    return warn("disk", text, fix) if free < LITTLE_SPACE else ok("disk", text)


# ---- connections


def _connection(config: Config, settings: Configured, clock: Clock, lookup: Lookup) -> Sequence[Check]:
    made = lookup(settings.connector)
    if made.kind is Kind.REGISTER:
        return made.check(settings.settings, clock) if made.check is not None else []
    crm: Crm = made.open(settings.settings, clock, settings.side)
    try:
        governor = govern(crm, config.quota_file, clock, config.quota, Lane.INTERACTIVE)
        with closing(governor):
            return [*_asked(crm, _rules(config, lookup)), *_ours(governor)]
    finally:
        crm.close()


def _asked(crm: Crm, rules: Rulebook | None) -> Sequence[Check]:
    maps = rules.mappings.values() if rules is not None else ()
    fields: dict[str, Sequence[str]] = {}
    written: dict[str, Sequence[str]] = {}
    created: set[str] = set()
    for mapping in maps:
        for kind in mapping.kinds.get(crm.side, ()):
            fields[kind] = mapping.vendor_fields(crm.side, kind)
            written[kind] = _written(mapping, crm.side, kind)
        created |= {rule.kind for rule in mapping.creates if rule.side == crm.side}
    checks = crm.check(fields, written, created)
    came_in = any(check.name == "credentials" and check.state is not Health.FAIL for check in checks)
    return [*checks, *(_besides(crm, rules) if rules is not None and came_in else ())]


def _besides(crm: Crm, rules: Rulebook) -> Iterator[Check]:
    """What the rules ask for besides fields on this side: lists and campaigns, tasks, campaign influence."""
    tracks, members = rules.nurture.tracks, rules.attribution.members.values()
    groups = {on[crm.side] for on in (*(track.on for track in tracks), *members) if crm.side in on}
    if groups:
        yield from crm.check_groups(sorted(groups)) if isinstance(crm, Groups) else [_lacks(crm, "lists or campaigns")]
    wanted = [(EntryKind.TASK, "")] if any(rule.side == crm.side for rule in rules.nurture.tasks) else []
    model = rules.attribution.influence.get(crm.side)
    for kind, place in (*wanted, *([(EntryKind.INFLUENCE, model)] if model is not None else [])):
        if isinstance(crm, Entries):
            yield from crm.check_entries(kind, place)
        else:
            yield _lacks(crm, kind.value)


def _lacks(crm: Crm, what: str) -> Check:
    return fail(what, f"{crm.side} has none that leadsync can fill", "take it out of nurture.toml and attribution.toml")


def _written(mapping: ObjectMap, side: str, kind: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(target.name for _, target in mapping.targets(side, kind) if target.writable))


def _rules(config: Config, lookup: Lookup) -> Rulebook | None:
    """The mappings, or None where they are broken, which `configuration` has told already."""
    sides: dict[str, Sequence[ObjectType]] = {}
    for side, settings in config.connectors.items():
        if settings.kind is Kind.CRM:
            sides[side] = lookup(settings.connector).objects
    try:
        return load_rulebook(config.mappings, sides)
    except LeadsyncError:
        return None


def _ours(governor: Governor) -> list[Check]:
    return [_share(standing) for standing in governor.standings() if standing.window >= DAY]


def _share(standing: Standing) -> Check:
    text = f"{standing.ours:,} of our share of {standing.cap:,} requests in 24 hours"
    if standing.ours >= standing.cap:
        return fail("our share", text, WAIT)
    return warn("our share", text, WAIT) if standing.ours >= NEARLY_USED * standing.cap else ok("our share", text)


def verdict(findings: Sequence[Finding]) -> Health:
    """The worst of all."""
    states = {finding.check.state for finding in findings}
    return next((state for state in (Health.FAIL, Health.WARN) if state in states), Health.OK)
