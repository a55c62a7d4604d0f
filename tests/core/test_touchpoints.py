"""What a raw touch is, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadsync.mapping.problems import Problems
from leadsync.records import Ref, Touch
from leadsync.touchpoints import (
    Touchpoint,
    classify,
    classify_all,
    distinct,
    is_internal,
    load_touch_rules,
    rule_of,
)

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
PERSON = Ref("hubspot", "contacts", "1")
MAPPINGS = Path(__file__).parents[2] / "mappings"
RULES = load_touch_rules((MAPPINGS / "touchpoints.toml").read_text(), "touchpoints.toml", {"hubspot", "salesforce"})


def touch(kind, source="", name="", status="", seconds=0, campaign=None, **more):
    at = AT + timedelta(seconds=seconds)
    return Touch(Ref("hubspot", kind, f"{name}{seconds}"), PERSON, at, kind, source, name, status, campaign, **more)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (touch("form_submission", name="Request a demo"), ("demo_request", "website", "Request a demo")),
        (touch("form_submission", name="PRICING calculator "), ("pricing_view", "website", "PRICING calculator")),
        (touch("form_submission", name="Contact us"), ("contact_request", "website", "Contact us")),
        (touch("form_submission", name="Whitepaper download"), ("content_download", "content", "Whitepaper download")),
        (touch("form_submission", name="Webinar sign-up"), ("webinar_registered", "webinar", "Webinar sign-up")),
        (touch("form_submission", name="Newsletter"), ("newsletter_signup", "email", "Newsletter")),
        (touch("form_submission", name="Feedback"), ("form_submitted", "website", "Feedback")),
        (touch("email", "INCOMING_EMAIL", "Re: your offer"), ("email_reply", "sales", "")),
        (touch("email", "EMAIL", "Following up"), None),
        (touch("email_open", name="Newsletter"), None),
        (touch("meeting", name="Discovery", status="COMPLETED"), ("meeting", "sales", "")),
        (touch("meeting", name="Discovery", status="NO_SHOW"), None),
        (touch("call", status="COMPLETED"), ("call", "sales", "")),
        (touch("campaign_member", "Webinar", "One score", "Attended"), ("webinar_attended", "webinar", "One score")),
        (touch("campaign_member", "Webinar", "W", "Registered"), ("webinar_registered", "webinar", "W")),
        (touch("campaign_member", "Webinar", "One score", "Sent"), None),
        (touch("campaign_member", "Trade Show", "Cologne", "Attended"), ("event_attended", "event", "Cologne")),
        (touch("campaign_member", "Email", "Spring", "Responded"), ("campaign_response", "email", "Spring")),
        (touch("campaign_member", "Advertisement", "Ads", "Responded"), ("campaign_response", "paid_search", "Ads")),
        (touch("campaign_member", "Referral Program", "R", "Responded"), ("referral", "partner", "R")),
        (touch("campaign_member", "Something new", "S", "Responded"), ("campaign_response", "other", "S")),
        (touch("seance", "?", "?"), None),
        (touch("form_submission", name="Request a demo", deleted=True), None),
    ],
)  # fmt: skip
def test_a_touch_is_classified_by_the_shipped_rules(raw, expected):
    found = classify(raw, RULES)
    assert (found and (found.event, found.channel, found.campaign)) == expected


def test_the_first_rule_that_matches_decides_and_can_be_named():
    assert rule_of(touch("form_submission", name="Demo pricing"), RULES).id == "demo_form"
    assert rule_of(touch("seance"), RULES).id == "anything_else"


def test_touchpoints_come_in_the_order_of_time():
    raw = [touch("call", seconds=9), touch("email", "EMAIL", seconds=1), touch("meeting", seconds=3)]
    assert [point.event for point in classify_all(raw, RULES)] == ["meeting", "call"]


def test_a_click_right_after_delivery_is_a_scanners():
    raw = [
        touch("email_delivered", name="Spring"),
        touch("email_click", name="Spring", seconds=4),
        touch("email_click", name="Spring", seconds=4000),
        touch("email_click", name="Autumn", seconds=5),
    ]
    assert [(point.at - AT).seconds for point in classify_all(raw, RULES)] == [5, 4000]


def test_clicks_on_every_link_at_once_are_a_scanners():
    burst = [touch("email_click", name=f"link {i}", seconds=100 + i) for i in range(4)]
    single = touch("email_click", name="link 9", seconds=500)
    assert [point.at for point in classify_all([*burst, single], RULES)] == [single.at]


def test_our_own_people_are_told_apart():
    ours = ["maren@LeadSync.example", "maren@leadsync.example ", "maren@mail.leadsync.example"]
    theirs = ["ada@acme.example", "ada@notleadsync.example", "leadsync.example@acme.example", "leadsync", ""]
    assert [is_internal(address, RULES) for address in (*ours, *theirs)] == [True] * 3 + [False] * 5


@pytest.mark.parametrize("written", ["acme.example", "@ACME.example", "https://www.acme.example/en"])
def test_our_own_domains_may_be_written_as_people_write_them(written):
    text = TEXT + f'[genuine]\ninternal_domains = ["{written}"]\n'
    assert load_touch_rules(text, "touchpoints.toml").internal_domains == {"acme.example"}


def test_of_two_tellings_of_one_touch_the_later_stands():
    early, late = (Touchpoint(Ref("x", "f", "1"), PERSON, AT + timedelta(days=d), "demo", "web") for d in (0, 1))
    assert distinct([late, early]) == distinct([early, late]) == [late]


TEXT = """schema = 1
[[touch]]
id = "form"
type = "form_submission"
event = "form"
channel = "web"
[[touch]]
id = "rest"
ignore = true
"""


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ('channel = "web"', "", "LS609", "event and channel"),
        ('event = "form"', 'event = "form"\nignore = true', "LS609", "or ignore"),
        ("ignore = true", 'type = "x"\nignore = true', "LS611", "whatever is left"),
        ('type = "form_submission"', "", "LS605", "never come up"),
        ('id = "rest"', 'id = "form"', "LS601", "taken"),
        ('channel = "web"', 'channel = "web"\ncampaign = "{nam}"', "LS602", 'Did you mean "name"?'),
        ('type = "form_submission"', 'side = "hubspt"', "LS602", 'Did you mean "hubspot"?'),
        ('type = "form_submission"', 'typ = "form_submission"', "LS101", 'Did you mean "type"?'),
        (
            "ignore = true",
            'ignore = true\n[genuine]\ninternal_domains = ["acme"]',
            "LS609",
            '"acme" is no domain such as',
        ),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(old, new, code, says):
    assert old in TEXT
    with pytest.raises(Problems) as caught:
        load_touch_rules(TEXT.replace(old, new, 1), "touchpoints.toml", {"hubspot"})
    assert any(found.code == code and says in found.message and found.line > 1 for found in caught.value.problems)


def test_the_shipped_rules_name_their_events_and_channels():
    assert {"demo_request", "meeting", "webinar_attended"} <= RULES.events()
    assert {"website", "email", "event", "sales"} <= RULES.channels()
