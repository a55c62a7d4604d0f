"""A points diff to the admin's scoring file, with what it would be worth on leads it was not learned from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

import numpy as np

from leadsync.learn import edit
from leadsync.learn.cohort import Example
from leadsync.learn.design import Design, Level, candidates_of, design
from leadsync.learn.fit import Fit, Learned, fit, in_points_of, penalty, platt, rounded, strongest
from leadsync.learn.leaks import Leak, leaks
from leadsync.learn.measure import Flags, Floats, Quality, difference, quality
from leadsync.mapping.problems import Problems
from leadsync.rulefiles.governance import Policy
from leadsync.rulefiles.tables import CENTI
from leadsync.score import ScoringModel, Vocabulary, load_model, score
from leadsync.score.backtest import TOO_GOOD
from leadsync.score.model import Bands, ByValue, Each, Flat, Group, OnEvent, Rule, in_points
from leadsync.score.rules import SOURCE_FIELDS


@dataclass(frozen=True, slots=True)
class Change:
    """One number of points that the data contradict: now, and what it should be, with the 95 % interval; in points."""

    rule: str
    label: str
    leads: int
    now: float
    proposed: float
    low: float
    high: float
    fresh: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was learned. `verdict` says in a sentence what to make of it; only where `text` is not "" is there a
    proposal, and `diff` is what it changes in the file. `learned`: the whole model, the best that these columns give;
    `gain`: by how much the proposed file ranks newer leads better, with the 95 % interval."""

    verdict: str
    leaks: tuple[Leak, ...]
    changes: tuple[Change, ...] = ()
    text: str = ""
    diff: str = ""
    now: Quality | None = None
    proposed: Quality | None = None
    learned: Quality | None = None
    gain: tuple[float, float, float] | None = None
    by_hand: tuple[str, ...] = ()
    """Changes that could not be made in the text."""


@dataclass(frozen=True, slots=True)
class Source:
    """The admin's file, the names it may use, and what it may look at. `outcome_facts`: those that tell the outcome."""

    text: str
    file: str
    model: ScoringModel
    policy: Policy
    outcome_facts: frozenset[str] = frozenset()
    vocabulary: Vocabulary | None = None


Z_95_ONE_SIDED: Final = 1.6448536269514722
"""The 95 % quantile of the normal distribution."""
CERTAIN: Final = 0.5
"""Ranking by chance."""
Made = tuple[Level, Change, int]
"""A level, what is told of its change, and the centi-points proposed."""


@dataclass(frozen=True, slots=True)
class Given:
    """All examples, their outcomes, how many of them are the older ones, and the terms that points are not for."""

    examples: Sequence[Example]
    won: Flags
    split: int
    terms: Floats


def propose(
    old: Sequence[Example], new: Sequence[Example], source: Source, step: Callable[[str], object] = str
) -> Proposal:
    """Learn from the older examples, and measure on the newer ones. There must be enough of both (`lacking`). `step`
    is told what is done next."""
    model = source.model
    step("look for fields that know the outcome")
    everybody = [*old, *new]
    open_ = candidates_of(everybody, model, source.policy, source.outcome_facts)
    found_leaks = tuple(leaks(old, sorted({*open_, *model.fields()} - source.outcome_facts)))
    shut = source.outcome_facts | {leak.field for leak in found_leaks}
    step("learn points")
    columns = design(everybody, model, [name for name in open_ if name not in shut], len(old), shut)
    won = np.array([example.won for example in everybody], dtype=np.bool_)
    older = columns.rows(len(old))
    ridge = penalty(older.matrix, won[: len(old)], older.terms)
    found = fit(older.matrix, won[: len(old)], older.terms, ridge)
    learned = _of_fit(columns, found, won, len(old))
    if learned.auc > TOO_GOOD:
        named = ", ".join(strongest(columns, found))
        text = f"an AUC of {learned.auc:.3f} is too good to be true: something knows the outcome. Look at: {named}."
        return Proposal(text, found_leaks, learned=learned)
    given = Given(everybody, won, len(old), columns.terms)
    step("measure the points of today on newer leads")
    now, points = _of_file(model, given)
    if learned.low <= CERTAIN or learned.skill <= 0:
        text = f"no signal: what is known tells no more than chance (AUC {learned.auc:.3f}). Nothing is proposed."
        return Proposal(text, found_leaks, now=now, learned=learned)
    changes = _changes(*_settled(older, found, won[: len(old)], model, ridge), model)
    so_far = Proposal("", found_leaks, now=now, learned=learned)
    step("measure the proposed points on newer leads")
    return _judged(source, changes, given, (so_far, points))


