"""Four ways to keep two CRMs in agreement, and leadsync's engine, on the same people, failures and automations.

    python -m benchmarks.sync_engines [--seeds 10] [--leads 40]

Both CRMs make their own spelling of what they are given. In each round people edit, automations touch one record in
ten without changing what is synced, one write call in twenty fails and three in a hundred are applied and not answered;
then the engine runs. A quiet period follows in which only the automations go on; and one in which an automation in each
CRM rewrites the titles its own way after every run. The rivals are small, but what they do is what products do.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from proofs.folder import scratch
from proofs.town import hubspot_spelling, salesforce_spelling
from tests.engine import Stage
from tests.fakes import ENGINE, Shelf

from leadsync.connector import Write
from leadsync.errors import Ambiguous, StopRun, TryAgain
from leadsync.files import mappings_folder
from leadsync.mapping.compare import same
from leadsync.records import Record, Ref, Value

FIELDS = {"firstname": "FirstName", "jobtitle": "Title", "phone": "Phone", "city": "City"}
"""The fields in sync: HubSpot's name and Salesforce's."""

WORDS = {
    "firstname": ("Ada", "Bob ", "Cleo", "Dov"),
    "jobtitle": ("CTO", "Head of Sales", "chief technology officer and much more", "Clerk "),
    "phone": ("5551234567", "(555) 765-4321", "555-000-1111", "12345"),
    "city": ("London", "Paris ", "Rome", "Bonn"),
}
ROUNDS, QUIET, EDITS = 40, 20, 3
LATER = 3
"""Rounds after which an edit must be in force on both sides: failures may have delayed it."""

TOUCHED, FAILED, UNANSWERED = 0.10, 0.05, 0.03


class Engine(Protocol):
    """Something that brings two CRMs into agreement."""

    def run(self) -> None:
        """One cycle."""


@dataclass
class Sides:
    """The two CRMs as a rival sees them: pairs of records that are one person."""

    stage: Stage
    pairs: list[tuple[Ref, Ref]]

    def records(self) -> Iterator[tuple[Record, Record]]:
        """Both records of each person, as pulled (one read a side)."""
        for shelf in self.stage.sides.values():
            shelf.usage.reads += 1
        for one, other in self.pairs:
            yield self.stage.hubspot.records[one], self.stage.salesforce.records[other]

    def write(self, ref: Ref, values: dict[str, Value]) -> bool:
        """Send to one record; whether it was acknowledged."""
        shelf = self.stage.sides[ref.side]
        try:
            shelf.write(ref.kind, [Write("t", ref.kind, ref.id, values)])
        except (Ambiguous, TryAgain):
            return False
        return True


def translated(record: Record) -> dict[str, Value]:
    """What a record's values are called on the other side."""
    names = FIELDS if record.ref.side == "hubspot" else {theirs: ours for ours, theirs in FIELDS.items()}
    return {there: record.fields.get(here) for here, there in names.items()}


@dataclass
class LastWriterWins:
    """The record that was modified last overwrites the other, as HubSpot's own sync does by default."""

    sides: Sides
    ours_is_news: bool = True
    seen: dict[Ref, object] = field(default_factory=dict)

    def run(self) -> None:
        for one, other in list(self.sides.records()):
            fresh = [r for r in (one, other) if self.seen.get(r.ref) != r.modified and self._counts(r)]
            self.seen |= {r.ref: r.modified for r in (one, other)}
            if fresh:
                newest = max(fresh, key=lambda r: r.modified)
                goal = other if newest is one else one
                wanted = translated(newest)
                if any(goal.fields.get(name) != value for name, value in wanted.items()):
                    self.sides.write(goal.ref, wanted)

    def _counts(self, record: Record) -> bool:
        return self.ours_is_news or self._who(record) != ENGINE

    def _who(self, record: Record) -> str:
        events = self.sides.stage.diary.events
        return next((e.who for e in reversed(events) if e.ref == record.ref), "")


@dataclass
class HashOfSent:
    """What differs from what was sent last is sent again, as warehouse-to-CRM tools do, here both ways."""

    sides: Sides
    sent: dict[Ref, str] = field(default_factory=dict)
    seen: dict[Ref, object] = field(default_factory=dict)

    def run(self) -> None:
        for pair in list(self.sides.records()):
            for source, goal in (pair, pair[::-1]):
                wanted = translated(source)
                digest = hashlib.sha256(repr(wanted).encode()).hexdigest()
                news = self.seen.get(source.ref) != source.modified
                self.seen[source.ref] = source.modified
                if news and self.sent.get(goal.ref) != digest and self.sides.write(goal.ref, wanted):
                    self.sent[goal.ref] = digest


