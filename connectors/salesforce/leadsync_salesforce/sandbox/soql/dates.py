"""Relative date literals: the days that LAST_N_DAYS:7 or THIS_QUARTER mean today."""

from __future__ import annotations

from datetime import date, timedelta

from leadsync_salesforce.sandbox.errors import ApiError

_DAYS = {"YESTERDAY": (-1, 0), "TODAY": (0, 1), "TOMORROW": (1, 2), "LAST_90_DAYS": (-90, 1), "NEXT_90_DAYS": (1, 91)}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def _month(day: date, by: int) -> date:
    months = day.year * 12 + day.month - 1 + by
    return date(months // 12, months % 12 + 1, 1)


def _start(unit: str, day: date) -> date:
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    size = _MONTHS[unit]
    return date(day.year, (day.month - 1) // size * size + 1, 1)


def _move(unit: str, start: date, by: int) -> date:
    if unit in ("DAY", "WEEK"):
        return start + timedelta(days=by * (7 if unit == "WEEK" else 1))
    return _month(start, by * _MONTHS[unit])


def _single(word: str) -> tuple[str, int, int] | None:
    """(unit, first, end) of a literal without a number, in units from now; end is exclusive."""
    if word in _DAYS:
        return "DAY", *_DAYS[word]
    which, _, unit = word.replace("FISCAL_", "").partition("_")
    first = {"LAST": -1, "THIS": 0, "NEXT": 1}.get(which)
    return None if first is None or unit not in ("WEEK", *_MONTHS) else (unit, first, first + 1)


def _counted(word: str, number: int) -> tuple[str, int, int] | None:
    name = word.replace("FISCAL_", "")
    for unit in ("DAY", "WEEK", *_MONTHS):
        match name:
            case s if s == f"LAST_N_{unit}S":
                return unit, -number, 1 if unit == "DAY" else 0
            case s if s == f"NEXT_N_{unit}S":
                return unit, 1, number + 1
            case s if s == f"N_{unit}S_AGO":
                return unit, -number, -number + 1
    return None


def span(literal: str, today: date) -> tuple[date, date]:
    """The first day and the day after the last; weeks begin on Sunday, fiscal years with the calendar's."""
    word, _, number = literal.partition(":")
    found = _counted(word, int(number)) if number else _single(word)
    if found is None:
        raise ApiError("MALFORMED_QUERY", f"unexpected token: '{literal}'")
    unit, first, end = found
    start = _start(unit, today)
    return _move(unit, start, first), _move(unit, start, end)
