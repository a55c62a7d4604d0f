"""Watching in every run whether a scoring model ages: looked at once a week, and told until the next look."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zlib import crc32

from leadsync.errors import Misconfigured
from leadsync.learn.cohort import Cohort, cohort, outcome_of
from leadsync.learn.drift import drift
from leadsync.learn.enough import lacking_to_compare
from leadsync.qualify import Stages
from leadsync.records import Fields
from leadsync.score import ScoringModel
from leadsync.store import Store
from leadsync.touchpoints import Touchpoint

NOTED: Final = "aging"
"""Under this name the state keeps the last look: when it was, and what it warned of."""
EVERY: Final = timedelta(days=7)
HORIZON: Final = timedelta(days=90)
SAMPLE: Final = 5_000
"""Leads that are looked at, of any number: a share of them is then known to within one and a half per cent."""
Scoring = Callable[[Fields], ScoringModel]
"""Which model scores a lead with these facts."""


def sampled(lead: str, of: int) -> bool:
    """Whether a lead is looked at where there are so many."""
    return crc32(lead.encode()) % max(1, round(of / SAMPLE)) == 0


def is_due(store: Store, now: datetime) -> bool:
    """Whether a week has gone by since the last look, or a wrong clock dated that into the future."""
    at, _ = last_look(store)
    return at is None or not timedelta(0) <= now - at < EVERY


def watch(
    store: Store, touches: Mapping[str, Sequence[Touchpoint]], scoring: Scoring, stages: Stages, now: datetime
) -> tuple[str, ...]:
    """The warnings that hold: those of the last look, or of a new one where that is a week ago. `touches` are those of
    all leads that may be scored, or of the sampled ones; call inside a transaction."""
    if not is_due(store, now):
        return last_look(store)[1]
    warnings = tuple(_look(store, touches, scoring, stages, now.date()))
    store.note(NOTED, json.dumps({"at": now.isoformat(), "warnings": warnings}))
    return warnings


def last_look(store: Store) -> tuple[datetime | None, tuple[str, ...]]:
    """When it was last looked, and the warnings; (None, ()) when it never was."""
    noted = store.noted(NOTED)
    if noted is None:
        return None, ()
    found = json.loads(noted)
    return datetime.fromisoformat(found["at"]), tuple(found["warnings"])


def _look(
    store: Store, touches: Mapping[str, Sequence[Touchpoint]], scoring: Scoring, stages: Stages, today: date
) -> Iterator[str]:
    try:
        _stage, reached, _telling = outcome_of(stages)
    except Misconfigured:
        return  # without a stage of sales there is no outcome to hold scores against
    rows = (row for row in store.snapshots.all() if row[0] in touches and sampled(row[0], len(touches)))
    for model, own in by_model(cohort(rows, touches, reached, HORIZON, today), scoring):
        if not lacking_to_compare(own):
            yield from (f"{model.id}: {text}" for text in drift(*own.firsts(), own.fresh, model).warnings)


def by_model(some: Cohort, scoring: Scoring) -> Iterator[tuple[ScoringModel, Cohort]]:
    """The examples parted by the model that scores them."""
    chosen = [[(scoring(example.facts), example) for example in part] for part in (some.examples, some.fresh)]
    models = {model.id: model for part in chosen for model, _example in part}
    for name, model in sorted(models.items()):
        examples, fresh = (tuple(example for own, example in part if own.id == name) for part in chosen)
        yield model, Cohort(examples, some.horizon, fresh, some.before)
