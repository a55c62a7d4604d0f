"""How the register stands: its local index and age, and whether GLEIF can be reached; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from leadsync.checks import attempt, fail, ok, warn
from leadsync.connector import Check, Clock, Usage
from leadsync_gleif.client import Client
from leadsync_gleif.goldencopy import latest
from leadsync_gleif.load import IndexStatus, status
from leadsync_gleif.settings import GleifSettings

OLD = timedelta(days=7)
"""GLEIF publishes three times a day."""


def check(settings: GleifSettings, clock: Clock) -> Sequence[Check]:
    """The register's checks. Raises nothing that a person could mend: that is a failed check."""
    client = Client(settings.timeout, Usage())
    try:
        if settings.mode == "api" or (settings.mode == "auto" and not status(settings.index).present):
            return attempt("REST API", lambda: _api(client, settings), "see [connector.gleif] api_url")
        found = [_index(settings, status(settings.index), clock)]
        if settings.refresh == "auto":
            found += attempt("publication", lambda: _publication(client, settings), "see [connector.gleif] url")
        return found
    finally:
        client.close()


def _index(settings: GleifSettings, there: IndexStatus, clock: Clock) -> Check:
    if there.problem:
        return fail("index", there.problem, "move the folder away; it is built anew")
    if not there.present:
        text = f"{settings.index}: no register yet"
        if settings.refresh == "auto":
            return warn("index", text, "the next `leadsync sync` downloads it (about 0.5 GB)")
        return fail("index", text, 'set refresh = "auto" in [connector.gleif], or load the Golden Copy yourself')
    size = f"{there.entities:,} entities, {there.bytes / 1e6:,.0f} MB"
    if there.published is None:
        return warn("index", f"{size}, of unknown age", "load a Golden Copy whose date is known")
    age = clock() - there.published
    text = f"{size}, published {there.published:%Y-%m-%d %H:%M}Z ({age.days} days ago)"
    if age <= OLD:
        return ok("index", text)
    fix = "the next `leadsync sync` renews it" if settings.refresh == "auto" else 'set refresh = "auto"'
    return warn("index", text, fix)


def _publication(client: Client, settings: GleifSettings) -> list[Check]:
    return [ok("publication", f"{settings.url}, newest of {latest(client, settings.url).at:%Y-%m-%d %H:%M}Z")]


def _api(client: Client, settings: GleifSettings) -> list[Check]:
    answer = client.json(f"{settings.api}/lei-records", {"page[size]": 1})
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), list):
        return [
            fail("REST API", f"{settings.api} does not answer as GLEIF's API does", "see [connector.gleif] api_url")
        ]
    return [ok("REST API", f"{settings.api}, {settings.requests_per_minute} requests a minute")]
