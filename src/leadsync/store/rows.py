"""The rows of the state as values, and their way to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from sys import intern
from typing import Any

from leadsync.records import Fields, Record, Ref, Touch, Value


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as last read, with its shadow: the fields as far as they are accounted for; None at first sight."""

    record: Record
    shadow: Fields | None
    first_seen: datetime
    changed: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    """Vendor field → between which two moments of our clock it became what it is, for fields seen to change."""


@dataclass(frozen=True, slots=True)
class Written:
    """A field's last write: what was sent, what the CRM made of it, and what stood there before."""

    ref: Ref
    field: str
    sent: Value
    settled: Value
    replaced: Value
    run: str
    at: datetime
    uid: str = ""
    mapped: str = ""
    """Whose it is, and the mapping's name of the field."""
    other: str = ""
    """The vendor's user id of who had changed the record last before that, unless it was us."""
    created: bool = False
    """Whether the write made the record."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A write decided and not yet acknowledged. `changes`: vendor field → (old, new); `mapped`: vendor field → the
    mapping's name for it; `after`: what counts as accounted for, by mapping field and record, once every write of that
    field came through."""

    token: str
    run: str
    uid: str
    side: str
    kind: str
    id: str | None
    changes: Mapping[str, tuple[Value, Value]]
    key: tuple[str, str] | None = None
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    state: str = "pending"
    mapped: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, Mapping[Ref, Fields]] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        """The record it is for; a create stands under its key until it has an id."""
        return Ref(self.side, self.kind, self.id if self.id is not None else f"new:{self.uid}")


AGAIN = datetime.min.replace(tzinfo=UTC)
"""A modified date that no record has."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that was refused or unreadable. `sent`: what it was that the CRM refused."""

    ref: Ref
    direction: str
    uid: str
    code: str
    reason: str
    hint: str
    fields: tuple[str, ...]
    sent: Fields
    first_at: datetime
    last_at: datetime
    times: int
    version: datetime | None = None
    """The record's modified date when it was refused; AGAIN when it is to be sent again however that stands."""
    dropped: bool = False
    """A person wants to hear no more of it; the same write is still not sent again."""

    @property
    def named(self) -> frozenset[str]:
        """The vendor fields of what was sent that the CRM named as the cause: the others went through without them."""
        folded = {name.casefold() for name in self.fields}
        return frozenset(name for name in self.sent if name.casefold() in folded)

    @property
    def again(self) -> bool:
        """Whether the next run sends it again."""
        return self.version == AGAIN


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Made once: a lead has some hundred and fifty values that are written one by one."""


def among(column: str, values: Iterable[object] | None) -> tuple[str, tuple[str, ...]]:
    """A condition that holds for rows whose `column` is one of the values, with its parameter; None: for every row."""
    if values is None:
        return "1", ()
    return f"{column} IN (SELECT value FROM json_each(?))", (json.dumps([*values], default=str),)  # noqa: S608


def dumps(value: object) -> str:
    """JSON that is the same for the same content."""
    return "null" if value is None else _JSON.encode(value)


def record_row(record: Record, now: datetime) -> dict[str, Any]:
    """A record as the columns of its table."""
    return {
        "side": record.ref.side,
        "kind": record.ref.kind,
        "id": record.ref.id,
        "fields": dumps(dict(record.fields)),
        "links": dumps({k: list(v) for k, v in record.links.items()}),
        "modified": record.modified.isoformat(),
        "deleted": int(record.deleted),
        "read_only": int(record.read_only),
        "successor": str(record.successor) if record.successor is not None else None,
        "aliases": dumps(list(record.aliases)),
        "modified_by": record.modified_by,
        "by_us": record.by_us if record.by_us is None else int(record.by_us),
        "now": now.isoformat(),
    }


def record_of(row: Mapping[str, Any]) -> Record:
    """A row of the record table as the record it holds."""
    return Record(
        ref=Ref(intern(row["side"]), intern(row["kind"]), row["id"]),
        fields=_names_once(json.loads(row["fields"])),
        modified=datetime.fromisoformat(row["modified"]),
        links={k: tuple(v) for k, v in json.loads(row["links"]).items()},
        aliases=tuple(json.loads(row["aliases"])),
        deleted=bool(row["deleted"]),
        read_only=bool(row["read_only"]),
        successor=Ref.parse(row["successor"]) if row["successor"] is not None else None,
        modified_by=row["modified_by"],
        by_us=bool(row["by_us"]) if row["by_us"] is not None else None,
    )


def seen_of(row: Mapping[str, Any]) -> Seen:
    """A row of the record table as a value, with its shadow."""
    record = record_of(row)
    fields = record.fields
    shadow = _shadow_of(row["shadow"], row["fields"], fields) if row["shadow"] is not None else None
    return Seen(record, shadow, datetime.fromisoformat(row["first_seen"]), changed_of(row["changed"]))


def _names_once(fields: dict[str, Value]) -> dict[str, Value]:
    """The same, with the fields' names shared by all records: they would take more memory than the values."""
    return {intern(name): value for name, value in fields.items()}


