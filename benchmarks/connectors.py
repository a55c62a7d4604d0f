"""What a lead costs to pull and to push, in CPU microseconds of this process, beside the plain SDKs in the same run.

    python -m benchmarks.connectors --leads 5000

Both sandboxes run in a process of their own and are not counted. Each figure is the best of three runs. Calls and TCP
connections are counted at the server.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import hubspot
import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

from leadsync.connector import Outcome, Write
from leadsync.sandbox import Serving
from leadsync_hubspot import HubSpot, HubSpotSettings
from leadsync_hubspot.records import SOURCES, decode
from leadsync_hubspot.refusals import parsed
from leadsync_hubspot.sandbox import HubSpotSandbox
from leadsync_salesforce import SalesforceCrm, SalesforceSandbox, SalesforceSettings
from leadsync_salesforce.sandbox.ids import generated

RUNS = 3
AIM = 10
LIST_MODEL = "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging"
"""What hubspot-api-client makes of a page of the list."""

HUBSPOT_FIELDS = (
    "email firstname lastname phone mobilephone jobtitle company website city state zip country lifecyclestage "
    "hs_lead_status hubspot_owner_id hs_analytics_source industry address numemployees annualrevenue"
).split()
SALESFORCE_FIELDS = (
    "Email FirstName LastName Phone MobilePhone Title Company Website City State PostalCode Country Status "
    "LeadSource Rating Industry Street NumberOfEmployees AnnualRevenue IsConverted"
).split()


@dataclass(frozen=True, slots=True)
class Cost:
    """One way of doing it: CPU microseconds per lead, API calls and TCP connections of one run."""

    micros: float
    calls: int
    connections: int


def _serve(leads: int) -> None:
    """Serve both sandboxes until standard input ends."""
    crm, org = HubSpotSandbox(), SalesforceSandbox()
    companies = [{"id": str(n), "properties": {"name": f"Company {n}"}} for n in range(1, leads // 10 + 2)]
    contacts = [_contact(n) for n in range(1, leads + 1)]
    ties = [["contacts", c["id"], "companies", companies[n // 10]["id"]] for n, c in enumerate(contacts)]
    crm.seed({"objects": {"contacts": contacts, "companies": companies}, "associations": ties})
    org.seed({"objects": {"Lead": [_lead(n) for n in range(1, leads + 1)]}})
    with Serving(crm) as left, Serving(org) as right:
        told = {
            "hubspot": {"url": left.url, **crm.credentials()},
            "salesforce": {"url": right.url, **org.credentials()},
        }
        print(json.dumps(told), flush=True)
        sys.stdin.read()


def _contact(number: int) -> dict[str, Any]:
    values = {
        "email": f"lead{number}@example.com",
        "firstname": "Anna",
        "lastname": f"Müller {number}",
        "phone": "+49 89 1234567",
        "jobtitle": "Head of Procurement",
        "company": "Example Aktiengesellschaft",
        "city": "München",
        "country": "Germany",
        "lifecyclestage": "lead",
    }
    return {"id": str(10_000 + number), "properties": values}


def _lead(number: int) -> dict[str, Any]:
    values = {
        "Email": f"lead{number}@example.com",
        "FirstName": "Anna",
        "LastName": f"Müller {number}",
        "Phone": "+49 89 1234567",
        "Title": "Head of Procurement",
        "Company": "Example Aktiengesellschaft",
        "City": "München",
        "Country": "Germany",
    }
    return {"Id": generated("00Q", number), **values}


@contextmanager
def serving(leads: int) -> Iterator[dict[str, dict[str, str]]]:
    """The sandboxes in a process of their own; where they are and how to get in."""
    command = [sys.executable, "-m", "benchmarks.connectors", "--serve", "--leads", str(leads)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[1]) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        yield json.loads(run.stdout.readline())
        run.stdin.close()


class ToSandbox(HTTPAdapter):
    """simple-salesforce speaks to https://… alone; this sends it to the sandbox."""

    def __init__(self, url: str) -> None:
        self._there = urlsplit(url)
        super().__init__()

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        """Change the address and no more."""
        asked = urlsplit(request.url)
        request.url = urlunsplit((self._there.scheme, self._there.netloc, asked.path, asked.query, asked.fragment))
        return super().send(request, *args, **options)


