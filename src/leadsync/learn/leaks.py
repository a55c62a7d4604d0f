"""Facts that know the outcome: those that alone tell it too well, and those that are filled in after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from leadsync.learn.cohort import Example
from leadsync.records import Fields, Value, is_blank
from leadsync.rulefiles.gates import value_key
from leadsync.score.backtest import auc

TOO_GOOD: Final = 0.9
"""No single honest fact has ranked real leads so well; sales' own tags do (0.926)."""
FILLED: Final = 0.2
"""How much more often a fact is filled in within the horizon for those who convert, in shares of leads."""
HINDSIGHT: Final = 0.1
"""How much better a fact of today ranks leads than the same fact as it was known on the day."""
TOGETHER: Final = 0.98
"""The share of the leads with a fact that have a leak filled in too, from which on one hand fills in both. On X
Education's leads it is 0.99 for sales' own lead quality and lead profile with sales' tags, and 0.89 at most for what
people answer themselves."""
BLANK: Final = 0.1
"""The share of leads without the leak from which on this tells something."""
ENOUGH: Final = 100
"""Leads with a fact from which on this is no accident: 0.9 to the power of 100 is 3 in 100,000."""
FEW: Final = 20
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Leak:
    """A fact nothing may be learned from, and why."""

    field: str
    reason: str


def leaks(examples: Sequence[Example], fields: Iterable[str]) -> list[Leak]:
    """The facts among `fields` that smell of the outcome."""
    won = np.array([example.won for example in examples], dtype=np.bool_)
    if not won.any() or won.all():
        return []
    names = list(fields)
    reasons = {name: reason for name in names if (reason := _reason(examples, name, won))}
    beside = {name: _beside(examples, name, list(reasons)) for name in names if name not in reasons}
    told = reasons | {name: reason for name, reason in beside.items() if reason}
    return [Leak(name, told[name]) for name in names if name in told]


def _reason(examples: Sequence[Example], name: str, won: np.typing.NDArray[np.bool_]) -> str:
    then = alone([example.facts for example in examples], name, won)
    if then > TOO_GOOD:
        return f"it alone ranks leads with an AUC of {then:.3f}: it is filled in, or set, by whoever closes the deal"
    filled = [is_blank(e.facts.get(name)) and not is_blank(e.later.get(name)) for e in examples]
    yes, no = float(np.mean(np.array(filled)[won])), float(np.mean(np.array(filled)[~won]))
    if yes - no > FILLED:
        return f"it is filled in afterwards, for {yes:.0%} of those who converted and {no:.0%} of the others"
    later = alone([example.later for example in examples], name, won)
    if later > TOO_GOOD or (later - then > HINDSIGHT and later > 0.5 + 2 * HINDSIGHT):
        return f"with the values of today it ranks leads with an AUC of {later:.3f}, with those of the day {then:.3f}"
    return ""


def _beside(examples: Sequence[Example], name: str, known: Sequence[str]) -> str:
    """Whether a fact is only there where a leak is: whoever fills in the one fills in the other."""
    filled = [example for example in examples if not is_blank(example.facts.get(name))]
    for leak in known if len(filled) >= ENOUGH else ():
        blank = float(np.mean([is_blank(example.facts.get(leak)) for example in examples]))
        share = float(np.mean([not is_blank(example.facts.get(leak)) for example in filled]))
        if blank >= BLANK and share >= TOGETHER:
            return f"{share:.1%} of the leads that have it have {leak} too, which is a leak: one hand fills in both"
    return ""


def alone(facts: Sequence[Fields], name: str, won: np.typing.NDArray[np.bool_]) -> float:
    """How well one fact ranks leads: each value stands for the share that converted with it, in the other half of the
    leads, so that a value of one lead cannot give that lead away."""
    keys = categories([some.get(name) for some in facts])
    half = np.arange(len(keys)) % 2
    rates = [_rates(keys, won, half != side) for side in (0, 1)]
    base = float(won.mean())
    told = np.array([rates[side].get(key, base) for key, side in zip(keys, half.tolist(), strict=True)])
    _values, ranks = np.unique(told, return_inverse=True)
    return auc(ranks.astype(np.int64), won)


def _rates(keys: Sequence[str], won: np.typing.NDArray[np.bool_], use: np.typing.NDArray[np.bool_]) -> dict[str, float]:
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for key, outcome, used in zip(keys, won.tolist(), use.tolist(), strict=True):
        if used:
            counts[key][0] += outcome
            counts[key][1] += 1
    base = float(won[use].mean())
    return {key: (yes + base * 2) / (of + 2) for key, (yes, of) in counts.items()}


def categories(values: Sequence[Value]) -> list[str]:
    """Values as categories; numbers of many kinds by tenths."""
    amounts = [float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(set(amounts)) <= FEW:
        return ["" if is_blank(value) else value_key(value) for value in values]
    edges = np.quantile(amounts, np.linspace(0, 1, BINS + 1)[1:-1])
    return [str(int(np.searchsorted(edges, float(v)))) if isinstance(v, int | float) else value_key(v) for v in values]
