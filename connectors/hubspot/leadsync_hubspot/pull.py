"""Draining an object type: all of it the first time, then what changed, then what was archived.

The first pass lists, which is complete (no index lags behind it) and carries the associations; later passes search by
the modified date. Both go by ids, which do not move. A pass that was cut short goes on where it stood, and another
one follows it at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from leadsync.connector import Page, Unread
from leadsync.errors import BadRecord, Unreadable
from leadsync.records import Record, Ref
from leadsync_hubspot.bin import COUNTING, DAY, Count, count
from leadsync_hubspot.client import Client
from leadsync_hubspot.cursor import Position, dump, load
from leadsync_hubspot.records import (
    ASSOCIATIONS,
    BATCH,
    LIST_PAGE,
    Source,
    continued,
    decode,
    decode_associations,
    fits_list,
    fits_search,
    id_of,
    links_overflow,
    millis,
    moment,
    next_after,
    read_body,
    search_body,
)

Json = dict[str, Any]


class Pull:
    """One object type of one connection, being drained with the given fields."""

    def __init__(
        self, client: Client, side: str, source: Source, fields: Sequence[str], overlap: float, key: str = ""
    ) -> None:
        self.client, self.side, self.source, self.key = client, side, source, key
        self.fields, self.properties = list(fields), source.needed(fields)
        self.overlap = round(overlap * 1000)

    def pages(self, cursor: str) -> Iterator[Page]:
        """Every page from the cursor to the end of what there is."""
        begin = stand = load(cursor)
        for page, stand in self._pass(begin):
            yield replace(page, cursor=dump(stand))
        if begin.until:  # a pass that was cut short is now complete up to its own beginning only
            yield from self.pages(dump(stand))

    def _pass(self, position: Position) -> Iterator[tuple[Page, Position]]:
        stand = position
        if position.phase == "live":
            for page, stand in self._listed(position) if position.since == 0 else self._searched(position):
                yield page, stand
        yield from self._archived(stand)

    # ---- the phases

    def _listed(self, position: Position) -> Iterator[tuple[Page, Position]]:
        while True:
            answer = self._list_page(position.after, archived=False)
            position = self._begun(position)
            records, unread = self._understood(answer["results"])
            after = self._onward(position.after, next_after(answer))
            position = replace(position, after=after, phase="live" if after else "archived")
            yield Page(records, unread=unread), position
            if not after:
                return

    def _searched(self, position: Position) -> Iterator[tuple[Page, Position]]:
        since = max(1, position.since - self.overlap)
        while True:
            answer, items = self._search_page(since, position.after)
            position = self._begun(position)
            check_ascending(position.after, answer["results"])
            records, unread = self._linked(*self._understood(items))
            more = next_after(answer) and answer["results"]
            after = id_of(answer["results"][-1]) if more else ""
            position = replace(position, after=after, phase="live" if more else "archived")
            yield Page(records, unread=unread, total=_total(answer)), position
            if not more:
                return

    def _archived(self, position: Position) -> Iterator[tuple[Page, Position]]:
        """Records put into the recycle bin since the last pass. The list has no order by date, so it is read whole,
        unless counting tells that nothing was put there."""
        if position.archived == 0 or not self.source.followed:  # a first pass has no last one to compare with
            yield Page(), self._ended(position)
            return
        if not position.after:
            position, quiet = self._counted(position)
            if quiet:
                yield Page(), replace(self._ended(position), archived=position.archived)
                return
            position = replace(position, bin_pages=0)
        while True:
            answer = self._list_page(position.after, archived=True)
            ends = [_archived_at(item) for item in answer["results"]]
            pairs = zip(answer["results"], ends, strict=True)
            told = [(item, position.until if _misdated(item, at) else at) for item, at in pairs]
            fresh = [(item, at) for item, at in told if at > position.archived - self.overlap]
            page = Page(tuple(self._deleted(item, at) for item, at in fresh))
            after = self._onward(position.after, next_after(answer))
            newest, pages = max([position.newest, *ends]), position.bin_pages + 1
            position = replace(position, after=after, newest=newest, bin_pages=pages)
            yield page, position if after else replace(self._ended(position), bin_read=position.until)
            if not after:
                return

    def _counted(self, position: Position) -> tuple[Position, bool]:
        """The position with this pass's count of live records, where the bin is large; whether nothing was archived."""
        if position.bin_pages <= COUNTING:
            return position, False
        before = Count(position.counted_at, position.live, position.recent)
        now, agrees = count(self.client, self.source, before, position.until)
        fresh = position.until - position.bin_read < DAY
        return replace(position, counted_at=now.at, live=now.live, recent=now.recent), agrees and fresh

    def _deleted(self, item: Json, at: int) -> Record:
        value = (item.get("properties") or {}).get(self.key) if self.key else None
        ref = Ref(self.side, self.source.kind, id_of(item))
        return Record(ref, {} if value is None else {self.key: value}, moment(str(at)), deleted=True)

    # ---- one request

    def _list_page(self, after: str, *, archived: bool) -> Json:
        query: Json = {"limit": LIST_PAGE, "archived": archived}
        if after:
            query["after"] = after
        if archived:
            return self.client.page(self.source.kind, **query, **({"properties": [self.key]} if self.key else {}))
        if self.source.linked:
            query["associations"] = [self.source.linked]
        if fits_list(self.properties):
            return self.client.page(self.source.kind, **query, properties=[",".join(self.properties)])
        answer = self.client.page(self.source.kind, **query)
        full = {id_of(item): item for item in self.read_items([id_of(item) for item in answer["results"]])}
        kept = [{**item, **full[id_of(item)]} for item in answer["results"] if id_of(item) in full]
        return {**answer, "results": kept}

    def _search_page(self, since: int, after: str) -> tuple[Json, list[Json]]:
        """(the answer, its records in full): with too many properties for one search, a batch read brings them."""
        body = search_body(self.source, since, after, self.properties)
        if fits_search(body):
            answer = self.client.search(self.source.kind, body)
            return answer, answer["results"]
        answer = self.client.search(self.source.kind, {**body, "properties": []})
        return answer, self.read_items([id_of(item) for item in answer["results"]])

    def read_items(self, ids: Sequence[str], key: str = "") -> list[Json]:
        """Records by id or unique property, as HubSpot's JSON; those that are not there are left out."""
        items: list[Json] = []
        for start in range(0, len(ids), BATCH):
            body = read_body(ids[start : start + BATCH], self.properties, key)
            items += self.client.batch_read(self.source.kind, body)["results"]
        return items

    def read(self, ids: Sequence[str], key: str = "") -> list[Record]:
        """Records by id or unique property; one that is not understood is left out, as one that is not there."""
        records, _ = self._understood(self.read_items(ids, key))
        return list(self._linked(records, ())[0])

    # ---- understanding

    def _understood(self, items: Sequence[Json]) -> tuple[tuple[Record, ...], tuple[Unread, ...]]:
        records: list[Record] = []
        unread: list[Unread] = []
        for item in items:
            try:
                records.append(decode(self.side, self.source, item, self.fields))
            except BadRecord as problem:
                ref = Ref(self.side, self.source.kind, id_of(item))
                unread.append(Unread(ref, str(problem), problem.hint))
        crowded = [id_of(item) for item in items if links_overflow(self.source, item)]
        return self._relinked(tuple(records), crowded), tuple(unread)

    def _linked(
        self, records: tuple[Record, ...], unread: tuple[Unread, ...]
    ) -> tuple[tuple[Record, ...], tuple[Unread, ...]]:
        """The records with their associations, which neither a search nor a batch read tells."""
        return self._relinked(records, [record.ref.id for record in records]), unread

    def _relinked(self, records: tuple[Record, ...], ids: Sequence[str]) -> tuple[Record, ...]:
        if not ids or not self.source.linked:
            return records
        found = self.links(ids)
        asked = set(ids)
        return tuple(
            replace(r, links={self.source.linked: found.get(r.ref.id, ())}) if r.ref.id in asked else r for r in records
        )

    def links(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """What the records are associated with, the primary first."""
        found: list[Json] = []
        seen: set[tuple[str, str]] = set()
        waiting: list[Json] = [{"id": ident} for ident in ids]
        while waiting:
            part, waiting = waiting[:ASSOCIATIONS], waiting[ASSOCIATIONS:]
            results = self.client.associated(self.source.kind, self.source.linked, part)["results"]
            found += results
            waiting += continued(results, seen)
        return decode_associations(found)

    # ---- the position

    def _begun(self, position: Position) -> Position:
        """A pass begins at the server's time, so that no clock of ours decides what was read."""
        return position if position.until else replace(position, until=millis(self.client.server_time))

    def _ended(self, position: Position) -> Position:
        """What was archived before this pass began has been seen; in the very millisecond it began, perhaps not."""
        first = position.archived == 0
        seen = position.until if first else max(position.archived, position.newest, position.until - 1)
        kept = replace(position, until=0, phase="live", after="", newest=0)
        return replace(kept, since=position.until, archived=seen)

    def _onward(self, old: str, new: str) -> str:
        if new and new == old:
            raise Unreadable(f"HubSpot answered a list of {self.source.kind} with the same page again")
        return new


def check_ascending(after: str, items: Sequence[Mapping[str, Any]]) -> None:
    """A search in the order of ids must move on; raises Unreadable when it does not, or a record would be missed."""
    ids = [int(after or 0), *(int(id_of(item)) for item in items)]
    if any(left >= right for left, right in pairwise(ids)):
        raise Unreadable("HubSpot answered a search out of the order that was asked for")


def _total(answer: Mapping[str, Any]) -> int | None:
    total = answer.get("total")
    return total if isinstance(total, int) else None


def _misdated(item: Mapping[str, Any], archived: int) -> bool:
    """Whether HubSpot shows when a record was last modified in place of when it was archived, as it does, or did, for
    contacts: then it may have been archived at any time since. HubSpot, changelog, "New definition for archivedAt"."""
    try:
        return millis(moment(item.get("updatedAt"))) == archived
    except (ValueError, OverflowError):
        return False


def _archived_at(item: Mapping[str, Any]) -> int:
    try:
        return millis(moment(item.get("archivedAt")))
    except (ValueError, OverflowError):
        raise Unreadable("HubSpot lists an archived record without the date of its archiving") from None
