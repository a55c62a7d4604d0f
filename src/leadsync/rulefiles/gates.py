"""Conditions as the files of scoring and stages write them: `when`, or a field and what it is."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol
from unicodedata import normalize

from leadsync.mapping.expression import Expression, ExpressionError, parse
from leadsync.mapping.positions import Path
from leadsync.records import Fields, Value, is_blank, value_text
from leadsync.rulefiles.findings import Findings
from leadsync.rulefiles.governance import Policy, objection
from leadsync.rulefiles.numbers import number
from leadsync.rulefiles.tables import ExcludeSpec, GateSpec, Scalar

DYNAMIC = ("score.", "rule.")
"""Names that stand for results: a file cannot know by itself which there are."""


class Condition(Protocol):
    """A parsed `when` expression."""

    @property
    def names(self) -> frozenset[str]:
        """The fields it looks at."""

    @property
    def text(self) -> str:
        """As the admin wrote it."""

    def holds(self, facts: Fields) -> bool:
        """Whether it is true of these facts."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition that stops something without touching the score. `action`: what it stops, e.g. "disqualify"."""

    id: str
    action: str
    reason: str
    holds: Callable[[Fields], bool]
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading a condition needs: where to note problems, which names there are, and which may not be used."""

    findings: Findings
    fields: Collection[str]
    policy: Policy
    results: Collection[str] | None = ()
    """The names of results (`score.total`, `rule.demo`) that may be used; None: any, for they cannot be known here."""

    def allowed(self, path: Path, name: str, code: str = "LS604") -> bool:
        """Whether a field exists and may be used; if not, it is noted."""
        reason = objection(name, self.policy)
        if reason is not None:
            self.findings.add(path, "LS603", reason, "remove it; a score may not depend on it")
            return False
        if self.results is None and name.startswith(DYNAMIC):
            return True
        return self.findings.known(path, name, {*self.fields, *(self.results or ())}, "fact", code)


def condition(path: Path, text: str, reading: Reading) -> Expression | None:
    """A `when`; None when it cannot be read or names what it may not, which is then noted."""
    try:
        made = parse(text)
    except ExpressionError as problem:
        reading.findings.add(path, "LS106", f"cannot read the condition: {problem}", "see the grammar of `when`")
        return None
    fine = [reading.allowed(path, name, "LS107") for name in sorted(made.names)]
    return made if all(fine) else None


def gate(path: Path, spec: GateSpec | ExcludeSpec, reading: Reading) -> Gate | None:
    """A [[gate]] or [[exclude]]; None when something is wrong with it, which is then noted."""
    ways = [spec.field is not None, spec.when is not None]
    if sum(ways) != 1:
        reading.findings.add(path, "LS609", f'"{spec.id}" needs either field and is, or when')
        return None
    action = spec.action if isinstance(spec, GateSpec) else "exclude"
    if spec.when is not None:
        made = condition((*path, "when"), spec.when, reading)
        return None if made is None else Gate(spec.id, action, spec.reason, made.holds, made.names)
    test = _field_test(path, spec, reading)
    if test is None or spec.field is None:
        return None
    return Gate(spec.id, action, spec.reason, test, frozenset((spec.field,)))


def _field_test(path: Path, spec: GateSpec | ExcludeSpec, reading: Reading) -> Callable[[Fields], bool] | None:
    name = spec.field or ""
    known = reading.allowed((*path, "field"), name)
    given = [spec.is_ is not None, spec.is_not is not None, spec.at_least is not None]
    if sum(given) != 1:
        reading.findings.add(path, "LS609", f'"{spec.id}" needs exactly one of is, is_not, at_least')
        return None
    if not known:
        return None
    if spec.at_least is not None:
        least = spec.at_least
        return lambda facts: (amount := number(facts.get(name))) is not None and amount >= least
    if spec.is_ is not None:
        wanted = keys(spec.is_)
        return lambda facts: _is_one_of(facts.get(name), wanted)
    others = keys(spec.is_not)
    return lambda facts: not is_blank(facts.get(name)) and not _is_one_of(facts.get(name), others)


def keys(values: Scalar | list[Scalar] | None) -> frozenset[str]:
    """One value or several in the spelling they are compared in."""
    several = values if isinstance(values, list) else [] if values is None else [values]
    return frozenset(value_key(value) for value in several)


def _is_one_of(value: Value, wanted: frozenset[str]) -> bool:
    return not is_blank(value) and value_key(value) in wanted


def value_key(value: Value) -> str:
    """The spelling values are compared in: as text, without case and outer blanks, letters and accents as one."""
    return normalize("NFC", value_text(value)).strip().casefold()
