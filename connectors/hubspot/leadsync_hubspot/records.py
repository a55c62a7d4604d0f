"""HubSpot's JSON as our nouns and back: what is asked, what is understood, what is sent. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from leadsync.errors import BadRecord, Unreadable
from leadsync.records import Record, Ref, Value, value_text

Json = dict[str, Any]

BATCH = 100  # inputs of a batch; HubSpot, "Understanding the CRM APIs"
SEARCH_PAGE = 200  # results of a search page; HubSpot, "Search the CRM"
SEARCH_BODY = 3000  # characters of a search request; the same page
LIST_PAGE = 100  # results of a list page
LIST_QUERY = 6000  # characters of a query string that every proxy lets through; beyond, HubSpot answers 414
ASSOCIATIONS = 1000  # ids of one association read; HubSpot, associations v4 guide
PRIMARY_TYPES = {1, 2, 5, 6}
"""Association types that mark the primary company (contact, deal) and its reverse; the same guide."""
MERGED = "hs_merged_object_ids"
PRIMARY_COMPANY = "associatedcompanyid"


@dataclass(frozen=True, slots=True)
class Source:
    """An object type to read: the properties that say when a record changed and was made, what it is tied to, and
    whether its recycle bin is followed."""

    kind: str
    modified: str = "hs_lastmodifieddate"
    linked: str = ""
    followed: bool = False
    created: str = "createdate"

    def needed(self, fields: Sequence[str]) -> list[str]:
        """The properties to ask for: the caller's and our own."""
        own = [self.modified, MERGED] + ([PRIMARY_COMPANY] if self.linked == "companies" else [])
        return list(dict.fromkeys([*fields, *own]))


SOURCES: Mapping[str, Source] = {
    "companies": Source("companies", followed=True),
    "contacts": Source("contacts", "lastmodifieddate", "companies", followed=True),
    "emails": Source("emails", linked="contacts"),
    "meetings": Source("meetings", linked="contacts"),
    "calls": Source("calls", linked="contacts"),
}


# ---- asking


def search_body(source: Source, since: int, after: str, properties: Sequence[str]) -> Json:
    """A search for what changed since (epoch ms), in the order of ids, behind the id `after`.

    HubSpot takes one sort. Ids do not move, so that neither equal dates, nor records that change while we page, nor
    an index that lags behind its values can hide a record, and no query goes past the 10,000 results of a search.
    """
    filters = [{"propertyName": source.modified, "operator": "GTE", "value": str(since)}]
    if after:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
    return {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(properties),
        "limit": SEARCH_PAGE,
    }


def fits_search(body: Json) -> bool:
    """Whether a search request is short enough for HubSpot."""
    return len(json.dumps(body, separators=(",", ":"), ensure_ascii=False)) <= SEARCH_BODY


def fits_list(properties: Iterable[str]) -> bool:
    """Whether a list request's query is short enough."""
    return sum(len(name) + len("%2C") for name in properties) <= LIST_QUERY


def read_body(ids: Iterable[str], properties: Sequence[str], key: str = "") -> Json:
    """A batch read, by id or by a unique property."""
    asked: Json = {"properties": list(properties), "propertiesWithHistory": []}
    body: Json = {"inputs": [{"id": ident} for ident in ids], **asked}
    return {**body, "idProperty": key} if key else body


def sent(value: Value) -> str:
    """A value as HubSpot takes it: text, and "" to clear."""
    return value_text(value)


# ---- understanding


def moment(text: object) -> datetime:
    """An ISO time or epoch milliseconds as aware UTC; raises ValueError."""
    if not isinstance(text, str) or not text:
        raise ValueError("no time")
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def millis(at: datetime) -> int:
    """Epoch milliseconds."""
    return round(at.timestamp() * 1000)


def id_of(item: Mapping[str, Any]) -> str:
    """A record's id; raises Unreadable: without it, not even the record's page can be trusted."""
    ident = item.get("id")
    if type(ident) is not str or not ident.isdigit():
        raise Unreadable("HubSpot answered with a record that has no id")
    return ident


def decode(side: str, source: Source, item: Mapping[str, Any], fields: Sequence[str]) -> Record:
    """A record as it was read, with the asked fields that the answer holds; raises BadRecord."""
    ident, properties = id_of(item), item.get("properties")
    if type(properties) is not dict:
        raise BadRecord("the record has no properties")
    merged = properties.get(MERGED)
    return Record(
        Ref(side, source.kind, ident),
        _texts(properties, fields),
        _modified(properties.get(source.modified, item.get("updatedAt")), source.modified),
        _inline_links(source, item, properties) if "associations" in item else {},
        aliases(merged, ident) if merged else (),
    )


