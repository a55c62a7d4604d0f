"""Train the resolver's model on the labelled names of the tuning half and write `src/leadsync/resolve/model.json`.

    python -m tools.train_resolve DATA INDEX [--check [SEEDS] [--errors N]]

DATA holds gleif/level1.parquet and resolve/*; INDEX is the register's index without the withheld LEIs (see
benchmarks/resolve.py --index). Needs scikit-learn, which nothing needs at run time.

Examples are (query, candidate) pairs. Each query is seen as it is; half of the answerable ones also with the right
entities taken away, so that the model learns when nothing fits; a quarter also without country; and all once more
without the counts of words that small registers and the REST API do not give. Sets are weighted as in the core mix of
the benchmark.

`--check` writes nothing: it trains anew for each of five folds by LEI on the other four, as often as SEEDS says with
other folds each time, and prints what comes of the fold's own names: the core mix, and all names weighted like it;
then, of the first run at the default threshold, by set, kind, script and country, and N wrong and N missed names.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.labelled import Data, Judge, Label, Outcome, precision_of, read, spread, summary
from benchmarks.resolve import by_group, by_kind, list_errors, report

from leadsync.records import LegalEntity, Match
from leadsync.resolve import NOTHING, ResolveSettings
from leadsync.resolve.features import FEATURES, UNKNOWN
from leadsync.resolve.judge import CONSIDERED, Prepared, decide, prepare, weigh, weighed
from leadsync.resolve.model import ALL, read_model
from leadsync_gleif import Index

TARGET = Path(__file__).parent.parent / "src/leadsync/resolve/model.json"
FOLDS = 5
WITHOUT_TRUTH, WITHOUT_COUNTRY = 0.25, 0.4
"""What examples of these kinds weigh, against 1 for a query as it is."""
WITHOUT_COUNTS = 0.1
"""What an answer weighs whose words nobody counted, beside the same with counts."""
RARE_SET = 0.01
"""The share of the mix given to a set that the core mix does not have."""
TREES = {
    "max_iter": 150, "max_leaf_nodes": 12, "learning_rate": 0.07, "min_samples_leaf": 40, "l2_regularization": 5.0,
    "max_features": 0.4, "random_state": 0,
}  # fmt: skip
COUNTED = ("rarest", "rarest_here", "next_rarest", "next_rarest_here", "commonest", "counted")


@dataclass(frozen=True, slots=True)
class Group:
    """One query with its candidates as the judge sees them; `kind`: 0 as it is, 1 without the right entities, 2 without
    country. `right`: whether each of the candidates that are weighed is."""

    label: Label
    kind: int
    prepared: Prepared
    right: Sequence[bool]


# ---- examples


def groups(data: Data, index: Index) -> Iterator[Group]:
    """All examples."""
    judge = Judge(data)
    blind = [
        replace(label, query=replace(label.query, country="", city=""))
        for label in data.labels
        if label.query.country and random.Random(label.qid * 7 + 1).random() < 0.25
    ]
    for labels, kind in ((data.labels, 0), (blind, 2)):
        queries = [label.query for label in labels]
        found = index.candidates(queries, CONSIDERED)
        yield from _groups(labels, kind, found, judge, index)
        if kind == 0:
            right = [
                [judge.right(label, e.lei, e.name, e.country) for e in some]
                for label, some in zip(labels, found, strict=True)
            ]
            kept = [i for i, label in enumerate(labels) if any(right[i]) and random.Random(label.qid).random() < 0.5]
            wrong = [[e for e, is_right in zip(found[i], right[i], strict=True) if not is_right] for i in kept]
            yield from _groups([labels[i] for i in kept], 1, wrong, judge, index)


def _groups(
    labels: Sequence[Label], kind: int, found: Sequence[Sequence[LegalEntity]], judge: Judge, index: Index
) -> Iterator[Group]:
    prepared = prepare([label.query for label in labels], found, [NOTHING] * len(labels), index.frequencies)
    for label, one in zip(labels, prepared, strict=True):
        answers = one.answers[: len(one.rows)]
        yield Group(label, kind, one, [judge.right(label, e.lei, e.name, e.country) for e in answers])


def shares(found: Sequence[Group]) -> list[float]:
    """What each group weighs, so that the sets' shares are those of the core mix."""
    sets = Counter(g.label.group for g in found if g.kind == 0)
    core = Counter(g.label.group for g in found if g.kind == 0 and g.label.core)
    share = {name: (core[name] / core.total() or RARE_SET) * sets.total() / sets[name] for name in sets}
    kinds = {0: 1.0, 1: WITHOUT_TRUTH, 2: WITHOUT_COUNTRY}
    return [share[g.label.group] * kinds[g.kind] for g in found]


# ---- training


