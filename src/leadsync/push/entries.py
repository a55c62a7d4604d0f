"""Entries in the CRMs besides fields (tasks, campaigns' parts in deals): make, change and take away what is ours alone.

As with groups, what we are about to do is noted before it is sent, and a note without an answer is looked at by the
next run before it sends anything. What a person has changed, finished or thrown away is theirs from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from leadsync.connector import Clock, Crm
from leadsync.connector.besides import Entries, Entry, EntryKind, Standing
from leadsync.errors import LeadsyncError, Misconfigured, QuotaExhausted, SkipRecord
from leadsync.mapping.compare import same
from leadsync.records import Value
from leadsync.store import Kept, Place, Store

LAG = timedelta(minutes=10)
"""How late a CRM may show what was made (as in `store.pulled`): so long, what is not there may yet appear."""
MOST_TOLD = 10
ROUNDED = 0.5
"""A CRM may keep a share as a whole number of per cent."""
GONE = "somebody took it away"


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be done in one place. `forget`: what is neither ours nor wanted any more."""

    place: Place
    make: tuple[Entry, ...] = ()
    change: tuple[Entry, ...] = ()
    remove: tuple[Entry, ...] = ()
    forget: tuple[str, ...] = ()

    @property
    def side(self) -> str:
        """The CRM."""
        return self.place.side

    @property
    def changes(self) -> int:
        """How much is to be done over there."""
        return len(self.make) + len(self.change) + len(self.remove)

    @property
    def words(self) -> str:
        """As a plan tells it."""
        counts = f"{len(self.make):,} to make, {len(self.change):,} to change, {len(self.remove):,} to take away"
        return f"{self.place}: {counts}"

    def calls(self, crm: Crm) -> int:
        """API calls that it will take."""
        counts = len(self.make), len(self.change), len(self.remove)
        return crm.entry_calls(self.place.kind, *counts) if isinstance(crm, Entries) else 0


@dataclass(slots=True)
class Ran:
    """What became of an errand. `left`: what was not done, and why; `refused`: so many of them the CRM refused;
    `waiting`: what may yet appear over there, and is looked for again; `problem`: why it was not carried out to the
    end."""

    place: Place
    made: int = 0
    changed: int = 0
    removed: int = 0
    left: list[tuple[Entry, str]] = field(default_factory=list)
    refused: int = 0
    waiting: int = 0
    problem: str = ""

    @property
    def words(self) -> str:
        """As a run tells it."""
        told = f"{self.place}: {self.made:,} made, {self.changed:,} changed, {self.removed:,} taken away"
        told += f"; {self.waiting:,} without an answer, looked for by the next run" if self.waiting else ""
        told += "".join(f"; left alone {entry.key}: {why}" for entry, why in self.left[:MOST_TOLD])
        told += f"; and {len(self.left) - MOST_TOLD:,} more" if len(self.left) > MOST_TOLD else ""
        return f"{told}; not done: {self.problem}" if self.problem else told


# ---- what is to be done


def errand(place: Place, wanted: Iterable[Entry], store: Store, *, frozen: Callable[[Entry], bool]) -> Errand:
    """What is to be done, by what is remembered, without asking any CRM. `frozen`: of what is remembered and not wanted
    any more, what stays as it is."""
    due: dict[str, list[Entry]] = {"make": [], "change": []}
    idle: list[Entry] = []
    seen: set[str] = set()
    for entry in wanted:
        seen.add(entry.key)
        known = store.besides.one(place, entry.key)
        if (what := _due(place.kind, entry, known)) != "":
            due[what].append(replace(entry, id=known.entry.id if known is not None and what == "change" else None))
        elif known is not None and known.state == "refused":
            idle.append(replace(entry, id=known.entry.id))
    for entry in _with_the_others(idle, [*due["make"], *due["change"]]):
        due["make" if entry.id is None else "change"].append(entry)
    gone = [kept for kept in store.besides.of(place) if kept.entry.key not in seen and not frozen(kept.entry)]
    ours = [
        kept.entry for kept in gone if kept.state != "left" and (kept.entry.id is not None or kept.state != "refused")
    ]
    forget = {kept.entry.key for kept in gone} - {entry.key for entry in ours}
    return Errand(place, tuple(due["make"]), tuple(due["change"]), tuple(ours), tuple(sorted(forget)))


