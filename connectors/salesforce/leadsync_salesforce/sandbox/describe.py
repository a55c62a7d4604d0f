"""Describe answers, with the same keys as a real org's (recorded in 2022 from an org of API version 42)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from leadsync_salesforce.sandbox.schema import (
    CHILD_NAMES,
    MERGEABLE,
    NUMBERS,
    READ_ONLY,
    TEXT,
    FieldDef,
    ObjectDef,
)

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
_ALWAYS: Mapping[str, Any] = {
    "autoNumber": False,
    "calculatedFormula": None,
    "cascadeDelete": False,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "filteredLookupInfo": None,
    "highScaleNumber": False,
    "mask": None,
    "maskType": None,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "writeRequiresMasterRead": False,
}


def _bytes(field: FieldDef) -> int:
    if field.type in ("id", "reference"):
        return 18
    return field.length * 3 if field.type in TEXT else 0


def _extra_type(field: FieldDef, *, personal: bool) -> str | None:
    if field.type == "textarea":
        return "plaintextarea"
    if field.name == "PhotoUrl":
        return "imageurl"
    if field.compound == "Name" and not personal:
        return "switchablepersonname"
    if personal and (field.compound == "Name" or field.name == "Name"):
        return "personname"
    return None


def _picklist(field: FieldDef) -> list[dict[str, Any]]:
    return [
        {"active": True, "defaultValue": value == field.default, "label": value, "validFor": None, "value": value}
        for value in field.values
    ]


def _usable(field: FieldDef) -> dict[str, bool]:
    whole = field.type == "address" or field.long_text
    return {
        "aggregatable": not whole and field.type != "boolean",
        "filterable": not field.long_text,
        "groupable": not whole and field.type not in NUMBERS and field.type != "datetime",
        "sortable": not whole,
    }


def field_json(field: FieldDef, *, editable: bool, personal: bool) -> dict[str, Any]:
    """One member of describe's `fields`; `editable` says whether the asking user may write it."""
    return dict(
        sorted(
            {
                **_ALWAYS,
                **_usable(field),
                "byteLength": _bytes(field),
                "calculated": field.custom and not field.createable,
                "caseSensitive": field.case_sensitive,
                "compoundFieldName": field.compound or None,
                "createable": field.createable and editable,
                "custom": field.custom,
                "defaultValue": field.default if field.type == "boolean" else None,
                "defaultedOnCreate": "d" in field.flags or (field.custom and field.type == "boolean"),
                "digits": field.digits,
                "externalId": field.external_id,
                "extraTypeInfo": _extra_type(field, personal=personal),
                "htmlFormatted": False,
                "idLookup": field.id_lookup,
                "inlineHelpText": field.help or None,
                "label": field.label,
                "length": field.length,
                "name": field.name,
                "nameField": "N" in field.flags,
                "namePointing": len(field.refers) > 1,
                "nillable": field.nillable,
                "permissionable": "p" in field.flags,
                "picklistValues": _picklist(field),
                "polymorphicForeignKey": len(field.refers) > 1,
                "precision": field.precision,
                "queryByDistance": field.type == "address",
                "referenceTo": list(field.refers),
                "relationshipName": field.relationship or None,
                "restrictedPicklist": field.restricted,
                "scale": field.scale,
                "searchPrefilterable": field.type == "reference" and field.updateable and "User" not in field.refers,
                "soapType": _SOAP.get(field.type, "xsd:string"),
                "type": field.type,
                "unique": field.unique,
                "updateable": field.updateable and editable,
            }.items()
        )
    )


def _children(name: str, schema: Mapping[str, ObjectDef]) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": child.name in ("CampaignInfluence", "CampaignMember", "OpportunityContactRole"),
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": CHILD_NAMES.get((child.name, field.name)),
            "restrictedDelete": False,
        }
        for child in schema.values()
        for field in child.fields.values()
        if name in field.refers
    ]


def summary_json(obj: ObjectDef, base: str) -> dict[str, Any]:
    """An object as the list of all objects (`GET /sobjects`) has it. `base` is "/services/data/vXX.0"."""
    writable = obj.name not in READ_ONLY
    here = f"{base}/sobjects/{obj.name}"
    return {
        "activateable": False,
        "createable": writable,
        "custom": False,
        "customSetting": False,
        "deletable": writable and obj.name != "User",
        "deprecatedAndHidden": False,
        "feedEnabled": obj.name in MERGEABLE,
        "hasSubtypes": False,
        "isSubtype": False,
        "keyPrefix": obj.prefix,
        "label": obj.label,
        "labelPlural": obj.plural,
        "layoutable": "SystemModstamp" in {f.name for f in obj.fields.values()} and writable,
        "mergeable": obj.name in MERGEABLE,
        "mruEnabled": obj.name in MERGEABLE,
        "name": obj.name,
        "queryable": True,
        "replicateable": "systemmodstamp" in obj.fields,
        "retrieveable": True,
        "searchable": obj.field("Name") is not None,
        "triggerable": writable,
        "undeletable": "isdeleted" in obj.fields,
        "updateable": writable,
        "urls": {"describe": f"{here}/describe", "rowTemplate": f"{here}/{{ID}}", "sobject": here},
    }


def _whole_urls(obj: ObjectDef, base: str, host: str) -> dict[str, str]:
    here = f"{base}/sobjects/{obj.name}"
    return {
        "compactLayouts": f"{here}/describe/compactLayouts",
        "rowTemplate": f"{here}/{{ID}}",
        "approvalLayouts": f"{here}/describe/approvalLayouts",
        "uiDetailTemplate": f"{host}/{{ID}}",
        "uiEditTemplate": f"{host}/{{ID}}/e",
        "listviews": f"{here}/listviews",
        "describe": f"{here}/describe",
        "uiNewRecord": f"{host}/{obj.prefix}/e",
        "quickActions": f"{here}/quickActions",
        "layouts": f"{here}/describe/layouts",
        "sobject": here,
    }


def _record_types(obj: ObjectDef, base: str) -> list[dict[str, Any]]:
    master = "012000000000000AAA"
    layout = f"{base}/sobjects/{obj.name}/describe/layouts/{master}"
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": True,
            "master": True,
            "name": "Master",
            "recordTypeId": master,
            "urls": {"layout": layout},
        }
    ]


def object_json(
    obj: ObjectDef, schema: Mapping[str, ObjectDef], access: Mapping[str, bool], base: str, host: str
) -> dict[str, Any]:
    """A full describe. `access` holds the names of the fields the asking user sees, and whether they may write them."""
    personal = obj.field("LastName") is not None
    plural = obj.plural.lower()
    return {
        **summary_json(obj, base),
        "actionOverrides": [],
        "childRelationships": _children(obj.name, schema),
        "compactLayoutable": True,
        "fields": [
            field_json(f, editable=access[f.name], personal=personal) for f in obj.fields.values() if f.name in access
        ],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": _record_types(obj, base),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [
            {"label": f"All {plural}", "name": "everything"},
            {"label": f"My {plural}", "name": "mine"},
            {"label": f"My team's {plural}", "name": "team"},
        ],
        "urls": _whole_urls(obj, base, host),
    }
