"""The REST API as a register, for installations without an index: cached, coalesced, and never above the rate limit."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32

from rapidfuzz.fuzz import token_sort_ratio

from leadsync.connector import Changes, Clock, Usage
from leadsync.errors import Unreadable
from leadsync.normalize.company import core_name
from leadsync.normalize.security import without_security
from leadsync.records import Address, CompanyQuery, Kin, LegalEntity, Ownership
from leadsync_gleif.client import Client
from leadsync_gleif.index import SUCCEEDED
from leadsync_gleif.level2 import Relation, Tie
from leadsync_gleif.ownership import TIES, kin_of, ownership
from leadsync_gleif.rows import day, ended
from leadsync_gleif.settings import GleifSettings

PAGE = 50
"""Records asked for at once when searching by name."""
LEIS_AT_ONCE = 100
"""LEIs in one filter; other clients of the API use as many."""
LONGEST_NAME = 1000
"""Letters of a name that is asked for: the longest one published has about 500; an address takes no more than some."""
ENOUGH = 1
"""Hits by name that make the fuzzy search unnecessary."""


class Bucket:
    """Lets so many requests through a minute, at first as a burst, then evenly."""

    def __init__(self, per_minute: int, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._rate = per_minute / 60
        self._most = self._left = float(per_minute)
        self._now, self._sleep = now, sleep
        self._at = now()

    def wait(self) -> None:
        """Return when the next request may go out."""
        now = self._now()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            pause = (1 - self._left) / self._rate
            self._sleep(pause)
            self._left += pause * self._rate
            self._at += pause
        self._left -= 1


CHILDREN = ("direct", "ultimate")
CHILDREN_AT_ONCE = 200
"""Records on a page of children."""
WEEK = timedelta(days=7)
EVERY = timedelta(hours=8)
"""GLEIF publishes three times a day."""
NEVER_OLD = datetime.max.replace(tzinfo=UTC)
"""The last update of a record that does not tell it, or that is gone."""


class ApiRegister:
    """The REST API as a `Register`."""

    def __init__(
        self,
        settings: GleifSettings,
        clock: Clock,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.usage = Usage()
        self._base = settings.api
        self._clock = clock
        bucket = Bucket(settings.requests_per_minute, now, sleep)
        self._client = Client(settings.timeout, self.usage, bucket.wait)
        self._entities: dict[str, LegalEntity | None] = {}
        self._links: dict[str, Mapping[str, Any]] = {}
        self._updated: dict[str, datetime] = {}
        self._named: dict[tuple[str, str], list[str]] = {}
        self._searches: dict[tuple[str, str], tuple[str, ...]] = {}
        self._relations: dict[str, tuple[Relation, ...]] = {}
        self._published: datetime | None = None

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        """See `Register`. Equal questions are asked once, in one batch and ever after."""
        found = [self._search(query) for query in queries]
        self._fetch([lei for leis in found for lei in leis])
        known = [[e for lei in leis if (e := self._entities.get(lei)) is not None] for leis in found]
        entities = [sorted(some, key=closeness(q))[:limit] for q, some in zip(queries, known, strict=True)]
        self._fetch([lei for some in entities for e in some if passed(e) for lei in e.successors])
        return [self._with_successors(some) for some in entities]

    def _with_successors(self, entities: list[LegalEntity]) -> list[LegalEntity]:
        full = {entity.lei: entity for entity in entities}
        waiting = [entity for entity in entities if passed(entity)]
        while waiting:
            after = self.entity(waiting.pop().successors[0])
            if after is not None and after.lei not in full:
                full[after.lei] = after
                waiting += [after] if passed(after) else []
        return list(full.values())

    def _search(self, query: CompanyQuery) -> tuple[str, ...]:
        name = core_name(without_security(query.name), query.country)
        key = (name, query.country)
        if not name or len(query.name) > LONGEST_NAME:
            return ()
        if key not in self._searches:
            leis = self._by_name(query, query.country)
            if query.country:  # its namesakes abroad count against a name too
                leis += self._by_name(query, "")
            if len(leis) < ENOUGH:
                leis += self._fuzzy(query.name)
            self._searches[key] = tuple(dict.fromkeys(leis))
        return self._searches[key]

    def _by_name(self, query: CompanyQuery, country: str) -> list[str]:
        name = without_security(query.name)
        words = core_name(name, query.country) if name.isascii() else name
        params: dict[str, str | int] = {"filter[entity.names]": words, "page[size]": PAGE}
        if country:
            params["filter[entity.legalAddress.country]"] = country
        if (words, country) not in self._named:
            found = self._data(f"{self._base}/lei-records", params)
            self._named[words, country] = [self._keep(record) for record in found]
        return list(self._named[words, country])

    def _fuzzy(self, name: str) -> list[str]:
        params: dict[str, str | int] = {"field": "entity.legalName", "q": name}
        hits = self._data(f"{self._base}/fuzzycompletions", params)
        return [hit["relationships"]["lei-records"]["data"]["id"] for hit in hits if "relationships" in hit]

    def _fetch(self, leis: Sequence[str]) -> None:
        missing = [lei for lei in dict.fromkeys(leis) if lei not in self._entities]
        for start in range(0, len(missing), LEIS_AT_ONCE):
            wanted = missing[start : start + LEIS_AT_ONCE]
            params: dict[str, str | int] = {"filter[lei]": ",".join(wanted), "page[size]": LEIS_AT_ONCE}
            for record in self._data(f"{self._base}/lei-records", params):
                self._keep(record)
            for lei in wanted:
                self._entities.setdefault(lei, None)

    def _data(self, url: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        answer = self._client.json(url, params)
        if answer is None:
            return []
        try:
            self._note_edition(answer)
            data = answer["data"]
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise Unreadable(f"{url}: not an answer of the GLEIF API ({problem!r})") from problem
        return data if isinstance(data, list) else [data]

    def _note_edition(self, answer: Mapping[str, Any]) -> None:
        text = answer.get("meta", {}).get("goldenCopy", {}).get("publishDate")
        if text is not None:
            self._published = datetime.fromisoformat(text)

    def _keep(self, record: Mapping[str, Any]) -> str:
        try:
            entity = entity_of(record["attributes"])
        except (KeyError, TypeError) as problem:
            raise Unreadable(f"{self._base}: a record without its promised fields ({problem!r})") from problem
        self._entities[entity.lei] = entity
        self._links[entity.lei] = record.get("relationships", {})
        if changed := record["attributes"].get("registration", {}).get("lastUpdateDate"):
            self._updated[entity.lei] = datetime.fromisoformat(changed)
        return entity.lei

    def entity(self, lei: str) -> LegalEntity | None:
        """See `Register`."""
        if lei not in self._entities:
            self._fetch([lei])
        return self._entities[lei]

    def ownership(self, lei: str, on: date | None = None) -> Ownership:
        """See `Register`. One or two requests for each step up, none for what was asked before."""
        return ownership(lei, self._ties, self.entity, self._exceptions, on)

    def kin(self, lei: str, on: date | None = None, *, up: bool = False) -> Sequence[Kin]:
        """See `Register`. The API tells of today's relationships; of a past day it knows those that still stand."""
        if up:
            return [kin_of(r, self.entity, up=True) for r in self._ties(lei) if r.holds(on)]
        below = {which: self._pages(f"{self._base}/lei-records/{lei}/{which}-children") for which in CHILDREN}
        found = [Kin(e.lei, e.name, e.country, which) for which, some in below.items() for e in some]
        return found if on is None else [k for k in found if self._stood(k, lei, on)]

    def _stood(self, kin: Kin, parent: str, on: date) -> bool:
        return any(r.parent == parent and TIES[r.tie] == kin.tie and r.holds(on) for r in self._ties(kin.lei))

    def _pages(self, url: str) -> list[LegalEntity]:
        found: list[LegalEntity] = []
        page = 1
        while records := self._data(url, {"page[size]": CHILDREN_AT_ONCE, "page[number]": page}):
            leis = [self._keep(record) for record in records]
            found += [e for lei in leis if (e := self._entities[lei]) is not None]
            if len(records) < CHILDREN_AT_ONCE:
                break
            page += 1
        return found

    def changes(self, since: datetime) -> Changes | None:
        """See `Register`: what is known is looked at again, a hundred records at once; for newcomers of its name a
        company is looked for by turns, each once a week."""
        now = self.published()
        return None if now is None or now - since > WEEK else ApiChanges(self, since, now)

    def updated_since(self, leis: Collection[str], since: datetime) -> frozenset[str]:
        """Those of the records that changed after a moment, or that are not there (any more)."""
        self._fetch(list(leis))
        return frozenset(lei for lei in leis if self._updated.get(lei, NEVER_OLD) > since)

    def _parent_link(self, lei: str, which: str, kind: str) -> str | None:
        if lei not in self._links:
            self.entity(lei)
        links = self._links.get(lei, {}).get(f"{which}-parent", {}).get("links", {})
        found: str | None = links.get(kind)
        return found

    def _ties(self, lei: str) -> Sequence[Relation]:
        if lei not in self._relations:
            links = [self._parent_link(lei, which, "relationship-record") for which in ("direct", "ultimate")]
            records = [record for link in links if link is not None for record in self._data(link)]
            self._relations[lei] = tuple(relation_of(record["attributes"]) for record in records)
        return self._relations[lei]

    def _exceptions(self, lei: str) -> tuple[str, str]:
        direct, ultimate = (self._exception(lei, which) for which in ("direct", "ultimate"))
        return direct, ultimate

    def _exception(self, lei: str, which: str) -> str:
        link = self._parent_link(lei, which, "reporting-exception")
        found = self._data(link) if link is not None else []
        return str(found[0]["attributes"]["reason"]) if found else ""

    def published(self) -> datetime | None:
        """See `Register`: as the last answer said, asked for once if there was none."""
        if self._published is None:
            self._data(f"{self._base}/lei-records", {"page[size]": 1})
        return self._published

    def close(self) -> None:
        """See `Register`."""
        self._client.close()


