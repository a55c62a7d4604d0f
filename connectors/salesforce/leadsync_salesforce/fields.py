"""What the org's objects look like to our user, from describe: the only source of what may be read and written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadsync.errors import Misconfigured, Unreadable
from leadsync_salesforce.client import Client
from leadsync_salesforce.faults import missing_field
from leadsync_salesforce.query import identifier


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """One field as describe tells it to our user."""

    name: str
    type: str
    length: int
    createable: bool
    updateable: bool
    relationship: str
    identifies: bool = False
    """Whether it is an external id whose values are unique, by which a record can be made or found."""


@dataclass(frozen=True, slots=True)
class Described:
    """An object's fields by lower-case name, and the names of its parent relationships."""

    kind: str
    fields: Mapping[str, FieldInfo]
    parents: frozenset[str]

    def field(self, name: str) -> FieldInfo | None:
        """A field by its name in any case."""
        return self.fields.get(name.lower())

    def check(self, names: Sequence[str]) -> None:
        """Raise Misconfigured naming all fields that are missing or hidden."""
        missing = [name for name in names if not self.knows(name)]
        if missing:
            raise missing_field(self.kind, missing)

    def knows(self, name: str) -> bool:
        """Whether the field, or the relationship before a dot, is there; raises Misconfigured for what is no name."""
        try:
            identifier(name)
        except ValueError:
            raise Misconfigured(f"{self.kind}: {name!r} is no field name: check the mapping") from None
        first, dot, _ = name.partition(".")
        return first.lower() in self.parents if dot else self.field(name) is not None


def _field(given: Mapping[str, Any]) -> FieldInfo:
    return FieldInfo(
        name=str(given["name"]),
        type=str(given["type"]),
        length=int(given.get("length") or 0),
        createable=bool(given.get("createable")),
        updateable=bool(given.get("updateable")),
        relationship=str(given.get("relationshipName") or ""),
        identifies=given.get("externalId") is True and given.get("unique") is True,
    )


def decode(kind: str, given: Any) -> Described:
    """A describe answer; raises Unreadable when it is none."""
    try:
        fields = [_field(f) for f in given["fields"]]
    except (KeyError, TypeError, ValueError):
        raise Unreadable(f"Salesforce describe of {kind}: not what the API promises") from None
    parents = frozenset(f.relationship.lower() for f in fields if f.relationship)
    return Described(kind, {f.name.lower(): f for f in fields}, parents)


class Describes:
    """Describes, each asked for once in a connection's life or until `forget`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, Described] = {}

    def of(self, kind: str) -> Described:
        """The describe of an object; raises Misconfigured when our user does not see it."""
        if kind not in self._known:
            self._known[kind] = decode(kind, self._client.get(f"sobjects/{identifier(kind)}/describe"))
        return self._known[kind]

    def forget(self) -> None:
        """Ask anew next time: fields were made, granted or taken away."""
        self._known.clear()
