"""The org: objects, records, users, permissions and rules, all in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadsync.records import Value
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.ids import checked, generated
from leadsync_salesforce.sandbox.schema import FieldDef, ObjectDef, standard_objects
from leadsync_salesforce.sandbox.settings import OrgSettings
from leadsync_salesforce.sandbox.table import Row, Table
from leadsync_salesforce.sandbox.times import stamp

ORG_ID = generated("00D", 1)
SYSTEM_FIELDS = {"CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate", "SystemModstamp"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one record that got a new value."""

    at: str
    user: str
    field: str
    old: Value
    new: Value


class Org:
    """One Salesforce organisation. Time comes from `clock`; ids are counted, so one history gives one set of ids."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.schema: dict[str, ObjectDef] = standard_objects()
        self.tables: dict[str, Table] = {obj.name: Table() for obj in self.schema.values()}
        self.settings = OrgSettings()
        self.history: dict[str, list[Change]] = {}
        self.custom_ids: dict[str, str] = {}
        self.validation_rules: list[Mapping[str, Any]] = []
        self.duplicate_rules: list[Mapping[str, Any]] = []
        self.record_fault_hits: Counter[int] = Counter()
        self._numbers: Counter[str] = Counter()
        self._profile: dict[str, str] = {}
        self._grants: tuple[tuple[int, int], dict[str, dict[str, bool]]] = ((-1, -1), {})

    def now(self) -> str:
        """The time as a stamp."""
        return stamp(self.clock())

    def object(self, name: str) -> ObjectDef:
        """An object by its name in any case; raises the API's 404."""
        found = self.schema.get(name.lower())
        if found is None:
            raise ApiError("NOT_FOUND", "The requested resource does not exist", status=404)
        return found

    def table(self, obj: ObjectDef) -> Table:
        """The object's rows."""
        return self.tables[obj.name]

    def row(self, obj: ObjectDef, ident: str) -> Row | None:
        """The record with that id of 15 or 18 characters, deleted or not."""
        full = checked(ident)
        return None if full is None else self.tables[obj.name].rows.get(full)

    def object_of(self, ident: str) -> ObjectDef | None:
        """The object whose key prefix the id has."""
        return next((obj for obj in self.schema.values() if ident.startswith(obj.prefix)), None)

    def next_id(self, prefix: str) -> str:
        """A fresh id."""
        while True:
            self._numbers[prefix] += 1
            ident = generated(prefix, self._numbers[prefix])
            if not any(ident in table.rows for table in self.tables.values()):
                return ident

    def store(self, obj: ObjectDef, row: Row) -> None:
        """Put a row as it is; queries see it after the visibility lag."""
        lag = self.settings.visibility_lag_seconds
        visible = self.clock() + timedelta(seconds=lag) if lag > 0 else None
        self.tables[obj.name].put(str(row["Id"]), row, visible)

    def remember(self, ident: str, user: str, before: Row, after: Row) -> None:
        """Note which fields changed, for the record's history."""
        at = self.now()
        changes = [
            Change(at, user, name, before.get(name), value)
            for name, value in after.items()
            if before.get(name) != value and name not in SYSTEM_FIELDS
        ]
        self.history.setdefault(ident, []).extend(changes)

    def transaction(self) -> Callable[[], None]:
        """Note where all records stand; the function that is given puts them back."""
        before = {name: table.copy() for name, table in self.tables.items()}

        def roll_back() -> None:
            for name, rows in before.items():
                self.tables[name].restore(rows)

        return roll_back

    def define(self, obj: ObjectDef, field: FieldDef, access: str) -> str:
        """Add a custom field. `access`: what everybody's profile gives, "hidden", "read" or "edit"."""
        if obj.field(field.name):
            name = field.name.removesuffix("__c")
            message = f"There is already a field named {name} on {obj.label}."
            raise ApiError("DUPLICATE_DEVELOPER_NAME", message, fields=["FullName"])
        obj.fields[field.name.lower()] = field
        self._profile[f"{obj.name}.{field.name}"] = access
        ident = self.next_id("00N")
        self.custom_ids[f"{obj.name}.{field.name}"] = ident
        return ident

    def undefine(self, obj: ObjectDef, field: FieldDef) -> None:
        """Remove a custom field and its values."""
        obj.fields.pop(field.name.lower())
        self.custom_ids.pop(f"{obj.name}.{field.name}", None)
        for ident, row in list(self.tables[obj.name].rows.items()):
            self.tables[obj.name].put(ident, {k: v for k, v in row.items() if k != field.name})

    def access(self, user: str, obj: ObjectDef) -> dict[str, bool]:
        """The fields that the user sees, by name, and whether the user may write each."""
        granted = {
            name.partition(".")[2]: edit
            for name, edit in self._granted().get(user, {}).items()
            if name.startswith(f"{obj.name}.")
        }
        seen: dict[str, bool] = {}
        for field in obj.fields.values():
            name = f"{obj.name}.{field.name}"
            match self.settings.field_access.get(name):
                case "edit" | "read" as level:
                    seen[field.name] = level == "edit"
                case "hidden":
                    continue
                case _:
                    self._by_permission(seen, field.name, self._profile.get(name, "edit"), granted)
        return seen

    def _by_permission(self, seen: dict[str, bool], field: str, profile: str, by_sets: Mapping[str, bool]) -> None:
        granted = by_sets.get(field)
        if profile != "hidden" or granted is not None:
            seen[field] = profile == "edit" or granted is True

    def _granted(self) -> dict[str, dict[str, bool]]:
        assigned, permissions = self.tables["PermissionSetAssignment"], self.tables["FieldPermissions"]
        version = (assigned.version, permissions.version)
        if self._grants[0] != version:
            by_set: dict[Value, dict[str, bool]] = {}
            for row in permissions.rows.values():
                if row.get("PermissionsRead") is True:
                    edit = row.get("PermissionsEdit") is True
                    by_set.setdefault(row.get("ParentId"), {})[str(row.get("Field"))] = edit
            users: dict[str, dict[str, bool]] = {}
            for row in assigned.rows.values():
                mine = users.setdefault(str(row.get("AssigneeId")), {})
                for name, edit in by_set.get(row.get("PermissionSetId"), {}).items():
                    mine[name] = mine.get(name, False) or edit
            self._grants = (version, users)
        return self._grants[1]

    def visible(self, obj: ObjectDef, *, deleted: bool) -> Iterable[Row]:
        """What a query sees of an object; with `deleted` also what lies in the recycle bin."""
        rows = self.tables[obj.name].seen(self.clock())
        return rows if deleted else [row for row in rows if row.get("IsDeleted") is not True]
