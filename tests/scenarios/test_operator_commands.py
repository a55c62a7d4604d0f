"""The operator's commands against sandboxes over HTTP, as a person types them."""

from __future__ import annotations

import csv
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.web import web

from leadsync.cli.main import cli
from leadsync.errors import LeadsyncError
from leadsync.rehearsal import Rehearsal, rehearse, write_config

ANN = {"email": "ann@example.com", "firstname": "Ann", "lastname": "Example", "jobtitle": "CTO", "phone": "1"}
ANN_SF = {"FirstName": "Ann", "LastName": "Example", "Company": "Example", "Email": "ann@example.com", "Title": "CTO"}
SEED = {
    "hubspot": {"objects": {"contacts": [{"id": "11", "properties": ANN}]}},
    "salesforce": {"objects": {"Lead": [{**ANN_SF, "Phone": "1"}]}},
}


class House:
    """Served sandboxes, and a configuration that points at them."""

    def __init__(self, folder: Path, served: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.served, self._capsys = folder, served, capsys
        self.config = write_config(folder, served)
        self.config.write_text(self.config.read_text(encoding="utf-8") + "\n[resolve]\nenabled = false\n", "utf-8")

    def run(self, *arguments: str) -> tuple[int, Any]:
        """(exit code, the JSON a command says)."""
        code, text = self.say(*arguments, "--output", "json")
        return code, json.loads(text)

    def say(self, *arguments: str) -> tuple[int, str]:
        """(exit code, what a command prints)."""
        self._capsys.readouterr()
        code = cli.main([*arguments, "--config", str(self.config)], standalone_mode=False)
        assert isinstance(code, int)
        return code, self._capsys.readouterr().out

    @property
    def lead(self) -> str:
        """Ann's id in Salesforce."""
        (row,) = self.served.sandbox("salesforce").dump()["objects"]["Lead"]
        return str(row["Id"])

    def in_salesforce(self) -> dict[str, Any]:
        (row,) = self.served.sandbox("salesforce").dump()["objects"]["Lead"]
        return dict(row)

    def edit_hubspot(self, **properties: str) -> None:
        """A person edits Ann in HubSpot."""
        end = self.served.endpoints()["hubspot"]
        url = f"{end['url']}/crm/v3/objects/contacts/11"
        headers = {"Authorization": f"Bearer {end['token']}"}
        web.patch(url, headers=headers, json={"properties": properties}).raise_for_status()

    def edit_salesforce(self, **fields: str) -> None:
        """A person edits Ann in Salesforce."""
        end = self.served.endpoints()["salesforce"]
        form = {"grant_type": "client_credentials"} | {k: end[k] for k in ("client_id", "client_secret")}
        token = web.post(f"{end['url']}/services/oauth2/token", data=form).json()["access_token"]
        url = f"{end['url']}/services/data/v62.0/sobjects/Lead/{self.lead}"
        web.patch(url, headers={"Authorization": f"Bearer {token}"}, json=fields).raise_for_status()


@pytest.fixture
def house(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    seed = tmp_path / "seed.json"
    seed.write_text(json.dumps(SEED), encoding="utf-8")
    with rehearse(str(seed)) as served:
        house = House(tmp_path, served, capsys)
        house.run("provision")
        assert house.run("sync")[0] == 0
        yield house


def test_a_plan_is_kept_looked_at_and_applied(house: House) -> None:
    house.edit_hubspot(lastname="King")
    assert house.say("plan", "--cached")[0] == 0
    assert house.run("plan", "-o", str(house.folder / "p.json"))[0] == 2
    assert house.run("plan", "--twice")[0] == 0
    code, done = house.run("apply", str(house.folder / "p.json"))
    assert (code, done["updated"], done["dropped"]) == (0, 1, [])
    assert house.in_salesforce()["LastName"] == "King"
    code, done = house.run("apply", str(house.folder / "p.json"))
    assert (code, done["updated"], len(done["dropped"])) == (2, 0, 1)


def remedies(house: House, field: str) -> dict[str, tuple[str, str]]:
    """Why a field of Ann's is not written, and what would let it through, by place."""
    places = house.run("why-not", "ann@example.com", field)[1]["places"]
    return {row["target"]: (row["reason"], row["remedy"]) for row in places}


def test_why_not_names_what_is_in_the_way_and_what_would_let_it_through(house: House) -> None:
    stages = "[field.leadsync_stage]\n"
    lead = house.folder / "mappings" / "lead.toml"
    tracked = f'{stages}write = "tracked"\nlease = "30d"\n'
    lead.write_text(lead.read_text(encoding="utf-8").replace(stages, tracked), encoding="utf-8")
    house.edit_salesforce(Title="", LeadSync_Stage__c="mine")
    house.run("sync")
    assert remedies(house, "job_title")["Title"] == ("cleared", "edit it where it stands, or type it in here again")
    house.run("sync")
    assert remedies(house, "job_title")["Title"][0] == "cleared", "it is so in later runs too"
    reason, remedy = remedies(house, "stage")["LeadSync_Stage__c"]
    assert (reason, remedy.partition(",")[0]) == ("person", "wait until then")
    house.edit_hubspot(lastname="King")
    house.run("plan")
    assert remedies(house, "last_name")["LastName"] == ("planned", "nothing: the next run writes it")
    gate = "\n[sync]\nmax_overwritten_share = 0.0\nfloor = 0\n"
    house.config.write_text(house.config.read_text(encoding="utf-8") + gate, encoding="utf-8")
    assert remedies(house, "last_name")["LastName"] == ("planned", "open the gate: see below")


def set_mode(house: House, mode: str) -> None:
    lead = house.folder / "mappings" / "lead.toml"
    plain = re.sub(r'(\[field.leadsync_stage\]\n)(write = "\w+"\n)?', r"\1", lead.read_text(encoding="utf-8"))
    mine = f'[field.leadsync_stage]\nwrite = "{mode}"\n'
    lead.write_text(plain.replace("[field.leadsync_stage]\n", mine), encoding="utf-8")


@pytest.mark.parametrize("mode", ["if_empty", "never"])
@pytest.mark.parametrize("theirs", [True, False], ids=["a person's value", "our own value"])
def test_the_write_modes_that_why_not_names_let_it_through(house: House, mode: str, theirs: bool) -> None:
    if theirs:
        house.edit_salesforce(LeadSync_Stage__c="mine")
    else:
        house.edit_hubspot(lifecyclestage="customer")
    set_mode(house, mode)
    house.run("plan")
    reason, remedy = remedies(house, "stage")["LeadSync_Stage__c"]
    assert reason == {"if_empty": "filled", "never": "never"}[mode]
    offered = re.findall(r'"(\w+)"', remedy.partition(";")[0])
    assert offered == (["always"] if theirs else ["tracked", "always"])
    for offer in offered:
        set_mode(house, offer)
        assert remedies(house, "stage")["LeadSync_Stage__c"][0] == "planned"


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("[sync]\nmax_quota_share = 0.0001", "this run would cost 3 salesforce API calls"),
        (
            "[quota]\nday_share = 0.0003",
            "writing takes 3 requests to salesforce, and of leadsync's 29 a day 0 are left",
        ),
    ],
    ids=["of the whole account", "of leadsync's own share"],
)
def test_why_not_names_requests_that_are_used_up(house: House, setting: str, says: str) -> None:
    house.edit_hubspot(lastname="King")
    house.run("plan")
    house.config.write_text(f"{house.config.read_text(encoding='utf-8')}\n{setting}\n", encoding="utf-8")
    gates = house.run("why-not", "ann@example.com", "last_name")[1]["gates"]
    assert [gate["name"] for gate in gates] == ["quota"]
    assert gates[0]["found"].startswith(says)
    assert remedies(house, "last_name")["LastName"] == ("planned", "open the gate: see below")


