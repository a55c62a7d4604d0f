"""The Tooling API, as far as custom fields need it."""

from __future__ import annotations

from leadsync.sandbox import Reply, json_reply
from leadsync_salesforce.sandbox.call import NO_CONTENT, Call
from leadsync_salesforce.sandbox.custom import from_metadata
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.queries import Queries
from leadsync_salesforce.sandbox.schema import FieldDef, ObjectDef
from leadsync_salesforce.sandbox.table import Table

_COLUMNS = ("Id", "DeveloperName", "TableEnumOrId", "NamespacePrefix", "Length", "Precision", "Scale", "InlineHelpText")


def add_field(call: Call) -> Reply:
    """POST /tooling/sobjects/CustomField {"FullName": "Lead.X__c", "Metadata": {…}}.

    The new field is hidden from everybody until a permission set grants it.
    """
    body = call.body()
    table, _, name = str(body.get("FullName", "")).partition(".")
    obj = call.org.schema.get(table.lower())
    if obj is None:
        raise ApiError("INVALID_FULL_NAME", f"The object {table!r} of FullName is unknown", fields=["FullName"])
    field = from_metadata(name, body.get("Metadata") or {})
    ident = call.org.define(obj, field, "hidden")
    return json_reply(201, {"id": ident, "success": True, "errors": [], "warnings": [], "infos": []})


def _named(org: Org, ident: str) -> tuple[ObjectDef, FieldDef]:
    for name, known in org.custom_ids.items():
        if known[:15] == ident[:15]:
            table, _, field = name.partition(".")
            obj = org.object(table)
            found = obj.field(field)
            if found is not None:
                return obj, found
    raise not_found()


def get_field(call: Call, ident: str) -> Reply:
    """GET /tooling/sobjects/CustomField/{id}."""
    obj, field = _named(call.org, ident)
    metadata = {"label": field.label, "type": field.type, "externalId": field.external_id, "unique": field.unique}
    shown = {"Id": ident, "FullName": f"{obj.name}.{field.name}", "TableEnumOrId": obj.name, "Metadata": metadata}
    return json_reply(200, {**shown, "DeveloperName": field.name.removesuffix("__c")})


def delete_field(call: Call, ident: str) -> Reply:
    """DELETE /tooling/sobjects/CustomField/{id}."""
    call.org.undefine(*_named(call.org, ident))
    return NO_CONTENT


def query(call: Call, queries: Queries) -> Reply:
    """GET /tooling/query of CustomField, which shows hidden fields too."""
    kinds = {"Id": "id", "Length": "int", "Precision": "int", "Scale": "int"}
    tooling = Org(call.org.clock)
    fields = {c.lower(): FieldDef(c, kinds.get(c, "string"), c) for c in _COLUMNS}
    tooling.schema = {"customfield": ObjectDef("CustomField", "Custom Field", "00N", fields)}
    tooling.tables["CustomField"] = Table()
    for name, ident in call.org.custom_ids.items():
        table, _, field = name.partition(".")
        row = {"Id": ident, "DeveloperName": field.removesuffix("__c"), "TableEnumOrId": table}
        found = call.org.object(table).field(field)
        size = {} if found is None else {"Length": found.length, "Precision": found.precision, "Scale": found.scale}
        tooling.tables["CustomField"].put(ident, {**row, **size})
    return queries.query(Call(tooling, call.request, call.version, call.user), deleted=False)
