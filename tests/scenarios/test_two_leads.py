"""One person with two records in one CRM, of which one does not take what the other one took."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine import Stage
from tests.scenarios.test_operator import ADA, ADA_SF, made

from leadsync.records import Ref, Value

OWNER = '"Title"\nowner       = "{}"'


def stage_of(folder: Path, owner: str) -> Stage:
    return made(folder, {OWNER.format("salesforce"): OWNER.format(owner)})


def half_taken(stage: Stage, value: Value = "CEO") -> tuple[Ref, Ref, Ref]:
    """A contact was edited; one lead has taken it over, the other one is refused, for good."""
    contact = stage.hubspot.put("contacts", **ADA)
    taker, refuser = (stage.salesforce.put("Lead", Company="Acme", **ADA_SF) for _ in range(2))
    stage.run()
    stage.salesforce.refuse = lambda write: "a rule forbids it" if write.id == refuser.id else ""
    stage.hubspot.edit(contact, jobtitle=value)
    for _ in range(2):
        stage.run()
    assert [stage.value(ref, "Title") for ref in (taker, refuser)] == [value, "CTO"]
    return contact, taker, refuser


@pytest.mark.parametrize("owner", ["hubspot", "salesforce"])
def test_what_is_typed_over_a_value_that_came_through_is_newer_than_it(tmp_path: Path, owner: str) -> None:
    stage = stage_of(tmp_path, owner)
    contact, taker, refuser = half_taken(stage)
    stage.salesforce.edit(taker, Title="CIO")
    for _ in range(2):
        done = stage.run()
    assert stage.value(contact, "jobtitle") == stage.value(taker, "Title") == "CIO"
    assert done.plan.held == ()
    stage.salesforce.refuse = lambda _: ""
    stage.salesforce.edit(refuser, Department="Board")
    for _ in range(2):
        stage.run()
    assert stage.value(refuser, "Title") == "CIO"


def test_what_is_typed_over_a_value_that_stood_there_by_itself_is_an_edit_like_the_other(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, "salesforce")
    contact = stage.hubspot.put("contacts", **ADA)
    edited, other = (stage.salesforce.put("Lead", Company="Acme", **ADA_SF) for _ in range(2))
    stage.salesforce.edit(other, Title="CEO")
    stage.run()
    stage.hubspot.refuse = lambda write: "a rule forbids it" if "jobtitle" in write.values else ""
    stage.salesforce.edit(edited, Title="CEO")  # as the other lead has it already, but not from here
    stage.run()
    stage.salesforce.edit(other, Title="CIO")
    stage.hubspot.refuse = lambda _: ""
    done = stage.run()
    assert [h.field for h in done.plan.held] == ["job_title"]
    assert [stage.value(ref, "Title") for ref in (edited, other)] == ["CEO", "CIO"]
    assert stage.value(contact, "jobtitle") == "CTO"
