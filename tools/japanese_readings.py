"""Write how the words of Japanese company names are read: `src/leadsync/normalize/readings.txt`.

    python -m tools.japanese_readings level1.parquet

The words are those of the register's Japanese legal names that are neither generic (normalize/script_words.py) nor
written in kana; the readings are those of the IPADIC dictionary, through janome (Apache License 2.0), which nothing
needs at run time. A line holds a reading in Latin letters and the words read so.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from pathlib import Path

from pyarrow import parquet

from leadsync.normalize.script_words import SIGNS
from leadsync.normalize.scripts import kana

TARGET = Path(__file__).parent.parent / "src/leadsync/normalize/readings.txt"
HEAD = "# Readings of words in Japanese company names, by the IPADIC dictionary; made by tools/japanese_readings.py\n"
_GENERIC = re.compile("|".join(sorted(map(re.escape, filter(None, SIGNS)), key=len, reverse=True)))
_KANJI = re.compile(r"[\u4e00-\u9fff々ヶ]+")


def main(source: str) -> None:
    """Read the names, look the words up, write."""
    from janome.tokenizer import Tokenizer

    tokenizer = Tokenizer()
    runs: set[str] = set()
    for batch in parquet.ParquetFile(source).iter_batches(100_000, columns=["name", "country"]):
        for name, country in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if name and country == "JP":
                runs.update(run for part in _GENERIC.split(name) for run in _KANJI.findall(part))
    readings: defaultdict[str, set[str]] = defaultdict(set)
    for run in sorted(runs):
        for token in tokenizer.tokenize(run):
            if token.reading != "*" and _KANJI.search(token.surface):
                readings[kana(token.reading).lower()].add(token.surface)
    lines = [
        f"{reading} {' '.join(sorted(words))}\n" for reading, words in sorted(readings.items()) if reading.isalpha()
    ]
    TARGET.write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
