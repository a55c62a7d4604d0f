"""Recorded traffic of a real org, replayed: the same status and the same shape of the answer."""

from __future__ import annotations

import gzip
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from tests.connectors.salesforce.conftest import User

from leadsync_salesforce import SalesforceSandbox

FOLDER = os.environ.get("LEADSYNC_DATA", "")
RECORDING = Path(FOLDER) / "recordings" / "salesforce.jsonl.gz"
pytestmark = pytest.mark.skipif(
    not FOLDER or not RECORDING.exists(), reason="LEADSYNC_DATA does not lead to a folder with recordings/"
)

CUSTOM_TYPES = {"double": "Number", "string": "Text", "boolean": "Checkbox", "date": "Date", "datetime": "DateTime"}


def exchanges() -> list[dict[str, Any]]:
    with gzip.open(RECORDING, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def seed_of(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What the recorded answers imply: the org's custom fields, and the records that were there."""
    fields: dict[tuple[str, str], dict[str, Any]] = {}
    records: dict[str, dict[str, dict[str, Any]]] = {"Account": {}, "Contact": {}, "User": {}}
    for exchange in found:
        body = exchange["response"]
        if exchange["path"].endswith("describe"):
            for field in (f for f in body["fields"] if f["custom"]):
                size = {"length": field["length"] or 255} if field["type"] in ("string", "textarea") else {}
                number = {"precision": field["precision"] or 18, "scale": field["scale"]}
                flags = {"externalId": field["externalId"], "unique": field["unique"]}
                fields[body["name"], field["name"]] = {
                    **{"object": body["name"], "name": field["name"], "type": field["type"]},
                    **{**size, **number, **flags},
                }
        elif isinstance(body, list) and exchange["status"] == 200:
            for result in body:
                kind = {"001": "Account", "003": "Contact"}.get(str(result.get("id", ""))[:3])
                if kind and exchange["method"] != "POST":
                    name = {"Name": "Seeded"} if kind == "Account" else {"LastName": "Seeded"}
                    records[kind].setdefault(result["id"], {"Id": result["id"], **name})
        elif exchange["status"] == 200 and "Id" in body:
            kind = body["attributes"]["type"]
            owner = body["OwnerId"]
            records["User"][owner] = {"Id": owner, "Username": f"{owner}@example.com", "LastName": "Owner"}
            row = {k: v for k, v in body.items() if k != "attributes" and not isinstance(v, dict)}
            records[kind][row["Id"]] = {k: v for k, v in row.items() if k not in ("AccountId", "PhotoUrl")}
    access = {
        f"{kind}.{name}": "hidden"
        for kind in ("Contact",)
        for name in ("HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall")
    }
    return {
        "custom_fields": list(fields.values()),
        "objects": {kind: list(rows.values()) for kind, rows in records.items()},
        "settings": {"field_access": access},
    }


def shape(value: Any) -> Any:
    """Keys and kinds of values; null fits everything, so it is left out."""
    match value:
        case dict():
            return {k: shape(v) for k, v in value.items()}
        case list():
            return [shape(v) for v in value[:1]]
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case None:
            return None
        case _:
            return "text"


def fits(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where our shape differs from the recorded one."""
    if ours is None or theirs is None:
        return []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        missing = [f"{path}/{k} is missing" for k in theirs if k not in ours]
        later = {k for k in ours if k.endswith("__c")}  # custom fields that the recorded org got only afterwards
        extra = [f"{path}/{k} is too much" for k in ours if k not in theirs and k not in later]
        return missing + extra + [d for k in theirs if k in ours for d in fits(ours[k], theirs[k], f"{path}/{k}")]
    if isinstance(ours, list) and isinstance(theirs, list):
        return fits(ours[0], theirs[0], f"{path}[]") if ours and theirs else []
    return [] if ours == theirs else [f"{path}: {ours} for {theirs}"]


def replay(api: User, exchange: dict[str, Any]) -> Any:
    path = re.sub(r"^/services/data/v42\.0", "", exchange["path"])
    if path == "/query":
        return api("GET", path, params={"q": "SELECT Id FROM Account WHERE Name = 'nobody has this name'"})
    if exchange["method"] == "DELETE":
        ids = ",".join(r["id"] for r in exchange["response"])
        return api("DELETE", path, params={"ids": ids})
    return api(exchange["method"], path, json=exchange.get("request"))


def known(exchange: dict[str, Any]) -> dict[str, Any]:
    """The recording without what no client can depend on: an org's own relations and the order of fields."""
    body = exchange["response"]
    return (
        {**body, "childRelationships": body["childRelationships"][:1]}
        if exchange["path"].endswith("describe")
        else body
    )


def test_every_recorded_exchange_is_answered_alike(sandbox: SalesforceSandbox, api: User) -> None:
    found = exchanges()
    sandbox.seed(seed_of(found))
    agreed, differences = 0, []
    for number, exchange in enumerate(found):
        reply = replay(api, exchange)
        why = (
            [] if reply.status_code == exchange["status"] else [f"status {reply.status_code} for {exchange['status']}"]
        )
        why += fits(shape(reply.json()), shape(known(exchange)))
        agreed += not why
        differences += [f"{number} {exchange['method']} {exchange['path']}: {d}" for d in why]
    assert differences == []
    assert agreed == len(found) == 49


def test_the_recorded_fields_of_accounts_and_contacts_are_ours(sandbox: SalesforceSandbox, api: User) -> None:
    """Not only the shape: the metadata of each standard field is the recorded one."""
    found = exchanges()
    sandbox.seed(seed_of(found))
    told = {e["response"]["name"]: e["response"] for e in found if e["path"].endswith("describe")}
    for kind, recorded in told.items():
        ours = {f["name"]: f for f in api("GET", f"/sobjects/{kind}/describe").json()["fields"]}
        for field in (f for f in recorded["fields"] if not f["custom"]):
            mine = ours[field["name"]]
            differing = {k for k in field if field[k] != mine[k]} - {"picklistValues"}
            assert not differing, (kind, field["name"], differing)
