"""Other ways to the same answers, for comparison: TF-IDF over character n-grams, and ING's emm."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from benchmarks.labelled import Data, Label

Found = list[tuple[str, str, str, float]]
"""Of each query (lei, name, country, score); a blank lei for no answer."""


def peers(data: Data, labels: Sequence[Label]) -> Iterator[tuple[str, Found, float]]:
    """(name, answers, queries a CPU second) of every peer that is installed; says which are not."""
    for name, run in (("TF-IDF char 3-grams", _tfidf), ("emm, unsupervised", _emm)):
        try:
            found, speed = run(data, labels)
        except ImportError as problem:
            print(f"  {name:28} left out: {problem.name} is not installed")
            continue
        yield name, found, speed


def _tfidf(data: Data, labels: Sequence[Label]) -> tuple[Found, float]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    entities = list(data.register())
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), min_df=2, sublinear_tf=True)
    register = vectors.fit_transform(name for _, name, _, _ in entities).T.tocsr()
    start = time.process_time()
    asked = vectors.transform(label.query.name for label in labels)
    best = sp_matmul_topn(asked, register, top_n=1, sort=True).tocsr()
    found: Found = []
    for row in range(len(labels)):
        part = slice(best.indptr[row], best.indptr[row + 1])
        if part.start == part.stop:
            found.append(("", "", "", 0.0))
            continue
        lei, name, country, _ = entities[best.indices[part][0]]
        found.append((lei, name, country, float(best.data[part][0])))
    return found, len(labels) / (time.process_time() - start)


def _emm(data: Data, labels: Sequence[Label]) -> tuple[Found, float]:
    import pandas as pd
    from emm import PandasEntityMatching

    entities = pd.DataFrame(data.register(), columns=["lei", "name", "country", "category"]).reset_index(names="id")
    engine = PandasEntityMatching(
        {
            "preprocessor": "preprocess_merge_abbr",
            "indexers": [
                {
                    "type": "cosine_similarity",
                    "tokenizer": "words",
                    "ngram": 1,
                    "num_candidates": 10,
                    "cos_sim_lower_bound": 0.2,
                },
                {
                    "type": "cosine_similarity",
                    "tokenizer": "characters",
                    "ngram": 2,
                    "num_candidates": 5,
                    "cos_sim_lower_bound": 0.2,
                },
                {"type": "sni", "window_length": 3},
            ],
            "supervised_on": False,
            "name_only": True,
            "entity_id_col": "id",
            "name_col": "name",
        }
    )
    engine.fit(entities[["id", "name"]])
    asked = pd.DataFrame({"id": range(len(labels)), "name": [label.query.name for label in labels]})
    start = time.process_time()
    answers = engine.transform(asked)
    speed = len(labels) / (time.process_time() - start)
    score = next(column for column in ("score_0", "nm_score") if column in answers)
    best = answers.sort_values(score, ascending=False).drop_duplicates("uid").set_index("uid")
    found: Found = [("", "", "", 0.0)] * len(labels)
    for uid, gt, value in zip(best.index, best["gt_uid"], best[score], strict=True):
        if gt is not None and gt == gt:  # a missing number is not itself
            row = entities.iloc[int(gt)]
            found[int(uid)] = (row["lei"], row["name"], row["country"], float(value))
    return found, speed