def _with_the_others(idle: Iterable[Entry], due: Iterable[Entry]) -> list[Entry]:
    """What was refused and says the same as then, but belongs to a whole of which another part is due."""
    wholes = {entry.whole for entry in due if entry.whole}
    return [entry for entry in idle if entry.whole in wholes]


def _due(kind: EntryKind, entry: Entry, known: Kept | None) -> str:
    """What is to be done about a wanted entry: "make", "change" or "". A task says the same for ever."""
    if known is None:
        return "make"
    differs = kind is not EntryKind.TASK and dict(known.entry.values) != dict(entry.values)
    match known.state:
        case "removing":
            return "make"
        case "sending":
            return "make" if known.entry.id is None else "change"
        case "refused" if known.entry.id is None:
            return "make" if differs else ""
        case "ours" | "refused":
            return "change" if differs else ""
        case _:
            return ""


def _alike(said: Value, there: Value) -> bool:
    """Whether a number is ours, but for rounding."""
    if isinstance(said, int | float) and isinstance(there, int | float):
        return abs(said - there) <= ROUNDED
    return same(said, there, "exact")


# ---- doing it


def run_errands(errands: Iterable[Errand], sides: Mapping[str, Crm], store: Store, clock: Clock) -> list[Ran]:
    """Carry errands out, place by place: what fails in one is told, and the others go on."""
    done = []
    for one in errands:
        ran = Ran(one.place)
        try:
            crm = sides.get(one.side)
            if not isinstance(crm, Entries):
                raise Misconfigured(f"{one.side} takes none: take it out of nurture.toml or attribution.toml")
            _Runner(one, crm, store, clock, ran).run()
        except QuotaExhausted:
            raise
        except LeadsyncError as problem:
            ran.problem = str(problem)
        if one.changes:
            done.append(ran)
    return done


