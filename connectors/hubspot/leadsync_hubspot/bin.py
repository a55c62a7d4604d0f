"""Whether anything went into the recycle bin since the last pass, told by counting instead of reading the whole bin.

HubSpot lists archived records in the order of their ids only, so that finding the newest means reading all of them,
100 a call. Four searches of one result tell as much where nothing happened: the records there are must have grown by
those created since. Two windows are counted, because an index that lags hides what was created just before the last
count, and because what was created just before it may itself have been archived. What counting cannot see (one
record restored while another is archived) is found by the whole reading that a day never goes without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from leadsync_hubspot.records import Source

Json = dict[str, Any]
COUNTING = 4  # calls; a bin of no more pages than this is read
DAY = 86_400_000  # milliseconds between two whole readings at most
OVERLAP = 300_000  # milliseconds; longer than any lag of the index that was seen


class Searches(Protocol):
    """What counting needs of the client."""

    def search(self, kind: str, body: Json) -> Json:
        """One page of a search."""


@dataclass(frozen=True, slots=True)
class Count:
    """What a pass counted at `at` (epoch ms of the server): all live records, and those created shortly before."""

    at: int = 0
    live: int = -1
    recent: int = -1


def count(client: Searches, source: Source, before: Count, at: int) -> tuple[Count, bool]:
    """(this pass's count, whether it agrees with the last one: nothing was archived); at most `COUNTING` calls."""
    live = _total(client, source, 0)
    recent = _total(client, source, at - OVERLAP)
    now = Count(at, live, recent)
    if before.live < 0 or live < 0:
        return now, False
    grown = live - before.live
    if grown != _total(client, source, before.at):
        return now, False
    return now, grown == _total(client, source, before.at - OVERLAP) - before.recent


def _total(client: Searches, source: Source, since: int) -> int:
    """How many live records were created since; -1 where the answer does not say."""
    filters = [{"propertyName": source.created, "operator": "GTE", "value": str(since)}]
    groups = [{"filters": filters}] if since else []
    body = {"filterGroups": groups, "sorts": [], "properties": ["hs_object_id"], "limit": 1, "after": "0"}
    found = client.search(source.kind, body).get("total")
    return found if isinstance(found, int) and not isinstance(found, bool) else -1
