"""The portal in memory: records with their history, the index that search sees, and the rules of writing."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from leadsync.sandbox import SandboxClock
from leadsync_hubspot.sandbox.errors import Refused, invalid, invalid_values, refuse
from leadsync_hubspot.sandbox.kinds import STANDARD, KindSpec, names_of
from leadsync_hubspot.sandbox.links import Links
from leadsync_hubspot.sandbox.schema import Property
from leadsync_hubspot.sandbox.standard import LIFECYCLE, standard_properties
from leadsync_hubspot.sandbox.values import Unfit, appended, iso, stored

SETTINGS: Mapping[str, Any] = {
    "search_lag_seconds": 0,
    "lifecycle_backwards": "ignored",
    "default_lifecyclestage": "lead",
    "batch_update_drops_merged": True,
    "required_properties": {},
    "rate_limit_headers": True,
    "contacts_archived_at": "archived",
}
"""Switches for what is not settled or what a person wants to rehearse; a seed's "settings" override them."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: HubSpot's change source and its id, and the user where there is one."""

    source: str = "INTEGRATION"
    id: str = "leadsync-sandbox"
    user: str | None = None


SEEDED = Actor("IMPORT", "seed")


@dataclass(frozen=True, slots=True)
class Change:
    """One value a property has had."""

    value: str
    at: datetime
    actor: Actor

    def as_json(self) -> dict[str, Any]:
        """As `propertiesWithHistory` shows it."""
        found = {"value": self.value, "timestamp": iso(self.at), "sourceType": self.actor.source}
        user = {} if self.actor.user is None else {"updatedByUserId": int(self.actor.user)}
        return {**found, "sourceId": self.actor.id, **user}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a record: "creation", "propertyChange", "deletion" or "privacyDeletion"."""

    what: str
    kind: str
    id: str
    changed: Mapping[str, str]
    actor: Actor


@dataclass(slots=True)
class Stale:
    """What the search index still shows of a record, until its lag is over. `properties` None: not there yet."""

    until: datetime
    properties: Mapping[str, str] | None
    updated: datetime


@dataclass(slots=True)
class Obj:
    """One record. A property that was never set is missing, a cleared one is ""."""

    kind: str
    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    archived_at: datetime | None = None
    history: dict[str, list[Change]] = field(default_factory=dict)
    stale: list[Stale] = field(default_factory=list)

    @property
    def node(self) -> tuple[str, str]:
        """What associations call it."""
        return (self.kind, self.id)


