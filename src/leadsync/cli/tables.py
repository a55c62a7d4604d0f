"""Small CSV files that a person names on the command line: two columns found by their names."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from leadsync.errors import Misconfigured

DELIMITERS: Final = ",;\t"
"""Spreadsheets write ; where a comma is the decimal sign, and tabs when asked for text."""


def columns_of(path: Path, first: str, second: str) -> Iterator[tuple[int, tuple[str, str]]]:
    """(line, the cells of two columns) of each row that has anything in it. Raises Misconfigured, with the line where
    there is one, when the file or a row cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            delimiter = max(DELIMITERS, key=head.count)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            names = [name.strip().casefold() for name in next(csv.reader([head], delimiter=delimiter), [])]
            if not {first, second} <= set(names):
                raise Misconfigured(f"{path}:1: needs the columns {first} and {second}.")
            places = names.index(first), names.index(second)
            for cells in reader:
                if len(cells) > max(places):
                    yield reader.line_num + 1, (cells[places[0]], cells[places[1]])
                elif any(cell.strip() for cell in cells):
                    raise Misconfigured(f"{path}:{reader.line_num + 1}: has fewer columns than the first line.")
    except csv.Error as problem:
        raise Misconfigured(f"{path}:{reader.line_num + 1}: {problem}.") from None
    except UnicodeDecodeError:
        raise Misconfigured(f"{path}: is not a text in UTF-8.") from None
    except OSError as problem:
        raise Misconfigured(f"{path}: cannot read it: {problem.strerror}.") from None
