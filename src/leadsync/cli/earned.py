"""What channels or campaigns earned, for people and machines: tables, CSV, JSON, and a page with charts."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import click

from leadsync.attribute import (
    NO_TOUCH,
    AttributionSettings,
    Journey,
    ReportRow,
    Scope,
    by_campaign,
    by_channel,
    joint,
    report,
)
from leadsync.cli.common import console, say_json
from leadsync.cli.history import table
from leadsync.reports.bars import bars
from leadsync.reports.page import Page
from leadsync.reports.svg import columns
from leadsync.sync import Judged
from leadsync.touchpoints import Touchpoint

LABELS: Final[Mapping[str, Callable[[Touchpoint], str]]] = {"channel": by_channel, "campaign": by_campaign}
MOST_BARS: Final = 20
MOST_SIDE_BY_SIDE: Final = 8
"""More groups of columns than that cannot be told apart on a phone."""
LONGEST: Final = 24
"""Letters of a label below a column."""


@dataclass(frozen=True, slots=True)
class Report:
    """All leads' journeys by channel or campaign. `silent`: what costs are said of that touched nobody."""

    rows: tuple[ReportRow, ...]
    settings: AttributionSettings
    by: str
    scope: Scope
    journeys: int
    conversions: int
    as_of: datetime
    silent: Mapping[str, float]

    @classmethod
    def of(
        cls, some: Sequence[Journey], settings: AttributionSettings, by: str, scope: Scope, as_of: datetime
    ) -> Report:
        """Put it together."""
        won = sum(journey.conversion is not None for journey in some)
        heard = {name for one in some for touch in one.touches for name in (touch.channel, by_campaign(touch))}
        silent = {name: cost for name, cost in settings.costs.items() if name not in heard}
        rows = tuple(report(some, settings, LABELS[by]))
        return cls(rows, settings, by, scope, len(some), won, as_of, silent)

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order of their columns."""
        return tuple(self.rows[0].conversions) if self.rows else ()

    @property
    def valued(self) -> bool:
        """Whether any conversion is worth something."""
        return any(value != 0 for row in self.rows for value in row.value.values())

    @property
    def costed(self) -> bool:
        """Whether any row's cost is known."""
        return any(row.cost is not None for row in self.rows)

    def sentences(self) -> list[str]:
        """What was counted, and what is not known."""
        whose = {Scope.PERSON: "people", Scope.ACCOUNT: "accounts", Scope.FAMILY: "corporate families"}[self.scope]
        told = [
            f"{self.journeys:,} journeys of {whose}, {self.conversions:,} of them converted "
            f"(reached {self.settings.conversion_stage})."
        ]
        if self.valued or self.costed:
            told.append(f"Value, cost per conversion and return are by {self.settings.default}.")
        if not self.valued:
            told.append("What a conversion is worth is not known: value or value_field in attribution.toml says it.")
        if not self.costed:
            told.append(f"What a {self.by} costs is not known: [cost] in attribution.toml says it.")
        if self.silent:
            named = ", ".join(f"{name} (cost {cost:,.2f})" for name, cost in self.silent.items())
            told.append(f"Nobody was touched by {named}.")
        return told

    def show(self, output: str) -> None:
        """On standard output."""
        match output:
            case "csv":
                click.echo(self.csv(), nl=False)
            case "json":
                say_json({"schema": 1, "as_of": self.as_of, "by": self.by, "scope": self.scope.value,
                          "journeys": self.journeys, "conversions": self.conversions,
                          "cost_without_touch": dict(self.silent),
                          "rows": [self._row(row) for row in self.rows]})  # fmt: skip
            case _:
                self._text()

    def _row(self, row: ReportRow) -> dict[str, Any]:
        return {
            self.by: row.label, "touches": row.touches, "journeys": row.journeys, "conversions": dict(row.conversions),
            "value": dict(row.value), "cost": row.cost, "cost_per_conversion": row.per_conversion,
            "return": row.returned,
        }  # fmt: skip

    def csv(self) -> str:
        """As CSV, numbers in full precision; blank where no cost is known."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        names = [f"{what}_{model}" for what in ("conversions", "value") for model in self.models]
        writer.writerow([self.by, "touches", "journeys", *names, "cost", "cost_per_conversion", "return"])
        for row in self.rows:
            amounts = [*(row.conversions[m] for m in self.models), *(row.value[m] for m in self.models)]
            money = ["" if amount is None else repr(amount) for amount in (row.cost, row.per_conversion, row.returned)]
            writer.writerow([row.label, row.touches, row.journeys, *map(repr, amounts), *money])
        return out.getvalue()

    @property
    def head(self) -> list[str]:
        """The columns for people; those that nothing is known for are left out."""
        value = ["value"] if self.valued else []
        return [self.by, "touches", "journeys", *self.models, *value, *(COST if self.costed else [])]

    def cells(self, row: ReportRow) -> list[str]:
        """A row for people."""
        money = ["" if amount is None else f"{amount:,.2f}" for amount in (row.cost, row.per_conversion, row.returned)]
        counts = [f"{row.touches:,}", f"{row.journeys:,}", *(f"{row.conversions[m]:,.1f}" for m in self.models)]
        value = [f"{row.value[self.settings.default]:,.2f}"] if self.valued else []
        return [row.label, *counts, *value, *(money if self.costed else [])]

    def _text(self) -> None:
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        if self.rows:
            out.print(table(f"Conversions by {self.by}", self.head, [self.cells(row) for row in self.rows]))

    def page(self) -> Page:
        """As a page with charts."""
        default, shown = self.settings.default, self.rows[:MOST_BARS]
        page = Page(f"Attribution by {self.by}", f"As of {self.as_of:%Y-%m-%d %H:%M} UTC.")
        page.say(" ".join(self.sentences()))
        earned = [(row.label, row.conversions[default]) for row in shown]
        page.chart(bars(f"Conversions by the model {default}{_first(self.rows, MOST_BARS)}", earned))
        page.table(self.head, [self.cells(row) for row in self.rows], right=range(1, len(self.head)))
        if len(self.models) > 1:
            side_by_side(page, self.models, [(row.label, row.conversions) for row in self.rows])
        costed = [(row.label, row.returned) for row in self.rows if row.returned is not None]
        if costed:
            page.heading("Return on cost").chart(bars("Value earned for one spent", costed, "{:.2f}".format))
        return page


COST: Final = ["cost", "cost/conv.", "return"]


def side_by_side(page: Page, models: Sequence[str], rows: Sequence[tuple[str, Mapping[str, float]]]) -> None:
    """What each model says of the rows that come first; what had no touch is the same in all of them, and left out."""
    some = [row for row in rows if row[0] != NO_TOUCH]
    shown = some[:MOST_SIDE_BY_SIDE]
    series = [(model, [conversions[model] for _label, conversions in shown]) for model in models]
    labels = [label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…" for label, _conversions in shown]
    page.heading("The models side by side")
    page.chart(columns(f"Conversions by each model{_first(some, MOST_SIDE_BY_SIDE)}", labels, series))


def _first(rows: Sequence[object], most: int) -> str:
    """A word on what is not drawn."""
    return f", the first {most} of {len(rows)}" if len(rows) > most else ""


def journeys_of(
    leads: Sequence[Judged], settings: AttributionSettings, scope: Scope, *, narrow: bool = False
) -> list[Journey]:
    """The journeys of people, accounts or corporate families."""
    if scope is Scope.PERSON:
        return [journey for judged in leads for journey in judged.journeys]
    keys: dict[str, str] = {}
    for judged in leads:
        lead = judged.lead
        if lead.belonging is not None:
            family = lead.resolved.family if lead.resolved is not None and scope is Scope.FAMILY else ""
            keys[lead.uid] = family or lead.belonging.account.uid
    touches = {judged.lead.uid: judged.lead.touchpoints for judged in leads}
    people = [journey for judged in leads for journey in judged.journeys]
    return joint(people, touches, keys, settings.journey, narrow=narrow)
