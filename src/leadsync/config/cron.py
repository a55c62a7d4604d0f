"""Check a cron line before the daemon meets it: five fields, each a list of values, ranges and steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
_PART = re.compile(r"(?:\*|([a-z]+|\d+)(?:-([a-z]+|\d+))?)(?:/(\d+))?", re.ASCII)
_DAYS_OF = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Days of each month, in the year that has most."""


def check_cron(line: str) -> str:
    """The line, unless it is none: raises ValueError naming the field that is wrong. "" is no line and passes."""
    if not line:
        return line
    fields = line.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"a cron line has 5 fields (minute hour day month weekday), this has {len(fields)}")
    for text, (name, low, high, words) in zip(fields, _FIELDS, strict=True):
        if not all(_values(part, low, high, words) for part in text.split(",")):
            allowed = f"{low} to {high}, lists, ranges a-b, steps */n of numbers, n less than the range"
            raise ValueError(f'"{text}" is no {name} of a cron line ({allowed})')
    days, months = (
        {value for part in fields[at].split(",") for value in _values(part, *_FIELDS[at][1:])} for at in (2, 3)
    )
    if min(days) > max(_DAYS_OF[month - 1] for month in months):
        raise ValueError(f'day "{fields[2]}" of month "{fields[3]}" never comes')
    return line


def _values(part: str, low: int, high: int, words: tuple[str, ...]) -> Sequence[int]:
    """What a part of a field means; nothing where the scheduler would refuse it, or pass over a piece of it."""
    found = _PART.fullmatch(part)
    if found is None:
        return ()
    first, last, step = found.groups()
    if first is not None and any(end is not None and end.isdecimal() != first.isdecimal() for end in (last, step)):
        return ()
    start = low if first is None else _number(first, low, words)
    end = _number(last, low, words) if last is not None else high if first is None or step is not None else start
    stride = int(step) if step is not None else 1
    if not low <= start <= end <= high or stride == 0 or (step is not None and stride > end - start):
        return ()
    return range(start, end + 1, stride)


def _number(text: str, low: int, words: tuple[str, ...]) -> int:
    if text.isdecimal():
        return int(text)
    return words.index(text) + low if text in words else -1
