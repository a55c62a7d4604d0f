"""Reading the attribution settings' file."""

from __future__ import annotations

from collections.abc import Collection
from math import isclose
from typing import Annotated, Literal

from pydantic import Field

from leadsync.attribute.model import (
    HOURS_PER_DAY,
    STANDARD,
    AttributionSettings,
    JourneyRules,
    Kind,
    Method,
    Repeats,
    Scope,
)
from leadsync.mapping.toml import parse, validate
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.tables import Name, Table

KEYS = {
    Kind.POSITION: {"first", "middle", "last"},
    Kind.TIME_DECAY: {"half_life_days"},
    Kind.MILESTONES: {"milestones"},
    Kind.MARKOV: {"order"},
}
"""The keys that each kind of model has besides its kind."""
Share = Annotated[float, Field(ge=0, le=1)]


class JourneySpec(Table):
    """[journey]: how touches become a journey."""

    lookback_days: Annotated[float, Field(gt=0)] | None = None
    exclude_channels: list[str] = Field(default_factory=list)
    direct_channels: list[str] = Field(default_factory=lambda: ["direct"])
    repeats: Repeats = Repeats.KEEP
    after_conversion: Literal["drop", "keep"] = "drop"
    restart: bool = True
    nulls: Literal["include", "exclude"] = "include"
    scope: Scope = Scope.PERSON


class MethodSpec(Table):
    """[model.<name>]"""

    kind: Kind
    first: Share | None = None
    middle: Share | None = None
    last: Share | None = None
    half_life_days: Annotated[float, Field(gt=0)] | None = None
    milestones: dict[Literal["first", "lead", "deal", "close"], Share] | None = None
    order: Annotated[int, Field(ge=1, le=3)] | None = None


class InfluenceSpec(Table):
    """[influence]: where campaigns' parts in deals are written, such as on = { salesforce = "LeadSync" }."""

    on: dict[str, str] = Field(default_factory=dict)
    of: Literal["roles", "account"] = "roles"


class AttributionSpec(Table):
    """An attribution file."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    default: str = "position"
    report: list[str] = Field(default_factory=list)
    conversion_stage: Name = "mql"
    journey: JourneySpec = JourneySpec()
    model: dict[Name, MethodSpec] = Field(default_factory=dict)
    cost: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    value: Annotated[float, Field(ge=0)] = 0.0
    value_field: str = ""
    milestone: dict[Literal["lead", "deal"], Name] = Field(default_factory=dict)
    members: dict[str, dict[str, str]] = Field(default_factory=dict)
    influence: InfluenceSpec = InfluenceSpec()


def load_models(
    text: str,
    file: str,
    sides: Collection[str] | None = None,
    stages: Collection[str] | None = None,
    facts: Collection[str] | None = None,
) -> AttributionSettings:
    """Read an attribution file; raises Problems that name everything wrong with it, each with file and line. `sides`:
    the names of the configured CRMs, `stages`: of the ladder, `facts`: what is known of a lead; where they are known.

    The standard models (`STANDARD`) are there without being named; a file may add to them or change them.
    """
    document = parse(text, file)
    spec = validate(AttributionSpec, document)
    findings = Findings(document)
    models = dict(STANDARD) | {name: _method(name, some, findings) for name, some in spec.model.items()}
    findings.known(("default",), spec.default, models, "model")
    if spec.default in models and not models[spec.default].kind.per_touch:
        findings.add(("default",), "LS609", f'"{spec.default}" credits all journeys together, not one lead')
    for index, name in enumerate(spec.report):
        findings.known(("report", index), name, models, "model")
    if stages is not None:
        findings.known(("conversion_stage",), spec.conversion_stage, stages, "stage")
        for mark, stage in spec.milestone.items():
            findings.known(("milestone", mark), stage, stages, "stage")
    if facts is not None and spec.value_field:
        findings.known(("value_field",), spec.value_field, facts, "fact", "LS604")
    for label, on in spec.members.items():
        for side in on if sides is not None else ():
            findings.known(("members", label, side), side, sides or (), "side")
    for side in spec.influence.on if sides is not None else ():
        findings.known(("influence", "on", side), side, sides or (), "side")
    findings.settle()
    report = tuple(spec.report) or (spec.default,)
    return AttributionSettings(
        _journey(spec.journey), models, spec.default, report, spec.cost, spec.conversion_stage, spec.value,
        spec.value_field, {str(name): stage for name, stage in spec.milestone.items()},
        spec.members, spec.influence.on, spec.influence.of,
    )  # fmt: skip


def _journey(spec: JourneySpec) -> JourneyRules:
    return JourneyRules(
        lookback_days=spec.lookback_days,
        exclude=frozenset(spec.exclude_channels),
        direct=frozenset(spec.direct_channels),
        repeats=spec.repeats,
        after_conversion=spec.after_conversion == "keep",
        restart=spec.restart,
        nulls=spec.nulls == "include",
        scope=spec.scope,
    )


def _method(name: str, spec: MethodSpec, findings: Findings) -> Method:
    given = set(spec.model_fields_set) - {"kind"}
    wanted = KEYS.get(spec.kind, set())
    for key in sorted(given - wanted):
        findings.add(("model", name, key), "LS609", f"a {spec.kind} model has no {key}")
    if spec.kind is not Kind.MARKOV:
        for key in sorted(wanted - given):
            findings.add(("model", name), "LS609", f"a {spec.kind} model needs {key}")
    first, middle, last = spec.first or 0, spec.middle or 0, spec.last or 0
    if spec.kind is Kind.POSITION and wanted <= given and not isclose(first + middle + last, 1):
        message = f"first, middle and last add up to {first + middle + last:g}, not to 1"
        findings.add(("model", name), "LS612", message)
    marks = dict(spec.milestones or {})
    if sum(marks.values()) > 1 + 1e-12:
        findings.add(("model", name, "milestones"), "LS612", f"they add up to {sum(marks.values()):g}, more than 1")
    hours = (spec.half_life_days or 0) * HOURS_PER_DAY
    named = {str(key): share for key, share in marks.items()}
    return Method(name, spec.kind, first, middle, last, hours, named, spec.order or 1)
