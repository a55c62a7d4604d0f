"""Real runs of the command, killed by the kernel at moments chosen by chance, against the sandboxes over HTTP.

The long form starts the installed command each time. The bounded one forks it from a process that has it loaded: what
runs and is killed is the same, and only the start of the interpreter is saved.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.web import web

from leadsync.rehearsal import Rehearsal, rehearse, write_config
from proofs.folder import scratch
from proofs.report import Report
from proofs.starter import Command, Starter

CI_KILLS = 20
LONG_KILLS = 200
PEOPLE = 24
MOST_RUNS = 3
"""Runs within which a killed one must have been finished."""

WRITING = 0.5
"""The share of the kills that are aimed at what follows a run's first write; half of these must fall there."""

HUBSPOT = "[connector.hubspot]\n"
UNHURRIED = f"{HUBSPOT}search_limit = 1000\nburst_limit = 10000\n"
"""Without HubSpot's limits: else most of a run is waiting."""

LEADSYNC = Path(sys.executable).parent / "leadsync"
LEAD = "00Q5g00000000{:02d}EAA"


def seed_file(folder: Path) -> Path:
    """People in both CRMs, and some in HubSpot alone who are to be created in Salesforce."""
    now = "2026-11-20T08:00:00.000Z"
    times = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    contacts, leads, submissions = [], [], []
    for n in range(PEOPLE):
        contact, submission = newcomer(n, now)
        contacts.append(contact)
        submissions.append(submission)
        if n % 2:
            mail = f"p{n}@acme.example"
            own = {"Email": mail, "FirstName": f"Ann{n}", "LastName": f"Lee{n}", "Title": "CTO", "Company": "Acme"}
            leads.append({"Id": LEAD.format(n), "Phone": f"+44 20 7946 00{n:02d}", **own, **times})
    forms = [{"guid": "f-1", "name": "Request a demo"}]
    hubspot = {"objects": {"contacts": contacts}, "forms": forms, "submissions": submissions}
    path = folder / "seed.json"
    path.write_text(json.dumps({"hubspot": hubspot, "salesforce": {"objects": {"Lead": leads}}}), encoding="utf-8")
    return path


