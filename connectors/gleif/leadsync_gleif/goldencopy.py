"""Bring the index up to date from GLEIF's Golden Copy: the smallest delta that reaches, else the full files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from leadsync.connector import Clock, Usage
from leadsync.errors import TryAgain, Unreadable
from leadsync.retry import retrying
from leadsync_gleif.client import Client
from leadsync_gleif.index import Manifest, usable
from leadsync_gleif.load import MOST_SEGMENTS, LoadReport, Progress, _quiet, alone, base_published, load
from leadsync_gleif.rows import Content
from leadsync_gleif.settings import GleifSettings

PUBLISHES = "/api/v2/golden-copies/publishes"
DELTAS = {
    "IntraDay": timedelta(hours=8),
    "LastDay": timedelta(days=1),
    "LastWeek": timedelta(days=7),
    "LastMonth": timedelta(days=31),
}
"""How far back each published delta reaches (GLEIF, "Golden Copy and Delta Files", specification 2.2)."""
DOWNLOADS = "downloads"
DOWNLOADING = "downloading"
"""The lock of who downloads: another one waits, and then finds nothing newer."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A file to be had. `size` in bytes and `records` as announced; None when the server does not say."""

    url: str
    size: int | None = None
    records: int | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """One publication: when, and its files by content; `deltas` by interval."""

    at: datetime
    full: Mapping[Content, Remote]
    deltas: Mapping[str, Mapping[Content, Remote]]


def latest(client: Client, url: str) -> Publish:
    """The newest publication. Raises Unreadable when the answer is not what the publishes API promises."""
    address = f"{url.rstrip('/')}{PUBLISHES}"
    answer = client.json(address, {"page[size]": 1})
    if isinstance(answer, Mapping) and answer.get("data") == []:
        raise Unreadable(f"{address}: no Golden Copy is published there; is it GLEIF's address?")
    try:
        return _publish(answer["data"][0])  # type: ignore[index]
    except (KeyError, IndexError, TypeError, ValueError) as problem:
        raise Unreadable(f"{address}: not the answer of the publishes API ({problem!r})") from problem


def _publish(data: Mapping[str, Any]) -> Publish:
    full: dict[Content, Remote] = {}
    deltas: dict[str, dict[Content, Remote]] = {}
    for content in Content:
        files = data[content.value]
        full[content] = _remote(files["full_file"]["csv"])
        for interval in DELTAS:
            if found := (files.get("delta_files") or {}).get(interval):
                deltas.setdefault(interval, {})[content] = _remote(found["csv"])
    return Publish(_time(data["publish_date"]), full, deltas)


def _remote(file: Mapping[str, Any]) -> Remote:
    return Remote(str(file["url"]), file.get("size"), file.get("record_count"))


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text.replace(" ", "T", 1))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which files to fetch: an interval and its deltas, "full", or "" where nothing is newer. `onto_base`: the delta
    reaches back to the last full load, and takes the place of all deltas since."""

    interval: str
    files: Mapping[Content, Remote]
    onto_base: bool = False


def choose(publish: Publish, have: Manifest | None, base: datetime | None = None) -> Choice:
    """The smallest delta that reaches back to what the index holds, or, where it has had many, to its last full load
    (`base`); else the full files."""
    if have is None or have.published is None:
        return Choice("full", publish.full)
    if publish.at <= have.published:
        return Choice("", {})
    many = len(have.segments) >= MOST_SEGMENTS
    since = base if many else have.published
    for interval, reach in DELTAS.items():
        whole = set(publish.deltas.get(interval, {})) == set(Content)
        if since is not None and publish.at - since <= reach and whole:
            return Choice(interval, publish.deltas[interval], onto_base=many)
    return Choice("full", publish.full)


def refresh(settings: GleifSettings, clock: Clock, progress: Progress = _quiet, *, full: bool = False) -> LoadReport:
    """Download what is newer than the index and swap it in; a download that broke off resumes the next time.

    Raises Unreadable when what arrived is broken or not as announced, TryAgain when the server cannot be reached: the
    old index stays in use.
    """
    client = Client(settings.timeout, Usage())
    try:
        return refresh_with(client, settings, clock, progress, full=full)
    finally:
        client.close()


def refresh_with(
    client: Client, settings: GleifSettings, clock: Clock, progress: Progress, *, full: bool = False
) -> LoadReport:
    """`refresh` over an open client."""
    publish = latest(client, settings.url)
    settings.index.mkdir(parents=True, exist_ok=True)
    with alone(settings.index, DOWNLOADING):
        return _fetched(client, settings, clock, progress, publish, full=full)


def _fetched(
    client: Client, settings: GleifSettings, clock: Clock, progress: Progress, publish: Publish, *, full: bool
) -> LoadReport:
    have = usable(settings.index)
    choice = Choice("full", publish.full) if full else choose(publish, have, base_published(settings.index, have))
    if not choice.files:
        return LoadReport(published=publish.at, fresh=False)
    folder = settings.index / DOWNLOADS
    folder.mkdir(parents=True, exist_ok=True)
    stamp = f"{publish.at:%Y%m%d-%H%M}"
    paths = []
    for content, remote in choice.files.items():
        path = folder / f"{stamp}-gleif-goldencopy-{content.value}-{choice.interval}.csv.zip"
        download(client, remote, path, progress)
        paths.append(path)
    report = _load(paths, settings.index, progress, publish.at, choice, clock)
    _clear(folder)
    expected = choice.files[Content.LEI2].records
    if choice.interval == "full" and expected is not None and report.entities < expected:
        lost = f"{expected - report.entities:,} of {expected:,} announced entities were not in the level 1 file"
        report = replace(report, notes=(*report.notes, lost))
    return report


def _load(
    paths: Sequence[Path], index: Path, progress: Progress, at: datetime, choice: Choice, clock: Clock
) -> LoadReport:
    try:
        delta = choice.interval != "full"
        return load(paths, index, progress, published=at, delta=delta, onto_base=choice.onto_base, clock=clock)
    except Unreadable:
        for path in paths:  # what is broken here would be broken the next time too
            path.unlink(missing_ok=True)
        raise


def download(client: Client, remote: Remote, path: Path, progress: Progress) -> None:
    """Fetch a file to `path`, going on where an earlier attempt stopped. Raises Unreadable when the size is not as
    announced."""
    if path.exists():
        return
    part = path.with_suffix(".part")
    retrying(lambda: _fetch(client, remote, part, progress), sleep=client.sleep)
    size = part.stat().st_size
    if remote.size is not None and size != remote.size:
        part.unlink()
        raise Unreadable(f"{remote.url}: {size:,} bytes arrived, {remote.size:,} were announced; the old index stays")
    part.replace(path)


def _fetch(client: Client, remote: Remote, part: Path, progress: Progress) -> None:
    start = part.stat().st_size if part.exists() else 0
    if remote.size is not None and start >= remote.size:
        return
    with client.stream(remote.url, start) as (resumed, chunks), part.open("ab" if resumed else "wb") as out:
        for chunk in chunks:
            out.write(chunk)
            progress("bytes", out.tell())
    if remote.size is not None and part.stat().st_size < remote.size:
        raise TryAgain(f"{remote.url}: the download broke off")


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
