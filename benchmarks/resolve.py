"""Judge the resolver on labelled names against the whole register, and measure what it costs.

    python -m benchmarks.resolve [DATA] [--index DIR] [--all] [--by country|script] [--peers [N]] [--errors N]

DATA (or the environment variable LEADSYNC_DATA) holds gleif/level1.parquet and resolve/*. The index is made of all of
level1.parquet but the withheld LEIs, in a temporary folder, or in DIR where it is kept for the next time. By default
the core mix is judged; `--all`: every labelled name. `--by` adds a line for each country, or each script the right
entity's legal name stands in. `--errors N` lists N wrong and N missed ones. `--peers` asks a character 3-gram TF-IDF
(needs scikit-learn and sparse-dot-topn) and emm (needs emm 2.1 with pandas) the same queries, or N drawn from them;
what is not installed is said and left out. emm asks for an environment of its own (Python 3.11): `pip install emm
sparse-dot-topn`, then this package. At register size both take many minutes and some GB. Times are CPU seconds of
this process. The model was trained on these names: for figures of names it never saw, tools/train_resolve.py --check.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path

from benchmarks.labelled import Data, Judge, Label, Outcome, read, script, summary
from benchmarks.peers import peers
from leadsync.records import CompanyQuery, Match
from leadsync.resolve import ResolveSettings, resolve, resolve_all
from leadsync.resolve.judge import CONSIDERED, Means
from leadsync_gleif import Index, load, status

SINGLE = 300
"""Queries asked one by one for the latency."""
BATCH = 500
FEWEST_OF_A_GROUP = 5
"""Answerable names from which a country or a script gets a line of its own."""


def main() -> None:
    """Build, ask, judge, print."""
    args = _arguments()
    data = read(args.data)
    labels = [label for label in data.labels if args.all or label.core]
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.index or Path(temporary)
        if not status(folder).present:
            _in_a_process_of_its_own(data, folder)
        index = Index.open(folder)
        matches = _ask(index, [label.query for label in labels])
        _latency(index, [label.query for label in labels])
        print(f"resident at most    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")
        index.close()
    judge = Judge(data)
    outcomes = [
        Outcome(label, m.lei != "", judge.right(label, m.lei, m.legal_name, m.country), m.confidence)
        for label, m in zip(labels, matches, strict=True)
    ]
    report(outcomes)
    by_kind(outcomes, matches)
    if args.by is not None:
        by_group(outcomes, args.by, judge)
    if args.errors:
        list_errors(outcomes, matches, args.errors)
    if args.peers is not None:
        _compare(data, judge, outcomes, args.peers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("LEADSYNC_DATA")
    parser.add_argument("data", nargs="?", type=Path, default=Path(default) if default else None)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--by", choices=("country", "script"))
    parser.add_argument("--peers", nargs="?", type=int, const=0)
    parser.add_argument("--errors", type=int, default=0)
    args = parser.parse_args()
    if args.data is None:
        parser.error("name the data folder, or set LEADSYNC_DATA")
    return args


def _in_a_process_of_its_own(data: Data, folder: Path) -> None:
    """Build there, so that what building takes does not count as what asking takes."""
    child = get_context("spawn").Process(target=_build, args=(data, folder))
    child.start()
    child.join()


def _build(data: Data, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "level1.csv"
    with source.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("lei", "name", "country", "category"))
        writer.writerows(data.register())
    start = time.process_time()
    report = load([source], folder)
    print(f"index built in      {time.process_time() - start:8.1f} CPU s ({report.entities:,} entities)")
    print(f"index on disk       {status(folder).bytes / 1e6:8.0f} MB")
    source.unlink()


def _ask(index: Index, queries: Sequence[CompanyQuery]) -> list[Match]:
    settings, means = ResolveSettings(), Means(count=index.frequencies)
    first = queries[:BATCH]
    resolve_all(first, index.candidates(first, CONSIDERED), settings, means=means)  # pages and model read in
    start = time.process_time()
    matches: list[Match] = []
    for at in range(0, len(queries), BATCH):
        batch = queries[at : at + BATCH]
        matches += resolve_all(batch, index.candidates(batch, CONSIDERED), settings, means=means)
    print(f"in bulk             {len(queries) / (time.process_time() - start):8,.0f} queries a CPU second")
    return matches


def _latency(index: Index, queries: Sequence[CompanyQuery]) -> None:
    settings, means = ResolveSettings(), Means(count=index.frequencies)
    times = []
    for query in queries[:SINGLE]:
        start = time.perf_counter()
        resolve(query, index.candidates([query], CONSIDERED)[0], settings, means=means)
        times.append(1000 * (time.perf_counter() - start))
    times.sort()
    print(f"one at a time       {statistics.median(times):8.2f} ms median, {times[int(len(times) * 0.99)]:.1f} ms p99")


def report(outcomes: Sequence[Outcome]) -> None:
    """A line for all and one for each set."""
    print(f"\nat the default threshold {ResolveSettings().threshold}:")
    line("all", outcomes)
    groups = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.label.group].append(outcome)
    for name in sorted(groups):
        line(name, groups[name])


def line(name: str, outcomes: Sequence[Outcome], more: str = "") -> None:
    """Print how good some answers are."""
    found = summary(outcomes)
    texts = [f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in found.items() if v is not None]
    print(f"  {name:28} {'  '.join(texts)}  {more}")


def by_group(outcomes: Sequence[Outcome], by: str, judge: Judge) -> None:
    """A line for each country or script with enough answerable names."""
    groups = defaultdict(list)
    for outcome in outcomes:
        query = outcome.label.query
        groups[query.country or "none" if by == "country" else script(judge.name(outcome.label))].append(outcome)
    print(f"\nby {by}:")
    for name, some in sorted(groups.items(), key=lambda item: -len(item[1])):
        if sum(not o.label.nil for o in some) >= FEWEST_OF_A_GROUP:
            line(name, some)


def _compare(data: Data, judge: Judge, outcomes: Sequence[Outcome], count: int) -> None:
    """The same queries, all of them or `count` drawn from them, asked of other systems."""
    some = random.Random(2).sample(outcomes, count) if 0 < count < len(outcomes) else outcomes
    labels = [outcome.label for outcome in some]
    print(f"\non {len(some)} of these queries:")
    line("leadsync", some)
    for name, found, speed in peers(data, labels):
        judged = [
            Outcome(label, lei != "", judge.right(label, lei, who, country), score)
            for label, (lei, who, country, score) in zip(labels, found, strict=True)
        ]
        line(name, judged, f"{speed:9,.1f} q/s")


def by_kind(outcomes: Sequence[Outcome], matches: Sequence[Match]) -> None:
    """What became of the queries, by kind of answer."""
    kinds: Counter[str] = Counter()
    for outcome, match in zip(outcomes, matches, strict=True):
        kinds[_kind(outcome, match)] += 1
    print("\nwhat became of them:")
    for kind, count in kinds.most_common():
        print(f"  {count:6}  {kind}")


def _kind(outcome: Outcome, match: Match) -> str:
    label = outcome.label
    if outcome.answered:
        verdict = "right" if outcome.right else "wrong: not in the register" if label.nil else "wrong"
        return f"{verdict}, by {match.method}"
    if label.nil:
        return "rightly refused"
    if match.status == "ambiguous":
        return "missed: ambiguous"
    places = [lei for lei, *_ in match.candidates]
    if label.lei not in places:
        return "missed: not among the candidates" if places else "missed: no candidates"
    return "missed: best candidate, too uncertain" if places[0] == label.lei else "missed: another candidate was ahead"


def list_errors(outcomes: Sequence[Outcome], matches: Sequence[Match], count: int) -> None:
    """So many wrong and so many missed ones, drawn by chance."""
    both = list(zip(outcomes, matches, strict=True))
    chance = random.Random(1)
    wrong = [(o, m) for o, m in both if o.answered and not o.right]
    missed = [(o, m) for o, m in both if not o.answered and not o.label.nil]
    for title, some in (("wrong", wrong), ("missed", missed)):
        print(f"\n{title} (of {len(some)}):")
        for outcome, match in chance.sample(some, min(count, len(some))):
            print(f"  {_describe(outcome.label)}  →  {match.legal_name or match.candidates[:1]} {match.confidence:.2f}")


def _describe(label: Label) -> str:
    return f"{label.group}{' nil' if label.nil else ''}: {label.query.name} | {label.query.country} | {label.lei}"


if __name__ == "__main__":
    main()