def test_a_run_is_taken_back(house: House) -> None:
    house.edit_hubspot(lastname="King")
    _, done = house.run("sync")
    with pytest.raises(LeadsyncError, match="no-such-run"):
        house.run("undo", "--run", "no-such-run")
    assert house.run("undo", "--run", done["run_id"], "--field", "last_name")[0] == 2
    assert house.run("undo", "--run", "last", "--field", "last_name")[0] == 2
    assert house.in_salesforce()["LastName"] == "King"
    code, undone = house.run("undo", "--run", done["run_id"], "--field", "last_name", "--yes")
    assert (code, undone["applied"]["updated"]) == (0, 1)
    assert house.in_salesforce()["LastName"] == "Example"
    assert house.run("sync")[1]["updated"] == 0
    assert house.in_salesforce()["LastName"] == "Example"


def test_a_conflict_goes_out_as_a_file_and_comes_back_answered(house: House) -> None:
    house.edit_hubspot(phone="111")
    house.edit_salesforce(Phone="222")
    house.run("sync")
    code, found = house.run("conflicts", "list")
    assert (code, [c["field"] for c in found["conflicts"]]) == (2, ["phone"])
    assert {row["reason"] for row in house.run("why-not", "ann@example.com", "phone")[1]["places"]} >= {"held"}
    file = house.folder / "open.csv"
    house.say("conflicts", "export", str(file))
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows({**row, "answer": "hubspot"} for row in rows)
    assert house.run("conflicts", "import", str(file)) == (0, {"schema": 1, "answers": 1, "lines": 1})
    assert house.run("conflicts", "list")[0] == 0
    house.run("sync")
    assert house.in_salesforce()["Phone"] == "111"
    assert house.run("conflicts", "list") == (0, {"schema": 1, "conflicts": [], "proposals": []})


