"""Reads the whole history of what people and leadsync wrote, and finds every update that was lost.

It knows the mapping's rules and who typed what when, and nothing of how the engine decides: no shadow, no outbox.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import permutations

from tests.engine import KINDS, Stage
from tests.fakes import ENGINE, Event, Shelf, Version

from leadsync.mapping.compare import same
from leadsync.mapping.model import Conflict, Direction, FieldMap, NullPolicy, Target, WriteMode
from leadsync.records import Fields, Ref, Value, is_blank
from leadsync.sync import Cycle
from leadsync.unify import from_vendor, to_vendor
from proofs.looking import Look
from proofs.town import by_vendor_name

IN_ONE_CALL = 1
"""A write right after a read of the same record cannot know better: no CRM offers compare-and-set in bulk."""

Place = tuple[Ref, str]
"""A record and a vendor field."""


@dataclass(slots=True)
class Checker:
    """Follows a stage from run to run. `lost`: every violation so far; `gaps`: edits that fell between a write and the
    read right before it; `base`: what of each place was accounted for, by which change; `unsure`: places of which
    nobody can tell, because a run was cut short or has not heard what became of its write."""

    stage: Stage
    lost: list[str] = field(default_factory=list)
    gaps: int = 0
    writes: int = 0
    _read: int = 0
    _began: int = 0
    _look: Look = field(init=False)
    _last: dict[Place, Event] = field(default_factory=dict)
    _ours: dict[Place, Event] = field(default_factory=dict)
    _typed: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    _base: dict[Place, tuple[int, Value]] = field(default_factory=dict)
    _filled: set[Place] = field(default_factory=set)
    _unsure: set[Place] = field(default_factory=set)
    _mistakable: set[tuple[Place, Value, Value]] = field(default_factory=set)
    _uids: dict[Ref, set[str]] = field(default_factory=lambda: defaultdict(set))
    _agreed: dict[tuple[object, ...], tuple[int, tuple[Value, ...]]] = field(default_factory=dict)
    _names: dict[tuple[str, str], dict[str, tuple[FieldMap, Target]]] = field(default_factory=dict)
    _born: dict[tuple[Ref, Ref], int] = field(default_factory=dict)
    _constants: dict[tuple[str, str], Fields] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mappings = self.stage.rules.mappings
        self.stage.progress = self._look = Look(self.stage)
        for side, kinds in KINDS.items():
            for kind, role in kinds.items():
                self._names[side, kind] = by_vendor_name(mappings[role], side, kind)
            for made in (rule for mapping in mappings.values() for rule in mapping.creates if rule.side == side):
                self._constants[side, made.kind] = made.fields

    # ---- after each run

    def after_run(self, done: Cycle | None) -> None:
        """Judge what was written; a run that ended well accounts for all it was shown, but what it says it kept."""
        new = self.stage.diary.events[self._read :]
        self.lost.extend(f"made again: {text}" for text in self._made_again(new))
        self._learn_who_is_who()
        for event in new:
            self._judge(event)
            if self._makes(event):
                like = [ref for ref, uids in self._uids.items() if str(event.new) in uids]
                self._born.update({(event.ref, ref): event.at for ref in like if ref.side != event.ref.side})
        self._read = len(self.stage.diary.events)
        if done is not None and done.pushed is not None:
            self._account(done, {p: write for p, write in self.stage.diary.written.items() if write[0] > self._began})
        else:
            self._unsure.update((ref, n) for ref in self._look.known for n in self._names[ref.side, ref.kind])
        self._look.known, self._look.gone, self._began = {}, set(), self.stage.diary.now

    def _made_again(self, events: Iterable[Event]) -> Iterator[str]:
        """New records for somebody who had one on that side when the run began, whatever became of it."""
        for event in events:
            if self._makes(event):
                had = [r for r, uids in self._uids.items() if r.side == event.ref.side and str(event.new) in uids]
                yield from (f"{event.ref} beside {ref}" for ref in had if ref != event.ref)

    def _learn_who_is_who(self) -> None:
        with self.stage.state() as store:
            for ref, uid in store.pulled.identities().items():
                self._uids[ref].add(uid)

    def _judge(self, event: Event) -> None:
        place = (event.ref, event.field)
        known = self._names[event.ref.side, event.ref.kind].get(event.field)
        if event.who == ENGINE:
            self.writes += 1
            if known is not None:
                self.lost.extend(f"{text}: {_say(event)}" for text in self._faults(event, *known))
            elif not (_made_by_us(event) and event.field in self._constants.get((event.ref.side, event.ref.kind), {})):
                self.lost.append(f"a field that no mapping names was written: {_say(event)}")
            self._ours[place] = event
            self._unsure.add(place)
        elif known is not None:
            self._typed[known[0].name].append(event)
        self._last[place] = event

    def _faults(self, write: Event, mapped: FieldMap, target: Target) -> Iterator[str]:
        if target.direction is Direction.READ or (target.write is WriteMode.NEVER and not _made_by_us(write)):
            yield "a field that is never to be written was written"
        before = self._last.get((write.ref, write.field))
        if before is None or before.who == ENGINE or same(write.old, write.new, mapped.compare):
            return
        if is_blank(write.old) and self._may_fill(write, mapped):
            return
        if mapped.sources and target.write is WriteMode.ALWAYS and target.direction is Direction.BOTH:
            return
        if before.at > write.seen and write.calls <= IN_ONE_CALL:
            self.gaps += 1
        elif before.at > write.seen:
            yield f"an edit that leadsync had not been shown was overwritten ({write.calls} calls after its last look)"
        elif mapped.sources:
            yield from self._against_mode(write, target)
        else:
            yield from self._against_merge(write, before, mapped, target)

    def _may_fill(self, write: Event, mapped: FieldMap) -> bool:
        """Whether no clearing of a field that leadsync could know of is undone: blanks count for nothing there, or the
        admin wants them filled and it was never shown anything else there."""
        if mapped.sources or mapped.null is not NullPolicy.CLEAR:
            return True
        return mapped.fill_blank and (write.ref, write.field) not in self._filled

    def _against_mode(self, write: Event, target: Target) -> Iterator[str]:
        """A person's value in a field of leadsync's own."""
        ours = self._ours.get((write.ref, write.field))
        retyped = ours is not None and same(write.old, ours.new, "exact")
        if target.direction is Direction.FORWARD_ONLY:
            if ours is not None and not retyped:
                yield "a person's stage was moved"
            return
        match target.write:
            case WriteMode.ALWAYS:
                return
            case WriteMode.TRACKED:
                if not retyped:
                    yield "a person's value in a tracked field was overwritten"
            case WriteMode.IF_EMPTY:
                yield "a value was overwritten that is only filled when empty"
            case WriteMode.NEVER:
                yield "a value was overwritten that is never written"

    def _against_merge(self, write: Event, edit: Event, mapped: FieldMap, target: Target) -> Iterator[str]:
        """A person's value in a field that both sides share: was there a newer one, or one with a better right?"""
        if target.write is WriteMode.IF_EMPTY:
            yield "a value was overwritten that is only filled when empty"
        others = self._others(mapped, write.ref)
        sources = [e for e in others if self._becomes(e, mapped, target, write)]
        if is_blank(write.new) or write.new == mapped.default:
            sources += [e for e in others if is_blank(e.new) and e not in sources]
        if not sources:
            yield "nobody had typed the value that replaced an edit"
            return
        place = (edit.ref, edit.field)
        sure = self._unsure.isdisjoint({place, *self._before(edit.ref, mapped)})
        newest = max(sources, key=lambda e: e.at)
        later = mapped.conflict is Conflict.NEWEST and newest.at > edit.at
        if sure and not later and self._known(place, mapped) is None and not is_blank(edit.new):
            yield "a value that was seen for the first time was overwritten"
        fresh = [e for e in sources if e.at > self._base.get((e.ref, e.field), (0, None))[0]]
        if not fresh and newest.at < edit.at:
            yield f"an older value, accounted for before (change {newest.at}), replaced a newer edit (change {edit.at})"
        elif fresh and self._changed(edit, mapped) and self._clean(write, fresh):
            if mapped.conflict is Conflict.HOLD:
                yield "of two edits that are to be held for a person, one was overwritten"
            elif mapped.conflict is Conflict.NEWEST and newest.at > edit.at:
                return
            elif mapped.owner == write.ref.side:
                yield "an edit on the owner's side was overwritten by the other side's"

    def _known(self, place: Place, mapped: FieldMap) -> tuple[int, Value] | None:
        """What of a place was accounted for; of a record that took another one's place, what of that was."""
        if place in self._base:
            return self._base[place]
        earlier = [self._base[old] for old in self._before(place[0], mapped) if old in self._base]
        return max(earlier, key=lambda base: base[0], default=None)

    def _before(self, ref: Ref, mapped: FieldMap) -> list[Place]:
        """Where the field was in the records of which this one took the place, by a merge or a conversion."""
        shelf = self.stage.sides[ref.side]
        earlier = [Ref(ref.side, ref.kind, alias) for v in _versions(shelf, ref)[-1:] for alias in v.record.aliases]
        earlier += [record.ref for record in shelf.records.values() if record.successor == ref]
        return [(old, n) for old in earlier for n, (m, _) in self._names[old.side, old.kind].items() if m is mapped]

    def _others(self, mapped: FieldMap, ref: Ref) -> list[Event]:
        mine = self._uids[ref]
        return [e for e in self._typed[mapped.name] if e.ref != ref and self._uids[e.ref] & mine]

    def _becomes(self, edit: Event, mapped: FieldMap, target: Target, write: Event) -> bool:
        """Whether an edit elsewhere, brought here, is what was written."""
        _, theirs = self._names[edit.ref.side, edit.ref.kind][edit.field]
        value = to_vendor(target, from_vendor(mapped, theirs, edit.new))
        return same(self.stage.sides[write.ref.side].spell(write.field, value), write.new, mapped.compare)

    def _changed(self, edit: Event, mapped: FieldMap) -> bool:
        """Whether an edit made the field another one than it was when last accounted for."""
        base = self._known((edit.ref, edit.field), mapped)
        return base is not None and edit.at > base[0] and not same(edit.new, base[1], mapped.compare)

    def _clean(self, write: Event, fresh: Iterable[Event]) -> bool:
        """Whether it is certain what was accounted for of all that bears on a conflict."""
        places = [(write.ref, write.field), *((e.ref, e.field) for e in fresh)]
        return all(place in self._base and place not in self._unsure for place in places)

    def _account(self, done: Cycle, written: Mapping[Place, tuple[int, Value]]) -> None:
        """A run that ended well: what it knew when it planned, and what it wrote, is accounted for."""
        assert done.pushed is not None
        lost = (done.pushed.unclear, done.pushed.unsent, done.pushed.moved, [s for s, _ in done.pushed.rejected])
        tried = {(step.uid, change.field) for steps in lost for step in steps for change in step.changes}
        made = {ref: at for (ref, _), (at, _) in written.items() if ref not in self._look.known}
        waits, binned = tried | _kept_open(done), self._binned()
        for ref in {*self._look.known, *(ref for ref, _ in written)}:
            for name, (mapped, _) in self._names[ref.side, ref.kind].items():
                mine = {(uid, mapped.name) for uid in self._uids[ref]}
                if self._uids[ref] & binned or mine & tried:
                    self._unsure.add((ref, name))
                elif not mine & waits:
                    self._account_for((ref, name), written.get((ref, name)), made.get(ref))
        # Of a write whose answer was lost, what stands there may be ours, or a person's who typed the very same.
        said = {(step.ref, c.target): c.new for step in done.pushed.written for c in step.changes}
        for place in said.keys() - written.keys():
            self._unsure.add(place)
            self._mistake(place, self.stage.sides[place[0].side].spell(place[1], said[place]))

    def _account_for(self, place: Place, ours: tuple[int, Value] | None, made: int | None) -> None:
        """By our write, by our making the record, or by the last change that made it what leadsync knew."""
        ref, name = place
        shelf = self.stage.sides[ref.side]
        versions = _versions(shelf, ref)
        shown, fields = self._look.known.get(ref, (0, {}))
        if made is not None:
            shown, fields = made, next((v.record.fields for v in versions if v.number == made), {})
        same_then = [v.number for v in versions if v.number <= shown and v.record.fields.get(name) == fields.get(name)]
        if ours is not None:
            self._base[place] = ours
        elif same_then:
            self._base[place] = (same_then[-1], fields.get(name))
        else:
            return
        self._filled.update([] if is_blank(self._base[place][1]) else [place])
        if ours is None or not self._respelled(place, ours):
            self._unsure.discard(place)
        else:
            self._mistake(place, ours[1])

    def _mistake(self, place: Place, ours: Value) -> None:
        """What a person made of a value of ours may pass for the CRM's spelling of it."""
        if (last := self._last.get(place)) is not None and last.who != ENGINE and _alike(ours, last.new):
            self._mistakable.add((place, ours, last.new))

    def _respelled(self, place: Place, ours: tuple[int, Value]) -> bool:
        """Whether somebody made but another spelling of our write, before leadsync was shown what the CRM had made of
        it: nobody can tell whose that is."""
        last = self._last.get(place)
        if last is None or last.who == ENGINE or self.stage.sides[place[0].side].answers:
            return False
        return last.seen < ours[0] < last.at and _alike(ours[1], last.new)

    def _binned(self) -> set[str]:
        """Whose records lie in the bin, or did as far as the run could know: what was edited before and meanwhile waits
        until they are restored."""
        shelves = self.stage.sides.values()
        gone = {r.ref for shelf in shelves for r in shelf.records.values() if r.deleted and r.successor is None}
        return {uid for ref in gone | self._look.gone for uid in self._uids[ref]}

    # ---- once all is quiet

    def at_rest(self, done: Cycle) -> None:
        """All runs are done and nothing goes wrong any more: every edit that nobody contested is in force on both
        sides, and nobody was created twice."""
        self.lost.extend(f"created twice: {key}" for key in self._doubles())
        self.lost.extend(f"never read: {text}" for text in self._unread())
        held = _kept_open(done)
        for judged in done.view.leads:
            party = judged.lead.party
            refs = [s.record.ref for s in party.sources]
            for mapped in self.stage.rules.lead.fields.values():
                if not mapped.sources:
                    self._check_field(party.uid, refs, mapped, held=(party.uid, mapped.name) in held)

    def _unread(self) -> Iterator[str]:
        """Live records that leadsync does not know as they are."""
        with self.stage.state() as store:
            for shelf in self.stage.sides.values():
                for record in shelf.records.values():
                    if record.deleted:
                        continue
                    seen = store.pulled.record(record.ref)
                    if seen is None:
                        yield str(record.ref)
                    else:
                        other = [n for n, v in seen.record.fields.items() if record.fields.get(n) != v]
                        yield from (f"{record.ref} {name}" for name in other)

    def _doubles(self) -> list[str]:
        made = Counter(str(e.new) for e in self.stage.diary.events if self._makes(e))
        return [key for key, times in made.items() if times > 1]

    def _makes(self, event: Event) -> bool:
        """Whether leadsync made a record with this: it does so by its key, and then fills it."""
        if event.who != ENGINE or event.old is not None:
            return False
        known = self._names[event.ref.side, event.ref.kind].get(event.field)
        versions = self.stage.sides[event.ref.side].versions.get(event.ref, [])
        return known is not None and known[0].unique and bool(versions) and not versions[0].record.fields

    def _check_field(self, uid: str, refs: list[Ref], mapped: FieldMap, *, held: bool) -> None:
        places = [p for ref in refs if (p := self._place(mapped, ref)) is not None]
        key = (uid, mapped.name, *places)
        pair = len(places) == 2 and places[0][0].side != places[1][0].side
        values = tuple(self.stage.value(*p) for p in places)
        agree = pair and self._consistent(mapped, *places)
        made = [self._born[both] for both in permutations(ref for ref, _ in places) if both in self._born]
        known = self._agreed.get(key) or ((made[0], ()) if made else None)
        if pair and not held and known is not None:
            since, then = known
            typed = {e.ref for e in self._typed[mapped.name] if e.at > since and uid in self._uids[e.ref]}
            if len(typed) <= 1 and (not agree or self._not_filled(mapped, places, then, typed)):
                self.lost.append(f"an edit nobody contested did not arrive: {uid} {mapped.name}: {list(values)}")
        if agree and not held:
            self._agreed[key] = (self.stage.diary.now, values)
        else:
            self._agreed.pop(key, None)

    def _not_filled(self, mapped: FieldMap, places: list[Place], then: tuple[Value, ...], typed: set[Ref]) -> bool:
        """Whether a field is blank that nobody cleared, beside one that was filled since they last agreed; or since
        leadsync made one of them (`then` is empty): it starts with all that is known."""
        now = [self.stage.value(*p) for p in places]
        for i, (ref, _) in enumerate(places):
            if is_blank(now[i]) or not is_blank(now[1 - i]) or places[1 - i][0] in typed:
                continue
            born = not then and (places[1 - i][0], ref) in self._born
            if born or (then and ref in typed and not same(now[i], then[i], mapped.compare)):
                return True
        return False

    def _place(self, mapped: FieldMap, ref: Ref) -> Place | None:
        """Where a live record has a field that is written both ways."""
        record = self.stage.sides[ref.side].records.get(ref)
        if record is None or record.deleted or record.read_only:
            return None
        for name, (found, target) in self._names[ref.side, ref.kind].items():
            both = target.direction is Direction.BOTH and target.write is not WriteMode.IF_EMPTY
            if found.name == mapped.name and both:
                return ref, name
        return None

    def _consistent(self, mapped: FieldMap, one: Place, other: Place) -> bool:
        values = self.stage.value(*one), self.stage.value(*other)
        if any(is_blank(v) for v in values):
            return mapped.null is not NullPolicy.CLEAR or all(is_blank(v) for v in values)
        return self._arrived(mapped, one, other) or self._arrived(mapped, other, one)

    def _arrived(self, mapped: FieldMap, source: Place, goal: Place) -> bool:
        _, theirs = self._names[source[0].side, source[0].kind][source[1]]
        _, target = self._names[goal[0].side, goal[0].kind][goal[1]]
        value = to_vendor(target, from_vendor(mapped, theirs, self.stage.value(*source)))
        there = self.stage.value(*goal)
        spelled = self.stage.sides[goal[0].side].spell(goal[1], value)
        alike = any(same(there, one, mapped.compare) for one in (spelled, value))
        return alike or (goal, spelled, there) in self._mistakable  # for what the CRM makes of it


def _versions(shelf: Shelf, ref: Ref) -> list[Version]:
    """All that a record ever was, also of one that was merged into a new id."""
    return shelf.versions.get(ref) or shelf.gone.get(ref, [])


def _kept_open(done: Cycle) -> set[tuple[str, str]]:
    """(uid, field) of what the run says that it waits for."""
    return {(kept.uid, kept.field) for kept in done.plan.kept if kept.waits}


def _made_by_us(event: Event) -> bool:
    return event.old is None


def _alike(value: Value, other: Value) -> bool:
    """Whether two texts are one but for case, or one is the other's beginning."""
    a, b = str(value).casefold(), str(other).casefold()
    return bool(b) and (a.startswith(b) or b.startswith(a))


def _say(event: Event) -> str:
    return f"change {event.at}: {event.ref} {event.field}: {event.old!r} became {event.new!r}"
