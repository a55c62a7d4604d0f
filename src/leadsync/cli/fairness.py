"""`leadsync audit fairness`: who is selected, and how well what is scored tells who belongs to a group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import click

from leadsync.cli.common import Exit, config_option, console, output_option, progress, read_config, say_json
from leadsync.cli.history import table
from leadsync.cli.known import NothingKnown, known
from leadsync.cli.plans import audit
from leadsync.cli.scoring import html_option
from leadsync.cli.tables import columns_of
from leadsync.errors import Misconfigured
from leadsync.learn.proxies import STRONG, Proxies, proxies
from leadsync.normalize import person
from leadsync.normalize.countries import country_code
from leadsync.qualify import Owner
from leadsync.records import Fields, value_text
from leadsync.reports.bars import bars
from leadsync.reports.page import Page
from leadsync.rules import Rulebook
from leadsync.score import in_points
from leadsync.score.audit import FEW, FOUR_FIFTHS, GroupRate, selection
from leadsync.sync import Judged, look

COUNTRY: Final = "country"
"""The fact that people write in many ways."""


# ---- fairness


@audit.command()
@config_option
@output_option
@html_option
@click.option("--groups", type=click.Path(dir_okay=False, path_type=Path), help="CSV with the columns lead and group.")
@click.option("--by", default="", metavar="FACT", help="Instead: a fact of the leads, such as country.")
@click.option("--stage", default="", help="Who reached this stage is selected; by default the stage that converts.")
@click.option("--top", type=click.FloatRange(0, 100, min_open=True), help="Instead: the best so many per cent.")
def fairness(config_path: Path, output: str, html: Path | None, groups: Path | None, by: str, **how: Any) -> int:
    """Measure who is selected: the rate of each group against the most selected one (below four fifths is a sign of
    adverse impact), the same among those who converted, and how well the facts that score tell the group (leaving an
    attribute out does not make a model blind to it).

    The groups come from a file (lead as e-mail or id), which is read and not kept: a protected attribute is never among
    the facts. Nothing is changed: this reports.
    """
    if (groups is None) == (by == ""):
        raise click.UsageError("give either --groups FILE or --by FACT")
    named = list(read_groups(groups)) if groups is not None else []
    strangers: list[int] = []
    with progress(show=True) as bar, known(read_config(config_path, offline=True), bar=bar) as world:
        view = look(world)
        told_groups = {j.lead.uid: group_of(j.lead.facts, by) for j in view.leads}
        if groups is not None:
            told_groups, strangers = _grouped(view.leads, named)
        bar.step("measure who is selected")
        found = Fairness.of(view.leads, told_groups, world.rules, **how)
    if strangers:
        click.echo(f"leadsync: note: {groups}: {_strangers(strangers)}", err=True)
    if html is not None:
        found.page().save(html)
    if output == "json":
        say_json(found.json())
    else:
        found.text()
    return Exit.PENDING if any(rate.below for rate in found.rates) else Exit.DONE


def read_groups(path: Path) -> Iterator[tuple[int, str, str]]:
    """(line, lead, group) of a CSV file. Raises Misconfigured where it cannot be read."""
    return ((line, lead.strip(), group.strip()) for line, (lead, group) in columns_of(path, "lead", "group"))


def _grouped(leads: Sequence[Judged], named: Sequence[tuple[int, str, str]]) -> tuple[dict[str, str], list[int]]:
    """The group of each lead that is named, and the lines that name nobody who is known."""
    find = _lead_named(leads)
    found: dict[str, str] = {}
    strangers: list[int] = []
    for line, lead, group in named:
        uid = find(lead)
        if uid is None:
            strangers.append(line)
        else:
            found[uid] = group
    return found, strangers


def _strangers(lines: Sequence[int]) -> str:
    how_many = "1 line names" if len(lines) == 1 else f"{len(lines):,} lines name"
    return f"{how_many} no lead that is known by e-mail, record or id: left out (the first is line {lines[0]})"


def group_of(facts: Fields, fact: str) -> str:
    """The group that a fact puts a lead into; a country however it is written, and "" where nothing is known."""
    text = value_text(facts.get(fact)).strip()
    return country_code(text) or text if fact == COUNTRY else text


def _lead_named(leads: Sequence[Judged]) -> Callable[[str], str | None]:
    """Finds the lead that an e-mail, a record ("hubspot/contacts/51") or a leadsync id means; None for nobody."""
    known_as: dict[str, str] = {}
    for judged in leads:
        refs = (str(source.record.ref) for source in judged.lead.party.sources)
        for name in (judged.lead.uid, *refs, person.email(value_text(judged.lead.facts.get("email")))):
            known_as[name] = judged.lead.uid

    def find(text: str) -> str | None:
        return (known_as.get(text) or known_as.get(person.email(text))) if text else None

    return find


@dataclass(frozen=True, slots=True)
class Fairness:
    """What was measured. `unknown`: scored leads without a group."""

    rates: tuple[GroupRate, ...]
    proxies: tuple[Proxies, ...]
    selected: str
    unknown: int
    as_of: datetime

    @classmethod
    def of(
        cls, leads: Sequence[Judged], groups: Mapping[str, str], rules: Rulebook, stage: str, top: float | None
    ) -> Fairness:
        """Measure. Leads that may not be scored are left out, for nobody selects among them."""
        scored = [judged for judged in leads if not judged.score.excluded]
        some = [judged for judged in scored if groups.get(judged.lead.uid)]
        if not some:
            raise NothingKnown("no scored lead has a group: there is nothing to measure.")
        names = [groups[judged.lead.uid] for judged in some]
        chosen, words = _selected(some, rules, stage, top)
        if not any(chosen):
            raise NothingKnown(
                f"nobody is selected ({words}): --stage names another stage, --top the best so many per cent."
            )
        sales = {s.id for s in rules.stages.ladder if s.owner is Owner.SALES}
        won = [any(name in sales for name, _at in judged.stage.reached) for judged in some]
        facts = [judged.lead.facts for judged in some]
        fields = frozenset().union(*(model.fields() for model in rules.models))
        told = (proxies(group, names, facts, fields) for group in sorted(set(names)))
        rates = sorted(selection(names, chosen, won), key=lambda rate: (not rate.judged, -rate.leads, rate.group))
        as_of = max(judged.score.as_of for judged in some)
        return cls(tuple(rates), tuple(p for p in told if p), words, len(scored) - len(some), as_of)

    def json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "schema": 1, "selected": self.selected, "without_group": self.unknown,
            "groups": [{"group": r.group, "leads": r.leads, "rate": r.rate, "ratio": r.ratio,
                        "rate_of_converters": r.rate_of_converters, "judged": r.judged, "below_four_fifths": r.below}
                       for r in self.rates],
            "proxies": [{"group": p.group, "auc": p.together, "fields": dict(p.alone)} for p in self.proxies],
        }  # fmt: skip

    def sentences(self) -> list[str]:
        """What the tables do not say."""
        told = [f"Selected: {self.selected}. {self.unknown:,} scored leads have no known group."]
        below = [rate.group for rate in self.rates if rate.below]
        told.append(
            f"Selected at less than {FOUR_FIFTHS:.0%} of the highest rate: {', '.join(below)}."
            if below else "No group that is large enough to be judged is selected at less than four fifths of another."
        )  # fmt: skip
        strong = sorted((p for p in self.proxies if p.together >= STRONG), key=lambda p: -p.together)
        if strong:
            told.append(f"What is scored tells who belongs to {'; '.join(map(_stands_in, strong))}.")
        return told

    def rows(self) -> list[list[str]]:
        """The groups as rows."""
        return [
            [r.group, f"{r.leads:,}", f"{r.rate:.1%}", f"{r.ratio:.2f}",
             "" if r.rate_of_converters is None else f"{r.rate_of_converters:.1%}",
             "too few to judge" if not r.judged else "below four fifths" if r.below else ""] for r in self.rates
        ]  # fmt: skip

    def stand_ins(self) -> list[list[str]]:
        """How well what is scored tells each group, as rows."""
        return [
            [p.group, f"{p.together:.2f}", ", ".join(f"{name} {value:.2f}" for name, value in p.alone[:3])]
            for p in self.proxies
        ]

    def text(self) -> None:
        """For people."""
        out = console()
        for line in self.sentences():
            out.print(line, markup=False, soft_wrap=True)
        out.print(table("Groups", GROUPS, self.rows()))
        if self.proxies:
            out.print(table(STAND_INS, PROXIES, self.stand_ins()))

    def page(self) -> Page:
        """As a page."""
        page = Page("Fairness of the scores", f"As of {self.as_of:%Y-%m-%d}.")
        for line in self.sentences():
            page.say(line)
        judged = [(f"{r.group} ({r.leads:,} leads)", r.rate) for r in self.rates if r.judged]
        page.chart(bars(f"Share selected, of groups of {FEW} leads or more", judged, "{:.1%}".format))
        page.table(GROUPS, self.rows(), right=(1, 2, 3, 4))
        if self.proxies:
            page.heading(STAND_INS).table(PROXIES, self.stand_ins(), right=(1,))
        return page


def _stands_in(some: Proxies) -> str:
    best = [name for name, value in some.alone if value >= STRONG]
    above = f", above all {' and '.join(best[:2])}" if best else ""
    return f"{some.group} (AUC {some.together:.2f}{above})"


STAND_INS = "How well what is scored tells the group (AUC: 0.5 not at all, 1 always)"
PROXIES = ("group", "together", "best alone")
GROUPS = ("group", "leads", "selected", "to the highest", "of converters", "")


def _selected(leads: Sequence[Judged], rules: Rulebook, stage: str, top: float | None) -> tuple[list[bool], str]:
    if top is not None:
        ranked = sorted((judged.score.centi for judged in leads), reverse=True)
        least = ranked[max(0, round(len(ranked) * top / 100) - 1)]
        chosen = [judged.score.centi >= least for judged in leads]
        with_ties = f"{in_points(least):g} points or more, {fmean(chosen):.0%} of the leads"
        return chosen, f"the best {top:g} % of scores ({with_ties})"
    wanted = stage or rules.attribution.conversion_stage
    if rules.stages.rank(wanted) < 0:
        raise Misconfigured(f'there is no stage "{wanted}": {", ".join(s.id for s in rules.stages.ladder)}')
    return [rules.stages.at_least(judged.stage.stage, wanted) for judged in leads], f"stage {wanted} or above"


ALL: tuple[click.Command, ...] = ()
"""The commands hang on `audit`."""
