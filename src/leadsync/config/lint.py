"""Check a configuration and everything in its mappings folder without asking a CRM."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from leadsync.attribute import load_models
from leadsync.config.read import Lookup, read, text_of
from leadsync.connector import ObjectType, connector
from leadsync.errors import Misconfigured
from leadsync.mapping.load import lint_object
from leadsync.mapping.problems import Problem, Problems
from leadsync.qualify import load_stages
from leadsync.score import load_model
from leadsync.touchpoints import load_touch_rules

OBJECTS = ("lead.toml", "company.toml")
RULES: Mapping[str, Callable[[str, str], object]] = {
    "scoring.toml": load_model,
    "stages.toml": load_stages,
    "attribution.toml": load_models,
    "touchpoints.toml": load_touch_rules,
}
"""The other files of a mappings folder, and what reads them."""


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
    problems: list[Problem] = []
    for name in (*OBJECTS, *RULES):
        try:
            text = text_of(folder / name)
        except Misconfigured as problem:
            problems.append(Problem(str(folder / name), 0, 0, "LS402", str(problem)))
            continue
        problems += _lint_file(name, text, str(folder / name), sides)
    return problems


def _lint_file(name: str, text: str, file: str, sides: Mapping[str, Sequence[ObjectType]]) -> list[Problem]:
    if name in OBJECTS:
        return lint_object(text, file, sides)[1]
    try:
        RULES[name](text, file)
    except Problems as found:
        return list(found.problems)
    return []
