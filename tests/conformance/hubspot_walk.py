"""One valid request for every operation that HubSpot describes, in an order in which each finds what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Seen = Mapping[str, Any]
"""Earlier answers by the name of their step."""
Late = Callable[[Seen], Any]


@dataclass(frozen=True, slots=True)
class Step:
    """A request: the operation's key, what fills its path, its query and its body, all perhaps from earlier answers.

    `name` keeps the answer for later steps. `status`: which of the described ones is meant.
    """

    key: str
    args: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    name: str = ""
    status: int | None = None


def filled(value: Any, seen: Seen) -> Any:
    """A value with what earlier answers told put in."""
    if callable(value):
        return filled(value(seen), seen)
    if isinstance(value, dict):
        return {key: filled(item, seen) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, seen) for item in value]
    return value


def got(name: str, *path: Any) -> Late:
    """A part of an earlier answer."""

    def read(seen: Seen) -> Any:
        found = seen[name]
        for key in path:
            found = found[key]
        return found

    return read


def objects(kind: str, one: Mapping[str, str], two: Mapping[str, str], unique: str = "ref") -> list[Step]:
    """All that can be done to an object type. `one` and `two` are two records' properties."""
    base = "/crm/v3/objects/{objectType}"
    here, first = {"objectType": kind}, got("one", "id")
    item = {**here, "objectId": first}
    asked = {"properties": ",".join(one), "propertiesWithHistory": next(iter(one)), "associations": "companies"}
    trace = {"objectWriteTraceId": "t1"}
    return [
        Step(f"POST {base}", here, {}, {"properties": one, "associations": []}, name="one"),
        Step(f"GET {base}", here, {"limit": 5, "after": 0, "archived": False, **asked}),
        Step(f"GET {base}/{{objectId}}", item, {"archived": False, **asked}),
        Step(f"GET {base}/{{objectId}}", item, {"idProperty": "hs_object_id"}),
        Step(f"PATCH {base}/{{objectId}}", item, {"idProperty": "hs_object_id"}, {"properties": one}),
        Step(f"POST {base}/batch/create", here, {}, {"inputs": [{"properties": two, **trace}]}, name="two"),
        Step(
            f"POST {base}/batch/create",
            here,
            {},
            {"inputs": [{"properties": {"nope": "1"}, **trace}]},
            status=207,
        ),
        Step(f"POST {base}/batch/read", here, {"archived": False}, _reading([first], one)),
        Step(f"POST {base}/batch/read", here, {}, _reading([first, "1"], one), status=207),
        Step(f"POST {base}/batch/update", here, {}, {"inputs": [{"id": first, "properties": one, **trace}]}),
        Step(f"POST {base}/batch/update", here, {}, {"inputs": [{"id": "1", "properties": one}]}, status=207),
        Step(
            f"POST {base}/batch/upsert",
            here,
            {},
            {"inputs": [{"id": "u1", "idProperty": unique, "properties": one, **trace}]},
        ),
        Step(
            f"POST {base}/batch/upsert",
            here,
            {},
            {"inputs": [{"id": "u2", "idProperty": unique, "properties": {"nope": "1"}, **trace}]},
            status=207,
        ),
        Step(f"POST {base}/search", here, {}, _search(next(iter(one)))),
        Step(f"POST {base}/batch/archive", here, {}, {"inputs": [{"id": got("two", "results", 0, "id")}]}),
        Step(f"GET {base}/{{objectId}}", {**here, "objectId": got("two", "results", 0, "id")}, {"archived": True}),
        Step(f"DELETE {base}/{{objectId}}", item),
    ]


def _reading(ids: list[Any], one: Mapping[str, str]) -> dict[str, Any]:
    inputs = [{"id": ident} for ident in ids]
    return {"inputs": inputs, "properties": list(one), "propertiesWithHistory": [next(iter(one))]}


def _search(name: str) -> dict[str, Any]:
    filters = [{"propertyName": name, "operator": "HAS_PROPERTY"}]
    bounds = {"limit": 1, "after": "0", "properties": [name], "sorts": [name], "query": ""}
    return {"filterGroups": [{"filters": filters}], **bounds}