def closeness(query: CompanyQuery) -> Callable[[LegalEntity], tuple[float, bool]]:
    """Sorts those first whose name, by any spelling of it, is closest to the query's; its country's before others."""
    asked = core_name(without_security(query.name), query.country)

    def key(entity: LegalEntity) -> tuple[float, bool]:
        names = (entity.name, *(name for name, _ in entity.other_names))
        best = max(token_sort_ratio(asked, core_name(name, entity.country)) for name in names)
        return -best, entity.country != query.country

    return key


def passed(entity: LegalEntity) -> bool:
    """Whether it passed into one other entity."""
    return entity.registration in SUCCEEDED and len(entity.successors) == 1


class ApiChanges:
    """What the API tells of changes since an earlier publication, for a few requests."""

    def __init__(self, register: ApiRegister, since: datetime, now: datetime) -> None:
        self._register, self._since, self._now = register, since, now

    def touched(self, leis: Collection[str]) -> frozenset[str]:
        """See `leadsync.connector.Changes`."""
        return self._register.updated_since(leis, self._since)

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        """See `leadsync.connector.Changes`: of the companies whose turn it is."""
        turns = WEEK // EVERY
        due = [crc32(q.name.encode()) % turns == int(self._now.timestamp() // EVERY.total_seconds()) % turns
               for q in queries]  # fmt: skip
        found = iter(self._register.candidates([q for q, now in zip(queries, due, strict=True) if now], limit))
        return [self._fresh(next(found)) if now else [] for now in due]

    def _fresh(self, entities: Sequence[LegalEntity]) -> list[LegalEntity]:
        fresh = self._register.updated_since([e.lei for e in entities], self._since - WEEK)
        return [e for e in entities if e.lei in fresh]


def entity_of(attributes: Mapping[str, Any]) -> LegalEntity:
    """The entity in a `lei-records` resource; raises KeyError when a promised field is missing."""
    entity, registration = attributes["entity"], attributes["registration"]
    names = [*entity.get("otherNames", []), *entity.get("transliteratedOtherNames", [])]
    successors = entity.get("successorEntities") or []
    legal = _address(entity["legalAddress"])
    return LegalEntity(
        attributes["lei"],
        entity["legalName"]["name"],
        legal.country,
        entity.get("category") or "GENERAL",
        entity.get("subCategory") or "",
        (entity.get("legalForm") or {}).get("id") or "",
        entity.get("jurisdiction") or "",
        entity.get("status") or "ACTIVE",
        registration.get("status") or "ISSUED",
        legal,
        _address(entity["headquartersAddress"]),
        tuple((name["name"], name.get("type") or "") for name in names),
        tuple(successor["lei"] for successor in successors if successor.get("lei")),
        day(entity.get("creationDate") or ""),
    )


def _address(address: Mapping[str, Any]) -> Address:
    parts = (address.get(name) or "" for name in ("country", "region", "city", "postalCode"))
    country, region, city, postcode = parts
    return Address(country, region, city, postcode, (address.get("addressLines") or [""])[0] or "")


def relation_of(attributes: Mapping[str, Any]) -> Relation:
    """The relation in a `relationship-records` resource; raises Unreadable for a type not published so far."""
    tie = attributes["relationship"]
    try:
        kind = Tie(tie["type"])
    except ValueError as problem:
        raise Unreadable(f"GLEIF API: unknown relationship type {tie['type']!r}") from problem
    period: Mapping[str, Any] = next((p for p in tie.get("periods", []) if p.get("type") == "RELATIONSHIP_PERIOD"), {})
    updated = attributes["registration"].get("lastUpdateDate")
    return Relation(
        tie["startNode"]["id"],
        tie["endNode"]["id"],
        kind,
        tie["status"],
        attributes["registration"].get("status") or "PUBLISHED",
        day(period.get("startDate") or ""),
        day(period.get("endDate") or "")
        or ended(tie["status"], attributes["registration"].get("status") or "", str(updated or "")),
    )
