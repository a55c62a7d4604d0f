"""CSV as Bulk API 2.0 has it: rows of records to send, and the files of results that come back. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from leadsync.errors import Unreadable
from leadsync_salesforce.faults import VendorError, told

Body: TypeAlias = Mapping[str, Any]
"""A record as the REST API takes it: field → JSON value, null to clear."""

CLEAR = "#N/A"
"""Clears a field; an empty cell leaves it alone. Bulk API 2.0 guide, "Prepare CSV Files"."""
LONGEST = 32_000
"""Characters of one field; Bulk API 2.0 guide, "Limits"."""
UPLOAD = 100_000_000
"""Bytes of one upload before it is encoded; Bulk API 2.0 guide, "Limits"."""

_ERROR = re.compile(r"([A-Z][A-Z0-9_]+):(.*)--\s*\Z", re.DOTALL)
_NAMES = re.compile(r"[\w., ]*\Z")


def fits(body: Body) -> bool:
    """Whether a row of CSV can say all that the record does: a text that reads like "clear this" it cannot."""
    texts = [value for value in body.values() if isinstance(value, str)]
    return all(text != CLEAR and len(text) <= LONGEST for text in texts)


def written(bodies: Iterable[Body]) -> bytes:
    """One row for each record, in the order given; fields a record does not speak of are left alone."""
    rows = [{name: value for name, value in body.items() if name != "attributes"} for body in bodies]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    header = _line("Id" if name == "id" else name for name in columns)
    lines = (_line(_cell(row[name]) if name in row else "" for name in columns) for row in rows)
    return "".join([header, *lines]).encode()


def _line(cells: Iterable[str]) -> str:
    return f"{','.join(map(_quoted, cells))}\n"


def _quoted(cell: str) -> str:
    """A cell as it stands in the file. The standard library leaves a lone carriage return bare, which ends a line for
    many a reader of CSV, and then none of the rows goes through."""
    if any(sign in cell for sign in ',"\r\n'):
        return f'"{cell.replace(chr(34), chr(34) * 2)}"'
    return cell


def _cell(value: Any) -> str:
    if value is None or value == "":
        return CLEAR
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def name_of(body: Body, key: str | None) -> str:
    """What tells a record's row in the results: its id (as 15 characters) or the value of its key."""
    return str(body[key]) if key is not None else str(body["id"])[:15]


def read(text: str, key: str | None, columns: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(name of the record, cells of `columns`) of each row of results; raises Unreadable for what is no such file."""
    rows = csv.reader(io.StringIO(text))
    try:
        header = [name.lower() for name in next(rows, [])]
        naming = header.index((key or "Id").lower())
        places = [header.index(name.lower()) for name in columns]
        for row in rows:
            if row:
                found = row[naming] if key is not None else row[naming][:15]
                yield found, tuple(row[place] for place in places)
    except (ValueError, IndexError, csv.Error):
        raise Unreadable("Salesforce bulk results: not the CSV that the API promises") from None


def error_of(text: str) -> VendorError:
    """The error of a failed row, "CODE:message:Field1,Field2 --". A message may hold a value, and that may hold colons
    and dashes: so the fields are what stands behind the last colon, where all of that can be names."""
    found = _ERROR.match(text)
    if found is None:
        return told("BULK_FAILURE")
    message, colon, last = found[2].rpartition(":")
    if not colon or not _NAMES.match(last):
        return told(found[1], found[2])
    names = (name.strip() for name in last.split(","))
    return told(found[1], message, tuple(name for name in names if name))