class _Runner:
    """One errand on its way."""

    def __init__(self, one: Errand, crm: Entries, store: Store, clock: Clock, ran: Ran) -> None:
        self._errand, self._crm, self._store, self._now, self._ran = one, crm, store, clock(), ran
        self._place, self._kind = one.place, one.place.kind

    def run(self) -> None:
        """Look, leave what is somebody else's, then note and send: first what goes, then what changes, what comes."""
        one = self._errand
        self._forget(one.forget)
        asked = [*one.make, *one.change, *one.remove]
        if not asked:
            return
        standing = self._crm.entries(self._kind, self._place.name, asked)
        there = {s.key: s for s in standing}
        remove = self._removable(one.remove, there)
        blocked = self._blocked(standing, {entry.key for entry in remove})
        self._leave("refused" if self._kind is EntryKind.INFLUENCE else "left", [*one.make, *one.change], blocked)
        self._leave("left", remove, blocked)
        self._take_away([e for e in remove if e.whole not in blocked])
        self._ran.changed += self._put([e for e in one.change if e.whole not in blocked])
        self._ran.made += self._put(self._lacking([e for e in one.make if e.whole not in blocked], there))

    # ---- what stands there

    def _removable(self, entries: Sequence[Entry], there: Mapping[str, Standing]) -> list[Entry]:
        """What may be taken away; what is gone, done or a person's is forgotten."""
        may, forget = [], []
        for entry in entries:
            found = there.get(entry.key)
            if found is None and entry.id is None and self._may_appear(entry):
                self._ran.waiting += 1
            elif found is None or (self._kind is EntryKind.TASK and not (found.untouched and found.open)):
                forget.append(entry.key)
            else:
                may.append(replace(entry, id=found.id))
        self._forget(forget)
        return may

    def _blocked(self, standing: Sequence[Standing], going: set[str]) -> dict[str, str]:
        """Whole → why nothing is done in it: somebody else has a hand in it."""
        match self._kind:
            case EntryKind.TASK:
                wanted = {entry.key for entry in self._errand.make}
                others = (s for s in standing if s.open and s.key not in wanted | going)
                return {s.whole: f"an earlier one ({s.id}) is still open, and a person's" for s in others}
            case EntryKind.INFLUENCE:
                found = {s.whole: f"{s.id} was made or changed by somebody else" for s in standing if not self._ours(s)}
                there = {s.key for s in standing}
                gone = (e for e in self._errand.change if e.key not in there)
                return {**{e.whole: f"{e.id}: {GONE}" for e in gone}, **found}

    def _ours(self, one: Standing) -> bool:
        """Whether we made it, and it says what we said last, if we know what that was."""
        known = self._store.besides.one(self._place, one.key)
        if known is None or known.state == "left" or not one.untouched:
            return False
        said = known.entry.values if known.state == "ours" else {}
        return all(_alike(said[name], there) for name, there in one.values.items() if name in said)

    def _lacking(self, entries: Sequence[Entry], there: Mapping[str, Standing]) -> list[Entry]:
        """What is to be made: not what stands there already under its key, nor what may yet appear."""
        lacking = []
        for entry in entries:
            found = there.get(entry.key)
            if found is not None:
                known = self._store.besides.one(self._place, entry.key)
                sent = known.entry if known is not None else entry
                self._keep("ours" if found.untouched else "left", [replace(sent, id=found.id)])
            elif self._may_appear(entry):
                self._ran.waiting += 1
            else:
                lacking.append(entry)
        return lacking

    def _may_appear(self, entry: Entry) -> bool:
        """Whether it was sent so lately, without an answer, that it may be there without being shown yet."""
        known = self._store.besides.one(self._place, entry.key)
        return known is not None and known.state == "sending" and self._now - known.at < LAG

    # ---- notes

    def _keep(self, state: str, entries: Sequence[Entry], note: str = "") -> None:
        if entries:
            with self._store.transaction():
                self._store.besides.save(self._place, [Kept(e, state, self._now, note) for e in entries])

    def _forget(self, keys: Sequence[str]) -> None:
        if keys:
            with self._store.transaction():
                self._store.besides.forget(self._place, keys)

    def _leave(self, state: str, entries: Sequence[Entry], blocked: Mapping[str, str]) -> None:
        for entry in entries:
            if entry.whole in blocked:
                self._leave_one(state, entry, blocked[entry.whole])

    def _leave_one(self, state: str, entry: Entry, why: str) -> None:
        self._keep(state, [entry], why)
        self._ran.left.append((entry, why))

    # ---- sending

    def _take_away(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._keep("removing", entries)
            refused = self._crm.take_away(self._kind, self._place.name, entries)
            self._forget([e.key for e in entries if e.key not in refused])
            for entry in (e for e in entries if e.key in refused):
                self._leave_one("left", entry, str(refused[entry.key]))
            self._ran.refused += len(refused)
            self._ran.removed += len(entries) - len(refused)

    def _put(self, entries: Sequence[Entry]) -> int:
        """Note and send; gives how many were taken."""
        if not entries:
            return 0
        self._keep("sending", entries)
        answers = self._crm.put(self._kind, self._place.name, entries)
        taken = [replace(e, id=ident) for e in entries if isinstance(ident := answers.get(e.key), str)]
        self._keep("ours", taken)
        for entry in entries:
            if isinstance(refusal := answers.get(entry.key), SkipRecord):
                self._leave_one("refused", entry, str(refusal))
                self._ran.refused += 1
        self._ran.waiting += sum(entry.key not in answers for entry in entries)
        return len(taken)
