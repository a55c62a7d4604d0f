"""The labelled company names the resolver is judged by, and how: `resolve/` and `gleif/` in a data folder."""

from __future__ import annotations

import csv
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyarrow import parquet

from leadsync.normalize.company import domain_of
from leadsync.records import CompanyQuery

FEWEST = 30
"""Answers from which a precision counts."""


@dataclass(frozen=True, slots=True)
class Label:
    """A name somebody gave a company, and its LEI; `nil`: the index has been kept from having it."""

    qid: int
    group: str
    query: CompanyQuery
    lei: str
    nil: bool
    core: bool


@dataclass(frozen=True, slots=True)
class Data:
    """The labels, the LEIs withheld from the index, and the register's names of the labelled LEIs."""

    folder: Path
    labels: Sequence[Label]
    withheld: frozenset[str]

    def register(self) -> Iterator[tuple[str, str, str, str]]:
        """(lei, name, country, category) of all entities but the withheld."""
        file = parquet.ParquetFile(self.folder / "gleif/level1.parquet")
        for batch in file.iter_batches(100_000, columns=["lei", "name", "country", "category"]):
            for lei, name, country, category in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                if name and lei not in self.withheld:
                    yield lei, name, country or "", category or "GENERAL"


def read(folder: Path) -> Data:
    """Read the labelled names in a data folder."""
    core = set(_column(folder / "resolve/train_core_qids.csv"))
    rows = parquet.read_table(folder / "resolve/train_queries.parquet").to_pylist()
    labels = [Label(r["qid"], r["set"], _query(r), r["lei"], r["nil"], str(r["qid"]) in core) for r in rows]
    return Data(folder, labels, frozenset(_column(folder / "resolve/withheld_leis.csv")))


def _column(path: Path) -> list[str]:
    with path.open(newline="") as lines:
        return [row[0] for row in list(csv.reader(lines))[1:]]


def _query(row: Mapping[str, str | None]) -> CompanyQuery:
    return CompanyQuery(row["query"] or "", row["country"] or "", row["city"] or "", "", domain_of(row["website"]))


def normal(text: str) -> str:
    """Lower case without accents and punctuation: what makes two records twins."""
    letters = unicodedata.normalize("NFKD", text)
    return re.sub(r"\W+", " ", "".join(c for c in letters if not unicodedata.combining(c)).lower()).strip()


SCRIPTS = (
    "CYRILLIC", "GREEK", "HIRAGANA", "KATAKANA", "HANGUL", "CJK", "THAI", "ARABIC", "HEBREW", "GEORGIAN", "ARMENIAN",
    "MONGOLIAN", "KHMER",
)  # fmt: skip


def script(name: str) -> str:
    """The script a name stands in, by the first letter that is not Latin; kana before the Chinese signs beside it."""
    known = [s for c in name for s in SCRIPTS if not c.isascii() and unicodedata.name(c, "").startswith(s)]
    if not known:
        return "latin"
    return "japanese" if {"HIRAGANA", "KATAKANA"} & set(known) else known[0].lower()


class Judge:
    """Says whether an answer is right: the labelled LEI, or a record of the same name in the same country."""

    def __init__(self, data: Data) -> None:
        self._names: dict[str, tuple[str, str]] = {}
        self._wanted = {label.lei for label in data.labels}
        self._written: dict[str, str] = {}
        file = parquet.ParquetFile(data.folder / "gleif/level1.parquet")
        for batch in file.iter_batches(100_000, columns=["lei", "name", "country"]):
            for lei, name, country in zip(*(c.to_pylist() for c in batch.columns), strict=True):
                if lei in self._wanted:
                    self._names[lei] = (normal(name or ""), country or "")
                    self._written[lei] = name or ""

    def name(self, label: Label) -> str:
        """The register's name of the labelled entity."""
        return self._written.get(label.lei, "")

    def right(self, label: Label, lei: str, name: str, country: str) -> bool:
        """Whether this answer to the label's query is right."""
        if label.nil or not lei:
            return False
        return lei == label.lei or (normal(name), country) == self._names.get(label.lei)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One query's answer, judged."""

    label: Label
    answered: bool
    right: bool
    confidence: float


FLOORS = (0.95, 0.96, 0.97, 0.98)


def precision_of(outcomes: Iterable[Outcome], *, weighted: bool = False) -> dict[str, float]:
    """Recall at each of FLOORS (of the surest answers the most that are as precise; 0: none), the share of
    nil queries answered at the first floor, and recall and precision when all is answered. `weighted`: each set's
    answerable and nil names count as much as those of it in the core mix."""
    rows = list(outcomes)
    every, core = (Counter((o.label.group, o.label.nil) for o in rows if o.label.core >= least) for least in (0, 1))
    weight = {kind: core[kind] / count if weighted else 1.0 for kind, count in every.items()}
    weights = [weight[o.label.group, o.label.nil] for o in rows]
    positives = sum(w for o, w in zip(rows, weights, strict=True) if not o.label.nil)
    nils = sum(w for o, w in zip(rows, weights, strict=True) if o.label.nil)
    found = {f"recall at {floor}": 0.0 for floor in FLOORS}
    hits = said = nil = 0.0
    answered = [(o, w) for o, w in zip(rows, weights, strict=True) if o.answered and w > 0]
    for seen, (o, w) in enumerate(sorted(answered, key=lambda ow: -ow[0].confidence), 1):
        hits, said, nil = hits + w * o.right, said + w, nil + w * o.label.nil
        for floor in FLOORS:
            if seen >= FEWEST and hits / said >= floor:
                found[f"recall at {floor}"] = hits / positives
                if floor == FLOORS[0]:
                    found["nil answered there"] = nil / nils if nils else 0.0
    return {**found, "recall of all": hits / positives, "precision of all": hits / said}


def spread(found: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """A line for each figure: its mean, and how far it strays from run to run."""
    for name in found[0]:
        values = [one.get(name, 0.0) for one in found]
        yield f"{name:20} {statistics.mean(values):.3f} ± {statistics.pstdev(values):.3f}"


def summary(outcomes: Iterable[Outcome]) -> dict[str, float | None]:
    """Precision and recall as answered, recall at precision 0.95 and 0.98, and the share of nil queries answered."""
    rows = list(outcomes)
    positives = max(1, sum(not r.label.nil for r in rows))
    answered = sorted((r for r in rows if r.answered), key=lambda r: -r.confidence)
    nil = [r for r in rows if r.label.nil]
    at: dict[float, float | None] = {0.95: None, 0.98: None}
    hits = 0
    for seen, row in enumerate(answered, 1):
        hits += row.right
        for floor in at:
            if seen >= FEWEST and hits / seen >= floor:
                at[floor] = hits / positives
    return {
        "queries": len(rows),
        "precision": hits / max(1, len(answered)),
        "recall": hits / positives,
        "recall at 0.95": at[0.95],
        "recall at 0.98": at[0.98],
        "nil answered": sum(r.answered for r in nil) / max(1, len(nil)),
    }
