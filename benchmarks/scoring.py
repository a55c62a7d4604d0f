"""How long it takes to score millions of leads with reasons, beside polars, DuckDB and row by row.

    python -m benchmarks.scoring --leads 10000000 --touches 50000000

Prints CPU seconds (user + system) and peak resident memory, each contender in a process of its own. Making the data is
not counted. A sample of the leads is scored one by one and must agree bit for bit; polars and DuckDB, where they are
installed (`pip install polars duckdb`), compute the totals without reasons, and must agree on all of them.

10 million leads with 50 million touches, on 2 busy cores, Debian 12, Python 3.11:

    leadsync, with the three weightiest reasons    5.5 CPU-s   0.96 GiB
    polars 2.1, totals alone                      11.6 CPU-s   2.30 GiB
    DuckDB 2.0, totals alone                      19.3 CPU-s   4.01 GiB
    leadsync, one by one as the daemon does        741 CPU-s   (from a sample of 2,000)
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.alone import alone, report
from leadsync.records import Ref
from leadsync.score import ScoringModel, load_model, score
from leadsync.score.batch import score_batch
from leadsync.score.columns import Batch, Category, Numbers, Touches, day_number
from leadsync.touchpoints import Touchpoint

MAPPINGS = Path(__file__).parents[1] / "mappings"
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)
OLDEST_DAYS = 730
VALUES: dict[str, tuple[object, ...]] = {
    "seniority": ("c_level", "vp", "director", "manager", "individual", "student"),
    "department": ("sales", "marketing", "it", "finance", "operations", "procurement", "hr", "legal", "management"),
    "industry_group": ("software", "finance", "manufacturing", "energy", "healthcare", "retail", "food", "services"),
    "has_phone": (True, False),
    "email_is_free": (True, False),
    "email_is_role": (True, False),
    "email_is_academic": (True, False),
    "has_company": (True, False),
    "lead_source": ("Web", "Purchased List", "Partner Referral", "Other"),
    "lei": ("a LEI",),
    "lei_status": ("ISSUED", "LAPSED"),
    "group_customers": (0, 1, 2, 3),
    "group_engaged_30d": (0, 1, 2, 3, 4),
    "group_leads": (0, 1, 2, 3, 4, 5),
    "opted_out": (True, False, False, False, False, False, False, False, False, False),
}


def make(model: ScoringModel, leads: int, touches: int) -> Batch:
    """Invented leads: each fact unknown for one in ten, sizes log-normal, touches spread evenly over two years."""
    chance = np.random.default_rng(11)
    columns: dict[str, Category | Numbers] = {}
    for name, values in VALUES.items():
        codes = chance.integers(0, len(values), leads, dtype=np.int8)
        codes[chance.integers(0, leads, leads // 10)] = -1
        columns[name] = Category(codes, values)  # type: ignore[arg-type]
    columns["employees"] = Numbers(np.exp(chance.normal(5, 2, leads).astype(np.float32)).astype(np.int32))
    columns["lei_confidence"] = Numbers(chance.random(leads, dtype=np.float32))
    events = tuple(sorted(model.events()))
    lead = np.sort(chance.integers(0, leads, touches, dtype=np.int32))
    event = chance.integers(0, len(events), touches, dtype=np.int8)
    day = (day_number(AS_OF) - chance.integers(0, OLDEST_DAYS, touches, dtype=np.int16)).astype(np.int16)
    return Batch(leads, columns, Touches(lead, event, day, events))


def single(batch: Batch, lead: int) -> tuple[dict[str, object], list[Touchpoint]]:
    """One lead of the batch as the engine has it."""
    facts: dict[str, object] = {}
    for name, column in batch.columns.items():
        if isinstance(column, Category):
            code = int(column.codes[lead])
            facts[name] = None if code < 0 else column.values[code]
        else:
            facts[name] = column.amounts[lead].item()
    # Of another type than the column's, the bounds would have all of the column converted first.
    at = np.searchsorted(batch.touches.lead, np.array([lead, lead + 1], dtype=batch.touches.lead.dtype))
    start = datetime.combine(date(1970, 1, 1), datetime.min.time(), UTC)
    touches = [
        Touchpoint(
            Ref("x", "t", str(i)), Ref("x", "p", "1"), start + timedelta(days=int(batch.touches.day[i])),
            batch.touches.events[batch.touches.event[i]], "web",
        )
        for i in range(int(at[0]), int(at[1]))
    ]  # fmt: skip
    return facts, touches


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--touches", type=int, default=5_000_000)
    parser.add_argument("--sample", type=int, default=2_000)
    given = parser.parse_args()
    model = load_model((MAPPINGS / "scoring.toml").read_text(), "scoring.toml")
    batch = make(model, given.leads, given.touches)
    print(f"{given.leads:,} leads, {given.touches:,} touches, {len(model.rules)} rules")
    centi = alone(lambda: ours(batch, model, given.sample))
    peers(batch, model, centi)


def ours(batch: Batch, model: ScoringModel, sample: int) -> np.ndarray:
    """The totals of all leads, in centi-points."""
    before = time.process_time()
    found = score_batch(batch, model, AS_OF)
    report("leadsync, all leads with three reasons", time.process_time() - before)
    chosen = np.random.default_rng(1).choice(batch.count, min(sample, batch.count), replace=False)
    leads = [single(batch, int(lead)) for lead in chosen]
    before = time.process_time()
    ones = [score(facts, touches, model, AS_OF) for facts, touches in leads]  # type: ignore[arg-type]
    spent = (time.process_time() - before) / len(ones)
    report("leadsync, one by one, for as many", spent * batch.count)
    for lead, one in zip(chosen, ones, strict=True):
        ranked = [(reason.id, reason.centi) for reason in one.ranked() if not reason.is_limit][:3]
        if (found.centi[lead], found.reasons(lead), found.grade_of(lead)) != (one.centi, ranked, one.grade):
            raise SystemExit(f"lead {lead} differs")
    print(f"{len(ones):,} leads scored one by one agree bit for bit")
    return found.centi


def peers(batch: Batch, model: ScoringModel, centi: np.ndarray) -> None:
    """Each that is installed; imported only in its own process, for threads do not come along into a child."""
    for name in ("scoring_polars", "scoring_duckdb"):
        library = name.removeprefix("scoring_")
        if find_spec(library) is None:
            print(f"{library} is not installed: left out")
            continue
        alone(lambda name=name: import_module(f"benchmarks.{name}").run(batch, model, centi))


if __name__ == "__main__":
    main()
