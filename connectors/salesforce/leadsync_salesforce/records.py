"""Turn Salesforce's JSON into records and touches, refusing what is not what the API promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from leadsync.errors import BadRecord
from leadsync.records import Record, Ref, Touch, Value
from leadsync_salesforce.fields import Described

_EVERY = ("Id", "IsDeleted", "SystemModstamp", "LastModifiedById", "MasterRecordId")
OWN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Account": _EVERY,
    "Contact": (*_EVERY, "AccountId"),
    "Lead": (*_EVERY, "IsConverted", "ConvertedContactId"),
}
"""What the connector itself needs of a record, whatever the mapping asks for."""

MEMBER_FIELDS = (
    *("Id", "IsDeleted", "SystemModstamp", "CampaignId", "Campaign.Name", "Campaign.Type", "LeadId", "ContactId"),
    *("Status", "HasResponded", "FirstRespondedDate", "CreatedDate"),
)
TASK_FIELDS = (
    *("Id", "IsDeleted", "SystemModstamp", "WhoId", "Subject", "Status", "TaskSubtype", "CallType", "ActivityDate"),
    *("CompletedDateTime", "CreatedDate", "CreatedById"),
)
EVENT_FIELDS = (
    *("Id", "IsDeleted", "SystemModstamp", "WhoId", "Subject", "StartDateTime", "ActivityDate", "CreatedDate"),
    "IsChild",
)

_PEOPLE = {"003": "Contact", "00Q": "Lead"}
"""Key prefixes of the objects that are people; Salesforce help, "Standard Field Record ID Prefix Decoder"."""


def moment(value: Any) -> datetime:
    """A datetime as REST writes it ("2026-02-01T00:00:01.000+0000"), aware in UTC; raises ValueError."""
    found = datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError("a time without a zone")
    return found.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads one object's rows. `fields` are the mapped ones; `side` names the CRM in refs; `user` is the id of the user
    we act as, "" where it is not known."""

    side: str
    described: Described
    fields: Sequence[str]
    user: str = ""
    times: tuple[tuple[str, str], ...] = field(init=False, repr=False)
    """Those fields that hold a date or a time, with which of the two."""

    def __post_init__(self) -> None:
        known = ((name, self.described.field(name)) for name in self.fields)
        times = ((name, info.type) for name, info in known if info is not None and info.type in ("date", "datetime"))
        object.__setattr__(self, "times", tuple(times))

    def record(self, row: Mapping[str, Any]) -> Record:
        """A record; raises BadRecord saying which field is wrong, without its value."""
        kind = self.described.kind
        try:
            ident, modified = _ident(row), moment(row["SystemModstamp"])
            deleted = _flag(row, "IsDeleted")
            values = self._values(row)
        except (KeyError, TypeError, ValueError) as problem:
            raise BadRecord(f"{kind}: {_about(problem)}", hint="Look at the record in Salesforce.") from None
        converted = kind == "Lead" and row.get("IsConverted") is True
        account = row.get("AccountId") if kind == "Contact" else None
        writer = _word(row.get("LastModifiedById"))
        return Record(
            ref=Ref(self.side, kind, ident),
            fields=values,
            modified=modified,
            links={} if account is None else {"Account": (str(account),)},
            deleted=deleted,
            read_only=converted,
            successor=self._successor(row, converted=converted),
            modified_by=writer,
            by_us=writer == self.user if writer and self.user else None,
        )

    def _successor(self, row: Mapping[str, Any], *, converted: bool) -> Ref | None:
        master, contact = row.get("MasterRecordId"), row.get("ConvertedContactId")
        if master is not None:
            return Ref(self.side, self.described.kind, str(master))
        return Ref(self.side, "Contact", str(contact)) if converted and contact is not None else None

    def _values(self, row: Mapping[str, Any]) -> dict[str, Value]:
        found = {name: row[name] for name in self.fields if name in row}
        if len(found) < len(self.fields):  # fields of related records, and those that are not shown
            walked = ((name, _walk(row, name)) for name in self.fields)
            found = {name: value for name, value in walked if value is not _MISSING}
        if not _PLAIN.issuperset(map(type, found.values())):
            odd = next(name for name, value in found.items() if type(value) not in _PLAIN)
            raise ValueError(f"{odd} holds no plain value")
        for name, kind in self.times:
            if found.get(name) is not None:
                _check_time(name, kind, found[name])
        return found


_MISSING = object()
_PLAIN = frozenset({str, int, float, bool, type(None)})


def _walk(row: Mapping[str, Any], name: str) -> Any:
    """A field by its path; a parent that is not there makes its fields null."""
    found: Any = row
    for part in name.split("."):
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise ValueError(f"{name} does not lead to a value")  # noqa: TRY004  the server's value, not a caller's
        found = found[part] if part in found else _in_any_case(found, part)
        if found is _MISSING:
            return _MISSING
    return found


