"""Static lists: who is on them, and putting contacts on and off."""

from __future__ import annotations

import pytest
from tests.connectors.hubspot.conftest import call

from leadsync.errors import Misconfigured
from leadsync.records import Ref

ANN, BOB, GONE = (Ref("hubspot", "contacts", ident) for ident in ("1001", "1002", "9999"))


def made(sandbox, name="Welcome", kind="MANUAL"):
    body = {"name": name, "objectTypeId": "0-1", "processingType": kind}
    return call(sandbox, "POST", "/crm/v3/lists", body)[1]["list"]["listId"]


def test_contacts_are_put_on_a_list_once_and_taken_off(crm, seeded):
    group = made(seeded)
    assert crm.members(group) == set()
    assert crm.join(group, [ANN, BOB]) == {} and crm.join(group, [ANN]) == {}
    assert crm.members(group) == {ANN, BOB}
    assert crm.leave(group, [ANN, GONE]) == {} and crm.members(group) == {BOB}


def test_who_is_no_more_is_refused_and_the_others_join(crm, seeded):
    group = made(seeded)
    assert set(crm.join(group, [GONE, ANN])) == {GONE}
    assert crm.members(group) == {ANN}


def test_members_of_several_pages_are_all_read(crm, sandbox):
    contacts = [{"id": str(n), "properties": {"firstname": "X"}, "createdAt": "2026-01-01T10:00:00Z"}
                for n in range(1, 602)]  # fmt: skip
    sandbox.seed({"objects": {"contacts": contacts}})
    group, people = made(sandbox), [Ref("hubspot", "contacts", str(n)) for n in range(1, 602)]
    assert crm.join(group, people) == {} and crm.members(group) == set(people)


def test_a_list_that_is_not_there_or_that_filters_fill_is_named(crm, seeded):
    with pytest.raises(Misconfigured, match="HubSpot list 77"):
        crm.members("77")
    with pytest.raises(Misconfigured, match="static list"):
        crm.join(made(seeded, "By filters", "DYNAMIC"), [ANN])
