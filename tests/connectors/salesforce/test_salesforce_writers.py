"""Who changed a record last: the engine tells a person's edit from the CRM's spelling of its own value by it."""

from __future__ import annotations

import pytest
from tests.connectors.salesforce.conftest import LEAD, User

from leadsync.connector import Outcome, Write
from leadsync_salesforce import SalesforceCrm


def test_a_persons_edit_is_told_from_ours(crm: SalesforceCrm, person: User) -> None:
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO"})
    (record,) = crm.read("Lead", [LEAD], ["Title"])
    assert record.by_us is False
    theirs = record.modified_by
    (receipt,) = crm.write("Lead", [Write("t", "Lead", LEAD, {"Title": "CEO"})])
    assert receipt.outcome is Outcome.DONE
    assert receipt.record is not None
    assert receipt.record.by_us is True
    assert receipt.record.modified_by not in ("", theirs)


@pytest.mark.parametrize("kind", ["Account", "Lead", "Contact"])
def test_every_pulled_record_says_who_changed_it_and_asks_nothing_more_for_that(
    crm: SalesforceCrm, person: User, kind: str
) -> None:
    person("PATCH", f"/sobjects/Lead/{LEAD}", json={"Title": "CTO"})
    list(crm.pull(kind, "", []))
    before = crm.usage.reads
    records = [record for page in crm.pull(kind, "", []) for record in page.records]
    assert crm.usage.reads == before + 1
    assert all(record.modified_by != "" and record.by_us is not None for record in records)
