"""Where a pull stands, as the text that the engine keeps for us."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from leadsync.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Position:
    """Of an object's feed. All times are epoch milliseconds of the server's clock.

    `since`: everything that changed before was read (0: never pulled). `until`: when the pass under way began
    (0: none is). `after`: the last id, or the server's own mark, behind which the pass goes on. `archived`: everything
    archived before was seen; `newest`: the latest the pass under way has seen.

    Of the recycle bin: `bin_pages` it had when it was last read whole, at `bin_read` (while one reads: so far); and the
    last `bin.Count`.
    """

    since: int = 0
    until: int = 0
    phase: str = "live"
    after: str = ""
    archived: int = 0
    newest: int = 0
    bin_pages: int = 0
    bin_read: int = 0
    counted_at: int = 0
    live: int = -1
    recent: int = -1


@dataclass(frozen=True, slots=True)
class FormPosition:
    """Of one form: submissions up to `seen` were read; a pass under way began at `top` and stands at `after`."""

    seen: int = 0
    top: int = 0
    after: str = ""


@dataclass(frozen=True, slots=True)
class FormsPosition:
    """Of the feed of all forms."""

    forms: dict[str, FormPosition] = field(default_factory=dict)


def dump(position: Position | FormsPosition) -> str:
    """The text of a position."""
    return json.dumps(asdict(position), separators=(",", ":"), sort_keys=True)


def load(text: str) -> Position:
    """A position from its text; "" is the beginning. Raises Misconfigured."""
    try:
        return Position(**_object(text))
    except (TypeError, ValueError):
        raise _foreign() from None


def load_forms(text: str) -> FormsPosition:
    """The forms' position from its text; raises Misconfigured."""
    try:
        return FormsPosition({guid: FormPosition(**p) for guid, p in _object(text).get("forms", {}).items()})
    except (TypeError, ValueError, AttributeError):
        raise _foreign() from None


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def _foreign() -> Misconfigured:
    return Misconfigured("the stored position of a HubSpot feed is not one of this version: reset the feed's cursor")
