"""Seeing to it that the properties a mapping needs are there, in a group of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from leadsync.connector import FieldSpec, ProvisionStep
from leadsync.errors import Misconfigured
from leadsync_hubspot.client import Client
from leadsync_hubspot.refusals import scrubbed

GROUP, GROUP_LABEL = "leadsync", "leadsync"
TYPES: Mapping[str, tuple[str, str]] = {
    "string": ("string", "text"),
    "text": ("string", "textarea"),
    "int": ("number", "number"),
    "number": ("number", "number"),
    "bool": ("bool", "booleancheckbox"),
    "date": ("date", "date"),
    "datetime": ("datetime", "date"),
    "enum": ("enumeration", "select"),
}
"""Our field types as HubSpot's (type, fieldType); HubSpot, properties guide."""
BATCH = 100
Json = dict[str, Any]


def provision(client: Client, fields: Sequence[FieldSpec], *, apply: bool) -> list[ProvisionStep]:
    """What is there, what is missing, what was created; idempotent."""
    steps: list[ProvisionStep] = []
    for kind, specs in groupby(sorted(fields, key=lambda f: f.kind), key=lambda f: f.kind):
        steps += _of_kind(client, kind, list(specs), apply=apply)
    return steps


def _of_kind(client: Client, kind: str, specs: Sequence[FieldSpec], *, apply: bool) -> list[ProvisionStep]:
    there = {str(p.get("name")): p for p in client.properties(kind)["results"]}
    missing = [spec for spec in specs if spec.name not in there]
    steps = [_group(client, kind, apply=apply)] if missing else []
    steps += [_existing(client, spec, there[spec.name], apply=apply) for spec in specs if spec.name in there]
    if apply and missing:
        _create(client, kind, missing)
    state = "created" if apply else "missing"
    return steps + [ProvisionStep(f"{kind}.{spec.name}", state, described(spec)) for spec in missing]


def _group(client: Client, kind: str, *, apply: bool) -> ProvisionStep:
    what = f"{kind} property group {GROUP}"
    if GROUP in {str(group.get("name")) for group in client.groups(kind)["results"]}:
        return ProvisionStep(what, "exists")
    if apply:
        client.create_group(kind, {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1})
    return ProvisionStep(what, "created" if apply else "missing")


def _create(client: Client, kind: str, specs: Sequence[FieldSpec]) -> None:
    for start in range(0, len(specs), BATCH):
        answer = client.create_properties(kind, {"inputs": [definition(s) for s in specs[start : start + BATCH]]})
        if errors := answer.get("errors"):
            reasons = "; ".join(scrubbed(str(e.get("message", "no reason given"))) for e in errors)
            raise Misconfigured(f"HubSpot did not create all properties of {kind}: {reasons}")


def definition(spec: FieldSpec) -> Json:
    """A property as HubSpot's API takes it."""
    kind, field_type = TYPES[spec.type]
    found: Json = {
        "name": spec.name,
        "label": spec.label,
        "type": kind,
        "fieldType": field_type,
        "groupName": GROUP,
        "description": spec.description,
    }
    if options := options_of(spec):
        found["options"] = options
    if spec.unique:
        found["hasUniqueValue"] = True
    return found


def options_of(spec: FieldSpec) -> list[Json]:
    """The choices of an enumeration or a checkbox, in order."""
    if spec.type == "bool":
        return _options([("true", "Yes"), ("false", "No")])
    return _options([(name, name) for name in spec.options])


def _options(pairs: Iterable[tuple[str, str]], first: int = 0) -> list[Json]:
    return [
        {"value": value, "label": label, "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(pairs, first)
    ]


def described(spec: FieldSpec) -> str:
    """The type in words, as a plan shows it."""
    kind, field_type = TYPES[spec.type]
    return f"{kind}/{field_type}" + (", unique" if spec.unique else "")


def _existing(client: Client, spec: FieldSpec, there: Mapping[str, Any], *, apply: bool) -> ProvisionStep:
    what, (kind, _) = f"{spec.kind}.{spec.name}", TYPES[spec.type]
    if there.get("type") != kind:
        return ProvisionStep(what, "conflict", f"is {there.get('type')} in HubSpot, the mapping needs {kind}")
    if spec.unique and not there.get("hasUniqueValue"):
        return ProvisionStep(what, "conflict", "is not unique in HubSpot, and cannot be made so: archive it first")
    kept = list(there.get("options") or ())  # as they are: what is sent takes the place of all of them
    known = {str(option.get("value")) for option in kept}
    new = [option for option in spec.options if option not in known]
    if not new:
        return ProvisionStep(what, "exists")
    if apply:
        added = _options([(name, name) for name in new], len(kept))
        client.update_property(spec.kind, spec.name, {"options": [*kept, *added]})
    return ProvisionStep(what, "created" if apply else "missing", f"options {', '.join(new)}")
