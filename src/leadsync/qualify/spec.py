"""The stages' file as pydantic sees it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from leadsync.qualify.model import Owner
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


class StagesSpec(Table):
    """A stages file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    stage: Annotated[dict[Name, StageSpec], Field(min_length=2)]
    gate: list[GateSpec] = Field(default_factory=list)
    checklist: dict[Name, ChecklistSpec] = Field(default_factory=dict)
    governance: GovernanceSpec = GovernanceSpec()