@dataclass
class Leadsync:
    """The engine itself, on a mapping of these fields."""

    sides: Sides

    def run(self) -> None:
        try:
            self.sides.stage.run()
        except StopRun:
            return


ENGINES: dict[str, Callable[[Sides], Engine]] = {
    "record-level last writer wins": LastWriterWins,
    "the same, skipping our own changes": lambda sides: LastWriterWins(sides, ours_is_news=False),
    "hash of what was last sent": HashOfSent,
    "leadsync": Leadsync,
}

MAPPING = """
schema = 1
object = "lead"
[field.email]
hubspot = "email"
salesforce = "Email"
owner = "hubspot"
compare = "ci"
[field.first_name]
hubspot = "firstname"
salesforce = "FirstName"
owner = "salesforce"
transform = ["trim"]
[field.job_title]
hubspot = "jobtitle"
salesforce = "Title"
owner = "salesforce"
transform = ["trim"]
[field.phone]
hubspot = "phone"
salesforce = "Phone"
owner = "salesforce"
compare = "digits"
[field.city]
hubspot = "city"
salesforce = "City"
owner = "hubspot"
compare = "ci"
"""


def mappings(folder: Path) -> Path:
    """The shipped mapping files, but for leads: the four fields."""
    for source in mappings_folder().glob("*.toml"):
        shutil.copyfile(source, folder / source.name)
    read_only = (mappings_folder() / "lead.toml").read_text(encoding="utf-8")
    facts = [part for part in read_only.split("\n\n") if part.startswith("[field.") and 'direction   = "read"' in part]
    (folder / "lead.toml").write_text(MAPPING + "\n".join(facts), encoding="utf-8")
    return folder


# ---- the world


@dataclass
class Tally:
    """What an engine did and lost."""

    writes: int = 0
    quiet: int = 0
    fighting: int = 0
    edits: int = 0
    lost: int = 0
    calls: int = 0


