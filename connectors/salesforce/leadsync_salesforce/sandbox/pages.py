"""The org as a person sees it in the pages at `/`: records, edits by a user's hand, the history of a field."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leadsync.records import Value
from leadsync.sandbox import Reply, Request
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
    is_page,
)
from leadsync.sandbox.pages import answer as page
from leadsync_salesforce.sandbox.computed import shown
from leadsync_salesforce.sandbox.dml import Actor, update
from leadsync_salesforce.sandbox.errors import ApiError, not_found
from leadsync_salesforce.sandbox.org import Org
from leadsync_salesforce.sandbox.schema import READ_ONLY, FieldDef, ObjectDef
from leadsync_salesforce.sandbox.seeding import INTEGRATION_USER, PERSON_USER
from leadsync_salesforce.sandbox.table import Row

FIRST = ("Lead", "Contact", "Account", "Campaign", "CampaignMember", "Opportunity", "Task", "Event", "User")
"""Objects that people look at most; the others follow."""

COLUMNS = ("Email", "Company", "Status", "Website", "Type", "LastModifiedDate")
CHILDREN = 25
"""Records of each kind that are shown below the one they belong to."""


def answer(org: Org, request: Request) -> Reply:
    """The pages outside /services/, and `/{id}` as in any org; raises the API's 404 for what is none."""
    if is_page(request.path):
        return page(Records(org), request)
    ident = request.path.strip("/")
    obj = org.object_of(ident)
    if request.method != "GET" or obj is None or org.row(obj, ident) is None:
        raise not_found()
    return Reply(302, b"", {"location": f"/ui/{obj.name}/{ident}"})


def _text(value: object) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case dict():
            return ", ".join(str(part) for part in value.values() if part is not None)
        case _:
            return str(value)


def _title(row: Row) -> str:
    return str(next((row[n] for n in ("Name", "Subject", "Username") if row.get(n) is not None), row["Id"]))


def _state(row: Row) -> str:
    if row.get("MasterRecordId") is not None:
        return "merged into another record"
    if row.get("IsDeleted") is True:
        return "in the recycle bin"
    return "converted" if row.get("IsConverted") is True else ""


class Records:
    """`Browsable` for an org."""

    title = "Salesforce sandbox"

    def __init__(self, org: Org) -> None:
        self.org = org

    def objects(self) -> Sequence[ObjectView]:
        """All objects, those that people look at first."""
        others = [obj.name for obj in self.org.schema.values() if obj.name not in FIRST]
        return [self._object_view(self.org.object(name)) for name in (*FIRST, *others)]

    def _object_view(self, obj: ObjectDef) -> ObjectView:
        return ObjectView(obj.name, obj.plural, len(self._live(obj)))

    def users(self) -> Sequence[User]:
        """The active users who are people."""
        users = self.org.tables["User"].rows.values()
        rows = [row for row in users if row.get("IsActive") is not False and row["Id"] != INTEGRATION_USER]
        rows.sort(key=lambda row: row["Id"] != PERSON_USER)
        return [User(str(row["Id"]), f"{_title(row)} ({row.get('Username')})") for row in rows]

    def _live(self, obj: ObjectDef) -> list[Row]:
        return [row for row in self.org.table(obj).rows.values() if row.get("IsDeleted") is not True]

    def _object(self, kind: str) -> ObjectDef:
        found = self.org.schema.get(kind.lower())
        if found is None:
            raise NoSuch(f"There is no object {kind}.")
        return found

    def _row(self, obj: ObjectDef, ident: str) -> Row:
        row = self.org.row(obj, ident)
        if row is None:
            raise NoSuch(f"There is no {obj.label} {ident}.")
        return row

    def records(self, kind: str, query: str, page: int) -> Listing:
        """The records that are not deleted, those changed last first."""
        obj = self._object(kind)
        columns = tuple(name for name in COLUMNS if obj.field(name))
        wanted = query.lower()
        rows = [row for row in self._live(obj) if wanted == "" or _holds(row, wanted)]
        rows.sort(key=lambda row: (str(row.get("LastModifiedDate")), str(row["Id"])), reverse=True)
        lines = [Line(str(r["Id"]), _title(r), tuple(_text(r.get(c)) or "" for c in columns)) for r in rows]
        return Listing(columns, cut(lines, page), len(lines))

    def record(self, kind: str, ident: str) -> RecordView:
        """One record, deleted ones too."""
        obj = self._object(kind)
        row = self._row(obj, ident)
        writable = obj.name not in READ_ONLY and _state(row) == ""
        fields = tuple(self._field(field, row, writable=writable) for field in obj.fields.values())
        return RecordView(
            str(row["Id"]), _title(row), fields, (*self._parents(obj, row), *self._children(row)), _state(row)
        )

    def _field(self, field: FieldDef, row: Row, *, writable: bool) -> FieldView:
        editable = writable and field.updateable and field.type != "address"
        options = ("true", "false") if field.type == "boolean" else field.values
        return FieldView(field.name, field.label, _text(shown(field, row)), editable, options)

    def _parents(self, obj: ObjectDef, row: Row) -> Iterator[Link]:
        for field in obj.fields.values():
            ident = row.get(field.name)
            target = self.org.object_of(str(ident)) if field.refers and ident is not None else None
            there = None if target is None else self.org.row(target, str(ident))
            if target is not None and there is not None:
                yield Link(field.label, target.name, str(there["Id"]), _title(there))

    def _children(self, row: Row) -> Iterator[Link]:
        for name in FIRST:
            obj = self.org.object(name)
            for field in obj.fields.values():
                if field.refers and not field.name.endswith("ById") and field.name != "OwnerId":
                    for child in self.org.table(obj).having(field.name, row["Id"])[:CHILDREN]:
                        yield Link(f"{obj.label}: {field.label}", obj.name, str(child["Id"]), _title(child))

    def edit(self, kind: str, ident: str, field: str, value: str, user: str) -> None:
        """The same checks as an API call by that user passes."""
        try:
            update(self.org, Actor(user), self._object(kind), ident, {field: None if value == "" else value})
        except ApiError as refused:
            raise Refusal(f"{refused.code}: {refused.message}") from None

    def history(self, kind: str, ident: str, field: str) -> Sequence[Entry]:
        """What the org remembers of the field, down to the value it began with."""
        row = self._row(self._object(kind), ident)
        changes = [c for c in self.org.history.get(str(row["Id"]), ()) if c.field == field]
        found = [self._entry(c.at, c.new, c.user) for c in changes]
        first = changes[0].old if changes else row.get(field)
        if first is not None:
            found.insert(0, self._entry(str(row.get("CreatedDate", "")), first, str(row.get("CreatedById", ""))))
        return found[::-1]

    def _entry(self, at: str, value: Value, user: str) -> Entry:
        row = self.org.tables["User"].rows.get(user)
        login, name = ("", user) if row is None else (str(row.get("Username", "")), _title(row))
        return Entry(at, _text(value) or "", login, name)


def _holds(row: Row, wanted: str) -> bool:
    return any(wanted in str(value).lower() for value in row.values() if value is not None)