def _in_any_case(row: Mapping[str, Any], name: str) -> Any:
    """A field by its name as an admin wrote it: Salesforce takes it in any case, and answers by the field's own."""
    return next((value for own, value in row.items() if own.lower() == name.lower()), _MISSING)


def _check_time(name: str, kind: str, value: Value) -> None:
    try:
        date.fromisoformat(str(value)) if kind == "date" else moment(value)
    except ValueError:
        raise ValueError(f"{name} holds no {kind}") from None


def _flag(row: Mapping[str, Any], name: str) -> bool:
    value = row[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")  # noqa: TRY004  the server's value, not a caller's
    return value


def _about(problem: Exception) -> str:
    """What is wrong without the value: our own texts name fields only, a parser's text quotes what it read."""
    if isinstance(problem, KeyError):
        return f"{problem.args[0]} is missing"
    text = str(problem)
    ours = (" holds no ", " is neither ", " does not lead ")
    return text if any(part in text for part in ours) else "a time that is none"


def _day(value: Any) -> datetime:
    return datetime.combine(date.fromisoformat(str(value)), datetime.min.time(), UTC)


def _latest_start(day: Any, created: datetime) -> datetime:
    """A date's midnight, or the creation when that was later the same day."""
    if day is None:
        return created
    start = _day(day)
    return created if start.date() == created.date() else start


def _ident(row: Mapping[str, Any]) -> str:
    """A row's id; raises TypeError for one that has none, which must never become a record called "None"."""
    ident = row["Id"]
    if not isinstance(ident, str) or not ident:
        raise TypeError("Id holds no id")
    return ident


def member_touch(side: str, row: Mapping[str, Any], _user: str = "") -> Touch | None:
    """A campaign member; None when it belongs to nobody we know. Raises BadRecord."""
    try:
        contact, lead = row["ContactId"], row["LeadId"]
        person = Ref(side, "Contact", str(contact)) if contact is not None else Ref(side, "Lead", str(lead))
        if contact is None and lead is None:
            return None
        campaign = row.get("Campaign") or {}
        return Touch(
            ref=Ref(side, "CampaignMember", _ident(row)),
            person=person,
            at=_latest_start(row["FirstRespondedDate"], moment(row["CreatedDate"])),
            type="campaign_member",
            source=_word(campaign.get("Type")),
            name=_word(campaign.get("Name")),
            status=_word(row["Status"]),
            campaign=Ref(side, "Campaign", str(row["CampaignId"])),
            deleted=_flag(row, "IsDeleted"),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRecord(f"CampaignMember: {_about(problem)}") from None


def _person(side: str, row: Mapping[str, Any]) -> Ref | None:
    who = row["WhoId"]
    kind = None if who is None else _PEOPLE.get(str(who)[:3])
    return None if kind is None else Ref(side, kind, str(who))


_TASK_TYPES = {"Call": "call", "Email": "email", "ListEmail": "email"}


def task_touch(side: str, row: Mapping[str, Any], user: str = "") -> Touch | None:
    """A task: a call, an e-mail, or just "task"; None when it is about no person. One that `user`, as whom we act, has
    made is a touch only once it was done: until then it counts as deleted. Raises BadRecord."""
    try:
        person = _person(side, row)
        if person is None:
            return None
        done = row["CompletedDateTime"]
        created = moment(row["CreatedDate"])
        return Touch(
            ref=Ref(side, "Task", _ident(row)),
            person=person,
            at=moment(done) if done is not None else _latest_start(row["ActivityDate"], created),
            type=_TASK_TYPES.get(_word(row["TaskSubtype"]), "task"),
            source=_word(row["CallType"]),
            name=_word(row["Subject"]),
            status=_word(row["Status"]),
            deleted=_flag(row, "IsDeleted") or (done is None and user != "" and row["CreatedById"] == user),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRecord(f"Task: {_about(problem)}") from None


def event_touch(side: str, row: Mapping[str, Any], _user: str = "") -> Touch | None:
    """A calendar event as a meeting; None when it is about no person, or is the copy that every user who was invited to
    one has (IsChild; Salesforce, Change Data Capture guide, "Event Invitees"). Raises BadRecord."""
    try:
        person = _person(side, row)
        if person is None or _flag(row, "IsChild"):
            return None
        start = row["StartDateTime"]
        created = moment(row["CreatedDate"])
        return Touch(
            ref=Ref(side, "Event", _ident(row)),
            person=person,
            at=moment(start) if start is not None else _latest_start(row["ActivityDate"], created),
            type="meeting",
            name=_word(row["Subject"]),
            deleted=_flag(row, "IsDeleted"),
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise BadRecord(f"Event: {_about(problem)}") from None


def _word(value: Any) -> str:
    return "" if value is None else str(value)
