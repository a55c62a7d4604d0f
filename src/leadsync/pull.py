"""Drain each source page by page from its cursor; a page and the cursor behind it are kept together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leadsync.connector import Clock, Crm, Feed, Page
from leadsync.errors import StopRun, TryAgain, Unreadable
from leadsync.identify import carried_id
from leadsync.mapping.model import ObjectMap
from leadsync.progress import Progress
from leadsync.records import Record, Ref, Role
from leadsync.store import Store


@dataclass(frozen=True, slots=True)
class Drained:
    """What one feed brought in this run."""

    side: str
    feed: str
    records: int
    touches: int
    unread: int


def pull(
    store: Store,
    sides: Mapping[str, Crm],
    mappings: Mapping[Role, ObjectMap],
    clock: Clock,
    progress: Progress,
    stop: Callable[[], bool],
) -> list[Drained]:
    """Read all that changed on every side since the last time; ends early, in good order, when `stop` says so."""
    return [
        _drain(store, crm, feed, _wanted(mappings, side, feed), (clock, progress, stop))
        for side, crm in sides.items()
        for feed in crm.feeds()
        if not stop()
    ]


def _wanted(mappings: Mapping[Role, ObjectMap], side: str, feed: Feed) -> tuple[Sequence[str], str]:
    """The fields to read of a feed, and which of them holds the leadsync id; "": none."""
    if feed.role is None:
        return (), ""
    mapping = mappings[feed.role]
    keys = (target.name for mapped, target in mapping.targets(side, feed.name) if mapped.unique)
    return mapping.vendor_fields(side, feed.name), next(keys, "")


def _drain(
    store: Store,
    crm: Crm,
    feed: Feed,
    wanted: tuple[Sequence[str], str],
    shell: tuple[Clock, Progress, Callable[[], bool]],
) -> Drained:
    clock, progress, stop = shell
    fields, key = wanted
    began = clock()
    records = touches = unread = 0
    progress.step(f"pull {crm.side} {feed.name}")
    try:
        for page in crm.pull(feed.name, store.pulled.cursor(crm.side, feed.name), fields, key):
            _refuse_contradiction(page, crm.side, feed.name)
            with store.transaction():
                _note_first(store, crm.side, feed, page)
                store.pulled.save_identities(_ours(store, page, key), clock())
                store.pulled.save_page(crm.side, feed.name, page, clock())
            records += len(page.records)
            touches += len(page.touches)
            unread += len(page.unread)
            progress.advance(len(page.records) + len(page.touches))
            if stop():
                break
        else:
            store.pulled.drained(crm.side, feed.name, began)
    except TryAgain as problem:
        raise StopRun(
            f"{crm.side}: reading {feed.name} failed for good after several tries: {problem}. What was read is kept; "
            "the next run goes on from there."
        ) from problem
    return Drained(crm.side, feed.name, records, touches, unread)


def _note_first(store: Store, side: str, feed: Feed, page: Page) -> None:
    """Which fields the first records of an object were read with."""
    live = [record for record in page.records if not record.deleted] if feed.role is not None else []
    if live and store.pulled.shown(side, feed.name) is None and not store.pulled.some(side, feed.name, 1):
        store.pulled.note_shown(side, feed.name, live[0].fields.keys())


def _ours(store: Store, page: Page, key: str) -> list[tuple[Ref, str, str]]:
    """Records that we made and somebody deleted, or merged into another one, before we saw them, known by the leadsync
    id they carry: without it they would be made again."""
    gone = {r.ref: carried_id({"leadsync_id": r.fields.get(key)}) for r in page.records if r.deleted}
    ours = [ref for ref, uid in gone.items() if uid and _was_there(store, ref)]
    known = store.pulled.identities(ours) if ours else {}
    return [(ref, gone[ref], "made by leadsync and deleted") for ref in ours if ref not in known]


def _was_there(store: Store, ref: Ref) -> bool:
    """Whether as far as we know nobody had deleted the record yet: a merge is followed once, what people say of the
    two later stands."""
    before = store.pulled.record(ref)
    return before is None or not before.record.deleted


def _refuse_contradiction(page: Page, side: str, feed: str) -> None:
    """One page tells of a record once, or twice the same: else values would land on the wrong record."""
    told: dict[Ref, Record] = {}
    for record in page.records:
        if told.setdefault(record.ref, record) != record:
            raise Unreadable(
                f"{side}: a page of {feed} tells of {record.ref} twice, and differently. Nothing of it was taken in; "
                "the next run reads it again."
            )