def _of_fit(columns: Design, found: Fit, won: Flags, split: int) -> Quality:
    newer = columns.matrix[split:]
    return quality(newer @ found.odds, found.chances(newer, columns.terms[split:]), won[split:])


def _of_file(model: ScoringModel, given: Given) -> tuple[Quality, Floats]:
    """How a file does on the newer examples, by the scorer itself, limits and all; chances are learned on the older."""
    split, won = given.split, given.won
    points = np.array([score(e.facts, e.touches, model, e.moment).centi for e in given.examples], dtype=np.float64)
    chances = platt(points[:split], won[:split], given.terms[:split]).of(points[split:], given.terms[split:])
    return quality(points[split:], chances, won[split:]), points[split:]


# ---- the changes


def _settled(columns: Design, found: Fit, won: Flags, model: ScoringModel, ridge: float) -> tuple[Design, Fit]:
    """Without the facts that would need a rule and say nothing, learned again: what they seemed to say goes to those
    they overlap with (page views to visits), and may leave others with nothing to say."""
    ours = {rule.id for rule in model.rules}
    while silent := {level.rule for level in columns.levels} - ours - _speaking(columns, found):
        columns = columns.without(silent)
        found = fit(columns.matrix, won, columns.terms, ridge)
    return columns, found


def _changes(columns: Design, found: Fit, model: ScoringModel) -> list[Made]:
    """Of the file's rules, each level whose points lie outside the interval of what was learned (the others the data do
    not contradict); a level whose interval has 0 in it gets none. A fact without a rule gets one, with all of its
    levels as they were learned."""
    learned, _scale = in_points_of(columns, found)
    groups = {group.id: group for group in model.groups}
    of_rule = {rule.id: groups[rule.group] for rule in model.rules}
    made: list[Made] = []
    for number, (level, one) in enumerate(zip(columns.levels, learned, strict=True)):
        group = of_rule.get(level.rule, _home(model))
        centi = rounded(one.centi, model.step, group.low, group.high)
        if level.rule in of_rule:
            centi = 0 if one.low <= 0 <= one.high and level.value != "" else centi
            changes = centi != level.unit and not one.low <= level.unit <= one.high
        else:
            changes = centi != 0 or level.floor is not None
        if changes:
            made.append((level, _told(level, one, centi, int((columns.matrix[:, number] != 0).sum())), centi))
    return made


def _speaking(columns: Design, found: Fit) -> set[str]:
    """The rules whose levels together differ from nothing by more than chance: the sum of their squared scores lies
    above the 95 % quantile of chi squared (by Wilson and Hilferty, 1931)."""
    scores: dict[str, list[float]] = defaultdict(list)
    for level, odds, error in zip(columns.levels, found.odds.tolist(), found.errors.tolist(), strict=True):
        scores[level.rule].append((odds / error) ** 2)
    return {rule for rule, some in scores.items() if sum(some) > _chi_squared(len(some))}


def _chi_squared(degrees: int) -> float:
    part = 2 / (9 * degrees)
    return degrees * float(1 - part + Z_95_ONE_SIDED * part**0.5) ** 3


def _told(level: Level, one: Learned, centi: int, count: int) -> Change:
    ends = (round(one.low / CENTI, 1), round(one.high / CENTI, 1))
    return Change(level.rule, level.label, count, in_points(level.unit), in_points(centi), *ends, level.fresh)