def clock() -> datetime:
    """The time."""
    return datetime.now(UTC)


def cost(control: httpx.Client, leads: int, work: Callable[[int], int]) -> Cost:
    """Run the work `RUNS` times; it gives how many leads it did, which must be all."""
    found: list[Cost] = []
    for run in range(RUNS):
        control.delete("/__sandbox__/counters")
        start = time.process_time()
        done = work(run)
        spent = time.process_time() - start
        assert done == leads, f"{done} leads of {leads}"
        told = control.get("/__sandbox__/counters").json()
        calls = told["reads"]["total"] + told["writes"]["total"]
        found.append(Cost(spent / leads * 1e6, calls, told["connections"]))
    return min(found, key=lambda one: one.micros)


def batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of `size`."""
    rest = iter(items)
    while part := list(itertools.islice(rest, size)):
        yield part


def hubspot_ways(place: dict[str, str], leads: int) -> dict[str, Callable[[int], int]]:
    """Pull and push of HubSpot, ours and the SDK's own."""
    settings = HubSpotSettings(url=place["url"], token=SecretStr(place["token"]))
    ids = [str(10_000 + number) for number in range(1, leads + 1)]

    def pull(_: int) -> int:
        crm = HubSpot(settings, clock, "hubspot")
        count = sum(len(page.records) for page in crm.pull("contacts", "", HUBSPOT_FIELDS))
        crm.close()
        return count

    def sdk_pull(_: int) -> int:
        api = hubspot.Client.create(access_token=place["token"], host=place["url"]).crm.contacts.basic_api
        after, count = None, 0
        while True:
            page = api.get_page(limit=100, after=after, properties=HUBSPOT_FIELDS, associations=["companies"])
            count += len(page.results)
            if page.paging is None:
                return count
            after = page.paging.next.after

    def push(run: int) -> int:
        crm = HubSpot(settings, clock, "hubspot")
        writes = (Write(i, "contacts", i, {"jobtitle": f"Ours {run}", "city": "Ulm", "phone": None}) for i in ids)
        receipts = [r for part in batches(writes, crm.batch_size) for r in crm.write("contacts", part)]
        crm.close()
        return sum(r.outcome is Outcome.DONE for r in receipts)

    def sdk_push(run: int) -> int:
        api = hubspot.Client.create(access_token=place["token"], host=place["url"]).crm.contacts.batch_api
        inputs = ({"id": i, "properties": {"jobtitle": f"SDK {run}", "city": "Ulm", "phone": ""}} for i in ids)
        return sum(len(api.update({"inputs": part}).results) for part in batches(inputs, 100))

    return {"pull": pull, "pull, SDK": sdk_pull, "push": push, "push, SDK": sdk_push, **_decoding(place)}


def _decoding(place: dict[str, str]) -> dict[str, Callable[[int], int]]:
    """From the bytes of the list's pages to records, and to the SDK's models: what the model layer alone costs."""
    query = {"limit": "100", "associations": "companies", "properties": ",".join(HUBSPOT_FIELDS)}
    bodies: list[bytes] = []
    with httpx.Client(base_url=place["url"], headers={"authorization": f"Bearer {place['token']}"}) as wire:
        while True:
            reply = wire.get("/crm/v3/objects/contacts", params=query)
            bodies.append(reply.content)
            if (more := reply.json().get("paging")) is None:
                break
            query["after"] = more["next"]["after"]
    source = SOURCES["contacts"]
    client = hubspot.Client.create(access_token=place["token"], host=place["url"]).crm.contacts.basic_api.api_client

    def ours(_: int) -> int:
        pages = (parsed(body)["results"] for body in bodies)
        return sum(1 for page in pages for item in page if decode("hubspot", source, item, HUBSPOT_FIELDS))

    def models(_: int) -> int:
        pages = (client.deserialize(SimpleNamespace(data=body.decode()), LIST_MODEL) for body in bodies)
        return sum(len(page.results) for page in pages)

    return {"decode": ours, "decode, SDK": models}


