"""sObject Tree: records with their children in one call, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import Call
from leadsync_salesforce.sandbox.dml import create
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import CHILD_NAMES, ObjectDef

RECORD_LIMIT, DEEPEST = 200, 5
"""Records and levels of a tree; REST guide, "sObject Tree"."""


def _children(record: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for name, value in record.items():
        if isinstance(value, dict) and isinstance(value.get("records"), list):
            yield name, value["records"]


def _size(records: list[dict[str, Any]], depth: int = 1) -> int:
    if depth > DEEPEST:
        raise ApiError("INVALID_FIELD", f"a tree has at most {DEEPEST} levels")
    return sum(1 + sum(_size(inner, depth + 1) for _, inner in _children(record)) for record in records)


def _child(call: Call, parent: ObjectDef, name: str) -> tuple[ObjectDef, str]:
    """The object of a child relationship, and its field that names the parent."""
    for (child, field), known in CHILD_NAMES.items():
        obj = call.org.object(child)
        found = obj.field(field)
        if known.lower() == name.lower() and found is not None and parent.name in found.refers:
            return obj, field
    raise ApiError("INVALID_FIELD", f"No such relation '{name}' on entity '{parent.name}'")


class Planting:
    """One call at work: what was made, and what was refused, by reference id."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.made: list[dict[str, Any]] = []
        self.refused: list[dict[str, Any]] = []

    def plant(self, obj: ObjectDef, records: list[dict[str, Any]], parent: Mapping[str, str]) -> None:
        """Make records and what hangs on them."""
        for record in records:
            reference = str((record.get("attributes") or {}).get("referenceId", ""))
            own = {k: v for k, v in record.items() if not isinstance(v, dict)}
            try:
                ident = create(self._call.org, self._call.actor, obj, {**own, **parent})
                self.made.append({"referenceId": reference, "id": ident})
                for name, inner in _children(record):
                    child, field = _child(self._call, obj, name)
                    self.plant(child, inner, {field: ident})
            except ApiError as refused:
                self.refused.append({"referenceId": reference, "errors": refused.as_save()["errors"]})


def add(call: Call, name: str) -> Reply:
    """POST /composite/tree/{object}."""
    obj = call.org.object(name)
    records = call.body().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ApiError("JSON_PARSER_ERROR", "The records of the request must be an array of objects")
    if _size(records) > RECORD_LIMIT:
        raise ApiError("LIMIT_EXCEEDED", f"a tree has at most {RECORD_LIMIT} records")
    roll_back, planting = call.org.transaction(), Planting(call)
    planting.plant(obj, records, {})
    if planting.refused:
        roll_back()
        return json_reply(400, {"hasErrors": True, "results": planting.refused})
    return json_reply(201, {"hasErrors": False, "results": planting.made})
