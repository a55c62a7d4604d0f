"""A full disk and a damaged state: nothing is lost or doubled in the CRMs, the file is kept, and the text says why."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.engine import Stage, Watched

from leadsync.cli.state import take_stock
from leadsync.records import Ref, Value
from leadsync.store import StoreError
from leadsync.store.salvage import fresh, salvage, take_place
from proofs import scenes
from proofs.crash import Calm, calm, ending
from proofs.folder import scratch
from proofs.forked import Moment, Runs, moment
from proofs.report import Report

PAGE = 4096
"""SQLite's page: what it writes at a time."""

MOST_PAGES = 2_000
NOBODY = 65534

Damage = Callable[[Path], None]


def _flip(start: int) -> Damage:
    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        for place in range(start, min(start + 64, len(content))):
            content[place] ^= 0xFF
        path.write_bytes(content)

    return damage


def _cut(to: Callable[[int], int]) -> Damage:
    def damage(path: Path) -> None:
        path.write_bytes(path.read_bytes()[: to(path.stat().st_size)])

    return damage


def _flip_all_pages(path: Path) -> None:
    """The header of every page but the first: wherever SQLite looks, it must notice."""
    content = bytearray(path.read_bytes())
    for page in range(PAGE, len(content), PAGE):
        content[page : page + 8] = bytes(b ^ 0xFF for b in content[page : page + 8])
    path.write_bytes(content)


def _garbage(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _garbage_wal(path: Path) -> None:
    path.with_name("state.db-wal").write_bytes(os.urandom(3 * PAGE))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES: Mapping[str, Damage] = {
    "flipped bytes in the file's header": _flip(0),
    "flipped bytes in the schema": _flip(100),
    "flipped bytes at the head of every page": _flip_all_pages,
    "cut to half": _cut(lambda size: size // 2),
    "cut to a few bytes": _cut(lambda _: 50),
    "garbage": _garbage,
    "a garbage write-ahead log": _garbage_wal,
    "no bytes": _empty,
    "deleted": Path.unlink,
}


def prove(*, long: bool = False, seed: int = 0) -> Report:  # noqa: ARG001  nothing here is left to chance
    """Let the disk be full at every page of a run, then damage the state in every way."""
    report = Report("a full disk and a damaged state lose nothing")
    scenes_ = scenes.NAMED if long else {"edits": scenes.NAMED["edits"]}
    with scratch() as home, scratch() as folder:
        folder.chmod(0o755)
        points = 0
        for name, build in scenes_.items():
            (home / name).mkdir()
            start = moment(build(home / name))
            points += _full(name, start, calm(start, folder), folder, report)
        report.reach("runs on a disk that was full, at each page", points, len(scenes_))
        refused = [name for name, damage in DAMAGES.items() if _refuses(name, damage, start, folder, report)]
        report.figures["damages refused with the file kept"] = f"{len(refused)} of {len(DAMAGES)}"
        report.figures["a state that may not be written"] = _read_only(start, folder, report)
        rebuilt = [name for name, damage in DAMAGES.items() if _rebuilds(name, damage, start, folder, report)]
        report.figures["damages rebuilt, no write to a CRM"] = f"{len(rebuilt)} of {len(DAMAGES)}"
    return report


def _full(name: str, start: Moment, quiet: Calm, folder: Path, report: Report) -> int:
    """The file may grow to n pages, for every n, until a run passes untouched."""
    with Runs() as runs:
        for pages in range(MOST_PAGES):
            stage = start.again(folder)
            said = runs.attempt(stage, None, prepare=partial(_limit, pages * PAGE))
            if not isinstance(said, str):
                return pages
            report.require("StoreError" in said, f"{name}, {pages} pages: {said}")
            wrong, _ = ending(stage, quiet)
            report.violations.extend(f"{name}, a disk full at {pages} pages: {text}" for text in wrong)
    raise AssertionError("no run passed")


def _limit(most: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # else the kernel kills; a full disk does not
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def _refuses(name: str, damage: Damage, start: Moment, folder: Path, report: Report) -> bool:
    """A damaged state stops the run before anything is written to a CRM, and is left as it is."""
    stage = _settled(start, folder)
    damage(stage.path)
    before, writes = _content(folder), stage.writes()
    try:
        stage.run()
    except StoreError as problem:
        fine = _content(folder) == before and stage.writes() == writes and str(stage.path) in str(problem)
        report.require(fine, f"{name}: the file was changed, or a CRM was written, or the text does not name the file")
        return fine
    except Exception as problem:  # noqa: BLE001  it is the finding
        report.require(False, f"{name}: {type(problem).__name__}: {problem}")  # noqa: FBT003
        return False
    report.require(False, f"{name}: the run went on")  # noqa: FBT003
    return False


def _rebuilds(name: str, damage: Damage, start: Moment, folder: Path, report: Report) -> bool:
    """Made anew from both CRMs, all that was accounted for is so again, and nothing is written, then or later. (What
    waited for a person has its old value in the lost state alone: it is told as differing at first sight.)"""
    stage = _settled(start, folder)
    stage.run()
    stage.run()
    before, writes = _accounted(stage.path), stage.writes()
    damage(stage.path)
    new = fresh(stage.path)
    with Watched(new) as store:
        salvage(stage.path, store, stage.now)
        take_stock(stage.world(store, stage.sides))
    kept = take_place(new, stage.path, "damaged")
    same, quiet = before <= _accounted(stage.path), stage.writes() == writes
    stage.run()
    fine = same and quiet and stage.writes() == writes and all(path.exists() for path in kept)
    report.require(fine, f"{name}: rebuilt otherwise than it was ({same=}, {quiet=}, {stage.writes() - writes} writes)")
    return fine


def _accounted(path: Path) -> set[tuple[Ref, str, Value]]:
    """(record, field, value) of all fields whose shadow is what was read of them."""
    with Watched(path) as store:
        every = [seen for seen in store.pulled.records() if not seen.record.deleted]
    return {
        (seen.record.ref, name, value)
        for seen in every
        for name, value in (seen.shadow or {}).items()
        if seen.record.fields.get(name) == value
    }


def _settled(start: Moment, folder: Path) -> Stage:
    stage = start.again(folder)
    with Watched(stage.path):
        pass  # that there was a state is known from now on
    stage.run()
    return stage


def _content(folder: Path) -> dict[str, bytes]:
    """The state's files, without those that any opening touches."""
    return {p.name: p.read_bytes() for p in folder.glob("state.db*") if not p.name.endswith((".lock", "-shm"))}


def _become_nobody() -> None:
    if os.geteuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _read_only(start: Moment, folder: Path, report: Report) -> str:
    """The state belongs to somebody else: the run says so and writes nothing."""
    stage = _settled(start, folder)
    for path in folder.glob("state.db*"):
        path.chmod(0o444 if not path.name.endswith(".lock") else 0o666)
    writes = stage.writes()
    with Runs() as runs:
        said = runs.attempt(stage, None, prepare=_become_nobody)
    fine = isinstance(said, str) and "StoreError" in said and stage.writes() == writes
    report.require(fine, f"a state that may not be written: {said}")
    return "refused" if fine else "not refused"
