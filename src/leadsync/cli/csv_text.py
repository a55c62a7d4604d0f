"""The lines of a text file named on the command line: plain or compressed, from a spreadsheet or a pipe."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from leadsync.errors import Misconfigured

BYTE_ORDER_MARK: Final = "\ufeff"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How "Unicode text" of a spreadsheet begins."""
GZIP: Final = b"\x1f\x8b"
STANDARD_INPUT: Final = Path("-")
TOGETHER: Final = 10_000
"""Lines after which it is told how many were read."""


def lines_of(file: Path, advance: Callable[[int], object] = int) -> Iterator[str]:
    """The lines of a file with their ends as they are, for a CSV reader cuts them itself (a quoted cell may hold line
    ends); "-" is standard input. `advance` is told how many more were read. Raises Misconfigured where the file cannot
    be read, or not as UTF-8 or UTF-16, with the line."""
    if file == STANDARD_INPUT:
        text = sys.stdin.read().removeprefix(BYTE_ORDER_MARK)
        yield from _told(io.StringIO(text, newline=""), advance)
        return
    try:
        with _opened(file) as raw, io.TextIOWrapper(raw, _encoding(raw), newline="") as lines:
            yield from _told(lines, advance)
    except UnicodeError:
        raise Misconfigured(f"{file}:{_first_bad_line(file)}: is no text in UTF-8. Save it as CSV in UTF-8.") from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise Misconfigured(f"{file}: is compressed, and damaged or cut short.") from None
    except OSError as problem:
        raise Misconfigured(f"{file}: cannot read it: {problem.strerror or problem}.") from None


def _told(lines: Iterator[str], advance: Callable[[int], object]) -> Iterator[str]:
    while some := list(islice(lines, TOGETHER)):
        yield from some
        advance(len(some))


def _opened(file: Path) -> io.BufferedReader:
    """The bytes, unpacked where they are compressed, whatever the file is called."""
    raw = file.open("rb")
    if raw.peek(2)[:2] != GZIP:
        return raw
    raw.close()
    return io.BufferedReader(gzip.GzipFile(file))


def _encoding(raw: io.BufferedReader) -> str:
    return "utf-16" if raw.peek(2)[:2] in UTF_16 else "utf-8-sig"


def _first_bad_line(file: Path) -> int:
    """The number of the line with the first byte that is no UTF-8."""
    with _opened(file) as raw:
        for number, line in enumerate(raw, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1
