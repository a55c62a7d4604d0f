"""A field that a CRM refuses, and says so, holds back itself and its unit, and nothing else of the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from proofs.town import arrive, both, edit, people, town
from tests.engine import Stage

from leadsync.connector import Write
from leadsync.records import Ref

DAY = timedelta(days=1)


def refuse_titles(stage: Stage, *, whole: bool = False) -> None:
    """Salesforce takes no title with an X, and names the field in another case."""
    shelf = stage.salesforce
    shelf.blames = ("TITLE",)
    shelf.refuse = lambda write: "title too long" if "X" in str(write.values.get("Title")) else ""

    def trouble(_kind: str, writes: Sequence[Write]) -> str:
        return "whole" if whole and len(writes) > 1 else ""

    shelf.trouble = trouble


@pytest.fixture(params=[False, True], ids=["by record", "as a batch"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Stage, Ref, Ref]:
    """A person in both CRMs whose title and city were edited in one."""
    stage = town(tmp_path)
    ours, theirs = both(stage, 1)
    both(stage, 2)
    stage.run()
    refuse_titles(stage, whole=request.param)
    edit(stage, ours, "title", "X")
    edit(stage, ours, "city", "Paris")
    stage.pass_time(DAY)
    return stage, ours, theirs


def test_the_other_fields_are_written_and_the_refused_one_is_kept(pair: tuple[Stage, Ref, Ref]) -> None:
    stage, _, theirs = pair
    cycle = stage.run()
    assert (stage.value(theirs, "City"), stage.value(theirs, "Title")) == ("Paris", "Clerk")
    (reject,) = stage.rejects()
    assert (reject.ref, dict(reject.sent), reject.fields) == (theirs, {"Title": "X"}, ("TITLE",))
    assert cycle.pushed is not None
    assert [step.values for step, _ in cycle.pushed.rejected] == [{"Title": "X"}]


def test_it_is_not_sent_again_and_goes_when_it_has_changed(pair: tuple[Stage, Ref, Ref]) -> None:
    stage, ours, theirs = pair
    stage.run()
    before = stage.writes()
    assert [k.target for k in stage.run().plan.kept if k.reason == "refused"] == ["Title"]
    assert stage.writes() == before
    edit(stage, ours, "city", "London")
    stage.run()
    assert (stage.value(theirs, "City"), stage.value(theirs, "Title")) == ("London", "Clerk")
    assert len(stage.rejects()) == 1
    edit(stage, ours, "title", "CTO")
    stage.run()
    assert stage.value(theirs, "Title") == "CTO"
    assert stage.rejects() == []


def test_it_is_not_lost_from_the_side_it_came_from(pair: tuple[Stage, Ref, Ref]) -> None:
    stage, ours, theirs = pair
    stage.run()
    stage.salesforce.refuse = lambda _write: ""
    edit(stage, theirs, "city", "Madrid")  # the record has changed, so that it is worth another try
    stage.run()
    assert stage.value(theirs, "Title") == stage.value(ours, "jobtitle") == "X"
    assert stage.rejects() == []


def test_a_unit_is_refused_as_one(tmp_path: Path) -> None:
    stage = town(tmp_path)
    ours, theirs = both(stage, 1, good=True)
    stage.salesforce.blames = ("LeadSync_Reason__c",)
    stage.salesforce.refuse = lambda write: "too long" if "LeadSync_Reason__c" in write.values else ""
    stage.run()
    unit = {"LeadSync_Score__c", "LeadSync_Reason__c", "LeadSync_Score_As_Of__c"}
    assert [reject.sent.keys() for reject in stage.rejects()] == [unit]
    assert not unit & {name for _, _, values in stage.salesforce.log for name in values}
    assert stage.value(theirs, "LeadSync_Grade__c") is not None
    assert stage.value(ours, "leadsync_score") not in {None, ""}


def test_a_new_record_is_made_without_it_and_the_reject_follows_its_id(tmp_path: Path) -> None:
    stage = town(tmp_path)
    stage.salesforce.blames = ("Phone",)
    stage.salesforce.refuse = lambda write: "no such number" if "Phone" in write.values else ""
    arrive(stage, 1, "hubspot", good=True)
    stage.run()
    (made,) = people(stage.salesforce)
    assert (made.fields["LastName"], made.fields.get("Phone")) == ("Lee1", None)
    (reject,) = stage.rejects()
    assert (reject.ref, dict(reject.sent)) == (made.ref, {"Phone": "201"})
    stage.run()
    before = stage.writes()
    stage.run()
    assert stage.writes() == before
    assert len(stage.rejects()) == 1


def test_where_all_that_is_sent_is_refused_nothing_is_sent_again(tmp_path: Path) -> None:
    stage = town(tmp_path)
    ours, _ = both(stage, 1)
    stage.run()
    refuse_titles(stage)
    edit(stage, ours, "title", "X")
    before = stage.salesforce.usage.writes
    stage.run()
    stage.run()
    assert stage.salesforce.usage.writes == before + 1
