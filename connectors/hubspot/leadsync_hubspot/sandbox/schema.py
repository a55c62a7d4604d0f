"""What a property is: its type, its options, and how HubSpot describes it in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FIELD_TYPES: Mapping[str, tuple[str, ...]] = {
    "bool": ("booleancheckbox", "calculation_equation"),
    "enumeration": ("booleancheckbox", "checkbox", "radio", "select", "calculation_equation"),
    "date": ("date",),
    "datetime": ("date",),
    "string": ("file", "text", "textarea", "calculation_equation", "html", "phonenumber"),
    "number": ("number", "calculation_equation"),
    "object_coordinates": ("text",),
    "json": ("text",),
}
"""type → allowed fieldTypes; HubSpot, properties guide, table "property type and fieldType values"."""

UNIQUE_LIMIT = 10  # unique properties per object; HubSpot, properties guide


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of an enumeration."""

    value: str
    label: str = ""
    hidden: bool = False
    description: str = ""

    def as_json(self, order: int) -> dict[str, Any]:
        """The option as HubSpot lists it."""
        told = {"description": self.description} if self.description else {}
        shown = {"label": self.label or self.value, "value": self.value, **told}
        return {**shown, "displayOrder": order, "hidden": self.hidden}


@dataclass(frozen=True, slots=True)
class Property:
    """The definition of a property. `open_options`: an enumeration whose values are kept elsewhere."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    description: str = ""
    options: tuple[Option, ...] = ()
    read_only: bool = False
    unique: bool = False
    custom: bool = False
    open_options: bool = False
    archived: bool = False
    hidden: bool = False
    order: int = -1
    form: bool | None = None
    formula: str = ""
    stamped: str = "2020-06-30T15:57:35.997Z"

    def as_json(self) -> dict[str, Any]:
        """The definition as `GET /crm/v3/properties/{object}/{name}` answers it."""
        return {
            "updatedAt": self.stamped,
            "createdAt": self.stamped,
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [option.as_json(order) for order, option in enumerate(self.options)],
            "displayOrder": self.order,
            "calculated": bool(self.formula),
            **({"calculationFormula": self.formula} if self.formula else {}),
            "externalOptions": self.name == "hubspot_owner_id",
            **({"referencedObjectType": "OWNER"} if self.name == "hubspot_owner_id" else {}),
            "archived": self.archived,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            **({} if self.custom else {"hubspotDefined": True}),
            "modificationMetadata": {
                "archivable": self.custom,
                "readOnlyDefinition": not self.custom,
                "readOnlyValue": self.read_only,
            },
            "formField": not self.read_only if self.form is None else self.form,
        }


def options_from_json(given: Iterable[Mapping[str, Any]]) -> tuple[Option, ...]:
    """Options as a client posts them, in the order it gives them; raises KeyError for one without a value."""
    ordered = sorted(given, key=lambda o: o.get("displayOrder", 0))
    return tuple(
        Option(str(o["value"]), str(o.get("label", "")), bool(o.get("hidden")), str(o.get("description") or ""))
        for o in ordered
    )


def property_from_json(data: Mapping[str, Any], stamped: str) -> Property:
    """A definition as a client posts it; raises KeyError naming the key that is missing."""
    options = options_from_json(data.get("options") or ())
    if data["type"] == "bool" and not options:
        options = (Option("true", "Yes"), Option("false", "No"))
    return Property(
        name=data["name"],
        label=data["label"],
        type=data["type"],
        field_type=data["fieldType"],
        group=data["groupName"],
        description=data.get("description", ""),
        options=options,
        unique=bool(data.get("hasUniqueValue")),
        hidden=bool(data.get("hidden")),
        order=int(data.get("displayOrder", -1)),
        form=None if data.get("formField") is None else bool(data["formField"]),
        formula=str(data.get("calculationFormula") or ""),
        custom=True,
        stamped=stamped,
    )
