"""Attribution models and the rules by which touches become a journey, as plain frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from leadsync.records import Fields
from leadsync.rulefiles.numbers import number

HOURS_PER_DAY: Final = 24


class Kind(StrEnum):
    """How a conversion is shared out over the touches, or channels, of its journey."""

    FIRST = "first"
    LAST = "last"
    LAST_NON_DIRECT = "last_non_direct"
    LINEAR = "linear"
    POSITION = "position"
    TIME_DECAY = "time_decay"
    MILESTONES = "milestones"
    MARKOV = "markov"
    SHAPLEY = "shapley"
    SHAPLEY_RATE = "shapley_rate"

    @property
    def per_touch(self) -> bool:
        """Whether one journey alone can be credited; the others need all journeys at once."""
        return self not in {Kind.MARKOV, Kind.SHAPLEY_RATE}


@dataclass(frozen=True, slots=True)
class Method:
    """One named attribution model.

    `first`, `middle`, `last`: shares of a position model, adding up to 1. `half_life_hours`: of time decay.
    `milestones`: share by milestone ("first", "lead", "deal", "close"), the rest going to the other touches.
    `order`: how many past channels a Markov state remembers.
    """

    name: str
    kind: Kind
    first: float = 0.4
    middle: float = 0.2
    last: float = 0.4
    half_life_hours: float = 168.0
    milestones: Mapping[str, float] = field(default_factory=dict)
    order: int = 1


class Repeats(StrEnum):
    """What becomes of a channel that comes up again in a journey."""

    KEEP = "keep"
    COLLAPSE = "collapse"
    UNIQUE = "unique"


class Scope(StrEnum):
    """Whose touches make one journey."""

    PERSON = "person"
    ACCOUNT = "account"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class JourneyRules:
    """How touches become a journey.

    `lookback_days`: touches older than so many days before the conversion are left out (None: none are).
    `exclude`: channels that are no touch; `direct`: channels that `last_non_direct` passes over.
    `after_conversion`: whether touches after the conversion stay in. `restart`: a conversion ends the journey and the
    next begins behind it; otherwise each conversion's journey starts with the first touch. `nulls`: whether journeys
    without a conversion count (they do in Markov and Shapley-rate models).
    """

    lookback_days: float | None = None
    exclude: frozenset[str] = frozenset()
    direct: frozenset[str] = frozenset(("direct",))
    repeats: Repeats = Repeats.KEEP
    after_conversion: bool = False
    restart: bool = True
    nulls: bool = True
    scope: Scope = Scope.PERSON


@dataclass(frozen=True, slots=True)
class AttributionSettings:
    """The journey's rules, the models by name and the one that speaks for a lead."""

    journey: JourneyRules
    models: Mapping[str, Method]
    default: str
    report: tuple[str, ...] = ()
    """The models a report shows, in order."""
    costs: Mapping[str, float] = field(default_factory=dict)
    """What a channel or a campaign cost in the reporting period, in the reporting currency."""
    conversion_stage: str = "mql"
    """A lead that reaches this stage has converted."""
    value: float = 0.0
    """What a conversion is worth where nothing else is known, in the reporting currency."""
    value_field: str = ""
    """The fact of a lead that says what its conversion is worth; "" for none."""
    milestones: Mapping[str, str] = field(default_factory=dict)
    """By milestone of W and full-path models ("lead", "deal"), the stage that it is reached with."""

    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By campaign or channel, the list or campaign (by side) that those it has touched are put into."""

    influence: Mapping[str, str] = field(default_factory=dict)
    """By side, the model of campaign influence that leadsync fills; none, where there is no entry."""
    influence_of: str = "roles"
    """Whose touches earn a deal: those with a role in it ("roles"), or all at its account ("account")."""

    def worth(self, facts: Fields) -> float:
        """What the conversion of a lead with these facts is worth."""
        told = number(facts.get(self.value_field)) if self.value_field else None
        return self.value if told is None else float(told)

    @property
    def method(self) -> Method:
        """The default model."""
        return self.models[self.default]


STANDARD: Final[Mapping[str, Method]] = {
    method.name: method
    for method in (
        Method("first", Kind.FIRST),
        Method("last", Kind.LAST),
        Method("last_non_direct", Kind.LAST_NON_DIRECT),
        Method("linear", Kind.LINEAR),
        Method("position", Kind.POSITION),
        Method("u", Kind.POSITION),
        Method("j", Kind.POSITION, first=0.2, middle=0.2, last=0.6),
        Method("inverse_j", Kind.POSITION, first=0.6, middle=0.2, last=0.2),
        Method("time_decay", Kind.TIME_DECAY),
        Method("w", Kind.MILESTONES, milestones={"first": 0.3, "lead": 0.3, "deal": 0.3}),
        Method("full_path", Kind.MILESTONES, milestones=dict.fromkeys(("first", "lead", "deal", "close"), 0.225)),
        Method("markov", Kind.MARKOV),
        Method("markov_2", Kind.MARKOV, order=2),
        Method("markov_3", Kind.MARKOV, order=3),
        Method("shapley", Kind.SHAPLEY),
        Method("shapley_rate", Kind.SHAPLEY_RATE),
    )
}
"""The models everybody knows, for files and settings that name no others. U is 40/20/40, J 20/20/60 (HubSpot's shapes);
W and full path share 0.3 × 3 + 0.1 and 0.225 × 4 + 0.1; time decay halves in 7 days, as HubSpot's does."""