PROPERTY = {"name": "walked", "label": "Walked", "type": "enumeration", "fieldType": "select"}
OPTIONS = [{"label": "A", "value": "a", "hidden": False, "displayOrder": 0, "description": "first"}]
_P, _G = "/crm/v3/properties/{objectType}", {"objectType": "contacts", "groupName": "walk"}
_C = {"objectType": "contacts"}
MADE = {**PROPERTY, "groupName": "walk", "options": OPTIONS, "formField": True, "hidden": False, "displayOrder": 2}
PROPERTIES = [
    Step(f"POST {_P}/groups", _C, {}, {"name": "walk", "label": "Walk", "displayOrder": 3}),
    Step(f"GET {_P}/groups", _C),
    Step(f"GET {_P}/groups/{{groupName}}", _G),
    Step(f"PATCH {_P}/groups/{{groupName}}", _G, {}, {"label": "Walks", "displayOrder": 1}),
    Step(f"POST {_P}", _C, {}, {**MADE, "description": "x", "hasUniqueValue": False, "externalOptions": False}),
    Step(f"GET {_P}", _C, {"archived": False, "properties": "walked"}),
    Step(f"GET {_P}/{{propertyName}}", {**_C, "propertyName": "walked"}, {"archived": False, "properties": "walked"}),
    Step(
        f"PATCH {_P}/{{propertyName}}",
        {**_C, "propertyName": "walked"},
        {},
        {"label": "W", "description": "y", "options": OPTIONS, "hidden": True, "formField": False, "displayOrder": 1},
    ),
    Step(f"POST {_P}/batch/create", _C, {}, {"inputs": [{**MADE, "name": "walked_b"}]}),
    Step(f"POST {_P}/batch/create", _C, {}, {"inputs": [{**MADE, "name": "walked_b"}]}, status=207),
    Step(f"POST {_P}/batch/read", _C, {}, {"archived": False, "inputs": [{"name": "walked"}]}),
    Step(f"POST {_P}/batch/read", _C, {}, {"archived": False, "inputs": [{"name": "nope"}]}, status=207),
    Step(f"POST {_P}/batch/archive", _C, {}, {"inputs": [{"name": "walked_b"}]}),
    Step(f"GET {_P}/{{propertyName}}", {**_C, "propertyName": "walked_b"}, {"archived": True}),
    Step(f"DELETE {_P}/{{propertyName}}", {**_C, "propertyName": "walked"}),
    Step(f"DELETE {_P}/groups/{{groupName}}", _G),
]

_L = "/crm/v3/pipelines/{objectType}"
_D: dict[str, Any] = {"objectType": "deals"}
_DP: dict[str, Any] = {**_D, "pipelineId": got("pipeline", "id")}
_DS: dict[str, Any] = {**_DP, "stageId": got("stage", "id")}
STAGE = {"label": "New", "displayOrder": 0, "metadata": {"probability": "0.1"}}
_CHECKS = {"validateReferencesBeforeDelete": True, "validateDealStageUsagesBeforeDelete": False}
PIPELINES = [
    Step(f"POST {_L}", _D, {}, {"label": "Walk", "displayOrder": 1, "stages": [STAGE]}, name="pipeline"),
    Step(f"GET {_L}", _D),
    Step(f"GET {_L}/{{pipelineId}}", _DP),
    Step(f"PATCH {_L}/{{pipelineId}}", _DP, _CHECKS, {"label": "Walk 2", "displayOrder": 3, "archived": False}),
    Step(f"PUT {_L}/{{pipelineId}}", _DP, _CHECKS, {"label": "Walk 3", "displayOrder": 3, "stages": [STAGE]}),
    Step(f"POST {_L}/{{pipelineId}}/stages", _DP, {}, {**STAGE, "label": "Next", "displayOrder": 1}, name="stage"),
    Step(f"GET {_L}/{{pipelineId}}/stages", _DP),
    Step(f"GET {_L}/{{pipelineId}}/stages/{{stageId}}", _DS),
    Step(f"PATCH {_L}/{{pipelineId}}/stages/{{stageId}}", _DS, {}, {"label": "N", "metadata": {"probability": "0.3"}}),
    Step(f"PUT {_L}/{{pipelineId}}/stages/{{stageId}}", _DS, {}, {**STAGE, "label": "M"}),
    Step(f"GET {_L}/{{pipelineId}}/stages/{{stageId}}/audit", _DS),
    Step(f"DELETE {_L}/{{pipelineId}}/stages/{{stageId}}", _DS),
    Step(f"GET {_L}/{{pipelineId}}/audit", _DP),
    Step(f"DELETE {_L}/{{pipelineId}}", _DP, _CHECKS),
]

OWNERS = [
    Step("GET /crm/v3/owners/", {}, {"limit": 1, "after": "71", "email": "rep@leadsync.example", "archived": False}),
    Step("GET /crm/v3/owners/", {}, {"limit": 1}),
    Step("GET /crm/v3/owners/{ownerId}", {"ownerId": "71"}, {"idProperty": "id", "archived": False}),
    Step("GET /crm/v3/owners/{ownerId}", {"ownerId": "171"}, {"idProperty": "userId"}),
]

