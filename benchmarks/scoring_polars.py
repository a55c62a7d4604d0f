"""The same model as polars expressions on the same leads: its time, and that it comes to the same totals."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import numpy as np
import polars as pl

from benchmarks.alone import report
from leadsync.rulefiles.gates import value_key
from leadsync.score import ScoringModel
from leadsync.score.columns import Batch, Category, day_number
from leadsync.score.model import Bands, ByValue, Each, OnEvent, Rule

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


def run(batch: Batch, model: ScoringModel, centi: np.ndarray) -> None:
    leads, touches = frames(batch)
    before = time.process_time()
    total = totals(leads, touches, model, batch.touches.events)
    report("polars expressions, without reasons", time.process_time() - before)
    same = bool((total.to_numpy() == centi).all())
    print(f"polars {'agrees' if same else 'DOES NOT AGREE'} on all totals")


def frames(batch: Batch) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Facts as small codes, as an Arrow dictionary would have them; touches as they are."""
    columns = {
        name: np.asarray(column.codes) if isinstance(column, Category) else column.amounts
        for name, column in batch.columns.items()
    }
    touched = {"lead": batch.touches.lead, "event": batch.touches.event, "day": batch.touches.day}
    return pl.DataFrame(columns).with_row_index("lead"), pl.DataFrame(touched)


def totals(leads: pl.DataFrame, touches: pl.DataFrame, model: ScoringModel, events: tuple[str, ...]) -> pl.Series:
    on_events = [rule for rule in model.rules if isinstance(rule.test, OnEvent)]
    age = (pl.lit(day_number(AS_OF)) - pl.col("day").cast(pl.Int32)).alias("age")
    worth = touches.lazy().with_columns(age).select("lead", *(on_event(rule, events) for rule in on_events))
    summed = worth.group_by("lead").agg(pl.all().sum())
    joined = leads.lazy().with_columns(pl.col("lead").cast(pl.Int32)).join(summed, on="lead", how="left")
    amounts = {rule.id: finished(amount(rule), rule, model.step) for rule in model.rules}
    of = {group.id: [amounts[rule.id] for rule in model.rules if rule.group == group.id] for group in model.groups}
    groups = [pl.sum_horizontal(of[group.id]).clip(group.low, group.high) for group in model.groups]
    total = pl.sum_horizontal(groups).clip(model.low, model.high)
    out = pl.when(pl.col("opted_out") == 0).then(0).otherwise(total)
    return joined.sort("lead").select(out.alias("total")).collect()["total"]


def on_event(rule: Rule, events: tuple[str, ...]) -> pl.Expr:
    test = rule.test
    assert isinstance(test, OnEvent)
    table = pl.lit(pl.Series([*test.table, test.tail], dtype=pl.Int32))
    codes = [events.index(event) for event in test.events]
    worth = table.gather(pl.min_horizontal(pl.col("age"), pl.lit(len(test.table))))
    return pl.when(pl.col("event").is_in(codes)).then(worth).otherwise(0).alias(rule.id)


def amount(rule: Rule) -> pl.Expr:
    from benchmarks.scoring import VALUES

    match rule.test:
        case OnEvent():
            return pl.col(rule.id).fill_null(0)
        case ByValue() as test:
            points = [test.points.get(value_key(value), test.other) for value in VALUES[test.field]]  # type: ignore[arg-type]
            table = pl.lit(pl.Series([*points, test.unknown], dtype=pl.Int32))
            return table.gather(pl.col(test.field).cast(pl.Int32) % (len(points) + 1))
        case Bands() as test:
            found = pl.lit(0)
            for floor, points in zip(test.floors, test.points, strict=True):
                found = pl.when(pl.col(test.field) >= floor).then(points).otherwise(found)
            return found
        case Each() as test:
            table = pl.lit(pl.Series([*(int(v) * test.points for v in VALUES[test.field]), 0]))  # type: ignore[call-overload]
            return table.gather(pl.col(test.field).cast(pl.Int32) % (len(VALUES[test.field]) + 1))
        case flat:
            return pl.when((pl.col("lei") == 0) & (pl.col("lei_confidence") >= 0.9)).then(flat.points).otherwise(0)


def finished(points: pl.Expr, rule: Rule, step: int) -> pl.Expr:
    capped = points if rule.cap is None else points.clip(-rule.cap, rule.cap)
    whole = (2 * capped.abs() + step) // (2 * step) * step
    return pl.when(capped < 0).then(-whole).otherwise(whole)
