"""Cases beside a model file: leads with the score they are to have, so that an edit that breaks one is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final, Literal

from pydantic import Field

from leadsync.mapping.problems import Problem, Problems
from leadsync.mapping.toml import Document, parse, validate
from leadsync.records import Ref
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.tables import Name, Scalar, Table
from leadsync.score.model import Score, ScoringModel, in_points
from leadsync.score.single import score
from leadsync.touchpoints import Touchpoint
from leadsync.traits import derive

FAILED: Final = "LS621"
"""A case that does not come out as it says."""
UNSEEN: Final = "LS622"
"""A rule that no case sees give points, or none sees give none."""


class TouchSpec(Table):
    """{ event = "…", days = n, times = n }"""

    event: Name
    days: Annotated[float, Field(ge=0)] = 0
    times: Annotated[int, Field(gt=0)] = 1


class ExpectSpec(Table):
    """What is to come out; only what is named is compared. `rules`: points by rule, 0 for one that gives none."""

    total: float | None = None
    grade: str | None = None
    excluded: str | None = None
    groups: dict[str, float] = Field(default_factory=dict)
    rules: dict[str, float] = Field(default_factory=dict)


class CaseSpec(Table):
    """[[case]]"""

    name: str
    facts: dict[str, Scalar] = Field(default_factory=dict)
    touches: list[TouchSpec] = Field(default_factory=list)
    expect: ExpectSpec


class CasesSpec(Table):
    """A file of cases."""

    schema_: Annotated[Literal[1], Field(alias="schema")]
    as_of: date
    case: Annotated[list[CaseSpec], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the cases came out: `problems` (empty: all as they say) and the score of each, by its name."""

    scores: Mapping[str, Score]
    problems: tuple[Problem, ...]


def run_cases(text: str, file: str, model: ScoringModel) -> Outcome:
    """Score the cases of a file; raises Problems when the file itself is wrong. Traits are derived from the facts."""
    document = parse(text, file)
    spec = validate(CasesSpec, document)
    findings = Findings(document)
    findings.unique("case", [case.name for case in spec.case])
    findings.settle()
    noon = datetime.combine(spec.as_of, time(12), UTC)
    scores = [_score(case, model, noon) for case in spec.case]
    problems = [
        problem
        for index, (case, found) in enumerate(zip(spec.case, scores, strict=True))
        for problem in _differences(document, index, case.expect, found)
    ]
    return Outcome({case.name: found for case, found in zip(spec.case, scores, strict=True)}, tuple(problems))


def unseen(outcome: Outcome, model: ScoringModel, file: str) -> list[Problem]:
    """The rules that the cases do not show both at work and at rest."""
    fired = [{reason.id for reason in found.reasons} for found in outcome.scores.values() if not found.excluded]
    problems = []
    for rule in model.rules:
        if not any(rule.id in some for some in fired):
            problems.append(Problem(file, 0, 0, UNSEEN, f'no case sees the rule "{rule.id}" give points'))
        if all(rule.id in some for some in fired):
            problems.append(Problem(file, 0, 0, UNSEEN, f'no case sees the rule "{rule.id}" give none'))
    return problems


def check_cases(text: str, file: str, model: ScoringModel) -> None:
    """Raise Problems unless every case comes out as it says."""
    problems = run_cases(text, file, model).problems
    if problems:
        raise Problems(problems)


def _score(case: CaseSpec, model: ScoringModel, noon: datetime) -> Score:
    person = Ref("case", "person", "1")
    touches = [
        Touchpoint(Ref("case", spec.event, f"{index}.{n}"), person, noon - timedelta(days=spec.days), spec.event, "")
        for index, spec in enumerate(case.touches)
        for n in range(spec.times)
    ]
    return score({**derive(case.facts), **case.facts}, touches, model, noon)


def _differences(document: Document, index: int, expect: ExpectSpec, found: Score) -> list[Problem]:
    given = {reason.id: in_points(reason.centi) for reason in found.reasons}
    pairs: list[tuple[str, object, object]] = []
    if expect.total is not None:
        pairs.append(("total", expect.total, found.total))
    if expect.grade is not None:
        pairs.append(("grade", expect.grade, found.grade))
    if expect.excluded is not None:
        pairs.append(("excluded", expect.excluded, found.excluded))
    pairs += [(f"group {name}", points, found.group(name)) for name, points in expect.groups.items()]
    pairs += [(f"rule {name}", points, given.get(name, 0)) for name, points in expect.rules.items()]
    came = found.text(len(found.reasons), 400) or "no reasons"
    return [
        document.problem(("case", index, "expect"), FAILED, f"{what} is to be {wanted!r} and is {got!r}", came)
        for what, wanted, got in pairs
        if wanted != got
    ]
