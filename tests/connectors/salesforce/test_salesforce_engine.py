"""The engine's push over a real connection: fewest calls as foretold, and a bulk job that outlives its run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.connectors.salesforce.conftest import NOW, Connect, User
from tests.connectors.salesforce.test_salesforce_push import row, seed_leads
from tests.connectors.salesforce.test_salesforce_push_bulk import calls

from leadsync.errors import StopRun
from leadsync.plan import Change, Step
from leadsync.progress import Silent
from leadsync.push import Pusher, outgoing, push, recover
from leadsync.store import Store
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "state.db") as opened:
        yield opened


def pusher(store: Store, crm: SalesforceCrm) -> Pusher:
    def fields(_side: str, _kind: str) -> list[str]:
        return ["Title", "LeadSync_Id__c"]

    return Pusher(store, {"salesforce": crm}, fields, "run-1", lambda: NOW, Silent(), lambda: False)


def step(number: int, ident: str | None, *, guarded: bool = False) -> Step:
    change = Change("title", "Title", None, f"T{number}", "", "", guarded=guarded)
    more = () if ident is not None else (Change("name", "LastName", None, "N", "", ""),)
    company = () if ident is not None else (Change("company", "Company", None, "C", "", ""),)
    key = None if ident is not None else ("LeadSync_Id__c", f"u{number}")
    return Step(f"u{number}", "lead", "salesforce", "Lead", ident, (change, *more, *company), key)


def note(store: Store, steps: list[Step]) -> None:
    with store.transaction():
        store.outbox.enqueue(outgoing(steps, "run-1", {}), NOW)


def test_a_plan_of_thousands_costs_what_was_foretold(
    sandbox: SalesforceSandbox, crm: SalesforceCrm, store: Store
) -> None:
    steps = [step(n, i, guarded=True) for n, i in enumerate(seed_leads(sandbox, 2500))]
    steps += [step(n, None) for n in range(2500, 4000)]
    note(store, steps)
    pushed = push(steps, {}, pusher(store, crm))
    assert (len(pushed.written), len(pushed.created)) == (2500, 1500)
    assert calls(sandbox).total() == crm.calls("Lead", 2500, 1500, 2500) == 15
    assert store.outbox.states() == {"done": 4000}


def test_what_a_person_changed_meanwhile_is_not_sent_by_a_job_either(
    sandbox: SalesforceSandbox, connect: Connect, store: Store, person: User
) -> None:
    ids = seed_leads(sandbox, 20)
    person("PATCH", f"/sobjects/Lead/{ids[7]}", json={"Title": "A person's"})
    steps = [step(n, i, guarded=True) for n, i in enumerate(ids)]
    note(store, steps)
    pushed = push(steps, {}, pusher(store, connect(bulk_from=10)))
    assert ([s.id for s in pushed.moved], len(pushed.written)) == ([ids[7]], 19)
    assert row(sandbox, ids[7])["Title"] == "A person's"


def test_a_job_that_outlives_its_run_is_waited_for_and_acknowledged_by_the_next(
    sandbox: SalesforceSandbox, connect: Connect, store: Store
) -> None:
    ids = seed_leads(sandbox, 20)
    steps = [step(n, i) for n, i in enumerate(ids)] + [step(n, None) for n in range(20, 40)]
    note(store, steps)

    def killed(_: float) -> None:
        raise KeyboardInterrupt

    crm = connect(bulk_from=10)
    crm._client._sleep = killed  # the process dies while it waits for its first job
    with pytest.raises(KeyboardInterrupt):
        push(steps, {}, pusher(store, crm))
    assert store.outbox.states() == {"sending": 20, "pending": 20}
    assert {row(sandbox, i).get("Title") for i in ids} == {None}, "the job has not run yet"

    sandbox.seed({"settings": {"bulk_polls": 10**6}})
    with pytest.raises(StopRun, match="1 bulk jobs"):
        recover(pusher(store, connect(bulk_wait_seconds=30)))
    assert store.outbox.states() == {"sending": 20, "pending": 20}, "nothing is planned before the outcome is known"

    sandbox.seed({"settings": {"bulk_polls": 0}})
    (job,) = sandbox.jobs.jobs
    connect()._client.get(f"jobs/ingest/{job}")  # time passes over there: the job ends
    assert recover(pusher(store, connect())) == 20
    assert [row(sandbox, i)["Title"] for i in ids] == [f"T{n}" for n in range(20)]
    assert {len(sandbox.org.history[i]) for i in ids} == {1}
    assert store.outbox.states() == {}
