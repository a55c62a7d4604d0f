"""The flap breaker: a field that leadsync and somebody else keep rewriting is held, and the other writer is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from leadsync.mapping.compare import same
from leadsync.records import Ref, Value


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One acknowledged write of ours: what it replaced, what the CRM made of it, and who had changed the record before
    it (the vendor's user id, or "")."""

    ref: Ref
    field: str
    replaced: Value
    settled: Value
    at: datetime
    other: str = ""


@dataclass(frozen=True, slots=True)
class Flap:
    """A field with so many writes in a row that somebody else undid, and who that was, if the CRM says."""

    ref: Ref
    field: str
    writes: int
    other: str


def flaps(history: Iterable[Rewrite], released: Mapping[tuple[Ref, str], datetime], most: int) -> list[Flap]:
    """The fields of which at least `most` of our writes replaced something else than what our write before had left.
    `history`: oldest first; what was before a field's release does not count."""
    writes: dict[tuple[Ref, str], list[Rewrite]] = defaultdict(list)
    for row in history:
        key = row.ref, row.field
        if key not in released or row.at > released[key]:
            writes[key].append(row)
    found: list[Flap] = []
    for (ref, field), rows in writes.items():
        undone = [b for a, b in pairwise(rows) if not same(a.settled, b.replaced, "exact")]
        if len(undone) >= most:
            others = [row.other for row in undone if row.other]
            found.append(Flap(ref, field, len(rows), others[-1] if others else ""))
    return found
