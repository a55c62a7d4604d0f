"""Drain a feed in the order (SystemModstamp, Id), so that nothing is missed and a stop anywhere can go on.

Salesforce cuts SystemModstamp to the second, gives thousands of records the same one, may send fewer rows than it
has, and shows changes minutes late. So pages are asked for by key, never by offset or locator; each pull reaches back
by an overlap; and only the server's own clock is believed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from leadsync.connector import Page, Unread
from leadsync.errors import BadRecord, Misconfigured, Unreadable
from leadsync.records import Record, Ref, Touch
from leadsync_salesforce.query import PAGE, Key, changed, literal
from leadsync_salesforce.records import moment

Ask: TypeAlias = Callable[[str], tuple[Any, datetime | None]]
"""Sends a SOQL text to queryAll; gives the body and the server's time."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a feed reads: `fields` in SOQL, `decode` makes a record or touch of a row (None: nobody's)."""

    side: str
    kind: str
    fields: Sequence[str]
    decode: Callable[[Mapping[str, Any]], Record | Touch | None]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a drain stands: `since` when it is at rest; `after` while it is under way, `until` its beginning.

    Written as JSON. Times are SOQL literals.
    """

    since: str = ""
    after: Key | None = None
    until: str = ""

    def text(self) -> str:
        """The cursor as the engine keeps it."""
        after = None if self.after is None else [self.after.modified, self.after.id]
        return json.dumps({"v": 1, "since": self.since, "after": after, "until": self.until})

    @classmethod
    def parse(cls, text: str) -> Cursor:
        """Read one back; "" is the beginning. Raises Misconfigured for a text that is no cursor of ours."""
        if text == "":
            return cls()
        try:
            given = json.loads(text)
            after = None if given["after"] is None else Key(str(given["after"][0]), str(given["after"][1]))
            cursor = cls(str(given["since"]), after, str(given["until"]))
            for stamp in filter(None, (cursor.since, cursor.until, after.modified if after else "")):
                moment(stamp)
        except (KeyError, IndexError, TypeError, ValueError):
            raise Misconfigured("the stored Salesforce cursor is damaged: pull this feed anew") from None
        return cursor


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: list[Mapping[str, Any]]
    more: bool


def _batch(kind: str, body: Any) -> _Batch:
    match body:
        case {"records": list() as rows, "done": bool() as done} if all(isinstance(row, dict) for row in rows):
            return _Batch(rows, more=not done or len(rows) >= PAGE)
        case _:
            raise Unreadable(f"Salesforce query of {kind}: the answer is not what the API promises")


def drain(ask: Ask, source: Source, cursor_text: str, overlap: timedelta) -> Iterator[Page]:
    """All pages from a cursor on. The last one's cursor starts the next drain one overlap before this one began."""
    cursor = Cursor.parse(cursor_text)
    after, upper = cursor.after, ""
    began = cursor.until
    while True:
        body, now = ask(changed(source.kind, source.fields, since=cursor.since, after=after, until=upper))
        upper = upper or _server_time(source.kind, now)
        began = began or upper
        batch = _batch(source.kind, body)
        if not batch.more:
            since = literal(moment(began) - overlap)
            yield _page(source, batch.rows, Cursor(since=max(since, cursor.since)))
            return
        after = _last_key(source.kind, batch.rows, after)
        yield _page(source, batch.rows, Cursor(since=cursor.since, after=after, until=began))


def _server_time(kind: str, now: datetime | None) -> str:
    if now is None:
        raise Unreadable(f"Salesforce query of {kind}: the answer has no Date header")
    return literal(now)


def _key(row: Mapping[str, Any]) -> Key | None:
    try:
        stamp, ident = row["SystemModstamp"], row["Id"]
        return Key(literal(moment(stamp)), ident) if isinstance(ident, str) else None
    except (KeyError, ValueError):
        return None


def _last_key(kind: str, rows: Sequence[Mapping[str, Any]], before: Key | None) -> Key:
    """Where the next page begins; raises Unreadable when the paging would stand still."""
    last = next((key for key in map(_key, reversed(rows)) if key is not None), None)
    standing = before is not None and last is not None and (last.modified, last.id) <= (before.modified, before.id)
    if last is None or standing:
        raise Unreadable(f"Salesforce query of {kind}: a page that promises more brings nothing new")
    return last


def _page(source: Source, rows: Sequence[Mapping[str, Any]], cursor: Cursor) -> Page:
    records: list[Record] = []
    touches: list[Touch] = []
    unread: list[Unread] = []
    for row in rows:
        try:
            found = source.decode(row)
        except BadRecord as problem:
            ident = row.get("Id")
            ref = Ref(source.side, source.kind, ident if isinstance(ident, str) else "")
            unread.append(Unread(ref, str(problem), problem.hint))
            continue
        match found:
            case Record():
                records.append(found)
            case Touch():
                touches.append(found)
            case None:
                pass
    return Page(tuple(records), tuple(touches), tuple(unread), cursor.text())
