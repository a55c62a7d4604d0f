"""Read what the admin wrote in the mappings folder; all problems of all files are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from leadsync.attribute import AttributionSettings, load_models
from leadsync.connector import ObjectType
from leadsync.errors import Misconfigured
from leadsync.mapping.load import load_object
from leadsync.mapping.model import ObjectMap
from leadsync.mapping.problems import Problem, Problems
from leadsync.picture import COMPANY_FACTS
from leadsync.qualify import Stages, load_stages
from leadsync.records import Role
from leadsync.score import ScoringModel, load_model
from leadsync.touchpoints import TouchRules, load_touch_rules
from leadsync.traits import TRAITS

T = TypeVar("T")

CONDITIONS = (*TRAITS, *COMPANY_FACTS)
"""What conditions of a lead's mapping may name besides its fields and computed values."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything the admin decides, besides the configuration."""

    lead: ObjectMap
    company: ObjectMap
    scoring: ScoringModel
    stages: Stages
    attribution: AttributionSettings
    touches: TouchRules

    @property
    def mappings(self) -> Mapping[Role, ObjectMap]:
        """The mapping of each role."""
        return {Role.PERSON: self.lead, Role.COMPANY: self.company}


def load_rulebook(folder: Path, sides: Mapping[str, Sequence[ObjectType]]) -> Rulebook:
    """Read all files of a mappings folder; raises Problems with everything that is wrong in any of them."""
    problems: list[Problem] = []

    def read(name: str, parse: Callable[[str, str], T]) -> T | None:
        path = folder / name
        try:
            return parse(path.read_text(encoding="utf-8"), str(path))
        except OSError as problem:
            raise Misconfigured(
                f"{path}: cannot read it: {problem.strerror}. `leadsync init` writes the mapping files."
            ) from None
        except Problems as found:
            problems.extend(found.problems)
            return None

    lead = read("lead.toml", lambda text, file: load_object(text, file, sides, CONDITIONS))
    company = read("company.toml", lambda text, file: load_object(text, file, sides))
    scoring = read("scoring.toml", load_model)
    stages = read("stages.toml", lambda text, file: load_stages(text, file, (scoring,) if scoring else ()))
    attribution = read("attribution.toml", load_models)
    touches = read("touchpoints.toml", lambda text, file: load_touch_rules(text, file, set(sides)))
    if problems or not (lead and company and scoring and stages and attribution and touches):
        raise Problems(problems)
    return Rulebook(lead, company, scoring, stages, attribution, touches)
