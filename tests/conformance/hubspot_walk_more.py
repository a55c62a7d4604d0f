"""The walk through HubSpot's operations, second part: lists, object types, forms, events, tokens."""

from __future__ import annotations

from typing import Any

from tests.conformance.hubspot_walk import Step, got
from tests.connectors.hubspot.conftest import FORM

Json = dict[str, Any]

_L = "/crm/v3/lists"
_ONE: Json = {"listId": got("list", "list", "listId")}
_FOLDER: Json = {"folderId": got("folder", "folder", "id")}
_FILTERS = {"includeFilters": True}
KNOWN = {"operationType": "ALL_PROPERTY", "operator": "IS_KNOWN", "includeObjectsWithNoValueSet": False}
BRANCH: Json = {
    "filterBranchType": "OR",
    "filterBranchOperator": "OR",
    "filters": [],
    "filterBranches": [
        {
            "filterBranchType": "AND",
            "filterBranchOperator": "AND",
            "filterBranches": [],
            "filters": [{"filterType": "PROPERTY", "property": "email", "operation": KNOWN}],
        }
    ],
}
_NEW: Json = {"name": "Walk", "objectTypeId": "0-1", "processingType": "MANUAL", "listFolderId": 0}
_SEARCH: Json = {
    "listIds": [],
    "offset": 0,
    "count": 5,
    "query": "walk",
    "processingTypes": ["MANUAL"],
    "sort": "HS_NAME",
}
LISTS = [
    Step(f"POST {_L}/", {}, {}, {**_NEW, "customProperties": {}}, name="list"),
    Step(f"POST {_L}/", {}, {}, {**_NEW, "name": "D", "processingType": "DYNAMIC", "filterBranch": BRANCH}, "dynamic"),
    Step(f"GET {_L}/", {}, {"listIds": got("list", "list", "listId"), **_FILTERS}),
    Step(f"GET {_L}/{{listId}}", {"listId": got("dynamic", "list", "listId")}),
    Step(f"GET {_L}/{{listId}}", _ONE, _FILTERS),
    Step(
        f"GET {_L}/object-type-id/{{objectTypeId}}/name/{{listName}}",
        {"objectTypeId": "0-1", "listName": "Walk"},
        _FILTERS,
    ),
    Step(f"POST {_L}/search", {}, {}, {**_SEARCH, "additionalProperties": ["hs_list_size"]}),
    Step(f"PUT {_L}/{{listId}}/update-list-name", _ONE, {"listName": "Walked", **_FILTERS}),
    Step(
        f"PUT {_L}/{{listId}}/update-list-filters",
        {"listId": got("dynamic", "list", "listId")},
        {"enrollObjectsInWorkflows": False},
        {"filterBranch": BRANCH},
    ),
    Step(f"PUT {_L}/{{listId}}/memberships/add", _ONE, {}, ["1001", "9"]),
    Step(f"PUT {_L}/{{listId}}/memberships/remove", _ONE, {}, ["1001"]),
    Step(
        f"PUT {_L}/{{listId}}/memberships/add-and-remove",
        _ONE,
        {},
        {"recordIdsToAdd": ["1001", "1002"], "recordIdsToRemove": ["1003"]},
    ),
    Step(
        f"PUT {_L}/{{listId}}/memberships/add-from/{{sourceListId}}",
        {**_ONE, "sourceListId": got("dynamic", "list", "listId")},
    ),
    Step(f"GET {_L}/{{listId}}/memberships", _ONE, {"limit": 1, "after": "1001"}),
    Step(f"GET {_L}/{{listId}}/memberships", _ONE, {"limit": 1, "before": "1002"}),
    Step(f"GET {_L}/{{listId}}/memberships/join-order", _ONE, {"limit": 1, "after": "1001"}),
    Step(f"GET {_L}/{{listId}}/memberships/join-order", _ONE, {"limit": 1, "before": "1002"}),
    Step(f"GET {_L}/records/{{objectTypeId}}/{{recordId}}/memberships", {"objectTypeId": "0-1", "recordId": "1001"}),
    Step(f"DELETE {_L}/{{listId}}/memberships", _ONE),
    Step(f"GET {_L}/idmapping", {}, {"legacyListId": got("list", "list", "listId")}),
    Step(f"POST {_L}/idmapping", {}, {}, [got("list", "list", "listId"), "99"]),
    Step(f"POST {_L}/folders", {}, {}, {"name": "F", "parentFolderId": "0"}, name="folder"),
    Step(f"GET {_L}/folders", {}, {"folderId": got("folder", "folder", "id")}),
    Step(f"PUT {_L}/folders/{{folderId}}/move/{{newParentFolderId}}", {**_FOLDER, "newParentFolderId": "0"}),
    Step(f"PUT {_L}/folders/{{folderId}}/rename", _FOLDER, {"newFolderName": "G"}),
    Step(f"PUT {_L}/folders/move-list", {}, {}, {"listId": got("list", "list", "listId"), "newFolderId": "0"}),
    Step(f"DELETE {_L}/folders/{{folderId}}", _FOLDER),
    Step(f"DELETE {_L}/{{listId}}", _ONE),
    Step(f"PUT {_L}/{{listId}}/restore", _ONE),
]

