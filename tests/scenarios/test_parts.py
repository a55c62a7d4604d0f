"""Looking at everything part by part comes to what looking at everything at once comes to, whatever the parts are."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from proofs.report import Report
from tests.engine import Stage
from tests.fakes import PERSON

from leadsync.connector import Usage
from leadsync.gates import NAMES
from leadsync.plan import Plan
from leadsync.records import CompanyQuery, Kin, LegalEntity, Ownership, Parent, Ref, Touch
from leadsync.store import Store
from leadsync.sync import Cycle, View, cycle
from proofs import crash, scenes

FIRMS = 4
EVERYTHING = 10**6
FORMS = ("GmbH", "AG", "", "Holding GmbH")
COUNTRIES = ("Germany", "France", "")
ADDRESSES = ("gmail.com", "firm0.example", "firm1.example", "mail.firm2.example", "firm3.example", "other.example")


class Groups:
    """A register in which every third firm has the same ultimate parent."""

    usage = Usage()

    def __init__(self) -> None:
        self.entities = {f"LEI{n}": LegalEntity(f"LEI{n}", f"Firm {n} GmbH", "DE") for n in range(FIRMS)}

    def candidates(self, queries: Sequence[CompanyQuery], limit: int = 20) -> Sequence[Sequence[LegalEntity]]:
        return [list(self.entities.values())[:limit] for _ in queries]

    def entity(self, lei: str) -> LegalEntity | None:
        return self.entities.get(lei)

    def ownership(self, lei: str, on: object = None) -> Ownership:
        top = f"TOP{int(lei.removeprefix('LEI')) % 3}"
        return Ownership(lei, None, Parent(top, f"Group {top}", "DE"), (lei, top))

    def kin(self, lei: str, on: object = None, *, up: bool = False) -> Sequence[Kin]:
        return ()

    def changes(self, since: datetime) -> None:
        """Everything may have changed."""

    def published(self) -> datetime:
        return datetime.fromisoformat("2026-10-30T00:00:00+00:00")

    def close(self) -> None:
        pass


class Chance:
    """People and companies that share addresses, names, domains, ids and records, as chance has it."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.stage, self.chance = stage, random.Random(seed)
        self.firms = [self._firm() for _ in range(10)]
        self.people = [self._person() for _ in range(28)]

    def _name(self) -> str:
        return f"Firm {self.chance.randrange(FIRMS)} {self.chance.choice(FORMS)}".strip()

    def _address(self) -> str:
        who = self.chance.choice(("info", "sales", *(f"p{n}" for n in range(20))))
        return f"{who}@{self.chance.choice(ADDRESSES)}"

    def _firm(self) -> Ref:
        name, country = self._name(), self.chance.choice(COUNTRIES)
        domain = self.chance.choice((*ADDRESSES[1:], ""))
        if self.chance.random() < 0.5:
            return self.stage.hubspot.put("companies", name=name, country=country, domain=domain, industry="Steel")
        return self.stage.salesforce.put("Account", Name=name, BillingCountry=country, Website=domain)

    def _person(self) -> Ref:
        chance = self.chance
        name = {"first": chance.choice(("Ann", "Bob", "Eve")), "last": f"Lee{chance.randrange(6)}"}
        company, country = chance.choice((self._name(), "")), chance.choice(COUNTRIES)
        home = chance.choice(self.firms)
        if chance.random() < 0.6:
            links = {"companies": (home.id,)} if home.side == "hubspot" and chance.random() < 0.6 else {}
            ref = self.stage.hubspot.put(
                "contacts", links, email=self._address(), firstname=name["first"], lastname=name["last"],
                company=company, country=country, jobtitle=chance.choice(("CTO", "Clerk")),
                lifecyclestage=chance.choice(("lead", "customer")),
                hs_additional_emails=chance.choice(("", self._address())),
            )  # fmt: skip
        else:
            ref = self.stage.salesforce.put(
                "Lead", Email=self._address(), FirstName=name["first"], LastName=name["last"], Company=company,
                Country=country, Title=chance.choice(("CTO", "Clerk")),
            )  # fmt: skip
        self._act(ref)
        return ref

    def _act(self, ref: Ref) -> None:
        shelf, chance = self.stage.sides[ref.side], self.chance
        days = timedelta(days=chance.randrange(1, 50))
        who = ref if chance.random() < 0.8 else Ref(ref.side, "email", self._address())
        if chance.random() < 0.5:
            shelf.touch(who, self.stage.now - days, "form_submission", name="Request a demo")
        if chance.random() < 0.5:
            number = Ref(ref.side, "touches", f"m{len(shelf.touch_list)}")
            shelf.touch_list.append(Touch(number, who, self.stage.now - days, "email", "EMAIL"))

    def live(self) -> list[Ref]:
        shelves = self.stage.sides.values()
        there = [r for s in shelves for r in s.records.values() if r.ref.kind in ("contacts", "Lead")]
        return sorted(r.ref for r in there if not r.deleted and not r.read_only)

    def happen(self) -> None:
        """A day in both CRMs, and what somebody says of who is who."""
        chance, stage = self.chance, self.stage
        for ref in chance.sample(self.live(), 5):
            name = {"contacts": "jobtitle", "Lead": "Title"}[ref.kind]
            stage.sides[ref.side].change(ref, {name: chance.choice(("VP", "Clerk"))}, PERSON)
        for ref in chance.sample(self.live(), 2):
            name = {"contacts": "email", "Lead": "Email"}[ref.kind]
            stage.sides[ref.side].change(ref, {name: self._address()}, PERSON)
        gone = chance.choice(self.live())
        stage.sides[gone.side].delete(gone)
        leads, contacts = ([r for r in self.live() if r.kind == kind] for kind in ("Lead", "contacts"))
        stage.salesforce.convert(leads[0], "Contact", {"Title": "Title", "Email": "Email"})
        stage.hubspot.merge_into_new(contacts[0], contacts[1])
        self.people.append(self._person())
        with Store(stage.path) as store:
            for verdict in ("same", "apart"):
                store.cases.say(*chance.sample(self.live(), 2), verdict, "", stage.now)


