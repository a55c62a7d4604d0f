"""Tracks through whole cycles: static lists and campaigns, filled and emptied as nurturing advises."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from tests.engine import Stage
from tests.fakes import Shelf

from leadsync.connector import Check
from leadsync.errors import Ambiguous, SkipRecord
from leadsync.files import mappings_folder
from leadsync.mapping.problems import Problems
from leadsync.records import Ref, Touch
from leadsync.sync import Cycle, api_calls, costs, cycle

ADA = {"email": "ada@acme.example", "firstname": "Ada", "lastname": "Lovelace", "jobtitle": "CTO", "company": "Acme"}
TRACK = """
[[track]]
name = "product"
on = { hubspot = "7" }
"""


class Lists(Shelf):
    """A CRM in memory that has lists besides; `after_join`: what comes of a join that was made."""

    def __init__(self, shelf: Shelf) -> None:
        self.__dict__ = shelf.__dict__
        self.on: dict[str, set[Ref]] = {"7": set()}
        self.asked: list[str] = []
        self.after_join: list[Exception] = []

    def members(self, group: str) -> frozenset[Ref]:
        self.asked.append("members")
        return frozenset(self.on[group])

    def join(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        self.asked.append("join")
        refused = {ref: SkipRecord("refused") for ref in people if ref.id == "unwanted"}
        self.on[group] |= set(people) - refused.keys()
        if self.after_join:
            raise self.after_join.pop()
        return refused

    def leave(self, group: str, people: Sequence[Ref]) -> Mapping[Ref, SkipRecord]:
        self.asked.append("leave")
        self.on[group] -= set(people)
        return {}

    def group_calls(self, there: int, joining: int, leaving: int) -> int:
        return 1 + (joining > 0) + (leaving > 0)

    def check_groups(self, groups: Collection[str]) -> Sequence[Check]:
        return []


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    folder = tmp_path / "mappings"
    shutil.copytree(mappings_folder(), folder)
    rules = folder / "nurture.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("weekdays = [", "weekdays = [] # [") + TRACK)
    made = Stage(tmp_path, mappings=folder)
    made.hubspot = made.sides["hubspot"] = Lists(made.hubspot)
    return made


def engaged(stage: Stage) -> Ref:
    ref = stage.hubspot.put("contacts", **ADA)
    stage.hubspot.touch(ref, stage.now - timedelta(days=3), "form_submission", name="Whitepaper: LEI")
    return ref


def lists(stage: Stage) -> Lists:
    assert isinstance(stage.hubspot, Lists)
    return stage.hubspot


def later(stage: Stage, **length: int) -> Cycle:
    stage.pass_time(timedelta(**length))
    return stage.run()


def joined(stage: Stage) -> Ref:
    """Ada, on the list once quiet times are over."""
    ref = engaged(stage)
    stage.run()
    for _ in range(3):
        later(stage, hours=8)
    assert lists(stage).on["7"] == {ref}
    return ref


def test_who_is_advised_a_track_joins_its_list_once_and_an_idle_cycle_asks_nothing(stage: Stage) -> None:
    joined(stage)
    before = list(lists(stage).asked)
    later(stage, hours=1)
    assert lists(stage).asked == before == ["members", "join"]


def test_who_opts_out_leaves_at_once_and_does_not_come_back(stage: Stage) -> None:
    ref = joined(stage)
    stage.hubspot.edit(ref, hs_email_optout=True)
    later(stage, minutes=5)
    assert lists(stage).on["7"] == set()
    later(stage, days=1)
    assert lists(stage).on["7"] == set()


def test_quiet_times_are_waited_for(stage: Stage) -> None:
    ref = engaged(stage)
    stage.run()
    hold = stage.value(ref, "leadsync_next_action_not_before")
    assert (lists(stage).on["7"] == set()) == (hold is not None)


def test_the_first_message_of_a_series_does_not_end_it(stage: Stage) -> None:
    ref = joined(stage)
    mail = Ref("hubspot", "touches", "mail")
    stage.hubspot.touch_list.append(Touch(mail, ref, stage.now + timedelta(minutes=1), "email", "EMAIL"))
    cycle = later(stage, minutes=10)
    (judged,) = cycle.view.leads
    assert judged.nurtured.advice.track != "product"
    assert (lists(stage).on["7"] == {ref}) == (judged.nurtured.advice.track == "")


def test_whom_a_person_put_on_the_list_stays_and_whom_a_person_took_off_is_not_put_back(stage: Stage) -> None:
    ref, other = joined(stage), Ref("hubspot", "contacts", "a person's")
    lists(stage).on["7"] = {other}
    later(stage, hours=1)
    assert lists(stage).on["7"] == {other}
    stage.hubspot.edit(ref, hs_email_optout=True)
    later(stage, hours=1)
    assert lists(stage).on["7"] == {other}


def test_whom_a_person_put_there_before_us_is_never_taken_off(stage: Stage) -> None:
    ref = engaged(stage)
    lists(stage).on["7"] = {ref}
    stage.run()
    for _ in range(3):
        later(stage, hours=8)
    stage.hubspot.edit(ref, hs_email_optout=True)
    later(stage, hours=1)
    assert lists(stage).on["7"] == {ref} and "leave" not in lists(stage).asked


def test_a_join_of_unknown_outcome_is_looked_at_and_not_repeated(stage: Stage) -> None:
    lists(stage).after_join.append(Ambiguous("nobody knows"))
    ref = engaged(stage)
    done = [stage.run(), *(later(stage, hours=8) for _ in range(3))]
    assert [change.problem for cycle in done for change in cycle.changed if change.problem] == ["nobody knows"]
    assert lists(stage).on["7"] == {ref} and lists(stage).asked.count("join") == 1
    asked = list(lists(stage).asked)
    assert later(stage, hours=1).changed == () and lists(stage).asked == asked


def test_a_plan_tells_who_would_join_and_asks_no_list(stage: Stage) -> None:
    engaged(stage)
    seen = stage.run(write=False)
    for _ in range(3):
        stage.pass_time(timedelta(hours=8))
        seen = seen if seen.groups else stage.run(write=False)
    assert [change.words for change in seen.groups] == ["track product (hubspot 7): 1 to join, 0 to leave"]
    assert lists(stage).asked == []


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('hubspot = "7"', 'nowhere = "7"', "LS602", 'no side "nowhere"'),
        ('name = "product"', 'name = "produkt"', "LS602", 'no track that a rule advises "produkt"'),
        (
            "[[track]]",
            '[[track]]\nname = "welcome"\non = { hubspot = "7" }\n[[track]]',
            "LS601",
            "another track's already",
        ),
    ],
    ids=["a side that is not configured", "a track nobody is advised", "one list for two tracks"],
)
def test_a_track_that_cannot_be_meant_is_refused_with_its_line(
    stage: Stage, old: str, new: str, code: str, says: str
) -> None:
    rules = stage.mappings / "nurture.toml"
    rules.write_text(rules.read_text(encoding="utf-8").replace(TRACK, TRACK.replace(old, new)))
    with pytest.raises(Problems) as caught:
        stage.run()
    assert [(problem.code, says in problem.message, problem.line > 0) for problem in caught.value.problems] == [
        (code, True, True)
    ]


def test_a_crm_without_lists_is_named_and_the_rest_of_the_run_stands(stage: Stage) -> None:
    stage.sides["hubspot"] = plain = Stage(stage.path.parent / "other").hubspot
    stage.hubspot = plain
    ref = engaged(stage)
    done = [stage.run(), *(later(stage, hours=8) for _ in range(3))]
    problems = {change.problem for cycle in done for change in cycle.changed}
    assert problems == {"nurture.toml: 'hubspot' is no configured CRM that has lists or campaigns"}
    assert stage.value(ref, "leadsync_journey") == "engaged"


def test_whom_a_campaign_touched_joins_its_list_and_who_objects_does_not(stage: Stage) -> None:
    rules = stage.mappings / "attribution.toml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("[members]", '[members]\n"Whitepaper: LEI" = { hubspot = "8" }'))
    lists(stage).on["8"] = set()
    ref, other = engaged(stage), stage.hubspot.put("contacts", **{**ADA, "email": "eve@acme.example"})
    objects = stage.hubspot.put("contacts", **{**ADA, "email": "no@acme.example", "hs_email_optout": True})
    stage.hubspot.touch(objects, stage.now - timedelta(days=3), "form_submission", name="Whitepaper: LEI")
    stage.hubspot.touch(other, stage.now - timedelta(days=3), "form_submission", name="Contact us")
    first = stage.run()
    assert "touched Whitepaper: LEI (hubspot 8): 1 joined, 0 left" in [change.words for change in first.changed]
    assert lists(stage).on["8"] == {ref}
    assert [change for change in later(stage, minutes=5).changed if change.group.id == "8"] == []


def test_a_campaign_for_two_purposes_is_refused(stage: Stage) -> None:
    rules = stage.mappings / "attribution.toml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("[members]", '[members]\n"Whitepaper: LEI" = { hubspot = "7" }'))
    with pytest.raises(Problems, match="the track product and to members of Whitepaper: LEI"):
        stage.run()


def test_many_at_once_stop_at_the_plan_until_somebody_says_so(stage: Stage) -> None:
    for number in range(60):
        ref = stage.hubspot.put("contacts", **{**ADA, "email": f"ada{number}@acme.example"})
        stage.hubspot.touch(ref, stage.now - timedelta(days=3), "form_submission", name="Whitepaper: LEI")
    done = stage.run()
    while not done.gates:
        done = later(stage, hours=8)
    (gate,) = done.gates
    assert gate.name == "besides" and lists(stage).on["7"] == set()
    assert "track product (hubspot 7): 60 to join, 0 to leave (more than 50% of 60 and more than 50)" in gate.found
    stage.runs += 1
    with stage.state() as store:
        cycle(stage.world(store, stage.sides), write=True, open_gates=frozenset(("besides",)))
    assert len(lists(stage).on["7"]) == 60


def test_what_it_costs_to_fill_a_list_is_in_the_plan(stage: Stage) -> None:
    engaged(stage)
    seen = stage.run(write=False)
    for _ in range(3):
        stage.pass_time(timedelta(hours=8))
        seen = seen if seen.groups else stage.run(write=False)
    assert costs(seen, stage.sides)["hubspot"] - api_calls(seen.plan, stage.sides)["hubspot"] == 2
