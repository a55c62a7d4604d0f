"""What objects and fields there are: the standard ones from the tables in `objects/`, and custom ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

KEY_PREFIXES = {
    "Account": "001",
    "Campaign": "701",
    "CampaignInfluence": "0KK",
    "CampaignInfluenceModel": "03V",
    "CampaignMember": "00v",
    "Contact": "003",
    "Event": "00U",
    "FieldPermissions": "01k",
    "Lead": "00Q",
    "LeadStatus": "01J",
    "Opportunity": "006",
    "OpportunityContactRole": "00K",
    "Organization": "00D",
    "PermissionSet": "0PS",
    "PermissionSetAssignment": "0Pa",
    "Profile": "00e",
    "Task": "00T",
    "User": "005",
}
"""The first three characters of an object's ids; Salesforce help, "Standard Field Record ID Prefix Decoder"."""

PLURALS = {"Opportunity": "Opportunities", "LeadStatus": "Lead Status Values", "FieldPermissions": "Field Permissions"}
READ_ONLY = {"Organization", "Profile", "LeadStatus", "CampaignInfluenceModel"}
MERGEABLE = {"Account", "Contact", "Lead"}
CHILD_NAMES = {
    ("Account", "ParentId"): "ChildAccounts",
    ("Campaign", "ParentId"): "ChildCampaigns",
    ("CampaignInfluence", "CampaignId"): "CampaignInfluences",
    ("CampaignInfluence", "ContactId"): "CampaignInfluences",
    ("CampaignInfluence", "OpportunityId"): "CampaignInfluences",
    ("CampaignMember", "CampaignId"): "CampaignMembers",
    ("CampaignMember", "ContactId"): "CampaignMembers",
    ("CampaignMember", "LeadId"): "CampaignMembers",
    ("Contact", "AccountId"): "Contacts",
    ("Event", "WhatId"): "Events",
    ("Event", "WhoId"): "Events",
    ("FieldPermissions", "ParentId"): "FieldPerms",
    ("Opportunity", "AccountId"): "Opportunities",
    ("Opportunity", "CampaignId"): "Opportunities",
    ("OpportunityContactRole", "ContactId"): "OpportunityContactRoles",
    ("OpportunityContactRole", "OpportunityId"): "OpportunityContactRoles",
    ("PermissionSetAssignment", "PermissionSetId"): "Assignments",
    ("Task", "WhatId"): "Tasks",
    ("Task", "WhoId"): "Tasks",
}
"""(child object, reference field) to the name of the relationship as its parent sees it."""

TEXT = {"string", "textarea", "email", "phone", "url", "picklist", "multipicklist", "combobox"}
NUMBERS = {"double", "currency", "percent"}
LONG_TEXT = 255
"""A textarea longer than this is stored elsewhere and cannot be filtered, grouped or sorted."""


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field as describe tells it. `values` holds the picklist's entries; `default` applies on create."""

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    digits: int = 0
    flags: str = ""
    refers: tuple[str, ...] = ()
    relationship: str = ""
    compound: str = ""
    values: tuple[str, ...] = ()
    default: str | bool | None = None
    custom: bool = False
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    help: str = ""

    @property
    def nillable(self) -> bool:
        """Whether it may be empty."""
        return "n" in self.flags

    @property
    def createable(self) -> bool:
        """Whether anybody may give it on create."""
        return "c" in self.flags

    @property
    def updateable(self) -> bool:
        """Whether anybody may change it."""
        return "u" in self.flags

    @property
    def restricted(self) -> bool:
        """Whether a picklist refuses values that it does not list."""
        return "r" in self.flags

    @property
    def id_lookup(self) -> bool:
        """Whether it may stand in an upsert's path."""
        return "i" in self.flags or self.external_id

    @property
    def long_text(self) -> bool:
        """Whether it is a text too long to be filtered."""
        return self.type == "textarea" and self.length > LONG_TEXT

    @property
    def required(self) -> bool:
        """Whether a new record without it is refused."""
        return self.createable and not self.nillable and "d" not in self.flags and self.type != "boolean"


@dataclass(slots=True)
class ObjectDef:
    """One object: its fields by lower-case name, in describe's order."""

    name: str
    label: str
    prefix: str
    fields: dict[str, FieldDef] = field(default_factory=dict)

    @property
    def plural(self) -> str:
        """The label of many."""
        return PLURALS.get(self.name, f"{self.label}s")

    def field(self, name: str) -> FieldDef | None:
        """A field by its name in any case."""
        return self.fields.get(name.lower())

    def parent(self, relationship: str) -> FieldDef | None:
        """The reference field behind a relationship name ("Owner"), in any case."""
        wanted = relationship.lower()
        return next((f for f in self.fields.values() if f.relationship.lower() == wanted), None)


def _size(kind: str, text: str) -> dict[str, Any]:
    if not text:
        return {}
    if kind in NUMBERS:
        precision, scale = text.split(".")
        return {"precision": int(precision), "scale": int(scale)}
    return {"digits" if kind == "int" else "length": int(text)}


def _split(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(";") if part)


def _standard_field(row: dict[str, str]) -> FieldDef:
    values = _split(row["values"])
    return FieldDef(
        name=row["name"],
        type=row["type"],
        label=row["label"],
        flags=row["flags"],
        refers=_split(row["refers"]),
        relationship=row["relationship"],
        compound=row["compound"],
        values=tuple(v.removeprefix("*") for v in values),
        default=next((v[1:] for v in values if v.startswith("*")), False if row["type"] == "boolean" else None),
        **_size(row["type"], row["size"]),
    )


@cache
def _standard(name: str) -> tuple[FieldDef, ...]:
    table = resources.files("leadsync_salesforce.sandbox").joinpath("objects", f"{name}.csv")
    lines = table.read_text(encoding="utf-8").splitlines()
    return tuple(_standard_field(row) for row in csv.DictReader(lines))


def standard_objects() -> dict[str, ObjectDef]:
    """The standard objects by lower-case name, each a fresh value that may be given custom fields."""
    return {
        name.lower(): ObjectDef(
            name=name,
            label="".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(name)),
            prefix=prefix,
            fields={f.name.lower(): f for f in _standard(name)},
        )
        for name, prefix in KEY_PREFIXES.items()
    }
