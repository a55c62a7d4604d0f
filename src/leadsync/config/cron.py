"""Check a cron line before the daemon meets it: five fields, each a list of values, ranges and steps."""

from __future__ import annotations

import re

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "mon tue wed thu fri sat sun".split()
_FIELDS = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, tuple(_MONTHS)),
    ("day of the week", 0, 6, tuple(_DAYS)),
)
"""As APScheduler's `CronTrigger.from_crontab` reads them: days of the week are 0 (Monday) to 6, or names."""
_PART = re.compile(r"(\*|[a-z]+|\d+)(?:-([a-z]+|\d+))?(?:/(\d+))?")


def check_cron(line: str) -> str:
    """The line, unless it is none: raises ValueError naming the field that is wrong. "" is no line and passes."""
    if not line:
        return line
    fields = line.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"a cron line has 5 fields (minute hour day month weekday), this has {len(fields)}")
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if not all(_fine(part, low, high, words) for part in text.lower().split(",")):
            raise ValueError(f'"{text}" is no {name} of a cron line ({low} to {high}, lists, ranges a-b, steps */n)')
    return line


def _fine(part: str, low: int, high: int, words: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if found is None:
        return False
    first, last, step = found.groups()
    if step == "0" or (first == "*" and last is not None):
        return False
    ends = [_number(end, low, words) for end in (first, last) if end not in {"*", None}]
    return all(low <= end <= high for end in ends) and ends == sorted(ends)


def _number(text: str, low: int, words: tuple[str, ...]) -> int:
    if text.isdecimal():
        return int(text)
    return words.index(text) + low if text in words else -1