def newcomer(number: int, now: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Somebody as HubSpot knows them, and the form that they filled in."""
    n, mail = number, f"p{number}@acme.example"
    person = {"email": mail, "firstname": f"Ann{n}", "lastname": f"Lee{n}", "jobtitle": "CTO", "company": "Acme"}
    contact = {"id": str(1000 + n), "properties": person, "createdAt": now, "updatedAt": now}
    return contact, {"form": "f-1", "email": mail, "submittedAt": now, "pageUrl": "/"}


@dataclass
class Office:
    """The sandboxes, a configuration, and what people typed last: HubSpot's titles and Salesforce's phones."""

    folder: Path
    rehearsal: Rehearsal
    starter: Starter | None = None
    titles: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    people: int = PEOPLE

    def start(self, *arguments: str) -> subprocess.Popen[str] | Command:
        """A command in a process of its own."""
        if self.starter is not None:
            return self.starter.start(self.folder, arguments)
        return subprocess.Popen(  # noqa: S603  our own command
            [LEADSYNC, *arguments], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str) -> str:
        """A command to its end; raises AssertionError when it fails."""
        process = self.start(*arguments)
        told, trouble = process.communicate()
        assert process.returncode == 0, f"{arguments} ended with {process.returncode}: {trouble[-800:]}"
        return told

    def seen(self) -> int:
        """Requests that reached the CRMs."""
        both = [self.rehearsal.sandbox(name).counters for name in ("hubspot", "salesforce")]
        return sum(c.reads.total() + c.writes.total() for c in both)

    def written(self) -> int:
        """Write requests that reached the CRMs."""
        return sum(self.rehearsal.sandbox(name).counters.writes.total() for name in ("hubspot", "salesforce"))

    def edit(self, chance: random.Random) -> None:
        """A person types a title in HubSpot and a phone number in Salesforce."""
        ends = self.rehearsal.endpoints()
        contact = str(1000 + chance.randrange(PEOPLE))
        self.titles[contact] = f"Title {chance.randrange(10_000)}"
        headers = {"Authorization": f"Bearer {ends['hubspot']['token']}"}
        body = {"properties": {"jobtitle": self.titles[contact]}}
        url = f"{ends['hubspot']['url']}/crm/v3/objects/contacts/{contact}"
        web.patch(url, headers=headers, json=body).raise_for_status()
        lead = LEAD.format(chance.randrange(1, PEOPLE, 2))
        self.phones[lead] = f"+44 20 {chance.randrange(1000, 9999)} {chance.randrange(1000, 9999)}"
        self.salesforce("PATCH", f"/sobjects/Lead/{lead}", json={"Phone": self.phones[lead]})

    def arrive(self) -> None:
        """Somebody fills in the form, whom Salesforce does not know: the next run is to create a lead."""
        sandbox = self.rehearsal.sandbox("hubspot")
        contact, submission = newcomer(self.people, f"{sandbox.clock():%Y-%m-%dT%H:%M:%S.000Z}")
        sandbox.seed({"objects": {"contacts": [contact]}, "submissions": [submission]})
        self.people += 1

    def salesforce(self, method: str, path: str, **rest: Any) -> Any:
        """A person's request to Salesforce."""
        end = self.rehearsal.endpoints()["salesforce"]
        form = {"grant_type": "client_credentials"} | {k: end[k] for k in ("client_id", "client_secret")}
        token = web.post(f"{end['url']}/services/oauth2/token", data=form).json()["access_token"]
        url = f"{end['url']}/services/data/v62.0{path}"
        answer = web.request(method, url, headers={"Authorization": f"Bearer {token}"}, **rest)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def kill(office: Office, chance: random.Random, reading: float, writing: float) -> tuple[bool, bool]:
    """Start a run, wait for its first request, or for its first write, and then for a moment, and kill it; whether it
    was still alive, and had begun to write."""
    late = chance.random() < WRITING
    written, process = office.written(), begun(office, office.written if late else office.seen)
    time.sleep(chance.uniform(0, writing if late else reading))
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive, alive and office.written() > written


def begun(office: Office, count: Callable[[], int]) -> subprocess.Popen[str] | Command:
    """A run that has just made the first request of those that count, or has ended."""
    before, process = count(), office.start("sync", "--quiet")
    while count() == before and process.poll() is None:
        time.sleep(0.002)
    return process


def durations(office: Office) -> tuple[float, float]:
    """Seconds from a run's first request to its first write, and from there to its end."""
    process, began, before = begun(office, office.seen), time.monotonic(), office.written()
    while office.written() == before and process.poll() is None:
        time.sleep(0.002)
    wrote = time.monotonic()
    process.communicate()
    return wrote - began, time.monotonic() - wrote


def something(office: Office, chance: random.Random) -> None:
    """People give the next run something to do of each kind: two edits, and a lead to be created."""
    office.edit(chance)
    office.arrive()


def prove(*, long: bool = False, seed: int = 0, kills: int | None = None) -> Report:
    """Kill runs while people edit, then let the last ones finish."""
    report = Report("effectively once, with real kills of the command")
    wanted = kills if kills is not None else LONG_KILLS if long else CI_KILLS
    chance = random.Random(seed)  # noqa: S311  repeatable moments, as far as a clock is
    with scratch() as folder, ExitStack() as stack:
        starter = None if long else stack.enter_context(Starter())
        rehearsal = stack.enter_context(rehearse(str(seed_file(folder))))
        config = write_config(folder / "home", rehearsal)
        text = config.read_text(encoding="utf-8").replace(
            HUBSPOT, HUBSPOT + "search_limit = 1000\nburst_limit = 10000\n"
        )
        config.write_text(text + "\n[resolve]\nenabled = false\n", encoding="utf-8")
        office = Office(folder / "home", rehearsal, starter)
        office.run("provision")
        office.run("sync", "--quiet")  # the first one is not like the others: it only gets to know the records
        something(office, chance)
        reading, writing = durations(office)
        done = tries = late = 0
        while done < wanted and tries < 3 * wanted:
            something(office, chance)
            alive, wrote = kill(office, chance, reading, writing)
            done, late, tries = done + alive, late + wrote, tries + 1
        report.reach("runs killed in mid-work", done, wanted)
        report.reach("of these, that had begun to write", late, int(wanted * WRITING / 2))
        _finish(office, report)
        _judge(office, report)
    return report


def _finish(office: Office, report: Report) -> None:
    for number in range(MOST_RUNS):
        before = office.written()
        office.run("sync", "--quiet")
        if office.written() == before:
            report.figures["runs that wrote until all was done"] = number
            return
    report.require(False, "the runs never come to rest")  # noqa: FBT003


def _judge(office: Office, report: Report) -> None:
    contacts = office.rehearsal.sandbox("hubspot").dump()["objects"]["contacts"]
    held = {str(c["id"]): c["properties"] for c in contacts}
    soql = "SELECT Id, Email, Title, Phone, LeadSync_Id__c FROM Lead"
    leads = office.salesforce("GET", "/query", params={"q": soql})["records"]
    by_mail = {lead["Email"]: lead for lead in leads}
    twice = {key: n for key, n in Counter(lead["LeadSync_Id__c"] for lead in leads).items() if n > 1}
    report.require(twice == {}, f"created twice: {twice}")
    people = office.people
    report.require(len(leads) == len(by_mail) == people, f"{len(leads)} leads for {people} people")
    for ident, title in office.titles.items():
        there = by_mail[held[ident]["email"]]["Title"]
        report.require(held[ident]["jobtitle"] == title == there, f"{ident}: {title!r} became {there!r}")
    phones = {c["email"]: c.get("phone") for c in held.values()}
    for lead in leads:
        typed = office.phones.get(lead["Id"])
        fine = typed is None or _digits(lead["Phone"]) == _digits(typed) == _digits(phones[lead["Email"]])
        report.require(fine, f"{lead['Id']}: {typed!r} became {lead['Phone']!r} and {phones[lead['Email']]!r}")
    report.figures["edits of people, all in force on both sides"] = len(office.titles) + len(office.phones)
    report.figures["records created, each once"] = len(leads) - PEOPLE // 2


def _digits(text: str | None) -> str:
    return "".join(filter(str.isdigit, text or ""))
