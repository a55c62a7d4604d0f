"""The rows of one object: by id, by unique value, and as SOQL sees them when changes become visible late."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from leadsync.records import Value

Row: TypeAlias = dict[str, Value]
"""A stored record by canonical field name; a name that is missing is null. A stored row is never changed in place."""


class Table:
    """Rows by id, with an index for each field that was ever looked up."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.version = 0
        self._late: dict[str, tuple[datetime, Row | None]] = {}
        self._indexes: dict[str, dict[Value, set[str]]] = {}

    def put(self, ident: str, row: Row, visible_from: datetime | None = None) -> None:
        """Store a row; until `visible_from` queries see what was there before."""
        before = self.rows.get(ident)
        if visible_from is not None:
            seen = self._late[ident][1] if ident in self._late else before
            self._late[ident] = (visible_from, seen)
        self.rows[ident] = row
        self.version += 1
        for field, index in self._indexes.items():
            if before is not None:
                index.get(_key(before.get(field)), set()).discard(ident)
            index.setdefault(_key(row.get(field)), set()).add(ident)

    def drop(self, ident: str) -> None:
        """Forget a row for good."""
        row = self.rows.pop(ident, None)
        self._late.pop(ident, None)
        self.version += 1
        for field, index in self._indexes.items():
            index.get(_key(row.get(field) if row else None), set()).discard(ident)

    def having(self, field: str, value: Value) -> list[Row]:
        """The rows whose field holds the value, texts compared without case, the deleted ones left out."""
        if field not in self._indexes:
            index: dict[Value, set[str]] = {}
            for ident, row in self.rows.items():
                index.setdefault(_key(row.get(field)), set()).add(ident)
            self._indexes[field] = index
        found = self._indexes[field].get(_key(value), set())
        return [row for row in (self.rows[i] for i in sorted(found)) if row.get("IsDeleted") is not True]

    def copy(self) -> dict[str, Row]:
        """The rows as they are now, for `restore`."""
        return dict(self.rows)

    def restore(self, rows: dict[str, Row]) -> None:
        """Go back to a copy."""
        self.rows = rows
        self.version += 1
        self._indexes.clear()
        self._late = {i: late for i, late in self._late.items() if i in rows}

    def seen(self, now: datetime) -> Iterable[Row]:
        """The rows as a query sees them now."""
        self._late = {i: late for i, late in self._late.items() if late[0] > now}
        if not self._late:
            return self.rows.values()
        return self._mixed()

    def _mixed(self) -> Iterable[Row]:
        for ident, row in self.rows.items():
            shown = self._late[ident][1] if ident in self._late else row
            if shown is not None:
                yield shown


def _key(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value
