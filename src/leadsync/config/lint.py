"""Check a configuration and everything in its mappings folder without asking a CRM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from leadsync.attribute import load_models
from leadsync.config.read import Lookup, read, text_of
from leadsync.connector import ObjectType, connector
from leadsync.errors import Misconfigured
from leadsync.files import list_reader, model_files
from leadsync.mapping.load import lint_object
from leadsync.mapping.problems import Problem, Problems
from leadsync.nurture import load_nurture
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
    if stages is not None and (folder / "nurture.toml").exists():
        check("nurture.toml", lambda text, file: load_nurture(text, file, stages, models, sides=set(sides)))
    check("attribution.toml", load_models)
    check("touchpoints.toml", lambda text, file: load_touch_rules(text, file, set(sides)))
    return problems