_S = "/crm-object-schemas/v3/schemas"
_KIND: Json = {"objectType": got("schema", "objectTypeId")}
_SERIAL = {"name": "serial", "label": "Serial", "type": "string", "fieldType": "text"}
SCHEMAS = [
    Step(
        f"POST {_S}",
        {},
        {},
        {
            "name": "machine",
            "labels": {"singular": "Machine", "plural": "Machines"},
            "description": "What was sold",
            "requiredProperties": ["serial"],
            "searchableProperties": ["serial"],
            "primaryDisplayProperty": "serial",
            "secondaryDisplayProperties": [],
            "properties": [_SERIAL],
            "associatedObjects": ["CONTACT"],
        },
        name="schema",
    ),
    Step(f"GET {_S}", {}, {"archived": False}),
    Step(f"GET {_S}/{{objectType}}", _KIND),
    Step(
        f"PATCH {_S}/{{objectType}}",
        _KIND,
        {},
        {
            "description": "Sold",
            "labels": {"singular": "M", "plural": "Ms"},
            "requiredProperties": [],
            "restorable": True,
        },
    ),
    Step(
        f"POST {_S}/{{objectType}}/associations",
        _KIND,
        {},
        {"fromObjectTypeId": got("schema", "objectTypeId"), "toObjectTypeId": "0-2", "name": "machine_to_company"},
        name="tie",
    ),
    Step(
        f"DELETE {_S}/{{objectType}}/associations/{{associationIdentifier}}",
        {**_KIND, "associationIdentifier": got("tie", "id")},
    ),
    Step(f"DELETE {_S}/{{objectType}}", _KIND, {"archived": False}),
]

_F = "/marketing/v3/forms"
_GUID: Json = {"formId": got("form", "id")}
FORMS = [
    Step(
        f"POST {_F}/",
        {},
        {},
        {"name": "Walk", "formType": "hubspot", "archived": False, "fieldGroups": []},
        name="form",
    ),
    Step(f"GET {_F}/", {}, {"limit": 1, "after": "0", "archived": False, "formTypes": "hubspot"}),
    Step(f"GET {_F}/{{formId}}", {"formId": FORM}, {"archived": False}),
    Step(f"PATCH {_F}/{{formId}}", _GUID, {}, {"name": "Walked", "archived": False}),
    Step(f"PUT {_F}/{{formId}}", _GUID, {}, {"name": "W", "formType": "hubspot", "fieldGroups": []}),
    Step(f"DELETE {_F}/{{formId}}", _GUID),
]

