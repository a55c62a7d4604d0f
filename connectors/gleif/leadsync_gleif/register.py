"""The register the engine opens: the local index, kept up to date, or the REST API."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from leadsync.connector import Changes, Clock, Register, Usage
from leadsync.errors import Misconfigured, TryAgain, Unreadable
from leadsync.records import CompanyQuery, Kin, LegalEntity, Ownership
from leadsync_gleif.client import Client
from leadsync_gleif.goldencopy import refresh_with
from leadsync_gleif.index import Index, Manifest, usable
from leadsync_gleif.ownership import kin_of
from leadsync_gleif.settings import GleifSettings

log = logging.getLogger("leadsync.gleif")


def open_register(settings: GleifSettings, clock: Clock) -> Register:
    """Open the register as configured, downloading it first when it is missing or old and `refresh` is "auto".

    Where `mode` is "auto" and there is no index, the REST API answers, and nothing is downloaded. With an old index at
    hand an unreachable or broken publication, or a full disk, is a warning; without one it stops the run.
    """
    if settings.mode == "api" or (settings.mode == "auto" and Manifest.read(settings.index) is None):
        from leadsync_gleif.api import ApiRegister

        return ApiRegister(settings, clock)
    usage = Usage()
    if settings.refresh == "auto":
        _keep_fresh(settings, clock, usage)
    return IndexRegister(Index.open(settings.index), usage)


def at_hand(settings: GleifSettings, folder: Path | None, clock: Clock) -> Register:
    """Open what is there: the index in a folder, or as configured; nothing is downloaded."""
    if folder is not None:
        settings = settings.model_copy(update={"mode": "index", "index": folder})
    return open_register(settings.model_copy(update={"refresh": "never"}), clock)


def _keep_fresh(settings: GleifSettings, clock: Clock, usage: Usage) -> None:
    have = usable(settings.index)
    now = clock()
    if have is not None and have.published is not None and have.loaded is not None:
        newest = max(have.published, have.loaded)
        if timedelta(0) <= now - newest < timedelta(hours=settings.refresh_hours):
            return
    client = Client(settings.timeout, usage)
    try:
        refresh_with(client, settings, clock, lambda _what, _count: None)
    except (TryAgain, Unreadable, Misconfigured, OSError) as problem:
        if have is None:
            raise
        log.warning("the register could not be refreshed, the one of %s stays in use: %s", have.published, problem)
    finally:
        client.close()


class IndexRegister:
    """The local index as a `Register`."""

    def __init__(self, index: Index, usage: Usage) -> None:
        self.index = index
        self.usage = usage

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        """See `Register`."""
        return self.index.candidates(queries, limit)

    def frequencies(self, names: Sequence[str], countries: Sequence[str]) -> Sequence[Sequence[tuple[int, int]]] | None:
        """See `Counting`."""
        return self.index.frequencies(names, countries)

    def entity(self, lei: str) -> LegalEntity | None:
        """See `Register`."""
        return self.index.entity(lei)

    def ownership(self, lei: str, on: date | None = None) -> Ownership:
        """See `Register`."""
        return self.index.ownership(lei, on)

    def kin(self, lei: str, on: date | None = None, *, up: bool = False) -> Sequence[Kin]:
        """See `Register`."""
        found = self.index.relations(lei) if up else self.index.relations_below(lei)
        return [kin_of(r, self.index.entity, up=up) for r in found if r.holds(on)]

    def changes(self, since: datetime) -> Changes | None:
        """See `Register`."""
        return self.index.changes(since)

    def published(self) -> datetime | None:
        """See `Register`."""
        return self.index.manifest.published

    def close(self) -> None:
        """See `Register`."""
        self.index.close()
