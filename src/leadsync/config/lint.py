"""Check a configuration and everything in its mappings folder without asking a CRM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from leadsync.attribute import AttributionSettings, load_models
from leadsync.config.read import Lookup, read, text_of
from leadsync.connector import ObjectType, connector
from leadsync.errors import Misconfigured
from leadsync.files import list_reader, model_files
from leadsync.mapping.load import lint_object
from leadsync.mapping.problems import Problem, Problems
from leadsync.nurture import NurtureRules, load_nurture
from leadsync.qualify import load_stages
from leadsync.score import at_odds, load_model
from leadsync.touchpoints import load_touch_rules

T = TypeVar("T")


def lint(path: Path, lookup: Lookup = connector) -> list[Problem]:
    """Everything that is wrong with a configuration and its mapping files, warnings too; no CRM is asked."""
    try:
        draft = read(path, lookup)
        return sorted({*draft.problems, *_lint_mappings(draft.folder, draft.sides)})
    except Problems as found:
        return list(found.problems)
    except Misconfigured as problem:
        return [Problem(str(path), 0, 0, "LS402", str(problem))]


def _lint_mappings(folder: Path, sides: Mapping[str, Sequence[ObjectType]]) -> list[Problem]:
    """All files, each as far as it can be read; what one needs of another is checked where that one is right."""
    problems: list[Problem] = []

    def check(name: str, load: Callable[[str, str], T]) -> T | None:
        file = str(folder / name)
        try:
            return load(text_of(folder / name), file)
        except Problems as found:
            problems.extend(found.problems)
        except Misconfigured as problem:
            problems.append(Problem(file, 0, 0, "LS402", str(problem)))
        return None

    for name in ("lead.toml", "company.toml"):
        problems += (check(name, lambda text, file: lint_object(text, file, sides)) or (None, []))[1]
    models = [model for name in model_files(folder) if (model := check(name, load_model)) is not None]
    problems += at_odds(models, str(folder))
    stages = check("stages.toml", lambda text, file: load_stages(text, file, models, lists=list_reader(folder)))
    nurture: NurtureRules | None = None
    if stages is not None and (folder / "nurture.toml").exists():
        nurture = check("nurture.toml", lambda text, file: load_nurture(text, file, stages, models, sides=set(sides)))
    attribution = check("attribution.toml", lambda text, file: load_models(text, file, set(sides)))
    check("touchpoints.toml", lambda text, file: load_touch_rules(text, file, set(sides)))
    if nurture is not None and attribution is not None:
        problems += shared_groups(nurture, attribution, folder)
    return problems


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