_TEXT, _TEXT_OR_NULL = frozenset({str}), frozenset({str, type(None)})


def _texts(properties: Mapping[str, Any], fields: Sequence[str]) -> dict[str, str | None]:
    try:
        found = {name: properties[name] for name in fields}
    except KeyError:  # a property that was taken away between the check of the account and now
        found = {name: properties[name] for name in fields if name in properties}
    if not _TEXT_OR_NULL.issuperset(map(type, found.values())):
        name, value = next(item for item in found.items() if type(item[1]) not in _TEXT_OR_NULL)
        raise BadRecord(f"property {name} is {type(value).__name__}, not text", fields=(name,))
    return found


def _modified(text: object, name: str) -> datetime:
    try:
        return moment(text)
    except (ValueError, OverflowError):
        hint = "open the record in HubSpot and save it again"
        raise BadRecord(f"property {name} is not a date", fields=(name,), hint=hint) from None


def aliases(merged: object, own: str) -> tuple[str, ...]:
    """The ids of the records that were merged into this one."""
    if not merged:
        return ()
    return tuple(i for i in str(merged).split(";") if i and i != own)


def _inline_links(source: Source, item: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What a list's answer says of associations; the primary company is told by a property of the contact."""
    found = (item["associations"] or {}).get(source.linked)
    if found is None or not source.linked:
        return {}
    try:
        ids = [entry["id"] for entry in found["results"]]
    except (KeyError, TypeError):
        ids = [None]
    if not _TEXT.issuperset(map(type, ids)):
        raise BadRecord(f"the associations with {source.linked} are not understood")
    return {source.linked: primary_first(ids, str(properties.get(PRIMARY_COMPANY) or ""))}


def primary_first(ids: Iterable[str], primary: str) -> tuple[str, ...]:
    """Ids once each, the primary one before the others."""
    once = tuple(dict.fromkeys(ids))
    return once if len(once) < 2 else tuple(sorted(once, key=lambda ident: ident != primary))


def links_overflow(source: Source, item: Mapping[str, Any]) -> bool:
    """Whether a record has more associations than its list answer holds."""
    found = (item.get("associations") or {}).get(source.linked) if source.linked else None
    return isinstance(found, dict) and "paging" in found


def decode_associations(results: Iterable[Json]) -> dict[str, tuple[str, ...]]:
    """From id → ids, the primary first; a record may come in several pieces. Ids are numbers here; raises Unreadable
    for anything else."""
    found: dict[str, list[tuple[str, bool]]] = {}
    try:
        for item in results:
            ties = [(str(int(to["toObjectId"])), _is_primary(to)) for to in item["to"]]
            found.setdefault(str(item["from"]["id"]), []).extend(ties)
    except (KeyError, TypeError, ValueError):
        raise Unreadable("HubSpot answered an association read with something else than associations") from None
    return {
        ident: tuple(dict.fromkeys(other for other, _ in sorted(ties, key=lambda tie: not tie[1])))
        for ident, ties in found.items()
    }


def continued(results: Iterable[Json], seen: set[tuple[str, str]]) -> list[Json]:
    """What to ask an association read for next: of records with more associations than it has shown of them. `seen`:
    where such pages began so far; raises Unreadable when they go round in a circle."""
    try:
        more = [(str(item["from"]["id"]), after) for item in results if (after := next_after(item))]
    except (KeyError, TypeError):
        raise Unreadable("HubSpot answered an association read with pages of nothing") from None
    if not seen.isdisjoint(more):
        raise Unreadable("HubSpot answered an association read with the same page again")
    seen.update(more)
    return [{"id": ident, "after": after} for ident, after in more]


def _is_primary(to: Mapping[str, Any]) -> bool:
    return any(t.get("typeId") in PRIMARY_TYPES and t.get("label") == "Primary" for t in to.get("associationTypes", ()))


def next_after(answer: Json) -> str:
    """Where the next page starts, or "" on the last; raises Unreadable for paging that is not understood."""
    paging = answer.get("paging")
    if paging is None:
        return ""
    try:
        following = paging["next"]["after"]
    except (KeyError, TypeError):
        raise Unreadable("HubSpot answered with paging that is not understood") from None
    if isinstance(following, bool) or not isinstance(following, str | int) or following == "":
        raise Unreadable("HubSpot answered that there is another page, and not where it begins")
    return str(following)
