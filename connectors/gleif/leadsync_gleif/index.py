"""The local register: segments on disk behind one manifest, swapped in whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from leadsync.errors import Misconfigured, Unreadable
from leadsync.normalize.company import parse_name
from leadsync.records import CompanyQuery, LegalEntity, Ownership
from leadsync_gleif.hashing import U64
from leadsync_gleif.level2 import WITHDRAWN, Relation, relation_of
from leadsync_gleif.ownership import ownership
from leadsync_gleif.search import frequencies, most, search
from leadsync_gleif.segment import Segment, lei_key, lei_keys

MANIFEST = "manifest.json"
BATCH = 512
"""Queries searched at once: enough to share the work, few enough to stay in the processor's cache."""
REPRESENTATIVE = 1_000_000
"""Entities from which on what is rare here is rare: an extract of the register says nothing of it."""
SUCCEEDED = frozenset({"MERGED", "DUPLICATE", "RETIRED"})
"""Registrations that may have passed to another record."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which segments make up the index, oldest first, and when their newest data was published."""

    segments: tuple[str, ...]
    published: datetime | None
    loaded: datetime | None = None

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """The manifest of an index folder, or None when nothing was loaded yet. Raises Unreadable when damaged."""
        path = folder / MANIFEST
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            times = [datetime.fromisoformat(data[k]) if data[k] else None for k in ("published", "loaded")]
            return cls(tuple(data["segments"]), *times)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as problem:
            raise Unreadable(f"{path}: damaged ({problem}); load the Golden Copy again") from problem

    def text(self) -> str:
        """As it is written."""
        times = {k: v.isoformat() if v else None for k, v in (("published", self.published), ("loaded", self.loaded))}
        return json.dumps({"segments": list(self.segments), **times}, indent=1)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many entities there are by registration and by category, how many relationships, and how many entities with
    a reporting exception."""

    registrations: Counter[str]
    categories: Counter[str]
    relations: int
    exceptions: int


@dataclass(slots=True)
class _Layer:
    segment: Segment
    replaced: set[int] = field(default_factory=set)
    """Entities that a newer segment knows better."""


class Index:
    """The open register. Lookups take the newest word on an LEI; a search sees each LEI once."""

    def __init__(self, manifest: Manifest, segments: Sequence[Segment]) -> None:
        self.manifest = manifest
        self.layers = [_Layer(segment) for segment in segments]
        for at, layer in enumerate(self.layers):
            for newer in self.layers[at + 1 :]:
                numbers = layer.segment.find(np.asarray(newer.segment.arrays["lei_key"]))
                layer.replaced.update(numbers[numbers >= 0].tolist())

    @classmethod
    def open(cls, folder: Path) -> Index:
        """Open the index in a folder; raises Misconfigured when there is none, Unreadable when it is damaged."""
        manifest = Manifest.read(folder)
        if manifest is None:
            raise Misconfigured(f"{folder}: no register here. Load one: leadsync gleif refresh, or gleif load FILE…")
        while True:
            try:
                return cls(manifest, [Segment.open(folder / name) for name in manifest.segments])
            except Unreadable:
                newer = Manifest.read(folder)
                if newer is None or newer == manifest:
                    raise
                manifest = newer  # another one was swapped in meanwhile

    def close(self) -> None:
        """Close the files."""
        for layer in self.layers:
            layer.segment.close()
        self.layers = []

    def __len__(self) -> int:
        return sum(layer.segment.entities - len(layer.replaced) for layer in self.layers)

    def entity(self, lei: str) -> LegalEntity | None:
        """The record of one LEI as last published, or None."""
        for layer in reversed(self.layers):
            found = layer.segment.by_lei(lei)
            if found is not None:
                return found
        return None

    def frequencies(self, names: Sequence[str], countries: Sequence[str]) -> list[list[tuple[int, int]]] | None:
        """See `leadsync.connector.counting`. Counted in the largest segment: deltas add little to it."""
        largest = max((layer.segment for layer in self.layers), key=lambda segment: segment.entities, default=None)
        if largest is None or largest.entities < REPRESENTATIVE:
            return None
        return frequencies(largest, names, countries)

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> list[list[LegalEntity]]:
        """For each query the entities it could mean, likeliest first, and the successors of those that have one."""
        found: list[list[LegalEntity]] = []
        for start in range(0, len(queries), BATCH):
            found.extend(self._batch(queries[start : start + BATCH], limit))
        return found

    def _batch(self, queries: Sequence[CompanyQuery], limit: int) -> list[list[LegalEntity]]:
        return [self._with_successors(found) for found in self.search_layers(self.layers, queries, limit)]

    def search_layers(
        self, layers: Sequence[_Layer], queries: Sequence[CompanyQuery], limit: int
    ) -> list[list[LegalEntity]]:
        """For each query the entities of these segments it could mean, likeliest first."""
        scored: list[list[tuple[float, int, int]]] = [[] for _ in queries]
        # a delta of relationships or exceptions alone has no entities
        hits = {n: search(one.segment, queries, limit) for n, one in enumerate(layers) if one.segment.entities > 0}
        crowded = frozenset[int]().union(*(found.crowded for found in hits.values()))
        for number, found in hits.items():
            rows = zip(*(a.tolist() for a in (found.query, found.entity, found.score, found.short)), strict=True)
            for query, entity, score, short in rows:
                if entity not in layers[number].replaced and not (short and query in crowded):
                    scored[query].append((-score, number, entity))
        if len(layers) > 1:
            scored = [sorted(some)[: most(query, limit)] for query, some in zip(queries, scored, strict=True)]
        return [
            self._likeliest(query, [layers[n].segment.entity(e) for _, n, e in some], limit)
            for query, some in zip(queries, scored, strict=True)
        ]

    @staticmethod
    def _likeliest(query: CompanyQuery, found: list[LegalEntity], limit: int) -> list[LegalEntity]:
        """The first `limit`; of more (namesakes everywhere, no country given) before others those of the asked form."""
        if len(found) <= limit:
            return found
        asked = parse_name(query.name)
        named = [parse_name(entity.name, entity.country) for entity in found]
        same = [one.core == asked.core and one.form == asked.form for one in named]
        return [found[i] for i in sorted(range(len(found)), key=lambda i: not same[i])][:limit]

    def _with_successors(self, entities: list[LegalEntity]) -> list[LegalEntity]:
        if not any(entity.successors and entity.registration in SUCCEEDED for entity in entities):
            return entities
        full: dict[str, LegalEntity] = {}
        for entity in entities:
            full.setdefault(entity.lei, entity)
            for successor in self._line_of_succession(entity):
                full.setdefault(successor.lei, successor)
        return list(full.values())

    def _line_of_succession(self, entity: LegalEntity) -> list[LegalEntity]:
        line = [entity]
        while len(line[-1].successors) == 1 and line[-1].registration in SUCCEEDED and len(line) < 10:
            after = self.entity(line[-1].successors[0])
            if after is None or after in line:
                break
            line.append(after)
        return line[1:]

    def relations(self, lei: str) -> list[Relation]:
        """The relationship records in which the entity is the child, as last published; withdrawn ones left out."""
        latest: dict[object, Relation] = {}
        for layer in self.layers:
            for relation in _relations(layer.segment, "rel_child", "rel_row", lei):
                if relation.child == lei:
                    latest[relation.key] = relation
        return [relation for relation in latest.values() if not relation.deleted]

    def relations_below(self, lei: str) -> list[Relation]:
        """The relationship records in which the entity is the parent, as last published, in the children's order."""
        named = {
            relation.child
            for layer in self.layers
            for relation in _relations(layer.segment, "rel_parent", "rel_parent_row", lei)
        }
        return [r for child in sorted(named) for r in self.relations(child) if r.parent == lei]

    def children(self, lei: str) -> list[str]:
        """The LEIs of the entities of which this one is the direct or ultimate parent or head office, now."""
        return list(dict.fromkeys(r.child for r in self.relations_below(lei) if r.owns(None)))

    def family(self, leis: Iterable[str]) -> set[str]:
        """The entities given and all below them."""
        seen: set[str] = set()
        waiting = list(leis)
        while waiting:
            lei = waiting.pop()
            if lei not in seen:
                seen.add(lei)
                waiting.extend(self.children(lei))
        return seen

    def exception_codes(self, lei: str) -> tuple[str, str]:
        """(direct, ultimate) reasons for naming no parent, as GLEIF spells them; "" for none."""
        return self._codes(lei_key(lei))

    def _codes(self, key: U64) -> tuple[str, str]:
        codes = [_exception(layer.segment, key) for layer in self.layers]
        direct = next((d for d, _ in reversed(codes) if d is not None), "")
        ultimate = next((u for _, u in reversed(codes) if u is not None), "")
        return direct, ultimate

    def ownership(self, lei: str, on: date | None = None) -> Ownership:
        """Direct and ultimate parent and the chain between, now or on a day."""
        return ownership(lei, lru_cache(self.relations), self.entity, self.exception_codes, on)

    def changes(self, since: datetime) -> IndexChanges | None:
        """What the deltas after that publication changed; None when the index was made anew since."""
        newer = [layer for layer in self.layers if datetime.fromisoformat(layer.segment.meta["published"]) > since]
        if not newer or newer[0] is self.layers[0]:
            return None
        return IndexChanges(self, newer)

    def counts(self) -> Counts:
        """What stands, each LEI and each relationship counted once, by its newest word."""
        base, *newer = (layer.segment for layer in self.layers)
        registrations, categories = Counter[str](), Counter[str]()
        for layer in self.layers:
            registrations.update(layer.segment.meta["statuses"])
            categories.update(layer.segment.meta["categories"])
            for old in map(layer.segment.entity, layer.replaced):
                registrations[old.registration] -= 1
                categories[old.category] -= 1
        children = {relation_of(s.relation_line(row)).child for s in newer for row in range(len(s.arrays["rel_at"]))}
        relations = base.meta["relations"] + sum(
            len(self.relations(child)) - len(_relations(base, "rel_child", "rel_row", child)) for child in children
        )
        keys = np.unique(np.concatenate([np.zeros(0, np.uint64), *(s.arrays["exc_key"] for s in newer)]))
        stand = sum(any(self._codes(keys[at : at + 1])) for at in range(len(keys)))
        before = int(np.isin(keys, base.arrays["exc_key"]).sum())
        return Counts(+registrations, +categories, relations, base.meta["exceptions"] - before + stand)


