"""How well learned points rank leads that came later, on public leads with a known outcome, and which leaks are named.

    python -m benchmarks.learning Leads.csv            # X Education
    python -m benchmarks.learning FOLDER               # a bundle of leadforge
    LEADSYNC_DATA=FOLDER python -m benchmarks.learning # looks there for *Leads.csv, *Lead Scoring.csv and bundles

The first 70 % of the leads in time are learned from, the others measured on, by the code that `leadsync learn` runs,
with the points rounded and written to a file.

X Education: a CSV file of 9,240 leads and 37 columns, published on Kaggle as "Leads.csv" of ashydv/leads-dataset and as
"Lead Scoring.csv" of amritachatterjee09/lead-scoring-dataset (the case study of upGrad; its SHA-256 begins with
4031a254). What it may be used for is not told there, so it is not part of leadsync. It must have the columns "Prospect
ID", "Lead Number" (in the order of time), "Converted" (0 or 1), "Tags", "Lead Quality", "Lead Profile", "TotalVisits",
"Total Time Spent on Website" and "Page Views Per Visit"; the others are taken as known when a lead comes in, but for
"Asymmetrique ..." and the last activity. Honest figures are an AUC of 0.891 with behaviour and 0.812 with what is known
when a lead comes in; about 0.985 is what the fields give that sales fills in afterwards.

leadforge: invented leads, made in ten seconds with the package of that name (MIT), its columns that leak labelled:

    leadforge generate --recipe b2b_saas_procurement_v1 --seed 11 --mode research_instructor --difficulty advanced \\
        --n-accounts 600 --n-contacts 1700 --n-leads 2500 --out FOLDER
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from leadsync.learn import Example, Proposal, Quality, propose
from leadsync.learn.cohort import TEST_SHARE
from leadsync.learn.design import design
from leadsync.learn.fit import fit
from leadsync.learn.leaks import alone, leaks
from leadsync.learn.measure import quality
from leadsync.learn.proposal import Source
from leadsync.records import Fields, Value
from leadsync.rulefiles.governance import Policy, words
from leadsync.score import Vocabulary, load_model

EMPTY = """
schema = 1
id = "learned"
score_range = [-1000, 1000]

[group.fit]
label = "Learned"
limits = [-1000, 1000]

[facts]
nobody_has_this = "nothing"

[[rule]]
id = "nothing"
group = "fit"
label = "A rule for nobody"
field = "nobody_has_this"
points = { yes = 1 }
"""
"""A scoring file to begin with: all points that are proposed come from the data."""
BLANKS = frozenset(("", "Select"))
"""X Education's forms store "Select" where nothing was chosen."""
XEDUCATION = {
    "sales fills it in": ("Tags", "Lead Quality", "Lead Profile"),
    "another's score, or the last thing that happened": (
        "Asymmetrique Activity Index", "Asymmetrique Profile Index", "Asymmetrique Activity Score",
        "Asymmetrique Profile Score", "Last Activity", "Last Notable Activity",
    ),
    "behaviour": ("TotalVisits", "Total Time Spent on Website", "Page Views Per Visit"),
}  # fmt: skip
XEDUCATION_IDS = ("Prospect ID", "Lead Number", "Converted")
LEADFORGE_IDS = ("account_id", "contact_id", "lead_id", "lead_created_at", "converted_within_90_days")
LEADFORGE_LEAKS = ("current_stage", "is_sql", "total_touches_all")
"""What its feature dictionary marks with leakage_risk."""
LEADFORGE_FIT = (
    "industry", "region", "employee_band", "estimated_revenue_band", "process_maturity_band", "role_function",
    "seniority", "buyer_role", "lead_source",
)  # fmt: skip


@dataclass(frozen=True)
class Leads:
    """Leads in the order of time, and which of their columns make an experiment."""

    name: str
    rows: tuple[tuple[Fields, bool], ...]
    experiments: Mapping[str, frozenset[str]]
    known_leaks: frozenset[str]


