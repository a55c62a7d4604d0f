"""`leadsync score`: the score of a day from the state alone, its history, and what would change it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.reports.house import House

from leadsync.errors import LeadsyncError

AS_OF = "--as-of"


def test_the_best_leads_come_first_with_reasons_that_add_up(house: House) -> None:
    house.lead(1, ("Request a demo", 2), jobtitle="CTO")
    house.lead(2, jobtitle="Intern")
    house.stage.run()
    told = house.json("score", AS_OF, house.day())["leads"]
    assert [row["score"] for row in told] == sorted((row["score"] for row in told), reverse=True)
    for row in told:
        assert sum(reason["points"] for reason in row["reasons"]) == row["score"]
    assert "Requested a demo" in house.run("score", AS_OF, house.day())


def test_a_score_is_as_of_a_day_and_the_facts_are_those_of_that_day(house: House) -> None:
    ref = house.lead(1, ("Request a demo", 2), jobtitle="CTO")
    house.stage.run()
    first = house.day()
    house.stage.pass_time(timedelta(days=10))
    house.stage.hubspot.edit(ref, jobtitle="Intern")
    house.stage.run()
    then = house.json("score", "lead1@acme1.example", AS_OF, first)
    now = house.json("score", "lead1@acme1.example", AS_OF, house.day())
    ids = [{reason["id"]: reason["points"] for reason in told["reasons"]} for told in (then, now)]
    assert ids[0]["seniority"] == 15 and ids[1]["seniority"] == -15
    assert ids[0]["demo"] > ids[1]["demo"]
    before = house.json("score", "lead1@acme1.example", AS_OF, str(house.stage.now.date() - timedelta(days=30)))
    assert "demo" not in {reason["id"] for reason in before["reasons"]}


def test_the_history_ends_with_the_score_of_the_day_and_counts_only_what_had_happened(house: House) -> None:
    house.lead(1, ("Request a demo", 20), ("Whitepaper", 50), jobtitle="CTO")
    house.stage.run()
    told = house.json("score", "lead1@acme1.example", AS_OF, house.day())
    points = {row["day"]: row["score"] for row in told["history"]}
    assert points[house.day()] == told["score"]
    days = sorted(points)
    jump = max(range(1, len(days)), key=lambda i: points[days[i]] - points[days[i - 1]])
    assert days[jump] == str(house.stage.now.date() - timedelta(days=20))
    assert days[0] == str(house.stage.now.date() - timedelta(days=50))
    text = house.run("score", "lead1@acme1.example", AS_OF, house.day())
    assert "┤" in text and "What would change it:" in text


def test_an_edit_of_the_model_scores_all_of_the_past_anew(house: House) -> None:
    house.lead(1, ("Request a demo", 20), jobtitle="CTO")
    house.stage.run()
    before = house.json("score", "lead1@acme1.example", AS_OF, house.day())
    house.edit("scoring.toml", "points = { c_level = 15,", "points = { c_level = 5,")
    after = house.json("score", "lead1@acme1.example", AS_OF, house.day())
    assert {b["score"] - a["score"] for b, a in zip(before["history"], after["history"], strict=True)} == {10}
    assert [row["score"] for row in after["decided"]] == [row["score"] for row in before["decided"]]


@pytest.mark.parametrize("command", [("score",), ("why",)], ids=["score", "why"])
def test_what_would_help_is_told_and_true(house: House, command: tuple[str, ...]) -> None:
    ref = house.lead(1, ("Request a demo", 2))
    house.stage.run()
    more = ("score",) if command == ("why",) else ()
    helps = house.json(*command, "lead1@acme1.example", *more)["what_would_help"]
    promised = next(line for line in helps if "the job title were known" in line)
    before = house.json("score", "lead1@acme1.example")["score"]
    house.stage.hubspot.edit(ref, jobtitle="CTO")
    house.stage.run()
    after = house.json("score", "lead1@acme1.example")
    seniority = next(reason for reason in after["reasons"] if reason["id"] == "seniority")
    assert promised.startswith(f"+{seniority['points']} ")
    assert after["score"] > before
    assert any(line.startswith("to ") for line in helps)


def test_who_objected_has_no_score_and_is_promised_nothing(house: House) -> None:
    house.lead(1, ("Request a demo", 2), hs_email_optout=True)
    house.stage.run()
    told = house.json("score", "lead1@acme1.example")
    assert told["score"] is None and told["reasons"] == [] and told["what_would_help"] == []
    assert "not scored: opted out" in house.run("score", "lead1@acme1.example")
    assert house.json("why", "lead1@acme1.example", "score")["what_would_help"] == []


def test_who_objects_later_has_no_past_to_show_either(house: House) -> None:
    ref = house.lead(1, ("Request a demo", 40), jobtitle="CTO")
    house.stage.run()
    assert house.json("score", "lead1@acme1.example")["history"]
    house.stage.hubspot.edit(ref, hs_email_optout=True)
    house.stage.pass_time(timedelta(days=1))
    house.stage.run()
    told = house.json("score", "lead1@acme1.example")
    assert told["score"] is None and (told["history"], told["decided"], told["what_would_help"]) == ([], [], [])


def engagement(house: House, name: str) -> float:
    return float(house.json("score", name)["groups"]["engagement"])


def test_what_our_own_people_do_is_no_engagement_of_a_lead(house: House) -> None:
    house.edit("touchpoints.toml", '"leadsync.example"', '"acme1.example"')
    house.stage.mappings = house.folder / "mappings"
    for number in (1, 2):
        house.lead(number, ("Request a demo", 2), ("Webinar: LEI", 9), jobtitle="CTO")
    house.lead(3, ("Request a demo", 2), email="tester@eu.acme1.example")
    house.stage.run()
    assert engagement(house, "lead1@acme1.example") == 0 and engagement(house, "tester@eu.acme1.example") == 0
    assert engagement(house, "lead2@acme2.example") > 20
    assert sum(row["touches"] for row in house.json("attribute")["rows"]) == 2


def test_opens_and_the_clicks_of_scanners_are_no_engagement(house: House) -> None:
    people = [house.lead(number) for number in (1, 2, 3)]
    hour = house.stage.now - timedelta(days=1)
    for ref in people:
        house.stage.hubspot.touch(ref, hour, "email_delivered", name="Spring")
        house.stage.hubspot.touch(ref, hour + timedelta(minutes=5), "email_open", name="Spring")
    house.stage.hubspot.touch(people[1], hour + timedelta(seconds=3), "email_click", name="Spring")
    house.stage.hubspot.touch(people[2], hour + timedelta(minutes=6), "email_click", name="Spring")
    house.stage.run()
    assert [engagement(house, f"lead{i}@acme{i}.example") > 0 for i in (1, 2, 3)] == [False, False, True]


def test_the_page_of_a_score_has_a_chart_and_the_reasons(house: House) -> None:
    house.lead(1, ("Request a demo", 20), jobtitle="CTO")
    house.stage.run()
    house.run("score", "lead1@acme1.example", "--html", str(house.folder / "score.html"))
    html = (house.folder / "score.html").read_text(encoding="utf-8")
    assert "<svg" in html and "Requested a demo" in html and "<script" not in html


def test_the_page_of_all_scores_has_their_spread_and_the_best(house: House) -> None:
    house.lead(1, ("Request a demo", 20), jobtitle="CTO")
    house.lead(2, hs_email_optout=True)
    house.stage.run()
    house.run("score", "--html", str(house.folder / "scores.html"))
    html = (house.folder / "scores.html").read_text(encoding="utf-8")
    assert "1 leads are scored, 1 may not be" in html and html.count("<figure") == 2
    assert "lead1@acme1.example" in html


def test_what_cannot_be_told_is_said(house: House) -> None:
    house.lead(1)
    house.stage.run()
    with pytest.raises(LeadsyncError, match="no lead or company is known"):
        house.run("score", "nobody@nowhere.example")
    house.run("score", AS_OF, "soon", code=2)


def test_why_tells_the_journey_line_by_line(house: House) -> None:
    house.lead(1, ("Request a demo", 20), ("Whitepaper", 50), jobtitle="CTO")
    house.stage.run()
    text = house.run("why", "lead1@acme1.example", "next_action")
    assert "journey:" in text and "engaged: content download" in text