def salesforce_ways(place: dict[str, str], leads: int) -> dict[str, Callable[[int], int]]:
    """Pull and push of Salesforce, ours and the SDK's own; the SDK's push reads nothing back."""
    secret = SecretStr(place["client_secret"])
    settings = SalesforceSettings(url=place["url"], client_id=place["client_id"], client_secret=secret)
    ids = [generated("00Q", number) for number in range(1, leads + 1)]

    def sdk() -> Salesforce:
        session = requests.Session()
        session.mount("https://", ToSandbox(place["url"]))
        key, password = place["client_id"], place["client_secret"]
        return Salesforce(consumer_key=key, consumer_secret=password, domain="sandbox.my", session=session)

    def pull(_: int) -> int:
        crm = SalesforceCrm(settings, clock, "salesforce")
        count = sum(len(page.records) for page in crm.pull("Lead", "", SALESFORCE_FIELDS))
        crm.close()
        return count

    def sdk_pull(_: int) -> int:
        soql = f"SELECT Id, SystemModstamp, {', '.join(SALESFORCE_FIELDS)} FROM Lead ORDER BY SystemModstamp, Id"
        return sum(1 for _ in sdk().query_all_iter(soql))

    def pushed(run: int, how: SalesforceSettings) -> int:
        crm = SalesforceCrm(how, clock, "salesforce", sleep=lambda _: None)  # the sandbox's jobs end when looked at
        writes = (Write(i, "Lead", i, {"Title": f"Ours {run}", "City": "Ulm", "Phone": None}) for i in ids)
        size = crm.batch_for("Lead", leads, 0)
        receipts = [r for part in batches(writes, size) for r in crm.write("Lead", part)]
        crm.close()
        return sum(r.outcome is Outcome.DONE for r in receipts)

    def push(run: int) -> int:
        return pushed(run, settings.model_copy(update={"bulk_from": leads + 1}))

    def bulk(run: int) -> int:
        return pushed(RUNS + run, settings.model_copy(update={"bulk_from": 1}))

    def sdk_push(run: int) -> int:
        sf, done = sdk(), 0
        values = {"attributes": {"type": "Lead"}, "Title": f"SDK {run}", "City": "Ulm", "Phone": None}
        for part in batches(({"id": i, **values} for i in ids), 200):
            body = {"allOrNone": False, "records": part}
            done += sum(r["success"] for r in sf.restful("composite/sobjects", method="PATCH", json=body))
        return done

    return {"pull": pull, "pull, SDK": sdk_pull, "push": push, "push, bulk": bulk, "push, SDK": sdk_push}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when reading HubSpot's pages costs more than a tenth of what the SDK's models do."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.connectors", description=__doc__)
    parser.add_argument("--leads", type=int, default=5000)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        _serve(given.leads)
        return 0
    ratio = 0.0
    with serving(given.leads) as places:
        print(f"{given.leads} leads; CPU microseconds per lead, calls, TCP connections")
        for vendor, ways in (("hubspot", hubspot_ways), ("salesforce", salesforce_ways)):
            with httpx.Client(base_url=places[vendor]["url"], trust_env=False, timeout=60) as control:
                control.get("/__sandbox__/counters")
                costs = {n: cost(control, given.leads, work) for n, work in ways(places[vendor], given.leads).items()}
            for name, one in costs.items():
                print(f"{vendor:<11} {name:<11} {one.micros:>9.1f} {one.calls:>6} {one.connections:>4}")
            for what in (name for name in costs if f"{name}, SDK" in costs):
                times = costs[f"{what}, SDK"].micros / costs[what].micros
                ratio = times if what == "decode" else ratio
                print(f"{vendor:<11} {what}: the SDK takes {times:.1f} times ours")
    return int(ratio < AIM)


if __name__ == "__main__":
    sys.exit(main())
