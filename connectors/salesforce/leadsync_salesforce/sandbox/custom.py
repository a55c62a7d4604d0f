"""Custom fields: from the metadata that the Tooling API takes, or from a seed's short form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import FieldDef

METADATA_TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Html": "textarea",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Lookup": "reference",
}
"""Metadata API field type to describe type; Metadata API guide, "CustomField"."""

_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c\Z")
_LENGTHS = {"textarea": 255, "email": 80, "phone": 40, "url": 255, "picklist": 255, "multipicklist": 4099}
_BY_DESCRIBE_TYPE = {described: given for given, described in reversed(METADATA_TYPES.items())}


def _length(kind: str, metadata: Mapping[str, Any]) -> int:
    if kind == "Text":
        length = int(metadata.get("length") or 0)
        if not 1 <= length <= 255:
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", "Length must be between 1 and 255", fields=["FullName"])
        return length
    if kind in ("LongTextArea", "Html"):
        return int(metadata.get("length") or 32768)
    return 18 if kind == "Lookup" else _LENGTHS.get(METADATA_TYPES[kind], 0)


def _values(metadata: Mapping[str, Any]) -> tuple[tuple[str, ...], bool, str | None]:
    given = metadata.get("valueSet") or {}
    entries = (given.get("valueSetDefinition") or {}).get("value") or []
    names = tuple(str(v.get("fullName") or v.get("valueName")) for v in entries)
    default = next((n for n, v in zip(names, entries, strict=True) if v.get("default")), None)
    return names, bool(given.get("restricted")), default


def from_metadata(name: str, metadata: Mapping[str, Any]) -> FieldDef:
    """The field that `POST /tooling/sobjects/CustomField` makes; raises ApiError as the Tooling API does."""
    kind = str(metadata.get("type", ""))
    if kind not in METADATA_TYPES:
        raise ApiError("INVALID_FIELD_TYPE", f"{kind!r} is not a valid field type", fields=["Metadata"])
    if not _NAME.match(name):
        raise ApiError("INVALID_FULL_NAME", f"The name {name!r} is not a custom field's name", fields=["FullName"])
    if not metadata.get("label"):
        raise ApiError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Label]", fields=["Label"])
    values, restricted, default = _values(metadata)
    described = METADATA_TYPES[kind]
    return FieldDef(
        name=name,
        type=described,
        label=str(metadata["label"]),
        length=_length(kind, metadata),
        precision=int(metadata.get("precision") or 0),
        scale=int(metadata.get("scale") or 0),
        flags=("" if metadata.get("required") or described == "boolean" else "n") + "cup" + ("r" if restricted else ""),
        refers=tuple(filter(None, [metadata.get("referenceTo")])),
        relationship=name.removesuffix("c") + "r" if described == "reference" else "",
        values=values,
        default=metadata.get("defaultValue") in (True, "true") if described == "boolean" else default,
        custom=True,
        external_id=bool(metadata.get("externalId")),
        unique=bool(metadata.get("unique")),
        case_sensitive=bool(metadata.get("caseSensitive")),
        help=str(metadata.get("inlineHelpText") or metadata.get("description") or ""),
    )


def from_seed(given: Mapping[str, Any]) -> FieldDef:
    """A field of a seed's `custom_fields`: {"object", "name", "type", …} in metadata or describe words."""
    kind = str(given.get("type", "Text"))
    kind = kind if kind in METADATA_TYPES else _BY_DESCRIBE_TYPE.get(kind, kind)
    if kind == "TextArea" and int(given.get("length") or 0) > 255:
        kind = "LongTextArea"
    metadata = {"label": given["name"].removesuffix("__c").replace("_", " "), **given, "type": kind}
    if kind == "Text":
        metadata.setdefault("length", 255)
    if METADATA_TYPES.get(kind) in ("double", "currency", "percent"):
        metadata.setdefault("precision", 18)
    if "values" in given or "options" in given:
        names = given.get("values") or given.get("options")
        entries = [{"fullName": n, "label": n, "default": False} for n in names or ()]
        metadata["valueSet"] = {"restricted": given.get("restricted", False), "valueSetDefinition": {"value": entries}}
    return from_metadata(str(given["name"]), metadata)
