"""What a recorded exchange with Salesforce implies about the org, and how to ask again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import httpx
from tools.replay.exchange import Exchange

from leadsync.sandbox import Serving
from leadsync_salesforce.sandbox import SalesforceSandbox

VERSION = re.compile(r"(?<=/services/data/v)4\d\.0")
SERVED = "50.0"
"""The sandbox's oldest version, in place of the recorded 42.0: it answers 410 below, as Salesforce will."""

UNSEEN = {"Contact": ("HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall")}
"""Standard fields that the recorded user could not see: they are in none of the recorded answers."""

NAMES = {"001": ("Account", {"Name": "There"}), "003": ("Contact", {"LastName": "There"})}
SIZED = {"string", "textarea"}


def out_of_scope(exchange: Exchange) -> str | None:  # noqa: ARG001  the same question to both vendors
    """Why an exchange is not replayed, or None."""
    return None


def comparable(body: Any) -> Any:
    """An answer without the relations of an org's own objects, of which a describe tells."""
    if isinstance(body, dict) and "childRelationships" in body:
        return {**body, "childRelationships": body["childRelationships"][:1]}
    return body


def serve() -> Serving:
    """A server for the replay."""
    return Serving(SalesforceSandbox())


def prepare(sandbox: Any, exchange: Exchange) -> None:
    """Put the org into the state that the exchange implies."""
    sandbox.reset()
    hidden = {f"{kind}.{name}": "hidden" for kind, names in UNSEEN.items() for name in names}
    sandbox.seed({"custom_fields": list(_custom_fields(exchange)), "settings": {"field_access": hidden}})
    for kind, record in _records(exchange):
        sandbox.seed({"objects": {kind: [record]}})


def _custom_fields(exchange: Exchange) -> Iterator[dict[str, Any]]:
    body = exchange.response
    if exchange.path.endswith("/describe"):
        yield from (_described(body["name"], field) for field in body["fields"] if field["custom"])
        return
    for kind, record in (*_records_shown(exchange), *_records_sent(exchange)):
        for name in record:
            if name.endswith("__c"):
                kind_of_value = "email" if "email" in name else "double" if _number(record[name]) else "string"
                yield {"object": kind, "name": name, "type": kind_of_value, "length": 255, "label": name[:-3]}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _described(kind: str, field: dict[str, Any]) -> dict[str, Any]:
    size = {"length": field["length"] or 255} if field["type"] in SIZED else {}
    number = {"precision": field["precision"] or 18, "scale": field["scale"]}
    flags = {"externalId": field["externalId"], "unique": field["unique"]}
    return {"object": kind, "name": field["name"], "type": field["type"], **size, **number, **flags}


def _records(exchange: Exchange) -> Iterable[tuple[str, dict[str, Any]]]:
    """Records that must have been there: those shown, changed or deleted, their owners and parents."""
    for kind, record in _records_shown(exchange):
        owner = record["OwnerId"]
        yield "User", {"Id": owner, "Username": f"{owner}@example.com", "LastName": "Owner"}
        unset = {"attributes", "PhotoUrl", "AccountId"}
        plain = {k: v for k, v in record.items() if k not in unset and not isinstance(v, dict)}
        yield kind, plain
    if exchange.method in ("PATCH", "DELETE"):
        sent = [str(record["id"]) for _, record in _records_sent(exchange)]
        told = [str(result["id"]) for result in exchange.response if "id" in result]
        for ident in dict.fromkeys((*sent, *told)):
            kind, values = NAMES[ident[:3]]
            yield kind, {"Id": ident, **values}


def _records_shown(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    body = exchange.response
    shown = exchange.status == 200 and isinstance(body, dict) and "Id" in body
    return [(body["attributes"]["type"], body)] if shown else []


def _records_sent(exchange: Exchange) -> list[tuple[str, dict[str, Any]]]:
    records = (exchange.request or {}).get("records", ())
    return [(record["attributes"]["type"], record) for record in records]


def question(exchange: Exchange) -> dict[str, Any]:
    """The request, for httpx. What stood in the query was not recorded, so it is made up from the answer."""
    query: dict[str, str] = {}
    if exchange.path.endswith("/query"):
        query = {"q": "SELECT Id FROM Account WHERE Name = 'nobody has this name'"}
    elif exchange.method == "DELETE":
        query = {"ids": ",".join(str(result["id"]) for result in exchange.response)}
    path = VERSION.sub(SERVED, exchange.path)
    body = {"json": exchange.request} if exchange.request is not None else {}
    return {"method": exchange.method, "url": path, "params": query, **body}


def sign_in(wire: httpx.Client, sandbox: Any) -> None:
    """Get a token as any client does; a fresh org knows no session."""
    form = {"grant_type": "client_credentials", **sandbox.credentials()}
    token = wire.post("/services/oauth2/token", data=form).raise_for_status().json()["access_token"]
    wire.headers["authorization"] = f"Bearer {token}"
