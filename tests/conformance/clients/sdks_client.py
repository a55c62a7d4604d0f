"""Both SDKs that leadsync is built on, as any user holds them; prints what came through."""

import json
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import hubspot
import requests
from hubspot.crm.contacts.exceptions import ApiException
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceError

hubspot_url, token, salesforce_url, client_id, secret = sys.argv[1:]
out = {}


class ToSandbox(HTTPAdapter):
    """simple-salesforce writes https:// before every address it is given; this takes it away again."""

    def send(self, request, **options):
        there, asked = urlsplit(salesforce_url), urlsplit(request.url)
        request.url = urlunsplit((there.scheme, there.netloc, asked.path, asked.query, asked.fragment))
        return super().send(request, **options)


client = hubspot.Client.create(access_token=token, host=hubspot_url)
contacts = client.crm.contacts
out["contacts"] = {c.id: c.properties["email"] for c in contacts.get_all(properties=["email"])}
search = {"filterGroups": [{"filters": [{"propertyName": "email", "operator": "HAS_PROPERTY"}]}], "limit": 200}
page = contacts.search_api.do_search(search)
out["searched"] = [page.total, len(page.results), page.paging.next.after]
made = contacts.basic_api.create({"properties": {"email": "py@conformance.example"}})
inputs = [{"id": made.id, "properties": {"city": "Ulm"}}, {"id": "999999", "properties": {"city": "Bonn"}}]
half = contacts.batch_api.update({"inputs": inputs})
out["half"] = [type(half).__name__, len(half.results), half.num_errors]
out["history"] = [
    entry.value
    for entry in contacts.basic_api.get_by_id(made.id, properties_with_history=["city"]).properties_with_history["city"]
]
inputs = [{"id": "py@conformance.example", "idProperty": "email", "properties": {"city": "Kiel"}}]
out["upsert"] = [c.new for c in contacts.batch_api.upsert({"inputs": inputs}).results]
out["made"] = made.id
for attempt in (lambda: contacts.basic_api.create({"properties": {"email": "py@conformance.example"}}),):
    try:
        attempt()
    except ApiException as error:
        out["refused"] = [error.status, json.loads(error.body)["category"]]

session = requests.Session()
session.mount("https://", ToSandbox())
sf = Salesforce(consumer_key=client_id, consumer_secret=secret, domain="sandbox.my", session=session, version="62.0")
out["leads"] = {r["Id"]: r["Email"] for r in sf.query_all_iter("SELECT Id, Email FROM Lead")}
out["fields"] = len(sf.Lead.describe()["fields"])
lead = sf.Lead.create({"LastName": "Simple", "Company": "Conformance"})["id"]
sf.Lead.update(lead, {"Email": "simple@conformance.example"})
out["read"] = sf.Lead.get(lead)["Email"]
out["by other key"] = sf.restful(f"sobjects/Lead/{lead}")["Id"] == lead
now = datetime.now(UTC)
out["updated"] = lead in sf.Lead.updated(now - timedelta(hours=1), now + timedelta(minutes=5))["ids"]
rows = [
    {"LastName": f"S{n}", "Company": "C", "Email": "bad" if n == 7 else f"s{n}@conformance.example"} for n in range(20)
]
saved = sf.bulk2.Lead.insert(records=rows, wait=0.05)[0]
out["bulk"] = [saved["numberRecordsProcessed"], saved["numberRecordsFailed"]]
out["failed"] = "INVALID_EMAIL_ADDRESS" in sf.bulk2.Lead.get_failed_records(saved["job_id"])
pages = sf.bulk2.Lead.query("SELECT Id FROM Lead", wait=0.05)
out["bulk rows"] = sum(line.strip('"').startswith("00Q") for page in pages for line in page.splitlines())
body = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, "id": lead, "Company": "New"}]}
out["collection"] = [r["success"] for r in sf.restful("composite/sobjects", method="PATCH", json=body)]
out["lead"] = lead
out["limits"] = sf.limits()["DailyApiRequests"]["Remaining"] > 0
sf.Lead.delete(lead)
for name, attempt in {
    "gone": lambda: sf.Lead.get(lead),
    "field": lambda: sf.query("SELECT Nonsense FROM Lead"),
    "missing": lambda: sf.Lead.create({"LastName": "X"}),
}.items():
    try:
        attempt()
    except SalesforceError as error:
        out.setdefault("errors", {})[name] = [error.status, error.content[0]["errorCode"]]
sys.stdout.write(json.dumps(out))