def town(folder: Path, seed: int) -> tuple[Stage, Chance]:
    folder.mkdir()
    stage = Stage(folder, register=Groups(), batch_size=100)  # type: ignore[arg-type]
    return stage, Chance(stage, seed)


def run(stage: Stage, part: int, *, write: bool) -> Cycle:
    stage.runs += 1
    stage.part = part
    with stage.state() as store:
        return cycle(stage.world(store, stage.sides), write=write, open_gates=frozenset(NAMES))


def told(view: View, plan: Plan) -> dict[str, object]:
    """All that a cycle knows and plans, in an order that parts do not change."""
    return {
        "leads": sorted(view.leads, key=lambda judged: judged.lead.uid),
        "companies": sorted(view.companies, key=lambda party: party.uid),
        "resolved": dict(view.resolved.items()),
        "steps": sorted(plan.steps, key=lambda step: step.ref),
        "kept": sorted(plan.kept, key=repr),
        "shadows": dict(plan.shadows.items()),
        "after": dict(plan.after.items()),
        "held": sorted(plan.held, key=repr),
        "subjects": sorted(repr(subject) for subject in view.subjects),
    }


def content(stage: Stage) -> dict[str, list[str]]:
    """Both CRMs, and what the state remembers."""
    held = {side: sorted(map(repr, shelf.records.values())) for side, shelf in stage.sides.items()}
    with Store(stage.path) as store:
        tables = [name for (name,) in store.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            rows = [dict(row) for row in store.connection.execute(f"SELECT * FROM {table}")]
            told = [{k: v for k, v in row.items() if (table, k) != ("history", "id")} for row in rows]
            held[table] = sorted(map(repr, told))
    return held


@pytest.mark.parametrize("seed", range(4))
def test_the_same_is_known_and_planned_whatever_the_parts_are(tmp_path: Path, seed: int) -> None:
    stage, crowd = town(tmp_path / "one", seed)
    for _ in range(2):
        stage.run()
        crowd.happen()
        stage.run(write=False)
        whole = run(stage, EVERYTHING, write=False)
        expected = told(whole.view, whole.plan)
        assert expected["steps"]
        for part in (1, 7):
            seen = run(stage, part, write=False)
            for name, value in told(seen.view, seen.plan).items():
                assert value == expected[name], name
            assert [gate.name for gate in seen.gates] == [gate.name for gate in whole.gates]


@pytest.mark.parametrize("seed", [11, 12])
def test_whole_cycles_leave_the_same_in_both_crms_and_in_the_state(tmp_path: Path, seed: int) -> None:
    found = []
    for part in (EVERYTHING, 1, 7):
        stage, crowd = town(tmp_path / str(part), seed)
        done = []
        for _ in range(3):
            cycle_ = run(stage, part, write=True)
            assert cycle_.pushed is not None
            done.append((len(cycle_.pushed.written), len(cycle_.pushed.created), stage.writes()))
            crowd.happen()
            stage.pass_time(timedelta(hours=30))
        found.append((done, content(stage)))
    for done, held in found[1:]:
        assert done == found[0][0]
        for name, rows in held.items():
            assert rows == found[0][1][name], name


def test_nothing_of_it_is_left_on_the_disk(tmp_path: Path) -> None:
    stage, _ = town(tmp_path / "one", 1)
    seen = run(stage, 3, write=True)
    assert [path.name for path in stage.path.parent.iterdir() if "scratch" in path.name] == []
    assert len(list(seen.view.leads)) == len(seen.view.leads)


def in_parts(build: Callable[[Path], Stage], folder: Path) -> Stage:
    stage = build(folder)
    stage.part = 1
    return stage


def test_a_run_in_parts_that_is_killed_anywhere_is_finished_by_the_next() -> None:
    report = Report("effectively once, in parts")
    tally = crash.attack("newcomers", partial(in_parts, scenes.NAMED["newcomers"]), report, doubles=0)
    assert tally.singles > 20
    assert report.kept, report.lines()