class IndexChanges:
    """What some deltas changed."""

    def __init__(self, index: Index, newer: Sequence[_Layer]) -> None:
        self._index, self._newer = index, newer
        names = ("lei_key", "rel_child", "exc_key")
        self._keys = np.unique(np.concatenate([layer.segment.arrays[name] for layer in newer for name in names]))

    def touched(self, leis: Collection[str]) -> frozenset[str]:
        """See `leadsync.connector.Changes`."""
        asked = list(leis)
        there = np.isin(lei_keys(asked), self._keys) if asked else ()
        return frozenset(lei for lei, known in zip(asked, there, strict=True) if known)

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        """See `leadsync.connector.Changes`."""
        starts = range(0, len(queries), BATCH)
        return [f for at in starts for f in self._index.search_layers(self._newer, queries[at : at + BATCH], limit)]


def _relations(segment: Segment, sorted_name: str, row_name: str, lei: str) -> list[Relation]:
    keys = segment.arrays[sorted_name]
    if len(keys) == 0:
        return []
    key = lei_key(lei)[0]
    first, last = (int(np.searchsorted(keys, key, side=side)) for side in ("left", "right"))
    return [relation_of(segment.relation_line(int(row))) for row in segment.arrays[row_name][first:last]]


def _exception(segment: Segment, key: U64) -> tuple[str | None, str | None]:
    """(direct, ultimate): None where the segment says nothing, "" where it withdrew the exception."""
    keys = segment.arrays["exc_key"]
    at = int(np.searchsorted(keys, key[0]))
    if at >= len(keys) or keys[at] != key[0]:
        return None, None
    numbers = (int(segment.arrays[name][at]) for name in ("exc_direct", "exc_ultimate"))
    direct, ultimate = (_reason(segment, number) for number in numbers)
    return direct, ultimate


def _reason(segment: Segment, number: int) -> str | None:
    if number == 0:
        return None
    return "" if number == WITHDRAWN else str(segment.meta["reasons"][number])


def usable(index_dir: Path) -> Manifest | None:
    """The manifest of an index that a delta can go on top of; None when there is none, or it is damaged or of another
    version's format, so that it is to be made anew."""
    try:
        manifest = Manifest.read(index_dir)
        if manifest is not None:
            Index.open(index_dir).close()
        return manifest
    except Unreadable:
        return None


def with_segments(manifest: Manifest, segments: Sequence[str]) -> Manifest:
    """The manifest with other segments."""
    return replace(manifest, segments=tuple(segments))
