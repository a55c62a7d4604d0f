"""Campaign members: who they are, and making leads and contacts members and none again."""

from __future__ import annotations

import pytest
from tests.connectors.salesforce.conftest import CAMPAIGN, CONTACT, LEAD

from leadsync.errors import Misconfigured, TryAgain
from leadsync.records import Ref
from leadsync_salesforce.sandbox.ids import generated

ANN, BOB = Ref("salesforce", "Lead", LEAD), Ref("salesforce", "Contact", CONTACT)
SECOND = generated("701", 2)


@pytest.fixture
def campaign(sandbox):
    sandbox.seed({"objects": {"Campaign": [{"Id": SECOND, "Name": "Welcome", "CreatedDate": "2026-01-01T10:00:00Z"}]}})
    return SECOND


def test_members_are_leads_and_contacts(crm):
    assert crm.members(CAMPAIGN) == {ANN, BOB}


def test_joining_twice_is_joining_once(crm, campaign):
    assert crm.join(campaign, [ANN, BOB]) == {}
    assert crm.join(campaign, [ANN]) == {}
    assert crm.members(campaign) == {ANN, BOB}


def test_who_is_no_more_is_refused_and_the_others_join(crm, campaign):
    gone = Ref("salesforce", "Lead", generated("00Q", 99))
    assert set(crm.join(campaign, [gone, ANN])) == {gone}
    assert crm.members(campaign) == {ANN}


def test_who_has_responded_stays_a_member(crm, campaign):
    assert crm.leave(CAMPAIGN, [ANN, BOB]) == {}
    assert crm.members(CAMPAIGN) == {BOB}
    assert crm.leave(campaign, [ANN]) == {}


def test_more_than_one_call_takes_go_in_several(crm, campaign, sandbox):
    rows = [{"Id": generated("00Q", n), "LastName": f"L{n}", "Company": "C", "CreatedDate": "2026-01-01T10:00:00Z"}
            for n in range(10, 260)]  # fmt: skip
    sandbox.seed({"objects": {"Lead": rows}})
    everybody = [Ref("salesforce", "Lead", row["Id"]) for row in rows]
    before = crm.usage.writes
    assert crm.join(campaign, everybody) == {} and crm.usage.writes - before == 2
    assert crm.members(campaign) == set(everybody)
    assert crm.leave(campaign, everybody) == {} and crm.members(campaign) == set()


def test_a_campaign_that_is_not_there_is_named(crm):
    with pytest.raises(Misconfigured, match="no campaign with the id"):
        crm.members(generated("701", 99))


def test_what_a_campaign_costs_is_what_was_foretold(crm, campaign, sandbox):
    rows = [{"Id": generated("00Q", n), "LastName": f"L{n}", "Company": "C", "CreatedDate": "2026-01-01T10:00:00Z"}
            for n in range(10, 260)]  # fmt: skip
    sandbox.seed({"objects": {"Lead": rows}})
    everybody = [Ref("salesforce", "Lead", row["Id"]) for row in rows]
    crm.members(campaign)
    for there, joining, leaving in ((0, 250, 0), (250, 0, 250)):
        before = crm.usage.reads + crm.usage.writes
        assert len(crm.members(campaign)) == there
        crm.join(campaign, everybody[:joining])
        if leaving:
            crm.leave(campaign, everybody)
        assert crm.usage.reads + crm.usage.writes - before == crm.group_calls(there, joining, leaving)


def locked(sandbox, times=None):
    """Another process locks Ann's membership, `times` times or for ever."""
    fault = {"object": "CampaignMember", "where": f"LeadId = '{LEAD}'", "code": "UNABLE_TO_LOCK_ROW"}
    sandbox.seed({"settings": {"record_faults": [fault if times is None else {**fault, "times": times}]}})


def test_who_was_locked_out_joins_and_leaves_a_moment_later(crm, campaign, sandbox, waits):
    locked(sandbox, 1)
    assert crm.join(campaign, [ANN, BOB]) == {} and crm.members(campaign) == {ANN, BOB}
    locked(sandbox, 1)
    assert crm.leave(campaign, [ANN, BOB]) == {} and crm.members(campaign) == set()
    assert len(waits) == 2


def test_a_lock_that_lasts_is_no_refusal_and_holds_up_nobody_else(crm, campaign, sandbox):
    locked(sandbox)
    with pytest.raises(TryAgain, match="1 of 2 records locked by another process"):
        crm.join(campaign, [ANN, BOB])
    assert crm.members(campaign) == {BOB}
    sandbox.seed({"settings": {"record_faults": []}})
    assert crm.join(campaign, [ANN]) == {}
    locked(sandbox)
    with pytest.raises(TryAgain, match="locked by another process"):
        crm.leave(campaign, [ANN, BOB])
    assert crm.members(campaign) == {ANN}


def test_more_than_a_trigger_bears_at_once_join_in_smaller_parts(crm, campaign, sandbox):
    rows = [{"Id": generated("00Q", n), "LastName": f"L{n}", "Company": "C", "CreatedDate": "2026-01-01T10:00:00Z"}
            for n in range(10, 120)]  # fmt: skip
    sandbox.seed({"objects": {"Lead": rows}, "settings": {"trigger_bears": {"CampaignMember": 50}}})
    everybody = [Ref("salesforce", "Lead", row["Id"]) for row in rows]
    assert crm.join(campaign, everybody) == {} and crm.members(campaign) == set(everybody)
    sandbox.seed({"settings": {"trigger_bears": {"CampaignMember": 1}}})
    assert set(crm.join(CAMPAIGN, everybody)) == set(everybody)


def test_a_right_that_our_user_lacks_is_nobodys_refusal(crm, campaign, sandbox):
    sandbox.seed({"settings": {"read_only_objects": ["CampaignMember"]}})
    with pytest.raises(Misconfigured, match="our user lacks a right"):
        crm.join(campaign, [ANN, BOB])
    sandbox.seed({"settings": {"read_only_objects": []}})
    assert crm.join(campaign, [ANN, BOB]) == {} and crm.members(campaign) == {ANN, BOB}
