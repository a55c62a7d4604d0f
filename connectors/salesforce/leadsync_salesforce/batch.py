"""What becomes of the writes of one batch: still to send, done, refused, or unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leadsync.connector import Outcome, Receipt, Write
from leadsync.errors import SkipRecord
from leadsync.records import Record
from leadsync_salesforce.faults import LOCKED, VendorError, rejected
from leadsync_salesforce.hints import named, without

TAKEN = "DUPLICATE_VALUE"
"""Another record holds a unique value. A new record must not go without it: there would be two of the same."""
OVERRUN = "System.LimitException"
"""How a refusal names that a trigger ran out of what Apex allows: often of time, for 200 records at once, and for fewer
it would not have; salesforce.stackexchange.com, question 377154."""


@dataclass(slots=True)
class Batch:
    """All updates, or all creates by the field `key`. `bodies`: what is still to send, by token, as JSON has it;
    `plain`: fields whose values an admin or leadsync made, so that they tell of nobody, and a rule may use the word."""

    kind: str
    key: str | None
    plain: frozenset[str] = frozenset()
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    created: set[str] = field(default_factory=set)
    refused: dict[str, SkipRecord] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    crowded: set[str] = field(default_factory=set)
    """Refused once for having been too many: to be sent again, fewer at once."""

    @property
    def settled(self) -> bool:
        """Whether the outcome of any write is known, so that the answer must not get lost."""
        return bool(self.ids or self.refused)

    def done(self, token: str, ident: str, *, created: bool) -> None:
        """A write that Salesforce says it has made."""
        self.ids[token] = ident
        if created:
            self.created.add(token)
        del self.bodies[token]

    def fail(self, token: str, error: VendorError) -> None:
        """A write that Salesforce refused; one that was only locked out, or among too many, stays to be sent."""
        if OVERRUN in error.message and token not in self.crowded:
            self.crowded.add(token)
        elif error.code != LOCKED:
            body = self.bodies.pop(token)
            said = without(error.message, (value for name, value in body.items() if name not in self.plain))
            refused = rejected(replace(error, message=said, fields=named(error.message, error.fields)))
            if self.key is not None and error.code == TAKEN:
                refused.fields = ()
            self.refused[token] = refused

    def lose(self, token: str) -> None:
        """A write of which nobody knows whether it was made."""
        self.unknown.add(token)
        del self.bodies[token]

    def receipt(self, write: Write, records: Mapping[str, Record]) -> Receipt:
        """The answer to one write; `records`: what was read back, by id."""
        if (problem := self.refused.get(write.token)) is not None:
            return Receipt(write.token, Outcome.REJECTED, write.id, error=problem)
        ident = self.ids.get(write.token)
        if ident is not None:
            return Receipt(write.token, Outcome.DONE, ident, records.get(ident), created=write.token in self.created)
        assert write.token in self.unknown, "every write is settled or its outcome is unknown"
        return Receipt(write.token, Outcome.UNKNOWN, write.id)