def _home(model: ScoringModel) -> Group:
    """Where a rule on another fact belongs: with who they are, by the file's first group."""
    return next((group for group in model.groups if group.id == "fit"), model.groups[0])


def _edited(source: Source, changes: Sequence[Made], leads: int) -> tuple[str, list[str]]:
    """The file with the changes made, one rule at a time; what does not come out right is left as it was."""
    by_rule: dict[str, list[tuple[Level, int]]] = defaultdict(list)
    for level, _change, centi in changes:
        by_rule[level.rule].append((level, centi))
    rules = {rule.id: rule for rule in source.model.rules}
    text, failed = source.text, []
    for name, pairs in by_rule.items():
        if name in rules:
            made = edit.with_points(text, rules[name], {level.value: centi for level, centi in pairs})
        else:
            made = edit.with_rule(text, _new_rule(name, pairs, source.model, leads))
        if _gives(made, source, name, pairs):
            text = made
        else:
            failed += [f"{level.label}: {in_points(centi)}" for level, centi in pairs]
    return text, failed


def _new_rule(name: str, pairs: Sequence[tuple[Level, int]], model: ScoringModel, leads: int) -> edit.NewRule:
    level = pairs[0][0]
    why = f"learned from how many of {leads:,} leads converted" if level.field in SOURCE_FIELDS else ""
    bands = sorted((some.floor, centi) for some, centi in pairs if some.floor is not None)
    points = {some.value: centi for some, centi in pairs if some.floor is None}
    return edit.NewRule(name, _home(model).id, level.label.partition(":")[0], level.field, points, bands, why)


def _gives(text: str, source: Source, name: str, pairs: Sequence[tuple[Level, int]]) -> bool:
    """Whether an edited file can be read and its rule gives the points that were meant."""
    try:
        model = load_model(text, source.file, source.vocabulary)
    except Problems:
        return False
    made = next((some for some in model.rules if some.id == name), None)
    return made is not None and all(_points_at(made, level) == centi for level, centi in pairs)


def _points_at(rule: Rule, level: Level) -> int | None:
    match rule.test:
        case ByValue(points=points):
            return points.get(level.value)
        case Bands(floors=floors, points=amounts):
            return next((amount for floor, amount in zip(floors, amounts, strict=True) if floor == level.floor), None)
        case Each(points=unit) | Flat(points=unit):
            return unit
        case OnEvent() as test:
            return test.worth(0)


# ---- the verdict


def _judged(source: Source, changes: Sequence[Made], given: Given, before: tuple[Proposal, Floats]) -> Proposal:
    so_far, points_before = before
    real = [change for _level, change, _centi in changes if change.proposed != change.now]
    told = tuple(sorted(real, key=lambda change: (-abs(change.proposed - change.now), change.label)))
    if not told:
        text = "the data contradict none of the points in the file. Nothing is proposed."
        return Proposal(text, so_far.leaks, now=so_far.now, learned=so_far.learned)
    text, failed = _edited(source, changes, given.split)
    edited = load_model(text, source.file, source.vocabulary)
    after, points = _of_file(edited, given)
    gain = difference(points_before, points, given.won[given.split :])
    lines = [some.splitlines(keepends=True) for some in (source.text, text)]
    diff = "".join(unified_diff(lines[0], lines[1], source.file, "proposed"))
    better = gain[1] > 0
    worse = gain[2] <= 0
    return Proposal(
        _verdict(gain, better=better, worse=worse), so_far.leaks, told, "" if worse else text, "" if worse else diff,
        so_far.now, after, so_far.learned, gain, tuple(failed),
    )  # fmt: skip


def _verdict(gain: tuple[float, float, float], *, better: bool, worse: bool) -> str:
    told = f"by {gain[0]:+.3f} of AUC (95 % interval {gain[1]:+.3f} to {gain[2]:+.3f})"
    if worse:
        return f"the changed points rank newer leads no better, {told}. Nothing is proposed."
    if better:
        return f"the changed points rank newer leads better, {told}."
    return f"the changed points may rank newer leads better, {told}; that is not certain."
