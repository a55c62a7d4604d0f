"""A scoring model and a score, as plain frozen values; every amount is an integer of centi-points."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from leadsync.rulefiles.gates import Condition, Gate
from leadsync.rulefiles.tables import CENTI

LIMIT: Final = "limit:"
"""How the ids of limits begin; rules' ids have no colon."""


@dataclass(frozen=True, slots=True)
class ByValue:
    """Points by a field's value, compared as folded text. `other`: a value not listed; `unknown`: none at all."""

    field: str
    points: Mapping[str, int]
    other: int = 0
    unknown: int = 0
    names: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """How a value reads in a reason, e.g. {"vp": "VP"}."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Points by the highest band whose floor a number reaches; below the first floor 0. `floors` rise strictly."""

    field: str
    floors: tuple[float, ...]
    points: tuple[int, ...]
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class Each:
    """Points for each of a count, e.g. customers in the corporate family."""

    field: str
    points: int


@dataclass(frozen=True, slots=True)
class OnEvent:
    """Points for each touch of some kinds, by its age in days: `table[age]`, and `tail` beyond the table."""

    events: frozenset[str]
    table: tuple[int, ...]
    tail: int = 0

    def worth(self, age: int) -> int:
        """Centi-points of one touch `age` days old."""
        return self.table[age] if age < len(self.table) else self.tail


@dataclass(frozen=True, slots=True)
class Flat:
    """Points for nothing but the rule's condition."""

    points: int


Test: TypeAlias = ByValue | Bands | Each | OnEvent | Flat


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the model. `cap`: its greatest amount either way; `when`: the condition under which it applies."""

    id: str
    group: str
    label: str
    test: Test
    cap: int | None = None
    when: Condition | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A sum of rules, kept within `low` and `high`."""

    id: str
    label: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Grading:
    """The letters of one group: (label, least centi-points), best first; `rest` is what is left below them."""

    group: str
    steps: tuple[tuple[str, int], ...]
    rest: str

    def label(self, amount: int) -> str:
        """The label of a group's centi-points."""
        return next((label for label, least in self.steps if amount >= least), self.rest)


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """All that a score depends on besides the lead and the day.

    `step`: each reason is rounded to a multiple of so many centi-points. `order`, `select`: of several models the
    first (by order) whose condition holds is a lead's; a model without a condition takes everybody.
    """

    id: str
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    low: int
    high: int
    step: int = 1
    grading: tuple[Grading, ...] = ()
    gates: tuple[Gate, ...] = ()
    exclusions: tuple[Gate, ...] = ()
    never_score: frozenset[str] = frozenset()
    commercial: frozenset[str] = frozenset()
    order: int = 0
    select: Condition | None = None
    label: str = ""

    def fields(self) -> frozenset[str]:
        """The facts that can move a score."""
        tested = {rule.test.field for rule in self.rules if isinstance(rule.test, ByValue | Bands | Each)}
        asked = {name for rule in self.rules if rule.when is not None for name in rule.when.names}
        return frozenset(tested | asked)

    def events(self) -> frozenset[str]:
        """The kinds of touches that can move a score."""
        return frozenset(event for rule in self.rules if isinstance(rule.test, OnEvent) for event in rule.test.events)


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of a score: what was seen and what it gave, in centi-points. Limits are lines of their own."""

    id: str
    group: str
    label: str
    detail: str
    centi: int

    @property
    def points(self) -> int | float:
        """In points."""
        return in_points(self.centi)

    @property
    def is_limit(self) -> bool:
        """Whether this is what a limit took or gave, and not a rule."""
        return self.id.startswith(LIMIT)

    @property
    def words(self) -> str:
        """Label and detail."""
        return f"{self.label} ({self.detail})" if self.detail else self.label


@dataclass(frozen=True, slots=True)
class Score:
    """What one lead is worth as of a day, and why: the reasons add up to `centi`, always.

    `excluded` says why somebody is not scored at all; only then `total` is None, for 0 is a score.
    """

    model: str
    as_of: datetime
    centi: int
    groups: Mapping[str, int]
    grade: str
    reasons: tuple[Reason, ...]
    gates: tuple[tuple[str, str, str], ...] = ()
    """(id, action, reason) of the model's gates that hold."""
    excluded: str = ""

    @property
    def total(self) -> int | float | None:
        """In points; None when excluded."""
        return None if self.excluded else in_points(self.centi)

    def group(self, name: str) -> int | float | None:
        """A group's sum in points after its limits; None when excluded or when the model has no such group."""
        amount = self.groups.get(name)
        return None if self.excluded or amount is None else in_points(amount)

    def ranked(self) -> list[Reason]:
        """The reasons, those of rules before those of limits, the weightiest first, ties by id."""
        return sorted(self.reasons, key=lambda reason: (reason.is_limit, -abs(reason.centi), reason.id))

    def text(self, n: int = 3, limit: int = 255) -> str:
        """The `n` weightiest reasons as one line of at most `limit` characters, the same for the same score.

        Rules come before limits. Touches are told by their day rather than their age, since the line is read long after
        it was written.
        """
        if self.excluded:
            return f"Not scored: {self.excluded}"[:limit]
        lines = [f"{signed(reason.centi)} {reason.words}" for reason in self.ranked()[:n]]
        while len(lines) > 1 and len("; ".join(lines)) > limit:
            lines.pop()
        line = "; ".join(lines)
        return line if len(line) <= limit else line[: limit - 1] + "…"


def in_points(centi: int) -> int | float:
    """Centi-points as points: an int where they are whole."""
    return centi // CENTI if centi % CENTI == 0 else centi / CENTI


def signed(centi: int) -> str:
    """Centi-points as a person reads them: "+30", "-2.5"."""
    return f"{in_points(centi):+}"
