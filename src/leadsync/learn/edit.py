"""Changing numbers in the admin's TOML where they stand, so that comments and order stay as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leadsync.rulefiles.numbers import told
from leadsync.score.model import Bands, ByValue, Each, Flat, OnEvent, Rule, in_points

_HEADER: Final = re.compile(r"^\s*\[", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NewRule:
    """A rule that the file does not have yet: by value, or by bands."""

    id: str
    group: str
    label: str
    field: str
    points: Mapping[str, int]
    bands: Sequence[tuple[float, int]] = ()
    why: str = ""


def with_points(text: str, rule: Rule, points: Mapping[str, int]) -> str:
    """The file's text with a rule's numbers replaced: `points` in centi-points by value, by the place of a band, or by
    "" for a rule with one number (whose cap keeps its proportion to it)."""
    match rule.test:
        case ByValue(points=now):
            return _set(text, rule.id, "points", _table({**now, **points}))
        case Bands(floors=floors, points=bands):
            pairs = [(f, points.get(str(i), now)) for i, (f, now) in enumerate(zip(floors, bands, strict=True))]
            return _set(text, rule.id, "bands", _bands(pairs))
        case Each(points=unit):
            return _capped(_set(text, rule.id, "each", _number(points[""])), rule, unit, points[""])
        case OnEvent() as test:
            return _capped(_set(text, rule.id, "points", _number(points[""])), rule, test.worth(0), points[""])
        case Flat():
            return _set(text, rule.id, "points", _number(points[""]))


def with_rule(text: str, new: NewRule) -> str:
    """The file's text with another rule behind the last one."""
    lines = [
        "[[rule]]", f'id = "{new.id}"', f'group = "{new.group}"', f"label = {json.dumps(new.label)}",
        f'field = "{new.field}"',
        f"bands = {_bands(new.bands)}" if new.bands else f"points = {_table(new.points)}",
        *([f"why = {json.dumps(new.why)}"] if new.why else []),
    ]  # fmt: skip
    start = [found.start() for found in re.finditer(r"^\[\[rule\]\]", text, re.MULTILINE)][-1]
    end = _end(text, start)
    return f"{text[:end].rstrip()}\n\n" + "\n".join(lines) + f"\n\n{text[end:].lstrip()}"


def _capped(text: str, rule: Rule, unit: int, now: int) -> str:
    if rule.cap is None or unit in {0, now}:
        return text
    return _set(text, rule.id, "cap", _number(max(100, round(rule.cap * abs(now) / abs(unit) / 100) * 100)))


def _set(text: str, rule: str, key: str, value: str) -> str:
    """Replace the value of a key in a rule's table; the text as it is where it cannot be found."""
    named = re.search(rf'^\s*id\s*=\s*["\']{re.escape(rule)}["\']', text, re.MULTILINE)
    if named is None:
        return text
    start = text.rfind("[[rule]]", 0, named.start())
    block = text[start : _end(text, start)]
    found = re.search(rf"^\s*{key}\s*=\s*", block, re.MULTILINE)
    if found is None:
        return text
    begin = start + found.end()
    return text[:begin] + value + text[begin + _length(text[begin:]) :]


def _end(text: str, start: int) -> int:
    """Where the table that starts here ends: at the next one, with the comments in front of that."""
    following = _HEADER.search(text, text.index("\n", start))
    end = len(text) if following is None else following.start()
    comments = re.search(r"(?:^[ \t]*#.*\n|^[ \t]*\n)+\Z", text[:end], re.MULTILINE)
    return end if comments is None else comments.start()


def _length(text: str) -> int:
    """How long the value is that a text begins with: a number, a string, or something in brackets."""
    depth, quote = 0, ""
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                return place + 1
        elif depth == 0 and sign in " \t\n#":
            return place
    return len(text)


def _table(points: Mapping[str, int]) -> str:
    return "{ " + ", ".join(f"{_key(value)} = {_number(centi)}" for value, centi in points.items()) + " }"


def _key(value: str) -> str:
    return value if re.fullmatch(r"[A-Za-z0-9_-]+", value) else json.dumps(value, ensure_ascii=False)


def _bands(pairs: Sequence[tuple[float, int]]) -> str:
    return "[" + ", ".join(f"[{told(floor).replace(',', '')}, {_number(centi)}]" for floor, centi in pairs) + "]"


def _number(centi: int) -> str:
    return f"{in_points(centi)}"
