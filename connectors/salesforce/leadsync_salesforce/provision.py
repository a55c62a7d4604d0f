"""Create the custom fields that the mappings need, and let our own user see and write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from leadsync.connector import FieldSpec, ProvisionStep
from leadsync.errors import Rejected, Unreadable
from leadsync_salesforce.client import Client
from leadsync_salesforce.fields import Described, Describes
from leadsync_salesforce.query import among, literal, select

PERMISSION_SET = "LeadSync"
TEXT_LIMIT = 255
"""Characters of a Text field at most; Metadata API guide, "CustomField"."""
LONG_TEXT_LENGTH = 32_768

_FITS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string", "textarea", "email", "phone", "url", "picklist", "combobox"}),
    "text": frozenset({"textarea"}),
    "int": frozenset({"double", "int", "currency", "percent"}),
    "number": frozenset({"double", "currency", "percent"}),
    "bool": frozenset({"boolean"}),
    "date": frozenset({"date"}),
    "datetime": frozenset({"datetime"}),
    "enum": frozenset({"picklist", "string"}),
}
"""A spec's type to the describe types that can hold it."""


def metadata(spec: FieldSpec) -> dict[str, Any]:
    """The Tooling API's Metadata of a field; raises ValueError for an unknown type."""
    common = {"label": spec.label[:40], "description": spec.description[:1000], "required": False}
    match spec.type:
        case "string" if spec.length <= TEXT_LIMIT:
            unique = {"externalId": True, "unique": True, "caseSensitive": False} if spec.unique else {}
            return {**common, "type": "Text", "length": spec.length, **unique}
        case "string" | "text":
            return {**common, "type": "LongTextArea", "length": LONG_TEXT_LENGTH, "visibleLines": 3}
        case "int":
            return {**common, "type": "Number", "precision": 18, "scale": 0}
        case "number":
            return {**common, "type": "Number", "precision": 18, "scale": 4}
        case "bool":
            return {
                "label": common["label"],
                "description": common["description"],
                "type": "Checkbox",
                "defaultValue": "false",
            }
        case "date":
            return {**common, "type": "Date"}
        case "datetime":
            return {**common, "type": "DateTime"}
        case "enum":
            values = [{"fullName": o, "label": o, "default": False} for o in spec.options]
            return {
                **common,
                "type": "Picklist",
                "valueSet": {"restricted": False, "valueSetDefinition": {"sorted": False, "value": values}},
            }
        case unknown:
            raise ValueError(f"{spec.kind}.{spec.name}: unknown field type {unknown!r}")