_M = "/marketing/v3/marketing-events"
_X = _M + "/events/{externalEventId}"
_OUT = {"externalEventId": "walk-1"}
_OF = {"externalAccountId": "acc"}
_OWN: Json = {"objectId": got("event", "objectId")}
_KEYS: Json = {**_OF, **_OUT}
_TIMES = {"startDateTime": "2026-11-01T10:00:00Z", "endDateTime": "2026-11-01T11:00:00Z"}
_EVENT: Json = {
    "eventName": "Walk",
    "eventOrganizer": "Us",
    **_KEYS,
    **_TIMES,
    "eventType": "WEBINAR",
    "eventUrl": "https://x",
}
_V2: Json = {"customProperties": [], "eventName": "Walk 3", **_TIMES}
_VID = {"vid": 1001, "interactionDateTime": 1_767_000_000_000, "properties": {}}
_MAIL = {"email": "walker@example.com", "interactionDateTime": 1_767_000_000_000, "contactProperties": {"city": "Ulm"}}
_ATT = {"subscriberState": "attend"}
_P = _M + "/participations"
_ASC = _M + "/associations"
_MINE: Json = {"marketingEventId": got("event", "objectId")}
_PARTY = {"contactIdentifier": "1001", "state": "ATTENDED", "limit": 1, "after": "0"}
EVENTS = [
    Step(f"POST {_M}/events", {}, {}, {**_EVENT, "customProperties": [], "eventCancelled": False}, name="event"),
    Step(f"GET {_M}/", {}, {"limit": 1, "after": "0"}),
    Step(f"GET {_M}/{{objectId}}", _OWN),
    Step(f"PATCH {_M}/{{objectId}}", _OWN, {}, _V2),
    Step(f"GET {_X}", _OUT, _OF),
    Step(f"PUT {_X}", _OUT, {}, _EVENT),
    Step(f"PATCH {_X}", _OUT, _OF, {"eventName": "Walk 2"}),
    Step(
        f"POST {_M}/events/upsert", {}, {}, {"inputs": [_EVENT, {**_EVENT, "externalEventId": "walk-2"}]}, name="more"
    ),
    Step(f"POST {_M}/batch/update", {}, {}, {"inputs": [{**_V2, "objectId": got("event", "objectId")}]}),
    Step(f"POST {_M}/batch/update", {}, {}, {"inputs": [{**_V2, "objectId": "1"}]}, status=207),
    Step(f"GET {_M}/events/search", {}, {"q": "walk"}),
    Step(f"GET {_M}/{{externalEventId}}/identifiers", _OUT),
    Step(f"POST {_X}/complete", _OUT, _OF, _TIMES),
    Step(f"POST {_X}/cancel", _OUT, _OF),
    Step(f"POST {_X}/{{subscriberState}}/upsert", {**_OUT, "subscriberState": "register"}, _OF, {"inputs": [_VID]}),
    Step(
        f"POST {_X}/{{subscriberState}}/email-upsert", {**_OUT, "subscriberState": "cancel"}, _OF, {"inputs": [_MAIL]}
    ),
    Step(
        f"POST {_M}/attendance/{{externalEventId}}/{{subscriberState}}/create",
        {**_OUT, **_ATT},
        _OF,
        {"inputs": [_VID]},
    ),
    Step(
        f"POST {_M}/attendance/{{externalEventId}}/{{subscriberState}}/email-create",
        {**_OUT, **_ATT},
        _OF,
        {"inputs": [_MAIL]},
    ),
    Step(f"POST {_M}/{{objectId}}/attendance/{{subscriberState}}/create", {**_OWN, **_ATT}, {}, {"inputs": [_VID]}),
    Step(
        f"POST {_M}/{{objectId}}/attendance/{{subscriberState}}/email-create", {**_OWN, **_ATT}, {}, {"inputs": [_MAIL]}
    ),
    Step(
        f"GET {_P}/contacts/{{contactIdentifier}}/breakdown",
        {"contactIdentifier": "1001"},
        {"state": "ATTENDED", "limit": 1, "after": "0"},
    ),
    Step(f"GET {_P}/{{externalAccountId}}/{{externalEventId}}/breakdown", _KEYS, _PARTY),
    Step(f"GET {_P}/{{marketingEventId}}/breakdown", _MINE, _PARTY),
    Step(f"GET {_P}/{{externalAccountId}}/{{externalEventId}}", _KEYS),
    Step(f"GET {_P}/{{marketingEventId}}", _MINE),
    Step(f"POST {_L}/", {}, {}, {**_NEW, "name": "Guests"}, name="guests"),
    Step(f"PUT {_ASC}/{{marketingEventId}}/lists/{{listId}}", {**_MINE, "listId": got("guests", "list", "listId")}),
    Step(
        f"PUT {_ASC}/{{externalAccountId}}/{{externalEventId}}/lists/{{listId}}",
        {**_KEYS, "listId": got("guests", "list", "listId")},
    ),
    Step(f"GET {_ASC}/{{marketingEventId}}/lists", _MINE),
    Step(f"GET {_ASC}/{{externalAccountId}}/{{externalEventId}}/lists", _KEYS),
    Step(f"DELETE {_ASC}/{{marketingEventId}}/lists/{{listId}}", {**_MINE, "listId": got("guests", "list", "listId")}),
    Step(
        f"DELETE {_ASC}/{{externalAccountId}}/{{externalEventId}}/lists/{{listId}}",
        {**_KEYS, "listId": got("guests", "list", "listId")},
    ),
    Step(f"POST {_M}/{{appId}}/settings", {"appId": "1"}, {}, {"eventDetailsUrl": "https://example.com/%s"}),
    Step(f"GET {_M}/{{appId}}/settings", {"appId": "1"}),
    Step(f"POST {_M}/events/delete", {}, {}, {"inputs": [{**_OF, "externalEventId": "walk-2", "appId": 1}]}),
    Step(f"DELETE {_X}", _OUT, _OF),
    Step(f"POST {_M}/events", {}, {}, _EVENT, name="event"),
    Step(f"POST {_M}/batch/archive", {}, {}, {"inputs": [{"objectId": got("event", "objectId")}]}),
    Step(f"POST {_M}/events", {}, {}, _EVENT, name="event"),
    Step(f"DELETE {_M}/{{objectId}}", _OWN),
]

_W = {"objectType": "contact", "objectId": "1001", "eventType": "e_visited_page", "limit": 1, "sort": "occurredAt"}
ANALYTICS = [
    Step("GET /events/v3/events/", {}, {**_W, "occurredAfter": "2020-01-01T00:00:00Z", "after": "0"}),
    Step("GET /events/v3/events/", {}, {"occurredBefore": "2030-01-01T00:00:00Z", "id": "event-0", "before": "9"}),
    Step("GET /events/v3/events/", {}, {"property.{propname}": "x", "objectProperty.{propname}": "y"}),
    Step("GET /events/v3/events/event-types"),
]

_GRANT = {
    "grant_type": "authorization_code",
    "client_id": "sandbox-client-id",
    "client_secret": "sandbox-client-secret",
    "redirect_uri": "https://example.com/back",
    "code": "sandbox-code",
}
TOKENS = [
    Step("POST /oauth/v1/token", {}, {}, _GRANT, name="token"),
    Step("GET /oauth/v1/access-tokens/{token}", {"token": got("token", "access_token")}),
    Step("GET /oauth/v1/refresh-tokens/{token}", {"token": got("token", "refresh_token")}),
    Step("DELETE /oauth/v1/refresh-tokens/{token}", {"token": got("token", "refresh_token")}),
]
