"""The engine on two CRMs in memory, with the shipped mapping files: what scenarios drive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from leadsync.resolve import ResolveSettings
from tests.fakes import START, Shelf

from leadsync.connector import Register
from leadsync.files import mappings_folder
from leadsync.gates import Limits
from leadsync.records import Ref, Role, Value
from leadsync.rules import Rulebook, load_rulebook
from leadsync.store import Store
from leadsync.sync import Cycle, World, cycle, never


@dataclass
class Settings:
    """The parts of a configuration that a cycle looks at."""

    sync: Limits = field(default_factory=Limits)
    resolve: ResolveSettings = field(default_factory=ResolveSettings)


class Stage:
    """Two CRMs, a state file and a clock; `run` is one cycle in a process of its own, as far as the engine can tell."""

    def __init__(self, folder: Path, register: Register | None = None) -> None:
        self.path = folder / "state.db"
        self.hubspot = Shelf("hubspot", {"companies": Role.COMPANY, "contacts": Role.PERSON})
        self.salesforce = Shelf("salesforce", {"Account": Role.COMPANY, "Lead": Role.PERSON, "Contact": Role.PERSON})
        self.sides = {"hubspot": self.hubspot, "salesforce": self.salesforce}
        self.register = register
        self.now: datetime = START
        self.runs = 0
        self.rules: Rulebook = load_rulebook(mappings_folder(), {n: s.objects() for n, s in self.sides.items()})

    def run(self, *, write: bool = True, stop: Callable[[], bool] = never) -> Cycle:
        """One cycle."""
        self.runs += 1
        with Store(self.path) as store:
            world = World(
                config=Settings(),  # type: ignore[arg-type]
                rules=self.rules,
                store=store,
                sides=self.sides,
                register=self.register,
                clock=lambda: self.now,
                run=f"run-{self.runs}",
                stop=stop,
            )
            return cycle(world, write=write)

    def writes(self) -> int:
        """How many write calls both CRMs have had."""
        return self.hubspot.usage.writes + self.salesforce.usage.writes

    def value(self, ref: Ref, name: str) -> Value:
        """What a CRM holds."""
        return self.sides[ref.side].records[ref].fields.get(name)
