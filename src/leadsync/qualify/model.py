"""Stages, checklists and gates, and where a lead stands among them, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from leadsync.records import Fields
from leadsync.rulefiles.gates import Condition, Gate

DISQUALIFIED: Final = "disqualified"
"""Where a lead is that a gate has thrown out."""
SUPPRESSED: Final = "suppressed"
"""Where a lead is whom we may not score."""


class Owner(StrEnum):
    """Who moves a lead into a stage."""

    LEADSYNC = "leadsync"
    SALES = "sales"


class Action(StrEnum):
    """What a gate that holds does. Only the first two move a stage; no gate touches a score."""

    DISQUALIFY = "disqualify"
    HOLD = "hold"
    SUPPRESS_NURTURE = "suppress_nurture"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the ladder. Amounts are centi-points.

    To enter: at least `enter`, the groups in `require`, so many elements of the `checklists`, and `when`. To stay: at
    least `leave` and the groups in `keep`; it is not left downwards before `min_days` have passed. A stage of sales is
    entered when a person sets one of the CRM values in `set_by`, and is never left by us; below `recycle_below` we only
    suggest to.
    """

    id: str
    label: str
    owner: Owner = Owner.LEADSYNC
    enter: int | None = None
    leave: int | None = None
    min_days: int = 0
    require: Mapping[str, int] = field(default_factory=dict)
    keep: Mapping[str, int] = field(default_factory=dict)
    checklists: Mapping[str, int] = field(default_factory=dict)
    when: Condition | None = None
    set_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    recycle_below: int | None = None
    answer_hours: float | None = None
    """Speed to lead: how soon after entering somebody of ours should have answered."""


@dataclass(frozen=True, slots=True)
class StageGate:
    """A gate and the stages it keeps leads out of (for `hold`; empty means every stage but the lowest)."""

    gate: Gate
    blocks: frozenset[str] = frozenset()


class ScreeningGate(Protocol):
    """A gate that asks a list, or a service; `screening` has them."""

    @property
    def blocks(self) -> frozenset[str]:
        """The stages it keeps leads out of, as of a `StageGate`."""

    def gates(self, facts: Fields) -> Sequence[tuple[str, str, str]]:
        """(id, action, reason) of what holds; empty when nothing does."""


@dataclass(frozen=True, slots=True)
class Checklist:
    """Evidence as BANT, CHAMP or MEDDIC ask for it: each element is known when its condition holds."""

    id: str
    label: str
    elements: Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class Stages:
    """The ladder, lowest first; the stages of sales come last."""

    ladder: tuple[Stage, ...]
    gates: tuple[StageGate, ...] = ()
    checklists: Mapping[str, Checklist] = field(default_factory=dict)
    screenings: tuple[ScreeningGate, ...] = ()

    def stage(self, name: str) -> Stage | None:
        """The stage of this name; None for the side states and for one that is no more."""
        return next((stage for stage in self.ladder if stage.id == name), None)

    def rank(self, name: str) -> int:
        """How high a stage stands, from 0; -1 for the side states."""
        return next((rank for rank, stage in enumerate(self.ladder) if stage.id == name), -1)

    def at_least(self, name: str, least: str) -> bool:
        """Whether a stage is as high as another; the side states never are."""
        return self.rank(name) >= self.rank(least) >= 0

    @property
    def names(self) -> tuple[str, ...]:
        """All a lead's stage can be: the ladder, then the side states."""
        return (*(stage.id for stage in self.ladder), SUPPRESSED, DISQUALIFIED)


@dataclass(frozen=True, slots=True)
class StageState:
    """Where a lead stands, since when and why.

    `gates`: the reasons of the gates that hold, as (id, action, reason). `held`: what keeps the lead from the next
    stage, or in this one, in words. `reached`: when each stage was first entered. `recycle`: sales has the lead, and we
    would take it back.
    """

    stage: str
    since: datetime
    cause: str
    gates: tuple[tuple[str, str, str], ...] = ()
    held: tuple[str, ...] = ()
    reached: tuple[tuple[str, datetime], ...] = ()
    recycle: bool = False
    answer_by: datetime | None = None
    """Speed to lead: by when somebody should have answered; None where the stage agrees no time."""
    risen: tuple[tuple[str, datetime], ...] = ()
    """When the lead last rose to each stage, or past it."""

    def first(self, stage: str) -> datetime | None:
        """When the lead first entered a stage."""
        return next((at for name, at in self.reached if name == stage), None)

    def last_risen(self, stage: str) -> datetime | None:
        """Since when the lead has stood at a stage or above it, if it does; as far as older states tell."""
        return next((at for name, at in self.risen if name == stage), self.first(stage))

    def has(self, action: Action) -> bool:
        """Whether a gate of this action holds."""
        return any(kind == action for _id, kind, _reason in self.gates)


def pack(state: StageState) -> dict[str, Any]:
    """A state as plain JSON values, for a store."""
    return {
        "stage": state.stage,
        "since": state.since.isoformat(),
        "cause": state.cause,
        "gates": [list(gate) for gate in state.gates],
        "held": list(state.held),
        "reached": [[name, at.isoformat()] for name, at in state.reached],
        "recycle": state.recycle,
        "answer_by": None if state.answer_by is None else state.answer_by.isoformat(),
        "risen": [[name, at.isoformat()] for name, at in state.risen],
    }


def unpack(data: Mapping[str, Any]) -> StageState:
    """A state from what `pack` made. Raises KeyError or ValueError on anything else."""
    return StageState(
        data["stage"],
        _time(data["since"]),
        data["cause"],
        tuple((gate, action, reason) for gate, action, reason in data["gates"]),
        tuple(data["held"]),
        tuple((name, _time(at)) for name, at in data["reached"]),
        data["recycle"],
        None if data.get("answer_by") is None else _time(data["answer_by"]),
        tuple((name, _time(at)) for name, at in data.get("risen", ())),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
