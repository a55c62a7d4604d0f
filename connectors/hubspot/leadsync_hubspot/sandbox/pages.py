"""The account as a person sees it in the pages at `/`: records, edits by hand, the history of a property."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from leadsync.sandbox.pages import (
    Entry,
    FieldView,
    Line,
    Link,
    Listing,
    NoSuch,
    ObjectView,
    RecordView,
    Refusal,
    User,
    cut,
)
from leadsync_hubspot.sandbox.errors import Refused
from leadsync_hubspot.sandbox.schema import Property
from leadsync_hubspot.sandbox.state import Actor, Obj, Portal
from leadsync_hubspot.sandbox.values import iso

NOBODY = User("71", "A person")
"""Who edits where the account names no owner."""

TITLES = {"contacts": ("firstname", "lastname", "email"), "companies": ("name", "domain"), "deals": ("dealname",)}
TITLE_WORDS = ("subject", "title", "name")
COLUMNS = {"contacts": ("email", "lifecyclestage"), "companies": ("domain", "country"), "deals": ("amount",)}


def _title(obj: Obj) -> str:
    shown = [obj.properties[n] for n in TITLES.get(obj.kind, ()) if obj.properties.get(n)]
    others = (v for n, v in obj.properties.items() if v and n.endswith(TITLE_WORDS))
    return " ".join(shown) or next(others, f"{obj.kind} {obj.id}")


class Records:
    """`Browsable` for a portal."""

    title = "HubSpot sandbox"

    def __init__(self, portal: Portal) -> None:
        self.portal = portal

    def objects(self) -> Sequence[ObjectView]:
        """The object types, custom ones too."""
        return [
            ObjectView(name, spec.name if spec.custom else name.title(), len(self._live(name)))
            for name, spec in self.portal.kinds.items()
        ]

    def users(self) -> Sequence[User]:
        """The owners who are not archived."""
        owners = [owner for owner in self.portal.owners.values() if not owner["archived"]]
        found = [User(str(o["userId"]), f"{o['firstName']} {o['lastName']} ({o['email']})") for o in owners]
        return found or [NOBODY]

    def _live(self, kind: str) -> list[Obj]:
        return [obj for obj in self._kind(kind).values() if obj.archived_at is None]

    def _kind(self, kind: str) -> dict[str, Obj]:
        if kind not in self.portal.objects:
            raise NoSuch(f"There is no object {kind}.")
        return self.portal.objects[kind]

    def _find(self, kind: str, ident: str) -> Obj:
        held = self._kind(kind)
        obj = held.get(self.portal.merged.get((kind, ident), ident))
        if obj is None:
            raise NoSuch(f"There is no record {ident} among the {kind}.")
        return obj

    def records(self, kind: str, query: str, page: int) -> Listing:
        """The records that are not archived, those changed last first."""
        columns, wanted = COLUMNS.get(kind, ()), query.lower()
        found = [obj for obj in self._live(kind) if wanted == "" or _holds(obj, wanted)]
        found.sort(key=lambda obj: (obj.updated, obj.id), reverse=True)
        lines = [
            Line(obj.id, _title(obj), (*(obj.properties.get(c, "") for c in columns), iso(obj.updated)))
            for obj in found
        ]
        return Listing((*columns, "modified"), cut(lines, page), len(lines))

    def record(self, kind: str, ident: str) -> RecordView:
        """One record with every property of its type, archived ones too."""
        obj = self._find(kind, ident)
        shown, live = self.portal.shown(obj), obj.archived_at is None
        known = [prop for prop in self.portal.properties[kind].values() if not prop.archived or prop.name in shown]
        fields = [_field(prop, shown.get(prop.name), editable=live and not prop.archived) for prop in known]
        strange = [
            FieldView(n, n, v, editable=False) for n, v in shown.items() if n not in self.portal.properties[kind]
        ]
        state = "" if live else "archived"
        return RecordView(obj.id, _title(obj), (*fields, *strange), tuple(self._links(obj)), state)

    def _links(self, obj: Obj) -> Iterator[Link]:
        for other in self.portal.kinds:
            for ident, types in self.portal.links.of(obj.node, other).items():
                there = self.portal.objects[other].get(ident)
                how = "association types " + ", ".join(str(kind) for kind in sorted(types))
                yield Link(how, other, ident, ident if there is None else _title(there))

    def edit(self, kind: str, ident: str, field: str, value: str, user: str) -> None:
        """A person's edit: its own user and source in the history; the API's checks hold."""
        obj = self._find(kind, ident)
        if obj.archived_at is not None:
            raise Refusal("The record is archived.")
        try:
            clean = self.portal.check(kind, {field: value})
            self.portal.check_unique(kind, clean, obj.id)
        except Refused as refused:
            raise Refusal(str(json.loads(refused.reply.body)["message"])) from None
        self.portal.update(obj, clean, Actor("CRM_UI", f"userId:{user}", user))

    def history(self, kind: str, ident: str, field: str) -> Sequence[Entry]:
        """The property's history, as `propertiesWithHistory` has it."""
        names = {user.id: user.name for user in self.users()}
        changes = self._find(kind, ident).history.get(field, ())
        found = [
            Entry(
                iso(c.at), c.value, f"{c.actor.source} {c.actor.id}", names.get(c.actor.user or "", c.actor.user or "")
            )
            for c in changes
        ]
        return found[::-1]


def _field(prop: Property, value: str | None, *, editable: bool) -> FieldView:
    options = tuple(option.value for option in prop.options)
    return FieldView(prop.name, prop.label, value, editable and not prop.read_only, options)


def _holds(obj: Obj, wanted: str) -> bool:
    return any(wanted in value.lower() for value in obj.properties.values())
