"""What is wrong with a file that an admin wrote: where, what, and what to do next; all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from leadsync.errors import Misconfigured

SIMILAR = 0.6
"""How alike two names must be to be suggested (difflib's ratio)."""

CODES = {
    "LS001": "The file is not TOML. Nothing else of it could be checked.",
    "LS101": "A key that leadsync does not know. Misspelled, in the wrong table, or a side that is not configured.",
    "LS102": "A value that is not one of a closed list.",
    "LS103": "A key that is needed here is missing.",
    "LS104": "A value of the wrong kind, or out of range.",
    "LS105": "A computed value (source) that leadsync does not have.",
    "LS106": "A condition that cannot be read.",
    "LS107": "A name in a condition that is neither a field of this file nor a computed value.",
    "LS108": "A transformation that does not exist, has wrong arguments, or would not come to rest when applied twice.",
    "LS110": "An object that the side does not have.",
    "LS301": "Two mappings write one field of a CRM: they would overwrite each other in every run.",
    "LS302": "Two or more mappings hand a value round in a circle: each run would be answered by another write.",
    "LS303": "A comparison so strict that a CRM's own spelling of the same value would look like an edit.",
    "LS307": "The owner is a side that the field is not mapped to.",
    "LS308": "A stage that only moves forward needs the order of its steps.",
    "LS309": "Two values are written as one option, so that it cannot be read back.",
    "LS310": "A field that never triggers a write by itself needs a unit of fields that do.",
    "LS312": "New records need a unique field, by which a repeated create finds the first.",
    "LS401": "A secret stands in the file, or what it refers to cannot be read.",
    "LS402": "A file or a reference that should be there is not.",
}
"""Every code and what it means."""

WARNINGS = frozenset({"LS303"})
"""Codes that do not stop a run."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One problem. `line` and `column` count from 1 (0: the whole file); `source`: the line, if it may be shown."""

    file: str
    line: int
    column: int
    code: str
    message: str
    help: str = ""
    source: str = ""

    @property
    def severity(self) -> str:
        """ "error" stops the run, "warning" does not."""
        return "warning" if self.code in WARNINGS else "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        lines = [f"{place}: {self.severity}[{self.code}]: {self.message}"]
        if self.source:
            lines += [f"{self.line:>5} | {self.source}", f"      | {' ' * (self.column - 1)}^"]
        if self.help:
            lines.append(f"      = help: {self.help}")
        return "\n".join(lines)


class Problems(Misconfigured):
    """All problems of one or more files; the text shows every one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(problems))
        super().__init__("\n".join([*map(str, self.problems), self._summary()]))

    def _summary(self) -> str:
        files = list(dict.fromkeys(problem.file for problem in self.problems))
        count = len(self.problems)
        return f"{', '.join(files)}: {count} {'problem' if count == 1 else 'problems'}"


def errors(problems: Iterable[Problem]) -> list[Problem]:
    """Those that stop a run."""
    return [problem for problem in problems if problem.severity == "error"]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """ " Did you mean …?" when a known name is near, else ""."""
    folded = {option.casefold(): option for option in known}
    near = get_close_matches(name.casefold(), list(folded), n=1, cutoff=SIMILAR)
    return f' Did you mean "{folded[near[0]]}"?' if near else ""


def listed(names: Sequence[str]) -> str:
    """Names as a person reads them, or "none"."""
    return ", ".join(names) or "none"