class Provisioner:
    """Compares what is there with what is wanted and, when told to apply, makes it so."""

    def __init__(self, client: Client, describes: Describes, *, apply: bool) -> None:
        self._client = client
        self._describes = describes
        self._apply = apply
        self._steps: list[ProvisionStep] = []

    def run(self, specs: Sequence[FieldSpec]) -> list[ProvisionStep]:
        """Fields first, then their permissions. A second run finds everything there."""
        self._describes.forget()
        custom = [spec for spec in specs if spec.name.endswith("__c")]
        described = {kind: self._describes.of(kind) for kind in dict.fromkeys(s.kind for s in specs)}
        for spec in specs:
            if spec not in custom:
                described[spec.kind].check([spec.name])
                self._step(f"field {spec.kind}.{spec.name}", "exists")
        hidden = self._existing(custom)
        lacking: list[FieldSpec] = []
        for spec in custom:
            if not self._usable(spec, described[spec.kind]):
                lacking.append(spec)
                self._create(spec, exists=f"{spec.kind}.{spec.name}" in hidden)
        wanted = [s for s in lacking if not self._conflicts(s)]
        if wanted:
            self._grant(wanted)
        self._describes.forget()
        return self._steps

    def _step(self, what: str, state: str, detail: str = "") -> None:
        self._steps.append(ProvisionStep(what, state, detail))

    def _conflicts(self, spec: FieldSpec) -> bool:
        return any(s.what == f"field {spec.kind}.{spec.name}" and s.state == "conflict" for s in self._steps)

    def _usable(self, spec: FieldSpec, described: Described) -> bool:
        """Whether the field is there for reading and writing, or is there as something else."""
        info = described.field(spec.name)
        if info is None:
            return False
        what = f"field {spec.kind}.{spec.name}"
        if info.type not in _FITS[spec.type]:
            self._step(what, "conflict", f"it is of type {info.type}, wanted is {spec.type}: rename or remove it")
            return True
        if spec.unique and not info.identifies:
            self._step(what, "conflict", "it is no external id with unique values: tick both in its definition")
            return True
        if not info.updateable:
            return False
        self._step(what, "exists")
        return True

    def _existing(self, specs: Sequence[FieldSpec]) -> set[str]:
        """The wanted fields that exist, hidden or not; the Tooling API shows those that describe does not."""
        names = [spec.name.removesuffix("__c") for spec in specs]
        found: set[str] = set()
        for condition in among("DeveloperName", names):
            text = select("CustomField", ("Id", "DeveloperName", "TableEnumOrId"), condition)
            for row in _rows(self._client.get("tooling/query", {"q": text})):
                found.add(f"{row['TableEnumOrId']}.{row['DeveloperName']}__c")
        return found

    def _create(self, spec: FieldSpec, *, exists: bool) -> None:
        what = f"field {spec.kind}.{spec.name}"
        if exists:
            self._step(what, "exists", "hidden from this user or read-only")
            return
        if not self._apply:
            self._step(what, "missing", f"would be created as {metadata(spec)['type']}")
            return
        body = {"FullName": f"{spec.kind}.{spec.name}", "Metadata": metadata(spec)}
        try:
            self._client.write("POST", "tooling/sobjects/CustomField", body)
        except Rejected as problem:
            if problem.code != "DUPLICATE_DEVELOPER_NAME":
                self._step(what, "conflict", str(problem))
                return
        self._step(what, "created")

    def _grant(self, specs: Sequence[FieldSpec]) -> None:
        """Read and edit on the fields for a permission set that our user has."""
        set_id = self._permission_set()
        if set_id is None:
            for spec in specs:
                self._step(f"permission {spec.kind}.{spec.name}", "missing", "would be granted")
            return
        text = select("FieldPermissions", ("Id", "Field", "PermissionsEdit"), f"ParentId = {literal(set_id)}")
        there = {row["Field"]: row for row in _rows(self._client.get("query", {"q": text}))}
        for spec in specs:
            self._grant_one(spec, set_id, there.get(f"{spec.kind}.{spec.name}"))

    def _grant_one(self, spec: FieldSpec, set_id: str, there: Mapping[str, Any] | None) -> None:
        name = f"{spec.kind}.{spec.name}"
        if there is not None and there["PermissionsEdit"] is True:
            self._step(f"permission {name}", "exists")
            return
        if not self._apply:
            self._step(f"permission {name}", "missing", "would be granted")
            return
        rights = {"PermissionsRead": True, "PermissionsEdit": True}
        if there is not None:
            self._client.write("PATCH", f"sobjects/FieldPermissions/{there['Id']}", rights)
        else:
            body = {"ParentId": set_id, "SobjectType": spec.kind, "Field": name, **rights}
            self._client.write("POST", "sobjects/FieldPermissions", body)
        self._step(f"permission {name}", "granted")

    def _permission_set(self) -> str | None:
        """Our permission set's id, made and assigned to our user when it is not; None in a plan without it."""
        what = f"permission set {PERMISSION_SET}"
        text = select("PermissionSet", ("Id",), f"Name = {literal(PERMISSION_SET)}")
        rows = _rows(self._client.get("query", {"q": text}))
        if not rows and not self._apply:
            self._step(what, "missing", "would be created and assigned to this user")
            return None
        if rows:
            ident = str(rows[0]["Id"])
            self._step(what, "exists")
        else:
            body = {"Name": PERMISSION_SET, "Label": "leadsync"}
            ident = _created(self._client.write("POST", "sobjects/PermissionSet", body))
            self._step(what, "created")
        self._assign(ident)
        return ident

    def _assign(self, set_id: str) -> None:
        what = f"assignment of permission set {PERMISSION_SET}"
        user = self._client.user_id()
        where = f"PermissionSetId = {literal(set_id)} AND AssigneeId = {literal(user)}"
        if _rows(self._client.get("query", {"q": select("PermissionSetAssignment", ("Id",), where)})):
            self._step(what, "exists")
        elif not self._apply:
            self._step(what, "missing", "would be assigned to this user")
        else:
            body = {"PermissionSetId": set_id, "AssigneeId": user}
            self._client.write("POST", "sobjects/PermissionSetAssignment", body)
            self._step(what, "granted")


def _rows(body: Any) -> list[dict[str, Any]]:
    rows = body.get("records") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise Unreadable("Salesforce query: the answer is not what the API promises")
    return rows


def _created(body: Any) -> str:
    if not isinstance(body, dict) or not isinstance(body.get("id"), str):
        raise Unreadable("Salesforce create: no id in the answer")
    return str(body["id"])