class Portal:
    """A HubSpot account. All writing goes through `create`, `update`, `archive`, `erase` and `touch`."""

    def __init__(self, clock: SandboxClock) -> None:
        self.clock = clock
        self.rng = random.Random(48_000_001)  # noqa: S311  one seed gives one history
        self.settings: dict[str, Any] = dict(SETTINGS)
        self.account: dict[str, Any] = {"portalId": 48000001, "timeZone": "Europe/Amsterdam", "tier": None}
        self.kinds: dict[str, KindSpec] = {}
        self.properties: dict[str, dict[str, Property]] = {}
        self.schemas: dict[str, dict[str, Any]] = {}
        self.tied: dict[str, list[dict[str, Any]]] = {}
        self.untied: dict[str, set[str]] = {}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {}
        self.objects: dict[str, dict[str, Obj]] = {}
        self.unique: dict[tuple[str, str], dict[str, str]] = {}
        self.merged: dict[tuple[str, str], str] = {}
        self.links = Links()
        self.most_ties: dict[tuple[str, str, int], int] = {}
        self.owners: dict[str, dict[str, Any]] = {}
        self.forms: dict[str, dict[str, Any]] = {}
        self.submissions: dict[str, list[dict[str, Any]]] = {}
        self.web_events: list[dict[str, Any]] = []
        self.marketing_events: dict[str, dict[str, Any]] = {}
        self.details_urls: dict[str, str] = {}
        self.lists: dict[str, dict[str, Any]] = {}
        self.folders: dict[int, dict[str, Any]] = {}
        self.filed: dict[str, int] = {}
        self.pipelines: dict[str, dict[str, dict[str, Any]]] = {}
        self.audits: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.blocked: set[str] = set()
        self.version: dict[str, int] = {}
        self.lagging: dict[str, dict[str, Obj]] = {}
        self.events: list[Event] = []
        self.watched = False
        self._names: dict[str, str] = {}
        self._last_id = 100_000
        self._last_time = datetime.min.replace(tzinfo=clock().tzinfo)
        for spec in STANDARD:
            self.add_kind(spec)

    # ---- object types and properties

    def add_kind(self, spec: KindSpec) -> None:
        """Make an object type known, with its standard properties."""
        self.kinds[spec.name] = spec
        self.objects.setdefault(spec.name, {})
        self.properties[spec.name] = {p.name: p for p in standard_properties(spec.name)}
        self.groups[spec.name] = {}
        for prop in self.properties[spec.name].values():
            self.groups[spec.name].setdefault(prop.group, {"name": prop.group, "label": prop.group, "displayOrder": -1})
        self._names.update({name.lower(): spec.name for name in names_of(spec)})

    def kind(self, name: str) -> KindSpec:
        """The object type a path means, in whatever spelling; 400 for one that there is not."""
        key = name.lower()
        found = self._names.get(key) or self._names.get(key.split("_", 1)[-1])
        if found is None:
            raise invalid(f"Unable to infer object type from: {name}")
        return self.kinds[found]

    def is_unique(self, kind: str, name: str) -> bool:
        """Whether one value of the property belongs to one record; a contact's e-mail does without saying so."""
        prop = self.properties[kind].get(name)
        return prop is not None and (prop.unique or (kind, name) == ("contacts", "email"))

    # ---- reading

    def get(self, kind: str, ident: str, *, archived: bool = False) -> Obj | None:
        """A record by id, following merges."""
        obj = self.objects[kind].get(self.merged.get((kind, ident), ident))
        return obj if obj is not None and (obj.archived_at is not None) == archived else None

    def by_unique(self, kind: str, name: str, value: str) -> Obj | None:
        """The live record that holds the value of a unique property."""
        ident = self.unique.get((kind, name), {}).get(value.strip().lower())
        return None if ident is None else self.get(kind, ident)

    def shown(self, obj: Obj) -> dict[str, str]:
        """All of a record's properties, those HubSpot derives included."""
        spec = self.kinds[obj.kind]
        derived = {spec.created: iso(obj.created), spec.modified: iso(obj.updated), "hs_object_id": obj.id}
        return {**obj.properties, **derived}

    # ---- writing

    def tick(self) -> datetime:
        """The time of the next write: the clock's, and always later than the last by a millisecond at least."""
        now = self.clock().replace(microsecond=self.clock().microsecond // 1000 * 1000)
        self._last_time = max(now, self._last_time + timedelta(milliseconds=1))
        return self._last_time

    def new_id(self) -> str:
        """The next record id."""
        self._last_id += 50
        return str(self._last_id)

    def check(self, kind: str, given: Mapping[str, Any]) -> dict[str, str]:
        """The values as they would be stored; raises `Refused` naming every one that does not fit."""
        clean: dict[str, str] = {}
        problems: list[dict[str, Any]] = []
        for name, value in given.items():
            try:
                clean[name] = self._fit(kind, name, value)
            except Unfit as problem:
                problems.append(self._problem(name, problem))
        if problems:
            raise invalid_values(problems)
        return clean

    def _fit(self, kind: str, name: str, value: Any) -> str:
        prop = self.properties[kind].get(name)
        if prop is None or prop.archived:
            raise Unfit("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if prop.read_only:
            raise Unfit("READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.')
        return stored(prop, value)

    def _problem(self, name: str, problem: Unfit) -> dict[str, Any]:
        text = str(problem)
        return {
            "isValid": False,
            "message": text,
            "error": problem.code,
            "name": name,
            "localizedErrorMessage": text,
            "portalId": self.account["portalId"],
        }

    def check_unique(self, kind: str, clean: Mapping[str, str], own: str | None) -> None:
        """Raise the 409 or 400 of a value that another record holds."""
        for name, value in clean.items():
            if value == "" or not self.is_unique(kind, name):
                continue
            held = self.unique.get((kind, name), {}).get(value.lower())
            if held is not None and held != own:
                raise self.taken(kind, name, value, (own or str(self._last_id + 50), held))

    def taken(self, kind: str, name: str, value: str, ids: tuple[str, str]) -> Refused:
        """The error for a unique value that is in use; `ids`: whose it was to be, and whose it is. The text is that of
        messages quoted from the real service (github.com, "Cannot set PropertyValueCoordinates")."""
        own, held = ids
        if name == "email":
            return refuse(409, f"Contact already exists. Existing ID: {held}", "CONFLICT")
        where = f"portalId={self.account['portalId']}, objectTypeId=ObjectTypeId{{legacyObjectType="
        where += f"{self.kinds[kind].singular.upper()}}}, propertyName={name}, value={value}"
        return invalid(f"Cannot set PropertyValueCoordinates{{{where}}} on {own}. {held} already has that value.")

    def create(
        self,
        kind: str,
        clean: Mapping[str, str],
        actor: Actor,
        ident: str | None = None,
    ) -> Obj:
        """Add a record with values that `check` passed; HubSpot's own first values come with it."""
        now = self.tick()
        obj = Obj(kind, ident or self.new_id(), {}, now, now)
        self.objects[kind][obj.id] = obj
        self._lag(obj, None, now)
        self._apply(obj, {**self._first_values(obj, clean), **clean}, actor, now)
        self._changed(obj, "creation", {}, actor)
        return obj

    def _first_values(self, obj: Obj, clean: Mapping[str, str]) -> dict[str, str]:
        default = self.settings["default_lifecyclestage"]
        stage = {"lifecyclestage": str(default)} if default else {}
        match obj.kind:
            case "contacts":
                flags = {
                    "hs_is_contact": "true",
                    "hs_is_unworked": "true",
                    "hs_pipeline": "contacts-lifecycle-pipeline",
                }
                return {"hs_all_contact_vids": obj.id, **flags, **stage}
            case "companies":
                return {**stage, **({"website": clean["domain"]} if clean.get("domain") else {})}
            case _:
                return {}

    def update(self, obj: Obj, clean: Mapping[str, str], actor: Actor) -> None:
        """Set values that `check` passed; a lifecycle stage does not go back unless it was cleared."""
        before = dict(obj.properties)
        now = self.tick()
        self._lag(obj, before, obj.updated)
        self._apply(obj, self._allowed(obj, clean), actor, now)
        self._changed(obj, "propertyChange", before, actor)

    def _allowed(self, obj: Obj, clean: Mapping[str, str]) -> dict[str, str]:
        new, old = clean.get("lifecyclestage"), obj.properties.get("lifecyclestage")
        if not new or not old or self.settings["lifecycle_backwards"] == "allowed":
            return dict(clean)
        order = {stage: place for place, stage in enumerate(LIFECYCLE)}
        if order.get(new, 0) >= order.get(old, 0):
            return dict(clean)
        return {name: value for name, value in clean.items() if name != "lifecyclestage"}

    def _apply(self, obj: Obj, values: Mapping[str, str], actor: Actor, now: datetime) -> None:
        for name, value in {**values, **self._derived(obj, values, now)}.items():
            prop = self.properties[obj.kind].get(name)
            old = obj.properties.get(name)
            new = value if prop is None else appended(prop, old, value)
            self._index_unique(obj, name, old, new)
            obj.properties[name] = new
            if new != old:
                obj.history.setdefault(name, []).append(Change(new, now, actor))
        obj.updated = now

    def _derived(self, obj: Obj, values: Mapping[str, str], now: datetime) -> dict[str, str]:
        if obj.kind != "contacts":
            return {}
        found: dict[str, str] = {}
        if "email" in values:
            found["hs_email_domain"] = values["email"].rpartition("@")[2]
        stage = values.get("lifecyclestage")
        if stage and f"hs_lifecyclestage_{stage}_date" not in obj.properties:
            found[f"hs_lifecyclestage_{stage}_date"] = iso(now)
        return found

    def _index_unique(self, obj: Obj, name: str, old: str | None, new: str) -> None:
        if not self.is_unique(obj.kind, name):
            return
        holders = self.unique.setdefault((obj.kind, name), {})
        if old and holders.get(old.lower()) == obj.id:
            del holders[old.lower()]
        if new:
            holders[new.lower()] = obj.id

    def derive(self, obj: Obj, values: Mapping[str, str]) -> None:
        """Let HubSpot itself set values (a primary company, a count); the modified date moves, as it does there."""
        if any(obj.properties.get(name) != value for name, value in values.items()):
            self._lag(obj, dict(obj.properties), obj.updated)
            self._apply(obj, values, Actor("CALCULATED", "hubspot"), self.tick())
            self._bump(obj.kind)

    def archive(self, obj: Obj, actor: Actor) -> None:
        """Put a record into the recycle bin, where its unique values are free again.

        Of contacts HubSpot may say "modified" for when that was: changelog, "New definition for archivedAt".
        """
        now = self.tick()
        misdated = obj.kind == "contacts" and self.settings["contacts_archived_at"] == "modified"
        obj.archived_at = obj.updated if misdated else now
        for name, value in obj.properties.items():
            self._index_unique(obj, name, value, "")
        self._changed(obj, "deletion", {}, actor)

    def erase(self, obj: Obj, actor: Actor) -> None:
        """Delete for good, as a GDPR request does; the e-mail may not come back."""
        self.archive(obj, actor)
        if email := obj.properties.get("email"):
            self.blocked.add(email)
        del self.objects[obj.kind][obj.id]
        for node, other, _types in list(self.links.all()):
            if node == obj.node:
                self.links.cut(node, other)
        self._changed(obj, "privacyDeletion", {}, actor)

    # ---- the search index

    def _lag(self, obj: Obj, before: Mapping[str, str] | None, updated: datetime) -> None:
        lag = float(self.settings["search_lag_seconds"])
        if lag > 0:
            obj.stale.append(Stale(self.clock() + timedelta(seconds=lag), before, updated))
            self.lagging.setdefault(obj.kind, {})[obj.id] = obj

    def _bump(self, kind: str) -> None:
        self.version[kind] = self.version.get(kind, 0) + 1

    def _changed(self, obj: Obj, what: str, before: Mapping[str, str], actor: Actor) -> None:
        self._bump(obj.kind)
        if self.watched:
            edited = what == "propertyChange"
            changed = {n: v for n, v in obj.properties.items() if before.get(n) != v} if edited else {}
            self.events.append(Event(what, obj.kind, obj.id, changed, actor))

    # ---- seeding

    def place(self, obj: Obj, history: Iterable[tuple[str, Change]]) -> None:
        """Put a ready record in, with its own dates."""
        self.objects[obj.kind][obj.id] = obj
        for name, change in history:
            obj.history.setdefault(name, []).append(change)
        if obj.archived_at is None:
            for name, value in obj.properties.items():
                self._index_unique(obj, name, None, value)
        if obj.id.isdigit():
            self._last_id = max(self._last_id, int(obj.id))
        self._bump(obj.kind)
