"""A refused write of which somebody wanted to hear no more."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenarios.test_operator import both, made, opened

from leadsync.audit import audit
from leadsync.store import Store


@pytest.mark.parametrize("dropped", [True, False], ids=["dropped", "kept"])
def test_an_audit_tries_it_again_only_where_somebody_still_wants_to_hear_of_it(
    tmp_path: Path, *, dropped: bool
) -> None:
    stage = made(tmp_path, {})
    contact, lead = both(stage)
    stage.salesforce.refuse = lambda write: "a rule forbids it" if write.id == lead.id else ""
    stage.hubspot.edit(contact, jobtitle="CEO")
    stage.run()
    if dropped:
        with Store(stage.path) as store:
            store.outbox.drop(lead)
    before = stage.salesforce.usage.writes
    with opened(stage) as world:
        audit(world.store, world.sides, world.rules.mappings, world.clock, world.progress, world.stop)
    stage.run()
    assert [reject.dropped for reject in stage.rejects()] == [dropped]
    assert (stage.salesforce.usage.writes == before) == dropped
    stage.salesforce.refuse = lambda _: ""
    stage.hubspot.edit(contact, jobtitle="CIO")
    stage.run()
    assert stage.value(lead, "Title") == "CIO"
