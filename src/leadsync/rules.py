"""Read what the admin wrote in the mappings folder; all problems of all files are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from leadsync.attribute import AttributionSettings, load_models
from leadsync.config.read import Lookup, text_of
from leadsync.config.read import read as read_config
from leadsync.connector import ObjectType, connector
from leadsync.errors import Misconfigured
from leadsync.files import list_reader, model_files
from leadsync.mapping.load import lint_object
from leadsync.mapping.model import ObjectMap
from leadsync.mapping.problems import Problem, Problems, errors
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
Sides: TypeAlias = Mapping[str, Sequence[ObjectType]]

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


def load_rulebook(folder: Path, sides: Sides) -> Rulebook:
    """Read all files of a mappings folder; raises Problems with everything that is wrong in any of them."""
    rules, problems = check_rulebook(folder, sides)
    if rules is None:
        raise Problems(problems)
    return rules


def lint(path: Path, lookup: Lookup = connector) -> list[Problem]:
    """Everything that is wrong with a configuration and its mapping files, warnings too; no CRM is asked."""
    try:
        draft = read_config(path, lookup)
        if errors(draft.problems) and draft.unsure:
            return sorted(draft.problems)
        return sorted({*draft.problems, *check_rulebook(draft.folder, draft.sides)[1]})
    except Problems as found:
        return list(found.problems)
    except Misconfigured as problem:
        return [Problem(str(path), 0, 0, "LS402", str(problem))]


def check_rulebook(folder: Path, sides: Sides) -> tuple[Rulebook | None, list[Problem]]:
    """All files of a mappings folder, each as far as it can be read, and all problems and warnings; what one needs of
    another is checked where that one is right. There is no rulebook where anything but a warning is wrong."""
    problems: list[Problem] = []

    def read(name: str, parse: Callable[[str, str], T]) -> T | None:
        file = str(folder / name)
        try:
            return parse(text_of(folder / name), file)
        except Problems as found:
            problems.extend(found.problems)
        except Misconfigured as problem:
            problems.append(Problem(file, 0, 0, "LS402", str(problem)))
        return None

    def mapping(name: str, also: Sequence[str] = ()) -> ObjectMap | None:
        made, found = read(name, lambda text, file: lint_object(text, file, sides, also)) or (None, [])
        problems.extend(found)
        return made

    lead, company = mapping("lead.toml", CONDITIONS), mapping("company.toml")
    touches = read("touchpoints.toml", lambda text, file: load_touch_rules(text, file, set(sides)))
    names = vocabulary(lead, company, touches) if lead is not None and company is not None else None
    read_models = [read(name, lambda text, file: load_model(text, file, names)) for name in model_files(folder)]
    models = [model for model in read_models if model is not None]
    all_read = len(models) == len(read_models)
    problems += at_odds(models, str(folder)) if all_read else []
    lists = list_reader(folder)
    stages = read("stages.toml", lambda text, file: load_stages(text, file, models if all_read else (), names, lists))
    ladder = None if stages is None else [stage.id for stage in stages.ladder]
    facts = None if names is None else names.fields
    attribution = read("attribution.toml", lambda text, file: load_models(text, file, set(sides), ladder, facts))
    nurture: NurtureRules | None = NO_NURTURE
    if stages is not None and all_read and (folder / "nurture.toml").exists():
        nurture = read("nurture.toml", lambda text, file: load_nurture(text, file, stages, models, names, set(sides)))
    if nurture is not None and attribution is not None:
        problems += shared_groups(nurture, attribution, folder)
    if errors(problems) or not (lead and company and stages and attribution and touches and nurture):
        return None, problems
    return Rulebook(lead, company, in_order(models), stages, attribution, touches, nurture), problems


def shared_groups(nurture: NurtureRules, attribution: AttributionSettings, folder: Path) -> list[Problem]:
    """A list or campaign that two entries would fill and empty against each other."""
    tracks = [(f"the track {track.name}", at) for track in nurture.tracks for at in track.on.items()]
    touched = [(f"members of {label}", at) for label, on in attribution.members.items() for at in on.items()]
    first: dict[tuple[str, str], str] = {}
    problems = []
    for what, (side, ident) in (*tracks, *touched):
        before = first.setdefault((side, ident), what)
        if before != what:
            text = f"{side} {ident} is given to {before} and to {what}: each needs a list or campaign of its own"
            problems.append(Problem(str(folder / "attribution.toml"), 0, 0, "LS601", text))
    return problems
