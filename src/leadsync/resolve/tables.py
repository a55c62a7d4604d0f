"""Files of companies: rows of CSV or Parquet in, whatever is wrong with one told in its place; answers out."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any, Protocol, TextIO, cast

from leadsync.errors import Misconfigured

STDIN = Path("-")
"""Names standard input."""
DELIMITERS = ",;\t|"
CHUNK = 500
SPOOLED = 1 << 24
"""Bytes of a Parquet file from standard input that are kept in memory; more go to a temporary file."""

Row = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read, and why."""

    reason: str
    qid: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """A file's rows by their headings in lower case. `total`: how many, where the file says so."""

    rows: Iterator[Row | BadRow]
    total: int | None = None


@contextmanager
def opened_rows(source: Path, needed: Sequence[str], what: str = "company names") -> Iterator[Rows]:
    """Open a CSV or Parquet file, or standard input ("-"); which one it is, its first bytes say.

    One of the headings `needed`, of a column of `what`, must be there. Raises Misconfigured for what is no such file.
    """
    with _binary(source) as raw:
        start = raw.peek(4)[:4]
        if start == b"PAR1":
            yield _parquet(raw if source != STDIN else _spooled(raw), source, (needed, what))
            return
        lines = io.TextIOWrapper(raw, _encoding(start), errors="surrogateescape", newline="")
        try:
            yield _csv(lines, source, (needed, what))
        finally:
            lines.detach()  # the file is closed by who opened it


@contextmanager
def _binary(source: Path) -> Iterator[io.BufferedReader]:
    if source == STDIN:
        given = sys.stdin.buffer
        yield given if isinstance(given, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", given))
        return
    try:
        opened = source.open("rb")
    except OSError as problem:
        raise Misconfigured(f"{source}: {problem.strerror}") from None
    with opened:
        yield opened


def _headings(names: Sequence[str], source: Path, needed: tuple[Sequence[str], str]) -> list[str]:
    wanted, what = needed
    found = [name.strip().lower() for name in names]
    if not set(found) & set(wanted):
        raise Misconfigured(
            f"{source}: no column of {what}; expected one of {', '.join(wanted)}, found {', '.join(found[:8])}"
        )
    return found


# ---- CSV


def _encoding(start: bytes) -> str:
    return "utf-16" if start[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"


def _csv(lines: TextIO, source: Path, needed: tuple[Sequence[str], str]) -> Rows:
    first = lines.readline()
    if not first:
        raise Misconfigured(f"{source}: the file is empty")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(chain([first], lines), delimiter=delimiter)
    return Rows(_csv_rows(reader, _headings(next(reader), source, needed)))


def _csv_rows(reader: Any, headings: Sequence[str]) -> Iterator[Row | BadRow]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield BadRow(f"line {reader.line_num}: {problem}; is a quote left open?")
            continue
        if cells:
            yield _row(cells, headings, reader.line_num)


def _row(cells: Sequence[str], headings: Sequence[str], line: int) -> Row | BadRow:
    found = dict(zip(headings, cells, strict=False))
    qid = _printable(found.get("qid") or found.get("id") or "")
    if any(cells[len(headings) :]):
        return BadRow(f"line {line}: {len(cells)} cells, but {len(headings)} headings; is a quote missing?", qid)
    if not all(cell.isascii() or _printable(cell) == cell for cell in cells):
        return BadRow(f"line {line}: not UTF-8; save the file in that encoding", qid)
    return found


def _printable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


# ---- Parquet


def _parquet(raw: IO[bytes], source: Path, needed: tuple[Sequence[str], str]) -> Rows:
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(raw)
    except (pyarrow.ArrowException, OSError) as problem:
        raise Misconfigured(f"{source}: not a whole Parquet file ({problem})") from None
    headings = _headings(file.schema_arrow.names, source, needed)
    return Rows(_parquet_rows(file, headings), file.metadata.num_rows)


def _parquet_rows(file: Any, headings: Sequence[str]) -> Iterator[Row]:
    for batch in file.iter_batches(CHUNK):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield {name: _text(value) for name, value in zip(headings, values, strict=True)}


def _text(value: object) -> str | None:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return None if value is None else str(value)


def _spooled(raw: IO[bytes]) -> IO[bytes]:
    """Standard input in a form one can go back and forth in, as Parquet needs."""
    kept = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115  lives as long as the rows
    shutil.copyfileobj(raw, kept)
    kept.seek(0)
    return cast("IO[bytes]", kept)


# ---- answers

Answer = dict[str, str | float]


class Sink(Protocol):
    """Takes answers as they come."""

    def write(self, answers: Sequence[Answer]) -> None:
        """Take some."""

    def close(self) -> None:
        """There are no more."""


OUTPUTS = ("csv", "json", "ndjson", "parquet")


def sink(out: TextIO, output: str, columns: Sequence[str]) -> Sink:
    """Write answers to an open text stream; Parquet goes to the bytes beneath it. Raises Misconfigured for an unknown
    output, or for Parquet to a terminal."""
    match output:
        case "csv":
            return _Csv(out, columns)
        case "json":
            return _Json(out)
        case "ndjson":
            return _JsonLines(out)
        case "parquet":
            return _Parquet(out, columns)
        case other:
            raise Misconfigured(f"unknown output {other!r}; known: {', '.join(OUTPUTS)}")


class _Csv:
    def __init__(self, out: TextIO, columns: Sequence[str]) -> None:
        self._out = out
        self._writer = csv.DictWriter(out, columns, lineterminator="\n")
        self._writer.writeheader()

    def write(self, answers: Sequence[Answer]) -> None:
        self._writer.writerows(answers)
        self._out.flush()

    def close(self) -> None:
        self._out.flush()


class _JsonLines:
    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, answers: Sequence[Answer]) -> None:
        self._out.writelines(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
        self._out.flush()

    def close(self) -> None:
        self._out.flush()


class _Json:
    """One document, a list, an answer on each line of it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._out.write("[")
        self._between = "\n"

    def write(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self._out.write(self._between + json.dumps(answer, ensure_ascii=False))
            self._between = ",\n"
        self._out.flush()

    def close(self) -> None:
        self._out.write("\n]\n")
        self._out.flush()


class _Parquet:
    def __init__(self, out: TextIO, columns: Sequence[str]) -> None:
        import pyarrow
        from pyarrow import parquet

        beneath = getattr(out, "buffer", None)
        if beneath is None or out.isatty():
            raise Misconfigured("parquet is not for a terminal: name a file with --to, or send the output to one")
        kinds = {"confidence": pyarrow.float64()}
        self._schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in columns])
        self._table = pyarrow.Table
        self._writer = parquet.ParquetWriter(beneath, self._schema)

    def write(self, answers: Sequence[Answer]) -> None:
        self._writer.write_table(self._table.from_pylist(list(answers), schema=self._schema))

    def close(self) -> None:
        self._writer.close()


@contextmanager
def target_of(target: Path | TextIO) -> Iterator[TextIO]:
    """The stream, or a file that takes its place when all is written; what is there stays until then."""
    if not isinstance(target, Path):
        yield target
        return
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as out:
            yield out
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def batches(items: Iterable[Answer], size: int = CHUNK) -> Iterator[list[Answer]]:
    """Lists of up to `size` answers."""
    taken: list[Answer] = []
    for item in items:
        taken.append(item)
        if len(taken) == size:
            yield taken
            taken = []
    if taken:
        yield taken
