"""What a recorded exchange with HubSpot implies about the account, and how to ask again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tools.replay.exchange import Exchange

from leadsync.sandbox import Serving
from leadsync_hubspot.sandbox import HubSpotSandbox

LEGACY = re.compile(r"/(contacts|properties|crm-associations)/v1/")
OUT_OF_SCOPE = "a v1 path, which HubSpot replaced by /crm/v3 and later and no connector here asks"
NEWER = ("url",)
"""Keys of a record that HubSpot sends today and did not when the traffic was recorded."""

TYPES = {"string": "text", "number": "number", "date": "date", "datetime": "date", "bool": "booleancheckbox"}


def out_of_scope(exchange: Exchange) -> str | None:
    """Why an exchange is not replayed, or None."""
    return OUT_OF_SCOPE if LEGACY.match(exchange.path) else None


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
    if "/objects/" in exchange.path:
        kind = sandbox.portal.kind(exchange.path.split("/")[4]).name
        known = set(sandbox.portal.properties[kind])
        plain = [{"name": n, "type": "string", "fieldType": "text"} for n in sorted(_names(exchange) - known)]
        sandbox.seed({"properties": {kind: plain}})
        sandbox.seed({"objects": {kind: list(_records(exchange))}})
    if exchange.status == 429:
        sandbox.faults.add({"action": {"kind": "named", "name": "search_limit"}})


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
