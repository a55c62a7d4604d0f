"""HubSpot's API as its own SDK describes it: every operation, what it takes, and what each answer must hold.

`hubspot-api-client` is generated from HubSpot's OpenAPI files, so its classes are that description: paths, query
parameters, the model of each status, and of each model the keys, which of them are required, and their types.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from types import ModuleType
from typing import Any

_DOCUMENTED = re.compile(r":param (\w+):.*?(\(required\))?\n\s+:type \1: (.+)")
_REQUIRED = re.compile(r"client_side_validation and (\w+) is None")
_ALLOWED = re.compile(r"allowed_values = (\[.*?\]).*?if [^\n]*?\b(\w+) not in allowed_values", re.DOTALL)
_OURS = {"async_req", "_preload_content", "_request_timeout"}
NUMBERS = {"int": (int,), "float": (int, float)}


@dataclass(frozen=True, slots=True)
class Operation:
    """One documented operation. `answers`: the model of each documented status, None for an empty body."""

    package: str
    name: str
    method: str
    path: str
    query: tuple[str, ...]
    body: str | None
    answers: Mapping[int, str | None]

    @property
    def key(self) -> str:
        """What tests and lists call it."""
        return f"{self.method} {self.path}"


class _Recorder:
    """Stands for the SDK's client: notes how an operation would have been called."""

    client_side_validation = False

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def select_header_accept(self, accepted: list[str]) -> str:
        return ", ".join(accepted)

    def select_header_content_type(self, *types: Any) -> str:
        return str(types[0][0])

    def call_api(self, path: str, method: str, path_params: Any, query: Any, _headers: Any, **how: Any) -> None:
        self.seen = {"path": path, "method": method, "query": query, **how}


def operations(package: str) -> Iterator[Operation]:
    """All operations of one package of the SDK ("crm.objects")."""
    module = importlib.import_module(f"hubspot.{package}.api")
    for _, api in inspect.getmembers(module, inspect.isclass):
        for name, method in inspect.getmembers(api, inspect.isfunction):
            if not name.startswith("_") and not name.endswith("_with_http_info"):
                yield _operation(package, api, name, method)


def _operation(package: str, api: Any, name: str, method: Any) -> Operation:
    recorder = _Recorder()
    documented = {n: t.strip() for n, _, t in _DOCUMENTED.findall(method.__doc__ or "") if n not in _OURS}
    values = {n: [f"x-{n}"] if t.startswith("list[") else f"x-{n}" for n, t in documented.items()}
    getattr(api(api_client=recorder), name)(**values)
    seen = recorder.seen
    body = next((t for n, t in documented.items() if seen["body"] == values[n]), None) if seen["body"] else None
    names = tuple(dict.fromkeys(n for n, _ in seen["query"]))
    answers = {int(status): model for status, model in seen["response_types_map"].items()}
    return Operation(package, name, seen["method"], seen["path"], names, body, answers or {204: None})


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the description: JSON key → type, the required keys, and the values a key may have."""

    types: Mapping[str, str]
    required: frozenset[str]
    allowed: Mapping[str, tuple[Any, ...]]


@cache
def model(package: str, name: str) -> Model:
    """A model by its class's name; raises AttributeError for one there is not."""
    models: ModuleType = importlib.import_module(f"hubspot.{package}.models")
    cls = getattr(models, name)
    source = inspect.getsource(cls)
    keys: Mapping[str, str] = cls.attribute_map
    allowed = {keys[n]: tuple(eval(v)) for v, n in _ALLOWED.findall(source) if n in keys}
    required = frozenset(keys[n] for n in _REQUIRED.findall(source) if n in keys)
    return Model({keys[n]: t for n, t in cls.openapi_types.items()}, required, allowed)


def misfits(package: str, kind: str, value: Any, where: str = "") -> Iterator[str]:
    """Where a value is not what the description promises, as "place: what"."""
    if kind.startswith("list["):
        if not isinstance(value, list):
            yield f"{where}: {type(value).__name__} for a list"
            return
        for item in value:
            yield from misfits(package, kind[5:-1], item, f"{where}[]")
    elif kind.startswith("dict["):
        if not isinstance(value, dict):
            yield f"{where}: {type(value).__name__} for an object"
            return
        inner = kind[5:-1].split(", ", 1)[1]
        for item in value.values():
            if item is not None:  # HubSpot, objects guide: a property without a value is null
                yield from misfits(package, inner, item, f"{where}.*")
    elif (why := _plain(kind, value)) is not None:
        if why:
            yield f"{where}: {why}"
    else:
        yield from _object(package, kind, value, where)


def _plain(kind: str, value: Any) -> str | None:
    """What is wrong with a value of a plain type, "" when nothing is; None where the type is a model."""
    match kind:
        case "object":
            return ""
        case "str":
            return "" if isinstance(value, str) else f"{type(value).__name__} for text"
        case "bool":
            return "" if isinstance(value, bool) else f"{type(value).__name__} for a flag"
        case "int" | "float":
            fits = isinstance(value, NUMBERS[kind]) and not isinstance(value, bool)
            return "" if fits else f"{type(value).__name__} for a number"
        case "datetime" | "date":
            return _time(kind, value)
        case _:
            return None


def _time(kind: str, value: Any) -> str:
    try:
        (datetime if kind == "datetime" else date).fromisoformat(value)
    except (TypeError, ValueError):
        return f"{value!r} for a {kind}"
    return ""


def _object(package: str, kind: str, value: Any, where: str) -> Iterator[str]:
    told = model(package, kind)
    if not isinstance(value, dict):
        yield f"{where}: {type(value).__name__} for {kind}"
        return
    for name in sorted(told.required - value.keys()):
        yield f"{where}.{name} is missing ({kind})"
    for name, item in value.items():
        if name not in told.types:
            yield f"{where}.{name} is not described ({kind})"
        elif item is None and name not in told.required:
            continue
        else:
            yield from misfits(package, told.types[name], item, f"{where}.{name}")
            if name in told.allowed and item not in told.allowed[name] and not isinstance(item, list):
                yield f"{where}.{name}: {item!r} is none of {told.allowed[name]}"
