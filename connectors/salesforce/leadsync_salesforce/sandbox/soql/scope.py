"""Where a query stands: which object, seen by whom, and how a field path is followed from one of its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from leadsync_salesforce.sandbox.computed import shown
from leadsync_salesforce.sandbox.errors import ApiError
from leadsync_salesforce.sandbox.schema import FieldDef, ObjectDef
from leadsync_salesforce.sandbox.soql.syntax import Path
from leadsync_salesforce.sandbox.table import Row

if TYPE_CHECKING:
    from leadsync_salesforce.sandbox.org import Org

Getter: TypeAlias = Callable[[Row], Any]
DEEPEST = 5
"""Relationships in one path; SOQL reference, "Understanding Relationship Query Limitations"."""


@dataclass(frozen=True, slots=True)
class Scope:
    """An object as one user sees it. `user` None sees everything (rules run as the system)."""

    org: Org
    obj: ObjectDef
    user: str | None
    alias: str = ""
    text: str = ""

    def access(self, obj: ObjectDef) -> Mapping[str, bool] | None:
        """The user's fields of an object; None means all."""
        return None if self.user is None else self.org.access(self.user, obj)

    def without_alias(self, path: Path) -> Path:
        """The path from the object on: "l.Name" and "Lead.Name" are "Name"."""
        own = {self.alias.lower(), self.obj.name.lower()}
        return path[1:] if len(path) > 1 and path[0].lower() in own and self.obj.parent(path[0]) is None else path

    def field(self, obj: ObjectDef, name: str) -> FieldDef:
        """A field the user sees; raises INVALID_FIELD as Salesforce words it."""
        found = obj.field(name)
        access = self.access(obj)
        if found is None or (access is not None and found.name not in access):
            raise self._no_such("column", name, obj)
        return found

    def parent(self, obj: ObjectDef, name: str) -> FieldDef:
        """The reference field behind a relationship; raises INVALID_FIELD."""
        found = obj.parent(name)
        access = self.access(obj)
        if found is None or (access is not None and found.name not in access):
            raise self._no_such("relation", name, obj)
        return found

    def _no_such(self, what: str, name: str, obj: ObjectDef) -> ApiError:
        at = max(self.text.lower().find(name.lower()), 0)
        near = self.text[max(0, at - 30) : at + 30].strip()
        where = f"\n{near}\n{' ' * min(at, 30)}^\nERROR at Row:1:Column:{at + 1}\n"
        tail = "Please reference your WSDL or the describe call for the appropriate names."
        if what == "column":
            text = f"No such column '{name}' on entity '{obj.name}'. If you are attempting to use a custom field,"
            hint = "be sure to append the '__c' after the custom field name."
        else:
            text = f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom"
            hint = "relationship, be sure to append the '__r' after the custom relationship name."
        return ApiError("INVALID_FIELD", f"{where}{text} {hint} {tail}")

    def targets(self, reference: FieldDef) -> list[ObjectDef]:
        """The objects that a reference may point at, as far as this org has them."""
        known = [self.org.schema[name.lower()] for name in reference.refers if name.lower() in self.org.schema]
        return known or [self.org.object("User")]

    def follow(self, reference: FieldDef, row: Row) -> tuple[ObjectDef, Row] | None:
        """The parent that a row's reference points at."""
        ident = row.get(reference.name)
        if ident is None:
            return None
        for target in self.targets(reference):
            parent = self.org.row(target, str(ident))
            if parent is not None:
                return target, parent
        return None

    def resolve(self, path: Path) -> tuple[FieldDef, Getter]:
        """The field at the end of a path and how to get it from a row; raises INVALID_FIELD."""
        path = self.without_alias(path)
        if len(path) > DEEPEST + 1:
            raise ApiError("MALFORMED_QUERY", "SELECT statements cannot query more than 5 levels of relationships")
        return self._resolve(self.obj, path)

    def _resolve(self, obj: ObjectDef, path: Path) -> tuple[FieldDef, Getter]:
        if len(path) == 1:
            field = self.field(obj, path[0])
            return field, _plain(field)
        reference = self.parent(obj, path[0])
        inner: dict[str, tuple[FieldDef, Getter]] = {}
        problem: ApiError | None = None
        for target in self.targets(reference):
            try:
                inner[target.name] = self._resolve(target, path[1:])
            except ApiError as missing:
                problem = missing
        if not inner:
            raise problem or self._no_such("column", path[1], obj)

        def get(row: Row) -> Any:
            found = self.follow(reference, row)
            return inner[found[0].name][1](found[1]) if found is not None and found[0].name in inner else None

        return next(iter(inner.values()))[0], get


def _plain(field: FieldDef) -> Getter:
    if field.type in ("address", "boolean") or field.name == "PhotoUrl":
        return lambda row: shown(field, row)
    name = field.name
    return lambda row: row.get(name)
