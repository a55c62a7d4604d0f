"""Read what the admin wrote in the mappings folder; all problems of all files are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from leadsync.attribute import AttributionSettings, load_models
from leadsync.config.lint import shared_groups
from leadsync.connector import ObjectType
from leadsync.errors import Misconfigured
from leadsync.files import list_reader, model_files
from leadsync.mapping.load import load_object
from leadsync.mapping.model import ObjectMap
from leadsync.mapping.problems import Problem, Problems
from leadsync.nurture import NurtureRules, load_nurture
from leadsync.nurture.model import Pace
from leadsync.picture import COMPANY_FACTS
from leadsync.qualify import Stages, load_stages
from leadsync.records import Fields, Role
from leadsync.score import ScoringModel, Vocabulary, at_odds, choose, in_order, load_model
from leadsync.touchpoints import TouchRules, load_touch_rules
from leadsync.traits import TRAITS
from leadsync.traits.facts import FACTS

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
    def vocabulary(self) -> Vocabulary:
        """The names that its files may use."""
        return vocabulary(self.lead, self.company, self.touches)

    @property
    def mappings(self) -> Mapping[Role, ObjectMap]:
        """The mapping of each role."""
        return {Role.PERSON: self.lead, Role.COMPANY: self.company}


def vocabulary(lead: ObjectMap | None, company: ObjectMap | None, touches: TouchRules | None) -> Vocabulary:
    """The names that scoring and stages may use: facts, the mapping's own fields, and the events that touch rules make.
    Each field is known by what the CRMs call it as well, so that no other name makes a protected one harmless."""
    names: dict[str, set[str]] = {}
    for mapping in (lead, company):
        for name, field in mapping.fields.items() if mapping is not None else ():
            names.setdefault(name, set()).update(target.name for target in field.targets)
    own = () if lead is None else tuple(lead.fields)
    aliases = {name: sorted(called) for name, called in names.items()}
    events = None if touches is None else touches.events()
    return Vocabulary(frozenset((*FACTS, *own, *CONDITIONS)), events, aliases)


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
    touches = read("touchpoints.toml", lambda text, file: load_touch_rules(text, file, set(sides)))
    names = vocabulary(lead, company, touches)
    read_models = [read(name, lambda text, file: load_model(text, file, names)) for name in model_files(folder)]
    models = [model for model in read_models if model is not None]
    all_read = len(models) == len(read_models)
    problems += at_odds(models, str(folder))
    lists = list_reader(folder)
    stages = read("stages.toml", lambda text, file: load_stages(text, file, models if all_read else (), names, lists))
    attribution = read("attribution.toml", lambda text, file: load_models(text, file, sides))
    nurture: NurtureRules | None = NO_NURTURE
    if stages is not None and all_read and (folder / "nurture.toml").exists():
        nurture = read("nurture.toml", lambda text, file: load_nurture(text, file, stages, models, names, sides))
    if nurture is not None and attribution is not None:
        problems += shared_groups(nurture, attribution, folder)
    if problems or not (lead and company and stages and attribution and touches and nurture):
        raise Problems(problems)
    return Rulebook(lead, company, in_order(models), stages, attribution, touches, nurture)
