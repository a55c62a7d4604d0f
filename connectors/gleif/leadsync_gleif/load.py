"""Load register files into the index, anew or as a delta on top; the old index serves until the new one is whole."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from pathlib import Path

from leadsync.connector import Clock
from leadsync.errors import Misconfigured, Unreadable
from leadsync.records import LegalEntity
from leadsync_gleif.build import Builder
from leadsync_gleif.index import MANIFEST, Index, Manifest, usable
from leadsync_gleif.level2 import Exceptions, Relation
from leadsync_gleif.rows import Columns, Content, Tally, entities, exceptions, relations
from leadsync_gleif.segment import META
from leadsync_gleif.tables import Table, published_at, table

Progress = Callable[[str, int], None]
MOST_SEGMENTS = 9
"""With so many, the next delta reaches back to the full load and replaces all: each costs every search a little."""
SAME = timedelta(seconds=1)
"""Publications so close are one."""
LEAST_SHARE = 0.5
"""A new full load with fewer entities than this share of the old is refused: a published file never shrinks so."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load did. `changed`: LEIs whose record, relations or exceptions a delta touched (None after a full load:
    everything may have changed); `families`: those and all entities below them. `notes`: what a person should know."""

    entities: int = 0
    relations: int = 0
    exceptions: int = 0
    published: datetime | None = None
    full: bool = True
    changed: frozenset[str] | None = None
    families: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    fresh: bool = True
    """False when there was nothing newer to load."""


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """What the index holds. `age` is in seconds at the time asked, None when the data's date is unknown."""

    present: bool
    published: datetime | None = None
    loaded: datetime | None = None
    entities: int = 0
    relations: int = 0
    exceptions: int = 0
    by_registration: tuple[tuple[str, int], ...] = ()
    by_category: tuple[tuple[str, int], ...] = ()
    deltas: int = 0
    bytes: int = 0
    problem: str = ""

    def age(self, now: datetime) -> float | None:
        """Seconds since the data was published."""
        return None if self.published is None else (now - self.published).total_seconds()


def _quiet(_what: str, _count: int) -> None:
    return


def _now() -> datetime:
    return datetime.now(UTC)


def load(  # noqa: PLR0913  the last four are for callers with special needs, by name only
    files: Sequence[Path],
    index_dir: Path,
    progress: Progress = _quiet,
    *,
    published: datetime | None = None,
    delta: bool = False,
    onto_base: bool = False,
    force: bool = False,
    clock: Clock = _now,
) -> LoadReport:
    """Load files into the index in `index_dir` and swap it in.

    With a level 1 file (and `delta` unset) the index is made anew from the files given; else they are a delta on top of
    what is there; `onto_base`: on top of the last full load, in place of all deltas since, to which it must reach back.
    Raises Unreadable when a file is broken, saying which index stays in use, and Misconfigured when a file is missing
    or the new index would lose more than half of the entities (`force` allows it): the old index stays in use.
    """
    index_dir.mkdir(parents=True, exist_ok=True)
    when = published if published is not None else max(published_at(path) for path in _existing(files))
    with alone(index_dir), _old_one_stays(index_dir), _open(files) as opened:
        contents = [content for content, _ in opened]
        full = Content.LEI2 in contents and not delta
        before = usable(index_dir)
        if not full and before is None:
            raise Misconfigured(f"{index_dir}: no register to read, so a full level 1 file is needed first")
        when = _another_edition(when, before)
        tally = Tally()
        seen = _Seen()
        name = _build(opened, index_dir, progress, (tally, seen), when=when, full=full)
        _refuse_shrinking(index_dir, before if full else None, name, force=force)
        kept = () if full or before is None else before.segments[:1] if onto_base else before.segments
        _swap(index_dir, Manifest((*kept, name), when, clock()))
    return _report(index_dir, name, tally, seen, full=full)


def _another_edition(when: datetime, before: Manifest | None) -> datetime:
    """The time of publication, a trifle later where the index already is of that moment: what more of the same
    publication is loaded (its relationships, say) makes another edition, and answers of the one before are old."""
    if before is None or before.published is None or not timedelta(0) <= before.published - when < SAME:
        return when
    return before.published + timedelta(microseconds=1)


@contextmanager
def _old_one_stays(index_dir: Path) -> Iterator[None]:
    """A broken file is told with what goes on being used."""
    try:
        yield
    except Unreadable as problem:
        before = usable(index_dir)
        if before is None:
            raise
        when = f"of {before.published:%Y-%m-%d %H:%M}Z " if before.published is not None else ""
        raise Unreadable(f"{problem}. The register {when}in {index_dir} stays in use.") from problem


def base_published(index_dir: Path, manifest: Manifest | None) -> datetime | None:
    """When the last full load of an index was published."""
    if manifest is None or not manifest.segments:
        return None
    text = _meta(index_dir / manifest.segments[0]).get("published")
    return datetime.fromisoformat(str(text)) if text is not None else None


def _existing(files: Sequence[Path]) -> Sequence[Path]:
    if not files:
        raise Misconfigured("no file given to load")
    for path in files:
        if not path.exists():
            raise Misconfigured(f"{path}: no such file")
    return files


@contextmanager
def _open(files: Sequence[Path]) -> Iterator[list[tuple[Content, Table]]]:
    with ExitStack() as stack:
        tables = [stack.enter_context(table(path)) for path in files]
        yield [(Columns(t.header).content(), t) for t in tables]


