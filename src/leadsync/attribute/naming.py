"""A model by its name, or by a name with its numbers: "position:0.3/0.4/0.3", "time_decay:12h", "markov:2"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from math import isclose

from leadsync.attribute.model import HOURS_PER_DAY, Kind, Method
from leadsync.errors import Misconfigured
from leadsync.mapping.problems import did_you_mean

MAX_ORDER = 3
"""Beyond it the states of a Markov chain outnumber what any history could fill."""
ALIASES = {"full": "full_path", "z": "full_path", "markov_1": "markov", "shapley_coverage": "shapley"}
"""Other names in use; the path of "full_path" falls to the rule for endings."""


def method_named(text: str, models: Mapping[str, Method]) -> Method:
    """The model meant by `text`; its name is the text. Raises Misconfigured naming those there are."""
    name, _, numbers = text.partition(":")
    found = models.get(name) or models.get(_usual(name))
    if found is None:
        known = ", ".join(sorted(models))
        raise Misconfigured(f'there is no attribution model "{name}".{did_you_mean(name, models)} Known: {known}')
    return replace(found if not numbers else _with(found, numbers), name=text)


def _usual(name: str) -> str:
    """The name as the models here have it: "Last-non-direct" and "u_shaped" as everybody writes them."""
    plain = re.sub(r"[\s-]+", "_", name.strip().casefold())
    plain = re.sub(r"_(touch|click|shaped|based|path)$", "", plain)
    return ALIASES.get(plain, plain)


def _with(method: Method, numbers: str) -> Method:
    match method.kind:
        case Kind.POSITION:
            shares = [float(part) for part in re.findall(r"\d*\.?\d+", numbers)]
            whole = sum(shares)
            if len(shares) == 3 and (isclose(whole, 1) or isclose(whole, 100)):
                first, middle, last = (share / round(whole) for share in shares)
                return replace(method, first=first, middle=middle, last=last)
            raise Misconfigured(f'"{numbers}": a position model has three shares that add up to 1, e.g. 0.4/0.2/0.4')
        case Kind.TIME_DECAY:
            given = re.fullmatch(r"(\d*\.?\d+)\s*([hd])", numbers)
            if given is not None and float(given[1]) > 0:
                return replace(method, half_life_hours=float(given[1]) * (HOURS_PER_DAY if given[2] == "d" else 1))
            raise Misconfigured(f'"{numbers}": time decay has a half-life in hours or days, e.g. 168h or 7d')
        case Kind.MARKOV:
            if numbers.isdecimal() and 1 <= int(numbers) <= MAX_ORDER:
                return replace(method, order=int(numbers))
            raise Misconfigured(f'"{numbers}": the order of a Markov model is 1 to {MAX_ORDER}')
        case _:
            raise Misconfigured(f'"{method.name}" has no numbers to set')