def fit(found: Sequence[Group], shares: Sequence[float]) -> Any:
    """Fit the trees, with and without the words' counts."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.array([row for g in found for row in g.prepared.rows], np.float32)
    y = np.array([right for g in found for right in g.right])
    w = np.repeat(shares, [len(g.right) for g in found])
    uncounted = x.copy()
    uncounted[:, [FEATURES.index(name) for name in COUNTED]] = UNKNOWN
    trees = HistGradientBoostingClassifier(**TREES)
    return trees.fit(np.vstack((x, uncounted)), np.tile(y, 2), sample_weight=np.concatenate((w, w * WITHOUT_COUNTS)))


def content(model: Any) -> dict[str, Any]:
    """The trees as plain lists: see `leadsync.resolve.model.read_trees`."""
    trees = [_tree(predictor.nodes) for (predictor,) in model._predictors]
    base = round(float(np.ravel(model._baseline_prediction)[0]), 6)
    return {"features": FEATURES, "base": base, "trees": trees}


def _tree(nodes: Any) -> dict[str, Any]:
    """One tree: its leaves from left to right, and of each comparison the leaves that are left when it is above."""
    comparisons: list[tuple[int, float, int]] = []
    leaves: list[float] = []

    def walk(at: int) -> int:
        node = nodes[at]
        if node["is_leaf"]:
            leaves.append(round(float(node["value"]), 5))
            return 1 << (len(leaves) - 1)
        place = len(comparisons)
        threshold = round(float(np.float32(node["num_threshold"])), 6)
        comparisons.append((int(node["feature_idx"]), threshold, 0))
        left = walk(int(node["left"]))
        right = walk(int(node["right"]))
        comparisons[place] = (*comparisons[place][:2], ALL & ~left)
        return left | right

    walk(0)
    return {"comparisons": comparisons, "leaves": leaves}


# ---- how good it is on names it never saw


def check(data: Data, found: Sequence[Group], seeds: int, errors: int) -> None:
    """Print what the whole judge makes of names whose LEIs it never saw."""
    runs = [judged(found, seed) for seed in range(seeds)]
    every = [[outcome for outcome, _ in some] for some in runs]
    core = [[o for o in some if o.label.core] for some in every]
    print(f"core mix, {len(core[0])} names, {seeds} × {FOLDS} folds:")
    for line in spread([precision_of(some) for some in core]):
        print(f"  {line}")
    print(f"all {len(every[0])} names, weighted as the core mix:")
    for line in spread([precision_of(some, weighted=True) for some in every]):
        print(f"  {line}")
    print("core mix, by threshold and by confidence:")
    _thresholds([o for some in core for o in some])
    _reliability([o for some in core for o in some])
    _described(data, runs[0], errors)


def _described(data: Data, run: Sequence[tuple[Outcome, Match]], errors: int) -> None:
    """The first run's answers at the default threshold: by set, by kind, by script and country."""
    settled = [(replace(o, answered=m.lei != "", right=o.right and m.lei != ""), m) for o, m in run]
    core = [(o, m) for o, m in settled if o.label.core]
    report([o for o, _ in core])
    by_kind([o for o, _ in core], [m for _, m in core])
    judge = Judge(data)
    print("\nof all names:")
    for by in ("script", "country"):
        by_group([o for o, _ in settled], by, judge)
    if errors:
        list_errors([o for o, _ in core], [m for _, m in core], errors)


def judged(found: Sequence[Group], seed: int) -> list[tuple[Outcome, Match]]:
    """Each name as it is, judged by a model trained on the folds without its LEI: with no threshold, and the match at
    the default one."""
    weight = shares(found)
    fold = [zlib.crc32(f"{seed}:{g.label.lei}".encode()) % FOLDS for g in found]
    outcomes: list[tuple[Outcome, Match]] = []
    for held in range(FOLDS):
        kept = [i for i, f in enumerate(fold) if f != held]
        trained = fit([found[i] for i in kept], [weight[i] for i in kept])
        mine = [g for g, f in zip(found, fold, strict=True) if f == held and g.kind == 0]
        outcomes += _outcomes(mine, trained)
    return outcomes


def _outcomes(found: Sequence[Group], trained: Any) -> Iterator[tuple[Outcome, Match]]:
    odds = iter(weigh([g.prepared for g in found], read_model(json.loads(json.dumps(content(trained))))))
    for group in found:
        some = weighed(group.prepared, [next(odds) for _ in group.right])
        best = decide(group.prepared, some, 0.0)
        leis = [answer.lei for answer in group.prepared.answers]
        right = best.lei != "" and group.right[leis.index(best.lei)]
        match = decide(group.prepared, some, ResolveSettings().threshold)
        yield Outcome(group.label, best.lei != "", right, best.confidence), match


def _thresholds(outcomes: Sequence[Outcome]) -> None:
    for threshold in (0.5, 0.6, 0.7, 0.75, 0.78, 0.8, 0.82, 0.84, 0.86, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97):
        cut = [replace(o, answered=o.answered and o.confidence >= threshold) for o in outcomes]
        cut = [replace(o, right=o.right and o.answered) for o in cut]
        found = {
            k: v for k, v in summary(cut).items() if k in {"precision", "recall", "nil answered"} and v is not None
        }
        print(f"  from {threshold:.2f}: " + "  ".join(f"{name} {value:.3f}" for name, value in found.items()))


RELIABILITY = (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 1.01)


def _reliability(outcomes: Sequence[Outcome]) -> None:
    for low, high in pairwise(RELIABILITY):
        some = [o for o in outcomes if o.answered and low <= o.confidence < high]
        if some:
            said, true = (sum(x) / len(some) for x in ([o.confidence for o in some], [o.right for o in some]))
            print(f"  said {low:.2f} to {min(high, 1):.2f}: {len(some):5} answers, mean {said:.3f}, right {true:.3f}")


def main() -> None:
    """Read, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--check", type=int, nargs="?", const=1, metavar="SEEDS")
    parser.add_argument("--errors", type=int, default=0)
    args = parser.parse_args()
    data = read(args.data)
    found = list(groups(data, Index.open(args.index)))
    if args.check is not None:
        check(data, found, args.check, args.errors)
    else:
        TARGET.write_text(json.dumps(content(fit(found, shares(found))), separators=(",", ":")), encoding="ascii")


if __name__ == "__main__":
    main()
