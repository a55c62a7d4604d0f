"""Open a register file as a stream of rows: CSV as published, zipped or not, XML, or parquet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from leadsync.errors import Misconfigured, Unreadable

csv.field_size_limit(1 << 24)

_PUBLISHED = re.compile(r"(\d{8})-(\d{4})-gleif")


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns and its rows; reading the rows raises Unreadable when the file turns out broken."""

    header: Sequence[str]
    rows: Iterator[Sequence[str]]


@contextmanager
def table(path: Path) -> Iterator[Table]:
    """Open a file by what it holds, not by its name. Raises Misconfigured when it is not there, Unreadable when it is
    no table or broken (cut short, damaged archive, rows of another length)."""
    try:
        with path.open("rb") as raw:
            start = raw.read(4)
            raw.seek(0)
            if start == b"PAR1":
                yield _parquet(path)
            elif start.startswith(b"PK"):
                with (
                    zipfile.ZipFile(raw) as archive,
                    archive.open(_member(archive, path)) as member,
                    _text(cast("zipfile.ZipExtFile", member), path) as opened,
                ):
                    yield opened
            else:
                with _text(raw, path) as opened:
                    yield opened
    except FileNotFoundError:
        raise Misconfigured(f"{path}: no such file") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, csv.Error) as problem:
        raise Unreadable(f"{path}: broken or cut short ({problem}); download it again") from problem


def _member(archive: zipfile.ZipFile, path: Path) -> str:
    names = [name for name in archive.namelist() if name.lower().endswith((".csv", ".xml"))]
    if len(names) != 1:
        raise Unreadable(f"{path}: expected one CSV or XML file in the archive, found {len(names)}")
    return names[0]


@contextmanager
def _text(raw: io.BufferedReader | zipfile.ZipExtFile, path: Path) -> Iterator[Table]:
    start = raw.peek(64)[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise Unreadable(f"{path}: the file is empty")
    if start.startswith(b"<"):
        from leadsync_gleif.xml import xml_table

        yield xml_table(cast("IO[bytes]", raw))
        return
    with io.TextIOWrapper(raw, "utf-8-sig", newline="") as lines:
        reader = csv.reader(_checked(lines, path), strict=True)
        header = next(reader)
        yield Table(header, _rows(reader, len(header), path))


def _checked(lines: Iterator[str], path: Path) -> Iterator[str]:
    """Lines of a file that must end with a line break: what does not was cut short."""
    line = "\n"
    for line in lines:
        yield line
    if not line.endswith(("\n", "\r")):
        raise Unreadable(f"{path}: the last line has no end: the file was cut short; download it again")


def _rows(reader: Iterator[list[str]], width: int, path: Path) -> Iterator[Sequence[str]]:
    for number, row in enumerate(reader, 2):
        if len(row) != width:
            if not row:
                continue
            raise Unreadable(f"{path}: row {number} has {len(row)} values, the header {width}; download it again")
        yield row


def _parquet(path: Path) -> Table:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]
    except ImportError:
        raise Misconfigured(f"{path}: reading parquet needs pyarrow: pip install pyarrow") from None
    file: Any = parquet.ParquetFile(path)
    header = list(file.schema_arrow.names)

    def rows() -> Iterator[Sequence[str]]:
        for batch in file.iter_batches(65_536):
            columns = [["" if v is None else str(v) for v in column.to_pylist()] for column in batch.columns]
            yield from zip(*columns, strict=True)

    return Table(header, rows())


def published_at(path: Path) -> datetime:
    """When a file was published: from a published file's name, else when it was last changed."""
    found = _PUBLISHED.search(path.name)
    if found is not None:
        return datetime.strptime("".join(found.groups()), "%Y%m%d%H%M").replace(tzinfo=UTC)
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