_A: dict[str, Any] = {"fromObjectType": "contacts", "toObjectType": "companies"}
_PAIR: dict[str, Any] = {"from": {"id": "1001"}, "to": {"id": "2001"}}
_ONE = {"objectType": "contacts", "objectId": "1001", "toObjectType": "companies"}
_SPEC = {"associationCategory": "USER_DEFINED", "associationTypeId": got("label", "results", 0, "typeId")}
_V3, _V4, _DEF = "/crm/v3/associations", "/crm/v4/associations", "/crm/v4/associations/definitions/configurations"
_TYPE = {"typeId": 279, "category": "HUBSPOT_DEFINED"}
_BETWEEN = "{fromObjectType}/{toObjectType}"
_THERE = "/crm/v4/objects/{objectType}/{objectId}/associations/{toObjectType}"
ASSOCIATIONS_V3 = [
    Step(f"POST {_V3}/{_BETWEEN}/batch/create", _A, {}, {"inputs": [{**_PAIR, "type": "contact_to_company"}]}),
    Step(
        f"POST {_V3}/{_BETWEEN}/batch/create",
        _A,
        {},
        {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}, "type": "contact_to_company"}]},
        status=207,
    ),
    Step(f"POST {_V3}/{_BETWEEN}/batch/read", _A, {}, {"inputs": [{"id": "1001"}]}),
    Step(f"POST {_V3}/{_BETWEEN}/batch/read", _A, {}, {"inputs": [{"id": "1001"}, {"id": "1003"}]}, status=207),
    Step(f"POST {_V3}/{_BETWEEN}/batch/archive", _A, {}, {"inputs": [{**_PAIR, "type": "contact_to_company"}]}),
]
LABELS = [
    Step(f"POST {_V4}/{_BETWEEN}/labels", _A, {}, {"name": "boss", "label": "Boss", "inverseLabel": "Led"}, "label"),
    Step(f"GET {_V4}/{_BETWEEN}/labels", _A),
    Step(
        f"PUT {_V4}/{_BETWEEN}/labels",
        _A,
        {},
        {"associationTypeId": got("label", "results", 0, "typeId"), "label": "Chief", "inverseLabel": "Led by"},
    ),
]
ASSOCIATIONS_V4 = [
    Step(f"PUT {_THERE}/{{toObjectId}}", {**_ONE, "toObjectId": "2001"}, {}, [_SPEC]),
    Step(f"GET {_THERE}", _ONE, {"limit": 1, "after": "0"}),
    Step(f"POST {_V4}/{_BETWEEN}/batch/create", _A, {}, {"inputs": [{**_PAIR, "types": [_SPEC]}]}),
    Step(
        f"POST {_V4}/{_BETWEEN}/batch/create",
        _A,
        {},
        {"inputs": [{"from": {"id": "1"}, "to": {"id": "2"}, "types": [_SPEC]}]},
        status=207,
    ),
    Step(f"POST {_V4}/{_BETWEEN}/batch/read", _A, {}, {"inputs": [{"id": "1001", "after": "0"}]}),
    Step(f"POST {_V4}/{_BETWEEN}/batch/read", _A, {}, {"inputs": [{"id": "1001"}, {"id": "1003"}]}, status=207),
    Step(f"POST {_V4}/{_BETWEEN}/batch/labels/archive", _A, {}, {"inputs": [{**_PAIR, "types": [_SPEC]}]}),
    Step(f"POST {_V4}/{_BETWEEN}/batch/associate/default", _A, {}, {"inputs": [_PAIR]}),
    Step(
        "PUT /crm/v4/objects/{fromObjectType}/{fromObjectId}/associations/default/{toObjectType}/{toObjectId}",
        {**_A, "fromObjectId": "1001", "toObjectId": "2001"},
    ),
    Step(
        f"POST {_V4}/{_BETWEEN}/batch/archive",
        _A,
        {},
        {"inputs": [{"from": {"id": "1001"}, "to": [{"id": "2001"}, {"id": "2002"}]}]},
    ),
    Step(f"DELETE {_THERE}/{{toObjectId}}", {**_ONE, "toObjectId": "2001"}),
    Step(f"POST {_V4}/usage/high-usage-report/{{userId}}", {"userId": "171"}),
]
DEFINITIONS = [
    Step(f"POST {_DEF}/{_BETWEEN}/batch/create", _A, {}, {"inputs": [{**_TYPE, "maxToObjectIds": 3}]}),
    Step(f"POST {_DEF}/{_BETWEEN}/batch/update", _A, {}, {"inputs": [{**_TYPE, "maxToObjectIds": 4}]}),
    Step(f"GET {_DEF}/all"),
    Step(f"GET {_DEF}/{_BETWEEN}", _A),
    Step(f"POST {_DEF}/{_BETWEEN}/batch/purge", _A, {}, {"inputs": [_TYPE]}),
    Step(
        f"DELETE {_V4}/{_BETWEEN}/labels/{{associationTypeId}}",
        {**_A, "associationTypeId": got("label", "results", 0, "typeId")},
    ),
]
