"""Read what stands behind a side's name in a field: a CRM field, one for each object, or a table of settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from leadsync.mapping.model import OURS, Direction, Target, WriteMode
from leadsync.mapping.positions import Path
from leadsync.mapping.problems import Problem, did_you_mean, listed
from leadsync.mapping.schema import FieldTable, Shared, TargetTable
from leadsync.mapping.toml import Document, check

T = TypeVar("T")


def first(*values: T | None) -> T:
    """The first that is given; the last one always is."""
    return next(value for value in values if value is not None)


@dataclass(frozen=True, slots=True)
class TargetReader:
    """Reads targets of one document; what is wrong goes to `problems`. `kinds`: side → its objects (empty: unknown)."""

    document: Document
    kinds: Mapping[str, Sequence[str]]
    defaults: Shared
    problems: list[Problem]

    def read(self, at: Path, raw: Mapping[str, Any], table: FieldTable, owner: str) -> Iterator[Target]:
        """The targets of the side that `at` ends with, in the field's table `raw`."""
        side = str(at[-1])
        usual = WriteMode.TRACKED if table.source and owner != OURS else WriteMode.ALWAYS
        for path, name, objects, tables in self._entries(at, raw[side]):
            yield self._target(path, (side, name, objects), (*tables, table), (usual, owner == OURS))

    def _entries(self, at: Path, value: Any) -> Iterator[tuple[Path, str, tuple[str, ...], tuple[TargetTable, ...]]]:
        """Each CRM field with its place, its objects, and the tables of settings that apply, nearest first."""
        if isinstance(value, str):
            yield at, value, (), ()
            return
        if not isinstance(value, dict):
            self._say(at, "LS104", f"{at[-1]} in [field.{at[1]}]: a field's name, or a table with one.")
            return
        per_object = {key: v for key, v in value.items() if self._is_object(str(at[-1]), key)}
        common = self._settings(at, {k: v for k, v in value.items() if k not in per_object})
        if common is None:
            return
        for name, inner in per_object.items():
            yield from self._of_object((*at, name), inner, common)
        if common.name is not None:
            rest = tuple(kind for kind in self.kinds[str(at[-1])] if kind not in per_object)
            self.known_objects((*at, "objects"), str(at[-1]), common.objects or ())
            yield at, common.name, common.objects or (rest if per_object else ()), (common,)
        elif not per_object:
            self._say(at, "LS103", f'{at[-1]} in [field.{at[1]}] needs the key "name".')

    def _of_object(
        self, at: Path, value: Any, common: TargetTable
    ) -> Iterator[tuple[Path, str, tuple[str, ...], tuple[TargetTable, ...]]]:
        kind = str(at[-1])
        if isinstance(value, str):
            yield at, value, (kind,), (common,)
            return
        own = self._settings(at, value)
        if own is not None and own.name is not None:
            yield at, own.name, (kind,), (own, common)
        elif own is not None:
            self._say(at, "LS103", f'{kind} in [field.{at[1]}] needs the key "name".')

    def _is_object(self, side: str, key: str) -> bool:
        known = self.kinds[side]
        return key in known or (not known and key not in TargetTable.model_fields)

    def _settings(self, at: Path, value: Any) -> TargetTable | None:
        made, problems = check(TargetTable, self.document, value, at=at, also=tuple(self.kinds[str(at[2])]))
        self.problems.extend(problems)
        return made

    def _target(
        self,
        at: Path,
        what: tuple[str, str, tuple[str, ...]],
        tables: Sequence[TargetTable | FieldTable],
        usual: tuple[WriteMode, bool],
    ) -> Target:
        side, name, objects = what
        target = Target(
            side=side,
            name=name,
            objects=objects,
            write=first(*(t.write for t in tables), self.defaults.write, usual[0]),
            values=first(*(t.values for t in tables), {}),
            direction=first(*(t.direction for t in tables), self.defaults.direction, Direction.BOTH),
            order=first(*(t.order for t in tables), ()),
            provision=first(*(t.provision for t in tables), usual[1]),
        )
        if target.direction.ordered and not target.order:
            self._say(at, "LS308", f'{name} is written {target.direction} and needs order = ["first", …, "last"].')
        return target

    def known_objects(self, at: Path, side: str, objects: Sequence[str]) -> None:
        """Note each object that the side does not have for this role."""
        known = self.kinds[side]
        for name in objects:
            if known and name not in known:
                hint = did_you_mean(name, known)
                self._say(at, "LS110", f'{side} has no object "{name}" here; it has {listed(list(known))}.{hint}')

    def _say(self, at: Path, code: str, message: str) -> None:
        self.problems.append(self.document.problem(at, code, message))
