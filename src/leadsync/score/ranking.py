"""The weightiest reasons of many leads at once: reasons packed into integers whose order is the reasons' rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadsync.score.model import ScoringModel

Keys = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Reasons as integers: the amount without its sign, then the id (the alphabet's first ranks higher), then the sign.

    0 is no reason. `places`: each rule's number, the alphabet's last being 0; `bits`: how many bits that number takes.
    """

    places: Mapping[str, int]
    names: tuple[str, ...]
    bits: int

    @classmethod
    def of(cls, model: ScoringModel) -> Ranking:
        """The ranking of a model's rules."""
        names = tuple(sorted((rule.id for rule in model.rules), reverse=True))
        return cls({name: place for place, name in enumerate(names)}, names, max(len(names) - 1, 1).bit_length())

    def start(self, reasons: int, size: int) -> Keys:
        """Room for the best so many reasons of each lead, the best first."""
        return np.zeros((reasons, size), dtype=np.int32)

    def enter(self, rule: str, points: NDArray[np.int32], top: Keys) -> None:
        """Let a rule's points (centi) take their rank among the best so far."""
        key = np.abs(points)
        key <<= self.bits
        key += self.places[rule]
        key <<= 1
        key |= points < 0
        key *= points != 0
        for place in top:
            better = np.maximum(place, key)
            np.minimum(place, key, out=key)
            place[:] = better

    def unpack(self, key: int) -> tuple[str, int] | None:
        """(rule, centi-points); None for no reason."""
        if key == 0:
            return None
        amount, place = divmod(key >> 1, 1 << self.bits)
        return self.names[place], -amount if key & 1 else amount
