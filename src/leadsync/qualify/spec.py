"""The stages' file as pydantic sees it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from leadsync.qualify.model import Action, Owner
from leadsync.rulefiles.tables import GateSpec, GovernanceSpec, Name, OneOrMore, Points, Table


class StageSpec(Table):
    """[stage.<id>], lowest first."""

    label: str
    owner: Owner = Owner.LEADSYNC
    enter: Points | None = None
    leave: Points | None = None
    min_days: Annotated[int, Field(ge=0)] = 0
    require: dict[str, Points] = Field(default_factory=dict)
    keep: dict[str, Points] = Field(default_factory=dict)
    checklist: dict[str, Annotated[int, Field(gt=0)]] = Field(default_factory=dict)
    when: str | None = None
    set_by: dict[str, OneOrMore] = Field(default_factory=dict)
    recycle_below: Points | None = None
    answer_hours: Annotated[float, Field(gt=0)] | None = None


class ChecklistSpec(Table):
    """[checklist.<id>] with [checklist.<id>.known]: element = the condition under which it is known."""

    label: str
    known: Annotated[dict[Name, str], Field(min_length=1)]


class ScreeningSpec(Table):
    """[[screening]]: a list beside the stages file, and what a hit does."""

    id: Name
    file: str
    reason: str
    action: Action = Action.DISQUALIFY
    unsure: Action = Action.HOLD
    stages: OneOrMore | None = None
    cleared: list[str] = Field(default_factory=list)


class StagesSpec(Table):
    """A stages file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    stage: Annotated[dict[Name, StageSpec], Field(min_length=2)]
    gate: list[GateSpec] = Field(default_factory=list)
    checklist: dict[Name, ChecklistSpec] = Field(default_factory=dict)
    screening: list[ScreeningSpec] = Field(default_factory=list)
    governance: GovernanceSpec = GovernanceSpec()
