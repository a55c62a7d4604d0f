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