def xeducation(path: Path) -> Leads:
    """The CSV file; time is the running number of a lead, for it has no dates."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        wanted = (*XEDUCATION_IDS, *XEDUCATION["sales fills it in"], *XEDUCATION["behaviour"])
        missing = [name for name in wanted if name not in (reader.fieldnames or ())]
        if missing:
            raise SystemExit(f"{path}: is not X Education's file, it has no column {', '.join(missing)} (see --help)")
        found = sorted(reader, key=lambda row: int(row["Lead Number"]))
    names = {name: fact_name(name) for name in found[0] if name and name not in XEDUCATION_IDS}
    late, others, behaviour = (frozenset(map(fact_name, some)) for some in XEDUCATION.values())
    capture = frozenset(names.values()) - late - others - behaviour
    facts = [({fact: _value(row[name]) for name, fact in names.items()}, row["Converted"] == "1") for row in found]
    experiments = {
        "known when a lead comes in": capture,
        "and behaviour": capture | behaviour,
        "and what sales fills in": capture | behaviour | late,
    }
    return Leads("X Education", tuple(facts), experiments, late)


def fact_name(column: str) -> str:
    """A column's name as a fact's."""
    return "_".join(words(column))


def leadforge(folder: Path) -> Leads:
    """A bundle: the three parts of its task, put back together in the order of time."""
    import pyarrow.parquet as pq

    task = next((folder / "tasks").glob("*/"), None)
    if task is None:
        raise SystemExit(f"{folder}: is no bundle of leadforge, it has no folder in tasks/ (see --help)")
    found = [row for part in ("train", "valid", "test") for row in pq.read_table(task / f"{part}.parquet").to_pylist()]
    found.sort(key=lambda row: (row["lead_created_at"], row["lead_id"]))
    columns = frozenset(found[0]) - set(LEADFORGE_IDS)
    late = frozenset(LEADFORGE_LEAKS)
    facts = [({name: row[name] for name in columns}, bool(row["converted_within_90_days"])) for row in found]
    experiments = {"fit only": frozenset(LEADFORGE_FIT), "and behaviour": columns - late, "and its leaks": columns}
    return Leads(f"leadforge {folder.name}", tuple(facts), experiments, late)


def _value(text: str | None) -> Value:
    """A cell as a fact."""
    if text is None or text in BLANKS:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def examples(leads: Leads, columns: frozenset[str]) -> tuple[list[Example], list[Example]]:
    """The older and the newer leads with these columns. Nothing is known of what was filled in when."""
    first = date(2026, 1, 1)
    made = [
        Example(str(i), first + timedelta(days=i), own := {k: facts[k] for k in columns}, (), won, own)
        for i, (facts, won) in enumerate(leads.rows)
    ]
    cut = round(len(made) * (1 - TEST_SHARE))
    return made[:cut], made[cut:]


def learned(old: Sequence[Example], new: Sequence[Example]) -> Proposal:
    """What `leadsync learn` would propose to an empty file."""
    names = Vocabulary(frozenset(old[0].facts))
    model = load_model(EMPTY, "scoring.toml", names)
    return propose(old, new, Source(EMPTY, "scoring.toml", model, Policy(), vocabulary=names))


def unguarded(old: Sequence[Example], new: Sequence[Example]) -> float:
    """The AUC on the newer leads where nothing is kept out."""
    everybody, model = [*old, *new], load_model(EMPTY, "scoring.toml", Vocabulary(frozenset(old[0].facts)))
    columns = design(everybody, model, sorted(old[0].facts), len(old))
    won = np.array([example.won for example in everybody])
    chances = fit(columns.matrix[: len(old)], won[: len(old)]).chances(columns.matrix[len(old) :])
    return quality(chances, chances, won[len(old) :]).auc


def told(leads: Leads) -> Iterator[str]:
    """The report, line by line."""
    won = sum(outcome for _facts, outcome in leads.rows)
    yield f"{leads.name}: {len(leads.rows):,} leads, {won:,} converted ({won / len(leads.rows):.1%})"
    for name, columns in leads.experiments.items():
        old, new = examples(leads, columns)
        begin = time.process_time()
        found = learned(old, new)
        yield f"  {name} ({len(columns)} columns, {time.process_time() - begin:.1f} CPU-s)"
        for what, how_good in (("as learned", found.learned), ("points in a file", found.proposed)):
            if how_good is not None:
                yield f"    {what:<17} {_figures(how_good)}"
        if found.changes:
            yield f"    {len(found.changes)} numbers of points; {found.verdict}"
        else:
            yield f"    nothing proposed: {found.verdict}"
        for leak in found.leaks:
            yield f"    leak: {leak.field}: {leak.reason}"
        if found.leaks:
            yield f"    had they been learned from: AUC {unguarded(old, new):.4f}"
    yield from _of_known_leaks(leads)


def _of_known_leaks(leads: Leads) -> Iterator[str]:
    """Which of the columns that leak were named, and how well each of them tells the outcome by itself."""
    old = examples(leads, leads.known_leaks)[0]
    named = {leak.field for leak in leaks(old, sorted(leads.known_leaks))}
    yield f"  of {len(leads.known_leaks)} known leaks named: {', '.join(sorted(named)) or 'none'}"
    won = np.array([example.won for example in old])
    for name in sorted(leads.known_leaks):
        told_alone = alone([example.facts for example in old], name, won)
        word = "named" if name in named else "not named: it tells no more than honest facts do"
        yield f"    {name}: AUC {told_alone:.3f} alone, {word}"


def _figures(q: Quality) -> str:
    return (
        f"AUC {q.auc:.4f} ({q.low:.4f} to {q.high:.4f})  lift of the best tenth {q.lift:.2f}  "
        f"off {q.off:.3f}  log loss saved {q.skill:.1%}"
    )


def sources(given: Sequence[Path]) -> Iterator[Leads]:
    """The data that was named, or that lies in LEADSYNC_DATA."""
    places = list(given)
    if not places and (home := os.environ.get("LEADSYNC_DATA")):
        root = Path(home)
        files = [path for name in ("*Leads.csv", "*Lead Scoring.csv") for path in root.rglob(name)]
        places = [*files, *(path.parent for path in root.rglob("feature_dictionary.csv"))]
    for place in places:
        yield leadforge(place) if place.is_dir() else xeducation(place)


def main() -> int:
    """Print the report of every data set there is; 1 when there is none."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="*", type=Path, help="X Education's CSV file, or a leadforge bundle")
    found = list(sources(parser.parse_args().data))
    if not found:
        said = "no data: name X Education's Leads.csv or a leadforge bundle, or set LEADSYNC_DATA"
        print(f"{said} (--help says where they come from)", file=sys.stderr)
    for leads in found:
        for line in told(leads):
            print(line, flush=True)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
