"""What a lead's score would be if one more thing were known or happened: exact, because the score is done over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median_low
from typing import Final

from leadsync.records import Fields, Ref, Value, is_blank
from leadsync.rulefiles.numbers import told
from leadsync.score.model import Bands, ByValue, Each, OnEvent, Rule, Score, ScoringModel, in_points, signed
from leadsync.score.single import score
from leadsync.touchpoints import Touchpoint

KNOWN_BY: Final = {
    "seniority": "the job title", "department": "the job title", "industry_group": "the industry",
    "employees": "the number of employees", "has_phone": "a phone number", "has_company": "the company",
    "lei": "the legal entity",
}  # fmt: skip
"""What a person would have to find out, where a fact follows from another."""
SUPPOSED: Final = "supposed"
"""The side of a touch that has not happened."""


@dataclass(frozen=True, slots=True)
class Gain:
    """One thing that would change a score: a fact that is unknown now, or one more touch today.

    `best`, `middle`: the change of the total in centi-points with the best value and with the median one; for a touch
    both are the same. `value`: the best value, or the event.
    """

    rule: str
    label: str
    best: int
    middle: int
    value: Value
    field: str = ""
    event: str = ""

    @property
    def words(self) -> str:
        """As a person reads it: "+12 if the job title were known (VP; typically +5)"."""
        if self.event:
            return f"{signed(self.best)} if this happened today: {self.label}"
        what = KNOWN_BY.get(self.field, self.field.replace("_", " "))
        return f"{signed(self.best)} if {what} were known ({self.label}; typically {in_points(self.middle):+})"


@dataclass(frozen=True, slots=True)
class Standing:
    """A lead as it is, or as it would be, on a day."""

    facts: Fields
    touches: tuple[Touchpoint, ...]
    as_of: datetime

    def score(self, model: ScoringModel) -> Score:
        """Its score."""
        return score(self.facts, self.touches, model, self.as_of)

    def supposing(self, gain: Gain) -> Standing:
        """The lead with one more thing known or done."""
        if not gain.event:
            return Standing({**self.facts, gain.field: gain.value}, self.touches, self.as_of)
        at = self.as_of.astimezone(UTC)
        person = Ref(SUPPOSED, "person", "")
        more = Touchpoint(Ref(SUPPOSED, gain.event, str(len(self.touches))), person, at, gain.event, "")
        return Standing(self.facts, (*self.touches, more), self.as_of)


def gains(facts: Fields, touches: Iterable[Touchpoint], model: ScoringModel, as_of: datetime) -> list[Gain]:
    """All that would raise a lead's score, the greatest first; limits and caps are seen, so that nothing is promised
    that would not come. An excluded lead has none."""
    standing = Standing(facts, tuple(touches), as_of)
    if standing.score(model).excluded:
        return []
    found = [gain for rule in model.rules if (gain := _gain(rule, standing, model)) is not None]
    return sorted(found, key=lambda gain: (-gain.best, gain.rule))


def _gain(rule: Rule, standing: Standing, model: ScoringModel) -> Gain | None:
    """What one rule could add; None when nothing."""
    now = standing.score(model).centi
    changes = [
        (standing.supposing(supposed).score(model).centi - now, supposed)
        for supposed in _suppositions(rule, standing.facts)
    ]
    best, supposed = max(changes, key=lambda change: change[0], default=(0, None))
    if supposed is None or best <= 0:
        return None
    middle = median_low(change for change, _supposed in changes)
    return replace(supposed, best=best, middle=middle)


def _suppositions(rule: Rule, facts: Fields) -> list[Gain]:
    """The different things that could be, as far as a rule tells them apart."""
    match rule.test:
        case OnEvent(events):
            return [Gain(rule.id, rule.label, 0, 0, event, event=event) for event in sorted(events)]
        case ByValue() as test if is_blank(facts.get(test.field)):
            values = {value: test.names.get(value, value) for value in test.points}
            return [Gain(rule.id, label, 0, 0, value, test.field) for value, label in values.items()]
        case Bands() as test if is_blank(facts.get(test.field)):
            return [Gain(rule.id, f"{told(floor)} or more", 0, 0, floor, test.field) for floor in test.floors]
        case Each() as test if is_blank(facts.get(test.field)):
            return [Gain(rule.id, "1", 0, 0, 1, test.field)]
        case _:
            return []
