"""What pydantic says of a table, in the words of the file: which key, what is wrong, what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from leadsync.connector.secrets import BadReference
from leadsync.mapping.positions import Path
from leadsync.mapping.problems import did_you_mean

M = TypeVar("M", bound=BaseModel)

_QUOTED = re.compile(r"'([^']*)'")
_PREFIX = re.compile(r"^(?:Value error|Assertion failed), ")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake; `path` counts from the validated table."""

    path: Path
    code: str
    message: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the table stands, whether values may be shown, keys known besides the model's, the context."""

    at: Path = ()
    quote: bool = True
    also: tuple[str, ...] = ()
    context: Any = None


def complaints(model: type[M], data: Any, reader: Reader) -> M | list[Complaint]:
    """The model, or all that is wrong with the data. Values are shown only where `reader.quote` allows it."""
    try:
        return model.model_validate(data, context=reader.context)
    except ValidationError as problem:
        details = problem.errors(include_url=False)
        return _distinct(_complaint(model, data, dict(detail), reader) for detail in details)


def _distinct(found: Iterator[Complaint]) -> list[Complaint]:
    """One complaint a place: a union answers once for each of its members."""
    first: dict[tuple[Path, str], Complaint] = {}
    for complaint in found:
        first.setdefault((complaint.path, complaint.code), complaint)
    return list(first.values())


def _complaint(model: type[BaseModel], data: Any, detail: dict[str, Any], reader: Reader) -> Complaint:
    kind, loc = str(detail["type"]), tuple(detail["loc"])
    path = _path(data, loc, whole=kind == "missing")
    key = str(path[-1]) if path else ""
    table = table_name((*reader.at, *path[:-1]))
    match kind:
        case "extra_forbidden":
            also = reader.also if len(path) == 1 else ()
            hint = did_you_mean(key, [*_keys(model, path[:-1]), *also])
            there = f"besides the settings, {table} can have: {', '.join(also)}" if also and not hint else ""
            return Complaint(path, "LS101", f'unknown key "{key}" in {table}.{hint}', there)
        case "missing":
            return Complaint(path, "LS103", f'{table} needs the key "{key}".')
        case "literal_error" | "enum":
            return _not_one_of(path, str(detail["ctx"]["expected"]), detail["input"], quote=reader.quote)
        case _:
            text = _PREFIX.sub("", str(detail["msg"]))
            referred = isinstance(detail.get("ctx", {}).get("error"), BadReference)
            code = "LS401" if referred or _is_secret(model, path) else "LS104"
            return Complaint(path, code, f"{key} in {table}: {text}" if key else f"{table}: {text}")


def _not_one_of(path: Path, expected: str, given: object, *, quote: bool) -> Complaint:
    options = _QUOTED.findall(expected) or [expected]
    shown = f'{path[-1]} = "{given}"' if quote else str(path[-1])
    return Complaint(path, "LS102", f"{shown} is not one of {', '.join(options)}.{did_you_mean(str(given), options)}")


def table_name(path: Path) -> str:
    """A table as its header has it: [field.email]; an item of an array as "[[rule]] number 3"."""
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"[[{'.'.join(str(p) for p in path[:-1])}]] number {path[-1] + 1}"
    return f"[{'.'.join(str(part) for part in path)}]"


def _path(data: Any, loc: Sequence[str | int], *, whole: bool) -> Path:
    """The part of pydantic's location that is in the data (it also names members of unions); `whole`: and its end."""
    path: list[str | int] = []
    for part in loc:
        inside = (isinstance(data, Mapping) and part in data) or (
            isinstance(data, list) and isinstance(part, int) and part < len(data)
        )
        if inside:
            path.append(part)
            data = data[part]
    return (*path, loc[-1]) if whole and loc else tuple(path)


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that a table may have."""
    return [info.alias or name for found in _models(model, path) for name, info in found.model_fields.items()]


def _models(annotation: Any, path: Path) -> list[type[BaseModel]]:
    """The models that may stand at a path below an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not path:
            return [annotation]
        for name, info in annotation.model_fields.items():
            if path[0] in {name, info.alias}:
                return _models(info.annotation, path[1:])
        return []
    inner = get_args(annotation)
    if not inner:
        return []
    container = getattr(annotation, "__origin__", None)
    if container in {dict, list, tuple} or (isinstance(container, type) and issubclass(container, Mapping | Sequence)):
        return _models(inner[-1], path[1:]) if path else []
    return [model for part in inner for model in _models(part, path)]


def _is_secret(model: type[BaseModel], path: Path) -> bool:
    return any(
        path and path[-1] in {name, info.alias} and "SecretStr" in f"{info.annotation!r}"
        for found in _models(model, path[:-1])
        for name, info in found.model_fields.items()
    )
