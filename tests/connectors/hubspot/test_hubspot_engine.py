"""The engine's push over a real connection: a new contact is tied to its company, whatever happens between the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.connectors.hubspot.conftest import NOW

from leadsync.connector import FieldSpec
from leadsync.connector import Unmetered as Meter
from leadsync.errors import QuotaExhausted
from leadsync.plan import Change, Step
from leadsync.progress import Silent
from leadsync.push import Pusher, outgoing, push, recover
from leadsync.store import Store
from leadsync_hubspot import HubSpot
from leadsync_hubspot.sandbox import HubSpotSandbox

KEY = FieldSpec("contacts", "leadsync_id", "leadsync id", "string", unique=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db") as opened:
        yield opened


@pytest.fixture
def steps(seeded: HubSpotSandbox, crm: HubSpot, store: Store) -> list[Step]:
    """Two contacts to make, noted: one of a company."""
    crm.provision([KEY], apply=True)
    change = Change("name", "lastname", None, "N", "", "")
    made = [
        Step("u1", "lead", "hubspot", "contacts", None, (change,), ("leadsync_id", "u1"), {"companies": ("2001",)}),
        Step("u2", "lead", "hubspot", "contacts", None, (change,), ("leadsync_id", "u2")),
    ]
    with store.transaction():
        store.outbox.enqueue(outgoing(made, "run-1", {}), NOW)
    return made


def pusher(store: Store, crm: HubSpot) -> Pusher:
    fields = ["lastname", "leadsync_id"]
    return Pusher(store, {"hubspot": crm}, lambda _side, _kind: fields, "run-1", lambda: NOW, Silent(), lambda: False)


def companies(crm: HubSpot) -> list[tuple[str, ...]]:
    found = {
        str(r.fields["leadsync_id"]): r for r in crm.find("contacts", "leadsync_id", ["u1", "u2"], ["leadsync_id"])
    }
    return [found[uid].links.get("companies", ()) for uid in ("u1", "u2")]


def test_a_new_contact_whose_tie_got_no_answer_is_tied_all_the_same(
    seeded: HubSpotSandbox, crm: HubSpot, store: Store, steps: list[Step]
) -> None:
    seeded.faults.add({"match": {"path": "/associate/default"}, "action": {"kind": "named", "name": "unavailable"}})
    pushed = push(steps, {}, pusher(store, crm))
    assert ([step.uid for step, _ in pushed.created], [step.uid for step in pushed.unclear]) == (["u2"], ["u1"])
    assert recover(pusher(store, crm)) == 1
    assert companies(crm) == [("2001",), ()]


@dataclass
class Short(Meter):
    """The day's share, which ends with so many requests."""

    left: int

    def take(self, *_names: str) -> None:
        if self.left == 0:
            raise QuotaExhausted("no more today")
        self.left -= 1


def test_a_run_that_ends_between_a_new_contact_and_its_tie_is_made_good_by_the_next(
    crm: HubSpot, store: Store, steps: list[Step]
) -> None:
    crm.usage.meter = Short(1)
    with pytest.raises(QuotaExhausted):
        push(steps, {}, pusher(store, crm))
    crm.usage.meter = Meter()
    assert companies(crm) == [(), ()]
    assert recover(pusher(store, crm)) == 2
    assert companies(crm) == [("2001",), ()]


def test_whom_a_person_has_tied_to_another_company_meanwhile_stays_there(
    seeded: HubSpotSandbox, crm: HubSpot, store: Store, steps: list[Step]
) -> None:
    crm.usage.meter = Short(1)
    with pytest.raises(QuotaExhausted):
        push(steps, {}, pusher(store, crm))
    crm.usage.meter = Meter()
    [record] = crm.find("contacts", "leadsync_id", ["u1"], [])
    seeded.seed({"associations": [["contacts", record.ref.id, "companies", "2002"]]})
    assert recover(pusher(store, crm)) == 2
    assert companies(crm) == [("2002",), ()]


def test_a_tie_that_never_works_holds_up_nothing(
    seeded: HubSpotSandbox, crm: HubSpot, store: Store, steps: list[Step]
) -> None:
    action = {"kind": "named", "name": "unavailable"}
    seeded.faults.add({"match": {"path": "/associate/default"}, "times": None, "action": action})
    push(steps, {}, pusher(store, crm))
    assert recover(pusher(store, crm)) == 1
    assert store.outbox.in_flight() == []
