"""The nouns of a plan: what is known and wanted of a lead, what is to be written, what is left alone, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leadsync.mapping.expression import Expression
from leadsync.mapping.model import FieldMap, ObjectMap
from leadsync.mapping.transform import apply
from leadsync.merge import Verdict
from leadsync.records import Fields, Ref, Value, is_blank


@dataclass(frozen=True, slots=True)
class Member:
    """One CRM record of a subject, as last read. `primary`: it carries the unique fields of its side and object."""

    ref: Ref
    fields: Fields
    shadow: Fields | None
    read_only: bool = False
    primary: bool = True
    modified: datetime | None = None
    modified_by: str = ""
    awaited: bool = False
    """Another record took its place, and was not seen yet."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A lead or a company with all that is known and wanted of it.

    `facts`: canonical values for conditions; `computed`: leadsync's own, by source ("score.total"); `verdicts`: what
    became of each two-way field; `links`: what a new record is to be associated with, by side and vendor object.
    """

    uid: str
    object: ObjectMap
    members: tuple[Member, ...]
    facts: Mapping[str, Value]
    computed: Mapping[str, Value]
    verdicts: Mapping[str, Verdict]
    links: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why leadsync's own values are what they are, by the first part of their source ("score", "company")."""
    closed: frozenset[str] = frozenset()
    """Sides on which a person deleted its record: it is never made again there."""
    carriers: Mapping[tuple[str, str], Ref] = field(default_factory=dict)
    """(side, vendor object) → the record of somebody else that still carries its leadsync id there."""

    def worked_out(self, mapped: FieldMap) -> Value:
        """What leadsync computed for a field, brought to the form the mapping asks for; None when there is nothing."""
        found = next((v for s in mapped.sources if not is_blank(v := self.computed.get(s))), None)
        return apply(mapped.transform, found)

    def allows(self, when: Expression | None) -> bool:
        """Whether a mapping's condition holds."""
        return when is None or when.holds({**self.facts, **self.computed})


@dataclass(frozen=True, slots=True)
class LastWrite:
    """What we last sent to a field, what the CRM made of it, and when it was acknowledged."""

    sent: Value
    settled: Value
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a CRM refused, why, and the record's modified date then: once it has changed, it is worth another try.

    `named`: the vendor fields of `sent` that the CRM named as the cause; none, where it refused the write as a whole.
    """

    sent: Fields
    reason: str
    version: datetime | None = None
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Lease:
    """A person's value in a field that leadsync would write, and since when leadsync knows of it."""

    value: Value
    since: datetime


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier runs left, by (record, vendor field): last writes, people's values, fields that flap (and who else
    writes them); and what each record refused."""

    written: Mapping[tuple[Ref, str], LastWrite] = field(default_factory=dict)
    refused: Mapping[Ref, Refusal] = field(default_factory=dict)
    leases: Mapping[tuple[Ref, str], Lease] = field(default_factory=dict)
    flapping: Mapping[tuple[Ref, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One field's write: `old` and `new` in the vendor's spelling, `why` in words, the mapping's file and line.

    `guarded`: a person may edit the field, so that it is read once more just before it is written. `unit`: it is only
    written together with the other fields of that name. `back`: one of the two writes of a step back, which a
    CRM may take only as a clear and, behind it, a set.
    """

    field: str
    target: str
    old: Value
    new: Value
    why: str
    rule: str
    guarded: bool = False
    unit: str = ""
    back: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One record's write. `id` None: a new record, created or found by `key`. `turn`: 1 for what may only be sent when
    the record's other step has gone through."""

    uid: str
    object: str
    side: str
    kind: str
    id: str | None
    changes: tuple[Change, ...]
    key: tuple[str, str] | None = None
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    turn: int = 0

    @property
    def ref(self) -> Ref:
        """The record; a new one stands under its leadsync id."""
        return Ref(self.side, self.kind, self.id if self.id is not None else f"new:{self.uid}")

    @property
    def values(self) -> dict[str, Value]:
        """What is sent, by vendor field."""
        return {change.target: change.new for change in self.changes}


QUIET = frozenset(
    {"same", "agreed", "condition", "null", "read", "read_only", "unreadable", "secondary", "unmapped", "follows"}
)
"""Reasons for which nothing was to be written anyway: told when somebody asks, not in every plan."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A field that is left as it is. `reason`: "person", "held", "unbased", "refused", "small", "backwards" …

    `waits`: it stays open, so that what is wanted now is not forgotten; `until`: when a person's protection ends.
    """

    uid: str
    ref: Ref
    field: str
    target: str
    there: Value
    wanted: Value
    reason: str
    detail: str
    waits: bool = False
    until: datetime | None = None

    @property
    def quiet(self) -> bool:
        """Whether a plan need not tell of it."""
        return self.reason in QUIET and not self.waits


Accounted = Mapping[str, Mapping[Ref, Fields]]
"""By mapping field and record: the values that count as accounted for once the field's every write came through."""


@dataclass(frozen=True, slots=True)
class Held:
    """A field whose records contradict each other: `cells` is what each says, in canonical form."""

    uid: str
    object: str
    field: str
    cells: tuple[tuple[Ref, Value], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, all that is kept, and for each record the values that count as accounted for once this plan stands;
    `after`: by lead or company, those that count once the writes of their field came through."""

    steps: Sequence[Step]
    kept: Sequence[Kept]
    shadows: Mapping[Ref, Fields]
    after: Mapping[str, Accounted] = field(default_factory=dict)
    held: Sequence[Held] = ()
