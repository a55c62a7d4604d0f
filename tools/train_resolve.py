"""Train the resolver's model on the labelled names of the tuning half and write `src/leadsync/resolve/model.json`.

    python -m tools.train_resolve DATA INDEX [--check]

DATA holds gleif/level1.parquet and resolve/*; INDEX is the register's index without the withheld LEIs (see
benchmarks/resolve.py --index). Needs scikit-learn, which nothing needs at run time. `--check` only prints recall at
precision 0.95 by five-fold cross-validation (folds by LEI) and writes nothing.

Examples are (query, candidate) pairs. Each query is seen as it is; half of the answerable ones also with the right
entities taken away, so that the model learns when nothing fits; a quarter also without country. Sets are weighted as in
the core mix of the benchmark.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.labelled import Data, Judge, Label, Outcome, read, summary

from leadsync.records import LegalEntity, Match
from leadsync.resolve import ResolveSettings, resolve_all
from leadsync.resolve.features import FEATURES, compare, crowd, row, take_apart
from leadsync.resolve.judge import CONSIDERED
from leadsync.resolve.model import read_model
from leadsync_gleif import Index

TARGET = Path(__file__).parent.parent / "src/leadsync/resolve/model.json"
TREES, LEAVES = 150, 12
FOLDS = 5
WITHOUT_TRUTH, WITHOUT_COUNTRY = 0.25, 0.4
"""What examples of these kinds weigh, against 1 for a query as it is."""
RARE_SET = 0.01
"""The share of the mix given to a set that the core mix does not have."""


@dataclass(frozen=True, slots=True)
class Group:
    """One query with its candidates' features; `kind`: 0 as it is, 1 without the right entities, 2 without country."""

    label: Label
    kind: int
    rows: Sequence[Sequence[float]]
    right: Sequence[bool]


def groups(data: Data, index: Index) -> Iterator[Group]:
    """All examples."""
    judge = Judge(data)
    blind = [
        replace(label, query=replace(label.query, country="", city=""))
        for label in data.labels
        if label.query.country and random.Random(label.qid * 7 + 1).random() < 0.25
    ]
    for labels, kind in ((data.labels, 0), (blind, 2)):
        found = index.candidates([label.query for label in labels], CONSIDERED)
        for label, candidates in zip(labels, found, strict=True):
            yield from _examples(label, kind, candidates, judge)


def _examples(label: Label, kind: int, candidates: Sequence[LegalEntity], judge: Judge) -> Iterator[Group]:
    asked = take_apart(label.query)
    seen = [compare(asked, entity) for entity in candidates]
    right = [judge.right(label, e.lei, e.name, e.country) for e in candidates]
    yield _group(label, kind, asked, seen, right)
    if kind == 0 and any(right) and random.Random(label.qid).random() < 0.5:
        wrong = [one for one, is_right in zip(seen, right, strict=True) if not is_right]
        yield _group(label, 1, asked, wrong, [False] * len(wrong))


def _group(label: Label, kind: int, asked: Any, seen: Sequence[Any], right: Sequence[bool]) -> Group:
    rows = [row(asked, one) + others for one, others in zip(seen, crowd(asked, seen) if seen else [], strict=True)]
    return Group(label, kind, rows, right)


def weights(found: Sequence[Group]) -> list[float]:
    """What each group weighs, so that the sets' shares are those of the core mix."""
    sets = Counter(g.label.group for g in found if g.kind == 0)
    core = Counter(g.label.group for g in found if g.kind == 0 and g.label.core)
    share = {name: (core[name] / core.total() or RARE_SET) * sets.total() / sets[name] for name in sets}
    kinds = {0: 1.0, 1: WITHOUT_TRUTH, 2: WITHOUT_COUNTRY}
    return [share[g.label.group] * kinds[g.kind] for g in found]


