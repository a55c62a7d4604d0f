"""What commands tell after people merged, deleted and converted records, answered conflicts and took up an advice."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.scenarios.test_operator_commands import ANN, House, house
from tests.scenarios.test_what_is_told import answer_in_a_sheet, held
from tests.web import web

from leadsync.answers import ENOUGH
from leadsync.cli.inspect import NotFound
from leadsync.errors import LeadsyncError

__all__ = ["house"]


def in_hubspot(house: House, method: str, path: str, body: object = None) -> dict[str, str]:
    """What a person does in HubSpot."""
    end = house.served.endpoints()["hubspot"]
    headers = {"Authorization": f"Bearer {end['token']}"}
    reply = web.request(method, f"{end['url']}/crm/v3/objects/contacts{path}", headers=headers, json=body)
    reply.raise_for_status()
    return dict(reply.json()) if reply.content else {}


def control(house: House, what: str, body: object) -> None:
    """What a person does in Salesforce that REST has no call for."""
    url = house.served.endpoints()["salesforce"]["url"]
    reply = web.post(f"{url}/__sandbox__/{what}", json=body)
    assert reply.status_code == 200, reply.text


def test_who_was_merged_away_is_found_by_the_old_id(house: House) -> None:
    """The id stands in links, mails and exports that people kept."""
    other = in_hubspot(house, "POST", "", {"properties": {**ANN, "email": "anna@example.com"}})["id"]
    house.run("sync")
    in_hubspot(house, "POST", "/merge", {"primaryObjectId": "11", "objectIdToMerge": other})
    house.run("sync")
    lead = house.run("why", "ann@example.com")[1]["lead"]
    for old in ("11", other, f"hubspot/contacts/{other}"):
        assert house.run("why", old)[1]["lead"] == lead
        assert house.run("timeline", old)[1]["lead"] == lead
    with pytest.raises(NotFound):
        house.run("why", "4711")


def test_why_tells_which_records_are_deleted(house: House) -> None:
    in_hubspot(house, "DELETE", "/11")
    house.run("sync")
    found = {row["ref"]: row["deleted"] for row in house.run("why", "ann@example.com")[1]["records"]}
    assert found == {"hubspot/contacts/11": True, f"salesforce/Lead/{house.lead}": False}
    assert "same e-mail address, deleted in the CRM" in house.say("why", "ann@example.com")[1]


def test_a_lead_with_our_fields_can_be_converted(house: House) -> None:
    """Who converts may not be allowed to write what leadsync computes."""
    score = house.in_salesforce()["LeadSync_Score__c"]
    control(house, "convert", {"lead": house.lead})
    (contact,) = house.served.sandbox("salesforce").dump()["objects"]["Contact"]
    assert (contact["LastName"], contact["LeadSync_Score__c"]) == ("Example", score)
    house.run("sync")
    assert house.run("why", house.lead)[1] == house.run("why", "ann@example.com")[1]


def test_status_tells_what_waits_for_a_person(house: House) -> None:
    assert house.run("status")[1]["waiting"] == {"conflicts": 0, "flaps": 0}
    held(house)
    assert house.run("status")[1]["waiting"] == {"conflicts": 1, "flaps": 0}
    assert (
        "1 field changed differently in several places, waiting for a person: `leadsync conflicts list`"
        in house.say("status")[1]
    )


def test_a_side_may_be_written_as_spreadsheets_write_names(house: House) -> None:
    """LibreOffice makes the first letter of a cell a capital."""
    held(house)
    answer_in_a_sheet(house, "HubSpot")
    assert house.in_salesforce()["Phone"] == "111"


def test_a_line_that_the_mapping_has_is_proposed_no_more(house: House) -> None:
    for number in range(ENOUGH):
        house.edit_hubspot(phone=f"111{number}")
        house.edit_salesforce(Phone=f"222{number}")
        house.run("sync")
        told = house.run("conflicts", "resolve", "ann@example.com", "phone", "--take", "Salesforce")[1]
        house.run("sync")
    assert told["proposals"] == ['[field.phone] in lead.toml: owner = "salesforce", conflict = "owner"']
    assert len(house.run("conflicts", "list")[1]["proposals"]) == 1
    lead: Path = house.folder / "mappings" / "lead.toml"
    lead.write_text(lead.read_text("utf-8").replace('conflict    = "hold"', 'conflict    = "owner"'), "utf-8")
    assert house.run("conflicts", "list")[1]["proposals"] == []
    house.edit_hubspot(phone="333")
    house.edit_salesforce(Phone="444")
    house.run("sync")
    assert house.run("conflicts", "list") == (0, {"schema": 1, "conflicts": [], "proposals": []})
    assert house.in_salesforce()["Phone"] == "444"


def test_status_tells_why_runs_failed_each_reason_once(house: House) -> None:
    url = house.served.endpoints()["salesforce"]["url"]
    web.post(f"{url}/__sandbox__/faults", json={"match": {"path": "/.*"}, "times": None, "action": 403})
    for _ in range(2):
        with pytest.raises(LeadsyncError):
            house.run("sync")
    web.delete(f"{url}/__sandbox__/faults")
    runs = house.run("status")[1]["runs"]
    assert [run["outcome"] for run in runs[:2]] == ["error", "error"]
    assert house.say("status")[1].count(f"    {runs[0]['summary']['error']}\n") == 1


def test_the_daemon_tells_when_cycles_work_again(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadsync.cli.commands.StopFlag.install", lambda self: self)
    good = house.config.read_text(encoding="utf-8")
    house.config.write_text(f'{good}\n[schedule]\nevery = "1s"\n', encoding="utf-8")
    url = house.served.endpoints()["salesforce"]["url"]
    web.post(f"{url}/__sandbox__/faults", json={"match": {"path": "/.*"}, "times": 1, "action": 403})
    caplog.set_level(logging.INFO)
    assert house.say("run", "--cycles", "3")[0] == 0
    told = [record.getMessage() for record in caplog.records if record.name == "leadsync"]
    assert sum("cycle failed" in line for line in told) == 1
    assert told.count("cycles work again, after 1 that failed") == 1


def test_status_names_the_gates_that_held_a_run_back(house: House) -> None:
    closed = house.config.read_text(encoding="utf-8") + "\n[sync]\nmax_overwritten_share = 0.0\nfloor = 0\n"
    house.config.write_text(closed, encoding="utf-8")
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[0] == 2
    assert "    gates closed: overwrite; `leadsync plan` shows why\n" in house.say("status")[1]
    house.run("sync", "--open-gate", "overwrite")
    assert house.in_salesforce()["LastName"] == "King"
