"""What the rules of a model give to columns of leads: tables by value for facts, by age for touches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from leadsync.records import Fields
from leadsync.score.columns import Category, Column, Numbers, Touches
from leadsync.score.masks import as_category
from leadsync.score.model import Bands, Flat, OnEvent, Rule
from leadsync.score.single import apply

Amounts = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class FactTable:
    """A rule on a fact, its condition aside. `by_code`: its points by the code of a value, the unknown's at the end,
    where code -1 finds it; None when values come as numbers that have no codes yet. `by_band`: the points below the
    first band, in each band, and of the unknown.
    """

    rule: Rule
    name: str
    step: int
    by_code: Amounts | None
    by_band: Amounts | None

    def points(self, columns: Mapping[str, Column], size: int) -> Amounts:
        """What the rule gives each of `size` leads."""
        column = columns.get(self.name)
        if column is None:
            return np.full(size, _given(self.rule, {}, self.step), dtype=np.int32)
        if self.by_band is not None and isinstance(column, Numbers) and isinstance(self.rule.test, Bands):
            places = np.searchsorted(np.array(self.rule.test.floors), column.amounts, side="right")
            return self.by_band[np.where(column.missing(), -1, places)]
        coded = as_category(column)
        table = _by_code(self.rule, self.name, coded, self.step) if self.by_code is None else self.by_code
        return table[coded.codes]


def fact_table(rule: Rule, columns: Mapping[str, Column], step: int) -> FactTable:
    """The table of a rule that is not on touches."""
    plain = replace(rule, when=None)
    name = "" if isinstance(rule.test, Flat | OnEvent) else rule.test.field
    column = columns.get(name)
    by_code = _by_code(plain, name, column, step) if isinstance(column, Category) else None
    by_band = _by_band(plain, rule.test, step) if isinstance(rule.test, Bands) else None
    return FactTable(plain, name, step, by_code, by_band)


def _by_code(rule: Rule, name: str, column: Category, step: int) -> Amounts:
    known = [_given(rule, {name: value}, step) for value in column.values]
    return np.array([*known, _given(rule, {}, step)], dtype=np.int32)


def _by_band(rule: Rule, test: Bands, step: int) -> Amounts:
    amounts = [test.floors[0] - 1, *test.floors]
    return np.array([*(_given(rule, {test.field: at}, step) for at in amounts), _given(rule, {}, step)], dtype=np.int32)


def _given(rule: Rule, facts: Fields, step: int) -> int:
    reason = apply(rule, facts, {}, step)
    return 0 if reason is None else reason.centi


@dataclass(frozen=True, slots=True)
class EventTable:
    """The rules on touches. `layers`: for each kind of event, the number of the rule that counts it, or -1; a kind that
    several rules count is in several layers. `worth[rule * width + age]`: centi-points, the last age for all beyond.
    """

    rules: tuple[Rule, ...]
    layers: tuple[NDArray[np.int32], ...]
    worth: Amounts
    width: int
    step: int

    def points(self, touches: Touches, touched: slice, day: int, start: int, size: int) -> Sequence[Amounts]:
        """What each rule gives to leads `start` to before `start + size`, whose touches are at `touched`."""
        lead = touches.lead[touched] - start
        ages = day - touches.day[touched].astype(np.int32)
        sums = np.zeros(len(self.rules) * size)
        for layer in self.layers:
            rule = layer[touches.event[touched]]
            counts = (rule >= 0) & (ages >= 0)
            if not counts.all():
                rule, old, who = rule[counts], ages[counts], lead[counts]
            else:
                old, who = ages, lead
            given = self.worth[rule * self.width + np.minimum(old, self.width - 1)]
            # Sums of integers far below 2^53 are exact in the floats that bincount adds up in.
            sums += np.bincount(rule * size + who, weights=given, minlength=len(sums))
        rows = sums.astype(np.int32).reshape(len(self.rules), size)
        return [_finish(row, rule, self.step) for row, rule in zip(rows, self.rules, strict=True)]


def event_table(rules: Sequence[Rule], events: Sequence[str], step: int) -> EventTable:
    """The table of the rules on touches, for kinds of events numbered as in `events`."""
    tests = [rule.test for rule in rules if isinstance(rule.test, OnEvent)]
    width = max((len(test.table) for test in tests), default=0) + 1
    worth = np.array([[test.worth(age) for age in range(width)] for test in tests], dtype=np.int32)
    return EventTable(tuple(rules), tuple(_layers(tests, events)), worth.reshape(-1), width, step)


def _layers(tests: Sequence[OnEvent], events: Sequence[str]) -> list[NDArray[np.int32]]:
    counting = [[number for number, test in enumerate(tests) if event in test.events] for event in events]
    depth = max((len(rules) for rules in counting), default=0)
    return [
        np.array([rules[layer] if layer < len(rules) else -1 for rules in counting], dtype=np.int32)
        for layer in range(depth)
    ]


def _finish(points: Amounts, rule: Rule, step: int) -> Amounts:
    """Hold a rule's sum within its cap and round it to the step, ties away from zero (`to_step` for columns)."""
    capped = points if rule.cap is None else np.clip(points, -rule.cap, rule.cap)
    if step == 1:
        return capped
    whole = (2 * np.abs(capped) + step) // (2 * step) * step
    return np.where(capped < 0, -whole, whole).astype(np.int32)
