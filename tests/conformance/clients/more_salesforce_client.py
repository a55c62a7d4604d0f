"""Older ways to speak to Salesforce, unmodified clients: SOAP login, Bulk API 1.0, SOSL; prints what came through."""

import json
import sys
from urllib.parse import urlsplit, urlunsplit

import requests
import requests.adapters
from salesforce_api import Salesforce as Api
from salesforce_bulk import CsvDictsAdapter, SalesforceBulk
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed, SalesforceGeneralError

url, client_id, secret, username, password = sys.argv[1:]
out = {}
_send = requests.adapters.HTTPAdapter.send


def send(self, request, *args, **kwargs):
    """The clients write https:// and Salesforce's hosts before every path; this carries them to the sandbox."""
    there, asked = urlsplit(url), urlsplit(request.url)
    request.url = urlunsplit((there.scheme, there.netloc, asked.path, asked.query, asked.fragment))
    return _send(self, request, *args, **kwargs)


requests.adapters.HTTPAdapter.send = send


def refused(version):
    try:
        Salesforce(username=username, password=password, security_token="TOKEN", version=version)
    except SalesforceAuthenticationFailed as error:
        return error.code
    return None


out["login"] = refused("59.0")
requests.post(f"{url}/__sandbox__/seed", json={"settings": {"soap_login": True}}, timeout=5).raise_for_status()
out["login from 65"] = refused("66.0")
sf = Salesforce(username=username, password=password, security_token="TOKEN", version="59.0")

# simple-salesforce: what the other conformance test leaves out
out["sandbox"] = sf.is_sandbox()
out["objects"] = sorted(one["name"] for one in sf.describe()["sobjects"])
out["search"] = {r["Id"] for r in sf.search("FIND {Siemens} RETURNING Account(Id, Name)")["searchRecords"]}
out["quick"] = len(sf.quick_search("Siemens")["searchRecords"])
out["tooling"] = sf.toolingexecute("query?q=SELECT+Id+FROM+CustomField")["totalSize"]
made = sf.bulk.Lead.insert([{"LastName": "One", "Company": "C"}, {"LastName": "Two"}])
out["bulk insert"] = [[one["success"], [e["statusCode"] for e in one["errors"]]] for one in made]
one = made[0]["id"]
out["bulk update"] = sf.bulk.Lead.update([{"Id": one, "Title": "Bulk"}])[0]["success"]
rows = sf.bulk.Lead.query("SELECT Id, Title, CreatedDate FROM Lead")
out["bulk query"] = {row["Id"]: row["Title"] for row in rows}
out["times"] = {type(row["CreatedDate"]).__name__ for row in rows}
detailed = sf.bulk.submit_dml("Lead", "update", [{"Id": one, "City": "Ulm"}], include_detailed_results=True)
out["detailed"] = [detailed[0]["City"], detailed[0]["success"]]
out["bulk delete"] = sf.bulk.Lead.delete([{"Id": one}])[0]["success"]
try:
    sf.bulk.Lead.query("SELECT Nonsense FROM Lead")
except SalesforceGeneralError as error:
    out["bulk refused"] = "INVALID_FIELD" in str(error)

# salesforce-bulk: CSV, JSON and XML batches
bulk = SalesforceBulk(sessionId=sf.session_id, host="sandbox.my.salesforce.com", API_version="59.0")
job = bulk.create_insert_job("Lead", contentType="CSV")
batch = bulk.post_batch(
    job, CsvDictsAdapter(iter([{"LastName": "Csv", "Company": "C"}, {"LastName": "", "Company": "C"}]))
)
bulk.close_job(job)
bulk.wait_for_batch(job, batch)
out["csv"] = [[r.success, r.error.partition(":")[0]] for r in bulk.get_batch_results(batch, job)]
out["queried"] = {}
for kind in ("CSV", "JSON", "XML"):
    job = bulk.create_query_job("Account", contentType=kind)
    batch = bulk.query(job, "SELECT Id, Name FROM Account")
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch)
    out["queried"][kind] = sum(r.read().decode().count("001") > 0 for r in bulk.get_all_results_for_query_batch(batch))

# salesforce-api: single records and Bulk API 2.0 under its own version
api = Api(access_token=sf.session_id, domain="sandbox.my.salesforce.com", api_version="59.0")
out["api"] = len(api.sobjects.query("SELECT Id FROM Lead"))
ident = api.sobjects.Lead.insert({"LastName": "Api", "Company": "C"})["id"]
out["api update"] = api.sobjects.Lead.update(ident, {"Title": "Api"})
out["api read"] = api.sobjects.Lead.get(ident)["Title"]
loaded = api.bulk.insert("Lead", [{"LastName": "B", "Company": "C"}, {"LastName": "", "Company": "C"}])
out["api bulk"] = sorted(type(one).__name__ for one in loaded)

sys.stdout.write(json.dumps({key: sorted(v) if isinstance(v, set) else v for key, v in out.items()}))
