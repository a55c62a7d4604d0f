"""Campaigns' parts in a deal: they add up, follow the model, and leave out what the CRM does not know."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.engine import rulebook

from leadsync.attribute import STANDARD, AttributionSettings, JourneyRules
from leadsync.attribute.influence import influence
from leadsync.connector.besides import Deal
from leadsync.files import mappings_folder
from leadsync.mapping.problems import Problems
from leadsync.records import Ref
from leadsync.touchpoints import Touchpoint

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DEAL = Deal(Ref("crm", "Deal", "d"), NOW - timedelta(days=30))
ANN, BOB = Ref("crm", "Contact", "ann"), Ref("crm", "Contact", "bob")
People = list[tuple[Ref | None, list[Touchpoint]]]
PER_TOUCH = sorted(name for name, method in STANDARD.items() if method.kind.per_touch)


def settings(model: str = "position", **more: object) -> AttributionSettings:
    return AttributionSettings(JourneyRules(), STANDARD, model, **more)  # type: ignore[arg-type]


def touch(number: int, campaign: str = "", side: str = "crm", channel: str = "event", name: str = "") -> Touchpoint:
    ref = Ref(side, "Campaign", campaign) if campaign else None
    at = NOW - timedelta(days=100 - number)
    return Touchpoint(Ref(side, "t", f"{number:03}"), ANN, at, "came", channel, name, campaign_ref=ref)


def shares(people: People, wanted: AttributionSettings) -> dict[str, object]:
    return {entry.key: entry.values["share"] for entry in influence(DEAL, people, wanted)}


def test_each_campaign_gets_what_the_model_credits_by_person() -> None:
    people: People = [(ANN, [touch(1, "fair"), touch(3, "mail")]), (BOB, [touch(2, "fair")])]
    assert shares(people, settings()) == {"d/fair/ann": 40.0, "d/fair/bob": 20.0, "d/mail/ann": 40.0}
    (first,) = influence(DEAL, people, settings("first"))
    assert (first.values, first.whole) == ({"share": 100.0}, "d")
    assert first.why == "by first, for event on 2026-07-25"


def test_what_falls_to_no_known_campaign_is_spread_over_those_that_are_known() -> None:
    some = [touch(1, channel="direct"), touch(2, "fair"), touch(3, "else", side="other"), touch(4, "mail")]
    assert shares([(ANN, some)], settings()) == {"d/fair/ann": 20.0, "d/mail/ann": 80.0}
    assert shares([(ANN, some)], settings("first")) == {}, "the first touch belongs to none of its campaigns"
    assert shares([(ANN, some[:1])], settings()) == {} == shares([], settings())


def test_what_another_crm_saw_counts_for_the_campaign_it_is_mapped_to() -> None:
    some = [touch(1, side="other", name="Whitepaper"), touch(2, "mail")]
    mapped = settings("linear", members={"Whitepaper": {"crm": "paper"}})
    assert shares([(None, some)], mapped) == {"d/mail/-": 50.0, "d/paper/-": 50.0}


def test_a_channel_that_is_left_out_earns_nothing() -> None:
    wanted = AttributionSettings(JourneyRules(exclude=frozenset(("event",))), STANDARD, "linear")
    assert shares([(ANN, [touch(1, "fair"), touch(2, "mail", channel="email")])], wanted) == {"d/mail/ann": 100.0}


@given(
    st.lists(st.tuples(st.sampled_from(["", "a", "b", "c", "d", "e"]), st.sampled_from([ANN, BOB])), max_size=40),
    st.sampled_from(PER_TOUCH),
)
def test_shares_add_up_to_a_hundred_or_there_are_none(steps: list[tuple[str, Ref]], model: str) -> None:
    touches = [(who, touch(number, campaign)) for number, (campaign, who) in enumerate(steps)]
    people: People = [(who, [t for w, t in touches if w == who]) for who in (ANN, BOB)]
    found = [round(float(str(share)) * 100) for share in shares(people, settings(model)).values()]
    assert sum(found) in ((10_000,) if found else (0,)) and all(share > 0 for share in found)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("attribution.toml", '[influence]\non = { nowhere = "x" }', 'no side "nowhere"'),
        ("attribution.toml", '[influence]\nof = "everybody"', "of"),
        ("nurture.toml", '[[task]]\non = "nowhere"\ndo = ["call"]', 'no side "nowhere"'),
        ("nurture.toml", '[[task]]\non = "hubspot"\ndo = ["enrol"]', 'nobody can be asked to "enrol"'),
        ("nurture.toml", '[[task]]\non = "hubspot"\ndo = ["call", "call"]', "has a task for call already"),
    ],
    ids=["an unknown side", "an unknown whose", "a task nowhere", "a task for a list", "two tasks for one"],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_its_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    folder = tmp_path / "mappings"
    shutil.copytree(mappings_folder(), folder)
    whole = (folder / name).read_text(encoding="utf-8")
    (folder / name).write_text(f"{whole}\n{text}\n", encoding="utf-8")
    with pytest.raises(Problems) as caught:
        rulebook(folder)
    lines = whole.count("\n")
    assert [(says in found.message, found.line > lines) for found in caught.value.problems] == [(True, True)]