def _shadow_of(text: str, fields_text: str, fields: Fields) -> Fields:
    """A record's shadow; as a rule it is what the fields are, and then takes no memory of its own."""
    if text == fields_text:
        return fields
    return {
        intern(name): fields[name] if name in fields and _alike(fields[name], value) else value
        for name, value in json.loads(text).items()
    }


def _alike(a: Value, b: Value) -> bool:
    """Equal and of one type: 1, 1.0 and True are three values."""
    return type(a) is type(b) and a == b


def changed_of(text: str) -> dict[str, tuple[datetime, datetime]]:
    """The intervals of a record's changes, as its row has them."""
    if text == "{}":
        return {}
    return {n: (datetime.fromisoformat(a), datetime.fromisoformat(b)) for n, (a, b) in json.loads(text).items()}


def touch_row(touch: Touch) -> tuple[Any, ...]:
    """A touch as the columns of its table, in order."""
    campaign = str(touch.campaign) if touch.campaign is not None else None
    key = (touch.ref.side, touch.ref.kind, touch.ref.id, str(touch.person), touch.at.isoformat())
    return (*key, touch.type, touch.source, touch.name, touch.status, campaign, int(touch.deleted))


def touch_of(row: Mapping[str, Any]) -> Touch:
    """A row of the touch table as a value."""
    return Touch(
        ref=Ref(row["side"], row["kind"], row["id"]),
        person=Ref.parse(row["person"]),
        at=datetime.fromisoformat(row["at"]),
        type=row["type"],
        source=row["source"],
        name=row["name"],
        status=row["status"],
        campaign=Ref.parse(row["campaign"]) if row["campaign"] is not None else None,
        deleted=bool(row["deleted"]),
    )


def outgoing_of(row: Mapping[str, Any]) -> Outgoing:
    """A row of the outbox as a value."""
    return Outgoing(
        token=row["token"],
        run=row["run"],
        uid=row["uid"],
        side=row["side"],
        kind=row["kind"],
        id=row["id"],
        changes={k: (old, new) for k, (old, new) in json.loads(row["changes"]).items()},
        key=(row["key_field"], row["key_value"]) if row["key_field"] is not None else None,
        links={k: tuple(v) for k, v in json.loads(row["links"]).items()},
        state=row["state"],
        mapped=json.loads(row["mapped"]),
        after={name: {Ref.parse(r): f for r, f in by.items()} for name, by in json.loads(row["after"]).items()},
    )


def reject_of(row: Mapping[str, Any]) -> Reject:
    """A row of the reject table as a value."""
    return Reject(
        ref=Ref.parse(row["ref"]),
        direction=row["direction"],
        uid=row["uid"],
        code=row["code"],
        reason=row["reason"],
        hint=row["hint"],
        fields=tuple(json.loads(row["fields"])),
        sent=json.loads(row["sent"]),
        first_at=datetime.fromisoformat(row["first_at"]),
        last_at=datetime.fromisoformat(row["last_at"]),
        times=row["times"],
        version=datetime.fromisoformat(row["version"]) if row["version"] is not None else None,
        dropped=bool(row["dropped"]),
    )
