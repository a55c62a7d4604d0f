"""The rows the sandbox publishes, when each last changed, and the files made of them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from leadsync_gleif.goldencopy import DELTAS

Row = Mapping[str, str]

KEYS: dict[str, tuple[str, ...]] = {
    "lei2": ("LEI",),
    "rr": ("Relationship.StartNode.NodeID", "Relationship.EndNode.NodeID", "Relationship.RelationshipType"),
    "repex": ("LEI", "Exception.Category"),
}
"""The columns that make a row of each file the same row."""


@dataclass(slots=True)
class _Sheet:
    columns: list[str]
    rows: dict[tuple[str, ...], Row] = field(default_factory=dict)
    changed: dict[tuple[str, ...], datetime] = field(default_factory=dict)
    deleted: dict[tuple[str, ...], datetime] = field(default_factory=dict)


class Shelf:
    """All rows by file and key, with the moment each was last published anew."""

    def __init__(self) -> None:
        self.sheets = {name: _Sheet(list(key)) for name, key in KEYS.items()}
        self.published: datetime | None = None
        self._files: dict[tuple[str, str], tuple[bytes, int]] = {}

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

    def _put(self, name: str, rows: Iterable[Row], at: datetime) -> None:
        sheet = self.sheets[name]
        for row in rows:
            sheet.columns.extend(column for column in row if column not in sheet.columns)
            key = tuple(row[column] for column in KEYS[name])
            if sheet.rows.get(key) != row:
                sheet.rows[key] = row
                sheet.changed[key] = at
            sheet.deleted.pop(key, None)

    def _withdraw(self, name: str, keys: Sequence[tuple[str, ...]], at: datetime) -> None:
        sheet = self.sheets[name]
        for key in keys:
            sheet.rows.pop(key, None)
            sheet.changed.pop(key, None)
            sheet.deleted[key] = at

    def file(self, name: str, interval: str) -> tuple[bytes, int]:
        """(zip archive, number of records) of a file: all rows for "full", else those a delta brings."""
        if (name, interval) not in self._files:
            self._files[name, interval] = self._archive(name, interval)
        return self._files[name, interval]

    def _archive(self, name: str, interval: str) -> tuple[bytes, int]:
        sheet = self.sheets[name]
        columns = list(sheet.columns)
        if interval == "full":
            rows: list[Row] = list(sheet.rows.values())
        else:
            columns.append("DeletedAt")
            rows = self._delta(name, DELTAS[interval])
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, restval="", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        raw = io.BytesIO()
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
            entry = zipfile.ZipInfo(f"{self.stamp()}-gleif-goldencopy-{name}-golden-copy.csv", (2020, 1, 1, 0, 0, 0))
            archive.writestr(entry, text.getvalue(), zipfile.ZIP_DEFLATED)
        return raw.getvalue(), len(rows)

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

    def relations(self) -> Iterable[Row]:
        """Level 2 rows."""
        return self.sheets["rr"].rows.values()

    def exceptions(self) -> Mapping[tuple[str, ...], Row]:
        """Reporting exceptions by (LEI, category)."""
        return self.sheets["repex"].rows


def _rows(source: Any) -> Iterable[Row]:
    if isinstance(source, str):
        with Path(source).open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    return [dict(row) for row in source]