def test_two_records_are_split_and_joined_again(house: House) -> None:
    pair = ("hubspot/contacts/11", f"salesforce/Lead/{house.lead}")
    assert house.run("identity", "split", *pair, "--note", "two Anns")[0] == 0
    house.run("sync")
    assert house.run("why", pair[0])[1]["lead"] != house.run("why", pair[1])[1]["lead"]
    assert house.run("identity", "forget", *pair)[0] == 0
    assert house.run("identity", "join", *pair)[0] == 0
    house.run("sync")
    assert house.run("why", pair[0])[1]["lead"] == house.run("why", pair[1])[1]["lead"]
    house.run("sync")
    assert house.run("plan")[1]["steps"] == []


def test_an_audit_tells_how_far_it_is(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.run("plan")
    with caplog.at_level(logging.INFO):
        house.run("audit")
    told = [record.getMessage() for record in caplog.records]
    assert {"audit hubspot contacts (1)", "audit salesforce Lead (1)"} <= set(told)


def test_drift_timeline_audit_flaps_and_rejects_tell_how_it_stands(house: House) -> None:
    house.edit_salesforce(LeadSync_Grade__c="Z9")
    house.run("plan")
    code, found = house.run("drift")
    assert (code, [(row["field"], row["there"]) for row in found["drift"]]) == (2, [("LeadSync_Grade__c", "Z9")])
    events = house.run("timeline", "ann@example.com")[1]["events"]
    assert {"first seen", "wrote", "score"} <= {event["what"] for event in events}
    assert house.run("audit") == (0, {"schema": 1, "read": 2, "differing": [], "missing": [], "doubtful": [],
                                          "rejects_again": 0})  # fmt: skip
    assert house.run("flaps", "list") == (0, {"schema": 1, "flaps": []})
    assert house.run("rejects", "list") == (0, {"schema": 1, "rejects": []})


def refuse_last_name(house: House, **often: int) -> str:
    """Salesforce refuses Ann's last name, `times` or until the faults are deleted at the address this gives."""
    refusal = {"kind": "reply", "status": 200, "body": [{"success": False, "errors": [
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no", "fields": ["LastName"]}]}]}  # fmt: skip
    url = f"{house.served.endpoints()['salesforce']['url']}/__sandbox__/faults"
    fault = {"match": {"method": "PATCH", "path": "composite/sobjects"}, "action": refusal, **often}
    web.post(url, json=fault).raise_for_status()
    return url


def test_a_refused_record_is_shown_tried_again_and_exported(house: House) -> None:
    refuse_last_name(house, times=1)
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[0] == 3
    code, found = house.run("rejects", "list")
    assert (code, [r["fields"] for r in found["rejects"]]) == (3, [["LastName"]])
    assert house.run("rejects", "show", house.lead)[1]["rejects"][0]["sent"] == {"LastName": "King"}
    assert house.say("rejects", "export", str(house.folder / "rejects.csv"))[0] == 0
    assert "King" in (house.folder / "rejects.csv").read_text(encoding="utf-8")
    assert house.run("sync")[1]["updated"] == 0
    assert house.run("rejects", "retry", house.lead)[1] == {"schema": 1, "to_be_sent": 1, "read": 0}
    assert house.run("sync")[0] == 0
    assert house.in_salesforce()["LastName"] == "King"
    assert house.run("rejects", "list")[1]["rejects"] == []


def test_a_refusal_is_forgotten_when_nobody_wants_what_was_refused_any_more(house: House) -> None:
    url = refuse_last_name(house)
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[0] == 3
    assert [r["sent"] for r in house.run("rejects", "list")[1]["rejects"]] == [{"LastName": "King"}]
    web.delete(url).raise_for_status()
    house.edit_hubspot(lastname="Example")
    assert house.run("sync")[0] == 0
    assert house.run("rejects", "list") == (0, {"schema": 1, "rejects": []})
