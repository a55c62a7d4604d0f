"""Pulls while everything moves: what a mirror holds in the end is what the org holds, by the sandbox's own account."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.connectors.salesforce.conftest import Connect, User
from tests.connectors.salesforce.test_salesforce_push import seed_leads

from leadsync.sandbox import Serving
from leadsync_salesforce import SalesforceSandbox


class People:
    """People at work in Salesforce: they create, edit, delete, merge and convert whatever is there."""

    def __init__(self, sandbox: SalesforceSandbox, url: str, api: User, seed: int) -> None:
        self.sandbox, self.url, self.api = sandbox, url, api
        self.rng = random.Random(seed)
        self.made = 0

    def leads(self) -> list[dict[str, Any]]:
        return list(self.sandbox.org.tables["Lead"].rows.values())

    def state(self) -> dict[str, tuple[Any, ...]]:
        """(first name, deleted, converted, who took its place) by id."""
        return {r["Id"]: (r.get("FirstName"), r["IsDeleted"], r["IsConverted"], _successor(r)) for r in self.leads()}

    def act(self) -> None:
        """One thing is done, and a few seconds pass."""
        self.made += 1
        there = [r["Id"] for r in self.leads() if not (r["IsDeleted"] or r["IsConverted"])]
        one, other = self.rng.sample(sorted(there), 2)
        name = {"FirstName": f"act {self.made}"}
        match self.rng.choice(["create", "edit", "edit", "edit", "delete", "merge", "convert"]):
            case "create":
                done = self.api("POST", "/sobjects/Lead", json={**name, "LastName": "N", "Company": "C"})
            case "edit":
                done = self.api("PATCH", f"/sobjects/Lead/{one}", json=name)
            case "delete":
                done = self.api("DELETE", f"/sobjects/Lead/{one}")
            case "merge":
                done = self._control("merge", {"object": "Lead", "master": one, "losers": [other]})
            case _:
                done = self._control("convert", {"lead": one})
        assert done.status_code < 300, done.text
        self.sandbox.clock.advance(self.rng.choice([0, 0.1, 1, 20]))

    def _control(self, what: str, body: dict[str, Any]) -> Any:
        return self.api.session.post(f"{self.url}/__sandbox__/{what}", json=body, timeout=5)


def _successor(row: dict[str, Any]) -> str | None:
    found = row.get("MasterRecordId") or row.get("ConvertedContactId")
    return str(found) if found is not None else None


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lag", [0, 300])
def test_a_mirror_agrees_whatever_people_do_while_it_pulls(
    seed: int, lag: int, sandbox: SalesforceSandbox, served: Serving, connect: Connect, person: User
) -> None:
    seed_leads(sandbox, 300)
    sandbox.clock.advance(3600)
    sandbox.seed({"settings": {"page_size": 70, "visibility_lag_seconds": lag}})
    people, crm = People(sandbox, served.url, person, seed), connect()
    mirror: dict[str, tuple[Any, ...]] = {}
    cursor = ""

    def pull(cut: int | None) -> str:
        last = cursor
        for number, page in enumerate(crm.pull("Lead", cursor, ["FirstName"])):
            for r in page.records:
                successor = r.successor.id if r.successor is not None else None
                mirror[r.ref.id] = (r.fields["FirstName"], r.deleted, r.read_only, successor)
            last = page.cursor
            if cut is None:
                continue
            for _ in range(people.rng.randint(0, 6)):
                people.act()
            if number == cut:
                break  # the run is cut short here; the next one goes on at this page's cursor
        return last

    for turn in range(8):
        cursor = pull(turn % 3 if turn % 2 else 1000)
    sandbox.clock.advance(301)
    cursor = pull(None)
    cursor = pull(None)
    assert mirror == people.state()
    sandbox.clock.advance(3600)
    cursor = pull(None)
    assert [r for p in crm.pull("Lead", cursor, ["FirstName"]) for r in p.records] == [], "a quiet org is silent"
