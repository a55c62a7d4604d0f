"""A large recycle bin is not read at every pull, and still nothing that is archived is missed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.connectors.hubspot.conftest import NOW, call

from leadsync_hubspot import HubSpot
from leadsync_hubspot.bin import COUNTING
from leadsync_hubspot.sandbox import HubSpotSandbox

BIN = 1_000
PAGES = BIN // 100
LIST = "GET /crm/v3/objects/contacts"
OLD = "2026-09-01T00:00:00Z"


def person(number: int, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "properties": {"firstname": f"P{number}"}, "createdAt": OLD, **more}


class Pulls:
    """One pull after the other, a minute apart; each tells its deletions, and what the bin has cost."""

    def __init__(self, sandbox: HubSpotSandbox, crm: HubSpot) -> None:
        self.sandbox, self.crm, self.cursor = sandbox, crm, ""

    def go(self, minutes: int = 1) -> tuple[set[str], int]:
        self.sandbox.clock.advance(60 * minutes)
        self.sandbox.counters = type(self.sandbox.counters)()
        pages = list(self.crm.pull("contacts", self.cursor, ["firstname"]))
        self.cursor = pages[-1].cursor
        gone = {r.ref.id for page in pages for r in page.records if r.deleted}
        reads = self.sandbox.counters.reads
        return gone, reads[LIST]

    def searches(self) -> int:
        return self.sandbox.counters.reads["POST /crm/v3/objects/contacts/search"]


@pytest.fixture
def pulls(sandbox: HubSpotSandbox, crm: HubSpot) -> Pulls:
    """Past the first pull, the first reading of the bin and the first count."""
    live = [person(number) for number in range(1, 51)]
    bin_ = [person(number, archivedAt="2026-10-01T00:00:00Z") for number in range(1_001, 1_001 + BIN)]
    sandbox.seed({"objects": {"contacts": [*live, *bin_]}})
    found = Pulls(sandbox, crm)
    assert found.go() == (set(), 1)
    assert found.go() == (set(), PAGES)
    assert found.go() == (set(), PAGES)
    return found


def archive(sandbox: HubSpotSandbox, ident: str) -> None:
    assert call(sandbox, "DELETE", f"/crm/v3/objects/contacts/{ident}")[0] == 204


def create(sandbox: HubSpotSandbox) -> str:
    return str(call(sandbox, "POST", "/crm/v3/objects/contacts", {"properties": {"firstname": "New"}})[1]["id"])


def test_a_quiet_account_s_bin_costs_four_searches_and_no_page(pulls: Pulls) -> None:
    assert pulls.go() == (set(), 0)
    assert pulls.searches() == 1 + COUNTING
    assert [pulls.go() for _ in range(5)] == [(set(), 0)] * 5


def test_contacts_that_are_made_do_not_make_the_bin_be_read(pulls: Pulls) -> None:
    for _ in range(3):
        create(pulls.sandbox)
        assert pulls.go() == (set(), 0)


def test_an_archived_contact_is_found_at_the_next_pull(pulls: Pulls) -> None:
    archive(pulls.sandbox, "7")
    assert pulls.go() == ({"7"}, PAGES + 1)
    assert pulls.go() == (set(), 0)


def old_swapped_for_new(sandbox: HubSpotSandbox) -> None:
    archive(sandbox, "7")
    create(sandbox)


def new_gone_at_once(sandbox: HubSpotSandbox) -> None:
    archive(sandbox, create(sandbox))
    archive(sandbox, "7")


@pytest.mark.parametrize("change", [old_swapped_for_new, new_gone_at_once], ids=["one comes as one goes", "two go"])
def test_an_archived_contact_is_found_although(pulls: Pulls, change: Callable[[HubSpotSandbox], None]) -> None:
    change(pulls.sandbox)
    assert "7" in pulls.go()[0]


def test_a_contact_that_is_archived_soon_after_it_was_pulled_is_found(pulls: Pulls) -> None:
    made = create(pulls.sandbox)
    assert pulls.go() == (set(), 0)
    archive(pulls.sandbox, made)
    assert pulls.go()[0] == {made}


def test_an_index_that_lags_hides_no_archived_contact(pulls: Pulls) -> None:
    pulls.sandbox.portal.settings["search_lag_seconds"] = 30
    pulls.sandbox.clock.advance(55)
    create(pulls.sandbox)  # not in the index at the next pull's count, but at the one after it
    assert pulls.go(0) == (set(), 0)
    archive(pulls.sandbox, "7")
    assert pulls.go()[0] == {"7"}


def test_what_counting_cannot_see_is_found_within_a_day(pulls: Pulls) -> None:
    portal = pulls.sandbox.portal
    archive(pulls.sandbox, "7")
    portal.objects["contacts"]["1001"].archived_at = None  # a person restored another one
    portal.version["contacts"] += 1
    assert pulls.go() == (set(), 0)
    assert pulls.go(24 * 60)[0] == {"7"}


def test_an_erased_contact_lets_the_bin_be_read_once_and_no_more(pulls: Pulls) -> None:
    assert call(pulls.sandbox, "POST", "/crm/v3/objects/contacts/gdpr-delete", {"objectId": "7"})[0] == 204
    assert pulls.go() == (set(), PAGES)
    assert pulls.go() == (set(), 0)


def test_a_small_bin_is_simply_read(sandbox: HubSpotSandbox, crm: HubSpot) -> None:
    sandbox.seed({"objects": {"contacts": [person(1), person(2, archivedAt="2026-10-01T00:00:00Z")]}})
    found = Pulls(sandbox, crm)
    assert [found.go() for _ in range(3)] == [(set(), 1)] * 3
    assert found.searches() == 1
    assert sandbox.clock() > NOW
