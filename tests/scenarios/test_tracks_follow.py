"""Lists and campaigns follow the people on them: merged, converted, taken off by hand, and after a state made anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine import Stage
from tests.scenarios.test_tracks import ADA, engaged, joined, later, lists, stage  # noqa: F401  a fixture

from leadsync.errors import Ambiguous, Unreadable
from leadsync.records import Ref
from leadsync.store import Store
from leadsync.store.salvage import salvage


def opts_out(stage: Stage, ref: Ref) -> None:  # noqa: F811
    stage.hubspot.edit(ref, hs_email_optout=True)
    for _ in range(2):
        later(stage, hours=1)


def merged(stage: Stage, kept: Ref, lost: Ref) -> Ref:  # noqa: F811
    """Two contacts are merged, as HubSpot does it: lists and activities follow the new id."""
    new = stage.hubspot.merge_into_new(kept, lost)
    touches = stage.hubspot.touch_list
    touches[:] = [replace(touch, person=new) if touch.person in (kept, lost) else touch for touch in touches]
    for there in lists(stage).on.values():
        if there & {kept, lost}:
            there -= {kept, lost}
            there.add(new)
    return new


def test_whom_we_put_on_a_list_leaves_it_also_after_a_merge(stage: Stage) -> None:  # noqa: F811
    ref = joined(stage)
    other = stage.hubspot.put("contacts", **{**ADA, "email": "countess@acme.example"})
    later(stage, hours=1)
    new = merged(stage, ref, other)
    asked = len(lists(stage).asked)
    later(stage, hours=1)
    assert len(lists(stage).asked) == asked, "a list was asked though nobody joins or leaves"
    opts_out(stage, new)
    assert lists(stage).on["7"] == set()


def test_whom_a_person_put_on_a_list_stays_also_after_a_merge(stage: Stage) -> None:  # noqa: F811
    ref = joined(stage)
    other = engaged_too(stage)
    lists(stage).on["7"].add(other)
    for _ in range(4):
        later(stage, hours=8)
    new = merged(stage, ref, other)
    opts_out(stage, new)
    assert lists(stage).on["7"] == {new}


def engaged_too(stage: Stage) -> Ref:  # noqa: F811
    ref = engaged(stage)
    stage.hubspot.edit(ref, email="countess@acme.example")
    return ref


@pytest.mark.parametrize("trouble", [Ambiguous("nobody knows"), Unreadable("no answer that is one")])
def test_whom_a_person_took_off_is_not_put_back_after_trouble_with_others(
    stage: Stage,  # noqa: F811
    trouble: Exception,
) -> None:
    ref = joined(stage)
    lists(stage).on["7"].clear()
    other = engaged_too(stage)
    lists(stage).after_join.append(trouble)
    done = [later(stage, hours=8) for _ in range(4)]
    assert [change.problem for cycle in done for change in cycle.changed if change.problem] == [str(trouble)]
    assert lists(stage).on["7"] == {other} and ref != other


def test_a_join_that_came_to_nothing_is_repeated(stage: Stage) -> None:  # noqa: F811
    ref = engaged(stage)
    lists(stage).after_join.append(Ambiguous("nobody knows"))
    asked = lists(stage).asked
    while "join" not in asked:
        later(stage, hours=8)
    lists(stage).on["7"].clear()
    later(stage, hours=1)
    assert (asked.count("join"), lists(stage).on["7"]) == (2, {ref})


def test_a_state_made_anew_knows_whom_we_put_on_a_list(stage: Stage) -> None:  # noqa: F811
    ref = joined(stage)
    taken_off = engaged_too(stage)
    for _ in range(4):
        later(stage, hours=8)
    assert lists(stage).on["7"] == {ref, taken_off}
    lists(stage).on["7"].remove(taken_off)
    old, stage.path = stage.path, stage.path.with_name("anew.db")
    with Store(stage.path) as store:
        salvage(old, store, stage.now)
        assert store.noted("last audit") is None
    for _ in range(4):
        later(stage, hours=8)
    assert lists(stage).on["7"] == {ref}
    opts_out(stage, ref)
    assert lists(stage).on["7"] == set()
