"""Read what the admin wrote in the mappings folder; all problems of all files are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from leadsync.attribute import AttributionSettings, load_models
from leadsync.connector import ObjectType
from leadsync.errors import Misconfigured
from leadsync.files import model_files
from leadsync.mapping.load import load_object
from leadsync.mapping.model import ObjectMap
from leadsync.mapping.problems import Problem, Problems
from leadsync.nurture import NurtureRules, load_nurture
from leadsync.nurture.model import Pace
from leadsync.picture import COMPANY_FACTS
from leadsync.qualify import Stages, load_stages
from leadsync.records import Fields, Role
from leadsync.score import ScoringModel, at_odds, choose, in_order, load_model
from leadsync.touchpoints import TouchRules, load_touch_rules
from leadsync.traits import TRAITS

T = TypeVar("T")

CONDITIONS = (*TRAITS, *COMPANY_FACTS)
"""What conditions of a lead's mapping may name besides its fields and computed values."""


NO_NURTURE = NurtureRules(Pace(), ())
"""Without a nurture.toml journeys go at the usual pace, and nothing is ever advised."""


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Everything the admin decides, besides the configuration. `models`: those of the folder models/, each with its
    [select], and last the one of scoring.toml, which takes every lead that no other does."""

    lead: ObjectMap
    company: ObjectMap
    models: tuple[ScoringModel, ...]
    stages: Stages
    attribution: AttributionSettings
    touches: TouchRules
    nurture: NurtureRules

    def scoring(self, facts: Fields) -> ScoringModel:
        """The model that scores a lead with these facts."""
        return choose(self.models, facts)

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
    models = [model for name in model_files(folder) if (model := read(name, load_model)) is not None]
    problems += at_odds(models, str(folder))
    stages = read("stages.toml", lambda text, file: load_stages(text, file, models))
    attribution = read("attribution.toml", load_models)
    touches = read("touchpoints.toml", lambda text, file: load_touch_rules(text, file, set(sides)))
    nurture: NurtureRules | None = NO_NURTURE
    if stages is not None and (folder / "nurture.toml").exists():
        nurture = read("nurture.toml", lambda text, file: load_nurture(text, file, stages, models))
    if problems or not (lead and company and stages and attribution and touches and nurture):
        raise Problems(problems)
    return Rulebook(lead, company, in_order(models), stages, attribution, touches, nurture)
