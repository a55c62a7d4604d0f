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


def spent(crm):
    return crm.usage.reads + crm.usage.writes


def test_what_a_list_costs_is_what_was_foretold(crm, sandbox):
    contacts = [{"id": str(n), "properties": {"firstname": "X"}, "createdAt": "2026-01-01T10:00:00Z"}
                for n in range(1, 1203)]  # fmt: skip
    sandbox.seed({"objects": {"contacts": contacts}})
    group, people = made(sandbox), [Ref("hubspot", "contacts", str(n)) for n in range(1, 1203)]
    for there, joining, leaving in ((0, 1202, 0), (1202, 0, 1)):
        before = spent(crm)
        assert len(crm.members(group)) == there
        crm.join(group, people[:joining])
        crm.leave(group, people[:leaving])
        assert spent(crm) - before == crm.group_calls(there, joining, leaving)


def test_the_doctor_tells_a_list_that_can_be_filled_from_others(connect, seeded):
    crm, good = connect(), made(seeded)
    others = ("77", made(seeded, "By filters", "DYNAMIC"))
    found = {check.name: check.state.value for check in crm.check_groups([good, *others])}
    assert found == {"list scopes": "ok", f"list {good}": "ok", **{f"list {group}": "fail" for group in others}}
    assert crm.check_groups([]) == [] and crm.usage.writes == 0


@pytest.mark.parametrize(
    ("scopes", "state"), [(["crm.lists.read"], "fail"), (["crm.lists.read", "crm.lists.write"], "ok")]
)
def test_the_scopes_for_lists_are_neither_missing_nor_too_much(connect, seeded, scopes, state):
    needed = ["crm.objects.contacts.read", "crm.objects.companies.read", "forms"]
    seeded.seed({"tokens": {"pat-lists": {"scopes": [*needed, *scopes]}}})
    crm = connect(token="pat-lists")
    assert crm.check_groups([made(seeded)])[0].state.value == state
    checks = crm.check({"contacts": ["email"], "companies": ["name"]})
    assert [check.state.value for check in checks if check.name == "scopes"] == ["ok"]
