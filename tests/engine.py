"""The engine on two CRMs in memory, with the shipped mapping files: what scenarios and proofs drive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from tests.fakes import START, Diary, Shelf, nothing

from leadsync.connector import Crm, ObjectType, Register
from leadsync.files import mappings_folder
from leadsync.gates import Limits
from leadsync.progress import Progress, Silent
from leadsync.records import Ref, Role, Value
from leadsync.resolve import ResolveSettings
from leadsync.rules import Rulebook, load_rulebook
from leadsync.store import Reject, Store
from leadsync.sync import Cycle, World, cycle, never
from leadsync.world import AT_ONCE, PART

KINDS: Mapping[str, Mapping[str, Role]] = {
    "hubspot": {"companies": Role.COMPANY, "contacts": Role.PERSON},
    "salesforce": {"Account": Role.COMPANY, "Lead": Role.PERSON, "Contact": Role.PERSON},
}


@dataclass
class Settings:
    """The parts of a configuration that a cycle looks at."""

    sync: Limits = field(default_factory=Limits)
    resolve: ResolveSettings = field(default_factory=ResolveSettings)


@cache
def rulebook(folder: Path) -> Rulebook:
    """A mappings folder's rules for the two CRMs."""
    sides = {side: [ObjectType(k, r, preferred=i) for i, (k, r) in enumerate(of.items())] for side, of in KINDS.items()}
    return load_rulebook(folder, sides)


class Watched(Store):
    """A state file that says when it is about to commit, and when it has."""

    on_commit: Callable[[str], None] = staticmethod(nothing)

    def __enter__(self) -> Watched:
        return self

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with super().transaction():
            yield
            self.on_commit("before commit")
        self.on_commit("after commit")


class Stage:
    """Two CRMs, a state file and a clock; `run` is one cycle in a process of its own, as far as the engine can tell."""

    def __init__(
        self,
        folder: Path,
        register: Register | None = None,
        *,
        mappings: Path | None = None,
        batch_size: int = 3,
        page: int = 1000,
    ) -> None:
        self.path = folder / "state.db"
        self.diary = Diary()
        self.hubspot, self.salesforce = (Shelf(s, k, batch_size, self.diary, page) for s, k in KINDS.items())
        self.sides = {"hubspot": self.hubspot, "salesforce": self.salesforce}
        self.register = register
        self.now: datetime = START
        self.runs = 0
        self.mappings = mappings if mappings is not None else mappings_folder()
        self.on_commit: Callable[[str], None] = nothing
        self.progress: Progress = Silent()
        self.kept: Watched | None = None
        self.part: int | None = None
        """Records looked at together, where it is not what the engine ships with."""

    @property
    def rules(self) -> Rulebook:
        """What the admin decided."""
        return rulebook(self.mappings)

    def world(self, store: Store, sides: Mapping[str, Crm], stop: Callable[[], bool] = never) -> World:
        """Everything a cycle touches."""
        return World(
            config=Settings(),  # type: ignore[arg-type]
            rules=self.rules,
            store=store,
            sides=sides,
            register=self.register,
            clock=lambda: self.now,
            run=f"run-{self.runs}",
            progress=self.progress,
            stop=stop,
            part=PART if self.part is None else self.part,
            at_once=AT_ONCE if self.part is None else self.part,
        )

    def run(self, *, write: bool = True, stop: Callable[[], bool] = never) -> Cycle:
        """One cycle."""
        self.runs += 1
        with self.state() as store:
            store.on_commit = self.on_commit
            return cycle(self.world(store, self.sides, stop), write=write)

    @contextmanager
    def state(self) -> Iterator[Watched]:
        """The open state file."""
        if self.kept is not None:
            yield self.kept
        else:
            with Watched(self.path) as store:
                yield store

    def keep_open(self) -> None:
        """Leave the state file open between runs, and do not wait for the disk: for runs of which no process dies."""
        self.kept = Watched(self.path)
        self.kept.connection.execute("PRAGMA synchronous = OFF")

    def close(self) -> None:
        """Close a state file that was left open."""
        if self.kept is not None:
            self.kept.close()
            self.kept = None

    def rejects(self) -> list[Reject]:
        """What is kept of records that were refused or unreadable."""
        with Store(self.path) as store:
            return store.outbox.rejects()

    def cursor(self, side: str, feed: str) -> str:
        """Where a feed's reading stands."""
        with Store(self.path) as store:
            return store.pulled.cursor(side, feed)

    def pass_time(self, passed: timedelta) -> None:
        """It gets later, for leadsync and in both CRMs."""
        self.now += passed
        for shelf in self.sides.values():
            shelf.tick(passed)

    def writes(self) -> int:
        """How many write calls both CRMs have had."""
        return self.hubspot.usage.writes + self.salesforce.usage.writes

    def value(self, ref: Ref, name: str) -> Value:
        """What a CRM holds."""
        return self.sides[ref.side].records[ref].fields.get(name)
