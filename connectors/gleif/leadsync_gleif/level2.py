"""Level 2: who consolidates whom, and why a parent is not named."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

_FIELD = "\x1f"


class Tie(StrEnum):
    """A relationship's type, as GLEIF spells it."""

    DIRECT = "IS_DIRECTLY_CONSOLIDATED_BY"
    ULTIMATE = "IS_ULTIMATELY_CONSOLIDATED_BY"
    MANAGED = "IS_FUND-MANAGED_BY"
    SUBFUND = "IS_SUBFUND_OF"
    FEEDER = "IS_FEEDER_TO"
    BRANCH = "IS_INTERNATIONAL_BRANCH_OF"


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship record. `since` and `until` bound the relationship period; None is open or unknown.

    `status`: the relationship's (ACTIVE, INACTIVE); `registration`: the record's (PUBLISHED, LAPSED, RETIRED ...).
    `deleted`: a delta withdrew it.
    """

    child: str
    parent: str
    tie: Tie
    status: str = "ACTIVE"
    registration: str = "PUBLISHED"
    since: date | None = None
    until: date | None = None
    deleted: bool = False

    @property
    def key(self) -> tuple[str, str, Tie]:
        """What makes two records the same relationship."""
        return (self.child, self.parent, self.tie)

    def holds(self, on: date | None) -> bool:
        """Whether it is in force: now (None), or on a day. A lapsed registration is late paperwork, not an end."""
        if self.deleted or self.registration in {"ANNULLED", "DUPLICATE", "TRANSFERRED"}:
            return False
        if on is None:
            return self.status == "ACTIVE" and self.registration != "RETIRED"
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)

    def owns(self, on: date | None) -> bool:
        """Whether it makes the child part of the parent's family: funds are managed, not owned."""
        return self.tie in {Tie.DIRECT, Tie.ULTIMATE, Tie.BRANCH} and self.holds(on)


def relation_line(relation: Relation) -> bytes:
    """A relation as it is stored."""
    since = relation.since.isoformat() if relation.since is not None else ""
    until = relation.until.isoformat() if relation.until is not None else ""
    fields = (
        relation.child,
        relation.parent,
        relation.tie,
        relation.status,
        relation.registration,
        since,
        until,
        "1" if relation.deleted else "",
    )
    return _FIELD.join(fields).encode()


def relation_of(line: bytes) -> Relation:
    """The relation that `relation_line` wrote."""
    child, parent, tie, status, registration, since, until, deleted = line.decode().split(_FIELD)
    return Relation(
        child,
        parent,
        Tie(tie),
        status,
        registration,
        date.fromisoformat(since) if since else None,
        date.fromisoformat(until) if until else None,
        deleted == "1",
    )


WITHDRAWN = 255
"""The number that stands for an exception a delta withdrew."""


@dataclass(slots=True)
class Exceptions:
    """Reporting exceptions by LEI, reasons as numbers into `reasons` (0: none)."""

    leis: dict[str, int] = field(default_factory=dict)
    direct: array[int] = field(default_factory=lambda: array("B"))
    ultimate: array[int] = field(default_factory=lambda: array("B"))
    reasons: list[str] = field(default_factory=lambda: [""])

    def add(self, lei: str, *, ultimate: bool, reason: str, deleted: bool = False) -> None:
        """Take one exception; the last one of a category counts."""
        row = self.leis.setdefault(lei, len(self.leis))
        if row == len(self.direct):
            self.direct.append(0)
            self.ultimate.append(0)
        (self.ultimate if ultimate else self.direct)[row] = WITHDRAWN if deleted else self._number(reason)

    def _number(self, reason: str) -> int:
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason)

    def __len__(self) -> int:
        return len(self.leis)


REASONS = {
    "NATURAL_PERSONS": "controlled by natural persons",
    "NON_CONSOLIDATING": "the parent is not obliged to consolidate",
    "NO_KNOWN_PERSON": "no known person controls it",
    "NO_LEI": "the parent has no LEI",
    "NON_PUBLIC": "the parent is not public",
    "BINDING_LEGAL_COMMITMENTS": "binding legal commitments forbid naming the parent",
    "LEGAL_OBSTACLES": "legal obstacles forbid naming the parent",
    "CONSENT_NOT_OBTAINED": "the parent did not consent to be named",
    "DETRIMENT_NOT_EXCLUDED": "naming the parent could do harm",
    "DISCLOSURE_DETRIMENTAL": "naming the parent would do harm",
}
"""Level 2 reporting exceptions in words (Reporting Exceptions format 2.1, reason codes)."""


def reason_words(code: str) -> str:
    """The reason in words; a code published later is shown as it is."""
    return REASONS.get(code, code.replace("_", " ").lower())
