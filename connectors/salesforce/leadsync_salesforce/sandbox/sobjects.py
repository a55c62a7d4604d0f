"""Single records: create, read, change, delete, and by external id."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import NO_CONTENT, Call
from leadsync_salesforce.sandbox.computed import shown
from leadsync_salesforce.sandbox.dml import create, delete, present, update, upsert
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.schema import CHILD_NAMES, ObjectDef
from leadsync_salesforce.sandbox.soql.render import attributes
from leadsync_salesforce.sandbox.table import Row
from leadsync_salesforce.sandbox.times import moment_of


def record_json(call: Call, obj: ObjectDef, row: Row, names: list[str] | None) -> dict[str, Any]:
    """A record with the named fields, or with all that the user sees; raises INVALID_FIELD for others."""
    access = call.org.access(call.user, obj)
    fields = [f for f in obj.fields.values() if f.name in access]
    if names is not None:
        by_name = {f.name.lower(): f for f in fields}
        if missing := [n for n in names if n.lower() not in by_name]:
            raise ApiError("INVALID_FIELD", f"No such column '{missing[0]}' on entity '{obj.name}'.")
        wanted = {"id", *(n.lower() for n in names)}
        fields = [f for f in fields if f.name.lower() in wanted]
    return {"attributes": attributes(obj, row, call.base), **{f.name: shown(f, row) for f in fields}}


def etag(row: Row) -> str:
    """The entity tag of a record's present state."""
    text = json.dumps(sorted(row.items(), key=lambda item: item[0]))
    return f'"{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"'


def _changed(row: Row) -> datetime:
    return moment_of(str(row.get("LastModifiedDate") or row.get("SystemModstamp")))


def _unmet(call: Call, row: Row) -> bool:
    """Whether a condition in the request's headers does not hold; REST guide, "Conditional Request Headers"."""
    headers = call.request.headers
    if "if-match" in headers and etag(row) not in headers["if-match"]:
        return True
    since = headers.get("if-unmodified-since")
    return since is not None and _changed(row) > parsedate_to_datetime(since)


def _unchanged(call: Call, row: Row) -> bool:
    headers = call.request.headers
    if "if-none-match" in headers:
        return etag(row) in headers["if-none-match"]
    since = headers.get("if-modified-since")
    return since is not None and _changed(row) <= parsedate_to_datetime(since)


PRECONDITION_FAILED = Reply(412)


def add(call: Call, name: str) -> Reply:
    """POST /sobjects/{object}."""
    ident = create(call.org, call.actor, call.org.object(name), call.body())
    location = f"{call.base}/sobjects/{name}/{ident}"
    return json_reply(201, {"id": ident, "success": True, "errors": []}, {"location": location})


def get(call: Call, name: str, ident: str) -> Reply:
    """GET /sobjects/{object}/{id}?fields=."""
    obj = call.org.object(name)
    row = call.org.row(obj, ident)
    if row is not None and row.get("IsDeleted") is True:
        raise not_found()  # recorded: to a read, a record in the recycle bin does not exist
    row = present(call.org, obj, ident)
    if _unmet(call, row):
        return PRECONDITION_FAILED
    if _unchanged(call, row):
        return Reply(304)
    names = call.request.params("fields")
    headers = {"etag": etag(row), "last-modified": format_datetime(_changed(row), usegmt=True)}
    return json_reply(200, record_json(call, obj, row, [n.strip() for n in names] if names else None), headers)


def change(call: Call, name: str, ident: str) -> Reply:
    """PATCH /sobjects/{object}/{id}."""
    obj = call.org.object(name)
    if _unmet(call, present(call.org, obj, ident)):
        return PRECONDITION_FAILED
    body = call.body()
    if any(key.lower() == "id" for key in body):
        message = "The Id field should not be specified in the sobject data."
        raise ApiError("INVALID_FIELD", message, fields=["Id"])
    update(call.org, call.actor, obj, ident, body)
    return NO_CONTENT


def remove(call: Call, name: str, ident: str) -> Reply:
    """DELETE /sobjects/{object}/{id}."""
    obj = call.org.object(name)
    if _unmet(call, present(call.org, obj, ident)):
        return PRECONDITION_FAILED
    delete(call.org, call.actor, obj, ident)
    return NO_CONTENT


def by_external_id(call: Call, name: str, key: str, value: str) -> Reply:
    """PATCH /sobjects/{object}/{field}/{value}, with ?updateOnly=true only for those there are."""
    obj = call.org.object(name)
    field = obj.field(key)
    if field is None:
        raise not_found(f"Provided external ID field does not exist or is not accessible: {key}")
    if call.request.param("updateOnly").lower() == "true" and not call.org.table(obj).having(field.name, value):
        raise not_found()
    try:
        ident, created = upsert(call.org, call.actor, obj, (key, value), call.body())
    except ApiError as refused:
        return _many(call, refused)
    return json_reply(201 if created else 200, {"id": ident, "success": True, "errors": [], "created": created})


def _many(call: Call, refused: ApiError) -> Reply:
    if refused.status != 300:
        raise refused
    return json_reply(300, [f"{call.base}{path}" for path in refused.extra["paths"]])


def get_by_external_id(call: Call, name: str, key: str, value: str) -> Reply:
    """GET /sobjects/{object}/{field}/{value}."""
    obj = call.org.object(name)
    field = obj.field(key)
    if field is None and (row := call.org.row(obj, key)) is not None:
        return _related(call, obj, row, value)
    if field is None or not field.id_lookup or field.name not in call.org.access(call.user, obj):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {key}")
    found = call.org.table(obj).having(field.name, value)
    if not found:
        raise not_found()
    if len(found) > 1:
        return json_reply(300, [f"{call.base}/sobjects/{obj.name}/{row['Id']}" for row in found])
    return json_reply(200, record_json(call, obj, found[0], None))


def _related(call: Call, obj: ObjectDef, row: Row, name: str) -> Reply:
    """GET /sobjects/{object}/{id}/{relationship}: the parent, or a page of the children."""
    names = call.request.params("fields") or None
    reference = obj.parent(name)
    if reference is not None:
        for target in (call.org.schema[kind.lower()] for kind in reference.refers if kind.lower() in call.org.schema):
            parent = call.org.row(target, str(row.get(reference.name)))
            if parent is not None and parent.get("IsDeleted") is not True:
                return json_reply(200, record_json(call, target, parent, names))
        raise not_found(f"The requested resource does not exist: {name}")
    for (child, field), known in CHILD_NAMES.items():
        kind = call.org.object(child)
        found = kind.field(field)
        if known.lower() == name.lower() and found is not None and obj.name in found.refers:
            rows = call.org.table(kind).having(field, row["Id"])
            records = [record_json(call, kind, one, names) for one in rows]
            return json_reply(200, {"totalSize": len(records), "done": True, "records": records})
    raise not_found()


def remove_by_external_id(call: Call, name: str, key: str, value: str) -> Reply:
    """DELETE /sobjects/{object}/{field}/{value}."""
    obj = call.org.object(name)
    field = obj.field(key)
    found = call.org.table(obj).having(field.name, value) if field is not None and field.id_lookup else []
    if len(found) != 1:
        raise not_found()
    delete(call.org, call.actor, obj, str(found[0]["Id"]))
    return NO_CONTENT
