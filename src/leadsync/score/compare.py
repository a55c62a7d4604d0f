"""What an edit of the model would change, before it goes live: scores, grades, stages and writes, lead by lead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leadsync.rulefiles.tables import CENTI
from leadsync.score.model import OnEvent, Score, ScoringModel, in_points

BAND: Final = 10
"""Points in a band of the distribution."""
UNSCORED: Final = "not scored"


@dataclass(frozen=True, slots=True)
class Change:
    """One lead whose score, grade or standing would change. `delta` in points; None when only one of the two scores."""

    lead: str
    before: Score
    after: Score
    delta: int | float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """All leads under two models. Distributions count leads by the lower end of their ten-point band.

    `grades`: leads by (grade before, grade after), those that stay included. `writes`: leads whose change is large
    enough to be written. `idle`: rules of the new model that fire for nobody; `always_capped`: rules that are cut by
    their cap whenever they fire.
    """

    leads: int
    before: Mapping[str, int]
    after: Mapping[str, int]
    grades: Mapping[tuple[str, str], int]
    changes: tuple[Change, ...]
    writes: int
    idle: tuple[str, ...]
    always_capped: tuple[str, ...]


def compare(
    before: Mapping[str, Score], after: Mapping[str, Score], model: ScoringModel, min_change: float = 0
) -> Comparison:
    """Compare the scores of the same leads (by their id) under the model of today and under `model`.

    `min_change`: how many points a score must move to be written where its grade does not change.
    """
    changes = [change for lead, old in before.items() if (change := _change(lead, old, after[lead])) is not None]
    ranked = sorted(changes, key=lambda change: (-_weight(change), change.lead))
    return Comparison(
        len(before),
        distribution(before.values()),
        distribution(after.values()),
        Counter((old.grade or UNSCORED, after[lead].grade or UNSCORED) for lead, old in before.items()),
        tuple(ranked),
        sum(worth_writing(change.before, change.after, min_change) for change in changes),
        *_rules(list(after.values()), model),
    )


def worth_writing(old: Score | None, new: Score, min_change: float) -> bool:
    """Whether a new score is to be written over the one that was written last.

    It is when its grade or its being scored at all has changed, or when it has moved by at least `min_change` points:
    by decay alone the rounded scores of one lead in four change every day, by three points or a grade one in eleven.
    """
    if old is None or old.grade != new.grade or bool(old.excluded) != bool(new.excluded):
        return True
    moved = abs(new.centi - old.centi)
    return moved > 0 and moved >= min_change * CENTI


def distribution(scores: Iterable[Score]) -> dict[str, int]:
    """Leads by band of ten points, "0" to "100" and below, and those that are not scored."""
    bands = Counter(UNSCORED if some.excluded else str(some.centi // CENTI // BAND * BAND) for some in scores)
    return dict(sorted(bands.items(), key=lambda item: (item[0] == UNSCORED, _number(item[0]))))


def _number(band: str) -> int:
    return 0 if band == UNSCORED else int(band)


def _change(lead: str, old: Score, new: Score) -> Change | None:
    if (old.centi, old.grade, old.excluded) == (new.centi, new.grade, new.excluded):
        return None
    scored = not old.excluded and not new.excluded
    return Change(lead, old, new, in_points(new.centi - old.centi) if scored else None)


def _weight(change: Change) -> float:
    return float("inf") if change.delta is None else abs(change.delta)


def _rules(scores: Sequence[Score], model: ScoringModel) -> tuple[tuple[str, ...], tuple[str, ...]]:
    given = [(reason.id, abs(reason.centi)) for score in scores for reason in score.reasons]
    fired = Counter(rule for rule, _centi in given)
    caps = {rule.id: rule.cap for rule in model.rules if rule.cap is not None and isinstance(rule.test, OnEvent)}
    full = Counter(rule for rule, centi in given if caps.get(rule) == centi)
    idle = tuple(rule.id for rule in model.rules if fired[rule.id] == 0)
    return idle, tuple(rule for rule in caps if fired[rule] > 0 and full[rule] == fired[rule])
