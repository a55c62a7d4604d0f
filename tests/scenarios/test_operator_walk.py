"""What an operator reads on the way: the commands' own words against sandboxes over HTTP, as a newcomer walks them."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.scenarios.test_operator_commands import ANN, ANN_SF, House
from tests.web import web

from leadsync.cli.exits import Exit, exit_code
from leadsync.errors import LeadsyncError, Misconfigured
from leadsync.rehearsal import rehearse

PEOPLE = 6
LEADSYNC = Path(sys.executable).parent / "leadsync"


def seed() -> dict[str, Any]:
    """Six people in both CRMs."""
    contacts, leads = [], []
    for n in range(PEOPLE):
        own = {"email": f"p{n}@example.com", "firstname": f"Ann{n}", "lastname": f"Lee{n}"}
        contacts.append({"id": str(11 + n), "properties": {**ANN, **own}})
        theirs = {"Email": own["email"], "FirstName": own["firstname"], "LastName": own["lastname"]}
        leads.append({**ANN_SF, **theirs, "Id": f"00Q5g00000000{n:02d}EAA", "Phone": "1"})
    return {"hubspot": {"objects": {"contacts": contacts}}, "salesforce": {"objects": {"Lead": leads}}}


class Town(House):
    """The same house with more people in it."""

    def hubspot(self, number: int, **properties: str) -> None:
        """A person edits somebody in HubSpot."""
        end = self.served.endpoints()["hubspot"]
        url, headers = (
            f"{end['url']}/crm/v3/objects/contacts/{11 + number}",
            {"Authorization": f"Bearer {end['token']}"},
        )
        web.patch(url, headers=headers, json={"properties": properties}).raise_for_status()

    def salesforce(self, number: int, **fields: str) -> None:
        """A person edits somebody in Salesforce."""
        end = self.served.endpoints()["salesforce"]
        form = {"grant_type": "client_credentials"} | {k: end[k] for k in ("client_id", "client_secret")}
        token = web.post(f"{end['url']}/services/oauth2/token", data=form).json()["access_token"]
        url = f"{end['url']}/services/data/v62.0/sobjects/Lead/00Q5g00000000{number:02d}EAA"
        web.patch(url, headers={"Authorization": f"Bearer {token}"}, json=fields).raise_for_status()

    def last_name(self, number: int) -> str:
        """What Salesforce calls somebody."""
        rows = self.served.sandbox("salesforce").dump()["objects"]["Lead"]
        return str(next(r["LastName"] for r in rows if r["Id"] == f"00Q5g00000000{number:02d}EAA"))

    def configure(self, text: str) -> None:
        """Add to the configuration."""
        self.config.write_text(f"{self.config.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Town]:
    path = tmp_path / "seed.json"
    path.write_text(json.dumps(seed()), encoding="utf-8")
    with rehearse(str(path)) as served:
        town = Town(tmp_path / "home", served, capsys)
        town.run("provision")
        assert town.run("sync")[0] == 0
        yield town


def test_a_kept_plan_says_where_it_is_and_its_moved_rows_are_dropped_and_named(town: Town) -> None:
    file = str(town.folder / "plan.json")
    town.hubspot(0, lastname="Moved")
    town.hubspot(1, lastname="Stays")
    code, told = town.say("plan", "-o", file)
    assert (code, f"leadsync apply {file}" in told) == (2, True)
    town.salesforce(0, LastName="Elsewhere")
    code, told = town.say("apply", file)
    assert code == 2
    assert "dropped: salesforce/Lead/00Q5g0000000000EAA (LastName): it is no longer as the plan saw it" in told
    assert (town.last_name(0), town.last_name(1)) == ("Elsewhere", "Stays")


@pytest.mark.parametrize("content", ["{", "{}", '{"schema": 99, "steps": [], "after": {}}', "[]"])
def test_a_file_that_is_no_plan_is_a_wrong_setting(town: Town, content: str) -> None:
    file = town.folder / "plan.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"plan\.json"):
        town.say("apply", str(file))


def test_a_field_alone_is_taken_back_wherever_it_was_written(town: Town) -> None:
    for number in (0, 1):
        town.hubspot(number, lastname="King")
        town.run("sync")
    with pytest.raises(Misconfigured, match="--field"):
        town.say("undo")
    for order in (["--field", "nosuch"], ["--run", "20260101T000000-abcdef"]):
        with pytest.raises(LeadsyncError, match=r"wrote nothing of nosuch|there is no run") as refused:
            town.say("undo", *order)
        assert exit_code(refused.value) is Exit.ERROR
    code, told = town.say("undo", "--field", "last_name")
    assert (code, "2 fields on 2 records would be restored" in told) == (2, True)
    assert town.run("undo", "--field", "LastName", "--yes")[1]["applied"]["updated"] == 2
    assert (town.last_name(0), town.last_name(1)) == ("Lee0", "Lee1")


def test_a_run_says_what_waits_for_a_person_and_the_conflict_says_who_it_is_about(town: Town) -> None:
    town.hubspot(0, phone="111")
    town.salesforce(0, Phone="222")
    assert "`leadsync conflicts list`" in town.say("sync")[1]
    assert "p0@example.com" in town.say("conflicts", "list")[1]
    file = town.folder / "open.csv"
    town.say("conflicts", "export", str(file))
    (row,) = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    assert (row["who"], row["says"]) == ("p0@example.com", "hubspot: 111; salesforce: 222")


def test_equal_answers_amount_to_a_line_of_the_mapping_and_second_thoughts_count_once(town: Town) -> None:
    for number in range(PEOPLE):
        town.hubspot(number, phone=f"111{number}")
        town.salesforce(number, Phone=f"222{number}")
    town.run("sync")
    people = [f"p{n}@example.com" for n in range(PEOPLE)]
    assert town.run("conflicts", "resolve", people[0], "phone", "--take", "salesforce")[1]["proposals"] == []
    for person in people[:4]:
        assert town.run("conflicts", "resolve", person, "phone", "--take", "hubspot")[1]["proposals"] == []
    found = town.run("conflicts", "resolve", people[4], "phone", "--take", "hubspot")[1]["proposals"]
    assert found == ['[field.phone] in lead.toml: owner = "hubspot", conflict = "owner"']
    assert "5 of 5 answers" in town.say("conflicts", "list")[1]


def test_a_dropped_reject_is_listed_as_such_only_when_asked_for(town: Town) -> None:
    refusal = {"kind": "reply", "status": 200, "body": [{"success": False, "errors": [
        {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "no", "fields": ["LastName"]}]}]}  # fmt: skip
    url = f"{town.served.endpoints()['salesforce']['url']}/__sandbox__/faults"
    fault = {"match": {"method": "PATCH", "path": "composite/sobjects"}, "times": 1, "action": refusal}
    web.post(url, json=fault).raise_for_status()
    town.hubspot(0, lastname="King")
    assert town.run("sync")[0] == 3
    assert "`leadsync rejects list`" in town.say("sync")[1]
    assert town.say("rejects", "list")[0] == 3
    assert town.say("rejects", "drop", "00Q5g0000000000EAA")[0] == 0
    assert town.say("rejects", "list") == (0, "0 rejects, and 1 dropped (--all shows them)\n")
    assert "dropped" in town.say("rejects", "list", "--all")[1]


GATES = {
    "overwrite": "floor = 0\nmax_overwritten_share = 0.1",
    "clear": "floor = 0\nmax_cleared_share = 0.1",
    "create": "floor = 0\nmax_created_share = 0.1",
    "empty": "floor = 0",
    "shrunk": "floor = 0\nmax_shrunk_share = 0.1",
    "shift": "floor = 0\nmax_mean_shift = 0.5",
    "quota": "floor = 0\nmax_quota_share = 0.00001",
}


@pytest.mark.parametrize("gate", ["overwrite", "shrunk", "shift", "quota"])
def test_a_closed_gate_writes_nothing_and_names_the_command_that_opens_it(town: Town, gate: str) -> None:
    town.configure(f"[sync]\n{GATES[gate]}")
    town.hubspot(0, lastname="King", jobtitle="Intern")
    town.hubspot(1, lastname="King", jobtitle="Intern")
    if gate == "shrunk":
        end = town.served.endpoints()["hubspot"]
        headers = {"Authorization": f"Bearer {end['token']}"}
        web.delete(f"{end['url']}/crm/v3/objects/contacts/16", headers=headers).raise_for_status()
    code, told = town.say("sync")
    assert (code, f"--open-gate {gate}" in told) == (5 if gate == "quota" else 2, True)
    assert town.last_name(0) == "Lee0"
    opened = [word for name in GATES for word in ("--open-gate", name)]
    assert town.say("sync", *opened)[0] == 0
    assert town.last_name(0) == "King"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_asked_to_stop_a_run_ends_in_good_order_with_the_signals_code(
    town: Town, number: signal.Signals, code: int
) -> None:
    town.hubspot(0, lastname="King")
    url = f"{town.served.endpoints()['salesforce']['url']}/__sandbox__/faults"
    slow = {"match": {"path": "queryAll|query"}, "times": 1, "action": {"kind": "delay", "seconds": 1.5}}
    web.post(url, json=slow).raise_for_status()
    before = town.served.sandbox("salesforce").counters.reads.total()
    command = [LEADSYNC, "sync", "--quiet", "--config", str(town.config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while town.served.sandbox("salesforce").counters.reads.total() == before and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    _, trouble = process.communicate(timeout=60)
    assert (process.returncode, b"Traceback" in trouble) == (code, False)
    assert town.run("sync")[0] == 0
    assert town.last_name(0) == "King"
    assert town.run("sync")[1]["updated"] == 0
