"""The shape of a mapping file: its tables and keys, as pydantic checks them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from leadsync.mapping.compare import COMPARISONS, known_comparison
from leadsync.mapping.duration import Duration
from leadsync.mapping.model import Conflict, Direction, NullPolicy, WriteMode
from leadsync.records import Value


def _comparison(how: str) -> str:
    if not known_comparison(how):
        raise ValueError(f'"{how}" is not one of {", ".join(COMPARISONS)} or number(n)')
    return how


def _alternatives(value: object) -> object:
    """ "a|b" means the first that has a value; a list of names says the same."""
    return [part.strip() for part in value.split("|")] if isinstance(value, str) else value


class Strict(BaseModel):
    """No key that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True)


class Shared(Strict):
    """Keys that [defaults] and [field.x] have in common; None: not given here."""

    write: Annotated[WriteMode | None, Field(strict=False)] = None
    direction: Annotated[Direction | None, Field(strict=False)] = None
    conflict: Annotated[Conflict | None, Field(strict=False)] = None
    null: Annotated[NullPolicy | None, Field(strict=False)] = None
    compare: Annotated[str, AfterValidator(_comparison)] | None = None
    fill_blank: bool | None = None
    lease: Duration | None = None
    min_interval: Duration | None = None


class TargetTable(Strict):
    """[field.x.<side>], or the inline table behind the side's name."""

    name: Annotated[str, Field(min_length=1)] | None = None
    objects: tuple[str, ...] | None = Field(default=None, strict=False)
    write: Annotated[WriteMode | None, Field(strict=False)] = None
    direction: Annotated[Direction | None, Field(strict=False)] = None
    values: dict[str, str] | None = None
    order: tuple[str, ...] | None = Field(default=None, strict=False)
    provision: bool | None = None


class FieldTable(Shared):
    """[field.x] without the sides' keys."""

    label: str = ""
    description: str = ""
    type: Literal["string", "text", "int", "number", "bool", "date", "datetime", "enum"] = "string"
    source: Annotated[tuple[str, ...], BeforeValidator(_alternatives), Field(strict=False)] = ()
    owner: str = ""
    default: Any = None
    transform: tuple[str, ...] = Field(default=(), strict=False)
    when: str | None = None
    min_change: float = Field(default=0.0, ge=0)
    unit: str = ""
    follows: bool = False
    unique: bool = False
    provision: bool | None = None
    length: int = Field(default=255, ge=1, le=131072)
    options: tuple[str, ...] = Field(default=(), strict=False)
    values: dict[str, str] | None = None
    order: tuple[str, ...] | None = Field(default=None, strict=False)


class CreateTable(Strict):
    """[create.<side>]"""

    object: str
    when: str | None = None
    fields: dict[str, Value] = Field(default_factory=dict)


class FileTable(Strict):
    """The whole file; fields and creates are looked at one by one."""

    schema_version: Literal[1] = Field(alias="schema")
    object: Literal["lead", "company"]
    defaults: Shared = Shared()
    field: dict[str, dict[str, Any]] = Field(default_factory=dict)
    create: dict[str, Any] = Field(default_factory=dict)
    table: dict[str, dict[str, str]] = Field(default_factory=dict)
