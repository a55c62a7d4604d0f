"""Pulls while everything moves: what a mirror holds in the end is what HubSpot holds, by the sandbox's own account."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from tests.connectors.hubspot.conftest import NOW, Connect, call

from leadsync.connector import Page
from leadsync_hubspot import HubSpot
from leadsync_hubspot.sandbox import HubSpotSandbox

CONTACTS = "/crm/v3/objects/contacts"


class People:
    """People at work in HubSpot: they create, edit, archive and merge whatever is there."""

    def __init__(self, sandbox: HubSpotSandbox, seed: int) -> None:
        self.sandbox = sandbox
        self.rng = random.Random(seed)
        self.made = 0

    def live(self) -> dict[str, str]:
        """First names by id."""
        portal = self.sandbox.portal
        there = (o for o in portal.objects["contacts"].values() if o.archived_at is None)
        return {o.id: o.properties["firstname"] for o in there if ("contacts", o.id) not in portal.merged}

    def act(self) -> None:
        """One thing is done, and a few seconds pass."""
        self.made += 1
        name = {"properties": {"firstname": f"act {self.made}"}}
        one, other = self.rng.sample(sorted(self.live()), 2)
        match self.rng.choice(["create", "edit", "edit", "edit", "archive", "merge"]):
            case "create":
                status, _ = call(self.sandbox, "POST", CONTACTS, name)
            case "edit":
                status, _ = call(self.sandbox, "PATCH", f"{CONTACTS}/{one}", name)
            case "archive":
                status, _ = call(self.sandbox, "DELETE", f"{CONTACTS}/{one}")
            case _:
                pair = {"primaryObjectId": one, "objectIdToMerge": other}
                status, _ = call(self.sandbox, "POST", f"{CONTACTS}/merge", pair)
        assert status < 300
        self.sandbox.clock.advance(self.rng.choice([0, 0.1, 1, 7]))


def mirrored(mirror: dict[str, str], page: Page) -> None:
    """Take a page as the engine would."""
    for record in page.records:
        for gone in (*record.aliases, *([record.ref.id] if record.deleted else [])):
            mirror.pop(gone, None)
        if not record.deleted:
            mirror[record.ref.id] = str(record.fields["firstname"])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("lag", [0, 30])
def test_a_mirror_agrees_whatever_people_do_while_it_pulls(
    seed: int, lag: int, sandbox: HubSpotSandbox, connect: Connect
) -> None:
    stamp = (NOW - timedelta(days=1)).isoformat()
    rows = [{"id": str(n), "properties": {"firstname": f"N{n}"}, "updatedAt": stamp} for n in range(1, 421)]
    sandbox.seed({"objects": {"contacts": rows}, "settings": {"search_lag_seconds": lag}})
    people = People(sandbox, seed)
    crm: HubSpot = connect(overlap_seconds=60)
    mirror: dict[str, str] = {}
    cursor = ""
    for turn in range(8):
        for number, page in enumerate(crm.pull("contacts", cursor, ["firstname"])):
            mirrored(mirror, page)
            cursor = page.cursor
            for _ in range(people.rng.randint(0, 6)):
                people.act()
            if number == turn % 3 and turn % 2:
                break  # the run is cut short here; the next one goes on at this page's cursor
    sandbox.clock.advance(60)
    for page in crm.pull("contacts", cursor, ["firstname"]):
        mirrored(mirror, page)
        cursor = page.cursor
    assert mirror == people.live()
    sandbox.clock.advance(600)
    cursor = [p.cursor for p in crm.pull("contacts", cursor, ["firstname"])][-1]
    assert [r for p in crm.pull("contacts", cursor, ["firstname"]) for r in p.records] == [], (
        "a quiet account is silent"
    )


def test_an_erased_contact_is_missed_by_reading(seeded: HubSpotSandbox, crm: HubSpot) -> None:
    known = [r.ref.id for p in crm.pull("contacts", "", ["email"]) for r in p.records]
    status, _ = call(seeded, "POST", f"{CONTACTS}/gdpr-delete", {"objectId": "1002"})
    assert status == 204
    assert {r.ref.id for r in crm.read("contacts", known, ["email"])} == set(known) - {"1002"}
