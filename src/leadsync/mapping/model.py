"""A mapping as the engine plans on it: canonical fields, and for each the CRM fields it is read from and written to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from leadsync.connector import FieldSpec
from leadsync.mapping.expression import Expression
from leadsync.mapping.transform import Transform
from leadsync.records import Role, Value

OURS = "leadsync"
"""The owner of what leadsync computes itself."""


class WriteMode(StrEnum):
    """Whether a value of ours may replace what stands in the CRM.

    `always`; `tracked`: when the field is blank or still holds what we last wrote; `if_empty`; `never`.
    """

    ALWAYS = "always"
    TRACKED = "tracked"
    IF_EMPTY = "if_empty"
    NEVER = "never"


class Direction(StrEnum):
    """`both`; `read`: never written; `forward_only`: never moved backwards in the field's order; `back_by_clearing`: so
    too, but for our own value, which is cleared before it is set, as the CRM passes over a step back in silence."""

    BOTH = "both"
    READ = "read"
    FORWARD_ONLY = "forward_only"
    BACK_BY_CLEARING = "back_by_clearing"

    @property
    def ordered(self) -> bool:
        """Whether it goes by the field's order."""
        return self in {Direction.FORWARD_ONLY, Direction.BACK_BY_CLEARING}


class Conflict(StrEnum):
    """Who wins when both sides changed: the `owner`; the `newest` where provable; `hold`: a person is asked."""

    OWNER = "owner"
    NEWEST = "newest"
    HOLD = "hold"


class NullPolicy(StrEnum):
    """What to do without a value: `keep` the CRM's, `clear` it, or `fill` in the default."""

    KEEP = "keep"
    CLEAR = "clear"
    FILL = "fill"


@dataclass(frozen=True, slots=True)
class Target:
    """A CRM field. `objects`: the vendor objects it belongs to, empty for all of the role that the side has.

    `values`: canonical value → the CRM's option; `order`: canonical steps, first to last, for directions that go by it;
    `provision`: leadsync sees to it that the field exists.
    """

    side: str
    name: str
    objects: tuple[str, ...] = ()
    write: WriteMode = WriteMode.ALWAYS
    values: Mapping[str, str] = field(default_factory=dict)
    direction: Direction = Direction.BOTH
    order: tuple[str, ...] = ()
    provision: bool = False

    @property
    def writable(self) -> bool:
        """Whether leadsync ever writes it."""
        return self.direction is not Direction.READ and self.write is not WriteMode.NEVER


@dataclass(frozen=True, slots=True)
class FieldMap:
    """One canonical field. Without `sources` it is the CRMs' own; with them, the first that has a value is written.

    `owner`: a side, or "leadsync"; `compare`: the equality used for differences; `when`: the condition to write at all.
    `min_change`: smaller moves of a number are not worth a write; `min_interval`: nor is one so soon after the last.
    `lease`: how long a person's edit is protected (None: for good). `unit`: fields of one unit are written together;
    `follows`: this one alone never triggers a write. `unique`: written to one record per side and object only.
    `fill_blank`: at first sight a blank side may be filled from the other.
    """

    name: str
    type: str = "string"
    sources: tuple[str, ...] = ()
    targets: tuple[Target, ...] = ()
    owner: str = ""
    conflict: Conflict = Conflict.OWNER
    null: NullPolicy = NullPolicy.KEEP
    default: Value = None
    compare: str = "exact"
    transform: tuple[Transform, ...] = ()
    when: Expression | None = None
    min_change: float = 0.0
    min_interval: timedelta | None = None
    lease: timedelta | None = None
    unit: str = ""
    follows: bool = False
    unique: bool = False
    fill_blank: bool = False
    label: str = ""
    description: str = ""
    length: int = 255
    options: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    def targets_in(self, side: str, kind: str) -> Iterator[Target]:
        """Where an object of a side has the field."""
        for target in self.targets:
            if target.side == side and (not target.objects or kind in target.objects):
                yield target


@dataclass(frozen=True, slots=True)
class CreateRule:
    """When a person or company that a side lacks gets a new record there, and constants it starts with."""

    side: str
    kind: str
    when: Expression | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectMap:
    """All fields of a lead or a company. `kinds`: the vendor objects of its role by side, the preferred first."""

    object: str
    role: Role
    fields: Mapping[str, FieldMap]
    creates: tuple[CreateRule, ...] = ()
    file: str = ""
    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _targets: dict[tuple[str, str], Sequence[tuple[FieldMap, Target]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What was asked for before: each record asks."""

    def targets(self, side: str, kind: str) -> Sequence[tuple[FieldMap, Target]]:
        """The fields that an object of a side has, in the file's order."""
        if (side, kind) not in self._targets:
            found = [(mapped, target) for mapped in self.fields.values() for target in mapped.targets_in(side, kind)]
            self._targets[side, kind] = found
        return self._targets[side, kind]

    def vendor_fields(self, side: str, kind: str) -> tuple[str, ...]:
        """The vendor's field names to read for an object, each once."""
        return tuple(dict.fromkeys(target.name for _, target in self.targets(side, kind)))

    def specs(self, side: str) -> list[FieldSpec]:
        """The fields that leadsync must see to on a side: one for each object that is to have it."""
        return [
            FieldSpec(
                kind=kind,
                name=target.name,
                label=mapped.label or mapped.name,
                type=mapped.type,
                description=mapped.description,
                options=tuple(target.values.get(option, option) for option in mapped.options),
                unique=mapped.unique,
                length=mapped.length,
            )
            for kind in self.kinds.get(side, ())
            for mapped, target in self.targets(side, kind)
            if target.provision
        ]
