"""What is wrong with a model, stages, attribution or touch file beyond its form: collected, and told all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from leadsync.mapping.positions import Path
from leadsync.mapping.problems import Problem, Problems, did_you_mean, errors
from leadsync.mapping.toml import Document

CODES: Final[Mapping[str, str]] = {
    "LS601": "Two entries have the same id: a reason could not be told from another.",
    "LS602": "A name that refers to nothing in this file (a group, a stage, a checklist, a model).",
    "LS603": "A field that may never move a score: protected, commercial, or in never_score.",
    "LS604": "A fact that leadsync does not have.",
    "LS605": "An entry that can never matter.",
    "LS606": "Values in an order that makes no sense, such as a band below the one before it or leave above enter.",
    "LS607": "A threshold that no lead can reach.",
    "LS608": "A rule on where a lead came from must say why: it may stand for what the source costs.",
    "LS609": "An entry that is of no kind, or of two kinds at once.",
    "LS610": "A kind of event that no touch rule makes.",
    "LS611": "The last touch rule must take whatever is left, so that no touch is lost in silence.",
    "LS612": "Shares that do not add up to a whole.",
    "LS613": "A screening list that cannot be read: nobody would be screened against it.",
    "LS621": "A case that does not come out as it says.",
    "LS622": "A rule that the cases do not show both giving points and giving none.",
}
"""What the problems of these files mean."""


@dataclass(slots=True)
class Findings:
    """The problems found in one file so far."""

    document: Document
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: Path, code: str, message: str, hint: str = "") -> None:
        """Note a problem at a key."""
        self.problems.append(self.document.problem(path, code, message, hint))

    def known(self, path: Path, name: str, names: Collection[str], what: str, code: str = "LS602") -> bool:
        """Whether a name is one of those there are; if not, it is noted with the nearest one."""
        if name in names:
            return True
        self.add(path, code, f'there is no {what} "{name}".{did_you_mean(name, names)}', f"{what}s: {_some(names)}")
        return False

    def unique(self, table: str, ids: Iterable[str]) -> None:
        """Note each id that comes up again."""
        seen: set[str] = set()
        for index, name in enumerate(ids):
            if name in seen:
                self.add((table, index, "id"), "LS601", f'the id "{name}" is taken: each [[{table}]] needs its own')
            seen.add(name)

    def settle(self) -> None:
        """Raise Problems if any of them stops a run."""
        if errors(self.problems):
            raise Problems(self.problems)


def _some(names: Collection[str], most: int = 40) -> str:
    shown = sorted(names)[:most]
    return ", ".join(shown) + (" ..." if len(names) > most else "")
