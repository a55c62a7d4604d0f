"""The model file as pydantic sees it: its tables, their keys and which values they take."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from leadsync.rulefiles.tables import CENTI, ExcludeSpec, GateSpec, GovernanceSpec, Name, OneOrMore, Points, Table


def _shape(points: object) -> str:
    return "by value" if isinstance(points, dict) else "plain"


PointsOrTable: TypeAlias = Annotated[
    Annotated[Points, Tag("plain")] | Annotated[dict[str, Points], Tag("by value")], Discriminator(_shape)
]
"""One number of points, or a table of them by value; told apart before either is checked."""


class GroupSpec(Table):
    """[group.<id>]"""

    label: str
    limits: tuple[Points, Points]


class RuleSpec(Table):
    """[[rule]]: exactly one of field + points | bands | each, event + points, or when + points."""

    id: Name
    group: str
    label: str
    field: str | None = None
    event: OneOrMore | None = None
    points: PointsOrTable | None = None
    bands: list[tuple[float, Points]] | None = None
    each: Points | None = None
    half_life_days: Annotated[float, Field(gt=0)] | None = None
    fade_days: Annotated[int, Field(gt=0)] | None = None
    window_days: Annotated[int, Field(gt=0)] | None = None
    cap: Points | None = None
    other: Points = 0
    unknown: Points = 0
    names: dict[str, str] = Field(default_factory=dict)
    when: str | None = None
    why: str = ""


class SelectSpec(Table):
    """[select]: whose model this is, where there are several."""

    when: str
    order: int = 0


class ModelSpec(Table):
    """A scoring model file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    label: str = ""
    score_range: tuple[Points, Points] = (0, 100 * CENTI)
    as_of: Literal["utc-midnight"] = "utc-midnight"
    step: Annotated[Points, Field(gt=0)] = 1
    group: Annotated[dict[Name, GroupSpec], Field(min_length=1)]
    rule: Annotated[list[RuleSpec], Field(min_length=1)]
    gate: list[GateSpec] = Field(default_factory=list)
    exclude: list[ExcludeSpec] = Field(default_factory=list)
    grade: dict[str, dict[str, Points]] = Field(default_factory=dict)
    governance: GovernanceSpec = GovernanceSpec()
    select: SelectSpec | None = None
    facts: dict[Name, str] = Field(default_factory=dict)
    events: dict[Name, str] = Field(default_factory=dict)
    stage: dict[str, Any] = Field(default_factory=dict)
