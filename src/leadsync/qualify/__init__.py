"""Where a lead stands on its way to a sale: stages with hysteresis, gates, checklists, hand-over and recycling."""

from leadsync.qualify.ladder import StageRow, climb
from leadsync.qualify.load import load_stages, results_of
from leadsync.qualify.machine import late, qualify, replay, seen_by_stages, touch_days
from leadsync.qualify.model import (
    DISQUALIFIED,
    SUPPRESSED,
    Action,
    Checklist,
    Owner,
    Stage,
    StageGate,
    Stages,
    StageState,
    pack,
    unpack,
)
from leadsync.qualify.screening import Entry, Hit, ListScreener, Screener, Screening, read_list
from leadsync.qualify.speed import Answer, SpeedRow, answers, speed

__all__ = [
    "DISQUALIFIED", "SUPPRESSED", "Action", "Answer", "Checklist", "Entry", "Hit", "ListScreener", "Owner", "Screener",
    "Screening", "SpeedRow", "Stage", "StageGate", "StageRow", "StageState", "Stages", "answers", "climb", "late",
    "load_stages",
    "pack", "qualify", "read_list", "replay", "results_of", "seen_by_stages", "speed", "touch_days", "unpack",
]  # fmt: skip