def train(found: Sequence[Group], weighed: Sequence[float]) -> Any:
    """Fit the trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.array([r for g in found for r in g.rows], np.float32)
    y = np.array([r for g in found for r in g.right])
    w = np.repeat(weighed, [len(g.rows) for g in found])
    trees = HistGradientBoostingClassifier(
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        learning_rate=0.07,
        min_samples_leaf=40,
        l2_regularization=5.0,
        random_state=0,
    )
    return trees.fit(x, y, sample_weight=w)


def check(data: Data, index: Index, found: Sequence[Group], weighed: Sequence[float]) -> None:
    """Print what the whole judge makes of the core mix, each query judged by a model that never saw its LEI."""
    judge = Judge(data)
    fold = [zlib.crc32(g.label.lei.encode()) % FOLDS for g in found]
    outcomes: list[tuple[Outcome, Match]] = []
    for held in range(FOLDS):
        kept = [i for i, f in enumerate(fold) if f != held]
        trees = read_model(content(train([found[i] for i in kept], [weighed[i] for i in kept])))
        labels = [one for one in data.labels if one.core and zlib.crc32(one.lei.encode()) % FOLDS == held]
        queries = [label.query for label in labels]
        candidates = index.candidates(queries, CONSIDERED)
        matches = resolve_all(queries, candidates, ResolveSettings(threshold=0.0), trees=trees)
        for label, m in zip(labels, matches, strict=True):
            right = judge.right(label, m.lei, m.legal_name, m.country)
            outcomes.append((Outcome(label, m.lei != "", right, m.confidence), m))
    report(outcomes)


def report(judged: Sequence[tuple[Outcome, Match]]) -> None:
    """Precision, recall and refusals by threshold, recall at fixed precision, and how true the confidence is."""
    outcomes = [outcome for outcome, _ in judged]
    print(" ".join(f"{k}: {v:.3f}" for k, v in summary(outcomes).items() if v is not None))
    print("ambiguous:", sum(match.status == "ambiguous" for _, match in judged))
    for threshold in (0.5, 0.6, 0.7, 0.75, 0.8, 0.82, 0.84, 0.86, 0.88, 0.9, 0.92):
        cut = [replace(o, answered=o.answered and o.confidence >= threshold) for o in outcomes]
        cut = [replace(o, right=o.right and o.answered) for o in cut]
        print(threshold, " ".join(f"{k}: {v:.3f}" for k, v in summary(cut).items() if v is not None))
    for low in range(0, 100, 10):
        bin_ = [o for o in outcomes if o.answered and low <= 100 * o.confidence < low + 10]
        if bin_:
            said, true = (sum(x) / len(bin_) for x in ([o.confidence for o in bin_], [o.right for o in bin_]))
            print(
                f"said {low / 100:.1f}–{low / 100 + 0.1:.1f}: {len(bin_):5} answers, mean {said:.3f}, right {true:.3f}"
            )


def content(model: Any) -> dict[str, Any]:
    """The trees as plain lists."""
    nodes: dict[str, list[float]] = {"feature": [], "threshold": [], "left": [], "right": [], "value": []}
    roots: list[int] = []
    depth = 0
    for (predictor,) in model._predictors:
        start = len(nodes["feature"])
        roots.append(start)
        for at, node in enumerate(predictor.nodes):
            leaf = bool(node["is_leaf"])
            nodes["feature"].append(0 if leaf else int(node["feature_idx"]))
            nodes["threshold"].append(0.0 if leaf else round(float(np.float32(node["num_threshold"])), 6))
            nodes["left"].append(start + (at if leaf else int(node["left"])))
            nodes["right"].append(start + (at if leaf else int(node["right"])))
            nodes["value"].append(round(float(node["value"]), 5) if leaf else 0.0)
            depth = max(depth, int(node["depth"]))
    base = round(float(np.ravel(model._baseline_prediction)[0]), 6)
    return {"features": FEATURES, **nodes, "roots": roots, "depth": depth, "base": base}


def main() -> None:
    """Read, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    index = Index.open(args.index)
    data = read(args.data)
    found = list(groups(data, index))
    weighed = weights(found)
    if args.check:
        check(data, index, found, weighed)
    else:
        TARGET.write_text(json.dumps(content(train(found, weighed)), separators=(",", ":")), encoding="ascii")


if __name__ == "__main__":
    main()
