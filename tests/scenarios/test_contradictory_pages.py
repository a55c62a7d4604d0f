"""A page that tells of one record twice: the same is harmless; differently, and nothing of it is taken in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.engine import Stage

from leadsync.connector import Page
from leadsync.errors import Unreadable
from leadsync.records import Record
from leadsync.store import Store

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO"}


def doubled(stage: Stage, second: dict[str, str]) -> None:
    """From now on HubSpot's pages end with their first record once more, with other values in it."""
    honest = stage.hubspot.pull

    def pull(feed: str, cursor: str, fields: Sequence[str], key: str = "") -> Iterator[Page]:
        for page in honest(feed, cursor, fields, key):
            again: tuple[Record, ...] = page.records[:1]
            more = tuple(replace(r, fields={**r.fields, **second}) for r in again)
            yield replace(page, records=(*page.records, *more))

    stage.hubspot.pull = pull  # type: ignore[method-assign]


def test_the_same_twice_is_taken_in_once(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.hubspot.put("contacts", **ADA)
    doubled(stage, {})
    assert len(stage.run().view.leads) == 1


def test_a_contradiction_stops_the_run_and_moves_no_cursor(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    ref = stage.hubspot.put("contacts", **ADA)
    doubled(stage, {"jobtitle": "Clerk"})
    with pytest.raises(Unreadable, match=f"{ref} twice"):
        stage.run()
    assert stage.cursor("hubspot", "contacts") == ""
    with Store(stage.path) as store:
        assert store.pulled.record(ref) is None
    del stage.hubspot.pull  # type: ignore[method-assign]
    assert len(stage.run().view.leads) == 1
