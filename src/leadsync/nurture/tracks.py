"""Tracks: the lists and campaigns that people are put on while nurturing advises it, and taken off again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from leadsync.nurture.model import Advice, Do

JOINING: Final = frozenset((Do.ENROL, Do.REVIVE))
"""What puts somebody on a track."""
STAYING: Final = frozenset((Do.ENROL, Do.REVIVE, Do.WAIT))
"""What leaves somebody on a track: a series of messages is not to end with the first one's being sent."""


def on_track(track: str, advice: Advice, objection: str, *, was: bool, now: datetime) -> bool:
    """Whether somebody belongs on a track now. `objection`: why they may not be contacted, "" when they may; `was`:
    whether we have put them on it.

    Nobody who may not be contacted is on any track, and nobody joins before caps and quiet times allow it.
    """
    if objection or (advice.track and advice.track != track):
        return False
    if was and advice.do in STAYING:
        return True
    free = advice.hold_until is None or advice.hold_until <= now
    return advice.do in JOINING and advice.track == track and free
