"""Read a mapping file: every field with its defaults filled in, or all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from leadsync.connector import ObjectType
from leadsync.mapping import expression, transform
from leadsync.mapping.compare import USUAL, canonical
from leadsync.mapping.lint import cross_checks
from leadsync.mapping.model import OURS, Conflict, CreateRule, FieldMap, NullPolicy, ObjectMap, Target
from leadsync.mapping.positions import Path
from leadsync.mapping.problems import Problem, Problems, did_you_mean, errors, listed
from leadsync.mapping.schema import CreateTable, FieldTable, FileTable, Shared
from leadsync.mapping.sources import SOURCES
from leadsync.mapping.targets import TargetReader, first
from leadsync.mapping.toml import Document, check, parse
from leadsync.records import Role

T = TypeVar("T")
Sides = Mapping[str, Sequence[ObjectType]]

ROLES = {"lead": Role.PERSON, "company": Role.COMPANY}


def load_object(text: str, file: str, sides: Sides, names: Collection[str] = ()) -> ObjectMap:
    """The mapping of one object. `sides`: the configured sides with the objects they have (an empty sequence: unknown,
    and not checked); `names`: what conditions may use besides the file's fields and the sources.

    Raises Problems naming everything that is wrong; warnings alone do not stop it.
    """
    mapping, problems = lint_object(text, file, sides, names)
    if mapping is None or errors(problems):
        raise Problems(problems)
    return mapping


def lint_object(
    text: str, file: str, sides: Sides, names: Collection[str] = ()
) -> tuple[ObjectMap | None, list[Problem]]:
    """The mapping as far as it can be read, and all problems and warnings."""
    try:
        document = parse(text, file)
    except Problems as problem:
        return None, list(problem.problems)
    reader = _Reader(document, sides, frozenset(names))
    mapping = reader.read()
    return mapping, sorted(set(reader.problems))


def _table(data: Any, key: str) -> dict[str, Any]:
    found = data.get(key, {})
    return {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}


class _Reader:
    """Reads one document and gathers what is wrong with it."""

    def __init__(self, document: Document, sides: Sides, names: frozenset[str]) -> None:
        self.document = document
        self.names = names
        self.problems: list[Problem] = []
        self.object = str(document.data.get("object"))
        self.role = ROLES.get(self.object, Role.PERSON)
        self.kinds = {side: _kinds(objects, self.role) for side, objects in sides.items()}
        self.defaults = self._checked(Shared, document.data.get("defaults", {}), ("defaults",)) or Shared()
        self.targets = TargetReader(document, self.kinds, self.defaults, self.problems)

    def read(self) -> ObjectMap:
        """The object's mapping; what is wrong in it stands in `problems`."""
        data = self.document.data
        self._checked(FileTable, {k: v for k, v in data.items() if k != "defaults"}, ())
        fields = {name: self._field(name, raw) for name, raw in _table(data, "field").items()}
        creates = [rule for side, raw in _table(data, "create").items() if (rule := self._create(side, raw))]
        mapping = ObjectMap(self.object, self.role, fields, tuple(creates), self.document.file, self.kinds)
        self.problems += cross_checks(mapping, self.document, self.names | set(fields) | set(SOURCES))
        return mapping

    def _checked(self, model: type[T], data: Any, at: Path, also: Collection[str] = ()) -> T | None:
        made, problems = check(model, self.document, data, at=at, also=also)  # type: ignore[type-var]
        self.problems += problems
        return made

    def _say(self, path: Path, code: str, message: str, help: str = "") -> None:  # noqa: A002
        self.problems.append(self.document.problem(path, code, message, help))

    # ---- fields

    def _field(self, name: str, raw: Mapping[str, Any]) -> FieldMap:
        at: Path = ("field", name)
        settings = {key: value for key, value in raw.items() if key not in self.kinds}
        table = self._checked(FieldTable, settings, at, self.kinds) or self._salvaged(settings)
        owner = self._owner(at, table, raw)
        targets = tuple(
            target for side in raw if side in self.kinds for target in self.targets.read((*at, side), raw, table, owner)
        )
        self._check_owner(at, table, raw, targets)
        shared = self.defaults
        return FieldMap(
            name=name,
            type=table.type,
            sources=self._sources(at, table),
            targets=targets,
            owner=owner,
            conflict=first(table.conflict, shared.conflict, Conflict.OWNER),
            null=self._null(at, table),
            default=canonical(table.default, table.type),
            compare=first(table.compare, shared.compare, USUAL[table.type]),
            transform=self._transforms(at, table),
            when=self._condition((*at, "when"), table.when),
            min_change=table.min_change,
            min_interval=table.min_interval if table.min_interval is not None else shared.min_interval,
            lease=table.lease if table.lease is not None else shared.lease,
            unit=table.unit,
            follows=table.follows,
            unique=table.unique,
            fill_blank=bool(table.fill_blank if table.fill_blank is not None else shared.fill_blank),
            label=table.label or name.replace("_", " ").capitalize(),
            description=table.description,
            length=table.length,
            options=table.options,
            file=self.document.file,
            line=self.document.line(at),
        )

    def _salvaged(self, settings: Mapping[str, Any]) -> FieldTable:
        """The keys that are right by themselves, so that the rest of a field with a mistake is looked at too."""
        fine = {key: value for key, value in settings.items() if check(FieldTable, self.document, {key: value})[0]}
        return FieldTable.model_validate(fine)

    def _owner(self, at: Path, table: FieldTable, raw: Mapping[str, Any]) -> str:
        mapped = [side for side in raw if side in self.kinds]
        if not table.owner:
            return mapped[0] if len(mapped) == 1 and not table.source else ""
        if table.owner in {OURS, *self.kinds}:
            return table.owner
        choice = [*self.kinds, OURS]
        hint = did_you_mean(table.owner, choice)
        self._say((*at, "owner"), "LS102", f'owner = "{table.owner}" is not one of {listed(choice)}.{hint}')
        return ""

    def _check_owner(self, at: Path, table: FieldTable, raw: Collection[str], targets: Sequence[Target]) -> None:
        sides = list(dict.fromkeys(target.side for target in targets))
        name, owner = at[-1], table.owner
        if not sides and set(raw) <= set(FieldTable.model_fields):
            self._say(at, "LS103", f"[field.{name}] is mapped to no side. Configured: {listed(list(self.kinds))}.")
        if owner == OURS and not table.source:
            self._say((*at, "owner"), "LS307", f'[field.{name}] is leadsync\'s own, but has no source = "…".')
        if owner in self.kinds and sides and owner not in sides:
            self._say((*at, "owner"), "LS307", f'owner = "{owner}", but [field.{name}] is mapped to {listed(sides)}.')
        writable = {target.side for target in targets if target.writable}
        if not owner and not table.source and len(sides) > 1 and writable:
            text = f"[field.{name}] needs an owner: whose value wins when both sides changed it?"
            self._say(at, "LS103", text, f'owner = one of {listed(sides)}; or direction = "read"')

    def _sources(self, at: Path, table: FieldTable) -> tuple[str, ...]:
        for source in table.source:
            if source not in SOURCES:
                hint = did_you_mean(source, SOURCES) or f" There are: {', '.join(SOURCES)}."
                self._say((*at, "source"), "LS105", f'leadsync computes no "{source}".{hint}')
        return table.source

    def _null(self, at: Path, table: FieldTable) -> NullPolicy:
        null = first(table.null, self.defaults.null, NullPolicy.KEEP)
        if null is NullPolicy.FILL and table.default is None:
            self._say(at, "LS103", f'[field.{at[-1]}] has null = "fill" and needs the key "default".')
        if not isinstance(table.default, str | int | float | bool | None):
            self._say((*at, "default"), "LS104", "default is a text, a number, or true or false.")
        return null

    def _transforms(self, at: Path, table: FieldTable) -> tuple[transform.Transform, ...]:
        tables = _table(self.document.data, "table")
        steps: list[transform.Transform] = []
        for index, text in enumerate(table.transform):
            try:
                steps.append(transform.parse(text, tables, table.type))
            except transform.TransformError as problem:
                hint = did_you_mean(problem.wrong, problem.known)
                self._say((*at, "transform", index), "LS108", f"{problem}{hint}")
        return tuple(steps)

    def _condition(self, path: Path, text: str | None) -> expression.Expression | None:
        if text is None:
            return None
        try:
            return expression.parse(text)
        except expression.ExpressionError as problem:
            self._say(path, "LS106", f"{path[-1]}, at character {problem.offset + 1}: {problem}")
            return None

    # ---- new records

    def _create(self, side: str, raw: Mapping[str, Any]) -> CreateRule | None:
        at: Path = ("create", side)
        if side not in self.kinds:
            hint = did_you_mean(side, self.kinds)
            self._say(at, "LS101", f'"{side}" is not a configured side: {listed(list(self.kinds))}.{hint}')
            return None
        table = self._checked(CreateTable, raw, at)
        if table is None:
            return None
        self.targets.known_objects((*at, "object"), side, (table.object,))
        return CreateRule(side, table.object, self._condition((*at, "when"), table.when), dict(table.fields))


def _kinds(objects: Sequence[ObjectType], role: Role) -> tuple[str, ...]:
    """The objects of a role, the preferred first."""
    return tuple(o.name for o in sorted(objects, key=lambda o: -o.preferred) if o.role is role)