class _Seen:
    """The LEIs a load touched, noted on the way through."""

    def __init__(self) -> None:
        self.leis: set[str] = set()
        self.note = False

    def entities(self, source: Iterator[LegalEntity]) -> Iterator[LegalEntity]:
        for entity in source:
            if self.note:
                self.leis.add(entity.lei)
            yield entity

    def relations(self, source: Iterator[Relation]) -> Iterator[Relation]:
        for relation in source:
            if self.note:
                self.leis.add(relation.child)
            yield relation


def _build(
    opened: Sequence[tuple[Content, Table]],
    index_dir: Path,
    progress: Progress,
    notes: tuple[Tally, _Seen],
    *,
    when: datetime,
    full: bool,
) -> str:
    """Write one segment; what was written is removed again when it fails."""
    tally, seen = notes
    seen.note = not full
    kind = "full" if full else "delta"
    path = _free(index_dir, f"{when:%Y%m%d%H%M%S}-{kind}")
    try:
        builder = Builder(path, progress)
        of = {content: [t for c, t in opened if c is content] for content in Content}
        found = chain.from_iterable(entities(t.header, t.rows, tally) for t in of[Content.LEI2])
        builder.add_entities(seen.entities(_not_empty(found) if full else found))
        ties = chain.from_iterable(relations(t.header, t.rows, tally) for t in of[Content.RR])
        reasons = _reasons(of[Content.REPEX], tally, seen, progress)
        builder.finish(seen.relations(ties), reasons, {"published": when.isoformat(), "kind": kind})
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return path.name


def _free(index_dir: Path, name: str) -> Path:
    """A folder of that name that does not exist yet; the caller holds the lock."""
    return next(path for n in count() if not (path := index_dir / f"{name}-{n}").exists())


def _not_empty(found: Iterator[LegalEntity]) -> Iterator[LegalEntity]:
    first = next(found, None)
    if first is None:
        raise Unreadable("the level 1 file holds no entity; download it again")
    yield first
    yield from found


def _reasons(tables: Sequence[Table], tally: Tally, seen: _Seen, progress: Progress) -> Exceptions:
    found = Exceptions()
    for opened in tables:
        for number, row in enumerate(exceptions(opened.header, opened.rows, tally), 1):
            found.add(row.lei, ultimate=row.ultimate, reason=row.reason, deleted=row.deleted)
            if number % 100_000 == 0:
                progress("exceptions", number)
    if seen.note:
        seen.leis.update(found.leis)
    return found


def _refuse_shrinking(index_dir: Path, before: Manifest | None, name: str, *, force: bool) -> None:
    if before is None or force:
        return
    old = sum(_meta(index_dir / segment).get("entities", 0) for segment in before.segments[:1])
    new = _meta(index_dir / name)["entities"]
    if new < old * LEAST_SHARE:
        shutil.rmtree(index_dir / name, ignore_errors=True)
        raise Misconfigured(
            f"the new level 1 file has {new:,} entities, the index in use {old:,}: refused, the old index stays. "
            "If that is meant, load with force, or into another folder."
        )


def _meta(path: Path) -> dict[str, int]:
    try:
        meta: dict[str, int] = json.loads((path / META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return meta


def _swap(index_dir: Path, manifest: Manifest) -> None:
    """Make the manifest the one in force, then remove what it no longer names (open indexes keep their mappings)."""
    temporary = index_dir / f"{MANIFEST}.new"
    with temporary.open("w", encoding="utf-8") as out:
        out.write(manifest.text())
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(index_dir / MANIFEST)
    for path in index_dir.iterdir():
        if path.is_dir() and path.name not in manifest.segments and ("-full-" in path.name or "-delta-" in path.name):
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def alone(index_dir: Path, name: str = "lock") -> Iterator[None]:
    """One loader at a time; the lock goes with the process, however it ends."""
    import fcntl

    with (index_dir / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _report(index_dir: Path, name: str, tally: Tally, seen: _Seen, *, full: bool) -> LoadReport:
    meta = _meta(index_dir / name)
    notes = [f"{rows} rows skipped: unknown {what}" for what, rows in tally.unknown.items()]
    if tally.skipped:
        notes.append(f"{tally.skipped} rows skipped: no LEI or no name")
    families: frozenset[str] = frozenset()
    if not full:
        index = Index.open(index_dir)
        families = frozenset(index.family(seen.leis))
        index.close()
    manifest = Manifest.read(index_dir)
    return LoadReport(
        meta["entities"],
        meta["relations"],
        meta["exceptions"],
        manifest.published if manifest is not None else None,
        full,
        None if full else frozenset(seen.leis),
        families,
        tuple(notes),
    )


def status(index_dir: Path) -> IndexStatus:
    """What the index in a folder holds; `present` is False when there is none, `problem` says what is damaged."""
    try:
        manifest = Manifest.read(index_dir)
        if manifest is None:
            return IndexStatus(present=False)
        index = Index.open(index_dir)
    except (Unreadable, Misconfigured) as problem:
        return IndexStatus(present=False, problem=str(problem))
    counts, entity_count = index.counts(), len(index)
    index.close()
    files = [f for name in manifest.segments for f in (index_dir / name).iterdir()]
    return IndexStatus(
        present=True,
        published=manifest.published,
        loaded=manifest.loaded,
        entities=entity_count,
        relations=counts.relations,
        exceptions=counts.exceptions,
        by_registration=tuple(counts.registrations.most_common()),
        by_category=tuple(counts.categories.most_common()),
        deltas=len(manifest.segments) - 1,
        bytes=sum(f.stat().st_size for f in files),
    )
