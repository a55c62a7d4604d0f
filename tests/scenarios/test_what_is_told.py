"""What commands tell of an installation that is not as it was: a lost state, dropped rejects, closed gates,
sides that are gone, answers from a spreadsheet."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console
from tests.engine import Settings, Stage
from tests.scenarios.test_cycle import good_lead
from tests.scenarios.test_operator_commands import House, house, refuse_last_name

from leadsync.cli.main import cli
from leadsync.cli.show import cycle_text, one_line, summary
from leadsync.config import load
from leadsync.doctor import machine
from leadsync.errors import LeadsyncError
from leadsync.gates import Limits
from leadsync.memory import LIVE
from leadsync.records import Ref
from leadsync.store import Reject, Store
from leadsync.sync import Cycle, cycle

__all__ = ["house"]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_lost_state_is_told_as_lost_by_all_who_look(house: House) -> None:
    state = house.folder / "state.db"
    for file in house.folder.glob("state.db*"):
        if file.suffix != ".made":
            file.unlink()
    for command in (["status"], ["sync"], ["why", "ann@example.com"]):
        with pytest.raises(LeadsyncError, match=r"the state file is gone.*state rebuild"):
            house.say(*command)
    assert "is gone" in house.say("state", "rebuild")[1]
    (found,) = [check for check in machine(load(house.config)) if check.name == "state"]
    assert (found.state, "state rebuild" in f"{found.found} {found.fix}") == ("fail", True)
    assert not state.exists()


@pytest.mark.parametrize(
    "command",
    ["plan --cached", "plan --cached --twice", "undo --run last", "why-not ann@example.com phone",
     "rejects retry --all", "rejects drop 7", "audit", "flaps release hubspot/contacts/7 phone",
     "identity forget a/b/1 a/b/2", "conflicts resolve 7 phone --take hubspot"],
)  # fmt: skip
def test_who_asks_where_there_is_no_state_hears_so_and_begins_none(house: House, command: str) -> None:
    """In the wrong folder, or before the first run: "nothing to write" would be taken for an answer."""
    for file in house.folder.glob("state.db*"):
        file.unlink()
    with pytest.raises(LeadsyncError, match="no state yet"):
        house.say(*command.split())
    assert not (house.folder / "state.db").exists()


def test_a_reject_that_was_dropped_is_heard_of_no_more(house: House) -> None:
    refuse_last_name(house)
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[0] == 3
    assert house.run("status")[0] == 3
    house.run("rejects", "drop", house.lead)
    code, told = house.run("status")
    assert (code, told["rejects"]) == (0, [])
    assert house.say("rejects", "list")[1] == "0 rejects, and 1 dropped (--all shows them)\n"


@pytest.mark.parametrize("command", [["audit"], ["rejects", "retry", "--all"]], ids=" ".join)
def test_a_reject_that_is_sent_again_stands_until_the_crm_has_answered(house: House, command: list[str]) -> None:
    """An audit once a week lets refusals be tried again: they are still refusals, since when and how often."""
    refuse_last_name(house, times=2)
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[0] == 3
    (before,) = house.run("rejects", "list")[1]["rejects"]
    told = house.say(*command)[1]
    assert any(said in told for said in ("1 refused writes are sent again", "1 writes will be tried"))
    code, found = house.run("rejects", "list")
    assert (code, [(r["times"], r["again"]) for r in found["rejects"]]) == (3, [(1, True)])
    assert "the next run sends it again" in house.say("rejects", "list")[1]
    assert house.run("status")[0] == 3
    assert house.run("sync")[1]["rejected"] == 1
    (after,) = house.run("rejects", "list")[1]["rejects"]
    assert (after["times"], after["first"], after["again"]) == (2, before["first"], False)
    house.run(*command)
    assert house.run("sync")[1]["updated"] == 1
    assert house.run("rejects", "list") == (0, {"schema": 1, "rejects": []})


def test_a_reject_of_a_side_that_is_no_more_is_said_to_be_so(house: House) -> None:
    gone = Reject(Ref("pipedrive", "people", "7"), "read", "", "", "odd", "", (), {}, NOON, NOON, 1)
    with Store(house.folder / "state.db") as store, store.transaction():
        store.outbox.reject(gone)
    assert house.run("rejects", "retry", "--all")[1]["read"] == 0
    assert "pipedrive/people/7" in house.say("rejects", "list")[1]


def test_a_plan_behind_a_closed_gate_is_not_called_done(house: House) -> None:
    """Nothing to write, and a gate that is closed all the same: exit 2, as `sync`."""
    with Store(house.folder / "state.db") as store:
        store.note(LIVE, json.dumps([["salesforce", "Contact", 500]]))
    code, seen = house.run("plan")
    assert ([gate["name"] for gate in seen["gates"]], seen["steps"]) == (["empty"], [])
    assert (code, house.run("sync")[0]) == (2, 2)


def held(house: House) -> None:
    """A phone that was changed differently in both CRMs."""
    house.edit_hubspot(phone="111")
    house.edit_salesforce(Phone="größer als 222")
    house.run("sync")


@pytest.mark.parametrize(
    ("delimiter", "encoding"),
    [(",", "utf-8-sig"), (";", "utf-8"), (";", "utf-8-sig"), ("\t", "utf-16")],
    ids=["a byte order mark", "semicolons", "both", "Unicode text"],
)
def test_answers_come_back_from_a_spreadsheet(house: House, delimiter: str, encoding: str) -> None:
    held(house)
    file = house.folder / "c.csv"
    assert house.say("conflicts", "export", str(file))[0] == 0
    rows = list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    with file.open("w", encoding=encoding, newline="") as out:
        writer = csv.DictWriter(out, rows[0], delimiter=delimiter)
        writer.writeheader()
        writer.writerows({**row, "answer": "hubspot"} for row in rows)
    assert house.run("conflicts", "import", str(file))[1] == {"schema": 1, "answers": 1, "lines": 1}


def answer_in_a_sheet(house: House, answer: str) -> None:
    """Export the one conflict there is, answer it in the file, import that and sync."""
    file = house.folder / "c.csv"
    house.say("conflicts", "export", str(file))
    (row,) = csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines())
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, row)
        writer.writeheader()
        writer.writerow({**row, "answer": answer})
    assert house.run("conflicts", "import", str(file))[0] == 0
    house.run("sync")


@pytest.mark.parametrize(("answer", "value"), [(": 333", "333"), ("=333", "333"), (":", None)])
def test_an_answer_may_be_the_value_itself(house: House, answer: str, value: str | None) -> None:
    held(house)
    answer_in_a_sheet(house, answer)
    assert house.in_salesforce()["Phone"] == value


@pytest.mark.parametrize(
    ("content", "says"),
    [("lead,answer\n1,fällt\n".encode("latin-1"), "UTF-8"), (b"lead,field\n1,2\n", "answer"), (b"", "empty")],
    ids=["another encoding", "no answers", "empty"],
)
def test_a_file_that_is_no_export_is_refused(house: House, content: bytes, says: str) -> None:
    file = house.folder / "c.csv"
    file.write_bytes(content)
    for command in (["conflicts", "import", str(file)], ["resolve", "review", "--import", str(file)]):
        with pytest.raises(LeadsyncError, match=rf"(?s)c\.csv.*{says}"):
            house.say(*command)


def told(done: Cycle, stage: Stage) -> tuple[str, str]:
    """(a line of the log, what `leadsync sync` prints)."""
    out = Console(file=StringIO(), width=200)
    cycle_text(out, done, stage.sides)
    assert isinstance(out.file, StringIO)
    return one_line(done, stage.sides), out.file.getvalue()


def test_a_run_that_was_stopped_says_what_it_left(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    for number in range(8):
        good_lead(stage, number)
    done = stage.run(stop=lambda: stage.hubspot.usage.writes >= 1)
    assert done.pushed is not None
    left = len(done.pushed.unsent)
    log, text = told(done, stage)
    assert f"{left} not sent" in log
    assert f"{left} writes were not sent, for the run was stopped" in text
    assert summary(done, stage.sides)["unsent"] == left


def test_a_first_run_that_only_takes_stock_says_so(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    good_lead(stage)
    with stage.state() as store:
        world = stage.world(store, stage.sides)
        cautious = replace(world, config=Settings(sync=Limits(baseline_first=True)))  # type: ignore[arg-type]
        done = cycle(cautious, write=True)
    log, text = told(done, stage)
    assert "nothing to write" not in log
    assert "took stock" in log
    assert "took stock" in text


def test_what_holds_personal_data_is_ours_alone_also_where_a_file_was_there(house: House) -> None:
    """A spreadsheet saved the last export so that everybody may read it."""
    files = {name: house.folder / name for name in ("conflicts", "rejects", "plan", "review")}
    for file in files.values():
        file.write_text("", encoding="utf-8")
        file.chmod(0o644)
    for name in ("conflicts", "rejects"):
        house.say(name, "export", str(files[name]))
    house.run("plan", "-o", str(files["plan"]))
    house.run("resolve", "review", "--export", str(files["review"]))
    assert {name: oct(file.stat().st_mode & 0o777) for name, file in files.items()} == dict.fromkeys(files, "0o600")


def test_a_kept_plan_for_a_side_that_is_no_more_is_refused_with_its_name(house: House) -> None:
    file = house.folder / "p.json"
    house.edit_hubspot(lastname="King")
    house.run("plan", "-o", str(file))
    file.write_text(file.read_text(encoding="utf-8").replace('"salesforce"', '"pipedrive"'), encoding="utf-8")
    with pytest.raises(LeadsyncError, match=r"pipedrive.*not configured"):
        house.run("apply", str(file))


def test_commands_of_the_register_read_what_windows_saves(house: House) -> None:
    house.config.write_bytes(b"\xef\xbb\xbf" + house.config.read_bytes())
    assert house.run("status")[0] == 0
    with pytest.raises(LeadsyncError, match="no register here"):
        house.say("gleif", "status")


@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%SZ", "%Y-%m-%d %H:%MZ", "%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%d"])
def test_undo_reads_times_as_status_and_timeline_tell_them(house: House, form: str) -> None:
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[1]["updated"] == 1
    started = datetime.fromisoformat(house.run("status")[1]["runs"][0]["started"])
    code, found = house.run("undo", "--since", started.strftime(form), "--field", "last_name")
    assert (code, len(found["steps"])) == (2, 1)


def test_undo_counts_a_time_with_its_zone(house: House) -> None:
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[1]["updated"] == 1
    later = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    assert house.run("undo", "--since", f"{later}+05:00", "--field", "last_name")[0] == 2


@pytest.mark.parametrize(("ago", "rows"), [("2h", 1), ("1d", 1), ("0s", None)])
def test_undo_reads_how_long_ago(house: House, ago: str, rows: int | None) -> None:
    house.edit_hubspot(lastname="King")
    assert house.run("sync")[1]["updated"] == 1
    if rows is None:
        with pytest.raises(LeadsyncError, match="wrote nothing of last_name since"):
            house.run("undo", "--since", ago, "--field", "last_name")
        return
    code, found = house.run("undo", "--since", ago, "--field", "last_name")
    assert (code, len(found["steps"])) == (2, rows)


def test_undo_shows_a_blank_as_one(house: House) -> None:
    house.edit_hubspot(city="Ulm")
    house.run("sync")
    assert "City: 'Ulm' → ''" in house.say("undo", "--run", "last")[1]


@pytest.mark.parametrize("text", ["yesterday", "2 fortnights", "999999w", "2026-13-01", "0001-01-01T00:00:00+05:00"])
def test_undo_refuses_what_is_no_moment(house: House, text: str) -> None:
    with pytest.raises(click.BadParameter, match="is no moment: write 2026"):
        house.run("undo", "--since", text)


@pytest.mark.parametrize("what", ["rejects", "conflicts", "flaps", "identity"])
def test_a_group_that_lists_does_so_alone(house: House, what: str) -> None:
    assert house.run(what) == house.run(what, "list")
    assert "Without a command: list." in CliRunner().invoke(cli, [what, "--help"]).output
