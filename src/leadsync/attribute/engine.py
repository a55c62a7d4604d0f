"""What each channel is credited with, by any model, over all journeys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leadsync.attribute.heuristics import per_touch
from leadsync.attribute.markov import removal_effects
from leadsync.attribute.model import JourneyRules, Kind, Method
from leadsync.attribute.paths import Floats, Paths, add_up, keep_paths, owners, prepare
from leadsync.attribute.shapley import coverage, rate

NO_TOUCH = "(no touch)"
"""The name under which conversions without any touch are reported, so that credits add up to all conversions."""

NOTHING = 1e-9
"""Effects whose sum is less than this part of their sizes add up to rounding, and nothing can be shared out by them."""


@dataclass(frozen=True, slots=True)
class Credits:
    """Conversions and value by channel, in the order of the channels, and those of journeys without a touch.

    `effects`: the Markov removal effects or Shapley rates behind them, where the model has any.
    """

    channels: tuple[str, ...]
    conversions: Floats
    value: Floats
    untouched: float = 0.0
    untouched_value: float = 0.0
    effects: Floats | None = None

    def by_channel(self) -> dict[str, float]:
        """Conversions by channel, `NO_TOUCH` among them when there are such."""
        named = dict(zip(self.channels, self.conversions.tolist(), strict=True))
        return named | ({NO_TOUCH: self.untouched} if self.untouched > 0 else {})


def attribute(paths: Paths, methods: Sequence[Method], rules: JourneyRules) -> Mapping[str, Credits]:
    """The credits of each method by its name, after the journey rules.

    Credits add up to the conversions, and values to the value, for every method but the rate game: its credits are its
    values in proportion, signs and all, and 0 where those add up to nothing. Raises ValueError when a method needs
    times that the paths lack.
    """
    ready = prepare(paths, rules)
    touched = keep_paths(ready, ready.lengths > 0)
    won = keep_paths(touched, touched.conversions > 0)
    lost = (float(ready.conversions.sum() - won.conversions.sum()), float(ready.value.sum() - won.value.sum()))
    return {method.name: _credit(touched, won, method, rules, lost) for method in methods}


def _credit(touched: Paths, won: Paths, method: Method, rules: JourneyRules, lost: tuple[float, float]) -> Credits:
    match method.kind:
        case Kind.MARKOV:
            return _in_proportion(won, removal_effects(touched, method.order), lost)
        case Kind.SHAPLEY_RATE:
            return _in_proportion(won, rate(touched), lost)
        case Kind.SHAPLEY:
            return Credits(won.channels, coverage(won, won.conversions), coverage(won, won.value), *lost)
        case _:
            shares = per_touch(won, method, rules.direct)
            return Credits(won.channels, _sum(won, shares, won.conversions), _sum(won, shares, won.value), *lost)


def _sum(paths: Paths, shares: Floats, amounts: Floats) -> Floats:
    return add_up(paths.codes, shares * amounts[owners(paths)], len(paths.channels))


def _in_proportion(won: Paths, effects: Floats, lost: tuple[float, float]) -> Credits:
    whole = effects.sum()
    shares = effects / whole if abs(whole) > NOTHING * np.abs(effects).sum() else np.zeros(len(effects))
    return Credits(won.channels, shares * won.conversions.sum(), shares * won.value.sum(), *lost, effects)
