"""The rows the sandbox publishes, when each last changed, and the files made of them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from leadsync_gleif.goldencopy import DELTAS
from leadsync_gleif.sandbox.formats import FORMATS

Row = Mapping[str, str]

KEYS: dict[str, tuple[str, ...]] = {
    "lei2": ("LEI",),
    "rr": ("Relationship.StartNode.NodeID", "Relationship.EndNode.NodeID", "Relationship.RelationshipType"),
    "repex": ("LEI", "Exception.Category"),
}
"""The columns that make a row of each file the same row."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A column that got a value; `old` None: with the record's first publication, or it was blank."""

    at: datetime
    column: str
    old: str | None
    new: str | None


@dataclass(slots=True)
class _Sheet:
    columns: list[str]
    rows: dict[tuple[str, ...], Row] = field(default_factory=dict)
    changed: dict[tuple[str, ...], datetime] = field(default_factory=dict)
    deleted: dict[tuple[str, ...], datetime] = field(default_factory=dict)
    edits: dict[tuple[str, ...], list[Edit]] = field(default_factory=dict)
    """Of records that were published anew, what changed in them."""


class Shelf:
    """All rows by file and key, with the moment each was last published anew."""

    def __init__(self) -> None:
        self.sheets = {name: _Sheet(list(key)) for name, key in KEYS.items()}
        self.published: datetime | None = None
        self._files: dict[tuple[str, str, str], tuple[bytes, int]] = {}
        self._ties: dict[str, dict[str, list[Row]]] = {}

    def publish(self, at: datetime, files: Mapping[str, Any], delete: Mapping[str, Any]) -> None:
        """Take new and changed rows; raises ValueError for a file or column that does not exist."""
        if unknown := (set(files) | set(delete)) - set(KEYS):
            raise ValueError(f"unknown files {sorted(unknown)}; known: {', '.join(KEYS)}")
        for name, source in files.items():
            self._put(name, _rows(source), at)
        for name, keys in delete.items():
            self._withdraw(name, [tuple([key] if isinstance(key, str) else key) for key in keys], at)
        self.published = at if self.published is None else max(at, self.published)
        self._files.clear()
        self._ties.clear()

    def _put(self, name: str, rows: Iterable[Row], at: datetime) -> None:
        sheet = self.sheets[name]
        for row in rows:
            sheet.columns.extend(column for column in row if column not in sheet.columns)
            key = tuple(row[column] for column in KEYS[name])
            if (before := sheet.rows.get(key)) != row:
                if before is not None:
                    sheet.edits.setdefault(key, []).extend(_edits(at, before, row))
                sheet.rows[key] = row
                sheet.changed[key] = at
            sheet.deleted.pop(key, None)

    def _withdraw(self, name: str, keys: Sequence[tuple[str, ...]], at: datetime) -> None:
        sheet = self.sheets[name]
        for key in keys:
            sheet.rows.pop(key, None)
            sheet.changed.pop(key, None)
            sheet.deleted[key] = at

    def file(self, name: str, interval: str, ending: str = "csv") -> tuple[bytes, int]:
        """(zip archive, number of records) of a file: all rows for "full", else those a delta brings."""
        key = (name, interval, ending)
        if key not in self._files:
            self._files[key] = self._archive(*key)
        return self._files[key]

    def _archive(self, name: str, interval: str, ending: str) -> tuple[bytes, int]:
        sheet = self.sheets[name]
        columns = list(sheet.columns)
        if interval == "full":
            rows: list[Row] = list(sheet.rows.values())
        else:
            columns.append("DeletedAt")
            rows = self._delta(name, DELTAS[interval])
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo(self.file_name(name, interval, ending), (2020, 1, 1, 0, 0, 0))
            archive.writestr(entry, FORMATS[ending](name, columns, rows), zipfile.ZIP_DEFLATED)
        return raw.getvalue(), len(rows)

    def file_name(self, name: str, interval: str, ending: str) -> str:
        """Of the file inside the archive, e.g. "20260123-0800-gleif-goldencopy-lei2-golden-copy.csv"."""
        what = "golden-copy" if interval == "full" else re.sub("(?<=[a-z])(?=[A-Z])", "-", interval).lower()
        return f"{self.stamp()}-gleif-goldencopy-{name}-{what}.{ending}"

    def _delta(self, name: str, reach: timedelta) -> list[Row]:
        sheet = self.sheets[name]
        since = self.published - reach if self.published is not None else None
        rows: list[Row] = [sheet.rows[key] for key, at in sheet.changed.items() if since is None or at > since]
        for key, at in sheet.deleted.items():
            if since is None or at > since:
                rows.append({**dict(zip(KEYS[name], key, strict=True)), "DeletedAt": at.isoformat()})
        return rows

    def stamp(self) -> str:
        """The publication's date and time as file names have it."""
        return f"{self.published:%Y%m%d-%H%M}" if self.published is not None else "00000000-0000"

    def dump(self) -> dict[str, Any]:
        """Rows without their blank columns."""
        rows = {name: [{k: v for k, v in r.items() if v} for r in s.rows.values()] for name, s in self.sheets.items()}
        return {**rows, "publish_date": self.published.isoformat() if self.published is not None else None}

    def entities(self) -> Mapping[tuple[str, ...], Row]:
        """Level 1 rows by (LEI,)."""
        return self.sheets["lei2"].rows

    def upwards(self, lei: str) -> Sequence[Row]:
        """The relations in force that an entity begins."""
        return self._by_end("Relationship.StartNode.NodeID").get(lei, ())

    def downwards(self, lei: str) -> Sequence[Row]:
        """The relations in force that an entity ends."""
        return self._by_end("Relationship.EndNode.NodeID").get(lei, ())

    def _by_end(self, column: str) -> Mapping[str, Sequence[Row]]:
        if column not in self._ties:
            found: dict[str, list[Row]] = {}
            for row in self.sheets["rr"].rows.values():
                if row["Relationship.RelationshipStatus"] == "ACTIVE":
                    found.setdefault(row[column], []).append(row)
            self._ties[column] = found
        return self._ties[column]

    def modifications(self, lei: str) -> list[Edit]:
        """What was published of a record, the latest first."""
        sheet, key = self.sheets["lei2"], (lei,)
        edits = sheet.edits.get(key, [])
        first = dict(sheet.rows[key])
        for edit in reversed(edits):
            first[edit.column] = edit.old or ""
        at = min([edit.at for edit in edits], default=sheet.changed[key])
        initial = [Edit(at, name, None, value) for name, value in first.items() if value and "xmllang" not in name]
        return [*reversed(edits), *initial]

    def exceptions(self) -> Mapping[tuple[str, ...], Row]:
        """Reporting exceptions by (LEI, category)."""
        return self.sheets["repex"].rows


def _edits(at: datetime, before: Row, after: Row) -> Iterable[Edit]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name) or None, after.get(name) or None
        if old != new:
            yield Edit(at, name, old, new)


def _rows(source: Any) -> Iterable[Row]:
    if isinstance(source, str):
        with Path(source).open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    return [dict(row) for row in source]
