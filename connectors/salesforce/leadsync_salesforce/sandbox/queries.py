"""The query resources, with their pages and locators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import generated
from leadsync_salesforce.sandbox.soql.render import column_metadata
from leadsync_salesforce.sandbox.soql.run import Asker, Result, expanded, run
from leadsync_salesforce.sandbox.soql.scope import Scope

SMALLEST_PAGE, LARGEST_PAGE = 200, 2000
"""Bounds of the header's batchSize; REST guide, "Query Options Header"."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """An open query: its result, the page size it was asked with, and when it ends."""

    result: Result
    size: int
    ends: datetime


class Queries:
    """The queries of an org that have more rows to give."""

    def __init__(self) -> None:
        self.cursors: dict[str, Cursor] = {}
        self._count = 0

    def query(self, call: Call, *, deleted: bool) -> Reply:
        """GET /query and /queryAll."""
        text = call.request.param("q")
        if not text and (explained := call.request.param("explain")):
            return json_reply(200, self._explained(call, explained))
        if not text:
            raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
        result = run(Asker(call.org, call.user, deleted, call.base), text)
        if call.request.param("columns").lower() == "true":
            return json_reply(200, self._columns(call, result))
        cursor = Cursor(result, self._size(call), self._end(call))
        return json_reply(200, self._page(call, cursor, 0, None))

    def _explained(self, call: Call, text: str) -> dict[str, Any]:
        """How the sandbox runs a query, which is always by looking at every row."""
        result = run(Asker(call.org, call.user, deleted=False, base=call.base), text)
        rows = sum(1 for _ in call.org.visible(result.obj, deleted=False))
        plan = {
            "cardinality": result.total,
            "fields": [],
            "leadingOperationType": "TableScan",
            "notes": [],
            "relativeCost": 1.0,
            "sobjectCardinality": rows,
            "sobjectType": result.obj.name,
        }
        return {"plans": [plan], "sourceQuery": text}

    def more(self, call: Call, locator: str) -> Reply:
        """GET /query/{locator}."""
        ident, _, start = locator.rpartition("-")
        cursor = self.cursors.get(ident)
        if cursor is None or not start.isdigit() or cursor.ends <= call.org.clock():
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return json_reply(200, self._page(call, cursor, int(start), ident))

    def _size(self, call: Call) -> int:
        header = re.search(r"batchSize=(\d+)", call.request.headers.get("sforce-query-options", ""), re.IGNORECASE)
        asked = min(max(int(header.group(1)), SMALLEST_PAGE), LARGEST_PAGE) if header else LARGEST_PAGE
        return min(asked, call.org.settings.page_size)

    def _end(self, call: Call) -> datetime:
        return call.org.clock() + timedelta(seconds=call.org.settings.locator_seconds)

    def _page(self, call: Call, cursor: Cursor, start: int, ident: str | None) -> dict[str, Any]:
        end = start + cursor.size
        done = end >= cursor.result.total or not cursor.result.records(start, start + 1)
        page: dict[str, Any] = {"totalSize": cursor.result.total, "done": done}
        if not done:
            if ident is None:
                self._count += 1
                ident = generated("01g", self._count)
                self.cursors[ident] = cursor
            page["nextRecordsUrl"] = f"{call.base}/query/{ident}-{end}"
        page["records"] = cursor.result.records(start, end)
        return page

    def _columns(self, call: Call, result: Result) -> dict[str, Any]:
        scope = Scope(call.org, result.obj, call.user, result.query.alias)
        items = expanded(scope, result.query)
        metadata = column_metadata(scope, items)
        return {
            "columnMetadata": metadata,
            "entityName": result.obj.name,
            "groupBy": bool(result.query.group),
            "idSelected": any(column["columnName"] == "Id" for column in metadata),
            "keyPrefix": result.obj.prefix,
        }
