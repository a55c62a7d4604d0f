"""All leads' journeys as one table: what each channel or campaign brought by each model, cost and returned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from leadsync.attribute.engine import NO_TOUCH, Credits, attribute
from leadsync.attribute.journeys import Journey, by_channel, to_paths
from leadsync.attribute.model import AttributionSettings, JourneyRules
from leadsync.attribute.paths import Paths, keep_touches
from leadsync.touchpoints import Touchpoint


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One channel or campaign. `conversions`, `value`: by model. `journeys`: how many it came up in.

    `cost` is None where the settings give none; so are the cost per conversion and the return, which are of the model
    that speaks for a lead.
    """

    label: str
    touches: int
    journeys: int
    conversions: Mapping[str, float]
    value: Mapping[str, float]
    cost: float | None = None
    per_conversion: float | None = None
    returned: float | None = None


def report(
    journeys: Iterable[Journey],
    settings: AttributionSettings,
    label: Callable[[Touchpoint], str] = by_channel,
    models: Sequence[str] | None = None,
) -> list[ReportRow]:
    """The rows of a report by channel (or by `label`), those with the most conversions by the default model first.

    For every model the conversions add up to the number of journeys that converted, and the values to their value.
    """
    some = list(journeys)
    names = tuple(dict.fromkeys((settings.default, *(settings.report if models is None else models))))
    paths, rules = _by_label(some, label, settings.journey)
    found = attribute(paths, [settings.models[name] for name in names], rules)
    won = {name: credit.by_channel() for name, credit in found.items()}
    value = {name: _values(credit) for name, credit in found.items()}
    touches = Counter(label(touch) for journey in some for touch in journey.touches)
    present = Counter(name for journey in some for name in {label(touch) for touch in journey.touches})
    rows = (
        ReportRow(
            name,
            touches[name],
            present[name],
            {model: won[model].get(name, 0.0) for model in names},
            {model: value[model].get(name, 0.0) for model in names},
        )
        for name in dict.fromkeys(name for credit in won.values() for name in credit)
    )
    costed = (_with_cost(row, settings) for row in rows)
    return sorted(costed, key=lambda row: (row.label == NO_TOUCH, -row.conversions[settings.default], row.label))


def _by_label(
    some: Sequence[Journey], label: Callable[[Touchpoint], str], rules: JourneyRules
) -> tuple[Paths, JourneyRules]:
    """The journeys by label, and the rules with what they say of channels said of labels: touches of channels that are
    left out are, and direct is a label that only direct touches have."""
    touches = [touch for journey in some for touch in journey.touches]
    kept = np.array([touch.channel not in rules.exclude for touch in touches], dtype=np.bool_)
    direct, others = (
        {label(touch) for touch in touches if (touch.channel in rules.direct) is passed} for passed in (True, False)
    )
    paths = keep_touches(to_paths(some, label), kept)
    return paths, replace(rules, exclude=frozenset(), direct=frozenset(direct - others))


def _values(credit: Credits) -> dict[str, float]:
    by_channel = dict(zip(credit.channels, credit.value.tolist(), strict=True))
    return by_channel | {NO_TOUCH: credit.untouched_value}


def _with_cost(row: ReportRow, settings: AttributionSettings) -> ReportRow:
    cost = settings.costs.get(row.label)
    if cost is None:
        return row
    won, value = row.conversions[settings.default], row.value[settings.default]
    return ReportRow(
        row.label, row.touches, row.journeys, row.conversions, row.value, cost,
        cost / won if won > 0 else None, value / cost if cost > 0 else None,
    )  # fmt: skip
