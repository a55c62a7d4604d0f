"""The nouns of a cycle: the world it touches, a lead as judged, and everything that is known at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leadsync.attribute import AttributionSettings, Journey, Summary
from leadsync.config import Config
from leadsync.connector import Clock, Crm, Register
from leadsync.enrich import Resolved
from leadsync.nurture import Nurtured
from leadsync.picture import Lead, Party
from leadsync.plan import Subject
from leadsync.progress import Progress, Silent
from leadsync.qualify import StageState
from leadsync.rules import Rulebook
from leadsync.score import Score, ScoringModel
from leadsync.store import Store
from leadsync.touchpoints import Contact

PART = 200
"""Records that are looked at together: with all that follows from them they take some 20 MB."""
AT_ONCE = 1_000
"""Records up to which all are looked at together: a cycle takes a third less time than in parts, and 20 MB more."""


def never() -> bool:
    """Nobody asks the run to stop."""
    return False


@dataclass(frozen=True, slots=True)
class World:
    """Everything a cycle touches. `stop` is asked between pages and batches: a run ends early, but in good order.

    `asking` False: what is known is all there is, and no register is asked. `replaying`: the clock stands in the past,
    so that facts are those of that day, as far as they were kept, and stages are worked out anew. Where more
    records are known than `at_once`, a cycle looks at them in parts of the size `part`.
    """

    config: Config
    rules: Rulebook
    store: Store
    sides: Mapping[str, Crm]
    register: Register | None
    clock: Clock
    run: str
    progress: Progress = field(default_factory=Silent)
    stop: Callable[[], bool] = never
    asking: bool = True
    replaying: bool = False
    part: int = PART
    at_once: int = AT_ONCE


@dataclass(frozen=True, slots=True)
class Before:
    """What the last run knew of a lead: its stage and its journey, and our contacts with others at its company."""

    stage: StageState | None = None
    nurtured: Nurtured | None = None
    colleagues: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A lead with what it is worth by which model, where it stands, what earned it, and what to do next."""

    lead: Lead
    model: ScoringModel
    score: Score
    stage: StageState
    journeys: tuple[Journey, ...]
    attribution: Summary
    nurtured: Nurtured


@dataclass(frozen=True, slots=True)
class View:
    """Everything that is known at one moment, and what follows from it. Where there is much, it stands on disk and is
    read as it is gone through."""

    as_of: datetime
    leads: Sequence[Judged]
    companies: Sequence[Party]
    resolved: Mapping[str, Resolved]
    subjects: Iterable[Subject]
    attribution: AttributionSettings
