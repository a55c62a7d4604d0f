"""Count in how many legal names each word stands, and write `src/leadsync/resolve/words.txt`.

    python tools/word_information.py level1.parquet

The table is by level: a line "LEVEL word word …" for the words whose information (natural logarithm of one in how many
names) rounds to LEVEL/2. Words in fewer than FEWEST names are left out: they are all equally telling.
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from pathlib import Path

from pyarrow import parquet

from leadsync.normalize.company import split_name

FEWEST = 60
TARGET = Path(__file__).parent.parent / "src/leadsync/resolve/words.txt"


def main(source: str) -> None:
    """Count and write."""
    counts: Counter[str] = Counter()
    names = 0
    for batch in parquet.ParquetFile(source).iter_batches(100_000, columns=["name", "country"]):
        for name, country in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if name:
                counts.update(set(split_name(name, country or "")[0]))
                names += 1
    levels: defaultdict[int, list[str]] = defaultdict(list)
    for word, count in counts.items():
        if count >= FEWEST:
            levels[round(2 * math.log(names / count))].append(word)
    lines = [f"{level} {' '.join(sorted(levels[level]))}" for level in sorted(levels)]
    TARGET.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])
