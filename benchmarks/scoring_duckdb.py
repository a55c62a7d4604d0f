"""The same model as SQL on DuckDB, on the same leads: its time, and that it comes to the same totals."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import duckdb
import numpy as np
import pandas as pd

from benchmarks.alone import report
from leadsync.rulefiles.gates import value_key
from leadsync.score import ScoringModel
from leadsync.score.columns import Batch, Category, day_number
from leadsync.score.model import Bands, ByValue, Each, Group, OnEvent, Rule

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


def run(batch: Batch, model: ScoringModel, centi: np.ndarray) -> None:
    base = loaded(batch, model)
    text = sql(model)
    before = time.process_time()
    total = base.execute(text).fetchnumpy()["total"]
    report("DuckDB SQL, without reasons", time.process_time() - before)
    print(f"DuckDB {'agrees' if (np.asarray(total) == centi).all() else 'DOES NOT AGREE'} on all totals")


def loaded(batch: Batch, model: ScoringModel) -> duckdb.DuckDBPyConnection:
    """Facts as small codes, touches, and what a touch of each kind and age is worth by each rule; not counted."""
    base = duckdb.connect()
    columns = {
        name: np.asarray(column.codes) if isinstance(column, Category) else column.amounts
        for name, column in batch.columns.items()
    }
    _fill(base, "leads", {"lead": np.arange(batch.count, dtype=np.int32), **columns})
    _fill(base, "touches", {"lead": batch.touches.lead, "event": batch.touches.event, "day": batch.touches.day})
    _fill(base, "worth", worth(batch, model))
    return base


def _fill(base: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, np.ndarray]) -> None:
    base.register("frame", pd.DataFrame(columns))
    base.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
    base.unregister("frame")


def on_events(model: ScoringModel) -> list[Rule]:
    return [rule for rule in model.rules if isinstance(rule.test, OnEvent)]


def worth(batch: Batch, model: ScoringModel) -> dict[str, np.ndarray]:
    """A row for each kind of touch, day and rule that gives anything."""
    today = day_number(AS_OF)
    rows = [
        (batch.touches.events.index(event), day, number, points)
        for number, rule in enumerate(on_events(model))
        for event in rule.test.events  # type: ignore[union-attr]
        for day in np.unique(batch.touches.day).tolist()
        if (points := rule.test.worth(today - day)) != 0  # type: ignore[union-attr]
    ]
    types = {"event": np.int8, "day": np.int16, "rule": np.int8, "points": np.int32}
    return {name: np.array([row[at] for row in rows], dtype=types[name]) for at, name in enumerate(types)}


def sql(model: ScoringModel) -> str:
    """By lead and rule first, where caps and rounding are, then by lead and group: a column for each rule takes three
    times as long."""
    rules = on_events(model)
    rounded = " ".join(f"WHEN {i} THEN {finished('points', rule, model.step)}" for i, rule in enumerate(rules))
    whole = clipped(" + ".join(group.id for group in model.groups), model.low, model.high)
    return (
        "WITH sums AS (SELECT lead, rule, sum(points)::INTEGER AS points FROM touches JOIN worth USING (event, day) "
        f"GROUP BY lead, rule), given AS (SELECT lead, rule, CASE rule {rounded} END AS points FROM sums), "
        f"touched AS (SELECT lead, {', '.join(touched(model, group.id) for group in model.groups)} FROM given "
        f"GROUP BY lead), parts AS (SELECT lead, opted_out, {', '.join(held(model, group) for group in model.groups)} "
        "FROM leads LEFT JOIN touched USING (lead)) "
        f"SELECT (CASE WHEN opted_out = 0 THEN 0 ELSE {whole} END)::INTEGER AS total FROM parts ORDER BY lead"
    )


def touched(model: ScoringModel, group: str) -> str:
    numbers = [str(i) for i, rule in enumerate(on_events(model)) if rule.group == group]
    return f"sum(CASE WHEN rule IN ({', '.join(numbers) or '-1'}) THEN points ELSE 0 END) AS touched_{group}"


def held(model: ScoringModel, group: Group) -> str:
    facts = [rule for rule in model.rules if rule.group == group.id and not isinstance(rule.test, OnEvent)]
    parts = [finished(amount(rule), rule, model.step) for rule in facts]
    whole = " + ".join([*parts, f"coalesce(touched_{group.id}, 0)::INTEGER"])
    return f"{clipped(whole, group.low, group.high)} AS {group.id}"


def amount(rule: Rule) -> str:
    from benchmarks.scoring import VALUES

    match rule.test:
        case ByValue() as test:
            points = [test.points.get(value_key(value), test.other) for value in VALUES[test.field]]  # type: ignore[arg-type]
            return case(test.field, points, test.unknown)
        case Bands() as test:
            steps = zip(reversed(test.floors), reversed(test.points), strict=True)
            whens = " ".join(f"WHEN {test.field} >= {floor} THEN {points}" for floor, points in steps)
            return f"(CASE {whens} ELSE 0 END)"
        case Each() as test:
            return case(test.field, [int(value) * test.points for value in VALUES[test.field]], 0)  # type: ignore[call-overload]
        case flat:
            return f"(CASE WHEN lei = 0 AND lei_confidence >= 0.9::DOUBLE THEN {flat.points} ELSE 0 END)"


def case(field: str, points: list[int], unknown: int) -> str:
    return f"(CASE {field} {' '.join(f'WHEN {code} THEN {n}' for code, n in enumerate(points))} ELSE {unknown} END)"


def finished(points: str, rule: Rule, step: int) -> str:
    capped = points if rule.cap is None else clipped(points, -rule.cap, rule.cap)
    return f"(sign({capped})::INTEGER * ((2 * abs({capped}) + {step}) // {2 * step} * {step}))"


def clipped(text: str, low: int, high: int) -> str:
    return f"greatest({low}, least({high}, {text}))"
