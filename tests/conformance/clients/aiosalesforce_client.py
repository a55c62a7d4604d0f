"""aiosalesforce at real work, asynchronously; prints what came through."""

import asyncio
import json
import sys
from urllib.parse import urlsplit

import httpx
from aiosalesforce import ClientCredentialsFlow, Salesforce
from aiosalesforce.exceptions import SalesforceError

url, client_id, client_secret = sys.argv[1:]
out = {}


class ToSandbox(httpx.AsyncHTTPTransport):
    """The client speaks to https://….my.salesforce.com; this carries it to the sandbox."""

    async def handle_async_request(self, request):
        there = urlsplit(url)
        request.url = request.url.copy_with(scheme="http", host=there.hostname, port=there.port)
        request.headers["host"] = there.netloc
        return await super().handle_async_request(request)


async def main():
    base = "https://sandbox.my.salesforce.com"
    async with httpx.AsyncClient(transport=ToSandbox()) as wire:
        auth = ClientCredentialsFlow(client_id, client_secret)
        sf = Salesforce(wire, base, auth=auth, version="62.0")
        out["leads"] = {r["Id"]: r["Email"] async for r in sf.query("SELECT Id, Email FROM Lead ORDER BY Id")}
        lead = await sf.sobject.create("Lead", {"LastName": "Aio", "Company": "Conformance"})
        out["made"] = lead
        await sf.sobject.update("Lead", lead, {"Title": "Async"})
        out["read"] = (await sf.sobject.get("Lead", lead, fields=["Title"]))["Title"]
        upsert = await sf.sobject.upsert("Lead", lead, "Id", {"Title": "Again"})
        out["upsert"] = [upsert.id == lead, upsert.created]
        rows = [
            {"LastName": f"A{n}", "Company": "C", "Email": "bad" if n == 3 else f"a{n}@conformance.example"}
            for n in range(10)
        ]
        result = await sf.bulk_v2.insert("Lead", rows)
        out["bulk"] = [len(result.successful_results), len(result.failed_results), len(result.unprocessed_records)]
        async with sf.composite.batch() as batch:
            query = batch.query("SELECT Id FROM Account LIMIT 3")
            get = batch.sobject.get("Lead", lead)
        out["batch"] = [len(query.records), get.record["Title"]]
        async with sf.composite(all_or_none=True) as composite:
            account = composite.sobject.create("Account", {"Name": "Aio"})
            contact = composite.sobject.create("Contact", {"LastName": "Aio", "AccountId": str(account.reference.id)})
        out["composite"] = [account.id[:3], contact.id[:3]]
        await sf.sobject.delete("Lead", lead)
        try:
            await sf.sobject.get("Lead", lead)
        except SalesforceError as error:
            out["gone"] = error.error_code


asyncio.run(main())
sys.stdout.write(json.dumps(out))
