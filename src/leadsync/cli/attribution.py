"""`leadsync attribute`: which channels and campaigns brought the leads, from the state or from a plain CSV file."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
from rich.markup import escape
from rich.table import Table

from leadsync.attribute import (
    STANDARD,
    AttributionSettings,
    Journey,
    JourneyRules,
    Method,
    Repeats,
    ReportRow,
    Row,
    Scope,
    by_campaign,
    by_channel,
    credited,
    joint,
    method_named,
    read_paths,
    report,
    to_csv,
    unmarked,
)
from leadsync.cli.common import Exit, config_option, console, read_config, say_json
from leadsync.cli.known import seen_by
from leadsync.cli.scoring import html_option
from leadsync.errors import Misconfigured
from leadsync.reports.page import Page
from leadsync.reports.svg import bars, columns
from leadsync.sync import Judged
from leadsync.touchpoints import Touchpoint

USUAL: Final = ("first", "last", "linear", "position", "markov", "shapley")
"""The models for a file when none is named: those that need no times."""
LABELS: Final[Mapping[str, Callable[[Touchpoint], str]]] = {"channel": by_channel, "campaign": by_campaign}
MOST_BARS: Final = 20
BYTE_ORDER_MARK: Final = "\ufeff"


@click.command()
@config_option
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--model", "models", multiple=True, metavar="NAME", help="Such as last, position:0.3/0.4/0.3, markov:2.")
@click.option("--output", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
              help="For people, for a spreadsheet, or for machines.")  # fmt: skip
@click.option("--by", type=click.Choice(list(LABELS)), default="channel", show_default=True, help="Rows of the report.")
@click.option("--scope", type=click.Choice([s.value for s in Scope]), help="Whose touches make one journey.")
@click.option("--narrow", is_flag=True, help="In an account or family: only touches of people who converted.")
@click.option("--lookback", type=float, metavar="DAYS", help="Leave out touches older than that at the conversion.")
@click.option("--exclude", multiple=True, metavar="CHANNEL", help="Channels that count as no touch.")
@click.option("--direct", multiple=True, metavar="CHANNEL", help="Channels that last_non_direct passes over.")
@click.option("--repeats", type=click.Choice([r.value for r in Repeats]), help="Of a channel that comes up again.")
@click.option("--after-conversion", type=click.Choice(["drop", "keep"]), help="Touches behind the (last) conversion.")
@click.option("--restart/--no-restart", default=None, help="Whether a conversion ends a journey and the next begins.")
@click.option("--nulls", type=click.Choice(["include", "exclude"]), help="Journeys that did not convert.")
@html_option
def attribute(config_path: Path, file: Path | None, models: tuple[str, ...], *, output: str, **given: Any) -> int:
    """Credit channels with conversions. With FILE (- for standard input, .gz is read too) on a plain CSV, without any
    configuration; without, on what the last run knows: channels or campaigns with cost and return.

    \b
    FILE is wide: a row for each path
        path                   a > b > c
        conv                   1, 0 or a count (also conversions, total_conversions; nulls, total_null)
        value, hours           optional; hours before the conversion as 108 > 77 > 46
        lead_hours, deal_hours optional; when these milestones of W and full path were reached
    or long: a row for each touch
        journey, time, channel, conversion, value, milestone (lead or deal, optional)
    Cells are parted by commas, semicolons or tabs; other columns do not matter.
    Models: first, last, last_non_direct, linear, position, u, j, inverse_j, time_decay, w, full_path, markov,
    markov_2, markov_3, shapley, shapley_rate, and those of attribution.toml.
    """
    if file is not None:
        return _of_file(file, models, _rules(JourneyRules(), given), output, given["html"])
    view, _book = seen_by(read_config(config_path, offline=True))
    settings = replace(view.attribution, journey=_rules(view.attribution.journey, given))
    named = {name: method_named(name, settings.models) for name in models or settings.report}
    settings = replace(settings, models={**settings.models, **named}, report=tuple(named))
    scope = settings.journey.scope if given["scope"] is None else Scope(given["scope"])
    told = Report.of(view.leads, settings, given["by"], scope, narrow=given["narrow"])
    if given["html"] is not None:
        told.page().save(given["html"])
    told.show(output)
    return Exit.DONE


def _rules(rules: JourneyRules, switches: Mapping[str, Any]) -> JourneyRules:
    """The journey rules with what the command line says otherwise."""
    given: dict[str, Any] = {}
    if switches["lookback"] is not None:
        given["lookback_days"] = switches["lookback"]
    for name in ("exclude", "direct"):
        if switches[name]:
            given[name] = frozenset(switches[name])
    if switches["repeats"] is not None:
        given["repeats"] = Repeats(switches["repeats"])
    if switches["after_conversion"] is not None:
        given["after_conversion"] = switches["after_conversion"] == "keep"
    if switches["restart"] is not None:
        given["restart"] = switches["restart"]
    if switches["nulls"] is not None:
        given["nulls"] = switches["nulls"] == "include"
    return replace(rules, **given)


# ---- a file


def _of_file(file: Path, models: Sequence[str], rules: JourneyRules, output: str, html: Path | None) -> int:
    methods: list[Method] = [method_named(name, STANDARD) for name in models or USUAL]
    # Lines are cut by the CSV reader itself: a quoted cell may hold line ends.
    paths = read_paths(io.StringIO(read_text(file), newline=""), str(file), rules)
    for line in unmarked(paths, methods):
        click.echo(f"leadsync: {line}", err=True)
    rows = credited(paths, str(file), methods, rules)
    if html is not None:
        _file_page(file, rows).save(html)
    if output == "csv":
        click.echo(to_csv(rows), nl=False)
    elif output == "json":
        say_json([{"model": r.model, "channel": r.channel, "conversions": r.conversions, "value": r.value,
                   **({} if r.effect is None else {"effect": r.effect})} for r in rows])  # fmt: skip
    else:
        _file_table(rows)
    return Exit.DONE


def read_text(file: Path) -> str:
    """A CSV file's text, without the mark that spreadsheets put before it. Raises Misconfigured where it cannot be
    read."""
    if str(file) == "-":
        return sys.stdin.read().removeprefix(BYTE_ORDER_MARK)
    try:
        data = file.read_bytes()
        return (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
    except (gzip.BadGzipFile, UnicodeDecodeError):
        raise Misconfigured(f"{file}: not a text in UTF-8 (nor one compressed as .gz).") from None
    except OSError as problem:
        raise Misconfigured(f"{file}: cannot read it: {problem.strerror}.") from None


def _file_table(rows: Sequence[Row]) -> None:
    models = list(dict.fromkeys(row.model for row in rows))
    by_channel_: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_channel_.setdefault(row.channel, {})[row.model] = row
    table = Table(title="Conversions (value) by channel", title_justify="left", box=None, pad_edge=False)
    table.add_column("channel", overflow="fold")
    for model in models:
        table.add_column(model, justify="right")
    for channel, found in by_channel_.items():
        cells = [f"{r.conversions:,.2f} ({r.value:,.2f})" if (r := found.get(m)) is not None else "" for m in models]
        table.add_row(escape(channel), *cells)
    console().print(table)


def _file_page(file: Path, rows: Sequence[Row]) -> Page:
    page = Page(f"Attribution of {file.name}")
    for model in dict.fromkeys(row.model for row in rows):
        some = sorted((row for row in rows if row.model == model), key=lambda row: -row.conversions)
        page.heading(model).svg(bars(f"Conversions by {model}", [(r.channel, r.conversions) for r in some[:MOST_BARS]]))
        cells = [[r.channel, f"{r.conversions:,.4f}", f"{r.value:,.2f}"] for r in some]
        page.table(["channel", "conversions", "value"], cells, right=(1, 2))
    return page


# ---- the report


@dataclass(frozen=True, slots=True)
class Report:
    """All leads' journeys by channel or campaign."""

    rows: tuple[ReportRow, ...]
    settings: AttributionSettings
    by: str
    scope: Scope
    journeys: int
    conversions: int

    @classmethod
    def of(
        cls, leads: Sequence[Judged], settings: AttributionSettings, by: str, scope: Scope, *, narrow: bool
    ) -> Report:
        """Put it together."""
        some = journeys_of(leads, settings, scope, narrow=narrow)
        won = sum(journey.conversion is not None for journey in some)
        return cls(tuple(report(some, settings, LABELS[by])), settings, by, scope, len(some), won)

    @property
    def models(self) -> tuple[str, ...]:
        """The models in the order of their columns."""
        return tuple(self.rows[0].conversions) if self.rows else ()

    def sentence(self) -> str:
        """What was counted."""
        whose = {Scope.PERSON: "people", Scope.ACCOUNT: "accounts", Scope.FAMILY: "corporate families"}[self.scope]
        stage = self.settings.conversion_stage
        return (
            f"{self.journeys:,} journeys of {whose}, {self.conversions:,} of them converted (reached {stage}); "
            f"value, cost per conversion and return are by {self.settings.default}."
        )

    def show(self, output: str) -> None:
        """On standard output."""
        match output:
            case "csv":
                click.echo(self.csv(), nl=False)
            case "json":
                say_json({"schema": 1, "by": self.by, "scope": self.scope.value, "journeys": self.journeys,
                          "conversions": self.conversions, "rows": [self._row(row) for row in self.rows]})  # fmt: skip
            case _:
                self._table()

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

    def cells(self, row: ReportRow) -> list[str]:
        """A row for people."""
        default = self.settings.default
        money = ["" if amount is None else f"{amount:,.2f}" for amount in (row.cost, row.per_conversion, row.returned)]
        counts = [f"{row.touches:,}", f"{row.journeys:,}", *(f"{row.conversions[m]:,.1f}" for m in self.models)]
        return [row.label, *counts, f"{row.value[default]:,.2f}", *money]

    @property
    def head(self) -> list[str]:
        """The columns for people."""
        return [self.by, "touches", "journeys", *self.models, "value", "cost", "cost/conv.", "return"]

    def _table(self) -> None:
        table = Table(title=self.sentence(), title_justify="left", box=None, pad_edge=False)
        for number, column in enumerate(self.head):
            table.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*map(escape, self.cells(row)))
        console().print(table)

    def page(self) -> Page:
        """As a page with charts."""
        default, shown = self.settings.default, self.rows[:MOST_BARS]
        page = Page(f"Attribution by {self.by}").say(self.sentence())
        page.svg(bars(f"Conversions by {default}", [(row.label, row.conversions[default]) for row in shown]))
        page.table(self.head, [self.cells(row) for row in self.rows], right=range(1, len(self.head)))
        if self.by == "channel" and len(self.models) > 1:
            series = [(model, [row.conversions[model] for row in shown]) for model in self.models]
            page.heading("The models side by side").svg(columns("By model", [row.label for row in shown], series))
        costed = [(row.label, row.returned) for row in self.rows if row.returned is not None]
        if costed:
            page.heading("Return on cost").svg(bars("Value earned for one spent", costed))
        return page


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


ALL = (attribute,)