class Weather:
    """Write calls that fail, or are applied and not answered, by chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.calm = False

    def __call__(self, _kind: str, _writes: Sequence[Write]) -> str:
        draw = self.chance.random()
        if self.calm or draw >= FAILED + UNANSWERED:
            return ""
        return "lost after" if draw < UNANSWERED else "down"


@dataclass
class World:
    """Two CRMs, the engine between them, and the people."""

    sides: Sides
    engine: Engine
    chance: random.Random
    tally: Tally = field(default_factory=Tally)
    waiting: list[tuple[int, Ref, str]] = field(default_factory=list)

    def cycle(self) -> int:
        """Some time passes, the engine runs; gives how many fields it wrote."""
        self.sides.stage.pass_time(timedelta(minutes=15))
        before = self._written()
        self.engine.run()
        return self._written() - before

    def _written(self) -> int:
        names = {*FIELDS, *FIELDS.values()}
        return sum(len(names & set(values)) for s in self.sides.stage.sides.values() for _, _, values in s.log)

    def automations(self) -> None:
        """Something touches records, and changes nothing that is in sync."""
        for pair in self.sides.pairs:
            for ref in pair:
                if self.chance.random() < TOUCHED:
                    shelf = self.sides.stage.sides[ref.side]
                    shelf.keep(replace(shelf.records[ref], modified=shelf.tick()), "automation")

    def fight(self) -> None:
        """Each CRM rewrites titles its own way."""
        ways = {"hubspot": ("jobtitle", str.upper), "salesforce": ("Title", str.lower)}
        for pair in self.sides.pairs[:10]:
            for ref in pair:
                name, way = ways[ref.side]
                shelf = self.sides.stage.sides[ref.side]
                value = str(shelf.records[ref].fields[name])
                if way(value) != value:
                    shelf.change(ref, {name: way(value)}, "automation")

    def edit(self, number: int) -> None:
        """People edit; what they contest in one round does not count."""
        made: dict[tuple[int, str], set[Ref]] = {}
        for _ in range(EDITS):
            person, name = self.chance.randrange(len(self.sides.pairs)), self.chance.choice(sorted(FIELDS))
            ref = self.chance.choice(self.sides.pairs[person])
            shelf, value = self.sides.stage.sides[ref.side], self.chance.choice(WORDS[name])
            field_ = name if ref.side == "hubspot" else FIELDS[name]
            spelled = shelf.spell(field_, value)
            if shelf.records[ref].fields.get(field_) != spelled:
                shelf.change(ref, {field_: spelled}, "person")
                made.setdefault((person, name), set()).add(ref)
        for (person, name), refs in made.items():
            self.waiting = [
                w for w in self.waiting if (w[1], w[2]) not in {(r, name) for r in self.sides.pairs[person]}
            ]
            if len(refs) == 1:
                self.waiting.append((number, *refs, name))
                self.tally.edits += 1

    def judge(self, number: int) -> None:
        """Edits of some rounds ago that nobody touched since: are they in force on both sides?"""
        due = [w for w in self.waiting if w[0] + LATER <= number]
        self.waiting = [w for w in self.waiting if w[0] + LATER > number]
        for _, ref, name in due:
            self.tally.lost += not self._in_force(ref, name)

    def _in_force(self, ref: Ref, name: str) -> bool:
        pair = next(p for p in self.sides.pairs if ref in p)
        typed = next(
            e.new for e in reversed(self.sides.stage.diary.events)
            if e.ref == ref and e.who == "person" and e.field in (name, FIELDS[name])
        )  # fmt: skip
        return all(self._shows(r, name if r.side == "hubspot" else FIELDS[name], typed) for r in pair)

    def _shows(self, ref: Ref, name: str, typed: Value) -> bool:
        shelf = self.sides.stage.sides[ref.side]
        there = shelf.records[ref].fields.get(name)
        return same(there, shelf.spell(name, typed), "ci") or same(there, typed, "ci")


def world(folder: Path, make: Callable[[Sides], Engine], seed: int, leads: int) -> World:
    """Both CRMs with everybody in them, and an engine that has seen them once."""
    stage = Stage(folder, mappings=mappings(folder), batch_size=100)
    stage.hubspot.spell, stage.salesforce.spell, stage.salesforce.tells = hubspot_spelling, salesforce_spelling, True
    weather = Weather(seed)
    pairs = [(_put(stage.hubspot, "contacts", n), _put(stage.salesforce, "Lead", n)) for n in range(leads)]
    sides = Sides(stage, pairs)
    made = World(sides, make(sides), random.Random(seed))
    made.cycle()
    for shelf in stage.sides.values():
        shelf.trouble = weather
        shelf.log.clear()
    return made


def _put(shelf: Shelf, kind: str, number: int) -> Ref:
    facts: dict[str, Value] = {name: words[number % len(words)] for name, words in WORDS.items()}
    facts["email"] = f"p{number}@acme.example"
    names = {**FIELDS, "email": "Email"} if kind == "Lead" else {}
    return shelf.make(kind, {names.get(n, n): shelf.spell(names.get(n, n), v) for n, v in facts.items()}, {}, "person")


def play(made: World) -> Tally:
    """The busy period, the quiet one, and the one in which automations fight."""
    tally = made.tally
    for number in range(ROUNDS):
        made.edit(number)
        made.automations()
        tally.writes += made.cycle()
        made.judge(number)
    for number in range(ROUNDS, ROUNDS + LATER):
        tally.writes += made.cycle()
        made.judge(number)
    for _ in range(QUIET):
        made.automations()
        tally.quiet += made.cycle()
    for _ in range(QUIET):
        made.fight()
        tally.fighting += made.cycle()
    tally.calls = sum(s.usage.reads + s.usage.writes for s in made.sides.stage.sides.values())
    return tally


def total(name: str, seeds: int, leads: int) -> Tally:
    """An engine's figures over all seeds."""
    found = Tally()
    for seed in range(seeds):
        with scratch() as folder:
            part = play(world(folder, ENGINES[name], seed, leads))
        for what in ("writes", "quiet", "fighting", "edits", "lost", "calls"):
            setattr(found, what, getattr(found, what) + getattr(part, what))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--leads", type=int, default=40)
    asked = parser.parse_args()
    print(f"{'engine':<36}{'field writes':>13}{'quiet':>8}{'fought':>8}{'edits lost':>16}{'API calls':>11}")
    for name in ENGINES:
        t = total(name, asked.seeds, asked.leads)
        lost = f"{t.lost:,} of {t.edits:,}"
        print(f"{name:<36}{t.writes:>13,}{t.quiet:>8,}{t.fighting:>8,}{lost:>16}{t.calls:>11,}", flush=True)


if __name__ == "__main__":
    main()
