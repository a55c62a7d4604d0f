"""Named steps that bring a value to the form in which it is kept; applied twice they change nothing more."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from leadsync.mapping.compare import canonical
from leadsync.mapping.dialling import e164, known_country
from leadsync.normalize import person
from leadsync.records import Value, is_blank

Tables: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Transform:
    """One step: its name, its argument (where it takes one), for `default` the value and for `map` the table."""

    name: str
    argument: str = ""
    value: Value = None
    table: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}({self.argument})" if self.argument else self.name


class TransformError(ValueError):
    """The step does not exist or its argument is wrong. `known`: what could have been meant."""

    def __init__(self, message: str, wrong: str = "", known: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.wrong = wrong
        self.known = tuple(known)


def apply(transforms: Sequence[Transform], value: Value) -> Value:
    """The value after all steps. Steps on text leave numbers and booleans alone; only `default` acts on a blank."""
    for step in transforms:
        value = _apply(step, value)
    return value


def _apply(step: Transform, value: Value) -> Value:
    if step.name == "default":
        return step.value if is_blank(value) else value
    if not isinstance(value, str) or is_blank(value):
        return value
    return _STEPS[step.name](value, step)


def _trim(text: str, _step: Transform) -> str:
    return " ".join(text.split())


def _truncate(text: str, step: Transform) -> str:
    return text[: int(step.argument)].rstrip()


def _title(text: str, _step: Transform) -> str:
    """Capitals at the start of words that are in one case throughout; "McDonald" and "IBM Deutschland" stay."""
    return text.title() if text.islower() or text.isupper() else text


def _digits(text: str, _step: Transform) -> str:
    found = person.digits(text)
    while found.startswith("00"):
        found = found.removeprefix("00")
    return found or text


def _map(text: str, step: Transform) -> str:
    folded = {key.casefold(): value for key, value in step.table.items()}
    return folded.get(text.strip().casefold(), text)


_STEPS: Mapping[str, Callable[[str, Transform], str]] = {
    "trim": _trim,
    "lower": lambda text, _step: text.lower(),
    "upper": lambda text, _step: text.upper(),
    "title": _title,
    "truncate": _truncate,
    "digits": _digits,
    "e164": lambda text, step: e164(text, step.argument),
    "map": _map,
}

NAMES = (*_STEPS, "default")
_PLAIN = frozenset({"trim", "lower", "upper", "title", "digits"})
_CALL = re.compile(r"\s*([a-z0-9_]+)\s*(?:\(\s*(?:default\s*=\s*)?(.*?)\s*\))?\s*", re.DOTALL)
_ALLOWED = ", ".join(name if name in _PLAIN else f"{name}(…)" for name in NAMES)


def parse(text: str, tables: Tables, type_: str = "string") -> Transform:
    """Read one step of a field of a type, e.g. `trim`, `truncate(80)`, `e164(default="US")`, `map(industries)`.

    Raises TransformError.
    """
    found = _CALL.fullmatch(text)
    name = found[1] if found is not None else text
    if found is None or name not in NAMES:
        raise TransformError(f'"{text}" is not one of {_ALLOWED}.', name, NAMES)
    argument = (found[2] or "").strip("\"'")
    if (name in _PLAIN) != (found[2] is None):
        raise TransformError(f"{name} takes {'no argument' if name in _PLAIN else 'one argument'}.")
    return _checked(Transform(name, argument, canonical(argument, type_)), tables)


def _checked(step: Transform, tables: Tables) -> Transform:
    match step.name:
        case "truncate" if not step.argument.isdecimal() or int(step.argument) == 0:
            raise TransformError("truncate takes a number of characters, e.g. truncate(80).")
        case "e164" if not known_country(step.argument):
            raise TransformError('e164 takes the country of numbers without one, e.g. e164(default="US").')
        case "map" if step.argument not in tables:
            raise TransformError(f"there is no [table.{step.argument}] in this file.", step.argument, list(tables))
        case "map":
            return Transform("map", step.argument, table=_at_rest(step.argument, tables[step.argument]))
        case _:
            return step


def _at_rest(name: str, table: Mapping[str, str]) -> Mapping[str, str]:
    """The table, if what it maps to is not mapped on: otherwise every run would move the value further."""
    folded = {key.casefold(): value for key, value in table.items()}
    for key, value in table.items():
        if folded.get(value.casefold(), value) != value:
            raise TransformError(f'[table.{name}] maps "{key}" to "{value}", which it maps on; it would never rest.')
    return table
