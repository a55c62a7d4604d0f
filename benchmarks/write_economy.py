"""How many scores would be written each day: every change, only those far enough or of another grade, only grades.

    python -m benchmarks.write_economy --leads 50000 --days 150

Invented leads (a third dormant, one in twenty very active) under the shipped model, day by day. Decay moves scores a
little every day; the dead band of `mappings/lead.toml` (`min_change` on the score) compares with what was last written,
so that small moves add up and are written once. The last line is the promise: what stands in the CRM is never further
off than the band, and its grade is right.
"""

from __future__ import annotations

import argparse
import tomllib
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from benchmarks.scoring import AS_OF, MAPPINGS, make
from leadsync.score import ScoringModel, load_model
from leadsync.score.batch import score_batch
from leadsync.score.columns import Batch, Touches, day_number

MIX = ((0.35, 0.0), (0.30, 1 / 90), (0.20, 1 / 30), (0.10, 1 / 10), (0.05, 1 / 3))
"""(share of leads, touches a day)"""
HISTORY_DAYS = 365
"""Touches begin so long before the first day that scores have settled."""


def town(model: ScoringModel, leads: int, days: int) -> Batch:
    """Leads as the scoring benchmark makes them, with touches at the rates of the mix."""
    chance = np.random.default_rng(7)
    rates = np.repeat([rate for _share, rate in MIX], [round(share * leads) for share, _rate in MIX])[:leads]
    rates = np.pad(rates, (0, leads - len(rates)))
    counts = chance.poisson(rates * (HISTORY_DAYS + days))
    lead = np.repeat(np.arange(leads, dtype=np.int32), counts)
    events = tuple(sorted(model.events()))
    event = chance.integers(0, len(events), len(lead), dtype=np.int8)
    first = day_number(AS_OF) - HISTORY_DAYS
    day = (first + chance.integers(0, HISTORY_DAYS + days, len(lead))).astype(np.int32)
    return Batch(leads, make(model, leads, 0).columns, Touches(lead, event, day, events))


def min_change() -> float:
    """The shipped dead band, in points."""
    fields = tomllib.loads((MAPPINGS / "lead.toml").read_text(encoding="utf-8"))["field"]
    return float(next(field["min_change"] for name, field in fields.items() if name == "leadsync_score"))


def day_of(batch: Batch, model: ScoringModel, number: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The rounded scores of a day, and grades as numbers; a grade of -1 is not scored."""
    found = score_batch(batch, model, AS_OF + timedelta(days=number), reasons=0)
    grade = np.zeros(batch.count, dtype=np.int64)
    for places in found.grade.values():
        grade = grade * 10 + places
    return np.round(found.centi / 100), np.where(found.excluded >= 0, -1, grade)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--leads", type=int, default=50_000)
    parser.add_argument("--days", type=int, default=150)
    given = parser.parse_args()
    model = load_model((MAPPINGS / "scoring.toml").read_text(encoding="utf-8"), "scoring.toml")
    batch, band = town(model, given.leads, given.days), min_change()
    points, grade = day_of(batch, model, 0)
    written, graded = points.copy(), grade.copy()
    changed = moved = regraded = 0
    worst = 0.0
    for number in range(1, given.days + 1):
        today, grade_today = day_of(batch, model, number)
        changed += int((today != points).sum())
        regraded += int((grade_today != grade).sum())
        write = (np.abs(today - written) >= band) | (grade_today != graded)
        moved += int(write.sum())
        written, graded = np.where(write, today, written), np.where(write, grade_today, graded)
        worst = max(worst, float(np.abs(today - written).max()))
        points, grade = today, grade_today
    whole = given.leads * given.days
    print(f"{given.leads:,} leads, {len(batch.touches.lead):,} touches, {given.days} days; share written a day:")
    for what, count in (
        ("every change of the rounded score", changed), (f"{band:g} points or another grade", moved),
        ("another grade only", regraded),
    ):  # fmt: skip
        print(f"  {what:36} {count / whole:6.1%}   {count / given.days:9,.0f} writes a day")
    wrong = int((graded != grade).sum())
    print(f"what stands in the CRM is at most {worst:g} points off; {wrong} grades are wrong")
    if worst >= band or wrong:
        raise SystemExit("the dead band lost a change")


if __name__ == "__main__":
    main()
