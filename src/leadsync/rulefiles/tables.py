"""What the admins' rule files have in common: strict tables, points, gates, and the names of things."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

CENTI: Final = 100
"""Centi-points in a point."""


def to_centi(points: object) -> int:
    """Points as an integer of centi-points. Raises ValueError for what is no number or finer than a hundredth."""
    if isinstance(points, bool) or not isinstance(points, int | float | Decimal):
        raise ValueError("give a number of points")  # noqa: TRY004 - pydantic locates a ValueError
    amount = Decimal(str(points)) * CENTI
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError("points have at most two decimals")
    return int(amount)


Points: TypeAlias = Annotated[int, BeforeValidator(to_centi)]
"""Written in points, held in centi-points."""
Scalar: TypeAlias = bool | int | float | str
Name: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
OneOrMore: TypeAlias = Annotated[list[str], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)]


class Table(BaseModel):
    """A table that knows its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class GateSpec(Table):
    """[[gate]] and [[exclude]]: field + is (or is_not, at_least), or when."""

    id: Name
    reason: str
    action: Literal["disqualify", "hold", "suppress_nurture", "needs_review"] = "hold"
    field: str | None = None
    is_: Annotated[Scalar | list[Scalar] | None, Field(alias="is")] = None
    is_not: Scalar | list[Scalar] | None = None
    at_least: float | None = None
    when: str | None = None
    stages: OneOrMore | None = None


class ExcludeSpec(Table):
    """[[exclude]]: who is not scored at all."""

    id: Name
    reason: str
    field: str | None = None
    is_: Annotated[Scalar | list[Scalar] | None, Field(alias="is")] = None
    is_not: Scalar | list[Scalar] | None = None
    at_least: float | None = None
    when: str | None = None


class GovernanceSpec(Table):
    """[governance]"""

    never_score: list[str] = Field(default_factory=list)
    commercial: list[str] = Field(default_factory=list)
    about_company: dict[str, str] = Field(default_factory=dict)
