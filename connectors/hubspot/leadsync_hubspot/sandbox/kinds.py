"""HubSpot's object types: their names, numbers and the properties that go with them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KindSpec:
    """An object type. `defaults` are the properties an answer carries when none were asked for."""

    name: str
    singular: str
    type_id: str
    defaults: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    created: str = "createdate"
    modified: str = "hs_lastmodifieddate"
    custom: bool = False

    @property
    def always(self) -> tuple[str, ...]:
        """Properties that are in every answer, also when others were asked for (recorded traffic)."""
        return (self.created, self.modified, "hs_object_id")


def _activity(name: str, singular: str, type_id: str) -> KindSpec:
    return KindSpec(name, singular, type_id, required=("hs_timestamp",), created="hs_createdate")


STANDARD = (
    KindSpec("contacts", "contact", "0-1", ("firstname", "lastname", "email"), modified="lastmodifieddate"),
    KindSpec("companies", "company", "0-2", ("name", "domain")),
    KindSpec(
        "deals",
        "deal",
        "0-3",
        ("dealname", "amount", "closedate", "pipeline", "dealstage"),
        required=("dealname", "dealstage"),
    ),
    KindSpec("tickets", "ticket", "0-5", ("subject", "content", "hs_pipeline", "hs_pipeline_stage")),
    KindSpec("leads", "lead", "0-136", required=("hs_lead_name",), created="hs_createdate"),
    _activity("tasks", "task", "0-27"),
    _activity("notes", "note", "0-46"),
    _activity("meetings", "meeting", "0-47"),
    _activity("calls", "call", "0-48"),
    _activity("emails", "email", "0-49"),
    _activity("communications", "communication", "0-18"),
)
"""Numbers: HubSpot, "Understanding the CRM APIs", table of object type ids."""


def custom_kind(type_id: str, name: str) -> KindSpec:
    """A custom object ("2-3604285"), known by its number and by its name."""
    return KindSpec(type_id, name, type_id, created="hs_createdate", custom=True)


def names_of(spec: KindSpec) -> tuple[str, ...]:
    """All that a path may call the type; recorded clients wrote "CONTACT" and "2-3604285"."""
    return (spec.name, spec.singular, spec.type_id)
