"""What a recorded exchange with HubSpot implies about the account, and how to ask again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.replay.exchange import Exchange

from leadsync.sandbox import Serving
from leadsync_hubspot.sandbox import HubSpotSandbox

LEGACY = re.compile(r"/(contacts|properties|crm-associations)/v1/")
CONTACT = re.compile(r"/contacts/v1/contact/(?:vid|email|createOrUpdate/email)/([^/]+)")
TIED = re.compile(r"/crm-associations/v1/associations/(\d+)/HUBSPOT_DEFINED/1")
NEWER = ("url",)
"""Keys of a record that HubSpot sends today and did not when the traffic was recorded."""

TYPES = {"string": "text", "number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox"}


def out_of_scope(_exchange: Exchange) -> str | None:
    """Why an exchange is not replayed: all are."""
    return None


def comparable(body: Any) -> Any:
    """Our answer without what is newer than the recording."""
    for record in body.get("results", ()) if isinstance(body, dict) else ():
        if isinstance(record, dict) and "properties" in record:
            for name in NEWER:
                record.pop(name, None)
    return body


def serve() -> Serving:
    """A server for the replay."""
    return Serving(HubSpotSandbox())


def prepare(sandbox: Any, exchange: Exchange) -> None:
    """Put the account into the state that the exchange implies."""
    sandbox.reset()
    sandbox.portal.settings["default_lifecyclestage"] = ""  # the recorded account had none
    sandbox.seed({"custom_objects": list(_custom(exchange)), "tokens": {"pat-replay": {}}})
    if isinstance(exchange.response, list) and any("fieldLevelPermission" in item for item in exchange.response):
        sandbox.seed({"account": {"accountType": "STANDARD"}})
    if LEGACY.match(exchange.path):
        _prepare_legacy(sandbox, exchange)
    elif "/objects/" in exchange.path:
        kind = sandbox.portal.kind(exchange.path.split("/")[4]).name
        known = set(sandbox.portal.properties[kind])
        plain = [{"name": n, "type": "string", "fieldType": "text"} for n in sorted(_names(exchange) - known)]
        sandbox.seed({"properties": {kind: plain}})
        sandbox.seed({"objects": {kind: list(_records(exchange))}})
    if exchange.status == 429:
        sandbox.faults.add({"action": {"kind": "named", "name": "search_limit"}})


def _prepare_legacy(sandbox: Any, exchange: Exchange) -> None:
    """The contact, its properties and its companies that an exchange of v1 implies."""
    request = exchange.request or {}
    body = exchange.response if isinstance(exchange.response, dict) else {}
    held = {name: entry["value"] for name, entry in body.get("properties", {}).items()}
    names = {*held, *(item["property"] for item in request.get("properties", ()))}
    plain = [{"name": n, "type": "string", "fieldType": "text"} for n in sorted(names - _known(sandbox))]
    sandbox.seed({"properties": {"contacts": plain}})
    ids = [str(i) for i in body.get("results", ())]
    ids += [str(request[key]) for key in ("toObjectId",) if key in request]
    found, tied = CONTACT.match(exchange.path), TIED.match(exchange.path)
    contact = str(tied[1] if tied else request.get("fromObjectId") or body.get("vid") or "1")
    if exchange.status < 400 and (found is None or not body.get("isNew")):
        email = found[1] if found and "@" in found[1] else f"{contact}@replay.example"
        sandbox.seed({"objects": {"contacts": [{"id": contact, "properties": {**held, "email": email}}]}})
    sandbox.seed({"objects": {"companies": [{"id": i, "properties": {"name": i}} for i in ids]}})
    if exchange.method == "GET":
        sandbox.seed({"associations": [["contacts", contact, "companies", i] for i in ids]})


def _known(sandbox: Any) -> set[str]:
    return set(sandbox.portal.properties["contacts"])


def _custom(exchange: Exchange) -> Iterator[dict[str, str]]:
    """Custom object types, of the path or of a list of schemas."""
    kind = exchange.path.split("/")[4] if exchange.path.count("/") >= 4 else ""
    if kind.startswith("2-"):
        yield {"objectTypeId": kind, "name": "things"}
    body = exchange.response
    for schema in body.get("results", ()) if isinstance(body, dict) and exchange.path.endswith("/schemas") else ():
        yield {"objectTypeId": schema["objectTypeId"], "name": schema["name"]}


def _names(exchange: Exchange) -> set[str]:
    """The properties that the account had: those written, shown, and asked for and answered, if with null."""
    inputs = (exchange.request or {}).get("inputs", ())
    body = exchange.response if isinstance(exchange.response, dict) else {}
    written = {name for item in inputs for name in item.get("properties", {})}
    groups = (exchange.request or {}).get("filterGroups", ())
    filtered = {f["propertyName"] for group in groups for f in group["filters"]}
    return written | filtered | {name for record in body.get("results", ()) for name in record.get("properties", {})}


def _records(exchange: Exchange) -> Iterator[dict[str, Any]]:
    body = exchange.response if isinstance(exchange.response, dict) else {}
    if exchange.path.endswith("/search"):
        for record in body.get("results", ()):
            held = {name: value for name, value in record["properties"].items() if value is not None}
            yield {"id": record["id"], "properties": held}
        return
    for item in (exchange.request or {}).get("inputs", ()):
        if "id" in item:
            yield {"id": str(item["id"]), "properties": {}}


def question(exchange: Exchange) -> dict[str, Any]:
    """The request, for httpx."""
    body = {"json": exchange.request} if exchange.method != "GET" else {}
    headers = {"authorization": "Bearer pat-replay"}
    return {"method": exchange.method, "url": exchange.path, "headers": headers, **body}
