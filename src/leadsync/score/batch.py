"""Millions of leads at once: the same integers as one by one, by look-up tables over columns.

What a rule gives for a fact is asked of the rule itself, once for each different value; what a touch gives is read from
the rule's own table by age. All sums are of integers, so neither order nor chunk can change a bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from leadsync.score.columns import Batch, Column, day_number
from leadsync.score.lookup import Amounts, EventTable, FactTable, event_table, fact_table
from leadsync.score.masks import mask, where
from leadsync.score.model import OnEvent, Rule, ScoringModel
from leadsync.score.ranking import Ranking

CHUNK: Final = 131_072
"""Leads worked on at a time: a column of them (512 KiB) fits a core's second-level cache."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a batch, in centi-points. `excluded[i]` is the index of the exclusion that holds, -1 for none.

    `groups[g]`, `grade[g]`: each group's sum and its place among the grading's labels. `top[k]`: the k-th weightiest
    reason of each lead, packed by `ranking`.
    """

    model: ScoringModel
    centi: Amounts
    groups: Mapping[str, Amounts]
    grade: Mapping[str, NDArray[np.int8]]
    excluded: NDArray[np.int8]
    top: Amounts
    ranking: Ranking

    def reasons(self, lead: int) -> list[tuple[str, int]]:
        """The weightiest reasons of a lead: (rule id, centi-points), the weightiest first."""
        found = (self.ranking.unpack(int(key)) for key in self.top[:, lead])
        return [reason for reason in found if reason is not None]

    def grade_of(self, lead: int) -> str:
        """A lead's grade, "" when excluded."""
        if self.excluded[lead] >= 0:
            return ""
        return "".join(
            (*(label for label, _least in grading.steps), grading.rest)[int(self.grade[grading.group][lead])]
            for grading in self.model.grading
        )


def score_batch(batch: Batch, model: ScoringModel, as_of: datetime, reasons: int = 3) -> Scores:
    """Score all leads of a batch as of the UTC day of `as_of`, with their weightiest `reasons`.

    Equal to `score` lead by lead. Touches must be sorted by lead and each be there once (`batch_of` sees to it).
    """
    size, ranking = batch.count, Ranking.of(model)
    made = Scores(
        model,
        np.zeros(size, dtype=np.int32),
        {group.id: np.zeros(size, dtype=np.int32) for group in model.groups},
        {grading.group: np.zeros(size, dtype=np.int8) for grading in model.grading},
        np.full(size, -1, dtype=np.int8),
        ranking.start(reasons, size),
        ranking,
    )
    work = _Work.of(batch, model, as_of)
    starts = np.arange(0, size + CHUNK, CHUNK)
    bounds = np.searchsorted(batch.touches.lead, starts)
    for number, start in enumerate(range(0, size, CHUNK)):
        chunk = slice(start, min(start + CHUNK, size))
        _score_chunk(work, made, chunk, slice(int(bounds[number]), int(bounds[number + 1])))
    return made


@dataclass(frozen=True, slots=True)
class _Work:
    """What is the same for every chunk."""

    batch: Batch
    facts: tuple[tuple[Rule, FactTable], ...]
    touches: EventTable
    day: int

    @classmethod
    def of(cls, batch: Batch, model: ScoringModel, as_of: datetime) -> _Work:
        on_facts = [rule for rule in model.rules if not isinstance(rule.test, OnEvent)]
        on_events = [rule for rule in model.rules if isinstance(rule.test, OnEvent)]
        facts = tuple((rule, fact_table(rule, batch.columns, model.step)) for rule in on_facts)
        return cls(batch, facts, event_table(on_events, batch.touches.events, model.step), day_number(as_of))


def _score_chunk(work: _Work, made: Scores, chunk: slice, touched: slice) -> None:
    size = chunk.stop - chunk.start
    columns = {name: column.part(chunk.start, chunk.stop) for name, column in work.batch.columns.items()}
    given = [(rule, table.points(columns, size)) for rule, table in work.facts]
    counted = work.touches.points(work.batch.touches, touched, work.day, chunk.start, size)
    given += zip(work.touches.rules, counted, strict=True)
    sums = {group.id: np.zeros(size, dtype=np.int32) for group in made.model.groups}
    top = made.top[:, chunk]
    out = _excluded(made.model, columns, size)
    for rule, amounts in given:
        points = amounts if rule.when is None else np.where(mask(rule.when, columns, size), amounts, 0)
        sums[rule.group] += points
        made.ranking.enter(rule.id, points, top)
    top *= out < 0
    _settle(made, sums, out, chunk)


def _excluded(model: ScoringModel, columns: Mapping[str, Column], size: int) -> NDArray[np.int8]:
    out = np.full(size, -1, dtype=np.int8)
    for index in reversed(range(len(model.exclusions))):
        gate = model.exclusions[index]
        out[where(gate.names, gate.holds, columns, size)] = index
    return out


def _settle(made: Scores, sums: Mapping[str, Amounts], out: NDArray[np.int8], chunk: slice) -> None:
    """Hold groups and totals within their limits, grade them, and blank who is excluded."""
    total = np.zeros(len(out), dtype=np.int32)
    kept = out < 0
    for group in made.model.groups:
        held = np.clip(sums[group.id], group.low, group.high)
        total += held
        made.groups[group.id][chunk] = held * kept
        for grading in made.model.grading:
            if grading.group == group.id:
                least = np.array([least for _label, least in reversed(grading.steps)], dtype=np.int32)
                made.grade[group.id][chunk] = len(least) - np.searchsorted(least, held, side="right")
    made.centi[chunk] = np.clip(total, made.model.low, made.model.high) * kept
    made.excluded[chunk] = out
