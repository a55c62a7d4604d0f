"""Lengths of time as people write them: "90s", "15m", "12h", "30d", "2w"."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LENGTH = re.compile(r"(\d{1,6})\s*([smhdw])")


def duration(text: object) -> timedelta:
    """Read a length of time; raises ValueError."""
    if isinstance(text, timedelta):
        return text
    found = _LENGTH.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise ValueError('a length of time is a whole number and s, m, h, d or w, e.g. "15m"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


Duration = Annotated[timedelta, BeforeValidator(duration), WithJsonSchema({"type": "string"})]
"""A settings field that is written like "15m"."""
