"""A lead's journey, the advice what to do next, and the rules of both, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from leadsync.rulefiles.gates import Condition


class Phase(StrEnum):
    """Where a lead is on its journey, as nurturing sees it."""

    NEW = "new"
    ENGAGED = "engaged"
    QUALIFIED = "qualified"
    WORKING = "working"
    STALLED = "stalled"
    RECYCLED = "recycled"
    DORMANT = "dormant"
    CUSTOMER = "customer"
    LOST = "lost"


class Do(StrEnum):
    """What can be advised."""

    CALL = "call"
    ASSIGN = "assign"
    ENROL = "enrol"
    WAIT = "wait"
    REVIVE = "revive"
    HAND_OVER = "hand_over"
    DROP = "drop"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Pace:
    """The days after which a journey turns. `engaged`: a touch counts as engagement for so long; `stalled`: without a
    touch or work of ours for so long, by phase; `dormant`: without a touch for so long."""

    engaged: int = 60
    stalled: Mapping[Phase, int] = field(default_factory=dict)
    dormant: int = 180


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` contacts on a channel within `days`, for one person or (`account`) for one company."""

    channel: str
    most: int
    days: int
    account: bool = False


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nobody is contacted: each day between two times, on some weekdays (0 is Monday), or on some dates.

    Times are of the `utc_offset` in hours; a span may run over midnight.
    """

    start: time | None = None
    end: time | None = None
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    utc_offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Advise:
    """A rule: when it holds, this is what to do. `cool_down_days`: not again before so many days have passed."""

    id: str
    do: Do
    reason: str
    when: Condition
    channel: str = ""
    track: str = ""
    cool_down_days: int = 0


@dataclass(frozen=True, slots=True)
class Track:
    """Where those who are advised a track are put: by side, the id of a static list or of a campaign."""

    name: str
    on: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaskRule:
    """For which advice a side's CRM gets a task, of what subject ({action}, {reason}), due in how many days."""

    side: str
    do: frozenset[Do]
    subject: str = "{action}: {reason}"
    due_days: int = 1
    priority: str = "Normal"


@dataclass(frozen=True, slots=True)
class NurtureRules:
    """The whole file. `qualified`: the stage from which a lead is qualified; `customer`: stages of customers;
    `lost`: CRM values that mean a lead is lost. `basis_needed`: countries, however written, in which a legal basis must
    be known, be it the person's or the company's.
    `held_out`: the share of leads that get no advice, to compare with.
    """

    pace: Pace
    advice: tuple[Advise, ...]
    qualified: str = "mql"
    customer: frozenset[str] = frozenset(("customer",))
    lost: Mapping[str, frozenset[str]] = field(default_factory=dict)
    caps: tuple[Cap, ...] = ()
    quiet: Quiet = Quiet()
    basis_needed: frozenset[str] = frozenset()
    held_out: float = 0.0
    salt: str = ""
    tracks: tuple[Track, ...] = ()
    tasks: tuple[TaskRule, ...] = ()

    @property
    def memory(self) -> timedelta:
        """For how long contacts with a whole company count for some cap."""
        return timedelta(days=max((cap.days for cap in self.caps if cap.account), default=0))


@dataclass(frozen=True, slots=True)
class Step:
    """A change of phase and its cause in words."""

    phase: Phase
    at: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Course:
    """A lead's journey so far: every change, in order; the last is where it stands. Never empty."""

    steps: tuple[Step, ...]

    @property
    def now(self) -> Step:
        """Where it stands."""
        return self.steps[-1]

    def been(self, *phases: Phase) -> bool:
        """Whether it ever was in one of the phases."""
        return any(step.phase in phases for step in self.steps)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do with a lead now, and why. `hold_until`: not before then; `rule`: the one that said so."""

    do: Do
    reason: str
    rule: str = ""
    channel: str = ""
    track: str = ""
    hold_until: datetime | None = None


def pack(course: Course) -> list[list[str]]:
    """A course as plain JSON values, for a store."""
    return [[step.phase.value, step.at.isoformat(), step.cause] for step in course.steps]


def unpack(data: list[Any]) -> Course:
    """A course from what `pack` made. Raises ValueError on anything else."""
    return Course(
        tuple(Step(Phase(phase), datetime.fromisoformat(at).astimezone(UTC), cause) for phase, at, cause in data)
    )
