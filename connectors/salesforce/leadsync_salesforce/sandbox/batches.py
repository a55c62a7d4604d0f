"""sObject Collections: up to 200 records in a call, each with its own result, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.dml import create, delete, update, upsert
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import checked
from leadsync_salesforce.sandbox.rules import check_trigger
from leadsync_salesforce.sandbox.schema import ObjectDef
from leadsync_salesforce.sandbox.sobjects import record_json

RECORD_LIMIT, CHUNK_LIMIT, READ_LIMIT = 200, 10, 2000
"""Records in a write, changes of object in one, ids in a read; REST guide, "sObject Collections"."""

_ROLLED_BACK = ApiError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


def _records(body: dict[str, Any]) -> list[dict[str, Any]]:
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError("JSON_PARSER_ERROR", "The records of the request must be an array of objects")
    if len(records) > RECORD_LIMIT:
        text = f"record limit reached. cannot submit more than {RECORD_LIMIT} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", text, fields=[])
    return records


def _object(call: Call, record: dict[str, Any]) -> ObjectDef:
    kind = (record.get("attributes") or {}).get("type")
    obj = call.org.schema.get(str(kind).lower())
    if obj is None:
        raise ApiError("INVALID_TYPE", f"sObject type '{kind}' is not supported.", fields=[])
    return obj


def _check_chunks(records: Sequence[dict[str, Any]]) -> None:
    kinds = [(r.get("attributes") or {}).get("type") for r in records]
    chunks = sum(1 for i, kind in enumerate(kinds) if i == 0 or kind != kinds[i - 1])
    if chunks > CHUNK_LIMIT:
        text = f"record limit reached. cannot submit more than {CHUNK_LIMIT} chunks of objects into this call"
        raise ApiError("LIMIT_EXCEEDED", text, fields=[])


def each(
    call: Call, things: Sequence[Any], act: Callable[[Any], dict[str, Any]], *, all_or_none: bool
) -> list[dict[str, Any]]:
    """Do one thing after the other; with `all_or_none` undo all of them when one fails."""
    roll_back = call.org.transaction() if all_or_none else None
    results: list[dict[str, Any]] = []
    for thing in things:
        try:
            results.append(act(thing))
        except ApiError as refused:
            results.append(refused.as_save())
    if roll_back is not None and not all(r["success"] for r in results):
        roll_back()
        return [_ROLLED_BACK.as_save() if r["success"] else r for r in results]
    return results


def _saved(ident: str) -> dict[str, Any]:
    return {"id": ident, "success": True, "errors": []}


def add(call: Call) -> Reply:
    """POST /composite/sobjects."""
    body = call.body()
    records = _records(body)
    _check_chunks(records)

    def one(record: dict[str, Any]) -> dict[str, Any]:
        check_trigger(call.org, _object(call, record), len(records))
        return _saved(create(call.org, call.actor, _object(call, record), record))

    return json_reply(200, each(call, records, one, all_or_none=call.flag(body, "allOrNone")))


def change(call: Call) -> Reply:
    """PATCH /composite/sobjects."""
    body = call.body()
    records = _records(body)
    _check_chunks(records)
    seen: set[str] = set()

    def one(record: dict[str, Any]) -> dict[str, Any]:
        given = str(record.get("id", record.get("Id", "")))
        ident = checked(given)
        if given == "":
            raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", fields=[])
        if ident is None:
            raise ApiError("MALFORMED_ID", f"malformed id {given}", fields=["Id"])
        if ident in seen:
            raise ApiError("DUPLICATE_VALUE", f"duplicate id specified: {ident}", fields=["Id"])
        seen.add(ident)
        if call.org.row(_object(call, record), ident) is None:
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
        check_trigger(call.org, _object(call, record), len(records))
        update(call.org, call.actor, _object(call, record), ident, record)
        return _saved(ident)

    return json_reply(200, each(call, records, one, all_or_none=call.flag(body, "allOrNone")))


def merge_in(call: Call, name: str, key: str) -> Reply:
    """PATCH /composite/sobjects/{object}/{external id field}: upsert."""
    obj = call.org.object(name)
    body = call.body()

    def one(record: dict[str, Any]) -> dict[str, Any]:
        if _object(call, record).name != obj.name:
            raise ApiError("INVALID_TYPE", "all records of an upsert must be of the type in the URL", fields=[])
        check_trigger(call.org, obj, len(_records(body)))
        value = next((v for k, v in record.items() if k.lower() == key.lower()), None)
        ident, created = upsert(call.org, call.actor, obj, (key, value), record)
        return {**_saved(ident), "created": created}

    return json_reply(200, each(call, _records(body), one, all_or_none=call.flag(body, "allOrNone")))


def remove(call: Call) -> Reply:
    """DELETE /composite/sobjects?ids=a,b."""
    ids = call.request.params("ids")
    if len(ids) > RECORD_LIMIT:
        raise ApiError("EXCEEDED_ID_LIMIT", f"cannot submit more than {RECORD_LIMIT} ids", fields=[])

    def one(ident: str) -> dict[str, Any]:
        obj = call.org.object_of(ident)
        if obj is None or checked(ident) is None:
            raise ApiError("MALFORMED_ID", f"malformed id {ident}", fields=[])
        if call.org.row(obj, ident) is None:
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
        delete(call.org, call.actor, obj, ident)
        return _saved(str(checked(ident)))

    return json_reply(200, each(call, ids, one, all_or_none=call.flag(dict(call.request.query), "allOrNone")))


def read(call: Call, name: str) -> Reply:
    """GET (?ids=&fields=) and POST ({"ids", "fields"}) /composite/sobjects/{object}: null for what is not there."""
    obj = call.org.object(name)
    given = call.body() if call.request.method == "POST" else {}
    ids = given.get("ids") or call.request.params("ids")
    names = given.get("fields") or call.request.params("fields")
    if not ids or not names:
        raise ApiError("MISSING_ARGUMENT", "ids and fields must be specified", fields=[])
    if len(ids) > READ_LIMIT:
        raise ApiError("EXCEEDED_ID_LIMIT", f"cannot submit more than {READ_LIMIT} ids", fields=[])
    rows = [call.org.row(obj, ident) for ident in ids]
    alive = [None if row is None or row.get("IsDeleted") is True else row for row in rows]
    return json_reply(200, [None if row is None else record_json(call, obj, row, names) for row in alive])
